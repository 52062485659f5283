"""Paths that turn out to hold other files when they are read: archives and DICOMDIRs.

A look into each path beforehand would take as long as reading its header. So the core reads them,
and says which of them may hold others.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import TypeVar

from rapidicom._common.errors import InvalidDicomError
from rapidicom.sources.files import held_files, unlisted
from rapidicom.sources.item import Item

__all__ = ["read_opening"]


_T = TypeVar("_T")


def read_opening(
    files: list[str | Item], read: Callable[[list[str | Item]], _T]
) -> tuple[_T, list[str | Item]]:
    """Read files, and if some turn out to hold others, read again with those in their place.

    Args:
        files: What `resolved` gave.
        read: Reads files. What it returns may have `may_hold`: paths of files that are no DICOM
            files, or have directory records.

    Returns:
        What `read` gave, and the files that it was given at last.
    """
    opened: list[str | Item] | None
    try:
        found = read(files)
    except InvalidDicomError as error:
        # The first that is no DICOM file has ended the reading; others may hold files too.
        if error.path is None or _with_held(files, (error.path,)) is None:
            raise
        opened = _with_held(files, None)
    else:
        may_hold: list[str] = getattr(found, "may_hold", [])
        if not may_hold:
            return found, files
        opened = _with_held(files, frozenset(may_hold))
        if opened is None:
            return found, files
    assert opened is not None
    return read(opened), opened


def _with_held(
    files: Sequence[str | Item], chosen: Container[str] | None
) -> list[str | Item] | None:
    """Return files with what some hold in their place; `None` if they hold nothing.

    Args:
        files: The files.
        chosen: The paths that are looked into; `None` for all.
    """
    results: list[str | Item] = []
    has_some = False
    for file in files:
        # What a pattern found is not opened, as in a folder.
        held = None
        if type(file) is str and (chosen is None or file in chosen):
            held = held_files(file)
            held = None if held is None else unlisted(held, files)
        has_some = has_some or held is not None
        results += [file] if held is None else held
    return results if has_some else None
