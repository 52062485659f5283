"""Volumes at the voxels of others, and which labels were drawn on which series."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from labels_builder import SERIES, Contour, Images, save, segmentation, structure_set
from volume_builder import item


def volume(folder: Path, images: Images, values: NDArray[Any] | None = None, **fields: Any) -> Any:
    """Read the images, with `values` in place of their pixels."""
    vol = rd.read_series(images.save(folder, **fields), irregular="keep")
    if values is not None:
        vol.array = values
    return vol


def plane_function(images: Images) -> NDArray[np.float64]:
    """Return a linear function of the place in the patient, which interpolation must keep."""
    return images.centres() @ np.array([0.7, -1.3, 0.4]) + 5


GRIDS = [
    Images(),
    Images(plane="oblique", spacing=(2.0, 1.5, 0.8)),
    Images(plane="sagittal", lean=0.9, origin=(-5.0, 31.0, -90.0)),
]


@pytest.mark.parametrize("like", GRIDS, ids=lambda one: one.plane)
def test_a_linear_function_stays_one(tmp_path: Path, like: Images) -> None:
    images = Images(shape=(9, 24, 33))
    vol = volume(tmp_path / "a", images, plane_function(images).astype(np.float32))
    other = volume(tmp_path / "b", like)
    found = vol.resampled(like=other)
    assert isinstance(found, rd.Volume)
    assert found.shape == like.shape
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.affine, other.affine)
    np.testing.assert_allclose(found.spacing, other.spacing)
    places = (like.centres() - images.affine[:3, 3]) @ np.linalg.inv(images.affine[:3, :3]).T
    last = np.array(images.shape) - 1.0
    inside = np.all((places >= 1e-3) & (places <= last - 1e-3), axis=-1)
    outside = np.any((places < -0.501) | (places > last + 0.501), axis=-1)
    assert inside.any()
    np.testing.assert_allclose(found.array[inside], plane_function(like)[inside], atol=1e-3)
    assert np.isnan(found.array[outside]).all()
    assert not np.isnan(found.array[inside]).any()
    filled = vol.resampled(like=other, fill=-1000)
    np.testing.assert_array_equal(filled.array, np.where(np.isnan(found.array), -1000, found.array))
    assert [issue.kind for issue in found.report if issue.kind == "outside"] == (
        ["outside"] if outside.any() else []
    )


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("like", GRIDS, ids=lambda one: one.plane)
def test_what_simpleitk_makes_of_it(tmp_path: Path, like: Images, order: Any) -> None:
    sitk = pytest.importorskip("SimpleITK")
    like = replace(like, lean=0.0)
    images = Images(shape=(9, 24, 33))
    values = np.random.default_rng(1).normal(size=images.shape).astype(np.float32)
    vol, other = volume(tmp_path / "a", images, values), volume(tmp_path / "b", like)
    found = vol.resampled(like=other, order=order, fill=-7)
    method = sitk.sitkNearestNeighbor if order == 0 else sitk.sitkLinear
    expected = sitk.GetArrayFromImage(
        sitk.Resample(vol.to_sitk(), other.to_sitk(), sitk.Transform(), method, -7.0)
    )
    differs = np.abs(found.array - expected) > 1e-3
    # Halfway between two voxels, and on the border, either is right.
    places = (like.centres() - images.affine[:3, 3]) @ np.linalg.inv(images.affine[:3, :3]).T
    halves = np.abs(places - np.floor(places) - 0.5).min(axis=-1) < 1e-3
    assert not differs[~halves].any()


def test_the_same_grid_gives_the_same_values(tmp_path: Path) -> None:
    images = Images(plane="oblique")
    for dtype in (np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64):
        values = np.random.default_rng(1).integers(0, 200, images.shape).astype(dtype)
        vol = volume(tmp_path / "a", images, values)
        nearest = vol.resampled(like=vol, order=0)
        assert nearest.dtype == dtype
        np.testing.assert_array_equal(nearest.array, values)
        linear = vol.resampled(like=vol)
        assert linear.dtype == (np.float64 if dtype == np.float64 else np.float32)
        np.testing.assert_allclose(linear.array, values, atol=1e-3)
    back = rd.read_series(tmp_path / "a", slices=slice(None, None, -1), columns=slice(3, None, 2))
    found = vol.resampled(like=back, order=0)
    np.testing.assert_array_equal(found.array, values[::-1, :, 3::2])


def test_no_number_stays_where_it_is(tmp_path: Path) -> None:
    images = Images()
    values = np.zeros(images.shape, np.float32)
    values[2, 5, 6] = np.nan
    vol = volume(tmp_path / "a", images, values)
    found = vol.resampled(like=rd.read_series(tmp_path / "a", slices=slice(None, None, -1)))
    assert np.argwhere(np.isnan(found.array)).tolist() == [[3, 5, 6]]


def test_what_cannot_be_resampled(tmp_path: Path) -> None:
    images = Images()
    vol = volume(tmp_path / "a", images, np.zeros(images.shape, np.uint8))
    other = volume(tmp_path / "b", images, FrameOfReferenceUID="1.2.9")
    with pytest.raises(rd.IrregularSeriesError, match="Frames of Reference"):
        vol.resampled(like=other)
    assert vol.resampled(like=other, irregular="keep").shape == vol.shape
    for wrong in ({"order": 2}, {"fill": 300, "order": 0}, {"fill": 0.5, "order": 0},
                  {"irregular": "no"}, {"workers": 0}):  # fmt: skip
        with pytest.raises(ValueError):
            vol.resampled(**{"like": vol, **wrong})
    with pytest.raises(TypeError, match="like must be a volume"):
        vol.resampled(like=np.zeros(3))
    with pytest.raises(ValueError, match="was resampled"):
        vol.resampled(like=vol).padding_mask()


def test_labels_are_found_with_their_series(tmp_path: Path) -> None:
    images = Images()
    images.save(tmp_path / "images")
    assert rd.find_labels(tmp_path) == []
    masks = np.ones((1, *images.shape), int)
    seg = segmentation(images, masks)
    # Names its series.
    named = segmentation(images, masks)
    named.ReferencedSeriesSequence = [item(SeriesInstanceUID="1.2.3.4")]
    square = np.array([[0, 0, 0], [0, 5, 0], [5, 5, 0]])
    rt = structure_set({"Secret": [Contour(square, image=images.uid(0))]})
    listed = structure_set({"a": []})
    series = item(SeriesInstanceUID="1.2.3.5")
    study = item(RTReferencedSeriesSequence=[series])
    listed.ReferencedFrameOfReferenceSequence = [
        item(FrameOfReferenceUID="1.2.3.6", RTReferencedStudySequence=[study])
    ]
    for index, ds in enumerate((seg, named, rt, listed)):
        save(ds, tmp_path / f"{index}.dcm")
    found = rd.find_labels(tmp_path)
    assert [Path(one.name).name for one in found] == ["0.dcm", "1.dcm", "2.dcm", "3.dcm"]
    assert [one.kind for one in found] == ["SEG", "SEG", "RTSTRUCT", "RTSTRUCT"]
    assert [one.referenced_series_uids for one in found] == [
        (SERIES,), ("1.2.3.4",), (SERIES,), ("1.2.3.5",)
    ]  # fmt: skip
    assert found[0].sop_instance_uid == seg.SOPInstanceUID
    assert "1.2.3.6" in found[3].frame_of_reference_uids
    assert all("Secret" not in repr(one) for one in found)
    # Without the images, nobody knows their series.
    assert [one.referenced_series_uids for one in rd.find_labels([rt, named])] == [
        (), ("1.2.3.4",)
    ]  # fmt: skip
