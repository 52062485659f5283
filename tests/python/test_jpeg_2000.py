"""JPEG 2000 and HTJ2K as encoders write them, and damaged: against OpenJPEG and OpenJPH."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from builder import JPEG_2000_LOSSLESS, Element, Fragments, Layout, file_bytes, image
from jpeg_2000_builder import cod, joined, siz

imagecodecs = pytest.importorskip("imagecodecs", reason="imagecodecs encodes and is a reference")

PIXEL_DATA = 0x7FE00010
HTJ2K = "1.2.840.10008.1.2.4.201"
MULTI_COMPONENT = "1.2.840.10008.1.2.4.92"
Encode = Callable[..., bytes]


def _picture(rows: int = 48, columns: int = 40, samples: int = 1, bits: int = 8) -> NDArray[Any]:
    """A smooth image with some noise."""
    row, column = np.mgrid[:rows, :columns]
    noise = np.random.default_rng(rows * columns).normal(0, 0.02, (rows, columns))
    one = 0.5 + 0.3 * np.sin(row / 7 + column / 11) + noise
    many = np.stack([np.roll(one, 5 * sample, 1) for sample in range(samples)], -1)
    levels = np.clip(many, 0, 1) * ((1 << bits) - 1)
    return (
        levels.round()
        .astype(np.uint8 if bits <= 8 else np.uint16)
        .squeeze(-1 if samples == 1 else ())
    )


def _openjpeg(pixels: NDArray[Any], **options: Any) -> bytes:
    options = {"level": 0, "reversible": True, "codecformat": "J2K", **options}
    encoded: bytes = imagecodecs.jpeg2k_encode(pixels, **options)
    return encoded


def _openjph(pixels: NDArray[Any], **options: Any) -> bytes:
    encoded: bytes = imagecodecs.htj2k_encode(pixels, **{"reversible": True, **options})
    return encoded


ENCODERS = pytest.mark.parametrize("encode", [_openjpeg, _openjph], ids=["jpeg_2000", "htj2k"])


def _file(
    codestream: bytes,
    like: NDArray[Any],
    photometric: str = "MONOCHROME2",
    syntax: str = JPEG_2000_LOSSLESS,
) -> bytes:
    samples = like.shape[2] if like.ndim == 3 else 1
    layout = Layout(samples=samples, photometric=photometric, bits_stored=like.itemsize * 8)
    elements = image(like, layout=layout)
    elements[-1] = Element(
        PIXEL_DATA, "OB", Fragments([codestream + b"\0" * (len(codestream) % 2)])
    )
    return file_bytes(elements, transfer_syntax=syntax)


def _read(*arguments: Any, **options: Any) -> NDArray[Any]:
    """The pixels, which nothing warns about."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return rd.dcmread(_file(*arguments, **options)).pixel_array


def _changed(codestream: bytes, place: int, value: int) -> bytes:
    return codestream[:place] + bytes([value]) + codestream[place + 1 :]


@ENCODERS
@pytest.mark.parametrize("samples", [1, 2])
def test_a_transform_of_fewer_than_three_components_is_none(encode: Encode, samples: int) -> None:
    pixels = _picture(samples=samples)
    codestream = encode(pixels) if samples == 1 else _two(encode, pixels)
    changed = _changed(codestream, cod(codestream) + 8, 1)
    np.testing.assert_array_equal(_read(changed, pixels), pixels)


def _two(encode: Encode, pixels: NDArray[Any]) -> bytes:
    planes = [np.ascontiguousarray(pixels[..., sample]) for sample in range(2)]
    return joined([encode(plane) for plane in planes], [(1, 1)] * 2)


@ENCODERS
def test_the_bit_of_part_2_needs_no_part_2(encode: Encode) -> None:
    pixels = _picture()
    codestream = encode(pixels)
    changed = _changed(codestream, siz(codestream) + 4, codestream[siz(codestream) + 4] | 0x80)
    for syntax in (JPEG_2000_LOSSLESS, MULTI_COMPONENT):
        np.testing.assert_array_equal(_read(changed, pixels, syntax=syntax), pixels)


def test_marker_segments_of_part_2_are_refused() -> None:
    pixels = _picture()
    codestream = _openjpeg(pixels)
    place = cod(codestream)
    changed = codestream[:place] + b"\xff\x74\0\5\0\0\0" + codestream[place:]
    with pytest.raises(rd.UnsupportedError, match="Part 2"):
        _ = rd.dcmread(_file(changed, pixels)).pixel_array


def _to_rgb(planes: list[NDArray[Any]]) -> NDArray[np.uint8]:
    """YBR_FULL to RGB (PS3.3 §C.7.6.3.1.2)."""
    luminance, blue, red = (plane.astype(float) for plane in planes)
    blue, red = blue - 128, red - 128
    colours = (
        luminance + 1.402 * red,
        luminance - 0.344136 * blue - 0.714136 * red,
        luminance + 1.772 * blue,
    )
    rgb = np.stack(colours, -1)
    return np.clip(np.floor(rgb + 0.5), 0, 255).astype(np.uint8)


@ENCODERS
@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_FULL", "RGB"])
@pytest.mark.parametrize(
    "step", [(2, 1), (2, 2), (1, 2), (4, 1), (4, 2)], ids=["422", "420", "440", "411", "410"]
)
@pytest.mark.parametrize("shape", [(48, 40), (47, 39)], ids=["even", "odd"])
def test_components_of_fewer_samples_are_chrominance(
    encode: Encode, photometric: str, step: tuple[int, int], shape: tuple[int, int]
) -> None:
    planes = [_picture(*shape), *(_picture(-(-shape[0] // step[1]), -(-shape[1] // step[0])),) * 2]
    planes[2] = 255 - planes[2]
    codestream = joined([encode(plane, resolutions=1) for plane in planes], [(1, 1), step, step])
    like = np.zeros((*shape, 3), np.uint8)
    wide = [planes[0], *(plane.repeat(step[1], 0).repeat(step[0], 1) for plane in planes[1:])]
    expected = [plane[: shape[0], : shape[1]] for plane in wide]
    if photometric == "RGB":
        with pytest.warns(UserWarning, match="its colours are YBR_FULL"):
            found = rd.dcmread(_file(codestream, like, photometric)).pixel_array
    else:
        found = _read(codestream, like, photometric)
    np.testing.assert_array_equal(found, _to_rgb(expected))
    # OpenJPEG puts nothing in order; each component by itself is as it is stored.
    ds = rd.dcmread(_file(codestream, like, photometric))
    stored = rd.pixel_array(ds, raw=True)
    np.testing.assert_array_equal(stored, np.stack(expected, -1))


@ENCODERS
@pytest.mark.parametrize(
    ("photometric", "step"), [("YBR_PARTIAL_420", (2, 2)), ("YBR_PARTIAL_422", (1, 1))]
)
def test_chrominance_of_a_smaller_range_becomes_rgb(
    encode: Encode, photometric: str, step: tuple[int, int]
) -> None:
    shape = (48, 40)
    # Levels from 16 to 235 and from 16 to 240 (PS3.3 §C.7.6.3.1.2).
    luminance = 16 + _picture(*shape).astype(float) * 219 / 255
    luminance = luminance.round().astype(np.uint8)
    blue = np.full((48 // step[1], 40 // step[0]), 100, np.uint8)
    red = np.full_like(blue, 140)
    planes = [luminance, blue, red]
    codestream = joined([encode(plane, resolutions=1) for plane in planes], [(1, 1), step, step])
    found = _read(codestream, np.zeros((*shape, 3), np.uint8), photometric)
    y, cb, cr = luminance.astype(float) - 16, 100.0 - 128, 140.0 - 128
    # The matrix of the standard, inverted.
    forth = [[0.2568, 0.5041, 0.0979], [-0.1482, -0.2910, 0.4392], [0.4392, -0.3678, -0.0714]]
    back = np.linalg.inv(np.array(forth))
    ybr = np.stack(np.broadcast_arrays(y, cb, cr), -1)
    assert np.abs(found - np.clip(ybr @ back.T, 0, 255)).max() <= 1


@ENCODERS
def test_the_image_is_as_large_as_its_largest_component(encode: Encode) -> None:
    pixels = _picture(24, 20)
    codestream = encode(pixels)
    place = siz(codestream)
    # The reference grid has twice the columns and rows, of which the component has every second.
    wide = bytearray(codestream)
    wide[place + 6 : place + 14] = (40).to_bytes(4, "big") + (48).to_bytes(4, "big")
    wide[place + 22 : place + 30] = (40).to_bytes(4, "big") + (48).to_bytes(4, "big")
    wide[place + 41 : place + 43] = b"\2\2"
    np.testing.assert_array_equal(_read(bytes(wide), pixels), pixels)


@ENCODERS
def test_components_without_a_transform_are_what_the_data_set_says(encode: Encode) -> None:
    pixels = _picture(samples=3)
    planes = [np.ascontiguousarray(pixels[..., sample]) for sample in range(3)]
    codestream = joined([encode(plane) for plane in planes], [(1, 1)] * 3)
    np.testing.assert_array_equal(_read(codestream, pixels, "RGB"), pixels)
    np.testing.assert_array_equal(_read(codestream, pixels, "YBR_RCT"), pixels)
    for photometric in ("YBR_ICT", "YBR_FULL"):
        np.testing.assert_array_equal(_read(codestream, pixels, photometric), _to_rgb(planes))


@pytest.mark.parametrize("tile", [(1, 1), (3, 5), (64, 1)], ids=str)
def test_small_tiles_are_read(tile: tuple[int, int]) -> None:
    """1 pixel a tile is legal (ISO/IEC 15444-1 §B.3)."""
    pixels = _picture(48, 40)
    codestream = _openjph(pixels, tile=tile, resolutions=1)
    np.testing.assert_array_equal(_read(codestream, pixels), pixels)


@ENCODERS
@pytest.mark.parametrize("reversible", [True, False])
@pytest.mark.parametrize("shape", [(600, 700), (150, 2400)])
def test_components_that_are_zero_are_in_step_with_others(
    encode: Encode, reversible: bool, shape: tuple[int, int]
) -> None:
    """Grey in three components: the transform leaves nothing of two of them."""
    pixels = np.repeat(_picture(*shape)[..., None], 3, -1)
    # So smooth that what is lost leaves nothing of the others.
    options: dict[str, Any] = {} if reversible else {"reversible": False}
    codestream = encode(pixels, **options)
    file = _file(codestream, pixels, "RGB", syntax="1.2.840.10008.1.2.4.91")
    for workers in (1, 2, 5):
        found = rd.pixel_array(file, workers=workers).astype(int)
        assert np.abs(found - pixels).max() <= (0 if reversible else 8), workers


def _damaged(codestream: bytes, pixels: NDArray[Any], syntax: str) -> str:
    """The message of a damaged frame: an error, and with `force=True` a warning."""
    file = _file(codestream, pixels, syntax=syntax)
    with pytest.raises(rd.InvalidDicomError, match="frame 0") as caught:
        _ = rd.dcmread(file).pixel_array
    with pytest.warns(UserWarning, match="damaged"):
        assert rd.dcmread(file, force=True).pixel_array.shape == pixels.shape
    return str(caught.value)


CASES = pytest.mark.parametrize(
    ("encode", "syntax", "bits"),
    [
        pytest.param(_openjpeg, JPEG_2000_LOSSLESS, 12, id="jpeg_2000"),
        pytest.param(_openjpeg, JPEG_2000_LOSSLESS, 8, id="jpeg_2000_8"),
        pytest.param(_openjph, HTJ2K, 12, id="htj2k"),
        pytest.param(_openjph, HTJ2K, 8, id="htj2k_8"),
    ],
)


@CASES
@pytest.mark.parametrize("part", [0.2, 0.4, 0.6, 0.8, 0.95])
def test_a_tail_of_zeros_is_damage(encode: Encode, syntax: str, bits: int, part: float) -> None:
    pixels = _picture(128, 128, bits=bits)
    codestream = encode(pixels)
    cut = int(len(codestream) * part)
    zeros = bytes(len(codestream) - cut)
    _damaged(codestream[:cut] + zeros, pixels, syntax)
    _damaged(codestream[:cut] + zeros[2:] + codestream[-2:], pixels, syntax)
    _damaged(codestream[:cut], pixels, syntax)


@CASES
def test_a_hole_of_zeros_is_damage(encode: Encode, syntax: str, bits: int) -> None:
    pixels = _picture(128, 128, bits=bits)
    codestream = encode(pixels)
    for start in range(300, len(codestream) - 600, 1000):
        holed = codestream[:start] + bytes(512) + codestream[start + 512 :]
        _damaged(holed, pixels, syntax)


@ENCODERS
def test_what_is_complete_without_its_end_is_read(encode: Encode) -> None:
    pixels = _picture()
    codestream = encode(pixels)
    assert codestream[-2:] == b"\xff\xd9"
    np.testing.assert_array_equal(_read(codestream[:-2], pixels), pixels)
    np.testing.assert_array_equal(_read(codestream + bytes(100), pixels), pixels)


def test_bytes_after_the_last_packet_are_damage() -> None:
    pixels = _picture()
    codestream = _openjpeg(pixels)
    place = codestream.index(b"\xff\x90") + 6
    longer = (int.from_bytes(codestream[place : place + 4], "big") + 40).to_bytes(4, "big")
    changed = codestream[:place] + longer + codestream[place + 4 : -2] + bytes(40) + b"\xff\xd9"
    message = _damaged(changed, pixels, JPEG_2000_LOSSLESS)
    assert "40 bytes of its data are left" in message


@pytest.mark.parametrize(
    ("encode", "options"),
    [
        (_openjpeg, {}),
        (_openjpeg, {"reversible": False, "level": 60}),
        (_openjph, {}),
        (_openjph, {"tile": (256, 256)}),
        (_openjph, {"tile": (100, 700)}),
    ],
    ids=["jpeg_2000", "lossy", "htj2k", "tiles", "wide_tiles"],
)
@pytest.mark.parametrize("samples", [1, 3])
def test_threads_change_nothing(encode: Encode, options: dict[str, Any], samples: int) -> None:
    pixels = _picture(600, 700, samples=samples)
    codestream = encode(pixels, **options)
    syntax = {"syntax": "1.2.840.10008.1.2.4.91"} if "level" in options else {}
    file = _file(codestream, pixels, "RGB" if samples == 3 else "MONOCHROME2", **syntax)
    one = rd.pixel_array(file, workers=1)
    assert np.abs(one.astype(int) - pixels).max() <= (8 if "level" in options else 0)
    for workers in (2, 3, 5):
        np.testing.assert_array_equal(rd.pixel_array(file, workers=workers), one, str(workers))
