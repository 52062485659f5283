"""Parts of the body of an answer: `multipart/related` (RFC 2387; PS3.18 §8.6.1.2.1)."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from typing import Protocol

from rapidicom._core import Arena
from rapidicom.integrations.dicomweb_errors import no_dicom

__all__ = ["Body", "Room", "part_of", "parts_of", "whole"]

# Of a part as long as an image: each piece costs some calls, and stays in the processor's cache.
_CHUNK = 1 << 17
# Parts that go into memory which others share: of larger ones a length that is said is not taken
# for granted, and smaller ones cost less than the calls.
_ARENA_LENGTHS = range(1 << 16, 1 << 26)
# Where only the start is wanted: so much more than is asked for may be on its way.
_SMALL_CHUNK = 1 << 12
# What servers put before the first part, between parts, and before the bytes of one.
_LONGEST_HEADER = 1 << 14
# Of one answer that is one file; those of servers that do not say what they send are included.
_FILES = ("application/dicom", "application/octet-stream", "binary/octet-stream", "")


class Room:
    """Where parts are put that say how long they are.

    Attributes:
        arena: Their memory.
        is_open: Whether the next part goes there.
    """

    def __init__(self) -> None:
        self.arena = Arena()
        self.is_open = False


class Body(Protocol):
    """The body of an answer.

    Attributes:
        url: What it is the answer to.
    """

    url: str

    def read(self, count: int) -> bytes:
        """Return the next bytes, up to `count`; empty at the end."""


def whole(body: Body) -> bytes:
    """Return all bytes of a body.

    Raises:
        OSError: It is cut short.
    """
    return b"".join(iter(lambda: body.read(_CHUNK), b""))


def parts_of(body: Body, media_type: str, room: Room | None = None) -> Iterator[bytes | None]:
    """Yield the parts of a body as they arrive; of one that is not multipart, the whole.

    Args:
        body: The body.
        media_type: The header Content-Type.
        room: Takes the parts that state their length, while `room.is_open`; for each, `None` is
            yielded and `room.arena` has the bytes. The caller may change `is_open` between parts.

    Raises:
        OSError: The body is cut short, or is none of DICOM; the parts that came whole were yielded.
    """
    if not _is_multipart(media_type):
        _check_file(body, media_type)
        if data := whole(body):
            yield data
        return
    reader = _Reader(body, media_type)
    while reader.next_header() is not None:
        yield reader.rest_of_part(room)


def part_of(
    body: Body, media_type: str, start: int = 0, stop: int | None = None
) -> tuple[bytes, str]:
    """Return bytes of the first part of a body, `multipart/related` or not (RFC 2387).

    Args:
        body: The body: `read(count)` gives the next bytes, and `url` names it.
        media_type: The header Content-Type.
        start: The first byte.
        stop: The byte after the last; what follows it is not read. `None` for all.

    Returns:
        The bytes, fewer where the part ends, and the media type of the part.

    Raises:
        OSError: The body is cut short, or is none of DICOM.
    """
    if not _is_multipart(media_type):
        _check_file(body, media_type, but=("image/", "video/"))
        data = bytearray()
        while (stop is None or len(data) < stop) and (piece := body.read(_size(stop))):
            data += piece
        return bytes(memoryview(data)[start:stop]), media_type
    reader = _Reader(body, media_type, stop)
    header = reader.next_header()
    if header is None:
        raise OSError(errno.EIO, "the server's answer has no part", body.url)
    found = re.search(rb"^content-type:\s*(\S[^\r\n]*)", header, re.IGNORECASE | re.MULTILINE)
    kind = "application/octet-stream" if found is None else found[1].strip().decode("latin-1")
    if stop is None:
        return (reader.rest_of_part() or b"")[start:], kind
    return reader.start_of_part(stop)[start:], kind


class _Reader:
    """The parts of a body, one after the other.

    Args:
        body: The body.
        media_type: The header Content-Type.
        stop: How many bytes of a part are wanted; `None` for all.
    """

    def __init__(self, body: Body, media_type: str, stop: int | None = None) -> None:
        self._body = body
        self._data = bytearray()
        self._size = _size(stop)
        self._length: int | None = None
        found = re.search(r'boundary=(?:"([^"]+)"|([^";,\s]+))', media_type, re.IGNORECASE)
        if found is None:
            self._delimiter = self._first_line()
        else:
            self._delimiter = b"--" + (found[1] or found[2]).strip().encode("latin-1")

    def next_header(self) -> bytes | None:
        """Return the header of the next part, each line with its end; `None` after the last part.

        Raises:
            OSError: The body ends before, or has something else here.
        """
        data, delimiter = self._data, self._delimiter
        # A delimiter is a line (RFC 2046 §5.1.1), the first one perhaps that of the body.
        while (place := self._line(delimiter)) < 0:
            if len(data) > _LONGEST_HEADER:
                raise self._wrong("lacks the boundary that its header names")
            self._read_more()
        while len(data) < place + len(delimiter) + 2:
            self._read_more()
        del data[: place + len(delimiter)]
        if data.startswith(b"--"):
            return None
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > _LONGEST_HEADER:
                raise self._wrong("has a part without the end of its header")
            self._read_more()
        header = bytes(data[: end + 2])
        del data[: end + 4]
        found = re.search(rb"^content-length:\s*([0-9]{1,18})\s*$", header, re.I | re.M)
        self._length = None if found is None else int(found[1])
        return header

    def rest_of_part(self, room: Room | None = None) -> bytes | None:
        """Return the bytes of a part whose header was read; `None` if they are in `room`.

        Raises:
            OSError: The body ends before.
        """
        end, stated = b"\r\n" + self._delimiter, self._length
        if stated is not None and room is not None and room.is_open and stated in _ARENA_LENGTHS:
            if self._put(stated, end, room.arena):
                return None
        elif stated is not None and (part := self._stated_part(stated, end)) is not None:
            return part
        data, seen = self._data, 0
        while (place := data.find(end, seen)) < 0:
            seen = max(len(data) - len(end), 0)
            self._read_more()
        part = bytes(memoryview(data)[:place])
        del data[:place]
        return part

    def _stated_part(self, length: int, end: bytes) -> bytes | None:
        """Return a part that says its length; `None` if the delimiter is not where it says.

        Most servers say it. The bytes are then copied once.
        """
        pieces = [*self._pieces(length)]
        part = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if self._ends_here(end) and len(part) == length:
            return part
        # It may be whole all the same.
        self._data[:0] = part
        return None

    def _put(self, length: int, end: bytes, arena: Arena) -> bool:
        """Read a part that states its length into `arena`.

        Returns:
            Whether the delimiter follows; if not, what was read is back in `_data`.
        """
        arena.begin(length)
        count = 0
        for piece in self._pieces(length):
            if not arena.write(piece):
                # The body gave more than it was asked for.
                self._data[:0] = arena.begun() + piece
                return False
            count += len(piece)
        if self._ends_here(end) and count == length:
            arena.end()
            return True
        self._data[:0] = arena.begun()
        return False

    def _pieces(self, length: int) -> Iterator[bytes]:
        """Yield the next `length` bytes of the body in pieces; fewer where it ends before."""
        piece = bytes(memoryview(self._data)[:length])
        del self._data[:length]
        yield piece
        missing = length - len(piece)
        while missing > 0 and (piece := self._body.read(min(missing, _CHUNK))):
            yield piece
            missing -= len(piece)

    def _ends_here(self, end: bytes) -> bool:
        while len(self._data) < len(end) and (piece := self._body.read(_SMALL_CHUNK)):
            self._data += piece
        return self._data.startswith(end)

    def start_of_part(self, count: int) -> bytes:
        """Return the first `count` bytes of a part whose header was read, fewer if it ends before.

        Raises:
            OSError: The body ends before.
        """
        end, data = b"\r\n" + self._delimiter, self._data
        # A delimiter is not part of what it ends, so that it has to be looked for.
        while len(data) < count + len(end):
            if not (piece := self._body.read(min(self._size, count + len(end) - len(data)))):
                break
            data += piece
        place = data.find(end)
        if place < 0 and len(data) < count:
            raise _cut_short(self._body)
        return bytes(memoryview(data)[: min(count, place) if place >= 0 else count])

    def _line(self, delimiter: bytes) -> int:
        if self._data.startswith(delimiter):
            return 0
        place = self._data.find(b"\r\n" + delimiter)
        return place + 2 if place >= 0 else -1

    def _first_line(self) -> bytes:
        while True:
            start = bytes(memoryview(self._data)[:_LONGEST_HEADER])
            line, end, _ = start.lstrip(b"\r\n").partition(b"\r\n")
            if end and line.startswith(b"--"):
                return line
            if len(start) == _LONGEST_HEADER:
                raise self._wrong("names no boundary, and does not start with one")
            self._read_more()

    def _read_more(self) -> None:
        if not (piece := self._body.read(self._size)):
            raise _cut_short(self._body)
        self._data += piece

    def _wrong(self, what: str) -> OSError:
        return OSError(errno.EIO, f"the server's answer {what}", self._body.url)


def _is_multipart(media_type: str) -> bool:
    return media_type.lower().lstrip().startswith("multipart/")


def _check_file(body: Body, media_type: str, but: tuple[str, ...] = ()) -> None:
    kind = media_type.partition(";")[0].strip().lower()
    if kind not in _FILES and not (but and kind.startswith(but)):
        raise no_dicom(media_type, body.url)


def _size(stop: int | None) -> int:
    return _CHUNK if stop is None else _SMALL_CHUNK


def _cut_short(body: Body) -> OSError:
    return ConnectionError(errno.ECONNRESET, "the server's answer is cut short", body.url)
