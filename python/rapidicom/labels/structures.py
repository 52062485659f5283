"""Structure sets (PS3.3 §C.8.8.5, §C.8.8.6, §C.8.8.8): regions of interest and their contours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rapidicom import _core
from rapidicom._common.arrays import as_bytes, empty_aligned
from rapidicom._common.errors import InvalidDicomError
from rapidicom._common.items import items
from rapidicom._common.numbers import as_integer, integer
from rapidicom.labels.opening import label_objects, naming

__all__ = ["Structure", "observations_of", "read_structures", "structures_of"]

Points = npt.NDArray[np.float64]


class Structure:
    """One region of interest of a structure set; its contours are read when they are wanted.

    Attributes:
        name: ROI Name; empty if it is absent.
        number: ROI Number.
        color: ROI Display Color: red, green and blue, each 0 to 255; `None` if it is absent.
        interpreted_type: RT ROI Interpreted Type, such as `ORGAN`; empty if it is absent.
        frame_of_reference_uid: Referenced Frame of Reference UID, or that of the structure set;
            empty if both are absent.

    Examples:
        >>> for structure in rd.read_structures("tests/data/labels/structures.dcm"):
        ...     print(structure.number, structure.color, len(structure.contours))
        1 (255, 0, 0) 3
        2 (0, 255, 0) 2
    """

    __module__ = "rapidicom"

    def __init__(
        self,
        number: int,
        name: str,
        *,
        color: tuple[int, int, int] | None = None,
        interpreted_type: str = "",
        frame_of_reference_uid: str = "",
        rois: Sequence[Any] = (),
        is_unnamed: bool = False,
        source: str = "",
    ) -> None:
        """Make a structure.

        Args:
            number: ROI Number.
            name: ROI Name.
            color: ROI Display Color.
            interpreted_type: RT ROI Interpreted Type.
            frame_of_reference_uid: Referenced Frame of Reference UID.
            rois: Its items of ROI Contour Sequence.
            is_unnamed: Whether Structure Set ROI Sequence does not have it.
            source: What errors call its structure set.
        """
        self._source = source
        self.is_unnamed = is_unnamed
        self.number = number
        self.name = name
        self.color = color
        self.interpreted_type = interpreted_type
        self.frame_of_reference_uid = frame_of_reference_uid
        self._rois = list(rois)

    @property
    def contours(self) -> list[Points]:
        """The points of each contour: shape (points, 3), in patient millimetres, LPS.

        Raises:
            InvalidDicomError: A contour has coordinates that are no points, or no finite numbers.
            OSError: The file has been deleted or changed since.
        """
        ends = np.cumsum(self.point_counts)
        return np.split(self.points, ends[:-1]) if len(ends) else []

    @cached_property
    def points(self) -> Points:
        """The points of all contours, one after the other: shape (points, 3)."""
        with naming(self._source):
            parts = [part.points() for part in self._parts]
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty((0, 3)), *parts])

    @property
    def point_counts(self) -> list[int]:
        """How many points each contour has."""
        return [count for part in self._parts for count in part.point_counts]

    @property
    def geometric_types(self) -> list[str]:
        """Contour Geometric Type of each contour: `CLOSED_PLANAR`, `POINT`, `OPEN_PLANAR`, ..."""
        return [kind for part in self._parts for kind in part.geometric_types]

    @property
    def is_exclusive(self) -> bool:
        """Whether its contours are combined by exclusive or, as their type says."""
        kinds = set(self.geometric_types)
        return kinds == {"CLOSEDPLANAR_XOR"}

    @property
    def images(self) -> list[list[str]]:
        """Referenced SOP Instance UIDs of each contour: the images that it was drawn on."""
        return [uids for part in self._parts for uids in part.images]

    @property
    def parts(self) -> list[int]:
        """Which of its items of ROI Contour Sequence each contour is in, from 0."""
        return [index for index, part in enumerate(self._parts) for _ in part.point_counts]

    @property
    def said_point_counts(self) -> list[int | None]:
        """Number of Contour Points of each contour, which may contradict its points."""
        return [count for part in self._parts for count in part.said_point_counts]

    @cached_property
    def _parts(self) -> list[_Contours]:
        with naming(self._source):
            return [_contours(roi) for roi in self._rois]

    def __repr__(self) -> str:
        # A name can identify a patient.
        return f"<Structure {self.number}>"


class _Contours:
    """The contours of one item of ROI Contour Sequence."""

    def __init__(self, found: _core.Contours) -> None:
        self._found = found
        self.point_counts = found.point_counts
        self.geometric_types = found.geometric_types
        self.images = found.images
        self.said_point_counts = found.said_point_counts

    def points(self) -> Points:
        points = empty_aligned((sum(self.point_counts), 3), np.float64)
        self._found.read_into(as_bytes(points), None)
        return points


class _ChangedContours(_Contours):
    """The same of an item whose contours were looked at, and may have been changed, in memory."""

    def __init__(self, roi: Any) -> None:
        contours = items(roi, "ContourSequence")
        self._points = [_points(contour) for contour in contours]
        self.point_counts = [len(points) for points in self._points]
        self.geometric_types = [str(one.get("ContourGeometricType") or "") for one in contours]
        self.images = [
            [
                str(image.get("ReferencedSOPInstanceUID"))
                for image in items(contour, "ContourImageSequence")
                if image.get("ReferencedSOPInstanceUID")
            ]
            for contour in contours
        ]
        self.said_point_counts = [as_integer(one.get("NumberOfContourPoints")) for one in contours]

    def points(self) -> Points:
        return np.concatenate([np.empty((0, 3)), *self._points])


def read_structures(
    source: Any, *, force: bool = False, storage_options: Mapping[str, Any] | None = None
) -> list[Structure]:
    """Read the regions of interest of a structure set (RTSTRUCT).

    Args:
        source: The structure set: a path, bytes, a binary file object, or a data set; or a folder
            or several sources with one structure set among them.
        force: As for `dcmread`.
        storage_options: As for `find_series`.

    Returns:
        Its structures in the order of Structure Set ROI Sequence. Contours are read, from the bytes
        of the file, when they are asked for.

    Raises:
        InvalidDicomError: The source is no structure set, two structures have the same ROI Number,
            or a ROI Number is no whole number.
        ValueError: There are several structure sets.
        OSError: The path does not exist or cannot be read.

    Examples:
        >>> structures = rd.read_structures("tests/data/labels/structures.dcm")
        >>> structures[0].interpreted_type, structures[0].contours[0].shape
        ('ORGAN', (4, 3))
    """
    every = label_objects(source, force=force, storage_options=storage_options)
    found = [one for one in every if one.kind == "RTSTRUCT"]
    if not found:
        raise InvalidDicomError("the source is a segmentation, and no structure set")
    if len(found) > 1:
        raise ValueError(f"there are {len(found)} structure sets: pass one of them")
    with naming(found[0].name):
        return structures_of(found[0].dataset, found[0].name)


def structures_of(dataset: Any, source: str = "") -> list[Structure]:
    """Return the structures of a data set, as `read_structures` does.

    Args:
        dataset: The structure set.
        source: What errors call it.
    """
    rois: dict[int, list[Any]] = {}
    for roi in items(dataset, "ROIContourSequence"):
        rois.setdefault(_number(roi, "ReferencedROINumber"), []).append(roi)
    observations = observations_of(dataset)
    named = {}
    for one in items(dataset, "StructureSetROISequence"):
        number = _number(one, "ROINumber")
        if number in named:
            raise InvalidDicomError(f"two structures have the same ROINumber, {number}")
        named[number] = one
    common = _common_frame_of_reference(dataset)
    structures = []
    for number in dict.fromkeys([*named, *rois]):
        own = rois.get(number, [])
        one = named.get(number)
        uid = "" if one is None else str(one.get("ReferencedFrameOfReferenceUID") or "")
        structures.append(
            Structure(
                number,
                "" if one is None else str(one.get("ROIName") or ""),
                color=next(filter(None, map(_color, own)), None),
                interpreted_type=_type(observations.get(number)),
                frame_of_reference_uid=uid or common,
                rois=own,
                is_unnamed=one is None,
                source=source,
            )
        )
    return structures


def _common_frame_of_reference(dataset: Any) -> str:
    """Return the Frame of Reference of structures that name none; empty if there are several."""
    found = {
        str(one.get("FrameOfReferenceUID") or "")
        for one in items(dataset, "ReferencedFrameOfReferenceSequence")
    } or {str(dataset.get("FrameOfReferenceUID") or "")}
    return found.pop() if len(found) == 1 else ""


def observations_of(dataset: Any) -> dict[int, Any]:
    """Return the items of RT ROI Observations Sequence by ROI Number."""
    return {
        _number(one, "ReferencedROINumber"): one
        for one in items(dataset, "RTROIObservationsSequence")
    }


def _type(observation: Any) -> str:
    return "" if observation is None else str(observation.get("RTROIInterpretedType") or "")


def _number(item: Any, keyword: str) -> int:
    return integer(item, keyword, -(2**31), 2**31 - 1)


def _color(roi: Any) -> tuple[int, int, int] | None:
    value = roi.get("ROIDisplayColor")
    try:
        red, green, blue = (as_integer(part) for part in value)
    except (TypeError, ValueError):
        return None
    if red is None or green is None or blue is None:
        return None
    is_color = all(0 <= part <= 255 for part in (red, green, blue))
    return (red, green, blue) if is_color else None


def _contours(roi: Any) -> _Contours:
    found = _core.read_contours(roi)
    return _ChangedContours(roi) if found is None else _Contours(found)


def _points(contour: Any) -> Points:
    value = contour.get("ContourData")
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace").strip(" \0").split("\\") if value else []
    elif value is None or isinstance(value, (str, int, float)):
        value = [] if value is None or value == "" else [value]
    tag = _core.keyword_tag("ContourData")
    try:
        numbers = np.array([float(number) for number in value], dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidDicomError(
            "ContourData: a coordinate of a contour is no number", tag=tag
        ) from None
    if numbers.size % 3:
        raise InvalidDicomError(
            f"ContourData: the contour has {numbers.size} coordinates, "
            "which are no points of three",
            tag=tag,
        )
    if not np.isfinite(numbers).all():
        raise InvalidDicomError(
            "ContourData: a coordinate of a contour is no finite number", tag=tag
        )
    return numbers.reshape(-1, 3)
