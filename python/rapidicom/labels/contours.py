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
from rapidicom.labels.references import Drawn, hold_against
from rapidicom.labels.structures import Structure

__all__ = ["Masks", "place_structures"]

# What is filled (PS3.3 §C.8.8.6); a contour without a type is taken for one.
_CLOSED = frozenset(("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", ""))
# How far a contour may be from the plane of its slice, in slices and in mm: positions are written
# with one decimal by some programs.
_OFF_PLANE = 0.1
_OFF_PLANE_MM = 0.05
_MOST_OFF_PLANE = 0.25


@dataclass
class _Counts:
    """Contours that are not drawn, by reason."""

    open: int = 0
    short: int = 0
    outside: int = 0
    off: int = 0
    tilted: int = 0
    miscounted: int = 0
    most_off: float = 0.0


@dataclass(frozen=True)
class Masks:
    """Structures whose contours have their planes on a grid.

    Attributes:
        axis: Which axis of the grid the planes are counted along.
        placed: The contours of each structure.
        planes: The plane of each contour; `None` for those that are not drawn.
        between: The planes of each structure that are filled from contours beside them.
    """

    grid: LabelGrid
    axis: int
    placed: list[_core.PlacedContours]
    planes: list[list[int | None]]
    between: list[Between | None]

    def draw(
        self, out: npt.NDArray[Any], values: Sequence[int], voxels: str, workers: int | None
    ) -> tuple[int, list[bool]]:
        """Draw into an array of zeros, or a label map that others were drawn into.

        Args:
            out: C-contiguous, of the grid's shape, or with one such array a structure.
            values: What voxels of each structure have in a label map.
            voxels: `label map 8`, `label map 16`, `masks` or `fractions`.
            workers: Threads.

        Returns:
            How many voxels of a label map several structures claim, and whether contours of each
            structure cross themselves.
        """
        axes = [self.axis, *(axis for axis in range(3) if axis != self.axis)]
        first = out.ndim - 3
        order = [*range(first), *(first + axis for axis in axes)]
        target = out if self.axis == 0 else np.ascontiguousarray(out.transpose(order))
        structures = list(zip(self.placed, self.planes, values, strict=True))
        shape = [self.grid.shape[axis] for axis in axes]
        found = _core.draw_contours(
            structures, shape, axes, voxels, as_bytes(target), workers, None
        )
        overlap, are_crossing = found
        overlap += self._fill_between(target, values, shape, axes, workers)
        if target is not out:
            out[...] = target.transpose(np.argsort(order))
        return overlap, are_crossing

    def _fill_between(
        self,
        target: npt.NDArray[Any],
        values: Sequence[int],
        shape: list[int],
        axes: list[int],
        workers: int | None,
    ) -> int:
        spacing = [self.grid.spacing[axis] for axis in axes[1:]]
        shared = 0
        for index, (between, placed) in enumerate(zip(self.between, self.placed, strict=True)):
            if between is None:
                continue
            is_map = target.ndim == 3
            own = target if is_map else target[index]
            masks = between.masks(placed, shape[1:], axes, spacing, workers)
            shared += between.put(masks, own, values[index] if is_map else 1)
        return shared


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
    tolerance = _tolerances(grid)
    axis = _axis(ranges, tolerance)
    counts = _Counts()
    planes = [
        _planes(structure, own, axis, grid.shape[axis], tolerance[axis], counts)
        for structure, own in zip(structures, ranges, strict=True)
    ]
    between: list[Between | None] = [None] * len(placed)
    if interpolate:
        between = [
            find_between(
                _heights(one, own, axis, tolerance[axis]), grid.shape[axis], tolerance[axis]
            )
            for one, own in zip(structures, ranges, strict=True)
        ]
        _report_between(between, counts, name, findings)
    _report(counts, name, findings)
    hold_against(
        grid,
        _drawn(structures, ranges, axis),
        [one.frame_of_reference_uid for one in structures],
        name,
        findings,
    )
    empty = sum(
        bool(one.point_counts) and filled is None and all(plane is None for plane in own)
        for one, own, filled in zip(structures, planes, between, strict=True)
    )
    if empty:
        findings.note(
            "empty_label",
            f"{counted(empty, 'structure')} with contours have no voxel: none of their contours "
            "lies on a slice",
            [name],
            label_count=empty,
        )
    return Masks(grid, axis, placed, planes, between)


def _heights(
    structure: Structure, ranges: npt.NDArray[np.float64], axis: int, tolerance: float
) -> list[float | None]:
    """Return where each contour that has an inside lies, in planes; `None` for the others."""
    return [
        (least + most) / 2
        if kind in _CLOSED and count >= 3 and most - least <= 2 * tolerance
        else None
        for (least, most), kind, count in zip(
            ranges[:, axis].tolist(),
            structure.geometric_types,
            structure.point_counts,
            strict=True,
        )
    ]


def _report_between(
    between: list[Between | None], counts: _Counts, name: str, findings: Findings
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
    # They have their part in these.
    counts.off = 0


def _tolerances(grid: LabelGrid) -> list[float]:
    """Return how far a contour may be from its plane along each axis, in planes."""
    # The distance of planes, which is less than the step between slices of a tilted stack.
    distances = 1 / np.linalg.norm(grid.to_index[:, :3], axis=1)
    most = [max(_OFF_PLANE, _OFF_PLANE_MM / distance) for distance in distances.tolist()]
    return [min(one, _MOST_OFF_PLANE) for one in most]


def _axis(ranges: list[npt.NDArray[np.float64]], tolerances: list[float]) -> int:
    """Return the axis whose planes hold most contours: the first of these if there are several."""
    everything = np.concatenate([np.empty((0, 3, 2)), *ranges])
    extents = everything[..., 1] - everything[..., 0]
    flat = (extents <= 2 * np.array(tolerances)).sum(axis=0)
    return int(np.argmax(flat))


def _planes(
    structure: Structure,
    ranges: npt.NDArray[np.float64],
    axis: int,
    plane_count: int,
    tolerance: float,
    counts: _Counts,
) -> list[int | None]:
    planes: list[int | None] = []
    contours = zip(
        ranges[:, axis].tolist(),
        structure.geometric_types,
        structure.point_counts,
        structure.said_point_counts,
        strict=True,
    )
    for (least, most), kind, point_count, said_count in contours:
        planes.append(None)
        counts.miscounted += said_count is not None and said_count != point_count
        plane = round((least + most) / 2) if point_count else 0
        distance = max(plane - least, most - plane)
        if kind not in _CLOSED:
            counts.open += 1
        elif point_count < 3:
            counts.short += 1
        elif most - least > 2 * tolerance:
            counts.tilted += 1
        elif not -0.5 <= (least + most) / 2 <= plane_count - 0.5:
            counts.outside += 1
        elif distance > tolerance:
            counts.off += 1
            counts.most_off = max(counts.most_off, distance)
        else:
            planes[-1] = plane
    return planes


def _drawn(
    structures: Sequence[Structure], ranges: list[npt.NDArray[np.float64]], axis: int
) -> Iterator[Drawn]:
    for structure, own in zip(structures, ranges, strict=True):
        middles = own[:, 0].mean(axis=1) if axis == 0 else np.full(len(own), np.nan)
        for middle, images in zip(middles.tolist(), structure.images, strict=True):
            yield Drawn(middle, images)


def _report(counts: _Counts, name: str, findings: Findings) -> None:
    if counts.off:
        findings.note(
            "off_slices",
            f"{counted(counts.off, 'contour')} lie between slices, up to {counts.most_off:.3g} of "
            "a slice from the nearest, and are left out",
            [name],
            contour_count=counts.off,
            most_slices=counts.most_off,
        )
    if counts.tilted:
        findings.note(
            "off_slices",
            f"{counted(counts.tilted, 'contour')} lie across slices, and are left out",
            [name],
            contour_count=counts.tilted,
        )
    if counts.outside:
        findings.note(
            "outside",
            f"{counted(counts.outside, 'contour')} lie before the first slice or after the last",
            [name],
            contour_count=counts.outside,
        )
    if counts.open:
        findings.note(
            "not_closed",
            f"{counted(counts.open, 'contour')} are points or open lines, which have no inside",
            [name],
            contour_count=counts.open,
        )
    if counts.short:
        findings.note(
            "degenerate_contour",
            f"{counted(counts.short, 'contour')} have fewer than three points, and no inside",
            [name],
            contour_count=counts.short,
        )
    if counts.miscounted:
        findings.note(
            "point_count",
            f"{counted(counts.miscounted, 'contour')} have more or fewer points than their Number "
            "of Contour Points says",
            [name],
            contour_count=counts.miscounted,
        )
