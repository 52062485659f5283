"""Elements whose bytes are at hand, but no file: what pydicom calls raw, and decoding one value."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from struct import pack
from typing import TYPE_CHECKING, NamedTuple

from rapidicom import _core
from rapidicom.charset import terms_of
from rapidicom.dataelem import DataElement
from rapidicom.tag import BaseTag, Tag
from rapidicom.valuerep import BYTES_VR, STANDARD_VR, VR

if TYPE_CHECKING:
    from rapidicom.dataset import Dataset

__all__ = ["RawDataElement", "convert_raw_data_element", "element_bytes", "element_of_bytes"]

# VRs with a length of 16 bits (PS3.5 §7.1.2).
_SHORT_LENGTH = STANDARD_VR - {"SQ", "UC", "UN", "UR", "UT", "SV", "UV"} - BYTES_VR


class RawDataElement(NamedTuple):
    """An element as it is in a file, with the bytes of its value."""

    tag: BaseTag
    VR: str | None
    length: int
    value: bytes | None
    value_tell: int
    is_implicit_VR: bool
    is_little_endian: bool
    is_raw: bool = True
    is_buffered: bool = False


def convert_raw_data_element(
    raw: RawDataElement, *, encoding: str | Iterable[str] | None = None, ds: Dataset | None = None
) -> DataElement:
    """Return an element whose value is decoded.

    Args:
        raw: The element as it is in a file; or one that pydicom has decoded, which is copied.
        encoding: Python's names for the encodings of text.
        ds: The data set that it is in: it says whose private elements are which, and whether numbers of
            pixels are signed.

    Raises:
        InvalidDicomError: The bytes are no value of that VR.
    """
    if not raw.is_raw:  # pydicom has decoded it
        return DataElement(
            raw.tag, raw.VR, raw.value, is_undefined_length=getattr(raw, "is_undefined_length", False)
        )
    if raw.VR is not None and raw.VR not in tuple(VR):
        raise NotImplementedError(f"there is no VR like that of {Tag(raw.tag)}")
    number = Tag(raw.tag)
    if raw.VR is None and not number.is_private and _core.dictionary_entry(number) is None:
        warnings.warn(f"{number} is not in the data dictionary: its VR is taken to be UN", stacklevel=2)
    if raw.value is not None and not isinstance(raw.value, bytes):
        # Programs put values in as they are.
        entry = _core.dictionary_entry(number)
        return DataElement(number, raw.VR or ("UN" if entry is None else entry[0]), raw.value)
    element = element_of_bytes(
        raw.tag,
        raw.VR,
        raw.value or b"",
        is_little_endian=raw.is_little_endian,
        encodings=encoding,
        context=ds,
    )
    element.value  # noqa: B018  # decoded now, where the caller expects the error
    return element


def element_of_bytes(
    tag: int,
    vr: str | None,
    data: bytes,
    *,
    is_little_endian: bool = True,
    encodings: str | Iterable[str] | None = None,
    context: Dataset | None = None,
) -> DataElement:
    """Return the element that has these bytes as its value.

    Args:
        tag: Its tag.
        vr: Its VR; `None` for the one of the dictionary.
        data: The value field.
        is_little_endian: How its numbers are written.
        encodings: Python's names for the encodings of text.
        context: The data set that it is in.
    """
    from rapidicom.dataset import Dataset

    number = Tag(tag)
    # Without a VR, or with a choice of several, it is what the dictionary and the elements before it say.
    is_implicit = vr is None or len(vr) != 2
    # What decides how others are read stands before them, as in a file.
    before = [] if context is None else _context(context, number, is_little_endian)
    encoded = [
        element_bytes(each_tag, None if is_implicit else each_vr, content, is_little_endian)
        for each_tag, each_vr, content in (*before, (number, vr, data))
    ]
    charset = None if encodings is None else terms_of(encodings)
    content = b"".join(encoded)
    dataset = _core.read_elements(Dataset, content, is_implicit, is_little_endian, False, charset, False)
    return dataset[number]


def _context(
    context: Dataset, tag: BaseTag, is_little_endian: bool
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
