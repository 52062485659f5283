"""Pixel cells (PS3.5 §8): packed bits, wide and floating samples, byte order, padding."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Element,
    Fragments,
    Identity,
    Items,
    Layout,
    Plane,
    file_bytes,
    image,
    noise,
    swap_words,
)
from comparison import pixels_by_pydicom

pydicom = pytest.importorskip("pydicom", reason="pydicom is the reference for pixels")

FLOAT_PIXELS, DOUBLE_FLOAT_PIXELS, PIXELS = 0x7FE00008, 0x7FE00009, 0x7FE00010
Array = np.ndarray[Any, Any]


def packed(samples: Array, width: int) -> bytes:
    """Pack samples without gaps, the lowest bits of a byte first (PS3.5 §8.1.1)."""
    bits = (samples.reshape(-1, 1).astype(np.int64) >> np.arange(width) & 1).astype(np.uint8)
    content = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    return content + b"\0" * (len(content) % 2)


def encoded(
    shape: tuple[int, ...],
    content: bytes,
    *,
    bits: int,
    vr: str = "OW",
    signed: bool = False,
    syntax: str = EXPLICIT_LITTLE,
    samples: int = 1,
    extra: list[Element] | None = None,
) -> bytes:
    """Lay out a file whose pixel data is `content`, with frames of `shape` (frame, row, column)."""
    frames, rows, columns = shape
    changes = [
        Element(0x00280008, "IS", frames),
        Element(0x00280010, "US", rows),
        Element(0x00280011, "US", columns),
        Element(0x00280100, "US", bits),
        Element(0x00280101, "US", bits),
        Element(0x00280102, "US", bits - 1),
        Element(0x00280103, "US", int(signed)),
        Element(PIXELS, vr, content, pad=False),
        *(extra or []),
    ]
    pixels = np.zeros((1, 1, samples) if samples > 1 else (1, 1), np.uint8)
    return file_bytes(
        image(pixels, layout=Layout(samples=samples), extra=changes), transfer_syntax=syntax
    )


def assert_reads_as(data: bytes, expected: Array) -> None:
    """Compare the whole array and each frame, of memory and of a file."""
    ds = rd.dcmread(data)
    array = ds.pixel_array
    assert (array.shape, array.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(array, expected)
    assert array.flags.writeable and array.flags.c_contiguous
    frames = expected if expected.ndim > 2 + (ds.SamplesPerPixel > 1) else expected[np.newaxis]
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(rd.pixel_array(ds, index=index), frame)
    for one, frame in zip(rd.iter_pixels(ds), frames, strict=True):
        np.testing.assert_array_equal(one, frame)


@pytest.mark.parametrize(
    "shape", [(1, 3, 3), (1, 4, 4), (5, 3, 3), (4, 1, 1), (3, 16, 8), (7, 5, 13)], ids=str
)
@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG])
def test_single_bits_are_packed_across_frames(shape: tuple[int, int, int], syntax: str) -> None:
    pixels = noise(shape, np.uint8) & 1
    vr = "OB" if syntax == EXPLICIT_BIG else "OW"
    data = encoded(shape, packed(pixels, 1), bits=1, vr=vr, syntax=syntax)
    expected = pixels if shape[0] > 1 else pixels[0]
    assert_reads_as(data, expected)
    np.testing.assert_array_equal(pixels_by_pydicom(data), expected)


@pytest.mark.parametrize("bits", [1, 12])
@pytest.mark.parametrize("shape", [(1, 3, 3), (5, 3, 3), (3, 16, 8)], ids=str)
def test_packed_words_are_swapped_in_big_endian(shape: tuple[int, int, int], bits: int) -> None:
    """PS3.5 §7.3: the bytes of each word of OW are. pydicom takes single bits for bytes there."""
    pixels = noise(shape, np.uint16) & (1 << bits) - 1
    data = encoded(shape, swap_words(packed(pixels, bits), 2), bits=bits, syntax=EXPLICIT_BIG)
    pixels = pixels.astype(np.uint8 if bits == 1 else np.uint16)
    assert_reads_as(data, pixels if shape[0] > 1 else pixels[0])


@pytest.mark.parametrize("shape", [(1, 3, 3), (1, 4, 4), (5, 3, 3), (4, 1, 1), (2, 7, 8)], ids=str)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE])
def test_twelve_bits_are_packed_across_frames(
    shape: tuple[int, int, int], signed: bool, syntax: str
) -> None:
    pixels = noise(shape, np.int16) >> 4
    if not signed:
        pixels = (pixels & 0xFFF).astype(np.uint16)
    data = encoded(shape, packed(pixels, 12), bits=12, signed=signed, syntax=syntax)
    assert_reads_as(data, pixels if shape[0] > 1 else pixels[0])


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
)
@pytest.mark.parametrize("vr", ["OB", "OW"])
@pytest.mark.parametrize("shape", [(1, 3, 3), (1, 4, 2), (3, 3, 3), (2, 4, 4)], ids=str)
@pytest.mark.parametrize("samples", [1, 3])
def test_big_endian_samples(dtype: str, vr: str, shape: tuple[int, int, int], samples: int) -> None:
    pixels = noise((*shape, samples) if samples > 1 else shape, dtype)
    content = pixels.tobytes()
    content += b"\0" * (len(content) % 2)
    unit = 2 if pixels.itemsize == 1 and vr == "OW" else pixels.itemsize
    signed = dtype.startswith("int")
    data = encoded(
        shape,
        swap_words(content, unit),
        bits=pixels.itemsize * 8,
        vr=vr,
        signed=signed,
        syntax=EXPLICIT_BIG,
        samples=samples,
    )
    expected = pixels if shape[0] > 1 else pixels[0]
    assert_reads_as(data, expected)
    np.testing.assert_array_equal(pixels_by_pydicom(data), expected)


@pytest.mark.parametrize("dtype", ["uint64", "int64"])
@pytest.mark.parametrize("stored", [64, 40])
def test_sixty_four_bits(dtype: str, stored: int) -> None:
    pixels = noise((2, 3, 5), dtype)
    data = encoded(
        (2, 3, 5),
        pixels.tobytes(),
        bits=64,
        vr="OV",
        signed=dtype == "int64",
        extra=[Element(0x00280101, "US", stored), Element(0x00280102, "US", stored - 1)],
    )
    expected = pixels << np.array(64 - stored, dtype) >> np.array(64 - stored, dtype)
    assert_reads_as(data, expected)
    np.testing.assert_array_equal(pixels_by_pydicom(data), expected)


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize(
    ("tag", "vr", "dtype"),
    [(FLOAT_PIXELS, "OF", "float32"), (DOUBLE_FLOAT_PIXELS, "OD", "float64")],
)
@pytest.mark.parametrize("frames", [1, 3])
def test_floating_point_pixels(
    tmp_path: Path, syntax: str, tag: int, vr: str, dtype: str, frames: int
) -> None:
    pixels = np.random.default_rng(1).normal(size=(frames, 3, 5)).astype(dtype)
    pixels[0, 0, :3] = [np.nan, np.inf, -0.0]
    content = swap_words(pixels.tobytes(), pixels.itemsize if syntax == EXPLICIT_BIG else 1)
    gone = [
        Element(unwanted, "US", None) for unwanted in (PIXELS, 0x00280101, 0x00280102, 0x00280103)
    ]
    data = encoded(
        (frames, 3, 5),
        b"",
        bits=pixels.itemsize * 8,
        syntax=syntax,
        extra=[*gone, Element(tag, vr, content)],
    )
    expected = pixels if frames > 1 else pixels[0]
    assert_reads_as(data, expected)
    np.testing.assert_array_equal(pixels_by_pydicom(data), expected)
    path = tmp_path / "floats.dcm"
    path.write_bytes(data)
    for mmap in ("never", "always"):
        array = rd.dcmread(path, mmap=mmap).pixel_array  # type: ignore[arg-type]
        np.testing.assert_array_equal(array, expected)
    if frames == 1:
        batch = rd.read_batch([path], values="stored", dtype=dtype)
        np.testing.assert_array_equal(batch, pixels)


def test_two_elements_with_pixels_contradict_each_other() -> None:
    extra = [Element(FLOAT_PIXELS, "OF", np.zeros((3, 4), np.float32))]
    ds = rd.dcmread(file_bytes(image(np.zeros((3, 4), np.uint32), extra=extra)))
    with pytest.raises(rd.InvalidDicomError, match="more than one of Pixel Data"):
        _ = ds.pixel_array


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("high_bit", [11, 13, 15])
@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, EXPLICIT_BIG])
def test_high_bit_gives_the_place_of_the_value(
    tmp_path: Path, signed: bool, high_bit: int, syntax: str
) -> None:
    values = noise((4, 5), np.int16) >> 4
    if not signed:
        values = (values & 0xFFF).astype(np.uint16)
    # The other bits are full of something else.
    rubbish = noise((4, 5), np.uint16, seed=2) & ~np.uint16(0xFFF << high_bit - 11)
    cells = (values.view(np.uint16) & 0xFFF) << high_bit - 11 | rubbish
    pixels = cells.view(np.int16) if signed else cells
    data = file_bytes(
        image(pixels, layout=Layout(bits_stored=12, high_bit=high_bit)), transfer_syntax=syntax
    )
    if high_bit == 11:
        array = rd.dcmread(data).pixel_array
    else:
        with pytest.warns(UserWarning, match=f"values from bits {high_bit - 11} to {high_bit}"):
            array = rd.dcmread(data).pixel_array
    assert array.dtype == values.dtype
    np.testing.assert_array_equal(array, values)
    path = tmp_path / "high.dcm"
    path.write_bytes(data)
    np.testing.assert_array_equal(
        rd.read_batch([path], values="stored", dtype=values.dtype)[0], values
    )
    np.testing.assert_array_equal(rd.read_batch([path])[0], values.astype(np.float32))


@pytest.mark.parametrize("high_bit", [0, 7, 16, 255])
def test_a_high_bit_that_cannot_be_does_not_count(high_bit: int) -> None:
    pixels = noise((4, 5), np.uint16)
    data = file_bytes(image(pixels, layout=Layout(bits_stored=12, high_bit=high_bit)))
    np.testing.assert_array_equal(rd.dcmread(data).pixel_array, pixels & 0xFFF)


@pytest.mark.parametrize(
    ("text", "count"), [("", 1), ("0", 1), ("1", 1), ("2", 2), (" 2 ", 2), ("2.0", 2), (None, 1)]
)
def test_numbers_of_frames_that_can_be_read(text: str | None, count: int) -> None:
    pixels = noise((count, 2, 2), np.uint8)
    elements = image(pixels, extra=[Element(0x00280008, "IS", text)])
    assert_reads_as(file_bytes(elements), pixels if count > 1 else pixels[0])


@pytest.mark.parametrize("text", ["-1", "1.5", "many"])
def test_numbers_of_frames_that_mean_nothing_are_errors(text: str) -> None:
    elements = image(noise((2, 2), np.uint8), extra=[Element(0x00280008, "IS", text)])
    with pytest.raises(rd.InvalidDicomError, match=r"Number ?[oO]f ?Frames") as caught:
        _ = rd.dcmread(file_bytes(elements)).pixel_array
    assert "many" not in str(caught.value)


@pytest.mark.parametrize("padding", [0, 1, 2, 8])
def test_padding_after_an_odd_number_of_bytes(padding: int) -> None:
    pixels = noise((3, 3), np.uint8)
    data = encoded((1, 3, 3), pixels.tobytes() + b"\xff" * padding, bits=8, vr="OB")
    np.testing.assert_array_equal(rd.dcmread(data).pixel_array, pixels)
    np.testing.assert_array_equal(pixels_by_pydicom(data), pixels)


@pytest.mark.parametrize("more", [9, 10, 18, 20])
def test_more_frames_than_number_of_frames_come_with_a_warning(more: int) -> None:
    pixels = noise((5, 3, 3), np.uint8)
    data = encoded((2, 3, 3), pixels.tobytes()[: 18 + more], bits=8, vr="OB")
    count = 2 + more // 9
    expected = pixels[:count]
    np.testing.assert_array_equal(pixels_by_pydicom(data), expected)
    ds = rd.dcmread(data)
    with pytest.warns(UserWarning, match=f"pixels of {count} frames, but Number of Frames says 2"):
        array = ds.pixel_array
    np.testing.assert_array_equal(array, expected)
    with pytest.warns(UserWarning, match="frames"):
        np.testing.assert_array_equal(rd.pixel_array(ds, index=count - 1), expected[-1])


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (None, rd.InvalidDicomError, "PlanarConfiguration is missing"),
        (2, rd.InvalidDicomError, "expected 0 or 1"),
    ],
)
def test_colours_without_a_layout_are_not_guessed(
    value: int | None, error: Any, words: str
) -> None:
    pixels = noise((2, 3, 3), np.uint8)
    elements = image(pixels, layout=Layout(samples=3), extra=[Element(0x00280006, "US", value)])
    with pytest.raises(error, match=words):
        _ = rd.dcmread(file_bytes(elements)).pixel_array


def test_a_layout_of_grey_pixels_does_not_count() -> None:
    pixels = noise((2, 3), np.uint8)
    elements = image(pixels, extra=[Element(0x00280006, "US", 7)])
    np.testing.assert_array_equal(rd.dcmread(file_bytes(elements)).pixel_array, pixels)


def test_shared_chrominance_lies_between_pixels_in_any_planar_configuration() -> None:
    stored = noise((2 * 4 * 2,), np.uint8)
    arrays = []
    for planar in (0, 1, None):
        extra = [Element(0x00280006, "US", planar), Element(PIXELS, "OB", stored.tobytes())]
        pixels = np.zeros((2, 4, 3), np.uint8)
        data = file_bytes(
            image(pixels, layout=Layout(samples=3, photometric="YBR_FULL_422"), extra=extra)
        )
        arrays.append(rd.pixel_array(data, raw=True))
    assert arrays[0][0, 0].tolist() == [stored[0], stored[2], stored[3]]
    for array in arrays[1:]:
        np.testing.assert_array_equal(array, arrays[0])


def test_full_chrominance_declared_as_shared_is_an_error() -> None:
    data = file_bytes(
        image(noise((2, 4, 3), np.uint8), layout=Layout(samples=3, photometric="YBR_FULL_422"))
    )
    with pytest.raises(rd.InvalidDicomError, match="YBR_FULL_422"):
        _ = rd.dcmread(data).pixel_array
    with pytest.raises(ValueError, match="YBR_FULL_422"):
        pixels_by_pydicom(data)


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize("bits", [16, 12, 10])
def test_wide_luminance_has_its_own_half_of_full_scale(photometric: str, bits: int) -> None:
    """PS3.3 §C.7.6.3.1.2: no colour is half of full scale, whatever that is."""
    pixels = noise((2, 4, 3), np.uint16) >> (16 - bits)
    extra = []
    if photometric.endswith("422"):
        shared = noise((2, 4, 2), np.uint16) >> (16 - bits)
        extra = [Element(PIXELS, "OW", shared)]
    layout = Layout(bits_stored=bits, samples=3, photometric=photometric)
    data = file_bytes(image(pixels, layout=layout, extra=extra))
    stored = pydicom.pixels.pixel_array(io.BytesIO(data), raw=True)
    np.testing.assert_array_equal(rd.pixel_array(data, raw=True), stored)
    half, most = 2 ** (bits - 1), 2**bits - 1
    y, blue, red = np.moveaxis(stored.astype(float) - [0, half, half], -1, 0)
    green = (y - 0.299 * (y + 1.402 * red) - 0.114 * (y + 1.772 * blue)) / 0.587
    expected = np.stack([y + 1.402 * red, green, y + 1.772 * blue], axis=-1)
    found = rd.dcmread(data).pixel_array
    assert found.dtype == np.uint16
    assert np.abs(found - expected.clip(0, most)).max() <= 0.501


@pytest.mark.parametrize("dtype", [np.uint32, np.int16])
def test_luminance_of_other_types_is_not_taken_for_rgb(dtype: type) -> None:
    pixels = noise((2, 4, 3), np.uint16).astype(dtype)
    data = file_bytes(image(pixels, layout=Layout(samples=3, photometric="YBR_FULL")))
    np.testing.assert_array_equal(rd.pixel_array(data, raw=True), pixels)
    with pytest.raises(rd.UnsupportedError, match="luminance"):
        _ = rd.dcmread(data).pixel_array


@pytest.mark.parametrize("bits", [1, 8, 12, 16, 32, 64])
def test_missing_bytes_are_counted_for_every_width(bits: int) -> None:
    needed = -(-15 * bits // 8)
    data = encoded((1, 3, 5), b"\0" * (needed - 1), bits=bits, vr="OB")
    with pytest.raises(
        rd.InvalidDicomError, match=rf"need {needed} bytes, but there are {needed - 1}"
    ):
        _ = rd.dcmread(data).pixel_array


@pytest.mark.parametrize("bits", [1, 8, 12, 64])
def test_sizes_beyond_64_bits_are_refused_at_once(bits: int) -> None:
    data = encoded((2**62, 65535, 65535), b"\0\0", bits=bits)
    with pytest.raises(rd.InvalidDicomError, match="no image can have"):
        _ = rd.dcmread(data).pixel_array


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_icons_have_pixels_of_their_own(syntax: str, dtype: str) -> None:
    icon = noise((4, 6), dtype)
    content = [one for one in image(icon) if one.tag >> 16 in (0x0028, 0x7FE0)]
    elements = image(
        np.zeros((3, 4), np.int16), extra=[Element(0x00880200, "SQ", Items([content]))]
    )
    ds = rd.dcmread(file_bytes(elements, transfer_syntax=syntax))
    array = ds.IconImageSequence[0].pixel_array
    assert array.dtype == icon.dtype
    np.testing.assert_array_equal(array, icon)


def test_icons_of_compressed_images_can_be_native() -> None:
    """PS3.5 §A.4: what has a length is, whatever the Transfer Syntax says."""
    icon = noise((4, 6), np.uint8)
    content = [one for one in image(icon) if one.tag >> 16 in (0x0028, 0x7FE0)]
    extra = [
        Element(0x00880200, "SQ", Items([content])),
        Element(PIXELS, "OB", Fragments([b"\xff\xd8\xff\xd9"])),
    ]
    elements = image(np.zeros((3, 4), np.uint8), extra=extra)
    ds = rd.dcmread(file_bytes(elements, transfer_syntax="1.2.840.10008.1.2.4.50"))
    np.testing.assert_array_equal(ds.IconImageSequence[0].pixel_array, icon)
    with pytest.raises(rd.InvalidDicomError, match="JPEG"):
        _ = ds.pixel_array


def test_pixels_made_in_memory() -> None:
    pixels = np.arange(6, dtype=np.float32).reshape(2, 3)
    ds = rd.Dataset({"Rows": 2, "Columns": 3, "SamplesPerPixel": 1, "BitsAllocated": 32})
    ds.FloatPixelData = pixels.astype("<f4").tobytes()
    np.testing.assert_array_equal(ds.pixel_array, pixels)


def test_bytes_that_are_set_keep_the_byte_order_of_the_file() -> None:
    pixels = noise((3, 3), np.uint16)
    ds = rd.dcmread(file_bytes(image(pixels), transfer_syntax=EXPLICIT_BIG))
    content = ds.PixelData
    ds.PixelData = content
    np.testing.assert_array_equal(ds.pixel_array, pixels)


def test_big_endian_images_make_a_volume(tmp_path: Path) -> None:
    pixels = noise((4, 3, 5), np.int16)
    paths = []
    for index, one in enumerate(pixels):
        path = tmp_path / f"{index}.dcm"
        elements = image(
            one,
            plane=Plane(position=(0.0, 0.0, float(index))),
            identity=Identity(sop_instance=f"2.25.{index + 10}"),
            rescale=(2.0, 1.0),
        )
        path.write_bytes(
            file_bytes(elements, transfer_syntax=EXPLICIT_BIG if index % 2 else EXPLICIT_LITTLE)
        )
        paths.append(path)
    np.testing.assert_array_equal(rd.read_series(paths, values="stored").array, pixels)
    np.testing.assert_array_equal(rd.read_series(paths).array, pixels.astype(np.float32) * 2 + 1)


def test_packed_pixels_make_a_batch(tmp_path: Path) -> None:
    paths = []
    for bits in (1, 12):
        pixels = noise((1, 3, 5), np.uint16) & (1 << bits) - 1
        path = tmp_path / f"{bits}.dcm"
        path.write_bytes(encoded((1, 3, 5), packed(pixels, bits), bits=bits))
        paths.append(path)
        np.testing.assert_array_equal(rd.read_batch([path])[0], pixels[0].astype(np.float32))
    assert rd.read_batch(paths).shape == (2, 3, 5)


def test_wide_pixels_make_no_batch(tmp_path: Path) -> None:
    path = tmp_path / "wide.dcm"
    path.write_bytes(encoded((1, 3, 5), noise((3, 5), np.uint64).tobytes(), bits=64, vr="OV"))
    with pytest.raises(rd.UnsupportedError, match="64-bit pixel data"):
        rd.read_batch([path])
