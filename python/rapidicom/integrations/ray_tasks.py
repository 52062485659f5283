"""How work is shared out among the tasks of a cluster, and tried again."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

__all__ = ["shares", "tried"]

Found = TypeVar("Found")

# The first wait before another try, in seconds; it doubles.
_WAIT: Final = 0.2


def shares(sizes: Sequence[int], count: int) -> list[list[int]]:
    """Divide items into shares of about the same number of bytes.

    The largest come first, each into the share that has least: the largest share then has at most
    a third more than it must.

    Args:
        sizes: The bytes of each.
        count: How many shares at most.

    Returns:
        The indices of each share, ascending; none is empty.
    """
    found: list[list[int]] = [[] for _ in range(min(count, len(sizes)))]
    # Bytes, items and number of each share: items of no bytes are shared out too.
    least = [(0, 0, number) for number in range(len(found))]
    for index in sorted(range(len(sizes)), key=lambda index: -sizes[index]):
        done, length, number = least[0]
        heapq.heapreplace(least, (done + sizes[index], length + 1, number))
        found[number].append(index)
    return sorted(sorted(share) for share in found)


def tried(read: Callable[[], Found], retries: int) -> Found:
    """Call a function, again after an `OSError` that may pass: storage that did not answer.

    Raises:
        OSError: That of the last try, or at once that a file is missing.
    """
    for attempt in range(retries + 1):
        try:
            return read()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            raise
        except OSError:
            if attempt == retries:
                raise
            time.sleep(_WAIT * 2**attempt)
    raise AssertionError("a last try returns or raises")
