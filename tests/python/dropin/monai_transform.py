"""Hand images to MONAI's transforms, with the affine from the header."""

import numpy as np
import pydicom
from monai.data import MetaTensor
from monai.transforms import Compose, EnsureChannelFirst, Resize, ScaleIntensity


def run(data):
    paths = sorted((data / "brain-mr").iterdir())[:8]
    slices = sorted((pydicom.dcmread(path) for path in paths), key=lambda ds: ds.InstanceNumber)
    volume = np.stack([ds.pixel_array.astype(np.float32) for ds in slices], axis=-1)
    affine = np.diag([*slices[0].PixelSpacing, slices[0].SliceThickness, 1.0])
    affine[:3, 3] = slices[0].ImagePositionPatient
    transform = Compose(
        [
            EnsureChannelFirst(channel_dim="no_channel"),
            ScaleIntensity(),
            Resize((32, 32, 8), mode="area"),
        ]
    )
    result = transform(MetaTensor(volume, affine=affine))
    return np.asarray(result), np.asarray(result.affine)
