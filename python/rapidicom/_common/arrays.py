"""Memory for pixels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rapidicom import _core

if TYPE_CHECKING:
    import numpy.typing as npt

# The kernel copies into a buffer at a multiple of 64 bytes up to 3.6 times as fast as to the 16
# bytes past a page where `malloc` puts large ones.
_ALIGNMENT = 64
# Bytes of an array that are read before they go to memory of another kind: enough to keep all
# threads busy, few beside what a volume has.
_BLOCK_LENGTH = 64 << 20
# Bytes of an array: smaller ones NumPy copies as fast.
_LARGE = 1 << 18


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


def contiguous(array: npt.NDArray[Any], workers: int | None = None) -> npt.NDArray[Any]:
    """Return an array in C order as `np.ascontiguousarray` does, in tiles and on threads.

    NumPy copies a volume whose axes change places item by item, each of another cache line.

    Args:
        array: Any array; of a subclass, the array that it is.
        workers: Threads; `None` for one a core.

    Returns:
        The array itself, or a C-contiguous copy.
    """
    array = np.asarray(array)
    if array.flags.c_contiguous or array.nbytes < _LARGE or array.dtype.hasobject:
        return np.ascontiguousarray(array)
    item_length = array.dtype.itemsize
    # As it is in memory: with the axes that count slowest first, and none that counts down.
    turned = array[tuple(slice(None, None, -1 if step < 0 else 1) for step in array.strides)]
    source = turned.transpose(sorted(range(array.ndim), key=lambda axis: -turned.strides[axis]))
    # Rows that stay rows NumPy copies as such.
    if not source.flags.c_contiguous or array.strides[-1] in (item_length, -item_length):
        return np.ascontiguousarray(array)
    found = empty_aligned(array.shape, array.dtype)
    steps = [step // item_length for step in array.strides]
    axes = list(zip(array.shape, steps, strict=True))
    first = sum((length - 1) * -step for length, step in axes if step < 0)
    memory, into = as_bytes(source), as_bytes(found)
    try:
        is_done = _core.copy_reordered(memory, item_length, first, axes, into, workers)
    except TypeError:
        # Another thread is filling the array.
        is_done = False
    return found if is_done else np.ascontiguousarray(array)


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
        array = empty_aligned(shape, checked_dtype(np.dtype(dtype)))
        return array, as_bytes(array)
    array = np.asarray(out)
    # NumPy copies a list, and some objects make a new array each time: filling that would not reach
    # `out`.
    if array is not out and np.asarray(out).ctypes.data != array.ctypes.data:
        raise ValueError(f"out is not memory that can be filled, but of type {type(out).__name__}")
    _check_fit(array, shape, dtype)
    _check_numbers(array.dtype, "out's dtype")
    if not (array.flags.c_contiguous and array.flags.writeable):
        raise ValueError("out must be C-contiguous and writable")
    return array, as_bytes(array)


def checked_dtype(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """Return a type that pixels can have.

    Raises:
        ValueError: It is not one of numbers, or not in this machine's byte order.
    """
    wanted = np.dtype(dtype)
    _check_numbers(wanted, "dtype")
    return wanted


def is_store(out: Any) -> bool:
    """Return whether `out` takes values by assignment alone, as arrays of zarr do.

    It has a shape, a type and `__setitem__`, and is no memory that could be filled in place.
    """
    if isinstance(out, np.ndarray) or not all(
        hasattr(out, name) for name in ("shape", "dtype", "__setitem__")
    ):
        return False
    memory = ("__array_interface__", "__array_struct__", "__dlpack__", "__buffer__")
    if any(hasattr(out, name) for name in memory):
        return False
    # xarray's arrays show the memory that they wrap.
    return not isinstance(getattr(out, "data", None), (np.ndarray, memoryview))


def store_dtype(out: Any, shape: tuple[int, ...], dtype: npt.DTypeLike | None) -> np.dtype[Any]:
    """Return the type in which values go to `out`: its own, in this machine's byte order.

    Args:
        out: What `is_store` accepts.
        shape: The shape that is needed.
        dtype: The type wanted; `None` to take that of `out`.

    Raises:
        ValueError: `out` has another shape or type, or its type is not one of numbers.
    """
    _check_fit(out, shape, dtype)
    native: np.dtype[Any] = np.dtype(out.dtype).newbyteorder("=")
    _check_numbers(native, "out's dtype")
    return native


def blocks(
    shape: tuple[int, ...], chunks: Sequence[int], itemsize: int
) -> Iterator[tuple[range, ...]]:
    """Divide an array into blocks of whole chunks, each with few enough bytes to be in memory.

    A block has whole rows, then whole images, before it has several images: so little is read, or
    decoded, twice.

    Args:
        shape: The array's.
        chunks: The shape of the pieces in which it is kept, a block each at least.
        itemsize: Bytes of a value.

    Yields:
        The indices of each block along each axis, the last axis counting fastest.
    """
    block = [min(*ends) for ends in zip(chunks, shape, strict=True)]
    for axis in reversed(range(len(shape))):
        others = math.prod(block) // block[axis] * itemsize
        most = max(_BLOCK_LENGTH // max(others, 1) // block[axis], 1) * block[axis]
        block[axis] = min(most, shape[axis])
    axes = [
        [range(start, min(start + step, size)) for start in range(0, size, step)]
        for step, size in zip(block, shape, strict=True)
    ]
    yield from itertools.product(*axes)


def chunks_of(out: Any) -> tuple[int, ...] | None:
    """Return the shape of the pieces in which `out` is kept, or `None` if it has none.

    With shards, which are written as a whole, those are the pieces.
    """
    for name in ("shards", "chunks"):
        found = getattr(out, name, None)
        if isinstance(found, tuple) and len(found) == len(out.shape):
            # dask lists the length of each piece.
            sizes = [max(size, default=1) if isinstance(size, tuple) else size for size in found]
            if all(isinstance(size, int) and size > 0 for size in sizes):
                return tuple(sizes)
    return None


def _check_fit(array: Any, shape: tuple[int, ...], dtype: npt.DTypeLike | None) -> None:
    if tuple(array.shape) != shape:
        raise ValueError(f"out has shape {tuple(array.shape)}, but {shape} is needed")
    if dtype is not None and np.dtype(array.dtype) != np.dtype(dtype):
        raise ValueError(f"out has dtype {array.dtype}, but {np.dtype(dtype)} is wanted")


def _check_numbers(dtype: np.dtype[Any], what: str) -> None:
    if dtype.kind not in "iuf":
        raise ValueError(f"{what} {dtype} cannot hold pixels")
    if not dtype.isnative:
        raise ValueError(f"{what} {dtype.str} is not in this machine's byte order")
