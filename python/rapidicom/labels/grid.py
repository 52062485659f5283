"""The grid that labels are put on, and how other planes lie on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rapidicom.labels.findings import Findings
from rapidicom.volumes.geometry import image_axis, inverse, off_affine

__all__ = ["LabelGrid"]

FloatArray = npt.NDArray[np.float64]

# How far slices may lie from where the affine has them, in voxels: positions are rounded.
_ON_AFFINE = 0.1
# Errors of a report after which an affine may lead elsewhere.
_OF_PLACES = frozenset(
    ("gap", "uneven_spacing", "off_axis", "missing_position", "missing_orientation")
)


@dataclass(frozen=True)
class LabelGrid:
    """Slices, rows and columns of an array, and where they are.

    Attributes:
        shape: Slices, rows and columns.
        affine: Shape (4, 4): takes (slice, row, column, 1) to patient millimetres, LPS.
        frame_of_reference_uid: Whose millimetres these are; empty if that is not known.
        slices_of: The slices of each image, by SOP Instance UID; empty if that is not known.
        image_axis: The axis that counts images: 0, unless the volume was turned.
        series_uid: The series that it is that of; empty if that is not known.
        off_affine: Shape (images, 3): how far the first voxel of each image is from where the
            affine has it, in steps of the affine; NaN where no position is known, and `None` if
            that is known of none.
        is_slide: Whether it is the total pixel matrix of a slide, in millimetres of the slide.
        is_whole: Whether it has all rows and columns of its images.
        has_multi_frame: Whether images may have more slices than those that the grid has.
        errors: The kinds of errors that the report of the images has.
    """

    shape: tuple[int, int, int]
    affine: FloatArray
    frame_of_reference_uid: str
    slices_of: dict[str, list[int]]
    series_uid: str = ""
    image_axis: int = 0
    off_affine: FloatArray | None = None
    is_slide: bool = False
    is_whole: bool = False
    has_multi_frame: bool = False
    errors: frozenset[str] = frozenset()

    @classmethod
    def of(cls, like: Any) -> LabelGrid:
        """Return the grid of a volume, or of a series.

        Args:
            like: A `Volume`, or what has its `shape`, `axes` and `affine`.

        Raises:
            TypeError: It has not.
            ValueError: Its affine is none.
        """
        try:
            shape, axes, affine = like.shape, like.axes, np.array(like.affine, dtype=np.float64)
            first = axes.index("slice")
        except (AttributeError, ValueError):
            raise TypeError(
                f"like must be a volume, not {type(like).__name__}: it says where labels belong"
            ) from None
        inverse(affine, "like")
        slices, rows, columns = shape[first : first + 3]
        axis = image_axis(like)
        count = shape[first + axis]
        is_known = not getattr(like, "_is_resampled", False)
        found: dict[str, list[int]] = {}
        # The images of a volume that was resampled are no longer those of its slices.
        for place, uid in _images(like) if is_known else ():
            own = found.setdefault(uid, [])
            if place % count not in own[-1:]:
                own.append(place % count)
        return cls(
            (slices, rows, columns),
            affine,
            str(getattr(like, "frame_of_reference_uid", "")),
            found,
            str(getattr(like, "series_uid", "") or getattr(like, "uid", "")),
            axis,
            off_affine(like),
            is_whole=is_known and _is_whole(like),
            has_multi_frame=any(getattr(getattr(like, "_series", like), "frames", ())),
            errors=frozenset(issue.kind for issue in getattr(like.report, "errors", ()))
            if hasattr(like, "report")
            else frozenset(),
        )

    @cached_property
    def to_index(self) -> FloatArray:
        """Shape (3, 4): takes (x, y, z, 1) in millimetres to (slice, row, column)."""
        return inverse(self.affine, "the segmentation")[:3]

    @property
    def spacing(self) -> tuple[float, float, float]:
        """(slice, row, column) in mm: how far apart neighbours are along each axis."""
        slices, rows, columns = np.linalg.norm(self.affine[:3, :3], axis=0).tolist()
        return slices, rows, columns

    @cached_property
    def plane_distances(self) -> list[float]:
        """How far apart planes are along each axis, in mm.

        Less than the spacing along an axis that is not perpendicular to the others.
        """
        distances: list[float] = (1 / np.linalg.norm(self.to_index[:, :3], axis=1)).tolist()
        return distances

    @cached_property
    def slice_heights(self) -> FloatArray:
        """Where each slice lies, counted in steps of the affine."""
        heights = np.arange(self.shape[0], dtype=np.float64)
        if self.is_even or self.off_affine is None or self.image_axis:
            return heights
        return np.asarray(heights + np.nan_to_num(self.off_affine[:, 0]), dtype=np.float64)

    @cached_property
    def is_even(self) -> bool:
        """Whether images lie where the affine has them along their axis, as far as is known."""
        off = self.off_affine
        return off is None or not bool((np.abs(off[:, self.image_axis]) > _ON_AFFINE).any())

    def to_slices(self, heights: FloatArray) -> FloatArray:
        """Return which slices heights are at, with parts for those between; NaN stays."""
        if self.is_even or self.image_axis:
            return heights
        order = np.argsort(self.slice_heights, kind="stable")
        rising = self.slice_heights[order]
        found = np.interp(heights, rising, order.astype(np.float64))
        # Before the first and after the last, as far as they are.
        signs = np.where(order[0] <= order[-1], 1.0, -1.0)
        found = np.where(heights < rising[0], order[0] + signs * (heights - rising[0]), found)
        found = np.where(heights > rising[-1], order[-1] + signs * (heights - rising[-1]), found)
        return np.asarray(found, dtype=np.float64)

    def report(self, axis: int, name: str, findings: Findings) -> None:
        """Report where the slices do not lie where the affine has them.

        Args:
            axis: The axis whose planes the labels lie in.
            name: The label object.
            findings: Where to report.
        """
        off = self.off_affine
        if off is None and self.errors & _OF_PLACES:
            findings.error(
                "irregular_images",
                "the report of the images has errors about where they lie, and nothing says where "
                "they do",
                [name],
            )
        elif self.errors:
            findings.note(
                "irregular_images",
                "the report of the images has errors, of which labels know no more than where "
                "their slices lie",
                [name],
            )
        if off is None:
            return
        if unknown := int(np.isnan(off).any(axis=1).sum()):
            findings.error(
                "unknown_place",
                f"nothing says where {unknown:,} of the {len(off):,} slices of the images lie",
                [name],
                slice_count=unknown,
            )
        in_plane = np.delete(off, self.image_axis, axis=1)
        beside = float(np.nan_to_num(np.abs(in_plane)).max(initial=0.0))
        if beside > _ON_AFFINE:
            findings.error(
                "beside_affine",
                f"slices of the images lie up to {beside:.3g} voxels beside the affine, and labels "
                "do not follow them",
                [name],
                most_voxels=beside,
            )
        if self.is_even:
            return
        most = float(np.nanmax(np.abs(off[:, self.image_axis])))
        is_across = axis != 0 or self.image_axis != 0
        if is_across or len(np.unique(self.slice_heights)) < len(off):
            findings.error(
                "uneven_slices",
                f"slices of the images lie up to {most:.3g} steps from where the affine has them, "
                "and the planes of the labels lie across them",
                [name],
                most_slices=most,
            )
        else:
            findings.note(
                "uneven_slices",
                f"slices of the images lie up to {most:.3g} steps from where the affine has them: "
                "labels are put on the slices where they lie",
                [name],
                most_slices=most,
            )

    @property
    def tilt_degrees(self) -> float:
        """How far the slices lean from the normal of their planes."""
        step = self.affine[:3, 0]
        normal = np.cross(self.affine[:3, 2], self.affine[:3, 1])
        lengths = float(np.linalg.norm(step) * np.linalg.norm(normal))
        if not lengths > 0:
            return 0.0
        cosine = min(abs(float(step @ normal)) / lengths, 1.0)
        return math.degrees(math.acos(cosine))


def _images(like: Any) -> list[tuple[int, str]]:
    """Return the place of each image in the array, and its SOP Instance UID."""
    uids = list(getattr(like, "instance_uids", ()))
    slots = getattr(getattr(like, "report", None), "slices", None)
    places = [k for k, slot in enumerate(slots) if slot is not None] if slots else []
    if len(places) != len(uids):
        places = list(range(len(uids)))
    return list(zip(places, uids, strict=True))


def _is_whole(like: Any) -> bool:
    """Return whether a volume has all rows and columns of its images; a series has."""
    part, series = getattr(like, "_part", None), getattr(like, "_series", like)
    if part is None:
        return hasattr(like, "instance_uids")
    first = series.axes.index("slice")
    return tuple(part.shape[1:]) == tuple(series.shape[first + 1 : first + 3])
