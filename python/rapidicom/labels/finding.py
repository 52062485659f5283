"""Which segmentations and structure sets were drawn on which series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rapidicom._common.items import items
from rapidicom._dataset.dataset import Dataset
from rapidicom.labels.opening import Opened, files_among, label_objects, naming
from rapidicom.labels.segmentations import open_segmentation
from rapidicom.labels.structures import structures_of
from rapidicom.tables.table import scan

__all__ = ["LabelObject", "find_labels"]


@dataclass(frozen=True, repr=False)
class LabelObject:
    """A segmentation or a structure set, and what it was drawn on.

    Attributes:
        name: Its path, or what else it is called; `read_labels` takes a path.
        kind: `SEG` or `RTSTRUCT`.
        sop_instance_uid: SOP Instance UID.
        series_uid: Its own Series Instance UID.
        study_uid: Study Instance UID.
        referenced_series_uids: Series Instance UIDs of the images that it was drawn on.
        frame_of_reference_uids: Whose millimetres its geometry is in.
    """

    __module__ = "rapidicom"

    name: str
    kind: str
    sop_instance_uid: str
    series_uid: str
    study_uid: str
    referenced_series_uids: tuple[str, ...]
    frame_of_reference_uids: tuple[str, ...]

    def __repr__(self) -> str:
        count = len(self.referenced_series_uids)
        return f"<LabelObject {self.kind} of {count} series: {self.name}>"


def find_labels(
    sources: Any,
    *,
    force: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> list[LabelObject]:
    """Find segmentations and structure sets, and which series each was drawn on.

    Args:
        sources: What `find_series` takes: files, folders, and objects in memory.
        force: As for `dcmread`.
        storage_options: As for `find_series`.

    Returns:
        One entry an object, in the order of the sources; empty if there is none. An object that
        names images but no series has the series that these images are of among the sources.

    Raises:
        InvalidDicomError: A file that is named is not DICOM.
        OSError: A path does not exist or cannot be read.

    Examples:
        >>> for found in rd.find_labels("tests/data/labels"):
        ...     print(found.kind, len(found.referenced_series_uids))
        SEG 1
        RTSTRUCT 1
    """
    series_of: dict[str, str] | None = None
    found = []
    for opened in _opened(sources, force, storage_options):
        with naming(opened.name):
            uids = _series(opened.dataset)
            if not uids:
                if series_of is None:
                    series_of = _series_of_instances(sources, force, storage_options)
                drawn_on = (series_of.get(uid, "") for uid in _instances(opened))
                uids = tuple(dict.fromkeys(uid for uid in drawn_on if uid))
            found.append(_label_object(opened, uids))
    return found


def _label_object(opened: Opened, uids: tuple[str, ...]) -> LabelObject:
    return LabelObject(
        opened.name,
        opened.kind,
        _text(opened.dataset, "SOPInstanceUID"),
        _text(opened.dataset, "SeriesInstanceUID"),
        _text(opened.dataset, "StudyInstanceUID"),
        uids,
        _frames_of_reference(opened.dataset),
    )


def _text(ds: Any, keyword: str) -> str:
    return str(ds.get(keyword) or "")


def _series(ds: Dataset) -> tuple[str, ...]:
    """Return the series that an object names (PS3.3 §C.12.2, §C.8.8.5)."""
    found = [_text(series, "SeriesInstanceUID") for series in items(ds, "ReferencedSeriesSequence")]
    for frame in items(ds, "ReferencedFrameOfReferenceSequence"):
        for study in items(frame, "RTReferencedStudySequence"):
            series = items(study, "RTReferencedSeriesSequence")
            found += [_text(one, "SeriesInstanceUID") for one in series]
    return tuple(dict.fromkeys(uid for uid in found if uid))


def _frames_of_reference(ds: Dataset) -> tuple[str, ...]:
    found = [_text(ds, "FrameOfReferenceUID")]
    found += [
        _text(frame, "FrameOfReferenceUID")
        for frame in items(ds, "ReferencedFrameOfReferenceSequence")
    ]
    found += [
        _text(roi, "ReferencedFrameOfReferenceUID") for roi in items(ds, "StructureSetROISequence")
    ]
    return tuple(dict.fromkeys(uid for uid in found if uid))


def _instances(opened: Opened) -> list[str]:
    """Return the images that an object was drawn on."""
    if opened.kind == "SEG":
        return open_segmentation(opened.name, opened.dataset).frames.uids
    every = (one.images for one in structures_of(opened.dataset, opened.name))
    return list(dict.fromkeys(uid for images in every for own in images for uid in own))


def _opened(sources: Any, force: bool, storage_options: Mapping[str, Any] | None) -> list[Opened]:
    return label_objects(sources, force=force, needed=False, storage_options=storage_options)


def _series_of_instances(
    sources: Any, force: bool, storage_options: Mapping[str, Any] | None
) -> dict[str, str]:
    """Return the series of each object in the files and folders among sources."""
    files: Any = files_among(sources, storage_options)
    if not files:
        return {}
    table = scan(files, columns=["SOPInstanceUID", "SeriesInstanceUID"], force=force)
    instances, series = table["SOPInstanceUID"], table["SeriesInstanceUID"]
    return {
        str(instance): str(uid)
        for instance, uid in zip(instances, series, strict=True)
        if instance and uid
    }
