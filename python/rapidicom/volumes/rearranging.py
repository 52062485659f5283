"""Parts of volumes, volumes whose axes point elsewhere, and volumes of other voxels."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from rapidicom._common.arrays import contiguous
from rapidicom._common.extras import required
from rapidicom._common.grid import Grid
from rapidicom.volumes.geometry import image_axis, is_on_affine, off_affine
from rapidicom.volumes.part import Part, slice_of
from rapidicom.volumes.resampling import resampled_array

__all__ = ["part_of", "reoriented", "respaced"]


class _Volume(Grid, Protocol):
    """What is rearranged: `Volume`, which imports this."""

    _order: tuple[int, int, int]
    _off_affine: npt.NDArray[np.float64] | None

    def _choose(self, wanted: tuple[range, range, range]) -> None: ...
    def _on_grid(self, array: npt.NDArray[Any], affine: npt.NDArray[np.float64]) -> Self: ...


Volume = TypeVar("Volume", bound=_Volume)

# What the letters of an orientation mean: an axis of the patient's coordinates, LPS, and a sign.
_LETTERS = {
    "L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1),
    # Head and feet, as in Patient Orientation (PS3.3 §C.7.6.1.1.1).
    "H": (2, 1), "F": (2, -1),
}  # fmt: skip
_MOST_ORDER = 5


def part_of(
    volume: Volume, slices: slice | None, rows: slice | None, columns: slice | None
) -> Volume:
    """Return a part of a volume; see `Volume.part`."""
    found = _shown_part(volume, slices, rows, columns)
    if min(found.array.strides, default=0) < 0:
        # torch and others take no array that counts down.
        found.array = contiguous(found.array)
    return found


def _shown_part(
    volume: Volume, slices: slice | None, rows: slice | None, columns: slice | None
) -> Volume:
    """Return a part of a volume, whose array is a view."""
    first = volume.axes.index("slice")
    part = Part.of(volume.shape[first:], slices, rows, columns)
    wanted = (part.slices, part.rows, part.columns)
    leading = (slice(None),) * first
    found = copy.copy(volume)
    found.array = volume.array[(*leading, *map(slice_of, wanted))]
    found.coords = dict(volume.coords)
    found.affine = part.affine(volume.affine)
    found.spacing = part.spacing(volume.spacing)
    if volume._off_affine is not None:
        steps = [axis.step for axis in wanted]
        found._off_affine = volume._off_affine[list(wanted[image_axis(volume)])] / steps
    found._choose(wanted)
    return found


def reoriented(volume: Volume, orientation: str) -> Volume:
    """Return a volume whose axes are in another order or direction; see `Volume.reorient`."""
    wanted = _directions(orientation)
    # Of columns, rows and slices, as the letters are.
    nearest = _nearest_directions(volume.affine[:3, :3][:, ::-1])
    found = {axis: (place, sign) for place, (axis, sign) in enumerate(nearest)}
    order, is_flipped = [], [False] * 3
    for axis, sign in reversed(wanted):
        place, own = found[axis]
        # Counted from the slices on.
        order.append(2 - place)
        is_flipped[2 - place] = own != sign
    turned = [slice(None, None, -1) if flips else None for flips in is_flipped]
    result = _shown_part(volume, *turned)
    first = volume.axes.index("slice")
    for axis, flips in enumerate(is_flipped):
        if flips and volume.shape[first + axis] == 1:
            # To a part, one index has no direction.
            result.affine[:3, axis] *= -1
            if result._off_affine is not None:
                result._off_affine[:, axis] *= -1
    axes = [*range(first), *(first + axis for axis in order)]
    array = result.array.transpose([*axes, *range(first + 3, volume.array.ndim)])
    result.array = contiguous(array)
    result.affine = result.affine[:, [*order, 3]]
    if result._off_affine is not None:
        result._off_affine = result._off_affine[:, order]
    slices, rows, columns = (result.spacing[axis] for axis in order)
    result.spacing = (slices, rows, columns)
    result._order = (volume._order[order[0]], volume._order[order[1]], volume._order[order[2]])
    return result


def respaced(
    volume: Volume, spacing: float | tuple[float, float, float], order: int, workers: int | None
) -> Volume:
    """Return a volume of voxels of another size; see `Volume.resample`."""
    if order not in range(_MOST_ORDER + 1):
        raise ValueError(f"order must be a whole number from 0 to {_MOST_ORDER}, not {order!r}")
    grid = _grid_of(volume, _lengths(spacing))
    if order <= 1:
        # What contradicts the affine did so before; the report has it.
        array, _ = resampled_array(volume, grid, order, None, workers)
    else:
        array = _interpolated(volume, grid, order)
    result = volume._on_grid(array, grid.affine)
    result._off_affine = _off_respaced(volume, grid)
    return result


def _off_respaced(volume: Grid, grid: _Voxels) -> npt.NDArray[np.float64] | None:
    """Return how far planes of other voxels lie from their affine: as those around them do."""
    off = off_affine(volume)
    if off is None or is_on_affine(off):
        return None
    axis = image_axis(volume)
    to_index = np.linalg.inv(volume.affine) @ grid.affine
    places = np.arange(grid.shape[axis]) * to_index[axis, axis] + to_index[axis, 3]
    own = np.arange(len(off), dtype=np.float64)
    between = [np.interp(places, own, along) for along in off.T]
    return np.column_stack(between) / np.diagonal(to_index)[:3]


@dataclass(frozen=True)
class _Voxels:
    """A grid of voxels: what `resampled_array` takes."""

    shape: tuple[int, int, int]
    affine: npt.NDArray[np.float64]
    axes: tuple[str, ...] = ("slice", "row", "column")


def _lengths(spacing: Any) -> npt.NDArray[np.float64]:
    try:
        lengths = np.asarray(spacing, dtype=np.float64)
    except (TypeError, ValueError):
        lengths = np.empty(0)
    if lengths.shape not in ((), (3,)):
        raise TypeError(
            "spacing must be a number, or three: (between slices, between rows, between columns)"
        )
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise ValueError("spacing must be above 0 mm")
    return np.broadcast_to(lengths, 3)


def _grid_of(volume: Grid, lengths: npt.NDArray[np.float64]) -> _Voxels:
    """Return voxels of other lengths that fill the same space, around the same centre."""
    first = volume.axes.index("slice")
    counts = np.array(volume.shape[first : first + 3])
    ratios = lengths / np.asarray(volume.spacing)
    wanted = np.maximum(1, np.floor(counts / ratios + 0.5))
    if math.prod(wanted.tolist()) > np.iinfo(np.int64).max:
        raise ValueError("spacing is so small that no array has so many voxels")
    affine = volume.affine.copy()
    affine[:3, :3] *= ratios
    centre = volume.affine[:3, :3] @ ((counts - 1) / 2)
    affine[:3, 3] += centre - affine[:3, :3] @ ((wanted - 1) / 2)
    slices, rows, columns = (int(count) for count in wanted)
    return _Voxels((slices, rows, columns), affine)


def _interpolated(volume: Grid, grid: _Voxels, order: int) -> npt.NDArray[Any]:
    """Return splines through a volume, at the voxels of a grid along its axes."""
    ndimage: Any = required("scipy.ndimage", "order= above 1")
    if volume.axes[-1] == "sample":
        raise ValueError("colours cannot be resampled: convert them to one sample a voxel first")
    own = volume.array.shape[-3:]
    dtype = np.dtype(np.float64 if volume.array.dtype == np.float64 else np.float32)
    to_index = np.linalg.inv(volume.affine) @ grid.affine
    array = np.empty((*volume.array.shape[:-3], *grid.shape), dtype)
    steps = zip(volume.array.reshape(-1, *own), array.reshape(-1, *grid.shape), strict=True)
    for step, into in steps:
        ndimage.affine_transform(
            step.astype(dtype, copy=False), np.diag(to_index)[:3], to_index[:3, 3], grid.shape,
            into, order, mode="nearest",
        )  # fmt: skip
    return array


def _directions(orientation: Any) -> list[tuple[int, int]]:
    """Return axis and sign of each letter of an orientation."""
    if not isinstance(orientation, str):
        raise TypeError(f"orientation must be str, such as 'RAS', not {type(orientation).__name__}")
    found = [_LETTERS.get(letter) for letter in orientation.upper()]
    directions = [direction for direction in found if direction is not None]
    if len(found) != 3 or sorted(axis for axis, _ in directions) != [0, 1, 2]:
        raise ValueError(
            "orientation must be three letters, one of L and R, one of P and A, one of S and I, "
            f"such as 'RAS', not {orientation!r}"
        )
    return directions


def _nearest_directions(steps: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the axis of the patient's coordinates that each axis is nearest to, and its sign.

    Each is taken once, by the axis that follows one most first, as nibabel does: then the order of
    the axes decides nothing, and what was turned needs no turning again. The matrix of steps is
    replaced by the nearest rotation or reflection: neither oblique angles between axes nor the
    shape of voxels change which axis is which.
    """
    lengths = np.linalg.norm(steps, axis=0)
    left, _, right = np.linalg.svd(steps / lengths)
    cosines = left @ right
    found = [(0, 1)] * 3
    for column in np.argsort(-(cosines**2).max(axis=0), kind="stable").tolist():
        axis = int(np.argmax(np.abs(cosines[:, column])))
        found[column] = (axis, -1 if cosines[axis, column] < 0 else 1)
        cosines[axis, :] = 0
    return found
