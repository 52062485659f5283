"""What pydicom's data sets do beside reading: the part of `Dataset` that says who does it."""

from __future__ import annotations

from typing import Any, NoReturn

from rapidicom._common.not_offered import not_offered

__all__ = ["ReadOnly"]


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
