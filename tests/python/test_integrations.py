"""Volumes and data sets handed to other libraries."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Identity, Items, Layout, file_bytes, image
from series_builder import Stack, series, write_slices

PLANES = ["axial", "sagittal", "coronal", "oblique"]


@pytest.fixture
def nibabel() -> Any:
    return pytest.importorskip("nibabel", reason="nibabel is what it is handed to")


@pytest.fixture
def sitk() -> Any:
    return pytest.importorskip("SimpleITK", reason="SimpleITK is what it is handed to")


@pytest.fixture
def xarray() -> Any:
    return pytest.importorskip("xarray", reason="xarray is what it is handed to")


def voxel_places(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Some (slice, row, column, 1), corners among them; shape (4, n)."""
    corners = np.array(np.meshgrid(*[[0, size - 1] for size in shape], indexing="ij")).reshape(
        3, -1
    )
    return np.vstack([corners, np.ones(corners.shape[1])])


@pytest.mark.parametrize("plane", PLANES)
def test_nibabel_has_the_same_voxels_in_the_same_places(
    tmp_path: Path, plane: str, nibabel: Any
) -> None:
    series(tmp_path, Stack(plane=plane, pixel_spacing=(0.5, 0.75)))
    volume = rd.read_series(tmp_path)
    nifti = volume.to_nibabel()
    assert np.array_equal(np.asarray(nifti.dataobj).transpose(2, 1, 0), volume.array)
    assert np.shares_memory(np.asarray(nifti.dataobj), volume.array)
    places = voxel_places(volume.shape)
    in_ras = nifti.affine @ places[[2, 1, 0, 3]]
    in_lps = volume.affine @ places
    np.testing.assert_allclose(in_ras[:3] * [[-1], [-1], [1]], in_lps[:3], atol=1e-9)
    np.testing.assert_allclose(nifti.get_qform(), nifti.get_sform(), atol=1e-4)
    # A file keeps all of it.
    nibabel.save(nifti, tmp_path / "volume.nii")
    read = nibabel.load(tmp_path / "volume.nii")
    assert np.array_equal(read.get_fdata().transpose(2, 1, 0), volume.array)
    np.testing.assert_allclose(read.affine, nifti.affine, atol=1e-4)


@pytest.mark.parametrize("plane", PLANES)
def test_sitk_has_the_same_voxels_in_the_same_places(tmp_path: Path, plane: str, sitk: Any) -> None:
    series(tmp_path, Stack(plane=plane, pixel_spacing=(0.5, 0.75)))
    volume = rd.read_series(tmp_path)
    itk = volume.to_sitk()
    assert np.array_equal(sitk.GetArrayFromImage(itk), volume.array)
    places = voxel_places(volume.shape)
    for place, expected in zip(places.T, (volume.affine @ places).T, strict=True):
        index = [int(number) for number in place[2::-1]]
        np.testing.assert_allclose(
            itk.TransformIndexToPhysicalPoint(index), expected[:3], atol=1e-6
        )


def colour(folder: Path) -> np.ndarray[Any, Any]:
    """Write slices of red, green and blue and return them."""
    pixels = np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3)
    write_slices(folder, pixels, layout=Layout(samples=3), identity=Identity(modality="OT"))
    return pixels


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "int32", "int64"])
def test_nibabel_keeps_dtype_units_and_codes(tmp_path: Path, dtype: str, nibabel: Any) -> None:
    series(tmp_path / "dicom", Stack(plane="oblique"))
    volume = rd.read_series(tmp_path / "dicom", dtype=dtype)
    nibabel.save(volume.to_nibabel(), tmp_path / "volume.nii")
    read = nibabel.load(tmp_path / "volume.nii")
    assert read.get_data_dtype() == np.dtype(dtype)
    assert np.array_equal(np.asarray(read.dataobj).transpose(2, 1, 0), volume.array)
    assert read.header.get_xyzt_units() == ("mm", "unknown")
    assert (read.header["qform_code"], read.header["sform_code"]) == (1, 1)
    np.testing.assert_allclose(read.header.get_zooms(), volume.spacing[::-1], rtol=1e-6)


def test_nibabel_keeps_the_shear_in_the_sform_alone(tmp_path: Path, nibabel: Any) -> None:
    series(tmp_path / "dicom", Stack(tilt=15.0))
    volume = rd.read_series(tmp_path / "dicom")
    nibabel.save(volume.to_nibabel(), tmp_path / "volume.nii")
    read = nibabel.load(tmp_path / "volume.nii")
    assert (read.header["qform_code"], read.header["sform_code"]) == (0, 1)
    in_ras = np.diag([-1, -1, 1, 1]) @ volume.affine[:, [2, 1, 0, 3]]
    np.testing.assert_allclose(read.affine, in_ras, atol=1e-4)


def test_nibabel_gets_colour_as_its_own_type(tmp_path: Path, nibabel: Any) -> None:
    (tmp_path / "dicom").mkdir()
    pixels = colour(tmp_path / "dicom")
    volume = rd.read_series(tmp_path / "dicom", values="stored")
    nifti = volume.to_nibabel()
    assert np.shares_memory(np.asarray(nifti.dataobj), volume.array)
    nibabel.save(nifti, tmp_path / "volume.nii")
    read = np.asarray(nibabel.load(tmp_path / "volume.nii").dataobj)
    assert read.shape == (5, 4, 3)
    for sample, name in enumerate("RGB"):
        np.testing.assert_array_equal(read[name].transpose(2, 1, 0), pixels[..., sample])
    with pytest.raises(ValueError, match="8 bits"):
        rd.read_series(tmp_path / "dicom", dtype="float32").to_nibabel()


def in_front(volume: rd.Volume, name: str, **coords: Any) -> rd.Volume:
    """Put an axis of three steps in front of a volume."""
    volume.array = np.stack([volume.array + step for step in range(3)])
    volume.axes = (name, *volume.axes)
    volume.coords = {key: np.asarray(values, np.float64) for key, values in coords.items()}
    return volume


TIMES: dict[str, tuple[dict[str, Any], float | None]] = {
    "milliseconds": ({"temporal_position": [1, 2, 3], "trigger_time": [0, 2000, 4000]}, 2.0),
    "seconds": ({"acquisition_time": [100.0, 101.5, 103.0]}, 1.5),
    "uneven": ({"acquisition_time": [100.0, 101.5, 109.0]}, None),
    "backwards": ({"acquisition_time": [3.0, 2.0, 1.0]}, None),
    "counted": ({"temporal_position": [1, 2, 3]}, None),
}


@pytest.mark.parametrize(("coords", "step"), TIMES.values(), ids=TIMES.keys())
def test_nibabel_has_time_as_its_fourth_axis(
    tmp_path: Path, coords: dict[str, Any], step: float | None, nibabel: Any
) -> None:
    series(tmp_path / "dicom", Stack(plane="oblique"))
    volume = in_front(rd.read_series(tmp_path / "dicom"), "time", **coords)
    nibabel.save(volume.to_nibabel(), tmp_path / "volume.nii")
    read = nibabel.load(tmp_path / "volume.nii")
    assert read.shape == (7, 5, 8, 3)
    np.testing.assert_array_equal(np.asarray(read.dataobj).transpose(3, 2, 1, 0), volume.array)
    np.testing.assert_allclose(read.header.get_zooms()[:3], volume.spacing[::-1], rtol=1e-6)
    assert read.header.get_zooms()[3] == (1.0 if step is None else step)
    assert read.header.get_xyzt_units() == ("mm", "unknown" if step is None else "sec")


def test_sitk_has_time_as_its_fourth_axis(tmp_path: Path, sitk: Any) -> None:
    series(tmp_path, Stack(plane="oblique"))
    volume = in_front(rd.read_series(tmp_path), "time")
    itk = volume.to_sitk()
    assert itk.GetSize() == (7, 5, 8, 3)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(itk), volume.array)
    place = itk.TransformIndexToPhysicalPoint([1, 2, 3, 0])
    np.testing.assert_allclose(place[:3], (volume.affine @ [3, 2, 1, 1])[:3], atol=1e-6)


def test_xarray_has_what_changes_along_an_axis(tmp_path: Path, xarray: Any) -> None:
    series(tmp_path)
    gradients = np.eye(3)
    volume = in_front(
        rd.read_series(tmp_path),
        "gradient_direction",
        gradient_direction=gradients,
        b_value=[0, 500, 1000],
    )
    named = volume.to_xarray()
    assert named.dims == ("gradient_direction", "slice", "row", "column")
    np.testing.assert_array_equal(named["b_value"], [0, 500, 1000])
    assert named["b_value"].attrs["units"] == "s/mm2"
    for column, letter in enumerate("xyz"):
        np.testing.assert_array_equal(named[f"gradient_direction_{letter}"], gradients[:, column])


def test_sitk_gets_colour_as_vectors(tmp_path: Path, sitk: Any) -> None:
    pixels = colour(tmp_path)
    itk = rd.read_series(tmp_path, values="stored").to_sitk()
    assert (itk.GetSize(), itk.GetNumberOfComponentsPerPixel()) == ((5, 4, 3), 3)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(itk), pixels)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "int32", "int64"])
def test_sitk_keeps_the_type_and_a_file_all_of_it(tmp_path: Path, dtype: str, sitk: Any) -> None:
    series(tmp_path / "dicom", Stack(plane="oblique", pixel_spacing=(0.5, 0.75)))
    volume = rd.read_series(tmp_path / "dicom", dtype=dtype, rows=slice(None, None, -1))
    sitk.WriteImage(volume.to_sitk(), str(tmp_path / "volume.mha"))
    read = sitk.ReadImage(str(tmp_path / "volume.mha"))
    array = sitk.GetArrayFromImage(read)
    assert array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(array, volume.array)
    np.testing.assert_allclose(read.GetOrigin(), volume.origin, atol=1e-6)
    np.testing.assert_allclose(read.GetSpacing(), volume.spacing[::-1], atol=1e-9)
    direction = np.reshape(read.GetDirection(), (3, 3))[:, ::-1]
    np.testing.assert_allclose(direction, volume.direction, atol=1e-9)


def test_sitk_refuses_a_tilt(tmp_path: Path, sitk: Any) -> None:
    series(tmp_path, Stack(tilt=15.0))
    with pytest.raises(ValueError, match=r"tilted.*to_nibabel"):
        rd.read_series(tmp_path).to_sitk()


def test_xarray_has_names_and_millimetres(tmp_path: Path, xarray: Any) -> None:
    series(tmp_path, Stack(pixel_spacing=(0.5, 0.75), step=2.5))
    volume = rd.read_series(tmp_path)
    named = volume.to_xarray()
    assert named.dims == ("slice", "row", "column")
    assert np.shares_memory(named.values, volume.array)
    for axis, spacing in zip(named.dims, volume.spacing, strict=True):
        np.testing.assert_allclose(np.diff(named[axis]), spacing)
        assert named[axis].attrs["units"] == "mm"
    np.testing.assert_array_equal(named.attrs["affine"], volume.affine)
    # A coordinate times a direction is the way from the first voxel.
    place = [float(named[axis][index]) for axis, index in zip(named.dims, (3, 2, 1), strict=True)]
    np.testing.assert_allclose(
        volume.origin + volume.direction @ place, (volume.affine @ [3, 2, 1, 1])[:3], atol=1e-9
    )


def test_xarray_of_colour_has_samples(tmp_path: Path, xarray: Any) -> None:
    pixels = colour(tmp_path)
    named = rd.read_series(tmp_path, values="stored").to_xarray()
    assert named.dims == ("slice", "row", "column", "sample")
    np.testing.assert_array_equal(named.isel(sample=1), pixels[..., 1])


def test_torch_shares_the_memory(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is large: make test-ml installs it")
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    tensor = volume.to_torch()
    tensor[0, 0, 0] = 77
    assert volume.array[0, 0, 0] == 77
    out = torch.empty(volume.shape, dtype=torch.float32)
    rd.read_series(tmp_path, out=out)
    assert out[1, 2, 3] == volume.array[1, 2, 3]


def test_torch_is_handed_the_array_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in takes it as torch does, where torch is not installed."""
    stand_in = ModuleType("torch")
    monkeypatch.setattr(stand_in, "from_numpy", np.from_dlpack, raising=False)
    monkeypatch.setattr(stand_in, "Tensor", np.ndarray, raising=False)
    monkeypatch.setitem(sys.modules, "torch", stand_in)
    monkeypatch.delitem(sys.modules, "rapidicom.integrations.torch_tensors", raising=False)
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    assert np.shares_memory(volume.to_torch(), volume.array)
    monkeypatch.delitem(sys.modules, "rapidicom.integrations.torch_tensors")


def test_dlpack_takes_the_array_without_a_copy(tmp_path: Path) -> None:
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    assert np.shares_memory(np.from_dlpack(volume), volume.array)
    assert volume.__dlpack_device__() == (1, 0)
    assert np.shares_memory(np.from_dlpack(volume.array), volume.array)


def test_numpy_copies_on_request(tmp_path: Path) -> None:
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    assert np.asarray(volume) is volume.array
    assert np.shares_memory(np.asarray(volume, dtype=np.float32), volume.array)
    for copied in (
        np.array(volume),
        np.asarray(volume, dtype=np.float64),
        np.array(volume, dtype=np.int32),
    ):
        assert not np.shares_memory(copied, volume.array)
        np.testing.assert_array_equal(copied, volume.array)
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        assert np.asarray(volume, copy=False) is volume.array
        assert not np.shares_memory(np.asarray(volume, copy=True), volume.array)
        with pytest.raises(ValueError, match="copy"):
            np.asarray(volume, dtype=np.float64, copy=False)
    np.testing.assert_array_equal(np.add(volume, 1), volume.array + 1)


def test_pydicom_gets_an_equal_data_set_with_its_changes() -> None:
    pydicom = pytest.importorskip("pydicom", reason="pydicom is what it is handed to")
    inner = [Element(0x00081150, "UI", "1.2.3"), Element(0x00081155, "UI", "1.2.4")]
    elements = image(
        np.arange(12, dtype=np.int16).reshape(3, 4),
        extra=[Element(0x00081140, "SQ", Items([inner, inner]))],
    )
    data = file_bytes(elements)
    ds = rd.dcmread(data)
    assert ds.to_pydicom() == pydicom.dcmread(io.BytesIO(data))
    ds.SliceThickness = 2.5
    ds.ReferencedImageSequence[0].ReferencedSOPInstanceUID = "1.2.9"
    del ds.PatientID
    theirs = ds.to_pydicom()
    assert theirs.SliceThickness == 2.5
    assert theirs.ReferencedImageSequence[0].ReferencedSOPInstanceUID == "1.2.9"
    assert "PatientID" not in theirs
    buffer = io.BytesIO()
    theirs.save_as(buffer)
    assert np.array_equal(
        pydicom.dcmread(io.BytesIO(buffer.getvalue())).pixel_array, ds.pixel_array
    )
