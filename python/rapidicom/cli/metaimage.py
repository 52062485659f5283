"""Volumes as MetaImage, `.mha`: ITK's own format, a header of text and the voxels after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from rapidicom._common.perpendicular import perpendicular_directions
from rapidicom._common.time_step import time_step

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from rapidicom.volumes.volume import Volume

__all__ = ["write_mha"]

# Names of ITK 5, whose MET_LONG has 64 bits only on some machines, so that the last two differ.
_TYPES = {
    "int8": "MET_CHAR", "uint8": "MET_UCHAR", "int16": "MET_SHORT", "uint16": "MET_USHORT",
    "int32": "MET_INT", "uint32": "MET_UINT", "float32": "MET_FLOAT", "float64": "MET_DOUBLE",
    "int64": "MET_LONG_LONG", "uint64": "MET_ULONG_LONG",
}  # fmt: skip


def write_mha(volume: Volume, file: BinaryIO) -> None:
    """Write a volume, axes (column, row, slice), in LPS like DICOM; a leading axis comes last.

    Args:
        volume: The volume.
        file: Where to.

    Raises:
        ValueError: The stack is tilted, or the format has no such type.
    """
    spatial = perpendicular_directions(volume)
    if spatial is None:
        raise ValueError(
            "the stack is tilted, and the axes of an .mha file are perpendicular: "
            "write .nii, .nii.gz or .nrrd, which keep the shear"
        )
    array = volume.array
    kind = _TYPES.get(array.dtype.name)
    if kind is None:
        raise ValueError(f"an .mha file does not hold {array.dtype}: choose a dtype")
    channels = array.shape[-1] if volume.axes[-1] == "sample" else 1
    sizes = array.shape[: -1 if volume.axes[-1] == "sample" else None][::-1]
    leading = len(sizes) - 3
    direction = np.eye(len(sizes))
    direction[:3, :3] = spatial
    fields = {
        "ObjectType": "Image",
        "NDims": len(sizes),
        "BinaryData": True,
        "BinaryDataByteOrderMSB": False,
        "CompressedData": False,
        # A line of the matrix is the direction of an axis.
        "TransformMatrix": _numbers(direction.T.ravel()),
        "Offset": _numbers([*volume.origin, *[0.0] * leading]),
        "CenterOfRotation": _numbers([0.0] * len(sizes)),
        "ElementSpacing": _numbers([*volume.spacing[::-1], *[time_step(volume) or 1.0] * leading]),
        "DimSize": " ".join(map(str, sizes)),
        **({"ElementNumberOfChannels": channels} if channels > 1 else {}),
        "ElementType": kind,
        "ElementDataFile": "LOCAL",
    }
    file.write("".join(f"{name} = {value}\n" for name, value in fields.items()).encode("ascii"))
    file.write(little_endian(array).data)


def little_endian(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return the bytes of an array, without a copy where they are in order already."""
    ordered = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return ordered.reshape(-1).view(np.uint8)


def _numbers(values: Iterable[float]) -> str:
    # The shortest text that reads back as the same number.
    return " ".join(repr(float(value)) for value in values)
