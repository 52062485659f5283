"""What programs ask pydicom's module for Pillow: which Transfer Syntaxes are decoded."""

from rapidicom._values.uid import (
    JPEG2000,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
)
from rapidicom.pixels.decoders.plugins import built_in

__all__ = ["DECODER_DEPENDENCIES", "is_available"]

DECODER_DEPENDENCIES, is_available = built_in(
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEG2000Lossless,
    JPEG2000,
)
