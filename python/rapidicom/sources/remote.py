"""Objects of the file systems that fsspec knows: buckets, web servers, memory.

`pip install "rapidicom[remote]"` installs fsspec and s3fs. Headers come by concurrent ranges.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
import weakref
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from rapidicom._common.at_once import at_once
from rapidicom._common.shown_url import shown_url
from rapidicom.sources.item import State
from rapidicom.sources.remote_answers import Answer, asks_of
from rapidicom.sources.remote_errors import changed, is_past_end, is_transient, named

__all__ = ["FileSystemStore", "RemoteObject", "state_of", "store_of"]

Data: TypeAlias = bytes | BaseException

#: Requests under way at a time, by default: latency is what they wait for, not the processor.
DEFAULT_WORKERS = 32

# Seconds before the second and the third try of what failed for a moment, such as a cut connection.
_PAUSES = (0.0, 0.2, 1.0)
# What remembers a position for all of its readers.
_ONE_AT_A_TIME = frozenset(("zip", "tar", "libarchive", "sftp", "ssh", "ftp"))


class RemoteObject:
    """An object of a file system, and what is known of it.

    Attributes:
        path: Its path in the file system.
        name: How messages name it.
        length: Its length in bytes; `None` if nothing has said it.
        state: What changes with its content, such as an ETag; `None` if nothing has said it.
        head: Bytes from its start that a look at it has fetched already, for whoever asks first.
    """

    __slots__ = ("head", "length", "name", "path", "state")

    def __init__(
        self, path: str, name: str, length: int | None = None, state: Hashable = None
    ) -> None:
        self.path = path
        self.name = name
        self.length = length
        self.state = state
        self.head: bytes | None = None


class FileSystemStore:
    """A file system of fsspec. The keys of its items are `RemoteObject`."""

    runs_ahead = True

    def __init__(self, fs: Any) -> None:
        self._fs = fs
        self._process = os.getpid()

    @property
    def fs(self) -> Any:
        """The file system, which works in this process and from any thread."""
        fs = self._fs
        if self._process != os.getpid() or getattr(fs, "asynchronous", False):
            # Neither the loop of another process nor that of the caller can be waited for.
            options = {**fs.storage_options, "asynchronous": False}
            if not getattr(fs, "async_impl", False):
                options = fs.storage_options
            self._fs = fs = type(fs)(*fs.storage_args, **options)
            self._process = os.getpid()
        return fs

    def __reduce__(self) -> tuple[Callable[[Any], FileSystemStore], tuple[Any]]:
        return store_of, (self._fs,)

    def fetch(self, ranges: Sequence[tuple[Hashable, int, int]], workers: int | None) -> list[Data]:
        """Return the bytes of each range, shorter where the object ends.

        Args:
            ranges: The object, the first byte and the byte after the last.
            workers: Requests under way at a time.

        Returns:
            In the order of `ranges`. An exception takes the place of what cannot be had: an
            `OSError` that names the object.
        """
        found: list[Data] = [b""] * len(ranges)
        wanted = []
        for index, (key, start, stop) in enumerate(ranges):
            known = _known(key, start, stop)  # type: ignore[arg-type]  # keys of this store
            if known is None:
                wanted.append(index)
            else:
                found[index] = known
        for pause in _PAUSES:
            if not wanted:
                break
            time.sleep(pause)
            answers = self._ask([ranges[index] for index in wanted], workers or DEFAULT_WORKERS)
            for index, answer in zip(wanted, answers, strict=True):
                found[index] = _checked(ranges[index], answer)
            if not self._retries:
                break
            wanted = [
                index
                for index, answer in zip(wanted, answers, strict=True)
                if isinstance(answer, BaseException) and is_transient(answer)
            ]
        return found

    def proof_of(self, key: Hashable) -> State | None:
        """Return what tells an object from what it is after a change: see `Item.proof`."""
        assert isinstance(key, RemoteObject)
        if key.length is None or key.state is None:
            return None
        version = hashlib.sha256(str(key.state).encode()).digest()
        return key.length, 0, 0, int.from_bytes(version[:8], "big")

    @property
    def _retries(self) -> bool:
        # Those of buckets try again by themselves.
        return "http" in _protocols(self._fs)

    def _ask(
        self, ranges: Sequence[tuple[Any, int, int]], workers: int
    ) -> list[Answer | BaseException]:
        fs = self.fs
        if (ask := asks_of(fs)) is not None:
            return _at_once(fs, ask, ranges, workers)
        if getattr(fs, "async_impl", False):
            return _by_ranges(fs, ranges, workers)
        count = 1 if _ONE_AT_A_TIME.intersection(_protocols(fs)) else workers

        def read(one: tuple[Any, int, int]) -> Answer:
            key, start, stop = one
            state = str(fs.modified(key.path)) if _tells_states(fs) else None
            return Answer(fs.cat_file(key.path, start=start, end=stop), state=state)

        return [*at_once(read, ranges, count)]


def store_of(fs: Any) -> FileSystemStore:
    """Return the store of a file system: one for all that share it, so that they are asked at once.

    Args:
        fs: The file system.
    """
    store = _STORES.get(fs)
    if store is None:
        _STORES[fs] = store = FileSystemStore(fs)
    return store


def state_of(fs: Any, info: Mapping[str, Any]) -> Hashable:
    """Return what of a listing's entry changes with the content; `None` if nothing does."""
    if _tells_states(fs):
        return str(fs.modified(info["name"]))
    # What answers have too.
    for key in ("ETag", "etag"):
        if (value := info.get(key)) is not None:
            return str(value).strip('"')
    return None


_STORES: weakref.WeakValueDictionary[Any, FileSystemStore] = weakref.WeakValueDictionary()


def _known(key: RemoteObject, start: int, stop: int) -> bytes | None:
    """Return the bytes of a range if they are here already."""
    if key.length is not None and start >= key.length:
        return b""
    head, key.head = key.head, None
    if head is None or start >= len(head):
        return None
    return head[start:stop] if stop <= len(head) or len(head) == key.length else None


def _checked(wanted: tuple[Any, int, int], answer: Answer | BaseException) -> Data:
    """Return the bytes of an answer, unless it shows that the object is not what it was."""
    key, start, stop = wanted
    if isinstance(answer, BaseException):
        if is_past_end(answer):
            # Nothing of a file lies there; the reader knows what it misses.
            return b"" if key.length is None or start >= key.length else changed(key.name)
        return named(answer, key.name, hides=shown_url(key.path) != key.path)
    data = answer.data
    if len(data) > stop - start or (start and answer.length is None and len(data) == key.length):
        # Not every server knows ranges.
        key.length = len(data)
        data = data[start:stop]
    if answer.length is not None:
        if key.length is not None and key.length != answer.length:
            return changed(key.name)
        key.length = answer.length
    if answer.state is not None:
        if key.state is not None and key.state != answer.state:
            return changed(key.name)
        key.state = answer.state
    if key.length is not None and len(data) != max(min(stop, key.length) - start, 0):
        return changed(key.name)
    return data


def _at_once(
    fs: Any,
    ask: Callable[[Any, str, int, int], Awaitable[Answer]],
    ranges: Sequence[tuple[Any, int, int]],
    workers: int,
) -> list[Answer | BaseException]:
    from fsspec.asyn import sync

    async def all_of_them() -> list[Answer | BaseException]:
        free = asyncio.Semaphore(workers)

        async def one(key: RemoteObject, start: int, stop: int) -> Answer:
            async with free:
                return await ask(fs, key.path, start, stop)

        return await asyncio.gather(*[one(*each) for each in ranges], return_exceptions=True)

    return list(sync(fs.loop, all_of_them))


def _by_ranges(
    fs: Any, ranges: Sequence[tuple[Any, int, int]], workers: int
) -> list[Answer | BaseException]:
    # obstore's file systems ask for all at once, and raise for the first that fails.
    is_eager = type(fs).__module__.startswith("obstore")
    step = workers if is_eager else len(ranges)
    found: list[Answer | BaseException] = []
    for first in range(0, len(ranges), max(step, 1)):
        part = ranges[first : first + step]
        paths = [key.path for key, _, _ in part]
        starts, stops = [start for _, start, _ in part], [stop for _, _, stop in part]
        try:
            answers = fs.cat_ranges(paths, starts, stops, batch_size=workers, on_error="return")
        except Exception as error:
            if len(part) == 1:
                answers = [error]
            else:
                answers = [_alone(fs, *each) for each in zip(paths, starts, stops, strict=True)]
        found.extend(
            answer if isinstance(answer, BaseException) else Answer(bytes(answer))
            for answer in answers
        )
    return found


def _alone(fs: Any, path: str, start: int, stop: int) -> Any:
    try:
        return fs.cat_file(path, start=start, end=stop)
    except Exception as error:
        return error


def _protocols(fs: Any) -> tuple[str, ...]:
    protocol = getattr(fs, "protocol", ())
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _tells_states(fs: Any) -> bool:
    """Whether asking for the state of an object costs no request."""
    return "memory" in _protocols(fs)
