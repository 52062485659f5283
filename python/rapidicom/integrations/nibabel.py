"""Volumes as NIfTI images of nibabel's."""

from __future__ import annotations

import nibabel
import numpy as np

from rapidicom.volume import Volume

# LPS to RAS: NIfTI counts +x to the right and +y to the front, DICOM to the left and to the back.
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def to_nibabel(volume: Volume) -> nibabel.Nifti1Image:
    """Return the volume as a NIfTI image with axes (column, row, slice).

    Args:
        volume: A volume of single samples; colour has no place in the axes of NIfTI.

    Returns:
        An image whose data share the volume's memory; sform and qform (which has no room for a tilt's shear)
        are set.

    Raises:
        ValueError: The volume is in colour.
    """
    if volume.array.ndim != 3:
        raise ValueError("only volumes of one sample a voxel become NIfTI images")
    # The array's axes are turned round, so the affine's columns are too.
    affine = _LPS_TO_RAS @ volume.affine[:, [2, 1, 0, 3]]
    image = nibabel.Nifti1Image(volume.array.transpose(2, 1, 0), affine)
    image.set_sform(affine, code="scanner")
    image.set_qform(affine, code="scanner")
    image.header.set_xyzt_units(xyz="mm")
    return image
