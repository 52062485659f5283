"""Native pixels (PS3.5 §8): types, unused bits, colour, frames, maps, and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import PIXEL_DATA, Element, Layout, file_bytes, image, noise
from comparison import read_by_pydicom
from rapidicom.errors import MissingElementError

pydicom = pytest.importorskip("pydicom", reason="pydicom is the reference for pixels")


def as_pydicom(data: bytes, **arguments: Any) -> np.ndarray[Any, Any]:
    import io

    return pydicom.pixels.pixel_array(io.BytesIO(data), **arguments)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32"])
@pytest.mark.parametrize("frames", [0, 1, 3], ids=["single", "one frame", "three frames"])
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("planar", [0, 1])
def test_every_layout_is_as_pydicom_reads_it(
    dtype: str, frames: int, samples: int, planar: int
) -> None:
    shape = ((frames,) if frames else ()) + (5, 7) + ((samples,) if samples > 1 else ())
    data = file_bytes(
        image(noise(shape, dtype), layout=Layout(samples=samples, planar_configuration=planar))
    )
    expected = as_pydicom(data)
    array = rd.dcmread(data).pixel_array
    assert (array.shape, array.dtype) == (expected.shape, expected.dtype)
    assert np.array_equal(array, expected)
    assert array.flags.writeable and array.flags.c_contiguous


@pytest.mark.parametrize(
    ("dtype", "stored"), [("int16", 12), ("uint16", 12), ("uint16", 10), ("int8", 6), ("int32", 24)]
)
def test_bits_above_bits_stored_do_not_count(dtype: str, stored: int) -> None:
    data = file_bytes(image(noise((6, 5), dtype), layout=Layout(bits_stored=stored)))
    array = rd.dcmread(data).pixel_array
    assert np.array_equal(array, as_pydicom(data))
    least = -(2 ** (stored - 1)) if dtype.startswith("int") else 0
    assert array.min() >= least and array.max() < least + 2**stored


def test_twelve_bit_0xffe_is_minus_two() -> None:
    pixels = np.array([[0x0FFE, 0x7001]], dtype=np.uint16).view(np.int16)
    assert rd.dcmread(
        file_bytes(image(pixels, layout=Layout(bits_stored=12)))
    ).pixel_array.tolist() == [[-2, 1]]


@pytest.mark.parametrize("mmap", ["auto", "never", "always"])
def test_a_map_is_writable_and_the_file_never_changes(tmp_path: Path, mmap: Any) -> None:
    pixels = noise((40, 600, 500), "uint16")
    path = tmp_path / "large.dcm"
    path.write_bytes(file_bytes(image(pixels)))
    before = path.read_bytes()
    ds = rd.dcmread(path, mmap=mmap)
    array = ds.pixel_array
    assert np.array_equal(array, pixels)
    array[:, 0, 0] = 7
    assert array[3, 0, 0] == 7
    assert path.read_bytes() == before
    assert np.array_equal(rd.pixel_array(ds), pixels), "each array that is read is its own"


def test_large_pixels_are_mapped_unless_mmap_is_never(tmp_path: Path) -> None:
    path = tmp_path / "large.dcm"
    path.write_bytes(file_bytes(image(np.zeros((1, 3000, 3000), dtype=np.uint16))))

    def is_mapped(array: np.ndarray[Any, Any]) -> bool:
        base: Any = array
        while isinstance(base, np.ndarray):
            base = base.base
        return type(base).__name__ == "_Map"

    assert is_mapped(rd.dcmread(path).pixel_array)
    assert not is_mapped(rd.dcmread(path, mmap="never").pixel_array)
    small = tmp_path / "small.dcm"
    small.write_bytes(file_bytes(image(np.zeros((4, 4), dtype=np.uint16))))
    assert not is_mapped(rd.dcmread(small).pixel_array)
    assert is_mapped(rd.dcmread(small, mmap="always").pixel_array)


def test_an_array_outlives_its_data_set(tmp_path: Path) -> None:
    pixels = noise((2, 2000, 2500), "int16")
    path = tmp_path / "large.dcm"
    path.write_bytes(file_bytes(image(pixels)))
    array = rd.dcmread(path).pixel_array
    path.unlink()
    assert np.array_equal(array, pixels)


def test_frames_one_by_one() -> None:
    pixels = noise((4, 3, 5), "int16")
    data = file_bytes(image(pixels))
    assert np.array_equal(rd.pixel_array(data, index=2), pixels[2])
    assert np.array_equal(np.stack(list(rd.iter_pixels(data))), pixels)
    assert np.array_equal(np.stack(list(rd.iter_pixels(data, indices=[3, 0]))), pixels[[3, 0]])
    for index in (4, -1):
        with pytest.raises(ValueError, match="the image has 4"):
            rd.pixel_array(data, index=index)


def test_one_frame_of_a_large_file_is_read_alone(tmp_path: Path) -> None:
    # A sparse file of 4 GB: reading all of it would take that much memory.
    first = np.zeros((1000, 1000), dtype=np.uint16)
    frame_count = 2000
    elements = image(first, extra=[Element(0x00280008, "IS", frame_count)])
    elements[-1] = Element(PIXEL_DATA, "OW", first.tobytes(), length=frame_count * first.nbytes)
    data = file_bytes(elements)
    offset = len(data) - first.nbytes
    path = tmp_path / "huge.dcm"
    with path.open("wb") as file:
        file.write(data)
        file.truncate(offset + frame_count * first.nbytes)
        file.seek(offset + 1500 * first.nbytes)
        file.write(b"\x05\x00")
    for mmap in ("auto", "never"):
        ds = rd.dcmread(path, mmap=mmap)  # type: ignore[arg-type]
        frame = rd.pixel_array(ds, index=1500)
        assert frame.shape == (1000, 1000)
        assert frame[0, 0] == 5 and not frame[1:].any()


@pytest.mark.parametrize("missing", [1, 2, 23, 24])
def test_missing_pixel_bytes_are_counted(missing: int) -> None:
    data = file_bytes(image(np.zeros((3, 4), dtype=np.int16)))
    ds = rd.dcmread(data[:-missing])
    assert ds.Rows == 3
    with pytest.raises(
        rd.InvalidDicomError,
        match=rf"need 24 bytes, but there are {24 - missing} \({missing} bytes missing",
    ):
        _ = ds.pixel_array


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize("raw", [False, True])
def test_luminance_and_chrominance_become_rgb(photometric: str, raw: bool) -> None:
    pixels = noise((16, 16, 3), "uint8")
    elements = image(pixels, layout=Layout(samples=3, photometric=photometric))
    if photometric == "YBR_FULL_422":
        stored = noise((16 * 8, 4), "uint8").tobytes()
        elements[-1] = Element(PIXEL_DATA, "OB", stored)
    data = file_bytes(elements)
    expected = as_pydicom(data, raw=raw)
    assert np.array_equal(rd.pixel_array(data, raw=raw), expected)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ([Element(0x00280010, "US", None)], rd.InvalidDicomError, "Rows is missing"),
        ([Element(0x00280010, "US", 0)], rd.InvalidDicomError, "Rows is 0, expected 1 to 65535"),
        ([Element(0x00280100, "US", 24)], rd.UnsupportedError, "Bits Allocated 24"),
        ([Element(0x00280101, "US", 17)], rd.InvalidDicomError, "BitsStored is 17"),
        ([Element(PIXEL_DATA, "OW", None)], AttributeError, "PixelData"),
    ],
    ids=["no rows", "zero rows", "24 bits", "17 stored", "no pixels"],
)
def test_impossible_image_attributes_are_an_error(
    changes: list[Element], error: Any, words: str
) -> None:
    data = file_bytes(image(np.zeros((3, 4), dtype=np.int16), extra=changes))
    with pytest.raises(error, match=words):
        _ = rd.dcmread(data).pixel_array


def test_rows_times_columns_times_frames_that_overflow_are_refused() -> None:
    changes = [
        Element(0x00280010, "US", 65535),
        Element(0x00280011, "US", 65535),
        Element(0x00280008, "IS", 2**40),
    ]
    ds = rd.dcmread(file_bytes(image(np.zeros((3, 4), dtype=np.int16), extra=changes)))
    with pytest.raises(rd.InvalidDicomError, match="frames"):
        _ = ds.pixel_array


def test_pixels_follow_what_is_set_in_memory() -> None:
    ds = rd.dcmread(file_bytes(image(np.arange(12, dtype=np.int16).reshape(3, 4))))
    ds.PixelRepresentation = 0
    assert ds.pixel_array.dtype == np.uint16
    ds.Rows, ds.Columns = 4, 3
    assert ds.pixel_array.shape == (4, 3)
    new = np.full((4, 3), 9, dtype=np.uint16)
    ds.PixelData = new.tobytes()
    assert np.array_equal(ds.pixel_array, new)
    ds.BitsStored = 3
    assert ds.pixel_array.max() == 1, "9 has the lowest three bits 001"
    ds.HighBit = 3
    with pytest.warns(UserWarning, match="High"):
        assert ds.pixel_array.max() == 4, "and those above the lowest 100"
    del ds.PixelData
    with pytest.raises(AttributeError):
        _ = ds.pixel_array


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID", None])
@pytest.mark.parametrize("rescale", [None, (1.0, -1024.0), (0.5, 3.25)])
def test_rescale_and_windows_are_pydicoms(
    function: str | None, rescale: tuple[float, float] | None
) -> None:

    extra = [Element(0x00281050, "DS", [40.0, 300.0]), Element(0x00281051, "DS", [400.0, 1500.0])]
    if function:
        extra.append(Element(0x00281056, "CS", function))
    data = file_bytes(
        image(noise((20, 20), "int16"), layout=Layout(bits_stored=12), rescale=rescale, extra=extra)
    )
    ours, theirs = rd.dcmread(data), read_by_pydicom(data)
    stored = ours.pixel_array
    modality = rd.apply_modality_lut(stored, ours)
    expected = pydicom.pixels.apply_modality_lut(stored, theirs)
    assert modality.dtype == expected.dtype and np.array_equal(modality, expected)
    for index in (0, 1):
        windowed = rd.apply_voi_lut(modality, ours, index)
        expected = pydicom.pixels.apply_voi_lut(modality, theirs, index)
        assert windowed.dtype == expected.dtype
        np.testing.assert_allclose(windowed, expected, rtol=1e-12)


def test_acr_nemas_images_have_one_sample() -> None:
    extra = [Element(0x00280002, "US", None), Element(0x00280005, "US", 2)]
    pixels = noise((3, 4), "uint16")
    assert np.array_equal(rd.dcmread(file_bytes(image(pixels, extra=extra))).pixel_array, pixels)


@pytest.mark.parametrize(
    "tag", [0x00280002, 0x00280010, 0x00280100, 0x00280101, 0x00280103], ids=hex
)
def test_what_pixels_mean_is_never_guessed(tag: int) -> None:
    ds = rd.dcmread(
        file_bytes(image(np.full((3, 4), -2, np.int16), extra=[Element(tag, "US", None)]))
    )
    # As pydicom's, it is an AttributeError, and as ours one of DICOM.
    for kind in (AttributeError, rd.InvalidDicomError):
        with pytest.raises(kind, match="is missing") as caught:
            _ = ds.pixel_array
        assert type(caught.value) is MissingElementError
        assert caught.value.tag == tag


@pytest.mark.parametrize("count", [0, None])
def test_no_number_of_frames_is_one_with_a_warning(count: int | None) -> None:
    expected = np.arange(12, dtype=np.uint16).reshape(3, 4)
    ds = rd.dcmread(file_bytes(image(expected)))
    ds.NumberOfFrames = count
    with pytest.warns(UserWarning, match="Number of Frames"):
        assert np.array_equal(rd.pixel_array(ds), expected)


def test_bytes_after_the_pixels_warn() -> None:
    ds = rd.dcmread(file_bytes(image(noise((4, 6), "uint16"))))
    before = ds.pixel_array
    ds.PixelData += b"\0" * 4
    with pytest.warns(UserWarning, match="4 bytes after the last frame"):
        np.testing.assert_array_equal(ds.pixel_array, before)
