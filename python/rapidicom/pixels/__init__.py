"""Pixels of one data set or file: reading them, what their values mean, and pydicom's names for both."""

from rapidicom.pixels.decoders import get_decoder
from rapidicom.pixels.processing import (
    apply_color_lut,
    apply_modality_lut,
    apply_rescale,
    apply_voi,
    apply_voi_lut,
    apply_windowing,
    convert_color_space,
)
from rapidicom.pixels.reading import frame_bytes, iter_pixels, kept_pixel_array, pixel_array, video_stream
from rapidicom.pixels.utils import pack_bits, unpack_bits

__all__ = [
    "apply_color_lut",
    "apply_modality_lut",
    "apply_rescale",
    "apply_voi",
    "apply_voi_lut",
    "apply_windowing",
    "convert_color_space",
    "frame_bytes",
    "get_decoder",
    "iter_pixels",
    "kept_pixel_array",
    "pack_bits",
    "pixel_array",
    "unpack_bits",
    "video_stream",
]
