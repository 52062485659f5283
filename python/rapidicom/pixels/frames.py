"""Frames of one image as an array, without a choice of decoders or colours (PS3.3 §C.7.6.3)."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rapidicom import _core
from rapidicom._common.arrays import as_bytes, empty_aligned
from rapidicom.sources.opening import open_for_pixels

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom.sources.opening import Source

__all__ = ["check_syntax", "checked_index", "frames", "read_frames", "reader_of", "warn_of"]

# From here on a private map costs less than reading: its pages are copied only if they are written
# to. `benches/maps.py` measures it.
_MAP_FROM_BYTES = 8 * 1024 * 1024

_byte_order = vars(_core.Dataset)["is_little_endian"].__get__


def reader_of(
    source: Source | _core.Dataset, force: bool = False, *, is_cut: bool = False
) -> _core.PixelReader:
    """Find the pixels of a data set, and warn of irregularities.

    Args:
        source: What `dcmread` takes, or a data set.
        force: As for `dcmread`.
        is_cut: Whether frames beyond Number of Frames are left out.
    """
    dataset = source if isinstance(source, _core.Dataset) else open_for_pixels(source, force)
    check_syntax(dataset)
    reader = _core.PixelReader.of(dataset)
    warn_of(reader, dataset, is_cut=is_cut)
    return reader


def check_syntax(dataset: _core.Dataset) -> None:
    """Refuse pixels whose Transfer Syntax UID has been removed, or was never given.

    A file without one is read as it is guessed to be encoded.

    Args:
        dataset: The data set.

    Raises:
        AttributeError: It has File Meta Information in which the UID is missing, or is empty.
    """
    meta = getattr(dataset, "file_meta", None)
    if meta is None or _has_syntax(meta):
        return
    # Whatever was set since: what was made in memory has no byte order of its own.
    is_read = _byte_order(dataset) is not None
    if not is_read or _has_syntax(getattr(dataset._as_read(), "file_meta", None)):
        raise AttributeError(
            "the data set's file_meta has no (0002,0010) Transfer Syntax UID, which says how "
            "pixels are encoded"
        )


def _has_syntax(meta: Any) -> bool:
    return meta is not None and bool(meta.get("TransferSyntaxUID"))


def warn_of(reader: _core.PixelReader, dataset: _core.Dataset, *, is_cut: bool = False) -> None:
    """Warn of what is not as it should be.

    Args:
        reader: The pixels.
        dataset: The data set that has them.
        is_cut: Whether frames beyond Number of Frames are left out.
    """
    found = list(reader.irregularities)
    if reader.frame_count > reader.said_frame_count:
        found.append(
            f"there are pixels of {reader.frame_count} frames, "
            f"but Number of Frames says {reader.said_frame_count}: "
            f"{'the others are left out' if is_cut else 'all of them are read'}"
        )
    if reader.excess_length > 0:
        found.append(f"{reader.excess_length} bytes after the last frame were ignored")
    if not dataset.get("NumberOfFrames", 1):
        found.append("Number of Frames is 0 or empty: 1 frame is read")
    lowest, highest = reader.value_bits
    if lowest > 0 and not reader.is_encapsulated:
        # Other readers take the lowest bits whatever High Bit says, and programs change Bits Stored
        # alone.
        found.append(
            f"High Bit is not Bits Stored - 1: values from bits {lowest} to {highest} are read"
        )
    for sentence in found:
        warnings.warn(sentence, stacklevel=4)


def checked_index(index: int, reader: _core.PixelReader) -> int:
    """Return the index of a frame.

    Args:
        index: The index, from 0.
        reader: The pixels of the image.

    Raises:
        ValueError: The image has no such frame.
    """
    if not 0 <= index < reader.frame_count:
        raise ValueError(
            f"there is no frame with index {index}: the image has {reader.frame_count}"
        )
    return index


def frames(
    reader: _core.PixelReader,
    first: int,
    count: int,
    *,
    raw: bool,
    reduce: int,
    workers: int | None,
    is_single: bool,
) -> npt.NDArray[Any]:
    """Read consecutive frames into an array of their own.

    Args:
        reader: The pixels.
        first: The first frame, from 0.
        count: How many.
        raw: As for `pixel_array`.
        reduce: As for `pixel_array`.
        workers: As for `pixel_array`.
        is_single: Whether the array has no axis for frames.

    Returns:
        Shape ([frame,] row, column[, sample]).
    """
    if reduce < 0:
        raise ValueError(f"reduce is {reduce}, expected 0 or more")
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers}, expected 1 or more")
    reader.check_frames(first, count)
    # No image can be halved more often.
    frame_shape = tuple(reader.frame_shape(min(reduce, 32)))
    shape = frame_shape if is_single else (count, *frame_shape)
    dtype = np.dtype(reader.dtype)
    length = math.prod(shape) * dtype.itemsize
    if reduce == 0 and (
        reader.mmap == "always" or (reader.mmap == "auto" and length >= _MAP_FROM_BYTES)
    ):
        mapped = reader.map(first, count, raw)
        if mapped is not None:
            return cast("npt.NDArray[Any]", mapped.view(dtype).reshape(shape))
    array = empty_aligned(shape, dtype)
    remarks = reader.read_into(first, count, raw, min(reduce, 32), workers, as_bytes(array))
    for sentence in _sentences(remarks):
        warnings.warn(sentence, stacklevel=4)
    return array


def _sentences(remarks: list[tuple[bool, str]]) -> list[str]:
    """Return what warnings name: each damaged frame, and of those that are only odd the first."""
    found = [
        f"the file is damaged, and missing pixels are zero: {sentence}"
        for is_damaged, sentence in remarks
        if is_damaged
    ]
    odd = [sentence for is_damaged, sentence in remarks if not is_damaged]
    if odd:
        more = f" ({len(odd) - 1} more frames have a remark)" if len(odd) > 1 else ""
        found.append(odd[0] + more)
    return found


def read_frames(dataset: _core.Dataset, count: int, *, raw: bool) -> npt.NDArray[Any]:
    """Read the first frames of an image, whatever its Number of Frames says.

    Args:
        dataset: The data set.
        count: How many.
        raw: As for `pixel_array`.

    Returns:
        Shape ([frame,] row, column[, sample]).
    """
    reader = reader_of(dataset, is_cut=True)
    return frames(reader, 0, count, raw=raw, reduce=0, workers=None, is_single=count == 1)
