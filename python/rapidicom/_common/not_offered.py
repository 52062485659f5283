"""Errors for what pydicom offers and this read-only library does not: they say what to use."""

from __future__ import annotations

from typing import Any, NoReturn

from rapidicom._common.errors import UnsupportedError

__all__ = ["NotOffered", "not_offered"]


def not_offered(
    what: str, instead: str = "ds.to_pydicom() gives pydicom's data set, which does"
) -> NoReturn:
    """Raise the error that says what to use instead.

    Args:
        what: What this library does not do, as a verb: `write files`.
        instead: What does it.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError(f"Rapidicom does not {what}: {instead}", hint=instead)


class NotOffered:
    """A function that pydicom has and this library has not: calling it says what to use instead."""

    def __init__(self, what: str) -> None:
        """Describe it.

        Args:
            what: As for `not_offered`.
        """
        self._what = what

    def __call__(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        not_offered(self._what)
