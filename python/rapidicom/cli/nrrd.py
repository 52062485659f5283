"""Volumes as NRRD: a header of text and the voxels after it (Teem's file format, NRRD0005)."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from rapidicom.cli.diffusion import gradients
from rapidicom.cli.metaimage import little_endian

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rapidicom.volumes.volume import Volume

__all__ = ["write_nrrd"]

_TYPES = {
    "int8": "int8", "uint8": "uint8", "int16": "int16", "uint16": "uint16", "int32": "int32",
    "uint32": "uint32", "int64": "int64", "uint64": "uint64", "float32": "float",
    "float64": "double",
}  # fmt: skip


def write_nrrd(volume: Volume, file: BinaryIO) -> None:
    """Write a volume, axes (column, row, slice), in LPS like DICOM.

    Samples of colour are the first axis, a leading axis of the array is the last. Of diffusion
    weighted images, the header has b-values and directions as 3D Slicer reads them.

    Args:
        volume: The volume.
        file: Where to.

    Raises:
        ValueError: The format has no such type.
    """
    array = volume.array
    kind = _TYPES.get(array.dtype.name)
    if kind is None:
        raise ValueError(f"an .nrrd file does not hold {array.dtype}: choose a dtype")
    is_colour = volume.axes[-1] == "sample"
    leading = volume.axes.index("slice")
    steps = [_vector(volume.affine[:3, axis]) for axis in (2, 1, 0)]
    kinds = [
        *(["RGB-color" if array.shape[-1] == 3 else "vector"] if is_colour else []),
        *["domain"] * 3,
        *["list"] * leading,
    ]
    directions = [*["none"] * is_colour, *steps, *["none"] * leading]
    in_volume = any(issue.kind == "volume_coordinates" for issue in volume.report)
    lines = [
        "NRRD0005",
        f"type: {kind}",
        f"dimension: {array.ndim}",
        "space dimension: 3" if in_volume else "space: left-posterior-superior",
        f"sizes: {' '.join(map(str, array.shape[::-1]))}",
        f"space directions: {' '.join(directions)}",
        f"kinds: {' '.join(kinds)}",
        "endian: little",
        "encoding: raw",
        'space units: "mm" "mm" "mm"',
        f"space origin: {_vector(volume.origin)}",
        *_weighting(volume),
    ]
    file.write("".join(f"{line}\n" for line in lines).encode("ascii") + b"\n")
    file.write(little_endian(array).data)


def _weighting(volume: Volume) -> Iterable[str]:
    # 3D Slicer takes a list of gradients for one that has an axis.
    found = gradients(volume) if volume.axes.index("slice") else None
    values, directions = (None, None) if found is None else found
    if values is None or directions is None:
        return
    largest = max(values.max(), 1.0)
    # Their lengths say the b-value of each, as a share of the largest.
    lengths = np.sqrt(values / largest)
    yield "measurement frame: (1,0,0) (0,1,0) (0,0,1)"
    yield "modality:=DWMRI"
    yield f"DWMRI_b-value:={largest:g}"
    for index, (direction, length) in enumerate(zip(directions, lengths, strict=True)):
        numbers = " ".join(f"{number:.8f}" for number in direction * length)
        yield f"DWMRI_gradient_{index:04}:={numbers}"


def _vector(values: Iterable[float]) -> str:
    return f"({','.join(repr(float(value)) for value in values)})"
