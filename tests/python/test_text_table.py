"""`rapidicom.text_table`: tables that fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rapidicom.text_table import format_table, format_value, shorten

HEADER = ("path", "number", "description", "uid")
ROWS = [
    ("a/rather/long/path/to/a/file.dcm", 1, "a rather long description", "1.2.840.113619.2.55.3"),
    ("b.dcm", 12345, "short", "1.2"),
]


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = format_table(HEADER, ROWS, width=width)
    assert len(lines) == 4
    assert max(map(len, lines)) <= width


def test_wide_terminal_shows_everything() -> None:
    text = "\n".join(format_table(HEADER, ROWS, width=200))
    assert all(str(value) in text for row in ROWS for value in row)


def test_numbers_are_aligned_right_and_never_cut() -> None:
    lines = format_table(("name", "number"), [("a" * 50, 1), ("b", 123456789)], width=30)
    assert lines[2].endswith("        1")
    assert lines[3].endswith("123456789")


def test_columns_left_out_are_counted() -> None:
    assert format_table(HEADER, ROWS, width=30)[0].endswith("+2 more")


def test_paths_keep_their_end() -> None:
    assert "file.dcm" in format_table(HEADER, ROWS, width=70)[2]


def test_table_without_rows_has_its_header() -> None:
    assert format_table(("a", "b"), [], width=80)[0].split() == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "-"),
        (np.nan, "-"),
        (np.ma.masked, "-"),
        (3, "3"),
        (np.int64(3), "3"),
        (3.0, "3"),
        (np.float64(0.48828125), "0.488281"),
        ([1.0, -2.5], "1 -2.5"),
        (np.array([1.0, np.nan]), "1 -"),
        ([], "-"),
        ("CT", "CT"),
        ("", ""),
        ("\x1b[31mred\n", "?[31mred?"),
    ],
    ids=repr,
)
def test_value_as_text(value: Any, expected: str) -> None:
    assert format_value(value) == expected


@pytest.mark.parametrize(
    ("size", "start", "end"),
    [(6, "abcdef", "abcdef"), (4, "abc…", "…def"), (1, "…", "…"), (0, "", "")],
    ids=str,
)
def test_shorten(size: int, start: str, end: str) -> None:
    assert shorten("abcdef", size) == start
    assert shorten("abcdef", size, keep_end=True) == end
