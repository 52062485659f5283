"""Segmentations on the grid of images: exactly where grids coincide, else the nearest voxel."""

from __future__ import annotations

import io
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from data_paths import REFERENCE_DATA, needs_reference_data
from labels_builder import (
    FRAME_OF_REFERENCE,
    SERIES,
    Contour,
    Images,
    save,
    segmentation,
    structure_set,
)
from series_builder import PLANES
from volume_builder import image_of, item

IMAGES = Images()
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"


def masks(images: Images = IMAGES, count: int = 3, seed: int = 1) -> NDArray[np.uint8]:
    """Return random masks that do not overlap, shape (segment, slice, row, column)."""
    drawn = np.random.default_rng(seed).integers(0, count + 2, images.shape)
    found = np.stack([drawn == number for number in range(1, count + 1)]).astype(np.uint8)
    found[0, 0] = found[1, 2:4] = 0
    return found


def label_map(found: NDArray[Any]) -> NDArray[Any]:
    """Return the label map of masks."""
    return (found * np.arange(1, len(found) + 1).reshape(-1, 1, 1, 1)).max(axis=0)


def volume(folder: Path, images: Images = IMAGES, **part: slice) -> rd.Volume:
    if not folder.is_dir():
        images.save(folder)
    return rd.read_series(folder, irregular="keep", **part)


def kinds(labels: rd.Labels) -> list[tuple[str, bool]]:
    return [(issue.kind, issue.is_error) for issue in labels.report if issue.kind != "tilt"]


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_segments_on_the_grid_of_their_images(tmp_path: Path, kind: str, plane: str) -> None:
    images = Images(plane=plane)
    found = masks(images)
    pixels = found * 200 if kind == "FRACTIONAL" else found
    pixels = label_map(found)[np.newaxis] if kind == "LABELMAP" else pixels
    shuffle = random.Random(5)
    ds = segmentation(
        images, pixels, kind=kind, order=lambda frames: shuffle.sample(frames, len(frames))
    )
    vol = volume(tmp_path / "images", images)
    labels = rd.read_labels(save(ds, tmp_path / "seg.dcm"), like=vol)
    np.testing.assert_array_equal(labels.array, label_map(found))
    np.testing.assert_array_equal(labels.affine, vol.affine)
    assert labels.dtype == np.uint8
    assert kinds(labels) == []
    assert (labels.numbers, labels.names) == ([1, 2, 3], ["part 1", "part 2", "part 3"])
    assert labels.codes[0].type == ("123037004", "SCT", "Structure")
    assert labels.codes[0].algorithm_type == "MANUAL"
    channels = rd.read_labels(tmp_path / "seg.dcm", like=vol, combine="channels")
    np.testing.assert_array_equal(channels.array, found)
    assert channels.axes == ("segment", "slice", "row", "column")
    assert channels.dtype == (np.float32 if kind == "FRACTIONAL" else np.uint8)
    some = rd.read_labels(
        tmp_path / "seg.dcm", like=vol, segments=[3, "part 1"], combine="channels"
    )
    np.testing.assert_array_equal(some.array, found[[2, 0]])
    own = rd.read_labels(tmp_path / "seg.dcm")
    np.testing.assert_allclose(own.affine, vol.affine, atol=1e-4)
    np.testing.assert_array_equal(own.array, labels.array)


@pytest.mark.parametrize("part", [
    {"slices": slice(None, None, -1)},
    {"rows": slice(None, None, -1), "columns": slice(None, None, -1)},
    {"slices": slice(1, 5), "rows": slice(3, 17), "columns": slice(5, 22)},
    {"slices": slice(4, 0, -1), "rows": slice(3, 18), "columns": slice(25, 2, -1)},
])  # fmt: skip
@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_a_part_or_a_reversed_grid_has_the_same_labels(
    tmp_path: Path, kind: str, part: dict[str, slice]
) -> None:
    images = Images(plane="oblique")
    found = masks(images)
    ds = segmentation(
        images, label_map(found)[np.newaxis] if kind == "LABELMAP" else found, kind=kind
    )
    vol = volume(tmp_path / "images", images, **part)
    places = tuple(part.get(axis, slice(None)) for axis in ("slices", "rows", "columns"))
    for combine, wanted in (("labelmap", label_map(found)), ("channels", found)):
        labels = rd.read_labels(ds, like=vol, combine=combine)
        np.testing.assert_array_equal(labels.array, wanted[(..., *places)])
        assert {kind for kind, _ in kinds(labels)} <= {"outside", "missing_reference"}
    outside = [issue for issue in labels.report if issue.kind == "outside"]
    assert bool(outside) == (labels.shape[1:] != images.shape)


def test_a_grid_with_its_axes_in_another_order(tmp_path: Path) -> None:
    """A segmentation of axial images, wanted on sagittal ones of the same voxels."""
    axial = Images(shape=(8, 16, 20), spacing=(2.0, 1.5, 1.0))
    found = masks(axial)
    last = axial.millimetres(np.array([[7.0, 0, 19]]))[0]
    sagittal = Images((20, 8, 16), "sagittal", (1.0, 2.0, 1.5), tuple(last.tolist()))
    vol = volume(tmp_path / "images", sagittal)
    for combine, wanted in (("labelmap", label_map(found)), ("channels", found)):
        labels = rd.read_labels(segmentation(axial, found), like=vol, combine=combine)
        array = np.moveaxis(labels.array, -3, -1)[..., ::-1, :, ::-1]
        np.testing.assert_array_equal(array, wanted)
        # The sagittal images are others than those that were drawn on, with UIDs of the same form.
        assert all(not is_error for _, is_error in kinds(labels))


def test_sparse_segmentations(tmp_path: Path) -> None:
    found = masks()
    found[:, [1, 4]] = 0
    vol = volume(tmp_path / "images")
    ds = segmentation(IMAGES, found)
    np.testing.assert_array_equal(rd.read_labels(ds, like=vol).array, label_map(found))
    # Frames of every third slice, and nothing that says how far slices are apart.
    found[:, [0, 2, 3]] = 0
    ds = segmentation(IMAGES, found)
    measures = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    del measures.SpacingBetweenSlices, measures.SliceThickness
    np.testing.assert_array_equal(rd.read_labels(ds, like=vol).array, label_map(found))
    empty = segmentation(IMAGES, found * 0, keep_empty=True)
    labels = rd.read_labels(empty, like=vol, segments=1)
    assert not labels.array.any()


def test_another_grid_gives_the_nearest_voxel(tmp_path: Path) -> None:
    coarse = Images(shape=(3, 10, 15), spacing=(6.0, 1.4, 2.2))
    # The first voxels of both have the same corner.
    corner = IMAGES.millimetres(np.array([[-0.5, -0.5, -0.5]]))[0]
    origin = corner + coarse.affine[:3, :3] @ [0.5, 0.5, 0.5]
    coarse = replace(coarse, origin=tuple(origin.tolist()))
    found = masks(coarse)
    vol = volume(tmp_path / "images")
    for combine, wanted in (("labelmap", label_map(found)), ("channels", found)):
        labels = rd.read_labels(segmentation(coarse, found), like=vol, combine=combine)
        for axis in (-3, -2, -1):
            wanted = wanted.repeat(2, axis)
        np.testing.assert_array_equal(labels.array, wanted)
        assert "grid_differs" in [kind for kind, _ in kinds(labels)]
    for shift, note in ((0.01, []), (0.3, [("grid_differs", False)])):
        moved = IMAGES.millimetres(np.array([[0, 0, shift]]))[0]
        ds = segmentation(replace(IMAGES, origin=tuple(moved.tolist())), masks())
        labels = rd.read_labels(ds, like=vol)
        np.testing.assert_array_equal(labels.array, label_map(masks()))
        assert kinds(labels) == note


@pytest.mark.parametrize("says_spacing", [False, True])
@pytest.mark.parametrize("slices", [[3], [2, 4], [0, 2, 4, 6], [0, 3, 5]])
def test_sparse_segmentations_of_slices_that_overlap(
    tmp_path: Path, slices: list[int], says_spacing: bool
) -> None:
    # As CT is often reconstructed: slices of 2 mm, each 1 mm.
    images = Images(shape=(8, 20, 30), spacing=(1.0, 0.7, 1.1))
    vol = volume(tmp_path / "images", images)
    found = np.zeros((1, *images.shape), np.uint8)
    found[0, slices, 3:6, 4:8] = 1
    ds = segmentation(images, found)
    measures = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.SliceThickness = measures.SpacingBetweenSlices = 2
    if not says_spacing:
        del measures.SpacingBetweenSlices
    labels = rd.read_labels(ds, like=vol)
    np.testing.assert_array_equal(labels.array, found[0])
    assert kinds(labels) == []
    part = rd.read_labels(ds, like=vol.part(slices=slice(1, 4)))
    np.testing.assert_array_equal(part.array, found[0, 1:4])


@pytest.mark.parametrize("slices", [slice(1, 5), slice(0, 1), slice(4, 1, -1)], ids=str)
def test_a_part_of_an_image_of_many_frames(tmp_path: Path, slices: slice) -> None:
    ct = image_of(np.zeros(IMAGES.shape, np.uint16), ENHANCED_CT, "CT")
    ct.SeriesInstanceUID, ct.FrameOfReferenceUID = SERIES, FRAME_OF_REFERENCE
    found = masks()
    ds = segmentation(IMAGES, found)
    # Places of the frames of the image: those of a segmentation of one segment.
    places = segmentation(IMAGES, found[:1], keep_empty=True)
    ct.SharedFunctionalGroupsSequence = places.SharedFunctionalGroupsSequence
    ct.PerFrameFunctionalGroupsSequence = [
        item(PlanePositionSequence=groups.PlanePositionSequence)
        for groups in places.PerFrameFunctionalGroupsSequence
    ]
    for groups in ds.PerFrameFunctionalGroupsSequence:
        source = groups.DerivationImageSequence[0].SourceImageSequence[0]
        source.ReferencedSOPInstanceUID = ct.SOPInstanceUID
    vol = rd.read_series(save(ct, tmp_path / "ct.dcm"))
    points = IMAGES.millimetres(np.array([[5, 2.5, 2.5], [5, 2.5, 8.5], [5, 8.5, 8.5]]))
    contours = structure_set({"a": [Contour(points, image=ct.SOPInstanceUID)]})
    whole = rd.read_labels(contours, like=vol).array
    assert whole.any()
    for part in (vol.part(slices=slices), rd.read_series(tmp_path / "ct.dcm", slices=slices)):
        labels = rd.read_labels(ds, like=part, combine="channels")
        np.testing.assert_array_equal(labels.array, found[:, slices])
        assert kinds(labels) == [("outside", False)]
        np.testing.assert_array_equal(rd.read_labels(contours, like=part).array, whole[slices])


def test_slices_that_are_thinner_than_they_are_apart(tmp_path: Path) -> None:
    # As highdicom's get_volume has them: slices of 1 mm each 2 mm, two left out.
    images = Images(shape=(6, 20, 30), spacing=(2.0, 0.7, 1.1))
    found = masks(images)[:1]
    found[0, 3:5] = 0
    found[0, [0, 1, 2, 5], 0, 0] = 1
    ds = segmentation(images, found)
    measures = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.SliceThickness = 1
    del measures.SpacingBetweenSlices
    labels = rd.read_labels(ds)
    np.testing.assert_array_equal(labels.array, found[0])
    np.testing.assert_allclose(labels.affine, images.affine, atol=1e-6)
    highdicom = pytest.importorskip("highdicom")
    save(ds, tmp_path / "seg.dcm")
    other = highdicom.seg.segread(tmp_path / "seg.dcm").get_volume(
        combine_segments=True, allow_missing_positions=True
    )
    assert other.array.shape == labels.shape
    # Several objects with frames of neighbouring slices and of others have one grid.
    measures.SliceThickness = 2
    found[:, [0, 2, 4]] = 0
    other = segmentation(images, found)
    del other.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices
    both = rd.read_labels([ds, other], combine="channels")
    assert both.shape == (2, *images.shape)
    measures.SliceThickness = 1
    # On the grid of others a frame covers no more than its thickness.
    near = replace(images, shape=(22, 40, 30), spacing=(0.5, 0.35, 1.1))
    on_images = rd.read_labels(ds, like=volume(tmp_path / "images", near)).array
    heights = np.flatnonzero(on_images.any(axis=(1, 2))) * 0.5
    assert np.abs(heights - 2 * np.rint(heights / 2)).max() <= 0.5
    assert not np.isin(np.rint(heights / 2), [3, 4]).any()


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
@pytest.mark.parametrize("combine", ["labelmap", "channels"])
@pytest.mark.parametrize("plane", ["axial", "sagittal", "oblique"])
def test_slices_that_are_finer_than_those_of_the_images(
    tmp_path: Path, kind: str, combine: Any, plane: str
) -> None:
    images = Images(plane=plane)
    fine = replace(images, shape=(16, 20, 30), spacing=(1.0, 0.7, 1.1))
    found = masks(fine)
    pixels = label_map(found)[np.newaxis] if kind == "LABELMAP" else found
    vol = volume(tmp_path / "images", images)
    for says in (True, False):
        ds = segmentation(fine, pixels, kind=kind)
        measures = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        if not says:
            measures.SliceThickness = 3
            del measures.SpacingBetweenSlices
        for groups in ds.PerFrameFunctionalGroupsSequence:
            del groups.DerivationImageSequence
        labels = rd.read_labels(ds, like=vol, combine=combine)
        expected = found[:, ::3]
        np.testing.assert_array_equal(
            labels.array, label_map(expected) if combine == "labelmap" else expected
        )
        assert ("grid_differs", False) in kinds(labels)
    # What lies between the slices of the images is not moved to one of them.
    between = np.zeros_like(found[:1])
    between[0, [4, 10], 3:6, 4:8] = 1
    ds = segmentation(fine, between, kind=kind)
    for groups in ds.PerFrameFunctionalGroupsSequence:
        del groups.DerivationImageSequence
    labels = rd.read_labels(ds, like=vol, combine=combine)
    assert not labels.array.any()
    assert ("empty_label", False) in kinds(labels)


def test_overlapping_segments(tmp_path: Path) -> None:
    found = np.random.default_rng(3).integers(0, 2, (3, *IMAGES.shape)).astype(np.uint8)
    vol = volume(tmp_path / "images")
    ds = segmentation(IMAGES, found, numbers=[2, 7, 400])
    labels = rd.read_labels(ds, like=vol)
    assert labels.dtype == np.uint16
    expected = (found * np.array([2, 7, 400]).reshape(-1, 1, 1, 1)).max(axis=0)
    np.testing.assert_array_equal(labels.array, expected)
    assert kinds(labels) == [("overlap", False)]
    np.testing.assert_array_equal(rd.read_labels(ds, like=vol, combine="channels").array, found)
    turned = rd.read_labels(ds, like=vol, segments=[400, 7, 2])
    assert (turned.array[found[0] != 0] == 2).all()


def test_several_objects(tmp_path: Path) -> None:
    found = masks()
    vol = volume(tmp_path / "images")
    folder = tmp_path / "segmentations"
    folder.mkdir()
    for index, one in enumerate(found):
        save(segmentation(IMAGES, one[np.newaxis]), folder / f"{index}.dcm")
    for sources in (folder, sorted(folder.iterdir()), [tmp_path]):
        labels = rd.read_labels(sources, like=vol)
        np.testing.assert_array_equal(labels.array, label_map(found))
        assert (labels.numbers, labels.original_numbers) == ([1, 2, 3], [1, 1, 1])
        assert kinds(labels) == [("renumbered", False)]
    # On their own grid: all slices of any of them.
    own = rd.read_labels(folder)
    np.testing.assert_array_equal(own.array, label_map(found))
    np.testing.assert_allclose(own.affine, vol.affine, atol=1e-4)
    low, high = segmentation(replace(IMAGES, plane="coronal"), found), segmentation(IMAGES, found)
    with pytest.raises(ValueError, match="different grids"):
        rd.read_labels([low, high])


def test_fractions(tmp_path: Path) -> None:
    stored = np.random.default_rng(2).integers(0, 201, (1, *IMAGES.shape)).astype(np.uint8)
    vol = volume(tmp_path / "images")
    ds = segmentation(IMAGES, stored, kind="FRACTIONAL")
    labels = rd.read_labels(ds, like=vol)
    np.testing.assert_array_equal(labels.array, stored[0] >= 100)
    assert kinds(labels) == [("fractional", False)]
    parts = rd.read_labels(ds, like=vol, combine="channels")
    np.testing.assert_allclose(parts.array, stored / 200, rtol=1e-6)
    assert kinds(parts) == []


def test_what_segmentations_refer_to(tmp_path: Path) -> None:
    vol = volume(tmp_path / "images")
    found = masks()

    def of(ds: Any, **fields: Any) -> list[tuple[str, bool]]:
        for keyword, value in fields.items():
            setattr(ds, keyword, value)
        return kinds(rd.read_labels(ds, like=vol, irregular="keep"))

    def foreign() -> Any:
        ds = segmentation(IMAGES, found)
        for groups in ds.PerFrameFunctionalGroupsSequence:
            source = groups.DerivationImageSequence[0].SourceImageSequence[0]
            source.ReferencedSOPInstanceUID = "1.2.3.4"
        return ds

    assert of(segmentation(IMAGES, found), FrameOfReferenceUID="1.2.9") == [
        ("frame_of_reference", False)
    ]
    assert of(foreign()) == [("missing_reference", False)]
    assert of(foreign(), FrameOfReferenceUID="1.2.9") == [
        ("frame_of_reference", True), ("missing_reference", False)
    ]  # fmt: skip
    wrong = segmentation(IMAGES, found, slices=[5, 4, 3, 2, 1, 0])
    assert of(wrong) == [("reference_mismatch", True)]
    with pytest.raises(rd.IrregularSeriesError, match="reference_mismatch"):
        rd.read_labels(wrong, like=vol)


def lying(**changes: Any) -> Any:
    """Return a segmentation that contradicts itself."""
    ds = segmentation(IMAGES, masks())
    for name, change in changes.items():
        if name == "groups":
            change(ds.PerFrameFunctionalGroupsSequence)
        elif change is None:
            delattr(ds, name)
        else:
            setattr(ds, name, change)
    return ds


def frame_number(groups: Any, number: int) -> None:
    groups[2].SegmentIdentificationSequence[0].ReferencedSegmentNumber = number


def same_place(groups: Any) -> None:
    groups[1].PlanePositionSequence = groups[0].PlanePositionSequence


@pytest.mark.parametrize(
    ("ds", "error", "words"),
    [
        (lambda: lying(groups=lambda groups: groups.pop()), rd.InvalidDicomError, "Number of Fr"),
        (lambda: lying(NumberOfFrames=99), rd.DicomError, "pixels need"),
        (lambda: lying(groups=lambda groups: frame_number(groups, 9)), rd.IrregularSeriesError,
         "unknown_segment"),
        (lambda: lying(groups=same_place), rd.IrregularSeriesError, "duplicate_position"),
        (lambda: lying(groups=lambda groups: groups[0].__delattr__("PlanePositionSequence")),
         rd.InvalidDicomError, "1 frame of .* lack ImagePositionPatient"),
        (lambda: lying(PerFrameFunctionalGroupsSequence=None), rd.DicomError, "lack|unknown"),
        (lambda: lying(SegmentationType="Secret"), rd.UnsupportedError, "SegmentationType"),
        (lambda: lying(PixelData=b"1234"), rd.InvalidDicomError, "pixels need"),
        (lambda: lying(PixelData=None), (rd.DicomError, AttributeError), "PixelData"),
    ],
    ids=[
        "fewer-groups", "more-frames", "segment", "twice", "position", "no-groups", "type",
        "pixels", "no-pixels",
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
@pytest.mark.parametrize("has_images", [False, True])
def test_a_segmentation_that_lies(
    tmp_path: Path, ds: Any, error: Any, words: str, has_images: bool
) -> None:
    like = volume(tmp_path / "images") if has_images else None
    with pytest.raises(error, match=words) as raised:
        rd.read_labels(ds(), like=like)
    assert "Secret" not in str(raised.value)


def test_a_label_map_with_a_number_of_no_segment(tmp_path: Path) -> None:
    found = label_map(masks())[np.newaxis].copy()
    ds = segmentation(IMAGES, found, kind="LABELMAP", numbers=[1, 3])
    with pytest.raises(rd.IrregularSeriesError, match="unknown_segment"):
        rd.read_labels(ds)
    labels = rd.read_labels(ds, irregular="keep")
    np.testing.assert_array_equal(labels.array, np.where(found[0] == 2, 0, found[0]))
    padded = np.where(found == 0, 9, found)
    ds = segmentation(IMAGES, padded, kind="LABELMAP", numbers=[1, 2, 3], PixelPaddingValue=9)
    np.testing.assert_array_equal(rd.read_labels(ds).array, found[0])


def test_sources_in_memory(tmp_path: Path) -> None:
    found = masks()
    ds = segmentation(IMAGES, found)
    path = save(ds, tmp_path / "seg.dcm")
    vol = volume(tmp_path / "images")
    data = path.read_bytes()
    ours = rd.dcmread(path)
    for source in (data, io.BytesIO(data), ours, pydicom.dcmread(path), {"name": data}, [data]):
        np.testing.assert_array_equal(rd.read_labels(source, like=vol).array, label_map(found))
    # As it is in memory now.
    for groups in ours.PerFrameFunctionalGroupsSequence:
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 4 - number
    wanted = label_map(found)
    np.testing.assert_array_equal(
        rd.read_labels(ours, like=vol).array, np.where(wanted, 4 - wanted.astype(int), 0)
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # White, black and the primaries of sRGB, by the formulas of CIE and IEC 61966-2-1.
        ([65535, 32896, 32896], (255, 255, 255)),
        ([0, 32896, 32896], (0, 0, 0)),
        ([35581, 53653, 50858], (255, 0, 0)),
        ([1, 2], None),
        ([70000, 1, 2], None),
        (None, None),
    ],
)
def test_colours(value: Any, expected: Any) -> None:
    ds = segmentation(IMAGES, masks(count=2))
    if value is not None and all(one < 65536 for one in value):
        ds.SegmentSequence[0].RecommendedDisplayCIELabValue = value
    found = rd.read_labels(ds).colors[0]
    if expected is None:
        assert found is None
    else:
        assert np.abs(np.array(found) - expected).max() <= 2


def test_out_to_other_libraries(tmp_path: Path) -> None:
    vol = volume(tmp_path / "images", Images(plane="oblique"))
    found = masks(Images(plane="oblique"))
    for combine in ("labelmap", "channels"):
        labels = rd.read_labels(
            segmentation(Images(plane="oblique"), found), like=vol, combine=combine
        )
        pytest.importorskip("nibabel")
        image = labels.to_nibabel()
        np.testing.assert_allclose(image.affine, vol.to_nibabel().affine, atol=1e-5)
        sitk = pytest.importorskip("SimpleITK")
        np.testing.assert_array_equal(sitk.GetArrayFromImage(labels.to_sitk()), labels.array)
        pytest.importorskip("xarray")
        assert labels.to_xarray().dims == labels.axes
        np.testing.assert_array_equal(np.asarray(labels), labels.array)


def test_labels_are_chosen_by_numbers_of_numpy(tmp_path: Path) -> None:
    ds = segmentation(IMAGES, masks())
    for wanted in (np.int64(2), np.array([2]), (2,), np.uint8(2), np.array([2, 2])):
        labels = rd.read_labels(ds, segments=wanted)
        assert labels.numbers == [2]
        np.testing.assert_array_equal(labels.array != 0, masks()[1] != 0)


# What the process has in MB before, and the most while labels are read.
MEASURED = """
import resource, sys, rapidicom as rd
path, images, combine, shift = sys.argv[1:]
vol = rd.read_series(images)
vol.affine[:3, 3] += float(shift) * vol.affine[:3, 2]
most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = most()
labels = rd.read_labels(path, like=vol, combine=combine, irregular="keep")
assert labels.array.any()
print(most() - before - labels.array.nbytes / 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts other units elsewhere")
@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_memory_is_that_of_the_result(tmp_path: Path, kind: str) -> None:
    """And less than a copy of it, on the grid of the images and on another one."""
    images = Images(shape=(32, 256, 256), spacing=(2.0, 1.0, 1.0))
    found = np.zeros((24, *images.shape), np.uint8)
    for index, one in enumerate(found):
        one[index : index + 4, index : index + 40, 2 * index : 2 * index + 60] = 1
    if kind == "LABELMAP":
        numbers = np.arange(1, 25, dtype=np.uint8).reshape(-1, 1, 1, 1)
        found = (found * numbers).max(axis=0)[np.newaxis]
    path = save(segmentation(images, found, kind=kind), tmp_path / "seg.dcm")
    folder = images.save(tmp_path / "images")
    del found
    for shift in ("0", "0.5"):
        arguments = [str(path), str(folder), "channels", shift]
        run = subprocess.run(
            [sys.executable, "-c", MEASURED, *arguments], check=True, capture_output=True, text=True
        )
        # The result has 48 MB.
        assert float(run.stdout) < 40


@needs_reference_data
@pytest.mark.parametrize(
    "name",
    [
        *(f"ImagingDataCommons__highdicom/data/test_files/seg_image_{kind}.dcm" for kind in (
            "ct_binary", "ct_binary_overlap", "ct_binary_fractional", "ct_binary_single_frame",
            "ct_true_fractional", "sm_control", "sm_control_labelmap", "sm_dots", "sm_numbers",
            "sm_dots_tiled_full", "sm_control_labelmap_palette_color",
        )),
        "pydicom__pydicom-data/data_store/data/liver.dcm",
        "pydicom__pydicom/src/pydicom/data/test_files/liver_1frame.dcm",
        "pydicom__pydicom-data/data_store/data/liver_j2k.dcm",
        "FNNDSC__data/dicom/rsna_2/SEG",
    ],
)  # fmt: skip
@pytest.mark.parametrize("combine", ["labelmap", "channels"])
def test_segmentations_of_others(name: str, combine: Any) -> None:
    """What highdicom makes of them, whose slices fall along the normal."""
    highdicom = pytest.importorskip("highdicom")
    path = REFERENCE_DATA / name
    paths = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
    for one in paths:
        if not one.exists():
            pytest.skip(f"no {one.name}")
        labels = rd.read_labels(one, combine=combine)
        try:
            expected = highdicom.seg.segread(one).get_volume(
                combine_segments=combine == "labelmap",
                relabel=False,
                allow_missing_positions=True,
                skip_overlap_checks=True,
            )
        except ValueError as error:
            assert "FRACTIONAL" in str(error)
            continue
        array, affine = expected.array, expected.affine
        array = np.moveaxis(array, -1, 0) if combine == "channels" else array
        if np.linalg.det(affine[:3, [2, 1, 0]]) < 0:
            turn = np.eye(4)
            turn[0, [0, 3]] = [-1, array.shape[-3] - 1]
            array, affine = array[..., ::-1, :, :], affine @ turn
        np.testing.assert_allclose(labels.affine, affine, atol=1e-4)
        np.testing.assert_array_equal(labels.array, array)
        assert labels.dtype == array.dtype


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_frames_before_a_cut_are_kept_if_asked_for(tmp_path: Path, kind: str) -> None:
    drawn = masks()
    given = label_map(drawn)[None] if kind == "LABELMAP" else drawn
    given = given * 200 if kind == "FRACTIONAL" else given
    path = save(segmentation(IMAGES, given, kind=kind), tmp_path / "seg.dcm")
    like = volume(tmp_path / "ct")
    whole = rd.read_labels(path, like=like)
    data = path.read_bytes()
    # Frames come in the order of segments, then of slices.
    path.write_bytes(data[: -len(pydicom.dcmread(path).PixelData) // 3])
    with pytest.raises(rd.InvalidDicomError, match="missing"):
        rd.read_labels(path, like=like)
    labels = rd.read_labels(path, like=like, irregular="keep")
    (issue,) = labels.report.errors
    assert issue.kind == "damaged_frame"
    count = issue.numbers["frame_count"]
    assert 0 < count < len(pydicom.dcmread(io.BytesIO(data)).PerFrameFunctionalGroupsSequence)
    is_there = labels.array != 0
    assert is_there.any()
    np.testing.assert_array_equal(labels.array[is_there], whole.array[is_there])
    if kind == "LABELMAP":
        first = int(issue.numbers["frame_index"])
        np.testing.assert_array_equal(labels.array[:first], whole.array[:first])
        assert not labels.array[first:].any()
