"""Exceptions (STYLE §4): what is wrong, where, and what to do about it.

A path that is missing or cannot be read raises an ordinary `OSError`, a wrong argument a
`TypeError` or `ValueError`. Some of the classes here also derive from a built-in one, so that code
written for pydicom catches them: `InvalidDicomError` and `IrregularSeriesError` are `ValueError`,
as pydicom's complaints about values and pixel data are; `MissingElementError` and
`UndecodableValueError`, with `ValueLimitError`, are `AttributeError` as well; `UnsupportedError`
is `NotImplementedError`, and with that `RuntimeError`.

No message shows text from a value field: it can identify a patient.
"""

from __future__ import annotations

import os
from typing import Any

from rapidicom._common.tag import BaseTag

__all__ = [
    "BytesLengthException",
    "DicomError",
    "InvalidDicomError",
    "LimitError",
    "MissingElementError",
    "ShortTableError",
    "UndecodableValueError",
    "UnsupportedError",
    "ValueLimitError",
]


class DicomError(Exception):
    """Base class of the errors about DICOM data.

    Attributes:
        path: The file, or `None` if it was not read from a path.
        tag: The element, or `None`.
        offset: The byte, counted from the start of the file, or `None`.
        frame: The frame, counted from 0, or `None`.
        hint: What to do about it, also the last sentence of the message; or `None`.
    """

    __module__ = "rapidicom.errors"

    path: str | None
    tag: BaseTag | None
    offset: int | None
    frame: int | None
    hint: str | None

    def __init__(
        self,
        message: str,
        *,
        path: str | os.PathLike[str] | None = None,
        tag: int | None = None,
        offset: int | None = None,
        frame: int | None = None,
        hint: str | None = None,
    ) -> None:
        """Make an error.

        Args:
            message: The whole message: where, what, found against expected, and the hint.
            path: The file.
            tag: The element.
            offset: The byte, counted from the start of the file.
            frame: The frame, counted from 0.
            hint: The end of the message that says what to do.
        """
        # `message` alone is in `args`, the rest in `__dict__`: that is what pickle and copy carry
        # over.
        super().__init__(message)
        self.path = None if path is None else os.fspath(path)
        self.tag = None if tag is None else BaseTag(tag)
        self.offset = offset
        self.frame = frame
        self.hint = hint


class InvalidDicomError(DicomError, ValueError):
    """The file is not a DICOM file, or contradicts itself or the standard."""

    __module__ = "rapidicom.errors"

    def __init__(
        self, message: str = "The specified file is not a valid DICOM file.", **place: Any
    ) -> None:
        """Make an error.

        Args:
            message: As for `DicomError`.
            place: As for `DicomError`.
        """
        super().__init__(message, **place)


class MissingElementError(InvalidDicomError, AttributeError):
    """An element that describes the pixels, such as Rows, is missing."""

    __module__ = "rapidicom.errors"


class ShortTableError(InvalidDicomError, IndexError):
    """A look-up table has fewer entries than its descriptor says.

    It is an `IndexError` as well, as pydicom raises one where an entry is missing.
    """

    __module__ = "rapidicom.errors"


class UndecodableValueError(InvalidDicomError, AttributeError):
    """The bytes of an element are no value of its VR, such as three bytes of 16-bit numbers.

    It is an `AttributeError` as well, so that `hasattr(ds, keyword)` is false and
    `getattr(ds, keyword, default)` gives the default. `ds.raw_bytes(tag)` has the bytes.
    """

    __module__ = "rapidicom.errors"


# pydicom's name for a number of bytes that does not fit a VR.
BytesLengthException = InvalidDicomError


class UnsupportedError(DicomError, NotImplementedError):
    """The file may be right, but this library cannot read it."""

    __module__ = "rapidicom.errors"


class LimitError(DicomError):
    """Reading the file would exceed one of the limits."""

    __module__ = "rapidicom.errors"


class ValueLimitError(UndecodableValueError, LimitError):
    """Decoding a value would exceed one of the limits: its items are nested too deep, or too many.

    Like its base class an `AttributeError` as well. `ds.raw_bytes(tag)` has the bytes.
    """

    __module__ = "rapidicom.errors"
