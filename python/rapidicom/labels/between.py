"""Contours between slices: the slices that they give a mask by interpolation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from rapidicom import _core
from rapidicom._common.arrays import as_bytes

__all__ = ["Between", "find_between"]

# Contours farther apart than this many of a structure's usual steps are those of separate pieces.
_SAME_PIECE = 1.5


@dataclass(frozen=True)
class Between:
    """Slices of one structure that lie between its contours.

    Attributes:
        planes: Which plane of contours each contour is in; `None` for those in none.
        plane_count: How many planes there are.
        slices: The slices to fill.
        sources: Of each, the planes below and above, and how far it is from the one below, as a
            part of their distance.
    """

    planes: list[int | None]
    plane_count: int
    slices: list[int]
    sources: list[tuple[int, int, float]]

    def masks(
        self,
        placed: _core.PlacedContours,
        shape: list[int],
        axes: list[int],
        spacing: list[float],
        workers: int | None,
    ) -> npt.NDArray[np.uint8]:
        """Return the masks of the slices.

        Args:
            placed: The contours.
            shape: Rows and columns of a slice.
            axes: Which coordinates of the contours are slices, rows and columns.
            spacing: How far rows and columns are apart.
            workers: Threads.
        """
        own = np.zeros((self.plane_count, *shape), np.uint8)
        structures = [(placed, self.planes, 1)]
        _core.draw_contours(
            structures, list(own.shape), axes, "masks", as_bytes(own), workers, None
        )
        masks = np.empty((len(self.slices), *shape), np.uint8)
        _core.fill_between(as_bytes(own), shape, spacing, self.sources, as_bytes(masks), workers)
        return masks

    def put(self, masks: npt.NDArray[np.uint8], out: npt.NDArray[Any], value: int) -> int:
        """Put masks into an array of slices; return how many voxels had another value."""
        shared = 0
        for slice_index, mask in zip(self.slices, masks, strict=True):
            target, inside = out[slice_index], mask != 0
            shared += int(np.count_nonzero(inside & (target != 0) & (target != value)))
            target[inside] = value
        return shared


def find_between(heights: list[float | None], slice_count: int, tolerance: float) -> Between | None:
    """Find the slices between contours, or beside them within half of their usual step.

    Args:
        heights: Where each contour lies, in slices; `None` for those that have no inside.
        slice_count: How many slices there are.
        tolerance: How far a contour may be from a slice to lie on it.

    Returns:
        `None` if every contour lies on a slice, and no slice between.
    """
    there = sorted(height for height in heights if height is not None)
    if not there:
        return None
    starts = [there[0]]
    for before, height in pairwise(there):
        if height - before > tolerance:
            starts.append(height)
    levels = np.array(starts)
    planes = [
        None if height is None else int(np.searchsorted(levels, height, side="right")) - 1
        for height in heights
    ]
    step = float(np.median(np.diff(levels))) if len(levels) > 1 else 1.0
    slices, sources = [], []
    for index in range(slice_count):
        if np.abs(levels - index).min() <= tolerance:
            continue
        above = int(np.searchsorted(levels, index))
        is_inside = 0 < above < len(levels)
        if is_inside and levels[above] - levels[above - 1] <= _SAME_PIECE * step:
            part = (index - levels[above - 1]) / (levels[above] - levels[above - 1])
            sources.append((above - 1, above, float(part)))
        else:
            nearest = int(np.abs(levels - index).argmin())
            if abs(float(levels[nearest]) - index) >= step / 2:
                continue
            sources.append((nearest, nearest, 0.0))
        slices.append(index)
    return Between(planes, len(levels), slices, sources) if slices else None
