"""Which series a command reads, and how."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, Literal

import rapidicom as rd
from rapidicom._common.text_table import ELLIPSIS
from rapidicom.cli.common import given_sources, wants_progress
from rapidicom.cli.exits import CommandError

__all__ = ["chosen_series", "found_series", "only_series", "read_chosen"]


def found_series(
    paths: Sequence[str], *, force: bool, workers: int | None = None
) -> list[rd.Series]:
    """Return the series in folders.

    Args:
        paths: Folders and files.
        force: Whether to read files without the prefix `DICM`.
        workers: Threads.

    Raises:
        CommandError: The folders have none.
    """
    found = rd.find_series(
        given_sources(paths), force=force, workers=workers, progress=wants_progress()
    )
    if not found:
        raise CommandError(f"no images in {', '.join(map(str, paths))}")
    return found


def chosen_series(found: Sequence[rd.Series], choice: str) -> rd.Series:
    """Return a series by what `--series` takes: its number, that of a stack, or its UID.

    Raises:
        CommandError: There is none.
    """
    by_name = {str(number): one for number, one in enumerate(found, start=1)}
    by_name |= {
        f"{number}.{k}": stack
        for number, one in enumerate(found, start=1)
        for k, stack in enumerate(one.stacks, start=1)
    }
    by_name |= {one.uid: one for one in found}
    if choice not in by_name and choice.startswith(ELLIPSIS):
        # As the table of series shows it in a narrow terminal.
        ends = {one.uid for one in found if one.uid.endswith(choice.removeprefix(ELLIPSIS))}
        choice = ends.pop() if len(ends) == 1 else choice
    if choice not in by_name:
        raise CommandError(f"no series {choice}: `rapidicom series` lists the {len(found)} found")
    return by_name[choice]


def only_series(options: argparse.Namespace, otherwise: str = "") -> rd.Series:
    """Return the one series in the folders, or the one chosen by `--series`.

    Args:
        options: Of the command line.
        otherwise: What else to do about several.

    Raises:
        CommandError: There are several, or none.
    """
    found = found_series(options.paths, force=options.force, workers=options.workers)
    if options.series is not None:
        return chosen_series(found, options.series)
    if len(found) > 1:
        hint = f"choose one with --series{otherwise}; `rapidicom series` lists them"
        raise CommandError(f"{len(found)} series found: {hint}")
    return found[0]


def read_chosen(series: rd.Series, options: argparse.Namespace, **part: Any) -> rd.Volume:
    """Read a series as the options say.

    Args:
        series: The series.
        options: Of the command line.
        part: Arguments of `Series.read` beside those.
    """
    irregular: Literal["raise", "keep"] = "keep" if options.keep else "raise"
    arguments: dict[str, Any] = {
        "values": getattr(options, "values", "modality"),
        "dtype": getattr(options, "dtype", None),
        "irregular": irregular,
        "workers": options.workers,
        "progress": wants_progress(),
    }
    return series.read(**(arguments | part))
