"""`rapidicom scan`: the header table of a folder."""

from __future__ import annotations

import argparse
import io
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import rapidicom as rd
from rapidicom._common.whole_file import whole_file
from rapidicom.cli import terminal
from rapidicom.cli.common import (
    FAILED,
    CommandError,
    complain,
    folder_of,
    positive,
    takes_folders,
    wants_progress,
)

SUMMARY = "Print a table of the headers in a folder."


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    takes_folders(sub)
    sub.add_argument(
        "--columns",
        metavar="A,B.C",
        help="keywords, tags or dotted paths into sequences, with commas between",
    )
    sub.add_argument(
        "--rows", type=positive, default=20, metavar="N", help="rows to print (default: 20)"
    )
    sub.add_argument(
        "--output", "-o", metavar="FILE", help="write all rows to this .csv or .parquet"
    )
    sub.add_argument(
        "--cache", metavar="FILE", help="index: the next scan with it reads changed files only"
    )


def run(options: argparse.Namespace) -> int:
    """Print the header table of a folder, or write it to a file."""
    columns = options.columns.split(",") if options.columns else terminal.OVERVIEW_COLUMNS
    table = rd.scan(
        options.paths,
        columns,
        force=options.force,
        workers=options.workers,
        progress=wants_progress(),
        cache=options.cache,
    )
    if options.output:
        _write_table(table, Path(options.output))
        print(f"{options.output}: {terminal.table_summary(table)}")
    else:
        terminal.print_lines(
            terminal.table_lines(table, limit=options.rows, root=folder_of(options.paths))
        )
        print(f"\n{terminal.table_summary(table)}")
    for line in terminal.error_lines(table):
        complain(line)
    return FAILED if len(table.errors) or not len(table) else 0


def _write_table(table: rd.Table, path: Path) -> None:
    if path.suffix == ".csv":
        import csv

        # The bytes of a name as they are, as every other program writes them.
        with whole_file(path) as file:
            text = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="")
            writer = csv.DictWriter(text, list(table.columns))
            writer.writeheader()
            for row in table.to_dicts():
                writer.writerow({name: _csv_value(value) for name, value in row.items()})
            # Left open, and flushed.
            text.detach()
    elif path.suffix == ".parquet":
        if find_spec("pyarrow") is None:
            raise CommandError("Parquet needs pyarrow: pip install pyarrow")
        with whole_file(path) as file:
            import_module("pyarrow.parquet").write_table(table.to_arrow(), file)
    else:
        raise CommandError(f"{path}: end the name with .csv or .parquet")


def _csv_value(value: Any) -> Any:
    """Return several values as one text, separated as in DICOM (PS3.5 §6.2)."""
    return value if value is None or np.ndim(value) == 0 else "\\".join(map(str, value))
