"""DICOM bytes for tests, laid out by hand from PS3.5 §7 (data sets) and PS3.10 §7.1 (files).

It shares no code with the reader, so a mistake in one is not repeated in the other. Whatever a test
needs wrong can be made wrong: lengths, order, padding, the preamble, the group length.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED_LITTLE = "1.2.840.10008.1.2.1.99"
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
RLE = "1.2.840.10008.1.2.5"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
SOP_CLASSES = {"CT": CT_IMAGE, "MR": MR_IMAGE}

PIXEL_DATA = 0x7FE00010
UNDEFINED_LENGTH = 0xFFFFFFFF

# PS3.5 §7.1.2: these have two reserved bytes and a 32-bit length in explicit syntaxes.
LONG_LENGTH_VRS = frozenset(
    {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
)
NUMBER_FORMATS = {
    "US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q",
}  # fmt: skip
# The size of the unit whose bytes are swapped in a big-endian value field.
WORD_SIZES = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}

# A name that must never turn up in a message.
PATIENT_NAME = "Secret^Somebody"

PREAMBLE = bytes(128) + b"DICM"
# A file that starts like DICOM, and cannot be read.
UNREADABLE_FILE = PREAMBLE + b"\xff" * 60


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
        vr: Two letters; written only in explicit syntaxes, but always decides how `value` is
            encoded.
        value: `bytes` go out as they are; otherwise text, a number, an array, `Items`, `Fragments`,
            or a sequence of texts or numbers.
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


def encode(
    elements: Iterable[Element], *, explicit: bool = True, big_endian: bool = False
) -> bytes:
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
        encoded = swap_words(little, word) if big_endian else little
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


def swap_words(content: bytes, size: int) -> bytes:
    """Return words of `size` bytes in the other byte order."""
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
    return (
        encode([Element(0x00020000, "UL", len(rest) if group_length is None else group_length)])
        + rest
    )


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
        transfer_syntax: Decides VRs and byte order; other UIDs (compressed ones) are explicit
            little endian.
        preamble: Whether the 128 bytes and `DICM` lead.
        meta: Takes the place of the File Meta Information; `b""` leaves it out.
    """
    elements = list(elements)
    if meta is None:
        values = {element.tag: element.value for element in elements}
        meta = file_meta(
            transfer_syntax,
            values.get(0x00080016, SECONDARY_CAPTURE),
            values.get(0x00080018, "2.25.1"),
        )
    content = encode(
        elements,
        explicit=transfer_syntax != IMPLICIT_LITTLE,
        big_endian=transfer_syntax == EXPLICIT_BIG,
    )
    if transfer_syntax == DEFLATED_LITTLE:
        content = deflated(content)
    return (PREAMBLE if preamble else b"") + meta + content


def file_around(content: bytes, transfer_syntax: str = EXPLICIT_LITTLE) -> bytes:
    """Encode a file whose data set is `content`, whatever these bytes are."""
    return PREAMBLE + file_meta(transfer_syntax) + content


def deflated(content: bytes, level: int = 6) -> bytes:
    """Deflate a data set: a stream without zlib header (RFC 1951), padded to even (PS3.5 §A.5)."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    stream = compressor.compress(content) + compressor.flush()
    return stream + b"\0" * (len(stream) % 2)


@dataclass(frozen=True)
class Layout:
    """How pixel cells are laid out (PS3.3 §C.7.6.3.1).

    Attributes:
        samples: Samples per Pixel.
        planar_configuration: 1 writes plane after plane.
        photometric: Default MONOCHROME2, or RGB for 3 samples.
        bits_stored: Default: all that are allocated.
        high_bit: Default: `bits_stored` - 1.
    """

    samples: int = 1
    planar_configuration: int = 0
    photometric: str | None = None
    bits_stored: int | None = None
    high_bit: int | None = None


@dataclass(frozen=True)
class Plane:
    """Where an image lies (PS3.3 §C.7.6.2); `None` leaves an attribute out.

    Attributes:
        position: Image Position (Patient), in mm.
        orientation: Image Orientation (Patient).
        pixel_spacing: (between rows, between columns) in mm.
    """

    position: Sequence[float] | None = (0.0, 0.0, 0.0)
    orientation: Sequence[float] | None = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    pixel_spacing: Sequence[float] | None = (1.0, 1.0)


NO_PLANE = Plane(None, None, None)


@dataclass(frozen=True)
class Identity:
    """What kind of image it is, and of which study and series.

    Attributes:
        modality: Modality.
        sop_class: SOP Class UID; default: that of the modality, or Secondary Capture.
        instance_number: Instance Number; `None` leaves it out.
        sop_instance: SOP Instance UID.
        series: Series Instance UID.
        study: Study Instance UID.
    """

    modality: str = "CT"
    sop_class: str | None = None
    instance_number: int | None = 1
    sop_instance: str = "2.25.1"
    series: str = "2.25.2"
    study: str = "2.25.3"


def image(
    pixels: NDArray[Any],
    *,
    layout: Layout = Layout(),
    plane: Plane = Plane(),
    identity: Identity = Identity(),
    rescale: tuple[float, float] | None = None,
    extra: Iterable[Element] = (),
) -> list[Element]:
    """Lay out a small image data set: patient, series, plane, and pixel modules, in tag order.

    Args:
        pixels: Shape (row, column), with a first axis for frames, which adds Number of Frames, and
            a last one for `layout.samples` > 1. The dtype gives Bits Allocated and Pixel
            Representation; bits above `layout.bits_stored` are written too.
        layout: How the pixel cells are laid out.
        plane: Where the image lies.
        identity: What kind of image it is, and of which series.
        rescale: (Rescale Slope, Rescale Intercept).
        extra: Added, or put in the place of the element with that tag; a value of `None` removes
            it.
    """
    values = {
        **_series_values(identity),
        **_plane_values(plane),
        **_pixel_values(pixels, layout),
    }
    if rescale is not None:
        values[0x00281052] = ("DS", float(rescale[1]))
        values[0x00281053] = ("DS", float(rescale[0]))
    elements = {tag: Element(tag, vr, value) for tag, (vr, value) in values.items()}
    elements.update((element.tag, element) for element in extra)
    return [elements[tag] for tag in sorted(elements) if elements[tag].value is not None]


def _series_values(identity: Identity) -> dict[int, tuple[str, Any]]:
    return {
        0x00080008: ("CS", ["ORIGINAL", "PRIMARY", "AXIAL"]),
        0x00080016: (
            "UI",
            identity.sop_class or SOP_CLASSES.get(identity.modality, SECONDARY_CAPTURE),
        ),
        0x00080018: ("UI", identity.sop_instance),
        0x00080020: ("DA", "20240229"),
        0x00080060: ("CS", identity.modality),
        0x0008103E: ("LO", "Built for a test"),
        0x00100010: ("PN", PATIENT_NAME),
        0x00100020: ("LO", "Secret-0815"),
        0x0020000D: ("UI", identity.study),
        0x0020000E: ("UI", identity.series),
        0x00200011: ("IS", 3),
        0x00200013: ("IS", identity.instance_number),
        0x00200052: ("UI", "2.25.5"),
    }


def _plane_values(plane: Plane) -> dict[int, tuple[str, Any]]:
    numbers = {
        0x00200032: plane.position,
        0x00200037: plane.orientation,
        0x00280030: plane.pixel_spacing,
    }
    return {
        tag: ("DS", None if values is None else [float(value) for value in values])
        for tag, values in numbers.items()
    }


def _pixel_values(pixels: NDArray[Any], layout: Layout) -> dict[int, tuple[str, Any]]:
    has_samples = layout.samples > 1
    has_frames = pixels.ndim == (4 if has_samples else 3)
    rows, columns = pixels.shape[1:3] if has_frames else pixels.shape[:2]
    if layout.planar_configuration and has_samples:
        pixels = np.moveaxis(pixels, -1, -3)
    allocated = pixels.dtype.itemsize * 8
    stored = allocated if layout.bits_stored is None else layout.bits_stored
    photometric = layout.photometric or ("RGB" if layout.samples == 3 else "MONOCHROME2")
    return {
        0x00280002: ("US", layout.samples),
        0x00280004: ("CS", photometric),
        0x00280006: ("US", layout.planar_configuration if has_samples else None),
        0x00280008: ("IS", len(pixels) if has_frames else None),
        0x00280010: ("US", rows),
        0x00280011: ("US", columns),
        0x00280100: ("US", allocated),
        0x00280101: ("US", stored),
        0x00280102: ("US", stored - 1 if layout.high_bit is None else layout.high_bit),
        0x00280103: ("US", int(pixels.dtype.kind == "i")),
        PIXEL_DATA: ("OB" if allocated == 8 else "OW", pixels),
    }


def noise(shape: tuple[int, ...], dtype: Any, seed: int = 1) -> NDArray[Any]:
    """Make random pixels over the whole range of a dtype."""
    info = np.iinfo(dtype)
    random = np.random.default_rng(seed)
    return random.integers(info.min, info.max, shape, dtype, endpoint=True)


def write_image(path: Path, *extra: Element, number: int = 1, **options: Any) -> Path:
    """Write a small image with an Instance Number and further elements.

    Args:
        path: Where to; folders are created where absent.
        *extra: As for `image`.
        number: Instance Number.
        **options: Transfer syntax, as for `file_bytes`; the rest as for `image`.
    """
    syntax = options.pop("transfer_syntax", EXPLICIT_LITTLE)
    identity = replace(options.pop("identity", Identity()), instance_number=number)
    elements = image(np.zeros((2, 3), np.int16), identity=identity, extra=extra, **options)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file_bytes(elements, transfer_syntax=syntax))
    return path


def replace_values(elements: Iterable[Element], values: Mapping[int, Any]) -> list[Element]:
    """Give elements that are already there another value; the VR stays."""
    return [
        Element(one.tag, one.vr, values[one.tag], one.length, one.pad) if one.tag in values else one
        for one in elements
    ]
