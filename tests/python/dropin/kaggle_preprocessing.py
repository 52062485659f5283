"""Load a series as lung nodule notebooks do: sort, set the thickness, stack, convert to HU."""

import os

import numpy as np
import pydicom


def load_scan(path):
    slices = [pydicom.dcmread(path + "/" + s) for s in os.listdir(path)]
    slices.sort(key=lambda x: float(x.ImagePositionPatient[2]))
    try:
        slice_thickness = np.abs(
            slices[0].ImagePositionPatient[2] - slices[1].ImagePositionPatient[2]
        )
    except Exception:
        slice_thickness = np.abs(slices[0].SliceLocation - slices[1].SliceLocation)
    for s in slices:
        s.SliceThickness = slice_thickness
    return slices


def get_pixels_hu(scans):
    image = np.stack([s.pixel_array for s in scans])
    image = image.astype(np.int16)
    image[image == -2000] = 0
    try:
        intercept = scans[0].RescaleIntercept
        slope = scans[0].RescaleSlope
    except AttributeError:
        intercept, slope = -1024, 1
    if slope != 1:
        image = slope * image.astype(np.float64)
        image = image.astype(np.int16)
    image += np.int16(intercept)
    return np.array(image, dtype=np.int16)


def run(data):
    scans = load_scan(str(data / "brain-mr"))
    spacing = np.array([scans[0].SliceThickness, *list(scans[0].PixelSpacing)], dtype=np.float32)
    names = [os.path.basename(s.filename) for s in scans]
    return get_pixels_hu(scans), spacing, names, [int(s.InstanceNumber) for s in scans]
