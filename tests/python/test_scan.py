"""`rapidicom.scan`: typed columns, what counts as a row, and how other libraries take the table."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    UNREADABLE_FILE,
    Element,
    Items,
    Plane,
    write_image,
)
from series_builder import Stack, series

COLUMNS = [
    "SOPInstanceUID",
    "InstanceNumber",
    "Rows",
    "RescaleSlope",
    "ImagePositionPatient",
    "Modality",
    "PatientName",
]


class Stream:
    """Nothing but the Arrow C stream of a table, so that a consumer has no other way in."""

    def __init__(self, table: rd.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.fixture
def table(tmp_path: Path) -> rd.Table:
    series(tmp_path)
    return rd.scan(tmp_path, COLUMNS)


def test_one_row_a_file_in_path_order(tmp_path: Path) -> None:
    written = series(tmp_path)
    table = rd.scan(tmp_path, COLUMNS)
    assert len(table) == 8
    assert list(map(Path, table["path"])) == sorted(written.paths)
    uids = [written.instances[path] for path in sorted(written.paths)]
    assert [str(uid) for uid in table["SOPInstanceUID"]] == uids
    assert len(table.errors) == 0
    assert table.skipped == 0


def test_listed_files_keep_their_order(tmp_path: Path) -> None:
    written = series(tmp_path)
    paths = [written.paths[k] for k in (4, 1, 6)]
    assert list(rd.scan(paths, ["InstanceNumber"])["InstanceNumber"]) == [5, 2, 7]


def test_columns_are_typed(table: rd.Table) -> None:
    assert list(table.columns) == ["path", *COLUMNS]
    assert table["InstanceNumber"].dtype == np.int64
    assert table["Rows"].dtype == np.int64
    assert table["RescaleSlope"].dtype == np.float64
    assert table["ImagePositionPatient"].dtype == np.float64
    assert table["ImagePositionPatient"].shape == (8, 3)
    assert table["Modality"].dtype.kind in "OTU"
    assert set(table["Modality"]) == {"CT"}
    assert set(table["PatientName"]) == {"Secret^Somebody"}
    assert list(table["Rows"]) == [5] * 8


def test_positions_are_those_of_the_files(tmp_path: Path) -> None:
    written = series(tmp_path, Stack(plane="oblique"))
    table = rd.scan(tmp_path, ["ImagePositionPatient"])
    for path, position in zip(table["path"], table["ImagePositionPatient"], strict=True):
        index = written.paths.index(Path(path))
        np.testing.assert_allclose(position, (written.affine @ [index, 0, 0, 1])[:3], atol=1e-6)


def test_default_columns_sort_and_group(tmp_path: Path) -> None:
    series(tmp_path)
    table = rd.scan(tmp_path)
    wanted = {
        "SOPInstanceUID",
        "SeriesInstanceUID",
        "StudyInstanceUID",
        "Modality",
        "InstanceNumber",
    }
    wanted |= {"ImagePositionPatient", "ImageOrientationPatient", "Rows", "Columns"}
    assert wanted <= set(table.columns)


@pytest.mark.parametrize(
    "column",
    ["InstanceNumber", 0x00200013, (0x0020, 0x0013)],
    ids=["keyword", "tag", "pair"],
)
def test_column_may_be_a_keyword_or_a_tag(tmp_path: Path, column: Any) -> None:
    write_image(tmp_path / "one", number=7)
    table = rd.scan(tmp_path, [column])
    assert list(table.columns) == ["path", "InstanceNumber"]
    assert list(table["InstanceNumber"]) == [7]


def test_unknown_column_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "one")
    with pytest.raises(ValueError, match="InstanceNumbre"):
        rd.scan(tmp_path, ["InstanceNumbre"])


def test_absent_column_of_a_table_is_a_key_error(table: rd.Table) -> None:
    with pytest.raises(KeyError):
        table["Columns"]


def test_dotted_path_reaches_into_sequences(tmp_path: Path) -> None:
    item = [Element(0x00400007, "LO", "Head"), Element(0x00400009, "SH", "step 1")]
    other = [Element(0x00400007, "LO", "Neck")]
    for number, (nested, syntax) in enumerate([(False, EXPLICIT_LITTLE), (True, IMPLICIT_LITTLE)]):
        items = Items([item, other], undefined_length=nested, undefined_item_length=nested)
        sequence = Element(0x00400275, "SQ", items)
        write_image(tmp_path / str(number), sequence, number=number, transfer_syntax=syntax)
    write_image(tmp_path / "2", number=2)
    name = "RequestAttributesSequence.ScheduledProcedureStepDescription"
    table = rd.scan(tmp_path, [name, "InstanceNumber"])
    assert [row[name] for row in table.to_dicts()] == ["Head", "Head", None]
    assert list(table["InstanceNumber"]) == [0, 1, 2]


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE], ids=["implicit", "explicit"])
def test_binary_numbers(tmp_path: Path, syntax: str) -> None:
    write_image(
        tmp_path / "one",
        Element(0x00181310, "US", [0, 256, 65535, 0]),
        Element(0x00189087, "FD", 1000.5),
        Element(0x00187050, "CS", ["ALUMINIUM", "COPPER"]),
        transfer_syntax=syntax,
    )
    table = rd.scan(tmp_path, ["AcquisitionMatrix", "DiffusionBValue", "FilterMaterial"])
    assert table["AcquisitionMatrix"].dtype == np.int64
    np.testing.assert_array_equal(table["AcquisitionMatrix"], [[0, 256, 65535, 0]])
    np.testing.assert_array_equal(table["DiffusionBValue"], [1000.5])
    # Several texts stay as the file has them.
    assert list(table["FilterMaterial"]) == ["ALUMINIUM\\COPPER"]


def test_missing_values(tmp_path: Path) -> None:
    """NaN in NumPy's numeric columns, which turns integers into floats; None and null elsewhere."""
    pa = pytest.importorskip("pyarrow")
    write_image(tmp_path / "0", number=10, rescale=(2.0, 1.0))
    write_image(
        tmp_path / "1",
        Element(0x00200013, "IS", None),
        Element(0x0008103E, "LO", None),
        number=12,
        plane=Plane(position=None),
    )
    table = rd.scan(
        tmp_path, ["InstanceNumber", "RescaleSlope", "ImagePositionPatient", "SeriesDescription"]
    )
    np.testing.assert_array_equal(table["InstanceNumber"], [10.0, np.nan])
    assert table["InstanceNumber"].dtype == np.float64
    np.testing.assert_array_equal(table["RescaleSlope"], [2.0, np.nan])
    np.testing.assert_array_equal(table["ImagePositionPatient"], [[0, 0, 0], [np.nan] * 3])
    row = table.to_dicts()[1]
    assert row["InstanceNumber"] is None
    assert row["RescaleSlope"] is None
    assert row["ImagePositionPatient"] is None
    assert row["SeriesDescription"] is None
    arrow = pa.table(Stream(table))
    assert [arrow[name].null_count for name in table.columns] == [0, 1, 1, 1, 1]
    assert pa.types.is_integer(arrow.schema.field("InstanceNumber").type)


def test_empty_value_is_not_the_number_zero(tmp_path: Path) -> None:
    write_image(tmp_path / "0", Element(0x00200013, "IS", b""))
    assert np.isnan(rd.scan(tmp_path, ["InstanceNumber"])["InstanceNumber"][0])


def test_unreadable_file_costs_its_own_row(tmp_path: Path) -> None:
    write_image(tmp_path / "good", number=4)
    bad = tmp_path / "bad"
    bad.write_bytes(UNREADABLE_FILE)
    table = rd.scan(tmp_path, ["InstanceNumber"])
    assert list(table["InstanceNumber"]) == [4]
    (error,) = table.errors
    assert Path(error.path) == bad
    assert error.reason
    with pytest.raises(rd.DicomError) as caught:
        rd.scan(tmp_path, ["InstanceNumber"], errors="raise")
    assert Path(caught.value.path) == bad


def test_errors_do_not_show_values(tmp_path: Path) -> None:
    path = write_image(
        tmp_path / "one", Element(0x00101000, "SQ", b"Secret-0815-again", length=0x10000000)
    )
    table = rd.scan(path, ["InstanceNumber"])
    (error,) = table.errors
    assert "Secret" not in str(error.reason)


def test_other_files_are_skipped_and_counted(tmp_path: Path) -> None:
    write_image(tmp_path / "one.dcm")
    (tmp_path / "notes.txt").write_text("not DICOM")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 200)
    table = rd.scan(tmp_path, ["InstanceNumber"])
    assert len(table) == 1
    assert table.skipped == 3
    assert len(table.errors) == 0


def test_folders_are_walked_unless_recursive_is_false(tmp_path: Path) -> None:
    write_image(tmp_path / "top", number=1)
    write_image(tmp_path / "a" / "b" / "deep", number=2)
    assert sorted(rd.scan(tmp_path, ["InstanceNumber"])["InstanceNumber"]) == [1, 2]
    assert list(rd.scan(tmp_path, ["InstanceNumber"], recursive=False)["InstanceNumber"]) == [1]


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
@pytest.mark.parametrize("target", ["z/y/x", "a/b/c/d", "elsewhere"])
def test_one_of_several_ways_to_a_folder_is_always_the_same(tmp_path: Path, target: str) -> None:
    """That through the fewest folders, of these the first by name, whatever threads find first."""
    root = tmp_path / "root"
    folder = (tmp_path if target == "elsewhere" else root) / target
    for number in range(3):
        write_image(folder / f"{number}", number=number)
        write_image(folder / "more" / f"{number}", number=number)
    for way in ("m/2", "m/1", "q", "k/l/m"):
        (root / way).parent.mkdir(parents=True, exist_ok=True)
        (root / way).symlink_to(folder, target_is_directory=True)
    for number in range(40):
        (root / f"empty-{number}" / "below").mkdir(parents=True)
    expected = sorted(
        str(root / "q" / f"{more}{number}") for more in ("", "more/") for number in range(3)
    )
    for workers in (1, 2, 8, 8, 8):
        assert list(rd.scan(root, ["Rows"], workers=workers)["path"]) == expected
    # A folder that is named counts by its name.
    named = sorted(str(folder / f"{more}{number}") for more in ("", "more/") for number in range(3))
    assert list(rd.scan([root, folder], ["Rows"], workers=8)["path"]) == named


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_symlink_loop_ends(tmp_path: Path) -> None:
    write_image(tmp_path / "a" / "one")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert len(rd.scan(tmp_path, ["InstanceNumber"])) == 1


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_errors_of_folders_are_in_the_order_of_their_paths(tmp_path: Path) -> None:
    links = [tmp_path / name / "link" for name in "badc"]
    for link in links:
        link.parent.mkdir()
        link.symlink_to(tmp_path / "absent")
    for workers in (1, 4):
        errors = rd.scan(tmp_path, ["InstanceNumber"], workers=workers).errors
        assert [str(error.path) for error in errors] == sorted(map(str, links))


def test_missing_path_is_the_ordinary_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rd.scan(tmp_path / "absent")


def test_folder_or_nothing_among_many_files(tmp_path: Path) -> None:
    """A long list is taken for files without asking, until one turns out to be none."""
    files = [tmp_path / f"{number:03}" for number in range(100)]
    for number, file in enumerate(files):
        write_image(file, number=number)
    write_image(tmp_path / "folder" / "deep", number=100)
    (tmp_path / "folder" / "notes.txt").write_text("not DICOM")
    paths = [*files[:60], tmp_path / "folder", *files[60:]]
    table = rd.scan(paths, ["InstanceNumber"])
    assert list(table["InstanceNumber"]) == list(range(101))
    assert (table.skipped, len(table.errors)) == (1, 0)
    assert list(rd.scan(files, ["InstanceNumber"])["InstanceNumber"]) == list(range(100))
    assert len(rd.find_series(paths)) == 1
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for bad in (
        tmp_path / "absent",
        files[0] / "below a file",
        tmp_path / "loop",
        tmp_path / ("a" * 300),
    ):
        for count in (10, 100):
            for read in (rd.scan, rd.find_series):
                with pytest.raises(OSError, match=re.escape(str(bad))):
                    read([*files[:count], bad])
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"not DICOM")
    with pytest.raises(FileNotFoundError):
        rd.scan([*files[:60], damaged, *files[60:], tmp_path / "absent"], errors="raise")
    with pytest.raises(rd.InvalidDicomError, match="damaged"):
        rd.scan([*files, damaged], errors="raise")


def test_empty_folder_is_an_empty_table(tmp_path: Path) -> None:
    table = rd.scan(tmp_path, COLUMNS)
    assert len(table) == 0
    assert len(table["InstanceNumber"]) == 0
    assert table.to_dicts() == []


@pytest.mark.parametrize("workers", [1, 2, 16])
def test_workers_do_not_change_the_table(tmp_path: Path, workers: int) -> None:
    series(tmp_path, Stack(count=60))
    assert (
        rd.scan(tmp_path, COLUMNS, workers=workers).to_dicts()
        == rd.scan(tmp_path, COLUMNS).to_dicts()
    )


def test_single_file(tmp_path: Path) -> None:
    path = write_image(tmp_path / "one", number=3)
    assert list(rd.scan(path, ["InstanceNumber"])["InstanceNumber"]) == [3]
    assert list(rd.scan(str(path), ["InstanceNumber"])["InstanceNumber"]) == [3]


def test_tags_after_the_pixel_data_are_found(tmp_path: Path) -> None:
    write_image(tmp_path / "one", Element(0x7FE10010, "LO", "ACME"))
    table = rd.scan(tmp_path, ["7FE10010", "InstanceNumber"])
    assert list(table["(7FE1,0010)"]) == ["ACME"]
    assert len(table.errors) == 0


def test_dicts_have_plain_values(table: rd.Table) -> None:
    row = table.to_dicts()[0]
    assert list(row) == list(table.columns)
    assert type(row["InstanceNumber"]) is int
    assert type(row["RescaleSlope"]) is float
    assert list(row["ImagePositionPatient"]) == pytest.approx(table["ImagePositionPatient"][0])


def test_pandas(table: rd.Table) -> None:
    pytest.importorskip("pandas")
    frame = table.to_pandas()
    assert list(frame.columns) == list(table.columns)
    assert list(frame["InstanceNumber"]) == list(table["InstanceNumber"])
    assert frame["RescaleSlope"].dtype.kind == "f"


def test_pandas_takes_the_stream(table: rd.Table) -> None:
    pd = pytest.importorskip("pandas", minversion="3.0")
    frame = pd.DataFrame.from_arrow(Stream(table))
    assert list(frame["InstanceNumber"]) == list(table["InstanceNumber"])


@pytest.mark.parametrize("through_stream", [False, True])
def test_polars(table: rd.Table, through_stream: bool) -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(Stream(table)) if through_stream else table.to_polars()
    assert frame.columns == list(table.columns)
    assert frame["InstanceNumber"].to_list() == list(table["InstanceNumber"])
    assert frame.schema["ImagePositionPatient"] == pl.Array(pl.Float64, 3)
    np.testing.assert_array_equal(
        frame["ImagePositionPatient"].to_numpy(), table["ImagePositionPatient"]
    )


@pytest.mark.parametrize("through_stream", [False, True])
def test_pyarrow(table: rd.Table, through_stream: bool) -> None:
    pa = pytest.importorskip("pyarrow")
    arrow = pa.table(Stream(table)) if through_stream else table.to_arrow()
    arrow.validate(full=True)
    assert arrow.column_names == list(table.columns)
    assert arrow["InstanceNumber"].to_pylist() == list(table["InstanceNumber"])
    assert pa.types.is_fixed_size_list(arrow.schema.field("ImagePositionPatient").type)
    assert arrow.to_pylist() == [
        {name: _plain(value) for name, value in row.items()} for row in table.to_dicts()
    ]


def test_duckdb(table: rd.Table) -> None:
    duckdb = pytest.importorskip("duckdb")
    stream = Stream(table)  # found by name in this frame
    assert stream is not None
    rows = duckdb.sql(
        "select sum(InstanceNumber), max(ImagePositionPatient[3]) from stream"
    ).fetchall()
    assert rows == [(36, pytest.approx(float(table["ImagePositionPatient"][:, 2].max())))]


def test_stream_outlives_the_table(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    series(tmp_path)
    arrow = pa.table(rd.scan(tmp_path, COLUMNS))
    assert sorted(arrow["InstanceNumber"].to_pylist()) == list(range(1, 9))


def _plain(value: Any) -> Any:
    """Lists, whatever a row's sequence type is."""
    return list(value) if isinstance(value, tuple | list | np.ndarray) else value
