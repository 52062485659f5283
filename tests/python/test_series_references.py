"""Volumes of real series against the NIfTI files that other programs made of them.

References lie beside the series (dicom2nifti's) or are made here by dcm2niix. Both count x and y
the other way (RAS for LPS) and turn axes as they like, so voxel centres are compared: where our
affine puts a voxel, the reference must have one too, with the same value.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from data_paths import DICOM2NIFTI, PYDICOM_FILES, REFERENCE_DATA, needs_reference_data
from findings import kinds, kinds_and_errors, refusal
from nifti_references import assert_same_voxels, run_dcm2niix, to_lps, volumes_of
from series_builder import normal_of

nibabel = pytest.importorskip("nibabel")
pydicom = pytest.importorskip("pydicom")

pytestmark = needs_reference_data

DIRECTORY = f"{PYDICOM_FILES}/dicomdirtests"

# Single-frame, uncompressed and little endian, and what each adds to those before it.
SERIES = [
    (
        "FNNDSC__data/dicom/rsna_2/PET",
        "150 axial slices, names in no order, a fractional slope",
    ),
    (f"{DICOM2NIFTI}/generic/anatomical/001", "sagittal, instance numbers fall along the normal"),
    (
        f"{DICOM2NIFTI}/generic/anatomical/002_non_isotropic",
        "4.0 by 6.4 mm pixels, a slope for each slice",
    ),
    (f"{DICOM2NIFTI}/siemens/anatomical/001", "sagittal"),
    (f"{DICOM2NIFTI}/philips/anatomical/001", "coronal, oblique"),
    (f"{DICOM2NIFTI}/hitachi/anatomical/001", "implicit VR, oblique in all three directions"),
    (f"{DICOM2NIFTI}/failing/slicecount/001", "two slices"),
    (f"{DICOM2NIFTI}/ge/anatomical/001_single_slice", "one slice"),
    (f"{DIRECTORY}/98892001/CT5N", "axial"),
]
TILTED = f"{DICOM2NIFTI}/failing/gantrytilting/001"

BESIDE = [
    f"{DICOM2NIFTI}/generic/anatomical/001",
    f"{DICOM2NIFTI}/generic/anatomical/002_non_isotropic",
    f"{DICOM2NIFTI}/siemens/anatomical/001",
    f"{DICOM2NIFTI}/philips/anatomical/001",
    f"{DICOM2NIFTI}/hitachi/anatomical/001",
    f"{DICOM2NIFTI}/failing/slicecount/001",
]


def assert_positions_are_the_files(vol: rd.Volume) -> None:
    """Compare the first voxel of each slice with its file's position (PS3.3 §C.7.6.2.1.1)."""
    for index, ds in enumerate(vol.datasets):
        stated = [float(value) for value in ds.ImagePositionPatient]
        np.testing.assert_allclose((vol.affine @ [index, 0, 0, 1])[:3], stated, atol=2e-3)


@pytest.mark.parametrize("folder", [folder for folder, _ in SERIES], ids=[why for _, why in SERIES])
def test_volume_is_that_of_dcm2niix(folder: str, tmp_path: Path) -> None:
    vol = rd.read_series(REFERENCE_DATA / folder)
    (path,) = run_dcm2niix(REFERENCE_DATA / folder, tmp_path)
    reference = nibabel.load(path)
    if len(vol.paths) == 1:
        # The length of one slice's step is a thickness, which each program chooses for itself.
        step = to_lps(reference.affine)[:3, 2]
        assert abs(step @ vol.affine[:3, 0]) == pytest.approx(
            np.linalg.norm(step) * vol.spacing[0], rel=1e-5
        )
        vol.affine[:3, 0] *= np.linalg.norm(step) / vol.spacing[0]
    assert_same_voxels(vol, reference)
    assert_positions_are_the_files(vol)


@pytest.mark.parametrize("folder", BESIDE)
def test_volume_is_that_of_the_reference_beside_it(folder: str) -> None:
    reference = nibabel.load(REFERENCE_DATA / f"{folder}_ground_truth.nii.gz")
    assert_same_voxels(rd.read_series(REFERENCE_DATA / folder), reference)


def test_tilted_series_has_the_shear_that_positions_state(tmp_path: Path) -> None:
    """The formula decides: dcm2niix omits the shear from its unresampled affine; values agree."""
    vol = rd.read_series(REFERENCE_DATA / TILTED)
    assert kinds(vol) == ["tilt"]
    assert_positions_are_the_files(vol)
    orientation = [float(value) for value in vol.datasets[0].ImageOrientationPatient]
    step = vol.affine[:3, 0]
    angle = np.degrees(np.arccos(normal_of(orientation) @ step / np.linalg.norm(step)))
    assert angle == pytest.approx(14.0, abs=0.1)
    (path,) = run_dcm2niix(REFERENCE_DATA / TILTED, tmp_path)
    values = np.asarray(nibabel.load(path).dataobj)
    np.testing.assert_array_equal(vol.array, values.transpose(2, 1, 0)[:, ::-1])


# Series whose slices no affine describes: the reader must say so, and be right about each slice.
WITHOUT_AFFINE = [
    ("neurolabusc__dcm_qa_ct/In/GE", "tilted, and 4 mm steps turn into 7 mm ones"),
    (f"{DICOM2NIFTI}/failing/sliceincrement/001", "5 mm steps and one of 10"),
]


@pytest.mark.parametrize(
    "folder", [folder for folder, _ in WITHOUT_AFFINE], ids=[why for _, why in WITHOUT_AFFINE]
)
def test_uneven_series_raises_and_its_kept_slices_are_in_order(folder: str, tmp_path: Path) -> None:
    with pytest.raises(rd.IrregularSeriesError):
        rd.read_series(REFERENCE_DATA / folder)
    vol = rd.read_series(REFERENCE_DATA / folder, irregular="keep")
    orientation = [float(value) for value in vol.datasets[0].ImageOrientationPatient]
    stated = np.array([[float(value) for value in ds.ImagePositionPatient] for ds in vol.datasets])
    assert (np.diff(stated @ normal_of(orientation)) > 0).all()
    np.testing.assert_allclose(vol.affine[:3, 3], stated[0], atol=1e-6)
    (path,) = run_dcm2niix(REFERENCE_DATA / folder, tmp_path)
    values = np.asarray(nibabel.load(path).dataobj)
    np.testing.assert_array_equal(vol.array, values.transpose(2, 1, 0)[:, ::-1])


def test_missing_slice_between_acquisitions_makes_no_stacks() -> None:
    """Two acquisitions of two slices: the hole between the last two must not become a spacing."""
    (found,) = rd.find_series(REFERENCE_DATA / f"{DICOM2NIFTI}/failing/sliceincrement/001")
    assert found.stacks == [found]


# Series that are no stack: dcm2niix parts some by Series Number and makes a volume of others.
IRREGULAR = [
    (
        f"{DICOM2NIFTI}/failing/sliceorientation/001",
        "mixed_orientation",
        "two sagittal and two axial slices",
    ),
    (f"{DIRECTORY}/98892003/MR700", "mixed_orientation", "projections that turn about the head"),
    (f"{DIRECTORY}/77654033/CT2", "gap", "three slices and one that lies 200 mm away"),
]


@pytest.mark.parametrize(
    ("folder", "kind"),
    [(folder, kind) for folder, kind, _ in IRREGULAR],
    ids=[why for _, _, why in IRREGULAR],
)
def test_series_that_is_no_stack_raises(folder: str, kind: str) -> None:
    assert kind in set(kinds(refusal(REFERENCE_DATA / folder)))


# Multi-frame objects, mosaics, and series with several images at each position: what is in front of
# slices.
SEVERAL = [
    (f"{DICOM2NIFTI}/siemens_multiframe/anatomical/001", None, "Siemens enhanced"),
    (f"{DICOM2NIFTI}/philips_enhanced/anatomical/001", None, "Philips enhanced"),
    (f"{DICOM2NIFTI}/philips_enhanced/dti/001", "b_value", "Philips enhanced, diffusion"),
    (f"{DICOM2NIFTI}/philips_enhanced/fmri/001", "time", "Philips enhanced, time"),
    (f"{DICOM2NIFTI}/hyperfine/anatomical/001", None, "Hyperfine enhanced"),
    ("neurolabusc__dcm_qa_enh/In/Siemens/XA10", "time", "Siemens enhanced, a file a time point"),
    (
        "neurolabusc__dcm_qa_enh/In/Philips",
        "echo",
        "Philips enhanced, a field map and its magnitude",
    ),
    ("neurolabusc__dcm_qa_me/In/4_me_fMRI", "echo", "Siemens mosaics, two echoes at three times"),
    ("neurolabusc__dcm_qa_ts/In/1.dcm", None, "one mosaic"),
    ("neurolabusc__dcm_qa_ts/In/2.dcm", None, "one mosaic, implicit VR"),
    ("neurolabusc__dcm_qa_ts/In/3.dcm", None, "one mosaic, big endian"),
    ("neurolabusc__dcm_qa_ts/In/4.dcm", None, "one mosaic, RLE"),
    ("neurolabusc__dcm_qa_ts/In/5.dcm", None, "one mosaic, JPEG Lossless"),
    (
        "neurolabusc__dcm_qa_canon/In/9000_DTI_PA-ortho",
        "b_value",
        "diffusion, repeated without directions",
    ),
    (f"{DICOM2NIFTI}/ge/dti/001", "instance", "phases that nothing but numbers tells apart"),
    (f"{DICOM2NIFTI}/ge/dti/002", "instance", "the same, four phases"),
    (f"{DICOM2NIFTI}/ge/fmri/001", "instance", "the same, time"),
    (f"{DICOM2NIFTI}/philips/dti/001", "b_value", "diffusion, numbers count phases first"),
    (f"{DICOM2NIFTI}/philips/fmri/001", "instance", "time, numbers count phases first"),
    (f"{DICOM2NIFTI}/generic/compressed_rle/001", None, "RLE"),
    (f"{DICOM2NIFTI}/generic/compressed_jpeg/001", None, "JPEG Lossless"),
]


@pytest.mark.parametrize(
    ("folder", "axis"),
    [(folder, axis) for folder, axis, _ in SEVERAL],
    ids=[why for _, _, why in SEVERAL],
)
def test_each_volume_is_one_of_dcm2niix(folder: str, axis: str | None, tmp_path: Path) -> None:
    vol = rd.read_series(REFERENCE_DATA / folder)
    assert vol.axes == ((axis,) if axis is not None else ()) + ("slice", "row", "column")
    # Rescale Slope and Intercept are applied by both.
    paths = run_dcm2niix(REFERENCE_DATA / folder, tmp_path, philips_scale=False)
    references = [one for path in paths for one in volumes_of(path)]
    steps = list(vol.array) if axis is not None else [vol.array]
    assert len(references) == len(steps)
    whole = vol.array
    for step in steps:
        vol.array = step
        errors = []
        for reference in references:
            try:
                assert_same_voxels(vol, reference)
            except AssertionError as error:
                errors.append(error)
            else:
                references.remove(reference)
                break
        else:
            raise AssertionError(f"no reference has this volume: {errors[0]}")
    vol.array = whole


def test_tiles_of_a_mosaic_lie_where_the_reference_beside_it_has_them() -> None:
    """The reference that comes with the data, made by another version of dcm2niix."""
    folder = REFERENCE_DATA / "neurolabusc__dcm_qa_ts"
    reference = nibabel.load(folder / "Ref/1.nii")
    vol = rd.read_series(folder / "In/1.dcm")
    assert vol.shape == (35, 64, 64)
    assert vol.frames == sorted(vol.frames)
    assert_same_voxels(vol, reference)


def test_mosaic_without_its_header_has_the_slices_of_its_protocol() -> None:
    """The reference has the voxels, but puts the lowest slice where the first tile is."""
    folder = REFERENCE_DATA / f"{DICOM2NIFTI}/siemens/fmri/001"
    reference = nibabel.load(f"{folder}_ground_truth.nii.gz")
    vol = rd.read_series(folder)
    image = vol.to_nibabel()
    np.testing.assert_array_equal(np.asarray(image.dataobj), np.asarray(reference.dataobj))
    np.testing.assert_allclose(image.affine[:3, :3], reference.affine[:3, :3], atol=1e-5)
    np.testing.assert_allclose(
        (image.affine @ [0, 0, 49, 1])[:3], reference.affine[:3, 3], atol=1e-3
    )
    # Where the scanner was asked to put them.
    protocol = vol.datasets[0][0x0029, 0x1020].value.decode("latin-1")
    for index in range(50):
        pattern = rf"asSlice\[{index}\]\.sPosition\.d(?:Sag|Cor|Tra) *= *(\S+)"
        centre = [float(number) for number in re.findall(pattern, protocol)]
        ours = (vol.affine @ [index, 39.5, 39.5, 1])[:3]
        normal = np.cross(vol.direction[:, 2], vol.direction[:, 1])
        assert abs(normal @ (ours - centre)) < 0.01
        np.testing.assert_allclose(ours, centre, atol=2.5)


# What else can be read of a dose and a segmentation: no program here makes volumes of them.


@pytest.mark.parametrize("name", ["rtdose.dcm", "rtdose_expb.dcm", "rtdose_rle.dcm"])
def test_dose_is_scaled_and_placed(name: str) -> None:
    path = REFERENCE_DATA / PYDICOM_FILES / name
    if not path.exists():
        pytest.skip(f"{name} is not there")
    ds = rd.dcmread(path)
    vol = rd.read_series(path)
    np.testing.assert_allclose(vol.array, ds.pixel_array * float(ds.DoseGridScaling), rtol=1e-6)
    offsets = np.array([float(offset) for offset in ds.GridFrameOffsetVector])
    z = float(ds.ImagePositionPatient[2]) + offsets - offsets[0]
    assert [(vol.affine @ [k, 0, 0, 1])[2] for k in range(15)] == pytest.approx(list(z), abs=1e-4)


# File, what is in front of the slices, and how many frames the file lacks because nothing is
# segmented there.
SEGMENTATIONS = [
    ("pydicom__pydicom-data/data_store/data/liver.dcm", None, 0),
    ("FNNDSC__data/dicom/rsna_2/SEG", "segment", 5),
]


@pytest.mark.parametrize(
    ("name", "axis", "absent"), SEGMENTATIONS, ids=["one segment", "two segments"]
)
def test_segmentation_has_each_segment_where_its_frames_say(
    name: str, axis: str | None, absent: int
) -> None:
    vol = rd.read_series(REFERENCE_DATA / name, values="stored")
    assert vol.axes == ((axis,) if axis is not None else ()) + ("slice", "row", "column")
    assert kinds_and_errors(vol) == [("incomplete_grid", False)] * bool(absent)
    ds = pydicom.dcmread(vol.paths[0])
    pixels = ds.pixel_array
    segments = list(vol.coords["segment"]) if axis is not None else [1]
    slice_count = vol.shape[-3]
    content = vol.array.reshape(len(segments), *vol.shape[-3:])
    assert sum(place is None for place in vol.report.slices) == absent
    for index, place in enumerate(vol.report.slices):
        step, slice_index = divmod(index, slice_count)
        if place is None:
            assert not content[step, slice_index].any()
            continue
        _, frame = place
        np.testing.assert_array_equal(content[step, slice_index], pixels[frame])
        groups = ds.PerFrameFunctionalGroupsSequence[frame]
        assert groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber == segments[step]
        stated = [float(value) for value in groups.PlanePositionSequence[0].ImagePositionPatient]
        np.testing.assert_allclose((vol.affine @ [slice_index, 0, 0, 1])[:3], stated, atol=1e-3)


# Series that dcm2niix converts and that are not compared, and why.
NOT_COMPARED = {
    "neurolabusc__dcm_qa_ts/In": "nine copies of one volume in one series; each is compared alone",
    f"{DICOM2NIFTI}/siemens/fmri/001": "dcm2niix guesses that mosaics of 50 slices have 64",
    f"{DICOM2NIFTI}/generic/rgb/001": "colour, which NIfTI has another type for",
    "nipy__nibabel/nibabel/nicom/tests/data/0.dcm": "48 tiles in 256 columns: no square divides",
    f"{PYDICOM_FILES}/rtdose.dcm": "dcm2niix does not read the grid offsets",
    "FNNDSC__data/dicom/rsna_2/SEG": "dcm2niix makes one stack of the frames of two segments",
}


@pytest.mark.parametrize("folder", NOT_COMPARED, ids=NOT_COMPARED.values())
def test_folder_that_is_not_compared_is_there(folder: str) -> None:
    """The table above is about folders that exist."""
    assert (REFERENCE_DATA / folder).exists()
