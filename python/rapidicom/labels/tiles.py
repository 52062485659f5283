"""Segmentations of slides: tiles of a total pixel matrix (PS3.3 §C.8.12.14, §C.7.6.17.3)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from rapidicom import _core
from rapidicom._common.errors import InvalidDicomError
from rapidicom._common.items import items
from rapidicom._common.numbers import as_float, integer
from rapidicom._dataset.dataset import Dataset

__all__ = ["is_tiled", "matrix_affine", "matrix_shape", "tile_places", "tile_segments"]

# Rows and columns of a slide at full resolution stay below; labels are of one byte and more.
_MOST_SIDE = 1 << 20


def is_tiled(dataset: Dataset) -> bool:
    """Return whether frames are tiles of a slide, which have places in a matrix."""
    return "TotalPixelMatrixRows" in dataset and "ImageOrientationSlide" in dataset


def matrix_shape(dataset: Dataset) -> tuple[int, int]:
    """Return the rows and columns of the total pixel matrix.

    Raises:
        InvalidDicomError: It has none.
    """
    keywords = ("TotalPixelMatrixRows", "TotalPixelMatrixColumns")
    rows, columns = (integer(dataset, keyword, 1, _MOST_SIDE) for keyword in keywords)
    return rows, columns


def matrix_affine(dataset: Dataset, spacing: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the affine of the total pixel matrix: to millimetres of the slide.

    Args:
        dataset: The segmentation.
        spacing: Pixel Spacing: between rows, between columns.

    Raises:
        InvalidDicomError: The slide's orientation or origin, or the spacing, are none.
    """
    cosines = np.array(_numbers(dataset, "ImageOrientationSlide", 6))
    if np.isnan(spacing).any() or not (spacing > 0).all():
        raise InvalidDicomError("PixelSpacing of the slide is missing or none")
    origin = next(iter(items(dataset, "TotalPixelMatrixOriginSequence")), None)
    if origin is None:
        raise InvalidDicomError("TotalPixelMatrixOriginSequence is missing")
    place = [as_float(origin.get(f"{axis}OffsetInSlideCoordinateSystem")) for axis in "XYZ"]
    x, y, z = place
    if x is None or y is None:
        raise InvalidDicomError("the origin of the total pixel matrix has no X or no Y offset")
    affine = np.eye(4)
    right, down = cosines[:3], cosines[3:]
    # Along the normal, as slices rise. One plane has no distance from the next: 1 mm.
    affine[:3, 0] = np.cross(right, down)
    affine[:3, 1], affine[:3, 2] = down * spacing[0], right * spacing[1]
    affine[:3, 3] = [x, y, z or 0.0]
    return affine


def _numbers(ds: Any, keyword: str, count: int) -> list[float]:
    value = ds.get(keyword)
    found = [as_float(one) for one in value] if isinstance(value, list) else []
    numbers = [one for one in found if one is not None]
    if len(numbers) != count or len(found) != count:
        raise InvalidDicomError(
            f"{keyword} does not have {count} numbers", tag=_core.keyword_tag(keyword)
        )
    return numbers


def _is_full(dataset: Dataset) -> bool:
    return str(dataset.get("DimensionOrganizationType") or "") == "TILED_FULL"


def _tiles(dataset: Dataset, tile: tuple[int, int]) -> tuple[int, int]:
    """Return how many tiles cover the matrix down and across."""
    down, across = (
        math.ceil(whole / part) for whole, part in zip(matrix_shape(dataset), tile, strict=True)
    )
    return down, across


def tile_segments(
    dataset: Dataset, numbers: list[int], tile: tuple[int, int], frame_count: int
) -> npt.NDArray[np.float64] | None:
    """Return the segment that each tile shows, where their order says it (TILED_FULL).

    Args:
        dataset: The segmentation.
        numbers: Its Segment Numbers in order.
        tile: Rows and columns of a frame.
        frame_count: Number of Frames.

    Returns:
        `None` where each frame has a segment of its own.

    Raises:
        InvalidDicomError: There are more or fewer frames than tiles of all segments.
    """
    if not _is_full(dataset):
        return None
    down, across = _tiles(dataset, tile)
    is_map = str(dataset.get("SegmentationType") or "") == "LABELMAP"
    count = down * across * (1 if is_map else len(numbers))
    if frame_count != count:
        raise InvalidDicomError(
            f"Number of Frames says {frame_count:,}, but the tiles of all segments are {count:,}"
        )
    if is_map:
        return np.full(frame_count, np.nan)
    return np.repeat(np.array(numbers, dtype=np.float64), down * across)


def tile_places(
    dataset: Dataset, tile: tuple[int, int], chosen: npt.NDArray[np.int_]
) -> npt.NDArray[np.float64]:
    """Return the first pixel of frames in the matrix: (0, row, column) of each, from 0.

    Args:
        dataset: The segmentation.
        tile: Rows and columns of a frame.
        chosen: Which frames.

    Raises:
        InvalidDicomError: A frame has no place.
    """
    if _is_full(dataset):
        down, across = _tiles(dataset, tile)
        row, column = np.divmod(chosen % (down * across), across)
        return np.column_stack([np.zeros(len(chosen)), row * tile[0], column * tile[1]])
    groups = items(dataset, "PerFrameFunctionalGroupsSequence")
    places = np.zeros((len(chosen), 3))
    for place, frame in zip(places, chosen.tolist(), strict=True):
        position = next(iter(items(groups[frame], "PlanePositionSlideSequence")), None)
        if position is None:
            raise InvalidDicomError(f"frame {frame} has no PlanePositionSlideSequence", frame=frame)
        for axis, keyword in enumerate(("Row", "Column"), start=1):
            name = f"{keyword}PositionInTotalImagePixelMatrix"
            place[axis] = integer(position, name, -_MOST_SIDE, _MOST_SIDE) - 1
    return places
