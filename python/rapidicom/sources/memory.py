"""Files whose bytes the caller has in memory."""

from __future__ import annotations

from rapidicom.sources.item import MEMORY, Asked, Item

__all__ = ["item_of", "resolve"]


def resolve(source: object, asked: Asked) -> list[str | Item] | None:
    """Return the item of a bytes-like object; `None` if it is something else."""
    if isinstance(source, bytes):
        return [item_of(source, asked.name_of(None))]
    if isinstance(source, (bytearray, memoryview)):
        # The caller may change them: what was read has to stay what it was.
        return [item_of(bytes(source), asked.name_of(None))]
    return None


def item_of(data: bytes, name: str) -> Item:
    """Return the item of a file that is in memory.

    Args:
        data: Its bytes.
        name: Its name.
    """
    return Item(name, MEMORY, data, len(data))
