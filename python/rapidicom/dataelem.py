"""Data elements under pydicom's path; the code is in `rapidicom._dataset.element`."""

from rapidicom._dataset.element import (
    DataElement,
)
from rapidicom._dataset.raw_element import (
    RawDataElement,
    convert_raw_data_element,
)
from rapidicom._values.constructors import (
    empty_value_for_VR,
)
from rapidicom._values.dictionary import (
    dictionary_has_tag,
    dictionary_is_retired,
)
from rapidicom._values.uid import (
    UID,
)
from rapidicom._values.vr import (
    LONG_VALUE_VR,
)
from rapidicom.datadict import (
    dictionary_description,
    dictionary_keyword,
    dictionary_VR,
    private_dictionary_description,
    repeater_has_tag,
)
from rapidicom.multival import (
    MultiValue,
)
from rapidicom.tag import (
    BaseTag,
    Tag,
)
from rapidicom.valuerep import (
    PersonName,
)

__all__ = [
    "LONG_VALUE_VR",
    "UID",
    "BaseTag",
    "DataElement",
    "MultiValue",
    "PersonName",
    "RawDataElement",
    "Tag",
    "convert_raw_data_element",
    "dictionary_VR",
    "dictionary_description",
    "dictionary_has_tag",
    "dictionary_is_retired",
    "dictionary_keyword",
    "empty_value_for_VR",
    "private_dictionary_description",
    "repeater_has_tag",
]
