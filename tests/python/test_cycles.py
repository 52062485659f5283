"""Data sets, items, elements and values that refer to each other in a circle are collected."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import EXPLICIT_LITTLE, UNREADABLE_FILE, Element, Items, file_bytes, image
from rapidicom import _core
from rapidicom.dataelem import DataElement
from rapidicom.dataset import Dataset, FileMetaDataset
from rapidicom.sequence import Sequence

CONTENT = file_bytes(
    sorted(
        [
            *image(np.arange(12, dtype=np.int16).reshape(3, 4)),
            Element(0x00080008, "CS", "ORIGINAL\\PRIMARY"),
            Element(0x00081140, "SQ", Items([[Element(0x00081155, "UI", "1.2.3")]])),
            Element(0x00091010, "UN", b"\1\2\3\4"),
        ],
        key=lambda element: element.tag,
    )
)


class Marker:
    """What shows that a circle is gone."""


def _held_by_list(values: list[Any], held: object) -> None:
    # As nobody would: the list itself checks what it takes.
    list.append(values, held)


def itself(ds: Dataset, marker: Marker) -> None:
    ds.own, ds.marker = ds, marker


def callback(ds: Dataset, marker: Marker) -> None:
    ds.callback = lambda: (ds, marker)


def value_list(ds: Dataset, marker: Marker) -> None:
    for held in (ds, marker):
        _held_by_list(ds.ImageType, held)


def list_of_an_element(ds: Dataset, marker: Marker) -> None:
    element = ds["ImageType"]
    for held in (element, marker):
        _held_by_list(element.value, held)


def attribute_of_an_element(ds: Dataset, marker: Marker) -> None:
    element = ds["PatientName"] if "PatientName" in ds else ds["Rows"]
    element.data_set, element.marker = ds, marker


def element_alone(ds: Dataset, marker: Marker) -> None:
    element = DataElement(0x00091001, "OB", [])
    element.value = [element, marker]


def item_that_holds_its_data_set(ds: Dataset, marker: Marker) -> None:
    inner = ds.ReferencedImageSequence[0]
    inner.marker = marker
    inner.SourceImageSequence = Sequence([ds])


def item_made_by_hand(ds: Dataset, marker: Marker) -> None:
    item = Dataset()
    item.add(DataElement("ReferencedImageSequence", "SQ", Sequence([item])))
    item.marker = marker


def attribute_of_an_item(ds: Dataset, marker: Marker) -> None:
    ds.ReferencedImageSequence[0].outer = (ds, marker)


def file_meta(ds: Dataset, marker: Marker) -> None:
    ds.file_meta.outer = (ds, marker)


def file_meta_set(ds: Dataset, marker: Marker) -> None:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = EXPLICIT_LITTLE
    ds.file_meta.outer = (ds, marker)


def kept_pixels(ds: Dataset, marker: Marker) -> None:
    assert ds.pixel_array.shape == (3, 4)
    _core.PixelReader.of(ds).kept = (ds, marker)


def pixel_reader_alone(ds: Dataset, marker: Marker) -> None:
    reader = _core.PixelReader.of(ds)
    reader.kept = (reader, marker)


def element_of_another(ds: Dataset, marker: Marker) -> None:
    other = Dataset()
    other["ReferencedImageSequence"] = ds["ReferencedImageSequence"]
    ds.ReferencedImageSequence[0].other = (other, marker)


def a_copy(ds: Dataset, marker: Marker) -> None:
    again = copy.copy(ds)
    again.ReferencedImageSequence[0].other = (again, ds, marker)
    ds.again = again


def a_deep_copy(ds: Dataset, marker: Marker) -> None:
    ds.own = ds
    again = copy.deepcopy(ds)
    again.marker = marker
    assert again.own is again


def a_pickle(ds: Dataset, marker: Marker) -> None:
    again = pickle.loads(pickle.dumps(ds))
    again.ReferencedImageSequence[0].other = (again, marker)


class Child(Dataset):
    """A data set of a program's own class."""


def a_subclass(ds: Dataset, marker: Marker) -> None:
    child = Child()
    child.ReferencedImageSequence = Sequence([child])
    child.marker = marker


def a_deleted_element(ds: Dataset, marker: Marker) -> None:
    element = ds["ReferencedImageSequence"]
    del ds["ReferencedImageSequence"]
    element.value[0].outer = (element, marker)


CIRCLES = [
    itself, callback, value_list, list_of_an_element, attribute_of_an_element, element_alone,
    item_that_holds_its_data_set, item_made_by_hand, attribute_of_an_item,
    file_meta, file_meta_set, kept_pixels, pixel_reader_alone, element_of_another, a_copy,
    a_deep_copy, a_pickle, a_subclass, a_deleted_element,
]  # fmt: skip
Circle = Callable[[Dataset, Marker], None]


def made(circle: Circle) -> weakref.ref[Marker]:
    marker = Marker()
    circle(rd.dcmread(CONTENT), marker)
    return weakref.ref(marker)


@pytest.fixture(autouse=True)
def no_collection_by_chance() -> Any:
    """Collect only when a test says so."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("circle", CIRCLES, ids=lambda circle: circle.__name__)
def test_circle_is_collected(circle: Circle) -> None:
    marker = made(circle)
    gc.collect()
    assert marker() is None


@pytest.mark.parametrize("circle", CIRCLES, ids=lambda circle: circle.__name__)
def test_what_is_used_stays(circle: Circle) -> None:
    """The collector sees the objects and leaves those alone that somebody has."""
    ds = rd.dcmread(CONTENT)
    marker = Marker()
    circle(ds, marker)
    for _ in range(3):
        gc.collect()
    assert ds.Rows == 3
    assert ds.pixel_array[2, 3] == 11
    assert ds.ImageType[:2] == ["ORIGINAL", "PRIMARY"]
    alive = weakref.ref(marker)
    del marker, ds
    gc.collect()
    assert alive() is None


def test_collector_knows_what_refers_to_what() -> None:
    ds = rd.dcmread(CONTENT)
    element, values, meta = ds["Rows"], ds.ImageType, ds.file_meta
    sequence = ds["ReferencedImageSequence"].value
    assert {id(element), id(values), id(meta)} <= {id(one) for one in gc.get_referents(ds)}
    assert id(sequence) in {id(one) for one in gc.get_referents(ds["ReferencedImageSequence"])}
    assert all(map(gc.is_tracked, (ds, element, meta, sequence)))


def test_circle_through_the_error_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(UNREADABLE_FILE)
    found = _core.find_series(
        [str(tmp_path)], True, False, _core.default_tolerances(), 1, False, None
    )
    marker = Marker()
    found.errors[0].outer = (found, marker)
    alive = weakref.ref(marker)
    del found, marker
    gc.collect()
    assert alive() is None


def test_pickle_of_a_circle_has_the_circle() -> None:
    ds = rd.dcmread(CONTENT)
    ds.own, ds.name = ds, "name"
    again = pickle.loads(pickle.dumps(ds))
    assert again.own is again
    assert (again.name, again.Rows, again == ds) == ("name", 3, True)


def test_end_of_a_circle_may_look_at_it() -> None:
    """Code that runs while a circle is taken apart finds data sets that are empty, not broken."""
    seen = []

    class Last:
        def __init__(self, ds: Dataset) -> None:
            self.ds = ds

        def __del__(self) -> None:
            seen.append((self.ds.get("Rows"), len(self.ds), str(self.ds)[:1]))

    ds = rd.dcmread(CONTENT)
    ds.ReferencedImageSequence[0].last = Last(ds)
    del ds
    gc.collect()
    assert len(seen) == 1


def test_circles_of_many_threads() -> None:
    """Threads share one data set, make circles and collect, all at once."""
    shared = rd.dcmread(CONTENT)
    start = threading.Barrier(8)
    markers: list[weakref.ref[Marker]] = []
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            start.wait()
            for round in range(40):
                markers.append(made(CIRCLES[(number + round) % len(CIRCLES)]))
                assert shared.Rows == 3 and shared["Columns"].value == 4
                assert shared.ReferencedImageSequence[0].ReferencedSOPInstanceUID == "1.2.3"
                shared.own = shared
                if round % 4 == number % 4:
                    gc.collect()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(interval)
    assert failed == []
    gc.collect()
    assert len(markers) == 320
    assert not any(marker() for marker in markers)
    assert shared.Rows == 3
