"""Single-frame images, related or not, in one array."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rapidicom import _core
from rapidicom.sources.holders import read_opening
from rapidicom.sources.item import Item, native
from rapidicom.sources.paths import checked_workers
from rapidicom.sources.resolving import resolved
from rapidicom.volumes.slices import check_values, read_slices

if TYPE_CHECKING:
    import os

    import numpy.typing as npt

    from rapidicom.volumes.selection import Values

__all__ = ["read_batch"]


def read_batch(
    paths: Iterable[str | os.PathLike[str]],
    *,
    values: Values = "modality",
    dtype: npt.DTypeLike | None = "float32",
    out: Any = None,
    force: bool = False,
    workers: int | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> npt.NDArray[Any]:
    """Read single-frame images of one shape, related or not, into one array.

    Args:
        paths: The files, as paths or other sources, in the order of the array's first axis. A file
            may occur more than once.
        values: As for `Series.read`.
        dtype: The type of the array; `None` for that of `out`, or of the stored values.
        out: As for `Series.read`.
        force: Also read files without the prefix `DICM`, as for `scan`.
        workers: Threads; default: one a core.
        storage_options: As for `dcmread`.

    Returns:
        Shape (N, rows, columns), with a last axis for colour samples.

    Raises:
        ValueError: There are no paths, the images differ in shape, `dtype` does not hold every
            value, or `out` does not fit.
        DicomError: A file is not an image that can be read; the first in the order of `paths`.
        OSError: A file cannot be read.

    Examples:
        >>> paths = ["tests/data/brain-mr/0001.dcm", "tests/data/brain-mr/0040.dcm"]
        >>> rd.read_batch(paths).shape
        (2, 80, 80)
    """
    check_values(values)
    workers = checked_workers(workers)
    files = resolved(paths, storage_options=storage_options)
    if not files:
        raise ValueError("there are no paths to read")

    def read(files: list[str | Item]) -> _core.Slices:
        return _core.read_slice_headers(native(files), bool(force), workers, None)

    slices, files = read_opening(files, read)
    image_shape = slices.image_shape
    # Without a description the image cannot be read: reading says why.
    shape = (len(files), *(image_shape if image_shape is not None else [1, 1]))
    if out is not None and dtype == "float32":
        dtype = None
    array, damage = read_slices(slices, shape, values, dtype, out, workers)
    if damage.error is not None:
        raise damage.error
    return array
