"""Take identity out in memory: callbacks, private elements, deleting, new elements, JSON."""

import copy

import pydicom
from pydicom.tag import Tag


def person_names(dataset, data_element):
    if data_element.VR == "PN":
        data_element.value = "anonymous"


def curves(dataset, data_element):
    if data_element.tag.group & 0xFF00 == 0x5000:
        del dataset[data_element.tag]


def run(data):
    results = []
    for name in ("CT_small.dcm", "rtplan.dcm", "nested_priv_SQ.dcm", "siemens_csa.dcm"):
        ds = pydicom.dcmread(data / "files" / name, stop_before_pixels=True, force=True)
        original = copy.deepcopy(ds)
        ds.PatientID = "id"
        ds.walk(person_names)
        ds.walk(curves)
        creators = ds.private_creators(0x0029) if name == "siemens_csa.dcm" else []
        ds.remove_private_tags()
        for keyword in ("OtherPatientIDs", "PatientBirthDate"):
            if keyword in ds:
                delattr(ds, keyword)
        tag = Tag(0x0010, 0x0030)
        if tag not in ds:
            ds.add_new(tag, "DA", "")
        ds.data_element("PatientBirthDate").value = "19000101"
        results.append(
            (creators, str(ds.get("PatientName")), ds != original, ds.to_json_dict(), str(ds))
        )
        results.append(
            pydicom.Dataset.from_json(ds.to_json()) == pydicom.Dataset.from_json(ds.to_json())
        )
    return results
