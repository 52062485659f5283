"""Part of a volume: the slices, rows and columns that are wanted, and its geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Part", "slice_of"]


@dataclass(frozen=True)
class Part:
    """Indices along the axes of a volume, each evenly spaced.

    Attributes:
        slices: Indices of slices.
        rows: Indices of rows.
        columns: Indices of columns.
        axis_count: Axes of the volume from the slices on: 3, or 4 with samples.
    """

    slices: range
    rows: range
    columns: range
    axis_count: int

    @classmethod
    def of(
        cls, shape: tuple[int, ...], slices: slice | None, rows: slice | None, columns: slice | None
    ) -> Part:
        """Resolve Python's slices, with NumPy's meaning of start, stop and step.

        Args:
            shape: That of the whole volume: (slice, row, column, ...).
            slices: Which slices; `None` for all.
            rows: Which rows.
            columns: Which columns.

        Raises:
            TypeError: One is not a slice.
            ValueError: One selects nothing, or its step is zero.
        """
        names = ("slices", "rows", "columns")
        wanted = zip(names, shape, (slices, rows, columns), strict=False)
        along = [_indices(name, size, chosen) for name, size, chosen in wanted]
        return cls(along[0], along[1], along[2], len(shape))

    @property
    def shape(self) -> tuple[int, int, int]:
        """The numbers of slices, rows and columns."""
        return len(self.slices), len(self.rows), len(self.columns)

    def chosen(self, shape: tuple[int, ...]) -> list[int] | None:
        """Return which images of the whole array are wanted, or `None` if all are, in order.

        Args:
            shape: That of the images: (slice,), or with the leading axis before it.
        """
        if self.slices == range(shape[-1]):
            return None
        numbers: npt.NDArray[np.intp] = np.arange(math.prod(shape)).reshape(shape)[
            ..., list(self.slices)
        ]
        return numbers.ravel().tolist()

    def affine(self, whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the affine of the part from that of the whole volume."""
        axes = (self.slices, self.rows, self.columns)
        result = whole.copy()
        result[:3, :3] *= [axis.step for axis in axes]
        result[:3, 3] += whole[:3, :3] @ [axis.start for axis in axes]
        return result

    def spacing(self, whole: tuple[float, float, float]) -> tuple[float, float, float]:
        """Return the spacing of the part from that of the whole volume."""
        steps = (abs(axis.step) for axis in (self.slices, self.rows, self.columns))
        slices, rows, columns = (length * step for length, step in zip(whole, steps, strict=True))
        return slices, rows, columns

    def frame(
        self, shape: tuple[int, ...]
    ) -> tuple[tuple[int, int, int], tuple[int, int, int]] | None:
        """Return rows and columns as (first, step, count), or `None` for all of them in order."""
        if (self.rows, self.columns) == (range(shape[1]), range(shape[2])):
            return None
        rows, columns = ((axis.start, axis.step, len(axis)) for axis in (self.rows, self.columns))
        return rows, columns


def _indices(name: str, size: int, chosen: slice | None) -> range:
    if chosen is None:
        return range(size)
    if not isinstance(chosen, slice):
        hint = (
            f", such as slice({chosen}, {chosen + 1})"
            if isinstance(chosen, int) and chosen >= 0
            else ""
        )
        raise TypeError(
            f"{name} must be a slice{hint}, not {type(chosen).__name__}: "
            "a volume keeps all of its axes"
        )
    found = range(size)[chosen]
    if not found:
        raise ValueError(f"{name}={chosen} selects nothing of {size}")
    # One index has no direction: without it, equal parts are equal whatever step led to them.
    return found if len(found) > 1 else range(found.start, found.start + 1)


def slice_of(indices: range) -> slice:
    """Return the slice that selects evenly spaced indices."""
    # Counting down past index 0 leaves no number to stop at.
    return slice(indices.start, indices.stop if indices.stop >= 0 else None, indices.step)
