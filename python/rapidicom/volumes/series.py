"""A series as its headers describe it, and how it becomes a volume."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rapidicom import _core
from rapidicom._common.errors import DicomError, UnsupportedError
from rapidicom.sources.item import Item
from rapidicom.sources.paths import checked_workers
from rapidicom.volumes.irregular import IrregularSeriesError
from rapidicom.volumes.lazy import Lazy
from rapidicom.volumes.part import Part
from rapidicom.volumes.report import Issue, Report
from rapidicom.volumes.selection import Damage, Selection, Wanted, default_dtype
from rapidicom.volumes.slices import check_values, headers_again, sources_of
from rapidicom.volumes.volume import Volume

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom.volumes.selection import Values

__all__ = ["Series"]


class Series(Lazy):
    """A series as its headers describe it; its pixels have not been read.

    Attributes:
        uid: Series Instance UID.
        study_uid: Study Instance UID.
        modality: Modality.
        description: Series Description.
        number: Series Number, or `None`.
        paths: The file of each image of the volume, in the order of the array; missing images are
            left out.
        frames: Which frame of that file it is, or which tile of a mosaic, from 0.
        shape: The volume's shape: (slice, row, column), with a last axis for colour samples, and a
            leading one where positions have several images.
        axes: The names of the axes: `("slice", "row", "column")`, or `("time", "slice", ...)` and
            the like: see `Volume.axes`.
        coords: What changes along the leading axis, by name: one value a step. The sorting key
            comes first. Empty without such an axis. `Volume` describes its entries on diffusion
            weighting.
        spacing: (slice, row, column) in mm: how far apart neighbours are along each axis of the
            array.
        affine: Shape (4, 4), float64. Takes (slice, row, column, 1) to patient millimetres, LPS
            (PS3.3 §C.7.6.2.1.1), or to those of an ultrasound volume where the report has
            `volume_coordinates`.
        report: What is irregular.
    """

    __module__ = "rapidicom"

    # Pickles of earlier versions have none.
    _force = False
    # b-value and direction of all images, where there is no axis with them.
    _weighting: tuple[float, list[float] | None] | None = None

    def __init__(
        self,
        plan: _core.SeriesPlan,
        unreadable: Sequence[list[Issue]] = (),
        *,
        files: Sequence[str | Item] = (),
        force: bool = False,
    ) -> None:
        """Make a series.

        Args:
            plan: What its headers say.
            unreadable: The lists of findings that its reports share with others.
            files: What it was found in; of these it keeps its items.
            force: Whether its files may lack the prefix `DICM`.
        """
        self._force = force
        self.uid = plan.uid
        self.study_uid = plan.study_uid
        self.modality = plan.modality
        self.description = plan.description
        self.number = plan.number
        self.paths = plan.paths
        self.frames = plan.frames
        self.shape: tuple[int, ...] = tuple(plan.shape)
        axis = plan.axis
        leading = () if axis is None else (axis.name,)
        self.axes: tuple[str, ...] = (*leading, "slice", "row", "column", "sample")[
            : len(self.shape)
        ]
        coords = {} if axis is None else axis.coordinates
        self.coords: dict[str, npt.NDArray[Any]] = {
            name: np.asarray(values) for name, values in coords.items()
        }
        self._weighting = plan.weighting
        slices, rows, columns = plan.spacing
        self.spacing = (slices, rows, columns)
        self.affine: npt.NDArray[np.float64] = np.array(plan.affine, dtype=np.float64)
        self.report = Report(
            [Issue.of(issue) for issue in plan.issues],
            self.paths,
            self.frames,
            plan.present,
            unreadable=[unreadable[number] for number in plan.unreadable],
        )
        self._unsupported = plan.unsupported
        self._slices: _core.Slices | None = plan.slices
        numbers = plan.slices.given_numbers if _has_items(files) else []
        self._items: dict[int, Item] = {
            number: item
            for number in numbers
            if number is not None and isinstance(item := files[number], Item)
        }
        # In another process, what the files were when their headers were read.
        self._file_states: list[tuple[int, ...] | None] | None = None
        self._file_paths: list[str | Item] = []
        self._places: list[tuple[int, int] | None] = []
        # None if there is one stack.
        self._stacks: list[Series] = [
            Series(stack, unreadable, files=files, force=force) for stack in plan.stacks
        ]

    @property
    def stacks(self) -> list[Series]:
        """The stacks of the series, each as a series of its own with this one's UID.

        Images are divided by plane, shape, Photometric Interpretation, Pixel Spacing, study and
        Frame of Reference, by what one volume shares (patient, modality, SOP Class, units, kernel,
        energy, reconstruction, Series Number), and localizers from others; those without positions
        by Stack ID. By Stack ID, Data Type, Image Type, echo and Acquisition Number others are
        divided only where that makes stacks of images that form no volume: acquisitions that
        continue or interleave stay one stack, and so does what has a leading axis. Every image is
        in one stack, or in a report as left out.

        The first is what this series describes, but with the report of its own slices; where that
        is several volumes, these come first. A series of one stack is the only one in its list.
        """
        return list(self._stacks) if self._stacks else [self]

    @property
    def instance_uids(self) -> list[str]:
        """SOP Instance UID of each image, in the order of the array, without missing images."""
        return [uid for uid in self._headers().instance_uids if uid is not None]

    @property
    def frame_of_reference_uid(self) -> str:
        """Frame of Reference UID: that of the affine; empty if the files have none."""
        return self._headers().frame_of_reference_uid

    @property
    def positions(self) -> npt.NDArray[np.float64]:
        """Shape (images, 3): Image Position (Patient) of each image, NaN if it has none."""
        headers = self._headers()
        none = [np.nan] * 3
        found = [
            none if position is None else position
            for position, place in zip(headers.positions, headers.places, strict=True)
            if place is not None
        ]
        return np.array(found, dtype=np.float64).reshape(-1, 3)

    def read(
        self,
        *,
        values: Values = "modality",
        dtype: npt.DTypeLike | None = None,
        out: Any = None,
        slices: slice | None = None,
        rows: slice | None = None,
        columns: slice | None = None,
        irregular: Literal["raise", "keep"] = "raise",
        fill: float | None = None,
        workers: int | None = None,
        progress: bool = False,
        mmap: Literal["auto", "never", "always"] = "auto",
    ) -> Volume:
        """Read the slices into one array, each straight from its file.

        With `slices`, `rows` and `columns` the volume is the part of the whole one that NumPy gives
        for `array[slices, rows, columns]`, and its affine, spacing, paths and data sets are those
        of the part. Files of other slices are not opened, and of native pixels only the bytes from
        the first wanted row to the last are read. A compressed frame is decoded as a whole, but of
        JPEG 2000 and HTJ2K the code-blocks alone that the part needs, unless `irregular` is
        `"keep"`: damage in others does not show. To read one slice, pass `slice(k, k + 1)`: a
        volume keeps all of its axes, so integers are refused.

        Args:
            values: `"modality"` applies Rescale Slope and Intercept, of each slice its own (PS3.3
                §C.11.1); `"stored"` leaves stored values.
            dtype: Default float32 for `"modality"`, and for `"stored"` the type of the stored
                values; that also for colour and segmentations that no slope or table changes.
                An integer type must hold every value exactly; float16, float32 and float64 round
                it once, and must not make it infinite.
            out: An array, or what NumPy sees as one (torch, shared or pinned memory), to fill in
                place: C-contiguous, of the volume's shape and of `dtype`, which it sets if that is
                not given. A `np.memmap` is one too; its file has the volume once it is flushed.
                What another call is filling, or shares memory with that, is refused. Or an array
                of zarr, or anything else with `shape`, `dtype` and `__setitem__`: whole chunks of
                it are set one after the other, with no more of the volume in memory than one of
                them, or 64 MB. It becomes `Volume.array`.
            slices: Which slices: start, stop and step as in NumPy, also negative.
            rows: Which rows, likewise.
            columns: Which columns, likewise.
            irregular: `"raise"` raises for whatever would make the affine, the order or the content
                a lie; `"keep"` reads the best possible volume, and `report` says what is wrong with
                it. Damaged frames show only when they are read: their slices are `fill`.
            fill: The value of pixels where an image is missing along the leading axis or between
                the slices of a segmentation, or its frame is damaged; default 0, and Pixel Padding
                Value for label maps.
            workers: Threads; default: one a core.
            progress: Show a tqdm bar.
            mmap: Checked as for `dcmread`, but ignored: slices are always read, which is faster.

        Returns:
            The volume.

        Raises:
            IrregularSeriesError: The report has errors, and `irregular` is `"raise"`; or frames are
                damaged, which only the report of the error, or of the volume, has.
            UnsupportedError: The pixels are encoded in a way that cannot be read yet.
            InvalidDicomError: A Modality LUT is damaged.
            ValueError: `dtype` does not hold every value that is read (with a Modality LUT, of the
                whole frames), `out` does not fit, or the part is empty.
            TypeError: `slices`, `rows` or `columns` is not a slice; or another call is filling
                `out`.
            OSError: A file has been deleted or changed since, or cannot be read.

        Examples:
            >>> series = rd.find_series("tests/data/brain-mr")[0]
            >>> series.read()
            <Volume 40 x 80 x 80 float32, spacing 3 x 3 x 3 mm, <Report: 0 errors, 0 notes>>

            Stored values of some slices and rows, whose affine is that of the part:

            >>> series.read(values="stored", slices=slice(10, 20), rows=slice(20, 60)).shape
            (10, 40, 80)
        """
        if mmap not in ("auto", "never", "always"):
            raise ValueError(f"mmap must be 'auto', 'never' or 'always', not {mmap!r}")
        workers = checked_workers(workers)
        wanted = self._wanted(values, irregular, slices, rows, columns)
        images = wanted.images
        if dtype is None and out is None:
            dtype = wanted.dtype
        if fill is None:
            fill = wanted.fill
        keeps_damaged = irregular == "keep"
        array, damage = images.read(
            values, dtype, out, fill, workers, keeps_damaged=keeps_damaged, progress=progress
        )
        self._check(damage, len(images.slices), irregular)
        return self._volume(array, images, damage)

    def _wanted(
        self,
        values: Values,
        irregular: str,
        slices: slice | None,
        rows: slice | None,
        columns: slice | None,
    ) -> Wanted:
        """Check what `read` is asked for, and return the images that it means.

        Raises:
            ValueError: As `read`; that no type holds the stored values, by `dtype` of the result.
        """
        headers = self._readable(values, irregular)
        first = self.axes.index("slice")
        whole = self.shape[first:]
        part = Part.of(whole, slices, rows, columns)
        chosen = part.chosen(self.shape[: first + 1])
        images = Selection(
            headers if chosen is None else headers.select(chosen),
            self.shape[0] if first else None,
            part, whole, chosen, self.shape[first],
        )  # fmt: skip
        return Wanted(images, headers, values)

    def _volume(self, array: Any, images: Selection, damage: Damage | None = None) -> Volume:
        """Make the volume of images that were read into `array`."""
        files = sources_of(images.slices, self._items) if self._items else None
        return Volume(
            array, self, images.slices, images.part, files=files, force=self._force, damage=damage
        )

    def read_image(
        self,
        number: int,
        *,
        values: Values = "modality",
        dtype: npt.DTypeLike | None = None,
        out: Any = None,
        rows: slice | None = None,
        columns: slice | None = None,
        irregular: Literal["raise", "keep"] = "raise",
        fill: float | None = None,
        workers: int | None = None,
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
        """Read one image of the array: of a leading axis one step alone, which `read` cannot.

        Args:
            number: Which one, in the order of the array, missing ones counted.
            values: As for `read`, like all that follow.
            dtype: The type of the array.
            out: An array to fill, of the image's shape with an axis of length 1 in front.
            rows: Which rows.
            columns: Which columns.
            irregular: What to do about irregular series.
            fill: The value of pixels where an image is missing or damaged.
            workers: Threads.

        Returns:
            The image, shape (1, row, column) with a last axis for colour samples; and the affine of
            that slice, shape (4, 4), as in `Volume`.

        Raises:
            IndexError: There is no such image.
            DicomError: As for `read`, like what else it raises.
        """
        workers = checked_workers(workers)
        headers = self._readable(values, irregular)
        first = self.axes.index("slice")
        shape, slice_count = self.shape[first:], self.shape[first]
        if not 0 <= number < len(headers):
            raise IndexError(f"there are {len(headers)} images, and none with number {number}")
        at = number % slice_count
        part = Part.of(shape, slice(at, at + 1), rows, columns)
        if dtype is None and out is None:
            dtype = default_dtype(headers, values)
        if fill is None:
            background = headers.background
            fill = 0 if background is None else background
        image = Selection(headers.select([number]), None, part, shape, [number], slice_count)
        keeps_damaged = irregular == "keep"
        array, damage = image.read(values, dtype, out, fill, workers, keeps_damaged=keeps_damaged)
        self._check(damage, 1, irregular)
        return array, part.affine(self.affine)

    def _readable(self, values: str, irregular: str) -> _core.Slices:
        """Return the headers of the slices, if these may be read."""
        if irregular not in ("raise", "keep"):
            raise ValueError(f"irregular must be 'raise' or 'keep', not {irregular!r}")
        check_values(values)
        if self._unsupported is not None:
            raise UnsupportedError(self._unsupported, path=self.paths[0] if self.paths else None)
        if irregular == "raise" and self.report.errors:
            raise _irregular(self, self.report)
        headers = self._headers()
        if len(headers) == 0:
            raise _irregular(self, self.report, is_empty=True)
        return headers

    def to_html(self, *, identifying: bool = False) -> str:
        """Return the series as HTML, as notebooks show it: a picture, geometry, report.

        The middle slice is read for it.

        Args:
            identifying: Whether to show UID, Series Description and the names of files, and
                pictures of pixels with text in them (Burned In Annotation).
        """
        from rapidicom.volumes.html import series_html

        count = self.shape[self.axes.index("slice")] if self.shape else 0
        middle: Volume | None = None
        with contextlib.suppress(OSError, DicomError, ValueError):
            middle = self.read(slices=slice(count // 2, count // 2 + 1), irregular="keep")
        facts = [("series", self.uid), ("description", self.description)] if identifying else []
        return series_html(
            self, middle, len(dict.fromkeys(self.paths)), facts,
            has_text=middle is not None and middle._has_text(),
        )  # fmt: skip

    def _repr_html_(self) -> str:
        return self.to_html()

    def _check(self, damage: Damage, count: int, irregular: str) -> None:
        """Raise for damage that came with the pixels of `count` slices."""
        if damage.error is None:
            return
        if len(damage.slices) == count and isinstance(damage.error, UnsupportedError):
            raise damage.error
        report = self.report.with_damage(damage.issues)
        if irregular == "raise":
            raise _irregular(self, report, damage.error) from damage.error
        if len(damage.slices) == count:
            raise _irregular(self, report, damage.error, is_empty=True) from damage.error

    def _headers(self) -> _core.Slices:
        if self._slices is None:
            self._slices = headers_again(
                self._file_paths, self._file_states or (), self._places, force=self._force
            )
        return self._slices

    def __getstate__(self) -> dict[str, Any]:
        # The other process reads the headers of the slices again, and checks that they are those of
        # the same files.
        state = {**self.__dict__, "_slices": None}
        if self._slices is not None:
            state["_file_states"] = self._slices.file_states
            state["_file_paths"] = sources_of(self._slices, self._items)
            state["_places"] = self._slices.places
        return state

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.shape))
        files = len(dict.fromkeys(self.paths))
        return f"<Series {self.uid}: {self.modality} {shape}, {files} files, {self.report!r}>"


def _has_items(files: Sequence[str | Item]) -> bool:
    return any(isinstance(file, Item) for file in files)


# An error that quotes a thousand others helps nobody.
_ERRORS_SHOWN = 3


def _irregular(
    series: Series,
    report: Report,
    damage: Exception | None = None,
    *,
    is_empty: bool = False,
) -> IrregularSeriesError:
    """Make the error of a series whose report has errors.

    Args:
        series: The series.
        report: Its report, with damage that came with the pixels.
        damage: The error of the first damaged frame.
        is_empty: Whether no slice is left.
    """
    errors = report.errors
    sentences = "; ".join(f"{issue.kind}: {issue.sentence}" for issue in errors[:_ERRORS_SHOWN])
    more = f"; and {len(errors) - _ERRORS_SHOWN} more" if len(errors) > _ERRORS_SHOWN else ""
    hint = 'Pass irregular="keep" to get the best volume, with the report.'
    if len(series.stacks) > 1:
        hint += f" Or read its {len(series.stacks)} stacks one by one, from series.stacks."
    path, frame = getattr(damage, "path", None), getattr(damage, "frame", None)
    place = "" if path is None else f"{path}: "
    if is_empty:
        message = f"{place}no slice of the series can be read. {sentences}{more}."
        return IrregularSeriesError(message, report=report, path=path, frame=frame)
    message = f"{place}the series is irregular. {sentences}{more}. {hint}"
    return IrregularSeriesError(message, report=report, path=path, frame=frame, hint=hint)
