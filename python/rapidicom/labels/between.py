"""Contours between slices: the slices that they give a mask by interpolation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rapidicom import _core
from rapidicom._common.arrays import as_bytes

__all__ = ["Between", "find_between"]

# Contours farther apart than this many of a structure's usual steps are those of separate pieces.
_SAME_PIECE = 1.5
# Contours so near to each other, as a part of how far they may be from a slice, are at one height.
_SAME_LEVEL = 0.5


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

    def is_used(self, heights: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Return whether a slice is filled from each contour.

        Args:
            heights: Where each contour lies.
        """
        used = {plane for below, above, _ in self.sources for plane in (below, above)}
        found = np.array([plane in used for plane in self.planes], dtype=np.bool_)
        return found & ~np.isnan(heights)

    def masks(
        self,
        placed: _core.PlacedContours,
        shape: list[int],
        axes: list[int],
        spacing: list[float],
        workers: int | None,
    ) -> tuple[npt.NDArray[np.uint8], tuple[bool, bool, bool, bool]]:
        """Return the masks of the slices, and what was noticed as `_core.draw_contours` does.

        Args:
            placed: The contours.
            shape: Rows and columns of a slice.
            axes: Which coordinates of the contours are slices, rows and columns.
            spacing: How far rows and columns are apart.
            workers: Threads.
        """
        own = np.zeros((self.plane_count, *shape), np.uint8)
        structures = [(placed, self.planes, 1)]
        _, (noticed,) = _core.draw_contours(
            structures, list(own.shape), axes, "masks", as_bytes(own), workers, None
        )
        masks = np.empty((len(self.slices), *shape), np.uint8)
        _core.fill_between(as_bytes(own), shape, spacing, self.sources, as_bytes(masks), workers)
        return masks, noticed

    def put(
        self,
        masks: npt.NDArray[np.uint8],
        out: npt.NDArray[Any],
        value: int,
        later: Sequence[int],
    ) -> tuple[int, bool]:
        """Put masks into an array of slices.

        Args:
            masks: One for each of the slices.
            out: The array.
            value: What voxels inside get.
            later: Values of a label map that this one does not replace.

        Returns:
            How many voxels had another value, and whether any is inside.
        """
        shared, is_there = 0, False
        for slice_index, mask in zip(self.slices, masks, strict=True):
            target, inside = out[slice_index], mask != 0
            shared += int(np.count_nonzero(inside & (target != 0) & (target != value)))
            is_there = is_there or bool(inside.any())
            if later:
                inside &= ~np.isin(target, later)
            target[inside] = value
        return shared, is_there


def find_between(
    heights: npt.NDArray[np.float64], places: npt.NDArray[np.float64], tolerance: float
) -> Between | None:
    """Find the slices between contours, or beside them within half of their usual step.

    Args:
        heights: Where each contour lies, in slices; NaN for those that have no inside.
        places: Where each slice lies, likewise.
        tolerance: How far a contour may be from a slice to lie on it.

    Returns:
        `None` if every contour lies on a slice, and no slice between.
    """
    there = np.sort(heights[~np.isnan(heights)])
    if not len(there):
        return None
    levels = there[np.concatenate([[True], np.diff(there) > _SAME_LEVEL * tolerance])]
    planes = [
        None if height != height else int(np.searchsorted(levels, height, side="right")) - 1
        for height in heights.tolist()
    ]
    step = float(np.median(np.diff(levels))) if len(levels) > 1 else 1.0
    slices, sources = [], []
    for index, place in enumerate(places.tolist()):
        if np.abs(levels - place).min() <= tolerance:
            continue
        above = int(np.searchsorted(levels, place))
        is_inside = 0 < above < len(levels)
        if is_inside and levels[above] - levels[above - 1] <= _SAME_PIECE * step:
            part = (place - levels[above - 1]) / (levels[above] - levels[above - 1])
            sources.append((above - 1, above, float(part)))
        else:
            nearest = int(np.abs(levels - place).argmin())
            if abs(float(levels[nearest]) - place) >= step / 2:
                continue
            sources.append((nearest, nearest, 0.0))
        slices.append(index)
    return Between(planes, len(levels), slices, sources) if slices else None
