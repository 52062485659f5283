"""The report of a series: its slices, its text, and the tolerances it depends on."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import UNREADABLE_FILE, file_bytes, image, replace_values
from findings import kinds
from rapidicom import _core
from series_builder import Flaws, Numbering, Stack, series, write_slices


def stack_at(folder: Path, heights: list[float]) -> Path:
    """Write a slice at each height."""
    write_slices(folder, np.zeros((len(heights), 2, 3), np.int16), heights=heights)
    return folder


def test_report_has_path_and_frame_of_each_slice(tmp_path: Path) -> None:
    written = series(tmp_path, flaws=Flaws(duplicate=2, localizer=True))
    (found,) = rd.find_series(tmp_path)
    assert [Path(path) for path, _ in found.report.slices] == written.paths
    assert {frame for _, frame in found.report.slices} == {0}
    volume = found.read(irregular="keep", slices=slice(6, 1, -2))
    assert [path for path, _ in volume.report.slices] == volume.paths == found.paths[6:1:-2]
    assert volume.report.issues == found.report.issues
    copy = pickle.loads(pickle.dumps(volume.report))
    assert copy == volume.report
    assert copy != found.report


def test_slices_of_several_images_at_each_position(tmp_path: Path) -> None:
    series(tmp_path, Stack(phases=2))
    (found,) = rd.find_series(tmp_path)
    assert found.shape == (2, 8, 5, 7)
    assert found.report.slices == [(path, 0) for path in found.paths]
    for path in (found.paths[3], found.paths[12]):
        Path(path).unlink()
    (found,) = rd.find_series(tmp_path)
    places = found.report.slices
    assert len(places) == 16
    assert [index for index, place in enumerate(places) if place is None] == [3, 12]
    volume = found.read(irregular="keep", slices=slice(2, 6))
    assert volume.report.slices == [*places[2:6], *places[10:14]]
    assert volume.paths == [place[0] for place in volume.report.slices if place is not None]


def test_text_fits_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    series(
        tmp_path,
        Stack(tilt=3),
        flaws=Flaws(duplicate=3, missing=range(4, 7), localizer=True, unreadable=2),
    )
    (found,) = rd.find_series(tmp_path)
    report = found.report
    for width in (40, 80, 200):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = str(report).splitlines()
        assert max(map(len, lines)) <= width
        assert lines[0] == f"{len(found.paths)} images, {len(report.errors)} errors, 2 notes"
        for issue in report.issues:
            start = f"{'error' if issue.is_error else 'note '}  {issue.kind}:"
            assert any(line.startswith(start) for line in lines)
            assert " ".join(issue.sentence.split()) in " ".join(str(report).split())
    # A finding about many files names some.
    issue = rd.Issue(
        kind="gap", is_error=True, paths=[f"IM{k}" for k in range(9)], numbers={}, sentence="x"
    )
    assert str(rd.Report([issue])).splitlines()[-1].strip() == "and 5 more files"
    # What is in a name does not steer the terminal.
    issue = rd.Issue(
        kind="gap", is_error=True, paths=["a/\x1b[31mred"], numbers={}, sentence="a\x1bb"
    )
    assert "\x1b" not in str(rd.Report([issue]))


def test_text_of_a_regular_series(tmp_path: Path) -> None:
    series(tmp_path)
    assert str(rd.find_series(tmp_path)[0].report) == "8 images, nothing irregular"


def test_documented_tolerances_are_those_of_the_core() -> None:
    default = _core.default_tolerances()
    documented = dataclasses.asdict(rd.Tolerances())
    assert documented == {name: getattr(default, name) for name in documented}


@pytest.mark.parametrize("off", [1e-3, -1e-3, 0.01])
def test_rounded_position_is_no_gap(tmp_path: Path, off: float) -> None:
    heights = [0.0, 2.5, 5.0 + off, 7.5, 10.0]
    (found,) = rd.find_series(stack_at(tmp_path, heights))
    assert found.report.issues == []
    assert found.spacing[0] == pytest.approx(2.5, abs=1e-3)


def test_tolerances_are_the_callers(tmp_path: Path) -> None:
    stack_at(tmp_path, [0.0, 2.5, 5.2, 7.5, 10.0])
    assert rd.find_series(tmp_path)[0].report.errors
    loose = rd.Tolerances(position_absolute=0.25)
    assert not rd.find_series(tmp_path, tolerances=loose)[0].report.errors
    assert rd.read_series(tmp_path, tolerances=loose).shape == (5, 2, 3)
    strict = rd.Tolerances(position_absolute=0, position_relative=0)
    with pytest.raises(rd.IrregularSeriesError):
        rd.read_series(stack_at(tmp_path, [0.0, 2.5, 5.001, 7.5, 10.0]), tolerances=strict)
    assert rd.read_series(tmp_path).shape == (5, 2, 3)


def test_tilt_from_which_on_is_the_callers(tmp_path: Path) -> None:
    series(tmp_path, Stack(tilt=3))
    assert kinds(rd.find_series(tmp_path)[0].report) == ["tilt"]
    assert rd.find_series(tmp_path, tolerances=rd.Tolerances(tilt_degrees=5))[0].report.issues == []


@pytest.mark.parametrize("wrong", [{"cosine": -1.0}, {"same_position": float("nan")}])
def test_impossible_tolerance_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        rd.Tolerances(**wrong)


def test_tolerances_of_another_type_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="Tolerances"):
        rd.find_series(tmp_path, tolerances={"cosine": 1})  # type: ignore[arg-type]


def test_folder_without_dicom_names_the_types_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "more.txt").write_text("neither")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (tmp_path / "bad").write_bytes(UNREADABLE_FILE)
    with pytest.raises(rd.InvalidDicomError) as caught:
        rd.read_series(tmp_path)
    message = str(caught.value)
    assert "5 looked at" in message
    assert "4 not DICOM" in message
    for counted in ("a text file: 2", "an empty file: 1", "a PNG file: 1"):
        assert counted in message
    assert "1 not readable" in message
    assert str(tmp_path / "bad") in message


def test_folder_of_objects_without_images_is_an_error(tmp_path: Path) -> None:
    header = [one for one in image(np.zeros((2, 2), np.int16)) if one.tag < 0x00280000]
    report = replace_values(header, {0x00080016: "1.2.840.10008.5.1.4.1.1.88.11"})
    (tmp_path / "report").write_bytes(file_bytes(report))
    with pytest.raises(rd.InvalidDicomError, match="1 DICOM without an image"):
        rd.read_series(tmp_path)


def test_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(rd.InvalidDicomError, match="0 looked at"):
        rd.read_series(tmp_path)


@pytest.mark.parametrize("library", ["scan", "pandas", "polars", "pyarrow", "list"])
def test_series_of_a_table(tmp_path: Path, library: str) -> None:
    written = series(tmp_path)
    series(tmp_path, Stack(count=3), numbering=Numbering(series=2))
    table = rd.scan(tmp_path, ["SeriesInstanceUID"])
    chosen: Any = table
    if library == "pandas":
        pytest.importorskip("pandas")
        frame = table.to_pandas()
        chosen = frame[frame["SeriesInstanceUID"] == written.uid]
    elif library == "polars":
        pl = pytest.importorskip("polars")
        chosen = table.to_polars().filter(pl.col("SeriesInstanceUID") == written.uid)
    elif library == "pyarrow":
        pytest.importorskip("pyarrow")
        arrow = table.to_arrow()
        mask = [uid == written.uid for uid in arrow["SeriesInstanceUID"].to_pylist()]
        chosen = arrow.filter(mask)
    elif library == "list":
        rows = zip(table["path"], table["SeriesInstanceUID"], strict=True)
        chosen = [path for path, uid in rows if uid == written.uid]
    found = rd.find_series(chosen)
    assert len(found) == (2 if library == "scan" else 1)
    assert [Path(path) for path in found[0].paths] == written.paths
    if library != "scan":
        np.testing.assert_array_equal(rd.read_series(chosen).array, written.modality_volume)


def test_table_without_paths_is_refused() -> None:
    pd = pytest.importorskip("pandas")
    with pytest.raises(KeyError, match="path"):
        rd.find_series(pd.DataFrame({"Rows": [1]}))
