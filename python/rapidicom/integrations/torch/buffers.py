"""Memory of volumes that nobody refers to any more, for those that are read next.

The system clears memory before it hands it out, which takes longer than reading native pixels into
it. So a loop over volumes reads into that of the volumes it has dropped.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Buffers", "buffer_for", "reading_into"]

# From how many bytes on: smaller blocks stay with the allocator, which does not clear them.
_LEAST: Final = 1 << 22
# Where a buffer starts: copies to other addresses take several times as long.
_ALIGNMENT: Final = 64
# How many times as long as an array its memory may be, which is held as long as the array is.
_MOST_TIMES: Final = 4


class Buffers:
    """Memory for arrays, which comes back once nothing refers to an array and its views.

    Args:
        most: How many buffers to keep for later.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        # No lock: an array may be collected as garbage by a thread that is in here.
        self._free: deque[NDArray[np.uint8]] = deque()
        self._longest = 0
        self._is_closed = False

    def array(self, shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[Any] | None:
        """Return an array with whatever its memory had before.

        Returns:
            `None` if it would be small, or there is no memory for it.
        """
        needed = math.prod(shape) * dtype.itemsize
        if needed < _LEAST or self._is_closed:
            return None
        memory = self._fitting(needed)
        if memory is None:
            # As long as the longest so far, so that any fits later; what is never written takes no
            # memory.
            self._longest = max(self._longest, needed)
            length = max(needed, min(self._longest, needed * _MOST_TIMES - _ALIGNMENT))
            memory = _allocated(length)
        if memory is None:
            self._free.clear()
            memory = _allocated(needed)
        return None if memory is None else np.asarray(_Lease(self, memory, shape, dtype))

    def _fitting(self, needed: int) -> NDArray[np.uint8] | None:
        """Take the smallest buffer that fits, or let go of the smallest of all."""
        free: list[NDArray[np.uint8]] = []
        while len(free) < self._most:
            try:
                free.append(self._free.popleft())
            except IndexError:
                break
        free.sort(key=len)
        least, most = needed + _ALIGNMENT, needed * _MOST_TIMES
        place = next((at for at, one in enumerate(free) if least <= len(one) <= most), None)
        if place is None:
            # One goes for one that comes.
            self._free.extend(free[1:])
            return None
        found = free.pop(place)
        self._free.extend(free)
        return found

    def give_back(self, memory: NDArray[np.uint8]) -> None:
        """Keep memory for a later array, unless there is enough of it."""
        if not self._is_closed and len(self._free) < self._most:
            self._free.append(memory)

    def close(self) -> None:
        """Keep nothing from now on."""
        self._is_closed = True
        self._free.clear()


def _allocated(length: int) -> NDArray[np.uint8] | None:
    try:
        return np.empty(length + _ALIGNMENT, np.uint8)
    except (MemoryError, ValueError):
        return None


class _Lease:
    """What owns the memory of an array, and gives it back when the last view of it is gone."""

    def __init__(
        self,
        home: Buffers,
        memory: NDArray[np.uint8],
        shape: Sequence[int],
        dtype: np.dtype[Any],
    ) -> None:
        self._home, self._memory = home, memory
        address = memory.ctypes.data
        self.__array_interface__ = {
            "version": 3, "shape": tuple(shape), "typestr": dtype.str,
            "data": (address + -address % _ALIGNMENT, False),
        }  # fmt: skip

    def __del__(self) -> None:
        self._home.give_back(self._memory)


_of_thread = threading.local()


@contextmanager
def reading_into(buffers: Buffers) -> Iterator[None]:
    """Let volumes that this thread reads have memory of `buffers`."""
    before = getattr(_of_thread, "buffers", None)
    _of_thread.buffers = buffers
    try:
        yield
    finally:
        _of_thread.buffers = before


def buffer_for(shape: Sequence[int], dtype: str) -> NDArray[Any] | None:
    """Return memory for a volume that this thread reads, or `None` where it has none."""
    buffers: Buffers | None = getattr(_of_thread, "buffers", None)
    return None if buffers is None else buffers.array(shape, np.dtype(dtype))
