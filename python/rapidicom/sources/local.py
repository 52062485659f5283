"""Files of this machine as items, for what has to look into them: archives."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Hashable, Sequence
from typing import cast

from rapidicom.sources.item import Item, Region, State

__all__ = ["LOCAL_FILES", "LocalFile", "local_item", "state_of"]


class _LocalFiles:
    """The store of files of this machine; a key is a path, and what the file was."""

    def __reduce__(self) -> str:
        return "LOCAL_FILES"

    def fetch(
        self, ranges: Sequence[tuple[Hashable, int, int]], workers: int | None
    ) -> list[bytes | BaseException]:
        del workers
        opened: dict[Hashable, int | OSError] = {}
        try:
            return [self._read(opened, key, start, stop) for key, start, stop in ranges]
        finally:
            for file in opened.values():
                if isinstance(file, int):
                    os.close(file)

    def _read(
        self,
        opened: dict[Hashable, int | OSError],
        key: Hashable,
        start: int,
        stop: int,
    ) -> bytes | BaseException:
        path, state = cast("tuple[str, State]", key)
        file = opened.get(key)
        if file is None:
            file = opened[key] = _opened(path, state)
        if isinstance(file, OSError):
            return file
        try:
            return _read_whole(file, start, min(stop, state[0]))
        except OSError as error:
            error.filename = path
            return error


class LocalFile:
    """A file of this machine that stays open, for who reads one piece after the other."""

    def __init__(self, item: Item) -> None:
        """Open a file.

        Args:
            item: The file, of `LOCAL_FILES`.

        Raises:
            OSError: It cannot be opened, or was changed.
        """
        path, state = cast("tuple[str, State]", item.key)
        file = _opened(path, state)
        if isinstance(file, OSError):
            raise file
        self._file = file
        self._path = path
        self._length = state[0]

    def read(self, start: int, stop: int) -> bytes:
        """Return bytes, fewer where the file ends.

        Raises:
            OSError: They cannot be read.
        """
        try:
            return _read_whole(self._file, start, min(stop, self._length))
        except OSError as error:
            error.filename = self._path
            raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


#: The only store of its kind.
LOCAL_FILES = _LocalFiles()


def local_item(path: str) -> Item | None:
    """Return a file as an item; `None` for what is no regular file.

    Args:
        path: Its path.

    Raises:
        OSError: There is nothing at the path, or the system does not say what.
    """
    found = os.stat(path)  # noqa: PTH116  # the path as it was given
    if not stat.S_ISREG(found.st_mode):
        return None
    state = state_of(found)
    region = Region(path, 0, state[0], None, state)
    return Item(path, LOCAL_FILES, (path, state), state[0], region)


# A pipe without a writer would block the open for ever.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def state_of(found: os.stat_result) -> State:
    """Return what tells a file from what it is after a change.

    Args:
        found: What the system says of it.
    """
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _opened(path: str, state: State) -> int | OSError:
    try:
        file = os.open(path, _FLAGS)
    except OSError as error:
        return error
    if state_of(os.fstat(file)) == state:
        return file
    os.close(file)
    return OSError(errno.ESTALE, "the file was changed while it was read. Read it again.", path)


def _read_whole(file: int, start: int, stop: int) -> bytes:
    data = _pread(file, stop - start, start) if stop > start else b""
    # One call gives 2 GB at most.
    while start + len(data) < stop:
        more = _pread(file, stop - start - len(data), start + len(data))
        if not more:
            break
        data += more
    return data


def _pread(file: int, count: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(file, count, offset)
    os.lseek(file, offset, os.SEEK_SET)
    return os.read(file, count)
