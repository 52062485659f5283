"""Overlay planes (PS3.3 §C.9.2): Overlay Data, or unused bits of pixels as in earlier editions."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from rapidicom import _core
from rapidicom._common.arrays import as_bytes
from rapidicom._common.errors import InvalidDicomError
from rapidicom._common.numbers import as_integer
from rapidicom._core import Dataset

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["get_expected_length", "get_overlay_array", "overlay_array", "reshape_overlay_array"]

# Elements of an overlay's group.
_ROWS, _COLUMNS, _FRAME_COUNT, _FIRST_FRAME = 0x0010, 0x0011, 0x0015, 0x0051
_BITS_ALLOCATED, _BIT_POSITION, _DATA = 0x0100, 0x0102, 0x3000


def overlay_array(ds: Dataset, group: int) -> npt.NDArray[np.uint8]:
    """Read an overlay plane.

    Args:
        ds: The data set that has it.
        group: Its group, 0x6000 to 0x60FE.

    Returns:
        0 and 1, shape ([frame,] row, column). An overlay in the bits of pixels has a frame for each
        frame of the image, or for those that it names.

    Raises:
        AttributeError: The group has no overlay.
        InvalidDicomError: Its attributes contradict each other, or its bits are missing, or part of
            values.
        UnsupportedError: It is in the bits of pixels that cannot be read yet.
        ValueError: The group is not one of overlays.
    """
    if not 0x6000 <= group <= 0x60FF:
        raise ValueError(f"the group of an overlay is from 0x6000 to 0x60FF, not {group:#06x}")
    rows, columns = _number(ds, group, _ROWS), _number(ds, group, _COLUMNS)
    if rows is None or columns is None:
        raise AttributeError(
            f"no overlay in group {group:04X} with Overlay Rows and Overlay Columns"
        )
    frame_count = _number(ds, group, _FRAME_COUNT)
    for number, what, place in (
        (rows, "Overlay Rows", _ROWS),
        (columns, "Overlay Columns", _COLUMNS),
        (1 if frame_count is None else frame_count, "Number of Frames in Overlay", _FRAME_COUNT),
    ):
        if number < 1:
            raise InvalidDicomError(
                f"{what} is {number}, expected at least 1", tag=group << 16 | place
            )
    element = ds.get((group, _DATA))
    if element is not None and element.value is not None:
        return _unpacked(ds, group, (frame_count or 1, rows, columns))
    bit = _number(ds, group, _BIT_POSITION)
    # Attributes describe Overlay Data as one bit allocated, the first (PS3.3 §C.9.2).
    if bit is None or (bit == 0 and _number(ds, group, _BITS_ALLOCATED) == 1):
        raise AttributeError(
            f"the overlay in group {group:04X} has neither Overlay Data nor a bit of the pixels"
        )
    return _embedded(ds, group, (frame_count, rows, columns), bit)


# pydicom's name.
get_overlay_array = overlay_array


def get_expected_length(elem: dict[str, Any], unit: str = "bytes") -> int:
    """Return the length of Overlay Data, without padding.

    Args:
        elem: `OverlayRows`, `OverlayColumns` and, if there are several, `NumberOfFramesInOverlay`.
        unit: `bytes` or `pixels`.
    """
    count = int(
        elem["OverlayRows"] * elem["OverlayColumns"] * (elem.get("NumberOfFramesInOverlay") or 1)
    )
    return count if unit == "pixels" else -(-count // 8)


def reshape_overlay_array(elem: dict[str, Any], arr: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the pixels of an overlay with a shape.

    Args:
        elem: As for `get_expected_length`.
        arr: The pixels, one dimension.

    Returns:
        Shape ([frame,] row, column).

    Raises:
        ValueError: The number of frames is less than 1.
    """
    frames = elem.get("NumberOfFramesInOverlay", 1)
    if frames < 1:
        raise ValueError(f"an overlay has 1 frame or more, not {frames}")
    shape = (frames, elem["OverlayRows"], elem["OverlayColumns"])
    return arr.reshape(shape if frames > 1 else shape[1:])


def _number(ds: Dataset, group: int, element: int) -> int | None:
    found = ds.get((group, element))
    if found is None or found.value is None or found.value == "":
        return None
    number = as_integer(found.value)
    if number is None:
        raise InvalidDicomError(
            "an attribute of an overlay is not a whole number", tag=group << 16 | element
        )
    return number


def _unpacked(ds: Dataset, group: int, shape: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    """Read Overlay Data: bits, the lowest of a byte first, rows and frames without gaps."""
    element = ds[group, _DATA]
    if not isinstance(element.value, bytes):
        raise InvalidDicomError("Overlay Data is not a value of bytes", tag=element.tag)
    data = np.frombuffer(element.value, np.uint8)
    if ds.is_little_endian is False and element.VR == "OW" and len(data) % 2 == 0:
        # The bytes of each word are swapped (PS3.5 §7.3).
        data = data.reshape(-1, 2)[:, ::-1].reshape(-1)
    count = shape[0] * shape[1] * shape[2]
    needed = -(-count // 8)
    if len(data) < needed:
        raise InvalidDicomError(
            f"the overlay needs {needed} bytes, but there are {len(data)} "
            f"({needed - len(data)} bytes missing)",
            tag=element.tag,
        )
    if len(data) == needed and needed % 2:
        warnings.warn("The overlay data length is odd and misses a padding byte.", stacklevel=3)
    if len(data) > needed + needed % 2:
        excess = len(data) - needed
        warnings.warn(
            f"the last {excess} bytes of Overlay Data are ignored: the overlay ends before them",
            stacklevel=3,
        )
    bits = np.unpackbits(data[:needed], count=count, bitorder="little")
    return bits.reshape(shape if shape[0] > 1 else shape[1:])


def _embedded(
    ds: Dataset, group: int, shape: tuple[int | None, int, int], bit: int
) -> npt.NDArray[np.uint8]:
    """Read an overlay from bits of the pixels."""
    reader = _core.PixelReader.of(ds)
    frame_count, rows, columns = shape
    image_rows, image_columns = reader.frame_shape(0)[:2]
    if (rows, columns) != (image_rows, image_columns):
        raise InvalidDicomError(
            f"the overlay has {rows} rows and {columns} columns, but the pixels that it is in have "
            f"{image_rows} and {image_columns}",
            tag=group << 16 | _ROWS,
        )
    # Frame numbers count from 1.
    first = (_number(ds, group, _FIRST_FRAME) or 1) - 1
    count = reader.frame_count - first if frame_count is None else frame_count
    if first < 0 or count < 1 or first + count > reader.frame_count:
        raise InvalidDicomError(
            f"the overlay is in {count} frames from {first + 1} on, "
            f"but the image has {reader.frame_count}",
            tag=group << 16 | _FIRST_FRAME,
        )
    if not 0 <= bit <= 63:
        raise InvalidDicomError(f"Overlay Bit Position is {bit}", tag=group << 16 | _BIT_POSITION)
    array: npt.NDArray[Any] = np.empty((count, rows, columns), np.uint8)
    reader.read_overlay_bits(first, count, bit, as_bytes(array))
    return array if count > 1 else array[0]
