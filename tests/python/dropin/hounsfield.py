"""Convert to HU in place: the new pixels, and what describes them, are set as attributes."""

import numpy as np
from pydicom import dcmread


def run(data):
    ds = dcmread(data / "files" / "CT_small.dcm")
    hu = ds.pixel_array * ds.RescaleSlope + ds.RescaleIntercept
    ds.PixelData = hu.astype(np.int16).tobytes()
    ds.PixelRepresentation = 1
    ds.RescaleIntercept = 0
    ds.RescaleSlope = "1"
    ds.WindowCenter, ds.WindowWidth = [40, 300], [400, 1500]
    del ds.PatientName
    again = ds.pixel_array
    return (
        again,
        again.min(),
        ds.RescaleIntercept,
        ds.RescaleSlope + 1,
        list(ds.WindowCenter),
        ds.get("PatientName", "nobody"),
        hasattr(ds, "PatientName"),
        type(ds.WindowWidth).__name__,
        len(ds.PixelData),
    )
