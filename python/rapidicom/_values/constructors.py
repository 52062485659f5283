"""Functions that make one value of a VR (PS3.5 §6.2) from what a user sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rapidicom._common.parsing import parsed
from rapidicom._common.tag import BaseTag, Tag
from rapidicom._values.number_text import IS, DSfloat, ISfloat
from rapidicom._values.person_name import PersonName
from rapidicom._values.uid import UID
from rapidicom._values.vr import DEFAULT_CHARSET_VR, STR_VR

__all__ = ["CONSTRUCTORS", "constructor_like", "empty_value_for_VR", "unchanged"]


def empty_value_for_VR(VR: str | None, raw: bool = False) -> Any:
    """Return the value of an empty element: empty text, `None`, or no items.

    Args:
        VR: The VR.
        raw: Whether to return no bytes for text, as elements have it before they are decoded.
    """
    if VR == "SQ":
        return b"" if raw else []
    if VR == "PN":
        return b"" if raw else PersonName("")
    # Numbers first, although they are written as text.
    if VR not in STR_VR or VR in ("DS", "IS"):
        return None
    return b"" if raw else ""


def constructor_like(values: Iterable[Any]) -> Callable[[Any], Any]:
    """Return the function that makes a value of the same type as `values`."""
    for value in values:
        constructor = _BY_TYPE.get(type(value))
        if constructor is not None:
            return constructor
    return unchanged


def unchanged(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    # The error of `decode` would carry the bytes.
    text = parsed(value.decode)
    if text is None:
        raise ValueError("the bytes of a text must be UTF-8")
    return text


def _decimal(value: Any) -> Any:
    return DSfloat(_text(value))


def _integer(value: Any) -> Any:
    return IS(_text(value))


def _uid(value: Any) -> Any:
    return value if value is None else UID(_text(value))


def _name(value: Any) -> Any:
    return value if value is None else PersonName(value)


def _tag(value: Any) -> Any:
    if not value and value != 0:
        return value
    # That error would show the text.
    tag = parsed(Tag, value)
    if tag is None:
        raise ValueError("a value with VR AT must be a keyword or a tag")
    return tag


CONSTRUCTORS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(DEFAULT_CHARSET_VR, _text),
    "DS": _decimal,
    "IS": _integer,
    "UI": _uid,
    "PN": _name,
    "AT": _tag,
}

_BY_TYPE: dict[type, Callable[[Any], Any]] = {
    DSfloat: _decimal,
    IS: _integer,
    ISfloat: _integer,
    UID: _uid,
    PersonName: _name,
    BaseTag: _tag,
}

# Lists carry these in their pickles, which name them by the path that stays.
for _constructor in (_text, _decimal, _integer, _uid, _name, _tag):
    _constructor.__module__ = "rapidicom.valuerep"
