"""Threads that decode instances of a series while others are under way."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from rapidicom._common.cores import core_count

if TYPE_CHECKING:
    from types import TracebackType

    from rapidicom._core import Arrived

__all__ = ["Decoders"]

# Bytes of pixels that may wait, decoded, for all headers of their series to be there: those of a
# thousand CT images. What comes after is decoded with the volume.
_MOST_AHEAD = 1 << 29


class Decoders:
    """Threads that decode; they end with the `with` block, when all is decoded.

    Args:
        workers: How many; `None` for one a core, 0 for none.
    """

    def __init__(self, workers: int | None) -> None:
        self._workers = workers
        self._length = 0
        self._pool: ThreadPoolExecutor | None = None
        self._under_way: list[Future[None]] = []

    def take(self, arrived: Arrived) -> None:
        """Have an instance decoded, if it is compressed."""
        length = arrived.decoded_length
        if self._workers == 0 or length == 0 or self._length + length > _MOST_AHEAD:
            return
        try:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers or core_count())
            self._under_way.append(self._pool.submit(arrived.decode))
            self._length += length
        except RuntimeError:
            # No thread is to be had, or the program ends: decoded it is all the same, later.
            self._workers = 0

    def __enter__(self) -> Decoders:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is None:
            return
        try:
            if kind is None:
                wait(self._under_way)
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
