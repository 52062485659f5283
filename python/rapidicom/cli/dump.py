"""`rapidicom dump`: the elements of one file."""

from __future__ import annotations

import argparse
import json
import sys

import rapidicom as rd
from rapidicom._common.text_table import printable, terminal_width
from rapidicom.cli import terminal
from rapidicom.cli.exits import CommandError

SUMMARY = "Print the elements of one file."


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    sub.add_argument("file", help="a DICOM file")
    sub.add_argument("element", nargs="*", help="keywords; default: all elements")
    sub.add_argument("--json", action="store_true", help="print DICOM JSON")
    sub.add_argument(
        "--long", action="store_true", help="print lines longer than the terminal is wide"
    )
    sub.add_argument(
        "--force",
        action="store_true",
        help="read a file without the prefix DICM, and a damaged one up to the damage",
    )


def run(options: argparse.Namespace) -> int:
    """Print the elements of one file."""
    dataset = rd.dcmread(options.file, force=options.force)
    if options.json:
        print(json.dumps(dataset.to_json_dict(), indent=2))
        return 0
    if options.element:
        missing = [name for name in options.element if name not in dataset]
        if missing:
            raise CommandError(f"{options.file}: no element {', '.join(missing)}")
        lines = [str(dataset[name]) for name in options.element]
    else:
        lines = str(dataset).splitlines()
    # A pipe or a file gets whole lines.
    width = terminal_width() if sys.stdout.isatty() and not options.long else None
    terminal.print_lines(map(printable, lines), width=width)
    return 0
