#!/usr/bin/env python3
"""Read a folder with Rapidicom and show each step; `make demo` runs it.

    python tools/demo.py [folder]

Without a folder: the series that ships with the project. Writes `demo-output/contact-sheet.png`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import rapidicom as rd
from rapidicom._common.text_table import format_table, terminal_width
from rapidicom.cli import comparison, terminal
from rapidicom.cli.contact_sheet import save_contact_sheet
from rapidicom.cli.rows import chosen_rows

ROOT = Path(__file__).resolve().parent.parent
SERIES = ROOT / "tests" / "data" / "brain-mr"
OUTPUT = ROOT / "demo-output" / "contact-sheet.png"
ROWS = 8
RUNS = 5

Result = TypeVar("Result")


def main() -> int:
    """Show the folder; return the exit status."""
    parser = argparse.ArgumentParser(description="Read a folder with Rapidicom and show each step.")
    parser.add_argument(
        "folder", nargs="?", type=Path, default=SERIES, help="default: the series that ships"
    )
    folder = parser.parse_args().folder
    print(f"Rapidicom {rd.__version__} reads {terminal.short_path(folder, ROOT)}")
    try:
        return show(folder)
    except (rd.DicomError, OSError, ValueError) as error:
        print(f"demo: {terminal.one_line(str(error))}", file=sys.stderr)
        return 1


def show(folder: Path) -> int:
    """Print header table, series, volume and times of `folder`, and write the contact sheet."""
    table, seconds = timed(lambda: rd.scan(folder, terminal.OVERVIEW_COLUMNS))
    heading("Header table", "rd.scan(folder)", seconds)
    rows = chosen_rows(table, list(table.columns), None, ())
    terminal.print_lines(terminal.row_lines(rows, limit=ROWS, root=folder))
    print(terminal.table_summary(table))
    terminal.print_lines(terminal.error_lines(table))

    found, seconds = timed(lambda: rd.find_series(folder))
    heading("Series", "rd.find_series(folder)", seconds)
    terminal.print_lines(terminal.series_lines(found))
    if not found:
        print("no images here", file=sys.stderr)
        return 1

    read = read_largest(found)
    if read is None:
        print("none of the series can be read yet", file=sys.stderr)
        return 1
    volume, seconds = read
    heading("Volume", "rd.read_series(files)", seconds)
    terminal.print_lines(terminal.volume_lines(volume))

    paths = [str(path) for path in volume.paths]
    heading("Time beside pydicom's", f"median of at most {RUNS} runs, {comparison.METHOD}")
    timings = comparison.compare_headers(paths, runs=RUNS) + comparison.compare_volumes(
        paths, runs=RUNS
    )
    header = ("task", "reader", "time", "of rapidicom's")
    terminal.print_lines(format_table(header, comparison.timing_rows(timings)))

    OUTPUT.parent.mkdir(exist_ok=True)
    save_contact_sheet(volume, OUTPUT)
    print(f"\nAll slices on one page: {terminal.short_path(OUTPUT, ROOT)}")
    return 0


def read_largest(found: list[rd.Series]) -> tuple[rd.Volume, float] | None:
    """Read the series with the most slices, irregular or not; say which cannot be read."""
    for series in sorted(found, key=lambda series: -len(series.paths)):
        try:
            return timed(lambda series=series: rd.read_series(series.paths, irregular="keep"))
        except rd.UnsupportedError as error:
            print(f"left out: {terminal.one_line(str(error))}", file=sys.stderr)
    return None


def timed(call: Callable[[], Result]) -> tuple[Result, float]:
    """Return what `call` returns, and the seconds it took."""
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def heading(title: str, detail: str, seconds: float | None = None) -> None:
    """Print a line that starts a step."""
    took = f"   {comparison.duration(seconds)}" if seconds is not None else ""
    print(f"\n== {title} {'=' * max(0, min(terminal_width(), 100) - len(title) - 4)}")
    print(f"{detail}{took}\n")


if __name__ == "__main__":
    raise SystemExit(main())
