"""Small functions under pydicom's path; the code is in `rapidicom._common.misc`."""

from rapidicom._common.misc import (
    is_dicom,
    size_in_bytes,
)

__all__ = [
    "is_dicom",
    "size_in_bytes",
]
