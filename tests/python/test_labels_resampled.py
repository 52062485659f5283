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
        # float32 does not hold all whole numbers of 32 bits.
        assert linear.dtype == (np.float64 if np.dtype(dtype).itemsize > 4 or dtype == np.int32
                                else np.float32)  # fmt: skip
        np.testing.assert_allclose(linear.array, values, atol=1e-3)
    back = rd.read_series(tmp_path / "a", slices=slice(None, None, -1), columns=slice(3, None, 2))
    found = vol.resampled(like=back, order=0)
    np.testing.assert_array_equal(found.array, values[::-1, :, 3::2])


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("dtype", [
    ">i2", ">u2", ">f4", ">f8", ">i4", "<i2", "int8", "int64", "uint64", "uint32", "bool",
    "float16", ">f2", "complex64", ">c16", "float32",
])  # fmt: skip
def test_values_of_every_type_and_layout(tmp_path: Path, dtype: str, order: Any) -> None:
    """Against the values of float64, at every second voxel and between slices."""
    images = Images(plane="oblique")
    random = np.random.default_rng(2).integers(0, 2 if dtype == "bool" else 100, images.shape)
    values = random.astype(np.dtype(dtype))
    if values.dtype.kind == "c":
        values = (values + 1j * values[::-1]).astype(np.dtype(dtype))
    vol = volume(tmp_path / "a", images)
    other = rd.read_series(tmp_path / "a", slices=slice(None, None, -1), rows=slice(1, None, 2))
    other.affine[:3, 3] += 0.4 * other.affine[:3, 2]
    vol.array = random.astype(np.float64)
    expected = vol.resampled(like=other, order=order, fill=0).array
    if values.dtype.kind == "c":
        vol.array = random[::-1].astype(np.float64)
        expected = expected + 1j * vol.resampled(like=other, order=order, fill=0).array
    wide = np.repeat(values, 2, axis=2)
    frozen = values.copy()
    frozen.flags.writeable = False
    for array in (values, wide[:, :, ::2], np.asfortranarray(values), frozen):
        vol.array = array
        found = vol.resampled(like=other, order=order, fill=0)
        np.testing.assert_allclose(found.array, expected, rtol=1e-3 if "f2" in dtype else 1e-6)
        if order == 0:
            assert found.dtype == values.dtype.newbyteorder("=")
    # A leading axis; each step for itself.
    vol.axes, vol.array = ("time", *vol.axes), np.stack([values, values[::-1]])
    found = vol.resampled(like=other, order=order, fill=0)
    assert found.shape == (2, *other.shape)
    np.testing.assert_allclose(found.array[0], expected, rtol=1e-3 if "f2" in dtype else 1e-6)


def test_large_whole_numbers_stay_exact(tmp_path: Path) -> None:
    images = Images()
    for dtype, number in (("int64", -(2**62) - 1), ("uint64", 2**63 + 1), ("uint32", 2**24 + 1)):
        values = np.full(images.shape, number, dtype)
        vol = volume(tmp_path / "a", images, values)
        np.testing.assert_array_equal(vol.resampled(like=vol, order=0).array, values)
        np.testing.assert_array_equal(vol.resampled(like=vol).array, values.astype(np.float64))


def test_arrays_that_are_not_all_numbers(tmp_path: Path) -> None:
    images = Images()
    vol = volume(tmp_path / "a", images, np.zeros(images.shape))
    for array, words in (
        (np.ma.masked_equal(np.zeros(images.shape), 0), "masked"),
        (np.zeros(images.shape, "M8[s]"), "datetime64"),
        (np.zeros(images.shape, object), "object"),
        (np.zeros(images.shape[1:]), "2 axes"),
    ):
        vol.array = array
        with pytest.raises(ValueError, match=words):
            vol.resampled(like=rd.read_series(tmp_path / "a"))
    for dtype, fill in (
        ("float32", 1e300), ("float16", 7e4), ("int64", 2**53 + 1), ("bool", 2), ("uint8", -1),
        ("uint8", np.nan), ("float32", 1j),
    ):  # fmt: skip
        vol.array = np.zeros(images.shape, dtype)
        with pytest.raises(ValueError, match="does not hold fill="):
            vol.resampled(like=vol, order=0, fill=fill)
    vol.array = np.zeros(images.shape, "float32")
    assert vol.resampled(like=vol, fill=np.inf).array.max() == 0


def without(folder: Path, images: Images, missing: int) -> Any:
    images.save(folder)
    sorted(folder.iterdir())[missing].unlink()
    return rd.read_series(folder, irregular="keep")


@pytest.mark.parametrize("order", [0, 1])
def test_grids_with_a_gap_have_the_values_where_their_slices_lie(
    tmp_path: Path, order: Any
) -> None:
    images = Images(plane="oblique", lean=0.5)
    values = np.random.default_rng(1).normal(size=images.shape)
    vol = volume(tmp_path / "a", images, values)
    gap = without(tmp_path / "b", images, 2)
    found = vol.resampled(like=gap, order=order)
    np.testing.assert_allclose(found.array, values[[0, 1, 3, 4, 5]], atol=1e-4)
    notes = [(issue.kind, issue.is_error) for issue in found.report]
    assert notes.count(("uneven_slices", False)) == 1
    # Values that lie at other places than their affine has are an error.
    gap.array = values[[0, 1, 3, 4, 5]]
    with pytest.raises(rd.IrregularSeriesError, match="slices of the volume lie up to 1 voxels"):
        gap.resampled(like=vol)
    kept = gap.resampled(like=vol, irregular="keep")
    assert ("uneven_slices", True) in [(issue.kind, issue.is_error) for issue in kept.report]
    assert kept.frame_of_reference_uid == vol.frame_of_reference_uid


@pytest.mark.parametrize("orientation", ["LPS", "SPL"])
def test_where_slices_lie_stays_known_of_what_was_resampled(
    tmp_path: Path, orientation: str
) -> None:
    images = Images(spacing=(2.0, 0.7, 1.1))
    heights = images.centres()[..., 2].astype(np.float32)
    vol = volume(tmp_path / "a", images, heights)
    gap = without(tmp_path / "b", images, 2)
    own = vol.reorient(orientation).resampled(like=gap)
    wanted = heights[[0, 1, 3, 4, 5], 0, 0]
    # Halfway between the slices that are there.
    between = wanted[:-1] + np.diff(wanted) / 2
    finer = own.resample((1.0, 0.7, 1.1))
    for name, grid, expected in (
        ("itself", own, wanted),
        ("a part", own.part(slices=slice(1, 4)), wanted[1:4]),
        ("every second", own.part(slices=slice(None, None, 2)), wanted[::2]),
        ("reversed", own.part(slices=slice(None, None, -1)), wanted[::-1]),
        ("feet first", own.reorient("RPI"), wanted[::-1]),
        ("finer", finer.part(slices=slice(1, -1)), (between[:, None] + np.diff(wanted)[:, None]
         * [-0.25, 0.25]).ravel()),
        ("finer images", gap.resample((1.0, 0.7, 1.1)).part(slices=slice(1, -1)),
         (between[:, None] + np.diff(wanted)[:, None] * [-0.25, 0.25]).ravel()),
    ):  # fmt: skip
        found = vol.resampled(like=grid).array[:, 0, 0]
        np.testing.assert_allclose(found, expected, atol=1e-4, err_msg=name)
    with pytest.raises(rd.IrregularSeriesError, match="slices of the volume lie up to"):
        finer.resampled(like=vol)
    mask = np.zeros((1, *images.shape), np.uint8)
    mask[0, 3, 4, 5] = 1
    turned = own.reorient("RPI")
    found = rd.read_labels(segmentation(images, mask), like=turned).array
    assert np.argwhere(found).tolist() == [[2, 4, images.shape[2] - 6]]


def test_what_was_resampled_has_the_other_frame_of_reference(tmp_path: Path) -> None:
    images = Images()
    vol = volume(tmp_path / "a", images)
    other = volume(tmp_path / "b", images, FrameOfReferenceUID="1.2.9")
    found = vol.resampled(like=other, irregular="keep")
    assert found.frame_of_reference_uid == "1.2.9"
    assert [issue.kind for issue in found.report.errors] == ["frame_of_reference"]
    bare = volume(tmp_path / "c", images, FrameOfReferenceUID=None)
    found = vol.resampled(like=bare)
    assert [issue.kind for issue in found.report] == ["frame_of_reference"]
    assert found.frame_of_reference_uid == vol.frame_of_reference_uid
    again = found.resampled(like=other, irregular="keep")
    assert again.frame_of_reference_uid == "1.2.9"


def test_ties_do_not_depend_on_the_order_of_the_array(tmp_path: Path) -> None:
    images = Images(plane="oblique", spacing=(2.0, 2.0, 2.0))
    values = np.random.default_rng(3).integers(0, 99, images.shape).astype(np.int16)
    vol = volume(tmp_path / "a", images, values)
    like = rd.read_series(tmp_path / "a")
    like.affine[:3, 3] = (vol.affine @ [0.5, 0.5, 0.5, 1])[:3]
    expected = vol.resampled(like=like, order=0).array
    back = slice(None, None, -1)
    for part in ({"slices": back}, {"rows": back}, {"columns": back, "slices": back}):
        turned = rd.read_series(tmp_path / "a", **part)
        turned.array = values[tuple(part.get(one, slice(None)) for one in (
            "slices", "rows", "columns"))]  # fmt: skip
        np.testing.assert_array_equal(turned.resampled(like=like, order=0).array, expected)


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
