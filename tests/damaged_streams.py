"""Codestreams of every codec, damaged in ways that disks and networks have, and what is noticed.

Everything is deterministic: images, places and kinds of damage are the same in each run.
`imagecodecs` compresses.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rapidicom as rd
from builder import PIXEL_DATA, Element, Fragments, Layout, file_bytes, image

Array = NDArray[Any]

HOLE = 512
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
HTJ2K = "1.2.840.10008.1.2.4.201"
JPEG_XL = "1.2.840.10008.1.2.4.110"
RLE = "1.2.840.10008.1.2.5"

KINDS = ["zero tail", "zero tail before the last 2 bytes", "cut", "copy", "hole"]


@dataclass(frozen=True)
class Stream:
    """A frame, and what describes it.

    Attributes:
        codec: What tables call the codec.
        uid: Its Transfer Syntax.
        picture: What tables call the image.
        frame: The codestream.
        shape: (row, column) or (row, column, sample).
        bits: Of a sample.
    """

    codec: str
    uid: str
    picture: str
    frame: bytes
    shape: tuple[int, ...]
    bits: int

    def file(self, frame: bytes) -> bytes:
        """Return a DICOM file with `frame` in the place of this one."""
        blank = np.zeros(self.shape, np.uint8 if self.bits <= 8 else np.uint16)
        samples = self.shape[2] if len(self.shape) > 2 else 1
        colours = "YBR_FULL" if self.codec.startswith("JPEG baseline") else "RGB"
        elements = image(
            blank,
            layout=Layout(
                bits_stored=self.bits,
                samples=samples,
                photometric="MONOCHROME2" if samples == 1 else colours,
            ),
        )
        elements[-1] = Element(PIXEL_DATA, "OB", Fragments([frame]))
        return file_bytes(elements, transfer_syntax=self.uid)

    def decode(self, frame: bytes) -> Array:
        """Decode `frame` as this one would be; raise if it is damaged, and warn if it is odd."""
        return rd.pixel_array(self.file(frame), workers=1)


@dataclass
class Found:
    """What became of the damaged frames of one kind.

    Attributes:
        tried: How many there were.
        noticed: Of those: how many raised.
        warned: How many gave other pixels, with a warning.
        harmless: How many gave the same pixels.
        small: How many gave other pixels, up to one in a hundred, unnoticed.
        large: How many gave more others, unnoticed: the kind, the place and the share of each.
    """

    tried: int = 0
    noticed: int = 0
    warned: int = 0
    harmless: int = 0
    small: int = 0
    large: list[tuple[str, int, float]] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """Add what came of other frames."""
        self.tried += other.tried
        self.noticed += other.noticed
        self.warned += other.warned
        self.harmless += other.harmless
        self.small += other.small
        self.large += other.large


def pictures(size: int) -> dict[str, Array]:
    """Make images: one like a slice of CT, one smooth, one with large flat parts, one in colour."""
    noise = np.random.default_rng(7)
    rows, columns = np.indices((size, size)) / size - 0.5
    radius = np.hypot(rows * 1.3, columns)
    body = np.where(radius < 0.4, 1040 + 300 * np.sin(9 * rows) * np.cos(7 * columns), 24)
    body += noise.normal(0, 12, body.shape) * (radius < 0.42)
    smooth = 2000 + 1500 * np.sin(3 * rows + 2 * columns)
    flat = np.zeros((size, size))
    for place in range(12):
        top, left = (place * 37) % (size - size // 4), (place * 61) % (size - size // 4)
        flat[top : top + size // 5, left : left + size // 6] = 150 + 300 * place
    colours = np.stack([body / 8, smooth / 16, 128 + 100 * np.sin(11 * radius)], axis=-1)
    return {
        "ct": body.clip(0, 4095).astype(np.uint16),
        "smooth": smooth.clip(0, 4095).astype(np.uint16),
        "flat": flat.clip(0, 4095).astype(np.uint16),
        "colour": colours.clip(0, 255).astype(np.uint8),
    }


def packed(data: bytes) -> bytes:
    """Pack bytes (PS3.5 §G.3.1): runs of three and more, and what lies between."""
    out, start = bytearray(), 0
    while start < len(data):
        end = start + 1
        while end < len(data) and end - start < 128 and data[end] == data[start]:
            end += 1
        if end - start >= 3:
            out += bytes([257 - (end - start), data[start]])
        else:
            while end < len(data) and end - start < 128 and len(set(data[end : end + 3])) > 1:
                end += 1
            out += bytes([end - start - 1]) + data[start:end]
        start = end
    return bytes(out)


def rle(pixels: Array) -> bytes:
    """Encode as RLE Lossless (PS3.5 §G): the high bytes first, each row by itself."""
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    segments = [
        b"".join(packed((row >> shift).astype(np.uint8).tobytes()) for row in planes[..., sample])
        for sample in range(planes.shape[2])
        for shift in range(8 * pixels.itemsize - 8, -1, -8)
    ]
    segments = [segment + b"\0" * (len(segment) % 2) for segment in segments]
    starts = np.cumsum([64, *map(len, segments[:-1])])
    header = [len(segments), *starts, *[0] * (15 - len(segments))]
    return np.array(header, "<u4").tobytes() + b"".join(segments)


def encoders() -> list[tuple[str, str, int, Callable[[Array], bytes]]]:
    """List codecs: name, Transfer Syntax, the most bits that they take, and what makes a frame."""
    import imagecodecs as ic

    def jpeg(**options: Any) -> Callable[[Array], bytes]:
        return lambda pixels: bytes(
            ic.jpeg8_encode(pixels, colorspace="RGB" if pixels.ndim > 2 else None, **options)
        )

    def wavelet(pixels: Array) -> bytes:
        return bytes(ic.jpeg2k_encode(pixels, level=0, reversible=True, codecformat="J2K"))

    return [
        ("RLE", RLE, 16, rle),
        ("JPEG baseline", JPEG_BASELINE, 8, jpeg(level=90)),
        ("JPEG baseline, own tables", JPEG_BASELINE, 8, jpeg(level=90, optimize=True)),
        ("JPEG 12 bits", JPEG_EXTENDED, 12, jpeg(level=90, bitspersample=12)),
        ("JPEG Lossless", JPEG_LOSSLESS, 16, jpeg(lossless=True, predictor=1)),
        ("JPEG-LS", JPEG_LS, 16, lambda pixels: bytes(ic.jpegls_encode(pixels))),
        ("JPEG-LS near", JPEG_LS_NEAR, 16, lambda pixels: bytes(ic.jpegls_encode(pixels, level=3))),
        ("JPEG 2000", JPEG_2000, 16, wavelet),
        ("HTJ2K", HTJ2K, 16, lambda pixels: bytes(ic.htj2k_encode(pixels))),
        ("JPEG XL", JPEG_XL, 16, lambda pixels: bytes(ic.jpegxl_encode(pixels, lossless=True))),
    ]


def streams(size: int) -> Iterator[Stream]:
    """Compress each picture by each codec that takes such."""
    for codec, uid, most_bits, encode in encoders():
        for name, picture in pictures(size).items():
            bits = 8 if picture.ndim > 2 else 12
            if bits == 8 and most_bits == 12:
                continue
            narrow = (picture >> 4).astype(np.uint8) if most_bits < bits else picture
            frame = encode(narrow)
            yield Stream(codec, uid, name, frame, narrow.shape, min(bits, most_bits))


def damaged(frame: bytes, count: int) -> Iterator[tuple[str, int, bytes]]:
    """Damage a frame: yields the kind, the place and the damaged frame, `count` of each kind."""
    places = random.Random(1)
    for number in range(count):
        place = number * len(frame) // count
        yield KINDS[0], place, frame[:place] + bytes(len(frame) - place)
        if place < len(frame) - 2:
            yield KINDS[1], place, frame[:place] + bytes(len(frame) - place - 2) + frame[-2:]
        yield KINDS[2], place, frame[:place]
        size = min(HOLE, len(frame) // 4)
        source, start = places.randrange(len(frame) - size), places.randrange(len(frame) - size)
        copy = frame[source : source + size]
        yield KINDS[3], start, frame[:start] + copy + frame[start + size :]
        yield KINDS[4], start, frame[:start] + bytes(size) + frame[start + size :]


def survey(stream: Stream, count: int) -> dict[str, Found]:
    """Damage a stream, `count` times by each kind, and count what is noticed."""
    whole = stream.decode(stream.frame)
    pixels = whole.shape[0] * whole.shape[1]
    found = {kind: Found() for kind in KINDS}
    for kind, place, frame in damaged(stream.frame, count):
        if frame == stream.frame:
            continue
        result = found[kind]
        result.tried += 1
        try:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                decoded = stream.decode(frame)
        except rd.DicomError:
            result.noticed += 1
            continue
        wrong = (decoded != whole).reshape(pixels, -1).any(axis=1).mean()
        if not wrong:
            result.harmless += 1
        elif said:
            result.warned += 1
        elif wrong <= 0.01:
            result.small += 1
        else:
            result.large.append((stream.picture, place, float(wrong)))
    return found
