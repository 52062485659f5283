"""Series as arrays of which each chunk is read when it is needed: for dask and xarray."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from rapidicom._common.arrays import checked_dtype
from rapidicom._common.errors import UnsupportedError
from rapidicom.sources.item import Item, Memory
from rapidicom.sources.paths import checked_workers
from rapidicom.volumes.irregular import IrregularSeriesError
from rapidicom.volumes.part import Part
from rapidicom.volumes.report import Report
from rapidicom.volumes.selection import Damage, Selection, Wanted
from rapidicom.volumes.slices import headers_again, sources_of

if TYPE_CHECKING:
    from typing import TypeAlias

    import dask.array
    import numpy.typing as npt
    import xarray

    from rapidicom.volumes.selection import Values
    from rapidicom.volumes.volume import Volume

    #: As dask takes them: `"auto"`, a number, -1, a tuple of these or of tuples, a size as text
    #: (`"32 MiB"`); or a mapping from names or numbers of axes to one of these.
    Chunks: TypeAlias = int | str | tuple[Any, ...] | Mapping[Any, Any]

__all__ = ["Lazy"]


class _Series(Protocol):
    """What is needed of a series."""

    _force: bool
    _items: dict[int, Item]

    @property
    def axes(self) -> tuple[str, ...]: ...

    def _wanted(
        self,
        values: Values,
        irregular: str,
        slices: slice | None,
        rows: slice | None,
        columns: slice | None,
    ) -> Wanted: ...

    def _volume(self, array: Any, images: Selection, damage: Damage | None = None) -> Volume: ...

    def _lazy(
        self, chunks: Chunks, options: Mapping[str, Any]
    ) -> tuple[dask.array.Array, Selection]: ...

    def to_xarray(self, chunks: Chunks, **options: Any) -> xarray.DataArray: ...


class Lazy:
    """The methods of a series that read nothing yet."""

    def to_dask(
        self: _Series,
        chunks: Chunks = "auto",
        *,
        values: Values = "modality",
        dtype: npt.DTypeLike | None = None,
        slices: slice | None = None,
        rows: slice | None = None,
        columns: slice | None = None,
        irregular: Literal["raise", "keep"] = "raise",
        fill: float | None = None,
        workers: int | None = 1,
    ) -> dask.array.Array:
        """Return an array of dask that reads each chunk when it is computed.

        A chunk opens the files of its own slices alone. Of native pixels it reads the bytes from
        its first row to its last. A compressed frame is decoded as a whole for each chunk that
        has some of it (of JPEG 2000 and HTJ2K what the chunk needs, unless `irregular` is
        `"keep"`), so that chunks of whole frames, the default, cost least. The graph can be
        pickled, also for other machines that have the files under the same paths: there a chunk
        reads the headers of its own files again. Equal requests of unchanged files have equal
        names.

        Args:
            chunks: As dask takes them, or by the names of axes (`{"slice": 16}`), the others whole.
                `"auto"`, and a size such as `"32 MiB"`, divide slices and steps of a leading axis.
            values: As for `read`, like all that follow.
            dtype: Likewise.
            slices: Likewise.
            rows: Likewise.
            columns: Likewise.
            irregular: Likewise. Damaged frames show when a chunk is computed: they raise there, or
                are filled with a warning.
            fill: Likewise.
            workers: Threads of one chunk; dask computes several chunks at a time.

        Returns:
            The array, with the axes, shape and type that `read` gives.

        Raises:
            ImportError: dask is not installed.
            IrregularSeriesError: As for `read`.
            UnsupportedError: As for `read`.
            ValueError: As for `read`; or dask cannot divide the array into such chunks.
            TypeError: `slices`, `rows` or `columns` is not a slice.

        Examples:
            >>> series = rd.find_series("tests/data/brain-mr")[0]
            >>> array = series.to_dask(chunks={"slice": 16})
            >>> array.chunks[0], round(float(array[20:22].max().compute()))
            ((16, 16, 8), 1583)
        """
        options = {
            "values": values, "dtype": dtype, "slices": slices, "rows": rows, "columns": columns,
            "irregular": irregular, "fill": fill, "workers": workers,
        }  # fmt: skip
        return self._lazy(chunks, options)[0]

    def to_xarray(
        self: _Series,
        chunks: Chunks = "auto",
        *,
        values: Values = "modality",
        dtype: npt.DTypeLike | None = None,
        slices: slice | None = None,
        rows: slice | None = None,
        columns: slice | None = None,
        irregular: Literal["raise", "keep"] = "raise",
        fill: float | None = None,
        workers: int | None = 1,
    ) -> xarray.DataArray:
        """Return an xarray over `to_dask`, with the coordinates of `Volume.to_xarray`.

        Args:
            chunks: As for `to_dask`, like all others.
            values: Likewise.
            dtype: Likewise.
            slices: Likewise.
            rows: Likewise.
            columns: Likewise.
            irregular: Likewise.
            fill: Likewise.
            workers: Likewise.

        Returns:
            The array with named axes, coordinates in mm from the first voxel, those of a leading
            axis, and the attributes `affine`, `modality` and `series_uid`; nothing is read yet.

        Raises:
            ImportError: xarray or dask is not installed.
            DicomError: As for `to_dask`, like what else it raises.

        Examples:
            >>> series = rd.find_series("tests/data/brain-mr")[0]
            >>> named = series.to_xarray(chunks={"slice": 16})
            >>> named.sel(slice=30.0, method="nearest").dims
            ('row', 'column')
        """
        options = {
            "values": values, "dtype": dtype, "slices": slices, "rows": rows, "columns": columns,
            "irregular": irregular, "fill": fill, "workers": workers,
        }  # fmt: skip
        array, images = self._lazy(chunks, options)
        return self._volume(array, images).to_xarray()

    def to_zarr(
        self: _Series,
        store: Any,
        chunks: Chunks = "16 MiB",
        *,
        mode: Literal["w", "w-"] = "w-",
        zarr_format: Literal[2, 3] | None = None,
        values: Values = "modality",
        dtype: npt.DTypeLike | None = None,
        slices: slice | None = None,
        rows: slice | None = None,
        columns: slice | None = None,
        irregular: Literal["raise", "keep"] = "raise",
        fill: float | None = None,
    ) -> None:
        """Write the array of `to_xarray` to a store of zarr, chunk by chunk.

        Only the chunks that dask is computing are in memory, one a thread. `xarray.open_dataarray`
        (`engine="zarr"`) reads the store again, with coordinates and attributes; its array has the
        name `image`.

        Args:
            store: A path, or a store of zarr.
            chunks: As for `to_dask`: they become the chunks of the store. All along an axis must
                be as long as the first, but for the last one.
            mode: `"w-"` raises if the store has something, `"w"` replaces it.
            zarr_format: The version of the format; `None` for that of the installed zarr.
            values: As for `to_dask`, like all that follow.
            dtype: Likewise.
            slices: Likewise.
            rows: Likewise.
            columns: Likewise.
            irregular: Likewise.
            fill: Likewise.

        Raises:
            ImportError: zarr, xarray or dask is not installed.
            FileExistsError: The store has something, and `mode` is `"w-"`.
            DicomError: As for `read`, like what else it raises.

        Examples:
            >>> import tempfile
            >>> series = rd.find_series("tests/data/brain-mr")[0]
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     series.to_zarr(f"{folder}/brain.zarr", chunks={"slice": 8})
        """
        from rapidicom.integrations.zarr import to_zarr

        named = self.to_xarray(
            chunks, values=values, dtype=dtype, slices=slices, rows=rows, columns=columns,
            irregular=irregular, fill=fill,
        )  # fmt: skip
        to_zarr(named, store, mode, zarr_format)

    def _lazy(
        self: _Series, chunks: Chunks, options: Mapping[str, Any]
    ) -> tuple[dask.array.Array, Selection]:
        """Return the array of dask, and the images that it reads."""
        from rapidicom.integrations.dask import to_dask

        wanted = self._wanted(*(
            options[name] for name in ("values", "irregular", "slices", "rows", "columns")
        ))  # fmt: skip
        images, fill, dtype = wanted.images, options["fill"], options["dtype"]
        how = _How(
            options["values"],
            checked_dtype(wanted.dtype if dtype is None else dtype).name,
            wanted.fill if fill is None else float(fill),
            options["irregular"],
            checked_workers(options["workers"]),
            self._force,
        )
        array = to_dask(
            images.shape,
            np.dtype(how.dtype),
            self.axes,
            chunks,
            _token(images, how, self._items),
            lambda indices: _Block(images, indices, how, self._items),
        )
        return array, images


@dataclass(frozen=True)
class _How:
    """How chunks are read: see `Series.read`."""

    values: Values
    dtype: str
    fill: float
    irregular: str
    workers: int | None
    force: bool

    def read(self, images: Selection, samples: slice | None) -> npt.NDArray[Any]:
        array: npt.NDArray[Any]
        array, damage = images.read(
            self.values, self.dtype, None, self.fill, self.workers,
            keeps_damaged=self.irregular == "keep",
        )  # fmt: skip
        if damage.error is not None:
            self._raise_or_warn(images, damage, damage.error)
        if samples is None or samples == slice(0, array.shape[-1]):
            return array
        return np.ascontiguousarray(array[..., samples])

    def _raise_or_warn(self, images: Selection, damage: Damage, error: Exception) -> None:
        if len(damage.slices) == len(images.slices) and isinstance(error, UnsupportedError):
            raise error
        sentences = "; ".join(f"{issue.kind}: {issue.sentence}" for issue in damage.issues[:3])
        path, frame = getattr(error, "path", None), getattr(error, "frame", None)
        place = "" if path is None else f"{path}: "
        if self.irregular == "keep":
            # There is no report that could say it.
            warnings.warn(
                f"{place}frames are damaged and were filled. {sentences}",
                RuntimeWarning,
                stacklevel=2,
            )
            return
        hint = 'Pass irregular="keep" to fill what is damaged.'
        paths, places = images.slices.file_paths, images.slices.places
        report = Report(
            damage.issues,
            [paths[found[0]] for found in places if found is not None],
            [found[1] for found in places if found is not None],
            [found is not None for found in places],
        )
        raise IrregularSeriesError(
            f"{place}the series is irregular. {sentences}. {hint}",
            report=report, path=path, frame=frame, hint=hint,
        ) from error  # fmt: skip


@dataclass(frozen=True)
class _Block:
    """A chunk, which shares the headers of the series."""

    images: Selection
    indices: tuple[range, ...]
    how: _How
    items: Mapping[int, Item]

    @property
    def samples(self) -> slice | None:
        """Which samples it has; they are read together. `None` without an axis of samples."""
        count = len(self.images.shape) - len(self.images.whole[3:])
        along = self.indices[count:]
        return slice(along[0].start, along[0].stop) if along else None

    def read(self) -> npt.NDArray[Any]:
        return self.how.read(self.images.block(self.indices), self.samples)

    def __reduce__(self) -> tuple[object, ...]:
        images = self.images.block(self.indices)
        slices = images.slices
        return _FarBlock, (
            sources_of(slices, self.items), slices.file_states, slices.places, images.leading,
            images.part, images.whole, images.numbers, images.step_length, self.how, self.samples,
        )  # fmt: skip


@dataclass(frozen=True)
class _FarBlock:
    """A chunk in another process, which knows its own files alone."""

    files: Sequence[str | Item]
    states: Sequence[tuple[int, ...] | None]
    places: Sequence[tuple[int, int] | None]
    leading: int | None
    part: Part
    whole: tuple[int, ...]
    numbers: list[int] | None
    step_length: int
    how: _How
    samples: slice | None

    def read(self) -> npt.NDArray[Any]:
        slices = headers_again(self.files, self.states, self.places, force=self.how.force)
        images = Selection(
            slices, self.leading, self.part, self.whole, self.numbers, self.step_length
        )
        return self.how.read(images, self.samples)


def _token(images: Selection, how: _How, items: Mapping[int, Item]) -> list[object]:
    """Return what tells the array from others: its files, what they were, and how it is read."""
    slices = images.slices
    sources = [
        file if isinstance(file, str)
        # What is in memory has no state: its bytes tell it from others of its name.
        else (file.name, file.key if isinstance(file.store, Memory) else file.known_length)
        for file in sources_of(slices, items)
    ]  # fmt: skip
    part = images.part
    return [
        sources, slices.file_states, slices.places, slices.instance_uids, images.leading,
        part.slices, part.rows, part.columns, images.whole,
        how.values, how.dtype, repr(how.fill), how.irregular, how.force,
    ]  # fmt: skip
