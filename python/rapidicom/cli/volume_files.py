"""The files that a volume becomes, written together or not at all."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np

import rapidicom as rd
from rapidicom._common.extras import missing
from rapidicom._common.whole_file import whole_file
from rapidicom.cli.diffusion import bval_text, bvec_text, gradients
from rapidicom.cli.exits import CommandError
from rapidicom.cli.metaimage import write_mha
from rapidicom.cli.nrrd import write_nrrd
from rapidicom.cli.sidecar import sidecar_bytes

#: The endings of files that can be written.
KINDS = (".nii.gz", ".nii", ".nrrd", ".mha", ".npy", ".npz")


@dataclass(frozen=True)
class Wanted:
    """What is wanted of each volume.

    Attributes:
        kind: One of `KINDS`.
        sidecar: Whether to write a JSON file; `None` writes it beside NIfTI.
        is_private: Whether it leaves out what identifies a person.
    """

    kind: str
    sidecar: bool | None = None
    is_private: bool = False


def kind_of(path: Path) -> str | None:
    """Return the ending of a file's name, if files of that kind can be written."""
    name = path.name.lower()
    return next((kind for kind in KINDS if name.endswith(kind)), None)


def check_installed(kind: str) -> None:
    """Check that there is the library for a kind, before anything is read.

    Raises:
        ImportError: It is not installed.
    """
    if kind.startswith(".nii") and find_spec("nibabel") is None:
        raise missing("nibabel", "NIfTI")


def write_volume(volume: rd.Volume, stem: Path, wanted: Wanted, output: Path) -> list[Path]:
    """Write a volume and the files beside it: all of them, or none.

    Args:
        volume: The volume.
        stem: The path of the files without an ending.
        wanted: What is wanted.
        output: The path of the volume itself.

    Returns:
        The files, that of the volume first.

    Raises:
        CommandError: The weighting of another image would lie beside the volume.
    """
    beside: dict[str, bytes] = {}
    is_nifti = wanted.kind.startswith(".nii")
    if is_nifti if wanted.sidecar is None else wanted.sidecar:
        beside[".json"] = sidecar_bytes(volume, is_private=wanted.is_private)
    if is_nifti and (found := gradients(volume)) is not None:
        beside[".bval"] = bval_text(found[0]).encode()
        if found[1] is not None:
            beside[".bvec"] = bvec_text(volume, found[1]).encode()
    if is_nifti:
        _check_weighting(stem, beside)
    with ExitStack() as files:
        # They take their places in turn, once all of them are written.
        file = files.enter_context(whole_file(output))
        for ending, content in beside.items():
            files.enter_context(whole_file(f"{stem}{ending}")).write(content)
        _write(volume, wanted.kind, file)
    return [output, *(Path(f"{stem}{ending}") for ending in beside)]


def _check_weighting(stem: Path, written: Mapping[str, bytes]) -> None:
    """Check that every `.bval` and `.bvec` beside the volume will be its own."""
    for ending in (".bval", ".bvec"):
        other = Path(f"{stem}{ending}")
        if ending not in written and other.exists():
            raise CommandError(
                f"{other} is of another image, and programs would take it for this one's: move it, "
                "or choose another name"
            )


def _write(volume: rd.Volume, kind: str, file: BinaryIO) -> None:
    match kind:
        case ".npy":
            # NumPy writes to a file by itself, and then does not say that the disk is full.
            np.save(SimpleNamespace(write=file.write), volume.array)
        case ".npz":
            np.savez(
                file, array=volume.array, affine=volume.affine, spacing=np.asarray(volume.spacing)
            )
        case ".nrrd":
            write_nrrd(volume, file)
        case ".mha":
            write_mha(volume, file)
        case _:
            image: Any = volume.to_nibabel()
            holder = import_module("nibabel").FileHolder
            if kind == ".nii":
                image.to_file_map({"image": holder(fileobj=file)})
                return
            # As nibabel compresses.
            with gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as zipped:
                image.to_file_map({"image": holder(fileobj=zipped)})
