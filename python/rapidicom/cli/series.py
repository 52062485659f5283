"""`rapidicom series`: the series in a folder, and what is irregular in them."""

from __future__ import annotations

import argparse

from rapidicom.cli import terminal
from rapidicom.cli.common import found_series, takes_folders

SUMMARY = "Print the series in a folder, and what is irregular in them."


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    takes_folders(sub)


def run(options: argparse.Namespace) -> int:
    """Print the series found, and what is irregular in them."""
    terminal.print_lines(terminal.series_lines(found_series(options.paths, force=options.force)))
    return 0
