"""Slices of a volume into one array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rapidicom import _core
from rapidicom._common.arrays import destination
from rapidicom._common.progress import Progress
from rapidicom.volumes.report import Issue

if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    import numpy.typing as npt

    from rapidicom.volumes.part import Part

    Values: TypeAlias = Literal["modality", "stored"]

__all__ = ["Damage", "check_values", "default_dtype", "read_slices"]


@dataclass(frozen=True)
class Damage:
    """Slices that turned out to be damaged when they were read; their places are filled.

    Attributes:
        issues: The findings about them, one a file.
        slices: Their numbers among the slices that were read.
        error: The error of the first; `None` if there are none.
    """

    issues: list[Issue]
    slices: list[int]
    error: Exception | None


def check_values(values: str) -> None:
    """Refuse `values` that are not known.

    Called before any file is read: native code would notice only after minutes.
    """
    if values not in ("modality", "stored"):
        raise ValueError(f"values must be 'modality' or 'stored', not {values!r}")


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
    dtype = stored
    if dtype is None:
        raise ValueError(
            "no type of whole numbers holds the stored values of all slices: choose a dtype"
        )
    return dtype


def read_slices(
    slices: _core.Slices,
    shape: tuple[int, ...],
    values: Values,
    dtype: npt.DTypeLike | None,
    out: Any,
    workers: int | None,
    progress: bool,
    fill: float = 0,
    part: Part | None = None,
    chosen: list[int] | None = None,
    step_length: int = 1,
) -> tuple[npt.NDArray[Any], Damage]:
    """Read slices into one array; what is damaged is filled, and reported.

    Args:
        slices: The slices, those of the part.
        shape: The array's shape; of the whole volume, if there is a part.
        values: As for `Series.read`.
        dtype: Likewise.
        out: Likewise.
        workers: Likewise.
        progress: Likewise.
        fill: Likewise.
        part: Which slices, rows and columns of the volume are wanted; `None` for all.
        chosen: The numbers of the slices in the volume; `None` if they are all of it.
        step_length: How many slices a step of the volume's leading axis has.
    """
    if dtype is None and out is None:
        dtype = default_dtype(slices, values)
    frame = None
    if part is not None:
        first = len(shape) - part.axis_count
        frame = part.frame(shape[first:])
        shape = (*shape[:first], *part.shape, *shape[first + 3 :])
    array, memory = destination(shape, dtype, out)
    with Progress(progress, "slices", len(slices)) as bar:
        issues, places, error = slices.read_into(
            values,
            array.dtype.name,
            fill,
            memory,
            frame,
            chosen,
            step_length,
            workers,
            bar.callback,
        )
    return array, Damage([Issue.of(issue) for issue in issues], places, error)
