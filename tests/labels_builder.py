"""Images, structure sets and segmentations of them for tests, as pydicom writes them.

Geometry follows PS3.3 §C.7.6.2.1.1 and is computed here, apart from the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import tag_for_keyword

from series_builder import PLANES
from volume_builder import CT, LABEL_MAP, SEGMENTATION, image_of, item

STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
FRAME_OF_REFERENCE = "1.2.826.0.1.3680043.8.498.77"
SERIES = "1.2.826.0.1.3680043.8.498.78"

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Images:
    """Where the images of a series lie.

    Attributes:
        shape: Slices, rows and columns.
        plane: A key of `PLANES`.
        spacing: Between slices, rows and columns, in mm.
        origin: The first pixel of the first slice.
        lean: How far each slice is moved along its rows against the one before, in mm.
    """

    shape: tuple[int, int, int] = (6, 20, 30)
    plane: str = "axial"
    spacing: tuple[float, float, float] = (3.0, 0.7, 1.1)
    origin: tuple[float, float, float] = (-12.5, 30.25, -100.0)
    lean: float = 0.0
    uids: tuple[str, ...] = field(default=())

    @property
    def affine(self) -> FloatArray:
        """Takes (slice, row, column, 1) to millimetres, slices along the normal."""
        cosines = np.array(PLANES[self.plane])
        right, down = cosines[:3], cosines[3:]
        affine = np.eye(4)
        affine[:3, 0] = np.cross(right, down) * self.spacing[0] + right * self.lean
        affine[:3, 1] = down * self.spacing[1]
        affine[:3, 2] = right * self.spacing[2]
        affine[:3, 3] = self.origin
        return affine

    def uid(self, slice_index: int) -> str:
        """Return the SOP Instance UID of a slice."""
        return f"1.2.826.0.1.3680043.8.498.1.{slice_index + 1}"

    def position(self, slice_index: float) -> FloatArray:
        """Return Image Position (Patient) of a slice."""
        position: FloatArray = (self.affine @ [slice_index, 0, 0, 1])[:3]
        return position

    def millimetres(self, places: FloatArray) -> FloatArray:
        """Return where (slice, row, column) are in the patient; shape (points, 3)."""
        return places @ self.affine[:3, :3].T + self.affine[:3, 3]

    def centres(self) -> FloatArray:
        """Return where the centre of each voxel is; shape (slices, rows, columns, 3)."""
        return self.millimetres(np.moveaxis(np.indices(self.shape), 0, -1).astype(float))

    def save(self, folder: Path, *, reverse: bool = False, **fields: Any) -> Path:
        """Write the images; with `reverse`, Instance Numbers fall along the normal."""
        folder.mkdir(parents=True, exist_ok=True)
        slices, rows, columns = self.shape
        for index in range(slices):
            ds = image_of(np.full((rows, columns), index, np.uint16), CT, "CT")
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = self.uid(index)
            ds.SeriesInstanceUID, ds.FrameOfReferenceUID = SERIES, FRAME_OF_REFERENCE
            ds.StudyInstanceUID = "1.2.826.0.1.3680043.8.498.79"
            ds.InstanceNumber = slices - index if reverse else index + 1
            ds.ImagePositionPatient = [f"{one:.6f}" for one in self.position(index)]
            ds.ImageOrientationPatient = [f"{one:.9f}" for one in PLANES[self.plane]]
            ds.PixelSpacing = list(self.spacing[1:])
            ds.SliceThickness = self.spacing[0]
            for keyword, value in fields.items():
                setattr(ds, keyword, value)
            ds.save_as(folder / f"{index:03}.dcm", enforce_file_format=True)
        return folder


@dataclass(frozen=True)
class Contour:
    """A contour: points in mm, and the SOP Instance UID of the image that it was drawn on."""

    points: Any
    kind: str = "CLOSED_PLANAR"
    image: str | None = None
    count: int | None = None


def structure_set(
    structures: dict[str, Sequence[Contour]],
    *,
    numbers: Sequence[int] | None = None,
    frame_of_reference: str = FRAME_OF_REFERENCE,
) -> Any:
    """Return a structure set of structures by name, numbered from 1 or by `numbers`."""
    ds = image_of(np.zeros((2, 2), np.uint8), STRUCTURE_SET, "RTSTRUCT")
    for tag in [element.tag for element in ds if element.tag.group in (0x0028, 0x7FE0)]:
        del ds[tag]
    numbers = list(numbers or range(1, len(structures) + 1))
    ds.StructureSetROISequence = [
        item(ROINumber=number, ROIName=name, ReferencedFrameOfReferenceUID=frame_of_reference)
        for number, name in zip(numbers, structures, strict=True)
    ]
    ds.ROIContourSequence = [
        item(
            ReferencedROINumber=number,
            ROIDisplayColor=[255 - 10 * number, 10 * number, 7],
            ContourSequence=[_contour(contour) for contour in contours],
        )
        for number, contours in zip(numbers, structures.values(), strict=True)
    ]
    ds.RTROIObservationsSequence = [
        item(ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType="ORGAN")
        for number in numbers
    ]
    return ds


def _contour(contour: Contour) -> Any:
    numbers = np.asarray(contour.points, dtype=float).ravel()
    ds = item(
        ContourGeometricType=contour.kind,
        NumberOfContourPoints=len(numbers) // 3 if contour.count is None else contour.count,
        ContourData=[f"{number:.5f}"[:16] for number in numbers.tolist()],
    )
    if contour.image is not None:
        image = item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=contour.image)
        ds.ContourImageSequence = [image]
    return ds


def outlines(
    images: Images, outline: Callable[[int], Sequence[Sequence[float]] | None]
) -> list[Contour]:
    """Return a contour a slice: `outline` gives (row, column) of its points, or `None`."""
    found = []
    for index in range(images.shape[0]):
        points = outline(index)
        if points is not None:
            places = np.array([[index, *point] for point in points], dtype=float)
            found.append(Contour(images.millimetres(places), image=images.uid(index)))
    return found


def _bits(frames: list[NDArray[Any]]) -> bytes:
    """Return frames as bits, the first in the lowest one; 8 frames fill whole bytes."""
    return np.packbits(np.stack(frames).astype(bool), axis=None, bitorder="little").tobytes()


def segmentation(
    images: Images,
    masks: NDArray[Any],
    *,
    kind: str = "BINARY",
    numbers: Sequence[int] | None = None,
    keep_empty: bool = False,
    order: Callable[[list[tuple[int, int]]], list[tuple[int, int]]] | None = None,
    slices: Sequence[int] | None = None,
    **fields: Any,
) -> Any:
    """Return a segmentation of masks, shape (segment, slice, row, column), on a grid.

    Args:
        images: The grid of the masks, and the images that they were drawn on.
        masks: Of a label map, shape (1, slice, row, column) with numbers.
        kind: Segmentation Type.
        numbers: Segment Numbers; from 1 on by default.
        keep_empty: Whether frames without a segment are written.
        order: Puts (segment index, slice) of the frames into another order.
        slices: Which image each slice was drawn on; by default its own.
        fields: Attributes to set at the end.
    """
    count = int(masks.max()) if kind == "LABELMAP" else len(masks)
    numbers = list(numbers or range(1, count + 1))
    frames = [
        (segment, index)
        for segment in range(len(masks))
        for index in range(masks.shape[1])
        if keep_empty or masks[segment, index].any()
    ]
    frames = order(frames) if order is not None else frames
    # Bits are packed a few frames at a time: 30,000 frames of bytes are 8 GB.
    shown = frames[:1] if kind == "BINARY" else frames
    pixels = np.stack([masks[segment, index] for segment, index in shown])
    sop = LABEL_MAP if kind == "LABELMAP" else SEGMENTATION
    dtype = np.uint16 if kind == "LABELMAP" and masks.max() > 255 else np.uint8
    ds = image_of(pixels.astype(dtype), sop, "SEG", SegmentationType=kind)
    ds.NumberOfFrames = len(frames)
    ds.FrameOfReferenceUID = FRAME_OF_REFERENCE
    if kind == "BINARY":
        parts = (frames[first : first + 8] for first in range(0, len(frames), 8))
        packed = b"".join(_bits([masks[place] for place in part]) for part in parts)
        ds.PixelData = packed + bytes(len(packed) % 2)
        ds.BitsAllocated = ds.BitsStored = 1
        ds.HighBit = 0
    if kind == "FRACTIONAL":
        ds.SegmentationFractionalType, ds.MaximumFractionalValue = "OCCUPANCY", 200
    code = item(CodeValue="123037004", CodingSchemeDesignator="SCT", CodeMeaning="Structure")
    ds.SegmentSequence = [
        item(
            SegmentNumber=number,
            SegmentLabel=f"part {number}",
            SegmentAlgorithmType="MANUAL",
            SegmentedPropertyCategoryCodeSequence=[code],
            SegmentedPropertyTypeCodeSequence=[code],
        )
        for number in numbers
    ]
    measures = item(
        PixelSpacing=list(images.spacing[1:]),
        SliceThickness=images.spacing[0],
        SpacingBetweenSlices=images.spacing[0],
    )
    orientation = item(ImageOrientationPatient=[f"{one:.9f}" for one in PLANES[images.plane]])
    ds.SharedFunctionalGroupsSequence = [
        item(PixelMeasuresSequence=[measures], PlaneOrientationSequence=[orientation])
    ]
    ds.PerFrameFunctionalGroupsSequence = [
        _groups(images, numbers, kind, segment, index, index if slices is None else slices[index])
        for segment, index in frames
    ]
    # Other readers take the segment of a frame from these (PS3.3 §C.7.6.17).
    uid = "1.2.826.0.1.3680043.8.498.80"
    ds.DimensionOrganizationSequence = [item(DimensionOrganizationUID=uid)]
    pointers = [("PlanePositionSequence", "ImagePositionPatient")]
    if kind != "LABELMAP":
        pointers.insert(0, ("SegmentIdentificationSequence", "ReferencedSegmentNumber"))
    ds.DimensionIndexSequence = [
        item(
            DimensionOrganizationUID=uid,
            FunctionalGroupPointer=tag_for_keyword(group),
            DimensionIndexPointer=tag_for_keyword(keyword),
        )
        for group, keyword in pointers
    ]
    for keyword, value in fields.items():
        setattr(ds, keyword, value)
    return ds


def _groups(
    images: Images, numbers: Sequence[int], kind: str, segment: int, index: int, drawn_on: int
) -> Any:
    position = [f"{one:.6f}" for one in images.position(index)]
    image = item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=images.uid(drawn_on))
    groups = item(
        PlanePositionSequence=[item(ImagePositionPatient=position)],
        DerivationImageSequence=[item(SourceImageSequence=[image])],
    )
    values = [index + 1] if kind == "LABELMAP" else [segment + 1, index + 1]
    groups.FrameContentSequence = [item(DimensionIndexValues=values)]
    if kind != "LABELMAP":
        groups.SegmentIdentificationSequence = [item(ReferencedSegmentNumber=numbers[segment])]
    return groups


def save(ds: Any, path: Path) -> Path:
    """Write a data set to a file."""
    ds.save_as(path, enforce_file_format=True)
    return path
