"""Data Element Tags (PS3.5 §7.1.1): an integer that knows its group and element numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from operator import index
from typing import Any, TypeAlias

from rapidicom import _core

TagType: TypeAlias = int | str | tuple[int, int]

__all__ = [
    "BaseTag",
    "ItemDelimiterTag",
    "ItemTag",
    "SequenceDelimiterTag",
    "Tag",
    "TupleTag",
    "tag_in_exception",
]


class BaseTag(int):
    """A tag: the group number in the high 16 bits, the element number in the low ones.

    It is equal to whatever `Tag` turns into it: the number, the pair of numbers, the keyword.
    """

    __module__ = "rapidicom.tag"

    __slots__ = ()

    @property
    def group(self) -> int:
        """The group number."""
        return self >> 16

    @property
    def element(self) -> int:
        """The element number."""
        return self & 0xFFFF

    elem = element

    @property
    def is_private(self) -> bool:
        """Whether the group number is odd (PS3.5 §7.8)."""
        return bool(self & 0x1_0000)

    @property
    def is_private_creator(self) -> bool:
        """Whether the element names the owner of a block of private elements (PS3.5 §7.8.1)."""
        return self.is_private and 0x10 <= self.element <= 0xFF

    @property
    def private_creator(self) -> BaseTag:
        """The tag of the element that names this private element's owner."""
        return BaseTag((self & 0xFFFF_0000) | self.element >> 8)

    @property
    def json_key(self) -> str:
        """The tag in JSON: eight hexadecimal digits (PS3.18 §F.2.2)."""
        return f"{int(self):08X}"

    def __str__(self) -> str:
        return f"({self.group:04X},{self.element:04X})"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int):
            return int.__eq__(self, other)
        try:
            return int.__eq__(self, Tag(other))
        except (TypeError, ValueError, OverflowError):
            return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = int.__hash__

    def __lt__(self, other: Any) -> bool:
        return int.__lt__(self, _comparable(other))

    def __le__(self, other: Any) -> bool:
        return int.__le__(self, _comparable(other))

    def __gt__(self, other: Any) -> bool:
        return int.__gt__(self, _comparable(other))

    def __ge__(self, other: Any) -> bool:
        return int.__ge__(self, _comparable(other))


def _comparable(other: object) -> int:
    if isinstance(other, int):
        return other
    try:
        return Tag(other)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"a tag cannot be compared with {type(other).__name__}") from None


def Tag(arg: object, arg2: object = None) -> BaseTag:
    """Make a tag.

    Args:
        arg: A number, a pair (group, element) of numbers or of hexadecimal texts, a keyword, or
            eight hexadecimal digits; or the group number, if `arg2` is given.
        arg2: The element number.

    Returns:
        The tag.

    Raises:
        TypeError: `arg` is none of these.
        ValueError: The keyword is unknown, or a number is negative.
        OverflowError: A number has more bits than a tag.
    """
    if isinstance(arg, BaseTag) and arg2 is None:
        return arg
    if arg2 is not None:
        return _from_pair(arg, arg2)
    if isinstance(arg, (tuple, list)):
        if len(arg) != 2:
            raise ValueError(f"a tag is one number or a pair of numbers, not {len(arg)} of them")
        return _from_pair(*arg)
    if isinstance(arg, str):
        return _from_text(arg)
    return _checked(_number(arg), 0xFFFF_FFFF)


def _from_pair(group: object, element: object) -> BaseTag:
    if isinstance(group, str) and isinstance(element, str):
        group, element = int(group, 16), int(element, 16)
    return BaseTag(_checked(_number(group), 0xFFFF) << 16 | _checked(_number(element), 0xFFFF))


def _from_text(text: str) -> BaseTag:
    tag = _core.keyword_tag(text)
    if tag is not None:
        return BaseTag(tag)
    try:
        number = int(text, 16)
    except ValueError:
        similar = _core.similar_keyword(text) if text.isidentifier() else None
        hint = "" if similar is None else f"; did you mean {similar}?"
        raise ValueError(
            f"{text!r} is neither a keyword nor a tag in hexadecimal digits{hint}"
        ) from None
    return _checked(number, 0xFFFF_FFFF)


def _number(arg: object) -> int:
    try:
        return index(arg)  # type: ignore[arg-type]  # NumPy's integers too
    except TypeError:
        message = (
            f"a tag is made of integers, texts, or a pair of either, not of {type(arg).__name__}"
        )
        raise TypeError(message) from None


def _checked(number: int, limit: int) -> BaseTag:
    if number > limit:
        raise OverflowError(
            f"{number:#x} is larger than {limit:#x}, the maximum for this part of a tag"
        )
    if number < 0:
        raise ValueError(f"a tag cannot be negative, but this one is {number}")
    return BaseTag(number)


def TupleTag(group_elem: tuple[int, int]) -> BaseTag:
    """Make a tag from a group and an element number, without checking them."""
    return BaseTag(group_elem[0] << 16 | group_elem[1])


# What separates the items of a sequence (PS3.5 §7.5).
ItemTag = TupleTag((0xFFFE, 0xE000))
ItemDelimiterTag = TupleTag((0xFFFE, 0xE00D))
SequenceDelimiterTag = TupleTag((0xFFFE, 0xE0DD))


@contextmanager
def tag_in_exception(tag: BaseTag) -> Iterator[None]:
    """Name an element in the message of whatever is raised in the block."""
    try:
        yield
    except Exception as error:
        raise type(error)(f"With tag {tag} got exception: {error}") from error
