"""Files whose names are not UTF-8 keep them wherever they go, and are found by them again."""

from __future__ import annotations

import csv
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import UNREADABLE_FILE
from rapidicom.cli import main
from series_builder import Stack, series

# Neither is UTF-8; then the character that stands for 0xFF elsewhere, and an ordinary name.
NAMES = [b"odd\xff\xfe", b"odd\xff\xfd\xc3", "odd\uefff".encode(), "ödd".encode()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A series of four slices, and a file that cannot be read."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/f\x80lder"))
    try:
        folder.mkdir()
        written = series(folder, Stack(count=len(NAMES)))
        for path, name in zip(written.paths, NAMES, strict=True):
            path.rename(folder / os.fsdecode(name))
        (folder / os.fsdecode(b"bad\xff")).write_bytes(UNREADABLE_FILE)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    return folder


@pytest.fixture
def table(folder: Path) -> rd.Table:
    return rd.scan(folder, ["InstanceNumber"])


def names(paths: Any) -> list[bytes]:
    return sorted(os.path.basename(os.fsencode(path)) for path in paths)  # noqa: PTH119


def test_paths_open_their_files(table: rd.Table, folder: Path) -> None:
    pandas = pytest.importorskip("pandas")
    assert isinstance(table.to_pandas(), pandas.DataFrame)
    pickled = pickle.loads(pickle.dumps(table))
    for one in (table, pickled, table.to_pandas(), {"path": [r["path"] for r in table.to_dicts()]}):
        assert names(one["path"]) == sorted(NAMES)
        assert all(Path(path).is_file() for path in one["path"])
    for one in (table, pickled):
        (error,) = one.errors
        assert os.fsencode(error.path) == os.fsencode(folder) + b"/bad\xff"
        assert Path(error.path).is_file()
        # What is printed can be printed.
        assert "f\\x80lder/bad\\xff: " in str(error)
        assert "odd\\xff\\xfe" in repr(one)
        (str(error) + repr(one)).encode()


def test_arrow_has_a_way_back(table: rd.Table) -> None:
    pa = pytest.importorskip("pyarrow")
    arrow = table.to_arrow()
    arrow.validate(full=True)
    texts = arrow["path"].to_pylist()
    assert len({*texts}) == len(NAMES)
    assert [text.rpartition("/")[2] for text in texts] == [
        "odd\uefee\uefbf\uefbf"
        if name == NAMES[2]
        else os.fsdecode(name).translate({0xDC00 + n: 0xEF00 + n for n in range(0x80, 0x100)})
        for name in map(os.fsencode, (os.path.basename(path) for path in table["path"]))  # noqa: PTH119
    ]
    # Each is a path for every function of ours, one by one and as a table.
    for text, path in zip(texts, table["path"], strict=True):
        assert rd.dcmread(text).filename == path
        assert list(rd.scan(text, [])["path"]) == [path]
        assert rd.pixel_array(text).shape == rd.pixel_array(path).shape
    volume = rd.read_series(list(table["path"]))
    for one in (arrow, arrow.to_pandas(), texts, table.to_pandas()):
        again = rd.read_series(one)
        np.testing.assert_array_equal(again.array, volume.array)
        assert names(again.paths) == sorted(NAMES)
    with pytest.raises(FileNotFoundError):
        rd.dcmread(texts[0] + "\uefff")
    assert pa.table(table).equals(arrow)


def test_polars(table: rd.Table) -> None:
    pytest.importorskip("polars")
    frame = table.to_polars()
    assert len(set(frame["path"])) == len(NAMES)
    assert names(rd.read_series(frame).paths) == sorted(NAMES)


def test_command_line(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "table.csv"
    assert main(["scan", os.fspath(folder), "--columns", "InstanceNumber", "-o", os.fspath(output)])
    content = output.read_bytes()
    assert all(os.fsencode(folder) + b"/" + name in content for name in NAMES)
    with output.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        rows = list(csv.DictReader(file))
    assert names(row["path"] for row in rows) == sorted(NAMES)
    captured = capsys.readouterr()
    assert "bad\\xff" in captured.err
    if pytest.importorskip("pyarrow"):
        parquet = tmp_path / "table.parquet"
        main(["scan", os.fspath(folder), "--columns", "Rows", "-o", os.fspath(parquet)])
        read = pytest.importorskip("pyarrow.parquet").read_table(parquet)
        assert names(rd.read_series(read).paths) == sorted(NAMES)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for arguments in (["scan"], ["series"]):
        command = [sys.executable, "-m", "rapidicom", *arguments, os.fspath(folder)]
        done = subprocess.run(command, capture_output=True, env=environment, check=False)
        assert b"Traceback" not in done.stderr


def test_csv_and_json_of_pandas(table: rd.Table, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = table.to_pandas()
    assert frame["path"].dtype == object
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False, errors="surrogateescape")
    kinds = {"path": object}
    frame = pandas.read_csv(path, encoding_errors="surrogateescape", dtype=kinds)
    assert names(rd.read_series(frame).paths) == sorted(NAMES)
    lines = [json.dumps(row) for row in table.to_dicts()]
    assert all(line.isascii() for line in lines)
    assert names(json.loads(line)["path"] for line in lines) == sorted(NAMES)


def test_messages_name_the_file(folder: Path) -> None:
    bad = folder / os.fsdecode(b"bad\xff")
    with pytest.raises(rd.InvalidDicomError) as caught:
        rd.dcmread(bad)
    assert caught.value.path == os.fspath(bad)
    assert "f\\x80lder/bad\\xff: " in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.path, str(again)) == (caught.value.path, str(caught.value))
    absent = folder / os.fsdecode(b"absent\xfe")
    with pytest.raises(FileNotFoundError) as missing:
        rd.dcmread(absent)
    assert missing.value.filename == os.fspath(absent)
    str(missing.value).encode()


def test_volume_and_series_keep_the_names(folder: Path) -> None:
    (folder / os.fsdecode(b"bad\xff")).unlink()
    (found,) = rd.find_series(folder)
    for one in (found, pickle.loads(pickle.dumps(found))):
        volume = one.read()
        assert names(volume.paths) == sorted(NAMES)
        assert names(pickle.loads(pickle.dumps(volume)).paths) == sorted(NAMES)
        assert len(list(volume.datasets)) == len(NAMES)
        str(volume.report).encode()
