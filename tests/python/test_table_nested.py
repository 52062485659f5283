"""Columns inside of sequences as nested columns of other libraries."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd
from builder import Element, Items, write_image

REQUESTS, ACCESSION, REFERENCED, UID, START = (
    0x00400275, 0x00080050, 0x00081140, 0x00081155, 0x00400244,
)  # fmt: skip
COLUMNS = [
    "RequestAttributesSequence[0].AccessionNumber",
    "RequestAttributesSequence[1].AccessionNumber",
    "Rows",
    "RequestAttributesSequence[1].ReferencedImageSequence[1].ReferencedSOPInstanceUID",
    "RequestAttributesSequence[0].PerformedProcedureStepStartDate",
    "RequestAttributesSequence[0].ReferencedFrameNumber",
    "ReferencedImageSequence[4294967295].ReferencedSOPInstanceUID",
    "ReferencedImageSequence.ReferencedSOPInstanceUID",
]


def item(*elements: Element) -> list[Element]:
    return [*elements]


@pytest.fixture
def table(tmp_path: Path) -> rd.Table:
    """Two requests; the second of two alone; none."""
    images = [
        item(Element(UID, "UI", "2.25.1")),
        item(Element(UID, "UI", "2.25.2")),
    ]
    first = item(
        Element(ACCESSION, "SH", "A1"),
        Element(START, "DA", "20240229"),
        Element(0x00081160, "IS", [3, 5]),
    )
    second = item(Element(ACCESSION, "SH", "A2"), Element(REFERENCED, "SQ", Items(images)))
    write_image(tmp_path / "1", Element(REQUESTS, "SQ", Items([first, second])))
    write_image(
        tmp_path / "2", Element(REQUESTS, "SQ", Items([[], [Element(ACCESSION, "SH", "B2")]]))
    )
    write_image(tmp_path / "3", Element(REFERENCED, "SQ", Items([images[0]])))
    return rd.scan(tmp_path, COLUMNS)


def expected(date: Any, numbers: Any) -> list[Any]:
    empty = dict.fromkeys(
        ["AccessionNumber", "ReferencedImageSequence", "PerformedProcedureStepStartDate",
         "ReferencedFrameNumber"]
    )  # fmt: skip
    image = {"ReferencedSOPInstanceUID": "2.25.2"}
    return [
        [
            {**empty, "AccessionNumber": "A1", "PerformedProcedureStepStartDate": date,
             "ReferencedFrameNumber": numbers},
            {**empty, "AccessionNumber": "A2", "ReferencedImageSequence": [None, image]},
        ],
        [None, {**empty, "AccessionNumber": "B2"}],
        None,
    ]  # fmt: skip


NAMES = ["path", "RequestAttributesSequence", "Rows", "ReferencedImageSequence"]
IMAGES = [None, None, [{"ReferencedSOPInstanceUID": "2.25.1"}]]


@pytest.mark.parametrize("dates", [False, True])
def test_columns_of_a_sequence_are_one(table: rd.Table, dates: bool) -> None:
    date = datetime.date(2024, 2, 29) if dates else "20240229"
    rows = table.to_dicts(dates=dates, nested=True)
    assert list(rows[0]) == NAMES
    assert [row["RequestAttributesSequence"] for row in rows] == expected(date, [3, 5])
    assert [row["ReferencedImageSequence"] for row in rows] == IMAGES
    assert {row["Rows"] for row in rows} == {int(table["Rows"][0])}


@pytest.mark.parametrize("dates", [False, True])
def test_other_libraries_have_structs(table: rd.Table, dates: bool) -> None:
    polars = pytest.importorskip("polars")
    pandas = pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow")
    rows = table.to_dicts(dates=dates, nested=True)
    frame = table.to_polars(dates=dates, nested=True)
    assert frame.to_dicts() == rows
    assert frame.columns == NAMES
    kind = frame.schema["RequestAttributesSequence"].inner
    assert isinstance(kind, polars.Struct)
    assert dict(kind)["PerformedProcedureStepStartDate"] == (
        polars.Date if dates else polars.String
    )
    arrow = table.to_arrow(dates=dates, nested=True)
    assert arrow.to_pylist() == rows
    kind = arrow.schema.field("ReferencedImageSequence").type
    assert kind.value_type == pyarrow.struct([("ReferencedSOPInstanceUID", pyarrow.large_string())])
    assert polars.from_arrow(arrow).to_dicts() == rows
    wide = table.to_pandas(dates=dates, nested=True)
    assert isinstance(wide, pandas.DataFrame)
    assert list(wide.columns) == NAMES
    for name in NAMES[1:]:
        assert wide[name].tolist() == [row[name] for row in rows]
    accessions = (
        frame.select("RequestAttributesSequence")
        .explode("RequestAttributesSequence")
        .unnest("RequestAttributesSequence")
    )
    assert accessions["AccessionNumber"].to_list() == ["A1", "A2", None, "B2", None]


def test_items_have_the_same_fields_at_every_depth(tmp_path: Path) -> None:
    """Also where another column was asked for of each item around them."""
    inner = item(Element(UID, "UI", "2.25.1"), Element(0x00081150, "UI", "2.25.9"))
    outer = [Element(REFERENCED, "SQ", Items([inner]))]
    write_image(tmp_path / "1", Element(REQUESTS, "SQ", Items([outer, outer])))
    around = "RequestAttributesSequence[{}].ReferencedImageSequence[0].ReferencedSOP{}UID"
    columns = [around.format(0, "Class"), around.format(1, "Instance")]
    table = rd.scan(tmp_path, columns)
    (row,) = table.to_dicts(nested=True)
    (first,), (second,) = (one["ReferencedImageSequence"] for one in row.pop(NAMES[1]))
    assert first == {"ReferencedSOPClassUID": "2.25.9", "ReferencedSOPInstanceUID": None}
    assert second == {"ReferencedSOPClassUID": None, "ReferencedSOPInstanceUID": "2.25.1"}
    pytest.importorskip("polars")
    assert table.to_polars(nested=True).to_dicts() == table.to_dicts(nested=True)


def test_a_table_without_sequences_is_as_ever(table: rd.Table) -> None:
    plain = rd.scan(sorted(table["path"].tolist()), ["Rows", "Modality"])
    assert plain.to_dicts(nested=True) == plain.to_dicts()
    assert plain.to_polars(nested=True).equals(plain.to_polars())
    assert plain.to_arrow(nested=True).equals(plain.to_arrow())
    assert plain.to_pandas(nested=True).equals(plain.to_pandas())


def test_no_rows(tmp_path: Path) -> None:
    pytest.importorskip("polars")
    empty = rd.scan(tmp_path, COLUMNS)
    assert empty.to_dicts(nested=True) == []
    assert empty.to_polars(nested=True).columns == NAMES
    assert empty.to_arrow(nested=True).column_names == NAMES


def test_an_element_that_is_both_is_an_error(tmp_path: Path) -> None:
    steps = ["(0009,1001)", "(0009,1001).Rows"]
    # In another item it is no less of one name.
    items = [f"RequestAttributesSequence[{index}].{step}" for index, step in enumerate(steps)]
    for columns in (steps, steps[::-1], items, items[::-1]):
        table = rd.scan(tmp_path, columns)
        for convert in (table.to_dicts, table.to_polars, table.to_arrow, table.to_pandas):
            with pytest.raises(ValueError, match="a column and a sequence"):
                convert(nested=True)
