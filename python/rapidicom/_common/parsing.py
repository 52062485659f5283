"""Values out of text, without the exceptions of Python's own that show the text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def parsed(
    kind: Callable[..., _T], *args: object, errors: tuple[type[Exception], ...] = (ValueError,)
) -> _T | None:
    """Return what `kind` makes of `args`, or `None` where it raises one of `errors`.

    Who raises another exception then does so outside of the `except`: even `from None` keeps the
    first one as its context, and that one shows the text.
    """
    try:
        return kind(*args)
    except errors:
        return None
