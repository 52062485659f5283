"""Names of files made of what headers say: `{SeriesNumber:03}_{SeriesDescription}`."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any, Protocol

from rapidicom._values.dictionary import tag_for_keyword
from rapidicom.cli.exits import UsageError

__all__ = ["DEFAULT_TEMPLATE", "Names", "checked_template"]

DEFAULT_TEMPLATE = "{SeriesNumber}_{SeriesDescription}"

# What every file system takes in a name.
_OTHERS = re.compile(r"[^\w.+-]+")
_WIDTH = re.compile(r"0?[1-9]\d?")
# Bytes of a part of a path, of 255 that most file systems take; endings and numbers follow.
_LONGEST = 200
# Names that Windows keeps for devices.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
# What is no keyword: the number of the series as `rapidicom series` prints it.
_NUMBER = "number"


def checked_template(template: str) -> str:
    """Return a template that is one.

    Raises:
        UsageError: It names what is no keyword, or leads out of the folder.
    """
    try:
        fields = list(Formatter().parse(template))
    except ValueError:
        raise UsageError(f"--name {template}: braces go in pairs around a keyword") from None
    for _, name, width, conversion in fields:
        if name is None:
            continue
        if name != _NUMBER and tag_for_keyword(name) is None:
            raise UsageError(f"--name takes keywords in braces, and {name!r} is none")
        if conversion or (width and not _WIDTH.fullmatch(width)):
            raise UsageError(f"--name {template}: after a keyword comes a width, such as :03")
    parts = template.split("/")
    if not all(parts) or ".." in parts or "\\" in template:
        raise UsageError(f"--name {template} is no name of a file in the folder")
    return template


class Valued(Protocol):
    """What has values by keyword: a data set."""

    def get(self, key: str, /) -> Any: ...


class Names:
    """Gives every volume a name of its own.

    Args:
        template: What `checked_template` returns.
    """

    def __init__(self, template: str) -> None:
        self._template = template
        self._taken: set[str] = set()

    def of(self, values: Valued, number: str) -> str:
        """Return the name of a volume, without an ending.

        Args:
            values: A data set.
            number: That of its series.
        """
        parts = [_part(part, values, number) for part in self._template.split("/")]
        name = "/".join(part or f"series_{number}" for part in parts)
        free, count = name, 1
        # Some file systems take names that differ in case for one.
        while free.casefold() in self._taken:
            count += 1
            free = f"{name}_{count}"
        self._taken.add(free.casefold())
        return free


def _part(template: str, values: Valued, number: str) -> str:
    text = ""
    for before, name, width, _ in Formatter().parse(template):
        text += before
        if name is not None:
            value = number if name == _NUMBER else values.get(name)
            text += _text(value, width or "")
    cut = _OTHERS.sub("_", text).strip("._").encode()[:_LONGEST].decode(errors="ignore")
    return f"{cut}_" if _DEVICES.fullmatch(cut) else cut


def _text(value: Any, width: str) -> str:
    text = "" if value is None else str(value).strip()
    if width and text.isdecimal():
        return text.zfill(int(width)) if width.startswith("0") else text.rjust(int(width))
    return text
