"""Read one DICOM file (PS3.10 §7)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, Any, Literal

from rapidicom import _core
from rapidicom.dataset import Dataset

if TYPE_CHECKING:
    from typing import TypeAlias

    Buffer: TypeAlias = bytes | bytearray | memoryview
    Source: TypeAlias = str | os.PathLike[str] | Buffer | IO[bytes]
    Key: TypeAlias = str | int | tuple[int, int]

__all__ = ["dcmread", "read_file"]


def dcmread(
    source: Source,
    *,
    stop_before_pixels: bool = False,
    specific_tags: Iterable[Key] | None = None,
    force: bool = False,
    charset: str | Iterable[str] | None = None,
    defer_size: int | str | float | None = None,
    mmap: Literal["auto", "never", "always"] = "auto",
) -> Dataset:
    """Read the header of a DICOM file; values are decoded, and pixels read, when they are asked for.

    A file that is given by its path is not kept open. Long values and pixels are read from it later, and an
    `OSError` says so if it is gone or has been changed by then. A file object is read to its end, or as far
    as `stop_before_pixels` or `specific_tags` ask for, from where it stands.

    Args:
        source: A path, the bytes of a file, or a file object opened for reading bytes.
        stop_before_pixels: Leave out the pixel data elements and what follows them.
        specific_tags: Keep only these elements (keywords or tags) and (0008,0005) Specific Character Set.
            Nothing behind the last of them is read.
        force: Read on without the prefix `DICM` (PS3.10 §7.1), and keep what stands before damage that would
            be an error; `Dataset.deviations` says where it is.
        charset: What text is read with, here and in all items, for a file whose (0008,0005) Specific
            Character Set is wrong: a defined term, or several for code extensions (PS3.3 §C.12.1.1.2).
        defer_size: Taken for pydicom's sake: values are always deferred.
        mmap: Whether the pixels of a file are mapped instead of copied: `"auto"` where that is faster or
            needs less memory, `"never"`, or `"always"` where it is possible. A mapped file must not be cut
            shorter while its array is in use: that would end the process.

    Returns:
        The data set; its File Meta Information is `file_meta`.

    Raises:
        InvalidDicomError: It is no DICOM file, or is damaged.
        UnsupportedError: It is written in a way that is not read yet.
        OSError: It cannot be opened or read.
        TypeError: `source` is none of these.
        ValueError: `mmap` or `charset` is none that there is.
    """
    del defer_size
    if mmap not in ("auto", "never", "always"):
        raise ValueError(f"mmap must be 'auto', 'never' or 'always', not {mmap!r}")
    tags = None if specific_tags is None else _tags(specific_tags)
    terms = None if charset is None else _terms(charset)
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        path = path if isinstance(path, str) else os.fsdecode(path)
        return _core.read_path(Dataset, path, stop_before_pixels, tags, terms, force, mmap)
    if isinstance(source, bytes):
        return _core.read_bytes(Dataset, source, stop_before_pixels, tags, terms, force)
    if hasattr(source, "read"):
        return _read_object(source, stop_before_pixels, tags, terms, force)
    try:
        data = bytes(memoryview(source))
    except TypeError:
        kind = type(source).__name__
        raise TypeError(f"dcmread takes a path, bytes or a binary file object, not {kind}") from None
    return _core.read_bytes(Dataset, data, stop_before_pixels, tags, terms, force)


read_file = dcmread


def _terms(charset: str | Iterable[str]) -> list[str]:
    terms = charset.split("\\") if isinstance(charset, str) else list(charset)
    if not terms or not all(isinstance(term, str) for term in terms):
        raise TypeError("charset must be a str, or several")
    return terms


def _tags(specific_tags: Iterable[Key]) -> list[int]:
    from rapidicom.tag import Tag

    return [int(Tag(tag)) for tag in specific_tags]


def _read_object(
    source: Any, stop_before_pixels: bool, tags: list[int] | None, terms: list[str] | None, force: bool
) -> Dataset:
    if not (stop_before_pixels or tags is not None) or not _is_seekable(source):
        return _core.read_bytes(Dataset, _as_bytes(source.read()), stop_before_pixels, tags, terms, force)
    start = source.tell()
    length = source.seek(0, os.SEEK_END) - start

    def read_at(offset: int, count: int) -> bytes:
        source.seek(start + offset)
        data = _as_bytes(source.read(count))
        # Raw streams may give less than they are asked for, and the rest when they are asked again.
        while data and len(data) < count and (more := _as_bytes(source.read(count - len(data)))):
            data += more
        return data

    try:
        return _core.read_stream(Dataset, read_at, max(length, 0), stop_before_pixels, tags, terms, force)
    finally:
        source.seek(start)


def _is_seekable(source: Any) -> bool:
    # Pipes have `seek` too, which raises.
    return hasattr(source, "seek") and (not hasattr(source, "seekable") or source.seekable())


def _as_bytes(data: object) -> bytes:
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        raise TypeError("the file object gives text: open it for reading bytes, with mode 'rb'")
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    raise TypeError(f"the file object gave {type(data).__name__} instead of bytes")
