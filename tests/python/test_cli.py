"""The command `rapidicom`: output, files, exit status."""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from data_paths import BRAIN_MR, DATA, FILES
from rapidicom.cli import main
from rapidicom.cli.command_line import parser
from series_builder import two_stacks

SERIES = str(BRAIN_MR)
UID = "1.2.392.200036.9116.4.2.109143.534.9001"

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def terminal_of_100_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def test_scan_prints_a_row_a_file(capsys: Capture) -> None:
    assert main(["scan", SERIES, "--rows", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["path", "Modality", "SeriesNumber"]
    assert [line.split()[0] for line in lines[2:5]] == ["0001.dcm", "0002.dcm", "0003.dcm"]
    assert lines[5] == "… and 37 more rows"
    assert lines[-1] == "40 DICOM files"


@pytest.mark.parametrize("columns", [40, 80, 132])
def test_tables_fit_the_terminal(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["scan", SERIES]) == 0
    assert main(["series", SERIES]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= columns


def test_scan_takes_columns(capsys: Capture) -> None:
    assert main(["scan", SERIES, "--columns", "EchoTime,Rows", "--rows", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["path", "EchoTime", "Rows"]
    assert lines[2].split() == ["0001.dcm", "79", "80"]


def test_scan_writes_csv(tmp_path: Path, capsys: Capture) -> None:
    output = tmp_path / "table.csv"
    assert (
        main(["scan", SERIES, "--columns", "InstanceNumber,PixelSpacing", "-o", str(output)]) == 0
    )
    with output.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["InstanceNumber"] for row in rows] == [str(number) for number in range(1, 41)]
    assert rows[0]["PixelSpacing"] == "3.0\\3.0"
    assert "40 DICOM files" in capsys.readouterr().out


def test_scan_writes_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    output = tmp_path / "table.parquet"
    assert main(["scan", SERIES, "--columns", "InstanceNumber", "-o", str(output)]) == 0
    assert parquet.read_table(output)["InstanceNumber"].to_pylist() == list(range(1, 41))


def test_scan_keeps_an_index(tmp_path: Path, capsys: Capture) -> None:
    pytest.importorskip("pyarrow.parquet")
    index = tmp_path / "index.parquet"
    printed = []
    for _ in range(2):
        assert main(["scan", SERIES, "--cache", str(index)]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert index.stat().st_size > 0


def test_scan_counts_files_that_are_not_dicom(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "notes.txt").write_text("not DICOM")
    (tmp_path / "one.dcm").write_bytes((BRAIN_MR / "0001.dcm").read_bytes())
    assert main(["scan", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 DICOM file, 1 not DICOM (a text file: 1)"


def test_scan_says_how_to_read_data_sets_without_the_prefix(
    tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "bare").write_bytes((FILES / "rtstruct.dcm").read_bytes())
    (tmp_path / "one.dcm").write_bytes((BRAIN_MR / "0001.dcm").read_bytes())
    assert main(["scan", str(tmp_path)]) == 0
    hint = "Pass --force to read data sets without the prefix"
    assert capsys.readouterr().out.splitlines()[-1] == hint
    main(["check", str(tmp_path)])
    assert capsys.readouterr().out.splitlines()[-1] == hint
    assert main(["scan", str(tmp_path), "--force"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 DICOM files"


def test_scan_names_what_cannot_be_read(tmp_path: Path, capsys: Capture) -> None:
    whole = (BRAIN_MR / "0001.dcm").read_bytes()
    (tmp_path / "one.dcm").write_bytes(whole)
    (tmp_path / "short.dcm").write_bytes(whole[:1000])
    assert main(["scan", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "1 DICOM file, 1 not readable"
    (line,) = captured.err.splitlines()
    assert line.startswith("rapidicom: ")
    assert "short.dcm" in line


def test_series_are_numbered(capsys: Capture) -> None:
    assert main(["series", SERIES]) == 0
    out = capsys.readouterr().out
    assert "DTI_PA-ortho" in out
    assert "40 x 80 x 80" in out


def test_series_prints_its_irregularities(tmp_path: Path, capsys: Capture) -> None:
    copy_series(tmp_path, leave_out={20})
    assert main(["series", str(tmp_path)]) == 0
    assert "  gap: " in capsys.readouterr().out


def test_irregular_series_is_an_error_unless_kept(tmp_path: Path, capsys: Capture) -> None:
    copy_series(tmp_path, leave_out={20})
    output = tmp_path / "volume.npy"
    assert main(["convert", str(tmp_path), str(output)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not output.exists()
    assert main(["convert", str(tmp_path), str(output), "--keep"]) == 0
    assert np.load(output).shape[1:] == (80, 80)


def test_convert_writes_npy(tmp_path: Path, capsys: Capture) -> None:
    output = tmp_path / "volume.npy"
    assert main(["convert", SERIES, str(output), "--values", "stored"]) == 0
    array = np.load(output)
    assert array.dtype == np.int16
    np.testing.assert_array_equal(array, rd.read_series(SERIES, values="stored").array)
    assert "40 x 80 x 80" in capsys.readouterr().out


def test_convert_writes_npz_with_its_affine(tmp_path: Path) -> None:
    output = tmp_path / "volume.npz"
    assert main(["convert", SERIES, str(output), "--dtype", "int32"]) == 0
    volume = rd.read_series(SERIES, dtype="int32")
    with np.load(output) as saved:
        np.testing.assert_array_equal(saved["array"], volume.array)
        np.testing.assert_array_equal(saved["affine"], volume.affine)


@pytest.mark.parametrize("name", ["volume.nii", "volume.nii.gz"])
def test_convert_writes_nifti(tmp_path: Path, name: str) -> None:
    nibabel = pytest.importorskip("nibabel")
    output = tmp_path / name
    assert main(["convert", SERIES, str(output)]) == 0
    image = nibabel.load(output)
    expected = rd.read_series(SERIES).to_nibabel()
    np.testing.assert_allclose(image.affine, expected.affine)
    np.testing.assert_array_equal(image.get_fdata(), expected.get_fdata())


def test_convert_refuses_other_endings(tmp_path: Path, capsys: Capture) -> None:
    assert main(["convert", SERIES, str(tmp_path / "volume.dcm")]) == 2
    assert ".nii.gz" in capsys.readouterr().err


def test_view_writes_png(tmp_path: Path) -> None:
    output = tmp_path / "sheet.png"
    assert main(["view", SERIES, "-o", str(output), "--window", "300,600", "--width", "800"]) == 0
    assert output.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "window", ["", "40", "a,b", "40,0", "40,400,1", "nan,1", "1,nan", "inf,1", "40,1e400"]
)
def test_view_refuses_other_windows(tmp_path: Path, capsys: Capture, window: str) -> None:
    assert main(["view", SERIES, "-o", str(tmp_path / "sheet.png"), "--window", window]) == 2
    assert "--window" in capsys.readouterr().err


@pytest.mark.parametrize("choice", ["1", UID], ids=["number", "uid"])
def test_one_of_several_series_is_chosen(tmp_path: Path, choice: str) -> None:
    output = tmp_path / "volume.npy"
    assert main(["convert", SERIES, str(output), "--series", choice]) == 0


def test_several_series_without_a_choice_are_an_error(tmp_path: Path, capsys: Capture) -> None:
    other = FILES / "CT_small.dcm"
    assert main(["convert", SERIES, str(other), str(tmp_path / "volume.npy")]) == 1
    assert "--series" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan", "no such folder"],
        ["dump", "no such file"],
        ["dump", __file__],
        ["series", str(DATA / "licences")],
        ["view", SERIES, "--series", "9"],
    ],
    ids=["no folder", "no file", "not DICOM", "no images", "no such series"],
)
def test_error_is_one_line(capsys: Capture, arguments: list[str]) -> None:
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert captured.err.startswith("rapidicom: ")


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["convert", "irregular", "volume.npy"], "pass --keep to get the best volume"),
        (["dump", str(FILES / "rtstruct.dcm")], "pass --force to read it"),
        (["scan", str(FILES / "rtstruct.dcm")], "pass --force to read it"),
        (["view", SERIES, "--series", "9"], "no series 9: `rapidicom series` lists the 1 found"),
        (["view", SERIES, str(FILES / "CT_small.dcm")], "choose one with --series"),
    ],
    ids=["keep", "force", "force for scan", "no such series", "several series"],
)
def test_errors_name_options_and_not_arguments(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    arguments: list[str],
    option: str,
) -> None:
    (tmp_path / "irregular").mkdir()
    copy_series(tmp_path / "irregular", leave_out={20})
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert option.lower() in error.lower()
    assert not re.search(r"\w=", error)


def test_error_of_several_stacks_names_the_option_that_chooses_one(
    tmp_path: Path, capsys: Capture
) -> None:
    two_stacks(tmp_path)
    assert main(["convert", str(tmp_path), str(tmp_path / "volume.npy")]) == 1
    assert "Or read its 2 stacks one by one, with --series." in capsys.readouterr().err
    (found,) = rd.find_series(tmp_path)
    with pytest.raises(rd.IrregularSeriesError, match=r"one by one, from series\.stacks") as caught:
        found.read()
    assert str(caught.value).endswith(f". {caught.value.hint}")


def test_every_option_is_explained() -> None:
    commands = next(
        action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    assert len(commands.choices) == 7
    for name, command in commands.choices.items():
        for action in command._actions:
            assert action.help, f"{name}: {action.dest}"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["scan"],
        ["scan", ".", "--rows", "0"],
        ["convert", SERIES, "volume.npy", "--dtype", "int7"],
        ["convert", SERIES, "volume.npy", "--dtype", "3"],
    ],
    ids=str,
)
def test_wrong_command_line_is_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_module_runs_as_a_program(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "rapidicom", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == f"rapidicom {rd.__version__}"


def test_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        run = subprocess.run(
            [sys.executable, "-m", "rapidicom", "scan", SERIES],
            stdout=write_end,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            text=True,
        )
    finally:
        os.close(write_end)
    assert run.stderr == ""


def copy_series(folder: Path, *, leave_out: set[int]) -> None:
    """Copy the series that ships, without some of its files."""
    for number in set(range(1, 41)) - leave_out:
        name = f"{number:04}.dcm"
        (folder / name).write_bytes((BRAIN_MR / name).read_bytes())
