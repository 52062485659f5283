"""`rapidicom series`: the series in a folder, and what is irregular in them."""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np

import rapidicom as rd
from rapidicom.cli import terminal
from rapidicom.cli.choosing import found_series
from rapidicom.cli.common import takes_folders
from rapidicom.cli.exits import DONE, FAILED
from rapidicom.cli.rows import utf8_name

SUMMARY = "Print the series in a folder, and what is irregular in them."


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    takes_folders(sub)
    sub.add_argument("--json", action="store_true", help="print all of it as a JSON array")
    sub.add_argument(
        "--strict",
        action="store_true",
        help="exit with 1 if a report has an error, because of which `convert` would need --keep",
    )


def run(options: argparse.Namespace) -> int:
    """Print the series found, and what is irregular in them."""
    found = found_series(options.paths, force=options.force, workers=options.workers)
    if options.json:
        described = [described_series(one, str(n)) for n, one in enumerate(found, start=1)]
        print(json.dumps(described, indent=2))
    else:
        terminal.print_lines(terminal.series_lines(found))
    is_irregular = any(one.report.errors for series in found for one in (series, *series.stacks))
    return FAILED if options.strict and is_irregular else DONE


def described_series(series: rd.Series, number: str) -> dict[str, Any]:
    """Return what is known of a series, as JSON has it: NaN is null.

    Args:
        series: The series, or one of its stacks.
        number: What `--series` takes for it.
    """
    stacks = series.stacks if len(series.stacks) > 1 else []
    return {
        "number": number,
        "uid": series.uid,
        "study_uid": series.study_uid,
        "modality": series.modality,
        "description": series.description,
        "series_number": series.number,
        "shape": list(series.shape),
        "axes": list(series.axes),
        "spacing": _plain(series.spacing),
        "affine": _plain(series.affine),
        "coords": {name: _plain(values) for name, values in series.coords.items()},
        "files": len(set(series.paths)),
        "paths": [utf8_name(path) for path in dict.fromkeys(series.paths)],
        "report": [described_issue(issue) for issue in series.report],
        "stacks": [described_series(one, f"{number}.{k}") for k, one in enumerate(stacks, 1)],
    }


def described_issue(issue: rd.Issue) -> dict[str, Any]:
    """Return a finding as JSON has it."""
    return {
        "kind": issue.kind,
        "is_error": issue.is_error,
        "sentence": issue.sentence,
        "numbers": {name: _plain(number) for name, number in issue.numbers.items()},
        "paths": list(map(utf8_name, issue.paths)),
    }


def _plain(values: Any) -> Any:
    if isinstance(values, (str, type(None))):
        return values
    if np.ndim(values):
        return [_plain(value) for value in values]
    number = values.item() if isinstance(values, np.generic) else values
    return None if isinstance(number, float) and not np.isfinite(number) else number
