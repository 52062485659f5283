"""The plane that each contour of a structure lies in, and why others lie in none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from rapidicom import _core
from rapidicom.labels.findings import Findings, counted
from rapidicom.labels.grid import LabelGrid
from rapidicom.labels.structures import Structure

__all__ = ["Counts", "InPlanes", "find_planes", "plane_axis", "tolerances"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int_]

# What is filled (PS3.3 §C.8.8.6); a contour without a type is taken for one.
_CLOSED = frozenset(("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", ""))
_EXCLUSIVE = "CLOSEDPLANAR_XOR"
# How far a contour may be from the plane of its slice, in slices and in mm: positions are written
# with one decimal by some programs.
_OFF_PLANE = 0.1
_OFF_PLANE_MM = 0.05
_MOST_OFF_PLANE = 0.25
# Contours of one slice may lie so far apart, in mm, for the same reason.
_SAME_HEIGHT_MM = 0.1


@dataclass
class Counts:
    """Contours that something is to be said about, by what it is."""

    open: int = 0
    short: int = 0
    outside: int = 0
    beside: int = 0
    off: int = 0
    most_off: float = 0.0
    tilted: int = 0
    miscounted: int = 0
    twice: int = 0
    cancelled: int = 0
    heights: int = 0
    covered: int = 0
    parts: int = 0
    unclear_parts: int = 0
    unnamed: int = 0

    def report(self, name: str, findings: Findings) -> None:
        """Report what is not 0."""
        for one in fields(self):
            count = getattr(self, one.name)
            if not count or one.name not in _SENTENCES:
                continue
            kind, noun, sentence = _SENTENCES[one.name]
            numbers = {f"{noun.replace(' ', '_')}_count": count}
            if one.name == "off":
                numbers["most_slices"] = self.most_off
            add = findings.error if one.name in _ERRORS else findings.note
            text = sentence.format(most=self.most_off, covered=self.covered)
            add(kind, f"{counted(count, noun)} {text}", [name], **numbers)


_ERRORS = frozenset(("unclear_parts",))
# Kind, what is counted, and the rest of the sentence.
_SENTENCES = {
    "off": (
        "off_slices", "contour",
        "lie between slices, up to {most:.3g} of a slice from the nearest, and are left out",
    ),
    "tilted": ("off_slices", "contour", "lie across slices, and are left out"),
    "outside": ("outside", "contour", "lie before the first slice or after the last"),
    "beside": ("outside", "contour", "reach beyond the rows or columns of the images"),
    "open": ("not_closed", "contour", "are points or open lines, which have no inside"),
    "short": ("degenerate_contour", "contour", "have fewer than three points, and no inside"),
    "miscounted": (
        "point_count", "contour",
        "have more or fewer points than their Number of Contour Points says",
    ),
    "twice": (
        "duplicate_contour", "contour",
        "are the same as others of their structure and slice, and are drawn once",
    ),
    "cancelled": (
        "duplicate_contour", "contour",
        "of type CLOSEDPLANAR_XOR are the same as others of their structure and slice: both cancel",
    ),
    "heights": (
        "several_heights", "contour",
        "lie at another height than those of their structure that are nearest to the slice: "
        "{covered:,} of them, which overlap these, are left out",
    ),
    "parts": (
        "several_parts", "structure",
        "have their contours in several items of ROI Contour Sequence: all are drawn",
    ),
    "unclear_parts": (
        "several_parts", "structure",
        "have overlapping contours in several items of ROI Contour Sequence: nothing says whether "
        "some are holes",
    ),
    "unnamed": (
        "unnamed_structure", "structure",
        "with contours are not in Structure Set ROI Sequence, and have no name",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class InPlanes:
    """Where the contours of one structure lie.

    Attributes:
        planes: The slice of each contour; `None` for those that are not drawn.
        heights: Where each contour that has an inside lies, in steps of the affine; NaN for the
            others, and for those that are there already.
        is_off: Whether each contour lies between slices.
    """

    planes: list[int | None]
    heights: FloatArray
    is_off: npt.NDArray[np.bool_] = field(repr=False)


def tolerances(grid: LabelGrid) -> list[float]:
    """Return how far a contour may be from its plane along each axis, in planes."""
    most = [max(_OFF_PLANE, _OFF_PLANE_MM / distance) for distance in grid.plane_distances]
    return [min(one, _MOST_OFF_PLANE) for one in most]


def plane_axis(ranges: Sequence[FloatArray], most: Sequence[float]) -> int:
    """Return the axis whose planes hold most contours: the first of these if there are several.

    Args:
        ranges: Of each structure, the least and the greatest coordinate of each contour along each
            axis; shape (contours, 3, 2).
        most: How far a contour may be from its plane along each axis.
    """
    everything = np.concatenate([np.empty((0, 3, 2)), *ranges])
    extents = everything[..., 1] - everything[..., 0]
    flat = (extents <= 2 * np.array(most)).sum(axis=0)
    return int(np.argmax(flat))


def find_planes(
    structure: Structure,
    placed: _core.PlacedContours,
    ranges: FloatArray,
    grid: LabelGrid,
    axis: int,
    counts: Counts,
) -> InPlanes:
    """Find the plane of each contour, and count those that are not drawn, or not as they are.

    Args:
        structure: The structure.
        placed: Its contours in the coordinates of the grid.
        ranges: Their least and greatest coordinates; shape (contours, 3, 2).
        grid: The grid.
        axis: The axis whose planes they lie in.
        counts: What is counted.
    """
    tolerance = tolerances(grid)[axis]
    places = grid.slice_heights if axis == 0 else np.arange(grid.shape[axis], dtype=float)
    point_counts = np.array(structure.point_counts, dtype=int)
    kinds = structure.geometric_types
    least, most = ranges[:, axis, 0], ranges[:, axis, 1]
    middle = (least + most) / 2
    planes = _nearest(places, middle)
    distance = np.maximum(places[planes] - least, most - places[planes])
    reasons = {
        "open": np.array([kind not in _CLOSED for kind in kinds], dtype=bool),
        "short": point_counts < 3,
        "tilted": most - least > 2 * tolerance,
        "outside": ~((middle >= places.min() - 0.5) & (middle <= places.max() + 0.5)),
        "off": ~(distance <= tolerance),
    }
    is_left = has_inside = is_off = np.ones(len(kinds), dtype=bool)
    for reason, applies in reasons.items():
        applies = applies & is_left
        if reason != "off":
            setattr(counts, reason, getattr(counts, reason) + int(applies.sum()))
        is_left = is_left & ~applies
        if reason == "tilted":
            has_inside = is_left
        if reason == "off":
            is_off = applies
            counts.most_off = max(counts.most_off, float(distance[applies].max(initial=0.0)))
    counts.miscounted += sum(
        said is not None and said != count
        for said, count in zip(structure.said_point_counts, structure.point_counts, strict=True)
    )
    drawn: list[int | None] = [
        plane if is_there else None
        for plane, is_there in zip(planes.tolist(), is_left.tolist(), strict=True)
    ]
    heights = np.where(has_inside, middle, np.nan)
    others = [one for one in range(3) if one != axis]
    group = _Groups(structure, ranges[:, others], drawn, heights, counts)
    group.leave_out(placed, others, places, _SAME_HEIGHT_MM / grid.plane_distances[axis])
    shape = np.array(grid.shape)[others]
    reach = ranges[:, others][[plane is not None for plane in drawn]]
    # The centre of a voxel that is not there would lie inside.
    is_beyond = (reach[:, :, 0] <= -1) | (reach[:, :, 1] >= shape)
    counts.beside += int(is_beyond.any(axis=1).sum())
    is_off = is_off & ~np.isnan(heights)
    counts.off += int(is_off.sum())
    return InPlanes(drawn, heights, is_off)


def _nearest(places: FloatArray, heights: FloatArray) -> IntArray:
    """Return which of the places, in any order, is nearest to each height; 0 for NaN."""
    order = np.argsort(places, kind="stable")
    rising = places[order]
    wanted = np.nan_to_num(heights, nan=0.0)
    above = np.clip(np.searchsorted(rising, wanted), 1, max(len(rising) - 1, 1))
    below = above - 1
    above = np.minimum(above, len(rising) - 1)
    is_above = np.abs(rising[above] - wanted) < np.abs(rising[below] - wanted)
    return np.asarray(order[np.where(is_above, above, below)], dtype=int)


@dataclass
class _Groups:
    """Contours of one structure that share planes.

    Attributes:
        structure: The structure.
        ranges: Least and greatest coordinates in the planes; shape (contours, 2, 2).
        planes: The plane of each contour; those that are left out become `None`.
        heights: As in `InPlanes`; those that are left out become NaN.
        counts: What is counted.
    """

    structure: Structure
    ranges: FloatArray
    planes: list[int | None]
    heights: FloatArray
    counts: Counts

    def leave_out(
        self, placed: _core.PlacedContours, axes: list[int], places: FloatArray, same_height: float
    ) -> None:
        """Leave out contours that are there already, and those that nearer ones cover."""
        if self.structure.is_unnamed and self.planes:
            self.counts.unnamed += 1
        self._leave_out_same(placed, axes)
        groups = self._shared()
        self._check_parts(groups)
        images = self.structure.images if groups else []
        for members in groups:
            self._check_heights(members, images, places, same_height)

    def _shared(self) -> list[list[int]]:
        """Return the contours of each plane that has several."""
        groups: dict[int, list[int]] = {}
        for index, plane in enumerate(self.planes):
            if plane is not None:
                groups.setdefault(plane, []).append(index)
        return [members for members in groups.values() if len(members) > 1]

    def _drop(self, index: int) -> None:
        self.planes[index] = None
        self.heights[index] = np.nan

    def _leave_out_same(self, placed: _core.PlacedContours, axes: list[int]) -> None:
        kinds = self.structure.geometric_types
        # Of those between slices too, which are drawn at their own heights.
        _, levels = np.unique(np.round(self.heights, 3), return_inverse=True)
        everywhere = [
            None if np.isnan(height) else int(level)
            for height, level in zip(self.heights.tolist(), levels.tolist(), strict=True)
        ]
        for own in (self.planes, everywhere):
            for index, is_same in enumerate(_core.same_contours(placed, own, axes)):
                if not is_same or np.isnan(self.heights[index]):
                    continue
                # Exclusive or is what the standard says of these.
                if kinds[index] == _EXCLUSIVE:
                    self.counts.cancelled += own is self.planes
                else:
                    self.counts.twice += 1
                    self._drop(index)

    def _check_parts(self, groups: list[list[int]]) -> None:
        parts = self.structure.parts
        if len(set(parts)) < 2:
            return
        for members in groups:
            for number in {parts[index] for index in members}:
                own = [index for index in members if parts[index] == number]
                others = [index for index in members if parts[index] > number]
                if self._overlapping(others, own).any():
                    self.counts.unclear_parts += 1
                    return
        self.counts.parts += 1

    def _check_heights(
        self,
        members: list[int],
        all_images: list[list[str]],
        places: FloatArray,
        same_height: float,
    ) -> None:
        heights = self.heights[members]
        if np.ptp(heights) <= same_height:
            return
        images = {tuple(all_images[index]) for index in members}
        if len(images) == 1 and images != {()}:
            # Drawn on one image: positions were rounded, or its slice is thick.
            return
        plane: Any = self.planes[members[0]]
        nearest = members[int(np.argmin(np.abs(heights - places[plane])))]
        is_near = np.abs(heights - self.heights[nearest]) <= same_height
        chosen = [index for index, is_own in zip(members, is_near, strict=True) if is_own]
        others = [index for index, is_own in zip(members, is_near, strict=True) if not is_own]
        self.counts.heights += len(others)
        for index, is_covered in zip(others, self._overlapping(others, chosen), strict=True):
            if is_covered:
                self.counts.covered += 1
                self._drop(index)

    def _overlapping(self, some: list[int], others: list[int]) -> npt.NDArray[np.bool_]:
        """Return whether the rectangle of each of some contours overlaps that of one of others."""
        one, other = self.ranges[some][:, np.newaxis], self.ranges[others][np.newaxis]
        is_shared = (one[..., 0] < other[..., 1]) & (other[..., 0] < one[..., 1])
        is_inside: npt.NDArray[np.bool_] = np.all(is_shared, axis=2)
        return np.asarray(np.any(is_inside, axis=1), dtype=np.bool_)
