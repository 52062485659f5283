"""Label objects that lie about themselves: typed errors or the report, and nothing hangs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import RLELossless

import rapidicom as rd
from labels_builder import Contour, Images, outlines, save, segmentation, structure_set
from volume_builder import item

IMAGES = Images()
# What callers catch: families of their own, of NumPy's shapes or of the system.
TYPED = (rd.DicomError, ValueError, OSError, MemoryError)
SQUARE = [[3, 4], [3, 12], [9, 12], [9, 4]]


@pytest.fixture(scope="module")
def vol(tmp_path_factory: pytest.TempPathFactory) -> rd.Volume:
    return rd.read_series(IMAGES.save(tmp_path_factory.mktemp("images")))


def masks() -> np.ndarray[Any, Any]:
    drawn = np.random.default_rng(1).integers(0, 3, IMAGES.shape)
    return np.stack([drawn == 1, drawn == 2]).astype(np.uint8)


def frame(ds: Any, index: int) -> Any:
    return ds.PerFrameFunctionalGroupsSequence[index]


def number(value: Any) -> Callable[[Any], None]:
    def change(ds: Any) -> None:
        frame(ds, 1).SegmentIdentificationSequence[0].ReferencedSegmentNumber = value

    return change


def position(*values: str) -> Callable[[Any], None]:
    def change(ds: Any) -> None:
        frame(ds, 1).PlanePositionSequence[0].ImagePositionPatient = list(values)

    return change


def dimensions(values: Any) -> Callable[[Any], None]:
    def change(ds: Any) -> None:
        for groups in ds.PerFrameFunctionalGroupsSequence:
            groups.FrameContentSequence[0].DimensionIndexValues = values

    return change


def setting(**fields: Any) -> Callable[[Any], None]:
    def change(ds: Any) -> None:
        for keyword, value in fields.items():
            setattr(ds, keyword, value)

    return change


def measures(**fields: Any) -> Callable[[Any], None]:
    def change(ds: Any) -> None:
        for keyword, value in fields.items():
            setattr(ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0], keyword, value)

    return change


def without(keyword: str) -> Callable[[Any], None]:
    return lambda ds: delattr(ds, keyword)


# What is wrong, and the kinds of the report with `irregular="keep"`, or the error.
LIES: dict[str, tuple[Callable[[Any], None], Any]] = {
    "more frames": (setting(NumberOfFrames=99), rd.InvalidDicomError),
    "many frames": (setting(NumberOfFrames=2**31 - 1), rd.InvalidDicomError),
    "no frames": (setting(NumberOfFrames=0), TYPED),
    "negative frames": (setting(NumberOfFrames=-3), TYPED),
    "fewer frames": (setting(NumberOfFrames=7), {"frame_count"}),
    "one group less": (lambda ds: ds.PerFrameFunctionalGroupsSequence.pop(), rd.InvalidDicomError),
    "no group": (setting(PerFrameFunctionalGroupsSequence=[]), rd.InvalidDicomError),
    "another segment": (number(2), {"duplicate_position"}),
    "no such segment": (number(9), {"unknown_segment"}),
    "segment 0": (number(0), {"unknown_segment"}),
    "no segments": (setting(SegmentSequence=[]), {"unknown_segment"}),
    "no segment numbers": (
        lambda ds: [delattr(one, "SegmentNumber") for one in ds.SegmentSequence],
        rd.InvalidDicomError,
    ),
    "no identification": (
        lambda ds: delattr(frame(ds, 1), "SegmentIdentificationSequence"), {"unknown_segment"},
    ),
    "dimensions of other frames": (dimensions([1, 1]), set()),
    "dimensions of nothing": (dimensions([0, 2**32 - 1]), set()),
    "too many dimensions": (dimensions([1] * 40), set()),
    "no dimensions": (without("DimensionIndexSequence"), set()),
    # The last frame has too few bytes, as if it were cut.
    "one row more": (setting(Rows=21), {"outside", "overlap", "damaged_frame"}),
    "one row less": (setting(Rows=19), {"outside", "missing_reference", "overlap"}),
    "no rows": (setting(Rows=0), TYPED),
    "as many as can be": (setting(Rows=65535, Columns=65535), rd.InvalidDicomError),
    "bits": (setting(BitsAllocated=8, BitsStored=8, HighBit=7), rd.InvalidDicomError),
    "samples": (setting(SamplesPerPixel=3, PhotometricInterpretation="RGB"), TYPED),
    "far away": (position("1e30", "0", "0"), TYPED),
    "as far as can be": (position("1e308", "-1e308", "1e308"), TYPED),
    "far": (position("0", "0", "123456"), {"outside"}),
    "two coordinates": (position("0", "0"), rd.InvalidDicomError),
    "spacing 0": (measures(PixelSpacing=[0, 1]), rd.InvalidDicomError),
    "a negative spacing": (measures(PixelSpacing=[-1, 1]), rd.InvalidDicomError),
    "a spacing of next to nothing": (measures(PixelSpacing=["1e-30", "1e-30"]), TYPED),
    "a huge spacing": (measures(PixelSpacing=["1e30", "1e30"]), TYPED),
    "slices of no distance": (measures(SpacingBetweenSlices=0, SliceThickness=0), set()),
    "slices of a micrometre": (
        measures(SpacingBetweenSlices="1e-6", SliceThickness="1e-6"), set(),
    ),
    "no pixels": (without("PixelData"), rd.InvalidDicomError),
    "no type": (without("SegmentationType"), rd.UnsupportedError),
    "another type": (setting(SegmentationType="FRACTIONAL"), rd.InvalidDicomError),
    "a slide": (
        setting(TotalPixelMatrixRows=20, TotalPixelMatrixColumns=30,
                ImageOrientationSlide=[0, 1, 0, 1, 0, 0]),
        TYPED,
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("has_images", [True, False], ids=["on images", "alone"])
@pytest.mark.parametrize("name", LIES)
def test_a_segmentation_that_lies(vol: rd.Volume, name: str, has_images: bool) -> None:
    change, expected = LIES[name]
    ds = segmentation(IMAGES, masks(), keep_empty=True)
    change(ds)
    started = time.perf_counter()
    try:
        labels = rd.read_labels(ds, like=vol if has_images else None, irregular="keep")
    except TYPED as error:
        # Alone, a grid is taken from the frames: what is off the images is on none.
        assert not isinstance(expected, set) or not has_images
        assert isinstance(error, TYPED if isinstance(expected, set) else expected)
    else:
        found = {issue.kind for issue in labels.report} - {"grid_differs", "uneven_spacing"}
        if has_images:
            assert isinstance(expected, set) or expected is TYPED
            if isinstance(expected, set):
                assert found <= expected or expected <= found
                assert bool(found) == bool(expected)
        if not has_images and not expected:
            np.testing.assert_array_equal(labels.array, masks()[0] + 2 * masks()[1])
        assert labels.array.nbytes < 1 << 28
    assert time.perf_counter() - started < 20


def test_numbers_of_frames_are_those_of_the_identification(vol: rd.Volume) -> None:
    """Not those of the dimension index, which other readers go by."""
    ds = segmentation(IMAGES, masks(), keep_empty=True)
    for groups in ds.PerFrameFunctionalGroupsSequence:
        values = groups.FrameContentSequence[0].DimensionIndexValues
        groups.FrameContentSequence[0].DimensionIndexValues = [3 - values[0], values[1]]
    ds.DimensionIndexSequence[0].DimensionIndexPointer = tag_for_keyword("StackID")
    labels = rd.read_labels(ds, like=vol)
    np.testing.assert_array_equal(labels.array, masks()[0] + 2 * masks()[1])


def test_a_damaged_frame_costs_itself(tmp_path: Path, vol: rd.Volume) -> None:
    number_map = (masks()[0] + 2 * masks()[1])[np.newaxis]
    ds = segmentation(IMAGES, number_map, kind="LABELMAP")
    ds.compress(RLELossless)
    frames = list(generate_frames(ds.PixelData, number_of_frames=6))
    frames[2] = frames[2][: len(frames[2]) // 2]
    ds.PixelData = encapsulate(frames)
    path = save(ds, tmp_path / "seg.dcm")
    others = [0, 1, 3, 4, 5]
    for like in (vol, None):
        for force in (False, True):
            with pytest.raises(rd.InvalidDicomError, match="RLE") as raised:
                rd.read_labels(path, like=like, force=force)
            assert (raised.value.frame, raised.value.path) == (2, str(path))
            labels = rd.read_labels(path, like=like, force=force, irregular="keep")
            np.testing.assert_array_equal(labels.array[others], number_map[0][others])
            # With `force=True` as far as the frame goes.
            assert labels.array[2].any() == force
            (damaged,) = labels.report
            assert (damaged.kind, damaged.is_error) == ("damaged_frame", True)
            assert damaged.numbers == {"frame_count": 1, "frame_index": 2}
    ds.PixelData = encapsulate([one[: len(one) // 2] for one in frames])
    with pytest.raises(rd.InvalidDicomError, match="RLE"):
        rd.read_labels(save(ds, path), like=vol, irregular="keep")


def test_fractions_above_their_highest(vol: rd.Volume) -> None:
    stored = np.full((1, *IMAGES.shape), 100, np.uint8)
    stored[0, 0, 0, :4] = 250
    ds = segmentation(IMAGES, stored, kind="FRACTIONAL")
    with pytest.raises(rd.IrregularSeriesError, match="4 pixels exceed Maximum Fractional Value"):
        rd.read_labels(ds, like=vol)
    for combine in ("labelmap", "channels"):
        labels = rd.read_labels(ds, like=vol, combine=combine, irregular="keep")
        assert labels.array.max() == 1
        assert [issue.kind for issue in labels.report.errors] == ["fractional"]
    for most in (0, -1, 70000):
        ds.MaximumFractionalValue = max(most, 0) % 65536
        if most in (0, 70000):
            ds.MaximumFractionalValue = 0
        with pytest.raises(rd.InvalidDicomError):
            rd.read_labels(ds, like=vol)


def contour(points: Any, **fields: Any) -> Any:
    ds = structure_set({"a": [Contour(np.zeros((3, 3)))]})
    own = ds.ROIContourSequence[0].ContourSequence[0]
    own.ContourData = [f"{value}"[:16] for value in np.ravel(points)]
    own.NumberOfContourPoints = len(own.ContourData) // 3
    own.ContourGeometricType = fields.pop("kind", "CLOSED_PLANAR")
    for keyword, value in fields.items():
        setattr(own, keyword, value)
    return ds


def at(outline: Any, height: float = 2.0) -> np.ndarray[Any, Any]:
    return IMAGES.millimetres(np.array([[height, *point] for point in outline], dtype=float))


RANDOM = np.random.default_rng(7)
CONTOURS: dict[str, tuple[Callable[[], Any], Any]] = {
    "an odd count": (lambda: contour(at(SQUARE).ravel()[:-1]), rd.InvalidDicomError),
    "no number": (lambda: contour(["1", "2", "nan"] * 3), rd.InvalidDicomError),
    "infinite": (lambda: contour(["1", "2", "-inf"] * 3), rd.InvalidDicomError),
    "more than numbers hold": (lambda: contour(["1", "2", "1e999"] * 3), rd.InvalidDicomError),
    "as far as numbers go": (
        lambda: contour([["1e308", "1e308", "1e308"], ["-1e308", "1e308", "-1e308"], [1, 2, 3]]),
        {"off_slices", "empty_label"},
    ),
    "far away": (lambda: contour(at(SQUARE) + np.array([1e12, 0, 0])), {"outside", "empty_label"}),
    "over everything": (
        lambda: contour(at([[-1e9, -1e9], [-1e9, 1e9], [1e9, 1e9], [1e9, -1e9]])), {"outside"},
    ),
    "a point": (lambda: contour(at(SQUARE)[:1]), {"degenerate_contour", "empty_label"}),
    "a point of its kind": (lambda: contour(at(SQUARE)[:1], kind="POINT"),
                            {"not_closed", "empty_label"}),
    "two points": (lambda: contour(at(SQUARE)[:2]), {"degenerate_contour", "empty_label"}),
    "no point": (lambda: contour([]), {"degenerate_contour", "empty_label"}),
    "one point often": (lambda: contour(np.repeat(at([[2.2, 2.2]]), 9, 0)), {"empty_label"}),
    "a line": (lambda: contour(at([[3, 4], [3, 9], [3, 12]])), set()),
    "a bow": (lambda: contour(at([[3, 4], [9, 12], [9, 4], [3, 12]])), {"self_crossing"}),
    "a star of 3000 points": (lambda: contour(at(RANDOM.uniform(2, 15, (3000, 2)))),
                              {"self_crossing"}),
    "across": (lambda: contour(np.vstack([at(SQUARE, 0)[:2], at(SQUARE, 4)[2:]])),
               {"off_slices", "empty_label"}),
    "an unknown kind": (lambda: contour(at(SQUARE), kind="ROUND"), {"not_closed", "empty_label"}),
    "a wrong count": (lambda: contour(at(SQUARE), NumberOfContourPoints=9), {"point_count"}),
    "a negative count": (lambda: contour(at(SQUARE), NumberOfContourPoints=-9), {"point_count"}),
    "no structures": (lambda: structure_set({}), set()),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("off_slices", ["report", "interpolate"])
@pytest.mark.parametrize("name", CONTOURS)
def test_contours_that_are_none(vol: rd.Volume, name: str, off_slices: Any) -> None:
    make, expected = CONTOURS[name]
    for fractions in (False, True):
        started = time.perf_counter()

        def read(fractions: bool = fractions) -> rd.Labels:
            return rd.read_labels(
                make(), like=vol, combine="channels", fractions=fractions, irregular="keep",
                off_slices=off_slices,
            )  # fmt: skip

        if not isinstance(expected, set):
            with pytest.raises(expected):
                read()
            continue
        found = {issue.kind for issue in read().report}
        # A line has an inside of centres, but no area.
        assert found - {"empty_label"} == expected - {"empty_label"}
        assert fractions or found == expected
        assert time.perf_counter() - started < 20


def test_many_contours_in_one_slice(vol: rd.Volume) -> None:
    """Ten thousand, the same, nested and beside each other: nothing takes their square."""
    small = [[0.2, 0.2], [0.2, 0.9], [0.9, 0.9], [0.9, 0.2]]
    nested = [at(np.array(small) * (1 + index / 700)) for index in range(10000)]
    same = [at(small)] * 10000
    for contours in (nested, same):
        ds = structure_set({"a": [Contour(points, image=IMAGES.uid(2)) for points in contours]})
        started = time.perf_counter()
        labels = rd.read_labels(ds, like=vol)
        assert time.perf_counter() - started < 60
        assert not labels.report.errors


def test_items_that_are_no_contours(vol: rd.Volume) -> None:
    good = outlines(IMAGES, lambda _: SQUARE)
    for keyword in ("ROIContourSequence", "StructureSetROISequence", "RTROIObservationsSequence"):
        ds = structure_set({"a": good})
        delattr(ds, keyword)
        labels = rd.read_labels(ds, like=vol, irregular="keep")
        assert labels.array.any() == (keyword != "ROIContourSequence")
        ds = structure_set({"a": good})
        setattr(ds, keyword, [item(), item()])
        with pytest.raises(rd.InvalidDicomError):
            rd.read_labels(ds, like=vol)
    ds = structure_set({"a": good})
    del ds.ROIContourSequence[0].ContourSequence
    assert not rd.read_labels(ds, like=vol).array.any()
