"""Make a highdicom volume of slices, and ask it for its geometry."""

import highdicom
import numpy as np
import pydicom


def run(data):
    paths = sorted((data / "brain-mr").iterdir())[:8]
    slices = sorted(
        (pydicom.dcmread(path) for path in paths), key=lambda ds: ds.ImagePositionPatient[2]
    )
    first, second = slices[:2]
    step = np.linalg.norm(np.subtract(second.ImagePositionPatient, first.ImagePositionPatient))
    volume = highdicom.Volume.from_attributes(
        array=np.stack([ds.pixel_array for ds in slices]),
        image_position=first.ImagePositionPatient,
        image_orientation=first.ImageOrientationPatient,
        pixel_spacing=first.PixelSpacing,
        spacing_between_slices=float(step),
        coordinate_system="PATIENT",
    )
    turned = volume.to_patient_orientation("RAF")
    return (
        volume.affine,
        volume.spacing,
        turned.array,
        turned.affine,
        turned.get_closest_patient_orientation(),
    )
