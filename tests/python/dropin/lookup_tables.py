"""Modality and VOI LUTs by their older and newer imports, and inversion of MONOCHROME1."""

import numpy as np
import pydicom
from pydicom.pixel_data_handlers.util import apply_modality_lut, apply_voi_lut
from pydicom.pixels import apply_voi_lut as newer


def read_xray(path, voi_lut=True, fix_monochrome=True):
    dicom = pydicom.dcmread(path)
    pixels = apply_voi_lut(dicom.pixel_array, dicom) if voi_lut else dicom.pixel_array
    if fix_monochrome and dicom.PhotometricInterpretation == "MONOCHROME1":
        pixels = np.amax(pixels) - pixels
    pixels = pixels - np.min(pixels)
    pixels = pixels / np.max(pixels)
    return (pixels * 255).astype(np.uint8)


def run(data):
    results = [
        read_xray(data / "files" / name)
        for name in ("dx_image.dcm", "CT_small.dcm", "hitachi_mr.dcm")
    ]
    ds = pydicom.dcmread(data / "files" / "CT_small.dcm")
    hu = apply_modality_lut(ds.pixel_array, ds)
    ds.WindowCenter, ds.WindowWidth = [40, -600], [400, 1500]
    windows = [newer(hu, ds, index=index) for index in (0, 1)]
    ds.VOILUTFunction = "SIGMOID"
    return results, hu, hu.dtype.name, windows, newer(hu, ds)
