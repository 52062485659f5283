"""The JSON beside a NIfTI file: what the Brain Imaging Data Structure has from DICOM headers.

Names, units and spellings are those of BIDS 1.10 (its metadata glossary), and those of dcm2niix for
what BIDS does not name, such as Series Description, so that programs find either's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

import rapidicom as rd
from rapidicom._values.confidentiality import is_identifying_column

if TYPE_CHECKING:
    from rapidicom.volumes.volume import Volume

__all__ = ["sidecar_bytes"]

Convert: TypeAlias = Callable[[Any], Any]

_MILLISECONDS = 1e-3
# Of a second: more than any file has, and fewer than binary fractions show.
_DIGITS = 9


def _number(value: Any) -> float | int | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else round(number, _DIGITS)


def _scaled(factor: float) -> Convert:
    def convert(value: Any) -> float | int | None:
        number = _number(value)
        return None if number is None else _number(number * factor)

    return convert


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    return "\\".join(map(str, value)) or None if hasattr(value, "__iter__") else str(value)


def _list(value: Any) -> list[str] | None:
    return [value] if isinstance(value, str) else [str(one) for one in value] or None


def _numbers(value: Any) -> list[float | int | None] | None:
    values = list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else [value]
    return [_number(one) for one in values] or None


def _time(value: Any) -> str | None:
    whole, _, fraction = str(value).strip().partition(".")
    if len(whole) != 6 or not whole.isdecimal():
        return None
    return f"{whole[:2]}:{whole[2:4]}:{whole[4:]}.{fraction[:6]:0<6}"


def _yes(value: Any) -> bool | None:
    return {"YES": True, "Y": True, "NO": False, "N": False, "NONE": False}.get(str(value).strip())


_SECONDS = _scaled(_MILLISECONDS)

# BIDS's name, the keywords that may have it, and how a value becomes one of BIDS.
_OF_ALL: tuple[tuple[str, tuple[str, ...], Convert], ...] = (
    ("Modality", ("Modality",), _text),
    ("Manufacturer", ("Manufacturer",), _text),
    ("ManufacturersModelName", ("ManufacturerModelName",), _text),
    ("InstitutionName", ("InstitutionName",), _text),
    ("InstitutionalDepartmentName", ("InstitutionalDepartmentName",), _text),
    ("InstitutionAddress", ("InstitutionAddress",), _text),
    ("DeviceSerialNumber", ("DeviceSerialNumber",), _text),
    ("StationName", ("StationName",), _text),
    ("SoftwareVersions", ("SoftwareVersions",), _text),
    ("BodyPart", ("BodyPartExamined",), _text),
    ("PatientPosition", ("PatientPosition",), _text),
    ("StudyDescription", ("StudyDescription",), _text),
    ("SeriesDescription", ("SeriesDescription",), _text),
    ("ProtocolName", ("ProtocolName",), _text),
    ("ImageType", ("ImageType",), _list),
    ("SeriesNumber", ("SeriesNumber",), _number),
    ("AcquisitionNumber", ("AcquisitionNumber",), _number),
    ("AcquisitionTime", ("AcquisitionTime",), _time),
    ("SliceThickness", ("SliceThickness",), _number),
    ("SpacingBetweenSlices", ("SpacingBetweenSlices",), _number),
    ("ImageOrientationPatientDICOM", ("ImageOrientationPatient",), _numbers),
    ("ContrastBolusIngredient", ("ContrastBolusIngredient",), _text),
)

_OF_MODALITY: dict[str, tuple[tuple[str, tuple[str, ...], Convert], ...]] = {
    "MR": (
        ("MagneticFieldStrength", ("MagneticFieldStrength",), _number),
        ("ImagingFrequency", ("ImagingFrequency", "TransmitterFrequency"), _number),
        ("ReceiveCoilName", ("ReceiveCoilName",), _text),
        ("TransmitCoilName", ("TransmitCoilName",), _text),
        ("MRAcquisitionType", ("MRAcquisitionType",), _text),
        ("ScanningSequence", ("ScanningSequence",), _text),
        ("SequenceVariant", ("SequenceVariant",), _text),
        ("ScanOptions", ("ScanOptions",), _text),
        ("SequenceName", ("SequenceName", "PulseSequenceName"), _text),
        ("MTState", ("MagnetizationTransfer",), _yes),
        ("SpoilingType", ("Spoiling",), _text),
        ("SAR", ("SAR",), _number),
        ("EchoTime", ("EchoTime", "EffectiveEchoTime"), _SECONDS),
        ("EchoNumber", ("EchoNumbers",), _number),
        ("RepetitionTime", ("RepetitionTime",), _SECONDS),
        ("InversionTime", ("InversionTime", "InversionTimes"), _SECONDS),
        ("FlipAngle", ("FlipAngle",), _number),
        ("EchoTrainLength", ("EchoTrainLength",), _number),
        ("NumberOfAverages", ("NumberOfAverages",), _number),
        ("PercentPhaseFOV", ("PercentPhaseFieldOfView",), _number),
        ("PercentSampling", ("PercentSampling",), _number),
        ("PhaseEncodingSteps", ("NumberOfPhaseEncodingSteps",), _number),
        ("ParallelReductionFactorInPlane", ("ParallelReductionFactorInPlane",), _number),
        ("ParallelReductionFactorOutOfPlane", ("ParallelReductionFactorOutOfPlane",), _number),
        ("ParallelAcquisitionTechnique", ("ParallelAcquisitionTechnique",), _text),
        ("PartialFourierDirection", ("PartialFourierDirection",), _text),
        ("PixelBandwidth", ("PixelBandwidth",), _number),
    ),
    "CT": (
        ("KVP", ("KVP",), _number),
        ("XRayTubeCurrent", ("XRayTubeCurrent",), _number),
        ("ExposureTime", ("ExposureTime",), _number),
        ("XRayExposure", ("Exposure",), _number),
        ("ConvolutionKernel", ("ConvolutionKernel",), _text),
        ("GantryTilt", ("GantryDetectorTilt",), _number),
        ("ReconstructionDiameter", ("ReconstructionDiameter",), _number),
        ("FilterType", ("FilterType",), _text),
    ),
    "PT": (
        ("Units", ("Units",), _text),
        ("DecayCorrection", ("DecayCorrection",), _text),
        ("AttenuationCorrection", ("AttenuationCorrectionMethod",), _text),
        ("ScatterCorrectionMethod", ("ScatterCorrectionMethod",), _text),
        ("RandomsCorrectionMethod", ("RandomsCorrectionMethod",), _text),
        ("ReconstructionMethod", ("ReconstructionMethod",), _text),
        ("ConvolutionKernel", ("ConvolutionKernel",), _text),
        ("DoseCalibrationFactor", ("DoseCalibrationFactor",), _number),
        ("DecayFactor", ("DecayFactor",), _number),
        ("FrameReferenceTime", ("FrameReferenceTime",), _SECONDS),
        ("FrameDuration", ("ActualFrameDuration",), _SECONDS),
        ("Radiopharmaceutical", ("Radiopharmaceutical",), _text),
        ("InjectedRadioactivity", ("RadionuclideTotalDose",), _scaled(1e-6)),
        ("RadionuclideHalfLife", ("RadionuclideHalfLife",), _number),
        ("RadionuclidePositronFraction", ("RadionuclidePositronFraction",), _number),
        ("InjectionStart", ("RadiopharmaceuticalStartTime",), _time),
    ),
}
# Sequences around attributes of one image, beside those of functional groups.
_AROUND = ("RadiopharmaceuticalInformationSequence",)


def sidecar_bytes(volume: Volume, *, is_private: bool = False) -> bytes:
    """Return the JSON of a volume.

    Args:
        volume: The volume; the header of its first image counts.
        is_private: Whether to leave out what PS3.15 Table E.1-1 counts as identifying.
    """
    datasets = volume.datasets
    fields: dict[str, Any] = {}
    if len(datasets):
        places = list(_places(datasets[0], volume.frames[0]))
        for name, keywords, convert in (*_OF_ALL, *_OF_MODALITY.get(volume.modality, ())):
            for keyword in keywords:
                if is_private and is_identifying_column(keyword):
                    continue
                value = _first(places, keyword)
                if value is not None and (found := convert(value)) is not None:
                    fields[name] = found
                    break
        fields |= _phase_encoding(places)
    fields |= _of_volume(volume)
    fields |= {"ConversionSoftware": "rapidicom", "ConversionSoftwareVersion": rd.__version__}
    return (json.dumps(fields, indent="\t", ensure_ascii=False) + "\n").encode()


def _phase_encoding(places: list[Any]) -> dict[str, str]:
    """Return the axis of phase encoding, without its polarity, which no attribute has."""
    along = _first(places, "InPlanePhaseEncodingDirection")
    direction = {"ROW": "ROW", "COL": "COL", "COLUMN": "COL"}.get(str(along).strip())
    if direction is None:
        return {}
    # Columns of the image are the first axis of NIfTI: to step along a row is i.
    axis = "i" if direction == "ROW" else "j"
    return {"PhaseEncodingAxis": axis, "InPlanePhaseEncodingDirectionDICOM": direction}


def _of_volume(volume: Volume) -> dict[str, Any]:
    """Return what the volume knows better than the header of one image."""
    fields: dict[str, Any] = {}
    times = volume.slice_times[: volume.shape[volume.axes.index("slice")]]
    if len(times) and np.isfinite(times).all() and np.ptp(times) > 0:
        fields["SliceTiming"] = [_number((time - times.min()) * _MILLISECONDS) for time in times]
    if "echo" in volume.axes and "echo_time" in volume.coords:
        fields["EchoTime"] = [_SECONDS(time) for time in volume.coords["echo_time"]]
    return fields


def _first(places: list[Any], keyword: str) -> Any:
    for place in places:
        try:
            value = place.get(keyword)
        except rd.DicomError:
            continue
        if value is not None and (not hasattr(value, "__len__") or len(value)):
            return value
    return None


def _places(dataset: Any, frame: int) -> Iterator[Any]:
    """Yield what may have an attribute of an image: its frame, all frames, the data set."""
    groups = dataset.get("PerFrameFunctionalGroupsSequence") or ()
    shared = dataset.get("SharedFunctionalGroupsSequence") or ()
    for item in (*groups[frame : frame + 1], *shared[:1]):
        for element in item:
            if element.VR == "SQ" and element.value:
                yield element.value[0]
    yield dataset
    for name in _AROUND:
        yield from (dataset.get(name) or ())[:1]
