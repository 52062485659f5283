"""Directions as formats have them whose axes are perpendicular: those of ITK."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom._common.grid import Grid

__all__ = ["perpendicular_directions"]

# Cosines between axes up to this count as perpendicular, as in ITK's own check of a direction
# matrix. Axes that lean more, but by less than the report calls a tilt, are made perpendicular.
_PERPENDICULAR = 1e-3
# Findings that say that the slices do not follow their normal.
_LEANING = frozenset({"tilt", "off_axis"})


def perpendicular_directions(volume: Grid) -> npt.NDArray[np.float64] | None:
    """Return the unit vectors along columns, rows and slices, each perpendicular to the others.

    Args:
        volume: The volume.

    Returns:
        Shape (3, 3): column 0 leads from column to column of an image, 1 from row to row, 2 from
        slice to slice, in LPS; `None` if the stack is tilted.
    """
    # ITK counts axes from the fastest: columns, rows, slices.
    spatial = volume.direction[:, ::-1].copy()
    if np.abs(spatial.T @ spatial - np.eye(3)).max() > _PERPENDICULAR:
        if any(issue.kind in _LEANING for issue in volume.report):
            return None
        normal = np.cross(spatial[:, 0], spatial[:, 1])
        spatial[:, 2] = normal * np.sign(normal @ spatial[:, 2]) / np.linalg.norm(normal)
    return spatial
