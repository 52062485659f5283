"""Slices of a volume into one array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rapidicom import _core
from rapidicom.sources.item import Item, native
from rapidicom.volumes.part import Part
from rapidicom.volumes.selection import Damage, Selection, default_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from rapidicom.volumes.selection import Values

__all__ = ["check_values", "headers_again", "read_slices", "sources_of"]


def check_values(values: str) -> None:
    """Refuse `values` that are not known.

    Called before any file is read: native code would notice only after minutes.
    """
    if values not in ("modality", "stored"):
        raise ValueError(f"values must be 'modality' or 'stored', not {values!r}")


def headers_again(
    files: Sequence[str | Item],
    states: Sequence[tuple[int, ...] | None],
    places: Sequence[tuple[int, int] | None],
    *,
    force: bool,
) -> _core.Slices:
    """Read headers in another process than the first time.

    Args:
        files: The files, each once.
        states: What each was then.
        places: File and frame of each image.
        force: Whether files may lack the prefix `DICM`.

    Raises:
        OSError: A file has been changed since, or cannot be read.
    """
    slices = _core.read_slice_headers(native(files), force, None, None, list(places))
    for path, before, now in zip(slices.file_paths, states, slices.file_states, strict=True):
        # What is in memory has no state, and a pickle of an earlier version has no more than size
        # and modification time.
        if before != (now if now is None or before is None else now[: len(before)]):
            raise OSError(
                f"{path}: the file was changed since the series was found. Find the series again."
            )
    return slices


def sources_of(slices: _core.Slices, items: Mapping[int, Item]) -> list[str | Item]:
    """Return what each file of slices is read from: its path, or its item.

    Args:
        slices: The slices.
        items: Those that are no paths, by their numbers among what the caller passed.
    """
    numbers: list[int | None] = slices.given_numbers if items else [None] * len(slices.file_paths)
    return [
        path if number is None else items[number]
        for path, number in zip(slices.file_paths, numbers, strict=True)
    ]


def read_slices(
    slices: _core.Slices,
    shape: tuple[int, ...],
    values: Values,
    dtype: npt.DTypeLike | None,
    out: Any,
    workers: int | None,
) -> tuple[npt.NDArray[Any], Damage]:
    """Read slices that are no volume, one after the other, into one array.

    Args:
        slices: The slices.
        shape: The array's shape.
        values: As for `Series.read`.
        dtype: Likewise.
        out: Likewise.
        workers: Likewise.
    """
    if dtype is None and out is None:
        dtype = default_dtype(slices, values)
    images = Selection(slices, None, Part.of(shape, None, None, None), shape)
    return images.read(values, dtype, out, 0, workers)
