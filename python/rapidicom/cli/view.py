"""`rapidicom view`: a contact sheet of a series."""

from __future__ import annotations

import argparse

from rapidicom.cli.common import positive, print_volume, read_volume, takes_one_series
from rapidicom.cli.contact_sheet import Window, save_contact_sheet
from rapidicom.cli.exits import UsageError

SUMMARY = "Write a contact sheet of a series as PNG."


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    takes_one_series(sub)
    sub.add_argument(
        "--output",
        "-o",
        default="contact-sheet.png",
        metavar="FILE",
        help="the PNG to write (default: contact-sheet.png)",
    )
    sub.add_argument(
        "--window",
        default="auto",
        metavar="C,W",
        help="centre,width; auto (the default) for the window of the file; or percentile",
    )
    sub.add_argument(
        "--width",
        type=positive,
        default=1600,
        metavar="PIXELS",
        help="width of the page (default: 1600)",
    )


def run(options: argparse.Namespace) -> int:
    """Write a contact sheet of a volume as PNG."""
    window = _window(options.window)
    volume = read_volume(options)
    save_contact_sheet(volume, options.output, width=options.width, window=window)
    print_volume(volume, options.output)
    return 0


def _window(text: str) -> Window:
    if text == "auto":
        return "auto"
    if text == "percentile":
        return "percentile"
    try:
        centre, width = map(float, text.split(","))
    except ValueError:
        raise UsageError(
            "--window takes auto, percentile, or centre,width such as 40,400"
        ) from None
    if not width > 0:
        raise UsageError("--window takes a width above 0")
    return centre, width
