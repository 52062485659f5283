"""Labels on a grid: an array, its place in the patient, and what each label is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rapidicom.labels.codes import LabelCodes
from rapidicom.volumes.for_others import ForOthers
from rapidicom.volumes.report import Report

__all__ = ["Labels"]


class Labels(ForOthers):
    """What was drawn on images, as an array on their grid; made by `read_labels`.

    Attributes:
        array: A label map, axes (slice, row, column), of uint8 or uint16: the number of each
            voxel's label, and 0 where there is none. Or with a leading axis, one array a label: of
            uint8, 1 inside, or of float32, the part that is inside.
        names: Segment Label or ROI Name of each label.
        numbers: The value of each label in a label map: its Segment Number or ROI Number, or
            counted from 1 where these are not usable (the report says so).
        original_numbers: The numbers of the files.
        colors: Red, green and blue of each label, 0 to 255; `None` where the file has no colour.
        codes: What each label is in codes: see `LabelCodes`.
        affine: Shape (4, 4), float64: takes (slice, row, column, 1) to patient millimetres, LPS;
            that of the images.
        spacing: (slice, row, column) in mm: the lengths of the steps from neighbour to neighbour.
        series_uid: The Series Instance UID of the images; empty if there are none.
        frame_of_reference_uid: Whose millimetres the affine leads to; empty if that is not known.
        axes: `("slice", "row", "column")`, with `"segment"` in front for one array a label.
        report: What differs between labels and images.
    """

    __module__ = "rapidicom"

    #: Modality of what is handed over to other libraries.
    modality = "SEG"

    def __init__(
        self,
        array: npt.NDArray[Any],
        affine: npt.NDArray[np.float64],
        *,
        names: list[str],
        numbers: list[int],
        colors: list[tuple[int, int, int] | None],
        codes: list[LabelCodes],
        original_numbers: list[int],
        report: Report,
        series_uid: str = "",
        frame_of_reference_uid: str = "",
        off_affine: npt.NDArray[np.float64] | None = None,
    ) -> None:
        """Make labels; `read_labels` does.

        Args:
            array: As the attribute.
            affine: Likewise.
            names: Likewise.
            numbers: Likewise.
            colors: Likewise.
            codes: Likewise.
            original_numbers: Likewise.
            report: Likewise.
            series_uid: The Series Instance UID of the images.
            frame_of_reference_uid: Their Frame of Reference UID.
            off_affine: How far slices of the images lie from where the affine has them; see
                `LabelGrid`.
        """
        self.array = array
        self.affine = affine.copy()
        slices, rows, columns = np.linalg.norm(affine[:3, :3], axis=0).tolist()
        self.spacing: tuple[float, float, float] = (slices, rows, columns)
        self.names = names
        self.numbers = numbers
        self.colors = colors
        self.codes = codes
        self.original_numbers = original_numbers
        self.report = report
        self.series_uid = series_uid
        self.frame_of_reference_uid = frame_of_reference_uid
        self._off_affine = off_affine
        leading = ("segment",) if array.ndim == 4 else ()
        self.axes: tuple[str, ...] = (*leading, "slice", "row", "column")
        self.coords: dict[str, npt.NDArray[Any]] = {"segment": np.array(numbers)} if leading else {}

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The array's type."""
        return self.array.dtype

    @property
    def origin(self) -> npt.NDArray[np.float64]:
        """The centre of voxel (0, 0, 0) in patient millimetres, LPS; shape (3,)."""
        return self.affine[:3, 3].copy()

    @property
    def direction(self) -> npt.NDArray[np.float64]:
        """Shape (3, 3): column k is the unit vector along axis k of the array, LPS."""
        direction: npt.NDArray[np.float64] = self.affine[:3, :3] / np.asarray(self.spacing)
        return direction

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return np.array(self.array, dtype=dtype, copy=copy)

    def __len__(self) -> int:
        return len(self.array)

    def __repr__(self) -> str:
        # A name can identify a patient.
        shape = " x ".join(map(str, self.array.shape))
        count = len(self.names)
        labels = f"{count:,} label{'' if count == 1 else 's'}"
        return f"<Labels {shape} {self.array.dtype}, {labels}, {self.report!r}>"
