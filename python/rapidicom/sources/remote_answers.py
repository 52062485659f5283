"""What servers answer to a request for a range, with what they say beside the bytes.

fsspec hands on the bytes alone. The answers of S3 and of web servers also say how long the object
is and which version of it they come from, and of the latter, whether they are the range at all.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from rapidicom.sources.remote_redirects import SILENCE, followed, is_of_web

__all__ = ["Answer", "WrongAnswer", "asks_of"]

# Bytes a second, over as many seconds as a server may be silent: what is slower stands still.
_SLOWEST = 100
_CHUNK = 1 << 20
_PARTIAL = 206


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes of a range.

    Attributes:
        data: The bytes.
        length: That of the whole object, if the answer says so.
        state: What changes with the content, if the answer says so.
    """

    data: bytes
    length: int | None = None
    state: str | None = None


def asks_of(fs: Any) -> Callable[[Any, str, int, int], Awaitable[Answer]] | None:
    """Return what asks a file system for a range so that the whole answer is seen, or `None`."""
    # By name: a file system that is not installed is not imported to find out.
    classes = {f"{kind.__module__}.{kind.__name__}" for kind in type(fs).__mro__}
    if "s3fs.core.S3FileSystem" in classes and hasattr(fs, "_call_s3"):
        return _ask_s3
    if is_of_web(fs):
        return _ask_web
    return None


class WrongAnswer(OSError):
    """A server answers something else than was asked for; the text is ours."""


async def _ask_s3(fs: Any, path: str, start: int, stop: int) -> Answer:
    bucket, key, version = fs.split_path(path)
    more = {"VersionId": version} if version else {}
    answer = await fs._call_s3(
        "get_object", Bucket=bucket, Key=key, Range=f"bytes={start}-{stop - 1}", **more
    )
    body = answer["Body"]
    try:
        data = await _read(lambda: body.read(_CHUNK))
    finally:
        body.close()
    return Answer(data, _whole_length(answer.get("ContentRange")), _state(answer.get("ETag")))


async def _ask_web(fs: Any, url: str, start: int, stop: int) -> Answer:
    options = dict(fs.kwargs)
    headers = {**options.pop("headers", {}), "Range": f"bytes={start}-{stop - 1}"}
    # Ranges of what was compressed on the way are no ranges of the file.
    headers["Accept-Encoding"] = "identity"
    session = await fs.set_session()
    async with followed(session, fs.encode_url(url), headers, options) as answer:
        fs._raise_not_found_for_status(answer, url)
        _check_type(answer.content_type)
        state = _state(answer.headers.get("ETag"))
        if answer.status == _PARTIAL:
            given = answer.headers.get("Content-Range")
            _check_range(given, start, stop)
            data = await _read(answer.content.readany)
            if len(data) != _range_length(given):
                raise WrongAnswer("the server sent another number of bytes than it says")
            return Answer(data, _whole_length(given), state)
        # The whole file. What follows the range is not waited for.
        whole = await _read(answer.content.readany, stop)
        if len(whole) >= stop:
            return Answer(whole[start:stop], answer.content_length, state)
        return Answer(whole[start:stop], len(whole), state)


async def _read(read: Callable[[], Awaitable[bytes]], stop: int | None = None) -> bytes:
    """Return what a body has, up to its end or about up to `stop`.

    Raises:
        TimeoutError: The server is silent, or sends next to nothing.
    """
    data, began = bytearray(), time.monotonic()
    while stop is None or len(data) < stop:
        async with asyncio.timeout(SILENCE):
            piece = await read()
        if not piece:
            break
        data += piece
        waited = time.monotonic() - began
        if waited > SILENCE and len(data) < _SLOWEST * waited:
            raise TimeoutError("the server's answer comes too slowly")
    return bytes(data)


def _check_type(media_type: str) -> None:
    # A page to log in, or one that says in words that something is not there.
    if media_type in ("text/html", "application/xhtml+xml"):
        raise WrongAnswer(f"the server answered with {media_type} instead of an object")


def _check_range(given: str | None, start: int, stop: int) -> None:
    length = _range_length(given)
    if length is None:
        raise WrongAnswer("the server answered with a part and does not say with which")
    whole = _whole_length(given)
    wanted = stop - start if whole is None else min(stop, whole) - start
    if _first(given) != start or length > stop - start or (whole is not None and length != wanted):
        raise WrongAnswer("the server answered with another range than was asked for")


def _state(tag: str | None) -> str | None:
    # A weak one is that of the content too.
    return None if tag is None else tag.removeprefix("W/").strip('"')


def _whole_length(content_range: str | None) -> int | None:
    found = re.fullmatch(r"bytes [0-9]+-[0-9]+/([0-9]+)", content_range or "", re.ASCII)
    return None if found is None else int(found[1])


def _range_length(content_range: str | None) -> int | None:
    found = re.match(r"bytes ([0-9]{1,18})-([0-9]{1,18})/", content_range or "", re.ASCII)
    return None if found is None else int(found[2]) + 1 - int(found[1])


def _first(content_range: str | None) -> int | None:
    found = re.match(r"bytes ([0-9]+)-", content_range or "", re.ASCII)
    return None if found is None else int(found[1])
