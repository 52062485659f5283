"""Files of this machine by their names: patterns, `~`, archives and DICOMDIRs."""

from __future__ import annotations

import os
from collections.abc import Iterable

from rapidicom._common.errors import DicomError, InvalidDicomError, UnsupportedError
from rapidicom.sources.archive_kinds import has_dicomdir_head
from rapidicom.sources.archives import (
    ARCHIVE_MARKS,
    HEAD_LENGTH,
    archive_kind,
    has_archive_name,
    members_of,
)
from rapidicom.sources.item import Asked, Item, Memory
from rapidicom.sources.local import local_item
from rapidicom.sources.member_names import last_part
from rapidicom.sources.paths import real_path
from rapidicom.sources.patterns import PATTERN_MARKS, expanded
from rapidicom.sources.refused import refused
from rapidicom.sources.whole import bytes_of

# The name that a DICOMDIR has (PS3.10 section 8.6), in lower case.
_DICOMDIR = "dicomdir"

__all__ = ["MARKS", "PatternPath", "held_files", "resolve", "unlisted", "unpacked"]

#: What the names of these sources have somewhere, in lower case; `\0` stands before and after each.
#: Of the others the core says whether they are any.
MARKS = (*PATTERN_MARKS, *ARCHIVE_MARKS, f"{_DICOMDIR}\0")


class PatternPath(str):
    """A path that a pattern found: what holds other files stays closed, as in a folder."""

    __slots__ = ()


def resolve(text: str, asked: Asked) -> list[str | Item]:
    """Return what a name of files of this machine stands for.

    Args:
        text: The name.
        asked: How it is asked for. Where one file is wanted, a DICOMDIR is that file.

    Returns:
        Paths, and items for the members of archives. What is damaged, such as an archive, is an
        item that says so.

    Raises:
        FileNotFoundError: Nothing fits the pattern.
    """
    found: list[str | Item] = []
    path = real_path(text)
    paths = expanded(path)
    if (asked.looks and len(paths) == 1) or _names_holders(path):
        for path in paths:
            held = held_files(path, asked.is_one)
            found += [path] if held is None else held
        return found
    # What `study/**` finds is what the folder has, whose archives are not opened either.
    return [*paths] if len(paths) == 1 else [*map(PatternPath, paths)]


def unlisted(held: list[str | Item], listed: Iterable[str | Item]) -> list[str | Item]:
    """Return what a DICOMDIR refers to without what is listed beside it, to be read once.

    Args:
        held: What `held_files` gave.
        listed: The files beside it. Programs list all files of a disc.
    """
    if not any(type(file) is str for file in held):
        return held
    beside = {os.path.realpath(file) for file in listed if isinstance(file, str)}
    return [file for file in held if type(file) is not str or os.path.realpath(file) not in beside]


def unpacked(item: Item) -> list[str | Item]:
    """Return the members of an archive; of another item, the item.

    Args:
        item: The item.
    """
    try:
        kind = archive_kind(item)
        return [item] if kind is None else _members(item, kind)
    except Exception:  # file objects of others raise anything
        # Whoever reads it says why it cannot be read.
        return [item]


def _names_holders(pattern: str) -> bool:
    return has_archive_name(pattern) or pattern.lower().endswith(_DICOMDIR)


def held_files(path: str, is_one: bool = False) -> list[str | Item] | None:
    """Return the files that another one holds; `None` if it is an ordinary one, or none.

    Args:
        path: An archive or a DICOMDIR, or something else.
        is_one: Whether one file is wanted: then a DICOMDIR is that file.
    """
    try:
        item = local_item(path)
        if item is None:
            return None
        head = bytes_of(item, 0, HEAD_LENGTH)
        kind = archive_kind(item, head)
    except OSError:
        # Whoever reads the path says why it cannot be read.
        return None
    if kind is not None:
        return _members(item, kind)
    if is_one or not has_dicomdir_head(head):
        return None
    # Here, so that `import rapidicom` does not pay for it.
    from rapidicom.sources.dicomdir import files_of_dicomdir

    try:
        return files_of_dicomdir(path)
    except (DicomError, OSError) as error:
        return [refused(path, error)]


def _members(item: Item, kind: str) -> list[str | Item]:
    try:
        found = members_of(item, kind)
    except (DicomError, OSError) as error:
        return [refused(item.name, error)]
    if not found:
        message = f"{item.name}: the archive has no files"
        return [refused(item.name, InvalidDicomError(message, path=item.name))]
    members = [*found.values()]
    # A look into what lies elsewhere is a request.
    is_near = item.region is not None or isinstance(item.store, Memory)
    may_be = [(is_near and len(members) == 1) or _has_archive_name(one) for one in members]
    if not (all(may_be) and all(map(_is_archive, members))):
        return [*members]
    # A table without rows would not say why.
    hint = "Unpack it first."
    what = "it is an archive in an archive, and these are not opened"
    return [
        refused(name, UnsupportedError(f"{name}: {what}. {hint}", path=name, hint=hint))
        for name in (member.name for member in members)
    ]


def _has_archive_name(member: Item) -> bool:
    return has_archive_name(last_part(member.name))


def _is_archive(member: Item) -> bool:
    try:
        return archive_kind(member) is not None
    except (DicomError, OSError):
        # It costs its own row.
        return False
