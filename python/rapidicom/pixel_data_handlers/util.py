"""Functions on pixels where code written for older versions of pydicom looks for them.

They are those of `rapidicom.pixels.processing` and `rapidicom.pixels.utils`.
"""

from __future__ import annotations

from rapidicom.pixels.processing import (
    apply_color_lut,
    apply_modality_lut,
    apply_rescale,
    apply_voi,
    apply_voi_lut,
    apply_windowing,
    convert_color_space,
)
from rapidicom.pixels.utils import (
    expand_ybr422,
    get_expected_length,
    get_j2k_parameters,
    get_nr_frames,
    pack_bits,
    pixel_dtype,
    reshape_pixel_array,
    unpack_bits,
)

__all__ = [
    "apply_color_lut",
    "apply_modality_lut",
    "apply_rescale",
    "apply_voi",
    "apply_voi_lut",
    "apply_windowing",
    "convert_color_space",
    "expand_ybr422",
    "get_expected_length",
    "get_j2k_parameters",
    "get_nr_frames",
    "pack_bits",
    "pixel_dtype",
    "reshape_pixel_array",
    "unpack_bits",
]
