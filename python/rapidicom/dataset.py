"""Data sets under pydicom's path; the code is in `rapidicom._dataset.dataset`."""

from rapidicom._common.tag import (
    BaseTag,
    Tag,
)
from rapidicom._dataset.dataset import (
    Dataset,
    FileDataset,
    FileMetaDataset,
)
from rapidicom._dataset.element import (
    DataElement,
)
from rapidicom._dataset.private_block import (
    PrivateBlock,
)
from rapidicom._dataset.writing import (
    validate_file_meta,
)
from rapidicom._values.dictionary import (
    keyword_for_tag,
    private_dictionary_VR,
)
from rapidicom.charset import (
    convert_encodings,
)
from rapidicom.datadict import (
    dictionary_description,
    dictionary_VR,
    get_private_entry,
    repeater_has_keyword,
    tag_for_keyword,
)
from rapidicom.dataelem import (
    RawDataElement,
    convert_raw_data_element,
)
from rapidicom.tag import (
    tag_in_exception,
)
from rapidicom.uid import (
    PYDICOM_IMPLEMENTATION_UID,
    UID,
)

__all__ = [
    "PYDICOM_IMPLEMENTATION_UID",
    "UID",
    "BaseTag",
    "DataElement",
    "Dataset",
    "FileDataset",
    "FileMetaDataset",
    "PrivateBlock",
    "RawDataElement",
    "Tag",
    "convert_encodings",
    "convert_raw_data_element",
    "dictionary_VR",
    "dictionary_description",
    "get_private_entry",
    "keyword_for_tag",
    "private_dictionary_VR",
    "repeater_has_keyword",
    "tag_for_keyword",
    "tag_in_exception",
    "validate_file_meta",
]
