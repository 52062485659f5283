"""Segmentations (PS3.3 §C.8.20): what their frames are, and the grid that they lie on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rapidicom import _core
from rapidicom._common.errors import InvalidDicomError, MissingElementError, UnsupportedError
from rapidicom._common.items import items
from rapidicom._common.numbers import integer
from rapidicom._dataset.dataset import Dataset
from rapidicom.labels.findings import Findings, counted
from rapidicom.labels.grid import FloatArray, LabelGrid
from rapidicom.labels.opening import data_set
from rapidicom.labels.tiles import (
    is_tiled,
    matrix_affine,
    matrix_shape,
    tile_segments,
)

__all__ = [
    "MOST_SEGMENT",
    "ON_GRID",
    "SAME_STEP",
    "Segmentation",
    "check_planes",
    "open_segmentation",
    "own_grid",
    "slice_step",
]

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
# Segment Numbers are of 16 bits.
MOST_SEGMENT = 0xFFFF
# How far frames may be from voxels of the grid, in voxels, to lie on them: cosines are written
# with six decimals at most, positions with a few.
ON_GRID = 0.05
# The most that distances of slices may differ, as a part of them, to be the same.
SAME_STEP = 0.1
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

    @cached_property
    def model(self) -> int:
        """The frame whose plane is taken for that of all: the same one in any order of frames."""
        planes = np.column_stack([self.orientations, self.spacings])
        if (planes == planes[0]).all():
            return 0
        return int(np.lexsort(planes.T[::-1])[0])

    @property
    def row_steps(self) -> FloatArray:
        """From row to row, in mm; shape (frames, 3)."""
        return self.orientations[:, 3:] * self.spacings[:, :1]

    @property
    def column_steps(self) -> FloatArray:
        """From column to column, in mm; shape (frames, 3)."""
        return self.orientations[:, :3] * self.spacings[:, 1:]


def _reader(dataset: Dataset) -> _core.PixelReader:
    """Return the pixels.

    If native pixels are cut short and the per-frame groups confirm Number of Frames, missing frames
    count as damaged.
    """
    try:
        return _core.PixelReader.of(dataset)
    except InvalidDicomError:
        groups = dataset.get("PerFrameFunctionalGroupsSequence") or ()
        # Otherwise it may be their number that is wrong, or that of their bits (PS3.3 §C.8.20.2).
        is_packed = dataset.get("BitsAllocated") == 1
        has_other_bits = dataset.get("SegmentationType") == "BINARY" and not is_packed
        if has_other_bits or len(groups) != dataset.get("NumberOfFrames"):
            raise
    return _core.PixelReader.of(dataset, may_be_cut=True)


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
    reader = _reader(dataset)
    kind = str(dataset.get("SegmentationType") or "")
    if kind not in ("BINARY", "FRACTIONAL", "LABELMAP"):
        # Not shown: in a damaged file it can be any text.
        raise UnsupportedError(
            f"{name}: its SegmentationType is not BINARY, FRACTIONAL or LABELMAP",
            tag=_core.keyword_tag("SegmentationType"),
        )
    segments: dict[int, Any] = {}
    for segment in items(dataset, "SegmentSequence"):
        number = integer(segment, "SegmentNumber", 0, MOST_SEGMENT)
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
        most = integer(dataset, "MaximumFractionalValue", 1, MOST_SEGMENT)
    return Segmentation(name, dataset, kind, reader, int(reader.said_frame_count), segments, most)


def own_grid(
    segmentations: Sequence[Segmentation], findings: Findings, *, are_as_thick: bool = False
) -> LabelGrid:
    """Return the grid of segmentations that share one, for labels without images.

    Slices rise along the normal of the frames, as those of volumes do. They are as far apart as
    Spacing Between Slices says, or as the nearest two of the frames.

    Args:
        segmentations: The segmentations.
        findings: Where to report.
        are_as_thick: Whether they are rather as far apart as thick, where their spacing is not
            said: then no frame covers more than it was drawn on.

    Raises:
        ValueError: They do not share one.
        IrregularSeriesError: Their frames are on none; raised by `Findings.check`.
    """
    # The nearest frames of several objects may be differently many slices apart.
    are_as_thick = are_as_thick or len(segmentations) > 1
    grids = [_own_grid(one, findings, are_as_thick) for one in segmentations]
    first = grids[0]
    for other in grids[1:]:
        places = first.to_index @ other.affine
        is_same = np.allclose(places[:, :3], np.eye(3), atol=1e-3)
        shift = places[:, 3]
        if not is_same or np.abs(shift - np.rint(shift)).max() > ON_GRID:
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


def _own_grid(segmentation: Segmentation, findings: Findings, are_as_thick: bool) -> LabelGrid:
    frames, name = segmentation.frames, segmentation.name
    if segmentation.is_tiled:
        affine = matrix_affine(segmentation.dataset, frames.spacings[0])
        shape = (1, *matrix_shape(segmentation.dataset))
        return LabelGrid(shape, affine, "", {}, is_slide=True)
    every = np.arange(len(frames.positions))
    check_planes(segmentation, every)
    orientation, spacing = frames.orientations[frames.model], frames.spacings[frames.model]
    normal = np.cross(orientation[:3], orientation[3:])
    along = frames.positions @ normal
    # By the places alone: the order of stored frames decides nothing.
    order = np.lexsort((*frames.positions.T[::-1], along))
    rising = along[order]
    least = min(0.01, np.abs(spacing).min() * 0.01)
    is_new = np.concatenate([[True], np.diff(rising) > least])
    first_of = order[is_new]
    heights, origins = along[first_of], frames.positions[first_of]
    step_length = slice_step(frames)
    places = np.zeros(1, int)
    step = normal * (1.0 if np.isnan(step_length) else step_length)
    if len(heights) > 1:
        told = step_length if are_as_thick else _same(frames.slice_spacings)
        found = _places(heights, told, step_length)
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
        if off > SAME_STEP * np.linalg.norm(step):
            findings.error(
                "uneven_spacing",
                f"positions of its frames are up to {off:.3g} mm off a grid of even spacing",
                [name],
                most_mm=float(off),
            )
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 3] = step, origins[0]
    affine[:3, 1] = frames.row_steps[frames.model]
    affine[:3, 2] = frames.column_steps[frames.model]
    rows, columns = segmentation.frame_shape
    return LabelGrid((int(places[-1]) + 1, rows, columns), affine, "", {})


def slice_step(frames: _Frames) -> float:
    """Return how far slices are apart as the file says, in mm; NaN if it does not."""
    spacing = _same(frames.slice_spacings)
    return _same(frames.slice_thicknesses) if np.isnan(spacing) else spacing


def _same(lengths: FloatArray) -> float:
    """Return the length that all are of; NaN if they are of several, or of none."""
    length = float(lengths[0])
    return length if length > 0 and np.all(lengths == length) else np.nan


def _places(heights: FloatArray, told: float, thickness: float) -> npt.NDArray[np.int_] | None:
    """Return how many steps each slice is from the first, or `None` if they are on no grid."""
    gaps = np.diff(heights)
    near = gaps[np.abs(gaps - told) <= SAME_STEP * told] if told > 0 else gaps[:0]
    candidates = [told, near.mean() if len(near) else np.nan, gaps.min(), thickness]
    for step in candidates:
        if not step > 0 or (heights[-1] - heights[0]) / step >= _MOST_SLICES:
            continue
        exact = (heights - heights[0]) / step
        places = np.rint(exact)
        if np.abs(exact - places).max() <= SAME_STEP and np.all(np.diff(places) >= 1):
            return np.asarray(places, dtype=int)
    return None


def check_planes(segmentation: Segmentation, chosen: npt.NDArray[np.int_]) -> None:
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
    with np.errstate(over="ignore"):
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
