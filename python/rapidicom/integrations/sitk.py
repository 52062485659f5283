"""Volumes as images for SimpleITK."""

from __future__ import annotations

import numpy as np
import SimpleITK

from rapidicom._common.grid import Grid
from rapidicom._common.time_step import time_step

# Cosines between axes up to this count as perpendicular, as in ITK's own check of a direction
# matrix. Axes that lean more, but by less than the report calls a tilt, are made perpendicular.
_PERPENDICULAR = 1e-3
# Findings that say that the slices do not follow their normal.
_LEANING = frozenset({"tilt", "off_axis"})


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
    # ITK counts axes from the fastest: columns, rows, slices.
    spatial = volume.direction[:, ::-1].copy()
    if np.abs(spatial.T @ spatial - np.eye(3)).max() > _PERPENDICULAR:
        if any(issue.kind in _LEANING for issue in volume.report):
            raise ValueError(
                "the stack is tilted, and an ITK image has perpendicular axes: "
                "resample the array with `affine`, or use to_nibabel(), which keeps the shear"
            )
        normal = np.cross(spatial[:, 0], spatial[:, 1])
        spatial[:, 2] = normal * np.sign(normal @ spatial[:, 2]) / np.linalg.norm(normal)
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
