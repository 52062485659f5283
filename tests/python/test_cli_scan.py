"""`rapidicom scan`: conditions, order, and the ways in which rows leave."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import rapidicom as rd
from builder import Element, write_image
from data_paths import BRAIN_MR, FILES
from rapidicom.cli import main
from rapidicom.cli.exits import UsageError
from rapidicom.cli.where import condition

SERIES = str(BRAIN_MR)
SOME_FILES = [str(FILES / name) for name in ("CT_small.dcm", "rtplan.dcm", "MR_small_implicit.dcm")]

Capture = pytest.CaptureFixture[str]
Bytes = pytest.CaptureFixture[bytes]

ROW = {
    "Modality": "CT",
    "Rows": 512,
    "EchoTime": None,
    "PixelSpacing": [0.5, 0.7],
    "ImageType": "ORIGINAL\\PRIMARY\\AXIAL",
    "StudyDescription": "CT Chest",
    "WindowWidth": 40,
    "OtherPatientNames": None,
    "A.B": 1,
    "A[2].B": 2,
    "SliceLocation": -3.5,
    "WindowCenter": [40, None],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Modality == 'CT'", True),
        ("Modality != 'CT'", False),
        ("Modality in ['MR', 'CT']", True),
        ("Modality not in ('MR', 'CT')", False),
        ("'PRIMARY' in ImageType", True),
        ("'LOCALIZER' not in ImageType", True),
        # One of the values, not a part of them: magnitude images would all be localizers.
        ("'M' in ImageType", False),
        ("'PRIM' not in ImageType", True),
        ("'ORIGINAL\\\\PRIMARY' in ImageType", False),
        ("'Chest' in StudyDescription", True),
        ("40 in WindowWidth", True),
        ("41 not in WindowWidth", True),
        ("None in WindowCenter", True),
        ("'a' in OtherPatientNames", False),
        ("'IGI' in ImageType[0]", True),
        ("ImageType == ['ORIGINAL', 'PRIMARY', 'AXIAL']", True),
        ("['ORIGINAL', 'PRIMARY'] != ImageType", True),
        ("Modality == ('CT',)", True),
        ("Modality in ['MR', 'CT']", True),
        ("OtherPatientNames == ['a']", False),
        ("ImageType[2] == 'AXIAL'", True),
        ("ImageType[3] is None", True),
        ("Rows >= 512 and not Rows > 512", True),
        ("256 < Rows <= 512", True),
        ("(Rows == 1 or Rows == 512) and Modality == 'CT'", True),
        ("Rows == 1 or Rows == 512 and Modality == 'MR'", False),
        ("EchoTime is None", True),
        ("EchoTime == None", True),
        ("EchoTime is not None", False),
        ("EchoTime < 5", False),
        ("EchoTime >= 5", False),
        ("EchoTime in [5, None]", True),
        ("'a' in EchoTime", False),
        ("PixelSpacing[0] < 0.6", True),
        ("PixelSpacing[-1] == 0.7", True),
        ("PixelSpacing == [0.5, 0.7]", True),
        ("0.5 in PixelSpacing", True),
        ("A.B == 1 and A[2].B == 2", True),
        ("SliceLocation == -3.5", True),
        (" Rows == 512 ", True),
        ("WindowCenter == [40, None]", True),
        ("WindowCenter == [40]", True),
        ("[40, 7] != WindowCenter", True),
        ("WindowCenter < [40, 7]", False),
    ],
)
def test_condition(text: str, expected: bool) -> None:
    assert condition(text).holds(ROW) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Modality",
        "Modality =",
        "Modality = 'CT'",
        "'CT'",
        "True",
        "Rows == True",
        "len(Modality) == 2",
        "__import__('os').system('true') == 0",
        "Modality.lower() == 'ct'",
        "[name for name in Modality] == 1",
        "(lambda: 1)() == 1",
        "f'{Modality}' == 'CT'",
        "Rows + 1 == 513",
        "Rows == 1; Rows == 2",
        "Rows == {1: 2}",
        "Rows == [Rows]",
        "PixelSpacing['a'] == 1",
        "PixelSpacing[0:1] == 1",
        "Rows == 2 if Rows else 1",
        "x := 3",
        "(" * 300 + "Rows == 1" + ")" * 300,
        "not " * 3000 + "Rows == 1",
        "Rows == 1\0",
        "Rows == " + "1" * 5000,
        "Rows == " + "1" * 20000,
        "Rows == 1j",
        "Rows == b'1'",
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--where"):
        condition(text)


@pytest.mark.parametrize(
    "text",
    [
        "Modality == 3",
        "Rows == '512'",
        "ImageType == ['ORIGINAL', 1]",
        "Rows == ['512']",
        "Modality == [1]",
        "Rows < 'a'",
        "PixelSpacing < 1",
        "1 in Modality",
        "1 in Rows",
    ],
)
def test_values_of_other_kinds_are_not_compared_in_silence(text: str) -> None:
    with pytest.raises(UsageError, match="--where"):
        condition(text).holds(ROW)


def test_a_condition_names_its_columns() -> None:
    assert condition("A.B == 1 and (Rows < 2 or A[1].C[0] > Rows)").columns == (
        "A.B",
        "Rows",
        "A[1].C",
    )


def test_json_is_a_line_a_row(capsys: Capture) -> None:
    assert main(["scan", *SOME_FILES, "--json", "--columns", "Rows,PixelSpacing,EchoTime"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows == rd.scan(SOME_FILES, ["Rows", "PixelSpacing", "EchoTime"]).to_dicts()


def test_csv_goes_to_stdout(capsys: Capture) -> None:
    assert main(["scan", *SOME_FILES, "--csv", "--columns", "Modality,PixelSpacing"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert [row["Modality"] for row in rows] == ["CT", "RTPLAN", "MR"]
    assert [row["PixelSpacing"] for row in rows] == ["0.661468\\0.661468", "", "0.3125\\0.3125"]


@pytest.mark.parametrize("more", [[], ["--output", "-"]], ids=["no output", "dash"])
def test_parquet_goes_to_stdout(capfdbinary: Bytes, more: list[str]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    arguments = ["--parquet", "--where", "InstanceNumber > 38", "--sort=-InstanceNumber", *more]
    assert main(["scan", SERIES, "--columns", "Modality", *arguments]) == 0
    table = parquet.read_table(io.BytesIO(capfdbinary.readouterr().out))
    assert table.column_names == ["path", "Modality"]
    assert [Path(path).name for path in table["path"].to_pylist()] == ["0040.dcm", "0039.dcm"]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json", "rows.ndjson", "rows"])
def test_json_goes_to_a_file(tmp_path: Path, capsys: Capture, name: str) -> None:
    output = tmp_path / name
    more = [] if "." in name else ["--json"]
    assert main(["scan", SERIES, "-o", str(output), "--rows", "2", *more]) == 0
    assert len([json.loads(line) for line in output.read_text().splitlines()]) == 2
    assert "2 of 40 DICOM files" in capsys.readouterr().out


def test_rows_are_chosen_and_sorted(capsys: Capture) -> None:
    arguments = ["--where", "InstanceNumber in [3, 5, 4]", "--sort=-InstanceNumber", "--json"]
    assert main(["scan", SERIES, "--columns", "Modality", *arguments]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(row["path"]).name for row in rows] == ["0005.dcm", "0004.dcm", "0003.dcm"]
    assert list(rows[0]) == ["path", "Modality"]


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        ("00280010", ["Rows"]),
        ("0028,0010", ["Rows"]),
        ("(0028,0010)", ["Rows"]),
        ("0028,0010,0028,0011, Modality", ["Rows", "Columns", "Modality"]),
        ("path,Rows,00280010", ["Rows"]),
        ("0019100C,Rows", ['"(0019', '100C)"', "Rows"]),
        (
            "RequestAttributesSequence[0].0040,0009",
            ["RequestAttributesSequence[0].ScheduledProcedureStepID"],
        ),
    ],
)
def test_tags_are_columns(capsys: Capture, columns: str, names: list[str]) -> None:
    assert main(["scan", SERIES, "--csv", "--rows", "1", "--columns", columns]) == 0
    assert capsys.readouterr().out.splitlines()[0].split(",") == ["path", *names]


def test_tags_sort(capsys: Capture) -> None:
    asked = ["scan", SERIES, "--csv", "--columns", "InstanceNumber", "--sort=-0020,0013"]
    assert main(asked) == 0
    assert [line.rpartition(",")[2] for line in capsys.readouterr().out.splitlines()[1:3]] == [
        "40",
        "39",
    ]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("EchoTime", ["MR", "CT", "RTPLAN"]),
        ("-EchoTime", ["MR", "CT", "RTPLAN"]),
        ("-Modality", ["RTPLAN", "MR", "CT"]),
        ("PixelSpacing,Modality", ["MR", "CT", "RTPLAN"]),
        ("SeriesNumber,-Rows", ["CT", "MR", "RTPLAN"]),
        ("path", ["CT", "MR", "RTPLAN"]),
    ],
)
def test_missing_values_come_last(capsys: Capture, sort: str, expected: list[str]) -> None:
    assert main(["scan", *SOME_FILES, "--columns", "Modality", f"--sort={sort}", "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["Modality"] for line in lines] == expected


def test_several_numbers_of_which_some_are_missing_are_sorted(
    tmp_path: Path, capsys: Capture
) -> None:
    for name, value in (("a", "40\\50"), ("b", "40"), ("c", "10\\20")):
        write_image(tmp_path / f"{name}.dcm", Element(0x00281050, "DS", value))
    assert main(["scan", str(tmp_path), "--sort", "WindowCenter", "--json"]) == 0
    paths = [json.loads(line)["path"] for line in capsys.readouterr().out.splitlines()]
    assert [Path(path).stem for path in paths] == ["c", "b", "a"]
    asked = ["scan", str(tmp_path), "--csv", "--columns", "WindowCenter", "--sort", "path"]
    assert main(asked) == 0
    cells = [line.rpartition(",")[2] for line in capsys.readouterr().out.splitlines()[1:]]
    assert cells == ["40.0\\50.0", "40.0", "10.0\\20.0"]


def test_what_is_piped_is_whole(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    names = "SOPInstanceUID,SeriesInstanceUID,ImageType,ImageOrientationPatient"
    assert main(["scan", SERIES, "--columns", names]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert not any("…" in line for line in lines)
    assert str(BRAIN_MR / "0040.dcm") in lines[41]


def test_names_that_are_not_utf8_are_json(tmp_path: Path, capsys: Capture) -> None:
    name = os.fsdecode(b"\xff\xe9.dcm")
    try:
        (tmp_path / name).write_bytes((BRAIN_MR / "0001.dcm").read_bytes())
    except (OSError, UnicodeError):
        pytest.skip("this file system takes UTF-8 names only")
    assert main(["scan", str(tmp_path), "--json"]) == 0
    path = json.loads(capsys.readouterr().out)["path"]
    assert path.encode() and len(rd.scan(path, ["Rows"])) == 1


def test_private_columns_choose_rows_and_are_left_out(tmp_path: Path, capsys: Capture) -> None:
    for number in (1, 2):
        write_image(tmp_path / f"Doe^{number}.dcm", Element(0x00100020, "LO", f"Doe{number}"))
    (tmp_path / "Doe^3.dcm").write_bytes((tmp_path / "Doe^1.dcm").read_bytes()[:200])
    arguments = ["--columns", "PatientID,Rows,StudyDate", "--where", "PatientID == 'Doe2'"]
    for more in ([], ["--csv"], ["--json"]):
        assert main(["scan", str(tmp_path), *arguments, "--private", *more]) == 1
        captured = capsys.readouterr()
        assert "Doe" not in captured.out + captured.err
        assert "StudyDate" not in captured.out
        assert captured.out.count("<file 1>") == 1


@pytest.mark.parametrize("kind", ["file", "archive"])
def test_stdin_is_a_source(tmp_path: Path, kind: str) -> None:
    source = BRAIN_MR / "0001.dcm"
    if kind == "archive":
        import zipfile

        with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
            archive.write(source, "a.dcm")
            archive.write(BRAIN_MR / "0002.dcm", "b.dcm")
        source = tmp_path / "two.zip"
    command = [
        sys.executable,
        "-m",
        "rapidicom",
        "scan",
        "-",
        "--columns",
        "InstanceNumber",
        "--json",
    ]
    with source.open("rb") as file:
        run = subprocess.run(command, stdin=file, capture_output=True, text=True, check=True)
    numbers = [json.loads(line)["InstanceNumber"] for line in run.stdout.splitlines()]
    assert numbers == ([1] if kind == "file" else [1, 2])


def test_an_archive_is_a_source(tmp_path: Path, capsys: Capture) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.write(BRAIN_MR / "0001.dcm", "a.dcm")
    assert main(["scan", str(tmp_path / "one.zip"), "--csv", "--columns", "Rows"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("zip://a.dcm::")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--columns", "Nonsense"], "--columns"),
        (["--columns", "PixelData"], "--columns"),
        (["--where", "Nonsense == 1"], "--where"),
        (["--where", "Modality"], "--where"),
        (["--where", "Modality == 1"], "--where"),
        (["--sort", "Nonsense"], "--sort"),
        (["-o", "table.xlsx"], "--output"),
        (["-o", "table"], "--output"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_wrong_options_are_status_2(capsys: Capture, arguments: list[str], named: str) -> None:
    assert main(["scan", SERIES, *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert named in line


def test_two_formats_are_status_2() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["scan", SERIES, "--csv", "--json"])
    assert caught.value.code == 2


def test_values_that_do_not_fit_are_counted(tmp_path: Path, capsys: Capture) -> None:
    write_image(tmp_path / "a.dcm", Element(0x00180081, "DS", "many"))
    assert main(["scan", str(tmp_path), "--columns", "EchoTime"]) == 0
    assert "1 value not fit for its column" in capsys.readouterr().out
