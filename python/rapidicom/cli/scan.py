"""`rapidicom scan`: the header table of a folder."""

from __future__ import annotations

import argparse
import re

import rapidicom as rd
from rapidicom.cli import terminal
from rapidicom.cli.common import (
    complain,
    folder_of,
    given_sources,
    output_file,
    positive,
    takes_folders,
    wants_progress,
)
from rapidicom.cli.exits import DONE, FAILED, UsageError
from rapidicom.cli.rows import WRITERS, Rows, chosen_rows, format_of
from rapidicom.cli.where import condition

# Commas are between columns, and within tags.
_NAME = re.compile(r"(?:\b[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}\b|[^,])+")

SUMMARY = "Print a table of the headers in a folder."

DESCRIPTION = f"""{SUMMARY}

--where takes comparisons of columns with texts in quotes, numbers, lists and None, joined by and,
or, not and parentheses:

  --where "Modality == 'CT' and Rows >= 512"
  --where "Modality in ['MR', 'PT'] or 'PRIMARY' in ImageType"
  --where "EchoTime is not None and PixelSpacing[0] < 1"
"""


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    takes_folders(sub)
    sub.add_argument(
        "--columns",
        type=_names,
        metavar="A,B.C",
        help="keywords, tags (0028,0010) or dotted paths into sequences, with commas between",
    )
    sub.add_argument(
        "--where", metavar="CONDITION", help="only rows that meet it: \"Modality == 'CT'\""
    )
    sub.add_argument(
        "--sort",
        type=_names,
        default=[],
        metavar="A,B",
        help="sort rows by these columns; --sort=-A,B has the largest A first",
    )
    sub.add_argument(
        "--rows",
        type=positive,
        metavar="N",
        help="rows to print or write (default: 20 in a terminal, all elsewhere)",
    )
    formats = sub.add_mutually_exclusive_group()
    for name, what in (
        ("json", "a JSON object a line"),
        ("csv", "CSV"),
        ("parquet", "Parquet, which needs pyarrow"),
    ):
        formats.add_argument(
            f"--{name}",
            dest="format",
            action="store_const",
            const=name,
            help=f"write {what}, to stdout or to --output",
        )
    sub.add_argument(
        "--output",
        "-o",
        metavar="FILE",
        help="write rows to this .csv, .parquet or .jsonl; - is stdout",
    )
    sub.add_argument(
        "--private",
        action="store_true",
        help="leave out columns that identify a person (PS3.15 Table E.1-1), and names of files",
    )
    sub.add_argument(
        "--cache", metavar="FILE", help="index: the next scan with it reads changed files only"
    )


def run(options: argparse.Namespace) -> int:
    """Print the header table of a folder, or write it to a file."""
    where = condition(options.where) if options.where is not None else None
    wanted = list(terminal.OVERVIEW_COLUMNS) if options.columns is None else options.columns
    wanted = _columns("--columns", wanted)
    kind = options.format
    if options.output and options.output != "-":
        kind = kind or format_of(options.output)
    asked = _columns("--where", list(where.columns) if where is not None else [])
    sort = _columns("--sort", [name.removeprefix("-") for name in options.sort])
    order = [
        f"-{name}" if given.startswith("-") else name
        for name, given in zip(sort, options.sort, strict=True)
    ]
    table = rd.scan(
        given_sources(options.paths),
        [name for name in dict.fromkeys([*wanted, *asked, *sort]) if name != "path"],
        force=options.force,
        workers=options.workers,
        progress=wants_progress(),
        cache=options.cache,
    )
    columns = list(dict.fromkeys(["path", *wanted]))
    rows = chosen_rows(table, columns, where, order)
    if options.private:
        table = table.without_identifying()
        rows = Rows(table, [name for name in columns if name in table], rows.numbers)
    if kind is None:
        _print(rows, options)
    else:
        _write(rows, kind, options)
    for line in terminal.error_lines(table):
        complain(line)
    return FAILED if len(table.errors) or not len(table) else DONE


def _names(text: str) -> list[str]:
    return [name for found in _NAME.findall(text) if (name := found.strip())]


def _columns(option: str, names: list[str]) -> list[str]:
    """Return the columns that keywords, tags and paths name, as the table calls them.

    Raises:
        UsageError: One of them names none.
    """
    try:
        return [name if name == "path" else rd.scan([], [name]).columns[-1] for name in names]
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _print(rows: Rows, options: argparse.Namespace) -> None:
    limit = options.rows or (terminal.MAX_ROWS if terminal.is_for_people() else len(rows))
    root = folder_of(options.paths) if terminal.is_for_people() else None
    lines = terminal.row_lines(rows, limit=limit, root=root)
    summary = terminal.table_summary(rows.table, len(rows))
    terminal.print_lines([*lines, *([""] if lines else [])])
    terminal.print_lines(terminal.summary_lines(rows.table, summary))


def _write(rows: Rows, kind: str, options: argparse.Namespace) -> None:
    if options.rows is not None:
        rows = Rows(rows.table, rows.columns, rows.numbers[: options.rows])
    with output_file(options.output, is_binary=kind == "parquet") as file:
        WRITERS[kind](rows, file)
    if options.output and options.output != "-":
        print(f"{options.output}: {terminal.table_summary(rows.table, len(rows))}")
