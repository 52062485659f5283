"""What pydicom's data sets do besides reading: the part of `Dataset` that refuses it."""

from __future__ import annotations

from typing import Any, NoReturn

from rapidicom._common.not_offered import not_offered

__all__ = ["ReadOnly"]


class ReadOnly:
    """Methods of pydicom's data sets that do more than read; each names what to use instead."""

    __slots__ = ()

    def save_as(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        """Raise `UnsupportedError`: `to_pydicom()` gives a data set that can be written."""
        not_offered("write files", "ds.to_pydicom().save_as(...) does")

    def compress(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        """Raise `UnsupportedError`: `to_pydicom()` gives a data set that can be compressed."""
        not_offered("compress pixels", "ds.to_pydicom().compress(...) does")

    def set_pixel_data(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        """Raise `UnsupportedError`: `to_pydicom()` gives a data set that takes new pixels."""
        not_offered("describe new pixels", "ds.to_pydicom().set_pixel_data(...) does")

    def set_original_encoding(self, *_arguments: Any, **_keywords: Any) -> NoReturn:
        """Raise `UnsupportedError`: `to_pydicom()` gives a data set with another encoding."""
        not_offered(
            "choose how files are encoded", "ds.to_pydicom().set_original_encoding(...) does"
        )
