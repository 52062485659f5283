"""`rapidicom check` and `rapidicom bench`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd
from builder import PIXEL_DATA, Element, Fragments, Layout, file_bytes, image, noise, write_image
from data_paths import BRAIN_MR
from rapidicom.cli import comparison, main
from series_builder import Stack, series

Capture = pytest.CaptureFixture[str]


def checked(capsys: Capture, *arguments: str) -> tuple[int, dict[str, Any]]:
    status = main(["check", *arguments, "--json"])
    captured = capsys.readouterr()
    assert captured.err == ""
    return status, json.loads(captured.out)


def test_a_regular_folder_has_nothing_wrong(capsys: Capture) -> None:
    assert main(["check", str(BRAIN_MR)]) == 0
    assert capsys.readouterr().out == "nothing wrong: 40 DICOM files, 1 series\n"
    status, found = checked(capsys, str(BRAIN_MR), "--pixels")
    assert (status, found["files"], found["series"], found["findings"]) == (0, 40, 1, [])


def copied(folder: Path, *numbers: int) -> None:
    for number in numbers:
        name = f"{number:04}.dcm"
        (folder / name).write_bytes((BRAIN_MR / name).read_bytes())


def unreadable(folder: Path) -> None:
    (folder / "cut").write_bytes((BRAIN_MR / "0001.dcm").read_bytes()[:400])


def truncated(folder: Path) -> None:
    (folder / "cut").write_bytes((BRAIN_MR / "0005.dcm").read_bytes()[:4000])


def invalid(folder: Path) -> None:
    write_image(folder / "a", Element(0x00200011, "IS", "Doe"))


def no_uid(folder: Path) -> None:
    write_image(folder / "a", Element(0x00080018, "UI", None))


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda folder: copied(folder, 6), "gap"),
        (unreadable, "unreadable"),
        (truncated, "truncated"),
        (invalid, "invalid_value"),
        (no_uid, "no_instance_uid"),
    ],
)
def test_errors_are_told_by_kind(tmp_path: Path, capsys: Capture, change: Any, kind: str) -> None:
    copied(tmp_path, 1, 2, 3, 4)
    change(tmp_path)
    status, found = checked(capsys, str(tmp_path))
    assert status == 1
    errors = [one for one in found["findings"] if one["is_error"]]
    assert kind in [one["kind"] for one in errors]
    assert found["errors"] == len(errors)
    assert main(["check", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert f"error  {kind}" in out
    assert "Doe" not in out + json.dumps(found)


def test_notes_are_no_errors(tmp_path: Path, capsys: Capture) -> None:
    write_image(tmp_path / "a")
    (tmp_path / "b").write_bytes((tmp_path / "a").read_bytes())
    (tmp_path / "notes.txt").write_text("no DICOM")
    _, found = checked(capsys, str(tmp_path))
    kinds = {one["kind"]: one["is_error"] for one in found["findings"]}
    assert kinds["duplicate_instance"] is False
    assert found["not_dicom"] == {"a text file": 1}


def test_files_that_break_the_standard_are_named(tmp_path: Path, capsys: Capture) -> None:
    content = bytearray((BRAIN_MR / "0001.dcm").read_bytes())
    (tmp_path / "a").write_bytes(content + b"\0" * 7)
    expected = [name for name, _ in rd.dcmread(tmp_path / "a").deviations]
    assert expected
    _, found = checked(capsys, str(tmp_path))
    deviations = [one["kind"] for one in found["findings"] if one["kind"].startswith("deviation")]
    assert deviations == [f"deviation: {name}" for name in expected]


def test_pixels_are_decoded_if_asked_for(tmp_path: Path, capsys: Capture) -> None:
    elements = [
        Element(one.tag, "OB", Fragments([b"no RLE"])) if one.tag == PIXEL_DATA else one
        for one in image(noise((5, 7), "uint8"), layout=Layout(bits_stored=8))
    ]
    content = file_bytes(elements, transfer_syntax="1.2.840.10008.1.2.5")
    (tmp_path / "a.dcm").write_bytes(content)
    assert checked(capsys, str(tmp_path))[1]["errors"] == 0
    status, found = checked(capsys, str(tmp_path), "--pixels")
    errors = [one["kind"] for one in found["findings"] if one["is_error"]]
    assert (status, errors) == (1, ["damaged_frame"])


def test_a_folder_without_dicom_is_an_error(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM")
    assert main(["check", str(tmp_path)]) == 1
    assert "no DICOM files" in capsys.readouterr().err


def test_bench_shows_no_value_that_other_readers_warn_of(tmp_path: Path, capsys: Capture) -> None:
    pytest.importorskip("pydicom")
    number = Element(0x00200013, "IS", "SECRET")
    for name in "ab":
        write_image(tmp_path / name, number, Element(0x00200011, "IS", "SECRET"))
    assert main(["bench", str(tmp_path), "--runs", "1"]) == 0
    captured = capsys.readouterr()
    assert "pydicom" in captured.out
    assert "SECRET" not in captured.out + captured.err


def test_bench_offers_only_what_it_takes(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["bench", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "folders and files" in shown
    for refused in ("stdin", "archive", "URL"):
        assert refused not in shown


def test_bench_compares_answers_first(capsys: Capture) -> None:
    pytest.importorskip("pydicom")
    assert main(["bench", str(BRAIN_MR), "--runs", "1"]) == 0
    out = capsys.readouterr().out
    assert out.count("pydicom") == 2
    assert "another answer" not in out
    assert "fails" not in out


def colours(folder: Path) -> None:
    for index in range(3):
        elements = image(
            noise((5, 7, 3), "uint8"),
            layout=Layout(samples=3),
            extra=[
                Element(0x00200013, "IS", index),
                Element(0x00080018, "UI", f"2.25.8.{index}"),
                Element(0x00200032, "DS", [0, 0, 2.0 * index]),
            ],
        )
        (folder / str(index)).write_bytes(file_bytes(elements))


def without_position(folder: Path) -> None:
    write_image(folder / "a", Element(0x00200032, "DS", None), Element(0x00200037, "DS", None))


def with_slope(folder: Path) -> None:
    series(folder, Stack(count=4))


@pytest.mark.parametrize("write", [colours, without_position, with_slope])
@pytest.mark.parametrize("reader", ["pydicom", "SimpleITK"])
def test_readers_are_asked_rightly(tmp_path: Path, reader: str, write: Any) -> None:
    pytest.importorskip(reader)
    write(tmp_path)
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    timings = comparison.compare_volumes(paths, runs=1)
    (found,) = (one for one in timings if one.reader.startswith(reader))
    assert (found.seconds is not None, found.remark) == (True, "")


def test_what_readers_have_no_notion_of_they_are_not_asked_for(tmp_path: Path) -> None:
    series(tmp_path, Stack(count=3, phases=2))
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    rivals = comparison.compare_volumes(paths, runs=1)[1:]
    for found in rivals:
        assert found.seconds is None
        assert found.remark.startswith("not asked: ")
