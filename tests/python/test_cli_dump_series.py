"""`rapidicom dump` and `rapidicom series`."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import rapidicom as rd
from builder import Identity, write_image
from data_paths import BRAIN_MR, CT_SMALL, FILES
from rapidicom._common.text_table import format_table
from rapidicom.cli import main
from rapidicom.cli.terminal import spans
from series_builder import two_stacks

CT = str(CT_SMALL)
PLAN = str(FILES / "rtplan.dcm")

Capture = pytest.CaptureFixture[str]


def lines_of(capsys: Capture, *arguments: str) -> list[str]:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out.splitlines()


def test_dump_prints_every_element(capsys: Capture) -> None:
    lines = lines_of(capsys, "dump", PLAN)
    assert any("(0002,0010) Transfer Syntax UID" in line for line in lines)
    assert any("Beam Sequence" in line for line in lines)
    assert len(lines) >= len(rd.dcmread(PLAN))


@pytest.mark.parametrize(
    "name", ["Rows", "0028,0010", "(0028,0010)", "00280010", "0x00280010", "(0028, 0010)"]
)
def test_dump_takes_an_element_as_it_is_printed(capsys: Capture, name: str) -> None:
    (line,) = lines_of(capsys, "dump", CT, name)
    assert line.startswith("(0028,0010) Rows")
    assert line.endswith("US: 128")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TransferSyntaxUID", "(0002,0010)"),
        ("0002,0010", "(0002,0010)"),
        ("BeamSequence[0].BeamName", "(300A,00C2)"),
        ("BeamSequence.BeamName", "(300A,00C2)"),
        ("300A,00B0[0].300A,00C2", "(300A,00C2)"),
    ],
)
def test_dump_finds_elements_in_meta_information_and_items(
    capsys: Capture, name: str, expected: str
) -> None:
    assert lines_of(capsys, "dump", PLAN, name)[0].startswith(expected)


def test_dump_prints_the_items_of_a_sequence_and_one_of_several_values(capsys: Capture) -> None:
    lines = lines_of(capsys, "dump", PLAN, "BeamSequence")
    assert any(line.startswith("   (300A,00C2) Beam Name") for line in lines)
    assert lines_of(capsys, "dump", PLAN, "BeamSequence[0]")[0] == lines[1].strip()
    assert lines_of(capsys, "dump", CT, "ImageType[1]") == ["PRIMARY"]
    # A single value is the first one, not its characters.
    assert lines_of(capsys, "dump", CT, "Modality[0]", "Rows[0]") == ["CT", "128"]
    for absent in ("Modality[1]", "Rows[1]", "PixelData[1]"):
        assert main(["dump", CT, absent]) == 1
        assert capsys.readouterr().out == ""


def test_dump_of_several_files_names_them(capsys: Capture) -> None:
    lines = lines_of(capsys, "dump", CT, PLAN, "Modality", "0008,0016")
    assert [line.partition(": (")[0] for line in lines] == [CT, CT, PLAN, PLAN]
    headings = [line for line in lines_of(capsys, "dump", CT, PLAN) if line.startswith("# ")]
    assert headings == [f"# {CT}", f"# {PLAN}"]


def test_dump_takes_folders_and_archives(tmp_path: Path, capsys: Capture) -> None:
    assert len(lines_of(capsys, "dump", str(BRAIN_MR), "EchoTime")) == 40
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.write(CT_SMALL, "ct.dcm")
        archive.write(PLAN, "plan.dcm")
    lines = lines_of(capsys, "dump", str(tmp_path / "two.zip"), "Modality")
    assert [line.split("'")[1] for line in lines] == ["CT", "RTPLAN"]


def test_dump_takes_stdin(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    given = SimpleNamespace(buffer=io.BytesIO(CT_SMALL.read_bytes()), isatty=lambda: False)
    monkeypatch.setattr("sys.stdin", given)
    assert lines_of(capsys, "dump", "-", "Rows")[0].endswith("US: 128")


def test_dump_prints_json(capsys: Capture) -> None:
    whole = json.loads("\n".join(lines_of(capsys, "dump", CT, "--json")))
    assert whole == rd.dcmread(CT).to_json_dict()
    some = json.loads("\n".join(lines_of(capsys, "dump", CT, "Modality", "0028,0010", "--json")))
    assert some == {key: whole[key] for key in ("00080060", "00280010")}
    several = json.loads("\n".join(lines_of(capsys, "dump", CT, PLAN, "Modality", "--json")))
    assert [one["path"] for one in several] == [CT, PLAN]
    assert several[1]["dataset"] == {"00080060": {"vr": "CS", "Value": ["RTPLAN"]}}


@pytest.mark.parametrize(
    "name", ["BeamSequence", "BeamSequence[0].BeamName", "Rows[5]", "Modality.Rows", "0011,0011"]
)
def test_dump_of_an_absent_element_fails(capsys: Capture, name: str) -> None:
    assert main(["dump", CT, "Rows", name]) == 1
    captured = capsys.readouterr()
    assert captured.err.splitlines() == [f"rapidicom: {CT}: no element {name}"]
    assert "Rows" in captured.out


def test_dump_goes_on_after_a_file_that_cannot_be_read(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.dcm").write_bytes(CT_SMALL.read_bytes()[:300])
    (tmp_path / "b.dcm").write_bytes(CT_SMALL.read_bytes())
    (tmp_path / "notes.txt").write_text("no DICOM")
    assert main(["dump", str(tmp_path), "Rows"]) == 1
    captured = capsys.readouterr()
    assert "b.dcm: (0028,0010)" in captured.out
    assert "a.dcm" in captured.err


@pytest.mark.parametrize("name", ["Rowz", "nofile.dcm", "0028", "0028,001", "Rows["])
def test_dump_of_what_is_neither_file_nor_element_is_a_wrong_command_line(
    capsys: Capture, name: str
) -> None:
    assert main(["dump", CT, name]) == 2
    meant = "; did you mean Rows?" if name.startswith("Row") else ""
    said = f"rapidicom: {name} is neither a file nor an element{meant}\n"
    assert capsys.readouterr().err == said


def test_a_file_of_the_name_of_an_element_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("00000001", "00280010"):
        Path(name).write_bytes(CT_SMALL.read_bytes())
    lines = lines_of(capsys, "dump", "00000001", "00280010", "Rows")
    assert [line.split(":")[0] for line in lines] == ["00000001", "00280010"]


def test_series_prints_json(tmp_path: Path, capsys: Capture) -> None:
    two_stacks(tmp_path)
    (found,) = rd.find_series(tmp_path)
    (one,) = json.loads("\n".join(lines_of(capsys, "series", str(tmp_path), "--json")))
    assert (one["uid"], one["number"], one["shape"]) == (found.uid, "1", list(found.shape))
    assert one["paths"] == found.paths
    np.testing.assert_array_equal(one["affine"], found.affine)
    assert [issue["kind"] for issue in one["report"]] == [issue.kind for issue in found.report]
    assert [stack["number"] for stack in one["stacks"]] == ["1.1", "1.2"]


def test_a_file_that_may_be_of_any_series_is_printed_once(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for number in (1, 2, 3, 5):
        write_image(tmp_path / f"{number}", identity=Identity(series=f"2.25.{number}"))
    whole = (tmp_path / "5").read_bytes()
    (tmp_path / "5").write_bytes(whole[: whole.index(b"2.25.5")])
    lines = lines_of(capsys, "series", str(tmp_path))
    (place,) = (place for place, line in enumerate(lines) if "unreadable: " in line)
    assert lines[place - 1] == "may belong to any of series 1 to 3:"
    assert main(["check", str(tmp_path)]) == 1
    assert "error  unreadable" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([1], "1"), ([1, 2], "1 to 2"), ([1, 3, 4, 5, 9], "1, 3 to 5, 9"), ([2, 4], "2, 4")],
)
def test_numbers_of_series_are_spans(numbers: list[int], expected: str) -> None:
    assert spans(numbers) == expected


@pytest.mark.parametrize(
    ("is_irregular", "options", "status"),
    [
        (False, ["--strict"], 0),
        (True, [], 0),
        (True, ["--strict"], 1),
        (True, ["--strict", "--json"], 1),
    ],
)
def test_strict_series(
    tmp_path: Path, capsys: Capture, is_irregular: bool, options: list[str], status: int
) -> None:
    for number in range(1, 11):
        if not (is_irregular and number == 5):
            name = f"{number:04}.dcm"
            (tmp_path / name).write_bytes((BRAIN_MR / name).read_bytes())
    assert main(["series", str(tmp_path), *options]) == status
    assert capsys.readouterr().err == ""


def test_uids_that_are_cut_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ends = ("1.11111111111111", "2.11111111111111")
    for number, end in enumerate(ends):
        uid = f"1.2.826.0.1.3680043.8.498.1234567890123.{end}"
        write_image(tmp_path / str(number), identity=Identity(series=uid))
    shown = [line.split()[-1] for line in lines_of(capsys, "series", str(tmp_path))[2:4]]
    assert shown == [f"…{end}" for end in ends]
    output = tmp_path / "volume.npy"
    assert main(["convert", str(tmp_path), str(output), "--series", shown[1], "--keep"]) == 0
    assert main(["convert", str(tmp_path), str(output), "--series", "…1", "--keep"]) == 1


def test_cells_of_uids_are_cut_where_they_differ() -> None:
    rows = [("1.22223333444455556666",), ("1.12223333444455556666",), ("x",)]
    assert format_table(["uid"], rows, width=22)[2:] == [row[0] for row in rows]
    with_text = [(f"{'long ' * 9}", *row) for row in rows]
    lines = format_table(["text", "uid"], with_text, width=40)
    assert [line.split()[-1] for line in lines[2:]] == [
        "…22223333444455556666", "…12223333444455556666", "x",
    ]  # fmt: skip
