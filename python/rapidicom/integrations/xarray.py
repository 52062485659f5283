"""Volumes as arrays of xarray's."""

from __future__ import annotations

import numpy as np
import xarray

from rapidicom.volume import Volume


def to_xarray(volume: Volume) -> xarray.DataArray:
    """Return the volume with named axes.

    Args:
        volume: The volume.

    Returns:
        The array, not copied; coordinates are distances in mm from the first voxel along each axis, and the
        attributes `affine` and `modality` say where and what it is.
    """
    lengths = zip(volume.axes, volume.array.shape, volume.spacing, strict=False)
    coordinates = {name: np.arange(size) * spacing for name, size, spacing in lengths}
    attributes = {"affine": volume.affine, "modality": volume.modality, "units": "mm"}
    return xarray.DataArray(volume.array, dims=volume.axes, coords=coordinates, attrs=attributes)
