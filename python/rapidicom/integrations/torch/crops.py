"""Which part of an image an item has: random, central or fixed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

__all__ = ["Along", "CenterCrop", "RandomCrop", "chosen", "cropping", "random_numbers_of"]

Size: TypeAlias = Sequence[int | None]

# Seeds are 64 bits wide.
_MOST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Span:
    """Indices along an axis; those before 0 and past the end are padding.

    Attributes:
        start: The first one; below 0, there is padding.
        size: How many.
        step: From one to the next; 1 if there is padding.
    """

    start: int
    size: int
    step: int = 1

    def of(self, allowed: range) -> Along:
        """Return what a span over the entries of `allowed` has of these."""
        if self.step != 1:
            stop = self.start + self.size * self.step
            return Along(
                allowed[self.start : stop if stop >= 0 else None : self.step], 0, self.size
            )
        first, last = max(self.start, 0), min(self.start + self.size, len(allowed))
        return Along(allowed[first:last], first - self.start, self.size)


@dataclass(frozen=True)
class Along:
    """What is read along an axis, and what it is padded to.

    Attributes:
        indices: Those that are read.
        before: How many entries of padding precede them.
        size: How many there are with padding.
    """

    indices: range
    before: int
    size: int

    @property
    def start(self) -> int:
        """The index of the first entry; below 0 in padding."""
        return self.indices.start - self.before * self.indices.step

    @property
    def slice(self) -> slice:
        """The indices as `Series.read` takes them."""
        stop = self.indices.stop
        return slice(self.indices.start, stop if stop >= 0 else None, self.indices.step)


class _Sized:
    """A crop of one size.

    Args:
        size: How many slices, rows and columns, or rows and columns for slices; `None` for all.
    """

    def __init__(self, size: Size) -> None:
        self.size = tuple(None if one is None else int(one) for one in size)
        if any(one is not None and one < 1 for one in self.size):
            raise ValueError(f"a crop has at least one voxel along each axis, not {self.size}")

    def __call__(self, shape: Sequence[int]) -> tuple[Span, ...]:
        if len(shape) != len(self.size):
            raise ValueError(f"crop {self.size} must have {len(shape)} sizes, one an axis")
        sizes = [whole if one is None else one for whole, one in zip(shape, self.size, strict=True)]
        starts = [
            # Padding is the same on both sides.
            (whole - size) // 2 if size >= whole else self._start(whole - size)
            for whole, size in zip(shape, sizes, strict=True)
        ]
        return tuple(map(Span, starts, sizes))

    def _start(self, room: int) -> int:
        raise NotImplementedError


class CenterCrop(_Sized):
    """The middle of an image.

    Args:
        size: How many slices, rows and columns, or rows and columns for slices; `None` for all.
    """

    def _start(self, room: int) -> int:
        return room // 2


class RandomCrop(_Sized):
    """A part of an image anywhere in it, another one each time.

    Without a generator the numbers come from torch's own, which `torch.manual_seed` sets and which
    `DataLoader` seeds in each worker. With one, these workers make theirs from its seed and their
    own. Items of `prefetch` have numbers of their own in any case: threads come in no order.

    Args:
        size: How many slices, rows and columns, or rows and columns for slices; `None` for all.
        generator: A generator of torch.
    """

    def __init__(self, size: Size, generator: torch.Generator | None = None) -> None:
        super().__init__(size)
        self.generator = generator
        self._own: tuple[int, torch.Generator] | None = None

    def _start(self, room: int) -> int:
        return int(torch.randint(room + 1, (), generator=self._numbers()))

    def _numbers(self) -> torch.Generator | None:
        generator: torch.Generator | None = getattr(_of_thread, "generator", None)
        if generator is not None or self.generator is None:
            return generator
        worker = torch.utils.data.get_worker_info()
        if worker is None:
            return self.generator
        # Each worker has a copy of the generator, in the same state.
        if self._own is None or self._own[0] != worker.seed:
            own = torch.Generator()
            own.manual_seed((self.generator.initial_seed() * 31 + worker.seed) % _MOST_SEED)
            self._own = worker.seed, own
        return self._own[1]

    def __getstate__(self) -> dict[str, Any]:
        # Not every version of torch pickles generators.
        state = None if self.generator is None else self.generator.get_state()
        return {**self.__dict__, "generator": state, "_own": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self.generator is not None:
            numbers = torch.Generator()
            numbers.set_state(self.generator)
            self.generator = numbers


class _Fixed:
    """The same indices of every image.

    Args:
        slices: Those of each axis; `None` for all.
    """

    def __init__(self, slices: Sequence[slice | None]) -> None:
        self.slices = tuple(slices)

    def __call__(self, shape: Sequence[int]) -> tuple[Span, ...]:
        return spans(self.slices, shape)


class _Called:
    """What a function of the caller's chooses."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __call__(self, shape: Sequence[int]) -> tuple[Span, ...]:
        return spans(self.function(tuple(shape)), shape)


def cropping(crop: Any, axes: int) -> Any:
    """Return the function that chooses a part of an image, by its shape, as a span an axis.

    Args:
        crop: `None` for all; sizes for a random crop; slices for a fixed one; a `RandomCrop` or a
            `CenterCrop`; or a function that takes the shape and returns slices.
        axes: How many axes it must be for.

    Raises:
        TypeError: It is none of these.
        ValueError: It is for another number of axes.
    """
    if crop is None:
        return _Fixed([None] * axes)
    if isinstance(crop, _Sized):
        _check_count(crop.size, axes)
        return crop
    if callable(crop):
        return _Called(crop)
    if isinstance(crop, Sequence) and not isinstance(crop, str):
        _check_count(crop, axes)
        if any(isinstance(one, slice) for one in crop):
            if all(one is None or isinstance(one, slice) for one in crop):
                return _Fixed(crop)
        elif all(one is None or hasattr(one, "__index__") for one in crop):
            return RandomCrop(crop)
    raise TypeError(
        "crop must be sizes, slices, a RandomCrop or CenterCrop, or a function that takes a shape "
        f"and returns slices, not {type(crop).__name__}"
    )


def _check_count(crop: Sequence[Any], axes: int) -> None:
    if len(crop) != axes:
        raise ValueError(f"crop must have {axes} entries, one an axis, not {len(crop)}")


def spans(slices: Sequence[slice | None], shape: Sequence[int]) -> tuple[Span, ...]:
    """Resolve slices with NumPy's meaning of start, stop and step.

    Raises:
        ValueError: One selects nothing, or there is not one an axis.
        TypeError: One is not a slice.
    """
    _check_count(slices, len(shape))
    found = []
    for one, length in zip(slices, shape, strict=True):
        if one is not None and not isinstance(one, slice):
            raise TypeError(f"a crop has a slice an axis, not {type(one).__name__}")
        indices = range(length)[slice(None) if one is None else one]
        if not indices:
            raise ValueError(f"crop {one} selects nothing of {length}")
        found.append(Span(indices.start, len(indices), indices.step))
    return tuple(found)


def chosen(crop: Any, axes: Sequence[range], *, may_pad: bool) -> list[Along]:
    """Choose the part of an image that an item has.

    Args:
        crop: What `cropping` returned.
        axes: The indices that it chooses from.
        may_pad: Whether the image may be smaller than the crop.

    Raises:
        ValueError: It is, and may not be.
    """
    found = crop(tuple(map(len, axes)))
    for span, allowed in zip(found, axes, strict=True):
        if span.size > len(allowed) and not may_pad:
            raise ValueError(
                f"the crop has {span.size} voxels along an axis where the image has "
                f"{len(allowed)}: pass pad= for the value around it"
            )
    return [span.of(allowed) for span, allowed in zip(found, axes, strict=True)]


_of_thread = threading.local()


@contextmanager
def random_numbers_of(seed: int) -> Iterator[None]:
    """Let random crops of this thread take their numbers from a generator of its own."""
    generator = torch.Generator()
    generator.manual_seed(seed % _MOST_SEED)
    before = getattr(_of_thread, "generator", None)
    _of_thread.generator = generator
    try:
        yield
    finally:
        _of_thread.generator = before
