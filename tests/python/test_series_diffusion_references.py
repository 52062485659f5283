"""b-values and gradient directions against the .bval and .bvec files of dcm2niix.

Its directions are along the axes of the NIfTI image, with that of the columns turned round where
the image is right-handed (what FSL expects); ours are in the patient's coordinates (LPS). The
volumes are identified by their values.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from builder import Element, Identity, Plane, file_bytes, image
from data_paths import DICOM2NIFTI, REFERENCE_DATA, needs_reference_data
from diffusion_builder import (
    SLICES,
    VENDORS,
    VOLUME_STEP,
    WEIGHTINGS,
    Direction,
    ge_tensor,
    philips,
    siemens,
    standard,
    write_series,
)
from diffusion_tables import (
    assert_same_table,
    bvals_and_directions,
    in_patient,
    table,
    written_order,
)
from enhanced_builder import enhanced, stack_frames
from series_builder import PLANES, normal_of, stored_pixels
from siemens_builder import mosaic_elements, mosaic_entries

nibabel = pytest.importorskip("nibabel")

FloatArray = NDArray[np.float64]

ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"

# No multiples of right angles in it, several b-values, images without weighting in between.
SHELLS: list[tuple[float, Direction | None]] = [
    (0, None),
    (1000, (1.0, 0.0, 0.0)),
    (700, (0.0, 1.0, 0.0)),
    (1000, (0.0, 0.0, 1.0)),
    (2000, (0.6, -0.48, 0.64)),
    (1000, (-0.48, 0.6, 0.64)),
    (700, (-0.36, -0.48, -0.8)),
]


def turned(plane: str, degrees: float, axis: tuple[float, float, float]) -> tuple[float, ...]:
    """Image Orientation (Patient) of a plane that is turned about an axis (Rodrigues' formula)."""
    unit = np.array(axis) / np.linalg.norm(axis)
    angle = math.radians(degrees)
    sides = np.array(PLANES[plane]).reshape(2, 3)
    along = np.outer(sides @ unit, unit)
    found = along + math.cos(angle) * (sides - along) + math.sin(angle) * np.cross(unit, sides)
    return tuple(float(value) for value in found.ravel())


ORIENTATIONS = {
    **PLANES,
    "turned sagittal": turned("sagittal", 20, (1, 2, 3)),
    "turned coronal": turned("coronal", 25, (1, -1, 2)),
}


@pytest.mark.parametrize("plane", ORIENTATIONS)
@pytest.mark.parametrize("name", ["Siemens", "Siemens header", "Philips", "standard"])
def test_directions_in_the_patient_are_those_of_dcm2niix(
    name: str, plane: str, tmp_path: Path
) -> None:
    vendor = {**VENDORS, "standard": standard}[name]
    (source := tmp_path / "in").mkdir()
    write_series(source, lambda b, g: vendor(b, g, 0x10), SHELLS, ORIENTATIONS[plane])
    vol = assert_same_table(source, tmp_path / "out")
    assert np.isnan(vol.coords["gradient_direction"][0]).all()


@pytest.mark.parametrize("plane", ORIENTATIONS)
@pytest.mark.parametrize("is_right_handed", [False, True])
def test_example_of_the_docstring_is_right(
    is_right_handed: bool, plane: str, tmp_path: Path
) -> None:
    """Its table is along the axes of the image of `to_nibabel()`, whichever way these run."""
    write_series(tmp_path, lambda b, g: siemens(b, g, 0x10), SHELLS, ORIENTATIONS[plane])
    vol = rd.read_series(tmp_path)
    if not is_right_handed:
        vol.affine[:3, 2] *= -1
    code = (rd.Volume.__doc__ or "").split("where there is none.\n\n")[-1].split("np.savetxt")[0]
    names = {"vol": vol, "np": np}
    exec(textwrap.dedent(code), names)  # What users copy is what is tested.
    affine = vol.to_nibabel().affine
    assert (np.linalg.det(affine) > 0) == is_right_handed
    directions = in_patient(np.asarray(names["bvecs"]).T, affine)
    np.testing.assert_allclose(directions, vol.coords["gradient_direction"], atol=1e-6)
    assert names["bvals"] is vol.coords["b_value"]


@pytest.mark.parametrize("phase", ["COL", "ROW"])
@pytest.mark.parametrize("plane", ORIENTATIONS)
def test_directions_of_ge_are_those_of_dcm2niix(plane: str, phase: str, tmp_path: Path) -> None:
    (source := tmp_path / "in").mkdir()
    write_series(source, lambda b, g: ge_tensor(b, g, 0x10, phase), SHELLS, ORIENTATIONS[plane])
    assert_same_table(source, tmp_path / "out")


def test_tables_differ_where_the_phase_direction_does(tmp_path: Path) -> None:
    """Or the comparison would say nothing."""
    tables = []
    for phase in ("COL", "ROW"):
        (tmp_path / phase).mkdir()
        write_series(
            tmp_path / phase, lambda b, g, phase=phase: ge_tensor(b, g, 0x10, phase), SHELLS
        )  # type: ignore[misc]
        tables.append(table(rd.read_series(tmp_path / phase))[1])
    assert np.nanmax(np.abs(tables[0] - tables[1])) > 0.5


def mosaic_of(
    b_value: float, direction: Direction | None, in_header: bool, plane: str
) -> list[Element]:
    """Elements of a Siemens mosaic of four tiles; its weighting in its CSA header, or beside it."""
    normal = [f"{part:.8f}" for part in normal_of(ORIENTATIONS[plane])]
    entries = mosaic_entries(4, normal)
    weighting = [Element(0x00080070, "LO", "SIEMENS")]
    if in_header:
        gradient = [f"{part:.8f}" for part in direction or ()]
        entries += [("B_value", [f"{b_value:g}"]), ("DiffusionGradientDirection", gradient)]
    else:
        weighting = siemens(b_value, direction, 0x10)
    return [
        *weighting,
        *mosaic_elements(entries, "DIFFUSION"),
        Element(0x00180020, "CS", "EP"),
    ]


@pytest.mark.parametrize("plane", ORIENTATIONS)
@pytest.mark.parametrize("in_header", [True, False])
def test_directions_of_mosaics_are_those_of_dcm2niix(
    in_header: bool, plane: str, tmp_path: Path
) -> None:
    (source := tmp_path / "in").mkdir()
    for index, (b_value, direction) in enumerate(SHELLS):
        elements = image(
            stored_pixels(0, (8, 8)) + VOLUME_STEP * index,
            plane=Plane(orientation=ORIENTATIONS[plane]),
            identity=Identity(
                modality="MR", instance_number=index + 1, sop_instance=f"2.25.7.{index + 1}"
            ),
            extra=mosaic_of(b_value, direction, in_header, plane),
        )
        (source / f"{index}").write_bytes(file_bytes(elements))
    assert_same_table(source, tmp_path / "out")


def test_directions_of_enhanced_images_are_those_of_dcm2niix(tmp_path: Path) -> None:
    (source := tmp_path / "in").mkdir()
    # Philips: a direction of length zero where there is none.
    frames = [
        replace(
            frame,
            b_value=float(b_value),
            gradient=direction or (0.0, 0.0, 0.0),
            rescale=(1.0, 0.0),
            orientation=PLANES["oblique"],
            position=tuple(2.5 * place * normal_of(PLANES["oblique"])),
            stored=frame.stored + VOLUME_STEP * index,
        )
        for index, (b_value, direction) in enumerate(SHELLS)
        for place, frame in enumerate(stack_frames(SLICES))
    ]
    enhanced(
        source / "a.dcm",
        frames,
        identity=Identity(modality="MR", sop_class=ENHANCED_MR),
        extra=[
            Element(0x00080070, "LO", "Philips Medical Systems"),
            Element(0x00200105, "IS", len(SHELLS)),
        ],
    )
    assert_same_table(source, tmp_path / "out")


@needs_reference_data
@pytest.mark.parametrize("folder", ["philips/dti/001", "philips_enhanced/dti/001"])
def test_directions_of_scanned_images_are_those_of_dcm2niix(folder: str, tmp_path: Path) -> None:
    vol = rd.read_series(REFERENCE_DATA / DICOM2NIFTI / folder)
    b_values, directions = bvals_and_directions(
        REFERENCE_DATA / DICOM2NIFTI / folder, tmp_path / "out"
    )
    ours = np.column_stack([vol.coords["b_value"], vol.coords["gradient_direction"]])
    theirs = np.column_stack([b_values, directions])
    assert len(theirs) > 1
    for row in theirs:
        assert np.isclose(ours, row, atol=1e-3, equal_nan=True).all(axis=1).any()


# Philips: the mean of all directions comes last.
TRACE: list[tuple[float, Direction | None]] = [*WEIGHTINGS, (1000, None)]


def philips_of_the_standard(b_value: float, direction: Direction | None, _: int) -> list[Element]:
    """Newer software: the standard's attributes, a direction of length zero where there is none."""
    return [
        Element(0x00080070, "LO", "Philips Medical Systems"),
        Element(0x00189087, "FD", float(b_value)),
        Element(0x00189089, "FD", list(direction or (0.0, 0.0, 0.0))),
    ]


@pytest.mark.parametrize("vendor", [philips, philips_of_the_standard])
def test_mean_of_all_directions_is_an_image_of_its_own(
    vendor: Callable[[float, Direction | None, int], list[Element]], tmp_path: Path
) -> None:
    (source := tmp_path / "in").mkdir()
    stored = write_series(source, lambda b, g: vendor(b, g, 0x10), TRACE)
    vol = rd.read_series(source)
    np.testing.assert_array_equal(vol.coords["b_value"], [0, 1000, 1000, 1000, 1000])
    directions = vol.coords["gradient_direction"]
    assert np.isnan(directions).all(axis=1).tolist() == [True, True, False, False, False]
    np.testing.assert_array_equal(vol.array[:2], stored[[1, 4]])
    assert list(vol.report.issues) == []
    # dcm2niix leaves it out of the table, which has the rest.
    b_values, theirs = bvals_and_directions(source, tmp_path / "out")
    assert b_values.tolist() == [1000, 0, 1000, 1000]
    np.testing.assert_allclose(table(vol)[1][:4], theirs, atol=2e-5)


def test_mean_of_all_directions_in_enhanced_images_is_one_of_its_own(tmp_path: Path) -> None:
    frames = [
        replace(
            frame,
            b_value=float(b_value),
            gradient=direction,
            stored=frame.stored + VOLUME_STEP * index,
        )
        for index, (b_value, direction) in enumerate(TRACE)
        for frame in stack_frames(SLICES, rescale=(1.0, 0.0))
    ]
    enhanced(tmp_path / "a.dcm", frames, identity=Identity(modality="MR"))
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.coords["b_value"], [0, 1000, 1000, 1000, 1000])
    assert written_order(vol)[:2] == [1, 4]
    assert np.isnan(vol.coords["gradient_direction"]).all(axis=1).tolist() == [
        True,
        True,
        False,
        False,
        False,
    ]
