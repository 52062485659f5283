"""File objects: what has `read`."""

from __future__ import annotations

import io
import os
from typing import Any

from rapidicom.sources.item import Asked, Item
from rapidicom.sources.memory import item_of

__all__ = ["bytes_read", "is_file_object", "is_seekable", "resolve"]


def is_file_object(source: object) -> bool:
    """Return whether a source is read with `read`, as no series and no path is."""
    return hasattr(source, "read") and not hasattr(source, "stacks")


def resolve(source: Any, asked: Asked) -> list[str | Item] | None:
    """Return the item of a file object, from its position on; `None` if it is something else.

    Raises:
        TypeError: It gives text.
    """
    if not is_file_object(source):
        return None
    if isinstance(source, io.TextIOBase):
        raise TypeError("the file object gives text: open it for reading bytes, with mode 'rb'")
    name = asked.name_of(source)
    if not is_seekable(source):
        return [item_of(bytes_read(source.read()), name)]
    start = source.tell()
    try:
        return [item_of(bytes_read(source.read()), name)]
    finally:
        source.seek(start, os.SEEK_SET)


def is_seekable(source: Any) -> bool:
    """Return whether a file object can be read by ranges."""
    # Pipes have `seek` too, which raises.
    return hasattr(source, "seek") and (not hasattr(source, "seekable") or source.seekable())


def bytes_read(data: object) -> bytes:
    """Return what a file object gave as bytes, or raise `TypeError`."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        raise TypeError("the file object gives text: open it for reading bytes, with mode 'rb'")
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    raise TypeError(f"the file object gave {type(data).__name__} instead of bytes")
