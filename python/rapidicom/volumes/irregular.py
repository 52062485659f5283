"""The error of a series whose images do not form a volume."""

from __future__ import annotations

import os

from rapidicom._common.errors import DicomError
from rapidicom.volumes.report import Report

__all__ = ["IrregularSeriesError"]


class IrregularSeriesError(DicomError, ValueError):
    """The images of a series do not form a volume.

    Attributes:
        report: What was found, or `None`.
    """

    __module__ = "rapidicom.errors"

    report: Report | None

    def __init__(
        self,
        message: str,
        *,
        report: Report | None = None,
        path: str | os.PathLike[str] | None = None,
        tag: int | None = None,
        offset: int | None = None,
        frame: int | None = None,
        hint: str | None = None,
    ) -> None:
        """Make an error.

        Args:
            message: As for `DicomError`.
            report: What was found.
            path: As for `DicomError`.
            tag: As for `DicomError`.
            offset: As for `DicomError`.
            frame: As for `DicomError`.
            hint: As for `DicomError`.
        """
        super().__init__(message, path=path, tag=tag, offset=offset, frame=frame, hint=hint)
        self.report = report
