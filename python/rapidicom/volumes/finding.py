"""The series among many files, and the volume of one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from rapidicom import _core
from rapidicom._common.errors import InvalidDicomError
from rapidicom._common.progress import Progress
from rapidicom.sources.holders import read_opening
from rapidicom.sources.item import Item, native
from rapidicom.sources.paths import checked_workers
from rapidicom.volumes.files import files_of, is_table
from rapidicom.volumes.report import Issue
from rapidicom.volumes.series import Series
from rapidicom.volumes.slices import check_values
from rapidicom.volumes.tolerances import Tolerances

if TYPE_CHECKING:
    import os
    from typing import TypeAlias

    import numpy.typing as npt

    from rapidicom.volumes.selection import Values
    from rapidicom.volumes.volume import Volume

    Paths: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

__all__ = ["find_series", "read_series"]

# An error that quotes a thousand others helps nobody.
_ERRORS_SHOWN = 3
_NOT_SHOWN = "(not shown)"
# The default of every function; it cannot be changed, so that one for all is safe.
_DEFAULT_TOLERANCES = Tolerances()

# The defined terms of Modality (PS3.3 section C.7.3.1.1.1), those of earlier editions in the last
# line.
_MODALITIES = """
ANN AR ASMT AU BDUS BI BMD CFM CR CT CTPROTOCOL DG DMS DOC DX ECG EEG EMG EOG EPS ES FID GM HC
HD IO IOL IVOCT IVUS KER KO LEN LS M3D MG MR NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS OT PA
PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT
RWV SEG SM SMR SR SRF STAIN TEXTUREMAP TG US VA XA XAPROTOCOL XC
AS CD CF CP CS DD DF DM DS EC FA FS LP MA MS OPR ST VF
"""


def find_series(
    paths: Paths,
    *,
    recursive: bool = True,
    force: bool = False,
    tolerances: Tolerances = _DEFAULT_TOLERANCES,
    workers: int | None = None,
    progress: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> list[Series]:
    """Find the series of images in folders and files, from headers alone.

    Args:
        paths: A folder, a file, or another source (an archive, bytes, a file object, ...), or an
            iterable of them, mixed, or names with them; or a table of `scan`, or what pandas,
            polars or pyarrow made of one, whose column `path` has the files. With that of `scan`
            itself come the files that it could not read.
        recursive: Look into folders of folders.
        force: Also read files without the prefix `DICM`, as for `scan`. The series and their
            volumes keep it for what they read later.
        tolerances: How far slices may be from the ideal stack before the report has an issue.
        workers: Threads; default: one a core, and more while they wait for a disk.
        progress: Show a tqdm bar.
        storage_options: As for `dcmread`.

    Returns:
        One entry a series that has images, sorted by study, Series Number and UID. Files that are
        not DICOM are left out, unless `paths` names them: then they are in the reports, like every
        file that cannot be read. Empty if no paths are given, or if the DICOM files have no images.

    Raises:
        InvalidDicomError: No file is a DICOM file, or no image can be read, which leaves no report
            to say so; the message says how many files were looked at and what they are.
        OSError: A path does not exist or cannot be read.

    Examples:
        >>> for series in rd.find_series("tests/data/brain-mr"):
        ...     print(series.modality, series.shape, series.description, len(series.report))
        MR (40, 80, 80) DTI_PA-ortho 0
    """
    files = files_of(paths, storage_options)
    found, files = _find(
        files, recursive, force, tolerances, workers, progress, of_table=is_table(paths)
    )
    has_only_other_files = bool(found.without_image) and not found.errors
    if files and not found.series and not has_only_other_files:
        _raise_none_found(found)
    return _series(found, files, force)


def read_series(
    paths: Paths,
    *,
    series_uid: str | None = None,
    force: bool = False,
    tolerances: Tolerances = _DEFAULT_TOLERANCES,
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
    storage_options: Mapping[str, Any] | None = None,
) -> Volume:
    """Read the one series in folders and files into a volume.

    Of a series of several stacks this is the main one; `Series.stacks` of `find_series` has each.

    Args:
        paths: A folder, a file, other sources, or a table: as for `find_series`.
        series_uid: Which series, if there are several.
        force: As for `find_series`.
        tolerances: As for `find_series`.
        values: As for `Series.read`, like all that follow.
        dtype: The type of the array.
        out: An array to fill.
        slices: Which slices.
        rows: Which rows.
        columns: Which columns.
        irregular: What to do about irregular series.
        fill: The value of pixels where an image is missing along the leading axis.
        workers: Threads.
        progress: Show a tqdm bar.
        mmap: As for `dcmread`.
        storage_options: As for `dcmread`.

    Returns:
        The volume.

    Raises:
        ValueError: There are several series and no `series_uid`, or none with that UID; the message
            lists the series found. Also as for `Series.read`.
        InvalidDicomError: No file has an image; the message says how many files were looked at and
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
    check_values(values)
    files = files_of(paths, storage_options)
    found, files = _find(
        files, True, force, tolerances, workers, progress, of_table=is_table(paths)
    )
    series = _choose(_series(found, files, force), series_uid, found)
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


def _find(
    files: list[str | Item],
    recursive: bool,
    force: bool,
    tolerances: Tolerances,
    workers: int | None,
    progress: bool,
    *,
    of_table: bool,
) -> tuple[_core.FoundSeries, list[str | Item]]:
    """Return what was found, and the files in which it was."""
    if not isinstance(tolerances, Tolerances):
        raise TypeError(f"tolerances must be rapidicom.Tolerances, not {type(tolerances).__name__}")
    workers = checked_workers(workers)
    with Progress(progress, "headers") as bar:

        def find(files: list[str | Item]) -> _core.FoundSeries:
            return _core.find_series(
                native(files),
                recursive,
                bool(force),
                tolerances.native(),
                workers,
                of_table,
                bar.callback,
            )

        return read_opening(files, find)


def _series(found: _core.FoundSeries, files: list[str | Item], force: bool) -> list[Series]:
    # Reports share the findings about files that may belong to several series.
    unreadable = [[Issue.of(issue) for issue in issues] for issues in found.unreadable]
    return [Series(plan, unreadable, files=files, force=bool(force)) for plan in found.series]


def _choose(series: list[Series], series_uid: str | None, found: _core.FoundSeries) -> Series:
    if series_uid is not None:
        wanted = [one for one in series if one.uid == str(series_uid)]
        if wanted:
            return wanted[0]
        raise ValueError(f"no series {series_uid}\n{_list(series)}")
    if len(series) == 1:
        return series[0]
    if series:
        raise ValueError(
            f"there are {len(series)} series: pass series_uid to choose one\n{_list(series)}"
        )
    _raise_none_found(found)


def _raise_none_found(found: _core.FoundSeries) -> NoReturn:
    errors = found.errors
    if found.file_count == len(errors) == 1:
        raise errors[0]
    if len(errors) >= found.file_count and any(isinstance(error, OSError) for error in errors):
        raise next(error for error in errors if isinstance(error, OSError))
    raise InvalidDicomError(f"no series of images here. {_looked_at(found)}")


def _looked_at(found: _core.FoundSeries) -> str:
    """Return how many files there were, and why none of them is an image."""
    skipped = found.skipped
    errors = found.errors
    parts = [f"{found.file_count:,} looked at"]
    if skipped:
        kinds = sorted(skipped.items(), key=lambda kind: -kind[1])
        looks = ", ".join(f"{look}: {count:,}" for look, count in kinds)
        parts.append(f"{sum(skipped.values()):,} not DICOM ({looks})")
    if found.without_image:
        parts.append(f"{found.without_image:,} DICOM without an image")
    if errors:
        first = "; ".join(str(error) for error in errors[:_ERRORS_SHOWN])
        more = f"; and {len(errors) - _ERRORS_SHOWN:,} more" if len(errors) > _ERRORS_SHOWN else ""
        parts.append(f"{len(errors):,} not readable ({first}{more})")
    return f"Files: {', '.join(parts)}"


def _list(series: list[Series]) -> str:
    # Modality and shape tell series apart; a description can name a patient.
    return "\n".join(
        f"  {_shown_uid(one.uid)}  {_shown_modality(one.modality)}  "
        f"{' x '.join(map(str, one.shape))}"
        for one in series
    )


def _shown_uid(uid: str) -> str:
    # What has no dot can be the number of a patient.
    is_uid = len(uid) <= 64 and re.fullmatch(r"[0-9]+(\.[0-9]+)+", uid, re.ASCII)
    return uid if is_uid else _NOT_SHOWN if uid else "(no UID)"


def _shown_modality(modality: str) -> str:
    # In a damaged file, a code can be any text.
    return (
        modality if modality in _MODALITIES.split() else _NOT_SHOWN if modality else "(no Modality)"
    )
