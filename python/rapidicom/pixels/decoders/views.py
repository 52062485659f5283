"""Native pixels as views of the bytes that they are read from (PS3.5 §8), for `view_only`.

A view costs no copy. It is only possible where the bytes are the values: no bits are masked, no
colours converted, and no bytes swapped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rapidicom import _core
from rapidicom.pixels.color_space import YBR

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["buffer_of", "view_of"]


def buffer_of(src: Any, dataset: _core.Dataset, keyword: str) -> memoryview:
    """Return the bytes of pixels: those that the caller has, if they are in memory.

    Args:
        src: What the caller has passed: a data set, bytes or a file object.
        dataset: The data set that was made of it.
        keyword: The keyword of the element with the pixels.
    """
    if isinstance(src, _core.Dataset) or hasattr(src, "read"):
        # The element keeps the bytes, and the attribute has the same from now on.
        return memoryview((src if isinstance(src, _core.Dataset) else dataset)[keyword].value)
    return memoryview(src).cast("B")


def view_of(
    buffer: memoryview, dataset: _core.Dataset, first: int, count: int, *, as_read: bool
) -> npt.NDArray[Any] | None:
    """Return frames as a view of their bytes.

    Args:
        buffer: The bytes.
        dataset: The data set that describes them.
        first: The first frame, from 0.
        count: How many; one has no axis for frames.
        as_read: Whether colours stay as they are.

    Returns:
        Shape ([frame,] row, column[, sample]), writable if the bytes are; `None` if bytes are not
        the values.
    """
    reader = _core.PixelReader.of(dataset)
    dtype = np.dtype(reader.dtype)
    photometric = dataset.get("PhotometricInterpretation")
    is_big = dataset.is_little_endian is False
    if (
        reader.value_bits != (0, 8 * dtype.itemsize - 1)
        or dataset.BitsAllocated != 8 * dtype.itemsize
        or photometric == "YBR_FULL_422"
        or (photometric in YBR and not as_read)
        or (is_big and dtype.itemsize == 1)  # words may be swapped
    ):
        return None
    rows, columns, *samples = reader.frame_shape(0)
    is_planar = bool(samples) and dataset.get("PlanarConfiguration") == 1
    shape = (*samples, rows, columns) if is_planar else (rows, columns, *samples)
    length = int(np.prod(shape)) * dtype.itemsize
    if (first + count) * length > len(buffer):
        return None
    part = buffer[first * length : (first + count) * length]
    array = np.frombuffer(part, dtype.newbyteorder(">" if is_big else "<"))
    array = array.reshape((count, *shape))
    if is_planar:
        array = array.transpose(0, 2, 3, 1)
    return array[0] if count == 1 else array
