"""Frames distinguished only by In-Stack Position Number or Dimension Index Values.

The expected order is that of PS3.3 §C.7.6.16.2.2 and §C.7.6.17: both count up from one place to the
next.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Element, Identity
from data_paths import REFERENCE_DATA, needs_reference_data
from enhanced_builder import (
    Encoding,
    Frame,
    dimension_index,
    enhanced,
    shuffled,
    stack_frames,
    stored,
)
from findings import kinds, kinds_and_errors, refusal

IN_STACK_POSITION = 0x00209057
STACK_ID = 0x00209056
POSITION = 0x00200032
ECHO_TIME = 0x00189082
PRIVATE = 0x20051011


def unplaced(count: int = 8, offset: int = 0, **attributes: Any) -> list[Frame]:
    """Frames of one stack without positions, numbered from 1."""
    return [
        replace(frame, position=None, in_stack_position=index + 1, stored=frame.stored + offset)
        for index, frame in enumerate(stack_frames(count, **attributes))
    ]


def numbered(frames: list[Frame], values: Any) -> list[Frame]:
    """The frames with these Dimension Index Values in the place of In-Stack Position Number."""
    return [
        replace(frame, in_stack_position=None, dimension_values=value)
        for frame, value in zip(frames, values, strict=True)
    ]


def test_frames_without_positions_follow_in_stack_position_number(tmp_path: Path) -> None:
    frames = unplaced()
    enhanced(tmp_path / "a.dcm", shuffled(frames))
    (found,) = rd.find_series(tmp_path)
    with pytest.raises(rd.IrregularSeriesError):
        found.read()
    (issue,) = found.report
    assert (issue.kind, issue.is_error) == ("missing_position", True)
    assert "their order is that of In-Stack Position Number, and" in issue.sentence
    vol = found.read(values="stored", irregular="keep")
    np.testing.assert_array_equal(vol.array, stored(frames))


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize("pointer", [IN_STACK_POSITION, POSITION, 0x00209301, 0x00209113])
def test_frames_without_positions_follow_the_index_of_their_dimension(
    tmp_path: Path, pointer: int, transfer_syntax: str
) -> None:
    frames = numbered(unplaced(), [(1, index + 1) for index in range(8)])
    dimensions = dimension_index(STACK_ID, pointer)
    enhanced(
        tmp_path / "a.dcm",
        shuffled(frames),
        encoding=Encoding(transfer_syntax=transfer_syntax),
        extra=[dimensions],
    )
    vol = rd.read_series(tmp_path, values="stored", irregular="keep")
    np.testing.assert_array_equal(vol.array, stored(frames))
    (issue,) = vol.report
    assert "their order is that of Dimension Index Values, and" in issue.sentence


@pytest.mark.parametrize(
    "change",
    [
        lambda frames: [replace(frames[0], in_stack_position=None), *frames[1:]],
        lambda frames: [replace(frame, in_stack_position=1) for frame in frames],
        lambda frames: numbered(frames, [(index + 1,) for index in range(8)]),
        lambda frames: numbered(frames, [(1, 2, 3 + index) for index in range(8)]),
    ],
    ids=["one without a number", "all of one number", "fewer indices", "more indices"],
)
def test_numbers_that_number_nothing_leave_the_order_of_the_file(
    tmp_path: Path, change: Any
) -> None:
    frames = change(shuffled(unplaced()))
    enhanced(tmp_path / "a.dcm", frames, extra=[dimension_index(STACK_ID, IN_STACK_POSITION)])
    vol = rd.read_series(tmp_path, values="stored", irregular="keep")
    np.testing.assert_array_equal(vol.array, stored(frames))
    assert kinds(vol) == ["missing_position"]


def test_frames_without_positions_have_an_axis_too(tmp_path: Path) -> None:
    times = [
        [replace(frame, temporal_position=time + 1) for frame in unplaced(4, 50 * time)]
        for time in range(3)
    ]
    enhanced(tmp_path / "a.dcm", shuffled([frame for time in times for frame in time]))
    vol = rd.read_series(tmp_path, values="stored", irregular="keep")
    assert vol.axes[0] == "time"
    np.testing.assert_array_equal(vol.array, [stored(time) for time in times])
    assert kinds(vol) == ["missing_position"]


def test_stacks_without_positions_are_parted_by_stack_id(tmp_path: Path) -> None:
    first, second = unplaced(4, stack_id="1"), unplaced(4, 100, stack_id="2")
    enhanced(tmp_path / "a.dcm", shuffled([*first, *second]))
    (found,) = rd.find_series(tmp_path)
    assert found.axes[0] == "slice"
    assert [stack.shape for stack in found.stacks] == [(4, 5, 7)] * 2
    for frames in (first, second):
        arrays = [stack.read(values="stored", irregular="keep").array for stack in found.stacks]
        assert any(np.array_equal(array, stored(frames)) for array in arrays)
    whole = found.read(values="stored", irregular="keep")
    np.testing.assert_array_equal(whole.array, stored([*first, *second]))


def test_files_without_positions_follow_each_other(tmp_path: Path) -> None:
    """The numbers of two files may be those of one stack or of two: nobody knows."""
    first, second = unplaced(4), unplaced(4, 100)
    enhanced(tmp_path / "a.dcm", shuffled(second), identity=Identity(instance_number=2))
    enhanced(tmp_path / "b.dcm", shuffled(first), identity=Identity(instance_number=1))
    vol = rd.read_series(tmp_path, values="stored", irregular="keep")
    np.testing.assert_array_equal(vol.array, stored([*first, *second]))
    (issue,) = vol.report
    assert "that of Instance Number, and in each file of In-Stack Position Number" in issue.sentence


@pytest.mark.parametrize(
    "numbers", [range(8, 0, -1), [3, 1, 2, 8, 7, 5, 6, 4]], ids=["falling", "mixed up"]
)
def test_positions_are_right_where_numbers_contradict_them(tmp_path: Path, numbers: Any) -> None:
    frames = [
        replace(frame, in_stack_position=number, dimension_values=(1, number))
        for frame, number in zip(stack_frames(), numbers, strict=True)
    ]
    enhanced(
        tmp_path / "a.dcm", shuffled(frames), extra=[dimension_index(STACK_ID, IN_STACK_POSITION)]
    )
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, stored(frames))
    assert list(vol.report) == []


NAMES = [
    (ECHO_TIME, "effective_echo_time", "effective_echo_time_index"),
    (0x00209128, "temporal_position", "temporal_position_index"),
    (PRIVATE, "dimension", "dimension_2_index"),
]


@pytest.mark.parametrize(
    ("pointer", "axis", "coordinate"), NAMES, ids=[name for _, name, _ in NAMES]
)
def test_dimension_tells_frames_of_one_place_apart(
    tmp_path: Path, pointer: int, axis: str, coordinate: str
) -> None:
    steps = [
        [
            replace(frame, stored=frame.stored + 50 * step, dimension_values=(place + 1, value))
            for place, frame in enumerate(stack_frames(4))
        ]
        for step, value in enumerate([2, 5, 9])
    ]
    every = shuffled([frame for step in steps for frame in step])
    enhanced(tmp_path / "a.dcm", every, extra=[dimension_index(IN_STACK_POSITION, pointer)])
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.axes == (axis, "slice", "row", "column")
    assert list(vol.coords) == [coordinate]
    np.testing.assert_array_equal(vol.coords[coordinate], [2, 5, 9])
    np.testing.assert_array_equal(vol.array, [stored(step) for step in steps])
    assert list(vol.report) == []


def test_dimension_refines_an_attribute(tmp_path: Path) -> None:
    steps = [
        [
            replace(
                frame,
                stored=frame.stored + 50 * step,
                echo_time=float(echo),
                dimension_values=(kind,),
            )
            for frame in stack_frames(4)
        ]
        for step, (echo, kind) in enumerate([(5, 1), (5, 2), (9, 1), (9, 2)])
    ]
    every = shuffled([frame for step in steps for frame in step])
    enhanced(tmp_path / "a.dcm", every, extra=[dimension_index(PRIVATE)])
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.axes[0] == "echo"
    np.testing.assert_array_equal(vol.coords["echo_time"], [5, 5, 9, 9])
    np.testing.assert_array_equal(vol.coords["dimension_1_index"], [1, 2, 1, 2])
    np.testing.assert_array_equal(vol.array, [stored(step) for step in steps])


def test_two_private_dimensions_are_two_coordinates(tmp_path: Path) -> None:
    values = [(1, 1), (1, 2), (2, 1), (2, 2)]
    frames = [
        replace(frame, stored=frame.stored + 50 * step, dimension_values=value)
        for step, value in enumerate(values)
        for frame in stack_frames(3)
    ]
    enhanced(tmp_path / "a.dcm", shuffled(frames), extra=[dimension_index(PRIVATE, PRIVATE + 1)])
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.axes[0] == "dimension"
    coordinates = [vol.coords["dimension_1_index"], vol.coords["dimension_2_index"]]
    np.testing.assert_array_equal(np.transpose(coordinates), values)
    np.testing.assert_array_equal(vol.array.reshape(12, 5, 7), stored(frames))


def test_frame_that_lacks_on_a_dimension_is_reported(tmp_path: Path) -> None:
    frames = [
        replace(frame, dimension_values=(step,), stored=frame.stored + 50 * step)
        for step in (1, 2)
        for frame in stack_frames()
    ]
    enhanced(
        tmp_path / "a.dcm", shuffled(frames[:11] + frames[12:]), extra=[dimension_index(PRIVATE)]
    )
    (issue,) = refusal(tmp_path)
    assert (issue.kind, issue.cells) == ("incomplete_grid", [(1, 3)])


@pytest.mark.parametrize(
    ("values", "pointers"),
    [
        (
            [(place + 1, place * 2 + step) for step in range(2) for place in range(4)],
            [STACK_ID, PRIVATE],
        ),
        ([(1, step + 1) for step in range(2) for _ in range(4)], [STACK_ID, IN_STACK_POSITION]),
    ],
    ids=["other indices everywhere", "a number of places"],
)
def test_dimension_that_does_not_tell_frames_apart_is_not_an_axis(
    tmp_path: Path, values: Any, pointers: list[int]
) -> None:
    frames = [
        replace(frame, stored=frame.stored + 50 * step)
        for step in range(2)
        for frame in stack_frames(4)
    ]
    frames = numbered(frames, values)
    enhanced(tmp_path / "a.dcm", frames, extra=[dimension_index(*pointers)])
    (found,) = rd.find_series(tmp_path)
    assert found.axes[0] == "instance"
    assert kinds(found) == ["multiple_phases"]


@pytest.mark.parametrize(
    ("organizations", "is_comparable"),
    [(("2.25.1", "2.25.1"), True), (("2.25.1", "2.25.2"), False), ((None, None), False)],
    ids=["shared", "of each file", "not named"],
)
def test_indices_of_several_files_are_compared_if_they_share_their_organization(
    tmp_path: Path, organizations: tuple[str | None, str | None], is_comparable: bool
) -> None:
    """Frames of two adjacent files; an index need not mean the same in both."""
    stack = stack_frames(8)
    for number, organization in enumerate(organizations):
        frames = [
            replace(frame, stored=frame.stored + 50 * step, dimension_values=(step,))
            for frame in stack[4 * number : 4 * number + 4]
            for step in ((1, 2) if number == 0 else (2, 1))
        ]
        dimensions = dimension_index(PRIVATE, organization=organization)
        enhanced(
            tmp_path / f"{number}.dcm",
            frames,
            identity=Identity(instance_number=number + 1),
            extra=[dimensions],
        )
    (found,) = rd.find_series(tmp_path)
    assert found.axes[0] == ("dimension" if is_comparable else "instance")
    if is_comparable:
        vol = found.read(values="stored")
        np.testing.assert_array_equal(vol.array, [stored(stack) + 50, stored(stack) + 100])


@pytest.mark.parametrize(
    ("values", "is_error"),
    [
        ([(2, 1), (1, None)], True),
        ([(2, 1), (1, 1)], True),
        ([(1, 1), (2, 2)], False),
        ([(1, 2), (3, 4)], False),
        ([(1, 1), (1, 1)], False),
        ([(None, None), (None, None)], False),
    ],
    ids=[
        "one is unknown",
        "one twice",
        "an index of places",
        "others at each place",
        "nothing distinguished",
        "none",
    ],
)
def test_frames_whose_index_is_broken_are_not_counted_by_their_numbers(
    tmp_path: Path, values: list[tuple[int | None, int | None]], is_error: bool
) -> None:
    """The index would put the first frame of the first place last."""
    frames = [
        replace(
            frame,
            stored=frame.stored + 50 * step,
            dimension_values=None if value is None else (value,),
        )
        for frame, indices in zip(stack_frames(2), values, strict=True)
        for step, value in enumerate(indices)
    ]
    enhanced(tmp_path / "a.dcm", frames, extra=[dimension_index(PRIVATE)])
    (found,) = rd.find_series(tmp_path)
    assert kinds_and_errors(found) == [("multiple_phases", is_error)]
    if not is_error:
        assert found.axes[0] == "instance"


@pytest.mark.parametrize(
    ("times", "kinds_found"),
    [
        ([(2, 1), (1, 2)], []),
        ([(2, 1), (1, None)], [("multiple_phases", True)]),
        ([(None, None), (None, None)], [("multiple_phases", False)]),
    ],
    ids=["all", "one is unknown", "none"],
)
def test_frames_that_lost_their_time_are_not_counted_by_their_numbers(
    tmp_path: Path, times: list[tuple[int | None, int | None]], kinds_found: list[tuple[str, bool]]
) -> None:
    frames = [
        replace(frame, stored=frame.stored + 50 * step, temporal_position=time)
        for frame, of_place in zip(stack_frames(2), times, strict=True)
        for step, time in enumerate(of_place)
    ]
    enhanced(tmp_path / "a.dcm", frames)
    (found,) = rd.find_series(tmp_path)
    assert kinds_and_errors(found) == kinds_found


def test_damaged_dimensions_are_as_good_as_none(tmp_path: Path) -> None:
    frames = [replace(frame, dimension_values=(1, 1)) for frame in stack_frames()]
    damaged = Element(
        0x00209222, "SQ", b"\xfe\xff\x00\xe0\x08\x00\x00\x00" + b"\x20\x00\x65\x91AT\xff\x00"
    )
    enhanced(tmp_path / "a.dcm", frames, extra=[damaged])
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, stored(frames))


ENHANCED = [
    "neurolabusc__dcm_qa_enh/In/Siemens/XA10/6_1.dcm",
    "neurolabusc__dcm_qa_enh/In/Philips/IM_0027_fMAP.dcm",
    "fo-dicom__fo-dicom/Tests/FO-DICOM.Tests/Test Data/mr_brucker.dcm",
]


@needs_reference_data
@pytest.mark.parametrize("name", ENHANCED)
def test_numbers_of_real_files_order_them_as_positions_do(tmp_path: Path, name: str) -> None:
    """With its positions taken out a file makes the same array, or one that is turned round."""
    pydicom = pytest.importorskip("pydicom")
    expected = rd.read_series(REFERENCE_DATA / name, values="stored")
    ds = pydicom.dcmread(REFERENCE_DATA / name)
    for group in ds.PerFrameFunctionalGroupsSequence:
        del group.PlanePositionSequence
    ds.save_as(tmp_path / "a.dcm")
    vol = rd.read_series(tmp_path / "a.dcm", values="stored", irregular="keep")
    assert vol.axes == expected.axes
    array = np.asarray(vol.array)
    upright, turned = (np.array_equal(one, expected.array) for one in (array, np.flip(array, -3)))
    assert upright or turned
