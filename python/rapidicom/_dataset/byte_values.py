"""Value fields as values (PS3.5 §6.2), by pydicom's functions, for code that has bytes.

Data sets decode their values themselves, with the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rapidicom import _core
from rapidicom._common.tag import BaseTag
from rapidicom._dataset.raw_element import RawDataElement
from rapidicom._values.encodings import known_encodings, terms_of
from rapidicom._values.multi_value import MultiValue
from rapidicom._values.person_name import PersonName
from rapidicom._values.uid import UID
from rapidicom._values.vr import VR

__all__ = [
    "convert_ATvalue",
    "convert_DS_string",
    "convert_IS_string",
    "convert_PN",
    "convert_SQ",
    "convert_UI",
    "convert_value",
    "multi_string",
]


def convert_value(
    VR: str,
    raw_data_element: RawDataElement,
    encodings: str | Iterable[str] | None = None,
) -> Any:
    """Return the value of a raw element.

    Args:
        VR: Its VR.
        raw_data_element: The element as it is in a file.
        encodings: Python's names of the encodings of text.

    Raises:
        InvalidDicomError: The bytes are not a value of that VR.
        NotImplementedError: The VR is unknown.
    """
    if VR not in converters:
        raise NotImplementedError("unknown VR")
    data = raw_data_element.value or b""
    return _value(VR, data, raw_data_element.is_little_endian, encodings)


def multi_string(val: str, valtype: type[Any] | None = None) -> Any:
    r"""Return one value, or several if backslashes separate them.

    Args:
        val: The text; padding at its end is removed.
        valtype: Makes a value out of the text of one.
    """
    make = valtype or str
    # As pydicom: spaces around a value that is not the last one stay.
    parts = val.rstrip(" \0").split("\\")
    if len(parts) > 1:
        return MultiValue(make, parts)
    return make(parts[0]) if parts[0] else ""


def convert_ATvalue(
    byte_string: bytes, is_little_endian: bool, struct_format: str | None = None
) -> Any:
    """Return a tag, or several."""
    del struct_format
    return _value("AT", byte_string, is_little_endian) if byte_string else []


def convert_tag(byte_string: bytes, is_little_endian: bool, offset: int = 0) -> BaseTag:
    """Return the tag that starts at an offset."""
    data = byte_string[offset : offset + 4]
    if len(data) != 4:
        raise ValueError("a tag has four bytes")
    tag: BaseTag = _value("AT", data, is_little_endian)
    return tag


def convert_DS_string(
    byte_string: bytes, is_little_endian: bool, struct_format: str | None = None
) -> Any:
    """Return a decimal number, or several."""
    del struct_format
    return _value("DS", byte_string, is_little_endian)


def convert_IS_string(
    byte_string: bytes, is_little_endian: bool, struct_format: str | None = None
) -> Any:
    """Return an integer, or several."""
    del struct_format
    return _value("IS", byte_string, is_little_endian)


def convert_PN(
    byte_string: bytes, encodings: list[str] | None = None
) -> PersonName | MultiValue[Any]:
    """Return a name, or several."""
    names: PersonName | MultiValue[Any] = _value("PN", byte_string, True, encodings)
    return names


def convert_SQ(
    byte_string: bytes,
    is_implicit_VR: bool,
    is_little_endian: bool,
    encoding: list[str] | None = None,
    offset: int = 0,
) -> Any:
    """Return the items of a sequence."""
    del offset
    return _value("SQ", byte_string, is_little_endian, encoding, is_implicit=is_implicit_VR)


def convert_UI(
    byte_string: bytes, is_little_endian: bool, struct_format: str | None = None
) -> UID | Any:
    """Return a UID, or several."""
    del struct_format
    return _value("UI", byte_string, is_little_endian)


def _of_vr(VR: str) -> Any:
    def convert(
        byte_string: bytes, is_little_endian: bool, struct_format: str | None = None
    ) -> Any:
        del struct_format
        return _value(VR, byte_string, is_little_endian)

    convert.__doc__ = f"Return the value, or several, of bytes with VR {VR}."
    return convert


convert_AE_string = _of_vr("AE")
convert_DA_string = _of_vr("DA")
convert_DT_string = _of_vr("DT")
convert_TM_string = _of_vr("TM")
convert_UR_string = _of_vr("UR")
convert_string = _of_vr("CS")


def convert_text(byte_string: bytes, encodings: list[str] | None = None, vr: str = "LO") -> Any:
    """Return text in a character set, or several texts."""
    encodings = None if encodings is None else known_encodings(encodings)
    return _value(vr, byte_string, True, encodings)


def convert_single_string(
    byte_string: bytes, encodings: list[str] | None = None, vr: str = "LT"
) -> str:
    """Return text in which a backslash is a character like any other."""
    encodings = None if encodings is None else known_encodings(encodings)
    text: str = _value(vr, byte_string, True, encodings)
    return text


def convert_numbers(byte_string: bytes, is_little_endian: bool, struct_format: str) -> Any:
    """Return a number, or several; `struct_format` is one of `struct`'s characters."""
    return _value(_VR_OF_FORMAT[struct_format], byte_string, is_little_endian)


def convert_OBvalue(
    byte_string: bytes, is_little_endian: bool, struct_format: str | None = None
) -> bytes:
    """Return the bytes."""
    return byte_string


convert_OWvalue = convert_OVvalue = convert_UN = convert_OBvalue

_VR_OF_FORMAT = {
    "H": "US",
    "h": "SS",
    "L": "UL",
    "l": "SL",
    "Q": "UV",
    "q": "SV",
    "f": "FL",
    "d": "FD",
}

# Functions that make values of bytes, by VR.
converters = {vr: _of_vr(vr) for vr in VR}


def _value(
    vr: str,
    data: bytes,
    is_little_endian: bool,
    encodings: str | Iterable[str] | None = None,
    *,
    is_implicit: bool = False,
) -> Any:
    charset = None if encodings is None else terms_of(encodings)
    # Whatever has bytes, but no number: `bytes` would make as many zeros of one.
    data = data if isinstance(data, bytes) else bytes(memoryview(data))
    _, value = _core.decode_value(
        vr, data, is_implicit=is_implicit, is_little_endian=is_little_endian, charset=charset
    )
    return value
