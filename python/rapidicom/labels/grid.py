"""The grid that labels are put on, and how other planes lie on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["LabelGrid"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LabelGrid:
    """Slices, rows and columns of an array, and where they are.

    Attributes:
        shape: Slices, rows and columns.
        affine: Shape (4, 4): takes (slice, row, column, 1) to patient millimetres, LPS.
        frame_of_reference_uid: Whose millimetres these are; empty if that is not known.
        slices_of: The slices of each image, by SOP Instance UID; empty if that is not known.
        series_uid: The series that it is that of; empty if that is not known.
        is_slide: Whether it is the total pixel matrix of a slide, in millimetres of the slide.
        is_irregular: Whether the report of the images has errors, so that the affine is not true.
    """

    shape: tuple[int, int, int]
    affine: FloatArray
    frame_of_reference_uid: str
    slices_of: dict[str, list[int]]
    series_uid: str = ""
    is_irregular: bool = False
    is_slide: bool = False

    @classmethod
    def of(cls, like: Any) -> LabelGrid:
        """Return the grid of a volume, or of a series.

        Args:
            like: A `Volume`, or what has its `shape`, `axes` and `affine`.

        Raises:
            TypeError: It has not.
        """
        try:
            shape, axes, affine = like.shape, like.axes, np.array(like.affine, dtype=np.float64)
        except AttributeError:
            raise TypeError(
                f"like must be a volume, not {type(like).__name__}: it says where labels belong"
            ) from None
        first = axes.index("slice")
        slices, rows, columns = shape[first : first + 3]
        uids = list(getattr(like, "instance_uids", ()))
        slots = getattr(getattr(like, "report", None), "slices", None)
        places = [k for k, slot in enumerate(slots) if slot is not None] if slots else []
        if len(places) != len(uids):
            places = list(range(len(uids)))
        found: dict[str, list[int]] = {}
        for place, uid in zip(places, uids, strict=True):
            own = found.setdefault(uid, [])
            if not own or own[-1] != place % slices:
                own.append(place % slices)
        return cls(
            (slices, rows, columns),
            affine,
            str(getattr(like, "frame_of_reference_uid", "")),
            found,
            str(getattr(like, "series_uid", "")),
            bool(getattr(getattr(like, "report", None), "errors", ())),
        )

    @property
    def to_index(self) -> FloatArray:
        """Shape (3, 4): takes (x, y, z, 1) in millimetres to (slice, row, column)."""
        return np.asarray(np.linalg.inv(self.affine)[:3], dtype=np.float64)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """(slice, row, column) in mm: how far apart neighbours are along each axis."""
        slices, rows, columns = np.linalg.norm(self.affine[:3, :3], axis=0).tolist()
        return slices, rows, columns

    @property
    def tilt_degrees(self) -> float:
        """How far the slices lean from the normal of their planes."""
        step = self.affine[:3, 0]
        normal = np.cross(self.affine[:3, 2], self.affine[:3, 1])
        lengths = float(np.linalg.norm(step) * np.linalg.norm(normal))
        cosine = min(abs(float(step @ normal)) / lengths, 1.0)
        return math.degrees(math.acos(cosine))
