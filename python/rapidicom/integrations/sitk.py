"""Volumes as images for SimpleITK."""

from __future__ import annotations

import numpy as np
import SimpleITK

from rapidicom._common.grid import Grid
from rapidicom._common.perpendicular import perpendicular_directions
from rapidicom._common.time_step import time_step


def to_sitk(volume: Grid) -> SimpleITK.Image:
    """Return the volume as an image with axes (column, row, slice), in LPS like DICOM.

    Colour samples become vectors, and a leading axis of the array comes last. The spacing of an
    axis of time is its step in seconds where that is known, else 1.

    Args:
        volume: The volume.

    Returns:
        An image of its own memory.

    Raises:
        ValueError: The stack is tilted: an ITK image has perpendicular axes, and would show it
            sheared.
    """
    spatial = perpendicular_directions(volume)
    if spatial is None:
        raise ValueError(
            "the stack is tilted, and an ITK image has perpendicular axes: "
            "resample the array with `affine`, or use to_nibabel(), which keeps the shear"
        )
    leading = volume.axes.index("slice")
    direction = np.eye(3 + leading)
    direction[:3, :3] = spatial
    # ITK has no numbers of 16 bits with a fraction.
    array = np.asarray(volume.array)
    array = array if array.dtype != np.float16 else array.astype(np.float32)
    image = SimpleITK.GetImageFromArray(array, isVector=volume.axes[-1] == "sample")
    image.SetOrigin([*volume.origin.tolist(), *[0.0] * leading])
    steps = [time_step(volume) or 1.0] * leading
    image.SetSpacing([*(float(length) for length in volume.spacing[::-1]), *steps])
    image.SetDirection(direction.ravel().tolist())
    return image
