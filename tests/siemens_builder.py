"""What Siemens MR scanners write: CSA headers, and mosaics, which are slices tiled in one image."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from builder import Element

# The name of an entry, and its values as text.
Entries = Sequence[tuple[str, Sequence[str]]]

CSA_OWNER = Element(0x00290010, "LO", "SIEMENS CSA HEADER")
IMAGE_HEADER, SERIES_HEADER = 0x00291010, 0x00291020


def csa(entries: Entries) -> bytes:
    """Lay out a CSA header of the second layout ("SV10"): named lists of texts."""
    parts = [b"SV10\x04\x03\x02\x01", struct.pack("<II", len(entries), 77)]
    for name, values in entries:
        count = len(values)
        parts.append(struct.pack("<64si4siii", name.encode(), count, b"FD", 6, count, 77))
        for value in values:
            length = len(value) + 1
            padded = value.encode().ljust((length + 3) // 4 * 4, b"\0")
            parts.append(struct.pack("<4i", length, length, 77, length) + padded)
    return b"".join(parts)


def mosaic_entries(
    tiles: int | str, normal: Sequence[str] | None = ("0", "0", "1")
) -> list[tuple[str, Sequence[str]]]:
    """Return the entries of a CSA header that describe a mosaic.

    Args:
        tiles: How many of its tiles are slices.
        normal: The direction in which they are counted; `None` leaves it out.
    """
    entries: list[tuple[str, Sequence[str]]] = [("NumberOfImagesInMosaic", [str(tiles)])]
    return entries if normal is None else [*entries, ("SliceNormalVector", normal)]


def mosaic_elements(entries: Entries | None, kind: str = "M") -> list[Element]:
    """Lay out what makes an image a mosaic, with slices 2.5 mm apart.

    Args:
        entries: Of its CSA header; `None` leaves out header and owner.
        kind: The third value of Image Type.
    """
    header = [] if entries is None else [CSA_OWNER, Element(IMAGE_HEADER, "OB", csa(entries))]
    return [
        Element(0x00080008, "CS", ["ORIGINAL", "PRIMARY", kind, "ND", "MOSAIC"]),
        Element(0x00180088, "DS", 2.5),
        *header,
    ]
