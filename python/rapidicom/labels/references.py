"""Labels held against what they refer to: Frame of Reference, and the images they were drawn on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidicom.labels.findings import Findings, counted
from rapidicom.labels.grid import LabelGrid

__all__ = ["Drawn", "hold_against"]

# A plane that is farther than this from the image that it was drawn on, in slices, is another.
_ANOTHER_SLICE = 0.5
# The same of a frame as large as the image, in voxels of its plane.
_ANOTHER_PLACE = 0.5


@dataclass(frozen=True)
class Drawn:
    """Something in a plane, and the images that it says it was drawn on.

    Attributes:
        slice_index: Where it lies along the slices of the grid; NaN if it is in none of its planes.
        images: SOP Instance UIDs.
        beside: How far it lies beside these images in their plane, in voxels, where it covers as
            many rows and columns as they have; 0 where it does not.
    """

    slice_index: float
    images: Sequence[str]
    beside: float = 0.0


def hold_against(
    grid: LabelGrid,
    drawn: Iterable[Drawn],
    frame_of_reference_uids: Iterable[str],
    name: str,
    findings: Findings,
) -> None:
    """Report what contradicts the images of a grid.

    Args:
        grid: Where labels are put.
        drawn: What is put there.
        frame_of_reference_uids: Those of the label object.
        name: Its name.
        findings: Where to report.
    """
    images = grid.slices_of
    there: set[str] = set()
    missing: set[str] = set()
    elsewhere = beside = 0
    farthest = most_beside = 0.0
    for one in drawn:
        own = [image for image in one.images if image in images]
        there.update(own)
        missing.update(image for image in one.images if image not in images)
        places = [place for image in own for place in images[image]]
        # Of an image of many slices one of them is meant.
        if places and one.slice_index == one.slice_index:
            distance = min(abs(place - one.slice_index) for place in places)
            if distance > _ANOTHER_SLICE and _may_be_left_out(grid, one.slice_index):
                continue
            if distance > _ANOTHER_SLICE:
                elsewhere += 1
                farthest = max(farthest, distance)
            elif one.beside > _ANOTHER_PLACE:
                beside += 1
                most_beside = max(most_beside, one.beside)
    is_same_place = bool(there) and not elsewhere and not beside
    _check_frames_of_reference(
        set(frame_of_reference_uids), grid, name, findings, is_same_place=is_same_place
    )
    if beside:
        findings.error(
            "reference_mismatch",
            f"{counted(beside, 'plane')} of labels are as large as the images that they were drawn "
            f"on, and lie up to {most_beside:.3g} voxels beside them",
            [name],
            plane_count=beside,
            most_voxels=most_beside,
        )
    if elsewhere:
        findings.error(
            "reference_mismatch",
            f"{counted(elsewhere, 'plane')} of labels lie up to {farthest:.3g} slices away from "
            "the images that they were drawn on",
            [name],
            plane_count=elsewhere,
            most_slices=farthest,
        )
    if missing and images:
        all_or_some = "none" if not there else f"{len(there):,}"
        findings.note(
            "missing_reference",
            f"of {counted(len(missing | there), 'image')} that the labels were drawn on, "
            f"{all_or_some} are in the volume: the others may be another series, or missing",
            [name],
            missing_count=len(missing),
            reference_count=len(missing | there),
        )


def _may_be_left_out(grid: LabelGrid, slice_index: float) -> bool:
    """Return whether a slice may be one of an image of which the grid has others only."""
    count = grid.shape[grid.image_axis]
    return grid.has_multi_frame and not -0.5 <= slice_index <= count - 0.5


def _check_frames_of_reference(
    uids: set[str], grid: LabelGrid, name: str, findings: Findings, *, is_same_place: bool
) -> None:
    own = grid.frame_of_reference_uid
    if uids - {"", own} and own:
        add = findings.note if is_same_place else findings.error
        why = (
            "but the images that it was drawn on are there, where it lies"
            if is_same_place
            else "and nothing says how one lies in the other"
        )
        add(
            "frame_of_reference",
            f"the labels have another Frame of Reference than the images, {why}",
            [name],
        )
    elif uids and ("" in uids or not own):
        both = "the labels and the images" if "" in uids and not own else (
            "the labels" if "" in uids else "the images"
        )  # fmt: skip
        why = (
            "but the images that they were drawn on are there, where they lie"
            if is_same_place
            else "and are taken to be in one, as nothing says otherwise"
        )
        findings.note(
            "frame_of_reference", f"{both} do not name a Frame of Reference, {why}", [name]
        )
