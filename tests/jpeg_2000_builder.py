"""JPEG 2000 codestreams that no encoder at hand writes, out of those that one does."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SIZ, COD, SOT, SOD, EOC = (
    struct.pack(">H", code) for code in (0xFF51, 0xFF52, 0xFF90, 0xFF93, 0xFFD9)
)
COMPONENT_FIRST = 4
"""The progression order CPRL (ISO/IEC 15444-1 Table A.16)."""


def siz(codestream: bytes) -> int:
    """Where SIZ starts."""
    return codestream.index(SIZ)


def cod(codestream: bytes) -> int:
    """Where COD starts: its transform flag is 8 bytes on."""
    return codestream.index(COD)


def packets(codestream: bytes) -> bytes:
    """The bodies of all tile-parts."""
    bodies, position = [], codestream.index(SOT)
    while codestream[position : position + 2] == SOT:
        (length,) = struct.unpack_from(">I", codestream, position + 6)
        end = position + length if length else codestream.rindex(EOC)
        start = codestream.index(SOD, position) + 2
        bodies.append(codestream[start:end])
        position = end
    return b"".join(bodies)


def joined(components: Sequence[bytes], steps: Sequence[tuple[int, int]]) -> bytes:
    """Put codestreams of one component each together, as the components of one image.

    Args:
        components: Of one tile and as many levels each. The first has the size of the image.
        steps: Columns and rows of the image from sample to sample of each.
    """
    first = components[0]
    start, end = siz(first), first.index(SOT)
    (length,) = struct.unpack_from(">H", first, start + 2)
    depth = first[start + 40]
    described = b"".join(bytes([depth, *step]) for step in steps)
    count = len(components)
    size = first[start + 4 : start + 38] + struct.pack(">H", count) + described
    header = bytearray(first[:start] + SIZ + struct.pack(">H", len(size) + 2) + size)
    rest = bytearray(first[start + 2 + length : end])
    place = rest.index(COD)
    rest[place + 5] = COMPONENT_FIRST
    rest[place + 8] = 0
    for extra in (b"\xff\x55",):
        # Lengths of tile-parts are others now.
        if extra in rest:
            at = rest.index(extra)
            del rest[at : at + 2 + struct.unpack_from(">H", rest, at + 2)[0]]
    body = b"".join(packets(one) for one in components)
    part = SOT + struct.pack(">HHIBB", 10, 0, len(body) + 14, 0, 1) + SOD + body
    return bytes(header + rest) + part + EOC
