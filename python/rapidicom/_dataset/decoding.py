"""Values of bytes that are at hand without a file (PS3.5 §6.2)."""

from __future__ import annotations

from collections.abc import Iterable
from struct import pack
from typing import Any

from rapidicom import _core
from rapidicom._common.tag import BaseTag, Tag
from rapidicom._values.encodings import terms_of
from rapidicom._values.vr import BYTES_VR, STANDARD_VR

__all__ = ["element_of_bytes", "items_of_bytes"]

# VRs with a length of 16 bits (PS3.5 §7.1.2).
_SHORT_LENGTH = STANDARD_VR - {"SQ", "UC", "UN", "UR", "UT", "SV", "UV"} - BYTES_VR


def element_of_bytes(
    tag: int,
    vr: str | None,
    data: bytes,
    *,
    is_little_endian: bool = True,
    encodings: str | Iterable[str] | None = None,
    context: _core.Dataset | None = None,
) -> Any:
    """Return the element that has these bytes as its value.

    Args:
        tag: Its tag.
        vr: Its VR; `None` for the one of the dictionary.
        data: The value field.
        is_little_endian: How its numbers are written.
        encodings: Python's names for the encodings of text.
        context: The data set that it is in.
    """
    number = Tag(tag)
    # Without a VR, or with a choice of several, it is what the dictionary and the elements before
    # it say.
    is_implicit = vr is None or len(vr) != 2
    # What decides how others are read stands before them, as in a file.
    before = [] if context is None else _context(context, number, is_little_endian)
    encoded = [
        element_bytes(each_tag, None if is_implicit else each_vr, content, is_little_endian)
        for each_tag, each_vr, content in (*before, (number, vr, data))
    ]
    charset = None if encodings is None else terms_of(encodings)
    content = b"".join(encoded)
    dataset = _core.read_elements(content, is_implicit, is_little_endian, False, charset, False)
    return dataset[number]


def _context(
    context: _core.Dataset, tag: BaseTag, is_little_endian: bool
) -> list[tuple[BaseTag, str | None, bytes]]:
    elements: list[tuple[BaseTag, str | None, bytes]] = []
    representation = context.get("PixelRepresentation")
    if representation in (0, 1) and tag > 0x00280103:
        number = int(representation).to_bytes(2, "little" if is_little_endian else "big")
        elements.append((BaseTag(0x00280103), "US", number))
    if tag.is_private and not tag.is_private_creator and tag.private_creator in context:
        creator = str(context[tag.private_creator].value).encode()
        elements.append((tag.private_creator, "LO", creator))
    return elements


def element_bytes(tag: BaseTag, vr: str | None, data: bytes, is_little_endian: bool) -> bytes:
    """Return an element; UN if the length field of its VR is too short for it (PS3.5 §6.2.2)."""
    order = "<" if is_little_endian else ">"
    head = pack(f"{order}HH", tag.group, tag.element)
    if vr is None:
        return head + pack(f"{order}L", len(data)) + data
    if vr in _SHORT_LENGTH and len(data) > 0xFFFF:
        vr = "UN"
    if vr in _SHORT_LENGTH:
        return head + vr.encode() + pack(f"{order}H", len(data)) + data
    return head + vr.encode() + pack(f"{order}HL", 0, len(data)) + data


def items_of_bytes(
    data: bytes,
    is_implicit: bool,
    is_little_endian: bool,
    encodings: str | Iterable[str] | None = None,
) -> Any:
    """Return the items of a sequence that has these bytes as its value.

    Args:
        data: The value field.
        is_implicit: Whether the elements of items carry no VR.
        is_little_endian: How numbers are written.
        encodings: Python's names for the encodings of text.
    """
    order = "<" if is_little_endian else ">"
    # A sequence that both encodings know: Referenced Study Sequence.
    head = pack(f"{order}HH", 0x0008, 0x1110)
    head += (
        pack(f"{order}L", len(data)) if is_implicit else b"SQ" + pack(f"{order}HL", 0, len(data))
    )
    charset = None if encodings is None else terms_of(encodings)
    content = head + data
    return _core.read_elements(content, is_implicit, is_little_endian, False, charset, False)[
        0x00081110
    ].value
