"""Parts of the body of an answer: `multipart/related` (RFC 2387; PS3.18 §8.6.1.2.1)."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from typing import Protocol

__all__ = ["Body", "part_of", "parts_of"]

_CHUNK = 1 << 18
# The whole of what servers put before a part.
_LONGEST_HEADER = 1 << 14


class Body(Protocol):
    """The body of an answer.

    Attributes:
        url: What it is the answer to.
    """

    url: str

    def read(self, count: int | None = None) -> bytes:
        """Return the next bytes, or all that are left; empty at the end."""


def parts_of(body: Body, media_type: str) -> Iterator[bytes]:
    """Yield the parts of a body as they arrive; of one that is not multipart, the whole.

    Args:
        body: The body.
        media_type: The header Content-Type.

    Raises:
        OSError: The body is cut short; the parts that came whole were yielded.
    """
    if not media_type.lower().startswith("multipart/"):
        if whole := body.read():
            yield whole
        return
    data = bytearray()
    _read_more(body, data)
    delimiter = b"--" + _boundary(media_type, data)
    while True:
        while (start := data.find(delimiter)) < 0 or len(data) < start + len(delimiter) + 2:
            _read_more(body, data)
        del data[: start + len(delimiter)]
        if data.startswith(b"--"):
            return
        while (end := data.find(b"\r\n\r\n")) < 0:
            _read_more(body, data)
        stated = _length(bytes(data[: end + 2]))
        del data[: end + 4]
        length, seen = -1 if stated is None else stated, 0
        while length < 0 and (length := data.find(b"\r\n" + delimiter, seen)) < 0:
            seen = max(len(data) - len(delimiter) - 2, 0)
            _read_more(body, data)
        while len(data) < length:
            _read_more(body, data)
        yield bytes(memoryview(data)[:length])
        del data[:length]


def _read_more(body: Body, data: bytearray) -> None:
    if not (piece := body.read(_CHUNK)):
        raise _cut_short(body)
    data += piece


def _cut_short(body: Body) -> OSError:
    return ConnectionError(errno.ECONNRESET, "the server's answer is cut short", body.url)


def _length(header: bytes) -> int | None:
    found = re.search(rb"^content-length:\s*([0-9]+)\s*$", header, re.IGNORECASE | re.MULTILINE)
    return None if found is None else int(found[1])


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
        OSError: The body is cut short.
    """
    if not media_type.lower().startswith("multipart/"):
        data = _read_to(body, bytearray(), stop)
        return bytes(memoryview(data)[start:stop]), media_type
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0 and len(data) < _LONGEST_HEADER:
        piece = body.read(_CHUNK if stop is None else 4096)
        if not piece:
            raise _cut_short(body)
        data += piece
    first = end + 4
    header = bytes(data[:first])
    kind = re.search(rb"^content-type:\s*(\S[^\r\n]*)", header, re.IGNORECASE | re.MULTILINE)
    length = _length(header)
    boundary = b"\r\n--" + _boundary(media_type, data)
    # A delimiter is not part of what it ends, so that it has to be looked for.
    data = _read_to(body, data, None if stop is None else first + stop + len(boundary))
    if length is not None:
        found, has_end = length, len(data) >= first + length
    else:
        place = data.find(boundary, first - 2)
        found, has_end = place - first, place >= 0
    if not has_end and (stop is None or len(data) < first + stop):
        raise _cut_short(body)
    last = first + (min(found, stop) if has_end and stop is not None else stop or found)
    return bytes(memoryview(data)[first + start : max(last, first + start)]), _kind(kind)


def _kind(found: re.Match[bytes] | None) -> str:
    return "application/octet-stream" if found is None else found[1].strip().decode("latin-1")


def _boundary(media_type: str, data: bytearray) -> bytes:
    found = re.search(r'boundary="?([^";,]+)"?', media_type, re.IGNORECASE)
    if found is not None:
        return found[1].strip().encode("latin-1")
    # What the first line says.
    return bytes(data).lstrip(b"\r\n").partition(b"\r\n")[0].removeprefix(b"--")


def _read_to(body: Body, data: bytearray, stop: int | None) -> bytearray:
    if stop is None:
        data += body.read()
        return data
    while len(data) < stop and (piece := body.read(min(_CHUNK, stop - len(data)))):
        data += piece
    return data
