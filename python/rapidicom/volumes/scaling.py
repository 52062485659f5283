"""What values mean: units, Real World Value Mapping, private scale factors, and padding.

Nothing here changes a value. `Volume.scaling` has one entry an image, taken from its data set and
from the item of its frame in the functional groups (PS3.3 §C.7.6.16).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rapidicom._common.errors import InvalidDicomError
from rapidicom._common.items import items
from rapidicom._common.numbers import as_float, as_integer, integer, number

if TYPE_CHECKING:
    from rapidicom._core import Dataset

__all__ = ["RealWorldValueMapping", "Scaling", "padding_range", "scaling_of"]

# Philips keeps the factors between stored values and those of the scanner here, of each frame in a
# sequence of its own.
_PHILIPS = "Philips MR Imaging DD 001"
_PHILIPS_FRAME_SEQUENCE = "Philips MR Imaging DD 005"


@dataclass(frozen=True)
class RealWorldValueMapping:
    """One item of Real World Value Mapping Sequence (PS3.3 §C.7.6.16.2.11).

    Attributes:
        slope: Multiplies the stored value; `None` where a table takes its place.
        intercept: Is added to the product.
        first: The first stored value that is mapped.
        last: The last one.
        table: The real values of stored ones, from `first` on; empty with a slope.
        unit: The code of the unit, as in UCUM.
        label: LUT Label.
    """

    slope: float | None
    intercept: float | None
    first: float | None
    last: float | None
    table: tuple[float, ...]
    unit: str | None
    label: str | None


@dataclass(frozen=True)
class Scaling:
    """What an image's values mean; `None` where the file does not say.

    Attributes:
        rescale_type: Rescale Type: the unit of rescaled values, such as `HU`.
        units: Units of PET, such as `BQML`.
        dose_units: Dose Units of a dose: `GY` or `RELATIVE`.
        suv_type: SUV Type of PET.
        decay_correction: Decay Correction of PET.
        real_world: Real World Value Mappings, with which stored values become real ones.
        philips_scale_slope: Scale Slope of Philips: divides the sum of stored value and intercept
            over slope.
        philips_scale_intercept: Scale Intercept of Philips.
    """

    rescale_type: str | None
    units: str | None
    dose_units: str | None
    suv_type: str | None
    decay_correction: str | None
    real_world: tuple[RealWorldValueMapping, ...]
    philips_scale_slope: float | None
    philips_scale_intercept: float | None


def scaling_of(ds: Dataset, frame: int = 0) -> Scaling:
    """Collect what a data set says about the values of one of its frames.

    Args:
        ds: The data set.
        frame: Which frame, from 0.

    Raises:
        InvalidDicomError: An element that should be a sequence or a number is none.
    """
    groups = _groups(ds, frame)
    transformation = _macro(groups, "PixelValueTransformationSequence")
    mappings: Any = None
    for place in (*groups, ds):
        mappings = mappings or items(place, "RealWorldValueMappingSequence")
    slope, intercept = _philips(groups, ds)
    return Scaling(
        rescale_type=_text(transformation or ds, "RescaleType"),
        units=_text(ds, "Units"),
        dose_units=_text(ds, "DoseUnits"),
        suv_type=_text(ds, "SUVType"),
        decay_correction=_text(ds, "DecayCorrection"),
        real_world=tuple(_mapping(item) for item in mappings or ()),
        philips_scale_slope=slope,
        philips_scale_intercept=intercept,
    )


def padding_range(ds: Dataset) -> tuple[int, int] | None:
    """Return the lowest and the highest stored value of padding (PS3.3 §C.7.5.1.1.2), or `None`."""
    value = ds.get("PixelPaddingValue")
    if value is None or value == "":
        return None
    limit = ds.get("PixelPaddingRangeLimit")
    bounds = [
        _as_stored(ds, value),
        _as_stored(ds, value if limit is None or limit == "" else limit),
    ]
    return min(bounds), max(bounds)


def _as_stored(ds: Dataset, value: Any) -> int:
    # Some writers give the padding value of signed pixels the VR of unsigned ones, or the reverse.
    stored, bits = as_integer(value), integer(ds, "BitsAllocated", 1, 64)
    if stored is None:
        raise InvalidDicomError("PixelPaddingValue is not a whole number", tag=0x00280120)
    stored %= 1 << bits
    is_negative = ds.get("PixelRepresentation") == 1 and stored >= 1 << (bits - 1)
    return stored - (1 << bits) if is_negative else stored


def _groups(ds: Dataset, frame: int) -> list[Dataset]:
    """Return the items that apply to a frame, its own before the shared one."""
    found = []
    per_frame = items(ds, "PerFrameFunctionalGroupsSequence")
    if frame < len(per_frame):
        found.append(per_frame[frame])
    found.extend(items(ds, "SharedFunctionalGroupsSequence")[:1])
    return found


def _macro(groups: list[Dataset], keyword: str) -> Dataset | None:
    for group in groups:
        for item in items(group, keyword):
            found: Dataset = item
            return found
    return None


def _text(ds: Dataset, keyword: str) -> str | None:
    value = ds.get(keyword)
    return None if value is None or value == "" else str(value)


def _number(ds: Dataset, *keywords: str) -> float | None:
    for keyword in keywords:
        if (found := number(ds, keyword)) is not None:
            return found
    return None


def _mapping(item: Dataset) -> RealWorldValueMapping:
    table = item.get("RealWorldValueLUTData")
    units = items(item, "MeasurementUnitsCodeSequence")
    return RealWorldValueMapping(
        slope=_number(item, "RealWorldValueSlope"),
        intercept=_number(item, "RealWorldValueIntercept"),
        first=_number(
            item, "RealWorldValueFirstValueMapped", "DoubleFloatRealWorldValueFirstValueMapped"
        ),
        last=_number(
            item, "RealWorldValueLastValueMapped", "DoubleFloatRealWorldValueLastValueMapped"
        ),
        table=() if table is None else _numbers(table),
        unit=_text(units[0], "CodeValue") if units else None,
        label=_text(item, "LUTLabel"),
    )


def _numbers(values: Any) -> tuple[float, ...]:
    found = [as_float(value) for value in (values if isinstance(values, list) else [values])]
    if None in found:
        raise InvalidDicomError("RealWorldValueLUTData is not a list of numbers", tag=0x00409212)
    return tuple(value for value in found if value is not None)


def _philips(groups: list[Dataset], ds: Dataset) -> tuple[float | None, float | None]:
    places: list[Dataset] = []
    for group in groups:
        block = _block(group, _PHILIPS_FRAME_SEQUENCE)
        if block is not None and 0x0F in block:
            element = block[0x0F]
            places.extend(element.value[:1] if element.VR == "SQ" else ())
    for place in (*places, ds):
        block = _block(place, _PHILIPS)
        if block is not None and 0x0E in block:
            intercept = as_float(block[0x0D].value) if 0x0D in block else None
            return as_float(block[0x0E].value), intercept
    return None, None


def _block(ds: Dataset, creator: str) -> Any:
    try:
        return ds.private_block(0x2005, creator)
    except KeyError:
        return None
