"""Every series of the reference data that dcm2niix converts, against ours.

dcm2niix gets the files of one series at a time. Each volume that it writes must be one of ours, and
each of ours one of its: the same voxels, and where the DICOM says where they are, in the same
places. What is not equal is named, with the reason. Where dcm2niix is alone with its values, as of
codings that it does not decode right, pydicom's count.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from data_paths import DICOM2NIFTI, PYDICOM_FILES, REFERENCE_DATA, needs_reference_data
from nifti_references import assert_same_voxels, run_dcm2niix, volumes_of

nibabel = pytest.importorskip("nibabel")
pydicom = pytest.importorskip("pydicom", reason="where dcm2niix and we differ, it decides")
pytestmark = needs_reference_data

STORE = "pydicom__pydicom-data/data_store/data"

# Series that are not equal, by the path of their first file, and why.
NOT_COMPARED: dict[str, str] = {
    "FNNDSC__data/dicom/rsna_2/SEG/3DSlicer/tumor_User1_Manual_Trial1.dcm": (
        "dcm2niix makes one stack of the frames of two segments"
    ),
    "ImagingDataCommons__highdicom/data/test_files/seg_image_ct_binary_overlap.dcm": "as before",
    "ImagingDataCommons__highdicom/data/test_files/sm_image_grayscale.dcm": (
        "tiles of two slides: dcm2niix writes those of one"
    ),
    "cornerstonejs__dicomParser/testImages/encapsulated/multi-frame/"
    "IM00001.fragmented_no_bot_jpeg_baseline.50.dcm": "two files of one image: dcm2niix writes one",
    "fo-dicom__fo-dicom/Tests/FO-DICOM.Tests/Test Data/GH626.dcm": (
        "after a private sequence without an end neither we nor pydicom find pixels"
    ),
    f"{DICOM2NIFTI}/siemens/fmri/001/IM-0001-0001.dcm": (
        "dcm2niix guesses that mosaics of 50 slices have 64"
    ),
    "nipy__nibabel/nibabel/nicom/tests/data/0.dcm": "48 tiles in 256 columns: no square divides",
    f"{PYDICOM_FILES}/J2K_pixelrep_mismatch.dcm": (
        "one tilted slice: dcm2niix steps along the table, we along the normal, and it takes "
        "signed samples for unsigned ones"
    ),
    f"{PYDICOM_FILES}/dicomdirtests/98892001/CT2N/6293": (
        "two slices of different planes: dcm2niix makes one stack"
    ),
    f"{STORE}/US1_J2KI.dcm": "lossy colour in three ways, of which dcm2niix writes two as one",
    f"{STORE}/MR2_J2KI.dcm": (
        "three files of one image, lossy: dcm2niix's decoder differs by more than one"
    ),
    "pydicom__pylibjpeg-data/ljdata/ds/JPEG2000Lossless/J2K_pixelrep_mismatch.dcm": (
        "the tilted slice again"
    ),
}
# The part of all series that may differ.
MOST_DIFFERENT = 0.05

# No place, or half of one, is stated: dcm2niix makes one up.
NO_PLACE = {"missing_position", "missing_orientation", "missing_spacing"}
# Slices have places that no affine of dcm2niix has: it leaves the shear out, or resamples. Their
# positions are tested one by one in test_series_references.
NO_AFFINE = {"tilt", "uneven_spacing", "off_axis", "gap"}
# Files that show the same image twice, of which dcm2niix writes each.
COPIES = {"duplicate_position", "multiple_phases"}
# JPEG, JPEG 2000 and JPEG-LS whose decoders may differ by one.
LOSSY = {f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 81, 91, 203)}


@dataclass(eq=False)
class Candidate:
    """One volume of ours."""

    vol: rd.Volume
    array: NDArray[Any]
    is_placed: bool
    tolerance: float


@dataclass
class Swept:
    """A series that dcm2niix converts.

    Attributes:
        name: Its first file, from the folder of the data.
        difference: What is not equal; empty if all is.
    """

    name: str
    difference: str


def as_numbers(reference: Any) -> Any:
    """The same image with an image's samples as a last axis, if it is one of colour."""
    stored = np.asanyarray(reference.dataobj)
    if stored.dtype.names is None:
        return reference
    samples = np.stack([stored[name] for name in stored.dtype.names], axis=-1)
    return nibabel.Nifti1Image(samples, reference.affine)


def same_voxels(candidate: Candidate, reference: Any) -> bool:
    """Whether the voxels are the same, with slices and rows either way round."""
    values = np.asarray(reference.dataobj, np.float64)
    ours = candidate.array
    turned = np.moveaxis(values, [0, 1, 2], [2, 1, 0])
    if turned.shape != ours.shape:
        return False
    limit = candidate.tolerance + 1e-5 * np.abs(turned).max()
    flips = [(rows, slices) for rows in (-1, 1) for slices in (1, -1)]
    return any(
        np.allclose(ours, turned[::slices, ::rows], rtol=1e-5, atol=limit) for rows, slices in flips
    )


def same_places(candidate: Candidate, reference: Any) -> bool:
    """Whether voxels are the same at the same places."""
    vol, affine = candidate.vol, candidate.vol.affine.copy()
    whole = vol.array
    try:
        vol.array = candidate.array
        if candidate.array.shape[0] == 1:
            # The length of one slice's step is a thickness, which each program chooses for itself.
            step = np.linalg.norm(reference.affine[:3, 2])
            vol.affine[:3, 0] *= step / np.linalg.norm(vol.affine[:3, 0])
        values = np.asarray(reference.dataobj, np.float64)
        if values.ndim == 3:
            assert_same_voxels(vol, reference, values_tolerance=candidate.tolerance)
            return True
        # Of colour each sample by itself.
        for sample in range(values.shape[-1]):
            vol.array = candidate.array[..., sample]
            part = nibabel.Nifti1Image(values[..., sample], reference.affine)
            assert_same_voxels(vol, part, values_tolerance=candidate.tolerance)
    except AssertionError:
        return False
    finally:
        vol.array = whole
        vol.affine[:] = affine
    return True


def candidates_of(stacks: list[rd.Series]) -> list[Candidate]:
    """Every volume of every stack."""
    found = []
    for stack in stacks:
        vol = stack.read(irregular="keep")
        kinds = {issue.kind for issue in stack.report}
        syntaxes = {ds.file_meta.get("TransferSyntaxUID") for ds in vol.datasets if ds is not None}
        slope = max((abs(slope) for slope in slopes(vol)), default=1.0)
        # Of colour the conversion from YCbCr rounds too.
        most = 3.01 if vol.axes[-1] == "sample" else 1.01
        tolerance = slope * most if syntaxes & LOSSY else 0.0
        steps = list(vol.array) if vol.axes[0] != "slice" else [vol.array]
        is_placed = not kinds & (NO_PLACE | NO_AFFINE)
        found += [Candidate(vol, step, is_placed, tolerance) for step in steps]
    return found


def slopes(vol: rd.Volume) -> list[float]:
    """Rescale Slope of every file."""
    return [float(ds.get("RescaleSlope") or 1) for ds in vol.datasets if ds is not None]


def difference(series: rd.Series, references: list[Any]) -> str:
    """What of the volumes is not equal: those of the stacks, or that of the series as it is."""
    found_difference = difference_of(series, series.stacks, references)
    if (
        found_difference
        and len(series.stacks) > 1
        and not difference_of(series, [series], references)
    ):
        return ""
    return found_difference


def difference_of(series: rd.Series, stacks: list[rd.Series], references: list[Any]) -> str:
    """What of the volumes of these stacks is not equal."""
    try:
        candidates = candidates_of(stacks)
    except rd.DicomError as error:
        return f"not read: {type(error).__name__}"
    kinds = {issue.kind for one in (series, *series.stacks) for issue in one.report}
    free = list(candidates)
    for reference in references:
        image = as_numbers(reference)

        def is_same(candidate: Candidate, image: Any = image) -> bool:
            return (same_places if candidate.is_placed else same_voxels)(candidate, image)

        found = next(filter(is_same, free), None)
        if found is not None:
            free.remove(found)
        elif not (kinds & COPIES and any(map(is_same, candidates))):
            ours = [one.array.shape for one in candidates]
            return f"no volume of ours is that of {image.shape}, ours: {ours}"
    if free and not kinds & COPIES:
        return f"{len(free)} of our volumes are not there: {[one.array.shape for one in free]}"
    return ""


def is_alone(series: rd.Series, references: list[Any]) -> bool:
    """Whether dcm2niix alone has its values: pydicom agrees with ours for each file."""
    if len(series.stacks) != 1 or len(set(series.paths)) != 1 or len(references) != 1:
        return False
    try:
        (candidate,) = candidates_of([series])
        ours = series.read(values="stored", irregular="keep").array
        ds = pydicom.dcmread(series.paths[0])
        theirs = ds.pixel_array[series.frames] if len(series.frames) > 1 else ds.pixel_array
    except Exception:
        return False
    if ours.size != theirs.size or not np.allclose(
        ours.ravel(), theirs.ravel(), atol=candidate.tolerance
    ):
        return False
    if series.modality == "RTDOSE" or not candidate.is_placed:
        # dcm2niix does not read the grid of a dose, which test_series_references looks at.
        return True
    nothing = nibabel.Nifti1Image(np.zeros(ours.shape[2::-1]), references[0].affine)
    return same_places(replace(candidate, array=np.zeros_like(candidate.array)), nothing)


def series_in(folder: Path) -> list[rd.Series]:
    """The series of a folder; none where there are only notes and volumes."""
    try:
        return rd.find_series(folder, recursive=False)
    except rd.InvalidDicomError:
        return []


def units() -> list[tuple[str, list[str]]]:
    """Group files by series; those without a series, or whose images repeat, stand alone."""
    found = []
    for folder in sorted({path.parent for path in REFERENCE_DATA.rglob("*") if path.is_file()}):
        for series in series_in(folder):
            paths = {path for stack in series.stacks for path in stack.paths}
            reports = [issue for one in (series, *series.stacks) for issue in one.report]
            paths |= {
                path for issue in reports if issue.kind != "unreadable" for path in issue.paths
            }
            identities = list(rd.scan(sorted(paths), columns=["SOPInstanceUID"])["SOPInstanceUID"])
            is_one = series.uid and len(set(identities)) == len(identities)
            for files in [sorted(paths)] if is_one else [[path] for path in sorted(paths)]:
                found += [(str(Path(files[0]).relative_to(REFERENCE_DATA)), files)] if files else []
    return found


def convert(files: list[str], folder: Path, philips_scale: bool) -> list[Any]:
    """What dcm2niix makes of these files; overlays, which it writes as volumes, are left out."""
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    for number, file in enumerate(files):
        (folder / "in" / f"{number:05}.dcm").symlink_to(file)
    paths = run_dcm2niix(folder / "in", folder / "out", philips_scale, check=False)
    volumes = [one for path in paths if "_ROI" not in path.name for one in volumes_of(path)]
    shutil.rmtree(folder / "in")
    return volumes


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> list[Swept]:
    """All series that dcm2niix converts."""
    found = []
    for name, files in units():
        folder = tmp_path_factory.mktemp("sweep")
        references = convert(files, folder / "n", False)
        if not references:
            continue
        (series,) = rd.find_series(files)
        found_difference = difference(series, references)
        # Whether values are divided by Philips' Scale Slope is its user's choice, which it heeds
        # in some files only.
        if found_difference and not difference(series, convert(files, folder / "y", True)):
            found_difference = ""
        if found_difference and is_alone(series, references):
            found_difference = ""
        found.append(Swept(name, found_difference))
    return found


def test_every_series_that_is_converted_is_equal_but_those_of_the_table(swept: list[Swept]) -> None:
    different = {
        one.name: one.difference for one in swept if one.difference and one.name not in NOT_COMPARED
    }
    assert different == {}


def test_the_tables_name_what_differs_and_no_more(swept: list[Swept]) -> None:
    assert set(NOT_COMPARED) == {one.name for one in swept if one.difference}


def test_most_series_are_equal(swept: list[Swept]) -> None:
    assert len(swept) > 150
    assert len(NOT_COMPARED) / len(swept) <= MOST_DIFFERENT
