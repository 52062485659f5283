"""DICOM bytes for tests, laid out by hand from PS3.5 §7 (data sets) and PS3.10 §7.1 (files).

It shares no code with the reader, so a mistake in one is not repeated in the other. Whatever a test needs
wrong can be made wrong: lengths, order, padding, the preamble, the group length.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED_LITTLE = "1.2.840.10008.1.2.1.99"

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
SOP_CLASSES = {"CT": CT_IMAGE, "MR": MR_IMAGE, "OT": SECONDARY_CAPTURE}

UNDEFINED_LENGTH = 0xFFFFFFFF

# PS3.5 §7.1.2: these have two reserved bytes and a 32-bit length in explicit syntaxes.
LONG_LENGTH_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
NUMBER_FORMATS = {
    "US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q",
}  # fmt: skip
# The size of the unit whose bytes are swapped in a big-endian value field.
WORD_SIZES = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}

# A name that must never turn up in a message.
PATIENT_NAME = "Secret^Somebody"


@dataclass(frozen=True)
class Items:
    """A Sequence of Items (PS3.5 §7.5).

    Attributes:
        items: The elements of each item, in the order they are written.
        undefined_length: Whether the sequence ends with a delimiter instead of having a length.
        undefined_item_length: The same for each of its items.
    """

    items: Sequence[Iterable[Element]]
    undefined_length: bool = False
    undefined_item_length: bool = False


@dataclass(frozen=True)
class Fragments:
    """Encapsulated pixel data (PS3.5 §A.4): a Basic Offset Table, then one item a fragment.

    Attributes:
        fragments: Padded to even length with a zero byte when written.
        offsets: The Basic Offset Table; empty leaves the table empty.
        undefined_length: As the standard demands.
    """

    fragments: Sequence[bytes]
    offsets: Sequence[int] = ()
    undefined_length: bool = True


@dataclass(frozen=True)
class Element:
    """One data element.

    Attributes:
        tag: Group in the high, element in the low 16 bits.
        vr: Two letters; written only in explicit syntaxes, but always decides how `value` is encoded.
        value: `bytes` go out as they are; otherwise text, a number, an array, `Items`, `Fragments`, or a
            sequence of texts or numbers.
        length: What the length field says, where that shall differ from the truth.
        pad: Whether an odd value is padded to even length (PS3.5 §6.2).
    """

    tag: int
    vr: str
    value: Any
    length: int | None = None
    pad: bool = True


def decimal(number: float) -> str:
    """Write a number as a Decimal String, with as many digits as its 16 bytes hold (PS3.5 §6.2)."""
    for digits in range(17, 0, -1):
        text = f"{number:.{digits}g}"
        if len(text) <= 16:
            return text
    raise ValueError("the number does not fit into 16 characters")


def encode(elements: Iterable[Element], *, explicit: bool = True, big_endian: bool = False) -> bytes:
    """Encode elements in the order given; sorting them is the caller's business."""
    return b"".join(_encode_element(element, explicit, big_endian) for element in elements)


def _encode_element(element: Element, explicit: bool, big_endian: bool) -> bytes:
    order = ">" if big_endian else "<"
    value = _encode_value(element, explicit, big_endian)
    if element.length is not None:
        length = element.length
    elif getattr(element.value, "undefined_length", False):
        length = UNDEFINED_LENGTH
    else:
        length = len(value)
    header = struct.pack(order + "HH", element.tag >> 16, element.tag & 0xFFFF)
    if not explicit:
        header += struct.pack(order + "I", length)
    elif element.vr in LONG_LENGTH_VRS:
        header += element.vr.encode() + b"\0\0" + struct.pack(order + "I", length)
    else:
        header += element.vr.encode() + struct.pack(order + "H", length)
    return header + value


def _encode_value(element: Element, explicit: bool, big_endian: bool) -> bytes:
    order = ">" if big_endian else "<"
    vr, value = element.vr, element.value
    if isinstance(value, Items):
        return _encode_items(value, explicit, big_endian)
    if isinstance(value, Fragments):
        return _encode_fragments(value, order)
    if isinstance(value, bytes):
        encoded = value
    elif isinstance(value, np.ndarray):
        little = value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
        # 32-bit pixels in OW are swapped whole: public big-endian files have them so.
        word = max(WORD_SIZES.get(vr, 1), value.dtype.itemsize)
        encoded = _swap_words(little, word) if big_endian else little
    elif value is None:
        encoded = b""
    else:
        values: list[Any] = (
            [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)
        )
        if vr in NUMBER_FORMATS:
            encoded = struct.pack(f"{order}{len(values)}{NUMBER_FORMATS[vr]}", *values)
        elif vr == "AT":
            encoded = b"".join(struct.pack(order + "HH", tag >> 16, tag & 0xFFFF) for tag in values)
        else:
            texts = [decimal(one) if isinstance(one, float) else str(one) for one in values]
            encoded = "\\".join(texts).encode("utf-8")
    if element.pad and len(encoded) % 2:
        encoded += b"\0" if vr in {"UI", "OB", "UN"} else b" "
    return encoded


def _encode_items(sequence: Items, explicit: bool, big_endian: bool) -> bytes:
    order = ">" if big_endian else "<"
    parts = []
    for item in sequence.items:
        content = encode(item, explicit=explicit, big_endian=big_endian)
        length = UNDEFINED_LENGTH if sequence.undefined_item_length else len(content)
        parts.append(struct.pack(order + "HHI", 0xFFFE, 0xE000, length) + content)
        if sequence.undefined_item_length:
            parts.append(struct.pack(order + "HHI", 0xFFFE, 0xE00D, 0))
    if sequence.undefined_length:
        parts.append(struct.pack(order + "HHI", 0xFFFE, 0xE0DD, 0))
    return b"".join(parts)


def _encode_fragments(fragments: Fragments, order: str) -> bytes:
    table = struct.pack(f"{order}{len(fragments.offsets)}I", *fragments.offsets)
    parts = []
    for content in [table, *fragments.fragments]:
        padded = content + b"\0" * (len(content) % 2)
        parts.append(struct.pack(order + "HHI", 0xFFFE, 0xE000, len(padded)) + padded)
    parts.append(struct.pack(order + "HHI", 0xFFFE, 0xE0DD, 0))
    return b"".join(parts)


def _swap_words(content: bytes, size: int) -> bytes:
    return np.frombuffer(content, np.dtype(f"V{size}")).view(f"u{size}").byteswap().tobytes()


def file_meta(
    transfer_syntax: str,
    sop_class: str = SECONDARY_CAPTURE,
    sop_instance: str = "2.25.1",
    *,
    group_length: int | None = None,
    extra: Iterable[Element] = (),
) -> bytes:
    """Encode the File Meta Information: always explicit little endian (PS3.10 §7.1).

    Args:
        transfer_syntax: UID of the data set that follows.
        sop_class: Media Storage SOP Class UID.
        sop_instance: Media Storage SOP Instance UID.
        group_length: What (0002,0000) says, where that shall be wrong.
        extra: Further elements of group 0002, written last.
    """
    rest = encode(
        [
            Element(0x00020001, "OB", b"\0\1"),
            Element(0x00020002, "UI", sop_class),
            Element(0x00020003, "UI", sop_instance),
            Element(0x00020010, "UI", transfer_syntax),
            Element(0x00020012, "UI", "2.25.4711"),
            *extra,
        ]
    )
    return encode([Element(0x00020000, "UL", len(rest) if group_length is None else group_length)]) + rest


def file_bytes(
    elements: Iterable[Element],
    *,
    transfer_syntax: str = EXPLICIT_LITTLE,
    preamble: bool = True,
    meta: bytes | None = None,
) -> bytes:
    """Encode a file: preamble, prefix, File Meta Information, data set.

    Args:
        elements: The data set, in the order it is written.
        transfer_syntax: Decides VRs and byte order; other UIDs (compressed ones) are explicit little endian.
        preamble: Whether the 128 bytes and `DICM` lead.
        meta: Takes the place of the File Meta Information; `b""` leaves it out.
    """
    elements = list(elements)
    if meta is None:
        values = {element.tag: element.value for element in elements}
        meta = file_meta(
            transfer_syntax, values.get(0x00080016, SECONDARY_CAPTURE), values.get(0x00080018, "2.25.1")
        )
    content = encode(
        elements, explicit=transfer_syntax != IMPLICIT_LITTLE, big_endian=transfer_syntax == EXPLICIT_BIG
    )
    if transfer_syntax == DEFLATED_LITTLE:
        content = deflated(content)
    return (b"\0" * 128 + b"DICM" if preamble else b"") + meta + content


def deflated(content: bytes, level: int = 6) -> bytes:
    """Deflate a data set: the bare stream without a zlib header (RFC 1951), padded to even (PS3.5 §A.5)."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    stream = compressor.compress(content) + compressor.flush()
    return stream + b"\0" * (len(stream) % 2)


def image(
    pixels: NDArray[Any],
    *,
    modality: str = "CT",
    samples: int = 1,
    frames: bool = False,
    planar_configuration: int = 0,
    photometric: str | None = None,
    bits_stored: int | None = None,
    high_bit: int | None = None,
    position: Sequence[float] | None = (0.0, 0.0, 0.0),
    orientation: Sequence[float] | None = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    pixel_spacing: Sequence[float] | None = (1.0, 1.0),
    rescale: tuple[float, float] | None = None,
    instance_number: int | None = 1,
    sop_instance: str = "2.25.1",
    series: str = "2.25.2",
    study: str = "2.25.3",
    extra: Iterable[Element] = (),
) -> list[Element]:
    """Lay out a small image data set: patient, series, plane, and pixel modules, in tag order.

    Args:
        pixels: Shape (row, column), with a last axis for `samples` > 1 and a first one for `frames`. The
            dtype gives Bits Allocated and Pixel Representation; bits above `bits_stored` are written too.
        modality: `"CT"`, `"MR"` or `"OT"` (a Secondary Capture), which chooses the SOP Class.
        samples: Samples per Pixel.
        frames: Whether the first axis counts frames; adds Number of Frames.
        planar_configuration: 1 writes plane after plane (PS3.3 §C.7.6.3.1.3).
        photometric: Default MONOCHROME2, or RGB for 3 samples.
        bits_stored: Default: all that are allocated.
        high_bit: Default: `bits_stored` - 1.
        position: Image Position (Patient); `None` leaves it out, as for the following ones.
        orientation: Image Orientation (Patient).
        pixel_spacing: (between rows, between columns) in mm.
        rescale: (Rescale Slope, Rescale Intercept).
        instance_number: Instance Number.
        sop_instance: SOP Instance UID.
        series: Series Instance UID.
        study: Study Instance UID.
        extra: Added, or put in the place of the element with that tag; a value of `None` removes it.
    """
    allocated = pixels.dtype.itemsize * 8
    stored = allocated if bits_stored is None else bits_stored
    rows, columns = pixels.shape[1:3] if frames else pixels.shape[:2]
    if planar_configuration and samples > 1:
        pixels = np.moveaxis(pixels, -1, -3)
    elements: dict[int, Element] = {}

    def put(tag: int, vr: str, value: Any) -> None:
        if value is not None:
            elements[tag] = Element(tag, vr, value)

    put(0x00080008, "CS", ["ORIGINAL", "PRIMARY", "AXIAL"])
    put(0x00080016, "UI", SOP_CLASSES[modality])
    put(0x00080018, "UI", sop_instance)
    put(0x00080020, "DA", "20240229")
    put(0x00080060, "CS", modality)
    put(0x0008103E, "LO", "Built for a test")
    put(0x00100010, "PN", PATIENT_NAME)
    put(0x00100020, "LO", "Secret-0815")
    put(0x0020000D, "UI", study)
    put(0x0020000E, "UI", series)
    put(0x00200011, "IS", 3)
    put(0x00200013, "IS", instance_number)
    put(0x00200032, "DS", None if position is None else [float(v) for v in position])
    put(0x00200037, "DS", None if orientation is None else [float(v) for v in orientation])
    put(0x00200052, "UI", "2.25.5")
    put(0x00280002, "US", samples)
    put(0x00280004, "CS", photometric or ("RGB" if samples == 3 else "MONOCHROME2"))
    put(0x00280006, "US", planar_configuration if samples > 1 else None)
    put(0x00280008, "IS", len(pixels) if frames else None)
    put(0x00280010, "US", rows)
    put(0x00280011, "US", columns)
    put(0x00280030, "DS", None if pixel_spacing is None else [float(v) for v in pixel_spacing])
    put(0x00280100, "US", allocated)
    put(0x00280101, "US", stored)
    put(0x00280102, "US", stored - 1 if high_bit is None else high_bit)
    put(0x00280103, "US", int(pixels.dtype.kind == "i"))
    if rescale is not None:
        put(0x00281052, "DS", float(rescale[1]))
        put(0x00281053, "DS", float(rescale[0]))
    put(0x7FE00010, "OB" if allocated == 8 else "OW", pixels)
    for element in extra:
        if element.value is None:
            elements.pop(element.tag, None)
        else:
            elements[element.tag] = element
    return [elements[tag] for tag in sorted(elements)]


def replace_values(elements: Iterable[Element], values: Mapping[int, Any]) -> list[Element]:
    """Give elements that are already there another value; the VR stays."""
    return [
        Element(one.tag, one.vr, values[one.tag], one.length, one.pad) if one.tag in values else one
        for one in elements
    ]
