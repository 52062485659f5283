"""What pydicom offers and this library, which only reads, does not: one sentence that says what to do."""

from __future__ import annotations

from typing import Any, NoReturn

from rapidicom.errors import UnsupportedError

__all__ = ["NotOffered", "ReadOnly", "not_offered"]


def not_offered(what: str, instead: str = "ds.to_pydicom() gives pydicom's data set, which does") -> NoReturn:
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


class ReadOnly:
    """What pydicom's data sets do beside reading: the part of `Dataset` that says who does it."""

    __slots__ = ()

    def save_as(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        """Raise: `to_pydicom()` gives what writes."""
        not_offered("write files", "ds.to_pydicom().save_as(...) does")

    def compress(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        """Raise: `to_pydicom()` gives what compresses."""
        not_offered("compress pixels", "ds.to_pydicom().compress(...) does")

    def set_pixel_data(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        """Raise: `to_pydicom()` gives what describes new pixels."""
        not_offered("describe new pixels", "ds.to_pydicom().set_pixel_data(...) does")

    def set_original_encoding(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        """Raise: `to_pydicom()` gives what is written in another encoding."""
        not_offered("say how files are written", "ds.to_pydicom().set_original_encoding(...) does")
