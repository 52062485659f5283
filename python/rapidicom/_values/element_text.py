"""Decode the text of an element in memory (PS3.3 §C.12.1.1.2), by pydicom's function."""

from __future__ import annotations

from collections.abc import Iterable

from rapidicom import _core
from rapidicom._values.encodings import convert_encodings, decode_bytes
from rapidicom._values.multi_value import MultiValue
from rapidicom._values.person_name import PersonName
from rapidicom._values.vr import CUSTOMIZABLE_CHARSET_VR

__all__ = ["decode_element"]


def decode_element(
    elem: _core.DataElement, dicom_character_set: str | Iterable[str] | None
) -> None:
    """Decode the bytes of an element's text in place; items use their own character sets.

    Args:
        elem: The element. Text that is decoded already stays, except names, which have their bytes.
        dicom_character_set: The defined terms.
    """
    if elem.VR == "SQ" or elem.VM == 0 or elem.VR not in CUSTOMIZABLE_CHARSET_VR:
        return
    encodings = convert_encodings(dicom_character_set)

    def decoded(value: object) -> object:
        if isinstance(value, PersonName):
            data = value.original_string
            return (
                value
                if data is None
                else PersonName(decode_bytes(data, encodings), encodings, data)
            )
        return decode_bytes(value, encodings) if isinstance(value, bytes) else value

    value = elem.value
    elem.value = (
        [decoded(each) for each in value] if isinstance(value, MultiValue) else decoded(value)
    )
