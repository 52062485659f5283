"""The step of an axis of time, as nibabel, SimpleITK and xarray get it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Identity, Plane, file_bytes, image
from data_paths import DICOM2NIFTI, REFERENCE_DATA, needs_reference_data
from nifti_references import run_dcm2niix
from series_builder import stored_pixels

SLICES = 3


def repetition(milliseconds: float, sequence: str | None = "EP") -> list[Element]:
    """Repetition Time and Scanning Sequence."""
    return [Element(0x00180080, "DS", milliseconds), Element(0x00180020, "CS", sequence)]


def phases(
    folder: Path,
    elements_of: Callable[[int, int], Sequence[Element]],
    count: int = 4,
    modality: str = "MR",
) -> rd.Volume:
    """Write phases of three slices each; `elements_of` gets the numbers of phase and slice."""
    folder.mkdir(exist_ok=True)
    for phase in range(count):
        for index in range(SLICES):
            number = phase * SLICES + index + 1
            elements = image(
                stored_pixels(index, (5, 7)) + phase,
                plane=Plane(position=(0.0, 0.0, 2.5 * index)),
                identity=Identity(
                    modality=modality, instance_number=number, sop_instance=f"2.25.7.{number}"
                ),
                extra=elements_of(phase, index),
            )
            (folder / f"{number:03}.dcm").write_bytes(file_bytes(elements))
    return rd.read_series(folder)


def counted(phase: int) -> Element:
    """Temporal Position Identifier."""
    return Element(0x00200100, "IS", phase + 1)


def at(seconds: float) -> Element:
    """Acquisition Time, seconds after noon."""
    minutes, rest = divmod(seconds, 60)
    return Element(0x00080032, "TM", f"12{int(minutes):02}{rest:09.6f}")


Case = tuple[Callable[[int, int], list[Element]], float | None]
CASES: dict[str, Case] = {
    "Repetition Time": (lambda t, k: [counted(t), *repetition(2500.0)], 2.5),
    "of no sequence": (lambda t, k: [counted(t), *repetition(2500.0, None)], 2.5),
    "of lines": (lambda t, k: [counted(t), *repetition(4.5, "GR")], None),
    "of three dimensions": (
        lambda t, k: [counted(t), *repetition(800.0, "GR"), Element(0x00180023, "CS", "3D")],
        None,
    ),
    "Trigger Time": (lambda t, k: [Element(0x00181060, "DS", 40.0 * t + 5)], 0.04),
    "Trigger Time over Repetition Time": (
        lambda t, k: [Element(0x00181060, "DS", 40.0 * t), *repetition(2500.0)],
        0.04,
    ),
    "Frame Reference Time": (lambda t, k: [Element(0x00541300, "DS", 60000.0 * t + 30)], 60.0),
    "uneven Frame Reference Time": (lambda t, k: [Element(0x00541300, "DS", 1000.0 * t**2)], None),
    "Acquisition Time of volumes": (lambda t, k: [at(2 * t), *repetition(2500.0)], 2.0),
    "Acquisition Time of slices": (
        lambda t, k: [counted(t), at(6.5 * t + 2 * k), *repetition(4.5, "GR")],
        6.5,
    ),
    "rounded to seconds": (
        lambda t, k: [counted(t), at(float(int(2.4 * t + 0.5))), *repetition(2400.0)],
        2.4,
    ),
    "contradicted": (lambda t, k: [counted(t), at(t**2 * 10.0), *repetition(2500.0)], None),
    "no clock": (lambda t, k: [counted(t), at(0.0), *repetition(2500.0)], 2.5),
    "no time": (lambda t, k: [counted(t)], None),
    "zero": (lambda t, k: [counted(t), *repetition(0.0)], None),
    "echoes": (lambda t, k: [Element(0x00180081, "DS", 5.0 + t), *repetition(2500.0)], None),
}


@pytest.mark.parametrize(("elements_of", "step"), CASES.values(), ids=CASES.keys())
def test_step_of_time_is_that_of_the_files(
    tmp_path: Path, elements_of: Callable[[int, int], list[Element]], step: float | None
) -> None:
    pytest.importorskip("nibabel")
    volume = phases(tmp_path / "in", elements_of)
    assert volume.shape[0] == 4
    header: Any = volume.to_nibabel().header
    assert header.get_xyzt_units() == ("mm", "unknown" if step is None else "sec")
    np.testing.assert_allclose(header.get_zooms()[3], 1.0 if step is None else step, rtol=1e-6)
    # What is known of the files is not needed once they are read.
    shutil.rmtree(tmp_path / "in")
    again = volume.to_nibabel().header
    assert again.get_xyzt_units() == header.get_xyzt_units()


def test_other_modalities_have_no_repetition(tmp_path: Path) -> None:
    pytest.importorskip("nibabel")
    volume = phases(tmp_path, lambda t, k: [counted(t), *repetition(2500.0)], modality="CT")
    assert volume.to_nibabel().header.get_xyzt_units() == ("mm", "unknown")


def test_files_that_are_gone_leave_the_step_unknown(tmp_path: Path) -> None:
    pytest.importorskip("nibabel")
    volume = phases(tmp_path / "in", lambda t, k: [counted(t), *repetition(2500.0)])
    shutil.rmtree(tmp_path / "in")
    assert volume.to_nibabel().header.get_xyzt_units() == ("mm", "unknown")


def test_sitk_has_seconds_as_its_fourth_spacing(tmp_path: Path) -> None:
    pytest.importorskip("SimpleITK")
    volume = phases(tmp_path, lambda t, k: [counted(t), *repetition(2500.0)])
    assert volume.to_sitk().GetSpacing() == pytest.approx((1.0, 1.0, 2.5, 2.5))


def test_xarray_has_seconds_along_an_axis_of_time(tmp_path: Path) -> None:
    pytest.importorskip("xarray")
    of_files = phases(tmp_path / "a", lambda t, k: [counted(t), *repetition(2500.0)]).to_xarray()
    np.testing.assert_allclose(of_files["time"], [0, 2.5, 5, 7.5])
    assert of_files["time"].attrs == {"units": "s"}
    np.testing.assert_allclose(of_files["temporal_position"], [1, 2, 3, 4])
    uneven = phases(tmp_path / "b", lambda t, k: [Element(0x00541300, "DS", 1000.0 * t**2)])
    named = uneven.to_xarray()
    np.testing.assert_allclose(named["time"], [0, 1, 4, 9])
    np.testing.assert_allclose(named.sel(time=4.0), uneven.array[2])
    unknown = phases(tmp_path / "c", lambda t, k: [counted(t)]).to_xarray()
    assert "time" not in unknown.coords


@needs_reference_data
@pytest.mark.parametrize(
    "name",
    [
        f"{DICOM2NIFTI}/ge/fmri/001",
        f"{DICOM2NIFTI}/philips/fmri/001",
        f"{DICOM2NIFTI}/philips_enhanced/fmri/001",
        f"{DICOM2NIFTI}/siemens/fmri/001",
        "neurolabusc__dcm_qa_enh/In/Siemens/XA10",
    ],
)
def test_step_of_scanned_series_is_that_of_dcm2niix(tmp_path: Path, name: str) -> None:
    nibabel = pytest.importorskip("nibabel")
    ours = rd.read_series(REFERENCE_DATA / name, irregular="keep").to_nibabel().header
    assert ours.get_xyzt_units() == ("mm", "sec")
    for path in run_dcm2niix(REFERENCE_DATA / name, tmp_path, check=False):
        theirs = nibabel.load(path).header
        if theirs["dim"][4] > 1:
            np.testing.assert_allclose(ours["pixdim"][4], theirs["pixdim"][4], rtol=1e-5)
