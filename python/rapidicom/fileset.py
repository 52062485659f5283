"""DICOMDIR under pydicom's path; the code is in `rapidicom._dataset.file_set`."""

from rapidicom._common.tag import (
    Tag,
)
from rapidicom._dataset.dataset import (
    Dataset,
)
from rapidicom._dataset.file_reading import (
    dcmread,
)
from rapidicom._dataset.file_set import (
    FileInstance,
    FileSet,
    RecordNode,
)
from rapidicom._values.multi_value import (
    MultiValue,
)
from rapidicom._values.uid import (
    ExplicitVRLittleEndian,
    generate_uid,
)

__all__ = [
    "Dataset",
    "ExplicitVRLittleEndian",
    "FileInstance",
    "FileSet",
    "MultiValue",
    "RecordNode",
    "Tag",
    "dcmread",
    "generate_uid",
]
