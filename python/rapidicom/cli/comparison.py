"""Time Rapidicom and the other readers that are installed, on the user's own files.

An answer is checked before it is timed: a reader whose answer differs gets no time. Every file has
been read once before, so the times are of a warm page cache.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rapidicom.cli import recipes

if TYPE_CHECKING:
    from rapidicom.tables.table import Table
    from rapidicom.volumes.volume import Volume

# What a program that sorts and checks a folder before loading it asks of each file.
HEADER_COLUMNS = (
    "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "SeriesNumber",
    "InstanceNumber", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing",
    "SliceThickness", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation", "SamplesPerPixel", "PhotometricInterpretation", "RescaleSlope",
    "RescaleIntercept",
)  # fmt: skip

# A reader that needs longer than this in all is timed fewer times than asked for.
PATIENCE = 10.0
METHOD = "files in the page cache, answers compared before they are timed"
# Of the largest value: float32 keeps 24 bits, and the readers round at different places.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Timing:
    """How long one reader took for one task.

    Attributes:
        task: What was done.
        reader: Its name and version.
        seconds: The median of several runs, or None where the answer differs from Rapidicom's.
        remark: Why there is no time.
    """

    task: str
    reader: str
    seconds: float | None
    remark: str = ""


def compare_headers(paths: Sequence[str], *, runs: int, force: bool = False) -> list[Timing]:
    """Time reading `HEADER_COLUMNS` of `paths`: Rapidicom first, then pydicom if installed."""
    import rapidicom as rd

    task = f"{len(HEADER_COLUMNS)} header elements of {len(paths):,} files"

    def scan() -> rd.Table:
        return rd.scan(paths, HEADER_COLUMNS, force=force)

    table = scan()
    timings = [Timing(task, _name("rapidicom"), _median(scan, runs))]
    if _is_installed("pydicom"):
        same = _same_headers(table, _pydicom_headers(paths, force))
        timings.append(_timing(task, "pydicom", same, lambda: _pydicom_headers(paths, force), runs))
    return timings


def compare_volumes(paths: Sequence[str], *, runs: int, force: bool = False) -> list[Timing]:
    """Time reading `paths`, the files of one series, to a volume in slice order.

    Rapidicom first, then pydicom and SimpleITK where they are installed.
    """
    import rapidicom as rd

    def read_volume() -> rd.Volume:
        return rd.read_series(paths, irregular="keep", force=force)

    volume = read_volume()
    task = f"volume of {' x '.join(map(str, volume.array.shape))}, {volume.array.dtype}"
    timings = [Timing(task, _name("rapidicom"), _median(read_volume, runs))]
    rivals: dict[str, Callable[[], NDArray[Any]]] = {
        "pydicom": lambda: recipes.pydicom_volume(paths, force),
        # SimpleITK is given the files in order, which the others find out themselves.
        "SimpleITK": lambda: recipes.sitk_volume([str(path) for path in volume.paths]),
    }
    for module, read in rivals.items():
        if not _is_installed(module):
            continue
        if (reason := recipes.not_asked(module, volume)) is not None:
            timings.append(Timing(task, _name(module), None, reason))
            continue
        try:
            same = _same_volume(volume, read())
        except Exception as error:  # A rival may fail in its own way, and that is an answer too.
            timings.append(Timing(task, _name(module), None, f"fails: {type(error).__name__}"))
            continue
        timings.append(_timing(task, module, same, read, runs))
    return timings


def timing_rows(timings: Sequence[Timing]) -> list[tuple[str, str, str, str]]:
    """Return (task, reader, time, times as long as the first reader of the task), as texts."""
    rows = []
    first: Timing | None = None
    for timing in timings:
        is_first = first is None or timing.task != first.task
        if is_first:
            first = timing
        if timing.seconds is None:
            rows.append(("", timing.reader, timing.remark, ""))
            continue
        ratio = ""
        if not is_first and first is not None and first.seconds:
            ratio = f"{timing.seconds / first.seconds:.1f} x"
        rows.append(
            (timing.task if is_first else "", timing.reader, duration(timing.seconds), ratio)
        )
    return rows


def duration(seconds: float) -> str:
    """Return a time with three digits, in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:#.3g}".rstrip(".") + f" {unit}"
    return f"{seconds * 1e6:.0f} us"


def _timing(task: str, module: str, same: bool, read: Callable[[], object], runs: int) -> Timing:
    if not same:
        return Timing(task, _name(module), None, "another answer")
    return Timing(task, _name(module), _median(read, runs))


def _median(read: Callable[[], object], runs: int) -> float:
    times: list[float] = []
    while len(times) < runs and (not times or sum(times) < PATIENCE):
        start = time.perf_counter()
        read()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _is_installed(module: str) -> bool:
    return find_spec(module) is not None


def _name(module: str) -> str:
    version = getattr(import_module(module), "__version__", "")
    return f"{module} {version}".rstrip()


def _pydicom_headers(paths: Sequence[str], force: bool) -> list[list[Any]]:
    from pydicom import dcmread

    columns = list(HEADER_COLUMNS)
    rows = []
    for path in paths:
        dataset = dcmread(path, stop_before_pixels=True, specific_tags=columns, force=force)
        rows.append([dataset.get(name) for name in columns])
    return rows


def _same_headers(table: Table, rows: list[list[Any]]) -> bool:
    ours = [[_plain(row[name]) for name in HEADER_COLUMNS] for row in table.to_dicts()]
    return ours == [[_plain(value) for value in row] for row in rows]


def _plain(value: Any) -> Any:
    """Return a value as what it means: a float, a text, a tuple of them, or None if empty."""
    if value is None or isinstance(value, str):
        return str(value) if value else None
    if isinstance(value, (int, float, np.number)):
        return float(value)
    return tuple(map(_plain, value)) or None


def _same_volume(volume: Volume, array: NDArray[Any]) -> bool:
    ours = volume.array
    if ours.shape != array.shape:
        return False
    limit = TOLERANCE * max(1.0, float(np.abs(ours).max()))
    return bool(np.allclose(array, ours, rtol=0.0, atol=limit))
