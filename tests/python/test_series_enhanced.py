"""Volumes of multi-frame objects: frames placed by functional groups or their substitutes."""

from __future__ import annotations

import io
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    PIXEL_DATA,
    Element,
    Identity,
    Items,
    Plane,
    file_bytes,
    image,
)
from enhanced_builder import Encoding, enhanced, rescaled, shuffled, stack_frames, stored
from findings import kinds, refusal
from series_builder import ORIGIN, PLANES, affine_of
from siemens_builder import mosaic_elements, mosaic_entries

STEP = np.array([0.0, 0.0, 2.5])
AFFINE = affine_of(ORIGIN, PLANES["axial"], (0.75, 0.75), STEP)


@pytest.mark.parametrize("undefined_lengths", [False, True], ids=["lengths", "delimiters"])
@pytest.mark.parametrize("transfer_syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG])
def test_frames_in_any_order_are_a_volume(
    tmp_path: Path, transfer_syntax: str, undefined_lengths: bool
) -> None:
    frames = stack_frames()
    written = shuffled(frames)
    path = enhanced(
        tmp_path / "a.dcm",
        written,
        encoding=Encoding(transfer_syntax=transfer_syntax, undefined_lengths=undefined_lengths),
    )
    vol = rd.read_series(tmp_path)
    assert vol.axes == ("slice", "row", "column")
    assert vol.shape == (8, 5, 7)
    np.testing.assert_array_equal(vol.array, rescaled(frames))
    np.testing.assert_allclose(vol.affine, AFFINE, atol=1e-9)
    assert vol.paths == [str(path)] * 8
    assert [written[frame].position for frame in vol.frames] == [frame.position for frame in frames]
    assert list(vol.report.issues) == []
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, stored(frames))


def test_shared_groups_apply_to_frames_without_their_own(tmp_path: Path) -> None:
    shared = stack_frames(1, rescale=(2.0, 1.0), window=(40.0, 400.0))[0]
    frames = stack_frames(4, orientation=None, pixel_spacing=None, rescale=None)
    frames[2] = replace(frames[2], rescale=(0.5, -3.0), window=(1.0, 2.0))
    enhanced(tmp_path / "a.dcm", frames, shared=replace(shared, position=None))
    vol = rd.read_series(tmp_path)
    expected = [replace(frame, rescale=frame.rescale or (2.0, 1.0)) for frame in frames]
    np.testing.assert_array_equal(vol.array, rescaled(expected))
    np.testing.assert_allclose(vol.affine, AFFINE, atol=1e-9)
    assert kinds(vol) == ["mixed_rescale"]
    np.testing.assert_array_equal(vol.windows, [[40, 400], [40, 400], [1, 2], [40, 400]])


def test_time_points_are_an_axis(tmp_path: Path) -> None:
    frames = [
        replace(frame, temporal_position=time + 1, stored=frame.stored + 50 * time)
        for time in range(3)
        for frame in stack_frames()
    ]
    enhanced(tmp_path / "a.dcm", shuffled(frames))
    (found,) = rd.find_series(tmp_path)
    assert found.shape == (3, 8, 5, 7)
    for vol in (found.read(), pickle.loads(pickle.dumps(found)).read()):
        assert vol.axes == ("time", "slice", "row", "column")
        np.testing.assert_array_equal(vol.coords["temporal_position"], [1, 2, 3])
        np.testing.assert_array_equal(vol.array, rescaled(frames).reshape(3, 8, 5, 7))
        np.testing.assert_allclose(vol.affine, AFFINE, atol=1e-9)
        assert vol.spacing == pytest.approx((2.5, 0.75, 0.75))
        assert list(vol.report.issues) == []


def test_time_points_in_a_file_each(tmp_path: Path) -> None:
    volumes = []
    for time in range(3):
        frames = [replace(frame, stored=frame.stored + 50 * time) for frame in stack_frames(4)]
        acquisition = Element(0x00200012, "IS", time + 1)
        enhanced(
            tmp_path / f"{9 - time}.dcm",
            frames,
            identity=Identity(instance_number=time + 1),
            extra=[acquisition],
        )
        volumes.append(rescaled(frames))
    vol = rd.read_series(tmp_path)
    assert vol.axes[0] == "acquisition"
    np.testing.assert_array_equal(vol.array, volumes)
    np.testing.assert_array_equal(vol.coords["acquisition"], [1, 2, 3])


def test_diffusion_is_sorted_by_b_value_then_direction(tmp_path: Path) -> None:
    shells = [
        (0.0, None),
        (1000.0, (1.0, 0.0, 0.0)),
        (1000.0, (0.0, 1.0, 0.0)),
        (500.0, (0.0, 0.0, 1.0)),
    ]
    frames = [
        replace(frame, b_value=b_value, gradient=gradient, stored=frame.stored + index)
        for frame in stack_frames(3)
        for index, (b_value, gradient) in enumerate(shells)
    ]
    enhanced(tmp_path / "a.dcm", frames, identity=Identity(modality="MR"))
    vol = rd.read_series(tmp_path)
    assert vol.axes[0] == "b_value"
    np.testing.assert_array_equal(vol.coords["b_value"], [0, 500, 1000, 1000])
    directions = vol.coords["gradient_direction"]
    np.testing.assert_array_equal(directions[1:], [[0, 0, 1], [0, 1, 0], [1, 0, 0]])
    assert np.isnan(directions[0]).all()
    by_shell = rescaled(frames).reshape(3, 4, 5, 7).transpose(1, 0, 2, 3)
    np.testing.assert_array_equal(vol.array, by_shell[[0, 3, 2, 1]])


def test_magnitude_and_phase_are_an_axis(tmp_path: Path) -> None:
    frames = [
        replace(
            frame, frame_type=["ORIGINAL", "PRIMARY", kind, "NONE"], stored=frame.stored + offset
        )
        for kind, offset in (("P", 9), ("M", 0))
        for frame in stack_frames(3)
    ]
    enhanced(tmp_path / "a.dcm", frames, identity=Identity(modality="MR"))
    vol = rd.read_series(tmp_path)
    assert vol.axes[0] == "image_type"
    assert list(vol.coords["image_type"]) == [
        "ORIGINAL\\PRIMARY\\M\\NONE",
        "ORIGINAL\\PRIMARY\\P\\NONE",
    ]
    np.testing.assert_array_equal(
        vol.array, rescaled([*frames[3:], *frames[:3]]).reshape(2, 3, 5, 7)
    )


def test_missing_cell_is_reported_and_filled(tmp_path: Path) -> None:
    frames = [replace(frame, temporal_position=time) for time in (1, 2) for frame in stack_frames()]
    enhanced(tmp_path / "a.dcm", [frame for index, frame in enumerate(frames) if index != 11])
    (issue,) = refusal(tmp_path)
    assert (issue.kind, issue.cells) == ("incomplete_grid", [(1, 3)])
    expected = rescaled(frames).reshape(2, 8, 5, 7)
    expected[1, 3] = -7
    vol = rd.read_series(tmp_path, irregular="keep", fill=-7)
    np.testing.assert_array_equal(vol.array, expected)
    assert len(vol.paths) == len(vol.frames) == 15
    expected[1, 3] = np.nan
    np.testing.assert_array_equal(
        rd.read_series(tmp_path, irregular="keep", fill=np.nan).array, expected
    )
    with pytest.raises(ValueError, match="fill"):
        rd.read_series(tmp_path, irregular="keep", fill=np.nan, values="stored")


IRREGULAR: dict[str, tuple[Any, list[str]]] = {
    "gap": (lambda all: all[:3] + all[4:], ["gap"]),
    "duplicate": (
        lambda all: [*all, replace(all[2], stored=all[2].stored + 7)],
        ["duplicate_position"],
    ),
    "turned frame": (
        lambda all: [*all[:7], replace(all[7], orientation=(0.8, 0.6, 0.0, -0.6, 0.8, 0.0))],
        ["mixed_orientation"],
    ),
    "another spacing": (
        lambda all: [*all[:7], replace(all[7], pixel_spacing=(1.0, 1.0))],
        ["mixed_spacing"],
    ),
    "no positions": (
        lambda all: [replace(one, position=None) for one in all],
        ["missing_position"],
    ),
    "one without a position": (
        lambda all: [*all[:7], replace(all[7], position=None)],
        ["missing_position"],
    ),
    "a slope of zero": (
        lambda all: [replace(all[0], rescale=(0.0, 1.0)), *all[1:]],
        ["bad_rescale", "mixed_rescale"],
    ),
    "two stacks": (
        lambda all: [*all, *(replace(one, orientation=PLANES["coronal"]) for one in all)],
        ["mixed_orientation"],
    ),
}


@pytest.mark.parametrize(("change", "expected"), IRREGULAR.values(), ids=IRREGULAR.keys())
def test_irregular_frames_raise(tmp_path: Path, change: Any, expected: list[str]) -> None:
    frames = stack_frames()
    path = enhanced(tmp_path / "a.dcm", change(frames))
    report = refusal(tmp_path)
    assert kinds(report) == expected
    assert all(issue.paths in ([], [str(path)]) for issue in report.issues)
    vol = rd.read_series(tmp_path, irregular="keep")
    assert kinds(vol) == expected
    written = change(frames)
    kept = rescaled([written[frame] for frame in vol.frames])
    np.testing.assert_array_equal(vol.array, kept)


def test_tilted_frames_shear_the_affine(tmp_path: Path) -> None:
    frames = stack_frames(tilt=12.0)
    enhanced(tmp_path / "a.dcm", frames)
    vol = rd.read_series(tmp_path)
    assert kinds(vol) == ["tilt"]
    np.testing.assert_array_equal(vol.array, rescaled(frames))
    for index, frame in enumerate(frames):
        np.testing.assert_allclose((vol.affine @ [index, 0, 0, 1])[:3], frame.position, atol=1e-4)


def test_localizer_among_the_frames_is_left_out(tmp_path: Path) -> None:
    kind = ["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"]
    scout = replace(stack_frames(1)[0], orientation=PLANES["sagittal"], frame_type=kind)
    frames = stack_frames()
    enhanced(tmp_path / "a.dcm", [scout, *frames])
    vol = rd.read_series(tmp_path)
    assert kinds(vol) == ["localizer"]
    np.testing.assert_array_equal(vol.array, rescaled(frames))


def test_frames_that_are_cut_off_are_reported(tmp_path: Path) -> None:
    path = enhanced(tmp_path / "a.dcm", stack_frames())
    path.write_bytes(path.read_bytes()[:-100])
    assert kinds(refusal(tmp_path)) == ["truncated"]


@pytest.mark.parametrize("missing", [1, 100, 3 * 70, 7 * 70])
def test_frames_before_a_cut_are_kept_if_asked_for(tmp_path: Path, missing: int) -> None:
    frames = stack_frames()
    path = enhanced(tmp_path / "a.dcm", frames)
    whole = rd.read_series(path)
    path.write_bytes(path.read_bytes()[:-missing])
    vol = rd.read_series(tmp_path, irregular="keep", fill=-5)
    count = len(frames) - -(-missing // 70)
    np.testing.assert_array_equal(vol.array[:count], whole.array[:count])
    assert (vol.array[count:] == -5).all()
    np.testing.assert_array_equal(vol.affine, whole.affine)
    assert kinds(vol) == ["truncated", "damaged_frame"]
    assert vol.report.errors[0].sentence.endswith(
        f"enough for {count} whole frame{'s' * (count > 1)}"
    )
    assert vol.report.errors[1].cells == [(0, index) for index in range(count, len(frames))]
    # The same of other sources, and of parts.
    data = path.read_bytes()
    for source in (data, io.BytesIO(data)):
        found = rd.read_series(source, irregular="keep", fill=-5)
        np.testing.assert_array_equal(found.array, vol.array)
    part = rd.find_series(path)[0].read(irregular="keep", slices=slice(0, count), rows=slice(1, 3))
    np.testing.assert_array_equal(part.array, whole.array[:count, 1:3])
    # Pixels alone are an error, as in pydicom.
    with pytest.raises(rd.InvalidDicomError, match="missing"):
        rd.pixel_array(path, index=0)


def test_nothing_is_kept_of_a_file_without_a_whole_frame(tmp_path: Path) -> None:
    path = enhanced(tmp_path / "a.dcm", stack_frames())
    path.write_bytes(path.read_bytes()[: -7 * 70 - 1])
    with pytest.raises(rd.IrregularSeriesError, match="no slice of the series can be read"):
        rd.read_series(tmp_path, irregular="keep")


def test_object_that_is_cut_off_costs_no_other(tmp_path: Path) -> None:
    """Two objects of one series, each with half of the slices."""
    frames = stack_frames()
    lower = enhanced(tmp_path / "a.dcm", frames[:5], identity=Identity(instance_number=1))
    upper = enhanced(tmp_path / "b.dcm", frames[5:], identity=Identity(instance_number=2))
    np.testing.assert_array_equal(rd.read_series(tmp_path).array, rescaled(frames))
    upper.write_bytes(upper.read_bytes()[:-1])
    (issue,) = refusal(tmp_path)
    assert (issue.kind, issue.paths) == ("truncated", [str(upper)])
    assert issue.numbers == {
        "needed_byte_count": 3 * 35 * 2,
        "available_byte_count": 3 * 35 * 2 - 1,
    }
    vol = rd.read_series(tmp_path, irregular="keep")
    assert vol.paths == [str(lower)] * 5 + [str(upper)] * 3
    np.testing.assert_array_equal(vol.array[:-1], rescaled(frames)[:-1])
    assert (vol.array[-1] == 0).all()


@pytest.mark.parametrize("is_smaller", [True, False], ids=["a few frames", "as many"])
def test_object_of_another_shape_is_another_stack(tmp_path: Path, is_smaller: bool) -> None:
    frames = stack_frames()
    others = stack_frames(1 if is_smaller else 8, shape=(6, 7))
    first = enhanced(tmp_path / "a.dcm", frames, identity=Identity(instance_number=1))
    second = enhanced(tmp_path / "b.dcm", others, identity=Identity(instance_number=2))
    (issue,) = refusal(tmp_path)
    assert (issue.kind, issue.paths) == ("mixed_shape", [str(second)])
    stacks = rd.find_series(tmp_path)[0].stacks
    assert [stack.paths for stack in stacks] == [[str(first)] * 8, [str(second)] * len(others)]
    for stack, written in zip(stacks, (frames, others), strict=True):
        np.testing.assert_array_equal(stack.read().array, rescaled(written))


def test_frames_of_each_position_that_only_count_on_are_reported(tmp_path: Path) -> None:
    phases = [
        [replace(one, stored=one.stored + 50 * time) for one in stack_frames()] for time in range(2)
    ]
    enhanced(tmp_path / "a.dcm", [frame for phase in phases for frame in phase])
    vol = rd.read_series(tmp_path)
    assert vol.axes[0] == "instance"
    np.testing.assert_array_equal(vol.array, [rescaled(phase) for phase in phases])
    (issue,) = vol.report.issues
    assert (issue.kind, issue.is_error, issue.numbers["phase_count"]) == (
        "multiple_phases",
        False,
        2,
    )


def test_frames_that_nothing_tells_apart_are_not_mixed(tmp_path: Path) -> None:
    """Two frames a position, the second ones in the other direction."""
    frames = stack_frames()
    again = [replace(one, stored=one.stored + 50) for one in frames[::-1]]
    enhanced(tmp_path / "a.dcm", [*frames, *again])
    (issue,) = refusal(tmp_path)
    assert (issue.kind, issue.numbers["left_out_count"]) == ("multiple_phases", 8)
    vol = rd.read_series(tmp_path, irregular="keep")
    np.testing.assert_array_equal(vol.array, rescaled(frames))


def test_object_that_was_sent_twice_is_one_file(tmp_path: Path) -> None:
    """What is counted are files, not their frames."""
    frames = stack_frames()
    first = enhanced(tmp_path / "a.dcm", frames)
    second = tmp_path / "b.dcm"
    second.write_bytes(first.read_bytes())
    (issue,) = refusal(tmp_path)
    assert (issue.kind, issue.paths) == ("duplicate_position", [str(first), str(second)])
    assert issue.sentence.startswith("1 file is left out")
    assert issue.numbers == {"same_instance_count": 1, "left_out_count": 8}
    vol = rd.read_series(tmp_path, irregular="keep")
    np.testing.assert_array_equal(vol.array, rescaled(frames))


def test_findings_count_files_and_frames(tmp_path: Path) -> None:
    frames = stack_frames()
    turned = [replace(one, orientation=PLANES["coronal"]) for one in frames]
    path = enhanced(tmp_path / "a.dcm", [*frames, *turned])
    (issue,) = rd.find_series(tmp_path)[0].report.issues
    assert (issue.kind, issue.paths) == ("mixed_orientation", [str(path)])
    assert issue.sentence.startswith("8 frames of 1 file are left out")
    assert (issue.numbers["file_count"], issue.numbers["image_count"]) == (1, 8)
    # Slices of two files by turns: each file is named once.
    bad = [replace(one, rescale=(0.0, 1.0)) for one in frames]
    enhanced(path, bad[::2], identity=Identity(instance_number=1))
    second = enhanced(tmp_path / "b.dcm", bad[1::2], identity=Identity(instance_number=2))
    (issue,) = rd.find_series(tmp_path)[0].report.issues
    assert (issue.kind, issue.paths) == ("bad_rescale", [str(path), str(second)])
    assert issue.numbers["slice_count"] == 8


def test_fewer_groups_than_frames_leave_frames_without_a_place(tmp_path: Path) -> None:
    frames = stack_frames()
    path = tmp_path / "a.dcm"
    enhanced(path, frames)
    short = [Element(0x52009230, "SQ", Items([]))]
    enhanced(path, frames, extra=short)
    assert "missing_position" in kinds(refusal(tmp_path))


def test_damaged_groups_are_reported(tmp_path: Path) -> None:
    broken = Element(0x52009230, "SQ", b"\x08\x00\x05\x00" + b"\xff" * 60)
    enhanced(tmp_path / "a.dcm", stack_frames(), extra=[broken])
    assert kinds(refusal(tmp_path)) == ["unreadable"]


def test_segments_are_an_axis_and_absent_frames_are_empty(tmp_path: Path) -> None:
    frames = [
        replace(
            frame,
            segment=segment,
            rescale=None,
            stored=np.full((5, 7), 10 * segment + index, np.uint8),
        )
        for segment in (1, 2)
        for index, frame in enumerate(stack_frames(4))
        if (segment, index) != (2, 3)
    ]
    enhanced(tmp_path / "a.dcm", frames, identity=Identity(modality="OT"))
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.axes[0] == "segment"
    np.testing.assert_array_equal(vol.coords["segment"], [1, 2])
    np.testing.assert_array_equal(vol.array[:, :, 0, 0], [[10, 11, 12, 13], [20, 21, 22, 0]])
    (issue,) = vol.report.issues
    assert (issue.kind, issue.is_error, issue.cells) == ("incomplete_grid", False, [(1, 3)])


def dose(
    path: Path,
    offsets: list[float],
    *,
    scaling: float = 0.25,
    z: float = -100.0,
    orientation: tuple[float, ...] = PLANES["axial"],
) -> np.ndarray[Any, Any]:
    """Write a dose of 5 by 7 grids with these offsets; returns its stored values."""
    stored = np.arange(len(offsets) * 35, dtype=np.uint32).reshape(-1, 5, 7)
    extra = [
        Element(0x3004000C, "DS", offsets),
        Element(0x3004000E, "DS", scaling),
    ]
    elements = image(
        stored,
        plane=Plane(position=(1.0, 2.0, z), orientation=orientation),
        identity=Identity(modality="RTDOSE"),
        extra=extra,
    )
    path.write_bytes(file_bytes(elements))
    return stored


@pytest.mark.parametrize(
    "offsets", [[0.0, 3.0, 6.0], [-100.0, -97.0, -94.0]], ids=["offsets", "coordinates"]
)
def test_dose_is_placed_by_its_offsets_and_scaled(tmp_path: Path, offsets: list[float]) -> None:
    stored = dose(tmp_path / "a.dcm", offsets)
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.array, stored * 0.25)
    expected = affine_of((1.0, 2.0, -100.0), PLANES["axial"], (1.0, 1.0), np.array([0.0, 0.0, 3.0]))
    np.testing.assert_allclose(vol.affine, expected, atol=1e-9)
    assert list(vol.report.issues) == []
    np.testing.assert_array_equal(rd.read_series(tmp_path, values="stored").array, stored)


@pytest.mark.parametrize(
    ("offsets", "orientation"),
    [([5.0, 8.0, 11.0], "axial"), ([-100.0, -97.0, -94.0], "coronal")],
    ids=["from somewhere", "coordinates that no coronal plane has"],
)
def test_dose_with_impossible_offsets_has_no_place(
    tmp_path: Path, offsets: list[float], orientation: str
) -> None:
    """The first offset is zero, or the coordinate of the position (PS3.3 §C.8.8.3.2)."""
    stored = dose(tmp_path / "a.dcm", offsets, orientation=PLANES[orientation])
    assert "missing_position" in kinds(refusal(tmp_path))
    np.testing.assert_array_equal(rd.read_series(tmp_path, irregular="keep").array, stored * 0.25)


def test_dose_with_falling_offsets_rises_along_its_normal(tmp_path: Path) -> None:
    stored = dose(tmp_path / "a.dcm", [0.0, -3.0, -6.0])
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.array, stored[::-1] * 0.25)
    np.testing.assert_allclose(vol.origin, [1.0, 2.0, -106.0])


def test_frames_of_a_film_have_no_place(tmp_path: Path) -> None:
    stored = np.arange(4 * 35, dtype=np.uint8).reshape(4, 5, 7)
    elements = image(
        stored, plane=Plane(position=None, orientation=None), identity=Identity(modality="OT")
    )
    (tmp_path / "a.dcm").write_bytes(file_bytes(elements))
    assert kinds(refusal(tmp_path)) == ["missing_position"]
    vol = rd.read_series(tmp_path, irregular="keep", values="stored")
    np.testing.assert_array_equal(vol.array, stored)


def test_reconstructed_tomogram_has_its_slices(tmp_path: Path) -> None:
    stored = np.arange(4 * 35, dtype=np.uint16).reshape(4, 5, 7)
    detector = [
        Element(0x00200032, "DS", [1.0, 2.0, 3.0]),
        Element(0x00200037, "DS", [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
    ]
    extra = [
        Element(0x00080008, "CS", ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]),
        Element(0x00180088, "DS", 4.0),
        Element(0x00540022, "SQ", Items([detector])),
        Element(0x00540080, "US", [1, 2, 3, 4]),
    ]
    elements = image(
        stored,
        plane=Plane(position=None, orientation=None),
        identity=Identity(modality="NM"),
        extra=extra,
    )
    (tmp_path / "a.dcm").write_bytes(file_bytes(elements))
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, stored)
    np.testing.assert_allclose(vol.affine[:, 0], [0, 0, 4, 0])
    np.testing.assert_allclose(vol.origin, [1, 2, 3])


def test_floating_point_frames_keep_their_values(tmp_path: Path) -> None:
    stored = np.linspace(-1, 1, 3 * 35, dtype=np.float32).reshape(3, 5, 7)
    frames = [replace(frame, rescale=None) for frame in stack_frames(3)]
    extra = [
        Element(PIXEL_DATA, "OW", None),
        Element(0x7FE00008, "OF", stored),
        Element(0x00280100, "US", 32),
    ]
    enhanced(tmp_path / "a.dcm", frames, identity=Identity(modality="OT"), extra=extra)
    for values in ("stored", "modality"):
        vol = rd.read_series(tmp_path, values=values)  # type: ignore[arg-type]
        np.testing.assert_array_equal(vol.array, stored)
        assert vol.dtype == np.float32


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("extra", [[], mosaic_elements(None)[1:]], ids=["said", "with spacing"])
def test_frames_with_places_are_no_mosaic_whatever_image_type_says(
    tmp_path: Path, count: int, extra: list[Element]
) -> None:
    said = Element(0x00080008, "CS", ["ORIGINAL", "PRIMARY", "M", "MOSAIC"])
    frames = stack_frames(count)
    vol = rd.read_series(enhanced(tmp_path / "a.dcm", frames, extra=[said, *extra]))
    np.testing.assert_array_equal(vol.array, rescaled(frames))
    assert vol.report.errors == []


def test_frames_without_places_are_no_mosaic_either(tmp_path: Path) -> None:
    frames = [replace(frame, position=None) for frame in stack_frames(3)]
    path = enhanced(tmp_path / "a.dcm", frames, extra=mosaic_elements(mosaic_entries(4)))
    assert kinds(refusal(path).errors) == ["missing_position"]
