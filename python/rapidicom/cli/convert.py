"""`rapidicom convert`: series as files of other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

import rapidicom as rd
from rapidicom._common.arrays import checked_dtype
from rapidicom._common.text_table import printable
from rapidicom.cli import terminal
from rapidicom.cli.choosing import chosen_series, found_series, only_series, read_chosen
from rapidicom.cli.common import complain, print_volume, takes_one_series
from rapidicom.cli.exits import DONE, FAILED, CommandError, UsageError
from rapidicom.cli.naming import DEFAULT_TEMPLATE, Names, checked_template
from rapidicom.cli.volume_files import KINDS, Wanted, check_installed, kind_of, write_volume

SUMMARY = "Write series as NIfTI, NRRD, MetaImage or NumPy arrays."

DESCRIPTION = f"""{SUMMARY}

  rapidicom convert folder volume.nii.gz                  one series
  rapidicom convert folder out/ --name "{DEFAULT_TEMPLATE}"
                                                          every series, and every stack

Beside NIfTI come a .json with what BIDS has from headers, and .bval and .bvec of diffusion weighted
images, as FSL reads them.
"""


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    takes_one_series(sub)
    sub.add_argument(
        "output",
        metavar="output",
        help=f"the file to write, which ends with {', '.join(KINDS)}; or a folder for all series",
    )
    sub.add_argument(
        "--name",
        default=DEFAULT_TEMPLATE,
        metavar="TEMPLATE",
        help="names of files in a folder: keywords in braces, a width, and {number}, that of "
        "`rapidicom series`, such as {StudyDate}/{SeriesNumber:03} "
        f"(default: {DEFAULT_TEMPLATE})",
    )
    sub.add_argument(
        "--format",
        choices=[kind.removeprefix(".") for kind in KINDS],
        help="of files in a folder (default: nii.gz)",
    )
    sub.add_argument(
        "--values",
        choices=("modality", "stored"),
        default="modality",
        help="rescaled values (modality, the default) or stored ones",
    )
    sub.add_argument(
        "--dtype", type=_dtype, metavar="NAME", help="type of the array, such as int16"
    )
    sub.add_argument(
        "--sidecar",
        action=argparse.BooleanOptionalAction,
        help="write the .json (default: beside NIfTI only)",
    )
    sub.add_argument(
        "--private",
        action="store_true",
        help="leave out of the .json what identifies a person (PS3.15 Table E.1-1)",
    )


def run(options: argparse.Namespace) -> int:
    """Write a volume to a file, or volumes into a folder."""
    output = Path(options.output)
    kind = kind_of(output)
    if kind is not None and output.name.lower() == kind:
        raise UsageError(f"{output}: put a name before {kind}, or name a folder")
    is_folder = output.is_dir() or options.output.endswith(("/", "\\")) or not output.suffix
    if is_folder:
        if output.exists() and not output.is_dir():
            raise UsageError(
                f"{output} is no folder: end the name of a file with {', '.join(KINDS)}"
            )
        kind = f".{options.format or 'nii.gz'}"
    elif kind is None:
        raise UsageError(f"{output}: end the name with {', '.join(KINDS)}, or name a folder")
    elif options.format is not None:
        raise UsageError("--format is for folders: the name of a file says its own")
    assert kind is not None
    check_installed(kind)
    wanted = Wanted(kind, options.sidecar, options.private)
    if is_folder:
        return _write_all(options, output, wanted)
    several = ", or name a folder as output for all"
    volume = read_chosen(only_series(options, several), options)
    stem = output.with_name(output.name[: -len(kind)])
    print_volume(volume, *write_volume(volume, stem, wanted, output))
    return DONE


def _write_all(options: argparse.Namespace, folder: Path, wanted: Wanted) -> int:
    """Write every series, and every stack of those that have several; complain of the others."""
    names = Names(checked_template(options.name))
    found = found_series(options.paths, force=options.force, workers=options.workers)
    status = DONE
    for number, series in _volumes(found, options.series):
        try:
            volume = read_chosen(series, options)
            name = names.of(volume.datasets[0], number)
            stem = folder / name
            stem.parent.mkdir(parents=True, exist_ok=True)
            output = stem.with_name(stem.name + wanted.kind)
            write_volume(volume, stem, wanted, output)
        except (CommandError, rd.DicomError, ValueError, OSError, MemoryError) as error:
            complain(f"series {number}: {str(error) or type(error).__name__}")
            status = FAILED
        else:
            shape = f"{terminal.product(volume.shape)}, {volume.dtype}"
            print(f"{number}: {printable(str(output))}  ({shape})")
    return status


def _volumes(found: list[rd.Series], choice: str | None) -> list[tuple[str, rd.Series]]:
    if choice is not None:
        return [(choice, chosen_series(found, choice))]
    volumes = []
    for number, series in enumerate(found, start=1):
        stacks = series.stacks
        if len(stacks) == 1:
            volumes.append((str(number), series))
        else:
            volumes += [(f"{number}.{k}", stack) for k, stack in enumerate(stacks, start=1)]
    return volumes


def _dtype(text: str) -> str:
    try:
        checked_dtype(text)
    except TypeError:
        raise argparse.ArgumentTypeError(
            f"{text} is not a type of NumPy, such as int16 or float32"
        ) from None
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
