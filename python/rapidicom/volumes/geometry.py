"""Affines, and where slices lie beside what an affine says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

__all__ = ["image_axis", "inverse", "is_on_affine", "off_affine"]

# How far slices may lie from where the affine has them, in voxels: positions are rounded.
_ON_AFFINE = 0.1
# Steps of an affine that differ by more than so many times, or lie so nearly in one plane, lead
# nowhere: millimetres would be lost in the arithmetic.
_WORST_CONDITION = 1e12


def inverse(affine: npt.ArrayLike, name: str) -> FloatArray:
    """Return the inverse of an affine.

    Args:
        affine: Shape (4, 4).
        name: What it is that of, for the error.

    Raises:
        ValueError: It has none: its axes lie in one plane, or a step is 0 or no number.
    """
    matrix = np.asarray(affine, dtype=np.float64)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        raise ValueError(f"the affine of {name} is not 4 by 4 finite numbers")
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    is_usable = (lengths > 0).all() and np.isfinite(lengths).all()
    if not is_usable or not np.linalg.cond(matrix[:3, :3] / lengths) < _WORST_CONDITION:
        raise ValueError(
            f"the affine of {name} has no inverse: its axes lie in one plane, or a step is 0"
        )
    found = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    if not np.isfinite(found).all():
        raise ValueError(f"the affine of {name} has no inverse: its steps are too long or short")
    return found


def image_axis(volume: Any) -> int:
    """Return which axis of a volume (slice, row, column) counts its images: not 0 if it was turned.

    Args:
        volume: A `Volume`, a `Series`, or anything else.
    """
    order: tuple[int, int, int] = getattr(volume, "_order", (0, 1, 2))
    return order.index(0)


def _slice_positions(volume: Any) -> tuple[FloatArray, npt.NDArray[np.bool_]] | None:
    """Return where the first voxel of each image of a volume lies, and which places have one.

    Args:
        volume: A `Volume`, a `Series`, or anything else.

    Returns:
        Shape (steps of the leading axis, images of a step, 3), in millimetres, NaN where the
        position is not known, and (steps, images); `None` if the volume does not know its images.
    """
    positions = getattr(volume, "positions", None)
    # The images of a volume that was resampled are no longer those of its slices.
    if positions is None or getattr(volume, "_is_resampled", False):
        return None
    count = volume.shape[volume.axes.index("slice") + image_axis(volume)]
    slots = volume.report.slices
    is_there = np.array([slot is not None for slot in slots], dtype=np.bool_)
    if not count or not len(slots) or len(slots) % count or is_there.sum() != len(positions):
        return None
    found = np.full((len(slots), 3), np.nan)
    found[is_there] = positions
    return found.reshape(-1, count, 3), is_there.reshape(-1, count)


def off_affine(volume: Any) -> FloatArray | None:
    """Return how far the images of a volume lie from where its affine has them, in its steps.

    Args:
        volume: A `Volume`, a `Series`, or anything else.

    Returns:
        Shape (images of a step, 3): of several steps the image that is farthest away; 0 where no
        image is, NaN where one has no position; `None` if the volume does not know its images.
    """
    own: FloatArray | None = getattr(volume, "_off_affine", None)
    if own is not None:
        # On the grid of another volume slices lie where its images do; of a part nothing is known.
        count = volume.shape[volume.axes.index("slice") + image_axis(volume)]
        return own if len(own) == count else np.full((count, 3), np.nan)
    known = _slice_positions(volume)
    if known is None:
        return None
    positions, is_there = known
    to_index = inverse(volume.affine, "the volume")[:3]
    off = positions @ to_index[:, :3].T + to_index[:, 3]
    off[..., image_axis(volume)] -= np.arange(positions.shape[1])
    off[~is_there] = 0.0
    farthest = np.abs(off).max(axis=2)
    step = np.where(np.isnan(farthest), np.inf, farthest).argmax(axis=0)
    chosen = np.take_along_axis(off, step[np.newaxis, :, np.newaxis], axis=0)[0]
    return np.asarray(chosen, dtype=np.float64)


def is_on_affine(off: FloatArray) -> bool:
    """Return whether all images lie where the affine has them; not if one is not known to."""
    return bool((np.abs(off) <= _ON_AFFINE).all())
