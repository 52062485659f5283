"""What stored values mean and how they are shown: pydicom's module of this name.

Modality and VOI LUT are in `rapidicom.pixels.lookup_tables`, palettes in
`rapidicom.pixels.palettes`.
"""

from __future__ import annotations

from rapidicom.pixels.color_profiles import apply_icc_profile, create_icc_transform
from rapidicom.pixels.color_space import convert_color_space
from rapidicom.pixels.lookup_tables import (
    apply_modality_lut,
    apply_presentation_lut,
    apply_rescale,
    apply_voi,
    apply_voi_lut,
    apply_windowing,
)
from rapidicom.pixels.palettes import apply_color_lut

__all__ = [
    "apply_color_lut",
    "apply_icc_profile",
    "apply_modality_lut",
    "apply_presentation_lut",
    "apply_rescale",
    "apply_voi",
    "apply_voi_lut",
    "apply_windowing",
    "convert_color_space",
    "create_icc_transform",
]
