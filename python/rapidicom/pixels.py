"""Pixels of one data set or file as NumPy arrays (PS3.3 §C.7.6.3), and what their values mean (§C.11)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from rapidicom import _core
from rapidicom.arrays import as_bytes, empty_aligned
from rapidicom.dataset import Dataset
from rapidicom.filereader import dcmread
from rapidicom.lookup_tables import apply_modality_lut, apply_rescale, apply_voi_lut, apply_windowing
from rapidicom.palettes import apply_color_lut

if TYPE_CHECKING:
    from rapidicom.filereader import Source

__all__ = [
    "apply_color_lut",
    "apply_modality_lut",
    "apply_rescale",
    "apply_voi_lut",
    "apply_windowing",
    "iter_pixels",
    "pixel_array",
]

# From here on a private map costs less than reading: its pages are copied only if they are written to.
# `benches/maps.py` measures it.
_MAP_FROM_BYTES = 8 * 1024 * 1024


def pixel_array(source: Source | Dataset, *, index: int | None = None, raw: bool = False) -> npt.NDArray[Any]:
    """Read the pixels of an image, or of one frame of it.

    Args:
        source: What `dcmread` takes, or a data set.
        index: The frame, from 0; `None` for all of them.
        raw: Leave YBR_FULL and YBR_FULL_422 pixels as they are instead of turning them into RGB.

    Returns:
        Stored values, shape ([frame,] row, column[, sample]), of the type that Bits Allocated and Pixel
        Representation give: uint8 for 1 bit, 16 bits for 12, floating point for Float and Double Float Pixel
        Data. The bits above Bits Stored are cleared, or filled with the sign, and a value that High Bit puts
        above the lowest bits is brought down to them, with a warning (PS3.5 §8.1.1). The array is writable;
        the file never changes.

        Where there are more pixels than Number of Frames says, but for padding, all whole frames are read,
        with a warning.

    Raises:
        AttributeError: There are no pixels.
        InvalidDicomError: Attributes or bytes are missing, or contradict each other.
        UnsupportedError: The pixels are written in a way that is not read yet.
        ValueError: There is no such frame.
        OSError: The file is gone, has been changed, or cannot be read.
    """
    reader = _reader(source)
    if index is None:
        return _frames(reader, 0, reader.frame_count, raw=raw, is_single=reader.frame_count == 1)
    return _frames(reader, _checked(index, reader), 1, raw=raw, is_single=True)


def iter_pixels(
    source: Source | Dataset, *, indices: Iterable[int] | None = None, raw: bool = False
) -> Iterator[npt.NDArray[Any]]:
    """Read the frames of an image one after the other; only one is in memory at a time.

    Args:
        source: What `dcmread` takes, or a data set.
        indices: The frames, from 0, in the order wanted; `None` for all of them.
        raw: As for `pixel_array`.

    Yields:
        One frame, shape (row, column[, sample]).

    Raises:
        As `pixel_array`.
    """
    reader = _reader(source)
    for index in range(reader.frame_count) if indices is None else indices:
        yield _frames(reader, _checked(index, reader), 1, raw=raw, is_single=True)


def dataset_pixel_array(dataset: Dataset) -> npt.NDArray[Any]:
    """Read `dataset.pixel_array`: all frames, as its attributes say now."""
    return pixel_array(dataset)


def _reader(source: Source | Dataset) -> _core.PixelReader:
    reader = _core.PixelReader(source if isinstance(source, Dataset) else dcmread(source))
    if reader.frame_count > reader.said_frame_count:
        warnings.warn(
            f"there are pixels of {reader.frame_count} frames, but Number of Frames says "
            f"{reader.said_frame_count}: all of them are read",
            stacklevel=4,
        )
    lowest, highest = reader.value_bits
    if lowest > 0:
        # Other readers take the lowest bits whatever High Bit says, and programs change Bits Stored alone.
        warnings.warn(
            f"High Bit is not Bits Stored - 1: values from bits {lowest} to {highest} are read",
            stacklevel=4,
        )
    return reader


def _checked(index: int, reader: _core.PixelReader) -> int:
    if not 0 <= index < reader.frame_count:
        raise ValueError(f"there is no frame with index {index}: the image has {reader.frame_count}")
    return index


def _frames(
    reader: _core.PixelReader, first: int, count: int, *, raw: bool, is_single: bool
) -> npt.NDArray[Any]:
    shape = tuple(reader.frame_shape) if is_single else (count, *reader.frame_shape)
    length = count * reader.frame_length
    if reader.mmap == "always" or (reader.mmap == "auto" and length >= _MAP_FROM_BYTES):
        mapped = reader.map(first, count, raw)
        if mapped is not None:
            return cast("npt.NDArray[Any]", mapped.view(reader.dtype).reshape(shape))
    array = empty_aligned(shape, np.dtype(reader.dtype))
    reader.read_into(first, count, raw, as_bytes(array))
    return array
