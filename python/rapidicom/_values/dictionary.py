"""The data dictionary (PS3.6): registered elements, and private elements of vendors.

Functions take a tag in any form that `Tag` takes. Elements of repeating groups (PS3.5 §7.6) are
found by tag only: a keyword of theirs names many tags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from rapidicom import _core
from rapidicom._common.not_offered import NotOffered
from rapidicom._common.tag import Tag

if TYPE_CHECKING:
    from rapidicom._common.tag import TagType

__all__ = [
    "dictionary_VM",
    "dictionary_VR",
    "dictionary_description",
    "dictionary_has_tag",
    "dictionary_is_retired",
    "dictionary_keyword",
    "get_entry",
    "get_private_entry",
    "keyword_dict",
    "keyword_for_tag",
    "private_dictionaries",
    "private_dictionary_VM",
    "private_dictionary_VR",
    "private_dictionary_description",
    "repeater_has_keyword",
    "repeater_has_tag",
    "tag_for_keyword",
]


class _Keywords(Mapping[str, int]):
    """The tag of each keyword, read from the dictionary and not to be changed."""

    def __getitem__(self, keyword: str) -> int:
        tag = _core.keyword_tag(keyword)
        if tag is None:
            raise KeyError(keyword)
        return tag

    def __contains__(self, keyword: object) -> bool:
        return isinstance(keyword, str) and _core.keyword_tag(keyword) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(_core.keywords())

    def __len__(self) -> int:
        return len(_core.keywords())


class _Private(Mapping[str, dict[str, tuple[str, str, str, str]]]):
    """The private elements of each creator, by patterns of their tags, made when looked at."""

    @cached_property
    def _by_creator(self) -> dict[str, dict[str, tuple[str, str, str, str]]]:
        found: dict[str, dict[str, tuple[str, str, str, str]]] = {}
        for creator, pattern, entry in _core.private_entries():
            found.setdefault(creator, {})[pattern] = entry
        return found

    def __getitem__(self, creator: str) -> dict[str, tuple[str, str, str, str]]:
        return self._by_creator[creator]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_creator)

    def __len__(self) -> int:
        return len(self._by_creator)


keyword_dict = _Keywords()
private_dictionaries = _Private()


def dictionary_VR(tag: TagType) -> str:
    """Return the VR of a registered element, or the choice of several, e.g. `US or SS`.

    Raises:
        KeyError: The tag is not registered.
    """
    return _entry(tag)[0]


def dictionary_VM(tag: TagType) -> str:
    """Return the VM of a registered element, e.g. `1-n`.

    Raises:
        KeyError: The tag is not registered.
    """
    return _entry(tag)[1]


def dictionary_description(tag: TagType) -> str:
    """Return the name of a registered element.

    Raises:
        KeyError: The tag is not registered.
    """
    return _entry(tag)[2]


def dictionary_is_retired(tag: TagType) -> bool:
    """Return whether a registered element is retired.

    Raises:
        KeyError: The tag is not registered.
    """
    return _entry(tag)[3]


def dictionary_keyword(tag: TagType) -> str:
    """Return the keyword of a registered element.

    Raises:
        KeyError: The tag is not registered.
    """
    return _entry(tag)[4]


def dictionary_has_tag(tag: TagType) -> bool:
    """Return whether a tag is registered by itself, not as one of a repeating group."""
    try:
        number = Tag(tag)
    except (TypeError, ValueError, OverflowError):
        return False
    entry = _core.dictionary_entry(number)
    return entry is not None and not _is_repeater(entry[4])


def repeater_has_tag(tag: int) -> bool:
    """Return whether a tag is registered as one of a repeating group."""
    entry = _core.dictionary_entry(tag)
    return entry is not None and _is_repeater(entry[4])


def keyword_for_tag(tag: TagType) -> str:
    """Return the keyword of an element; empty if the tag is not registered."""
    entry = _core.dictionary_entry(Tag(tag))
    return "" if entry is None else entry[4]


def tag_for_keyword(keyword: str) -> int | None:
    """Return the tag that a keyword names, or `None`."""
    return _core.keyword_tag(keyword)


def get_entry(tag: TagType) -> tuple[str, str, str, str, str]:
    """Return VR, VM, name, `Retired` or nothing, and keyword of a registered element.

    Raises:
        KeyError: The tag is not registered.
    """
    vr, vm, name, is_retired, keyword = _entry(tag)
    return vr, vm, name, "Retired" if is_retired else "", keyword


def get_private_entry(tag: TagType, private_creator: str) -> tuple[str, str, str, str]:
    """Return VR, VM, name, and `Retired` or nothing, that a vendor documents for a private element.

    Raises:
        KeyError: The private dictionary does not have the element.
    """
    vr, vm, name, is_retired = _private_entry(tag, private_creator)
    return vr, vm, name, "Retired" if is_retired else ""


def repeater_has_keyword(keyword: str) -> bool:
    """Return whether a keyword is that of a repeating group."""
    return _core.is_repeater_keyword(keyword)


def private_dictionary_VR(tag: TagType, private_creator: str) -> str:
    """Return the VR that a vendor documents for a private element.

    Raises:
        KeyError: The private dictionary does not have the element.
    """
    return _private_entry(tag, private_creator)[0]


def private_dictionary_VM(tag: TagType, private_creator: str) -> str:
    """Return the VM that a vendor documents for a private element.

    Raises:
        KeyError: The private dictionary does not have the element.
    """
    return _private_entry(tag, private_creator)[1]


def private_dictionary_description(tag: TagType, private_creator: str) -> str:
    """Return the name that a vendor documents for a private element.

    Raises:
        KeyError: The private dictionary does not have the element.
    """
    return _private_entry(tag, private_creator)[2]


add_dict_entry = NotOffered("extend the data dictionary")
add_dict_entries = NotOffered("extend the data dictionary")
add_private_dict_entry = NotOffered("extend the private dictionary")
add_private_dict_entries = NotOffered("extend the private dictionary")


def _entry(tag: TagType) -> tuple[str, str, str, bool, str]:
    number = Tag(tag)
    entry = _core.dictionary_entry(number)
    if entry is None:
        raise KeyError(f"the tag {number} is not in the data dictionary")
    return entry


def _private_entry(tag: TagType, private_creator: str) -> tuple[str, str, str, bool]:
    number = Tag(tag)
    entry = _core.private_entry(private_creator, number)
    if entry is None:
        # The creator is the text of a value: it is not shown.
        raise KeyError(f"the private dictionary has no {number} of this creator")
    return entry


def _is_repeater(keyword: str) -> bool:
    # The few retired elements without a keyword all have a tag of their own.
    return bool(keyword) and _core.keyword_tag(keyword) is None
