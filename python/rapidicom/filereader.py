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
from rapidicom.charset import (
    convert_encodings,
)
from rapidicom.dataelem import (
    DataElement,
    RawDataElement,
    convert_raw_data_element,
    empty_value_for_VR,
)
from rapidicom.dataset import (
    FileDataset,
    FileMetaDataset,
)
from rapidicom.errors import (
    InvalidDicomError,
)
from rapidicom.misc import (
    size_in_bytes,
)
from rapidicom.sequence import (
    Sequence,
)
from rapidicom.tag import (
    BaseTag,
    ItemTag,
    SequenceDelimiterTag,
    Tag,
)

__all__ = [
    "BaseTag",
    "DataElement",
    "Dataset",
    "FileDataset",
    "FileMetaDataset",
    "InvalidDicomError",
    "ItemTag",
    "RawDataElement",
    "Sequence",
    "SequenceDelimiterTag",
    "Tag",
    "convert_encodings",
    "convert_raw_data_element",
    "data_element_generator",
    "dcmread",
    "empty_value_for_VR",
    "read_dataset",
    "read_file",
    "read_file_meta_info",
    "read_partial",
    "read_preamble",
    "size_in_bytes",
]
