"""pydicom's old path for functions on pixels; no handlers, as the decoders are built in."""

from rapidicom.pixel_data_handlers.util import (
    apply_color_lut,
    apply_modality_lut,
    apply_rescale,
    apply_voi,
    apply_voi_lut,
    apply_windowing,
    convert_color_space,
    expand_ybr422,
    pack_bits,
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
    "pack_bits",
    "unpack_bits",
]
