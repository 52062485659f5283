"""What the commands share: how a series is chosen and read, and how they talk to the user."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, cast

import rapidicom as rd
from rapidicom._common.text_table import printable
from rapidicom._common.whole_file import whole_file
from rapidicom.cli import terminal
from rapidicom.cli.exits import UsageError

PROGRAM = "rapidicom"
STDIN = "-"
# What messages of the library name, and the same on the command line.
_OPTIONS = {
    'irregular="keep"': "--keep",
    "from series.stacks": "with --series",
    "series_uid": "--series",
    "force=True": "--force",
    'values="stored"': "--values stored",
    "cache=": "--cache",
    "choose a dtype": "choose one with --dtype",
}


def takes_folders(sub: argparse.ArgumentParser) -> None:
    """Let a command take folders, files and whatever else the library reads."""
    takes_paths(
        sub, "folders, files, archives, patterns or URLs; - is a file or an archive from stdin"
    )


def takes_paths(sub: argparse.ArgumentParser, what: str) -> None:
    """Let a command take paths, and options of reading them.

    Args:
        sub: The parser of the command.
        what: What they may be, as `--help` says it.
    """
    sub.add_argument("paths", nargs="+", metavar="folder", help=what)
    sub.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="threads (default: one a core, and more while they wait for a disk)",
    )
    sub.add_argument("--force", action="store_true", help="also read files without the prefix DICM")


def takes_one_series(sub: argparse.ArgumentParser) -> None:
    """Let a command take one series of them."""
    takes_folders(sub)
    sub.add_argument(
        "--series",
        metavar="N|UID",
        help="a number of `rapidicom series` (2, or 2.1 for a stack), or a Series Instance UID",
    )
    sub.add_argument(
        "--keep", action="store_true", help="read the best volume of an irregular series"
    )


def positive(text: str) -> int:
    """Return a number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def given_sources(paths: Sequence[str]) -> Any:
    """Return what was named on the command line as sources: `-` is what comes from stdin."""
    if STDIN not in paths:
        return list(paths)
    if paths.count(STDIN) > 1:
        raise UsageError("- is stdin, which can be read once")
    if sys.stdin.isatty():
        raise UsageError("- is stdin: pipe a file or an archive into it")
    content = sys.stdin.buffer.read()
    return [{"<stdin>": content} if path == STDIN else path for path in paths]


@contextmanager
def output_file(name: str | None, *, is_binary: bool) -> Iterator[BinaryIO]:
    """Open where a command writes to: a file, as a whole or not at all, or stdout.

    Args:
        name: The file; `-` or `None` is stdout.
        is_binary: Whether a terminal shows nothing of use.

    Raises:
        UsageError: Bytes would go to a terminal.
    """
    if name is not None and name != STDIN:
        with whole_file(name) as file:
            yield file
        return
    if is_binary and sys.stdout.isatty():
        raise UsageError("these bytes are not for a terminal: pass --output, or pipe them")
    sys.stdout.flush()
    yield cast(BinaryIO, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def print_volume(volume: rd.Volume, *outputs: str | os.PathLike[str]) -> None:
    """Print what was read, and where it was written."""
    terminal.print_lines(terminal.volume_lines(volume))
    terminal.print_lines(terminal.path_lines("written", [printable(str(path)) for path in outputs]))


def folder_of(paths: Sequence[str]) -> str | None:
    """Return the one folder or archive that was named, if it is one."""
    return paths[0] if len(paths) == 1 and Path(paths[0]).exists() else None


def wants_progress() -> bool:
    """Return whether stderr is a terminal, and tqdm is installed."""
    return sys.stderr.isatty() and find_spec("tqdm") is not None


def complain(text: str) -> None:
    """Print one line on stderr, with options where the library names arguments."""
    for argument, option in _OPTIONS.items():
        text = text.replace(argument, option)
    print(f"{PROGRAM}: {terminal.one_line(text)}", file=sys.stderr)
