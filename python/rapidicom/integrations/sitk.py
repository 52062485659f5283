"""Volumes as images of SimpleITK's."""

from __future__ import annotations

import numpy as np
import SimpleITK

from rapidicom.volume import Volume

# Cosines between axes up to this count as perpendicular, as in ITK's own check of a direction matrix.
_PERPENDICULAR = 1e-3


def to_sitk(volume: Volume) -> SimpleITK.Image:
    """Return the volume as an image with axes (column, row, slice), in LPS like DICOM.

    Args:
        volume: The volume.

    Returns:
        An image of its own memory.

    Raises:
        ValueError: The stack is tilted: an ITK image has perpendicular axes, and would show it sheared.
    """
    # ITK counts axes from the fastest: columns, rows, slices.
    direction = volume.direction[:, ::-1]
    if np.abs(direction.T @ direction - np.eye(3)).max() > _PERPENDICULAR:
        raise ValueError(
            "the stack is tilted, which an ITK image cannot express: resample it, or use the affine"
        )
    image = SimpleITK.GetImageFromArray(volume.array, isVector=volume.array.ndim == 4)
    image.SetOrigin(volume.origin.tolist())
    image.SetSpacing([float(length) for length in volume.spacing[::-1]])
    image.SetDirection(direction.ravel().tolist())
    return image
