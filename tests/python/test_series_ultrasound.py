"""Ultrasound volumes (PS3.3 §A.59): frames in volume coordinates, and of several data types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Element, Identity
from enhanced_builder import Encoding, Frame, enhanced, shuffled, stack_frames, stored
from findings import kinds, refusal
from series_builder import ORIGIN, PLANES, affine_of, normal_of

ENHANCED_US_VOLUME = "1.2.840.10008.5.1.4.1.1.6.2"
VOLUME_FRAME = Element(0x00209312, "UI", "2.25.500")
OBLIQUE = PLANES["oblique"]
# Across the planes, in coordinates of the volume; the first plane lies at its apex.
STEP = 1.5 * normal_of(OBLIQUE)


def volume_frames(count: int = 5, offset: int = 0, **attributes: Any) -> list[Frame]:
    """Frames that lie in their volume only."""
    return [
        replace(
            frame,
            position=None,
            orientation=None,
            rescale=None,
            stored=frame.stored + offset,
            volume_position=[float(value) for value in index * STEP],
            volume_orientation=list(OBLIQUE),
        )
        for index, frame in enumerate(stack_frames(count, **attributes))
    ]


def ultrasound(
    path: Path,
    frames: list[Frame],
    *,
    instance: int = 1,
    extra: Sequence[Element] = (VOLUME_FRAME,),
    **options: Any,
) -> Path:
    """Write an Enhanced US Volume of these frames, in another order."""
    identity = Identity(modality="US", sop_class=ENHANCED_US_VOLUME, instance_number=instance)
    return enhanced(path, shuffled(frames, 7), identity=identity, extra=extra, **options)


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG])
def test_planes_lie_in_coordinates_of_the_volume(tmp_path: Path, transfer_syntax: str) -> None:
    frames = volume_frames()
    ultrasound(tmp_path / "a.dcm", frames, encoding=Encoding(transfer_syntax))
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, stored(frames))
    np.testing.assert_allclose(
        vol.affine, affine_of((0, 0, 0), OBLIQUE, (0.75, 0.75), STEP), atol=1e-9
    )
    assert vol.spacing == pytest.approx((1.5, 0.75, 0.75))
    (issue,) = vol.report
    assert (issue.kind, issue.is_error) == ("volume_coordinates", False)
    assert "not of the patient" in issue.sentence


def test_shared_orientation_holds_for_every_plane(tmp_path: Path) -> None:
    frames = [
        replace(frame, volume_orientation=None, pixel_spacing=None) for frame in volume_frames()
    ]
    shared = replace(volume_frames(1)[0], volume_position=None)
    ultrasound(tmp_path / "a.dcm", frames, shared=shared)
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_allclose(
        vol.affine, affine_of((0, 0, 0), OBLIQUE, (0.75, 0.75), STEP), atol=1e-9
    )


def test_position_in_the_patient_is_better(tmp_path: Path) -> None:
    frames = [
        replace(frame, position=own.position, orientation=own.orientation)
        for frame, own in zip(volume_frames(), stack_frames(5), strict=True)
    ]
    ultrasound(tmp_path / "a.dcm", frames)
    vol = rd.read_series(tmp_path, values="stored")
    step = np.array([0.0, 0.0, 2.5])
    np.testing.assert_allclose(
        vol.affine, affine_of(ORIGIN, PLANES["axial"], (0.75, 0.75), step), atol=1e-9
    )
    assert kinds(vol) == []


@pytest.mark.parametrize("missing", ["volume_position", "volume_orientation"])
def test_orientation_of_the_patient_belongs_to_no_position_of_the_volume(
    tmp_path: Path, missing: str
) -> None:
    """Half of a plane is useless, even if the patient's coordinates have the other half."""
    frames = [
        replace(frame, orientation=PLANES["axial"], **{missing: None}) for frame in volume_frames()
    ]
    ultrasound(tmp_path / "a.dcm", frames)
    assert kinds(refusal(tmp_path)) == ["missing_position"]


def test_some_positions_in_the_patient_leave_others_without(tmp_path: Path) -> None:
    frames = volume_frames()
    own = stack_frames(5)[:4]
    patient = [
        replace(frame, position=one.position, orientation=one.orientation)
        for frame, one in zip(frames, own, strict=False)
    ]
    ultrasound(tmp_path / "a.dcm", [*patient, frames[4]])
    assert kinds(refusal(tmp_path)) == ["missing_position"]


@pytest.mark.parametrize("stated", ["offset", "index", "both"])
def test_volumes_over_time_have_an_axis(tmp_path: Path, stated: str) -> None:
    times = [
        volume_frames(
            offset=60 * time,
            temporal_offset=None if stated == "index" else 0.04 * time,
            temporal_position=None if stated == "offset" else time + 1,
        )
        for time in range(2)
    ]
    ultrasound(tmp_path / "a.dcm", [frame for time in times for frame in time])
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.axes == ("time", "slice", "row", "column")
    np.testing.assert_array_equal(vol.array, [stored(time) for time in times])
    if stated != "index":
        np.testing.assert_allclose(vol.coords["frame_reference_time"], [0, 40])
    if stated != "offset":
        np.testing.assert_array_equal(vol.coords["temporal_position"], [1, 2])
    assert kinds(vol) == ["volume_coordinates"]


def test_data_types_of_the_same_planes_are_an_axis(tmp_path: Path) -> None:
    tissue = volume_frames(data_type="TISSUE_INTENSITY")
    flow = volume_frames(offset=60, data_type="FLOW_VELOCITY")
    ultrasound(tmp_path / "a.dcm", [*tissue, *flow])
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.axes[0] == "data_type"
    assert list(vol.coords["data_type"]) == ["FLOW_VELOCITY", "TISSUE_INTENSITY"]
    np.testing.assert_array_equal(vol.array, [stored(flow), stored(tissue)])


def test_data_types_over_time(tmp_path: Path) -> None:
    steps = [
        volume_frames(offset=20 * step, data_type=kind, temporal_position=time)
        for step, (time, kind) in enumerate(
            (time, kind) for time in (1, 2) for kind in ("FLOW_POWER", "TISSUE")
        )
    ]
    ultrasound(tmp_path / "a.dcm", [frame for step in steps for frame in step])
    vol = rd.read_series(tmp_path, values="stored")
    assert vol.axes[0] == "time"
    np.testing.assert_array_equal(vol.coords["temporal_position"], [1, 1, 2, 2])
    assert list(vol.coords["data_type"]) == ["FLOW_POWER", "TISSUE"] * 2
    np.testing.assert_array_equal(vol.array, [stored(step) for step in steps])


@pytest.mark.parametrize(
    "flow_planes",
    [slice(1, None, 2), slice(4, None), slice(0, 2)],
    ids=["every other one", "after", "on two"],
)
def test_data_types_of_other_planes_are_stacks(tmp_path: Path, flow_planes: slice) -> None:
    """Also where planes of both would be one regular stack."""
    frames = volume_frames(8)
    flow = [replace(frame, data_type="FLOW_VELOCITY") for frame in frames[flow_planes]]
    there = set(range(8)[flow_planes])
    tissue_planes = (
        range(8)
        if flow_planes == slice(0, 2)
        else [index for index in range(8) if index not in there]
    )
    tissue = [
        replace(frames[index], data_type="TISSUE_INTENSITY", stored=frames[index].stored + 60)
        for index in tissue_planes
    ]
    ultrasound(tmp_path / "a.dcm", [*tissue, *flow])
    (found,) = rd.find_series(tmp_path)
    with pytest.raises(rd.IrregularSeriesError):
        found.read()
    expected = sorted([stored(tissue), stored(flow)], key=lambda one: int(one[0, 0, 0]))
    read = sorted(
        (stack.read(values="stored").array for stack in found.stacks),
        key=lambda one: int(one[0, 0, 0]),
    )
    assert len(read) == 2
    for one, other in zip(read, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_mixed_data_types_are_reported(tmp_path: Path) -> None:
    frames = [
        replace(frame, data_type=f"KIND_{index % 2}")
        for index, frame in enumerate(volume_frames(6))
    ]
    path = ultrasound(tmp_path / "a.dcm", frames)
    (found,) = rd.find_series(tmp_path)
    (issue,) = found.report.errors
    assert (issue.kind, issue.paths, issue.numbers) == (
        "mixed_data_type",
        [str(path)],
        {"slice_count": 3},
    )


def other_volume(path: Path, uid: str | None) -> list[Frame]:
    """Write the planes after those of `volume_frames` in a file of their own."""
    frames = volume_frames(10)[5:]
    extra = [] if uid is None else [Element(0x00209312, "UI", uid)]
    ultrasound(path, frames, instance=2, extra=extra)
    return frames


def test_files_of_one_frame_of_reference_are_one_volume(tmp_path: Path) -> None:
    frames = volume_frames()
    ultrasound(tmp_path / "a.dcm", frames)
    frames += other_volume(tmp_path / "b.dcm", "2.25.500")
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, stored(frames))
    assert kinds(vol) == ["volume_coordinates"]


@pytest.mark.parametrize("uid", ["2.25.501", None], ids=["another", "not named"])
def test_files_of_several_frames_of_reference_are_not(tmp_path: Path, uid: str | None) -> None:
    """Their Frame of Reference UID, which is the patient's, is the same."""
    ultrasound(tmp_path / "a.dcm", volume_frames())
    other_volume(tmp_path / "b.dcm", uid)
    (found,) = rd.find_series(tmp_path)
    with pytest.raises(rd.IrregularSeriesError):
        found.read()
    assert "mixed_frame_of_reference" in kinds(found)
    assert [stack.shape[0] for stack in found.stacks] == [5, 5]
    assert [kinds(stack) for stack in found.stacks] == [["volume_coordinates"]] * 2


@pytest.mark.parametrize("extra", [[VOLUME_FRAME], []], ids=["named", "not named"])
def test_coordinates_of_patient_and_volume_are_never_mixed(
    tmp_path: Path, extra: list[Element]
) -> None:
    ultrasound(tmp_path / "a.dcm", volume_frames(), extra=extra)
    further = [
        replace(frame, position=frame.volume_position, orientation=frame.volume_orientation)
        for frame in volume_frames(10)[5:]
    ]
    # Without a UID of its own, the patient's coordinates are taken for those of files that have
    # one.
    no_frame = Element(0x00200052, "UI", None)
    ultrasound(tmp_path / "b.dcm", further, instance=2, extra=[*extra, no_frame])
    (found,) = rd.find_series(tmp_path)
    with pytest.raises(rd.IrregularSeriesError):
        found.read()
    assert sorted(map(kinds, found.stacks)) == [[], ["volume_coordinates"]]


def test_nifti_image_does_not_claim_the_patient(tmp_path: Path) -> None:
    pytest.importorskip("nibabel")
    ultrasound(tmp_path / "a.dcm", volume_frames())
    image = rd.read_series(tmp_path).to_nibabel()
    assert [image.header[code].item() for code in ("sform_code", "qform_code")] == [2, 2]
    # NIfTI counts x and y the other way, whatever the coordinates are.
    np.testing.assert_allclose(image.affine[:3, 2], STEP * [-1, -1, 1], atol=1e-6)
