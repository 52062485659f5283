"""Pixels and values of `tests/data` against the golden tables of `tools/generate_golden.py`."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from canonical import digest
from data_paths import DATA, FILES, REPOSITORY


def golden(name: str) -> list[dict[str, str]]:
    with (REPOSITORY / "tests" / "golden" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def by_file(row: dict[str, str]) -> str:
    return row["file"]


@pytest.mark.parametrize("row", golden("pixels.csv"), ids=by_file)
def test_pixels_are_those_of_the_table(row: dict[str, str]) -> None:
    array = rd.dcmread(DATA / row["file"]).pixel_array
    assert array.dtype.name == row["dtype"]
    assert " x ".join(str(size) for size in array.shape) == row["shape"]
    little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    assert hashlib.sha256(little_endian.tobytes()).hexdigest() == row["sha256"], row["reader"]


@pytest.mark.parametrize("row", golden("elements.csv"), ids=by_file)
def test_elements_are_those_of_the_table(row: dict[str, str]) -> None:
    # `force`: rtstruct.dcm has neither preamble nor File Meta Information.
    count, sha256 = digest(rd.dcmread(DATA / row["file"], force=True))
    assert count == int(row["elements"])
    assert sha256 == row["sha256"], f"{row['reader']} differs: compare canonical_lines() of both"


def test_every_file_has_a_row_and_an_origin() -> None:
    files = {path.name for path in FILES.iterdir()}
    assert files == {
        Path(row["file"]).name for row in golden("elements.csv") if row["file"].startswith("files/")
    }
    sources = (DATA / "SOURCES.md").read_text(encoding="utf-8")
    assert not [name for name in files if f"`{name}`" not in sources]


def test_no_table_is_empty() -> None:
    """A test with no parameters is skipped, whatever it would find."""
    assert len(golden("pixels.csv")) > 50
    assert len(golden("elements.csv")) > 50
