"""Segmentations (PS3.3 §C.8.20) on a grid: frames where they lie, or their nearest voxels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rapidicom import _core
from rapidicom._common.arrays import as_bytes
from rapidicom._common.errors import InvalidDicomError, MissingElementError, UnsupportedError
from rapidicom._common.items import items
from rapidicom._common.numbers import as_integer, integer
from rapidicom._dataset.dataset import Dataset
from rapidicom.labels.findings import Findings, counted
from rapidicom.labels.grid import FloatArray, LabelGrid
from rapidicom.labels.opening import data_set
from rapidicom.labels.references import Drawn, hold_against
from rapidicom.labels.tiles import (
    is_tiled,
    matrix_affine,
    matrix_shape,
    tile_places,
    tile_segments,
)

__all__ = ["Segmentation", "open_segmentation", "own_grid", "place_segments"]

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
# Segment Numbers are of 16 bits.
_MOST_SEGMENT = 0xFFFF
# What marks numbers of no segment; a label of that value would need 65535 of them.
_UNKNOWN = 0xFFFF
# How far frames may be from voxels of the grid, in voxels, to lie on them: cosines are written
# with six decimals at most, positions with a few.
_ON_GRID = 0.05
# From here on another voxel is nearer.
_NEAREST = 0.5
# The most that distances of slices may differ, as a part of them, to be the same.
_SAME_STEP = 0.1
# Cosines and spacings of frames of one plane.
_SAME_COSINE = 1e-4
# Slices of one own grid: a spacing of a micrometre would otherwise ask for any amount of memory.
_MOST_SLICES = 1 << 13


@dataclass(frozen=True)
class Segmentation:
    """A segmentation whose pixels have not been read.

    Attributes:
        name: What a report calls it.
        dataset: Its data set.
        kind: Segmentation Type: `BINARY`, `FRACTIONAL` or `LABELMAP`.
        reader: Its pixels.
        frame_count: How many frames it has.
        segments: Items of Segment Sequence by Segment Number.
    """

    name: str
    dataset: Dataset
    kind: str
    reader: _core.PixelReader
    frame_count: int
    segments: dict[int, Any]
    most: int

    @cached_property
    def frames(self) -> _Frames:
        """Where its frames are, and what they show."""
        found = _core.read_segmentation_frames(self.dataset, self.frame_count, None)
        if found is None:
            # Functional groups that were looked at are read as they are in memory now.
            from rapidicom.integrations.pydicom_dataset import to_pydicom

            again = data_set(to_pydicom(self.dataset))
            found = _core.read_segmentation_frames(again, self.frame_count, None)
        if found is None or not len(found.positions):
            raise InvalidDicomError(
                f"{self.name}: the segmentation has no functional groups, which say where its "
                "frames lie",
                tag=_core.keyword_tag("PerFrameFunctionalGroupsSequence"),
            )
        frames = _Frames(found)
        if self.is_tiled:
            segments = tile_segments(
                self.dataset, list(self.segments), self.frame_shape, self.frame_count
            )
            frames.segment_numbers = frames.segment_numbers if segments is None else segments
        return frames

    @property
    def is_tiled(self) -> bool:
        """Whether its frames are tiles of a slide."""
        return is_tiled(self.dataset)

    @property
    def frame_shape(self) -> tuple[int, int]:
        """Rows and columns of a frame."""
        rows, columns = self.reader.frame_shape(0)[:2]
        return rows, columns

    @property
    def frame_of_reference_uid(self) -> str:
        """Frame of Reference UID; empty if it is absent."""
        return str(self.dataset.get("FrameOfReferenceUID") or "")


class _Frames:
    """Where the frames of a segmentation are, and what they show."""

    def __init__(self, found: _core.SegmentationFrames) -> None:
        self.positions = found.positions.reshape(-1, 3)
        self.orientations = found.orientations.reshape(-1, 6)
        self.spacings = found.spacings.reshape(-1, 2)
        self.slice_spacings = np.abs(found.slice_spacings)
        self.slice_thicknesses = found.slice_thicknesses
        self.segment_numbers = found.segment_numbers
        self.images = found.images
        self.item_count = found.item_count
        self.uids = found.uids

    @property
    def row_steps(self) -> FloatArray:
        """From row to row, in mm; shape (frames, 3)."""
        return self.orientations[:, 3:] * self.spacings[:, :1]

    @property
    def column_steps(self) -> FloatArray:
        """From column to column, in mm; shape (frames, 3)."""
        return self.orientations[:, :3] * self.spacings[:, 1:]


def open_segmentation(name: str, dataset: Dataset) -> Segmentation:
    """Find what a segmentation consists of.

    Raises:
        InvalidDicomError: It contradicts itself, or lacks what it needs.
        UnsupportedError: It is of a type that is not known.
    """
    if not any(keyword in dataset for keyword in _PIXELS):
        raise MissingElementError(
            f"{name}: the segmentation has no PixelData", tag=_core.keyword_tag("PixelData")
        )
    reader = _core.PixelReader.of(dataset)
    kind = str(dataset.get("SegmentationType") or "")
    if kind not in ("BINARY", "FRACTIONAL", "LABELMAP"):
        # Not shown: in a damaged file it can be any text.
        raise UnsupportedError(
            f"{name}: its SegmentationType is not BINARY, FRACTIONAL or LABELMAP",
            tag=_core.keyword_tag("SegmentationType"),
        )
    segments: dict[int, Any] = {}
    for segment in items(dataset, "SegmentSequence"):
        number = integer(segment, "SegmentNumber", 0, _MOST_SEGMENT)
        if number in segments:
            raise InvalidDicomError(
                f"{name}: two segments have the same SegmentNumber, {number}",
                tag=_core.keyword_tag("SegmentNumber"),
            )
        # What is 0 in a label map is background.
        if number:
            segments[number] = segment
    most = 1
    if kind == "FRACTIONAL":
        most = integer(dataset, "MaximumFractionalValue", 1, _MOST_SEGMENT)
    return Segmentation(name, dataset, kind, reader, int(reader.said_frame_count), segments, most)


def own_grid(segmentations: Sequence[Segmentation], findings: Findings) -> LabelGrid:
    """Return the grid of segmentations that share one, for labels without images.

    Slices rise along the normal of the frames, as those of volumes do.

    Raises:
        ValueError: They do not share one.
        IrregularSeriesError: Their frames are on none; raised by `Findings.check`.
    """
    grids = [_own_grid(one, findings) for one in segmentations]
    first = grids[0]
    for other in grids[1:]:
        places = first.to_index @ other.affine
        is_same = np.allclose(places[:, :3], np.eye(3), atol=1e-3)
        shift = places[:, 3]
        if not is_same or np.abs(shift - np.rint(shift)).max() > _ON_GRID:
            raise ValueError(
                "the segmentations have different grids: pass like=, the images' volume, to put "
                "them on one"
            )
    ends = [(first.to_index @ one.affine)[:, 3] for one in grids]
    low = np.rint(np.min(ends, axis=0))
    high = np.rint(np.max([end + one.shape for end, one in zip(ends, grids, strict=True)], axis=0))
    slices, rows, columns = (high - low).astype(int).tolist()
    affine = first.affine.copy()
    affine[:3, 3] = (first.affine @ np.array([*low, 1.0]))[:3]
    uids = {one.frame_of_reference_uid for one in segmentations} - {""}
    if len(uids) > 1:
        findings.error(
            "frame_of_reference",
            "the segmentations have different Frames of Reference",
            [one.name for one in segmentations],
        )
    is_slide = any(one.is_slide for one in grids)
    return LabelGrid((slices, rows, columns), affine, next(iter(uids), ""), {}, is_slide=is_slide)


def _own_grid(segmentation: Segmentation, findings: Findings) -> LabelGrid:
    frames, name = segmentation.frames, segmentation.name
    if segmentation.is_tiled:
        affine = matrix_affine(segmentation.dataset, frames.spacings[0])
        shape = (1, *matrix_shape(segmentation.dataset))
        return LabelGrid(shape, affine, "", {}, is_slide=True)
    every = np.arange(len(frames.positions))
    _check_planes(segmentation, every)
    orientation, spacing = frames.orientations[0], frames.spacings[0]
    normal = np.cross(orientation[:3], orientation[3:])
    along = frames.positions @ normal
    order = np.argsort(along, kind="stable")
    rising = along[order]
    least = min(0.01, np.abs(spacing).min() * 0.01)
    is_new = np.concatenate([[True], np.diff(rising) > least])
    first_of = order[is_new]
    heights, origins = along[first_of], frames.positions[first_of]
    step_length = _slice_step(frames)
    places = np.zeros(1, int)
    step = normal * (1.0 if np.isnan(step_length) else step_length)
    if len(heights) > 1:
        found = _places(heights, step_length)
        if found is None:
            findings.error(
                "uneven_spacing",
                f"the {len(heights):,} positions of its frames are on no grid of even spacing",
                [name],
                slice_count=len(heights),
            )
            found = np.arange(len(heights))
        places = found
        step = (origins[-1] - origins[0]) / places[-1]
        off = np.linalg.norm(origins - origins[0] - places[:, np.newaxis] * step, axis=1).max()
        if off > _SAME_STEP * np.linalg.norm(step):
            findings.error(
                "uneven_spacing",
                f"positions of its frames are up to {off:.3g} mm off a grid of even spacing",
                [name],
                most_mm=float(off),
            )
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 3] = step, origins[0]
    affine[:3, 1] = frames.row_steps[0]
    affine[:3, 2] = frames.column_steps[0]
    rows, columns = segmentation.reader.frame_shape(0)[:2]
    return LabelGrid((int(places[-1]) + 1, rows, columns), affine, "", {})


def _slice_step(frames: _Frames) -> float:
    """Return how far slices are apart as the file says, in mm; NaN if it does not."""
    for told in (frames.slice_spacings, frames.slice_thicknesses):
        if np.all(told == told[0]) and told[0] > 0:
            return float(told[0])
    return np.nan


def _places(heights: FloatArray, told: float) -> npt.NDArray[np.int_] | None:
    """Return how many steps each slice is from the first, or `None` if they are on no grid."""
    gaps = np.diff(heights)
    near = gaps[np.abs(gaps - told) <= _SAME_STEP * told] if told > 0 else gaps[:0]
    candidates = [told, near.mean() if len(near) else np.nan, gaps.min()]
    for step in candidates:
        if not step > 0 or (heights[-1] - heights[0]) / step >= _MOST_SLICES:
            continue
        exact = (heights - heights[0]) / step
        places = np.rint(exact)
        if np.abs(exact - places).max() <= _SAME_STEP and np.all(np.diff(places) >= 1):
            return np.asarray(places, dtype=int)
    return None


def _check_planes(segmentation: Segmentation, chosen: npt.NDArray[np.int_]) -> None:
    """Raise if frames have no place, or are of different planes."""
    frames, name = segmentation.frames, segmentation.name
    for keyword, values in (
        ("ImagePositionPatient", frames.positions),
        ("ImageOrientationPatient", frames.orientations),
        ("PixelSpacing", frames.spacings),
    ):
        missing = int(np.isnan(values[chosen]).any(axis=1).sum())
        if missing:
            raise InvalidDicomError(
                f"{name}: {counted(missing, 'frame')} of {len(values):,} lack {keyword}, so that "
                "nobody knows where they lie",
                tag=_core.keyword_tag(keyword),
            )
    orientations, spacings = frames.orientations[chosen], frames.spacings[chosen]
    lengths = np.linalg.norm(orientations.reshape(-1, 2, 3), axis=2)
    if np.abs(lengths - 1).max() > 1e-2 or not (spacings > 0).all():
        raise InvalidDicomError(f"{name}: the planes of its frames are none")
    is_same = (
        np.abs(orientations - orientations[0]).max() <= _SAME_COSINE
        and np.abs(spacings / spacings[0] - 1).max() <= _SAME_COSINE
    )
    if not is_same:
        raise UnsupportedError(
            f"{name}: its frames lie in planes of different directions or spacings"
        )


@dataclass(frozen=True)
class _Places:
    """Where frames are among the voxels of a grid.

    Attributes:
        first: Shape (frames, 3): the place of the first pixel of each.
        row_step: The step from row to row: one voxel along one axis, to and fro.
        column_step: The same from column to column.
        most: How far a pixel is from its voxel, in voxels.
    """

    first: FloatArray
    row_step: FloatArray
    column_step: FloatArray
    most: float

    @property
    def is_on_grid(self) -> bool:
        """Whether each pixel has a voxel of its own, which is the nearest."""
        steps = np.abs(np.array([self.row_step, self.column_step]))
        is_unit = np.all(steps.sum(axis=1) == 1) and np.all(steps.max(axis=1) == 1)
        return bool(is_unit and self.row_step @ self.column_step == 0 and self.most < _NEAREST)


def _find_places(
    segmentation: Segmentation, grid: LabelGrid, chosen: npt.NDArray[np.int_]
) -> _Places:
    frames = segmentation.frames
    turn, shift = grid.to_index[:, :3], grid.to_index[:, 3]
    first = frames.positions[chosen] @ turn.T + shift
    row_step = turn @ frames.row_steps[chosen[0]]
    column_step = turn @ frames.column_steps[chosen[0]]
    rows, columns = segmentation.reader.frame_shape(0)[:2]
    whole_row, whole_column = np.rint(row_step), np.rint(column_step)
    corners = [
        row * (row_step - whole_row) + column * (column_step - whole_column)
        for row in (0, rows - 1)
        for column in (0, columns - 1)
    ]
    off = first - np.rint(first)
    most = max(float(np.abs(off + corner).max()) for corner in corners)
    return _Places(np.rint(first), whole_row, whole_column, most)


def _drawn(
    segmentation: Segmentation,
    chosen: npt.NDArray[np.int_],
    slices: FloatArray | None,
) -> list[Drawn]:
    """Return where frames lie along the slices, and on what they were drawn, each once."""
    frames = segmentation.frames
    # One object for all: numbers that are none are not equal otherwise.
    where = [math.nan] * len(chosen) if slices is None else slices.tolist()
    images = (tuple(frames.images[frame]) for frame in chosen.tolist())
    found = dict.fromkeys(zip(where, images, strict=True))
    return [Drawn(place, [frames.uids[image] for image in own]) for place, own in found]


def _tiled(segmentation: Segmentation, grid: LabelGrid, chosen: npt.NDArray[np.int_]) -> _Places:
    """Return where the tiles of a slide are in its matrix."""
    if not grid.is_slide:
        raise UnsupportedError(
            f"{segmentation.name}: the frames are tiles of a slide, which have no place in a "
            "volume: leave like= out, and they come as one plane"
        )
    first = tile_places(segmentation.dataset, segmentation.frame_shape, chosen)
    down, across = np.array([0.0, 1, 0]), np.array([0.0, 0, 1])
    return _Places(first, down, across, 0.0)


def _has_steps_of(segmentation: Segmentation, grid: LabelGrid, axis: int) -> bool:
    """Return whether slices are as far apart as those of the grid, as far as the file says."""
    frames = segmentation.frames
    told = _slice_step(frames)
    distance = 1 / float(np.linalg.norm(grid.to_index[axis, :3]))
    step = grid.spacing[axis]
    is_same = [abs(told - one) <= _SAME_STEP * one for one in (distance, step)]
    return bool(np.isnan(told) or any(is_same) or told < distance)


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
    _check_planes(segmentation, chosen)
    places = _find_places(segmentation, grid, chosen)
    axis = 3 - int(np.argmax(np.abs(places.row_step)) + np.argmax(np.abs(places.column_step)))
    is_on_grid = places.is_on_grid and _has_steps_of(segmentation, grid, axis)
    is_along = is_on_grid and axis == 0
    drawn = _drawn(segmentation, chosen, places.first[:, 0] if is_along else None)
    uids = [segmentation.frame_of_reference_uid]
    hold_against(grid, drawn, uids, segmentation.name, findings)
    if is_on_grid:
        if places.most > _ON_GRID:
            findings.note(
                "grid_differs",
                f"the segmentation lies up to {places.most:.2g} of a voxel off the grid of the "
                "images: each voxel has the value of the nearest",
                [segmentation.name],
                most_voxels=places.most,
            )
        return _put(wanted, places, axis, grid.shape, out)
    return _put_nearest(wanted, grid, out)


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
    ranks = np.full(_MOST_SEGMENT + 1, -1)
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
    overlap, outside, unknown, partial = _core.place_frames(
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
    frame_rows, frame_columns = wanted.segmentation.reader.frame_shape(0)[:2]
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
    nothing = [number for number in (0, padding) if 0 <= number <= _MOST_SEGMENT]
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
    if unknown:
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
    own = own_grid([segmentation], wanted.findings)
    leading = out.shape[:-3]
    source = np.zeros((*leading, *own.shape), out.dtype)
    places = _find_places(segmentation, own, wanted.chosen)
    overlap = _put(wanted, places, 0, own.shape, source)
    to_index = own.to_index @ grid.affine
    wanted.findings.note(
        "grid_differs",
        "the segmentation has another grid than the images: each voxel has the value of the "
        "nearest",
        [segmentation.name],
    )
    target = np.empty_like(out)
    for one, into in zip(
        source.reshape(-1, *own.shape), target.reshape(-1, *grid.shape), strict=True
    ):
        _core.resample(
            as_bytes(one), one.dtype.name, list(own.shape), list(grid.shape), to_index.tolist(),
            0, 0.0, as_bytes(into), wanted.workers, None,
        )  # fmt: skip
    claimed = int(np.count_nonzero((out != 0) & (target != 0) & (out != target)))
    np.copyto(out, target, where=target != 0)
    return overlap + (claimed if not leading else 0)
