"""`rapidicom view`: a contact sheet of a series."""

from __future__ import annotations

import argparse
import io
import math
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

import rapidicom as rd
from rapidicom._common.extras import missing, required
from rapidicom.cli import terminal
from rapidicom.cli.choosing import only_series, read_chosen
from rapidicom.cli.common import (
    STDIN,
    output_file,
    positive,
    print_volume,
    takes_one_series,
)
from rapidicom.cli.contact_sheet import Window, contact_sheet, label_colours
from rapidicom.cli.exits import DONE, CommandError, UsageError
from rapidicom.cli.png import encode_png
from rapidicom.cli.terminal_picture import PROTOCOLS, Protocol, drawn, protocol_of

SUMMARY = "Show a contact sheet of a series, or write it as PNG or JPEG."

DESCRIPTION = f"""{SUMMARY}

  rapidicom view folder                          in a terminal that shows pictures (kitty, iTerm,
                                                 sixel), or contact-sheet.png
  rapidicom view folder --slice 20 -o slice.png
  rapidicom view folder --labels segmentation.dcm --beside

An irregular series is shown as far as it can be, and what is irregular is printed.
"""

DEFAULT_OUTPUT = "contact-sheet.png"
_JPEG = (".jpg", ".jpeg")
_JPEG_QUALITY = 92


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    takes_one_series(sub)
    sub.add_argument(
        "--output",
        "-o",
        metavar="FILE",
        help=f"the .png or .jpg to write; - is PNG on stdout (default: {DEFAULT_OUTPUT}, unless "
        "the terminal shows pictures)",
    )
    sub.add_argument("--slice", type=_index, metavar="K", help="only this slice, from 0")
    sub.add_argument(
        "--step",
        "--time",
        "--phase",
        type=_index,
        default=0,
        metavar="K",
        help="which step of the leading axis (time, phase, echo, ...), from 0 (default: 0)",
    )
    sub.add_argument(
        "--labels",
        nargs="+",
        metavar="FILE",
        help="segmentations or structure sets to draw over the pictures",
    )
    sub.add_argument(
        "--beside", action="store_true", help="draw labels on a copy beside each picture"
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
    sub.add_argument(
        "--show",
        choices=("auto", *PROTOCOLS, "never"),
        default="auto",
        help="how the terminal shows pictures (default: auto, by what it says of itself)",
    )


def run(options: argparse.Namespace) -> int:
    """Show a contact sheet of a volume, or write it."""
    window = _window(options.window)
    protocol = _protocol(options)
    output = options.output or DEFAULT_OUTPUT
    if protocol is None:
        _check_ending(output)
    series = only_series(options)
    volume = _read(series, options)
    labels = None
    if options.labels:
        labels = rd.read_labels(options.labels, like=volume, irregular="keep", force=options.force)
    page = contact_sheet(
        volume,
        width=options.width,
        window=window,
        step=options.step,
        first_slice=options.slice or 0,
        labels=labels,
        is_beside=options.beside,
    )
    if protocol is None:
        with output_file(output, is_binary=True) as file:
            file.write(_encoded(page, output))
        if output == STDIN:
            return DONE
        print_volume(volume, output)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(drawn(page, protocol))
        sys.stdout.buffer.flush()
        terminal.print_lines(terminal.volume_lines(volume))
    if labels is not None:
        terminal.print_lines(_legend(labels))
    return DONE


def _read(series: rd.Series, options: argparse.Namespace) -> rd.Volume:
    """Read what is to be shown, whatever is irregular in it."""
    axis = series.axes.index("slice")
    if options.slice is not None and options.slice >= series.shape[axis]:
        raise CommandError(f"--slice {options.slice}: the slices are 0 to {series.shape[axis] - 1}")
    steps = series.shape[0] if axis else 1
    if options.step >= steps:
        name = series.axes[0] if axis else "time"
        raise CommandError(f"--step {options.step}: the steps of {name} are 0 to {steps - 1}")
    part = None if options.slice is None else slice(options.slice, options.slice + 1)
    return read_chosen(series, options, slices=part, irregular="keep")


def _protocol(options: argparse.Namespace) -> Protocol | None:
    if options.output is not None or options.show == "never":
        return None
    if options.show != "auto":
        return cast(Protocol, options.show)
    return protocol_of(os.environ) if sys.stdout.isatty() else None


def _check_ending(output: str) -> None:
    ending = Path(output).suffix.lower()
    if output != STDIN and ending != ".png" and ending not in _JPEG:
        raise UsageError(f"--output {output}: end the name with .png or .jpg")
    if ending in _JPEG and find_spec("PIL") is None:
        raise missing("PIL", "JPEG")


def _encoded(page: NDArray[np.uint8], output: str) -> bytes:
    if Path(output).suffix.lower() not in _JPEG:
        return encode_png(page)
    encoded = io.BytesIO()
    pillow: Any = required("PIL.Image", "JPEG")
    pillow.fromarray(page).save(encoded, "JPEG", quality=_JPEG_QUALITY)
    return encoded.getvalue()


def _legend(labels: rd.Labels) -> list[str]:
    lines: list[str] = []
    named = zip(labels.numbers, labels.names, label_colours(labels), strict=True)
    for number, name, (red, green, blue) in named:
        # Two blanks on the colour, where colours are shown.
        swatch = f"\x1b[48;2;{red};{green};{blue}m  \x1b[0m" if sys.stdout.isatty() else ""
        text = f"{number} {terminal.one_line(name)} (#{red:02x}{green:02x}{blue:02x})"
        lines.append(f"{'' if lines else 'labels':<9}{swatch}{' ' if swatch else ''}{text}")
    return [*lines, *(f"{'':<9}{line}" for line in terminal.report_lines(labels.report))]


def _index(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0")
    return int(text)


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
    if not (math.isfinite(centre) and 0 < width < math.inf):
        raise UsageError("--window takes a finite centre, and a width above 0")
    return centre, width
