"""`ds.pixel_array` is one array, as in pydicom, until what describes the pixels changes."""

from __future__ import annotations

import copy
import pickle
import weakref
from collections.abc import Callable

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    ENCAPSULATED_UNCOMPRESSED,
    JPEG_2000_LOSSLESS,
    PIXEL_DATA,
    Element,
    Fragments,
    Layout,
    file_bytes,
    image,
)
from rapidicom import _core

PIXELS = np.arange(2 * 4 * 6, dtype=np.uint16).reshape(2, 4, 6)


@pytest.fixture
def ds() -> rd.Dataset:
    return rd.dcmread(file_bytes(image(PIXELS)))


def encapsulated_image(frames: int) -> rd.Dataset:
    pixels = np.arange(frames * 8, dtype=np.uint16).reshape(frames, 2, 4)
    elements = image(pixels)
    elements[-1] = Element(PIXEL_DATA, "OB", Fragments([frame.tobytes() for frame in pixels]))
    return rd.dcmread(file_bytes(elements, transfer_syntax=ENCAPSULATED_UNCOMPRESSED))


def test_it_is_one_array_and_what_is_written_there_stays(ds: rd.Dataset) -> None:
    ds.pixel_array[0, 0, 0] = 77
    assert ds.pixel_array is ds.pixel_array
    assert ds.pixel_array[0, 0, 0] == 77
    assert rd.pixel_array(ds)[0, 0, 0] == 0


def test_pixels_are_described_once(ds: rd.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    described = []

    class Counted:
        @staticmethod
        def of(dataset: _core.Dataset) -> _core.PixelReader:
            described.append(dataset)
            return reader.of(dataset)

    reader = _core.PixelReader
    monkeypatch.setattr(_core, "PixelReader", Counted)
    assert np.array_equal(ds.pixel_array, PIXELS)
    assert described == [ds]
    ds.pixel_array_options(index=1, raw=True)
    assert np.array_equal(ds.pixel_array, PIXELS[1])
    assert described == [ds, ds]


def test_warnings_name_the_line_that_asked_for_the_pixels(ds: rd.Dataset) -> None:
    ds.NumberOfFrames = 1
    for ask in (lambda: ds.pixel_array, lambda: rd.pixel_array(ds)):
        with pytest.warns(UserWarning, match="pixels of 2 frames") as caught:
            ask()
        assert [warning.filename for warning in caught] == [__file__]


def test_to_look_at_bits_stored_changes_nothing() -> None:
    pixels = np.full((2, 3), 0x1230, np.uint16)
    high_bit = Element(0x00280102, "US", 15)
    ds = rd.dcmread(file_bytes(image(pixels, layout=Layout(bits_stored=12), extra=[high_bit])))
    with pytest.warns(UserWarning, match="High Bit"):
        expected = rd.pixel_array(ds)
    assert expected[0, 0] == 0x123
    assert ds["BitsStored"].value == 12
    with pytest.warns(UserWarning, match="High Bit"):
        assert np.array_equal(ds.pixel_array, expected)
    ds.BitsStored = 12
    assert ds.pixel_array[0, 0] == 0x230


def no_longer_signed(ds: rd.Dataset) -> None:
    ds.PixelRepresentation = 1


def of_other_shape(ds: rd.Dataset) -> None:
    ds.Rows, ds.Columns = 6, 4


def in_the_element(ds: rd.Dataset) -> None:
    ds["Rows"].value = 2
    ds["NumberOfFrames"].value = 4


def other_pixels(ds: rd.Dataset) -> None:
    ds.PixelData = bytes(len(ds.PixelData))


def of_other_meaning(ds: rd.Dataset) -> None:
    ds.PhotometricInterpretation = "MONOCHROME1"


CHANGES = [no_longer_signed, of_other_shape, in_the_element, other_pixels, of_other_meaning]


@pytest.mark.parametrize("change", CHANGES)
def test_it_is_read_anew_after_a_change(
    ds: rd.Dataset, change: Callable[[rd.Dataset], None]
) -> None:
    before = ds.pixel_array
    change(ds)
    after = ds.pixel_array
    assert after is not before
    np.testing.assert_array_equal(after, rd.pixel_array(ds))
    assert ds.pixel_array is after


def test_pixels_that_were_set_are_seen_each_time(ds: rd.Dataset) -> None:
    for number in (1, 2, 3):
        ds.PixelData = np.full_like(PIXELS, number).tobytes()
        assert (ds.pixel_array == number).all()


def test_another_transfer_syntax_is_another_image() -> None:
    ds = encapsulated_image(3)
    assert ds.pixel_array.shape == (3, 2, 4)
    ds.file_meta.TransferSyntaxUID = JPEG_2000_LOSSLESS
    with pytest.raises(rd.InvalidDicomError, match="JPEG 2000"):
        _ = ds.pixel_array


def test_options_choose_what_is_kept(ds: rd.Dataset) -> None:
    whole = ds.pixel_array
    ds.pixel_array_options(index=1)
    np.testing.assert_array_equal(ds.pixel_array, whole[1])
    ds.pixel_array_options()
    np.testing.assert_array_equal(ds.pixel_array, whole)


def test_colours_stay_as_they_are_coded_where_rgb_is_not_wanted() -> None:
    colours = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
    ds = rd.dcmread(file_bytes(image(colours, layout=Layout(samples=3, photometric="YBR_FULL"))))
    assert (ds.pixel_array != colours).any()
    ds.pixel_array_options(as_rgb=False)
    np.testing.assert_array_equal(ds.pixel_array, colours)


def test_removed_pixels_are_not_kept(ds: rd.Dataset) -> None:
    _ = ds.pixel_array
    del ds.PixelData
    with pytest.raises(AttributeError, match="no pixels"):
        _ = ds.pixel_array


def test_copies_have_what_was_written_as_in_pydicom(ds: rd.Dataset) -> None:
    ds.pixel_array[0, 0, 0] = 77
    shared, own = copy.copy(ds), copy.deepcopy(ds)
    assert shared.pixel_array is ds.pixel_array
    assert own.pixel_array is not ds.pixel_array
    np.testing.assert_array_equal(own.pixel_array, ds.pixel_array)
    own.Rows, own.Columns = 6, 4
    assert own.pixel_array.shape == (2, 6, 4)
    assert ds.pixel_array[0, 0, 0] == 77


def test_pickles_have_the_pixels_of_the_file(ds: rd.Dataset) -> None:
    ds.pixel_array[0, 0, 0] = 77
    assert pickle.loads(pickle.dumps(ds)).pixel_array[0, 0, 0] == 0


def test_nothing_is_kept_longer_than_the_data_set() -> None:
    ds = encapsulated_image(2)
    array = weakref.ref(ds.pixel_array)
    assert array() is not None
    del ds
    assert array() is None


def test_frames_are_found_once() -> None:
    """Not for each of them: a loop over 10,000 frames would look at all fragments 10,000 times."""
    ds = encapsulated_image(5)
    reader = _core.PixelReader.of(ds)
    frames = [ds.frame_bytes(index) for index in range(5)]
    assert [np.frombuffer(frame, np.uint16)[0] for frame in frames] == [0, 8, 16, 24, 32]
    assert _core.PixelReader.of(ds) is reader


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
def test_what_is_made_in_memory_has_the_byte_order_of_its_transfer_syntax(syntax: str) -> None:
    pydicom = pytest.importorskip("pydicom")
    order = ">" if syntax.endswith(".2.2") else "<"
    arrays = []
    for library in (rd, pydicom):
        ds = library.Dataset()
        ds.file_meta = library.dataset.FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = syntax
        ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PixelRepresentation = 4, 6, 1, 0
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PhotometricInterpretation = (
            16,
            16,
            15,
            "MONOCHROME2",
        )
        ds.add_new(PIXEL_DATA, "OW", PIXELS[0].astype(order + "u2").tobytes())
        arrays.append(ds.pixel_array)
    np.testing.assert_array_equal(*arrays)
    np.testing.assert_array_equal(arrays[0], PIXELS[0])
