"""Contours of one structure that lie on each other, and slices that do not lie on the affine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from labels_builder import Contour, Images, outlines, save, segmentation, structure_set
from volume_builder import item

IMAGES = Images(shape=(5, 16, 20))
SQUARE = [[2.5, 3.5], [2.5, 12.5], [9.5, 12.5], [9.5, 3.5]]
HOLE = [[4.5, 5.5], [4.5, 8.5], [7.5, 8.5], [7.5, 5.5]]
CORNER = [[6.5, 8.5], [6.5, 16.5], [13.5, 16.5], [13.5, 8.5]]

Outline = list[list[float]]


@pytest.fixture(scope="module")
def vol(tmp_path_factory: pytest.TempPathFactory) -> rd.Volume:
    return rd.read_series(IMAGES.save(tmp_path_factory.mktemp("images")))


def drawn(
    outline: Outline, height: float = 2.0, kind: str = "CLOSED_PLANAR", image: int = 2
) -> Any:
    """Return a contour at a height, in slices, drawn on an image."""
    places = np.array([[height, *point] for point in outline])
    return Contour(IMAGES.millimetres(places), kind, IMAGES.uid(image))


def mask(*outlines: Outline) -> NDArray[np.uint8]:
    """Return what is in an odd number of rectangles."""
    found = np.zeros(IMAGES.shape[1:], np.uint8)
    for outline in outlines:
        (top, left), (bottom, right) = np.min(outline, axis=0), np.max(outline, axis=0)
        rows = slice(int(np.ceil(top)), int(bottom) + 1)
        found[rows, int(np.ceil(left)) : int(right) + 1] ^= 1
    return found


def kinds(labels: rd.Labels) -> list[tuple[str, bool]]:
    return [(issue.kind, issue.is_error) for issue in labels.report]


def turned(outline: Outline) -> Outline:
    """Return the same outline from another point, the other way round, closed, and rounded."""
    other = [outline[2], [6.1, 12.5], outline[1], outline[0], outline[3], outline[2]]
    return [[row + 0.01, column - 0.01] for row, column in other]


@pytest.mark.parametrize("combine", ["labelmap", "channels"])
@pytest.mark.parametrize("fractions", [False, True])
@pytest.mark.parametrize(
    ("contours", "expected", "found"),
    [
        ([drawn(SQUARE), drawn(SQUARE)], [SQUARE], [("duplicate_contour", 1)]),
        ([drawn(SQUARE), drawn(turned(SQUARE)), drawn(SQUARE)], [SQUARE],
         [("duplicate_contour", 2)]),
        ([drawn(SQUARE), drawn(HOLE), drawn(HOLE)], [SQUARE, HOLE], [("duplicate_contour", 1)]),
        ([drawn(SQUARE), drawn(HOLE)], [SQUARE, HOLE], []),
        ([drawn(HOLE), drawn(SQUARE)], [SQUARE, HOLE], []),
        # By the standard these combine by exclusive or: PS3.3 §C.8.8.6.
        ([drawn(SQUARE, kind="CLOSEDPLANAR_XOR")] * 2, [], [("duplicate_contour", 1),
                                                            ("empty_label", 1)]),
        ([drawn(SQUARE), drawn(CORNER)], [SQUARE, CORNER], [("overlapping_contours", 1)]),
        ([drawn(SQUARE, kind="CLOSEDPLANAR_XOR"), drawn(CORNER, kind="CLOSEDPLANAR_XOR")],
         [SQUARE, CORNER], []),
        # On another image 0.2 mm away: the nearer one counts where both are.
        ([drawn(SQUARE), drawn(CORNER, 2.08, image=3)], [SQUARE], [("several_heights", 1)]),
        ([drawn(SQUARE, 1.93, image=1), drawn(CORNER)], [CORNER], [("several_heights", 1)]),
        ([drawn([[1.5, 1.5], [1.5, 3.5], [3.5, 3.5], [3.5, 1.5]]), drawn(CORNER, 2.08, image=3)],
         [[[1.5, 1.5], [3.5, 3.5]], CORNER], [("several_heights", 1)]),
        # Of one image, or rounded to a tenth of a millimetre: one slice.
        ([drawn(SQUARE), drawn(HOLE, 2.08)], [SQUARE, HOLE], []),
        ([drawn(SQUARE), drawn(HOLE, 2.03, image=3)], [SQUARE, HOLE], []),
        ([drawn([[2.2, 3.2], [2.2, 3.4], [2.4, 3.4]])], [], [("empty_label", 1)]),
        ([drawn([[-4, 3.5], [-4, 12.5], [9.5, 12.5], [9.5, 3.5]])],
         [[[0, 3.5], [9.5, 12.5]]], [("outside", 1)]),
        ([drawn([[2.5, 23], [2.5, 25], [9.5, 25]])], [], [("outside", 1), ("empty_label", 1)]),
    ],
    ids=[
        "twice", "three times", "a hole twice", "a hole", "a hole first", "exclusive", "partly",
        "partly exclusive", "near", "nearer", "beside", "one image", "rounded", "tiny",
        "beyond", "away",
    ],
)  # fmt: skip
def test_contours_that_cover_each_other(
    vol: rd.Volume,
    contours: list[Contour],
    expected: list[Outline],
    found: list[tuple[str, int]],
    combine: Any,
    fractions: bool,
) -> None:
    if fractions and combine == "labelmap":
        return
    ds = structure_set({"a": contours})
    labels = rd.read_labels(ds, like=vol, combine=combine, fractions=fractions, irregular="keep")
    array = labels.array[0] if combine == "channels" else labels.array
    own = [issue for issue in labels.report if issue.kind not in ("reference_mismatch",)]
    if fractions:
        own = [issue for issue in own if issue.kind != "empty_label"]
        found = [one for one in found if one[0] != "empty_label"]
    else:
        np.testing.assert_array_equal(array[2], mask(*expected))
        assert not array[[0, 1, 3, 4]].any()
    assert [(issue.kind, next(iter(issue.numbers.values()))) for issue in own] == found
    assert not any(issue.is_error for issue in own)


def test_outlines_around_the_same_voxels_are_reported(vol: rd.Volume) -> None:
    inner = [[2.7, 3.7], [2.7, 12.3], [9.3, 12.3], [9.3, 3.7]]
    labels = rd.read_labels(structure_set({"a": [drawn(SQUARE), drawn(inner)]}), like=vol)
    assert not labels.array.any()
    assert kinds(labels) == [("overlapping_contours", False), ("empty_label", False)]


def test_several_items_of_one_structure(vol: rd.Volume) -> None:
    def read(first: list[Contour], second: list[Contour]) -> rd.Labels:
        ds = structure_set({"a": first, "b": second})
        ds.ROIContourSequence[1].ReferencedROINumber = 1
        del ds.StructureSetROISequence[1]
        return rd.read_labels(ds, like=vol, irregular="keep")

    labels = read([drawn(SQUARE)], [drawn(CORNER, 3, image=3)])
    np.testing.assert_array_equal(labels.array[2:4], [mask(SQUARE), mask(CORNER)])
    assert kinds(labels) == [("several_parts", False)]
    labels = read([drawn(SQUARE)], [drawn(SQUARE)])
    np.testing.assert_array_equal(labels.array[2], mask(SQUARE))
    assert kinds(labels) == [("duplicate_contour", False), ("several_parts", False)]
    assert kinds(read([drawn(SQUARE)], [drawn(HOLE)])) == [("several_parts", True)]


def test_structures_without_a_name_are_reported(vol: rd.Volume) -> None:
    ds = structure_set({"a": [drawn(SQUARE)], "b": [drawn(SQUARE, 3, image=3)]})
    del ds.StructureSetROISequence[1]
    labels = rd.read_labels(ds, like=vol)
    assert labels.names == ["a", ""]
    assert ("unnamed_structure", False) in kinds(labels)


def test_contours_between_drawn_slices_are_not_dropped_in_silence(vol: rd.Volume) -> None:
    """With `off_slices="interpolate"`: slices 1 and 2 have contours of their own."""
    contours = [drawn(SQUARE, 1, image=1), drawn(CORNER, 1.4, image=1), drawn(SQUARE)]
    labels = rd.read_labels(structure_set({"a": contours}), like=vol, off_slices="interpolate")
    (off,) = labels.report
    assert (off.kind, off.numbers["contour_count"]) == ("off_slices", 1)
    contours = [drawn(SQUARE, 0.6, image=1), drawn(SQUARE, 1.6)]
    labels = rd.read_labels(structure_set({"a": contours}), like=vol, off_slices="interpolate")
    assert kinds(labels) == [("interpolated", False)]
    # The same contour twice gives the same slices.
    twice = structure_set({"a": [one for one in contours for _ in range(2)]})
    again = rd.read_labels(twice, like=vol, off_slices="interpolate")
    np.testing.assert_array_equal(again.array, labels.array)
    assert sorted(kinds(again)) == [("duplicate_contour", False), ("interpolated", False)]


def test_slices_between_contours_leave_later_labels_in_place(vol: rd.Volume) -> None:
    first = [drawn(SQUARE, 1, image=1), drawn(SQUARE, 3, image=3)]
    ds = structure_set({"a": first, "b": [drawn(CORNER)]})
    labels = rd.read_labels(ds, like=vol, off_slices="interpolate")
    both = (mask(SQUARE) != 0) & (mask(CORNER) != 0)
    assert (labels.array[2][mask(CORNER) != 0] == 2).all()
    overlap = next(issue for issue in labels.report if issue.kind == "overlap")
    assert overlap.numbers["voxel_count"] == both.sum()


def uneven(folder: Path, change: Any) -> Path:
    """Write the images of `IMAGES`, with a change of each data set, or without it."""
    import pydicom

    IMAGES.save(folder)
    for index, path in enumerate(sorted(folder.iterdir())):
        ds = pydicom.dcmread(path)
        if change(index, ds) is False:
            path.unlink()
        else:
            ds.save_as(path)
    return folder


def without(missing: int) -> Any:
    return lambda index, ds: index != missing


def moved(index: int, ds: Any) -> None:
    x, y, z = ds.ImagePositionPatient
    ds.ImagePositionPatient = [x, y, f"{z + (1.2 if index == 3 else 0):g}"]


@pytest.mark.parametrize("is_series", [False, True])
@pytest.mark.parametrize("back", [1, -1])
def test_labels_of_images_with_a_gap_lie_on_their_images(
    tmp_path: Path, back: int, is_series: bool
) -> None:
    folder = uneven(tmp_path / "images", without(2))
    vol: Any = rd.read_series(folder, irregular="keep", slices=slice(None, None, back))
    if is_series:
        if back < 0:
            return
        vol = rd.find_series(folder)[0]
    there = [0, 1, 3, 4][::back]
    found = np.random.default_rng(1).integers(0, 2, (2, *IMAGES.shape)).astype(np.uint8)
    contours = outlines(IMAGES, lambda index: [[1, 1], [1, 4 + index], [8, 4 + index], [8, 1]])
    for ds in (segmentation(IMAGES, found), structure_set({"a": contours})):
        labels = rd.read_labels(ds, like=vol, combine="channels", irregular="keep")
        if "SegmentSequence" in ds:
            expected = found[:, there]
        else:
            expected = np.zeros((1, 4, 16, 20), np.uint8)
            for place, index in enumerate(there):
                expected[0, place, 1:9, 1 : 5 + index] = 1
        np.testing.assert_array_equal(labels.array, expected)
        assert ("uneven_slices", False) in kinds(labels)
        assert ("off_slices", False) in kinds(labels)
        assert not any(is_error for _, is_error in kinds(labels))


def test_what_was_put_on_images_with_a_gap_knows_where_they_lie(tmp_path: Path) -> None:
    gap = rd.read_series(uneven(tmp_path / "images", without(2)), irregular="keep")
    whole = rd.read_series(IMAGES.save(tmp_path / "whole"))
    found = np.random.default_rng(1).integers(0, 2, (1, *IMAGES.shape)).astype(np.uint8)
    found[0, :, 0, 0] = 1
    ds = segmentation(IMAGES, found)
    labels = rd.read_labels(ds, like=gap)
    wanted = found[0, [0, 1, 3, 4]]
    for like in (labels, whole.resampled(like=gap), whole.resampled(like=labels)):
        again = rd.read_labels(ds, like=like)
        np.testing.assert_array_equal(again.array, wanted)
        assert ("uneven_slices", False) in kinds(again)
    whole.array = found[0].astype(np.float32)
    np.testing.assert_array_equal(whole.resampled(like=labels, order=0).array, wanted)
    # A part of what was resampled knows it too.
    part = whole.resampled(like=gap).part(slices=slice(1, None))
    again = rd.read_labels(ds, like=part)
    np.testing.assert_array_equal(again.array, wanted[1:])
    assert ("uneven_slices", False) in kinds(again)


def test_labels_of_uneven_images_of_another_grid(tmp_path: Path) -> None:
    """By the nearest voxel, where each slice lies."""
    vol = rd.read_series(uneven(tmp_path / "images", moved), irregular="keep")
    fine = replace(IMAGES, shape=(60, 16, 20), spacing=(0.3, *IMAGES.spacing[1:]))
    found = np.zeros((1, *fine.shape), np.uint8)
    found[0, ::2] = 1
    labels = rd.read_labels(segmentation(fine, found), like=vol, irregular="keep")
    heights = np.array([0, 3, 6, 10.2, 12])
    expected = (np.rint(heights / 0.3).astype(int) % 2) == 0
    assert labels.array.any((1, 2)).tolist() == expected.tolist()
    assert ("uneven_slices", False) in kinds(labels)


@pytest.mark.parametrize("letters", ["RAS", "SAL", "ARI", "LPS"])
def test_labels_of_images_that_were_turned(tmp_path: Path, letters: str) -> None:
    vol = rd.read_series(IMAGES.save(tmp_path / "images"))
    found = np.random.default_rng(1).integers(0, 2, (2, *IMAGES.shape)).astype(np.uint8)
    contours = outlines(IMAGES, lambda index: [[1, 1], [1, 4 + index], [8, 4 + index], [8, 1]])
    for ds in (segmentation(IMAGES, found), structure_set({"a": contours})):
        labels = rd.read_labels(ds, like=vol, combine="channels")
        turned = rd.read_labels(ds, like=vol.reorient(letters), combine="channels")
        vol.array = labels.array[0].astype(np.float32)
        np.testing.assert_array_equal(turned.array[0], vol.reorient(letters).array)
        assert kinds(turned) == []
        part = vol.part(slices=slice(1, 4), rows=slice(3, None, -1)).reorient(letters)
        labels = rd.read_labels(ds, like=part, combine="channels")
        np.testing.assert_array_equal(labels.array[0], part.array)
        assert {kind for kind, _ in kinds(labels)} <= {"missing_reference", "outside"}
    gap = rd.read_series(uneven(tmp_path / "gap", without(2)), irregular="keep").reorient(letters)
    if letters[2] in "SI":
        labels = rd.read_labels(ds, like=gap)
        assert ("uneven_slices", False) in kinds(labels)
        there = [0, 1, 3, 4] if letters[2] == "S" else [4, 3, 1, 0]
        assert labels.array.sum((1, 2)).tolist() == [8 * (4 + index) for index in there]
        labels = rd.read_labels(ds, like=gap.resample(gap.spacing))
        assert ("uneven_slices", False) in kinds(labels)
        assert labels.array.sum((1, 2)).tolist() == [8 * (4 + index) for index in there]
        return
    for like in (gap, gap.resample(2.0)):
        with pytest.raises(rd.IrregularSeriesError, match="uneven_slices"):
            rd.read_labels(ds, like=like)


@pytest.mark.parametrize("how", ["beside", "nowhere"])
def test_images_that_do_not_lie_on_the_affine_are_errors(tmp_path: Path, how: str) -> None:
    def change(index: int, ds: Any) -> None:
        if how == "nowhere":
            del ds.ImagePositionPatient
        elif index == 2:
            x, y, z = ds.ImagePositionPatient
            ds.ImagePositionPatient = [x + 4, y, z]

    vol = rd.read_series(uneven(tmp_path / "images", change), irregular="keep")
    kind = "unknown_place" if how == "nowhere" else "beside_affine"
    ds = structure_set({"a": [drawn(SQUARE)]})
    found = np.ones((1, *IMAGES.shape), np.uint8)
    for source in (ds, segmentation(IMAGES, found)):
        with pytest.raises(rd.IrregularSeriesError, match=kind):
            rd.read_labels(source, like=vol)
        assert (kind, True) in kinds(rd.read_labels(source, like=vol, irregular="keep"))


def test_a_segmentation_beside_its_images_is_an_error(vol: rd.Volume) -> None:
    found = np.ones((1, *IMAGES.shape), np.uint8)
    origin = IMAGES.millimetres(np.array([[0.0, 0, 5]]))[0]
    ds = segmentation(replace(IMAGES, origin=tuple(origin.tolist())), found)
    with pytest.raises(rd.IrregularSeriesError, match=r"reference_mismatch: 5 planes .* 5 voxels"):
        rd.read_labels(ds, like=vol)
    labels = rd.read_labels(ds, like=vol, irregular="keep")
    np.testing.assert_array_equal(labels.array[..., 5:], 1)
    assert not labels.array[..., :5].any()
    # A part of them may lie anywhere.
    part = replace(IMAGES, shape=(5, 6, 7), origin=tuple(origin.tolist()))
    labels = rd.read_labels(segmentation(part, found[:, :, :6, :7]), like=vol)
    np.testing.assert_array_equal(labels.array[:, :6, 5:12], 1)
    assert labels.array.sum() == 5 * 6 * 7


def test_frames_of_reference_that_are_missing_are_reported(tmp_path: Path, vol: rd.Volume) -> None:
    bare = rd.read_series(IMAGES.save(tmp_path / "bare", FrameOfReferenceUID=None))
    rt = structure_set({"a": [drawn(SQUARE)]}, frame_of_reference="")
    found = np.ones((1, *IMAGES.shape), np.uint8)
    seg = segmentation(IMAGES, found)
    del seg.FrameOfReferenceUID
    for ds in (rt, seg):
        for like in (vol, bare):
            assert kinds(rd.read_labels(ds, like=like)) == [("frame_of_reference", False)]
    assert kinds(rd.read_labels(segmentation(IMAGES, found), like=bare)) == [
        ("frame_of_reference", False)
    ]
    # That of the whole structure set is that of its structures.
    rt.ReferencedFrameOfReferenceSequence = [item(FrameOfReferenceUID=vol.frame_of_reference_uid)]
    assert kinds(rd.read_labels(rt, like=vol)) == []


def test_what_was_resampled_is_no_longer_on_its_images(vol: rd.Volume) -> None:
    part = rd.read_series(vol.paths, slices=slice(1, 4), rows=slice(2, 12), columns=slice(3, 15))
    like = vol.resampled(like=part)
    labels = rd.read_labels(structure_set({"a": [drawn(SQUARE)]}), like=like)
    np.testing.assert_array_equal(labels.array[1], mask(SQUARE)[2:12, 3:15])
    assert kinds(labels) == []
    fine = rd.read_labels(structure_set({"a": [drawn(SQUARE)]}), like=labels)
    np.testing.assert_array_equal(fine.array, labels.array)


def test_affines_without_an_inverse_are_errors(vol: rd.Volume) -> None:
    flat = rd.read_series(vol.paths)
    seg = segmentation(IMAGES, np.ones((1, *IMAGES.shape), np.uint8))
    rt = structure_set({"a": [drawn(SQUARE)]})
    for column in ([0.0, 0, 0], flat.affine[:3, 1].tolist(), [np.nan, 0, 0], [1e-320, 0, 0]):
        flat.affine[:3, 0] = column
        for ds in (seg, rt):
            with pytest.raises(ValueError, match="the affine of like"):
                rd.read_labels(ds, like=flat)
        for one, other in ((flat, vol), (vol, flat)):
            with pytest.raises(ValueError, match="the affine of"):
                one.resampled(like=other)
    far = rd.read_series(vol.paths)
    far.affine[:3, 0] = [0, 0, 1e200]
    with pytest.raises((ValueError, rd.IrregularSeriesError)):
        rd.read_labels(seg, like=far)
    for cosines in ([0] * 6, [1, 0, 0, 1, 0, 0], [1e300, 0, 0, 0, 1, 0]):
        ds = segmentation(IMAGES, np.ones((1, *IMAGES.shape), np.uint8))
        shared = ds.SharedFunctionalGroupsSequence[0]
        shared.PlaneOrientationSequence[0].ImageOrientationPatient = cosines
        for like in (vol, None):
            with pytest.raises((rd.DicomError, ValueError)):
                rd.read_labels(ds, like=like)


def test_the_order_of_frames_decides_nothing(tmp_path: Path) -> None:
    """Voxels halfway between two frames, whose positions were rounded."""
    coarse = Images(shape=(4, 8, 10), spacing=(2.0, 2.0, 2.0), origin=(0.0, 0.0, 0.0))
    fine = Images(shape=(8, 8, 10), spacing=(1.0, 2.0, 2.0), origin=(0.0, 0.0, 0.0))
    vol = rd.read_series(fine.save(tmp_path / "fine"))
    found = np.random.default_rng(4).integers(0, 2, (2, *coarse.shape)).astype(np.uint8)
    found[:, :, 0, 0] = 1

    def read(order: Any) -> NDArray[Any]:
        ds = segmentation(coarse, found, order=order)
        for frame in ds.PerFrameFunctionalGroupsSequence:
            number = frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
            position = frame.PlanePositionSequence[0]
            x, y, z = position.ImagePositionPatient
            position.ImagePositionPatient = [x, y, f"{z + 0.001 * number:.6f}"]
        return rd.read_labels(ds, like=vol, combine="channels").array

    expected = read(None)
    np.testing.assert_array_equal(read(lambda frames: frames[::-1]), expected)
    np.testing.assert_array_equal(read(lambda frames: frames[3:] + frames[:3]), expected)


def test_segments_of_the_highest_number(vol: rd.Volume) -> None:
    found = np.zeros((2, *IMAGES.shape), np.uint16)
    found[0, :2], found[1, 3:] = 1, 1
    ds = segmentation(IMAGES, found, numbers=[1, 65535])
    labels = rd.read_labels(ds, like=vol)
    assert (labels.numbers, kinds(labels)) == ([1, 65535], [])
    np.testing.assert_array_equal(labels.array, found[0] + found[1] * np.uint16(65535))
    number_map = (found[0] + found[1] * np.uint16(65535))[np.newaxis]
    ds = segmentation(IMAGES, number_map, kind="LABELMAP", numbers=[1, 65535])
    labels = rd.read_labels(ds, like=vol)
    np.testing.assert_array_equal(labels.array, number_map[0])
    assert kinds(labels) == []
    number_map[0, 2, 0, 0] = 7
    ds = segmentation(IMAGES, number_map, kind="LABELMAP", numbers=[1, 65535])
    assert kinds(rd.read_labels(ds, like=vol, irregular="keep")) == [("unknown_segment", True)]
    contours = {"a": [drawn(SQUARE)], "b": [drawn(SQUARE, 3, image=3)]}
    for numbers, words in (([70000, 2], "above 65535"), ([-1, 2], "0 or negative")):
        labels = rd.read_labels(structure_set(contours, numbers=numbers), like=vol)
        assert labels.numbers == [1, 2]
        assert [issue.kind for issue in labels.report] == ["renumbered"]
        assert words in str(labels.report)
        assert "have the same" not in str(labels.report)


def test_errors_name_the_source(tmp_path: Path, vol: rd.Volume) -> None:
    seg = segmentation(IMAGES, np.ones((1, *IMAGES.shape), np.uint8))
    del seg.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence
    short = segmentation(IMAGES, np.ones((1, *IMAGES.shape), np.uint8), PixelData=b"1234")
    data = save(short, tmp_path / "short.dcm").read_bytes()
    rt = structure_set({"a": [drawn(SQUARE)]})
    rt.ROIContourSequence[0].ContourSequence[0].ContourData = [1, 2, 3, 4]
    twice = structure_set({"a": [drawn(SQUARE)]})
    twice.StructureSetROISequence.append(twice.StructureSetROISequence[0])
    for source in (seg, short, data, rt, twice):
        for sources, name in (({"mine": source}, "mine"), ([source], "<source 0>")):
            with pytest.raises(rd.InvalidDicomError) as raised:
                rd.read_labels(sources, like=vol)
            assert str(raised.value).startswith(f"{name}: ")
            assert raised.value.path == name
    for source in (rt, twice):
        with pytest.raises(rd.InvalidDicomError) as raised:
            _ = [one.contours for one in rd.read_structures({"mine": source})]
        assert raised.value.path == "mine"
