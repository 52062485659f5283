"""A volume at the voxels of another one: a dose or a PET on the grid of a CT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rapidicom import _core
from rapidicom._common.arrays import as_bytes, empty_aligned
from rapidicom.sources.paths import checked_workers
from rapidicom.volumes.report import Issue

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom._common.grid import Grid

__all__ = ["OnGrid", "resampled_array"]


class OnGrid(Protocol):
    """What a grid to resample to needs to be: a `Volume`, a `Series` or `Labels`."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def axes(self) -> tuple[str, ...]: ...
    @property
    def affine(self) -> npt.NDArray[np.float64]: ...


def resampled_array(
    volume: Grid, like: OnGrid, order: int, fill: float | None, workers: int | None
) -> tuple[npt.NDArray[Any], Issue | None]:
    """Return the values of a volume at the voxels of a grid.

    Args:
        volume: The volume; each step of a leading axis is resampled.
        like: The grid.
        order: 0 for the nearest voxel's value, 1 for linear interpolation.
        fill: The value outside of the volume; `None` for NaN, or 0 of whole numbers.
        workers: Threads; `None` for one a core.

    Returns:
        The array, and a finding if voxels of the grid lie outside of the volume.

    Raises:
        ValueError: `order` is neither; the volume is of colours; or its type does not hold `fill`.
        TypeError: `like` is no grid.
    """
    if order not in (0, 1):
        raise ValueError(f"order must be 0 or 1, not {order!r}")
    if volume.axes[-1] == "sample":
        raise ValueError("colours cannot be resampled: convert them to one sample a voxel first")
    workers = checked_workers(workers)
    shape, affine = _grid(like)
    values = np.ascontiguousarray(volume.array)
    own = values.shape[-3:]
    dtype = values.dtype if order == 0 or values.dtype == np.float64 else np.dtype(np.float32)
    if fill is None:
        fill = np.nan if dtype.kind == "f" else 0
    elif not _holds(dtype, fill):
        raise ValueError(f"{dtype} does not hold fill={fill}")
    to_index = (np.linalg.inv(volume.affine) @ affine)[:3]
    array = empty_aligned((*values.shape[:-3], *shape), dtype)
    steps = zip(values.reshape(-1, *own), array.reshape(-1, *shape), strict=True)
    for step, into in steps:
        _core.resample(
            as_bytes(step), values.dtype.name, list(own), list(shape), to_index.tolist(), order,
            float(fill), as_bytes(into), workers, None,
        )  # fmt: skip
    return array, _outside(to_index, own, shape)


def _holds(dtype: np.dtype[Any], number: float) -> bool:
    if dtype.kind == "f":
        return not np.isfinite(number) or abs(number) <= float(np.finfo(dtype.name).max)
    limits = np.iinfo(dtype.name)
    return float(number).is_integer() and limits.min <= number <= limits.max


def _grid(like: Any) -> tuple[tuple[int, int, int], npt.NDArray[np.float64]]:
    try:
        first = like.axes.index("slice")
        slices, rows, columns = like.shape[first : first + 3]
        return (slices, rows, columns), np.asarray(like.affine, dtype=np.float64)
    except AttributeError:
        raise TypeError(f"like must be a volume, not {type(like).__name__}") from None


def _outside(
    to_index: npt.NDArray[np.float64], own: tuple[int, ...], shape: tuple[int, int, int]
) -> Issue | None:
    """Return a finding if a corner of the grid lies outside of the volume."""
    corners = np.array(np.meshgrid(*([0, count - 1] for count in shape))).reshape(3, -1)
    places = to_index[:, :3] @ corners + to_index[:, 3:]
    last = np.array(own)[:, np.newaxis] - 0.5
    beyond = np.maximum(-0.5 - places, places - last).max()
    if beyond <= 1e-6:
        return None
    return Issue(
        kind="outside",
        is_error=False,
        paths=[],
        numbers={},
        sentence="the grid is larger than the volume: voxels outside have the fill value",
    )
