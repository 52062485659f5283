"""Diffusion weighting beside a NIfTI file, as FSL reads it: `.bval` and `.bvec`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom.volumes.volume import Volume

__all__ = ["bval_text", "bvec_text", "gradients"]


def gradients(
    volume: Volume,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64] | None] | None:
    """Return b-values, shape (steps,), in s/mm2, and directions, shape (steps, 3), in LPS.

    A direction is zero where there is none: of images without weighting, or weighted in all
    directions. There are no directions if some weighted image does not say its own, and no
    b-values if the volume has none.
    """
    values = volume.coords.get("b_value")
    weighting = volume._series._weighting
    if values is None and weighting is not None:
        # One step, which is no axis.
        b_value, direction = weighting
        return np.array([b_value]), None if direction is None else np.array([direction])
    if values is None or volume.axes.index("slice") != 1 or not np.isfinite(values).all():
        return None
    directions = volume.coords.get("gradient_direction")
    if directions is None:
        return values, None
    return values, np.nan_to_num(directions)


def bval_text(values: npt.NDArray[np.float64]) -> str:
    """Return a `.bval` file: one line, a b-value a step."""
    return " ".join(f"{value:.6g}" for value in values) + "\n"


def bvec_text(volume: Volume, directions: npt.NDArray[np.float64]) -> str:
    """Return a `.bvec` file: three lines, a direction a step, along the axes of the NIfTI image.

    FSL's convention: components along columns, rows and slices of the image, the first with its
    sign changed if the image is right-handed (the determinant of its affine is above 0).
    """
    along = directions @ volume.direction[:, ::-1]
    # From LPS to RAS two axes are reversed: the determinant is the same.
    if np.linalg.det(volume.affine[:3, 2::-1]) > 0:
        along[:, 0] = -along[:, 0]
    # No -0.
    along = along.round(8) + 0.0
    return "".join(" ".join(f"{number:.8g}" for number in row) + "\n" for row in along.T)
