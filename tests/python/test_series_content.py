"""Series that are several under one UID: other patients, modalities, units, kernels, energies.

What belongs together stays together: passes of a scanner, slices with a scale of their own, phases,
echoes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import PATIENT_NAME, Element, Identity, Plane, file_bytes, image
from enhanced_builder import Frame, enhanced, stack_frames
from findings import kinds, refusal

KERNEL, KVP, UNITS, PATIENT_ID = 0x00181210, 0x00180060, 0x00541001, 0x00100020
VRS = {
    KERNEL: "SH",
    KVP: "DS",
    UNITS: "CS",
    PATIENT_ID: "LO",
    0x00080008: "CS",
    0x00080016: "UI",
    0x00080022: "DA",
    0x0008002A: "DT",
    0x00080032: "TM",
    0x00080033: "TM",
    0x00080060: "CS",
    0x00100010: "PN",
    0x00100021: "LO",
    0x00100030: "DA",
    0x00180050: "DS",
    0x00180081: "DS",
    0x00181060: "DS",
    0x00181100: "DS",
    0x00181151: "IS",
    0x00181152: "IS",
    0x00185100: "CS",
    0x0018937C: "FD",
    0x00189315: "CS",
    0x00181314: "DS",
    0x0020000D: "UI",
    0x00200011: "IS",
    0x00200012: "IS",
    0x00200100: "IS",
    0x00281053: "DS",
    0x00281054: "LO",
    0x00541102: "CS",
    0x00541103: "LO",
    0x00541300: "DS",
    0x00541321: "DS",
}


@dataclass(frozen=True)
class Shot:
    """An image before it is written: its height in mm, its pixels, and further elements."""

    height: float
    value: int
    elements: dict[int, Any]


def write(folder: Path, shots: Sequence[Shot], modality: str = "CT") -> Path:
    """Write each image into a file of one series, numbered in this order."""
    folder.mkdir(exist_ok=True)
    for number, shot in enumerate(shots):
        identity = Identity(
            modality=modality, sop_instance=f"2.25.{number + 10}", instance_number=number + 1
        )
        elements = image(
            np.full((4, 6), shot.value, np.uint16),
            plane=Plane(position=(0.0, 0.0, shot.height), pixel_spacing=(2.0, 3.0)),
            identity=identity,
            extra=[Element(tag, VRS[tag], value) for tag, value in shot.elements.items()],
        )
        # Names of files do not sort as slices do.
        (folder / f"{number * 37 % 101:03}").write_bytes(file_bytes(elements))
    return folder


def appended(first: dict[int, Any], second: dict[int, Any]) -> list[Shot]:
    """Five slices of the first, and five of the second where they would go on."""
    return [
        Shot(2.0 * index, 10 if index < 5 else 500, first if index < 5 else second)
        for index in range(10)
    ]


def interleaved(first: dict[int, Any], second: dict[int, Any]) -> list[Shot]:
    """Slices of the first at every other position, and of the second between."""
    return [
        Shot(2.0 * index, 500 if index % 2 else 10, second if index % 2 else first)
        for index in range(10)
    ]


def both_everywhere(first: dict[int, Any], second: dict[int, Any]) -> list[Shot]:
    """A slice of the first and one of the second at each of five positions."""
    return [
        Shot(2.0 * index, value, elements)
        for value, elements in ((10, first), (500, second))
        for index in range(5)
    ]


LAYOUTS = [appended, interleaved, both_everywhere]

# What tells the two apart: the elements of each, and the keyword that the report names.
TWO: dict[str, tuple[dict[int, Any], dict[int, Any], str]] = {
    "patient": ({}, {PATIENT_ID: "Secret-2"}, "PatientID"),
    "name": ({}, {0x00100010: "Secret^Other"}, "PatientName"),
    "birth date": ({0x00100030: "19500101"}, {0x00100030: "19600101"}, "PatientBirthDate"),
    "issuer": ({0x00100021: "SecretA"}, {0x00100021: "SecretB"}, "IssuerOfPatientID"),
    "modality": ({}, {0x00080060: "PT"}, "Modality"),
    "SOP Class": ({}, {0x00080016: "1.2.840.10008.5.1.4.1.1.128"}, "SOPClassUID"),
    "units": ({UNITS: "BQML"}, {UNITS: "GML"}, "Units"),
    "rescale type": ({0x00281054: "HU"}, {0x00281054: "US"}, "RescaleType"),
    "decay correction": ({0x00541102: "START"}, {0x00541102: "NONE"}, "DecayCorrection"),
    "method": ({0x00541103: "OSEM"}, {0x00541103: "FBP"}, "ReconstructionMethod"),
    "kernel": ({KERNEL: "SOFT"}, {KERNEL: "BONE"}, "ConvolutionKernel"),
    "kernel of two values": ({KERNEL: ["Br40", "3"]}, {KERNEL: ["Br40", "4"]}, "ConvolutionKernel"),
    "energy": ({KVP: "80"}, {KVP: "140"}, "KVP"),
    "monoenergetic": ({0x0018937C: 40.0}, {0x0018937C: 70.0}, "MonoenergeticEnergyEquivalent"),
    "diameter": ({0x00181100: "250"}, {0x00181100: "350"}, "ReconstructionDiameter"),
    "algorithm": ({0x00189315: "FILTER_BACK_PROJ"}, {0x00189315: "ITERATIVE"},
                  "ReconstructionAlgorithm"),
    "prone": ({0x00185100: "HFS"}, {0x00185100: "HFP"}, "PatientPosition"),
    "series number": ({0x00200011: 3}, {0x00200011: 4}, "SeriesNumber"),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
@pytest.mark.parametrize(("first", "second", "keyword"), TWO.values(), ids=TWO)
def test_two_volumes_under_one_uid_are_two_stacks(
    tmp_path: Path,
    first: dict[int, Any],
    second: dict[int, Any],
    keyword: str,
    layout: Callable[[dict[int, Any], dict[int, Any]], list[Shot]],
) -> None:
    write(tmp_path, layout(first, second))
    report = refusal(tmp_path)
    assert kinds(report.errors) == ["mixed_content"]
    (issue,) = report.errors
    assert keyword in issue.sentence
    for private in ("Secret", PATIENT_NAME, "19500101", "BONE", "GML"):
        assert private not in str(report)

    (found,) = rd.find_series(tmp_path)
    assert [list(stack.report) for stack in found.stacks] == [[], []]
    values = [np.unique(stack.read().array).tolist() for stack in found.stacks]
    assert sorted(values) == [[10], [500]]
    assert [stack.shape for stack in found.stacks] == [(5, 4, 6)] * 2
    # The best volume is that of one of them, never a blend.
    assert len(np.unique(rd.read_series(tmp_path, irregular="keep").array)) == 1


def test_a_few_slices_of_another_patient_are_an_error_too(tmp_path: Path) -> None:
    shots = [Shot(2.0 * index, 10, {}) for index in range(20)]
    write(tmp_path, [*shots, Shot(400.0, 500, {PATIENT_ID: "Secret-2"})])
    assert kinds(refusal(tmp_path).errors) == ["mixed_content"]
    vol = rd.read_series(tmp_path, irregular="keep")
    assert (vol.shape, np.unique(vol.array).tolist()) == ((20, 4, 6), [10])


def test_three_kernels_are_three_stacks(tmp_path: Path) -> None:
    kernels = ["SOFT", "BONE", "LUNG"]
    shots = [
        Shot(2.0 * index, 100 * which, {KERNEL: kernel})
        for which, kernel in enumerate(kernels)
        for index in range(4)
    ]
    write(tmp_path, shots)
    (found,) = rd.find_series(tmp_path)
    values = [np.unique(stack.read().array).tolist() for stack in found.stacks]
    assert sorted(values) == [[0], [100], [200]]


def test_studies_under_one_uid_are_stacks(tmp_path: Path) -> None:
    write(tmp_path, appended({0x0020000D: "2.25.8"}, {0x0020000D: "2.25.9"}))
    assert kinds(refusal(tmp_path).errors) == ["mixed_study"]
    (found,) = rd.find_series(tmp_path)
    assert [np.unique(stack.read().array).tolist() for stack in found.stacks] == [[10], [500]]


@pytest.mark.parametrize("layout", [appended, interleaved], ids=lambda layout: layout.__name__)
@pytest.mark.parametrize(
    ("first", "second"),
    [(["M"], ["P"]), (["M_FFE", "M", "FFE"], ["P_FFE", "P", "FFE"]), (["DET_A"], ["DET_B"]),
     (["AXIAL", "MONO_40KEV"], ["AXIAL", "MONO_70KEV"])],
    ids=["phase", "Philips", "detectors", "energies"],
)  # fmt: skip
def test_values_of_another_kind_are_not_blended(
    tmp_path: Path,
    first: list[str],
    second: list[str],
    layout: Callable[[dict[int, Any], dict[int, Any]], list[Shot]],
) -> None:
    types = [{0x00080008: ["ORIGINAL", "PRIMARY", *own]} for own in (first, second)]
    write(tmp_path, layout(*types), "MR")
    report = refusal(tmp_path)
    assert kinds(report.errors) == ["mixed_content"]
    assert "ImageType" in report.errors[0].sentence
    (found,) = rd.find_series(tmp_path)
    assert [np.unique(stack.read().array).tolist() for stack in found.stacks] == [[10], [500]]


# What differs among slices of one volume, by the number of the slice.
TOGETHER: dict[str, Callable[[int], dict[int, Any]]] = {
    "passes": lambda n: {
        0x00200012: 1 + n // 5,
        0x00080032: f"1000{n // 5 * 30:02}",
        0x00181151: 100 + 50 * (n // 5),
        0x00181152: 200 + n,
    },
    "acquisitions that interleave": lambda n: {0x00200012: 1 + n % 2, 0x00181151: 100 + n},
    "scales": lambda n: {0x00281053: f"{1 + n / 10}", 0x00541321: f"{1 + n / 100}", UNITS: "BQML"},
    "echo times that are rounded": lambda n: {0x00180081: f"{30 + n % 2 / 1000}"},
    "energies that are rounded": lambda n: {KVP: ["120", "120.0", "119.9"][n % 3]},
    "text with blanks": lambda n: {KERNEL: ["B31f", " B31f "][n % 2]},
    "kernels that some lack": lambda n: {KERNEL: ["B31f", None][n % 2]},
    "a name in two ways": lambda n: {0x00100010: ["SECRET^SOMEBODY^^", PATIENT_NAME][n % 2]},
    "a number for each slice": lambda n: {0x00200011: n + 1},
    "filters": lambda n: {0x00080008: ["ORIGINAL", "PRIMARY", "M", ["ND", "NORM"][n % 2]]},
}


@pytest.mark.parametrize("elements", TOGETHER.values(), ids=TOGETHER)
def test_what_belongs_together_stays_together(
    tmp_path: Path, elements: Callable[[int], dict[int, Any]]
) -> None:
    write(tmp_path, [Shot(2.0 * n, 10 * n, elements(n)) for n in range(10)])
    (found,) = rd.find_series(tmp_path)
    assert len(found.stacks) == 1
    assert found.report.errors == []
    vol = found.read(values="stored")
    np.testing.assert_array_equal(vol.array[:, 0, 0], 10 * np.arange(10))


AXES: dict[str, tuple[int, Callable[[int], str]]] = {
    "echo": (0x00180081, lambda n: f"{5 + n}"),
    "trigger_time": (0x00181060, lambda n: f"{70 * n}"),
}


@pytest.mark.parametrize("axis", AXES)
def test_axes_stay_axes(tmp_path: Path, axis: str) -> None:
    tag, value = AXES[axis]
    shots = [Shot(2.0 * n, 100 * t + n, {tag: value(t)}) for t in range(3) for n in range(4)]
    write(tmp_path, shots, "MR")
    vol = rd.read_series(tmp_path)
    assert (vol.axes[0], vol.shape, list(vol.report)) == (axis, (3, 4, 4, 6), [])


def test_localizer_of_another_kernel_is_a_note(tmp_path: Path) -> None:
    localizer = {0x00080008: ["ORIGINAL", "PRIMARY", "LOCALIZER"], KERNEL: "T20s"}
    slices = [Shot(2.0 * n, n, {KERNEL: "B31f"}) for n in range(6)]
    write(tmp_path, [*slices, Shot(0.0, 900, localizer)])
    vol = rd.read_series(tmp_path)
    assert (vol.shape, kinds(vol)) == ((6, 4, 6), ["localizer"])


# What tells the volumes of a series apart, by the number of the volume; the name of the axis.
TELLING: dict[str, tuple[Callable[[int], dict[int, Any]], str]] = {
    "temporal position": (lambda t: {0x00200100: t + 1}, "time"),
    "echo time": (lambda t: {0x00180081: f"{5 + 5 * t}"}, "echo"),
    "trigger time": (lambda t: {0x00181060: f"{70 * t}"}, "trigger_time"),
    "acquisition": (lambda t: {0x00200012: t + 1}, "acquisition"),
    "echo and flip angle": (
        lambda t: {0x00180081: f"{5 + t % 2}", 0x00181314: f"{10 + t // 2}"},
        "echo",
    ),
}

# (volumes, slices, the places (volume, slice) without an image)
INTERRUPTED: dict[str, tuple[int, int, list[tuple[int, int]]]] = {
    "half of the last": (10, 4, [(9, 2), (9, 3)]),
    "one of the last": (10, 4, [(9, 1), (9, 2), (9, 3)]),
    "the last but one": (10, 4, [(9, 3)]),
    "half of the first": (10, 4, [(0, 0), (0, 1)]),
    "one in the middle": (5, 4, [(2, 1)]),
    "several": (6, 5, [(1, 1), (2, 2), (3, 3), (4, 4), (5, 0)]),
    "half of two": (2, 4, [(1, 2), (1, 3)]),
    "half of the first of two": (2, 4, [(0, 0), (0, 1)]),
}


@pytest.mark.parametrize(("elements", "axis"), TELLING.values(), ids=TELLING)
@pytest.mark.parametrize(("volumes", "slices", "missing"), INTERRUPTED.values(), ids=INTERRUPTED)
def test_interrupted_series_have_places_without_an_image(
    tmp_path: Path,
    volumes: int,
    slices: int,
    missing: list[tuple[int, int]],
    elements: Callable[[int], dict[int, Any]],
    axis: str,
) -> None:
    shots = [
        Shot(2.0 * z, 100 * t + z, elements(t))
        for t in range(volumes)
        for z in range(slices)
        if (t, z) not in missing
    ]
    write(tmp_path, shots, "MR")
    report = refusal(tmp_path)
    assert kinds(report) == ["incomplete_grid"]
    vol = rd.read_series(tmp_path, irregular="keep", fill=-1)
    assert (vol.axes[0], vol.shape) == (axis, (volumes, slices, 4, 6))
    # The axis counts by its attributes, which need not be in the order of the volumes.
    order = sorted(range(volumes), key=lambda t: [float(v) for v in elements(t).values()])
    expected = [[-1 if (t, z) in missing else 100 * t + z for z in range(slices)] for t in order]
    np.testing.assert_array_equal(vol.array[:, :, 0, 0], expected)
    assert sorted(report.issues[0].cells) == sorted((order.index(t), z) for t, z in missing)


def test_a_slice_that_was_taken_again_is_a_duplicate(tmp_path: Path) -> None:
    shots = [Shot(2.0 * z, z, {0x00200012: 1}) for z in range(8)]
    write(tmp_path, [*shots, Shot(6.0, 500, {0x00200012: 2})])
    assert kinds(refusal(tmp_path)) == ["duplicate_position"]


def clock(second: float) -> str:
    """Write seconds since midnight as a TM."""
    return f"{int(second // 3600):02}{int(second // 60 % 60):02}{second % 60:09.6f}"


# The elements that say when an image of a phase and a slice was taken; the name of the axis.
MOMENTS: dict[str, tuple[Callable[[int, int], dict[int, Any]], str, str]] = {
    "acquisition time": (
        lambda t, z: {0x00080032: clock(36000 + 4 * t + z)}, "time", "acquisition_time",
    ),
    "slice by slice": (
        lambda t, z: {0x00080032: clock(36000 + 10 * z + t)}, "time", "acquisition_time",
    ),
    "across midnight": (
        lambda t, z: {
            0x00080022: "20240229" if 4 * t + z < 6 else "20240301",
            0x00080032: clock((86394 + 4 * t + z) % 86400),
        },
        "time", "acquisition_time",
    ),
    "phases across midnight": (
        lambda t, z: {
            0x00080022: ("20240229", "2024.02.29", "20240301")[t],
            0x00080032: ("235950", "235958", "000006")[t],
        },
        "time", "acquisition_time",
    ),
    "days that run against the times of day": (
        lambda t, z: {0x00080022: f"2024022{t}", 0x00080032: clock(36000 - t)},
        "time", "acquisition_time",
    ),
    "a time of day beside the day": (
        lambda t, z: {
            0x0008002A: ("20240229235950", "20240229235958", "20240301000006")[t],
            0x00080032: ("235950", "235958", "000006")[t],
        },
        "time", "acquisition_time",
    ),
    "date and time": (
        lambda t, z: {0x0008002A: "20240229" + clock(36000 + 4 * t + z) + "+0100"},
        "time", "acquisition_time",
    ),
    "content time": (lambda t, z: {0x00080033: clock(100 + 4 * t + z)}, "time", "content_time"),
    "trigger time": (
        lambda t, z: {0x00181060: f"{70 * t + z / 8}"}, "trigger_time", "trigger_time",
    ),
    "frame reference time": (
        lambda t, z: {0x00541300: f"{1000 * t + z}"}, "time", "frame_reference_time",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("elements", "axis", "coordinate"), MOMENTS.values(), ids=MOMENTS)
def test_phases_are_in_the_order_of_their_times(
    tmp_path: Path, elements: Callable[[int, int], dict[int, Any]], axis: str, coordinate: str
) -> None:
    # Numbers run against the times.
    shots = [
        Shot(2.0 * z, 100 * t + z, elements(t, z)) for t in reversed(range(3)) for z in range(4)
    ]
    write(tmp_path, shots, "MR")
    vol = rd.read_series(tmp_path)
    assert (vol.axes[0], list(vol.report)) == (axis, [])
    expected = [[100 * t + z for z in range(4)] for t in range(3)]
    np.testing.assert_array_equal(vol.array[:, :, 0, 0], expected)
    times = vol.coords[coordinate]
    assert np.all(np.diff(times) > 0)


@pytest.mark.parametrize("slice_seconds", [0, 1], ids=["one time a phase", "slice by slice"])
@pytest.mark.parametrize("door", ["date and time", "both", "frames"])
def test_times_count_from_the_midnight_before_the_first(
    tmp_path: Path, door: str, slice_seconds: int
) -> None:
    def moment(t: int, z: int) -> str:
        second = 86390.123457 + 8 * t + slice_seconds * z
        return ("20240229" if second < 86400 else "20240301") + clock(second % 86400)

    if door == "frames":
        frames = [
            Frame(
                np.full((4, 6), 100 * t + z, np.uint16),
                (0.0, 0.0, 2.0 * z),
                rescale=None,
                acquired=moment(t, z),
            )
            for t in reversed(range(3))
            for z in range(4)
        ]
        enhanced(tmp_path / "1.dcm", frames)
    else:
        shots = [
            Shot(
                2.0 * z,
                100 * t + z,
                {0x00080022: moment(t, z)[:8], 0x00080032: moment(t, z)[8:]}
                if door == "both"
                else {0x0008002A: moment(t, z)},
            )
            for t in reversed(range(3))
            for z in range(4)
        ]
        write(tmp_path, shots, "MR")
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.array[:, 0, 0, 0], [0, 100, 200])
    times = vol.coords["acquisition_time"]
    assert times.tolist() == [86390.123457, 86398.123457, 86406.123457]


def test_times_of_which_some_lack_their_day_order_nothing(tmp_path: Path) -> None:
    shots = [
        Shot(
            2.0 * z,
            100 * t + z,
            {0x00080032: clock(36000 + 8 * t)} | ({0x00080022: "20240229"} if t < 2 else {}),
        )
        for t in range(3)
        for z in range(4)
    ]
    write(tmp_path, shots, "MR")
    vol = rd.read_series(tmp_path)
    assert (vol.axes[0], kinds(vol)) == ("instance", ["multiple_phases"])
    np.testing.assert_array_equal(vol.array[:, 0, 0, 0], [0, 100, 200])
    assert vol.coords["acquisition_time"].tolist() == [36000, 36008, 36016]


# The elements of an image of a phase and a slice, with a time of its own; the coordinate.
SLICEWISE: dict[str, tuple[Callable[[int, int], dict[int, Any]], str]] = {
    "acquisition": (lambda t, z: {0x00080032: clock(36000 + 4 * t + z)}, "acquisition_time"),
    "content": (lambda t, z: {0x00080033: clock(36000 + 4 * t + z)}, "content_time"),
    "trigger": (lambda t, z: {0x00181060: f"{t * (50 + z)}"}, "trigger_time"),
}


@pytest.mark.parametrize("last", [1, 2, 3])
@pytest.mark.parametrize(("elements", "coordinate"), SLICEWISE.values(), ids=SLICEWISE)
def test_an_interrupted_series_with_times_of_slices_is_incomplete(
    tmp_path: Path, elements: Callable[[int, int], dict[int, Any]], coordinate: str, last: int
) -> None:
    shots = [
        Shot(2.0 * z, 100 * t + z, elements(t, z))
        for t in range(10)
        for z in range(4 if t < 9 else last)
    ]
    write(tmp_path, shots, "MR")
    assert kinds(refusal(tmp_path)) == ["incomplete_grid"]
    vol = rd.read_series(tmp_path, irregular="keep", fill=7)
    expected = [[100 * t + z if t < 9 or z < last else 7 for z in range(4)] for t in range(10)]
    np.testing.assert_array_equal(vol.array[:, :, 0, 0], expected)
    assert np.all(np.diff(vol.coords[coordinate]) > 0)


@pytest.mark.parametrize("lost", [0, 4])
def test_an_image_that_is_not_the_last_is_given_no_other_place(tmp_path: Path, lost: int) -> None:
    shots = [
        Shot(2.0 * z, 100 * t + z, {0x00080032: clock(36000 + 4 * t + z)})
        for t in range(10)
        for z in range(4)
        if (t, z % 2) != (lost, 1)
    ]
    write(tmp_path, shots, "MR")
    assert set(kinds(refusal(tmp_path))) == {"duplicate_position"}


# Times in seconds of a phase and a slice, of which some are the same; the axis of the phases.
COINCIDENCES: dict[str, tuple[Callable[[int, int], float], str]] = {
    "one time at a position": (lambda t, z: z + (4 * t if z else 0), "instance"),
    "two of one time": (lambda t, z: 0 if z == 2 and t < 2 else 8 * t + z, "instance"),
    "positions behind others": (lambda t, z: 4 * t + 4 * (z // 2), "time"),
    "every other position behind": (lambda t, z: 4 * t + 4 * (z % 2), "time"),
    "slower at each position": (lambda t, z: 1 + t * (1 + z), "time"),
}


@pytest.mark.parametrize(("second", "axis"), COINCIDENCES.values(), ids=COINCIDENCES)
def test_numbers_tell_apart_images_of_one_time_and_times_order_them(
    tmp_path: Path, second: Callable[[int, int], float], axis: str
) -> None:
    shots = [
        Shot(2.0 * z, 100 * t + z, {0x00080032: clock(36000 + second(t, z))})
        for t in reversed(range(3))
        for z in range(4)
    ]
    write(tmp_path, shots, "MR")
    vol = rd.read_series(tmp_path)
    assert (vol.axes[0], kinds(vol)) == (axis, ["multiple_phases"])
    assert "the numbers run against these" in " ".join(str(vol.report).split())
    expected = [[100 * t + z for z in range(4)] for t in range(3)]
    np.testing.assert_array_equal(vol.array[:, :, 0, 0], expected)


def test_times_of_another_order_at_each_position_leave_the_numbers(tmp_path: Path) -> None:
    shots = [
        Shot(2.0 * z, 100 * t + z, {0x00080032: clock(36000 + 10 * (z // 2) + (t, 4 - t)[z % 2])})
        for t in range(3)
        for z in range(4)
    ]
    write(tmp_path, shots, "MR")
    vol = rd.read_series(tmp_path)
    assert (vol.axes[0], kinds(vol)) == ("instance", ["multiple_phases"])
    text = " ".join(str(vol.report).split())
    assert "although their times have other orders at other positions" in text
    np.testing.assert_array_equal(vol.array[:, 0, 0, 0], [0, 100, 200])


def test_phases_of_several_echoes_are_in_the_order_of_their_times(tmp_path: Path) -> None:
    # Both echoes have one time, and numbers run against it.
    shots = [
        Shot(
            2.0 * z,
            1000 * echo + 100 * t + z,
            {0x00180081: f"{5 + echo}", 0x00080032: clock(36000 + 8 * t + z)},
        )
        for t in reversed(range(3))
        for echo in range(2)
        for z in range(4)
    ]
    write(tmp_path, shots, "MR")
    vol = rd.read_series(tmp_path)
    assert (vol.axes[0], kinds(vol)) == ("echo", [])
    np.testing.assert_array_equal(vol.array[:, 0, 0, 0], [0, 100, 200, 1000, 1100, 1200])
    assert vol.coords["echo_time"].tolist() == [5, 5, 5, 6, 6, 6]
    assert vol.coords["acquisition_time"].tolist() == [36000, 36008, 36016] * 2


def test_times_of_different_ranks_at_different_positions_are_not_ranked(tmp_path: Path) -> None:
    # Each position lacks another of four phases, so that none is whole.
    shots = [
        Shot(2.0 * z, 100 * t + z, {0x00181060: f"{70 * t}"})
        for z in range(4)
        for t in range(4)
        if t != z
    ]
    write(tmp_path, shots, "MR")
    vol = rd.read_series(tmp_path)
    # Their numbers are all that is left, and the report says so.
    assert (vol.axes[0], kinds(vol)) == ("instance", ["multiple_phases"])


ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"


def enhanced_ct(path: Path, frames: list[Frame], number: int = 1, **options: Any) -> Path:
    """Write an Enhanced CT image."""
    identity = Identity(modality="CT", sop_class=ENHANCED_CT, instance_number=number)
    return enhanced(path, frames, identity=identity, **options)


@pytest.mark.parametrize("is_interleaved", [True, False], ids=["interleaved", "behind"])
@pytest.mark.parametrize(
    ("first", "second", "keyword"),
    [
        ({"kernel": "SOFT"}, {"kernel": "BONE"}, "ConvolutionKernel"),
        ({"kvp": 80.0}, {"kvp": 140.0}, "KVP"),
    ],
    ids=["kernel", "energy"],
)
def test_frames_of_another_kernel_or_energy_are_another_volume(
    tmp_path: Path,
    first: dict[str, Any],
    second: dict[str, Any],
    keyword: str,
    is_interleaved: bool,
) -> None:
    """Of one file, as those of several files are."""
    frames = stack_frames(8)
    is_first = [k % 2 == 0 if is_interleaved else k < 4 for k in range(8)]
    made = [
        replace(frame, **(first if belongs else second))
        for frame, belongs in zip(frames, is_first, strict=True)
    ]
    enhanced_ct(tmp_path / "a.dcm", made)
    report = refusal(tmp_path)
    (issue,) = (issue for issue in report.errors if issue.kind == "mixed_content")
    assert keyword in issue.sentence
    (series,) = rd.find_series(tmp_path)
    for stack, belongs in zip(series.stacks, (True, False), strict=True):
        expected = [
            frame.stored for frame, one in zip(made, is_first, strict=True) if one == belongs
        ]
        np.testing.assert_array_equal(stack.read(values="stored").array, expected)


def test_files_of_another_kernel_in_their_shared_groups_are_other_volumes(tmp_path: Path) -> None:
    frames = stack_frames(8)
    for number, (part, kernel) in enumerate([(frames[:4], "SOFT"), (frames[4:], "BONE")]):
        nothing = Frame(part[0].stored, None, None, None, None, kernel=kernel)
        enhanced_ct(tmp_path / f"{number}", part, number, shared=nothing)
    assert "mixed_content" in kinds(refusal(tmp_path).errors)


@pytest.mark.parametrize(
    "of_frames",
    [
        [{"kernel": "SOFT"}] * 8,
        [{"kernel": "SOFT"}, *[{}] * 7],
        [{"kvp": 120.0}, *[{"kvp": 120.4}] * 7],
        [{"kernel": " SOFT"}, *[{"kernel": "SOFT "}] * 7],
    ],
    ids=["one", "of one frame", "measured", "blanks"],
)
def test_frames_of_one_kernel_and_energy_stay_together(
    tmp_path: Path, of_frames: list[dict[str, Any]]
) -> None:
    frames = stack_frames(8)
    made = [replace(frame, **own) for frame, own in zip(frames, of_frames, strict=True)]
    enhanced_ct(tmp_path / "a.dcm", made)
    vol = rd.read_series(tmp_path)
    assert vol.shape == (8, 5, 7)
    assert vol.report.issues == []
