"""Exceptions under pydicom's path; the code is in `rapidicom._common.errors`."""

from rapidicom._common.errors import (
    BytesLengthException,
    DicomError,
    InvalidDicomError,
    LimitError,
    MissingElementError,
    ShortTableError,
    UndecodableValueError,
    UnsupportedError,
    ValueLimitError,
)
from rapidicom.volumes.irregular import (
    IrregularSeriesError,
)

__all__ = [
    "BytesLengthException",
    "DicomError",
    "InvalidDicomError",
    "IrregularSeriesError",
    "LimitError",
    "MissingElementError",
    "ShortTableError",
    "UndecodableValueError",
    "UnsupportedError",
    "ValueLimitError",
]
