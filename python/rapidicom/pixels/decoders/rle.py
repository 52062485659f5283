"""What programs ask pydicom's module for RLE Lossless: which Transfer Syntaxes are decoded."""

from rapidicom._values.uid import (
    RLELossless,
)
from rapidicom.pixels.decoders.plugins import built_in

__all__ = ["DECODER_DEPENDENCIES", "is_available"]

DECODER_DEPENDENCIES, is_available = built_in(
    RLELossless,
)
