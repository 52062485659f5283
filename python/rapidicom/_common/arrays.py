"""Memory for pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

# The kernel copies into a buffer at a multiple of 64 bytes up to 3.6 times as fast as to the 16
# bytes past a page where `malloc` puts large ones.
_ALIGNMENT = 64


def empty_aligned(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Allocate an array that starts at a multiple of 64 bytes, for reading files into.

    NumPy asks the kernel for huge pages for arrays of 4 MB and more, which makes the first touch of
    fresh memory several times cheaper.

    Args:
        shape: The shape.
        dtype: The type of its elements.

    Returns:
        A C-contiguous array whose values are not set.
    """
    dtype = np.dtype(dtype)
    length = math.prod(shape) * dtype.itemsize
    memory = np.empty(length + _ALIGNMENT, dtype=np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + length].view(dtype).reshape(shape)


def as_bytes(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """See the memory of a C-contiguous array as one row of bytes, for native code to fill."""
    return array.reshape(-1).view(np.uint8)


def destination(
    shape: tuple[int, ...], dtype: npt.DTypeLike | None, out: Any
) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8]]:
    """Find where pixels go: into `out` if it fits, else into fresh memory.

    Args:
        shape: The shape that is needed.
        dtype: The type wanted; `None` to take that of `out`.
        out: The caller's memory, or `None`.

    Returns:
        The array, and its memory as one row of bytes.

    Raises:
        ValueError: `dtype` is not a numeric type in this machine's byte order; or `out` has another
            shape or type, is not C-contiguous and writable, or becomes an array only as a copy.
    """
    if out is None:
        wanted = np.dtype(dtype)
        _check_numbers(wanted, "dtype")
        array = empty_aligned(shape, wanted)
        return array, as_bytes(array)
    array = np.asarray(out)
    # NumPy copies a list, and some objects make a new array each time: filling that would not reach
    # `out`.
    if array is not out and np.asarray(out).ctypes.data != array.ctypes.data:
        raise ValueError(f"out is not memory that can be filled, but of type {type(out).__name__}")
    if array.shape != shape:
        raise ValueError(f"out has shape {array.shape}, but {shape} is needed")
    if dtype is not None and array.dtype != np.dtype(dtype):
        raise ValueError(f"out has dtype {array.dtype}, but {np.dtype(dtype)} is wanted")
    _check_numbers(array.dtype, "out's dtype")
    if not (array.flags.c_contiguous and array.flags.writeable):
        raise ValueError("out must be C-contiguous and writable")
    return array, as_bytes(array)


def _check_numbers(dtype: np.dtype[Any], what: str) -> None:
    if dtype.kind not in "iuf":
        raise ValueError(f"{what} {dtype} cannot hold pixels")
    if not dtype.isnative:
        raise ValueError(f"{what} {dtype.str} is not in this machine's byte order")
