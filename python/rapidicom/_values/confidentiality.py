"""Which attributes identify a person (PS3.15 §E.1, Table E.1-1)."""

from __future__ import annotations

import re

from rapidicom._values.confidentiality_profile import ACTIONS, REPEATING
from rapidicom._values.dictionary import dictionary_has_tag, repeater_has_tag, tag_for_keyword

__all__ = ["identifies", "is_identifying_column", "tags_of_column"]

_TAG = re.compile(r"\((?P<group>[0-9A-Fa-f]{4}),(?P<element>[0-9A-Fa-f]{4})\)")
_INDEX = re.compile(r"\[\d+\]$")


def identifies(tag: int) -> bool:
    """Return whether an attribute identifies a person, as the Basic Profile counts it.

    Its table lists the attributes that are removed, emptied or replaced, UIDs and dates among them,
    and at last all private ones. An attribute that nobody has registered counts too: nothing tells
    what it holds.

    Args:
        tag: Its tag.
    """
    if tag in ACTIONS or tag >> 16 & 1:
        return True
    if any(tag & mask == place for mask, place, _ in REPEATING):
        return True
    return not (dictionary_has_tag(tag) or repeater_has_tag(tag))


def is_identifying_column(name: str) -> bool:
    """Return whether a column of a header table identifies a person.

    It does if its attribute does, or a sequence that it is in.

    Args:
        name: A keyword, a tag such as `(0009,1001)`, or several with dots between them. Another
            name is that of no attribute, and does not identify.
    """
    return any(map(identifies, tags_of_column(name)))


def tags_of_column(name: str) -> list[int]:
    """Return the tags of a column, outermost first; none if its name is that of no attribute."""
    tags = []
    for step in name.split("."):
        step = _INDEX.sub("", step)
        found = _TAG.fullmatch(step)
        tag = int(found["group"] + found["element"], 16) if found else tag_for_keyword(step)
        if tag is None:
            return []
        tags.append(tag)
    return tags
