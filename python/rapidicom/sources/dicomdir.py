"""A DICOMDIR as a source: the files that its directory records refer to (PS3.10 §8, PS3.3 §F).

A File ID is a path below the folder of the DICOMDIR, and nothing outside of it is ever read: no
`..`, no absolute path, no drive, no link that leads out. Names are compared as they are on discs:
those of ISO 9660 come in lower case and with a version, `im0001.;1`, from some systems.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Any

from rapidicom import _core
from rapidicom._common.errors import InvalidDicomError, UndecodableValueError
from rapidicom._common.items import items
from rapidicom.sources.archive_kinds import MEDIA_STORAGE_DIRECTORY
from rapidicom.sources.item import Item
from rapidicom.sources.refused import refused

__all__ = ["files_of_dicomdir"]

# (0004,1410) Record In-use Flag of a record that stays in place of a deleted one (PS3.3 §F.3.2.2).
_NOT_IN_USE = 0
# The version that ISO 9660 gives a file, and the dot before it where a name has no extension.
_VERSION = re.compile(r"\.?(;[0-9]+)?$")


def files_of_dicomdir(path: str) -> list[str | Item] | None:
    """Return the files that a DICOMDIR refers to, in the order of its records.

    What cannot be found is in the list too, and costs its own row: a record whose file is missing,
    or which leads out of the folder. It is named by the place of the record, because a File ID is a
    value, and could be any text. A record that is not in use is passed over if its file is missing.

    Args:
        path: The file.

    Returns:
        Paths below the folder of `path`; `None` if the file is no DICOMDIR.

    Raises:
        DicomError: The file is damaged.
        OSError: The file, or its folder, cannot be read.
    """
    dataset: Any = _core.read_path(path, False, None, None, False, "never")
    if dataset.file_meta.get("MediaStorageSOPClassUID") != MEDIA_STORAGE_DIRECTORY:
        return None
    # A link to a DICOMDIR stands for it, and the path is otherwise used as it was given.
    target = os.path.realpath(path) if os.path.islink(path) else path  # noqa: PTH114
    folder = _Folder(os.path.dirname(target))  # noqa: PTH120
    found: dict[str, str | Item] = {}
    for record in items(dataset, "DirectoryRecordSequence"):
        file, error = _file_of(record, path, folder)
        if error is not None:
            name = f"{path} (directory record at byte {record.seq_item_tell:#x})"
            found[name] = refused(name, error)
        elif file is not None:
            found[file] = file
    if not found:
        message = f"{path}: no directory record refers to a file"
        return [refused(path, InvalidDicomError(message, path=path))]
    return list(found.values())


def _file_of(record: Any, path: str, folder: _Folder) -> tuple[str | None, Exception | None]:
    """Return the file that a record refers to, if any, or why there is none."""
    offset = record.seq_item_tell
    try:
        file_id = _file_id(record)
        if not file_id:
            return None, None
        file = folder.find(file_id)
    except UndecodableValueError as error:
        return None, error
    except _OutsideError:
        message = (
            f"{path}: the directory record at byte {offset:#x} refers to a file outside of the "
            "folder of the DICOMDIR, which is not read"
        )
        return None, InvalidDicomError(message, path=path, tag=0x0004_1500, offset=offset)
    except OSError as error:
        return None, error
    if file is None and record.get("RecordInUseFlag") != _NOT_IN_USE:
        what = f"the file that the directory record at byte {offset:#x} refers to is missing"
        return None, FileNotFoundError(errno.ENOENT, what, path)
    return file, None


def _file_id(record: Any) -> list[str]:
    """Return the components of (0004,1500) Referenced File ID; none if the record has none."""
    value = record.get("ReferencedFileID")
    if value is None or value == "":
        return []
    parts = [value] if isinstance(value, str) else list(value)
    # Some writers give the whole path as one value, with the separators of their system.
    return [piece for part in parts for piece in str(part).rstrip(" \0").split("/")]


class _OutsideError(Exception):
    """A File ID leads out of the folder."""


class _Folder:
    """The folder of a DICOMDIR, whose files are looked up in listings, each made once."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._root = Path(path or ".").resolve()
        self._listings: dict[str, tuple[dict[str, os.DirEntry[str]], dict[str, list[str]]]] = {}

    def find(self, file_id: list[str]) -> str | None:
        """Return the path of a file, or `None` where no file has that name.

        Raises:
            _OutsideError: The name leads out of the folder.
            OSError: A folder cannot be read.
        """
        if not file_id[0] or any(_leads_out(part) for part in file_id):
            raise _OutsideError
        here = self._path
        entry = None
        has_link = False
        for part in file_id:
            if part in ("", "."):
                continue
            if entry is not None and not entry.is_dir():
                return None
            entry = self._entry(here, part)
            if entry is None:
                return None
            has_link = has_link or entry.is_symlink()
            here = entry.path if self._path else entry.path.removeprefix(os.curdir + os.sep)
            if has_link and not Path(here).resolve().is_relative_to(self._root):
                raise _OutsideError
        return here if entry is not None and entry.is_file() else None

    def _entry(self, folder: str, name: str) -> os.DirEntry[str] | None:
        if folder not in self._listings:
            self._listings[folder] = _listing(folder)
        entries, by_plain_name = self._listings[folder]
        if (entry := entries.get(name)) is not None:
            return entry
        # Of several, any would be a guess.
        like = by_plain_name.get(_plain(name), ())
        return entries[like[0]] if len(like) == 1 else None


def _leads_out(part: str) -> bool:
    return part == ".." or "\\" in part or re.match(r"[A-Za-z]:", part) is not None


def _listing(folder: str) -> tuple[dict[str, os.DirEntry[str]], dict[str, list[str]]]:
    with os.scandir(folder or os.curdir) as found:
        entries = {entry.name: entry for entry in found}
    by_plain_name: dict[str, list[str]] = {}
    for name in sorted(entries):
        by_plain_name.setdefault(_plain(name), []).append(name)
    return entries, by_plain_name


def _plain(name: str) -> str:
    return _VERSION.sub("", name.strip()).upper()
