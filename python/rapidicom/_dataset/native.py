"""The classes of which native code makes instances, passed to it when the package is imported.

Native code knows no module of the package: arrows point from Python to Rust only.
"""

from __future__ import annotations

from rapidicom import _core
from rapidicom._common.errors import (
    InvalidDicomError,
    LimitError,
    MissingElementError,
    UndecodableValueError,
    UnsupportedError,
    ValueLimitError,
)
from rapidicom._common.tag import BaseTag, Tag
from rapidicom._dataset.dataset import Dataset, FileMetaDataset
from rapidicom._dataset.element import DataElement
from rapidicom._dataset.raw_element import convert_raw_data_element
from rapidicom._values.constructors import CONSTRUCTORS
from rapidicom._values.conversion import convert_value
from rapidicom._values.multi_value import MultiValue
from rapidicom._values.number_text import IS, DSfloat
from rapidicom._values.person_name import PersonName
from rapidicom._values.sequence import Sequence
from rapidicom._values.uid import UID

__all__: list[str] = []

_core.use_classes(
    {
        "dataset": Dataset,
        "file_meta_dataset": FileMetaDataset,
        "data_element": DataElement,
        "ds_float": DSfloat,
        # Names of attributes are passed too, so that one side alone defines them.
        "ds_float_text": "_text",
        "integer_string": IS,
        "uid": UID,
        "base_tag": BaseTag,
        "person_name": PersonName,
        "multi_value": MultiValue,
        "multi_value_constructor": "_constructor",
        "constructors": CONSTRUCTORS,
        "sequence": Sequence,
        # Functions that convert a value that is set, a raw element, and a key.
        "convert_value": convert_value,
        "convert_raw": convert_raw_data_element,
        "tag": Tag,
        "invalid_error": InvalidDicomError,
        "missing_element_error": MissingElementError,
        "undecodable_value_error": UndecodableValueError,
        "unsupported_error": UnsupportedError,
        "limit_error": LimitError,
        "value_limit_error": ValueLimitError,
    }
)
