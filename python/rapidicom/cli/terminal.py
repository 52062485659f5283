"""What the command line prints of a header table, of series, of a volume and of a report."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rapidicom._common.text_table import (
    ELLIPSIS,
    format_table,
    format_value,
    printable,
    shorten,
    terminal_width,
)

if TYPE_CHECKING:
    from rapidicom.cli.rows import Rows
    from rapidicom.tables.table import Table
    from rapidicom.volumes.report import Issue, Report
    from rapidicom.volumes.series import Series
    from rapidicom.volumes.volume import Volume

# What tells the files of a folder apart at a glance, in the 100 columns of a usual terminal.
OVERVIEW_COLUMNS = (
    "Modality", "SeriesNumber", "InstanceNumber", "ImagePositionPatient", "Rows", "Columns",
    "PixelSpacing",
)  # fmt: skip
MAX_ERRORS = 10
# Rows that a terminal shows of a longer table.
MAX_ROWS = 20
_NO_LIMIT = 1 << 20
# A terminal of fewer columns wraps the lines itself.
_NARROWEST = 40
INDENT = "  "
# Columns before the fields of a volume.
_FIELD = 9
# As the core says what a file is.
_BARE = "a data set that starts without the 'DICM' prefix"


def is_for_people() -> bool:
    """Return whether somebody looks at stdout: what is piped gets whole values, and all rows.

    Who sets COLUMNS wants lines of that length wherever they go.
    """
    return sys.stdout.isatty() or "COLUMNS" in os.environ


def width_of_lines() -> int:
    """Return the columns of the terminal; without one, more than any line has."""
    return terminal_width() if is_for_people() else _NO_LIMIT


def row_lines(rows: Rows, *, limit: int, root: str | os.PathLike[str] | None = None) -> list[str]:
    """Return the first rows of a header table, and what was left out.

    Args:
        rows: The rows that are wanted.
        limit: Rows at most.
        root: Paths are shown relative to this folder.
    """
    place = rows.columns.index("path")
    cells = rows.values(limit)
    for row in cells:
        row[place] = short_path(row[place], root)
    lines = format_table(rows.columns, cells, width=width_of_lines()) if cells else []
    if limit < len(rows):
        lines.append(f"{ELLIPSIS} and {counted(len(rows) - limit, 'more row')}")
    return lines


def table_summary(table: Table, row_count: int | None = None) -> str:
    """Return in one line: rows, files that are not DICOM, and what could not be read.

    Args:
        table: What `rd.scan` returns.
        row_count: How many rows of it are wanted, if not all.
    """
    parts = [counted(len(table), "DICOM file")]
    if row_count is not None and row_count != len(table):
        parts.insert(0, f"{row_count:,} of {parts.pop()}")
    if table.skipped:
        parts.append(f"{table.skipped:,} not DICOM ({table.skipped.words()})")
    if len(table.errors):
        parts.append(f"{len(table.errors)} not readable")
    if table.invalid:
        parts.append(f"{counted(len(table.invalid), 'value')} not fit for its column")
    return ", ".join(parts)


def summary_lines(table: Table, summary: str) -> list[str]:
    """Return a summary of a table as lines, and what option reads more files."""
    lines = wrapped(summary)
    if _BARE in table.skipped:
        lines += wrapped("Pass --force to read data sets without the prefix")
    return lines


def error_lines(table: Table, *, limit: int = MAX_ERRORS) -> list[str]:
    """Return a line a file that could not be read, `limit` at most."""
    errors = list(table.errors)
    lines = [one_line(f"{error.path}: {error.reason}") for error in errors[:limit]]
    if len(errors) > limit:
        lines.append(f"{ELLIPSIS} and {counted(len(errors) - limit, 'more file')}")
    return lines


def series_lines(found: Sequence[Series]) -> list[str]:
    """Return a table of the series, numbered from 1, and below it what is irregular in each.

    Where a series has several stacks, each has a line too: `1.1`, `1.2` and so on.
    """
    numbered = [
        numbered
        for number, series in enumerate(found, start=1)
        for numbered in _stacks(number, series)
    ]
    rows = [
        (
            number,
            series.modality,
            series.description,
            len(set(series.paths)),
            product(series.shape),
            len(series.report.issues) or None,
            # Stacks have that of their series.
            None if "." in number else series.uid,
            " x ".join(map(format_value, series.spacing)),
        )
        for number, series in numbered
    ]
    header = ("#", "modality", "description", "files", "shape", "findings", "uid", "spacing (mm)")
    lines = format_table(header, rows, width=width_of_lines())
    shared = _shared(found)
    for number, series in enumerate(found, start=1):
        # Issues that may belong to any stack, or to any series, are printed once.
        said = {id(issue) for issue in series.report}
        for label, stack in _stacks(number, series):
            issues = [
                issue
                for issue in stack.report
                if (stack is series or id(issue) not in said) and id(issue) not in shared
            ]
            lines += _findings(f"series {label}:", issues)
    for numbers, issues in _by_numbers(shared).items():
        lines += _findings(f"may belong to any of series {spans(numbers)}:", issues)
    return lines


def _shared(found: Sequence[Series]) -> dict[int, tuple[Issue, list[int]]]:
    """Return the issues that may belong to any of several series, by identity, with these."""
    numbers: dict[int, tuple[Issue, list[int]]] = {}
    for number, series in enumerate(found, start=1):
        for issue in series.report:
            numbers.setdefault(id(issue), (issue, []))[1].append(number)
    return {key: (issue, several) for key, (issue, several) in numbers.items() if several[1:]}


def _by_numbers(shared: dict[int, tuple[Issue, list[int]]]) -> dict[tuple[int, ...], list[Issue]]:
    issues: dict[tuple[int, ...], list[Issue]] = {}
    for issue, numbers in shared.values():
        issues.setdefault(tuple(numbers), []).append(issue)
    return issues


def spans(numbers: Sequence[int]) -> str:
    """Return sorted numbers as text, runs joined: [1, 3, 4, 5] is "1, 3 to 5"."""
    ends: list[list[int]] = []
    for number in numbers:
        if ends and number == ends[-1][1] + 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in ends)


def _findings(title: str, issues: Sequence[Issue]) -> list[str]:
    if not issues:
        return []
    parts = [part for line in _issue_lines(issues) for part in wrapped(line, INDENT, 2 * INDENT)]
    return ["", *wrapped(title, then=INDENT), *parts]


def wrapped(line: str, first: str = "", then: str = "") -> list[str]:
    """Return a line as several that fit the terminal, between words.

    Args:
        line: The line.
        first: What is put before its first part.
        then: What is put before the others.
    """
    return textwrap.wrap(
        line, max(width_of_lines(), _NARROWEST), initial_indent=first, subsequent_indent=then,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _stacks(number: int, series: Series) -> list[tuple[str, Series]]:
    stacks = series.stacks if len(series.stacks) > 1 else []
    return [
        (str(number), series),
        *((f"{number}.{k}", stack) for k, stack in enumerate(stacks, start=1)),
    ]


def report_lines(report: Report) -> list[str]:
    """Return a line for each finding, or `nothing irregular`."""
    return _issue_lines(report.issues) or ["nothing irregular"]


def _issue_lines(issues: Sequence[Issue]) -> list[str]:
    return [f"{issue.kind}: {one_line(str(issue))}" for issue in issues]


def volume_lines(volume: Volume) -> list[str]:
    """Return shape, spacing, origin, affine and report of a volume."""
    array = volume.array
    affine = [" ".join(f"{value:>9.4f}" for value in row) for row in np.asarray(volume.affine)]
    fields = [
        ("shape", [f"{product(array.shape)}, {array.dtype}, {array.nbytes / 1e6:.1f} MB"]),
        ("spacing", [f"{millimetres(volume.spacing)} (between slices, rows, columns)"]),
        ("origin", [" ".join(f"{value:.6g}" for value in volume.origin) + " mm"]),
        ("values", [f"{format_value(float(array.min()))} to {format_value(float(array.max()))}"]),
        ("affine", [*affine, "(slice, row, column, 1) to patient millimetres, LPS"]),
        ("report", report_lines(volume.report)),
    ]
    return [
        part
        for name, lines in fields
        for label, line in zip([name] + [""] * len(lines), lines, strict=False)
        for part in field_lines(label, line)
    ]


def field_lines(name: str, text: str) -> list[str]:
    """Return a named field of what is printed of a volume; text of several spaces stays whole."""
    if len(text) + _FIELD <= width_of_lines() or "  " in text:
        return [f"{name:<{_FIELD}}{text}"]
    return wrapped(text, f"{name:<{_FIELD}}", " " * _FIELD)


def path_lines(name: str, paths: Sequence[str]) -> list[str]:
    """Return a named field of paths, one a line and none broken, so that they can be copied."""
    names = [name, *[""] * (len(paths) - 1)]
    return [f"{label:<{_FIELD}}{path}" for label, path in zip(names, paths, strict=False)]


def short_path(path: Any, root: str | os.PathLike[str] | None) -> str:
    """Return `path` relative to `root`, if it is below it, or a member of it."""
    if "://" in str(path):
        return printable(str(path).removesuffix(f"::{root}"))
    path = Path(path)
    if root is not None and path.is_relative_to(root) and path != Path(root):
        path = path.relative_to(root)
    return printable(str(path))


def one_line(text: str) -> str:
    """Return `text` without line breaks and control characters."""
    return printable(" ".join(text.split()))


def counted(count: int, noun: str) -> str:
    """Return "1 file", "2 files"; of a noun whose plural has no form of its own, "3 series"."""
    return f"{count:,} {noun if count == 1 or noun.endswith('s') else noun + 's'}"


def product(shape: Iterable[int]) -> str:
    """Return "40 x 512 x 512"."""
    return " x ".join(map(str, shape))


def millimetres(spacing: Iterable[float]) -> str:
    """Return "3 x 0.5 x 0.5 mm"."""
    return " x ".join(map(format_value, spacing)) + " mm"


def print_lines(lines: Iterable[str], *, indent: str = "", width: int | None = None) -> None:
    """Print `lines`, cut to `width` where one is given."""
    for line in lines:
        print((indent + line).rstrip() if width is None else shorten(indent + line, width))
