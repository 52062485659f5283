"""DA, TM and DT as dates and times, held against pydicom's classes of the same names."""

from __future__ import annotations

import copy
import datetime
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd
import rapidicom.valuerep as ours
from builder import PATIENT_NAME, Element, file_bytes
from rapidicom import datadict

theirs = pytest.importorskip("pydicom.valuerep", reason="pydicom is the reference")

TEXTS: dict[str, list[Any]] = {
    "DA": ["20200229", "2020.02.29", "", "  ", None, datetime.date(1999, 1, 2)],
    "TM": [
        "120102", "12", "1201", "120102.5", "120102.123456", "235960", "120102.", "", None,
        datetime.time(1, 2, 3), datetime.time(1, 2, 3, 40),
    ],
    "DT": [
        "20200229120102", "2020", "202002", "20200229", "2020022912", "20200229120102.123456+0130",
        "20200229120102-0500", "20200229120160", "", None, datetime.datetime(2020, 1, 2, 3, 4, 5),
        datetime.datetime(
            2020, 1, 2, 3, 4, 5, 6, datetime.timezone(datetime.timedelta(minutes=-210))
        ),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in TEXTS for value in TEXTS[name]]
)
def test_equals_pydicoms(name: str, value: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = getattr(theirs, name)(value)
    found = getattr(ours, name)(value)
    assert found == expected
    if expected is None:
        return
    assert (str(found), repr(found)) == (str(expected), repr(expected))
    assert found.original_string == expected.original_string
    if name == "DT":
        assert found.utcoffset() == expected.utcoffset()
    for again in (
        getattr(ours, name)(found),
        copy.deepcopy(found),
        pickle.loads(pickle.dumps(found)),
    ):
        assert again == found
        assert again.original_string == found.original_string


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [PATIENT_NAME, "2020-02-30", "20200230", "256060", "1", "12:00"])
def test_invalid_text_is_refused_and_not_shown(name: str, value: str) -> None:
    if name == "DT" and value == "256060":
        value = "2020256060"
    with pytest.raises(ValueError) as caught:
        getattr(ours, name)(value)
    assert value not in str(caught.value)


def test_numbers_make_them_too() -> None:
    assert str(ours.DA(2020, 2, 29)) == "20200229"
    assert str(ours.TM(1, 2, 3)) == "010203"
    assert str(ours.DT(2020, 2, 29, hour=1)) == "20200229010000"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DT", "20200229120102.1234567", "20200229120102.123456"),
        ("DT", "20200229120102.1234567+0130", "20200229120102.123456+0130"),
        ("DT", "20200229120102.12345678901-0500", "20200229120102.123456-0500"),
        ("TM", "120102.1234567", "120102.123456"),
    ],
)
def test_more_than_six_digits_of_a_fraction_are_cut_with_a_warning(
    name: str, value: str, expected: str
) -> None:
    """pydicom cuts a DT in silence, drops what follows, and refuses a TM."""
    kind = getattr(ours, name)
    with pytest.warns(UserWarning, match="more than 6 digits") as caught:
        found = kind(value)
    assert not any(value in str(one.message) for one in caught)
    assert (found, found.original_string) == (kind(expected), value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DA", "00000101"),
        ("DA", "20200101-20200201"),
        ("DA", "٢٠٢٠٠١٠١"),
        ("TM", "240000"),
        ("TM", "120061"),
        ("TM", "1200-1300"),
        ("TM", "120102.12a"),
        ("DT", "20200101240000"),
        ("DT", "20200101120061"),
        ("DT", "20200101120000+2400"),
        ("DT", "20200101120000.+0100"),
        ("DT", "20200101-20200201"),
    ],
)
def test_what_is_no_date_and_no_time_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError) as caught:
        getattr(ours, name)(value)
    assert value not in str(caught.value)


def test_columns_name_what_is_no_date_and_no_time(tmp_path: Path) -> None:
    """The text of the file is in its cell."""
    columns = {"StudyDate": "DA", "StudyTime": "TM", "AcquisitionDateTime": "DT"}
    rows = {
        "good": ("20200229", "120102.123456", "20200229120102.123456+0130"),
        "old": ("2020.02.29", "12:01:02", "2020"),
        "bad": ("20200230", "120102.1234567", "20200229120102.1234567"),
        "ranges": ("20200101-20200201", "1200-1300", "20200101-20200201"),
    }
    for name, values in rows.items():
        pairs = zip(columns, values, strict=True)
        elements = [
            Element(datadict.tag_for_keyword(one) or 0, columns[one], v) for one, v in pairs
        ]
        (tmp_path / name).write_bytes(file_bytes(elements))
    table = rd.scan(tmp_path, list(columns))
    found = {Path(str(path)).name for path in table["path"]}
    for row, path in enumerate(table["path"]):
        assert tuple(table[name][row] for name in columns) == rows[Path(str(path)).name]
    named = sorted((Path(one.path).name, one.column) for one in table.invalid)
    assert found == set(rows)
    assert named == sorted((name, one) for name in ("bad", "ranges") for one in columns)
