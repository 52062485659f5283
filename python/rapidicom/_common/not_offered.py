"""What pydicom offers and this library, which only reads, does not: one sentence that says what to do."""

from __future__ import annotations

from typing import Any, NoReturn

from rapidicom._common.errors import UnsupportedError

__all__ = ["NotOffered", "not_offered"]


def not_offered(
    what: str, instead: str = "ds.to_pydicom() gives pydicom's data set, which does"
) -> NoReturn:
    """Raise the error that names pydicom as the one that can.

    Args:
        what: What this library does not do, as a verb: `write files`.
        instead: What does it.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError(f"Rapidicom does not {what}: {instead}", hint=instead)


class NotOffered:
    """Stands in a module for what pydicom offers and this library does not, and says so when it is called."""

    def __init__(self, what: str) -> None:
        """Describe it.

        Args:
            what: As for `not_offered`.
        """
        self._what = what

    def __call__(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        not_offered(self._what)
