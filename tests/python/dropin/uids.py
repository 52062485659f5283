"""Decide by UIDs: the kind of object, and how it is written."""

import pydicom
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)


def run(data):
    rows = []
    for path in sorted((data / "files").glob("*.dcm")):
        ds = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        syntax = getattr(getattr(ds, "file_meta", None), "TransferSyntaxUID", None)
        kind = "other"
        if "SOPClassUID" not in ds:
            continue
        if ds.SOPClassUID == CTImageStorage:
            kind = "CT"
        elif ds.SOPClassUID == "1.2.840.10008.5.1.4.1.1.4":
            kind = "MR"
        row = [path.name, kind, ds.SOPClassUID.name, ds.SOPClassUID.keyword, ds.get("Modality")]
        if syntax is not None:
            row += [
                syntax.name,
                syntax.is_compressed,
                syntax.is_little_endian,
                syntax.is_implicit_VR,
            ]
            row += [
                syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian),
                ds.file_meta.get("ImplementationVersionName"),
            ]
        rows.append(row)
    return (
        rows,
        JPEG2000Lossless.is_compressed,
        UID("1.2.3").name,
        UID("1.2.3.").is_valid,
        str(CTImageStorage),
    )
