"""Read an RT Dose: 32 bits, several frames, a scaling, and planes by their offsets."""

import numpy as np
import pydicom


def run(data):
    ds = pydicom.dcmread(data / "files" / "rtdose.dcm", force=True)
    dose = ds.pixel_array * ds.DoseGridScaling
    offsets = np.array(ds.GridFrameOffsetVector, dtype=float)
    z = ds.ImagePositionPatient[2] + offsets
    grid = {
        "units": ds.DoseUnits,
        "type": ds.DoseType,
        "summation": ds.DoseSummationType,
        "frames": ds.NumberOfFrames,
        "modality": ds.Modality == "RTDOSE",
        "sop": ds.SOPClassUID.name,
    }
    histogram, edges = np.histogram(dose, bins=20)
    return dose, z, grid, histogram, edges, float(dose.max())
