"""Tiles of one image as slices, and diffusion weighting, as UIH's scanners write them."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    RLE,
    Element,
    Identity,
    Items,
    Plane,
    file_bytes,
    image,
)
from data_paths import REFERENCE_DATA, needs_reference_data
from diffusion_builder import SLICES, VOLUME_STEP, element, write_series
from diffusion_tables import assert_same_table, in_patient, table
from findings import kinds, kinds_and_errors, refusal
from nifti_references import assert_same_voxels, volumes_of
from series_builder import PLANES, normal_of, series, stored_pixels
from uih_builder import Grid, weighting, write_grid

SHELLS: list[tuple[float, tuple[float, float, float] | None]] = [
    (1.25, None),
    (1000, (1.0, 0.0, 0.0)),
    (700, (0.0, 1.0, 0.0)),
    (1000, (0.0, 0.0, 1.0)),
    (2000, (0.6, -0.48, 0.64)),
    (700, (-0.36, -0.48, -0.8)),
]


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("block", [0x10, 0x11, 0xE7])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 12, 20])
def test_tiles_are_slices(tmp_path: Path, count: int, block: int, plane: str) -> None:
    orientation = PLANES[plane]
    grid = Grid(count=count, block=block, orientation=orientation)
    tiles = write_grid(tmp_path / "a.dcm", grid)
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, tiles)
    np.testing.assert_allclose(vol.origin, 0, atol=1e-9)
    np.testing.assert_allclose(vol.affine[:3, 0], 2.5 * normal_of(orientation), atol=1e-9)
    np.testing.assert_allclose(vol.affine[:3, 2], 2.0 * np.asarray(orientation[:3]), atol=1e-9)
    assert vol.report.issues == []
    assert vol.frames == list(range(count))


@pytest.mark.parametrize(
    ("vrs", "syntax"),
    [
        (("SQ", "DS"), IMPLICIT_LITTLE),
        (("SQ", "DS"), EXPLICIT_BIG),
        (("SQ", "UN"), EXPLICIT_LITTLE),
        (("SQ", "IS"), EXPLICIT_LITTLE),
        (("SQ", "US"), EXPLICIT_LITTLE),
    ],
)
def test_tiles_are_counted_whatever_writes_the_elements(
    tmp_path: Path, vrs: tuple[str, str], syntax: str
) -> None:
    said = b"5 " if vrs[1] == "UN" else 5
    tiles = write_grid(
        tmp_path / "a.dcm", Grid(vrs=vrs, said=said),
        *weighting(1000, (0.0, 0.6, 0.8))[1:], transfer_syntax=syntax,
    )  # fmt: skip
    (found,) = rd.find_series(tmp_path)
    np.testing.assert_array_equal(found.read(values="stored").array, tiles)


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE])
def test_directions_are_read_where_their_vr_is_not_written(tmp_path: Path, syntax: str) -> None:
    for number, (b_value, direction) in enumerate(SHELLS):
        elements = [
            replace(one, vr="UN", value=np.asarray(one.value, "<f8").tobytes())
            if one.vr == "FD"
            else one
            for one in weighting(b_value, direction)
        ]
        write_grid(
            tmp_path / f"{number}", Grid(), *elements, number=number + 1,
            first=VOLUME_STEP * number, transfer_syntax=syntax,
        )  # fmt: skip
    b_values, directions = table(rd.read_series(tmp_path))
    np.testing.assert_array_equal(b_values, [b_value for b_value, _ in SHELLS])
    expected = [direction or (np.nan,) * 3 for _, direction in SHELLS]
    np.testing.assert_allclose(directions, expected, atol=1e-12)


def test_compressed_grid_is_read(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    tiles = write_grid(tmp_path / "a.dcm")
    ds = pydicom.dcmread(tmp_path / "a.dcm")
    ds.compress(RLE, encoding_plugin="pydicom", generate_instance_uid=False)
    ds.save_as(tmp_path / "a.dcm")
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, tiles)
    assert vol.report.issues == []


def weighted_grids(folder: Path, orientation: Sequence[float] = PLANES["axial"]) -> None:
    """Write one grid a weighting, in the order of the numbers."""
    grid = Grid(count=5, orientation=orientation, tile=(4, 4))
    for number, (b_value, direction) in enumerate(SHELLS):
        write_grid(
            folder / f"{number}.dcm", grid, *weighting(b_value, direction, orientation),
            Element(0x00080032, "TM", f"1200{number:02}"), Element(0x00180080, "DS", 5865.0),
            first=VOLUME_STEP * number, number=number + 1,
        )  # fmt: skip


@pytest.mark.parametrize("plane", PLANES)
def test_weightings_of_grids_are_those_of_dcm2niix(tmp_path: Path, plane: str) -> None:
    (source := tmp_path / "in").mkdir()
    weighted_grids(source, PLANES[plane])
    vol = assert_same_table(source, tmp_path / "out")
    assert vol.shape == (len(SHELLS), 5, 4, 4)
    assert vol.report.issues == []


@pytest.mark.parametrize("plane", PLANES)
def test_weightings_of_single_slices_are_those_of_dcm2niix(tmp_path: Path, plane: str) -> None:
    (source := tmp_path / "in").mkdir()
    orientation = PLANES[plane]
    write_series(source, lambda b, g: weighting(b, g, orientation), SHELLS, orientation)
    vol = assert_same_table(source, tmp_path / "out")
    assert vol.shape[:2] == (len(SHELLS), SLICES)


def test_private_direction_counts_over_that_of_the_standard(tmp_path: Path) -> None:
    """Theirs of the standard has the numbers of the private one: it lies along the image's axes."""
    (source := tmp_path / "in").mkdir()
    orientation = PLANES["coronal"]

    def both(b_value: float, direction: tuple[float, float, float] | None) -> list[Element]:
        own = weighting(b_value, direction, orientation)
        return [
            *own,
            Element(0x00189087, "FD", round(b_value, -3)),
            Element(0x00189089, "FD", own[-1].value),
        ]

    write_series(source, both, SHELLS, orientation)
    assert_same_table(source, tmp_path / "out")


def test_weighting_of_the_standard_serves_where_there_is_no_other(tmp_path: Path) -> None:
    own = weighting(0, None)[:2]
    write_series(
        tmp_path,
        lambda b, g: [
            *own, Element(0x00189087, "FD", float(b)),
            *([] if g is None else [Element(0x00189089, "FD", list(g))]),
        ],
        SHELLS,
    )  # fmt: skip
    b_values, directions = table(rd.read_series(tmp_path))
    np.testing.assert_array_equal(b_values, [b_value for b_value, _ in SHELLS])
    np.testing.assert_allclose(directions[1], [1, 0, 0])


def test_direction_that_is_none_is_left_out(tmp_path: Path) -> None:
    """Of the wrong length, and where the plane is not known."""
    other = element(0x65, 0x10, 0x37, "FD", [0.5, 0.0, 0.0])
    short = element(0x65, 0x10, 0x37, "FD", [1.0, 0.0])
    for number, gradient in enumerate([other, short]):
        write_grid(
            tmp_path / f"{number}", Grid(), *weighting(1000 + number, None)[:3], gradient,
            number=number + 1,
        )  # fmt: skip
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.coords["b_value"], [1000, 1001])
    assert "gradient_direction" not in vol.coords


# -- What does not fit together ------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["0", "-5", "5.5", "", "nan", "1e300", "five", ["5", "5"], "4", "6", "16", "4097"]
)
def test_count_that_is_none_or_another_is_refused(tmp_path: Path, said: Any) -> None:
    write_grid(tmp_path / "a.dcm", Grid(said=said))
    with pytest.raises(rd.UnsupportedError, match="how many slices"):
        rd.read_series(tmp_path)
    with pytest.raises(rd.UnsupportedError, match="how many slices"):
        rd.read_series(tmp_path, irregular="keep")
    assert ("unsupported", True) in kinds_and_errors(rd.find_series(tmp_path)[0])
    # The image itself is there.
    assert rd.pixel_array(tmp_path / "a.dcm").shape == (8, 9)


def test_one_refused_file_of_several_is_an_error(tmp_path: Path) -> None:
    weighted_grids(tmp_path)
    write_grid(
        tmp_path / "2.dcm", Grid(tile=(4, 4), said=4), *weighting(700, (0.0, 1.0, 0.0)), number=3
    )
    report = refusal(tmp_path)
    assert "unsupported" in kinds(report.errors)
    vol = rd.read_series(tmp_path, irregular="keep")
    assert vol.shape == (len(SHELLS) - 1, 5, 4, 4)


def test_tiles_that_the_image_has_no_room_for_are_refused(tmp_path: Path) -> None:
    grid = Grid(count=7)
    write_grid(tmp_path / "a.dcm", grid, Element(0x00280010, "US", 11))
    with pytest.raises((rd.UnsupportedError, rd.IrregularSeriesError)):
        rd.read_series(tmp_path)


def test_grid_without_private_elements_is_refused(tmp_path: Path) -> None:
    """As programs leave it that remove what may identify a patient."""
    removed = [Element(one.tag, one.vr, None) for one in Grid().elements() if one.tag >> 16 == 0x65]
    write_grid(tmp_path / "a.dcm", Grid(), *removed)
    with pytest.raises(rd.UnsupportedError, match="how many slices"):
        rd.read_series(tmp_path)


def test_slice_of_the_same_image_type_is_one(tmp_path: Path) -> None:
    """It has a position of its own, and no number of tiles."""
    for index in range(3):
        elements = image(
            stored_pixels(index, (4, 3)),
            plane=Plane(position=(0.0, 0.0, 2.5 * index), pixel_spacing=(2.0, 2.0)),
            identity=Identity(
                modality="MR", instance_number=index + 1, sop_instance=f"2.25.7.{index}"
            ),
            extra=[one for one in Grid().elements() if one.tag >> 16 != 0x65],
        )
        (tmp_path / f"{index}.dcm").write_bytes(file_bytes(elements))
    vol = rd.read_series(tmp_path)
    assert vol.shape == (3, 4, 3)
    assert vol.report.issues == []


def test_grid_of_another_owner_is_refused(tmp_path: Path) -> None:
    write_grid(tmp_path / "a.dcm", Grid(), Element(0x00650010, "LO", "SOMEBODY ELSE"))
    with pytest.raises(rd.UnsupportedError, match="how many slices"):
        rd.read_series(tmp_path)


@pytest.mark.parametrize("lacking", [[2], [0], [0, 1, 2, 3, 4]])
def test_missing_positions_are_errors(tmp_path: Path, lacking: list[int]) -> None:
    places = Grid().places()
    grid = Grid(positions=[None if i in lacking else place for i, place in enumerate(places)])
    tiles = write_grid(tmp_path / "a.dcm", grid)
    report = refusal(tmp_path)
    assert "missing_position" in kinds(report.errors)
    text = next(str(issue) for issue in report.errors if issue.kind == "missing_position")
    assert "Image Position (Patient)" in text
    assert "SliceNormalVector" not in text
    kept = rd.read_series(tmp_path, values="stored", irregular="keep")
    there = [index for index in range(5) if index not in lacking] or list(range(5))
    np.testing.assert_array_equal(kept.array, tiles[there])


def test_grid_without_the_list_of_tiles_has_no_places(tmp_path: Path) -> None:
    tiles = write_grid(tmp_path / "a.dcm", Grid(is_listed=False))
    assert kinds(refusal(tmp_path).errors) == ["missing_position"]
    kept = rd.read_series(tmp_path, values="stored", irregular="keep")
    np.testing.assert_array_equal(kept.array, tiles)


@pytest.mark.parametrize(
    ("heights", "kind"),
    [
        ([0.0, 2.5, 5.0, 8.0, 10.5], "uneven_spacing"),
        ([0.0, 2.5, 5.0, 7.5, 12.5], "gap"),
        ([0.0, 2.5, 2.5, 5.0, 7.5], "duplicate_position"),
    ],
)
def test_tiles_that_are_not_evenly_spaced_are_errors(
    tmp_path: Path, heights: list[float], kind: str
) -> None:
    write_grid(tmp_path / "a.dcm", Grid(positions=[[0.0, 0.0, height] for height in heights]))
    assert kind in kinds(refusal(tmp_path).errors)


def test_tiles_are_sorted_by_their_positions(tmp_path: Path) -> None:
    heights = [5.0, 0.0, 7.5, 2.5, 10.0]
    grid = Grid(
        positions=[[1.0, 2.0, height] for height in heights], times=[f"12000{i}" for i in range(5)]
    )
    tiles = write_grid(tmp_path / "a.dcm", grid)
    vol = rd.read_series(tmp_path, values="stored")
    order = np.argsort(heights)
    np.testing.assert_array_equal(vol.array, tiles[order])
    np.testing.assert_array_equal(vol.slice_times, order * 1000.0)
    np.testing.assert_allclose(vol.origin, [1, 2, 0])
    part = rd.read_series(tmp_path, values="stored", slices=slice(3, 0, -2), rows=slice(1, 3))
    np.testing.assert_array_equal(part.array, tiles[order][3:0:-2, 1:3])


def test_tile_may_have_a_plane_of_its_own(tmp_path: Path) -> None:
    write_grid(
        tmp_path / "a.dcm",
        Grid(is_listed=False),
        element(0x65, 0x10, 0x51, "SQ", Items([
            [Element(0x00200032, "DS", [0.0, float(i), 0.0]),
             Element(0x00200037, "DS", list(map(float, PLANES["coronal"])))]
            for i in range(5)
        ])),
    )  # fmt: skip
    vol = rd.read_series(tmp_path)
    np.testing.assert_allclose(vol.affine[:3, 0], [0, 1, 0])


# -- Several of them -----------------------------------------------------------------------------


def times_of(phase: int) -> list[str]:
    """Five times, the later slices first, 10 s after those of the phase before."""
    return [f"1200{10 * phase + 4 - index:02}.25" for index in range(5)]


@pytest.mark.parametrize("has_numbers", [True, False])
def test_phases_are_told_apart_by_their_times(tmp_path: Path, has_numbers: bool) -> None:
    tiles = [
        write_grid(
            tmp_path / f"{phase * 7 % 5}.dcm", Grid(times=times_of(phase)), first=40 * phase,
            number=phase + 1 if has_numbers else 1,
        )
        for phase in range(3)
    ]  # fmt: skip
    if not has_numbers:
        for phase, path in enumerate(sorted(tmp_path.iterdir())):
            path.write_bytes(path.read_bytes().replace(b"2.25.7.1", f"2.25.7.{phase}".encode()))
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.axes == ("time", "slice", "row", "column")
    np.testing.assert_array_equal(vol.array, tiles)
    np.testing.assert_allclose(vol.coords["acquisition_time"], 43200.25 + np.array([0, 10, 20]))
    np.testing.assert_allclose(vol.slice_times.reshape(3, 5), [[4000, 3000, 2000, 1000, 0]] * 3)


def test_phases_without_times_are_counted_by_number(tmp_path: Path) -> None:
    tiles = [
        write_grid(tmp_path / f"{phase}.dcm", Grid(), first=40 * phase, number=phase + 1)
        for phase in range(2)
    ]
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, tiles)
    assert kinds_and_errors(vol) == [("multiple_phases", False)]


def test_phases_that_differ_in_their_tiles_are_no_volume(tmp_path: Path) -> None:
    write_grid(tmp_path / "a.dcm", Grid(), number=1)
    write_grid(tmp_path / "b.dcm", Grid(count=4), number=2)
    assert kinds(refusal(tmp_path).errors) != []


def test_series_in_one_folder_stay_apart(tmp_path: Path) -> None:
    series(tmp_path)
    one = write_grid(tmp_path / "one.dcm", Grid(), series="2.25.20")
    other = write_grid(tmp_path / "other.dcm", Grid(count=7), series="2.25.21")
    found = {item.uid: item.read(values="stored") for item in rd.find_series(tmp_path)}
    np.testing.assert_array_equal(found["2.25.20"].array, one)
    np.testing.assert_array_equal(found["2.25.21"].array, other)
    assert len(found) == 3


def test_grid_beside_single_slices_of_its_series_is_an_error(tmp_path: Path) -> None:
    """Slices of the same size, between those of the grid."""
    write_grid(tmp_path / "a.dcm", Grid())
    for index in range(5):
        elements = image(
            stored_pixels(index, (4, 3)),
            plane=Plane(position=(0.0, 0.0, 2.5 * index + 1.0), pixel_spacing=(2.0, 2.0)),
            identity=Identity(modality="MR", sop_instance=f"2.25.8.{index}", instance_number=index),
        )
        (tmp_path / f"{index}.dcm").write_bytes(file_bytes(elements))
    assert "uneven_spacing" in kinds(refusal(tmp_path).errors)


@needs_reference_data
def test_scanned_series_is_that_of_dcm2niix() -> None:
    nibabel = pytest.importorskip("nibabel")
    folder = REFERENCE_DATA / "neurolabusc__dcm_qa_uih"
    (path,) = (folder / "Ref").glob("*.nii")
    vol = rd.read_series(folder / "In")
    assert vol.shape == (17, 20, 64, 64)
    assert vol.report.issues == []
    b_values = np.loadtxt(path.with_suffix(".bval"))
    directions = in_patient(np.loadtxt(path.with_suffix(".bvec")), nibabel.load(path).affine)
    references = volumes_of(path)
    # Theirs are in the order in which they were scanned, ours by b-value and direction.
    scanned = np.argsort(vol.coords["acquisition_time"])
    for step, reference, b_value, direction in zip(
        scanned, references, b_values, directions, strict=True
    ):
        one = copy.copy(vol)
        one.array = vol.array[step]
        assert_same_voxels(one, reference)
        np.testing.assert_allclose(vol.coords["b_value"][step], b_value, rtol=1e-5)
        np.testing.assert_allclose(vol.coords["gradient_direction"][step], direction, atol=2e-5)
    sidecar = json.loads(path.with_suffix(".json").read_text())
    times = vol.slice_times.reshape(17, 20)[scanned[0]]
    np.testing.assert_allclose(times / 1000, sidecar["SliceTiming"], atol=0.02)
