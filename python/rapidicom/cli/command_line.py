"""The command `rapidicom`: its parser, and how it ends.

Exit status: 0 done; 1 something could not be read or written, and stderr says what; 2 the command
line is wrong; 130 interrupted. An error is one line on stderr.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

import rapidicom as rd
from rapidicom.cli import bench, check, convert, dump, scan, series, view
from rapidicom.cli.common import PROGRAM, complain
from rapidicom.cli.exits import DONE, ending


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character is no reason to stop.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    options, unknown = parser().parse_known_args(arguments)
    if unknown:
        # As argparse has it, but with the usage of the command.
        options.refuse(f"unrecognized arguments: {' '.join(unknown)}")

    def work() -> int:
        status: int = options.run(options)
        sys.stdout.flush()
        return status

    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            status, error = ending(work)
    except BrokenPipeError:
        # `rapidicom scan . | head`: nobody reads on, and nobody misses the rest.
        _forget_output()
        return DONE
    if error is not None:
        _forget_output()
        complain(error)
    return status


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """Print a warning as an error is printed, without the line of code that it comes from."""
    complain(str(message))


def _forget_output() -> None:
    """Let the interpreter not complain at exit about what cannot be written, such as to a pipe."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    whole = argparse.ArgumentParser(
        prog=PROGRAM, description="Read DICOM files, folders and series."
    )
    whole.add_argument("--version", action="version", version=f"{PROGRAM} {rd.__version__}")
    commands = whole.add_subparsers(required=True, metavar="command")
    for command in (scan, dump, series, check, convert, view, bench):
        name = command.__name__.rpartition(".")[2]
        sub = commands.add_parser(
            name,
            help=command.SUMMARY,
            description=getattr(command, "DESCRIPTION", command.SUMMARY),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(sub)
        sub.set_defaults(run=command.run, refuse=sub.error)
    return whole
