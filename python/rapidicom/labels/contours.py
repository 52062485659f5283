"""Closed contours of a structure set as masks on a grid: a voxel's centre decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rapidicom import _core
from rapidicom._common.arrays import as_bytes
from rapidicom.labels.between import Between, find_between
from rapidicom.labels.findings import Findings, counted
from rapidicom.labels.grid import LabelGrid
from rapidicom.labels.planes import Counts, InPlanes, find_planes, plane_axis, tolerances
from rapidicom.labels.references import Drawn, hold_against
from rapidicom.labels.structures import Structure

__all__ = ["Masks", "place_structures"]

FloatArray = npt.NDArray[np.float64]

# What was noticed of a structure: contours that cross themselves, lie partly in others, and cancel
# others; and whether there is a voxel in it.
Noticed = tuple[bool, bool, bool, bool]


@dataclass(frozen=True)
class Masks:
    """Structures whose contours have their planes on a grid.

    Attributes:
        axis: Which axis of the grid the planes are counted along.
        structures: The structures.
        placed: The contours of each structure.
        planes: The plane of each contour; `None` for those that are not drawn.
        between: The planes of each structure that are filled from contours beside them.
    """

    grid: LabelGrid
    axis: int
    structures: Sequence[Structure]
    placed: list[_core.PlacedContours]
    planes: list[list[int | None]]
    between: list[Between | None]

    def draw(
        self,
        out: npt.NDArray[Any],
        values: Sequence[int],
        voxels: str,
        name: str,
        findings: Findings,
        workers: int | None,
    ) -> int:
        """Draw into an array of zeros, or a label map that others were drawn into.

        Args:
            out: C-contiguous, of the grid's shape, or with one such array a structure.
            values: What voxels of each structure have in a label map.
            voxels: `label map 8`, `label map 16`, `masks` or `fractions`.
            name: The name of the structure set.
            findings: Where to report.
            workers: Threads.

        Returns:
            How many voxels of a label map several structures claim.
        """
        axes = [self.axis, *(axis for axis in range(3) if axis != self.axis)]
        first = out.ndim - 3
        order = [*range(first), *(first + axis for axis in axes)]
        target = out if self.axis == 0 else np.ascontiguousarray(out.transpose(order))
        structures = list(zip(self.placed, self.planes, values, strict=True))
        shape = [self.grid.shape[axis] for axis in axes]
        overlap, noticed = _core.draw_contours(
            structures, shape, axes, voxels, as_bytes(target), workers, None
        )
        overlap += self._fill_between(target, values, shape, axes, noticed, workers)
        if target is not out:
            out[...] = target.transpose(np.argsort(order))
        self._report(noticed, name, findings)
        return overlap

    def _fill_between(
        self,
        target: npt.NDArray[Any],
        values: Sequence[int],
        shape: list[int],
        axes: list[int],
        noticed: list[Noticed],
        workers: int | None,
    ) -> int:
        spacing = [self.grid.spacing[axis] for axis in axes[1:]]
        shared = 0
        for index, (between, placed) in enumerate(zip(self.between, self.placed, strict=True)):
            if between is None:
                continue
            is_map = target.ndim == 3
            own = target if is_map else target[index]
            masks, own_noticed = between.masks(placed, shape[1:], axes, spacing, workers)
            later = values[index + 1 :] if is_map else ()
            value = values[index] if is_map else 1
            own_shared, is_there = between.put(masks, own, value, later)
            shared += own_shared
            crossing, overlapping, cancelling, has_voxels = (
                a or b for a, b in zip(noticed[index], own_noticed, strict=True)
            )
            is_there = noticed[index][3] or is_there
            noticed[index] = (crossing, overlapping, cancelling, has_voxels and is_there)
        return shared

    def _report(self, noticed: list[Noticed], name: str, findings: Findings) -> None:
        crossing = sum(one[0] for one in noticed)
        # Exclusive or is what the standard says of these.
        both = list(zip(self.structures, noticed, strict=True))
        overlapping = sum(one[1] for structure, one in both if not structure.is_exclusive)
        cancelling = sum(one[2] for structure, one in both if not structure.is_exclusive)
        empty = sum(bool(structure.point_counts) and not one[3] for structure, one in both)
        for kind, count, sentence in (
            ("self_crossing", crossing,
             "have contours that cross themselves: what these go around an even number of times "
             "counts as outside"),
            ("overlapping_contours", overlapping,
             "have contours that lie partly in others of their slice: what lies in an even number "
             "of them counts as outside"),
            ("overlapping_contours", cancelling,
             "have contours around the same voxels as others of their slice: these count as "
             "outside, as a hole that fills its outline does"),
            ("empty_label", empty,
             "with contours have no voxel: none of their contours has the centre of one on its "
             "slice"),
        ):  # fmt: skip
            if count:
                findings.note(
                    kind, f"{counted(count, 'structure')} {sentence}", [name], label_count=count
                )


def place_structures(
    structures: Sequence[Structure],
    grid: LabelGrid,
    name: str,
    findings: Findings,
    *,
    interpolate: bool = False,
) -> Masks:
    """Find the plane of each contour, and report those that have none.

    Args:
        structures: Those that are wanted.
        grid: Where they are put.
        name: The name of their structure set.
        findings: Where to report.
        interpolate: Whether slices between contours are filled.
    """
    to_index = grid.to_index.tolist()
    placed = [
        _core.place_contours(one.points.reshape(-1), one.point_counts, to_index)
        for one in structures
    ]
    ranges = [np.array(one.ranges).reshape(-1, 3, 2) for one in placed]
    most = tolerances(grid)
    axis = plane_axis(ranges, most)
    grid.report(axis, name, findings)
    counts = Counts()
    planes = [
        find_planes(structure, one, own, grid, axis, counts)
        for structure, one, own in zip(structures, placed, ranges, strict=True)
    ]
    between: list[Between | None] = [None] * len(placed)
    if interpolate:
        places = grid.slice_heights if axis == 0 else np.arange(grid.shape[axis], dtype=float)
        between = [find_between(one.heights, places, most[axis]) for one in planes]
        _report_between(between, planes, counts, name, findings)
    counts.report(name, findings)
    hold_against(
        grid,
        _drawn(structures, ranges, axis, grid),
        [one.frame_of_reference_uid for one in structures if one.point_counts],
        name,
        findings,
    )
    return Masks(grid, axis, structures, placed, [one.planes for one in planes], between)


def _report_between(
    between: list[Between | None],
    planes: list[InPlanes],
    counts: Counts,
    name: str,
    findings: Findings,
) -> None:
    slices = sum(len(one.slices) for one in between if one is not None)
    if slices:
        findings.note(
            "interpolated",
            f"{counted(slices, 'slice')} of structures lie between contours, and have masks "
            "between theirs",
            [name],
            slice_count=slices,
        )
    for one, own in zip(between, planes, strict=True):
        if one is not None:
            # Those between slices that a slice takes its mask from are not left out.
            counts.off -= int((own.is_off & one.is_used(own.heights)).sum())


def _drawn(
    structures: Sequence[Structure], ranges: list[FloatArray], axis: int, grid: LabelGrid
) -> Iterator[Drawn]:
    for structure, own in zip(structures, ranges, strict=True):
        middles = np.full(len(own), np.nan)
        if axis == grid.image_axis:
            middles = grid.to_slices(own[:, axis].mean(axis=1))
        for middle, images in zip(middles.tolist(), structure.images, strict=True):
            yield Drawn(middle, images)
