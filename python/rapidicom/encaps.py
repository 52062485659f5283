"""Encapsulated pixels under pydicom's path; the code is in `rapidicom.pixels.encapsulation`."""

from rapidicom._common.tag import (
    BaseTag,
)
from rapidicom.pixels.encapsulation import (
    decode_data_sequence,
    defragment_data,
    encapsulate,
    encapsulate_buffer,
    encapsulate_extended,
    encapsulate_extended_buffer,
    fragment_frame,
    generate_fragmented_frames,
    generate_fragments,
    generate_frames,
    generate_pixel_data,
    generate_pixel_data_fragment,
    generate_pixel_data_frame,
    get_frame,
    get_frame_offsets,
    get_nr_fragments,
    itemize_fragment,
    itemize_frame,
    parse_basic_offsets,
    parse_fragments,
)
from rapidicom.tag import (
    ItemTag,
    SequenceDelimiterTag,
    Tag,
)

__all__ = [
    "BaseTag",
    "ItemTag",
    "SequenceDelimiterTag",
    "Tag",
    "decode_data_sequence",
    "defragment_data",
    "encapsulate",
    "encapsulate_buffer",
    "encapsulate_extended",
    "encapsulate_extended_buffer",
    "fragment_frame",
    "generate_fragmented_frames",
    "generate_fragments",
    "generate_frames",
    "generate_pixel_data",
    "generate_pixel_data_fragment",
    "generate_pixel_data_frame",
    "get_frame",
    "get_frame_offsets",
    "get_nr_fragments",
    "itemize_fragment",
    "itemize_frame",
    "parse_basic_offsets",
    "parse_fragments",
]
