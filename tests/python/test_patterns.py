"""`~` and patterns as sources: what they stand for, and what they do not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import write_image
from rapidicom.cli import main
from rapidicom.sources.patterns import expanded
from series_builder import series


def names(paths: list[str]) -> list[str]:
    return [Path(path).name for path in paths]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files in folders, and the working directory above them."""
    for name in ("a/1.dcm", "a/2.dcm", "a/.hidden.dcm", "a/b/3.dcm", "c/4.dcm", "[1].dcm", "~x"):
        write_image(tmp_path / name)
    (tmp_path / "a" / "note.txt").write_text("a note")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "a"))
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a/1.dcm", ["a/1.dcm"]),
        ("a/*.dcm", ["a/1.dcm", "a/2.dcm"]),
        ("a/.*.dcm", ["a/.hidden.dcm"]),
        ("a/?.dcm", ["a/1.dcm", "a/2.dcm"]),
        ("a/[!1].dcm", ["a/2.dcm"]),
        ("*/*.dcm", ["a/1.dcm", "a/2.dcm", "c/4.dcm"]),
        ("a/**/*.dcm", ["a/1.dcm", "a/2.dcm", "a/b/3.dcm"]),
        ("a/**", ["a/1.dcm", "a/2.dcm", "a/b/3.dcm", "a/note.txt"]),
        ("a/*", ["a/1.dcm", "a/2.dcm", "a/b", "a/note.txt"]),
        ("./a/1*", ["./a/1.dcm"]),
        # A file that has the name, and those that the name stands for.
        ("[1].dcm", ["[1].dcm"]),
        ("[[]1].dcm", ["[1].dcm"]),
        # The home folder is `a`; a file may start like one.
        ("~/*.dcm", ["$/1.dcm", "$/2.dcm"]),
        ("~/1.dcm", ["$/1.dcm"]),
        ("~", ["$"]),
        ("~x", ["~x"]),
    ],
)
def test_names_stand_for(tree: Path, pattern: str, expected: list[str]) -> None:
    assert expanded(pattern) == [path.replace("$", str(tree / "a")) for path in expected]


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "dcmread": rd.dcmread,
    "pixel_array": rd.pixel_array,
    "iter_pixels": lambda source: list(rd.iter_pixels(source)),
    "scan": rd.scan,
    "find_series": rd.find_series,
    "read_series": rd.read_series,
    "read_batch": rd.read_batch,
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("pattern", ["a/*.ima", "nowhere/*", "**/x", "~/[0-0].dcm"])
def test_nothing_found_is_an_error_that_names_the_pattern(
    tree: Path, function: str, pattern: str
) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        FUNCTIONS[function](pattern)
    assert caught.value.filename == pattern.replace("~", str(tree / "a"))
    assert "pattern" in str(caught.value)


@pytest.mark.parametrize("function", ["dcmread", "pixel_array", "iter_pixels"])
def test_one_file_is_wanted(tree: Path, function: str) -> None:
    call = FUNCTIONS[function]
    call("c/*.dcm")
    call(Path("c/*.dcm"))
    call("~/1.dcm")
    with pytest.raises(rd.InvalidDicomError, match=r"one file, but this one has 2.*a/1\.dcm"):
        call("a/*.dcm")


def test_the_series_is_that_of_the_folder(tmp_path: Path) -> None:
    written = series(tmp_path / "study")
    expected = rd.read_series(written.folder)
    for source in (
        f"{written.folder}/*",
        written.folder / "*.dcm",
        [f"{written.folder}/*[02468].dcm", f"{written.folder}/*[13579].dcm"],
        f"{tmp_path}/**",
        f"{tmp_path}/*",
    ):
        volume = rd.read_series(source)
        np.testing.assert_array_equal(volume.array, expected.array)
        np.testing.assert_array_equal(volume.affine, expected.affine)
        assert volume.paths == expected.paths
        assert str(volume.report) == str(expected.report)
        rows = sorted(rd.scan(source).to_dicts(), key=lambda row: row["path"])
        assert rows == rd.scan(written.folder).to_dicts()
    paths = sorted(map(str, written.folder.glob("*")))
    np.testing.assert_array_equal(rd.read_batch(f"{written.folder}/*"), rd.read_batch(paths))


def test_a_folder_in_a_pattern_is_a_folder(tree: Path) -> None:
    assert names(list(rd.scan("a/*[!t]")["path"])) == ["1.dcm", "2.dcm", "3.dcm"]


def test_the_command_line_takes_what_the_functions_take(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", "a/*.dcm"]) == 0
    assert "a/1.dcm" in (shown := capsys.readouterr().out)
    assert "a/2.dcm" in shown
    assert main(["dump", "~/1.dcm", "Modality"]) == 0
    assert "Modality" in capsys.readouterr().out
    assert main(["scan", "a/*.ima"]) != 0
    assert "a/*.ima" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_names_that_are_not_utf_8_are_found(tree: Path) -> None:
    write_image(tree / os.fsdecode(b"d/\xff.dcm"))
    (path,) = rd.scan("d/*.dcm")["path"]
    assert rd.dcmread(path).Modality == "CT"
