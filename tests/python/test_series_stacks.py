"""Series of several stacks: the series as a whole, and each stack by itself."""

from __future__ import annotations

import pickle
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from builder import UNREADABLE_FILE, Identity
from enhanced_builder import Frame, dimension_index, enhanced, rescaled, stack_frames
from findings import kinds
from rapidicom.cli import main
from series_builder import (
    ORIGIN,
    PLANES,
    Flaws,
    Numbering,
    Stack,
    affine_of,
    series,
    stored_pixels,
    two_stacks,
)

AXIAL = affine_of(ORIGIN, PLANES["axial"], (0.75, 0.75), np.array([0.0, 0.0, 2.5]))


def coronal_frames(count: int, **attributes: object) -> list[Frame]:
    """Frames of a coronal stack whose pixels differ from those of `stack_frames`."""
    return [
        Frame(
            stored_pixels(20 + index, (5, 7)),
            (ORIGIN[0], ORIGIN[1] + 3.0 * index, ORIGIN[2]),
            orientation=PLANES["coronal"],
            **attributes,  # type: ignore[arg-type]
        )
        for index in range(count)
    ]


def test_series_of_one_stack_is_its_own_stack(tmp_path: Path) -> None:
    series(tmp_path, Stack(phases=2))
    (found,) = rd.find_series(tmp_path)
    assert len(found.stacks) == 1
    assert found.stacks[0] is found


def test_two_planes_are_two_stacks(tmp_path: Path) -> None:
    axial, coronal = two_stacks(tmp_path)
    (found,) = rd.find_series(tmp_path)
    with pytest.raises(rd.IrregularSeriesError, match="2 stacks") as caught:
        found.read()
    assert kinds(caught.value) == ["mixed_orientation"]
    for stack, written in zip(found.stacks, (axial, coronal), strict=True):
        assert stack.uid == found.uid
        assert [Path(path) for path in stack.paths] == written.paths
        assert list(stack.report) == []
        vol = stack.read()
        np.testing.assert_array_equal(vol.array, written.modality_volume)
        np.testing.assert_allclose(vol.affine, written.affine, atol=1e-6)
    first = found.stacks[0]
    assert (first.paths, first.shape) == (found.paths, found.shape)
    np.testing.assert_array_equal(first.affine, found.affine)


def test_localizer_is_a_stack_of_its_own(tmp_path: Path) -> None:
    written = series(tmp_path, flaws=Flaws(localizer=True))
    (found,) = rd.find_series(tmp_path)
    assert kinds(found) == ["localizer"]
    slices, localizer = found.stacks
    np.testing.assert_array_equal(slices.read().array, written.modality_volume)
    (path,) = written.odd_paths
    assert [Path(path) for path in localizer.paths] == [path]
    np.testing.assert_array_equal(localizer.read().array[0], written.modality(path))


def test_stack_that_lacks_a_slice_raises_by_itself(tmp_path: Path) -> None:
    two_stacks(tmp_path, coronal=Flaws(missing=[3]))
    (found,) = rd.find_series(tmp_path)
    whole, lacking = found.stacks
    assert list(whole.report) == []
    assert kinds(lacking) == ["gap"]
    with pytest.raises(rd.IrregularSeriesError):
        lacking.read()


def test_unreadable_file_may_be_of_any_stack(tmp_path: Path) -> None:
    two_stacks(tmp_path, axial=Flaws(unreadable=7))
    (found,) = rd.find_series(tmp_path)
    for stack in found.stacks:
        with pytest.raises(rd.IrregularSeriesError):
            stack.read()


def test_what_may_be_of_any_stack_is_there_once(tmp_path: Path) -> None:
    """A thousand stacks share the findings about a thousand files that cannot be read."""
    two_stacks(tmp_path, axial=Flaws(unreadable=7))
    series(tmp_path / "coronal", numbering=Numbering(series=2))
    (tmp_path / "stray").write_bytes(UNREADABLE_FILE)
    several, other = rd.find_series(tmp_path)
    stacks = several.stacks
    assert [issue.is_error for issue in several.report][:2] == [True, False]
    for copied in (stacks, pickle.loads(pickle.dumps(several)).stacks):
        first, second = (list(stack.report) for stack in copied)
        assert len(first) == 2
        assert first == second
        assert all(a is b for a, b in zip(first, second, strict=True))
    assert next(iter(other.report)) is list(stacks[0].report)[1]


def test_copies_are_reported_in_the_stack_that_they_repeat(tmp_path: Path) -> None:
    _, coronal = two_stacks(tmp_path)
    copies = [tmp_path / f"copy{index}" for index in range(2)]
    for copy, path in zip(copies, coronal.paths, strict=False):
        copy.write_bytes(path.read_bytes())
    (found,) = rd.find_series(tmp_path)
    first, second = found.stacks
    assert list(first.report) == []
    (issue,) = second.report
    assert issue.kind == "duplicate_position"
    assert {Path(path) for path in issue.paths} == {*copies, *coronal.paths[:2]}
    assert issue in found.report.issues


def test_stacks_of_one_multi_frame_object(tmp_path: Path) -> None:
    """Frames of both stacks, shuffled, and the file in neither's report."""
    axial, coronal = stack_frames(stack_id="1"), coronal_frames(5, stack_id="2")
    frames = [*axial, *coronal]
    random.Random(5).shuffle(frames)
    path = enhanced(tmp_path / "a.dcm", frames)
    (found,) = rd.find_series(tmp_path)
    first, second = found.stacks
    np.testing.assert_array_equal(first.read().array, rescaled(axial))
    # Slices of a coronal stack rise along its normal, which runs to the front.
    vol = second.read()
    np.testing.assert_array_equal(
        vol.array, rescaled(coronal)[:: -1 if second.affine[1, 0] < 0 else 1]
    )
    assert kinds(second) == []
    assert first.paths == [str(path)] * 8
    assert sorted([*first.frames, *second.frames]) == list(range(13))


def test_parallel_stacks_of_one_object_part_by_stack_id(tmp_path: Path) -> None:
    """As of a spine scanned disc by disc: no step fits all of them."""
    lower = stack_frames(4, stack_id="1")
    upper = [
        replace(
            one, stack_id="2", stored=one.stored + 50, position=(*ORIGIN[:2], 40.0 + 3.3 * index)
        )
        for index, one in enumerate(stack_frames(3))
    ]
    enhanced(tmp_path / "a.dcm", [*lower, *upper])
    (found,) = rd.find_series(tmp_path)
    with pytest.raises(rd.IrregularSeriesError):
        found.read()
    first, second = found.stacks
    np.testing.assert_array_equal(first.read().array, rescaled(lower))
    np.testing.assert_allclose(first.affine, AXIAL, atol=1e-9)
    np.testing.assert_array_equal(second.read().array, rescaled(upper))
    assert second.spacing[0] == pytest.approx(3.3)


def test_stacks_of_a_pickled_series(tmp_path: Path) -> None:
    axial, coronal = two_stacks(tmp_path)
    copied = pickle.loads(pickle.dumps(rd.find_series(tmp_path)[0]))
    for stack, written in zip(copied.stacks, (axial, coronal), strict=True):
        np.testing.assert_array_equal(stack.read().array, written.modality_volume)
    alone = pickle.loads(pickle.dumps(rd.find_series(tmp_path / "axial")[0]))
    assert alone.stacks == [alone]


@pytest.mark.parametrize("seed", range(60))
def test_every_frame_is_in_one_stack(tmp_path: Path, seed: int) -> None:
    """Random frames in random files: what is in no stack is named in a report with its file."""
    chance = random.Random(seed)
    paths, frames_of = [], {}
    for number in range(chance.randint(1, 3)):
        frames = [
            Frame(
                stored_pixels(index, (5, 7)),
                None if seed % 5 == 4 else (0.0, 0.0, chance.choice([1.0, 2.0, 3.0, 4.0, 4.5])),
                orientation=PLANES[chance.choice(["axial", "axial", "coronal"])],
                pixel_spacing=chance.choice([(0.75, 0.75), (0.75, 0.75), (0.5, 0.5)]),
                stack_id=chance.choice(["1", "2"]),
                frame_type=["ORIGINAL", "PRIMARY", "VOLUME", chance.choice(["NONE", "MINIP"])],
                data_type=chance.choice([None, "TISSUE_INTENSITY", "FLOW_VELOCITY"])
                if seed % 2
                else None,
                in_stack_position=chance.randint(1, 3),
                dimension_values=(chance.randint(1, 2), chance.randint(1, 2)),
            )
            for index in range(chance.randint(1, 9))
        ]
        dimensions = dimension_index(0x00209056, 0x20051011)
        path = enhanced(
            tmp_path / f"{number}.dcm",
            frames,
            identity=Identity(instance_number=number + 1),
            extra=[dimensions],
        )
        paths.append(str(path))
        frames_of[str(path)] = len(frames)
    (found,) = rd.find_series(tmp_path)
    read: list[tuple[str, int]] = []
    for stack in found.stacks:
        there = [place for place in stack.report.slices if place is not None]
        assert there == list(zip(stack.paths, stack.frames, strict=True))
        read += there
    assert len(set(read)) == len(read)
    named = {path for one in (found, *found.stacks) for issue in one.report for path in issue.paths}
    for path, count in frames_of.items():
        missing = {(path, frame) for frame in range(count)} - set(read)
        assert not missing or path in named
    left_out = sum(
        issue.numbers.get("left_out_count", 0) for stack in found.stacks for issue in stack.report
    )
    assert left_out == sum(frames_of.values()) - len(read)


def test_command_line_shows_stacks_and_reads_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, coronal = two_stacks(tmp_path / "in")
    assert main(["series", str(tmp_path / "in")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [
        line.split()[0] for line in lines[:6] if line.split() and line.split()[0][0] == "1"
    ] == [
        "1",
        "1.1",
        "1.2",
    ]
    output = tmp_path / "out.npy"
    assert main(["convert", str(tmp_path / "in"), str(output), "--series", "1.2"]) == 0
    np.testing.assert_array_equal(np.load(output), coronal.modality_volume)


def test_command_line_prints_findings_of_any_stack_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two_stacks(tmp_path, axial=Flaws(unreadable=7), coronal=Flaws(missing=[3]))
    assert main(["series", str(tmp_path)]) == 0
    output = capsys.readouterr().out
    assert output.count("unreadable:") == 1
    assert "series 1.2:\n  gap:" in output
