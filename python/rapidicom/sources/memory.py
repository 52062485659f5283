"""Files whose bytes the caller has in memory."""

from __future__ import annotations

from contextlib import suppress

from rapidicom.sources.item import MEMORY, Asked, Item

__all__ = ["bytes_of_buffer", "item_of", "resolve"]

# How the items of a buffer of bytes are described (PEP 3118).
_BYTES = ("B", "b", "c", "<B", ">B", "=B", "@B")


def resolve(source: object, asked: Asked) -> list[str | Item] | None:
    """Return the item of a bytes-like object; `None` if it is something else.

    Raises:
        TypeError: It is an array of something else than bytes, or of several axes.
    """
    data = bytes_of_buffer(source)
    return None if data is None else [item_of(data, asked.name_of(None))]


def bytes_of_buffer(source: object) -> bytes | None:
    """Return the bytes of a bytes-like object: `bytes`, a NumPy array of uint8, an `array`.

    They are copied, unless nobody can change them: what was read has to stay what it was.

    Args:
        source: The object.

    Returns:
        The bytes; `None` if it is something else, such as a map of a file, which is read by ranges,
        or an array of names.

    Raises:
        TypeError: It is an array of something else than bytes, or of several axes.
    """
    if isinstance(source, bytes):
        return source
    if isinstance(source, (bytearray, memoryview)):
        return bytes(source)
    if isinstance(source, str) or hasattr(source, "read"):
        return None
    view = None
    # Arrays of names, and of dates, are no buffers or have items that a view does not know.
    with suppress(TypeError, ValueError, BufferError):
        view = memoryview(source)  # type: ignore[arg-type]  # or it raises
    if view is None or "w" in view.format or "O" in view.format:
        return None
    if view.format in _BYTES and view.ndim == 1:
        return bytes(view)
    kind = type(source).__name__
    raise TypeError(f"expected bytes, or an array of uint8 with one axis, not another {kind}")


def item_of(data: bytes, name: str) -> Item:
    """Return the item of a file that is in memory.

    Args:
        data: Its bytes.
        name: Its name.
    """
    return Item(name, MEMORY, data, len(data))
