"""Frames of segmentations (PS3.3 §C.8.20) on a grid: where they lie, or their nearest voxels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rapidicom import _core
from rapidicom._common.arrays import as_bytes
from rapidicom._common.errors import UnsupportedError
from rapidicom._common.numbers import as_integer
from rapidicom.labels.findings import Findings, counted
from rapidicom.labels.grid import FloatArray, LabelGrid
from rapidicom.labels.references import Drawn, hold_against
from rapidicom.labels.segmentations import (
    MOST_SEGMENT,
    ON_GRID,
    SAME_STEP,
    Segmentation,
    check_planes,
    own_grid,
    slice_step,
)
from rapidicom.labels.tiles import tile_places
from rapidicom.volumes.resampling import later_nearer, resample_slices

__all__ = ["place_segments"]

# What marks numbers of no segment.
_UNKNOWN = 0xFFFFFFFF
# From here on another voxel is nearer, or as near.
_NEAREST = 0.5 - 1e-6
# Places that are farther away than any image has voxels count as outside all the same.
_FAR = 1e9


@dataclass(frozen=True)
class _Places:
    """Where frames are among the voxels of a grid.

    Attributes:
        frames: Which frames, from 0.
        first: Shape (frames, 3): the place of the first pixel of each.
        row_step: The step from row to row: one voxel along one axis, to and fro.
        column_step: The same from column to column.
        most: How far a pixel is from its voxel, in voxels.
        off: Shape (frames, 3): how far the first pixel is from its place.
    """

    frames: npt.NDArray[np.int_]
    first: FloatArray
    row_step: FloatArray
    column_step: FloatArray
    most: float
    off: FloatArray

    @property
    def is_on_grid(self) -> bool:
        """Whether each pixel has a voxel of its own, which is the nearest."""
        steps = np.abs(np.array([self.row_step, self.column_step]))
        is_unit = np.all(steps.sum(axis=1) == 1) and np.all(steps.max(axis=1) == 1)
        return bool(is_unit and self.row_step @ self.column_step == 0 and self.most < _NEAREST)

    @property
    def axis(self) -> int:
        """The axis of the grid whose planes the frames lie in, if they are on it."""
        return 3 - int(np.argmax(np.abs(self.row_step)) + np.argmax(np.abs(self.column_step)))


def _find_places(
    segmentation: Segmentation, grid: LabelGrid, chosen: npt.NDArray[np.int_]
) -> _Places:
    frames = segmentation.frames
    turn, shift = grid.to_index[:, :3], grid.to_index[:, 3]
    first = np.clip(frames.positions[chosen] @ turn.T + shift, -_FAR, _FAR)
    row_step = turn @ frames.row_steps[frames.model]
    column_step = turn @ frames.column_steps[frames.model]
    rows, columns = segmentation.frame_shape
    whole_row, whole_column = np.rint(row_step), np.rint(column_step)
    corners = [
        row * (row_step - whole_row) + column * (column_step - whole_column)
        for row in (0, rows - 1)
        for column in (0, columns - 1)
    ]
    nearest = np.rint(first)
    off = first - nearest
    places = _Places(chosen, nearest, whole_row, whole_column, 0.0, off)
    if (
        not grid.is_even
        and grid.image_axis == 0
        and np.abs(whole_row[0]) + np.abs(whole_column[0]) == 0
    ):
        # Slices are not where whole numbers are.
        slices = np.rint(grid.to_slices(first[:, 0]))
        inside = np.clip(slices, 0, grid.shape[0] - 1).astype(int)
        distance = first[:, 0] - grid.slice_heights[inside]
        is_there = (np.abs(distance) < 0.5) | (slices != inside)
        nearest[:, 0] = slices
        off[:, 0] = np.where(slices == inside, distance, 0.0)
        chosen, nearest, off = chosen[is_there], nearest[is_there], off[is_there]
    most = max((float(np.abs(off + corner).max(initial=0.0)) for corner in corners), default=0.0)
    return replace(places, frames=chosen, first=nearest, most=most, off=off)


def _beside(places: _Places, segmentation: Segmentation, grid: LabelGrid) -> FloatArray:
    """Return how far each frame lies beside the images in their plane, if it is as large as they.

    Images of which the grid is a part may be as large as the part: then nothing is known.
    """
    rows, columns = segmentation.frame_shape
    last = (rows - 1) * places.row_step + (columns - 1) * places.column_step
    extent = np.abs(last[1:]) + 1
    if not grid.is_whole or not np.array_equal(extent, grid.shape[1:]):
        return np.zeros(len(places.first))
    least = places.first[:, 1:] + np.minimum(last[1:], 0)
    return np.asarray(np.abs(least).max(axis=1), dtype=np.float64)


def _drawn(
    segmentation: Segmentation,
    chosen: npt.NDArray[np.int_],
    slices: FloatArray | None,
    beside: FloatArray | None,
) -> list[Drawn]:
    """Return where frames lie along the slices, and on what they were drawn, each once."""
    frames = segmentation.frames
    # One object for all: numbers that are none are not equal otherwise.
    where = [math.nan] * len(chosen) if slices is None else slices.tolist()
    away = [0.0] * len(chosen) if beside is None else beside.tolist()
    images = (tuple(frames.images[frame]) for frame in chosen.tolist())
    found = dict.fromkeys(zip(where, images, away, strict=True))
    return [Drawn(place, [frames.uids[image] for image in own], far) for place, own, far in found]


def _tiled(segmentation: Segmentation, grid: LabelGrid, chosen: npt.NDArray[np.int_]) -> _Places:
    """Return where the tiles of a slide are in its matrix."""
    if not grid.is_slide:
        raise UnsupportedError(
            f"{segmentation.name}: the frames are tiles of a slide, which have no place in a "
            "volume: leave like= out, and they come as one plane"
        )
    first = tile_places(segmentation.dataset, segmentation.frame_shape, chosen)
    down, across = np.array([0.0, 1, 0]), np.array([0.0, 0, 1])
    return _Places(chosen, first, down, across, 0.0, np.zeros_like(first))


def _has_steps_of(segmentation: Segmentation, grid: LabelGrid, places: _Places) -> bool:
    """Return whether slices are as far apart as those of the grid, as far as the file says."""
    frames, axis = segmentation.frames, places.axis
    planes, off = places.first[:, axis], places.off[:, axis]
    order = np.lexsort((off, planes))
    is_same_plane = np.diff(planes[order]) == 0
    if (is_same_plane & (np.diff(off[order]) > SAME_STEP)).any():
        # Several slices for one of the grid.
        return False
    told = slice_step(frames)
    distance, step = grid.plane_distances[axis], grid.spacing[axis]
    if np.isnan(told) or any(abs(told - one) <= SAME_STEP * one for one in (distance, step)):
        return True
    if np.abs(off).max(initial=0.0) > SAME_STEP:
        return False
    # Slices may have gaps between them, and overlap: then each was drawn on the image it lies on.
    return bool(told < distance) or _are_on_images(segmentation, grid, places)


def _are_on_images(segmentation: Segmentation, grid: LabelGrid, places: _Places) -> bool:
    """Return whether each frame was drawn on one image of the grid, and lies where it does.

    Those before the first and after the last are not asked: of a part, their images are left out.
    """
    if places.axis != grid.image_axis:
        return False
    frames = segmentation.frames
    slices = [grid.slices_of.get(uid, []) for uid in frames.uids]
    planes = places.first[:, places.axis].tolist()
    count = grid.shape[places.axis]
    for frame, plane in zip(places.frames.tolist(), planes, strict=True):
        own = [slices[image] for image in frames.images[frame] if slices[image]]
        if 0 <= plane < count and (len(own) != 1 or plane not in own[0]):
            return False
    return True


def place_segments(
    segmentation: Segmentation,
    numbers: Sequence[int],
    values: Sequence[int],
    grid: LabelGrid,
    out: npt.NDArray[Any],
    voxels: str,
    findings: Findings,
    workers: int | None,
) -> int:
    """Put segments where they lie on a grid.

    Args:
        segmentation: Where they are from.
        numbers: Their Segment Numbers.
        values: What voxels of each have in a label map.
        grid: Where they are put.
        out: C-contiguous, of the grid's shape, or with one such array a segment.
        voxels: `label map 8`, `label map 16`, `masks` or `fractions`.
        findings: Where to report.
        workers: Threads.

    Returns:
        How many voxels of a label map several segments claim.
    """
    chosen = _frames_of(segmentation, numbers, findings)
    surplus = segmentation.frames.item_count - segmentation.frame_count
    if surplus > 0:
        findings.note(
            "frame_count",
            f"Number of Frames says {segmentation.frame_count:,}, but {surplus:,} more have "
            "functional groups",
            [segmentation.name],
            surplus_count=surplus,
        )
    if not len(chosen):
        return 0
    wanted = _Wanted(segmentation, numbers, values, chosen, voxels, findings, workers)
    if segmentation.is_tiled:
        return _put(wanted, _tiled(segmentation, grid, chosen), 0, grid.shape, out)
    check_planes(segmentation, chosen)
    places = _find_places(segmentation, grid, chosen)
    is_on_grid = places.is_on_grid and _has_steps_of(segmentation, grid, places)
    axis = places.axis if is_on_grid else 0
    is_along = is_on_grid and axis == grid.image_axis
    grid.report(axis, segmentation.name, findings)
    drawn = _drawn(
        segmentation,
        places.frames if is_along else chosen,
        places.first[:, axis] if is_along else None,
        _beside(places, segmentation, grid) if is_along and axis == 0 else None,
    )
    uids = [segmentation.frame_of_reference_uid]
    hold_against(grid, drawn, uids, segmentation.name, findings)
    if not is_on_grid:
        return _put_nearest(wanted, grid, out)
    if between := len(chosen) - len(places.frames):
        findings.note(
            "off_slices",
            f"{counted(between, 'frame')} lie where the images have no slice, and are left out",
            [segmentation.name],
            frame_count=between,
        )
    if places.most > ON_GRID:
        findings.note(
            "grid_differs",
            f"the segmentation lies up to {places.most:.2g} of a voxel off the grid of the "
            "images: each voxel has the value of the nearest",
            [segmentation.name],
            most_voxels=places.most,
        )
    return _put(replace(wanted, chosen=places.frames), places, axis, grid.shape, out)


@dataclass(frozen=True)
class _Wanted:
    """Segments that are put somewhere, as `place_segments` takes them."""

    segmentation: Segmentation
    numbers: Sequence[int]
    values: Sequence[int]
    chosen: npt.NDArray[np.int_]
    voxels: str
    findings: Findings
    workers: int | None


def _frames_of(
    segmentation: Segmentation, numbers: Sequence[int], findings: Findings
) -> npt.NDArray[np.int_]:
    """Return the frames that show these segments, those of the first segment first."""
    frames = segmentation.frames
    if segmentation.kind == "LABELMAP":
        return np.arange(segmentation.frame_count)
    shown = frames.segment_numbers
    known = np.isin(shown, list(segmentation.segments))
    unknown = int((~known).sum())
    if unknown:
        findings.error(
            "unknown_segment",
            f"{counted(unknown, 'frame')} show a segment that Segment Sequence does not have",
            [segmentation.name],
            frame_count=unknown,
        )
    ranks = np.full(MOST_SEGMENT + 1, -1)
    ranks[list(numbers)] = np.arange(len(numbers))
    of_frames = np.where(known, ranks[np.where(known, shown, 0).astype(int)], -1)
    wanted = np.flatnonzero(of_frames >= 0)
    return wanted[np.argsort(of_frames[wanted], kind="stable")]


def _put(
    wanted: _Wanted,
    places: _Places,
    axis: int,
    shape: tuple[int, int, int],
    out: npt.NDArray[Any],
) -> int:
    """Put each pixel into its voxel; see `place_segments`."""
    axes = [axis, *(one for one in range(3) if one != axis)]
    leading = out.ndim - 3
    order = [*range(leading), *(leading + one for one in axes)]
    target = out if axis == 0 else np.ascontiguousarray(out.transpose(order))
    table = _table(wanted, places, axes, shape, is_labelled=not leading)
    segmentation = wanted.segmentation
    lookup: list[int] = []
    if segmentation.kind == "LABELMAP":
        lookup = _lookup(wanted)
    overlap, outside, unknown, partial, damaged, error = _core.place_frames(
        segmentation.reader,
        table,
        segmentation.kind,
        segmentation.most,
        lookup,
        wanted.voxels,
        target.shape[-2] * target.shape[-1],
        as_bytes(target),
        wanted.workers,
        None,
    )
    if target is not out:
        out[...] = target.transpose(np.argsort(order))
    _report(wanted, outside, unknown, partial)
    if error is not None:
        if len(damaged) == len(np.unique(table[:, 0])):
            raise error
        wanted.findings.damage(segmentation.name, damaged, error)
    return overlap


def _table(
    wanted: _Wanted,
    places: _Places,
    axes: list[int],
    shape: tuple[int, int, int],
    *,
    is_labelled: bool,
) -> npt.NDArray[np.int64]:
    """Return a row a frame, as `_core.place_frames` takes them."""
    slices, rows, columns = (shape[one] for one in axes)
    first = places.first[:, axes].astype(np.int64)
    row_step, column_step = places.row_step[axes], places.column_step[axes]
    strides = np.array([0, columns, 1])
    by_row, by_column = int(row_step @ strides), int(column_step @ strides)
    frame_rows, frame_columns = wanted.segmentation.frame_shape
    row_range = _range(first, row_step, (slices, rows, columns), frame_rows)
    column_range = _range(first, column_step, (slices, rows, columns), frame_columns)
    ranks = _ranks(wanted)
    planes = first[:, 0]
    table = np.empty((len(first), 10), np.int64)
    table[:, 0] = wanted.chosen
    table[:, 1] = planes if is_labelled else planes + ranks * slices
    table[:, 2] = first @ strides
    table[:, 3], table[:, 4] = by_row, by_column
    table[:, 5], table[:, 6] = row_range
    table[:, 7], table[:, 8] = column_range
    table[:, 9] = np.asarray(wanted.values)[ranks] if len(wanted.values) else 0
    is_there = (planes >= 0) & (planes < slices)
    _check_twice(wanted, np.column_stack([planes, ranks, table[:, 2]]))
    gone = int((~is_there).sum())
    if gone:
        wanted.findings.note(
            "outside",
            f"{counted(gone, 'frame')} of the segmentation lie before the first slice of the "
            "images or after the last",
            [wanted.segmentation.name],
            frame_count=gone,
        )
    return np.ascontiguousarray(table[is_there])


def _ranks(wanted: _Wanted) -> npt.NDArray[np.int_]:
    """Return which of the wanted segments each frame shows; of a label map, the first."""
    if wanted.segmentation.kind == "LABELMAP":
        return np.zeros(len(wanted.chosen), int)
    ranks = {number: rank for rank, number in enumerate(wanted.numbers)}
    shown = wanted.segmentation.frames.segment_numbers[wanted.chosen]
    return np.array([ranks[int(number)] for number in shown.tolist()])


def _range(
    first: npt.NDArray[np.int64], step: FloatArray, shape: tuple[int, ...], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return which rows of each frame, or columns, are in the grid: the first, and the last + 1."""
    axis = int(np.argmax(np.abs(step)))
    start, end = first[:, axis], shape[axis]
    if step[axis] > 0:
        low, high = -start, end - start
    else:
        low, high = start - end + 1, start + 1
    low, high = np.clip(low, 0, count), np.clip(high, 0, count)
    return low, np.maximum(low, high)


def _check_twice(wanted: _Wanted, keys: npt.NDArray[np.int64]) -> None:
    twice = len(keys) - len(np.unique(keys, axis=0))
    if twice:
        wanted.findings.error(
            "duplicate_position",
            f"{counted(twice, 'frame')} show a segment where another frame shows it too",
            [wanted.segmentation.name],
            frame_count=twice,
        )


def _lookup(wanted: _Wanted) -> list[int]:
    """Return what the numbers of a label map become: 0 is nothing, `_UNKNOWN` of no segment."""
    segmentation = wanted.segmentation
    padding = as_integer(segmentation.dataset.get("PixelPaddingValue")) or 0
    nothing = [number for number in (0, padding) if 0 <= number <= MOST_SEGMENT]
    table = [_UNKNOWN] * (max([*nothing, *segmentation.segments]) + 1)
    for number in [*nothing, *segmentation.segments]:
        table[number] = 0
    for number, value in zip(wanted.numbers, wanted.values, strict=True):
        table[number] = value
    return table


def _report(wanted: _Wanted, outside: int, unknown: int, partial: int) -> None:
    name, findings = wanted.segmentation.name, wanted.findings
    if outside:
        findings.note(
            "outside",
            f"{counted(outside, 'pixel')} of segments lie outside of the images",
            [name],
            voxel_count=outside,
        )
    if unknown and wanted.segmentation.kind == "FRACTIONAL":
        findings.error(
            "fractional",
            f"{counted(unknown, 'pixel')} exceed Maximum Fractional Value, and count as full",
            [name],
            voxel_count=unknown,
        )
    elif unknown:
        findings.error(
            "unknown_segment",
            f"{counted(unknown, 'pixel')} have the number of a segment that Segment Sequence does "
            "not have",
            [name],
            voxel_count=unknown,
        )
    if partial and wanted.voxels != "fractions":
        findings.note(
            "fractional",
            f"{counted(partial, 'pixel')} are neither empty nor full: those of half or more of "
            "Maximum Fractional Value count as full",
            [name],
            voxel_count=partial,
        )


def _put_nearest(wanted: _Wanted, grid: LabelGrid, out: npt.NDArray[Any]) -> int:
    """Put into each voxel what the nearest pixel has; see `place_segments`."""
    segmentation = wanted.segmentation
    own = own_grid([segmentation], wanted.findings, are_as_thick=True)
    wanted.findings.note(
        "grid_differs",
        "the segmentation has another grid than the images: each voxel has the value of the "
        "nearest",
        [segmentation.name],
    )
    if out.ndim == 3:
        overlap = _put_nearest_map(wanted, own, grid, out)
        empty = int(not any(np.isin(plane, wanted.values).any() for plane in out))
    else:
        overlap, empty = _put_nearest_each(wanted, own, grid, out)
    if empty:
        none = "none of the segments has" if out.ndim == 3 else f"{counted(empty, 'segment')} have"
        wanted.findings.note(
            "empty_label",
            f"{none} a voxel of the images: the centre of none lies in a pixel of the segmentation",
            [segmentation.name],
            label_count=empty if out.ndim == 4 else len(wanted.values),
        )
    return overlap


def _put_nearest_each(
    wanted: _Wanted, own: LabelGrid, grid: LabelGrid, out: npt.NDArray[Any]
) -> tuple[int, int]:
    """Do so for an array a segment; return also how many with frames have no voxel."""
    overlap = empty = 0
    # One array at a time: those of all segments may be as large as all of memory.
    frames = _ranks(wanted)
    for rank, (number, value) in enumerate(zip(wanted.numbers, wanted.values, strict=True)):
        chosen = wanted.chosen[frames == rank]
        if len(chosen):
            one = replace(wanted, numbers=[number], values=[value], chosen=chosen)
            overlap += _put_nearest_map(one, own, grid, out[rank])
            empty += not out[rank].any()
    return overlap, empty


def _put_nearest_map(
    wanted: _Wanted, own: LabelGrid, grid: LabelGrid, out: npt.NDArray[Any]
) -> int:
    source = np.zeros(own.shape, out.dtype)
    places = _find_places(wanted.segmentation, own, wanted.chosen)
    is_map = wanted.voxels.startswith("label map")
    overlap = _put(wanted, places, 0, own.shape, source if is_map else source[np.newaxis])
    to_index = own.to_index @ grid.affine
    off = None if grid.is_even or grid.image_axis else grid.off_affine
    # What others have put there stays where this one has nothing.
    target = np.empty_like(out) if is_map and out.any() else out
    resample_slices(source, target, to_index, off, 0, 0.0, later_nearer(own.affine), wanted.workers)
    if target is out:
        return overlap
    claimed = int(np.count_nonzero((out != 0) & (target != 0) & (out != target)))
    np.copyto(out, target, where=target != 0)
    return overlap + claimed
