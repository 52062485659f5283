"""Data sets changed after reading: every change is kept, and nothing else changes."""

from __future__ import annotations

import copy
import pickle
import struct
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Items, file_bytes, image
from rapidicom.dataelem import DataElement

ITEM_COUNT = 1500


def long_sequence() -> bytes:
    """A file whose Procedure Code Sequence is longer than the values that an element keeps."""
    items = [
        [Element(0x00080100, "SH", f"C{k}"), Element(0x00080104, "LO", "x" * 60)]
        for k in range(ITEM_COUNT)
    ]
    return file_bytes(
        image(np.zeros((2, 2), np.int16), extra=[Element(0x00081032, "SQ", Items(items))])
    )


def by_attribute(ds: rd.Dataset) -> Any:
    return ds.ProcedureCodeSequence


def by_element(ds: rd.Dataset) -> Any:
    return ds["ProcedureCodeSequence"].value


def by_iteration(ds: rd.Dataset) -> Any:
    return next(element.value for element in ds if element.keyword == "ProcedureCodeSequence")


WAYS = [by_attribute, by_element, by_iteration]


@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize("read", WAYS)
def test_change_in_a_long_sequence_is_kept(
    write: Callable[[rd.Dataset], Any], read: Callable[[rd.Dataset], Any]
) -> None:
    ds = rd.dcmread(long_sequence())
    write(ds)[3].CodeValue = "CHANGED"
    assert read(ds)[3].CodeValue == "CHANGED"
    assert read(pickle.loads(pickle.dumps(ds)))[3].CodeValue == "CHANGED"


def test_items_do_not_take_the_whole_header_along_when_they_are_pickled(tmp_path: Path) -> None:
    path = tmp_path / "long.dcm"
    path.write_bytes(long_sequence())
    ds = rd.dcmread(path)
    assert sum(1 for _ in ds.iterall()) > 2 * ITEM_COUNT
    for _ in range(2):
        pickled = pickle.dumps(ds)
        assert len(pickled) < 10 * path.stat().st_size
        ds = pickle.loads(pickled)
    assert [item.CodeValue for item in ds.ProcedureCodeSequence] == [
        f"C{k}" for k in range(ITEM_COUNT)
    ]
    assert ds.preamble == bytes(128)


@pytest.mark.parametrize("value", [8, True, 1.5, "x" * 8, [0] * 8], ids=repr)
def test_pixel_data_that_is_no_bytes_is_refused(value: object) -> None:
    ds = rd.dcmread(file_bytes(image(np.zeros((2, 2), np.int16))))
    ds.PixelData = value
    with pytest.raises(TypeError, match="must be bytes"):
        _ = ds.pixel_array


def test_pixels_need_no_file_meta() -> None:
    ds = rd.dcmread(file_bytes(image(np.ones((2, 2), np.int16))))
    ds.file_meta = None  # type: ignore[assignment]
    assert np.array_equal(ds.pixel_array, np.ones((2, 2)))


def test_name_that_is_no_unicode_is_no_attribute() -> None:
    ds = rd.dcmread(file_bytes(image(np.ones((2, 2), np.int16))))
    for name in ("\ud800", "Rows\udc80"):
        assert not hasattr(ds, name)
        with pytest.warns(UserWarning, match="neither a keyword nor a tag"):
            assert name not in ds
        assert ds.get(name, 3) == 3


def test_elements_that_were_looked_at_and_changed_survive_pickling() -> None:
    extra = [Element(0x00080008, "CS", "A\\B"), Element(0x00101010, "AS", "050Y")]
    ds = rd.dcmread(file_bytes(image(np.ones((2, 2), np.int16), extra=extra)))
    for element in ds:
        _ = element.value
    untouched = len(pickle.dumps(rd.dcmread(file_bytes(image(np.ones((2, 2), np.int16))))))
    assert len(pickle.dumps(ds)) < 2 * untouched
    ds["PatientAge"].value = "051Y"
    ds["Rows"].VR = "SS"
    ds["ImageType"].value[0] = "C"
    again = pickle.loads(pickle.dumps(ds))
    assert again == ds
    assert (again.PatientAge, again["Rows"].VR, list(again.ImageType)) == ("051Y", "SS", ["C", "B"])


@pytest.mark.parametrize("name", ["PatientNmae", "patientName", "sliceThickness"])
def test_unknown_name_that_looks_like_a_keyword_warns(name: str) -> None:
    ds = rd.Dataset()
    with pytest.warns(UserWarning, match="looks like a keyword"):
        setattr(ds, name, 1)
    assert getattr(ds, name) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        setattr(ds, name, 2)  # it is there: who sets it again knows it
        ds.note = 1
        ds.my_note = 2


def test_keyword_of_a_repeating_group_cannot_be_set() -> None:
    ds = rd.Dataset()
    with pytest.raises(ValueError, match="repeating group"):
        ds.OverlayRows = 3


def test_file_meta_is_of_group_2() -> None:
    ds, meta = rd.Dataset(), rd.Dataset()
    meta.PatientID = "1"
    with pytest.raises(ValueError, match="group 0002"):
        ds.file_meta = meta
    with pytest.raises(TypeError, match="not 'int'"):
        ds.file_meta = 3


def test_element_that_looks_at_its_data_set_when_it_ends_does_not_block() -> None:
    ds = rd.Dataset()
    seen = []

    class Curious(rd.DataElement):
        def __del__(self) -> None:
            seen.append(len(ds))

    def replace() -> None:
        ds[0x00100020] = Curious(0x00100020, "LO", "a")
        ds[0x00100020] = rd.DataElement(0x00100020, "LO", "b")

    thread = threading.Thread(target=replace, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert seen == [1]


def test_damaged_item_can_be_copied_and_changed() -> None:
    """Items are parsed only when their elements are read; set values survive either way."""
    # Nested deeper than the limit.
    broken = (b"\x08\0\x15\x11SQ\0\0" + b"\xff" * 4 + b"\xfe\xff\0\xe0" + b"\xff" * 4) * 1000
    item = b"\xfe\xff\x00\xe0" + len(broken).to_bytes(4, "little") + broken
    ds = rd.dcmread(file_bytes([Element(0x00081115, "SQ", item)]))
    first = ds.ReferencedSeriesSequence[0]
    copy.deepcopy(ds)
    copy.copy(first)
    first[0x00100020] = DataElement(0x00100020, "LO", "x")
    assert first.PatientID == "x"
    # What cannot be read costs itself, as other damage does.
    with pytest.warns(UserWarning, match="damaged"):
        assert first.tags() == [0x00100020]
    assert [name for name, _ in first.deviations] == ["damaged"]


def test_values_of_one_data_set_are_not_those_of_another() -> None:
    """Equal numbers and texts may be one object, so that none of them can be changed."""
    elements = [
        Element(0x00080018, "UI", "1.2.840.113619.5.2"),
        Element(0x00180050, "DS", "1.50"),
        Element(0x00200013, "IS", "007"),
    ]
    a, b = (rd.dcmread(file_bytes(elements)) for _ in range(2))
    with pytest.raises(AttributeError):
        a.SliceThickness.original_string = "9"
    with pytest.raises(AttributeError):
        a.SliceThickness.note = 1
    a.SOPInstanceUID.note = a.InstanceNumber.note = 1
    a.SOPInstanceUID.set_private_encoding(True, False)
    assert not hasattr(b.SOPInstanceUID, "note")
    assert not hasattr(b.InstanceNumber, "note")
    assert not hasattr(b.SOPInstanceUID, "_private_encoding")
    assert (str(b.SliceThickness), b.InstanceNumber.original_string) == ("1.50", "007")


@pytest.mark.parametrize("by", ["attribute", "element"])
@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.append(values[0]),
        lambda values: values.__setitem__(0, values[-1]),
        lambda values: values.reverse(),
        lambda values: None,
    ],
    ids=["longer", "another value", "another order", "nothing"],
)
@pytest.mark.parametrize(
    "keyword", ["PixelSpacing", "ImageType", "FrameIncrementPointer", "LUTDescriptor"]
)
def test_lists_that_were_changed_in_place_are_pickled(keyword: str, change: Any, by: str) -> None:
    """Those that were not are read again, which is quicker."""
    elements = [
        Element(0x00080008, "CS", "ORIGINAL\\PRIMARY"),
        Element(0x00280009, "AT", struct.pack("<4H", 0x18, 0x1063, 0x18, 0x1065)),
        Element(0x00280030, "DS", "0.5\\0.25"),
        Element(0x00283002, "US", struct.pack("<3H", 256, 0, 16)),
    ]
    ds = rd.dcmread(file_bytes(elements))
    values = getattr(ds, keyword) if by == "attribute" else ds[keyword].value
    change(values)
    again = pickle.loads(pickle.dumps(ds))
    assert list(again[keyword].value) == list(values)
    assert [type(value) for value in again[keyword].value] == [type(value) for value in values]


@pytest.mark.parametrize("is_seen", [False, True])
@pytest.mark.parametrize("is_empty", [False, True])
def test_elements_of_another_data_set_are_pickled(is_seen: bool, is_empty: bool) -> None:
    def elements(rows: int, spacing: str) -> list[Element]:
        return [Element(0x00280010, "US", rows), Element(0x00280030, "DS", spacing)]

    other = rd.dcmread(file_bytes(elements(3, "1\\2")))
    ds = rd.Dataset() if is_empty else rd.dcmread(file_bytes(elements(4, "5\\6")))
    for keyword in ("Rows", "PixelSpacing"):
        if is_seen:
            _ = other[keyword].value
        ds[keyword] = other[keyword]
    again = pickle.loads(pickle.dumps(ds))
    assert (again.Rows, list(again.PixelSpacing)) == (3, [1, 2])
