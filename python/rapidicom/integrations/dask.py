"""Series as arrays of dask."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rapidicom._common.extras import missing

try:
    import dask.array
    from dask.array.core import normalize_chunks
    from dask.base import tokenize
    from dask.utils import parse_bytes
except ImportError as error:
    raise missing("dask", "to_dask") from error

if TYPE_CHECKING:
    import numpy.typing as npt


class _Block(Protocol):
    def read(self) -> npt.NDArray[Any]: ...


def to_dask(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    axes: tuple[str, ...],
    chunks: Any,
    token: Sequence[object],
    block: Callable[[tuple[range, ...]], _Block],
) -> dask.array.Array:
    """Return an array whose chunks are read when they are computed.

    Args:
        shape: Its shape.
        dtype: Its type.
        axes: The names of its axes.
        chunks: As `Series.to_dask` takes them.
        token: What tells it from other arrays.
        block: Makes what reads the chunk with these indices along each axis; can be pickled.

    Raises:
        ValueError: The array cannot be divided so, or an axis has another name.
    """
    sizes = _sizes(chunks, shape, dtype, axes)
    name = f"rapidicom-{tokenize(token, sizes)}"
    along = []
    for lengths in sizes:
        ends = list(itertools.accumulate(lengths))
        along.append([range(end - length, end) for length, end in zip(lengths, ends, strict=True)])
    places = itertools.product(*(range(len(lengths)) for lengths in sizes))
    graph = {
        (name, *place): (_read, block(indices))
        for place, indices in zip(places, itertools.product(*along), strict=True)
    }
    return dask.array.Array(graph, name, sizes, dtype=dtype)


def _read(block: _Block) -> npt.NDArray[Any]:
    return block.read()


def _sizes(
    chunks: Any, shape: tuple[int, ...], dtype: np.dtype[Any], axes: tuple[str, ...]
) -> tuple[tuple[int, ...], ...]:
    """Return the lengths of the chunks along each axis."""
    if isinstance(chunks, Mapping):
        unknown = [axis for axis in chunks if axis not in (*axes, *range(-len(axes), len(axes)))]
        if unknown:
            raise ValueError(f"chunks names {unknown[0]!r}, but the axes are {', '.join(axes)}")
        by_axis: dict[int, Any] = {
            axes.index(axis) if isinstance(axis, str) else axis % len(axes): size
            for axis, size in chunks.items()
        }
        chunks = tuple(by_axis.get(axis, -1) for axis in range(len(axes)))
    limit = None
    if isinstance(chunks, str):
        size = dask.config.get("array.chunk-size") if chunks == "auto" else chunks
        limit = parse_bytes(size)
        chunks = _whole_frames(shape, dtype, axes, limit)
    sizes: tuple[tuple[int, ...], ...] = normalize_chunks(chunks, shape, limit=limit, dtype=dtype)
    return sizes


def _whole_frames(
    shape: tuple[int, ...], dtype: np.dtype[Any], axes: tuple[str, ...], limit: int
) -> tuple[int | str, ...]:
    """Divide slices, or the steps of a leading axis where whole steps are small enough."""
    first = axes.index("slice")
    frame = (-1,) * (len(shape) - first - 1)
    if not first:
        return ("auto", *frame)
    step = math.prod(shape[1:]) * dtype.itemsize
    return ("auto", -1, *frame) if step <= limit else (1, "auto", *frame)
