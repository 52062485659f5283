"""Volumes as arrays for xarray."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rapidicom._common.extras import missing
from rapidicom._common.grid import Grid
from rapidicom._common.time_step import seconds_of_steps, time_step

try:
    import xarray
except ImportError as error:
    raise missing("xarray", "to_xarray") from error

# Units of the coordinates along a leading axis.
_UNITS = {
    "trigger_time": "ms", "frame_reference_time": "ms", "echo_time": "ms", "inversion_time": "ms",
    "acquisition_time": "s", "b_value": "s/mm2", "flip_angle": "degree",
}  # fmt: skip


class _Image(xarray.DataArray):  # type: ignore[no-untyped-call]
    """An array that is written with its affine: attributes of NetCDF have one axis."""

    __slots__ = ()

    def to_netcdf(self, *arguments: Any, **options: Any) -> Any:
        """Write it, or return its bytes, as `xarray.DataArray.to_netcdf` does.

        The attribute `affine` becomes 16 numbers, row by row.
        """
        flat = xarray.DataArray(self)
        if np.ndim(affine := flat.attrs.get("affine", 0)) > 1:
            flat = flat.assign_attrs(affine=np.ravel(affine))
        return flat.to_netcdf(*arguments, **options)


def to_xarray(volume: Grid) -> xarray.DataArray:
    """Return the volume with named axes.

    Args:
        volume: The volume.

    Returns:
        The array, not copied. Coordinates of slices, rows and columns are distances in mm from the
        first voxel along each axis; those of a leading axis are `Volume.coords`, and an axis of
        time has seconds from its first step where they are known. The attributes are `affine`,
        `modality` and `series_uid`. A NetCDF file has the affine as 16 numbers, row by row.
    """
    first = volume.axes.index("slice")
    coordinates: dict[str, Any] = {}
    for axis, spacing in enumerate(volume.spacing, start=first):
        name = volume.axes[axis]
        coordinates[name] = (name, np.arange(volume.shape[axis]) * spacing, {"units": "mm"})
    for name, values in volume.coords.items():
        units = {"units": _UNITS[name]} if name in _UNITS else {}
        # A coordinate only has axes of its array: a vector becomes three of them.
        numbers = {name: values}
        if values.ndim > 1:
            numbers = {f"{name}_{letter}": values[:, index] for index, letter in enumerate("xyz")}
        coordinates |= {key: (volume.axes[0], column, units) for key, column in numbers.items()}
    if (times := _seconds(volume)) is not None:
        coordinates["time"] = ("time", times, {"units": "s"})
    attributes = {
        "affine": volume.affine,
        "modality": volume.modality,
        "series_uid": volume.series_uid,
    }
    named = _Image(volume.array, dims=volume.axes, coords=coordinates, attrs=attributes)
    # dask's arrays have a name for their graph, which would become this one's.
    named.name = None
    return named


def _seconds(volume: Grid) -> npt.NDArray[np.float64] | None:
    """Return the seconds from the first step of an axis of time, or `None`."""
    if volume.axes[0] != "time" or "time" in volume.coords:
        return None
    times = seconds_of_steps(volume)
    if times is not None:
        return np.asarray(times - times[0])
    step = time_step(volume)
    return None if step is None else np.arange(volume.shape[0], dtype=np.float64) * step
