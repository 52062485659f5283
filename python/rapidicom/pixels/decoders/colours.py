"""The Photometric Interpretation of decoded pixels before YBR becomes RGB."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from rapidicom import _core
from rapidicom._values.uid import JPEGBaseline8Bit, JPEGExtended12Bit
from rapidicom.pixels.color_space import YBR

if TYPE_CHECKING:
    from rapidicom._core import Dataset

__all__ = ["coded_colours"]

# The colour transforms of JPEG 2000, which decoding undoes.
_TRANSFORMED = ("YBR_ICT", "YBR_RCT")

_RGB_COMPONENTS = (b"RGB", b"rgb")


def coded_colours(dataset: Dataset) -> str:
    """Return Photometric Interpretation, or the codestream's own colours where these decide.

    Components named R, G and B are RGB, and a JFIF file is always YBR (ITU-T T.871), whatever
    Photometric Interpretation says; a difference warns.

    Args:
        dataset: The data set.
    """
    said = str(dataset.get("PhotometricInterpretation") or "")
    if said in _TRANSFORMED:
        return "RGB"
    meta = getattr(dataset, "file_meta", None)
    uid = None if meta is None else meta.get("TransferSyntaxUID")
    if uid not in (JPEGBaseline8Bit, JPEGExtended12Bit) or dataset.get("SamplesPerPixel") != 3:
        return said
    components, is_jfif = _colours_of(_core.PixelReader.of(dataset).frame_bytes(0))
    if components in _RGB_COMPONENTS:
        coded = "RGB"
    elif is_jfif:
        coded = said if said in YBR else "YBR_FULL_422" if uid == JPEGBaseline8Bit else "YBR_FULL"
    else:
        return said
    if coded != said:
        warnings.warn(
            f"the codestream says that its colours are {coded}, which is used",
            stacklevel=4,
        )
    return coded


def _colours_of(codestream: bytes) -> tuple[bytes, bool]:
    """Read the components' names, and whether it is a JFIF file (ITU-T T.81 §B.2.2, §B.2.4.6)."""
    offset, is_jfif = 2, False
    while codestream[offset : offset + 1] == b"\xff":
        marker = codestream[offset + 1 : offset + 2]
        if marker == b"\xff":  # a byte that fills
            offset += 1
            continue
        length = int.from_bytes(codestream[offset + 2 : offset + 4], "big")
        body = codestream[offset + 4 : offset + 2 + length]
        if marker in (b"\xc0", b"\xc1", b"\xc2"):
            # Precision, lines, samples and the number of components; then 3 bytes each, the name
            # first.
            return body[6::3], is_jfif
        if marker == b"\xda" or length < 2:
            break
        is_jfif = is_jfif or (marker == b"\xe0" and body.startswith(b"JFIF\0"))
        offset += 2 + length
    return b"", is_jfif
