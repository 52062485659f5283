"""DA, TM and DT as dates and times, held against pydicom's classes of the same names."""

from __future__ import annotations

import copy
import datetime
import pickle
import warnings
from typing import Any

import pytest

import rapidicom.valuerep as ours
from builder import PATIENT_NAME

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
