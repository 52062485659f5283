"""Order, affine and spacing of volumes (PS3.3 §C.7.6.2.1.1), computed independently here."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Identity, Plane, file_bytes, image
from findings import kinds
from series_builder import ORIGIN, PLANES, Numbering, Stack, Written, normal_of, series

SHAPES = {
    "square pixels": (0.75, 0.75),
    # Rows lie 1.5 mm apart, columns 0.5 mm: a reader that swaps the two is caught.
    "non-square pixels": (1.5, 0.5),
}


def assert_is_complete_stack(vol: rd.Volume, written: Written) -> None:
    """Compare a volume with the series: content, order, and every attribute of its geometry."""
    assert list(map(Path, vol.paths)) == written.paths
    np.testing.assert_array_equal(vol.array, written.modality_volume.astype(np.float32))
    np.testing.assert_allclose(vol.affine, written.affine, atol=1e-6)
    assert vol.affine.dtype == np.float64
    np.testing.assert_allclose(vol.spacing, written.spacing, atol=1e-6)
    np.testing.assert_allclose(vol.origin, written.affine[:3, 3], atol=1e-6)
    # Direction cosines are columns, one an array axis, so that direction times spacing is the
    # affine again.
    direction = np.asarray(vol.direction)
    np.testing.assert_allclose(np.linalg.norm(direction, axis=0), 1, atol=1e-9)
    np.testing.assert_allclose(direction * np.asarray(vol.spacing), vol.affine[:3, :3], atol=1e-9)


@pytest.mark.parametrize("pixel_spacing", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("plane", PLANES)
def test_affine_takes_array_indices_to_the_standards_millimetres(
    tmp_path: Path, plane: str, pixel_spacing: tuple[float, float]
) -> None:
    written = series(tmp_path, Stack(plane=plane, pixel_spacing=pixel_spacing))
    vol = rd.read_series(tmp_path)
    assert_is_complete_stack(vol, written)
    assert list(vol.report.issues) == []


def test_voxel_centre_follows_the_formula_by_hand(tmp_path: Path) -> None:
    series(tmp_path, Stack(plane="sagittal", pixel_spacing=(1.5, 0.5), step=2.0))
    vol = rd.read_series(tmp_path)
    # Sagittal: columns run to posterior (+y), rows to inferior (-z), X cross Y is to the right
    # (-x).
    expected = [ORIGIN[0] - 3 * 2.0, ORIGIN[1] + 4 * 0.5, ORIGIN[2] - 2 * 1.5, 1.0]
    np.testing.assert_allclose(vol.affine @ [3, 2, 4, 1], expected, atol=1e-6)
    np.testing.assert_allclose(vol.spacing, [2.0, 1.5, 0.5], atol=1e-6)


@pytest.mark.parametrize("plane", PLANES)
def test_series_tells_the_same_from_headers_alone(tmp_path: Path, plane: str) -> None:
    written = series(tmp_path, Stack(plane=plane, pixel_spacing=(1.5, 0.5)))
    (found,) = rd.find_series(tmp_path)
    assert found.uid == written.uid
    assert found.modality == "CT"
    assert found.description == "Built for a test"
    assert tuple(found.shape) == (8, 5, 7)
    assert list(map(Path, found.paths)) == written.paths
    np.testing.assert_allclose(found.affine, written.affine, atol=1e-6)
    np.testing.assert_allclose(found.spacing, written.spacing, atol=1e-6)
    assert list(found.report.issues) == []
    assert_is_complete_stack(found.read(), written)


def test_reversed_instance_numbers_do_not_reverse_the_volume(tmp_path: Path) -> None:
    written = series(tmp_path, numbering=Numbering(reversed_instances=True))
    assert_is_complete_stack(rd.read_series(tmp_path), written)


def test_order_does_not_depend_on_the_order_of_paths(tmp_path: Path) -> None:
    written = series(tmp_path)
    shuffled = written.paths.copy()
    random.Random(2).shuffle(shuffled)
    assert_is_complete_stack(rd.read_series(shuffled), written)


def test_paths_may_be_text(tmp_path: Path) -> None:
    written = series(tmp_path)
    assert_is_complete_stack(rd.read_series(str(tmp_path)), written)
    assert_is_complete_stack(rd.read_series([str(path) for path in written.paths]), written)


def test_path_given_twice_is_read_once(tmp_path: Path) -> None:
    written = series(tmp_path)
    assert_is_complete_stack(rd.read_series([tmp_path, written.paths[2]]), written)


def test_slice_location_does_not_decide_the_order(tmp_path: Path) -> None:
    for index in range(4):
        elements = image(
            np.full((2, 3), index, np.int16),
            plane=Plane(position=(0.0, 0.0, 3.0 * index)),
            identity=Identity(instance_number=index + 1, sop_instance=f"2.25.{index + 10}"),
            extra=[Element(0x00201041, "DS", -3.0 * index)],
        )
        (tmp_path / f"{index}.dcm").write_bytes(file_bytes(elements))
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.array[:, 0, 0], [0, 1, 2, 3])
    np.testing.assert_allclose(vol.affine[:3, 0], [0, 0, 3])


def test_rounded_positions_are_regular(tmp_path: Path) -> None:
    written = series(tmp_path, Stack(step=4 / 3, decimals=2))
    vol = rd.read_series(tmp_path)
    assert list(vol.report.issues) == []
    np.testing.assert_array_equal(vol.array, written.modality_volume.astype(np.float32))
    np.testing.assert_allclose(vol.affine @ [7, 0, 0, 1], written.affine @ [7, 0, 0, 1], atol=0.01)


@pytest.mark.parametrize("tilt", [-18.0, 12.5])
def test_tilt_shears_the_affine_and_is_reported(tmp_path: Path, tilt: float) -> None:
    written = series(tmp_path, Stack(tilt=tilt, pixel_spacing=(1.5, 0.5)))
    vol = rd.read_series(tmp_path)
    assert_is_complete_stack(vol, written)
    assert kinds(vol) == ["tilt"]
    # The angle is lost if the slice axis is taken along the normal.
    direction = np.asarray(vol.direction)
    assert abs(direction[:, 0] @ direction[:, 1]) == pytest.approx(
        abs(np.sin(np.radians(tilt))), abs=1e-6
    )


def test_one_slice_has_a_slice_axis_along_its_normal(tmp_path: Path) -> None:
    written = series(tmp_path, Stack(count=1, plane="oblique", pixel_spacing=(1.5, 0.5)))
    vol = rd.read_series(tmp_path)
    assert vol.array.shape == (1, 5, 7)
    np.testing.assert_allclose(vol.affine[:3, 1:], written.affine[:3, 1:], atol=1e-6)
    step = vol.affine[:3, 0]
    assert np.linalg.norm(step) > 0
    np.testing.assert_allclose(step / np.linalg.norm(step), normal_of(PLANES["oblique"]), atol=1e-6)


def test_datasets_follow_the_slices(tmp_path: Path) -> None:
    written = series(tmp_path, numbering=Numbering(reversed_instances=True))
    vol = rd.read_series(tmp_path)
    assert len(vol.datasets) == 8
    assert [ds.SOPInstanceUID for ds in vol.datasets] == [
        written.instances[path] for path in written.paths
    ]
    assert isinstance(vol.datasets[-1], rd.Dataset)
    last = [*vol.datasets[-1].ImagePositionPatient, 1]
    np.testing.assert_allclose(last, vol.affine @ [7, 0, 0, 1], atol=1e-6)


def test_asarray_shares_the_memory(tmp_path: Path) -> None:
    series(tmp_path)
    vol = rd.read_series(tmp_path)
    assert np.shares_memory(np.asarray(vol), vol.array)
    assert np.asarray(vol, dtype=np.float64).dtype == np.float64
    assert vol.array.flags.c_contiguous
    assert vol.array.flags.writeable
    assert vol.array.ctypes.data % 64 == 0
