"""Volumes, series and reports in a notebook: pictures, geometry, and what is irregular."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from rapidicom._common.html import box, facts, note, picture, text

if TYPE_CHECKING:
    from rapidicom._common.grid import Grid

__all__ = ["report_html", "series_html", "volume_html"]

# The longest side of a picture on the page, and the most pixels of one: a row of three fits.
_SIDE = 200
_MOST_PIXELS = 512
_ISSUES_SHOWN = 10
_PATHS_SHOWN = 4
# To the left, back and head of the patient, and against it.
_LETTERS = ("LR", "PA", "SI")
# The part of the values that a picture shows where the files give no window.
_PERCENTILES = (1, 99)


_WITHHELD = note(
    "No picture: Burned In Annotation says that the pixels have text in them. "
    "to_html(identifying=True) shows it.",
    is_small=True,
)
# Along these axes are moments of somebody's day.
_MOMENTS = ("acquisition_time",)


class _Issue(Protocol):
    kind: str
    is_error: bool
    paths: list[str]
    sentence: str


class _Report(Protocol):
    @property
    def issues(self) -> Sequence[_Issue]: ...


class _Shown(Protocol):
    """What a series and a volume have in common."""

    axes: tuple[str, ...]
    affine: npt.NDArray[np.float64]
    spacing: tuple[float, float, float]
    modality: str

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def report(self) -> _Report: ...


def volume_html(
    volume: Grid, report: _Report, identifying: Sequence[tuple[str, str]], *, has_text: bool
) -> str:
    """Return a volume as HTML.

    Args:
        volume: The volume.
        report: Its report.
        identifying: Names and values that identify, if they are asked for.
        has_text: Whether its pixels have text in them, which is shown only then.
    """
    shape = " x ".join(map(str, volume.shape))
    return box(
        f"Volume {shape} {volume.array.dtype}, {volume.modality or 'no Modality'}",
        _WITHHELD if has_text and not identifying else _pictures(volume),
        facts([*_geometry(volume), *identifying]),
        _issues(report, names_files=bool(identifying)),
    )


def series_html(
    series: _Shown,
    middle: Grid | None,
    files: int,
    identifying: Sequence[tuple[str, str]],
    *,
    has_text: bool,
) -> str:
    """Return a series as HTML.

    Args:
        series: The series.
        middle: Its middle slice, read; `None` if it cannot be.
        files: How many it has.
        identifying: Names and values that identify, if they are asked for.
        has_text: Whether its pixels have text in them, which is shown only then.
    """
    shape = " x ".join(map(str, series.shape))
    first = series.axes.index("slice")
    pictures = ""
    if has_text and not identifying:
        pictures = _WITHHELD
    elif middle is not None:
        pictures = _row([_plane(middle, 0, f"slice {series.shape[first] // 2}")])
    return box(
        f"Series {shape}, {series.modality or 'no Modality'}, {_counted(files, 'file')}",
        pictures,
        facts([*_geometry(series), *identifying]),
        _issues(series.report, names_files=bool(identifying)),
    )


def report_html(report: _Report, *, names_files: bool) -> str:
    """Return a report as HTML."""
    return box("Report", _issues(report, names_files=names_files))


def _geometry(shown: _Shown | Grid) -> Iterator[tuple[str, object]]:
    yield "axes", ", ".join(shown.axes)
    yield "spacing", " x ".join(f"{length:g}" for length in shown.spacing) + " mm"
    steps = np.asarray(shown.affine)[:3, :3]
    yield "axes count to", ", ".join(map(_direction, (steps / shown.spacing).T))
    yield "first voxel", "({:.1f}, {:.1f}, {:.1f}) mm, LPS".format(*shown.affine[:3, 3])
    coords = getattr(shown, "coords", {})
    for name, values in coords.items():
        if (
            name not in _MOMENTS
            and np.ndim(values) == 1
            and np.asarray(values).dtype.kind in "iuf"
            and len(values)
        ):
            yield name, f"{values[0]:g} to {values[-1]:g}, {len(values)} steps"


def _direction(axis: npt.NDArray[np.float64]) -> str:
    """Return where an axis counts to: the letters of what is nearest, and of what it leans to."""
    order = np.argsort(-np.abs(axis))
    letters = [_LETTERS[place][int(axis[place] < 0)] for place in order if abs(axis[place]) > 0.05]
    return "".join(letters) or "?"


def _pictures(volume: Grid) -> str:
    first = volume.axes.index("slice")
    sizes = volume.shape[first : first + 3]
    captions = [
        f"{name} {size // 2}" for name, size in zip(("slice", "row", "column"), sizes, strict=True)
    ]
    # A plane of one line shows nothing.
    chosen = [axis for axis in range(3) if sum(size > 1 for size in np.delete(sizes, axis)) == 2]
    return _row([_plane(volume, axis, captions[axis]) for axis in chosen or [0]])


def _row(pictures: Sequence[str]) -> str:
    return f'<div class="rd-pictures">{"".join(pictures)}</div>'


def _plane(volume: Grid, axis: int, caption: str) -> str:
    """Return the middle plane across an axis as a picture, in the shape that it has in space."""
    first = volume.axes.index("slice")
    index: list[Any] = [volume.shape[place] // 2 for place in range(first)]
    index += [slice(None)] * 3
    index[first + axis] = volume.shape[first + axis] // 2
    plane = np.asarray(volume.array[tuple(index)])
    spacing = [length for place, length in enumerate(volume.spacing) if place != axis]
    if axis != 0 and _points_up(volume):
        plane = plane[::-1]
    counts = plane.shape[:2]
    lengths = [count * (length or 1) for count, length in zip(counts, spacing, strict=True)]
    scale = _SIDE / max(*lengths, 1e-9)
    height, width = (max(1, round(length * scale)) for length in lengths)
    steps = tuple(slice(None, None, -(-count // _MOST_PIXELS)) for count in counts)
    return picture(_grey(plane[steps]), (width, height), caption)


def _points_up(volume: Grid) -> bool:
    """Return whether slices count to the head, so that the picture has to count down."""
    return float(volume.affine[2, 0]) > 0


def _grey(plane: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if plane.ndim == 3 and plane.shape[-1] == 3 and plane.dtype == np.uint8:
        return np.ascontiguousarray(plane)
    values = plane.astype(np.float64)
    if values.ndim == 3:
        values = values.mean(axis=-1)
    known = values[np.isfinite(values)]
    low, high = np.percentile(known, _PERCENTILES) if known.size else (0.0, 1.0)
    if high <= low:
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    span = high - low if high > low else 1.0
    scaled = np.nan_to_num((values - low) / span, nan=0.0, posinf=1.0, neginf=0.0)
    grey: npt.NDArray[np.uint8] = (np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    return grey


def _issues(report: _Report, *, names_files: bool) -> str:
    issues = report.issues
    if not issues:
        return note("Nothing is irregular.", is_small=True)
    lines = [_issue(issue, names_files) for issue in issues[:_ISSUES_SHOWN]]
    if len(issues) > _ISSUES_SHOWN:
        lines.append(note(f"and {len(issues) - _ISSUES_SHOWN:,} more findings", is_small=True))
    return "".join(lines)


def _issue(issue: _Issue, names_files: bool) -> str:
    level = "error" if issue.is_error else "note"
    sentence = issue.sentence
    if not names_files:
        for path in issue.paths:
            sentence = sentence.replace(path, "a file")
    lines = note(f"{level}, {issue.kind}: {sentence}", is_error=issue.is_error)
    if not issue.paths:
        return lines
    if not names_files:
        return lines + note(f"in {_counted(len(issue.paths), 'file')}", is_small=True)
    more = len(issue.paths) - _PATHS_SHOWN
    names = "<br>".join(map(text, issue.paths[:_PATHS_SHOWN]))
    rest = f"<br>and {_counted(more, 'more file')}" if more > 0 else ""
    return f'{lines}<p class="rd-small">{names}{rest}</p>'


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
