"""Images of a series as one array, of which blocks are read one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rapidicom import _core
from rapidicom._common.arrays import blocks, chunks_of, destination, is_store, store_dtype
from rapidicom._common.progress import Progress
from rapidicom.volumes.part import Part
from rapidicom.volumes.report import Issue

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal, TypeAlias

    import numpy.typing as npt

    Values: TypeAlias = Literal["modality", "stored"]

__all__ = ["Damage", "Selection", "Wanted"]


@dataclass(frozen=True)
class Damage:
    """What showed when slices were read; the places of damaged ones are filled.

    Attributes:
        issues: The findings, of damaged slices one a file, and what is odd about others.
        slices: The numbers of damaged slices among those that were read.
        error: The error of the first of them; `None` if there are none.
    """

    issues: list[Issue]
    slices: list[int]
    error: Exception | None


@dataclass(frozen=True)
class Selection:
    """Images whose headers were read, and which part of them is wanted.

    Attributes:
        slices: The images, in the order of the array; only those of the part.
        leading: How many steps the axis before the slices has; `None` without one.
        part: Which slices, rows and columns of the whole images are wanted.
        whole: The shape of the whole volume without its leading axis: (slice, row, column), and
            samples if it has several.
        numbers: The numbers of the images in the volume; `None` if they are all of it.
        step_length: How many slices a step of the volume's leading axis has.
    """

    slices: _core.Slices
    leading: int | None
    part: Part
    whole: tuple[int, ...]
    numbers: list[int] | None = None
    step_length: int = 1

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        leading = () if self.leading is None else (self.leading,)
        return (*leading, *self.part.shape, *self.whole[3:])

    def block(self, indices: tuple[range, ...]) -> Selection:
        """Return a part of them.

        Args:
            indices: The indices along each axis of the array; those of samples are all of them.
        """
        first = 0 if self.leading is None else 1
        steps = indices[0] if first else range(1)
        along, rows, columns = indices[first : first + 3]
        part = self.part
        chosen = [step * len(part.slices) + index for step in steps for index in along]
        numbers = chosen if self.numbers is None else [self.numbers[index] for index in chosen]
        whole = chosen == list(range(math.prod(self.shape[: first + 1])))
        return replace(
            self,
            slices=self.slices if whole else self.slices.select(chosen),
            leading=len(steps) if first else None,
            part=Part(
                _of(part.slices, along), _of(part.rows, rows), _of(part.columns, columns),
                part.axis_count,
            ),
            numbers=numbers,
        )  # fmt: skip

    def read(
        self,
        values: Values,
        dtype: npt.DTypeLike | None,
        out: Any,
        fill: float,
        workers: int | None,
        *,
        keeps_damaged: bool = False,
        progress: bool = False,
    ) -> tuple[Any, Damage]:
        """Read them into one array; what is damaged is filled, and reported.

        Args:
            values: As for `Series.read`, like all others.
            dtype: Likewise.
            out: Likewise.
            fill: Likewise.
            workers: Likewise.
            keeps_damaged: Whether damaged slices are taken, filled: then they are the same ones
                whatever part of them is read. Otherwise what the part needs is decoded alone.
            progress: Likewise.

        Returns:
            The array, or `out` where that takes values by assignment alone; and what is damaged.
        """
        with Progress(progress, "slices", len(self.slices)) as bar:
            if is_store(out):
                kind = store_dtype(out, self.shape, dtype)
                damage = self._fill(out, values, kind, fill, workers, keeps_damaged, bar.callback)
                return out, damage
            array, memory = destination(self.shape, dtype, out)
            issues, places, error = self.slices.read_into(
                values,
                array.dtype.name,
                fill,
                memory,
                self.part.frame(self.whole),
                self.numbers,
                self.step_length,
                keeps_damaged,
                workers,
                bar.callback,
            )
        return array, Damage([Issue.of(issue) for issue in issues], places, error)

    def _fill(
        self,
        out: Any,
        values: Values,
        dtype: npt.DTypeLike,
        fill: float,
        workers: int | None,
        keeps_damaged: bool,
        progress: Callable[..., None] | None,
    ) -> Damage:
        """Write them to `out`, block by block."""
        found = Damage([], [], None)
        shape = self.shape
        total, done = math.prod(shape), 0
        first = 0 if self.leading is None else 1
        chunks = chunks_of(out) or (1,) * len(shape)
        # Samples are read together.
        chunks = (*chunks[: first + 3], *shape[first + 3 :])
        for indices in blocks(shape, chunks, np.dtype(dtype).itemsize):
            block = self.block(indices)
            array, damage = block.read(
                values, dtype, None, fill, workers, keeps_damaged=keeps_damaged
            )
            out[tuple(slice(axis.start, axis.stop) for axis in indices)] = array
            along = indices[first]
            places = [
                (indices[0][place // len(along)] if first else 0) * shape[first]
                + along[place % len(along)]
                for place in damage.slices
            ]
            found = Damage(
                [*found.issues, *(issue for issue in damage.issues if issue not in found.issues)],
                sorted({*found.slices, *places}),
                found.error or damage.error,
            )
            done += array.size
            if progress is not None:
                progress(len(self.slices) * done // total)
        return found


@dataclass(frozen=True)
class Wanted:
    """What a series is asked for, and what it gives unless it is asked for something else.

    Attributes:
        images: The images.
        headers: Those of the whole series.
        values: As for `Series.read`.
    """

    images: Selection
    headers: _core.Slices
    values: Values

    @property
    def dtype(self) -> str:
        """The type of the whole volume, whatever part is wanted; `ValueError` if there is none."""
        return default_dtype(self.headers, self.values)

    @property
    def fill(self) -> float:
        """The value where there is no image."""
        background = self.headers.background
        return 0 if background is None else background


def default_dtype(slices: _core.Slices, values: Values) -> str:
    """Return the type of the array if the caller names none.

    Args:
        slices: The slices.
        values: As for `Series.read`.

    Raises:
        ValueError: No type of whole numbers holds the stored values.
    """
    stored = slices.stored_dtype
    if values == "modality":
        return stored if stored is not None and slices.is_as_stored else "float32"
    if stored is None:
        raise ValueError(
            "no type of whole numbers holds the stored values of all slices: choose a dtype"
        )
    return stored


def _of(indices: range, chosen: range) -> range:
    """Return the indices with the numbers `chosen`, neighbours in order."""
    return indices[chosen.start : chosen.stop]
