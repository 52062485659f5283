"""Reading one file under pydicom's path; the code is in `rapidicom._dataset.file_reading`."""

from rapidicom._dataset.dataset import (
    Dataset,
)
from rapidicom._dataset.file_reading import (
    data_element_generator,
    dcmread,
    read_dataset,
    read_file,
    read_file_meta_info,
    read_partial,
    read_preamble,
)

__all__ = [
    "Dataset",
    "data_element_generator",
    "dcmread",
    "read_dataset",
    "read_file",
    "read_file_meta_info",
    "read_partial",
    "read_preamble",
]
