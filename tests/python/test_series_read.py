"""What `read_series` puts into the array: values, dtypes, `out=`, and which series it takes."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    PATIENT_NAME,
    UNREADABLE_FILE,
    Element,
    Identity,
    Layout,
    file_bytes,
    image,
)
from series_builder import Numbering, Pixels, Stack, series, write_slices

BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE], ids=["explicit", "implicit"])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32"])
def test_stored_values_keep_their_dtype(tmp_path: Path, dtype: str, syntax: str) -> None:
    written = series(tmp_path, pixels=Pixels(dtype=dtype), transfer_syntax=syntax)
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(vol.array, written.stored_volume)


def test_modality_values_are_float32_by_default(tmp_path: Path) -> None:
    written = series(tmp_path, pixels=Pixels(rescale=(0.5, -1000.25)))
    vol = rd.read_series(tmp_path)
    assert vol.array.dtype == np.float32
    np.testing.assert_array_equal(vol.array, written.modality_volume.astype(np.float32))


def test_no_rescale_leaves_the_stored_values(tmp_path: Path) -> None:
    written = series(tmp_path, pixels=Pixels(rescale=None, modality="MR"))
    vol = rd.read_series(tmp_path)
    assert vol.array.dtype == np.float32
    np.testing.assert_array_equal(vol.array, written.stored_volume)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int16", "int32", "int64"])
def test_dtype_that_holds_every_value_is_honoured(tmp_path: Path, dtype: str) -> None:
    written = series(tmp_path, pixels=Pixels(rescale=(1.0, -1024.0)))
    vol = rd.read_series(tmp_path, dtype=dtype)
    assert vol.array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(vol.array, written.modality_volume)


@pytest.mark.parametrize(
    ("rescale", "dtype"),
    [
        ((0.5, 0.0), "int16"),
        ((1.0, 0.25), "int32"),
        ((1.0, -1024.0), "uint16"),
        ((1.0, 0.0), "int8"),
        ((20.0, 0.0), "int16"),
    ],
    ids=[
        "halves",
        "fraction in the intercept",
        "negative to unsigned",
        "too narrow",
        "overflow by the slope",
    ],
)
def test_integer_dtype_that_would_lose_values_is_refused(
    tmp_path: Path, rescale: tuple[float, float], dtype: str
) -> None:
    series(tmp_path, pixels=Pixels(rescale=rescale))
    with pytest.raises(ValueError, match=dtype):
        rd.read_series(tmp_path, dtype=dtype)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [("modality", "float32"), ("modality", "int16"), ("stored", "int16")],
)
def test_out_is_filled_in_place(tmp_path: Path, values: Any, dtype: str) -> None:
    written = series(tmp_path)
    out = np.full((8, 5, 7), 99, dtype)
    vol = rd.read_series(tmp_path, values=values, out=out)
    assert np.shares_memory(vol.array, out)
    expected = written.stored_volume if values == "stored" else written.modality_volume
    np.testing.assert_array_equal(out, expected)


def test_out_may_start_anywhere(tmp_path: Path) -> None:
    """A view into a larger buffer is not 64-byte aligned."""
    written = series(tmp_path)
    buffer = np.zeros(8 * 5 * 7 + 3, np.int16)
    out = buffer[1:-2].reshape(8, 5, 7)
    rd.read_series(tmp_path, values="stored", out=out)
    np.testing.assert_array_equal(out, written.stored_volume)
    assert buffer[0] == 0
    assert not buffer[-2:].any()


BAD_OUT = {
    "one slice too many": np.zeros((9, 5, 7), np.float32),
    "axes swapped": np.zeros((8, 7, 5), np.float32),
    "flat": np.zeros(8 * 5 * 7, np.float32),
    "not contiguous": np.zeros((8, 5, 14), np.float32)[:, :, ::2],
    "Fortran order": np.zeros((8, 5, 7), np.float32, order="F"),
    "complex": np.zeros((8, 5, 7), np.complex64),
    "other byte order": np.zeros((8, 5, 7), ">f4"),
    "uint8 is too narrow": np.zeros((8, 5, 7), np.uint8),
}


@pytest.mark.parametrize("out", BAD_OUT.values(), ids=BAD_OUT.keys())
def test_out_that_does_not_fit_is_refused(tmp_path: Path, out: np.ndarray[Any, Any]) -> None:
    series(tmp_path)
    with pytest.raises((ValueError, TypeError)):
        rd.read_series(tmp_path, out=out)


def test_out_that_is_read_only_is_refused(tmp_path: Path) -> None:
    series(tmp_path)
    out = np.zeros((8, 5, 7), np.float32)
    out.flags.writeable = False
    with pytest.raises((ValueError, TypeError)):
        rd.read_series(tmp_path, out=out)
    assert not out.any()


def test_out_and_a_different_dtype_are_refused(tmp_path: Path) -> None:
    series(tmp_path)
    with pytest.raises((ValueError, TypeError)):
        rd.read_series(tmp_path, out=np.zeros((8, 5, 7), np.float32), dtype="int16")


def test_high_bits_are_masked_and_the_sign_extended(tmp_path: Path) -> None:
    """With 12 of 16 bits stored, 0xFFE is -2: bits above the high bit do not count."""
    cells = np.array([[0x0FFE, 0x5FFE, 0x0001], [0xF7FF, 0x0800, 0x0000]], np.uint16).view(np.int16)
    write_slices(tmp_path, [cells] * 3, layout=Layout(bits_stored=12), rescale=(1.0, 10.0))
    expected = np.array([[-2, -2, 1], [2047, -2048, 0]])
    stored = rd.read_series(tmp_path, values="stored")
    assert stored.array.dtype == np.int16
    np.testing.assert_array_equal(stored.array, np.stack([expected] * 3))
    np.testing.assert_array_equal(rd.read_series(tmp_path).array, np.stack([expected + 10.0] * 3))


@pytest.mark.parametrize("planar_configuration", [0, 1])
def test_colour_samples_are_the_last_axis(tmp_path: Path, planar_configuration: int) -> None:
    pixels = np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3)
    layout = Layout(samples=3, planar_configuration=planar_configuration)
    write_slices(tmp_path, pixels, layout=layout, identity=Identity(modality="OT"))
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.array.dtype == np.uint8
    np.testing.assert_array_equal(vol.array, pixels)


def test_several_series_are_listed_in_the_error(tmp_path: Path) -> None:
    first, second = (
        series(tmp_path, numbering=Numbering(series=1)),
        series(tmp_path, Stack(count=3), numbering=Numbering(series=2)),
    )
    with pytest.raises(ValueError, match="series_uid") as caught:
        rd.read_series(tmp_path)
    assert first.uid in str(caught.value)
    assert second.uid in str(caught.value)
    assert "Secret" not in str(caught.value)


def test_series_uid_chooses_one(tmp_path: Path) -> None:
    series(tmp_path, numbering=Numbering(series=1))
    second = series(
        tmp_path, Stack(count=3), pixels=Pixels(dtype="uint16"), numbering=Numbering(series=2)
    )
    vol = rd.read_series(tmp_path, series_uid=second.uid, values="stored")
    np.testing.assert_array_equal(vol.array, second.stored_volume)
    found = {one.uid: tuple(one.shape) for one in rd.find_series(tmp_path)}
    assert found == {"2.25.100": (8, 5, 7), "2.25.200": (3, 5, 7)}


def test_unknown_series_uid_is_refused(tmp_path: Path) -> None:
    series(tmp_path)
    with pytest.raises(ValueError, match=r"2\.25\.999"):
        rd.read_series(tmp_path, series_uid="2.25.999")


@pytest.mark.parametrize("read", [rd.read_series, rd.find_series])
def test_folder_without_dicom_is_an_error_that_counts_its_files(tmp_path: Path, read: Any) -> None:
    with pytest.raises(rd.InvalidDicomError, match="0 looked at"):
        read(tmp_path)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "more.txt").write_text("not an image either")
    (tmp_path / "scan.zip").write_bytes(b"PK\x03\x04" + b"\0" * 300)
    with pytest.raises(
        rd.InvalidDicomError, match=r"3 looked at, 3 not DICOM \(.*: 2, .*zip.*: 1\)"
    ):
        read(tmp_path)


def test_folder_whose_images_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """There is no series whose report could name them."""
    for name in ("a.dcm", "b.dcm"):
        (tmp_path / name).write_bytes(UNREADABLE_FILE)
    with pytest.raises(rd.InvalidDicomError, match=r"2 not readable \(.*a\.dcm"):
        rd.find_series(tmp_path)


def test_no_paths_and_files_without_an_image_are_no_series(tmp_path: Path) -> None:
    assert rd.find_series([]) == []
    (tmp_path / "report.dcm").write_bytes(
        file_bytes([Element(0x00080016, "UI", BASIC_TEXT_SR), Element(0x0020000E, "UI", "2.25.1")])
    )
    assert rd.find_series(tmp_path) == []
    with pytest.raises(rd.InvalidDicomError, match="1 DICOM without an image"):
        rd.read_series(tmp_path)


def test_missing_path_is_the_ordinary_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rd.read_series(tmp_path / "absent")
    with pytest.raises(FileNotFoundError):
        rd.find_series(tmp_path / "absent")


def test_unknown_option_is_refused(tmp_path: Path) -> None:
    series(tmp_path)
    with pytest.raises(ValueError, match="values"):
        rd.read_series(tmp_path, values="window")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="irregular"):
        rd.read_series(tmp_path, irregular="ignore")  # type: ignore[arg-type]


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_workers_do_not_change_the_volume(tmp_path: Path, workers: int) -> None:
    written = series(tmp_path, Stack(count=40))
    vol = rd.read_series(tmp_path, workers=workers)
    np.testing.assert_array_equal(vol.array, written.modality_volume)


@pytest.mark.parametrize("mmap", ["auto", "never", "always"])
def test_mmap_does_not_change_the_volume(tmp_path: Path, mmap: Any) -> None:
    written = series(tmp_path)
    np.testing.assert_array_equal(
        rd.read_series(tmp_path, mmap=mmap).array, written.modality_volume
    )


def test_pickled_series_is_read_and_notices_files_that_changed(tmp_path: Path) -> None:
    written = series(tmp_path)
    (found,) = rd.find_series(tmp_path)
    pickled = pickle.dumps(pickle.loads(pickle.dumps(found)))
    np.testing.assert_array_equal(pickle.loads(pickled).read().array, written.modality_volume)
    # The slices trade places: the affine and the order of the series would be a lie.
    first, last = written.paths[0], written.paths[-1]
    contents = first.read_bytes(), last.read_bytes()
    last.write_bytes(contents[0])
    first.write_bytes(contents[1])
    for path in (first, last):
        os.utime(path, (1, 1))
    with pytest.raises(OSError, match="changed"):
        pickle.loads(pickled).read()


def test_names_that_are_no_utf8_are_kept(tmp_path: Path) -> None:
    folder = series(tmp_path / "a", Stack(count=2)).folder
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd\xff"))
    try:
        folder.rename(odd)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (found,) = rd.find_series(odd)
    assert {Path(path).parent for path in found.paths} == {odd}
    assert pickle.loads(pickle.dumps(found)).read().shape == (2, 5, 7)
    assert found.read().datasets[0].filename == found.paths[0]
    Path(found.paths[0]).write_bytes(b"nothing")
    with pytest.raises(rd.InvalidDicomError) as caught:
        rd.dcmread(found.paths[0])
    assert caught.value.path == found.paths[0]


@pytest.mark.parametrize("tag", [0x00080060, 0x0020000E], ids=["modality", "uid"])
def test_text_in_the_place_of_a_code_is_not_listed(tmp_path: Path, tag: int) -> None:
    series(tmp_path, Stack(count=1))
    extra = [Element(0x0020000E, "UI", "2.25.77"), Element(tag, "LO", PATIENT_NAME)]
    (tmp_path / "damaged.dcm").write_bytes(
        file_bytes(image(np.zeros((2, 2), np.int16), extra=extra))
    )
    with pytest.raises(ValueError, match="there are 2 series") as caught:
        rd.read_series(tmp_path)
    assert "Secret" not in str(caught.value)
