"""File objects: what has `read`."""

from __future__ import annotations

import errno
import io
import os
import stat
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rapidicom._common.errors import DicomError
from rapidicom.sources.item import Asked, Item, State
from rapidicom.sources.local import local_item, state_of
from rapidicom.sources.memory import item_of
from rapidicom.sources.refused import refused

if TYPE_CHECKING:
    from rapidicom.sources.item import Range

# What is read first of a file: nearly every header ends before.
_HEADER = 16 * 1024

__all__ = ["bytes_read", "is_file_object", "is_seekable", "item_from", "resolve"]


def is_file_object(source: object) -> bool:
    """Return whether a source is read with `read`, as no series and no path is."""
    return hasattr(source, "read") and not hasattr(source, "stacks")


def resolve(source: Any, asked: Asked) -> list[str | Item] | None:
    """Return the item of a file object, from its position on; `None` if it is something else.

    One that cannot be read costs its own row.

    Raises:
        TypeError: It gives text.
        ValueError: It is closed.
    """
    if not is_file_object(source):
        return None
    name = asked.name_of(source)
    if getattr(source, "closed", False) is True:
        raise ValueError(f"{name}: the file object is closed")
    try:
        return [item_from(source, name, None)]
    except (TypeError, MemoryError):
        raise
    except Exception as error:
        return [refused(name, _unreadable(error))]


def _unreadable(error: Exception, is_closed: bool = False) -> OSError:
    """Return an error of a file object in words that have nothing of its content."""
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and isinstance(number, int):
        new = OSError(number, os.strerror(number))
    elif isinstance(error, OSError):
        new = _as(error, "it cannot be read")
    elif is_closed:
        new = OSError("the file object is closed")
    elif isinstance(error, NotBytesError):
        new = OSError(str(error))
    else:
        new = OSError(f"it cannot be read ({type(error).__name__})")
    new.__cause__ = error
    return new


def _as(error: OSError, text: str) -> OSError:
    """Return an error of the same kind, among those that mean something to whoever catches it."""
    kinds = (FileNotFoundError, PermissionError, TimeoutError, ConnectionError)
    return next((kind(text) for kind in kinds if isinstance(error, kind)), OSError(text))


def item_from(source: Any, name: str, start: int | None) -> Item:
    """Return the item of a file object, whose position stays as it is.

    Args:
        source: The file object.
        name: Its name.
        start: Where the file starts in it; `None` for its position.

    Raises:
        TypeError: It gives text.
    """
    if isinstance(source, io.TextIOBase):
        raise TypeError("the file object gives text: open it for reading bytes, with mode 'rb'")
    if not is_seekable(source):
        return item_of(bytes_read(source.read()), name)
    position = source.tell()
    start = position if start is None else start
    if type(source) is io.BytesIO:
        # Not copied, unless somebody writes to it later or it starts elsewhere.
        data = source.getvalue()
        return item_of(data[start:] if start else data, name)
    end = source.seek(0, os.SEEK_END)
    # Not every object says where it has got to.
    length = (source.tell() if end is None else end) - start
    source.seek(position)
    if type(source) is io.BufferedReader and type(source.raw) is io.FileIO:
        found = _local(source, start, length)
        if found is not None:
            return found.renamed(name)
    return Item(name, _STORE, _FileObject(source, start), max(length, 0))


def _local(source: io.BufferedReader, start: int, length: int) -> Item | None:
    """Return the file that an open one reads from its start, if its path still leads to it."""
    path = source.name
    if not isinstance(path, str) or start:
        return None
    try:
        if not os.path.samestat(os.fstat(source.fileno()), Path(path).stat()):
            return None
        item = local_item(str(Path(path).absolute()))
    except OSError:
        return None
    return item if item is not None and item.length == length else None


class _FileObject:
    """A seekable file object as the key of a store."""

    def __init__(self, source: Any, start: int) -> None:
        self.source = source
        self.start = start
        self._state = _state(source)
        # What a look at the first bytes has read, for the one who reads the header.
        self._head: bytes | None = None
        self._is_begun = False

    def taken(self, start: int, stop: int) -> bytes:
        """Return bytes of the file; the object's position stays as it is."""
        if not self._is_begun:
            self._head, self._is_begun = self._read(0, _HEADER), True
        if self._head is None or stop > _HEADER:
            return self._read(start, stop)
        head = self._head[start:stop]
        if (start, stop) == (0, _HEADER):
            # They are kept elsewhere from now on.
            self._head = None
        return head

    def _read(self, start: int, stop: int) -> bytes:
        position = self.source.tell()
        try:
            # What was written and not yet handed to the system is so by now.
            self.source.seek(self.start + start)
            if _state(self.source) != self._state:
                message = "the file was changed since it was opened. Read it again."
                raise ChangedError(errno.ESTALE, message)
            parts = []
            # Raw streams may return fewer bytes than asked for, and the rest on the next call.
            while start < stop and (data := bytes_read(self.source.read(stop - start))):
                parts.append(data)
                start += len(data)
            return parts[0] if len(parts) == 1 else b"".join(parts)
        finally:
            self.source.seek(position)


class NotBytesError(TypeError):
    """A file object gave something else than bytes."""


class ChangedError(OSError):
    """A file is not what it was."""


def _state(source: Any) -> State | None:
    """Return what tells the file of a file object from what it is after a change, if it has one."""
    # That of a file in memory that may move to disk moves it there.
    if not hasattr(source, "fileno") or hasattr(source, "rollover"):
        return None
    try:
        found = os.fstat(source.fileno())
    except (OSError, ValueError):
        return None
    return state_of(found) if stat.S_ISREG(found.st_mode) else None


class _FileObjects:
    """The store of file objects, which are read one after the other."""

    is_local = True

    def __init__(self) -> None:
        # Seeking and reading are two steps.
        self._lock = threading.RLock()

    def fetch(self, ranges: Sequence[Range], workers: int | None) -> list[bytes | BaseException]:
        """Return bytes of files: see `Store.fetch`."""
        del workers
        found: list[bytes | BaseException] = []
        for key, start, stop in ranges:
            assert isinstance(key, _FileObject)
            try:
                with self._lock:
                    found.append(key.taken(start, stop))
            except (ChangedError, DicomError, MemoryError) as error:
                found.append(error)
            except Exception as error:
                is_closed = getattr(key.source, "closed", False) is True
                found.append(_unreadable(error, is_closed))
        return found


_STORE = _FileObjects()


def is_seekable(source: Any) -> bool:
    """Return whether a file object can be read by ranges."""
    # Pipes have `seek` too, which raises.
    return hasattr(source, "seek") and (not hasattr(source, "seekable") or source.seekable())


def bytes_read(data: object) -> bytes:
    """Return what a file object gave as bytes, or raise `TypeError`."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        raise NotBytesError("the file object gives text: open it for reading bytes, with mode 'rb'")
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    raise NotBytesError(f"the file object gave {type(data).__name__} instead of bytes")
