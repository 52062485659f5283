"""Comparison with what pydicom gives."""

from __future__ import annotations

import io
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def pydicom_file(name: str) -> Path:
    """Return the path of a test file that comes with pydicom, or skip the test."""
    pydicom = pytest.importorskip("pydicom", reason="pydicom is the reference")
    path = Path(pydicom.__file__).parent / "data" / "test_files" / name
    if not path.exists():
        pytest.skip(f"this pydicom does not come with {name}")
    return path


def read_by_pydicom(data: bytes) -> Any:
    """Return pydicom's data set of a file in memory."""
    pydicom = pytest.importorskip("pydicom", reason="pydicom is the reference")
    return pydicom.dcmread(io.BytesIO(data))


def pixels_by_pydicom(data: bytes) -> Any:
    """Return pydicom's pixels of a file in memory, whatever it warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_by_pydicom(data).pixel_array


def assert_same(ours: Any, theirs: Any, where: str = "result") -> None:
    """Compare results by their numbers and texts, whichever library made them.

    Args:
        ours: What we give: numbers, texts, arrays, lists and dicts of these, or an exception class.
        theirs: The same from pydicom; our exceptions may be of a class derived from theirs.
        where: Names the place in a message.
    """
    if isinstance(theirs, type) and issubclass(theirs, Exception):
        assert isinstance(ours, type) and issubclass(ours, theirs), where
    elif isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype, where
        np.testing.assert_array_equal(ours, theirs, err_msg=where)
    elif isinstance(theirs, dict):
        assert ours.keys() == theirs.keys(), where
        for key, value in theirs.items():
            assert_same(ours[key], value, f"{where}[{key!r}]")
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs), where
        for index, value in enumerate(theirs):
            assert_same(ours[index], value, f"{where}[{index}]")
    elif isinstance(theirs, float) and math.isnan(theirs):
        assert math.isnan(ours), where
    else:
        assert ours == theirs, where
        assert isinstance(theirs, type(ours)) or str(ours) == str(theirs), where
