"""Parts of volumes, other orientations and other voxels, against NumPy, nibabel and SimpleITK."""

from __future__ import annotations

import itertools
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from data_paths import BRAIN_MR
from labels_builder import Images
from series_builder import PLANES, Flaws, Stack, series

ORIENTATIONS = [
    "".join(letters)
    for axes in itertools.permutations(("LR", "PA", "SI"))
    for letters in itertools.product(*axes)
]


def world_of(volume: rd.Volume) -> dict[tuple[float, ...], float]:
    """Return the value at each place of the patient."""
    first = volume.axes.index("slice")
    shape = volume.shape[first : first + 3]
    indices = np.indices(shape).reshape(3, -1)
    places = volume.affine[:3, :3] @ indices + volume.affine[:3, 3:]
    keys = map(tuple, (places.T.round(3) + 0.0).tolist())
    values = volume.array.reshape(-1, *shape)[-1].ravel()
    return dict(zip(keys, values.tolist(), strict=True))


@pytest.fixture(params=["axial", "sagittal", "coronal", "oblique"])
def volume(request: pytest.FixtureRequest, tmp_path: Path) -> rd.Volume:
    series(tmp_path, Stack(count=4, plane=request.param, pixel_spacing=(0.5, 0.75)))
    return rd.read_series(tmp_path)


PARTS = [
    {},
    {"slices": slice(1, 3)},
    {"slices": slice(None, None, -1), "rows": slice(1, None, 2)},
    {"columns": slice(-2, 0, -3)},
    {"slices": slice(2, 3), "rows": slice(3, 2, -1), "columns": slice(4, 5)},
]


@pytest.mark.parametrize("chosen", PARTS, ids=str)
def test_a_part_is_what_reading_the_part_gives(tmp_path: Path, chosen: dict[str, slice]) -> None:
    series(tmp_path, Stack(count=4, plane="oblique", pixel_spacing=(0.5, 0.75), phases=2))
    whole = rd.read_series(tmp_path, irregular="keep")
    assert whole.array.ndim == 4
    part = whole.part(**chosen)
    read = rd.read_series(tmp_path, irregular="keep", **chosen)
    np.testing.assert_array_equal(part.array, read.array)
    np.testing.assert_allclose(part.affine, read.affine, atol=1e-9)
    np.testing.assert_allclose(part.spacing, read.spacing)
    assert (part.axes, part.paths, part.frames) == (read.axes, read.paths, read.frames)
    assert part.instance_uids == read.instance_uids
    assert part.report == read.report
    assert [ds.SOPInstanceUID for ds in part.datasets] == part.instance_uids
    assert part.windows.shape == read.windows.shape
    copy = pickle.loads(pickle.dumps(part))
    assert (copy.paths, copy.report) == (part.paths, part.report)
    # Of a copy, which has no headers, and of the part, once more.
    for again in (pickle.loads(pickle.dumps(whole)).part(**chosen), part.part()):
        assert (again.paths, again.report) == (read.paths, read.report)


def test_a_part_of_a_part(tmp_path: Path) -> None:
    series(tmp_path, Stack(count=6))
    whole = rd.read_series(tmp_path)
    once = whole.part(slices=slice(1, 6), rows=slice(None, None, -1))
    twice = once.part(slices=slice(None, None, 2), rows=slice(1, 3))
    read = rd.read_series(tmp_path, slices=slice(1, 6, 2), rows=slice(3, 1, -1))
    np.testing.assert_array_equal(twice.array, read.array)
    np.testing.assert_allclose(twice.affine, read.affine)
    assert twice.paths == read.paths
    assert twice.padding_mask().shape == twice.shape
    # The whole is as it was.
    assert len(whole.paths) == 6


def test_a_part_shares_memory_unless_it_counts_down(tmp_path: Path) -> None:
    series(tmp_path)
    whole = rd.read_series(tmp_path)
    assert np.shares_memory(whole.part(rows=slice(1, 3)).array, whole.array)
    assert whole.part(rows=slice(None, None, -1)).array.flags.c_contiguous


@pytest.mark.parametrize(
    ("chosen", "error"),
    [({"slices": 3}, TypeError), ({"rows": slice(9, 2)}, ValueError), ({"slices": [1]}, TypeError)],
)
def test_what_is_no_part(tmp_path: Path, chosen: Any, error: type[Exception]) -> None:
    series(tmp_path)
    with pytest.raises(error, match=next(iter(chosen))):
        rd.read_series(tmp_path).part(**chosen)


def test_damage_stays_with_its_slice(tmp_path: Path) -> None:
    series(tmp_path, Stack(count=5), flaws=Flaws(truncated=3))
    whole = rd.read_series(tmp_path, irregular="keep")
    kinds = [issue.kind for issue in whole.report]
    for chosen in (slice(2, None), slice(None, None, -1), slice(0, 2)):
        part = whole.part(slices=chosen)
        read = rd.read_series(tmp_path, irregular="keep", slices=chosen)
        assert part.report == read.report
        assert list(part._damaged) == list(read._damaged)
    assert kinds == [issue.kind for issue in whole.report]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_voxels_stay_where_they_are(volume: rd.Volume, orientation: str) -> None:
    turned = volume.reorient(orientation)
    assert world_of(turned) == world_of(volume)
    assert turned.array.flags.c_contiguous
    nib = pytest.importorskip("nibabel")
    assert "".join(nib.aff2axcodes(turned.to_nibabel().affine)) == orientation
    np.testing.assert_allclose(np.linalg.norm(turned.affine[:3, :3], axis=0), turned.spacing)


def test_canonical_as_in_nibabel(volume: rd.Volume) -> None:
    nib = pytest.importorskip("nibabel")
    ours, theirs = (
        volume.reorient("RAS").to_nibabel(),
        nib.as_closest_canonical(volume.to_nibabel()),
    )
    np.testing.assert_array_equal(ours.get_fdata(), theirs.get_fdata())
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-5)


def test_far_from_all_axes_as_in_nibabel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nib = pytest.importorskip("nibabel")
    images = Images(shape=(4, 5, 8), plane="far", spacing=(2.0, 0.5, 0.75))
    rng = np.random.default_rng(1)
    # Two axes of the last follow the same one of the patient most.
    turns = [np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(20)]
    turns.append(np.array([[-0.43, -0.59, 0.69], [-0.60, -0.38, -0.70], [0.68, -0.71, -0.19]]))
    for number, turn in enumerate(turns):
        right, down = np.linalg.svd(turn[:, :2], full_matrices=False)[0::2]
        monkeypatch.setitem(PLANES, "far", tuple((right @ down).T.ravel().tolist()))
        vol = rd.read_series(images.save(tmp_path / str(number)))
        canonical = nib.as_closest_canonical(vol.to_nibabel())
        ours = vol.reorient("RAS")
        np.testing.assert_allclose(ours.to_nibabel().affine, canonical.affine, atol=1e-5)
        for orientation in ("LPS", "SAL", "IPR"):
            turned = vol.reorient(orientation)
            assert "".join(nib.aff2axcodes(turned.to_nibabel().affine)) == orientation
            for again, wanted in ((orientation, turned), ("RAS", ours)):
                affine = turned.reorient(again).affine
                np.testing.assert_allclose(affine, wanted.affine, atol=1e-9)


@pytest.mark.parametrize("orientation", ["LPS", "RAS", "PIR", "SAL", "ILA"])
def test_oriented_as_by_simpleitk(volume: rd.Volume, orientation: str) -> None:
    sitk = pytest.importorskip("SimpleITK")
    ours = volume.reorient(orientation).to_sitk()
    theirs = sitk.DICOMOrient(volume.to_sitk(), orientation)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(ours), sitk.GetArrayFromImage(theirs))
    for get in ("GetOrigin", "GetSpacing", "GetDirection"):
        np.testing.assert_allclose(getattr(ours, get)(), getattr(theirs, get)(), atol=1e-6)


def test_nothing_to_turn_copies_nothing(tmp_path: Path) -> None:
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    turned = volume.reorient("LPS")
    assert np.shares_memory(turned.array, volume.array)
    assert (turned.paths, turned.report) == (volume.paths, volume.report)


def test_one_slice_is_turned_too(tmp_path: Path) -> None:
    series(tmp_path, Stack(count=1))
    volume = rd.read_series(tmp_path, irregular="keep")
    for orientation in ("LPS", "RAS", "SAL"):
        turned = volume.reorient(orientation)
        assert world_of(turned) == world_of(volume)
        expected = volume.reorient(orientation).reorient("LPS").affine
        np.testing.assert_allclose(expected, volume.affine, atol=1e-9)


def test_turned_and_back(volume: rd.Volume) -> None:
    nib = pytest.importorskip("nibabel")
    own = "".join(nib.aff2axcodes(volume.to_nibabel().affine))
    for orientation in ORIENTATIONS:
        back = volume.reorient(orientation).reorient(own)
        np.testing.assert_array_equal(back.array, volume.array)
        np.testing.assert_allclose(back.affine, volume.affine, atol=1e-9)
        assert (back.paths, back._order, back._part) == (volume.paths, (0, 1, 2), volume._part)


def test_a_part_of_what_was_turned(tmp_path: Path) -> None:
    series(tmp_path, Stack(count=4, plane="sagittal"))
    volume = rd.read_series(tmp_path)
    turned = volume.reorient("LAS")
    # The columns of the turned volume are the slices of the files.
    part = turned.part(columns=slice(1, 3), slices=slice(0, 2))
    assert part.paths == turned.paths[1:3]
    places = world_of(part)
    whole = world_of(volume)
    assert all(whole[place] == value for place, value in places.items())
    assert part.padding_mask().shape == part.shape
    assert [ds.SOPInstanceUID for ds in part.datasets] == part.instance_uids


def test_masks_turn_with_the_volume() -> None:
    volume = rd.read_series(BRAIN_MR)
    for ds in volume.datasets:
        ds.PixelPaddingValue = 0
    stored = rd.read_series(BRAIN_MR, values="stored")
    turned = volume.reorient("PIR")
    for ds in turned.datasets:
        ds.PixelPaddingValue = 0
    mask = turned.padding_mask()
    assert 0 < mask.mean() < 1
    np.testing.assert_array_equal(mask, stored.reorient("PIR").array == 0)


def test_colours_and_leading_axes_turn_along(tmp_path: Path) -> None:
    series(tmp_path, Stack(count=4, phases=2, plane="sagittal"))
    volume = rd.read_series(tmp_path, irregular="keep")
    turned = volume.reorient("RAS")
    assert turned.axes == volume.axes
    for step in range(2):
        one, other = (v.array[step] for v in (volume, turned))
        assert sorted(one.ravel()) == sorted(other.ravel())
    assert world_of(turned) == world_of(volume)
    assert turned.coords.keys() == volume.coords.keys()


@pytest.mark.parametrize("orientation", ["", "RA", "RAX", "RRS", "RASL", "ALR"])
def test_what_is_no_orientation(tmp_path: Path, orientation: str) -> None:
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    with pytest.raises(ValueError, match="three letters"):
        volume.reorient(orientation)


def test_other_spellings_of_an_orientation(tmp_path: Path) -> None:
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    for one, other in (("ras", "RAS"), ("LPH", "LPS"), ("RAF", "RAI")):
        np.testing.assert_array_equal(volume.reorient(one).affine, volume.reorient(other).affine)
    with pytest.raises(TypeError, match="str"):
        volume.reorient(("R", "A", "S"))  # type: ignore[arg-type]


SPACINGS = [1.0, (2.0, 0.5, 1.5), (3.5, 0.9, 0.75)]


def places_in(volume: rd.Volume, other: rd.Volume) -> Any:
    """Return the indices in a volume of each voxel of another one; shape (3, voxels)."""
    indices = np.indices(other.shape).reshape(3, -1)
    to_index = np.linalg.inv(volume.affine) @ other.affine
    return to_index[:3, :3] @ indices + to_index[:3, 3:]


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
def test_other_voxels_as_by_simpleitk(volume: rd.Volume, order: Any, spacing: Any) -> None:
    sitk = pytest.importorskip("SimpleITK")
    ours = volume.resample(spacing, order=order)
    np.testing.assert_allclose(ours.spacing, np.broadcast_to(spacing, 3))
    np.testing.assert_allclose(ours.direction, volume.direction, atol=1e-9)
    image = sitk.Cast(volume.to_sitk(), sitk.sitkFloat64)
    how = sitk.sitkLinear if order else sitk.sitkNearestNeighbor
    resampled = sitk.Resample(image, ours.to_sitk(), sitk.Transform(), how, np.nan)
    theirs = sitk.GetArrayFromImage(resampled)
    # Rounding decides between voxels that are equally near.
    places = places_in(volume, ours)
    is_clear = (np.abs(places % 1 - 0.5) > 1e-6).all(axis=0).reshape(ours.shape)
    compared = (is_clear | (order == 1)) & ~np.isnan(theirs)
    assert compared.mean() > 0.2
    np.testing.assert_allclose(ours.array[compared], theirs[compared], rtol=1e-5, atol=1e-3)
    assert ours.dtype == np.float32


@pytest.mark.parametrize("order", [2, 3, 5])
@pytest.mark.parametrize("spacing", SPACINGS, ids=str)
def test_other_voxels_by_splines(volume: rd.Volume, order: int, spacing: Any) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    ours = volume.resample(spacing, order=order)
    expected = ndimage.map_coordinates(
        volume.array, places_in(volume, ours), np.float32, order, mode="nearest"
    )
    np.testing.assert_allclose(ours.array.ravel(), expected, rtol=1e-4, atol=1e-2)
    assert ours.shape == volume.resample(spacing).shape


def test_the_space_stays_the_same(volume: rd.Volume) -> None:
    def centre(volume: rd.Volume) -> Any:
        return volume.affine @ [*((np.array(volume.shape) - 1) / 2), 1]

    for spacing in (0.3, 1.0, (2.5, 0.5, 0.75), (4.0, 0.9, 1.0)):
        other = volume.resample(spacing)
        np.testing.assert_allclose(centre(other), centre(volume), atol=1e-9)
        lengths = np.array(other.shape) * other.spacing
        own = np.array(volume.shape) * volume.spacing
        assert (
            np.abs(lengths - own) <= np.maximum(np.array(other.spacing), 0) / 2 + 1e-9
        ).all() or (spacing == (100.0, 100.0, 100.0))
        assert not np.isnan(other.array).any()
    same = volume.resample(volume.spacing)
    np.testing.assert_allclose(same.array, volume.array, rtol=1e-6)
    np.testing.assert_allclose(same.affine, volume.affine, atol=1e-9)


def test_resampled_volumes_keep_their_images(tmp_path: Path) -> None:
    series(tmp_path, Stack(count=4, phases=2))
    volume = rd.read_series(tmp_path, irregular="keep")
    other = volume.resample(1.0).part(slices=slice(1, 3)).reorient("RAS")
    assert other.shape[0] == volume.shape[0]
    assert (other.paths, other.report) == (volume.paths, volume.report)
    with pytest.raises(ValueError, match="resampled"):
        other.padding_mask()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"spacing": 0}, ValueError),
        ({"spacing": (1, -1, 1)}, ValueError),
        ({"spacing": float("nan")}, ValueError),
        ({"spacing": (1, 1)}, TypeError),
        ({"spacing": "1 mm"}, TypeError),
        ({"spacing": None}, (TypeError, ValueError)),
        ({"spacing": 1e-300}, ValueError),
        ({"spacing": 1, "order": 6}, ValueError),
        ({"spacing": 1, "order": -1}, ValueError),
        ({"spacing": 1, "order": "linear"}, ValueError),
    ],
    ids=str,
)
def test_what_cannot_be_resampled_to(tmp_path: Path, arguments: Any, error: Any) -> None:
    series(tmp_path)
    with pytest.raises(error):
        rd.read_series(tmp_path).resample(**arguments)


def test_splines_need_scipy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    for name in [name for name in sys.modules if name.startswith("scipy")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match=r"rapidicom\[scipy\]"):
        volume.resample(1.0, order=3)
    assert volume.resample(1.0).spacing == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("engine", ["scipy", "h5netcdf"])
def test_a_netcdf_file_has_all_of_it(tmp_path: Path, engine: Any) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip(engine)
    volume = rd.read_series(BRAIN_MR)
    named = volume.to_xarray()
    named.to_netcdf(tmp_path / "volume.nc", engine=engine)
    with xarray.open_dataarray(tmp_path / "volume.nc", engine=engine) as read:
        np.testing.assert_array_equal(read.values, volume.array)
        np.testing.assert_allclose(np.reshape(read.attrs["affine"], (4, 4)), volume.affine)
        assert read.attrs["series_uid"] == volume.series_uid
        assert read.dims == named.dims
    # A part of it, arithmetic and pickles are written as well.
    pickle.loads(pickle.dumps(named.isel(slice=slice(2, 4)))).to_netcdf(
        tmp_path / "part.nc", engine=engine
    )
    assert named.attrs["affine"].shape == (4, 4)
