"""Never silently wrong: each irregularity is right in the volume, reported, or an error."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from builder import UNREADABLE_FILE
from findings import kinds, paths_of, refusal
from series_builder import Flaws, Numbering, Pixels, Stack, Written, series, two_stacks

# What makes the affine, the order or the content of a volume a lie: an error unless asked to keep
# it.
RAISED: dict[str, tuple[Flaws, str]] = {
    "missing slice": (Flaws(missing=[3]), "gap"),
    "two missing slices": (Flaws(missing=[2, 5]), "gap"),
    "duplicate position": (Flaws(duplicate=2), "duplicate_position"),
    "turned slice": (Flaws(odd_orientation=3), "mixed_orientation"),
    "slice of another shape": (Flaws(odd_shape=3), "mixed_shape"),
    "no positions": (Flaws(without_position=range(8)), "missing_position"),
    "one slice without position": (Flaws(without_position=[3]), "missing_position"),
    "truncated file": (Flaws(truncated=4), "truncated"),
    "truncated last file": (Flaws(truncated=7), "truncated"),
    "unreadable file": (Flaws(unreadable=4), "unreadable"),
    "unreadable last file": (Flaws(unreadable=7), "unreadable"),
}


def assert_slices_are_those_of_their_paths(vol: rd.Volume, written: Written) -> None:
    """Hold each slice against the file that the volume says it came from."""
    slices = vol.array.reshape(-1, *vol.array.shape[-2:])
    assert len(slices) == len(vol.paths) == len(vol.datasets)
    damaged = paths_of(vol.report, "truncated")
    for content, path in zip(slices, map(Path, vol.paths), strict=True):
        expected = written.modality(path)
        # Of a file that is cut in its middle, the first third is there.
        whole = expected.size // 3 if path in damaged else expected.size
        np.testing.assert_array_equal(content.ravel()[:whole], expected.ravel()[:whole])


def assert_no_secret(texts: Iterable[str]) -> None:
    """Every file of the builder has a patient whose name and ID start with this word."""
    for text in texts:
        assert text
        assert "Secret" not in text


@pytest.mark.parametrize(("flaws", "kind"), RAISED.values(), ids=RAISED.keys())
def test_irregular_series_raises(tmp_path: Path, flaws: Flaws, kind: str) -> None:
    written = series(tmp_path, flaws=flaws)
    with pytest.raises(rd.IrregularSeriesError) as caught:
        rd.read_series(tmp_path)
    report = caught.value.report
    assert kind in kinds(report)
    if kind not in ("gap", "missing_position"):
        assert set(written.odd_paths) <= paths_of(report, kind)
    assert_no_secret([str(caught.value), *(str(issue) for issue in report.issues)])


@pytest.mark.parametrize(("flaws", "kind"), RAISED.values(), ids=RAISED.keys())
def test_irregular_series_is_kept_with_its_report(tmp_path: Path, flaws: Flaws, kind: str) -> None:
    written = series(tmp_path, flaws=flaws)
    vol = rd.read_series(tmp_path, irregular="keep")
    assert kind in kinds(vol)
    assert_slices_are_those_of_their_paths(vol, written)
    # Nothing that was whole and in its place is lost; of two files at one position, one is enough.
    if kind not in ("duplicate_position", "missing_position"):
        assert set(written.paths) <= set(map(Path, vol.paths))


@pytest.mark.parametrize(("flaws", "kind"), RAISED.values(), ids=RAISED.keys())
def test_finding_an_irregular_series_reports(tmp_path: Path, flaws: Flaws, kind: str) -> None:
    written = series(tmp_path, flaws=flaws)
    (found,) = rd.find_series(tmp_path)
    assert found.uid == written.uid
    assert kind in kinds(found)
    with pytest.raises(rd.IrregularSeriesError):
        found.read()
    assert kind in kinds(found.read(irregular="keep").report)


def test_error_carries_its_report_to_another_process(tmp_path: Path) -> None:
    series(tmp_path, flaws=Flaws(missing=[3]))
    with pytest.raises(rd.IrregularSeriesError) as caught:
        rd.read_series(tmp_path)
    assert isinstance(caught.value, rd.DicomError)
    copied = pickle.loads(pickle.dumps(caught.value))
    assert type(copied) is rd.IrregularSeriesError
    assert str(copied) == str(caught.value)
    assert kinds(copied) == ["gap"]


def test_gap_keeps_the_regular_step(tmp_path: Path) -> None:
    """The mean step occurs nowhere in the series; the volume takes the commonest one."""
    written = series(tmp_path, flaws=Flaws(missing=[5]))
    vol = rd.read_series(tmp_path, irregular="keep")
    assert vol.array.shape == (7, 5, 7)
    np.testing.assert_allclose(vol.affine, written.affine, atol=1e-6)


def test_spacing_that_changes_midway_raises(tmp_path: Path) -> None:
    """Dense below, wide above: no slice is missing, and still no affine fits."""
    series(tmp_path, Stack(count=16), flaws=Flaws(missing=[9, 11, 13]))
    with pytest.raises(rd.IrregularSeriesError):
        rd.read_series(tmp_path)


def test_duplicate_position_keeps_one_of_the_two(tmp_path: Path) -> None:
    written = series(tmp_path, flaws=Flaws(duplicate=2))
    vol = rd.read_series(tmp_path, irregular="keep")
    assert vol.array.shape == (8, 5, 7)
    others = [path for index, path in enumerate(written.paths) if index != 2]
    assert [path for index, path in enumerate(map(Path, vol.paths)) if index != 2] == others
    np.testing.assert_allclose(vol.affine, written.affine, atol=1e-6)
    assert paths_of(vol.report, "duplicate_position") >= {written.paths[2], written.odd_paths[0]}


def test_two_phases_are_an_axis_in_front(tmp_path: Path) -> None:
    written = series(tmp_path, Stack(phases=2))
    vol = rd.read_series(tmp_path)
    assert vol.axes == ("acquisition", "slice", "row", "column")
    np.testing.assert_array_equal(vol.coords["acquisition"], [1, 2])
    second = {Path(path) for path in vol.paths[8:]}
    assert second == set(written.odd_paths)
    assert [Path(path) for path in vol.paths[:8]] == written.paths
    by_path = np.stack([written.modality(Path(path)) for path in vol.paths])
    np.testing.assert_array_equal(vol.array, by_path.reshape(2, 8, 5, 7))
    np.testing.assert_allclose(vol.affine, written.affine, atol=1e-6)
    assert list(vol.report.issues) == []


def test_phase_that_lacks_a_slice_is_reported_and_filled(tmp_path: Path) -> None:
    written = series(tmp_path, Stack(phases=2))
    fourth = written.stored[written.paths[3]] + 100
    missing = next(path for path in written.odd_paths if (written.stored[path] == fourth).all())
    missing.unlink()
    (issue,) = refusal(tmp_path)
    assert (issue.kind, issue.cells) == ("incomplete_grid", [(1, 3)])
    vol = rd.read_series(tmp_path, irregular="keep", fill=-5000)
    assert vol.shape == (2, 8, 5, 7)
    assert (vol.array[1, 3] == -5000).all()
    np.testing.assert_array_equal(vol.array[0], written.modality_volume)
    np.testing.assert_array_equal(vol.array[1, 4:], written.modality_volume[4:] + 100)


def test_images_that_nothing_tells_apart_are_not_mixed(tmp_path: Path) -> None:
    """Two files a position, whose numbers count in no common order."""
    first = series(tmp_path / "a")
    series(tmp_path / "b", numbering=Numbering(first_serial=8, reversed_instances=True))
    assert kinds(refusal(tmp_path)) == ["multiple_phases"]
    vol = rd.read_series(tmp_path, irregular="keep")
    np.testing.assert_array_equal(vol.array, first.modality_volume)


def test_slices_without_positions_fall_back_to_instance_numbers(tmp_path: Path) -> None:
    written = series(
        tmp_path,
        numbering=Numbering(reversed_instances=True),
        flaws=Flaws(without_position=range(8)),
    )
    vol = rd.read_series(tmp_path, irregular="keep")
    assert list(map(Path, vol.paths)) == written.paths[::-1]
    np.testing.assert_array_equal(vol.array, written.modality_volume[::-1])


def test_two_stacks_in_one_series_raise(tmp_path: Path) -> None:
    """Neither is a minority that could be left out."""
    two_stacks(tmp_path)
    assert "mixed_orientation" in kinds(refusal(tmp_path))


# What only a report is owed: the volume is right.


def test_localizer_is_left_out_and_reported(tmp_path: Path) -> None:
    written = series(tmp_path, flaws=Flaws(localizer=True))
    vol = rd.read_series(tmp_path)
    assert list(map(Path, vol.paths)) == written.paths
    np.testing.assert_array_equal(vol.array, written.modality_volume)
    np.testing.assert_allclose(vol.affine, written.affine, atol=1e-6)
    assert kinds(vol) == ["localizer"]
    assert paths_of(vol.report, "localizer") == set(written.odd_paths)


def test_slope_that_differs_per_slice_is_applied_without_truncation(tmp_path: Path) -> None:
    slopes = [1.0, 0.2, 0.33, 0.46, 0.59, 0.72, 0.85, 1.5]
    written = series(tmp_path, pixels=Pixels(rescale=[(slope, -3.25) for slope in slopes]))
    vol = rd.read_series(tmp_path)
    assert vol.array.dtype == np.float32
    np.testing.assert_allclose(vol.array, written.modality_volume, rtol=1e-6, atol=1e-4)
    assert kinds(vol) == ["mixed_rescale"]
    with pytest.raises(ValueError, match="int16"):
        rd.read_series(tmp_path, dtype="int16")


def test_whole_numbered_slopes_fit_into_integers(tmp_path: Path) -> None:
    written = series(
        tmp_path, pixels=Pixels(rescale=[(float(1 + index % 2), -10.0) for index in range(8)])
    )
    vol = rd.read_series(tmp_path, dtype="int32")
    np.testing.assert_array_equal(vol.array, written.modality_volume)


def test_unreadable_file_of_no_known_series_is_only_reported(tmp_path: Path) -> None:
    written = series(tmp_path)
    stray = tmp_path / "stray.dcm"
    stray.write_bytes(UNREADABLE_FILE)
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.array, written.modality_volume)
    assert kinds(vol) == ["unreadable"]
    assert paths_of(vol.report, "unreadable") == {stray}


@pytest.mark.parametrize("is_in_table", [False, True], ids=["folder", "table"])
@pytest.mark.parametrize(
    "end", ["within the first element", "after the first element", "before the series"]
)
def test_file_that_ends_before_its_series_is_reported(
    tmp_path: Path, end: str, is_in_table: bool
) -> None:
    """File Meta Information, or nothing, says that it was an image."""
    written = series(tmp_path)
    content = written.paths[7].read_bytes()
    # Image Type, with its group and element number, ends where SOP Class UID starts.
    sop_class = content.index(b"\x08\0\x16\0UI", 200)
    at = {
        "within the first element": sop_class - 5,
        "after the first element": sop_class,
        "before the series": content.index(b"\x20\0\x0d\0UI"),
    }[end]
    written.paths[7].write_bytes(content[:at])
    source = rd.scan(tmp_path) if is_in_table else tmp_path
    (found,) = rd.find_series(source)
    (issue,) = found.report.issues
    assert (issue.kind, issue.is_error, issue.paths) == (
        "unreadable",
        False,
        [str(written.paths[7])],
    )
    vol = rd.read_series(source)
    np.testing.assert_array_equal(vol.array, written.modality_volume[:7])
    with pytest.raises(rd.InvalidDicomError):
        rd.read_series(written.paths[7])


def test_file_that_a_table_lacks_is_reported(tmp_path: Path) -> None:
    """It is no row, but the volume lacks its last slice."""
    written = series(tmp_path, flaws=Flaws(unreadable=7))
    table = rd.scan(tmp_path)
    assert len(table) == 7
    (found,) = rd.find_series(table)
    assert found.report == rd.find_series(tmp_path)[0].report
    assert paths_of(found.report, "unreadable") == set(written.odd_paths)
    with pytest.raises(rd.IrregularSeriesError):
        rd.read_series(table)


def test_files_that_are_not_dicom_are_no_finding(tmp_path: Path) -> None:
    written = series(tmp_path)
    (tmp_path / "notes.txt").write_text("scanned on a Tuesday")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "archive.zip").write_bytes(b"PK\x03\x04" + b"\0" * 300)
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.array, written.modality_volume)
    assert list(vol.report.issues) == []


def test_several_irregularities_are_all_reported(tmp_path: Path) -> None:
    series(
        tmp_path,
        Stack(tilt=10.0),
        flaws=Flaws(missing=[2], duplicate=5, localizer=True, truncated=7),
    )
    found = set(kinds(refusal(tmp_path)))
    assert found >= {"gap", "duplicate_position", "localizer", "tilt", "truncated"}


def test_report_names_the_missing_place(tmp_path: Path) -> None:
    """The two slices beside a gap are its paths."""
    written = series(tmp_path, flaws=Flaws(missing=[3]))
    (found,) = rd.find_series(tmp_path)
    assert paths_of(found.report, "gap") == {written.paths[2], written.paths[3]}
