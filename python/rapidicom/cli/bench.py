"""`rapidicom bench`: the readers of this machine on the user's files."""

from __future__ import annotations

import argparse
import warnings

import rapidicom as rd
from rapidicom._common.text_table import format_table
from rapidicom.cli import comparison, terminal
from rapidicom.cli.choosing import found_series
from rapidicom.cli.common import STDIN, positive, takes_paths
from rapidicom.cli.exits import CommandError, UsageError

SUMMARY = "Time the readers installed here on your files."


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    takes_paths(sub, "folders and files")
    sub.add_argument(
        "--runs",
        type=positive,
        default=5,
        metavar="N",
        help="how often each reader reads (default: 5)",
    )


def run(options: argparse.Namespace) -> int:
    """Time this machine's readers on the user's files."""
    if STDIN in options.paths:
        raise UsageError("bench cannot read stdin: name files or folders")
    table = rd.scan(
        options.paths, ["SeriesInstanceUID"], force=options.force, workers=options.workers
    )
    if table.items:
        raise CommandError(
            f"{next(iter(table.items))} is not a file of its own, and other readers need one: "
            "unpack or copy it"
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
    runs = "one run" if options.runs == 1 else f"median of at most {options.runs} runs"
    terminal.print_lines(["", *terminal.wrapped(f"{runs}, {comparison.METHOD}")])
    return 0
