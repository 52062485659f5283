"""Numbers that are written as text: the VRs DS and IS (PS3.5 §6.2).

Each is a number of Python's that also knows the text it was read from.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from rapidicom._common.parsing import parsed
from rapidicom._common.pydicom_types import is_pydicom_number

if TYPE_CHECKING:
    from decimal import Decimal

__all__ = ["DS", "IS", "DSfloat", "ISfloat"]


class _NumberAsText:
    """`original_string` of an IS: the plain decimal digits, unless the instance has another text.

    Almost every IS is written as `str` would write it. Keeping no text for those saves each a
    dictionary.
    """

    def __get__(self, instance: int | None, owner: type | None = None) -> str:
        if instance is None:
            raise AttributeError("original_string")
        return int.__repr__(instance)


class DSfloat(float):
    """A number with VR DS: equal to its value as a number, and to its text as a `str`.

    `original_string` is the text without padding, and absent if the value was made from a number.
    It cannot be set: data sets share their numbers.
    """

    __module__ = "rapidicom.valuerep"

    __slots__ = ("_text",)

    _text: str
    original_string = property(attrgetter("_text"))

    def __new__(
        cls, val: Any, auto_format: bool = False, validation_mode: int | None = None
    ) -> DSfloat:
        # Both are ignored: pydicom uses them to write numbers, and to check them.
        del auto_format, validation_mode
        # Type 2 attributes may be empty, also one of several values: pydicom gives these back as
        # they are.
        if val is None or (isinstance(val, str) and not val.strip()):
            return val  # type: ignore[return-value]
        number: DSfloat | None = parsed(super().__new__, cls, val)
        if number is None:
            raise ValueError("a value with VR DS must be a decimal number")
        if isinstance(val, str):
            number._text = val.strip()
        elif (isinstance(val, DSfloat) or is_pydicom_number(val)) and hasattr(
            val, "original_string"
        ):
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
        auto_format: Ignored: pydicom uses it to write the number.
        validation_mode: Ignored: values are not checked against limits.

    Returns:
        A `DSfloat`; `None` and blank text as they are.

    Raises:
        ValueError: The text is not a number.
    """
    return DSfloat(val, auto_format, validation_mode)


class ISfloat(float):
    """A number with VR IS that is not an integer, although the standard requires one."""

    __module__ = "rapidicom.valuerep"

    original_string: str

    def __new__(cls, val: Any, validation_mode: int | None = None) -> ISfloat:
        del validation_mode
        if isinstance(val, str) and not val.strip():
            return val  # type: ignore[return-value]  # as DSfloat
        number: ISfloat | None = parsed(super().__new__, cls, val)
        if number is None:
            raise ValueError("a value with VR IS must be an integer")
        if isinstance(val, str):
            number.original_string = val.strip()
        elif isinstance(val, (IS, ISfloat)) and hasattr(val, "original_string"):
            number.original_string = val.original_string
        return number


class IS(int):
    """A number with VR IS: equal to its value as a number, and to its text as a `str`.

    `original_string` is the text without padding.
    """

    __module__ = "rapidicom.valuerep"

    original_string = _NumberAsText()

    def __new__(cls, val: Any, validation_mode: int | None = None) -> IS:
        # The mode is ignored: values are not checked against limits.
        del validation_mode
        if val is None or (isinstance(val, str) and not val.strip()):
            return val  # type: ignore[return-value]  # as DSfloat
        number = parsed(super().__new__, cls, val, errors=(ValueError, OverflowError))
        exact = number if isinstance(val, (str, int)) else val
        if number is None:
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
    errors = (ValueError, OverflowError)
    exact = parsed(float, val, errors=errors)
    whole = None if exact is None else parsed(int.__new__, cls, exact, errors=errors)
    if exact is None or whole is None:
        raise ValueError("a value with VR IS must be an integer")
    return whole, exact
