"""Exceptions say where, can be caught as in code for pydicom, and cross processes whole."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rapidicom import errors
from rapidicom.errors import (
    DicomError,
    InvalidDicomError,
    IrregularSeriesError,
    LimitError,
    UnsupportedError,
)
from rapidicom.tag import BaseTag

CLASSES = [getattr(errors, name) for name in errors.__all__]
MESSAGE = (
    "scans/IM0042: (7FE0,0010) PixelData at byte 0x5CA needs 524288 bytes. Copy the file again."
)
PLACE = {
    "path": "scans/IM0042",
    "tag": 0x7FE00010,
    "offset": 0x5CA,
    "frame": 3,
    "hint": "Copy the file again.",
}


@pytest.mark.parametrize("kind", CLASSES)
def test_error_carries_its_place(kind: type[DicomError]) -> None:
    error = kind(MESSAGE, **PLACE)  # type: ignore[arg-type]
    assert isinstance(error, DicomError)
    assert str(error) == MESSAGE
    assert error.args == (MESSAGE,)
    assert {name: getattr(error, name) for name in PLACE} == PLACE
    assert type(error.tag) is BaseTag


@pytest.mark.parametrize("kind", CLASSES)
def test_unknown_place_is_none(kind: type[DicomError]) -> None:
    error = kind("something")
    assert [getattr(error, name) for name in PLACE] == [None] * len(PLACE)


def test_path_becomes_text() -> None:
    assert DicomError("something", path=Path("a") / "b").path == str(Path("a") / "b")


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(
    "duplicate",
    [
        *[lambda e, p=p: pickle.loads(pickle.dumps(e, p)) for p in range(2, 6)],
        copy.copy,
        copy.deepcopy,
    ],
    ids=[*[f"pickle-{p}" for p in range(2, 6)], "copy", "deepcopy"],
)
def test_error_survives_copying(kind: type[DicomError], duplicate: Callable[[Any], Any]) -> None:
    error = duplicate(kind(MESSAGE, **PLACE))  # type: ignore[arg-type]
    assert type(error) is kind
    assert str(error) == MESSAGE
    assert {name: getattr(error, name) for name in PLACE} == PLACE
    assert type(error.tag) is BaseTag


def test_irregular_series_takes_its_report_along() -> None:
    report: Any = {"issues": ["gap"]}
    error = IrregularSeriesError("a slice is missing", report=report, path="scans")
    same = pickle.loads(pickle.dumps(error))
    assert same.report == report
    assert same.path == "scans"
    assert IrregularSeriesError("a slice is missing").report is None


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        pytest.param(InvalidDicomError, ValueError, id="invalid"),
        pytest.param(UnsupportedError, NotImplementedError, id="unsupported"),
        pytest.param(UnsupportedError, RuntimeError, id="unsupported-as-runtime-error"),
        pytest.param(IrregularSeriesError, ValueError, id="irregular"),
    ],
)
def test_code_for_pydicom_catches_it(kind: type[DicomError], builtin: type[Exception]) -> None:
    with pytest.raises(builtin):
        raise kind("something")


def test_no_error_of_ours_passes_for_one_of_the_disk() -> None:
    assert not any(issubclass(kind, OSError) for kind in CLASSES)
    assert not issubclass(LimitError, ValueError)
