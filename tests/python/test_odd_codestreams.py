"""Codestreams that their data set describes wrongly, and that are read all the same."""

from __future__ import annotations

import struct
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from builder import PIXEL_DATA, Element, Fragments, Identity, Layout, Plane, file_bytes, image
from damaged_streams import (
    HTJ2K,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LS,
    JPEG_LS_NEAR,
    JPEG_XL,
    RLE,
    packed,
    pictures,
    rle,
)

ic = pytest.importorskip("imagecodecs", reason="imagecodecs encodes")

Array = NDArray[Any]

GREY = pictures(48)["ct"]
NARROW = (GREY >> 4).astype(np.uint8)
COLOUR = pictures(48)["colour"]
JPEG_2000_LOSSY = "1.2.840.10008.1.2.4.91"


def _file(frames: list[bytes], pixels: Array, uid: str, photometric: str, bits: int) -> bytes:
    samples = 3 if pixels.shape[-1] == 3 else 1
    layout = Layout(bits_stored=bits, samples=samples, photometric=photometric)
    elements = image(pixels, layout=layout)
    elements[-1] = Element(PIXEL_DATA, "OB", Fragments(frames))
    return file_bytes(elements, transfer_syntax=uid)


def _read(data: bytes, **options: Any) -> tuple[Array, list[str]]:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        # Not those of another test's objects, which are collected at any time.
        warnings.simplefilter("ignore", ResourceWarning)
        array = rd.pixel_array(data, **options)
    return array, [str(one.message) for one in said]


FAMILIES = {
    "RLE": (RLE, rle),
    "JPEG baseline": (JPEG_BASELINE, lambda it: ic.jpeg8_encode(it, level=100)),
    "JPEG 12 bits": (
        JPEG_EXTENDED,
        lambda it: ic.jpeg8_encode(it.astype(np.uint16) * 16, level=100, bitspersample=12),
    ),
    "JPEG Lossless": (JPEG_LOSSLESS, lambda it: ic.jpeg8_encode(it, lossless=True, predictor=1)),
    "JPEG-LS": (JPEG_LS, ic.jpegls_encode),
    "JPEG-LS near": (JPEG_LS_NEAR, lambda it: ic.jpegls_encode(it, level=2)),
    "J2K": (
        JPEG_2000,
        lambda it: ic.jpeg2k_encode(it, level=0, reversible=True, codecformat="J2K"),
    ),
    "JP2": (
        JPEG_2000_LOSSY,
        lambda it: ic.jpeg2k_encode(it, level=0, reversible=True, codecformat="JP2"),
    ),
    "HTJ2K": (HTJ2K, ic.htj2k_encode),
    "JPEG XL": (JPEG_XL, lambda it: ic.jpegxl_encode(it, lossless=True)),
}
# What messages call them, and the Transfer Syntaxes that mean the same codec.
CODECS = {
    "RLE": "RLE Lossless",
    "JPEG baseline": "JPEG",
    "JPEG 12 bits": "JPEG",
    "JPEG Lossless": "JPEG",
    "JPEG-LS": "JPEG-LS",
    "JPEG-LS near": "JPEG-LS",
    "J2K": "JPEG 2000",
    "JP2": "JPEG 2000",
    "HTJ2K": "JPEG 2000",
    "JPEG XL": "JPEG XL",
}


_SAYS_LOSSLESS = "the Transfer Syntax says lossless, but "
# What is wrong where the codec is the same.
WITHIN = {
    ("JPEG Lossless", "JPEG baseline"): "says baseline, but its process is lossless",
    ("JPEG Lossless", "JPEG 12 bits"): "says extended sequential DCT, but its process is lossless",
    ("JPEG baseline", "JPEG Lossless"): _SAYS_LOSSLESS + "its process is baseline sequential DCT",
    ("JPEG 12 bits", "JPEG Lossless"): _SAYS_LOSSLESS + "its process is extended sequential DCT",
    ("JPEG-LS near", "JPEG-LS"): _SAYS_LOSSLESS + "it is compressed with loss",
}


@pytest.mark.parametrize("said", FAMILIES)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_signature_says_which_codec(family: str, said: str) -> None:
    uid, encode = FAMILIES[family]
    pixels, bits = (NARROW.astype(np.uint16) * 16, 12) if family == "JPEG 12 bits" else (NARROW, 8)
    frame = bytes(encode(NARROW))
    right, remarks = _read(_file([frame], pixels, uid, "MONOCHROME2", bits))
    assert remarks == []
    assert np.abs(right.astype(int) - pixels).max() <= 40
    data = _file([frame], pixels, FAMILIES[said][0], "MONOCHROME2", bits)
    found, remarks = _read(data)
    np.testing.assert_array_equal(found, right)
    if CODECS[family] == CODECS[said]:
        expected = [WITHIN[family, said]] if (family, said) in WITHIN else []
        assert len(remarks) == len(expected)
        assert all(one in remark for one, remark in zip(expected, remarks, strict=True))
    else:
        (remark,) = remarks
        assert f"the {CODECS[family]} data" in remark
        assert f"the Transfer Syntax says {CODECS[said]}" in remark
        assert "frame 0" in remark


@pytest.mark.parametrize(
    ("uid", "encode"),
    [
        (JPEG_2000, lambda it: ic.jpeg2k_encode(it, level=50, reversible=False, codecformat="J2K")),
        (HTJ2K, lambda it: ic.htj2k_encode(it, reversible=False)),
        (JPEG_XL, lambda it: ic.jpegxl_encode(it, lossless=False, distance=1)),
        ("1.2.840.10008.1.2.4.57", lambda it: ic.jpeg8_encode(it, level=95)),
    ],
    ids=["J2K", "HTJ2K", "JPEG XL", "JPEG"],
)
def test_loss_under_a_lossless_transfer_syntax_is_a_warning(uid: str, encode: Any) -> None:
    frame = bytes(encode(NARROW))
    found, remarks = _read(_file([frame], NARROW, uid, "MONOCHROME2", 8))
    assert np.abs(found.astype(int) - NARROW).max() <= 40
    (remark,) = remarks
    assert _SAYS_LOSSLESS in remark and "frame 0" in remark


def test_remarks_on_frames_are_notes_of_the_volume() -> None:
    frames = [rle(NARROW), bytes(ic.jpegls_encode(NARROW))]
    files = {}
    for number, frame in enumerate([*frames, frames[1]]):
        plane = Plane(position=(0, 0, number))
        identity = Identity(instance_number=number, sop_instance=f"2.25.{number}")
        elements = image(NARROW, plane=plane, identity=identity)
        elements[-1] = Element(PIXEL_DATA, "OB", Fragments([frame]))
        files[f"{number}.dcm"] = file_bytes(elements, transfer_syntax=RLE)
    volume = rd.read_series(files)
    np.testing.assert_array_equal(volume.array, np.stack([NARROW] * 3))
    (issue,) = [issue for issue in volume.report.issues if issue.kind == "odd_frame"]
    assert not issue.is_error and issue.numbers == {"image_count": 2}
    assert issue.paths == ["1.dcm", "2.dcm"]
    assert "the Transfer Syntax says RLE Lossless" in issue.sentence
    # Where there is nothing to say, nothing is said; and parts say what is theirs.
    (series,) = rd.find_series(files)
    assert "odd_frame" not in {one.kind for one in series.read(slices=slice(0, 1)).report.issues}
    assert "odd_frame" in {one.kind for one in series.read(slices=slice(1, 2)).report.issues}


def test_one_frame_of_another_family_is_named_with_those_like_it() -> None:
    frames = [rle(NARROW), bytes(ic.jpegls_encode(NARROW)), rle(NARROW), rle(NARROW)]
    frames[3] = frames[1]
    pixels = np.stack([NARROW] * 4)
    found, remarks = _read(_file(frames, pixels, RLE, "MONOCHROME2", 8))
    np.testing.assert_array_equal(found, pixels)
    (remark,) = remarks
    assert "frame 1" in remark and "1 more frames" in remark
    found, remarks = _read(_file(frames, pixels, RLE, "MONOCHROME2", 8), index=2)
    np.testing.assert_array_equal(found, NARROW)
    assert remarks == []


def test_a_resolution_is_that_of_the_codestream() -> None:
    frame = bytes(FAMILIES["J2K"][1](NARROW))
    found, remarks = _read(_file([frame], NARROW, JPEG_LS, "MONOCHROME2", 8), reduce=1)
    assert found.shape == (24, 24) and len(remarks) == 1


@pytest.mark.parametrize("count", [0, 2, 3, 15, 16, 2**32 - 1])
def test_good_offsets_of_rle_count_for_more_than_their_number(count: int) -> None:
    frame = struct.pack("<I", count) + rle(GREY)[4:]
    found, remarks = _read(_file([frame], GREY, RLE, "MONOCHROME2", 12))
    np.testing.assert_array_equal(found, GREY)
    assert (count == 2) == (remarks == [])
    if count != 2:
        assert f"it has {count} segments" in remarks[0]
        with pytest.raises(rd.InvalidDicomError):
            _read(_file([frame], NARROW, RLE, "MONOCHROME2", 8))


@pytest.mark.parametrize(
    ("surplus", "is_read"),
    [
        (b"\x81\0", True),
        (b"\xff\0", True),
        (b"\0\5", True),
        (bytes([46]) + bytes(range(1, 48)), True),
        (bytes([47]) + bytes(range(1, 49)), False),
        (b"\x81\0\x81\0\x81\0", False),
    ],
)
def test_less_than_a_row_of_rle_too_much_is_padding(surplus: bytes, is_read: bool) -> None:
    frame = rle(NARROW)[:64] + packed(NARROW.tobytes()) + surplus
    data = _file([frame], NARROW, RLE, "MONOCHROME2", 8)
    if not is_read:
        with pytest.raises(rd.InvalidDicomError, match="goes on after the last row"):
            _read(data)
        return
    found, remarks = _read(data)
    np.testing.assert_array_equal(found, NARROW)
    assert "bytes after the last row, which are ignored" in remarks[0]


ADOBE = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"
JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
NO_MARKER, ADOBE_0, ADOBE_1, ADOBE_9 = b"", ADOBE + b"\0", ADOBE + b"\1", ADOBE + b"\x09"


def _jpeg(coded: str, subsampling: str, before: bytes, ids: bytes) -> bytes:
    """Return a JPEG of `COLOUR` with these segments and names of components, and no others."""
    frame = bytes(
        ic.jpeg8_encode(
            COLOUR, level=95, colorspace="RGB", outcolorspace=coded, subsampling=subsampling
        )
    )
    out, position = bytearray(b"\xff\xd8" + before), 2
    while frame[position + 1] != 0xDA:
        marker, length = frame[position + 1], int.from_bytes(frame[position + 2 : position + 4])
        segment = bytearray(frame[position : position + 2 + length])
        if marker == 0xC0:
            segment[10:19:3] = ids
        if marker not in (0xE0, 0xEE):
            out += segment
        position += 2 + length
    scan = bytearray(frame[position:])
    scan[5:11:2] = ids
    return bytes(out + scan)


# As in the table of docs/pixels.md: the segments, the names of the components, whether the second
# and third are subsampled, Photometric Interpretation, and which colours there are by that.
COLOURS = [
    ("Adobe 1", ADOBE_1, b"\1\2\3", "444", "RGB", "YBR"),
    ("Adobe 1", ADOBE_1, b"\1\2\3", "420", "RGB", "YBR"),
    ("Adobe 1", ADOBE_1, b"\1\2\3", "444", "YBR_FULL", "YBR"),
    ("Adobe 1 and letters", ADOBE_1, b"RGB", "444", "RGB", "YBR"),
    ("JFIF and Adobe 1", JFIF + ADOBE_1, b"\1\2\3", "444", "RGB", "YBR"),
    ("letters", NO_MARKER, b"RGB", "444", "YBR_FULL", "RGB"),
    ("small letters", NO_MARKER, b"rgb", "444", "YBR_FULL_422", "RGB"),
    ("letters and Adobe 0", ADOBE_0, b"RGB", "444", "YBR_FULL_422", "RGB"),
    ("letters", NO_MARKER, b"RGB", "444", "RGB", "RGB"),
    ("JFIF and letters", JFIF, b"RGB", "444", "YBR_FULL", "RGB"),
    ("JFIF", JFIF, b"\1\2\3", "444", "RGB", "YBR"),
    ("JFIF", JFIF, b"\1\2\3", "422", "YBR_FULL_422", "YBR"),
    ("JFIF and Adobe 0", JFIF + ADOBE_0, b"\1\2\3", "444", "RGB", "YBR"),
    ("Adobe 0", ADOBE_0, b"\1\2\3", "444", "RGB", "RGB"),
    ("Adobe 0", ADOBE_0, b"\1\2\3", "444", "YBR_FULL", "RGB"),
    ("Adobe 0, subsampled", ADOBE_0, b"\1\2\3", "420", "YBR_FULL_422", "YBR"),
    ("subsampled", NO_MARKER, b"\1\2\3", "420", "RGB", "YBR"),
    ("subsampled", NO_MARKER, b"\0\1\2", "422", "RGB", "YBR"),
    ("subsampled", NO_MARKER, b"\1\2\3", "420", "YBR_FULL", "YBR"),
    ("nothing", NO_MARKER, b"\1\2\3", "444", "RGB", "RGB"),
    ("nothing", NO_MARKER, b"\1\2\3", "444", "YBR_FULL", "YBR"),
    ("another transform", ADOBE_9, b"\0\1\2", "444", "RGB", "RGB"),
    ("another transform", ADOBE_9, b"\0\1\2", "444", "YBR_FULL", "YBR"),
]


@pytest.mark.parametrize(("_name", "before", "ids", "sampling", "said", "colours"), COLOURS)
def test_colours_of_jpeg_are_those_that_it_shows(
    _name: str, before: bytes, ids: bytes, sampling: str, said: str, colours: str
) -> None:
    frame = _jpeg("YCBCR" if colours == "YBR" else "RGB", sampling, before, ids)
    found, remarks = _read(_file([frame], COLOUR, JPEG_BASELINE, said, 8))
    assert np.abs(found.astype(int) - COLOUR).mean() < 6
    contradicts_itself = _name == "Adobe 0, subsampled"
    assert bool(remarks) == (not said.startswith(colours) or contradicts_itself)
    raw, _ = _read(_file([frame], COLOUR, JPEG_BASELINE, said, 8), raw=True)
    assert (np.abs(raw.astype(int) - COLOUR).mean() < 6) == (colours == "RGB")


@pytest.mark.parametrize(("transform", "name"), [(0, "CMYK"), (2, "YCCK")])
def test_colours_of_print_are_refused_by_name(transform: int, name: str) -> None:
    pixels = np.concatenate([COLOUR, COLOUR[..., :1]], axis=-1)
    frame = bytes(ic.jpeg8_encode(pixels, level=95, colorspace="CMYK", outcolorspace="CMYK"))
    adobe = frame.index(b"Adobe")
    frame = frame[: adobe + 11] + bytes([transform]) + frame[adobe + 12 :]
    elements = image(pixels, layout=Layout(samples=4, photometric="RGB"))
    elements[-1] = Element(PIXEL_DATA, "OB", Fragments([frame]))
    with pytest.raises(rd.UnsupportedError, match=rf"JPEG colours \({name}\)"):
        rd.pixel_array(file_bytes(elements, transfer_syntax=JPEG_BASELINE))


def test_arithmetic_coding_is_refused_by_name() -> None:
    frame = bytes(ic.jpeg8_encode(NARROW, level=90))
    place = frame.index(b"\xff\xc0")
    frame = frame[: place + 1] + b"\xc9" + frame[place + 2 :]
    with pytest.raises(rd.UnsupportedError, match="SOF9, sequential DCT, arithmetic coding"):
        _read(_file([frame], NARROW, JPEG_BASELINE, "MONOCHROME2", 8))


@pytest.mark.parametrize("subsampling", ["444", "420"])
def test_luminance_of_12_bits_becomes_rgb(subsampling: str) -> None:
    wide = COLOUR.astype(np.uint16) * 16
    frame = bytes(
        ic.jpeg8_encode(
            wide,
            level=98,
            colorspace="RGB",
            outcolorspace="YCBCR",
            subsampling=subsampling,
            bitspersample=12,
        )
    )
    data = _file([frame], wide, JPEG_EXTENDED, "YBR_FULL", 12)
    found, _ = _read(data)
    reference = ic.jpeg8_decode(frame, colorspace="YCBCR", outcolorspace="RGB")
    assert found.dtype == np.uint16
    assert np.abs(found.astype(int) - reference.astype(int)).max() <= 3
