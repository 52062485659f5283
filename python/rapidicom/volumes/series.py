"""Many files: the series that they make, and one volume of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np
import numpy.typing as npt

from rapidicom import _core
from rapidicom._common.arrays import destination
from rapidicom._common.errors import InvalidDicomError, UnsupportedError
from rapidicom._common.progress import Progress
from rapidicom.sources.paths import checked_workers, listed
from rapidicom.volumes.files import files_of
from rapidicom.volumes.irregular import IrregularSeriesError
from rapidicom.volumes.part import Part
from rapidicom.volumes.report import Issue, Report
from rapidicom.volumes.tolerances import Tolerances
from rapidicom.volumes.volume import Volume

if TYPE_CHECKING:
    import os
    from typing import TypeAlias

    Paths: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
    Values: TypeAlias = Literal["modality", "stored"]

__all__ = ["Series", "find_series", "read_batch", "read_series"]


class Series:
    """A series as its headers describe it; its pixels have not been read.

    Attributes:
        uid: Series Instance UID.
        study_uid: Study Instance UID.
        modality: Modality.
        description: Series Description.
        number: Series Number, or `None`.
        paths: The file of each of the volume's images, in the order of the array; an image that is
            missing is left out.
        frames: Which frame of that file it is, or which tile of a mosaic, from 0.
        shape: The volume's shape: (slice, row, column), with a last axis for colour samples, and
            one in front where positions have several images.
        axes: The names of the axes: `("slice", "row", "column")`, or `("time", "slice", ...)` and
            the like: see `Volume.axes`.
        coords: What changes along the leading axis, by name: one value a step. What the axis is
            sorted by comes first. Empty without such an axis. `Volume` says what is in it of
            diffusion weighting.
        spacing: (slice, row, column) in mm: how far apart neighbours are along each axis of the
            array.
        affine: Shape (4, 4), float64. Takes (slice, row, column, 1) to patient millimetres, LPS
            (PS3.3 §C.7.6.2.1.1), or to those of an ultrasound volume where the report has
            `volume_coordinates`.
        report: What is irregular.
    """

    __module__ = "rapidicom"

    def __init__(self, fields: dict[str, Any], unreadable: Sequence[list[Issue]] = ()) -> None:
        self.uid: str = fields["uid"]
        self.study_uid: str = fields["study_uid"]
        self.modality: str = fields["modality"]
        self.description: str = fields["description"]
        self.number: int | None = fields["number"]
        self.paths: list[str] = fields["paths"]
        self.frames: list[int] = fields["frames"]
        self.shape: tuple[int, ...] = tuple(fields["shape"])
        name, coords = fields["axis"] if fields["axis"] is not None else (None, {})
        leading = () if name is None else (name,)
        self.axes: tuple[str, ...] = (*leading, "slice", "row", "column", "sample")[
            : len(self.shape)
        ]
        self.coords: dict[str, npt.NDArray[Any]] = {
            key: np.asarray(values) for key, values in coords.items()
        }
        self.spacing: tuple[float, float, float] = tuple(fields["spacing"])
        self.affine: npt.NDArray[np.float64] = np.array(fields["affine"], dtype=np.float64)
        self.report = Report(
            [Issue(**issue) for issue in fields["issues"]],
            self.paths,
            fields["frames"],
            fields["present"],
            unreadable=[unreadable[number] for number in fields["unreadable"]],
        )
        self._unsupported: str | None = fields["unsupported"]
        self._slices: _core.Slices | None = fields["slices"]
        # In another process, what the files were when their headers were read.
        self._file_states: list[tuple[int, int, int] | None] | None = None
        self._file_paths: list[str] = []
        self._places: list[tuple[int, int] | None] = []
        # None if there is one stack.
        self._stacks: list[Series] = [Series(stack, unreadable) for stack in fields["stacks"]]

    @property
    def stacks(self) -> list[Series]:
        """The stacks of the series, each as a series of its own with this one's UID.

        Images part by plane, shape, Photometric Interpretation, Pixel Spacing and Frame of
        Reference, and localizers from others; those without positions by Stack ID. By Stack ID,
        Data Type, Image Type, echo and Acquisition Number others part only where that makes stacks
        of what is no volume: acquisitions that continue or interleave stay one stack, and so does
        what has a leading axis. Every image is in one stack, or in a report as left out.

        The first is what this series describes, but with the report of its own slices; where that
        is no volume but several, those come first. A series of one stack is the only one of its
        list.
        """
        return list(self._stacks) if self._stacks else [self]

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
        fill: float = 0,
        workers: int | None = None,
        progress: bool = False,
        mmap: Literal["auto", "never", "always"] = "auto",
    ) -> Volume:
        """Read the slices into one array, each straight from its file.

        With `slices`, `rows` and `columns` the volume is the part of the whole one that NumPy gives
        for `array[slices, rows, columns]`, and its affine, spacing, paths and data sets are those
        of the part. Files of other slices are not opened, and of native pixels only the bytes from
        the first wanted row to the last are read; a compressed frame is decoded as a whole. To read
        one slice, pass `slice(k, k + 1)`: a volume keeps all of its axes, so whole numbers are
        refused.

        Args:
            values: `"modality"` applies Rescale Slope and Intercept, of each slice its own (PS3.3
                §C.11.1); `"stored"` leaves stored values.
            dtype: Default float32 for `"modality"`, and for `"stored"` the type of the stored
                values. A type of whole numbers is honoured if it holds every value exactly.
            out: An array, or what NumPy sees as one (torch, shared or pinned memory), to fill in
                place: C-contiguous, of the volume's shape and of `dtype`, which it sets if that is
                not given.
            slices: Which slices: start, stop and step as in NumPy, also negative.
            rows: Which rows, likewise.
            columns: Which columns, likewise.
            irregular: `"raise"` raises for whatever would make the affine, the order or the content
                a lie; `"keep"` reads the best volume that there is, and `report` says what is wrong
                with it.
            fill: What stands where an image is missing along the leading axis.
            workers: Threads; default: one a core.
            progress: Show a tqdm bar.
            mmap: Taken as for `dcmread`; slices are always read, which is faster.

        Returns:
            The volume.

        Raises:
            IrregularSeriesError: The report has errors, and `irregular` is `"raise"`.
            UnsupportedError: The pixels are written in a way that is not read yet.
            InvalidDicomError: Pixels are missing.
            ValueError: `dtype` does not hold every value, `out` does not fit, or the part is empty.
            TypeError: `slices`, `rows` or `columns` is no slice.
            OSError: A file is gone, has been changed since, or cannot be read.

        Examples:
            >>> series = rd.find_series("tests/data/brain-mr")[0]
            >>> series.read()
            <Volume 40 x 80 x 80 float32, spacing 3 x 3 x 3 mm, <Report: 0 errors, 0 notes>>

            Stored values of some slices and rows, whose affine is that of the part:

            >>> series.read(values="stored", slices=slice(10, 20), rows=slice(20, 60)).shape
            (10, 40, 80)
        """
        if irregular not in ("raise", "keep"):
            raise ValueError(f"irregular must be 'raise' or 'keep', not {irregular!r}")
        if mmap not in ("auto", "never", "always"):
            raise ValueError(f"mmap must be 'auto', 'never' or 'always', not {mmap!r}")
        _check_values(values)
        if self._unsupported is not None:
            raise UnsupportedError(self._unsupported, path=self.paths[0] if self.paths else None)
        if irregular == "raise" and self.report.errors:
            raise _irregular(self)
        workers = checked_workers(workers)
        headers = self._headers()
        if len(headers) == 0:
            raise IrregularSeriesError("no slice of the series can be read", report=self.report)
        first = self.axes.index("slice")
        part = Part.of(self.shape[first:], slices, rows, columns)
        chosen = part.chosen(self.shape[: first + 1])
        if dtype is None and out is None:
            # That of the whole volume, whatever part is wanted.
            dtype = _default_dtype(headers, values)
        if chosen is not None:
            headers = headers.select(chosen)
        array = _read(headers, self.shape, values, dtype, out, workers, progress, fill, part)
        return Volume(array, self, headers, part)

    def _headers(self) -> _core.Slices:
        if self._slices is None:
            slices = _core.read_slice_headers(self._file_paths, None, None, self._places)
            for path, before, now in zip(
                self._file_paths, self._file_states or (), slices.file_states, strict=True
            ):
                if before != now:
                    raise OSError(
                        f"{path}: the file was changed since the series was found. Find the series again."
                    )
            self._slices = slices
        return self._slices

    def __getstate__(self) -> dict[str, Any]:
        # The other process reads the headers of the slices again, and checks that they are those of
        # the same files.
        state = {**self.__dict__, "_slices": None}
        if self._slices is not None:
            state["_file_states"] = self._slices.file_states
            state["_file_paths"] = self._slices.file_paths
            state["_places"] = self._slices.places
        return state

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.shape))
        files = len(dict.fromkeys(self.paths))
        return f"<Series {self.uid}: {self.modality} {shape}, {files} files, {self.report!r}>"


# An error that quotes a thousand others helps nobody.
_ERRORS_SHOWN = 3
# The default of every function; it cannot be changed, so that one for all is safe.
_DEFAULT_TOLERANCES = Tolerances()


def find_series(
    paths: Paths,
    *,
    recursive: bool = True,
    tolerances: Tolerances = _DEFAULT_TOLERANCES,
    workers: int | None = None,
    progress: bool = False,
) -> list[Series]:
    """Find the series of images in folders and files, from headers alone.

    Args:
        paths: A folder, a file, or an iterable of either; or a table of `scan`, or what pandas,
            polars or pyarrow made of one, whose column `path` has the files. With that of `scan`
            itself come the files that it could not read.
        recursive: Look into folders of folders.
        tolerances: How far from the ideal stack slices may be before the report says it.
        workers: Threads; default: one a core, and more while they wait for a disk.
        progress: Show a tqdm bar.

    Returns:
        One entry a series that has images, sorted by study, Series Number and UID. Files that are
        no DICOM files are left out, unless they are named in `paths`: then they are in the reports,
        like every file that cannot be read. None if no paths are given, or if what there is are
        DICOM files without an image.

    Raises:
        InvalidDicomError: No file is a DICOM file, or none with an image can be read, so that there
            is no report to say it; the message says how many files were looked at and what they
            are.
        OSError: A path does not exist or cannot be read.

    Examples:
        >>> for series in rd.find_series("tests/data/brain-mr"):
        ...     print(series.modality, series.shape, series.description, len(series.report))
        MR (40, 80, 80) DTI_PA-ortho 0
    """
    files = files_of(paths)
    found = _find(files, recursive, tolerances, workers, progress)
    has_only_other_files = bool(found["without_image"]) and not found["errors"]
    if files and not found["series"] and not has_only_other_files:
        _raise_none_found(found)
    return _series(found)


def read_series(
    paths: Paths,
    *,
    series_uid: str | None = None,
    tolerances: Tolerances = _DEFAULT_TOLERANCES,
    values: Values = "modality",
    dtype: npt.DTypeLike | None = None,
    out: Any = None,
    slices: slice | None = None,
    rows: slice | None = None,
    columns: slice | None = None,
    irregular: Literal["raise", "keep"] = "raise",
    fill: float = 0,
    workers: int | None = None,
    progress: bool = False,
    mmap: Literal["auto", "never", "always"] = "auto",
) -> Volume:
    """Read the one series in folders and files into a volume.

    Of a series of several stacks this is the main one; `Series.stacks` of `find_series` has each.

    Args:
        paths: A folder, a file, or an iterable of either, or a table: as for `find_series`.
        series_uid: Which series, if there are several.
        tolerances: As for `find_series`.
        values: As for `Series.read`, like all that follow.
        dtype: The type of the array.
        out: An array to fill.
        slices: Which slices.
        rows: Which rows.
        columns: Which columns.
        irregular: What to do about irregular series.
        fill: What stands where an image is missing along the leading axis.
        workers: Threads.
        progress: Show a tqdm bar.
        mmap: As for `dcmread`.

    Returns:
        The volume.

    Raises:
        ValueError: There are several series and no `series_uid`, or none with that UID; the message
            lists those that there are. Also as for `Series.read`.
        InvalidDicomError: There is no image; the message says how many files were looked at and
            what they are.
        DicomError: As for `Series.read`.
        OSError: As for `find_series` and `Series.read`.

    Examples:
        >>> volume = rd.read_series("tests/data/brain-mr")
        >>> volume.shape, volume.dtype.name, volume.axes
        ((40, 80, 80), 'float32', ('slice', 'row', 'column'))
        >>> print(volume.report)
        40 images, nothing irregular
    """
    _check_values(values)
    found = _find(files_of(paths), True, tolerances, workers, progress)
    series = _choose(_series(found), series_uid, found)
    return series.read(
        values=values,
        dtype=dtype,
        out=out,
        slices=slices,
        rows=rows,
        columns=columns,
        irregular=irregular,
        fill=fill,
        workers=workers,
        progress=progress,
        mmap=mmap,
    )


def read_batch(
    paths: Iterable[str | os.PathLike[str]],
    *,
    values: Values = "modality",
    dtype: npt.DTypeLike | None = "float32",
    out: Any = None,
    workers: int | None = None,
) -> npt.NDArray[Any]:
    """Read single-frame images of one shape, related or not, into one array.

    Args:
        paths: The files, in the order of the array's first axis. A file may occur more than once.
        values: As for `Series.read`.
        dtype: The type of the array; `None` for that of `out`, or of the stored values.
        out: As for `Series.read`.
        workers: Threads; default: one a core.

    Returns:
        Shape (N, rows, columns), with a last axis for colour samples.

    Raises:
        ValueError: There are no paths, the images differ in shape, `dtype` does not hold every
            value, or `out` does not fit.
        DicomError: A file is no image that is read; the first in the order of `paths`.
        OSError: A file cannot be read.

    Examples:
        >>> paths = ["tests/data/brain-mr/0001.dcm", "tests/data/brain-mr/0040.dcm"]
        >>> rd.read_batch(paths).shape
        (2, 80, 80)
    """
    _check_values(values)
    workers = checked_workers(workers)
    names = listed(paths)
    if not names:
        raise ValueError("there are no paths to read")
    slices = _core.read_slice_headers(names, workers, None)
    image_shape = slices.image_shape
    # Without a description the image cannot be read: reading says why.
    shape = (len(names), *(image_shape if image_shape is not None else [1, 1]))
    if out is not None and dtype == "float32":
        dtype = None
    return _read(slices, shape, values, dtype, out, workers, False)


def _check_values(values: str) -> None:
    # Before any file is read, because it may take minutes until native code would say it.
    if values not in ("modality", "stored"):
        raise ValueError(f"values must be 'modality' or 'stored', not {values!r}")


def _find(
    files: list[str], recursive: bool, tolerances: Tolerances, workers: int | None, progress: bool
) -> dict[str, Any]:
    if not isinstance(tolerances, Tolerances):
        raise TypeError(f"tolerances must be rapidicom.Tolerances, not {type(tolerances).__name__}")
    workers = checked_workers(workers)
    with Progress(progress, "headers") as bar:
        return _core.find_series(files, recursive, tolerances, workers, bar.callback)


def _series(found: dict[str, Any]) -> list[Series]:
    # Reports share what they say about files of which nobody knows where they belong.
    unreadable = [[Issue(**issue) for issue in issues] for issues in found["unreadable"]]
    return [Series(fields, unreadable) for fields in found["series"]]


def _read(
    slices: _core.Slices,
    shape: tuple[int, ...],
    values: Values,
    dtype: npt.DTypeLike | None,
    out: Any,
    workers: int | None,
    progress: bool,
    fill: float = 0,
    part: Part | None = None,
) -> npt.NDArray[Any]:
    if dtype is None and out is None:
        dtype = _default_dtype(slices, values)
    frame = None
    if part is not None:
        first = len(shape) - part.axis_count
        frame = part.frame(shape[first:])
        shape = (*shape[:first], *part.shape, *shape[first + 3 :])
    array, memory = destination(shape, dtype, out)
    with Progress(progress, "slices", len(slices)) as bar:
        slices.read_into(values, array.dtype.name, fill, memory, frame, workers, bar.callback)
    return array


def _default_dtype(slices: _core.Slices, values: Values) -> str:
    dtype = "float32" if values == "modality" else slices.stored_dtype
    if dtype is None:
        raise ValueError(
            "no type of whole numbers holds the stored values of all slices: choose a dtype"
        )
    return dtype


def _choose(series: list[Series], series_uid: str | None, found: dict[str, Any]) -> Series:
    if series_uid is not None:
        wanted = [one for one in series if one.uid == str(series_uid)]
        if wanted:
            return wanted[0]
        raise ValueError(f"there is no series {series_uid}\n{_list(series)}")
    if len(series) == 1:
        return series[0]
    if series:
        raise ValueError(
            f"there are {len(series)} series: pass series_uid to choose one\n{_list(series)}"
        )
    _raise_none_found(found)


def _raise_none_found(found: dict[str, Any]) -> NoReturn:
    if found["file_count"] == len(found["errors"]) == 1:
        raise found["errors"][0]
    raise InvalidDicomError(f"there is no series of images here. {_looked_at(found)}")


def _looked_at(found: dict[str, Any]) -> str:
    """Say how many files there were, and why none of them is an image."""
    skipped: dict[str, int] = found["skipped"]
    errors = found["errors"]
    parts = [f"{found['file_count']:,} looked at"]
    if skipped:
        kinds = sorted(skipped.items(), key=lambda kind: -kind[1])
        looks = ", ".join(f"{look}: {count:,}" for look, count in kinds)
        parts.append(f"{sum(skipped.values()):,} not DICOM ({looks})")
    if found["without_image"]:
        parts.append(f"{found['without_image']:,} DICOM without an image")
    if errors:
        first = "; ".join(str(error) for error in errors[:_ERRORS_SHOWN])
        more = f"; and {len(errors) - _ERRORS_SHOWN:,} more" if len(errors) > _ERRORS_SHOWN else ""
        parts.append(f"{len(errors):,} not readable ({first}{more})")
    return f"Files: {', '.join(parts)}"


def _list(series: list[Series]) -> str:
    # Modality and shape tell series apart; a description can name a patient.
    return "\n".join(
        f"  {_coded(one.uid)}  {_coded(one.modality)}  {' x '.join(map(str, one.shape))}"
        for one in series
    )


def _coded(text: str) -> str:
    # In a damaged file, a UID or a code can be any text.
    return text if re.fullmatch(r"[0-9A-Z_. ]{0,64}", text) else "(not shown)"


def _irregular(series: Series) -> IrregularSeriesError:
    """Make the error of a series whose report has errors."""
    errors = series.report.errors
    sentences = "; ".join(f"{issue.kind}: {issue.sentence}" for issue in errors[:_ERRORS_SHOWN])
    more = f"; and {len(errors) - _ERRORS_SHOWN} more" if len(errors) > _ERRORS_SHOWN else ""
    hint = 'Pass irregular="keep" to get the best volume, with the report.'
    if len(series.stacks) > 1:
        hint += f" Or read its {len(series.stacks)} stacks one by one, from series.stacks."
    message = f"the series is irregular. {sentences}{more}. {hint}"
    return IrregularSeriesError(message, report=series.report, hint=hint)
