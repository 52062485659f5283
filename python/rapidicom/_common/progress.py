"""Progress bars for work that goes through many files."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from rapidicom._common.extras import required

__all__ = ["Progress"]

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
        # Passed to native code: a function, or `None` without a bar.
        self.callback: Callable[..., None] | None = None if self._bar is None else self._show

    def _show(self, done: int, total: int | None = None) -> None:
        if total is not None:
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
            self._bar.close()
