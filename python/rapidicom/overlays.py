"""Overlay planes under pydicom's path; the code is in `rapidicom.pixels.overlay_planes`."""

from rapidicom._common.arrays import (
    as_bytes,
)
from rapidicom._common.numbers import (
    as_integer,
)
from rapidicom._dataset.dataset import (
    Dataset,
)
from rapidicom.pixels.overlay_planes import (
    get_expected_length,
    get_overlay_array,
    overlay_array,
    reshape_overlay_array,
)

__all__ = [
    "Dataset",
    "as_bytes",
    "as_integer",
    "get_expected_length",
    "get_overlay_array",
    "overlay_array",
    "reshape_overlay_array",
]
