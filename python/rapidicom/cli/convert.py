"""`rapidicom convert`: a series as NIfTI or as arrays of NumPy."""

from __future__ import annotations

import argparse
import gzip
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np

import rapidicom as rd
from rapidicom._common.whole_file import whole_file
from rapidicom.cli.common import print_volume, read_volume, takes_one_series
from rapidicom.cli.exits import CommandError, UsageError

SUMMARY = "Write a series as NIfTI (.nii, .nii.gz) or NumPy (.npy, .npz)."


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    takes_one_series(sub)
    sub.add_argument(
        "output", metavar="file", help="the file to write: .nii, .nii.gz, .npy or .npz"
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


def run(options: argparse.Namespace) -> int:
    """Write a volume as NIfTI, .npy or .npz."""
    output = Path(options.output)
    kind = "".join(output.suffixes[-2:]) if output.suffix == ".gz" else output.suffix
    if kind not in (".nii", ".nii.gz", ".npy", ".npz"):
        raise UsageError(f"{output}: end the name with .nii, .nii.gz, .npy or .npz")
    if kind.startswith(".nii") and find_spec("nibabel") is None:
        raise CommandError("NIfTI needs nibabel: pip install 'rapidicom[nibabel]'")
    volume = read_volume(options)
    with whole_file(output) as file:
        _write(volume, kind, file)
    print_volume(volume, output)
    return 0


def _write(volume: rd.Volume, kind: str, file: BinaryIO) -> None:
    match kind:
        case ".npy":
            # NumPy writes to a file by itself, and then does not say that the disk is full.
            np.save(SimpleNamespace(write=file.write), volume.array)
        case ".npz":
            np.savez(
                file, array=volume.array, affine=volume.affine, spacing=np.asarray(volume.spacing)
            )
        case _:
            image: Any = volume.to_nibabel()
            holder = import_module("nibabel").FileHolder
            if kind == ".nii":
                image.to_file_map({"image": holder(fileobj=file)})
                return
            # As nibabel compresses.
            with gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as zipped:
                image.to_file_map({"image": holder(fileobj=zipped)})


def _dtype(text: str) -> str:
    try:
        np.dtype(text)
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(
            f"{text} is not a type of NumPy, such as int16 or float32"
        ) from None
    return text
