"""Volumes as NIfTI images for nibabel."""

from __future__ import annotations

import nibabel
import numpy as np

from rapidicom._common.grid import Grid
from rapidicom._common.time_step import time_step

# LPS to RAS: NIfTI counts +x to the right and +y to the front, DICOM to the left and to the back.
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
# NIfTI's code for colour (RGB24): three bytes a voxel.
_RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
# NIfTI-1 counts the voxels of an axis in 16 bits with a sign.
_LONGEST_AXIS = 32767
# A qform is a rotation. Cosines between axes up to this count as those of perpendicular ones: an
# affine in 32 bits, as the header has it, is not closer.
_PERPENDICULAR = 1e-5


def to_nibabel(volume: Grid) -> nibabel.Nifti1Image:
    """Return the volume as a NIfTI image, axes (column, row, slice); a leading axis comes last.

    Args:
        volume: A volume of single samples, or of red, green and blue in 8 bits.

    Returns:
        An image whose data share the volume's memory and have its type, float16 excepted, which
        becomes float32. The sform is the affine;
        the qform is the same, and its code 0 (unknown) where the stack is tilted, as a qform cannot
        hold the shear. Codes are 1 (scanner), and 2 (aligned) where the report has
        `volume_coordinates`: those of an ultrasound volume, which are not the patient's. The zoom
        of an axis of time is its step in seconds: that of the times along the axis if they are
        even, else what the files say (times of acquisition, Repetition Time, Frame Time). An axis
        of more than 32767 voxels makes it a NIfTI-2 image.

    Raises:
        ValueError: The volume has samples that are not three of 8 bits.
    """
    # NIfTI has no numbers of 16 bits with a fraction.
    array = np.asarray(volume.array)
    array = array if array.dtype != np.float16 else array.astype(np.float32)
    if volume.axes[-1] == "sample":
        if array.shape[-1] != 3 or array.dtype != np.uint8:
            raise ValueError("NIfTI holds colour only as red, green and blue of 8 bits each")
        array = array.view(_RGB)[..., 0]
    first = volume.axes.index("slice")
    # The spatial axes are reversed, so the affine's columns are too.
    affine = _LPS_TO_RAS @ volume.affine[:, [2, 1, 0, 3]]
    data = array.transpose(first + 2, first + 1, first, *range(first))
    kind = nibabel.Nifti1Image if max(data.shape) <= _LONGEST_AXIS else nibabel.Nifti2Image
    # With an explicit type, nibabel takes 64-bit integers too.
    image = kind(data, affine, dtype=data.dtype)
    cosines = volume.direction.T @ volume.direction
    is_rotation = np.abs(cosines - np.eye(3)).max() <= _PERPENDICULAR
    in_volume = any(issue.kind == "volume_coordinates" for issue in volume.report)
    code = "aligned" if in_volume else "scanner"
    image.set_sform(affine, code=code)
    image.set_qform(affine, code=code if is_rotation else "unknown")
    step = time_step(volume)
    image.header.set_xyzt_units(xyz="mm", t="unknown" if step is None else "sec")
    if step is not None:
        image.header.set_zooms((*image.header.get_zooms()[:3], step))
    return image
