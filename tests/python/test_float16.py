"""`dtype="float16"`: NumPy's rounding of the exact values, and an error instead of an infinity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import EXPLICIT_BIG, EXPLICIT_LITTLE, Element, file_bytes, image
from enhanced_builder import Frame, enhanced
from series_builder import Pixels, Stack, series, write_slices

Array = np.ndarray[Any, Any]


def rounded(values: Any) -> Array:
    """Round values of 64 bits once, as NumPy does."""
    return np.asarray(values, dtype=np.float64).astype(np.float16)


def assert_same(found: Array, expected: Array) -> None:
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found.view(np.uint16), expected.view(np.uint16))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32])
@pytest.mark.parametrize("rescale", [(1.0, -1024.0), (0.1, 0.3), (2.0, 1.0), (1e-7, 0.0), None])
def test_values_are_rounded_once(dtype: Any, rescale: Any, tmp_path: Path) -> None:
    written = series(tmp_path, pixels=Pixels((5, 7), dtype, rescale))
    for kind in ("float16", np.float16, np.dtype("f2")):
        volume = rd.read_series(tmp_path, dtype=kind)
        assert_same(volume.array, rounded(written.modality_volume))
    assert_same(rd.read_batch(written.paths, dtype="float16"), rounded(written.modality_volume))
    part = rd.read_series(tmp_path, dtype="float16", rows=slice(4, 0, -2), columns=slice(1, 6, 2))
    assert_same(part.array, rounded(written.modality_volume[:, 4:0:-2, 1:6:2]))
    stored = rd.read_series(tmp_path, values="stored", dtype="float16")
    assert_same(stored.array, rounded(written.stored_volume))


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, EXPLICIT_BIG])
def test_every_whole_number_of_16_bits_is_rounded_as_by_numpy(syntax: str, tmp_path: Path) -> None:
    values = np.arange(-32768, 32768, dtype=np.int16).reshape(256, 256)
    write_slices(tmp_path, [values], transfer_syntax=syntax)
    assert_same(rd.read_series(tmp_path, dtype="float16").array[0], rounded(values))


def test_out_of_halves_sets_the_type(tmp_path: Path) -> None:
    written = series(tmp_path / "series")
    out = np.empty((8, 5, 7), np.float16)
    volume = rd.read_series(tmp_path / "series", out=out)
    assert volume.array is out
    assert_same(out, rounded(written.modality_volume))
    mapped = np.memmap(tmp_path / "map", np.float16, "w+", 0, (8, 5, 7))
    rd.read_series(tmp_path / "series", out=mapped)
    assert_same(np.asarray(mapped), rounded(written.modality_volume))


@pytest.mark.parametrize(
    ("rescale", "dtype"),
    [((33.0, 0.0), np.int16), ((1.0, -70000.0), np.int16), ((0.5e3, 0.1), np.uint16)],
)
def test_what_is_out_of_range_is_an_error_that_names_the_file(
    rescale: Any, dtype: Any, tmp_path: Path
) -> None:
    small = (1.0, 0.0)
    scales = [small] * 5 + [rescale] + [small] * 2
    written = series(tmp_path, pixels=Pixels((5, 7), dtype, scales))
    for read in (
        lambda: rd.read_series(tmp_path, dtype="float16"),
        lambda: rd.read_series(tmp_path, dtype="float16", irregular="keep"),
        lambda: rd.read_series(tmp_path, dtype="float16", rows=slice(3, 5)),
        lambda: rd.read_batch(written.paths, dtype="float16"),
    ):
        with pytest.raises(ValueError, match=r"float16 does not hold every value.*65504") as caught:
            read()
        assert str(caught.value).startswith(f"{written.paths[5]}: ")
    assert np.isfinite(rd.read_series(tmp_path).array).all()


def test_of_several_frames_the_error_names_one(tmp_path: Path) -> None:
    frames = [
        Frame(
            np.full((3, 4), 40000 + 8510 * index, np.uint16), (0.0, 0.0, float(index)), rescale=None
        )
        for index in range(4)
    ]
    path = enhanced(tmp_path / "enhanced.dcm", frames)
    with pytest.raises(ValueError, match=r"enhanced\.dcm: frame 3: dtype float16 does not hold"):
        rd.read_series(path, dtype="float16")
    assert_same(
        rd.read_series(path, dtype="float16", slices=slice(0, 3)).array,
        rounded([frame.stored for frame in frames[:3]]),
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 65519.9, -65504.0, 2.0**-25, 1e-300])
def test_floating_pixels_that_are_infinite_stay_so(value: float, tmp_path: Path) -> None:
    path = floating(tmp_path, value)
    assert_same(
        np.nan_to_num(rd.read_batch([path], dtype="float16"), posinf=1, neginf=-1),
        np.nan_to_num(rounded([[[value, 1.5]]]), posinf=1, neginf=-1),
    )


@pytest.mark.parametrize(
    ("value", "dtype"), [(65520.0, "float16"), (-1e9, "float16"), (1e300, "float16"),
                         (1e39, "float32"), (-1e300, "float32")],
)  # fmt: skip
def test_floating_pixels_never_become_infinite(value: float, dtype: str, tmp_path: Path) -> None:
    path = floating(tmp_path, value)
    with pytest.raises(ValueError, match=rf"floating\.dcm: dtype {dtype} does not hold every"):
        rd.read_batch([path], dtype=dtype)
    np.testing.assert_array_equal(rd.read_batch([path], dtype="float64"), [[[value, 1.5]]])


def floating(folder: Path, value: float) -> Path:
    """Write an image of two pixels in Double Float Pixel Data (PS3.3 §C.7.6.24)."""
    elements = [
        element
        for element in image(np.zeros((1, 2), np.uint16))
        if element.tag not in (0x7FE00010, 0x00280101, 0x00280102, 0x00280103)
    ]
    changes = {0x00280100: Element(0x00280100, "US", 64)}
    elements = [changes.get(element.tag, element) for element in elements]
    content = np.array([value, 1.5], "<f8").tobytes()
    path = folder / "floating.dcm"
    path.write_bytes(file_bytes([*elements, Element(0x7FE00009, "OD", content)]))
    return path


def test_a_fill_that_halves_do_not_hold_is_refused(tmp_path: Path) -> None:
    written = series(tmp_path, Stack(phases=2))
    written.paths[3].unlink()
    options: Any = {"dtype": "float16", "irregular": "keep"}
    volume = rd.read_series(tmp_path, fill=-2048.5, **options)
    assert (volume.array == np.float16(-2048.5)).sum() == 5 * 7
    with pytest.raises(ValueError, match="float16 does not hold the value to fill with"):
        rd.read_series(tmp_path, fill=1e5, **options)


def test_halves_go_to_other_libraries_as_they_can_take_them(tmp_path: Path) -> None:
    written = series(tmp_path)
    volume = rd.read_series(tmp_path, dtype="float16")
    expected = rounded(written.modality_volume)
    nibabel = pytest.importorskip("nibabel")
    nifti = volume.to_nibabel()
    # NIfTI has no halves.
    assert nifti.get_data_dtype() == np.float32
    np.testing.assert_array_equal(np.asarray(nifti.dataobj).T, expected)
    nibabel.save(nifti, tmp_path / "volume.nii")
    sitk = pytest.importorskip("SimpleITK")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(volume.to_sitk()), expected)
    xarray = pytest.importorskip("xarray")
    del xarray
    assert_same(volume.to_xarray().values, expected)


def test_halves_are_resampled(tmp_path: Path) -> None:
    series(tmp_path)
    volume = rd.read_series(tmp_path, dtype="float16")
    nearest = volume.resampled(like=volume, order=0, fill=-5)
    assert_same(nearest.array, volume.array)
    linear = volume.resampled(like=volume)
    assert linear.array.dtype == np.float32
    np.testing.assert_array_equal(linear.array, volume.array)
    with pytest.raises(ValueError, match="does not hold fill"):
        volume.resampled(like=volume, order=0, fill=1e6)
