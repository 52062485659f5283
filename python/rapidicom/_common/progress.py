"""Progress bars for work that goes through many files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

from rapidicom._common.extras import required

__all__ = ["Progress", "interrupted_by"]

# Called from time to time during long work, and raises to end it.
_check: ContextVar[Callable[[], None] | None] = ContextVar("_check", default=None)


@contextmanager
def interrupted_by(check: Callable[[], None]) -> Iterator[None]:
    """Call `check` about every 50 ms of long work in this thread; what it raises ends the work."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


# What is done before it is known how much there is.
_LISTING = "listing"


class Progress:
    """A tqdm bar for the time of a `with` block, or nothing.

    Args:
        is_wanted: Whether to show a bar.
        description: What is counted, such as `"headers"`.
        total: How many there are; `None` if the work itself finds out. Until then the bar counts
            what was found in folders.

    Raises:
        ImportError: A bar is wanted, and tqdm is not installed.
    """

    def __init__(self, is_wanted: bool, description: str, total: int | None = None) -> None:
        self._bar: Any = None
        self._description = description
        if is_wanted:
            tqdm = required("tqdm.auto", "progress=True").tqdm
            is_known = total is not None
            self._bar = tqdm(desc=description if is_known else _LISTING, total=total)
        self._check = _check.get()
        # Passed to native code: a function, or `None` if nobody wants to know.
        self.callback: Callable[..., None] | None = None
        if self._bar is not None or self._check is not None:
            self.callback = self._show

    def _show(self, done: int, total: int | None = None) -> None:
        if self._check is not None:
            self._check()
        if self._bar is None:
            return
        if total is not None:
            # A bar of 0 of 0 is removed.
            self._bar.leave = total > 0
            self._bar.set_description(self._description, refresh=False)
            self._bar.reset(total)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            # The error follows on the next line: remove the unfinished bar.
            if error is not None:
                self._bar.leave = False
            self._bar.close()
