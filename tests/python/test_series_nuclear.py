"""Multi-frame nuclear medicine images, whose vectors index the frames (PS3.3 §C.8.4.8)."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Identity, Items, Plane, file_bytes, image
from findings import kinds, kinds_and_errors, refusal

ENERGY_WINDOW, DETECTOR, PHASE, ROTATION = 0x00540010, 0x00540020, 0x00540030, 0x00540050
RR_INTERVAL, TIME_SLOT, SLICE, VIEW, TIME_SLICE = (
    0x00540060,
    0x00540070,
    0x00540080,
    0x00540090,
    0x00540100,
)
NM_IMAGE = "1.2.840.10008.5.1.4.1.1.20"


def tomogram(
    path: Path,
    counts: dict[int, int],
    *,
    kind: str = "RECON GATED TOMO",
    placed: bool = True,
    changes: dict[int, list[int]] | None = None,
    missing: int = 0,
) -> np.ndarray:
    """Write a reconstructed tomogram.

    Args:
        path: Where to.
        counts: The length of each vector's dimension; the last counts most rapidly.
        kind: The third value of Image Type.
        placed: Whether the detector says where the first slice is.
        changes: Vectors in the place of those that count.
        missing: Frames that are left out at the end.

    Returns:
        The stored values, shape (*counts, row, column). Frames lie in the file in another order.
    """
    places = list(itertools.product(*(range(1, count + 1) for count in counts.values())))
    stored = np.arange(len(places) * 35, dtype=np.uint16).reshape(-1, 5, 7)
    order = list(range(len(places) - missing))
    random.Random(4).shuffle(order)
    vectors = {tag: [places[frame][axis] for frame in order] for axis, tag in enumerate(counts)}
    vectors.update(changes or {})
    plane = [
        Element(0x00200032, "DS", [1.0, 2.0, 3.0]),
        Element(0x00200037, "DS", [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
    ]
    extra = [
        Element(0x00080008, "CS", ["ORIGINAL", "PRIMARY", kind, "EMISSION"]),
        Element(0x00180088, "DS", 4.0),
        Element(0x00280009, "AT", list(counts)),
        *([Element(0x00540022, "SQ", Items([plane]))] if placed else []),
        *(Element(tag, "US", vector) for tag, vector in vectors.items()),
    ]
    pixels = stored[order]
    elements = image(
        pixels,
        plane=Plane(position=None, orientation=None),
        identity=Identity(modality="NM", sop_class=NM_IMAGE),
        extra=extra,
    )
    path.write_bytes(file_bytes(elements))
    return stored.reshape(*counts.values(), 5, 7)


@pytest.mark.parametrize(
    ("tag", "axis"),
    [
        (ENERGY_WINDOW, "energy_window"),
        (DETECTOR, "detector"),
        (PHASE, "phase"),
        (ROTATION, "rotation"),
        (RR_INTERVAL, "rr_interval"),
        (TIME_SLOT, "time_slot"),
        (VIEW, "angular_view"),
        (TIME_SLICE, "time_slice"),
    ],
)
def test_what_a_vector_counts_is_an_axis(tmp_path: Path, tag: int, axis: str) -> None:
    stored = tomogram(tmp_path / "a.dcm", {tag: 3, SLICE: 4})
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.axes == (axis, "slice", "row", "column")
    assert list(vol.coords) == [axis]
    np.testing.assert_array_equal(vol.coords[axis], [1, 2, 3])
    np.testing.assert_array_equal(vol.array, stored)
    np.testing.assert_allclose(vol.affine[:, 0], [0, 0, 4, 0])
    np.testing.assert_allclose(vol.origin, [1, 2, 3])
    assert kinds(vol) == []


def test_gated_tomogram_of_several_intervals(tmp_path: Path) -> None:
    """The dimensions of RECON GATED TOMO, as Frame Increment Pointer has them."""
    stored = tomogram(tmp_path / "a.dcm", {RR_INTERVAL: 2, TIME_SLOT: 3, SLICE: 4})
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.axes[0] == "rr_interval"
    np.testing.assert_array_equal(vol.coords["rr_interval"], [1, 1, 1, 2, 2, 2])
    np.testing.assert_array_equal(vol.coords["time_slot"], [1, 2, 3, 1, 2, 3])
    np.testing.assert_array_equal(vol.array, stored.reshape(6, 4, 5, 7))
    assert kinds(vol) == []


def test_vector_that_is_the_same_everywhere_is_no_axis(tmp_path: Path) -> None:
    stored = tomogram(tmp_path / "a.dcm", {ENERGY_WINDOW: 1, SLICE: 4}, kind="RECON TOMO")
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.axes == ("slice", "row", "column")
    np.testing.assert_array_equal(vol.array, stored[0])


@pytest.mark.parametrize(
    ("vector", "is_error"),
    [([1], False), ([1, 2, 3], True), ([2, 1, 3], True), ([1] * 11, False)],
    ids=["one index", "cut short", "cut short, in another order", "one short, all the same"],
)
def test_frames_of_a_vector_that_is_cut_short_are_not_counted_by_their_numbers(
    tmp_path: Path, vector: list[int], is_error: bool
) -> None:
    """Three frames of each slice are adjacent; a vector of one index distinguishes none of them."""
    slices = [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    tomogram(
        tmp_path / "a.dcm", {TIME_SLOT: 3, SLICE: 4}, changes={SLICE: slices, TIME_SLOT: vector}
    )
    (found,) = rd.find_series(tmp_path)
    assert kinds_and_errors(found) == [("multiple_phases", is_error)]


def test_slices_that_are_counted_from_zero_have_no_place(tmp_path: Path) -> None:
    """Only the first slice has a position (PS3.3 §C.8.4.15), and the first is number 1."""
    tomogram(tmp_path / "a.dcm", {TIME_SLOT: 1, SLICE: 4}, changes={SLICE: [0, 1, 2, 3]})
    (found,) = rd.find_series(tmp_path)
    assert kinds_and_errors(found) == [("missing_position", True)]


def test_gated_tomogram_that_lacks_a_frame_is_reported(tmp_path: Path) -> None:
    tomogram(tmp_path / "a.dcm", {TIME_SLOT: 3, SLICE: 4}, missing=1)
    (issue,) = refusal(tmp_path)
    assert (issue.kind, issue.cells) == ("incomplete_grid", [(2, 3)])


def test_slices_without_a_place_follow_their_vector(tmp_path: Path) -> None:
    stored = tomogram(tmp_path / "a.dcm", {TIME_SLOT: 3, SLICE: 4}, placed=False)
    with pytest.raises(rd.IrregularSeriesError):
        rd.read_series(tmp_path)
    vol = rd.read_series(tmp_path, values="stored", irregular="keep")
    assert vol.axes[0] == "time_slot"
    np.testing.assert_array_equal(vol.array, stored)
    (issue,) = vol.report
    assert issue.kind == "missing_position"
    assert "their order is that of Slice Vector, and" in issue.sentence


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        ("STATIC", {ENERGY_WINDOW: 2, DETECTOR: 2}),
        ("GATED", {ENERGY_WINDOW: 1, DETECTOR: 1, RR_INTERVAL: 1, TIME_SLOT: 4}),
        ("DYNAMIC", {ENERGY_WINDOW: 1, DETECTOR: 2, PHASE: 1, TIME_SLICE: 4}),
        ("TOMO", {ENERGY_WINDOW: 2, DETECTOR: 1, ROTATION: 1, VIEW: 6}),
    ],
)
def test_projections_are_no_slices(tmp_path: Path, kind: str, counts: dict[int, int]) -> None:
    tomogram(tmp_path / "a.dcm", counts, kind=kind)
    assert kinds(refusal(tmp_path)) == ["missing_position"]
