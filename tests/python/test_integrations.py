"""Volumes and data sets handed to other libraries."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Items, file_bytes, image
from series_builder import series

PLANES = ["axial", "sagittal", "coronal", "oblique"]


def voxel_places(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Some (slice, row, column, 1), corners among them; shape (4, n)."""
    corners = np.array(np.meshgrid(*[[0, size - 1] for size in shape], indexing="ij")).reshape(3, -1)
    return np.vstack([corners, np.ones(corners.shape[1])])


@pytest.mark.parametrize("plane", PLANES)
def test_nibabel_has_the_same_voxels_in_the_same_places(tmp_path: Path, plane: str) -> None:
    nibabel = pytest.importorskip("nibabel", reason="nibabel is what it is handed to")
    series(tmp_path, plane=plane, pixel_spacing=(0.5, 0.75))
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
def test_sitk_has_the_same_voxels_in_the_same_places(tmp_path: Path, plane: str) -> None:
    sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is what it is handed to")
    series(tmp_path, plane=plane, pixel_spacing=(0.5, 0.75))
    volume = rd.read_series(tmp_path)
    itk = volume.to_sitk()
    assert np.array_equal(sitk.GetArrayFromImage(itk), volume.array)
    places = voxel_places(volume.shape)
    for place, expected in zip(places.T, (volume.affine @ places).T, strict=True):
        index = [int(number) for number in place[2::-1]]
        np.testing.assert_allclose(itk.TransformIndexToPhysicalPoint(index), expected[:3], atol=1e-6)


def test_sitk_refuses_a_tilt(tmp_path: Path) -> None:
    pytest.importorskip("SimpleITK", reason="SimpleITK is what it is handed to")
    series(tmp_path, tilt=15.0)
    with pytest.raises(ValueError, match="tilted"):
        rd.read_series(tmp_path).to_sitk()


def test_xarray_has_names_and_millimetres(tmp_path: Path) -> None:
    pytest.importorskip("xarray", reason="xarray is what it is handed to")
    series(tmp_path, pixel_spacing=(0.5, 0.75), step=2.5)
    volume = rd.read_series(tmp_path)
    named = volume.to_xarray()
    assert named.dims == ("slice", "row", "column")
    assert np.shares_memory(named.values, volume.array)
    for axis, spacing in zip(named.dims, volume.spacing, strict=True):
        np.testing.assert_allclose(np.diff(named[axis]), spacing)


def test_torch_shares_the_memory(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is what it is handed to")
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    tensor = volume.to_torch()
    tensor[0, 0, 0] = 77
    assert volume.array[0, 0, 0] == 77
    out = torch.empty(volume.shape, dtype=torch.float32)
    rd.read_series(tmp_path, out=out)
    assert out[1, 2, 3] == volume.array[1, 2, 3]


def test_dlpack_takes_the_array_without_a_copy(tmp_path: Path) -> None:
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    assert np.shares_memory(np.from_dlpack(volume.array), volume.array)


def test_pydicom_gets_an_equal_data_set_with_its_changes() -> None:
    pydicom = pytest.importorskip("pydicom", reason="pydicom is what it is handed to")
    inner = [Element(0x00081150, "UI", "1.2.3"), Element(0x00081155, "UI", "1.2.4")]
    elements = image(
        np.arange(12, dtype=np.int16).reshape(3, 4), extra=[Element(0x00081140, "SQ", Items([inner, inner]))]
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
    assert np.array_equal(pydicom.dcmread(io.BytesIO(buffer.getvalue())).pixel_array, ds.pixel_array)
