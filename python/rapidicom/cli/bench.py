"""`rapidicom bench`: the readers of this machine on the user's files."""

from __future__ import annotations

import argparse
import warnings

import rapidicom as rd
from rapidicom._common.text_table import format_table
from rapidicom.cli import comparison, terminal
from rapidicom.cli.choosing import found_series
from rapidicom.cli.common import positive, takes_folders

SUMMARY = "Time the readers installed here on your files."


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    takes_folders(sub)
    sub.add_argument(
        "--runs",
        type=positive,
        default=5,
        metavar="N",
        help="how often each reader reads (default: 5)",
    )


def run(options: argparse.Namespace) -> int:
    """Time this machine's readers on the user's files."""
    table = rd.scan(
        options.paths, ["SeriesInstanceUID"], force=options.force, workers=options.workers
    )
    found = found_series(options.paths, force=options.force)
    largest = max(found, key=lambda one: len(set(one.paths)))
    how = {"runs": options.runs, "force": options.force}
    with warnings.catch_warnings():
        # Other readers' warnings quote values.
        warnings.simplefilter("ignore")
        timings = comparison.compare_headers([str(path) for path in table["path"]], **how)
        timings += comparison.compare_volumes(list(dict.fromkeys(map(str, largest.paths))), **how)
    header = ("task", "reader", "time", "of rapidicom's")
    terminal.print_lines(format_table(header, comparison.timing_rows(timings)))
    print(f"\n{comparison.METHOD}")
    return 0
