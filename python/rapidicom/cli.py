"""The command `rapidicom`: scan, dump, series, convert, view, bench.

Exit status: 0 done; 1 something could not be read, and stderr says what; 2 the command line is wrong;
130 interrupted. An error is one line on stderr. What a command needs is imported when it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rapidicom.contact_sheet import Window
    from rapidicom.series import Series
    from rapidicom.table import Table
    from rapidicom.volume import Volume

PROGRAM = "rapidicom"
FAILED = 1
INTERRUPTED = 130


class CommandError(Exception):
    """What the user can put right; its text is the line on stderr."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character is no reason to stop.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)

    from rapidicom.errors import DicomError

    try:
        status: int = options.command(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # `rapidicom scan . | head`: nobody reads on, and the interpreter must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except OSError as error:
        _complain(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
        return FAILED
    except (CommandError, DicomError, ValueError, MemoryError, ImportError) as error:
        _complain(str(error) or type(error).__name__)
        return FAILED


def scan(options: argparse.Namespace) -> int:
    """Print the header table of a folder, or write it to a file."""
    import rapidicom as rd
    from rapidicom import terminal

    columns = options.columns.split(",") if options.columns else terminal.OVERVIEW_COLUMNS
    table = rd.scan(
        options.paths, columns, workers=options.workers, progress=_wants_progress(), cache=options.cache
    )
    if options.output:
        _write_table(table, Path(options.output))
        print(f"{options.output}: {terminal.table_summary(table)}")
    else:
        terminal.print_lines(terminal.table_lines(table, limit=options.rows, root=_root(options.paths)))
        print(f"\n{terminal.table_summary(table)}")
    for line in terminal.error_lines(table):
        _complain(line)
    return FAILED if len(table.errors) or not len(table) else 0


def dump(options: argparse.Namespace) -> int:
    """Print the elements of one file."""
    import rapidicom as rd
    from rapidicom import terminal
    from rapidicom.text_table import printable, terminal_width

    dataset = rd.dcmread(options.file, force=options.force)
    if options.json:
        import json

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


def series(options: argparse.Namespace) -> int:
    """Print the series found, and what is irregular in them."""
    from rapidicom import terminal

    terminal.print_lines(terminal.series_lines(_find_series(options.paths)))
    return 0


def convert(options: argparse.Namespace) -> int:
    """Write a volume as NIfTI, .npy or .npz."""
    output = Path(options.output)
    kind = "".join(output.suffixes[-2:]) if output.suffix == ".gz" else output.suffix
    if kind not in (".nii", ".nii.gz", ".npy", ".npz"):
        raise CommandError(f"{output}: end the name with .nii, .nii.gz, .npy or .npz")
    if kind.startswith(".nii") and find_spec("nibabel") is None:
        raise CommandError("NIfTI needs nibabel: pip install 'rapidicom[nibabel]'")
    volume = _read(options)
    if kind == ".npy":
        np.save(output, volume.array)
    elif kind == ".npz":
        np.savez(output, array=volume.array, affine=volume.affine, spacing=np.asarray(volume.spacing))
    else:
        volume.to_nibabel().to_filename(output)
    _print_volume(volume, output)
    return 0


def view(options: argparse.Namespace) -> int:
    """Write a contact sheet of a volume as PNG."""
    from rapidicom.contact_sheet import save_contact_sheet

    window = _window(options.window)
    volume = _read(options)
    save_contact_sheet(volume, options.output, width=options.width, window=window)
    _print_volume(volume, options.output)
    return 0


def bench(options: argparse.Namespace) -> int:
    """Time this machine's readers on the user's files."""
    import rapidicom as rd
    from rapidicom import comparison, terminal
    from rapidicom.text_table import format_table

    table = rd.scan(options.paths, ["SeriesInstanceUID"], workers=options.workers)
    found = _find_series(options.paths)
    largest = max(found, key=lambda one: len(set(one.paths)))
    timings = comparison.compare_headers([str(path) for path in table["path"]], runs=options.runs)
    timings += comparison.compare_volumes(list(dict.fromkeys(map(str, largest.paths))), runs=options.runs)
    header = ("task", "reader", "time", "of rapidicom's")
    terminal.print_lines(format_table(header, comparison.timing_rows(timings)))
    print(f"\n{comparison.METHOD}")
    return 0


def _parser() -> argparse.ArgumentParser:
    from rapidicom import __version__

    parser = argparse.ArgumentParser(prog=PROGRAM, description="Read DICOM files, folders and series.")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(function: object, summary: str) -> argparse.ArgumentParser:
        name = getattr(function, "__name__", "")
        sub: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
        sub.set_defaults(command=function)
        return sub

    def takes_folders(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("paths", nargs="+", metavar="folder", help="folders or files")
        sub.add_argument("--workers", type=_positive, metavar="N", help="threads; default: as many as pay")

    def takes_one_series(sub: argparse.ArgumentParser) -> None:
        takes_folders(sub)
        sub.add_argument(
            "--series",
            metavar="N|UID",
            help="number in `rapidicom series` (2, or 2.1 for a stack), or series UID",
        )
        sub.add_argument("--keep", action="store_true", help="read an irregular series all the same")

    sub = command(scan, "Print a table of the headers in a folder.")
    takes_folders(sub)
    sub.add_argument("--columns", metavar="A,B.C", help="keywords, tags or dotted paths into sequences")
    sub.add_argument("--rows", type=_positive, default=20, metavar="N", help="rows to print (20)")
    sub.add_argument("--output", "-o", metavar="FILE", help="write all rows: .csv or .parquet")
    sub.add_argument(
        "--cache", metavar="FILE", help="index for the next scan, which reads changed files only"
    )

    sub = command(dump, "Print the elements of one file.")
    sub.add_argument("file")
    sub.add_argument("element", nargs="*", help="keywords; default: all elements")
    sub.add_argument("--json", action="store_true", help="as DICOM JSON")
    sub.add_argument("--long", action="store_true", help="do not cut lines to the terminal")
    sub.add_argument("--force", action="store_true", help="read a file without a DICOM preamble")

    sub = command(series, "Print the series in a folder and what is irregular in them.")
    takes_folders(sub)

    sub = command(convert, "Write a series as NIfTI (.nii, .nii.gz) or NumPy (.npy, .npz).")
    takes_one_series(sub)
    sub.add_argument("output", metavar="file", help="to write; its ending says as what")
    sub.add_argument("--values", choices=("modality", "stored"), default="modality")
    sub.add_argument("--dtype", metavar="NAME", help="of the array, such as int16")

    sub = command(view, "Write a contact sheet of a series as PNG.")
    takes_one_series(sub)
    sub.add_argument("--output", "-o", default="contact-sheet.png", metavar="FILE")
    sub.add_argument("--window", default="auto", metavar="C,W", help="centre,width, or auto or percentile")
    sub.add_argument("--width", type=_positive, default=1600, metavar="PIXELS")

    sub = command(bench, "Time the readers installed here on your files.")
    takes_folders(sub)
    sub.add_argument("--runs", type=_positive, default=5, metavar="N")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return int(text)


def _window(text: str) -> Window:
    if text == "auto":
        return "auto"
    if text == "percentile":
        return "percentile"
    try:
        centre, width = map(float, text.split(","))
    except ValueError:
        raise CommandError("--window is auto, percentile, or centre,width such as 40,400") from None
    if not width > 0:
        raise CommandError("the width of --window is above 0")
    return centre, width


def _find_series(paths: Sequence[str]) -> list[Series]:
    import rapidicom as rd

    found = rd.find_series(paths)
    if not found:
        raise CommandError(f"no images in {', '.join(map(str, paths))}")
    return found


def _read(options: argparse.Namespace) -> Volume:
    """Read the one series in the folders, or the one that was asked for."""
    found = _find_series(options.paths)
    if options.series is None:
        if len(found) > 1:
            hint = "choose one with --series; `rapidicom series` lists them"
            raise CommandError(f"{len(found)} series found: {hint}")
        chosen = found[0]
    else:
        by_name = {str(number): one for number, one in enumerate(found, start=1)}
        by_name |= {
            f"{number}.{k}": stack
            for number, one in enumerate(found, start=1)
            for k, stack in enumerate(one.stacks, start=1)
        }
        by_name |= {one.uid: one for one in found}
        if options.series not in by_name:
            raise CommandError(f"no series {options.series} among the {len(found)} found")
        chosen = by_name[options.series]
    return chosen.read(
        values=getattr(options, "values", "modality"),
        dtype=getattr(options, "dtype", None),
        irregular="keep" if options.keep else "raise",
        workers=options.workers,
        progress=_wants_progress(),
    )


def _print_volume(volume: Volume, output: str | os.PathLike[str]) -> None:
    from rapidicom import terminal

    terminal.print_lines(terminal.volume_lines(volume))
    print(f"{'written':<9}{output}")


def _write_table(table: Table, path: Path) -> None:
    if path.suffix == ".csv":
        import csv

        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(table.columns))
            writer.writeheader()
            for row in table.to_dicts():
                writer.writerow({name: _csv_value(value) for name, value in row.items()})
    elif path.suffix == ".parquet":
        if find_spec("pyarrow") is None:
            raise CommandError("Parquet needs pyarrow: pip install pyarrow")
        import_module("pyarrow.parquet").write_table(table.to_arrow(), path)
    else:
        raise CommandError(f"{path}: end the name with .csv or .parquet")


def _csv_value(value: Any) -> Any:
    """Return several values as one text, separated as in DICOM (PS3.5 §6.2)."""
    return value if value is None or np.ndim(value) == 0 else "\\".join(map(str, value))


def _root(paths: Sequence[str]) -> str | None:
    return paths[0] if len(paths) == 1 and Path(paths[0]).is_dir() else None


def _wants_progress() -> bool:
    """Tell whether someone watches, and tqdm is there to draw the bar."""
    return sys.stderr.isatty() and find_spec("tqdm") is not None


def _complain(text: str) -> None:
    from rapidicom.terminal import one_line

    print(f"{PROGRAM}: {one_line(text)}", file=sys.stderr)
