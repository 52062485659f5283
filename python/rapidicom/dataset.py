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
from rapidicom._values.dictionary import (
    keyword_for_tag,
    private_dictionary_VR,
)

__all__ = [
    "BaseTag",
    "DataElement",
    "Dataset",
    "FileDataset",
    "FileMetaDataset",
    "PrivateBlock",
    "Tag",
    "keyword_for_tag",
    "private_dictionary_VR",
]
