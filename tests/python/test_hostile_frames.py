"""What a frame costs is bounded by what it becomes, whatever its headers claim."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from damaged_streams import HTJ2K, JPEG_2000, JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, JPEG_XL, RLE

ic = pytest.importorskip("imagecodecs", reason="imagecodecs encodes")
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="peaks of memory are counted otherwise elsewhere"
)

SIDE = 4096
SMALL = (np.indices((32, 32)).sum(0) * 4).astype(np.uint8)
# Bytes that decoding may take beside the frame itself, for each sample of 8 bits: the coefficients
# of JPEG 2000 and JPEG XL have 4 bytes, and the lower half of a level a fourth of that.
BYTES_A_SAMPLE = {JPEG_2000: 6, HTJ2K: 6, JPEG_XL: 14}
OTHERS = 3
# And whatever the frame: tables, threads, what the process takes by the way.
FIXED = 24 << 20

PROGRAM = """
import resource, sys
import numpy as np
from rapidicom import _core

uid, side, samples = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
frame = sys.stdin.buffer.read()
out = np.ones(side * side * samples, np.uint8)
colours = "MONOCHROME2" if samples == 1 else "RGB"
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    _core.decode_frame(uid, frame, side, side, samples, 8, 8, False, colours, True, 0, out)
    said = "read"
except Exception as error:
    said = type(error).__name__
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(said, (after - before) << 10)
"""


def _patched(frame: bytes, marker: bytes, offset: int, sizes: bytes) -> bytes:
    """Return a codestream whose header says another size."""
    place = frame.index(marker) + offset
    return frame[:place] + sizes + frame[place + len(sizes) :]


def _jpeg(**options: object) -> bytes:
    frame = bytes(ic.jpeg8_encode(SMALL, **options))
    marker = next(
        one for one in (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2", b"\xff\xc3") if one in frame
    )
    return _patched(frame, marker, 5, struct.pack(">HH", SIDE, SIDE))


def _progressive() -> bytes:
    """The first scan of a progressive frame: coefficients are kept until the last one."""
    frame = _jpeg(level=90)
    start = frame.index(b"\xff\xda")
    spectral = start + 4 + frame[start + 4] * 2 + 1
    frame = frame[:spectral] + b"\0\0\0" + frame[spectral + 3 :]
    return frame.replace(b"\xff\xc0", b"\xff\xc2", 1)


def _jpeg_2000(
    coding: bytes, tile: int = SIDE, components: int = 1, body: bytes = bytes(2700)
) -> bytes:
    """A codestream whose headers claim what they like (ISO/IEC 15444-1 Annex A)."""

    def segment(marker: int, content: bytes) -> bytes:
        return struct.pack(">HH", marker, len(content) + 2) + content

    size = struct.pack(">HIIIIIIII", 0, SIDE, SIDE, 0, 0, tile, tile, 0, 0)
    size += struct.pack(">H", components) + bytes([7, 1, 1]) * components
    quantization = bytes([0x40]) + bytes([9 << 3] * 97)
    return b"".join(
        [
            b"\xff\x4f",
            segment(0xFF51, size),
            segment(0xFF52, coding),
            segment(0xFF5C, quantization),
            struct.pack(">HHHIBB", 0xFF90, 10, 0, 0, 0, 1),
            b"\xff\x93",
            body,
            b"\xff\xd9",
        ]
    )


def _coding(layers: int = 1, levels: int = 5, block: int = 4, style: int = 0) -> bytes:
    return struct.pack(">BBHBBBBBB", 0, 0, layers, 0, levels, block, block, style, 1)


def _precincts(exponent: int) -> bytes:
    coding = bytearray(_coding(levels=5))
    coding[0] = 1
    return bytes(coding) + bytes([exponent << 4 | exponent] * 6)


NOISE = np.random.default_rng(3).integers(0, 256, 2700, np.uint8).tobytes()
FLAT = np.zeros((SIDE, SIDE), np.uint8)

FRAMES: dict[str, tuple[str, int, Callable[[], bytes]]] = {
    "JPEG baseline": (JPEG_BASELINE, 1, lambda: _jpeg(level=90)),
    "JPEG progressive": (JPEG_BASELINE, 1, _progressive),
    "JPEG Lossless": (JPEG_LOSSLESS, 1, lambda: _jpeg(lossless=True, predictor=1)),
    "JPEG-LS": (
        JPEG_LS,
        1,
        lambda: _patched(
            bytes(ic.jpegls_encode(SMALL)), b"\xff\xf7", 5, struct.pack(">HH", SIDE, SIDE)
        ),
    ),
    "RLE": (RLE, 1, lambda: struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\0" * 1300),
    "RLE, three segments": (
        RLE,
        3,
        lambda: struct.pack("<16I", 3, 64, 66, 68, *[0] * 12) + b"\x81\0" * 1300,
    ),
    "J2K, large": (JPEG_2000, 1, lambda: _jpeg_2000(_coding())),
    "J2K, noise": (JPEG_2000, 1, lambda: _jpeg_2000(_coding(), body=NOISE)),
    "J2K, tiny tiles": (JPEG_2000, 1, lambda: _jpeg_2000(_coding(levels=0), tile=1)),
    "J2K, small tiles": (JPEG_2000, 1, lambda: _jpeg_2000(_coding(), tile=16, body=NOISE)),
    "J2K, layers": (JPEG_2000, 1, lambda: _jpeg_2000(_coding(layers=65535))),
    "J2K, layers of noise": (JPEG_2000, 1, lambda: _jpeg_2000(_coding(65535), body=NOISE)),
    "J2K, resolutions": (JPEG_2000, 1, lambda: _jpeg_2000(_coding(levels=32))),
    "J2K, small blocks": (JPEG_2000, 1, lambda: _jpeg_2000(_coding(block=0), body=NOISE)),
    "J2K, tiny precincts": (JPEG_2000, 1, lambda: _jpeg_2000(_precincts(1), body=NOISE)),
    "J2K, components": (JPEG_2000, 1, lambda: _jpeg_2000(_coding(), components=10_000)),
    "J2K, flat": (
        JPEG_2000,
        1,
        lambda: bytes(ic.jpeg2k_encode(FLAT, level=0, reversible=True, codecformat="J2K")),
    ),
    "HTJ2K, large": (HTJ2K, 1, lambda: _jpeg_2000(_coding(style=0x40), body=NOISE)),
    "HTJ2K, flat": (HTJ2K, 1, lambda: bytes(ic.htj2k_encode(FLAT))),
    "JPEG XL, flat": (JPEG_XL, 1, lambda: bytes(ic.jpegxl_encode(FLAT, lossless=True))),
}


@pytest.mark.parametrize("name", FRAMES)
def test_memory_is_bounded_by_the_frame(name: str) -> None:
    uid, samples, make = FRAMES[name]
    frame = make()
    assert len(frame) < 40_000
    arguments = [uid, str(SIDE), str(samples)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], input=frame, capture_output=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    said, peak = done.stdout.split()
    flat = name.endswith("flat")
    assert said in ([b"read"] if flat else [b"InvalidDicomError", b"UnsupportedError", b"read"])
    most = BYTES_A_SAMPLE.get(uid, OTHERS) * SIDE * SIDE * samples + FIXED
    assert int(peak) <= most, f"{int(peak) >> 20} MB, {most >> 20} are allowed"
