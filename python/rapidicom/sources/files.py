"""Files of this machine by their names: patterns, `~`, archives and DICOMDIRs."""

from __future__ import annotations

from rapidicom._common.errors import DicomError, InvalidDicomError
from rapidicom.sources.archive_kinds import has_dicomdir_head
from rapidicom.sources.archives import (
    ARCHIVE_MARKS,
    HEAD_LENGTH,
    archive_kind,
    has_archive_name,
    members_of,
)
from rapidicom.sources.item import Asked, Item
from rapidicom.sources.local import local_item
from rapidicom.sources.paths import real_path
from rapidicom.sources.patterns import PATTERN_MARKS, expanded
from rapidicom.sources.refused import refused
from rapidicom.sources.whole import bytes_of

__all__ = ["MARKS", "resolve", "unpacked"]

#: What the names of these sources have somewhere, in lower case; `\0` stands before and after each.
#: Others have to be looked into.
MARKS = (*PATTERN_MARKS, *ARCHIVE_MARKS, "dicomdir")


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
    if len(paths) == 1 or _names_archives(path):
        for path in paths:
            found += _of_path(path, asked.is_one)
        return found
    # What `study/**` finds is what the folder has, whose archives are not opened either.
    return [*paths]


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


def _names_archives(pattern: str) -> bool:
    return has_archive_name(pattern) or pattern.upper().endswith("DICOMDIR")


def _of_path(path: str, is_one: bool) -> list[str | Item]:
    try:
        item = local_item(path)
        if item is None:
            return [path]
        head = bytes_of(item, 0, HEAD_LENGTH)
        kind = archive_kind(item, head)
    except OSError:
        # Whoever reads the path says why it cannot be read.
        return [path]
    if kind is not None:
        return _members(item, kind)
    if is_one or not has_dicomdir_head(head):
        return [path]
    # Here, so that `import rapidicom` does not pay for it.
    from rapidicom.sources.dicomdir import files_of_dicomdir

    try:
        return files_of_dicomdir(path) or [path]
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
    return [*found.values()]
