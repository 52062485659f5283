"""Coded entries that say what a segment or a structure is (PS3.3 §8.8, §10.17)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from rapidicom._common.items import items

__all__ = ["Code", "LabelCodes", "codes_of_segment", "codes_of_structure"]


class Code(NamedTuple):
    """A coded entry.

    Attributes:
        value: Code Value, or Long Code Value, or URN Code Value.
        scheme: Coding Scheme Designator, such as `SCT`.
        meaning: Code Meaning.
    """

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class LabelCodes:
    """What a label is, in codes; `None` or empty where the file does not say.

    Attributes:
        category: Segmented Property Category, such as "Anatomical Structure"; of a structure, RT
            ROI Observation's property category.
        type: Segmented Property Type, such as "Liver"; of a structure, RT ROI Identification Code.
        regions: Anatomic Region Sequence.
        tracking_id: Tracking ID.
        tracking_uid: Tracking UID.
        algorithm_type: Segment Algorithm Type: `AUTOMATIC`, `SEMIAUTOMATIC` or `MANUAL`.
    """

    category: Code | None = None
    type: Code | None = None
    regions: tuple[Code, ...] = ()
    tracking_id: str = ""
    tracking_uid: str = ""
    algorithm_type: str = ""


def codes_of_segment(segment: Any) -> LabelCodes:
    """Return the codes of an item of Segment Sequence."""
    return LabelCodes(
        category=_first(segment, "SegmentedPropertyCategoryCodeSequence"),
        type=_first(segment, "SegmentedPropertyTypeCodeSequence"),
        regions=tuple(_codes(segment, "AnatomicRegionSequence")),
        tracking_id=str(segment.get("TrackingID") or ""),
        tracking_uid=str(segment.get("TrackingUID") or ""),
        algorithm_type=str(segment.get("SegmentAlgorithmType") or ""),
    )


def codes_of_structure(observation: Any) -> LabelCodes:
    """Return the codes of an item of RT ROI Observations Sequence, or of none."""
    if observation is None:
        return LabelCodes()
    return LabelCodes(
        category=_first(observation, "SegmentedPropertyCategoryCodeSequence"),
        type=_first(observation, "RTROIIdentificationCodeSequence"),
        regions=tuple(_codes(observation, "AnatomicRegionSequence")),
    )


def _first(item: Any, keyword: str) -> Code | None:
    return next(iter(_codes(item, keyword)), None)


def _codes(item: Any, keyword: str) -> list[Code]:
    found = []
    for code in items(item, keyword):
        values = (code.get(name) for name in ("CodeValue", "LongCodeValue", "URNCodeValue"))
        value = next((str(value) for value in values if value), "")
        scheme, meaning = (
            str(code.get(name) or "") for name in ("CodingSchemeDesignator", "CodeMeaning")
        )
        found.append(Code(value, scheme, meaning))
    return found
