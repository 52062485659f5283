"""One data set from what a user passes: a path, bytes, or a file object."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Literal

from rapidicom import _core
from rapidicom._common.tag import Tag
from rapidicom.sources.file_objects import bytes_read, is_file_object, is_seekable, item_from
from rapidicom.sources.item import Asked, Item, native
from rapidicom.sources.memory import bytes_of_buffer
from rapidicom.sources.resolving import resolved_one

if TYPE_CHECKING:
    from typing import TypeAlias

    Buffer: TypeAlias = bytes | bytearray | memoryview
    Source: TypeAlias = str | os.PathLike[str] | Buffer | IO[bytes] | Item
    Key: TypeAlias = str | int | tuple[int, int]

__all__ = ["open_dataset", "open_for_pixels", "tags_of"]


def open_dataset(
    source: Source,
    stop_before_pixels: bool = False,
    specific_tags: Iterable[Key] | None = None,
    force: bool = False,
    charset: str | Iterable[str] | None = None,
    mmap: Literal["auto", "never", "always"] = "auto",
    storage_options: Mapping[str, Any] | None = None,
) -> _core.Dataset:
    """Read the header of a DICOM file: see `dcmread`, which is this under pydicom's name."""
    if mmap not in ("auto", "never", "always"):
        raise ValueError(f"mmap must be 'auto', 'never' or 'always', not {mmap!r}")
    tags = None if specific_tags is None else tags_of(specific_tags)
    terms = None if charset is None else _terms(charset)
    if isinstance(source, bytes):
        return _core.read_bytes(source, stop_before_pixels, tags, terms, force)
    if is_file_object(source):
        dataset = _read_object(source, stop_before_pixels, tags, terms, force)
        _note_source(dataset, source)
        return dataset
    if not isinstance(source, (str, os.PathLike, Item)):
        data = bytes_of_buffer(source)
        if data is not None:
            return _core.read_bytes(data, stop_before_pixels, tags, terms, force)
    file = (
        source
        if isinstance(source, Item)
        else resolved_one(source, storage_options=storage_options)
    )
    if isinstance(file, str):
        return _core.read_path(file, stop_before_pixels, tags, terms, force, mmap)
    dataset = _core.read_item(native([file]), stop_before_pixels, tags, terms, force, mmap)
    dataset.filename = file.name  # type: ignore[misc]  # the package's class takes it
    return dataset


def open_for_pixels(
    source: Source, force: bool = False, storage_options: Mapping[str, Any] | None = None
) -> _core.Dataset:
    """Read the header of a file whose pixels are read next.

    Of a seekable file object only the ranges that are asked for are read, from its start, and its
    position stays as it is, as in pydicom.
    """
    if is_file_object(source) and is_seekable(source):
        item = item_from(source, Asked(0).name_of(source), 0)
        dataset = _core.read_item(native([item]), False, None, None, force, "never")
        _note_source(dataset, source)
        return dataset
    return open_dataset(source, force=force, storage_options=storage_options)


def tags_of(specific_tags: Iterable[Key]) -> list[int]:
    """Return the tags of keywords, or of whatever `Tag` takes."""
    return [int(Tag(tag)) for tag in specific_tags]


def _terms(charset: str | Iterable[str]) -> list[str]:
    terms = charset.split("\\") if isinstance(charset, str) else list(charset)
    if not terms or not all(isinstance(term, str) for term in terms):
        raise TypeError("charset must be a str, or several")
    return terms


def _read_object(
    source: Any,
    stop_before_pixels: bool,
    tags: list[int] | None,
    terms: list[str] | None,
    force: bool,
) -> _core.Dataset:
    if not is_seekable(source):
        return _core.read_bytes(bytes_read(source.read()), stop_before_pixels, tags, terms, force)
    start = _start(source, force)
    if not stop_before_pixels and tags is None:
        return _core.read_bytes(bytes_read(source.read()), stop_before_pixels, tags, terms, force)
    length = source.seek(0, os.SEEK_END) - start

    def read_at(offset: int, count: int) -> bytes:
        source.seek(start + offset)
        data = bytes_read(source.read(count))
        # Raw streams may return fewer bytes than asked for, and the rest on the next call.
        while data and len(data) < count and (more := bytes_read(source.read(count - len(data)))):
            data += more
        return data

    try:
        dataset = _core.read_stream(read_at, max(length, 0), stop_before_pixels, tags, terms, force)
    except BaseException:
        source.seek(start)
        raise
    # Where pydicom leaves it: at the pixel data, or at its end.
    end = dataset.end_offset if stop_before_pixels else None
    source.seek(start + (length if end is None else end))
    return dataset


def _start(source: Any, force: bool) -> int:
    """Return where to read a file object from: with `force`, one at its end from its start."""
    start: int = source.tell()
    if not force or start == 0 or source.read(1):
        source.seek(start)
        return start
    source.seek(0)
    return 0


def _note_source(dataset: Any, source: Any) -> None:
    dataset.fileobj_type = type(source)
    if isinstance(name := getattr(source, "name", None), str):
        dataset.filename = name
        return
    # Not kept alive: the data set has the bytes that it needs.
    with suppress(TypeError):
        dataset.__dict__["_buffer"] = weakref.ref(source)
