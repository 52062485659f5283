"""`rapidicom.Table`: printing, pickling, progress, and values that do not fit."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import UNREADABLE_FILE, Element, write_image
from series_builder import Stack, series


@pytest.fixture
def ragged(tmp_path: Path) -> rd.Table:
    """Return a table with rows of one, two and no numbers, and a value that does not fit."""
    write_image(tmp_path / "0", Element(0x00281050, "DS", [40.0]), number=5)
    write_image(tmp_path / "1", Element(0x00281050, "DS", [40.0, -600.5]), number=6)
    write_image(tmp_path / "2", Element(0x00200013, "IS", "six"))
    (tmp_path / "text").write_text("not DICOM")
    (tmp_path / "bad").write_bytes(UNREADABLE_FILE)
    return rd.scan(tmp_path, ["WindowCenter", "InstanceNumber", "Modality", "AcquisitionMatrix"])


def test_rows_of_differing_length_are_padded(ragged: rd.Table) -> None:
    np.testing.assert_array_equal(
        ragged["WindowCenter"], [[40, np.nan], [40, -600.5], [np.nan, np.nan]]
    )
    assert [row["WindowCenter"] for row in ragged.to_dicts()] == [
        [40.0, None],
        [40.0, -600.5],
        None,
    ]
    pa = pytest.importorskip("pyarrow")
    arrow = pa.table(ragged)
    arrow.validate(full=True)
    assert arrow["WindowCenter"].to_pylist() == [[40.0, None], [40.0, -600.5], None]
    assert arrow["AcquisitionMatrix"].to_pylist() == [None] * 3


def test_value_that_does_not_fit_is_missing_and_listed(ragged: rd.Table) -> None:
    np.testing.assert_array_equal(ragged["InstanceNumber"], [5, 6, np.nan])
    (entry,) = ragged.invalid
    assert (entry.row, entry.column) == (2, "InstanceNumber")
    assert entry.path == ragged["path"][2]
    assert "six" not in repr(entry)


def test_table_survives_a_pickle(ragged: rd.Table) -> None:
    copy = pickle.loads(pickle.dumps(ragged))
    assert copy.to_dicts() == ragged.to_dicts()
    assert (copy.columns, copy.errors, copy.skipped, copy.invalid) == (
        ragged.columns, ragged.errors, ragged.skipped, ragged.invalid,
    )  # fmt: skip
    for name in ragged.columns:
        assert copy[name].dtype == ragged[name].dtype
        assert copy[name].shape == ragged[name].shape
    pa = pytest.importorskip("pyarrow")
    assert pa.table(copy).equals(pa.table(ragged))


@pytest.mark.parametrize("width", [20, 60, 100, 300])
@pytest.mark.parametrize("count", [1, 8, 45])
def test_print_never_wraps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, count: int
) -> None:
    series(tmp_path, Stack(count=count))
    monkeypatch.setenv("COLUMNS", str(width))
    table = rd.scan(tmp_path)
    lines = str(table).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[-1].startswith(f"{count} row{'s' * (count > 1)},"[:width])
    assert len(lines) <= 25
    assert repr(table) == str(table)


def test_table_is_printed_with_its_counts(
    ragged: rd.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert str(ragged).splitlines()[-1] == "3 rows, 5 columns, 1 skipped, 1 not readable, 1 invalid"


def test_iteration_gives_columns_and_arrays_cannot_be_changed(ragged: rd.Table) -> None:
    assert list(ragged) == ragged.columns
    assert "Modality" in ragged
    assert "Rows" not in ragged
    assert ragged["Modality"] is ragged["Modality"]
    with pytest.raises(ValueError):
        ragged["Modality"][0] = "MR"


def test_a_column_is_found_by_any_text_that_scan_takes_for_it(tmp_path: Path) -> None:
    write_image(tmp_path / "0", Element(0x00190010, "LO", "ME"), Element(0x00191006, "LO", "6"))
    table = rd.scan(tmp_path, ["0019,1006", "00200013"])
    assert table.columns == ["path", "(0019,1006)", "InstanceNumber"]
    for name in ("0019,1006", "00191006", "(0019,1006)"):
        assert name in table
        assert table[name] is table["(0019,1006)"]
        assert table[name].tolist() == ["6"]
    assert table["0020,0013"] is table["InstanceNumber"]
    for name in ("0028,0010", "0019,10", "instancenumber", "", "\ud800", 0x00200013):
        assert name not in table
    with pytest.raises(KeyError, match="no column '0028,0010'"):
        table["0028,0010"]


def test_column_is_there_once(tmp_path: Path) -> None:
    path = write_image(tmp_path / "one")
    assert rd.scan(path, ["path", "Rows", 0x00280010, "Columns"]).columns == [
        "path",
        "Rows",
        "Columns",
    ]
    assert rd.scan(path, "Rows").columns == ["path", "Rows"]
    assert rd.scan(path, []).columns == ["path"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["PixelData"], "neither text nor numbers"),
        (["RequestAttributesSequence"], "is a sequence"),
        (["Rows.Columns"], "Rows is no sequence"),
        (["OverlayRows"], "give a tag"),
    ],
)
def test_column_that_does_not_fit_a_table_is_refused(
    tmp_path: Path, columns: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        rd.scan(tmp_path, columns)


@pytest.mark.parametrize("arguments", [{"errors": "ignore"}, {"workers": 0}])
def test_wrong_argument_is_refused(tmp_path: Path, arguments: Any) -> None:
    with pytest.raises(ValueError):
        rd.scan(tmp_path, **arguments)


def test_named_file_that_is_not_dicom_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not DICOM")
    (error,) = rd.scan([path], ["Rows"]).errors
    assert error.path == str(path)
    assert "text file" in error.reason
    with pytest.raises(rd.InvalidDicomError):
        rd.scan([path], ["Rows"], errors="raise")


def test_file_and_its_folder_are_one_row(tmp_path: Path) -> None:
    paths = [write_image(tmp_path / name, number=number) for number, name in enumerate("abc")]
    assert list(rd.scan([paths[2], tmp_path], ["InstanceNumber"])["InstanceNumber"]) == [2, 0, 1]


def test_progress_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    series(tmp_path)
    assert len(rd.scan(tmp_path, ["Rows"], progress=True)) == 8
    shown = capsys.readouterr().err
    assert "headers" in shown
    assert "8/8" in shown


def test_progress_without_tqdm_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"rapidicom\[progress\]"):
        rd.scan(tmp_path, ["Rows"], progress=True)


def test_a_pickle_keeps_names_that_are_no_paths(tmp_path: Path) -> None:
    content = write_image(tmp_path / "x.dcm").read_bytes()
    names = {"https://a.b//c/1": content, "zip://x.dcm::b.zip": content, "no file": b"x"}
    table = rd.scan(names, ["Rows"])
    copy = pickle.loads(pickle.dumps(table))
    assert copy["path"].tolist() == table["path"].tolist() == [*names][:2]
    assert copy.errors == table.errors
