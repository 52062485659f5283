"""Lay rows out as a table of text that fits the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any

import numpy as np

GAP = "  "
ELLIPSIS = "…"
MISSING = "-"
# Readers no longer recognise a text, or the name of a column of numbers, that is narrower.
NARROWEST_TEXT = 12
NARROWEST_NUMBER = 6
# Columns whose values differ at their ends.
ENDS_MATTER = frozenset({"path", "uid"})
# Columns whose values still differ from each other when they are shortened.
STAY_DISTINCT = frozenset({"uid"})
# Columns of text that is worth nothing in part.
STAY_WHOLE = frozenset({"shape"})
# Assumed where the output is not a terminal and COLUMNS is not set.
FALLBACK_SIZE = (100, 24)


def terminal_width() -> int:
    """Return the columns of the terminal."""
    return shutil.get_terminal_size(FALLBACK_SIZE).columns


def format_table(
    header: Sequence[str], rows: Iterable[Sequence[Any]], *, width: int | None = None
) -> list[str]:
    """Return the lines of a table, none longer than `width`.

    Numbers are aligned to the right and never shortened. What does not fit is shortened, the widest
    first: texts, and names of columns. Then columns are left out from the right, and the header
    says how many.

    Args:
        header: The names of the columns.
        rows: Of values, as many as the header has; see `format_value`.
        width: In characters; by default the terminal's.
    """
    width = terminal_width() if width is None else width
    table = [list(row) for row in rows]
    columns = [
        _Column(
            name,
            [format_value(row[index]) for row in table],
            all(_is_numeric(row[index]) for row in table),
        )
        for index, name in enumerate(header)
    ]
    widths: list[int] | None = None
    shown = len(columns) + 1
    while widths is None:
        shown -= 1
        note = f"{GAP}+{len(columns) - shown} more" if shown < len(columns) else ""
        widths = _fit(columns[:shown], width - len(note))

    fitted = list(zip(columns, widths, strict=False))
    lines = [
        GAP.join(column.text(row, size) for column, size in fitted).rstrip()
        for row in range(len(table))
    ]
    names = GAP.join(column.align(shorten(column.name, size), size) for column, size in fitted)
    return [names.rstrip() + note, GAP.join("-" * size for _, size in fitted), *lines]


@dataclass(frozen=True)
class _Column:
    name: str
    cells: list[str]
    is_numeric: bool

    def widest(self) -> int:
        return max(len(self.name), *map(len, self.cells), 1)

    def narrowest(self) -> int:
        content = max(map(len, self.cells), default=0)
        wanted = max(content, NARROWEST_NUMBER) if self.is_numeric else NARROWEST_TEXT
        if self.name in STAY_DISTINCT:
            wanted = max(wanted, _distinct_ends(self.cells) + len(ELLIPSIS))
        if self.name in STAY_WHOLE:
            wanted = content
        return min(wanted, self.widest())

    def align(self, text: str, size: int) -> str:
        return text.rjust(size) if self.is_numeric else text.ljust(size)

    def text(self, row: int, size: int) -> str:
        return self.align(shorten(self.cells[row], size, keep_end=self.name in ENDS_MATTER), size)


def _distinct_ends(texts: Iterable[str]) -> int:
    """Return how many of their last characters tell different texts apart."""
    # Sorted by their ends, the texts most alike are neighbours.
    ends = sorted({text[::-1] for text in texts})
    return 1 + max((_shared(one, other) for one, other in pairwise(ends)), default=-1)


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts that differ start alike with."""
    alike = (a == b for a, b in zip_longest(one, other))
    return next(index for index, is_alike in enumerate(alike) if not is_alike)


def _fit(columns: Sequence[_Column], width: int) -> list[int] | None:
    """Return the widths with which `columns` fit into `width`, or None; one column always fits."""
    widths = [column.widest() for column in columns]
    narrowest = [column.narrowest() for column in columns]
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - width
    while excess > 0:
        candidates = [index for index, size in enumerate(widths) if size > narrowest[index]]
        if not candidates:
            return [max(width, 1)] if len(widths) == 1 else None
        widths[max(candidates, key=lambda index: widths[index])] -= 1
        excess -= 1
    return widths


def format_value(value: Any) -> str:
    """Return a value of a header table as text: numbers are short, and spaces separate several."""
    if value is None or value is np.ma.masked:
        return MISSING
    if isinstance(value, (float, np.floating)):
        return MISSING if np.isnan(value) else f"{float(value):.6g}"
    if isinstance(value, (list, tuple, np.ndarray)):
        return " ".join(map(format_value, value)) or MISSING
    return printable(str(value))


def printable(text: str) -> str:
    r"""Return `text` without control characters: a file must not control the terminal.

    Bytes of a file's name that are not UTF-8 are shown as `\xff`.
    """
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character if character.isprintable() else "?"


def shorten(text: str, size: int, *, keep_end: bool = False) -> str:
    """Return `text` in at most `size` characters, an ellipsis for what was left out."""
    if len(text) <= size:
        return text
    if size <= 1:
        return ELLIPSIS[:size]
    return ELLIPSIS + text[1 - size :] if keep_end else text[: size - 1] + ELLIPSIS


def _is_numeric(value: Any) -> bool:
    """Return whether a cell shows numbers, or nothing."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return all(map(_is_numeric, value))
    return value is None or value is np.ma.masked or isinstance(value, (int, float, np.number))
