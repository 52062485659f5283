"""Encode an 8-bit image as PNG (ISO/IEC 15948) with NumPy and zlib alone.

A viewer or a plotting library is too much to ask of someone who wants to see whether a folder was
read right.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["encode_png"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Colour types of the IHDR chunk (ISO/IEC 15948 §11.2.2), by the number of samples of a pixel.
COLOUR_TYPES = {1: 0, 3: 2}


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """Return `image` as the bytes of a PNG file.

    Args:
        image: Shape (rows, columns) for grey or (rows, columns, 3) for RGB, uint8.

    Raises:
        ValueError: `image` has another shape or dtype, or no pixels.
    """
    samples = 1 if image.ndim == 2 else image.shape[-1]
    if image.ndim not in (2, 3) or samples not in COLOUR_TYPES:
        raise ValueError(f"expected shape (rows, columns) or (rows, columns, 3), not {image.shape}")
    if image.dtype != np.uint8:
        raise ValueError(f"expected dtype uint8, not {image.dtype}")
    if image.size == 0:
        raise ValueError("a PNG needs at least one pixel")

    rows, columns = image.shape[:2]
    # Eight bits a sample, then compression, filter method and interlace, of which 0 is the plain
    # one each.
    header = struct.pack(">IIBBBBB", columns, rows, 8, COLOUR_TYPES[samples], 0, 0, 0)
    # Each line starts with its filter type (§9.2): 0, none.
    lines = np.zeros((rows, 1 + columns * samples), np.uint8)
    lines[:, 1:] = image.reshape(rows, columns * samples)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Return length, type, data and CRC (§5.3)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
