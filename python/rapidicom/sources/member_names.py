"""Names of members of archives: `zip://CT/0001.dcm::study.zip`, as fsspec has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TypeVar

__all__ = ["chosen", "is_member_name", "last_part", "member_name", "numbered", "splits"]

_T = TypeVar("_T")

_SEPARATOR = "::"


def member_name(kind: str, member: str, archive: str) -> str:
    """Return the name of a member: also what one passes to read it alone.

    Args:
        kind: `zip` or `tar`.
        member: Its name in the archive.
        archive: The name of the archive.
    """
    return f"{kind}://{member}{_SEPARATOR}{archive}"


def is_member_name(name: str) -> bool:
    """Return whether a source names a member of an archive, a folder or a pattern of members."""
    return name.startswith(("zip://", "tar://")) and _SEPARATOR in name


def splits(name: str) -> list[tuple[str, str]]:
    """Return what the member and the archive of a name may be, the most likely first.

    Both may have `::` in them. The archive has no more of them than it must.

    Args:
        name: A name for which `is_member_name` is true.
    """
    rest = name.split("://", 1)[1]
    places = [place.start() for place in re.finditer(f"(?={_SEPARATOR})", rest)]
    return [(rest[:place], rest[place + len(_SEPARATOR) :]) for place in reversed(places)]


def last_part(name: str) -> str:
    """Return the last part of the name of a file, or of a member in its archive.

    Args:
        name: A path, a URL or the name of a member.
    """
    if is_member_name(name):
        name = splits(name)[0][0]
    return PurePath(name).name or name


def numbered(names: Sequence[str]) -> list[str]:
    """Return names of members, all different.

    Of several members with one name, the last one keeps it, because it is what unpacking leaves;
    those before it get their number, counted from 1: `IM0001#1`.

    Args:
        names: The names in the order of the archive.
    """
    if len(set(names)) == len(names):
        return list(names)
    last = {name: place for place, name in enumerate(names)}
    taken = set(names)
    counts: dict[str, int] = {}
    result = []
    for place, name in enumerate(names):
        if last[name] == place:
            result.append(name)
            continue
        number = counts.get(name, 0) + 1
        while (unique := f"{name}#{number}") in taken:
            number += 1
        counts[name] = number
        taken.add(unique)
        result.append(unique)
    return result


def chosen(wanted: str, members: Mapping[str, _T]) -> list[_T]:
    """Return the members that a name stands for: one, those of a folder, or of a pattern.

    Args:
        wanted: The name in the archive; empty for all members. `*` and `?` stand for characters
            other than `/`, `**` for folders in folders.
        members: All members by their names.

    Returns:
        The members; none if there is none of that name.
    """
    if wanted in members:
        return [members[wanted]]
    plain = _plain(wanted)
    by_plain_name = {_plain(name): member for name, member in members.items()}
    if plain in by_plain_name:
        return [by_plain_name[plain]]
    if not plain:
        return list(members.values())
    if any(character in plain for character in "*?["):
        fits = _pattern(plain)
        return _those(members, lambda name: fits(name) is not None)
    return _those(members, lambda name: name.startswith(plain + "/"))


def _those(members: Mapping[str, _T], fits: Callable[[str], bool]) -> list[_T]:
    return [member for name, member in _sorted(members.items()) if fits(_plain(name))]


def _sorted(members: Iterable[tuple[str, _T]]) -> list[tuple[str, _T]]:
    return sorted(members, key=lambda member: member[0])


def _plain(name: str) -> str:
    """Return a name without what leads nowhere: `./CT/1` is `CT/1`."""
    while name.startswith("./"):
        name = name[2:].lstrip("/")
    return name.strip("/")


def _pattern(pattern: str) -> Callable[[str], object]:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\])", pattern)
    translated = []
    for place, piece in enumerate(pieces):
        if place % 2 == 0:
            translated.append(re.escape(piece))
        elif piece == "**/":
            translated.append("(?:.*/)?")
        elif piece in ("*", "**", "?"):
            translated.append({"*": "[^/]*", "**": ".*", "?": "[^/]"}[piece])
        else:
            inner = piece[1:-1].replace("\\", r"\\")
            translated.append(f"[{'^' + inner[1:] if inner.startswith('!') else inner}]")
    return re.compile("".join(translated), re.DOTALL).fullmatch
