"""What servers answer to a request for a range, with what they say beside the bytes.

fsspec hands on the bytes alone. The answers of S3 and of web servers also say how long the object
is and which version of it they come from, and of the latter, whether they are the range at all.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Answer", "asks_of"]

_OK, _PARTIAL = 200, 206


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
    if "fsspec.implementations.http.HTTPFileSystem" in classes and hasattr(fs, "set_session"):
        return _ask_web
    return None


async def _ask_s3(fs: Any, path: str, start: int, stop: int) -> Answer:
    bucket, key, version = fs.split_path(path)
    more = {"VersionId": version} if version else {}
    answer = await fs._call_s3(
        "get_object", Bucket=bucket, Key=key, Range=f"bytes={start}-{stop - 1}", **more
    )
    body = answer["Body"]
    try:
        data = await body.read()
    finally:
        body.close()
    return Answer(data, _whole_length(answer.get("ContentRange")), _state(answer.get("ETag")))


async def _ask_web(fs: Any, url: str, start: int, stop: int) -> Answer:
    options = dict(fs.kwargs)
    headers = {**options.pop("headers", {}), "Range": f"bytes={start}-{stop - 1}"}
    # Ranges of what was compressed on the way are no ranges of the file.
    headers["Accept-Encoding"] = "identity"
    session = await fs.set_session()
    async with session.get(fs.encode_url(url), headers=headers, **options) as answer:
        fs._raise_not_found_for_status(answer, url)
        state = _state(answer.headers.get("ETag"))
        if answer.status == _PARTIAL:
            given = answer.headers.get("Content-Range")
            if (first := _first(given)) is not None and first != start:
                raise OSError("the server answered with another range than was asked for")
            return Answer(await answer.read(), _whole_length(given), state)
        # The whole file. What follows the range is not waited for.
        data = bytearray()
        async for chunk in answer.content.iter_any():
            data += chunk
            if len(data) >= stop:
                return Answer(bytes(data[start:stop]), answer.content_length, state)
        return Answer(bytes(data[start:stop]), len(data), state)


def _state(tag: str | None) -> str | None:
    # A weak one is that of the content too.
    return None if tag is None else tag.removeprefix("W/").strip('"')


def _whole_length(content_range: str | None) -> int | None:
    found = re.fullmatch(r"bytes [0-9]+-[0-9]+/([0-9]+)", content_range or "", re.ASCII)
    return None if found is None else int(found[1])


def _first(content_range: str | None) -> int | None:
    found = re.match(r"bytes ([0-9]+)-", content_range or "", re.ASCII)
    return None if found is None else int(found[1])
