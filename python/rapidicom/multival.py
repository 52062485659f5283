"""Multi-valued elements under pydicom's path; the code is in `rapidicom._values.multi_value`."""

from rapidicom._values.multi_value import (
    ConstrainedList,
    ConvertingList,
    MultiValue,
    MultiValueType,
)

__all__ = [
    "ConstrainedList",
    "ConvertingList",
    "MultiValue",
    "MultiValueType",
]
