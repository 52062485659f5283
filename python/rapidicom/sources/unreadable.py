"""Files of which only their names are known, and why they cannot be had."""

from __future__ import annotations

import errno
from collections.abc import Hashable, Sequence

__all__ = ["Unreadable"]


class Unreadable:
    """A store of what cannot be had: a PACS lists it, and does not send it. Keys are names.

    Args:
        reason: Why, in a sentence without a full stop.
    """

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def fetch(
        self, ranges: Sequence[tuple[Hashable, int, int]], workers: int | None
    ) -> list[bytes | BaseException]:
        """Return an `OSError` for each range.

        Args:
            ranges: What is asked for.
            workers: Of no meaning.
        """
        return [OSError(errno.EIO, self._reason, name) for name, _, _ in ranges]
