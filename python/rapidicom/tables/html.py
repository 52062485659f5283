"""A header table in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rapidicom._common.html import box, cells, note
from rapidicom._common.text_table import MISSING, format_value

__all__ = ["table_html"]

# Rows that a notebook shows of a longer table, half of them from its start.
_SHOWN_ROWS = 20
# A UID (PS3.5 §9) is shown whole.
_LONGEST_CELL = 64


def table_html(
    names: Sequence[str],
    column: Callable[[str], Any],
    count: int,
    summary: str,
    hidden: Sequence[str],
) -> str:
    """Return a table as HTML.

    Args:
        names: The columns to show.
        column: Returns the values of one.
        count: How many rows there are.
        summary: The table in words.
        hidden: The columns that are left out because they identify.
    """
    half = _SHOWN_ROWS // 2
    rows = range(count) if count <= _SHOWN_ROWS else [*range(half), *range(count - half, count)]
    arrays = [(name, column(name)) for name in names]
    lines = [[row, *(_cell(array[row], name) for name, array in arrays)] for row in rows]
    if count > _SHOWN_ROWS:
        lines.insert(half, ["…"] * (len(names) + 1))
    return box(summary, cells(["", *names], lines), _why(hidden))


def _why(hidden: Sequence[str]) -> str:
    if not hidden:
        return ""
    return note(
        f"Left out because they identify: {', '.join(hidden)}. "
        "to_html(identifying=True) shows them.",
        is_small=True,
    )


def _cell(value: Any, name: str) -> str:
    # As a terminal shows it: whole numbers as such, also where missing ones make a column float.
    is_missing = getattr(value, "ndim", 0) and np.isnan(value).all()
    shown = MISSING if is_missing else format_value(value)
    if len(shown) <= _LONGEST_CELL:
        return shown
    if name == "path":
        return "…" + shown[1 - _LONGEST_CELL :]
    return shown[: _LONGEST_CELL - 1] + "…"
