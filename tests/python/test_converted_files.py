"""Files of `rapidicom convert` against those of dcm2niix: geometry, values, weighting.

dcm2niix orders volumes as they were scanned, we by what they differ in, and both turn axes as they
like. So voxels are compared where the affines put them, and the row of a volume in `.bval` and
`.bvec` with that of the volume that has the same voxels.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from builder import Element
from data_paths import DICOM2NIFTI, PYDICOM_FILES, REFERENCE_DATA, needs_reference_data
from diffusion_builder import (
    Direction,
    Vendor,
    canon,
    ge_tensor,
    philips,
    siemens,
    siemens_csa,
    standard,
    write_series,
)
from diffusion_tables import in_patient
from nifti_references import assert_same_voxels, run_dcm2niix, to_lps, volumes_of
from rapidicom.cli import main
from series_builder import PLANES
from uih_builder import weighting

nibabel = pytest.importorskip("nibabel")

FloatArray = NDArray[np.float64]

# All diffusion of the reference data that dcm2niix writes tables of, but for a mosaic whose tiles
# fit no square, and GE's series without private creators, which has a test of its own.
DIFFUSION = [
    "neurolabusc__dcm_qa_canon/In/9000_DTI_PA-ortho",
    "neurolabusc__dcm_qa_uih/In/DTI_134434/dti_tra_dir16_AP_SaveBySlc__140028",
    f"{DICOM2NIFTI}/philips/dti/001",
    f"{DICOM2NIFTI}/philips_enhanced/dti/001",
]
GE_WITHOUT_CREATORS = f"{DICOM2NIFTI}/ge/dti/001"
# Private creators, and what says how the axes of the scan lie, along which directions are.
REMOVED_FROM_GE: dict[int, str] = {
    0x00180023: "2D",
    0x00181020: "25",
    0x00181312: "COL",
    0x00185100: "HFS",
    0x00190010: "GEMS_ACQU_01",
    0x00430010: "GEMS_PARM_01",
}
OTHERS = [
    "FNNDSC__data/dicom/rsna_2/PET",
    f"{PYDICOM_FILES}/dicomdirtests/98892001/CT5N",
    f"{DICOM2NIFTI}/failing/slicecount/001",
    f"{DICOM2NIFTI}/ge/anatomical/001_single_slice",
    f"{DICOM2NIFTI}/ge/dti/002",
    f"{DICOM2NIFTI}/ge/fmri/001",
    f"{DICOM2NIFTI}/generic/anatomical/001",
    f"{DICOM2NIFTI}/generic/compressed_j2k/001",
    f"{DICOM2NIFTI}/generic/compressed_jpeg/001",
    f"{DICOM2NIFTI}/generic/compressed_jpegls/001",
    f"{DICOM2NIFTI}/generic/compressed_rle/001",
    f"{DICOM2NIFTI}/hitachi/anatomical/001",
    f"{DICOM2NIFTI}/hyperfine/anatomical/001",
    f"{DICOM2NIFTI}/philips/anatomical/001",
    f"{DICOM2NIFTI}/philips/fmri/001",
    f"{DICOM2NIFTI}/philips_enhanced/anatomical/001",
    f"{DICOM2NIFTI}/philips_enhanced/fmri/001",
    f"{DICOM2NIFTI}/siemens/anatomical/001",
    f"{DICOM2NIFTI}/siemens_multiframe/anatomical/001",
    "neurolabusc__dcm_qa_enh/In/Philips",
    "neurolabusc__dcm_qa_enh/In/Siemens/XA10",
    "neurolabusc__dcm_qa_me/In/4_me_fMRI",
    *(f"neurolabusc__dcm_qa_ts/In/{number}.dcm" for number in range(1, 10)),
]

SHELLS: list[tuple[float, Direction | None]] = [
    (0, None),
    (1000, (1.0, 0.0, 0.0)),
    (700, (0.0, 1.0, 0.0)),
    (1000, (0.0, 0.0, 1.0)),
    (2000, (0.6, -0.48, 0.64)),
]
MAKERS: dict[str, Vendor] = {
    "standard": standard,
    "Siemens": siemens,
    "Siemens header": siemens_csa,
    "Philips": philips,
    "GE COL": ge_tensor,
    "GE ROW": partial(ge_tensor, phase="ROW"),
    "Canon COL": canon,
    "Canon ROW": partial(canon, phase="ROW"),
}


def converted(source: Path, folder: Path) -> Path:
    """The image that the command makes of the one series of a folder."""
    assert main(["convert", str(source), str(folder / "ours.nii.gz")]) == 0
    return folder / "ours.nii.gz"


def in_our_terms(image: Any) -> Any:
    """A NIfTI volume as `assert_same_voxels` takes one: slices first, and LPS."""
    affine = to_lps(image.affine)[:, [2, 1, 0, 3]]
    return SimpleNamespace(array=np.asarray(image.dataobj).transpose(2, 1, 0), affine=affine)


def with_one_step(image: Any, reference: Any) -> Any:
    """An image of one slice with the step of the reference: each program chooses its thickness."""
    if image.shape[2] > 1:
        return image
    affine = image.affine.copy()
    step = reference.affine[:3, 2]
    affine[:3, 2] *= np.linalg.norm(step) / np.linalg.norm(affine[:3, 2])
    return nibabel.Nifti1Image(np.asarray(image.dataobj), affine)


def is_same(image: Any, reference: Any) -> bool:
    """Whether two volumes have the same voxels at the same places."""
    try:
        assert_same_voxels(in_our_terms(with_one_step(image, reference)), reference)
    except AssertionError:
        return False
    return True


def pairs(ours: list[Any], theirs: list[Any]) -> list[int]:
    """Which of their volumes each of ours is; none is used twice, none is left over."""
    assert len(ours) == len(theirs)
    found: list[int] = []
    for image in ours:
        free = (place for place in range(len(theirs)) if place not in found)
        found.append(next(place for place in free if is_same(image, theirs[place])))
    return found


def weightings(image: Path) -> tuple[FloatArray, FloatArray]:
    """The tables beside an image: b-values, and directions in the patient (NaN for none)."""
    stem = image.parent / image.name.removesuffix(".gz").removesuffix(".nii")
    vectors = np.loadtxt(f"{stem}.bvec", ndmin=2).reshape(3, -1)
    b_values = np.loadtxt(f"{stem}.bval", ndmin=1)
    return b_values, in_patient(vectors, nibabel.load(image).affine)


def assert_same_files(source: Path, folder: Path, has_tables: bool) -> None:
    """Convert a series in both ways, and compare what comes."""
    (folder / "theirs").mkdir()
    ours = converted(source, folder)
    # Rescale Slope and Intercept are applied by both.
    images = run_dcm2niix(source, folder / "theirs", philips_scale=False)
    theirs = [volume for image in images for volume in volumes_of(image)]
    order = pairs(volumes_of(ours), theirs)
    assert bool([*folder.glob("ours.bv*")]) == has_tables == bool([*folder.glob("theirs/*.bv*")])
    if has_tables:
        (image,) = images
        (b_values, directions), expected = weightings(ours), weightings(image)
        np.testing.assert_allclose(b_values, expected[0][order], rtol=1e-5)
        np.testing.assert_allclose(directions, expected[1][order], atol=1e-4)


@needs_reference_data
@pytest.mark.parametrize("folder", DIFFUSION)
def test_scanned_diffusion_is_that_of_dcm2niix(folder: str, tmp_path: Path) -> None:
    assert_same_files(REFERENCE_DATA / folder, tmp_path, has_tables=True)


@needs_reference_data
@pytest.mark.parametrize("folder", OTHERS)
def test_scanned_series_is_that_of_dcm2niix(folder: str, tmp_path: Path) -> None:
    assert_same_files(REFERENCE_DATA / folder, tmp_path, has_tables=False)


@needs_reference_data
def test_scanned_series_of_ge_is_that_of_dcm2niix_with_its_creators(tmp_path: Path) -> None:
    """Without a creator elements are nobody's (PS3.5 §7.8.1); dcm2niix goes by their numbers."""
    pydicom = pytest.importorskip("pydicom")
    (source := tmp_path / "in").mkdir()
    for path in sorted((REFERENCE_DATA / GE_WITHOUT_CREATORS).iterdir()):
        ds = pydicom.dcmread(path)
        for tag, value in REMOVED_FROM_GE.items():
            ds.add_new(tag, pydicom.datadict.dictionary_VR(tag) if tag < 0x190000 else "LO", value)
        ds.save_as(source / path.name)
    assert_same_files(source, tmp_path, has_tables=True)
    assert main(["convert", str(REFERENCE_DATA / GE_WITHOUT_CREATORS), f"{tmp_path}/a.nii"]) == 0
    assert not [*tmp_path.glob("a.bv*")]


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("maker", MAKERS)
def test_weighting_is_that_of_dcm2niix(tmp_path: Path, plane: str, maker: str) -> None:
    (source := tmp_path / "in").mkdir()
    write_series(source, lambda b, g: MAKERS[maker](b, g, 0x10), SHELLS, PLANES[plane])
    assert_same_files(source, tmp_path, has_tables=True)
    # As FSL reads them: three rows of directions, one of b-values.
    assert len((tmp_path / "ours.bvec").read_text().splitlines()) == 3
    assert len((tmp_path / "ours.bval").read_text().splitlines()) == 1


@pytest.mark.parametrize("plane", PLANES)
def test_weighting_of_uih_is_that_of_dcm2niix(tmp_path: Path, plane: str) -> None:
    def elements_of(b_value: float, direction: Direction | None) -> list[Element]:
        return weighting(b_value, direction, PLANES[plane])

    (source := tmp_path / "in").mkdir()
    write_series(source, elements_of, SHELLS, PLANES[plane])
    assert_same_files(source, tmp_path, has_tables=True)
