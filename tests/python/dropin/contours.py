"""Go through nested sequences: the contours of an RT Structure Set, and the tree of a report."""

import numpy as np
import pydicom
from pydicom.sequence import Sequence


def text_of(item, depth=0):
    lines = [(depth, item.get("ValueType"), str(item.get("TextValue", "")))]
    for child in item.get("ContentSequence", []):
        lines += text_of(child, depth + 1)
    return lines


def run(data):
    ds = pydicom.dcmread(data / "files" / "rtstruct.dcm", force=True)
    names = {int(roi.ROINumber): roi.ROIName for roi in ds.StructureSetROISequence}
    contours = {}
    for roi in ds.ROIContourSequence:
        points = [
            np.array(c.ContourData, dtype=float).reshape(-1, 3)
            for c in getattr(roi, "ContourSequence", [])
        ]
        contours[names[int(roi.ReferencedROINumber)]] = (list(roi.ROIDisplayColor), points)
    report = pydicom.dcmread(data / "files" / "test-SR.dcm", force=True)
    block = Sequence([pydicom.Dataset(), pydicom.Dataset()])
    block[0].CodeValue = "1"
    ds.OtherPatientIDsSequence = block
    return (
        names,
        contours,
        text_of(report),
        len(ds[0x3006, 0x0039].value),
        ds["ROIContourSequence"][0].ReferencedROINumber,
        isinstance(ds.ROIContourSequence, Sequence),
        ds.OtherPatientIDsSequence[0].CodeValue,
        sum(1 for _ in ds.iterall()),
    )
