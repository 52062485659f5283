"""`Dataset.get_item`: elements that nobody has looked at, as pydicom has them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd
from builder import Element, write_image
from data_paths import CT_SMALL, DATA
from rapidicom.dataelem import DataElement, RawDataElement
from rapidicom.tag import Tag

pydicom = pytest.importorskip("pydicom")

FILES = ("CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm", "rtplan.dcm")


def described(element: Any) -> Any:
    """Return what a raw element is, in both libraries."""
    assert element.is_raw, element.tag
    return tuple(element)[:7]


@pytest.mark.parametrize("name", [name for name in FILES if (DATA / "files" / name).exists()])
def test_untouched_elements_are_those_of_pydicom(name: str) -> None:
    path = DATA / "files" / name
    ours, theirs = rd.dcmread(path), pydicom.dcmread(path)
    for tag in theirs.keys():  # noqa: SIM118  # iteration would decode them
        one, other = ours.get_item(tag), theirs.get_item(tag)
        assert one.is_raw == other.is_raw, tag
        if other.is_raw:
            assert described(one) == described(other), tag


def test_empty_elements_are_those_of_pydicom(tmp_path: Path) -> None:
    vrs = ["AE", "CS", "DA", "DS", "FD", "IS", "LO", "OB", "PN", "SQ", "UI", "US", "UT"]
    path = tmp_path / "empty.dcm"
    write_image(path, *(Element(0x00091010 + n, vr, b"") for n, vr in enumerate(vrs)))
    ours, theirs = rd.dcmread(path), pydicom.dcmread(path)
    for keep_deferred in (True, False):
        for number in range(len(vrs)):
            one, other = (
                ds.get_item(0x00091010 + number, keep_deferred=keep_deferred)
                for ds in (ours, theirs)
            )
            assert (one.is_raw, one.VR, one.value) == (other.is_raw, other.VR, other.value)


@pytest.mark.parametrize(
    "look",
    [lambda ds: ds.PatientID, lambda ds: ds["PatientID"], lambda ds: list(ds)],
    ids=["attribute", "element", "all"],
)
def test_what_was_looked_at_is_decoded(look: Any) -> None:
    for library in (rd, pydicom):
        ds = library.dcmread(CT_SMALL)
        assert ds.get_item("PatientID").value == b"1CT1"
        look(ds)
        assert ds.get_item("PatientID").value == "1CT1"


def test_what_was_set_or_deleted_is_that() -> None:
    ds = rd.dcmread(CT_SMALL)
    ds.PatientID = "other"
    del ds.PatientName
    assert ds.get_item("PatientID").value == "other"
    assert ds.get_item("PatientName") is None
    assert ds.get_item("PatientComments") is None


@pytest.mark.parametrize(
    "copied", [lambda ds: ds, lambda ds: ds.get_item(slice(None))], ids=["same", "slice"]
)
def test_raw_elements_that_were_set_stay_raw_until_they_change(copied: Any) -> None:
    ds = rd.Dataset()
    raw = RawDataElement(Tag("PatientID"), "LO", 4, b"abcd", 0, False, True)
    ds["PatientID"] = raw
    ds = copied(ds)
    assert ds.get_item("PatientID") == raw
    assert ds.PatientID == "abcd"
    ds["PatientID"].value = "changed"
    assert ds.get_item("PatientID").value == "changed"


def test_a_list_changed_in_place_is_seen() -> None:
    ds = rd.Dataset()
    ds["PixelSpacing"] = RawDataElement(Tag("PixelSpacing"), "DS", 4, b"1\\2 ", 0, False, True)
    ds.PixelSpacing[0] = 5
    assert ds.get_item("PixelSpacing").value == [5, 2]


def test_a_slice_keeps_raw_elements() -> None:
    for library in (rd, pydicom):
        ds = library.dcmread(CT_SMALL)
        assert ds.PatientName == "CompressedSamples^CT1"
        part = ds.get_item(slice(0x00100000, 0x00110000))
        assert part.get_item("PatientID").value == b"1CT1"
        assert part.PatientID == "1CT1"


def test_deferred_values_are_left_out_on_request() -> None:
    for library in (rd, pydicom):
        ds = library.dcmread(CT_SMALL, defer_size="1 kB")
        raw = ds.get_item("PixelData", keep_deferred=True)
        assert (raw.is_raw, raw.value, raw.length) == (True, None, 32768)
        assert ds.get_item("PatientID", keep_deferred=True).value == b"1CT1"
        assert len(ds.get_item("PixelData").value) == 32768


def test_a_data_set_with_raw_elements_is_pickled() -> None:
    ds = rd.dcmread(CT_SMALL, defer_size=10)
    ds["PatientID"] = RawDataElement(Tag("PatientID"), "LO", 4, b"abcd", 0, False, True)
    again = pickle.loads(pickle.dumps(ds))
    assert again == ds
    assert again.PatientID == "abcd"


def test_elements_are_data_elements_by_any_other_way() -> None:
    ds = rd.dcmread(CT_SMALL)
    assert isinstance(ds.get(0x00100020), DataElement)
    assert isinstance(ds["PatientID"], DataElement)
