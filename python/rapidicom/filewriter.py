"""Writing files, which pydicom does; the code is in `rapidicom._dataset.writing`."""

from rapidicom._dataset.writing import (
    dcmwrite,
    write_file_meta_info,
)

__all__ = ["dcmwrite", "write_file_meta_info"]
