"""Files of which it is known beforehand that they cannot be read; each costs its own row."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rapidicom.sources.item import Item

__all__ = ["refused"]


class _Refused:
    """A store of one item, each part of which is the same error."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def fetch(
        self, ranges: Sequence[tuple[Hashable, int, int]], workers: int | None
    ) -> list[bytes | BaseException]:
        del workers
        return [self._error] * len(ranges)


def refused(name: str, error: Exception) -> Item:
    """Return an item whose every byte is an error.

    Args:
        name: How tables and reports name it.
        error: Why it cannot be read.
    """
    return Item(name, _Refused(error), None)
