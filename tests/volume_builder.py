"""Images and multi-frame objects for tests, as pydicom writes them.

Every frame has one value but for its first two pixels, so that flips and transpositions show.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import FileMetaDataset
from pydicom.uid import generate_uid

CT, MR, SECONDARY_CAPTURE, XA, RF, NM, RT_DOSE = (
    f"1.2.840.10008.5.1.4.1.1.{number}" for number in ("2", "4", "7", "12.1", "12.2", "20", "481.2")
)
ENHANCED_MR, SEGMENTATION, LABEL_MAP = (
    f"1.2.840.10008.5.1.4.1.1.{number}" for number in ("4.1", "66.4", "66.7")
)
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def item(**fields: Any) -> Any:
    """Return a data set with these attributes."""
    ds = pydicom.Dataset()
    for keyword, value in fields.items():
        setattr(ds, keyword, value)
    return ds


def plane(value: int, dtype: Any = np.uint16) -> NDArray[Any]:
    """Return the pixels of a frame."""
    pixels = np.full((8, 6), value, dtype)
    pixels[0, 0], pixels[0, 1] = value + 1, value + 2
    return pixels


def image_of(
    pixels: NDArray[Any], sop: str = MR, modality: str = "MR", number: int = 1, **fields: Any
) -> Any:
    """Return an image of one sample a pixel, or of three in a last axis of three."""
    ds = item(SOPClassUID=sop, SOPInstanceUID=generate_uid(), Modality=modality, PatientID="1")
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = sop
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3.100", "1.2.3.300"
    ds.FrameOfReferenceUID, ds.SeriesNumber, ds.InstanceNumber = "1.2.3.200", 1, number
    samples = 3 if pixels.shape[-1] == 3 else 1
    frames = pixels if samples == 1 else pixels[..., 0]
    ds.Rows, ds.Columns = frames.shape[-2:]
    if frames.ndim == 3:
        ds.NumberOfFrames = len(frames)
    ds.SamplesPerPixel = samples
    ds.PhotometricInterpretation = "MONOCHROME2" if samples == 1 else "RGB"
    if samples == 3:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = ds.BitsStored = pixels.dtype.itemsize * 8
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(pixels.dtype.kind == "i")
    ds.PixelData = pixels.tobytes()
    ds["PixelData"].VR = "OW"
    for keyword, value in fields.items():
        setattr(ds, keyword, value)
    return ds


def slice_at(
    value: int, position: Sequence[float], orientation: Sequence[float] = AXIAL, **fields: Any
) -> Any:
    """Return a slice with a place; further attributes as `fields`."""
    place = {
        "ImagePositionPatient": [float(x) for x in position],
        "ImageOrientationPatient": list(orientation),
        "PixelSpacing": [2, 3],
        "SliceThickness": 2,
    }
    return image_of(plane(value), **{**place, **fields})


def segmentation(
    frames: Sequence[tuple[int, float, int]],
    *,
    sop: str = SEGMENTATION,
    kind: str = "FRACTIONAL",
    spacing: float | None = 2.0,
    **fields: Any,
) -> Any:
    """Return a segmentation of `frames`: (value, height, segment), the segment unused in a map."""
    pixels = np.stack([plane(value, np.uint8) for value, *_ in frames])
    if kind == "BINARY":
        pixels = (pixels > 0).astype(np.uint8)
    ds = image_of(pixels, sop, "SEG", SegmentationType=kind)
    if kind == "BINARY":
        ds.PixelData = np.packbits(pixels, axis=None, bitorder="little").tobytes()
        ds.BitsAllocated = ds.BitsStored = 1
        ds.HighBit = 0
    if kind == "FRACTIONAL":
        ds.SegmentationFractionalType, ds.MaximumFractionalValue = "PROBABILITY", 255
    numbers = sorted({segment for *_, segment in frames})
    ds.SegmentSequence = [
        item(SegmentNumber=number, SegmentLabel="a", SegmentAlgorithmType="MANUAL")
        for number in numbers
    ]
    measures = item(PixelSpacing=[2, 3], SliceThickness=2)
    if spacing is not None:
        measures.SpacingBetweenSlices = spacing
    ds.SharedFunctionalGroupsSequence = [
        item(
            PixelMeasuresSequence=[measures],
            PlaneOrientationSequence=[item(ImageOrientationPatient=list(AXIAL))],
        )
    ]
    groups = []
    for _, height, segment in frames:
        group = item(PlanePositionSequence=[item(ImagePositionPatient=[0.0, 0.0, float(height)])])
        if kind != "LABELMAP":
            identification = [item(ReferencedSegmentNumber=segment)]
            group.SegmentIdentificationSequence = identification
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = groups
    for keyword, value in fields.items():
        setattr(ds, keyword, value)
    return ds


def saved(folder: Path, *datasets: Any) -> Path:
    """Write data sets to a folder, under names in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, ds in enumerate(datasets):
        ds.save_as(folder / f"{index:03}.dcm", enforce_file_format=True)
    return folder
