"""Photometric Interpretations (PS3.3 §C.7.6.3.1.2), where pydicom has them."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["PhotometricInterpretation"]


class PhotometricInterpretation(StrEnum):
    """What samples mean; each member equals its text."""

    MONOCHROME1 = "MONOCHROME1"
    MONOCHROME2 = "MONOCHROME2"
    PALETTE_COLOR = "PALETTE COLOR"
    RGB = "RGB"
    YBR_FULL = "YBR_FULL"
    YBR_FULL_422 = "YBR_FULL_422"
    YBR_ICT = "YBR_ICT"
    YBR_RCT = "YBR_RCT"
    HSV = "HSV"
    ARGB = "ARGB"
    CMYK = "CMYK"
    YBR_PARTIAL_422 = "YBR_PARTIAL_422"
    YBR_PARTIAL_420 = "YBR_PARTIAL_420"
