"""A progress bar."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType


class Progress:
    """Shows a bar."""

    callback: Callable[[int], None] | None = None

    def __init__(self, is_shown: bool, what: str, total: int | None = None) -> None:
        pass

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass
