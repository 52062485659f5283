"""Reading, describing and packing pixels, under the names of pydicom's module."""

from __future__ import annotations

from rapidicom._common.not_offered import NotOffered
from rapidicom.pixels.decompression import decompress
from rapidicom.pixels.native import (
    as_pixel_options,
    expand_ybr422,
    get_expected_length,
    get_j2k_parameters,
    get_nr_frames,
    pack_bits,
    pixel_dtype,
    reshape_pixel_array,
    unpack_bits,
)
from rapidicom.pixels.reading import iter_pixels, pixel_array

__all__ = [
    "as_pixel_options",
    "compress",
    "decompress",
    "expand_ybr422",
    "get_expected_length",
    "get_j2k_parameters",
    "get_nr_frames",
    "iter_pixels",
    "pack_bits",
    "pixel_array",
    "pixel_dtype",
    "reshape_pixel_array",
    "set_pixel_data",
    "unpack_bits",
]

# Writing, which is not offered.
compress = NotOffered("compress pixels")
set_pixel_data = NotOffered("describe new pixels")
