"""Pixels of one data set or file as arrays (PS3.3 §C.7.6.3), and what they mean (§C.11).

`reading` reads stored values, without a palette. `lookup_tables` turns them into those of the
modality and those to show, `palettes` into colours; `processing` gathers these functions under
pydicom's name. `native` describes native pixels as bytes, `encapsulation` compressed ones.
`common`, `decoders` and `utils` are pydicom's modules too.
"""

from rapidicom.pixels.decoders.base import get_decoder
from rapidicom.pixels.decompression import decompress
from rapidicom.pixels.processing import (
    apply_color_lut,
    apply_icc_profile,
    apply_modality_lut,
    apply_presentation_lut,
    apply_rescale,
    apply_voi,
    apply_voi_lut,
    apply_windowing,
    convert_color_space,
    create_icc_transform,
)
from rapidicom.pixels.reading import frame_bytes, iter_pixels, pixel_array, video_stream
from rapidicom.pixels.utils import (
    as_pixel_options,
    compress,
    pack_bits,
    set_pixel_data,
    unpack_bits,
)

__all__ = [
    "apply_color_lut",
    "apply_icc_profile",
    "apply_modality_lut",
    "apply_presentation_lut",
    "apply_rescale",
    "apply_voi",
    "apply_voi_lut",
    "apply_windowing",
    "as_pixel_options",
    "compress",
    "convert_color_space",
    "create_icc_transform",
    "decompress",
    "frame_bytes",
    "get_decoder",
    "iter_pixels",
    "pack_bits",
    "pixel_array",
    "set_pixel_data",
    "unpack_bits",
    "video_stream",
]
