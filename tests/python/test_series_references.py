"""Volumes of real series against the NIfTI files that other programs made of them.

References lie beside the series (dicom2nifti's) or are made here by dcm2niix. Both count x and y the other
way (RAS for LPS) and turn axes as they like, so voxel centres are compared: where our affine puts a voxel,
the reference must have one too, with the same value.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from series_builder import normal_of

nibabel = pytest.importorskip("nibabel")
pydicom = pytest.importorskip("pydicom")

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("RAPIDICOM_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no reference data at {DATA}")

NIFTI = "icometrix__dicom2nifti/tests/data"
DIRECTORY = "pydicom__pydicom/src/pydicom/data/test_files/dicomdirtests"

# Single-frame, uncompressed and little endian, and what each adds to those before it.
SERIES = [
    (
        "FNNDSC__data/dicom/rsna_2/PET",
        "150 axial slices, names in no order, a fractional slope",
    ),
    (f"{NIFTI}/generic/anatomical/001", "sagittal, instance numbers fall along the normal"),
    (
        f"{NIFTI}/generic/anatomical/002_non_isotropic",
        "4.0 by 6.4 mm pixels, a slope for each slice",
    ),
    (f"{NIFTI}/siemens/anatomical/001", "sagittal"),
    (f"{NIFTI}/philips/anatomical/001", "coronal, oblique"),
    (f"{NIFTI}/hitachi/anatomical/001", "implicit VR, oblique in all three directions"),
    (f"{NIFTI}/failing/slicecount/001", "two slices"),
    (f"{NIFTI}/ge/anatomical/001_single_slice", "one slice"),
    (f"{DIRECTORY}/98892001/CT5N", "axial"),
]
TILTED = f"{NIFTI}/failing/gantrytilting/001"

BESIDE = [
    f"{NIFTI}/generic/anatomical/001",
    f"{NIFTI}/generic/anatomical/002_non_isotropic",
    f"{NIFTI}/siemens/anatomical/001",
    f"{NIFTI}/philips/anatomical/001",
    f"{NIFTI}/hitachi/anatomical/001",
    f"{NIFTI}/failing/slicecount/001",
]


def to_lps(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn a NIfTI affine's right and anterior into left and posterior."""
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def assert_same_voxels(
    vol: rd.Volume, reference: Any, tolerance: float = 0.02, values_tolerance: float = 0.0
) -> None:
    """Hold every voxel against the one that the reference has at the same place.

    Args:
        vol: The volume read by us.
        reference: A NIfTI image with as many voxels, its axes in any order and direction.
        tolerance: By how much places may differ, in voxels; NIfTI keeps affines in 32 bits.
        values_tolerance: By how much values may differ.
    """
    values = np.asarray(reference.dataobj, np.float64)
    assert sorted(values.shape) == sorted(vol.array.shape)
    to_reference = np.linalg.inv(to_lps(reference.affine)) @ vol.affine
    corners = np.array(list(itertools.product(*((0, size - 1) for size in vol.array.shape)))).T
    places = to_reference[:3, :3] @ corners + to_reference[:3, 3:]
    np.testing.assert_allclose(places, places.round(), atol=tolerance)
    # From its first voxel to its last, so that none is a whole number of voxels away.
    np.testing.assert_array_equal(places.round().min(axis=1), 0)
    np.testing.assert_array_equal(places.round().max(axis=1), np.array(values.shape) - 1)
    # The corners lie on voxels, so each of our axes is one of the reference's, forward or backward.
    axes = to_reference[:3, :3].round().astype(int)
    assert (np.abs(axes).sum(axis=0) == 1).all()
    assert (np.abs(axes).sum(axis=1) == 1).all()
    turned = values.transpose(np.abs(axes).argmax(axis=0))
    turned = turned[tuple(slice(None, None, int(step)) for step in axes.sum(axis=0))]
    limit = values_tolerance + 1e-5 * np.abs(turned).max()
    np.testing.assert_allclose(vol.array, turned, rtol=1e-5, atol=limit)


def run_dcm2niix(folder: Path, into: Path, philips_scale: bool = True, check: bool = True) -> list[Path]:
    """Convert one folder or file; the files come without those that dcm2niix resampled.

    `philips_scale`: whether values of Philips scanners are divided by Scale Slope, which no standard names.
    `check`: whether it must say that it converted all.
    """
    dcm2niix = pytest.importorskip("dcm2niix")
    subprocess.run(
        [
            dcm2niix.bin, "-f", "%j", "-p", "y" if philips_scale else "n", "-z", "n", "-b", "n", "-d", "0",
            "-s", "y" if folder.is_file() else "n", "-o", str(into), str(folder),
        ],
        check=check,
        capture_output=True,
        timeout=120,
    )  # fmt: skip
    return [
        path for path in sorted(into.glob("*.nii")) if "_Tilt" not in path.name and "_Eq" not in path.name
    ]


def assert_positions_are_the_files(vol: rd.Volume) -> None:
    """Hold the first voxel of each slice against the position that its file states (PS3.3 §C.7.6.2.1.1)."""
    for index, ds in enumerate(vol.datasets):
        stated = [float(value) for value in ds.ImagePositionPatient]
        np.testing.assert_allclose((vol.affine @ [index, 0, 0, 1])[:3], stated, atol=2e-3)


@pytest.mark.parametrize("folder", [folder for folder, _ in SERIES], ids=[why for _, why in SERIES])
def test_volume_is_that_of_dcm2niix(folder: str, tmp_path: Path) -> None:
    vol = rd.read_series(DATA / folder)
    (path,) = run_dcm2niix(DATA / folder, tmp_path)
    reference = nibabel.load(path)
    if len(vol.paths) == 1:
        # The length of one slice's step is a thickness, which each program chooses for itself.
        step = to_lps(reference.affine)[:3, 2]
        assert abs(step @ vol.affine[:3, 0]) == pytest.approx(np.linalg.norm(step) * vol.spacing[0], rel=1e-5)
        vol.affine[:3, 0] *= np.linalg.norm(step) / vol.spacing[0]
    assert_same_voxels(vol, reference)
    assert_positions_are_the_files(vol)


@pytest.mark.parametrize("folder", BESIDE)
def test_volume_is_that_of_the_reference_beside_it(folder: str) -> None:
    reference = nibabel.load(DATA / f"{folder}_ground_truth.nii.gz")
    assert_same_voxels(rd.read_series(DATA / folder), reference)


def test_tilted_series_has_the_shear_that_positions_state(tmp_path: Path) -> None:
    """The formula decides: dcm2niix leaves the shear out of its unresampled affine; the values agree."""
    vol = rd.read_series(DATA / TILTED)
    assert {issue.kind for issue in vol.report.issues} == {"tilt"}
    assert_positions_are_the_files(vol)
    orientation = [float(value) for value in vol.datasets[0].ImageOrientationPatient]
    step = vol.affine[:3, 0]
    angle = np.degrees(np.arccos(normal_of(orientation) @ step / np.linalg.norm(step)))
    assert angle == pytest.approx(14.0, abs=0.1)
    (path,) = run_dcm2niix(DATA / TILTED, tmp_path)
    values = np.asarray(nibabel.load(path).dataobj)
    np.testing.assert_array_equal(vol.array, values.transpose(2, 1, 0)[:, ::-1])


# Series whose slices no affine describes: the reader must say so, and be right about each slice.
WITHOUT_AFFINE = [
    ("neurolabusc__dcm_qa_ct/In/GE", "tilted, and 4 mm steps turn into 7 mm ones"),
    (f"{NIFTI}/failing/sliceincrement/001", "5 mm steps and one of 10"),
]


@pytest.mark.parametrize(
    "folder", [folder for folder, _ in WITHOUT_AFFINE], ids=[why for _, why in WITHOUT_AFFINE]
)
def test_uneven_series_raises_and_its_kept_slices_are_in_order(folder: str, tmp_path: Path) -> None:
    with pytest.raises(rd.IrregularSeriesError):
        rd.read_series(DATA / folder)
    vol = rd.read_series(DATA / folder, irregular="keep")
    orientation = [float(value) for value in vol.datasets[0].ImageOrientationPatient]
    stated = np.array([[float(value) for value in ds.ImagePositionPatient] for ds in vol.datasets])
    assert (np.diff(stated @ normal_of(orientation)) > 0).all()
    np.testing.assert_allclose(vol.affine[:3, 3], stated[0], atol=1e-6)
    (path,) = run_dcm2niix(DATA / folder, tmp_path)
    values = np.asarray(nibabel.load(path).dataobj)
    np.testing.assert_array_equal(vol.array, values.transpose(2, 1, 0)[:, ::-1])


def test_missing_slice_between_acquisitions_makes_no_stacks() -> None:
    """Two acquisitions of two slices: the hole between the last two must not become a spacing."""
    (found,) = rd.find_series(DATA / f"{NIFTI}/failing/sliceincrement/001")
    assert found.stacks == [found]


# Series that are no stack: dcm2niix parts some by Series Number and makes a volume of others.
IRREGULAR = [
    (f"{NIFTI}/failing/sliceorientation/001", "mixed_orientation", "two sagittal and two axial slices"),
    (f"{DIRECTORY}/98892003/MR700", "mixed_orientation", "projections that turn about the head"),
    (f"{DIRECTORY}/77654033/CT2", "gap", "three slices and one that lies 200 mm away"),
]


@pytest.mark.parametrize(
    ("folder", "kind"),
    [(folder, kind) for folder, kind, _ in IRREGULAR],
    ids=[why for _, _, why in IRREGULAR],
)
def test_series_that_is_no_stack_raises(folder: str, kind: str) -> None:
    with pytest.raises(rd.IrregularSeriesError) as caught:
        rd.read_series(DATA / folder)
    assert kind in {issue.kind for issue in caught.value.report.issues}


# Multi-frame objects, mosaics, and series with several images at each position: what is in front of slices.
SEVERAL = [
    (f"{NIFTI}/siemens_multiframe/anatomical/001", None, "Siemens enhanced"),
    (f"{NIFTI}/philips_enhanced/anatomical/001", None, "Philips enhanced"),
    (f"{NIFTI}/philips_enhanced/dti/001", "b_value", "Philips enhanced, diffusion"),
    (f"{NIFTI}/philips_enhanced/fmri/001", "time", "Philips enhanced, time"),
    (f"{NIFTI}/hyperfine/anatomical/001", None, "Hyperfine enhanced"),
    ("neurolabusc__dcm_qa_enh/In/Siemens/XA10", "time", "Siemens enhanced, a file a time point"),
    ("neurolabusc__dcm_qa_enh/In/Philips", "echo", "Philips enhanced, a field map and its magnitude"),
    ("neurolabusc__dcm_qa_me/In/4_me_fMRI", "echo", "Siemens mosaics, two echoes at three times"),
    ("neurolabusc__dcm_qa_ts/In/1.dcm", None, "one mosaic"),
    ("neurolabusc__dcm_qa_ts/In/2.dcm", None, "one mosaic, implicit VR"),
    ("neurolabusc__dcm_qa_ts/In/3.dcm", None, "one mosaic, big endian"),
    ("neurolabusc__dcm_qa_ts/In/4.dcm", None, "one mosaic, RLE"),
    ("neurolabusc__dcm_qa_ts/In/5.dcm", None, "one mosaic, JPEG Lossless"),
    ("neurolabusc__dcm_qa_canon/In/9000_DTI_PA-ortho", "b_value", "diffusion, repeated without directions"),
    (f"{NIFTI}/ge/dti/001", "instance", "phases that nothing but numbers tells apart"),
    (f"{NIFTI}/ge/dti/002", "instance", "the same, four phases"),
    (f"{NIFTI}/ge/fmri/001", "instance", "the same, time"),
    (f"{NIFTI}/philips/dti/001", "b_value", "diffusion, numbers count phases first"),
    (f"{NIFTI}/philips/fmri/001", "instance", "time, numbers count phases first"),
    (f"{NIFTI}/generic/compressed_rle/001", None, "RLE"),
    (f"{NIFTI}/generic/compressed_jpeg/001", None, "JPEG Lossless"),
]


def volumes_of(path: Path) -> list[Any]:
    """One image a volume of a NIfTI file."""
    image = nibabel.load(path)
    if image.ndim == 3:
        return [image]
    return list(nibabel.four_to_three(image))


@pytest.mark.parametrize(
    ("folder", "axis"), [(folder, axis) for folder, axis, _ in SEVERAL], ids=[why for _, _, why in SEVERAL]
)
def test_each_volume_is_one_of_dcm2niix(folder: str, axis: str | None, tmp_path: Path) -> None:
    vol = rd.read_series(DATA / folder)
    assert vol.axes == ((axis,) if axis is not None else ()) + ("slice", "row", "column")
    # Rescale Slope and Intercept are applied by both.
    paths = run_dcm2niix(DATA / folder, tmp_path, philips_scale=False)
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


def test_tiles_of_a_mosaic_lie_where_the_file_beside_it_says() -> None:
    """The reference that comes with the data, made by another version of dcm2niix."""
    folder = DATA / "neurolabusc__dcm_qa_ts"
    reference = nibabel.load(folder / "Ref/1.nii")
    vol = rd.read_series(folder / "In/1.dcm")
    assert vol.shape == (35, 64, 64)
    assert vol.frames == sorted(vol.frames)
    assert_same_voxels(vol, reference)


def test_mosaic_without_its_header_has_the_slices_of_its_protocol() -> None:
    """The reference has the voxels, but puts the lowest slice where the first tile is."""
    folder = DATA / f"{NIFTI}/siemens/fmri/001"
    reference = nibabel.load(f"{folder}_ground_truth.nii.gz")
    vol = rd.read_series(folder)
    image = vol.to_nibabel()
    np.testing.assert_array_equal(np.asarray(image.dataobj), np.asarray(reference.dataobj))
    np.testing.assert_allclose(image.affine[:3, :3], reference.affine[:3, :3], atol=1e-5)
    np.testing.assert_allclose((image.affine @ [0, 0, 49, 1])[:3], reference.affine[:3, 3], atol=1e-3)
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
    path = DATA / "pydicom__pydicom/src/pydicom/data/test_files" / name
    if not path.exists():
        pytest.skip(f"{name} is not there")
    ds = rd.dcmread(path)
    vol = rd.read_series(path)
    np.testing.assert_allclose(vol.array, ds.pixel_array * float(ds.DoseGridScaling), rtol=1e-6)
    offsets = np.array([float(offset) for offset in ds.GridFrameOffsetVector])
    z = float(ds.ImagePositionPatient[2]) + offsets - offsets[0]
    assert [(vol.affine @ [k, 0, 0, 1])[2] for k in range(15)] == pytest.approx(list(z), abs=1e-4)


# File, what is in front of the slices, and how many frames the file lacks because nothing is segmented there.
SEGMENTATIONS = [
    ("pydicom__pydicom-data/data_store/data/liver.dcm", None, 0),
    ("FNNDSC__data/dicom/rsna_2/SEG", "segment", 5),
]


@pytest.mark.parametrize(("name", "axis", "absent"), SEGMENTATIONS, ids=["one segment", "two segments"])
def test_segmentation_has_each_segment_where_its_frames_say(name: str, axis: str | None, absent: int) -> None:
    vol = rd.read_series(DATA / name, values="stored")
    assert vol.axes == ((axis,) if axis is not None else ()) + ("slice", "row", "column")
    assert [(issue.kind, issue.is_error) for issue in vol.report] == [("incomplete_grid", False)] * bool(
        absent
    )
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
    f"{NIFTI}/siemens/fmri/001": "dcm2niix guesses that mosaics of 50 slices have 64",
    f"{NIFTI}/generic/rgb/001": "colour, which NIfTI has another type for",
    "nipy__nibabel/nibabel/nicom/tests/data/0.dcm": "48 tiles in 256 columns: no square divides",
    "pydicom__pydicom/src/pydicom/data/test_files/rtdose.dcm": "dcm2niix does not read the grid offsets",
    "FNNDSC__data/dicom/rsna_2/SEG": "dcm2niix makes one stack of the frames of two segments",
}


@pytest.mark.parametrize("folder", NOT_COMPARED, ids=NOT_COMPARED.values())
def test_folder_that_is_not_compared_is_there(folder: str) -> None:
    """The table above is about folders that exist."""
    assert (DATA / folder).exists()
