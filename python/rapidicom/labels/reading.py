"""Labels: what was drawn on images, as arrays on the images' grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import numpy.typing as npt

from rapidicom.labels.codes import LabelCodes, codes_of_segment, codes_of_structure
from rapidicom.labels.colors import rgb_of_cielab
from rapidicom.labels.contours import place_structures
from rapidicom.labels.findings import Findings, counted
from rapidicom.labels.grid import LabelGrid
from rapidicom.labels.labels import Labels
from rapidicom.labels.opening import label_objects, naming
from rapidicom.labels.placing import place_segments
from rapidicom.labels.segmentations import Segmentation, open_segmentation, own_grid
from rapidicom.labels.structures import Structure, observations_of, structures_of
from rapidicom.sources.paths import checked_workers

if TYPE_CHECKING:
    from rapidicom.labels.opening import Opened

__all__ = ["read_labels"]

Combine = Literal["labelmap", "channels"]

_MOST_VALUE = 0xFFFF
# What an ITK image cannot have, in degrees.
_TILTED = 0.06


@dataclass(frozen=True)
class _Label:
    """One segment or structure.

    Attributes:
        number: Its Segment Number or ROI Number.
    """

    name: str
    number: int
    color: tuple[int, int, int] | None
    codes: LabelCodes
    structure: Structure | None = None


@dataclass
class _Source:
    """A label object, with those of its labels that are wanted."""

    name: str
    segmentation: Segmentation | None
    labels: list[_Label]


def read_labels(
    sources: Any,
    *,
    like: Any = None,
    segments: int | str | Sequence[int | str] | None = None,
    combine: Combine = "labelmap",
    fractions: bool = False,
    off_slices: Literal["report", "interpolate"] = "report",
    irregular: Literal["raise", "keep"] = "raise",
    force: bool = False,
    workers: int | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Labels:
    """Read segmentations (SEG) and structure sets (RTSTRUCT) as an array on the grid of images.

    Labels are put where their own geometry says, and held against the images that they were drawn
    on. The voxels of a segmentation whose grid is that of the images, or a part of it, or has its
    axes reversed or in another order, are copied exactly; of another grid each voxel gets the value
    of the nearest. Of a contour, a voxel's centre decides, holes by the even-odd rule.

    Args:
        sources: What `find_series` takes: files, folders, and objects in memory. Images and other
            objects among them are left out.
        like: The volume of the images, or the `Series`; `None` for segmentations on their own grid.
        segments: Which labels: Segment Numbers or ROI Numbers, or names, or one of them; default:
            all. Their order is that of the result.
        combine: `"labelmap"` gives one array with the number of the label that each voxel has, and
            0 where there is none; of several the last one counts. `"channels"` gives an array a
            label, so that they may overlap.
        fractions: With `"channels"`, how much of a voxel lies inside a contour, as float32 from 0
            to 1; in a plane, in steps of 1/64. Segmentations of fractions have them in any case.
        off_slices: What contours between slices do: `"report"` leaves them out; `"interpolate"`
            fills slices between contours, and beside the outermost within half a step, by the
            distance from the outline on either side.
        irregular: `"raise"` raises where the result would be a guess; `"keep"` gives the best one,
            and its report says what is wrong.
        force: As for `dcmread`.
        workers: Threads; default: one a core.
        storage_options: As for `find_series`.

    Returns:
        The labels, with a report of all that differs.

    Raises:
        IrregularSeriesError: The labels contradict the images or themselves, and `irregular` is
            `"raise"`.
        InvalidDicomError: Nothing is a label object, or one is damaged.
        UnsupportedError: Frames have no place in a patient, such as tiles of a slide.
        ValueError: There is no label that `segments` asks for; there are more than 65535; `like` is
            missing, for a structure set or for segmentations of different grids; or `fractions`
            are wanted in a label map.
        OSError: A file does not exist, or has been deleted or changed since.

    Examples:
        >>> volume = rd.read_series("tests/data/brain-mr")
        >>> labels = rd.read_labels("tests/data/labels/structures.dcm", like=volume)
        >>> labels.shape, labels.dtype.name, labels.numbers
        ((40, 80, 80), 'uint8', [1, 2])
    """
    _check(combine, irregular, off_slices, fractions)
    workers = checked_workers(workers)
    findings = Findings()
    found = [_open(one) for one in _opened(sources, force, storage_options)]
    names = [one.name for one in found]
    found = _chosen(found, segments)
    grid = _grid(found, like, findings)
    values, findings_of_values = _values(found)
    if findings_of_values:
        findings.note("renumbered", findings_of_values, names)
    is_fractional = fractions or any(
        one.segmentation is not None and one.segmentation.kind == "FRACTIONAL" for one in found
    )
    interpolate = off_slices == "interpolate"
    array = _read(found, values, grid, combine, is_fractional, interpolate, findings, workers)
    if (tilt := grid.tilt_degrees) > _TILTED:
        findings.note(
            "tilt",
            f"slices lean {tilt:.2g} degrees from their normal, as those of the images do",
            angle_degrees=tilt,
        )
    if grid.is_slide:
        findings.note(
            "slide_coordinates",
            "the affine leads to the coordinates of a slide, not of a patient",
            names,
        )
    findings.check(irregular, names)
    labels = [label for one in found for label in one.labels]
    return Labels(
        array,
        grid.affine,
        names=[label.name for label in labels],
        numbers=values,
        colors=[label.color for label in labels],
        codes=[label.codes for label in labels],
        original_numbers=[label.number for label in labels],
        report=findings.report(names),
        series_uid=grid.series_uid,
        frame_of_reference_uid=grid.frame_of_reference_uid,
        off_affine=grid.off_affine if grid.image_axis == 0 else None,
    )


def _opened(sources: Any, force: bool, storage_options: Mapping[str, Any] | None) -> list[Opened]:
    return label_objects(sources, force=force, storage_options=storage_options)


def _check(combine: str, irregular: str, off_slices: str, fractions: bool) -> None:
    if combine not in ("labelmap", "channels"):
        raise ValueError(f"combine must be 'labelmap' or 'channels', not {combine!r}")
    if irregular not in ("raise", "keep"):
        raise ValueError(f"irregular must be 'raise' or 'keep', not {irregular!r}")
    if off_slices not in ("report", "interpolate"):
        raise ValueError(f"off_slices must be 'report' or 'interpolate', not {off_slices!r}")
    if fractions and combine == "labelmap":
        raise ValueError('a label map has no fractions: pass combine="channels"')


def _open(opened: Opened) -> _Source:
    with naming(opened.name):
        return _source(opened)


def _source(opened: Opened) -> _Source:
    if opened.kind == "SEG":
        segmentation = open_segmentation(opened.name, opened.dataset)
        labels = [
            _Label(
                str(segment.get("SegmentLabel") or ""),
                number,
                rgb_of_cielab(segment.get("RecommendedDisplayCIELabValue")),
                codes_of_segment(segment),
            )
            for number, segment in segmentation.segments.items()
        ]
        return _Source(opened.name, segmentation, labels)
    observations = observations_of(opened.dataset)
    labels = [
        _Label(
            one.name,
            one.number,
            one.color,
            codes_of_structure(observations.get(one.number)),
            one,
        )
        for one in structures_of(opened.dataset, opened.name)
    ]
    return _Source(opened.name, None, labels)


def _chosen(
    found: list[_Source], segments: int | str | Sequence[int | str] | None
) -> list[_Source]:
    """Return the label objects with the labels that are wanted, in the order they are wanted in."""
    if segments is None:
        return found
    is_one = isinstance(segments, (int, str, Integral))
    wanted: list[Any] = [segments] if is_one else list(cast("Sequence[int | str]", segments))
    every = [(source, label) for source in found for label in source.labels]
    chosen: list[tuple[_Source, _Label]] = []
    for index, one in enumerate(wanted):
        own = [
            (source, label)
            for source, label in every
            if (label.name == one if isinstance(one, str) else label.number == one)
        ]
        if not own:
            # Names are values of the file: not shown.
            raise ValueError(
                f"segments[{index}] is none of the {counted(len(every), 'label')} of the sources"
            )
        chosen += [pair for pair in own if pair not in chosen]
    parts: list[_Source] = []
    for source, label in chosen:
        if (
            not parts
            or parts[-1].name != source.name
            or (parts[-1].segmentation is not source.segmentation)
        ):
            parts.append(_Source(source.name, source.segmentation, []))
        parts[-1].labels.append(label)
    return parts


def _grid(found: list[_Source], like: Any, findings: Findings) -> LabelGrid:
    if like is not None:
        return LabelGrid.of(like)
    segmentations = [one.segmentation for one in found if one.segmentation is not None]
    if len(segmentations) < len(found):
        raise ValueError("contours have no grid of their own: pass like=, the volume of the images")
    return own_grid(segmentations, findings)


def _values(found: list[_Source]) -> tuple[list[int], str]:
    """Return the value of each label in a label map, and what to report about them."""
    numbers = [label.number for one in found for label in one.labels]
    if len(numbers) > _MOST_VALUE:
        raise ValueError(f"there are {len(numbers):,} labels: more than 16 bits count")
    reasons = [
        reason
        for reason, applies in (
            ("several labels have the same", len(set(numbers)) < len(numbers)),
            ("one is 0 or negative", any(number <= 0 for number in numbers)),
            (f"one is above {_MOST_VALUE}", any(number > _MOST_VALUE for number in numbers)),
        )
        if applies
    ]
    if not reasons:
        return numbers, ""
    return list(range(1, len(numbers) + 1)), (
        f"the numbers of the labels are not usable as they are, as {' and '.join(reasons)}: they "
        "are counted from 1, and original_numbers has those of the files"
    )


def _read(
    found: list[_Source],
    values: list[int],
    grid: LabelGrid,
    combine: Combine,
    is_fractional: bool,
    interpolate: bool,
    findings: Findings,
    workers: int | None,
) -> npt.NDArray[Any]:
    is_map = combine == "labelmap"
    if is_map:
        is_small = max(values, default=0) <= 0xFF
        dtype, voxels = ("uint8", "label map 8") if is_small else ("uint16", "label map 16")
    else:
        dtype, voxels = ("float32", "fractions") if is_fractional else ("uint8", "masks")
    shape = grid.shape if is_map else (len(values), *grid.shape)
    array = np.zeros(shape, dtype)
    overlap, first = 0, 0
    for source in found:
        last = first + len(source.labels)
        out = array if is_map else array[first:last]
        with naming(source.name):
            overlap += _put(
                source, values[first:last], grid, out, voxels, interpolate, findings, workers
            )
        first = last
    names = [one.name for one in found]
    if overlap:
        findings.note(
            "overlap",
            f"{counted(overlap, 'voxel')} belong to several labels, and have the last of them: "
            'combine="channels" has all',
            names,
            voxel_count=overlap,
        )
    return array


def _put(
    source: _Source,
    values: list[int],
    grid: LabelGrid,
    out: npt.NDArray[Any],
    voxels: str,
    interpolate: bool,
    findings: Findings,
    workers: int | None,
) -> int:
    """Put the labels of one object; return how many voxels of a label map several claim."""
    if source.segmentation is not None:
        numbers = [label.number for label in source.labels]
        return _segments(source.segmentation, numbers, values, grid, out, voxels, findings, workers)
    structures = [one.structure for one in source.labels if one.structure is not None]
    masks = place_structures(structures, grid, source.name, findings, interpolate=interpolate)
    return masks.draw(out, values, voxels, source.name, findings, workers)


def _segments(
    segmentation: Segmentation,
    numbers: list[int],
    values: list[int],
    grid: LabelGrid,
    out: npt.NDArray[Any],
    voxels: str,
    findings: Findings,
    workers: int | None,
) -> int:
    if segmentation.kind != "LABELMAP" or voxels.startswith("label map"):
        return place_segments(segmentation, numbers, values, grid, out, voxels, findings, workers)
    # A label map of its own, from which each label is taken.
    is_small = len(numbers) <= 0xFF
    own = np.zeros(grid.shape, np.uint8 if is_small else np.uint16)
    counts = list(range(1, len(numbers) + 1))
    own_voxels = "label map 8" if is_small else "label map 16"
    place_segments(segmentation, numbers, counts, grid, own, own_voxels, findings, workers)
    for channel, number in zip(out, counts, strict=True):
        np.equal(own, number, out=channel, casting="unsafe")
    return 0
