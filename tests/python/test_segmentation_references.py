"""Segmentations against highdicom: those that it writes, and those of others that it reads.

It lays frames out by their positions, at the spacing of their source, as we do; its slices fall
along the normal, so that it counts them from the other end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from data_paths import BRAIN_MR, PYDICOM_FILES, REFERENCE_DATA, needs_reference_data

highdicom = pytest.importorskip("highdicom")
pydicom = pytest.importorskip("pydicom")

HIGHDICOM_FILES = "ImagingDataCommons__highdicom/data/test_files"


def by_highdicom(path: Path) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return what highdicom reads, segments first, and its affine, slices rising along the normal.

    The segments of a label map are one array of their numbers.
    """
    found = highdicom.seg.segread(path)
    if found.SegmentationType == "LABELMAP":
        volume = found.get_volume(
            combine_segments=True, relabel=False, allow_missing_positions=True
        )
        array = volume.array[np.newaxis]
    else:
        volume = found.get_volume(rescale_fractional=False, allow_missing_positions=True)
        array = np.moveaxis(volume.array, -1, 0)
    affine = volume.affine
    normal = np.cross(affine[:3, 2], affine[:3, 1])
    if affine[:3, 0] @ normal < 0:
        turn = np.eye(4)
        turn[0, [0, 3]] = [-1, array.shape[1] - 1]
        array, affine = array[:, ::-1], affine @ turn
    return array, affine


def assert_same(path: Path) -> rd.Volume:
    """Hold a segmentation against what highdicom makes of it."""
    vol = rd.read_series(path)
    array, affine = by_highdicom(path)
    np.testing.assert_array_equal(vol.array.reshape(array.shape), array)
    np.testing.assert_allclose(vol.affine, affine, atol=1e-4)
    return vol


def masks(shape: tuple[int, ...], there: dict[int, list[int]], seed: int = 1) -> NDArray[np.uint8]:
    """Make random masks, shape (slice, row, column, segment); `there` has the slices of each."""
    random = np.random.default_rng(seed)
    found = np.zeros((*shape, len(there)), np.uint8)
    for index, slices in enumerate(there.values()):
        for slice_ in slices:
            found[slice_, ..., index] = random.integers(0, 2, shape[1:])
            found[slice_, 0, 0, index] = 1
    return found


def written(path: Path, kind: str, there: dict[int, list[int]], step: int) -> None:
    """Let highdicom write a segmentation of every `step`-th slice of a series of 12."""
    images = [pydicom.dcmread(one) for one in sorted(BRAIN_MR.iterdir())[: 12 * step : step]]
    mask = masks((len(images), 80, 80), there)
    if kind == "FRACTIONAL":
        mask = (mask / 3).astype(np.float32)
    elif kind == "LABELMAP":
        mask = (mask * np.array(list(there))).max(-1).astype(np.uint8)
    code = highdicom.sr.CodedConcept("12738006", "SCT", "Brain")
    method = highdicom.seg.SegmentAlgorithmTypeValues.MANUAL
    numbers = list(there) if kind == "LABELMAP" else range(1, len(there) + 1)
    segments = [
        highdicom.seg.SegmentDescription(number, f"part {number}", code, code, method)
        for number in numbers
    ]
    highdicom.seg.Segmentation(
        images, mask, kind, segments, "1.2.3.4", 1, "1.2.3.5", 1, "maker", "model", "1", "serial",
        omit_empty_frames=True,
    ).save_as(path)  # fmt: skip


SPARSE: dict[str, dict[int, list[int]]] = {
    "all": {1: list(range(12))},
    "one slice": {1: [5]},
    "ends": {1: [0, 11]},
    "a hole": {1: [2, 3, 4, 8, 9]},
    "every other": {1: [1, 3, 5, 7, 9]},
    "two apart": {1: [0, 1, 2], 2: [7, 9, 11]},
    "two that overlap": {1: [3, 4, 8], 2: [3, 8, 10]},
    "one each": {1: [4], 2: [9], 3: [6]},
}


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
@pytest.mark.parametrize("there", SPARSE.values(), ids=SPARSE)
def test_sparse_segmentations_are_as_highdicom_meant_them(
    tmp_path: Path, there: dict[int, list[int]], kind: str, step: int
) -> None:
    written(tmp_path / "seg.dcm", kind, there, step)
    vol = assert_same(tmp_path / "seg.dcm")
    slices = sorted({index for one in there.values() for index in one})
    # The source says how far its own slices are apart, not every third of them.
    assert vol.shape[-3] == (slices[-1] - slices[0]) * step + 1
    assert vol.dtype == np.uint8
    assert not vol.report.errors


@needs_reference_data
@pytest.mark.parametrize(
    "name",
    [
        "FNNDSC__data/dicom/rsna_2/SEG/3DSlicer/tumor_User1_Manual_Trial1.dcm",
        f"{HIGHDICOM_FILES}/seg_image_ct_binary.dcm",
        f"{HIGHDICOM_FILES}/seg_image_ct_binary_fractional.dcm",
        f"{HIGHDICOM_FILES}/seg_image_ct_binary_overlap.dcm",
        f"{HIGHDICOM_FILES}/seg_image_ct_binary_single_frame.dcm",
        f"{HIGHDICOM_FILES}/seg_image_ct_true_fractional.dcm",
        f"{PYDICOM_FILES}/liver_1frame.dcm",
        "pydicom__pydicom-data/data_store/data/liver.dcm",
    ],
)
def test_segmentations_of_others_are_as_highdicom_reads_them(name: str) -> None:
    assert_same(REFERENCE_DATA / name)
