"""Values of pydicom's that native code makes: those that pydicom would make the same, unasked.

Native code gets pydicom's classes here, its dictionary, and its settings as far as values depend on
them. Where any is not as it is by default, pydicom converts values itself, from the bytes.
"""

from __future__ import annotations

import pydicom.hooks
import pydicom.valuerep
from pydicom import config
from pydicom._dicom_dict import DicomDictionary
from pydicom.multival import MultiValue
from pydicom.uid import UID
from pydicom.valuerep import IS, DSfloat, PersonName

from rapidicom import _core
from rapidicom.integrations.pydicom_elements import Elements

__all__: list[str] = []

_core.use_pydicom(
    {
        "ds_float": DSfloat,
        "integer_string": IS,
        "uid": UID,
        "person_name": PersonName,
        "multi_value": MultiValue,
        "text": str,
        "new_object": object.__new__,
        "validation_mode": config.WARN,
    }
)


def _is_default(vr: str) -> bool:
    """Return whether nothing is set that changes values of some VRs.

    The values in question are those that pydicom takes without a word, so that its strictness does
    not matter, but for names, which remember it.
    """
    if vr == "IS":
        return not config.use_IS_numpy
    if vr == "PN":
        return config.settings.reading_validation_mode == config.WARN
    return not config.datetime_conversion


_core.use_lookup(
    {
        "elements": Elements,
        "dictionary": DicomDictionary,
        "config": vars(config),
        "hooks": vars(pydicom.hooks.hooks),
        "valuerep": vars(pydicom.valuerep),
        "raw_element_vr": pydicom.hooks.raw_element_vr,
        "raw_element_value": pydicom.hooks.raw_element_value,
        "decimal": DSfloat,
        "no": False,
        "nothing": None,
        "is_default": _is_default,
    }
)
