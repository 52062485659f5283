"""An item as a file object, for the parsers of archives in the standard library."""

from __future__ import annotations

import errno
import io
import os

from rapidicom._common.errors import LimitError
from rapidicom.sources.item import Item
from rapidicom.sources.local import LOCAL_FILES, LocalFile

__all__ = ["ItemFile", "bytes_of", "length_of"]

# What is read at once of a file of this machine, and of another: there, a request costs more than
# its bytes.
_LOCAL_BUFFER = 1 << 14
_OTHER_BUFFER = 1 << 18


def length_of(item: Item) -> int | None:
    """Return the length of an item, if it is known, or by now known to its store.

    Args:
        item: The item.
    """
    return item.length if item.length is not None else getattr(item.key, "length", None)


def bytes_of(item: Item, start: int, stop: int) -> bytes:
    """Return bytes of an item, fewer where it ends.

    Args:
        item: The item.
        start: The first byte.
        stop: The byte after the last.

    Raises:
        OSError, DicomError: They cannot be read.
    """
    (found,) = item.store.fetch([(item.key, start, stop)], 1)
    if isinstance(found, BaseException):
        raise found
    return found


class ItemFile:
    """An item as a file that is open for reading, as far as `zipfile` and `tarfile` use one.

    As a context manager, it keeps a file of this machine open.

    Attributes:
        error: What reading raised last. Parsers catch errors of the system as if they were about
            what is in the file.
    """

    def __init__(self, item: Item, longest: int | None = None) -> None:
        """Open an item at its start.

        Args:
            item: The item.
            longest: How many bytes a parser may ask for at once.
        """
        self.error: Exception | None = None
        self._item = item
        self._longest = longest
        self._buffer_length = _OTHER_BUFFER if item.region is None else _LOCAL_BUFFER
        self._position = 0
        self._start = 0
        self._buffer = b""
        self._local: LocalFile | None = None

    def __enter__(self) -> ItemFile:
        if self._item.store is LOCAL_FILES:
            self._local = LocalFile(self._item)
        return self

    def __exit__(self, *raised: object) -> None:
        local, self._local = self._local, None
        if local is not None:
            local.close()

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seekable(self) -> bool:
        """Return true."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a byte."""
        if whence == os.SEEK_CUR:
            offset += self._position
        elif whence == os.SEEK_END:
            length = length_of(self._item)
            if length is None:
                raise io.UnsupportedOperation("the length is not known")
            offset += length
        if offset < 0:
            # As a file of the system does, which parsers expect.
            raise OSError(errno.EINVAL, "a position before the start of the file")
        self._position = offset
        return offset

    def read(self, count: int = -1) -> bytes:
        """Return the next bytes."""
        if count < 0:
            count = max((length_of(self._item) or 0) - self._position, 0)
        if self._longest is not None and count > self._longest:
            hint = "Unpack it first."
            self.error = LimitError(
                f"{self._item.name}: what describes a member of the archive takes more than "
                f"{self._longest:,} bytes. {hint}",
                path=self._item.name,
                hint=hint,
            )
            raise self.error
        inside = self._position - self._start
        kept = self._buffer[inside : inside + count] if 0 <= inside <= len(self._buffer) else b""
        self._position += len(kept)
        if len(kept) == count:
            return kept
        # What is in the buffer is not read again: of a compressed stream that would take long.
        more = self._fill(count - len(kept))
        self._position += len(more)
        return kept + more

    def _fill(self, count: int) -> bytes:
        """Fill the buffer from the position on, and return its first bytes."""
        try:
            stop = self._position + max(count, self._buffer_length)
            if self._local is not None:
                self._buffer = self._local.read(self._position, stop)
            else:
                self._buffer = bytes_of(self._item, self._position, stop)
        except Exception as error:
            self.error = error
            raise
        self._start = self._position
        return self._buffer[:count]
