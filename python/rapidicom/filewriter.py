"""Writing files, which pydicom does; the code is in `rapidicom._dataset.writing`."""

from rapidicom._dataset.writing import (
    dcmwrite,
    write_file_meta_info,
)
from rapidicom.charset import (
    convert_encodings,
)
from rapidicom.dataelem import (
    DataElement,
    RawDataElement,
    convert_raw_data_element,
)
from rapidicom.dataset import (
    Dataset,
    FileMetaDataset,
    validate_file_meta,
)
from rapidicom.multival import (
    MultiValue,
)
from rapidicom.tag import (
    BaseTag,
    ItemDelimiterTag,
    ItemTag,
    SequenceDelimiterTag,
    Tag,
    tag_in_exception,
)
from rapidicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)
from rapidicom.valuerep import (
    DA,
    DT,
    IS,
    TM,
    VR,
    PersonName,
)
from rapidicom.values import (
    convert_numbers,
)

__all__ = [
    "DA",
    "DT",
    "IS",
    "TM",
    "UID",
    "VR",
    "BaseTag",
    "DataElement",
    "Dataset",
    "DeflatedExplicitVRLittleEndian",
    "ExplicitVRBigEndian",
    "FileMetaDataset",
    "ImplicitVRLittleEndian",
    "ItemDelimiterTag",
    "ItemTag",
    "MultiValue",
    "PersonName",
    "RawDataElement",
    "SequenceDelimiterTag",
    "Tag",
    "convert_encodings",
    "convert_numbers",
    "convert_raw_data_element",
    "dcmwrite",
    "tag_in_exception",
    "validate_file_meta",
    "write_file_meta_info",
]
