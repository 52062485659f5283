"""Dates and times of a header table as those of other libraries, and what is asked wrongly."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, write_image
from series_builder import series

DATE, TIME, BOTH = 0x00080020, 0x00080030, 0x0008002A
CALIBRATED = 0x00181200

COLUMNS = ["StudyDate", "StudyTime", "AcquisitionDateTime", "DateOfLastCalibration", "Modality"]


@pytest.fixture
def table(tmp_path: Path) -> rd.Table:
    """Return a table of rows with dates and times, of none, and of such as are none."""
    rows = [
        ("20240229", "101530.25", "20240229101530.5", "20200101\\20210203"),
        ("1957.03.12", "10", "2024", "20200101"),
        (None, None, None, None),
        ("20230230", "2575", "20241301", None),
    ]
    for number, (date, time, both, calibrated) in enumerate(rows):
        write_image(
            tmp_path / str(number),
            Element(DATE, "DA", date or ""),
            Element(BOTH, "DT", both or ""),
            Element(TIME, "TM", time or ""),
            Element(CALIBRATED, "DA", calibrated or ""),
        )
    return rd.scan(tmp_path, COLUMNS)


D, T, B = datetime.date, datetime.time, datetime.datetime
DATES = [D(2024, 2, 29), D(1957, 3, 12), None, None]
TIMES = [T(10, 15, 30, 250000), T(10), None, None]
BOTHS = [B(2024, 2, 29, 10, 15, 30, 500000), B(2024, 1, 1), None, None]
SEVERAL = [[D(2020, 1, 1), D(2021, 2, 3)], [D(2020, 1, 1)], None, None]


def test_text_unless_asked(table: rd.Table) -> None:
    assert table.to_dicts()[0]["StudyDate"] == "20240229"
    assert table.to_dicts()[3]["StudyDate"] == "20230230"
    assert {entry.row for entry in table.invalid} == {3}


def test_dates_as_python_has_them(table: rd.Table) -> None:
    rows = table.to_dicts(dates=True)
    assert [row["StudyDate"] for row in rows] == DATES
    assert [row["StudyTime"] for row in rows] == TIMES
    assert [row["AcquisitionDateTime"] for row in rows] == BOTHS
    assert [row["DateOfLastCalibration"] for row in rows] == SEVERAL
    assert [row["Modality"] for row in rows] == [row["Modality"] for row in table.to_dicts()]
    assert type(rows[0]["StudyDate"]) is D
    assert type(rows[0]["StudyTime"]) is T
    assert type(rows[0]["AcquisitionDateTime"]) is B


def test_dates_of_polars(table: rd.Table) -> None:
    pl = pytest.importorskip("polars")
    frame = table.to_polars(dates=True)
    assert frame.columns == table.columns
    assert frame.schema["StudyDate"] == pl.Date
    assert frame.schema["StudyTime"] == pl.Time
    assert frame.schema["AcquisitionDateTime"] == pl.Datetime("us")
    assert frame.schema["DateOfLastCalibration"] == pl.List(pl.Date)
    assert frame["StudyDate"].to_list() == DATES
    assert frame["StudyTime"].to_list() == TIMES
    assert frame["AcquisitionDateTime"].to_list() == BOTHS
    assert frame["DateOfLastCalibration"].to_list() == SEVERAL


def test_dates_of_pyarrow(table: rd.Table) -> None:
    pa = pytest.importorskip("pyarrow")
    arrow = table.to_arrow(dates=True)
    arrow.validate(full=True)
    assert arrow.column_names == table.columns
    assert arrow.schema.field("StudyDate").type == pa.date32()
    assert arrow["StudyDate"].to_pylist() == DATES
    assert arrow["StudyTime"].to_pylist() == TIMES
    assert arrow["AcquisitionDateTime"].to_pylist() == BOTHS
    assert arrow["DateOfLastCalibration"].to_pylist() == SEVERAL


def test_dates_of_pandas(table: rd.Table) -> None:
    pd = pytest.importorskip("pandas")
    frame = table.to_pandas(dates=True)
    assert list(frame) == table.columns
    assert frame["StudyDate"].dtype == "datetime64[us]"
    assert frame["AcquisitionDateTime"].dtype == "datetime64[us]"
    assert frame["StudyDate"].dt.date.tolist()[:2] == DATES[:2]
    assert frame["StudyDate"].isna().tolist() == [False, False, True, True]
    assert frame["StudyTime"].tolist()[:2] == TIMES[:2]
    assert frame["AcquisitionDateTime"][1] == pd.Timestamp(2024, 1, 1)
    assert frame["DateOfLastCalibration"].tolist()[:2] == SEVERAL[:2]
    assert str(frame["StudyDate"].max() - frame["StudyDate"].min()) == "24460 days 00:00:00"


def test_offsets_from_utc(tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    for number, text in enumerate(["20240229101530+0100", "20240229101530-0530"]):
        write_image(tmp_path / str(number), Element(BOTH, "DT", text))
    table = rd.scan(tmp_path, ["AcquisitionDateTime"])
    frame = table.to_polars(dates=True)
    assert frame.schema["AcquisitionDateTime"] == pl.Datetime("us", "UTC")
    assert [both.hour for both in frame["AcquisitionDateTime"].to_list()] == [9, 15]
    assert table.to_arrow(dates=True)["AcquisitionDateTime"].type.tz == "UTC"
    assert str(table.to_pandas(dates=True)["AcquisitionDateTime"].dtype) == "datetime64[us, UTC]"
    # With one that has none, nothing tells which came first.
    write_image(tmp_path / "2", Element(BOTH, "DT", "20240229101530"))
    mixed = rd.scan(tmp_path, ["AcquisitionDateTime"]).to_polars(dates=True)
    assert mixed.schema["AcquisitionDateTime"] == pl.String


def test_pseudonyms_stay(table: rd.Table) -> None:
    private = table.pseudonymised("key")
    assert private.to_dicts(dates=True) == private.to_dicts()


def test_an_empty_table_has_the_types() -> None:
    pl = pytest.importorskip("polars")
    table = rd.scan([], COLUMNS)
    assert table.to_polars(dates=True).schema["StudyDate"] == pl.Date
    assert table.to_arrow(dates=True).num_rows == len(table.to_pandas(dates=True)) == 0


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_missing_library_is_named(
    table: rd.Table, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    method = {"pandas": "to_pandas", "polars": "to_polars", "pyarrow": "to_arrow"}[library]
    with pytest.raises(ImportError, match=rf"{method}.*pip install") as caught:
        getattr(table, method)()
    assert caught.value.name == library


@pytest.mark.parametrize(
    ("library", "method"),
    [
        ("nibabel", "to_nibabel"),
        ("SimpleITK", "to_sitk"),
        ("xarray", "to_xarray"),
        ("torch", "to_torch"),
    ],
)
def test_a_missing_library_of_volumes_is_named(
    tmp_path: Path, library: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    series(tmp_path)
    volume = rd.read_series(tmp_path)
    module = f"rapidicom.integrations.{method.removeprefix('to_')}"
    for name in [name for name in sys.modules if name.split(".")[0] == library or name == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf"{method}.*{library}: pip install") as caught:
        getattr(volume, method)()
    assert caught.value.name == library


def test_a_table_is_not_taken_for_a_list_of_names(table: rd.Table) -> None:
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    for take in (pd.DataFrame, np.asarray, np.array):
        with pytest.raises(TypeError, match="to_pandas"):
            take(table)
    assert pl.DataFrame(table).shape == (4, 6)
    # polars makes one column of all that exports an Arrow stream.
    assert pl.from_arrow(table).struct.unnest().equals(table.to_polars())


def test_a_column_that_is_not_there(table: rd.Table) -> None:
    for name, expected in (
        ("StudyDat", "did you mean StudyDate"),
        ("modality", "did you mean Modality"),
        ("Rows", "Its columns are path, StudyDate"),
    ):
        with pytest.raises(KeyError, match=expected):
            table[name]
    for wrong in (0, 0x00080020, ["Modality"], None, slice(2)):
        with pytest.raises(TypeError, match="by its name"):
            table[wrong]  # type: ignore[index]


@pytest.mark.parametrize("columns", [5, 5.0, object()])
def test_columns_that_are_none(tmp_path: Path, columns: Any) -> None:
    with pytest.raises(TypeError, match="columns must be an iterable"):
        rd.scan(tmp_path, columns)


MISTYPED = [
    ("PatientNam", "PatientName"),
    ("PateintName", "PatientName"),
    ("StudyInstanceUId", "StudyInstanceUID"),
    ("Row", "Rows"),
]


@pytest.mark.parametrize(("name", "meant"), MISTYPED)
def test_a_mistyped_keyword(tmp_path: Path, name: str, meant: str) -> None:
    path = write_image(tmp_path / "0")
    ds = rd.dcmread(path)
    with pytest.raises(AttributeError, match=f"no attribute '{name}'; did you mean '{meant}'"):
        getattr(ds, name)
    with pytest.raises(KeyError, match=f"did you mean {meant}"):
        ds[name]
    for columns in ([name], [f"ReferencedImageSequence.{name}"], name):
        with pytest.raises(ValueError, match=f"did you mean {meant}"):
            rd.scan(tmp_path, columns)
    with pytest.raises(ValueError, match=f"did you mean {meant}"):
        rd.dcmread(path, specific_tags=[name])


def test_what_resembles_no_keyword(tmp_path: Path) -> None:
    ds = rd.dcmread(write_image(tmp_path / "0"))
    for name in ("patientname", "shape", "QXJMARKZ", "_repr_html_", "X"):
        with pytest.raises(AttributeError) as caught:
            getattr(ds, name)
        assert "did you mean" not in str(caught.value)
    assert not hasattr(ds, "PatientNam")
    assert ds.get("PatientNam", 5) == 5
    # Known, and absent.
    with pytest.raises(AttributeError, match=r"'PatientBirthName'$"):
        _ = ds.PatientBirthName
