"""Images as tensors: of a type of torch, cropped, padded, with axes as models take them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import torch

from rapidicom import _core
from rapidicom._common.arrays import as_bytes
from rapidicom._common.cores import core_count
from rapidicom.integrations.torch.buffers import buffer_for
from rapidicom.integrations.torch.crops import Along
from rapidicom.volumes.finding import find_series
from rapidicom.volumes.series import Series
from rapidicom.volumes.slices import check_values

if TYPE_CHECKING:
    from rapidicom.volumes.selection import Values

__all__ = [
    "Wanted",
    "channels_first",
    "narrowed",
    "one_of_readers",
    "padded",
    "series_of",
    "workers_here",
]

# What NumPy has no type for is read as the other one, and rounded.
_ROUNDED: Final = {"bfloat16": "float32"}


@dataclass(frozen=True)
class Wanted:
    """How images are read: the options of `Series.read`, but for the type.

    Attributes:
        values: As for `Series.read`.
        dtype: torch's name of the type of the tensor; `None` for that of the array.
        irregular: As for `Series.read`.
        fill: As for `Series.read`.
        pad: The value around images that are smaller than the crop; `None` to refuse them.
        workers: As for `Series.read`.
    """

    values: Values
    dtype: str | None
    irregular: Literal["raise", "keep"]
    fill: float | None
    pad: float | None
    workers: int | None

    @classmethod
    def of(
        cls, values: Values, dtype: Any, irregular: str, fill: float | None, pad: float | None,
        workers: int | None,
    ) -> Wanted:  # fmt: skip
        """Check options before anything is read.

        Raises:
            ValueError: One is not known.
            TypeError: `dtype` is no type of torch or NumPy.
        """
        check_values(values)
        if irregular not in ("raise", "keep", "skip"):
            raise ValueError(f"irregular must be 'raise', 'keep' or 'skip', not {irregular!r}")
        kept: Literal["raise", "keep"] = "keep" if irregular == "keep" else "raise"
        return cls(values, _name_of(dtype), kept, fill, pad, workers)

    @property
    def read_as(self) -> str | None:
        """NumPy's name of the type that the pixels are read as."""
        return None if self.dtype is None else _ROUNDED.get(self.dtype, self.dtype)

    def options(self, shape: Sequence[int] | None, *, pinned: bool) -> dict[str, Any]:
        """Return the options of `Series.read` and `Series.read_image`.

        Args:
            shape: That of the array; `None` if it is not known.
            pinned: Whether it goes into pinned memory, unless it will be copied to another type.
        """
        found: dict[str, Any] = {
            "values": self.values, "dtype": self.read_as, "irregular": self.irregular,
            "fill": self.fill, "workers": workers_here(self.workers),
        }  # fmt: skip
        if shape is None or self.read_as is None:
            return found
        if pinned and self.dtype not in _ROUNDED:
            kind = getattr(torch, str(self.dtype))
            found["out"] = torch.empty(tuple(shape), dtype=kind, pin_memory=True).numpy()
        elif (memory := buffer_for(shape, self.read_as)) is not None:
            found["out"] = memory
        return found


def _name_of(dtype: Any) -> str | None:
    if dtype is None:
        return None
    if isinstance(dtype, torch.dtype):
        name = str(dtype).removeprefix("torch.")
    elif dtype in _ROUNDED:
        name = str(dtype)
    else:
        name = np.dtype(dtype).name
    if name not in _ROUNDED and (
        not hasattr(np, name) or np.dtype(name).kind not in "iuf" or not hasattr(torch, name)
    ):
        raise ValueError(f"dtype {name} cannot hold pixels")
    return name


def narrowed(tensor: torch.Tensor, wanted: Wanted, *, pinned: bool) -> torch.Tensor:
    """Round to bfloat16, which NumPy does not have; leave other types as they are, pinned if asked.

    Raises:
        ValueError: A finite value lies out of that type's range.
    """
    if wanted.dtype not in _ROUNDED:
        return tensor.pin_memory() if pinned and not tensor.is_pinned() else tensor
    # Not in a buffer of `prefetch`: those are float32, twice as long.
    result = torch.empty(tensor.shape, dtype=torch.bfloat16, pin_memory=pinned)
    # torch would round on all cores, in the way of others that read.
    values, halves = tensor.contiguous().numpy(), result.view(torch.int16).numpy()
    workers = workers_here(wanted.workers)
    if not _core.round_to_bfloat16(as_bytes(values), as_bytes(halves), workers):
        raise ValueError(f"dtype {wanted.dtype} does not hold every value: use float32")
    return result


def channels_first(tensor: torch.Tensor, axes: Sequence[str]) -> torch.Tensor:
    """Put the leading axis, one of length 1, or the samples of colour before the slices."""
    leading = axes.index("slice")
    if "sample" in axes:
        return tensor.movedim(-1, leading).contiguous()
    return tensor if leading else tensor[None]


def padded(tensor: torch.Tensor, parts: Sequence[Along], value: float) -> torch.Tensor:
    """Put an image amid a larger one, if that is wanted.

    Args:
        tensor: Its last axes are those of `parts`.
        parts: What was read along these, and what is wanted.
        value: What is around.

    Raises:
        ValueError: The tensor's type does not hold `value`.
    """
    sizes = [part.size for part in parts]
    leading, inside = tensor.shape[: -len(sizes)], tensor.shape[-len(sizes) :]
    if list(inside) == sizes:
        return tensor
    # torch takes whole numbers below 0 for unsigned types, and counts down from their largest.
    is_wrapped = value < 0 and not tensor.dtype.is_signed
    if not tensor.is_floating_point() and (is_wrapped or not float(value).is_integer()):
        raise ValueError(f"{tensor.dtype} does not hold the value to pad with")
    try:
        result = torch.full((*leading, *sizes), value, dtype=tensor.dtype)
    except RuntimeError:
        raise ValueError(f"{tensor.dtype} does not hold the value to pad with") from None
    places = zip(parts, inside, strict=True)
    index = tuple(slice(part.before, part.before + size) for part, size in places)
    result[(..., *index)] = tensor
    return result


def workers_here(workers: int | None) -> int | None:
    """Return how many threads to read with.

    A worker of a `DataLoader` has its share of the cores, and so has a thread of `prefetch`.
    """
    readers: int | None = getattr(_of_thread, "readers", None)
    if readers is None and (worker := torch.utils.data.get_worker_info()) is not None:
        readers = int(worker.num_workers)
    if workers is not None or readers is None:
        return workers
    return max(1, core_count() // readers)


_of_thread = threading.local()


@contextmanager
def one_of_readers(count: int) -> Iterator[None]:
    """Let this thread read with its share of the cores, as one of so many."""
    before = getattr(_of_thread, "readers", None)
    _of_thread.readers = count
    try:
        yield
    finally:
        _of_thread.readers = before


def series_of(series: Any) -> list[Series]:
    """Return the series of a data set: those that are passed, or found in what is.

    Raises:
        TypeError: Series are mixed with others.
        DicomError: As for `find_series`.
    """
    if isinstance(series, Series):
        return [series]
    if not isinstance(series, (list, tuple)) and not hasattr(series, "__next__"):
        return find_series(series)
    items = list(series)
    found = [one for one in items if isinstance(one, Series)]
    if len(found) == len(items):
        return found
    if found:
        raise TypeError("series must be all of type Series, or all sources of images")
    return find_series(items)
