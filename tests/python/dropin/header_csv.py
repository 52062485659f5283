"""Dump headers as rows of a table, by iteration, by keyword and by tag."""

import csv
import io

import pydicom
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

COLUMNS = [
    "PatientID",
    "Modality",
    "Rows",
    "Columns",
    "PixelSpacing",
    "WindowCenter",
    "PatientAge",
    "Manufacturer",
]


def run(data):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    names = ("CT_small.dcm", "MR_small_implicit.dcm", "dx_image.dcm", "rtplan.dcm", "test-SR.dcm")
    everything = []
    for name in names:
        ds = pydicom.dcmread(data / "files" / name, stop_before_pixels=True, force=True)
        writer.writerow([getattr(ds, column, "") for column in COLUMNS])
        for elem in ds:
            if elem.VR == "SQ" or elem.tag.is_private:
                continue
            everything.append(
                (str(elem.tag), elem.keyword, elem.VR, elem.VM, elem.name, str(elem.value))
            )
        everything.append((len(ds), ds.dir("patient"), sorted(str(tag) for tag in ds.keys())[:5]))
        everything.append(ds.top())
    registered = [
        (keyword, tag_for_keyword(keyword), dictionary_VR(keyword)) for keyword in COLUMNS
    ]
    return out.getvalue(), everything, registered, keyword_for_tag(0x00100010)
