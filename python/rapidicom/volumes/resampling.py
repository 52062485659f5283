"""A volume at the voxels of another one: a dose or a PET on the grid of a CT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rapidicom import _core
from rapidicom._common.arrays import as_bytes, empty_aligned
from rapidicom.sources.paths import checked_workers
from rapidicom.volumes.geometry import image_axis, inverse, is_on_affine, off_affine
from rapidicom.volumes.irregular import IrregularSeriesError
from rapidicom.volumes.report import Issue, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from rapidicom._common.grid import Grid

    FloatArray = npt.NDArray[np.float64]

__all__ = ["OnGrid", "check_findings", "later_nearer", "resample_slices", "resampled_array"]


class OnGrid(Protocol):
    """What a grid to resample to needs to be: a `Volume`, a `Series` or `Labels`."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def axes(self) -> tuple[str, ...]: ...
    @property
    def affine(self) -> npt.NDArray[np.float64]: ...


def resampled_array(
    volume: Grid, like: OnGrid, order: int, fill: complex | None, workers: int | None
) -> tuple[npt.NDArray[Any], list[Issue]]:
    """Return the values of a volume at the voxels of a grid.

    Args:
        volume: The volume; each step of a leading axis is resampled.
        like: The grid.
        order: 0 for the nearest voxel's value, 1 for linear interpolation.
        fill: The value outside of the volume; `None` for NaN, or 0 of whole numbers.
        workers: Threads; `None` for one a core.

    Returns:
        The array, and what differs between volume and grid.

    Raises:
        ValueError: `order` is neither; the volume is of colours, of no numbers, or masked; its type
            does not hold `fill`; or an affine has no inverse.
        TypeError: `like` is no grid.
    """
    if order not in (0, 1):
        raise ValueError(f"order must be 0 or 1, not {order!r}")
    if volume.axes[-1] == "sample":
        raise ValueError("colours cannot be resampled: convert them to one sample a voxel first")
    workers = checked_workers(workers)
    shape, affine = _grid(like)
    values = _values(volume)
    findings, off = _findings(volume, like)
    to_index = (inverse(volume.affine, "the volume") @ affine)[:3]
    inverse(affine, "like")
    nearer = later_nearer(volume.affine)
    dtype = values.dtype if order == 0 else _linear_type(values.dtype)
    filler = _filler(dtype, fill)
    array = _resampled(values, shape, to_index, off, order, filler, nearer, workers)
    outside = _outside(to_index, off, values.shape[-3:], shape)
    return array, [*findings, *([outside] if outside is not None else [])]


def _resampled(
    values: npt.NDArray[Any],
    shape: tuple[int, int, int],
    to_index: FloatArray,
    off: FloatArray | None,
    order: int,
    fill: complex,
    nearer: Sequence[bool],
    workers: int | None,
) -> npt.NDArray[Any]:
    if values.dtype.kind == "c":
        real, imaginary = (
            _resampled(
                np.ascontiguousarray(part), shape, to_index, off, order, own, nearer, workers
            )
            for part, own in ((values.real, fill.real), (values.imag, fill.imag))
        )
        both = np.empty(real.shape, np.result_type(real, np.complex64))
        both.real, both.imag = real, imaginary
        return both
    # The core has no such type.
    known = {"bool": np.uint8}.get(values.dtype.name)
    native = values if known is None else values.astype(known)
    dtype = native.dtype if order == 0 else _linear_type(native.dtype)
    array = empty_aligned((*native.shape[:-3], *shape), dtype)
    steps = zip(native.reshape(-1, *native.shape[-3:]), array.reshape(-1, *shape), strict=True)
    for step, into in steps:
        resample_slices(step, into, to_index, off, order, fill.real, nearer, workers)
    return array if order or known is None else array.astype(values.dtype)


def _linear_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type of values between those of a type: float32, or float64 if it holds more."""
    if dtype.kind == "c":
        return dtype
    is_wide = dtype.kind in "iuf" and dtype.itemsize > (4 if dtype.kind == "f" else 2)
    return np.dtype(np.float64 if is_wide else np.float32)


def _filler(dtype: np.dtype[Any], fill: complex | None) -> complex:
    """Return the value outside as a number; see `resampled_array`."""
    kind: str = dtype.kind
    if fill is None:
        return complex(np.nan, np.nan) if kind == "c" else np.nan if kind == "f" else 0
    if kind != "c" and isinstance(fill, complex):
        raise ValueError(f"{dtype} does not hold fill={fill}")
    if kind in "fc":
        with np.errstate(over="ignore"):
            is_held = bool(np.isfinite(dtype.type(fill)) == np.isfinite(fill))
    else:
        low, high = (0, 1) if kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        # Through the core they go as floats, which large ones are not.
        is_held = bool(np.isfinite(fill)) and int(fill.real) == fill == float(fill.real)
        is_held = is_held and low <= fill.real <= high and int(float(fill.real)) == int(fill.real)
    if not is_held:
        raise ValueError(f"{dtype} does not hold fill={fill}")
    return fill


def resample_slices(
    values: npt.NDArray[Any],
    out: npt.NDArray[Any],
    to_index: FloatArray,
    off: FloatArray | None,
    order: int,
    fill: float,
    are_later_nearer: Sequence[bool],
    workers: int | None,
) -> None:
    """Fill an array with values of another one.

    Args:
        values: Axes (slice, row, column), C-contiguous.
        out: Likewise; of the type of `values`, or that of linear interpolation.
        to_index: Shape (3, 4): takes (slice, row, column, 1) of `out` to those of `values`.
        off: Shape (slices, 3): how far each slice of `out` lies from where `to_index` has it, in
            steps of `out`; `None` if none does.
        order: 0 for the nearest value, 1 for linear interpolation.
        fill: The value outside.
        are_later_nearer: Along each axis of `values`, whether the later one of two that are equally
            near counts.
        workers: Threads.
    """

    def run(target: npt.NDArray[Any], matrix: FloatArray) -> None:
        _core.resample(
            as_bytes(values), values.dtype.name, list(values.shape), list(target.shape),
            matrix.tolist(), order, fill, list(are_later_nearer), as_bytes(target), workers, None,
        )  # fmt: skip

    if off is None:
        run(out, to_index)
        return
    for index, (target, shift) in enumerate(zip(out, off, strict=True)):
        matrix = to_index.copy()
        matrix[:, 3] += to_index[:, :3] @ (shift + np.array([index, 0.0, 0.0]))
        run(target[np.newaxis], matrix)


def later_nearer(affine: npt.ArrayLike) -> list[bool]:
    """Return along each axis whether the later of two voxels that are equally near counts.

    The one farther to the left, to the back or to the head of the patient does, whichever an axis
    follows most: then the answer does not depend on the order of slices, rows and columns.
    """
    steps = np.asarray(affine, dtype=np.float64)[:3, :3]
    main = np.abs(steps).argmax(axis=0)
    return [bool(step[axis] >= 0) for step, axis in zip(steps.T, main.tolist(), strict=True)]


def check_findings(findings: Sequence[Issue], irregular: str, report: Report) -> None:
    """Raise `IrregularSeriesError` if there are errors and `irregular` is `"raise"`."""
    errors = [issue for issue in findings if issue.is_error]
    if irregular != "raise" or not errors:
        return
    sentences = "; ".join(issue.sentence for issue in errors)
    hint = 'Pass irregular="keep" to go by the affines.'
    raise IrregularSeriesError(
        f"the volume cannot be resampled: {sentences}. {hint}",
        report=report.with_damage(findings),
        hint=hint,
    )


def _values(volume: Grid) -> npt.NDArray[Any]:
    """Return the array in the machine's byte order, C-contiguous."""
    if isinstance(volume.array, np.ma.MaskedArray):
        raise ValueError("the array is masked: give the voxels values, with array.filled(...)")
    values = np.asarray(volume.array)
    if values.ndim != len(volume.axes) or values.ndim < 3:
        raise ValueError(f"the array has {values.ndim} axes, but the volume {len(volume.axes)}")
    is_wide = values.dtype.itemsize > (16 if values.dtype.kind == "c" else 8)
    if values.dtype.kind not in "biufc" or is_wide:
        raise ValueError(f"values of {values.dtype} cannot be resampled")
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))


def _findings(volume: Grid, like: OnGrid) -> tuple[list[Issue], FloatArray | None]:
    """Return what contradicts the affines, and how far slices of the grid lie from its own."""
    found = []

    def add(kind: str, sentence: str, *, is_error: bool = False, **numbers: float) -> None:
        found.append(
            Issue(kind=kind, is_error=is_error, paths=[], numbers=numbers, sentence=sentence)
        )

    own, other = (str(getattr(one, "frame_of_reference_uid", "")) for one in (volume, like))
    if own and other and own != other:
        add(
            "frame_of_reference",
            "the volumes have different Frames of Reference, and nothing says where one lies in "
            "the other",
            is_error=True,
        )
    elif own != other and hasattr(like, "frame_of_reference_uid"):
        add("frame_of_reference", "one of the volumes has no Frame of Reference: it is taken for "
            "that of the other")  # fmt: skip
    sides = (("volume", off_affine(volume)), ("grid", off_affine(like)))
    for name, off in sides:
        if off is None:
            continue
        if unknown := int(np.isnan(off).any(axis=1).sum()):
            add(
                "unknown_place",
                f"nothing says where {unknown:,} of the {len(off):,} slices of the {name} lie",
                is_error=True,
                slice_count=unknown,
            )
            continue
        most = float(np.abs(off).max(initial=0.0))
        if not is_on_affine(off):
            has_own = name == "grid" and image_axis(like) == 0
            text = (
                "each has the values where it lies"
                if has_own
                else "some would have the values of other places"
            )
            add(
                "uneven_slices",
                f"slices of the {name} lie up to {most:.3g} voxels from where the affine has them: "
                f"{text}",
                is_error=not has_own,
                most_voxels=most,
            )
    off = sides[1][1]
    is_known = off is not None and image_axis(like) == 0 and not np.isnan(off).any()
    is_followed = is_known and off is not None and not is_on_affine(off)
    return found, off if is_followed else None


def _grid(like: Any) -> tuple[tuple[int, int, int], FloatArray]:
    try:
        first = like.axes.index("slice")
        slices, rows, columns = like.shape[first : first + 3]
        return (slices, rows, columns), np.asarray(like.affine, dtype=np.float64)
    except (AttributeError, ValueError):
        raise TypeError(f"like must be a volume, not {type(like).__name__}") from None


def _outside(
    to_index: FloatArray,
    off: FloatArray | None,
    own: tuple[int, ...],
    shape: tuple[int, int, int],
) -> Issue | None:
    """Return a finding if a corner of the grid lies outside of the volume."""
    ends = [np.array([0.0, count - 1.0]) for count in shape]
    corners = np.array(np.meshgrid(*ends, indexing="ij"))
    if off is not None:
        corners = corners + off[[0, -1]].T[:, :, np.newaxis, np.newaxis]
    places = to_index[:, :3] @ corners.reshape(3, -1) + to_index[:, 3:]
    last = np.array(own)[:, np.newaxis] - 0.5
    beyond = np.maximum(-0.5 - places, places - last).max()
    if beyond <= 1e-6:
        return None
    return Issue(
        kind="outside",
        is_error=False,
        paths=[],
        numbers={},
        sentence="the grid is larger than the volume: voxels outside have the fill value",
    )
