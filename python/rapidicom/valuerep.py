"""Values by their Value Representation (PS3.5 §6.2), and what becomes of a value that a user sets.

Values are converted, not checked against the limits of their VR: nothing here writes files. What cannot be
converted is a `ValueError` or `TypeError` that names the VR, never the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from rapidicom._pydicom_types import is_pydicom_number, is_pydicom_sequence
from rapidicom.datetimes import DA, DT, TM
from rapidicom.multival import MultiValue
from rapidicom.personname import PersonName
from rapidicom.sequence import Sequence
from rapidicom.tag import BaseTag, Tag
from rapidicom.uid import UID

if TYPE_CHECKING:
    from decimal import Decimal

__all__ = [
    "DA",
    "DS",
    "DT",
    "IS",
    "TM",
    "VR",
    "DSfloat",
    "ISfloat",
    "PersonName",
    "convert_value",
    "empty_value_for_VR",
]


class VR(StrEnum):
    """The VRs (PS3.5 §6.2), and the dictionary's choices of several: each is equal to its text."""

    AE = "AE"
    AS = "AS"
    AT = "AT"
    CS = "CS"
    DA = "DA"
    DS = "DS"
    DT = "DT"
    FD = "FD"
    FL = "FL"
    IS = "IS"
    LO = "LO"
    LT = "LT"
    OB = "OB"
    OD = "OD"
    OF = "OF"
    OL = "OL"
    OV = "OV"
    OW = "OW"
    PN = "PN"
    SH = "SH"
    SL = "SL"
    SQ = "SQ"
    SS = "SS"
    ST = "ST"
    SV = "SV"
    TM = "TM"
    UC = "UC"
    UI = "UI"
    UL = "UL"
    UN = "UN"
    UR = "UR"
    US = "US"
    UT = "UT"
    UV = "UV"
    OB_OW = "OB or OW"
    US_OW = "US or OW"
    US_SS = "US or SS"
    US_SS_OW = "US or SS or OW"


BYTES_VR = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))
FLOAT_VR = frozenset(("DS", "FD", "FL"))
INT_VR = frozenset(("AT", "IS", "SL", "SS", "SV", "UL", "US", "UV"))
AMBIGUOUS_VR = frozenset(("US or SS or OW", "US or SS", "US or OW", "OB or OW"))

# Text in the default character repertoire alone, so that bytes can be read as text without being told how.
DEFAULT_CHARSET_VR = frozenset(("AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"))
CUSTOMIZABLE_CHARSET_VR = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT"))
STR_VR = DEFAULT_CHARSET_VR | CUSTOMIZABLE_CHARSET_VR
LIST_VR = frozenset(("SQ",))

# Here a backslash is a character like any other (PS3.5 §6.2).
_BACKSLASH_IS_TEXT = frozenset(("LT", "ST", "UT"))

STANDARD_VR = frozenset(vr for vr in VR if len(vr) == 2)
ALLOW_BACKSLASH = _BACKSLASH_IS_TEXT | AMBIGUOUS_VR | BYTES_VR

# What `print` abridges: values that can be longer than a screen.
LONG_VALUE_VR = frozenset(("LT", "UC", "UT")) | BYTES_VR | AMBIGUOUS_VR


class _NumberAsText:
    """`original_string` of an IS: the plain decimal digits, unless the instance has another text.

    Almost every IS is written as `str` would write it. Keeping no text for those saves each a dictionary.
    """

    def __get__(self, instance: int | None, owner: type | None = None) -> str:
        if instance is None:
            raise AttributeError("original_string")
        return int.__repr__(instance)


class DSfloat(float):
    """A number with VR DS: equal to its value as a number, and to its text as a `str`.

    `original_string` is the text without padding, and absent if the value was made from a number. It cannot
    be set: data sets share their numbers.
    """

    __slots__ = ("_text",)

    _text: str
    original_string = property(attrgetter("_text"))

    def __new__(cls, val: Any, auto_format: bool = False, validation_mode: int | None = None) -> DSfloat:
        # Both are taken for pydicom's sake: they say how a number is written, and whether it is checked.
        del auto_format, validation_mode
        # Type 2 attributes may be empty, also one of several values: pydicom gives these back as they are.
        if val is None or (isinstance(val, str) and not val.strip()):
            return val  # type: ignore[return-value]
        try:
            number = super().__new__(cls, val)
        except ValueError:
            raise ValueError("a value with VR DS must be a decimal number") from None
        if isinstance(val, str):
            number._text = val.strip()
        elif (isinstance(val, DSfloat) or is_pydicom_number(val)) and hasattr(val, "original_string"):
            number._text = val.original_string
        return number

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return str(self) == other
        return float.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = float.__hash__

    def __str__(self) -> str:
        return self._text if hasattr(self, "_text") else float.__repr__(self)

    def __repr__(self) -> str:
        return f"'{self}'"


def DS(
    val: str | float | Decimal | None, auto_format: bool = False, validation_mode: int | None = None
) -> str | DSfloat | None:
    """Make a value with VR DS.

    Args:
        val: A number or its text.
        auto_format: Taken for pydicom's sake: it says how the number is written.
        validation_mode: Taken for pydicom's sake: values are not checked against limits.

    Returns:
        A `DSfloat`; `None` and blank text as they are.

    Raises:
        ValueError: The text is no number.
    """
    return DSfloat(val, auto_format, validation_mode)


class ISfloat(float):
    """A number with VR IS that is no integer, although the standard says that it must be one."""

    original_string: str

    def __new__(cls, val: Any, validation_mode: int | None = None) -> ISfloat:
        del validation_mode
        if isinstance(val, str) and not val.strip():
            return val  # type: ignore[return-value]  # as DSfloat
        try:
            number = super().__new__(cls, val)
        except ValueError:
            raise ValueError("a value with VR IS must be an integer") from None
        if isinstance(val, str):
            number.original_string = val.strip()
        elif isinstance(val, (IS, ISfloat)) and hasattr(val, "original_string"):
            number.original_string = val.original_string
        return number


class IS(int):
    """A number with VR IS: equal to its value as a number, and to its text as a `str`.

    `original_string` is the text without padding.
    """

    original_string = _NumberAsText()

    def __new__(cls, val: Any, validation_mode: int | None = None) -> IS:
        # Taken for pydicom's sake: values are not checked against limits.
        del validation_mode
        if val is None or (isinstance(val, str) and not val.strip()):
            return val  # type: ignore[return-value]  # as DSfloat
        try:
            number = super().__new__(cls, val)
            exact = number if isinstance(val, (str, int)) else val
        except (ValueError, OverflowError):
            number, exact = _whole(cls, val)
        if number != exact:
            return ISfloat(val)  # type: ignore[return-value]  # what files hold, and pydicom gives
        if isinstance(val, str):
            text = val.strip()
            if text != int.__repr__(number):
                number.__dict__["original_string"] = text
        elif isinstance(val, IS):
            number.__dict__.update(val.__dict__)
        elif is_pydicom_number(val) and hasattr(val, "original_string"):
            number.__dict__["original_string"] = val.original_string
        return number

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return str(self) == other
        return int.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = int.__hash__

    def __str__(self) -> str:
        return self.original_string

    def __repr__(self) -> str:
        return f"'{int.__repr__(self)}'"


def _whole(cls: type[IS], val: Any) -> tuple[IS, float]:
    """Return the integer part of text like `1.0` or `1e3`, and the number that it was cut from."""
    try:
        exact = float(val)
        return int.__new__(cls, exact), exact
    except (ValueError, OverflowError):
        raise ValueError("a value with VR IS must be an integer") from None


def empty_value_for_VR(VR: str) -> Any:
    """Return what stands for no value: empty text, `None`, or no items."""
    if VR == "SQ":
        return []
    if VR == "PN":
        return PersonName("")
    # Numbers first, although they are written as text.
    return "" if VR in STR_VR and VR not in ("DS", "IS") else None


def convert_value(VR: str, value: Any) -> Any:
    r"""Turn what a user sets into what a data set holds.

    Args:
        VR: The VR of the element, or the dictionary's choice of several.
        value: One value; several, as a list, a tuple, or text with backslashes; or, for SQ, data sets.

    Returns:
        A value of the VR's own type, or a `MultiValue` of them.

    Raises:
        TypeError: A value of this VR cannot be made from that type.
        ValueError: A number or tag cannot be made from that text.
    """
    if VR == "SQ":
        # A sequence of pydicom is kept, so that what is appended to it later is seen.
        return value if isinstance(value, Sequence) or is_pydicom_sequence(value) else Sequence(value)
    convert = _CONSTRUCTORS.get(VR, _unchanged)
    if isinstance(value, str):
        if "\\" in value and VR not in _BACKSLASH_IS_TEXT:
            return MultiValue(convert, value.split("\\"))
    elif isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    elif isinstance(value, bytes):
        if b"\\" in value and VR in STR_VR and VR not in _BACKSLASH_IS_TEXT:
            return MultiValue(convert, value.split(b"\\"))
    elif hasattr(value, "append") or (isinstance(value, tuple) and VR != "AT"):  # one tag can be a pair
        return convert(value[0]) if len(value) == 1 else MultiValue(convert, value)
    elif hasattr(value, "read") or VR in BYTES_VR or VR == "OB or OW":
        _refuse_others(value)
    return convert(value)


def constructor_like(values: Iterable[Any]) -> Callable[[Any], Any]:
    """Return what makes a value of the same type as `values`."""
    for value in values:
        constructor = _BY_TYPE.get(type(value))
        if constructor is not None:
            return constructor
    return _unchanged


def _refuse_others(value: object) -> None:
    if hasattr(value, "read"):
        from rapidicom._not_offered import not_offered

        not_offered("take file objects for values", "ds.to_pydicom() gives what writes them")
    if hasattr(value, "__array_interface__"):
        raise TypeError("bytes are needed here, not an array: its tobytes() gives them")


def _unchanged(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        # That one would carry the bytes.
        raise ValueError("the bytes of a text must be UTF-8") from None


def _decimal(value: Any) -> Any:
    return DSfloat(_text(value))


def _integer(value: Any) -> Any:
    return IS(_text(value))


def _uid(value: Any) -> Any:
    return value if value is None else UID(_text(value))


def _name(value: Any) -> Any:
    return value if value is None else PersonName(value)


def _tag(value: Any) -> Any:
    try:
        return Tag(value) if value or value == 0 else value
    except ValueError:
        # That one would show the text.
        raise ValueError("a value with VR AT must be a keyword or a tag") from None


_CONSTRUCTORS: dict[str, Callable[[Any], Any]] = {
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
