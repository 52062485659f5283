"""`apply_color_lut` (PS3.3 §C.7.6.3.1.5, §C.7.9): plain, segmented, supplemental, well-known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Element,
    Layout,
    file_bytes,
    image,
    swap_words,
)
from comparison import read_by_pydicom

pydicom = pytest.importorskip("pydicom", reason="pydicom is the reference for palettes")

PALETTES = [
    "HOT_IRON",
    "PET",
    "HOT_METAL_BLUE",
    "PET_20_STEP",
    "SPRING",
    "SUMMER",
    "FALL",
    "WINTER",
]
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def palette_file(
    tables: list[bytes],
    descriptor: list[int],
    *,
    pixels: np.ndarray[Any, Any] = RAMP,
    segmented: bool = False,
    syntax: str = EXPLICIT_LITTLE,
    vr: str = "OW",
    extra: list[Element] | None = None,
) -> bytes:
    """Lay out an image with palettes of red, green, blue and optionally alpha, little endian."""
    big = syntax == EXPLICIT_BIG and vr == "OW"
    first = 0x00281221 if segmented else 0x00281201
    elements = [
        Element(0x00281101 + index, "SS" if descriptor[1] < 0 else "US", descriptor)
        for index in range(3)
    ]
    elements += [
        Element(first + index, vr, swap_words(table, 2) if big else table)
        for index, table in enumerate(tables)
    ]
    layout = image(
        pixels, layout=Layout(photometric="PALETTE COLOR"), extra=[*elements, *(extra or [])]
    )
    return file_bytes(layout, transfer_syntax=syntax)


def assert_colours(data: bytes, expected: np.ndarray[Any, Any], *, as_pydicom: bool = True) -> None:
    ds = rd.dcmread(data)
    array = ds.pixel_array
    colours = rd.apply_color_lut(array, ds)
    assert (colours.shape, colours.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(colours, expected)
    assert colours.flags.writeable
    if as_pydicom:
        theirs = pydicom.pixels.apply_color_lut(array, read_by_pydicom(data))
        np.testing.assert_array_equal(colours, theirs)


def words(seed: int, count: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 65536, count, np.uint16)


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize("count", [3, 4], ids=["colours", "with alpha"])
def test_entries_of_sixteen_bits(syntax: str, count: int) -> None:
    tables = [words(index, 256) for index in range(count)]
    data = palette_file([table.tobytes() for table in tables], [256, 0, 16], syntax=syntax)
    # pydicom takes the words of a big-endian file for little-endian ones.
    assert_colours(data, np.stack(tables, -1)[RAMP], as_pydicom=syntax != EXPLICIT_BIG)


@pytest.mark.parametrize(
    ("syntax", "vr"), [(EXPLICIT_LITTLE, "OW"), (EXPLICIT_BIG, "OW"), (EXPLICIT_BIG, "OB")]
)
@pytest.mark.parametrize("entries", [256, 255], ids=["even", "odd"])
def test_entries_of_eight_bits_in_pairs(syntax: str, vr: str, entries: int) -> None:
    tables = [words(index, 128).view(np.uint8)[:entries] for index in range(3)]
    padding = b"\0" * (entries % 2)
    contents = [table.tobytes() + padding for table in tables]
    data = palette_file(contents, [entries, 0, 8], syntax=syntax, vr=vr)
    expected = np.stack(tables, -1)[np.minimum(RAMP, entries - 1)]
    # pydicom swaps nothing, and refuses an odd number.
    assert_colours(
        data, expected, as_pydicom=entries == 256 and (syntax, vr) != (EXPLICIT_BIG, "OW")
    )


def test_entries_of_eight_bits_in_words_stay_words() -> None:
    tables = [words(index, 256) & 0xFF for index in range(3)]
    data = palette_file([table.tobytes() for table in tables], [256, 0, 8])
    assert_colours(data, np.stack(tables, -1)[RAMP])


@pytest.mark.parametrize("first", [-100, 0, 100])
def test_values_outside_get_the_first_or_last_colour(first: int) -> None:
    pixels = np.arange(-400, 400, dtype=np.int16).reshape(20, 40)
    tables = [words(index, 200) for index in range(3)]
    data = palette_file([table.tobytes() for table in tables], [200, first, 16], pixels=pixels)
    expected = np.stack(tables, -1)[np.clip(pixels.astype(int) - first, 0, 199)]
    assert_colours(data, expected)
    ds = rd.dcmread(data)
    for dtype in ("int32", "int64", "float32"):
        np.testing.assert_array_equal(rd.apply_color_lut(pixels.astype(dtype), ds), expected)


def test_values_beyond_the_type_of_entries_get_the_last_colour() -> None:
    pixels = np.array([[255, 256, 300, 65535]], np.uint16)
    tables = [words(index, 128).view(np.uint8) for index in range(3)]
    data = palette_file([table.tobytes() for table in tables], [256, 0, 8], pixels=pixels)
    # pydicom wraps them: 300 gets the colour of 44.
    assert_colours(data, np.stack(tables, -1)[[[255, 255, 255, 255]]], as_pydicom=False)


def test_sixty_five_thousand_entries_are_written_as_none() -> None:
    pixels = words(7, 300).reshape(15, 20)
    tables = [words(index, 65536) for index in range(3)]
    data = palette_file([table.tobytes() for table in tables], [0, 0, 16], pixels=pixels)
    assert_colours(data, np.stack(tables, -1)[pixels])


# Ten entries of 10, then up to 100 in nine steps, then the two again from where they end: 256 with
# the rest.
SEGMENTS = [0, 2, 10, 20, 1, 9, 100, 0, 1, 7]
EXPANDED = [10, 20, 29, 38, 47, 56, 64, 73, 82, 91, 100, 7]


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize("bits", [8, 16])
def test_segments_of_entries_and_lines(syntax: str, bits: int) -> None:
    content = np.array(SEGMENTS, "<u1" if bits == 8 else "<u2").tobytes()
    data = palette_file([content] * 3, [12, 0, bits], segmented=True, syntax=syntax)
    table = np.array(EXPANDED, np.uint8 if bits == 8 else np.uint16)
    expected = np.stack([table] * 3, -1)[np.minimum(RAMP, 11)]
    # pydicom takes the bytes of a big-endian file one by one.
    assert_colours(data, expected, as_pydicom=bits == 16 or syntax == EXPLICIT_LITTLE)


@pytest.mark.parametrize("bits", [8, 16])
def test_segments_that_repeat_others(bits: int) -> None:
    """Copy the first two segments again; the line now starts from the last entry copied."""
    dtype, width = ("<u1", 1) if bits == 8 else ("<u2", 2)
    start = 4 * width
    offset = [start, 0, 0, 0] if bits == 8 else [start, 0]
    content = np.array([0, 2, 1, 2, 0, 2, 10, 20, 1, 2, 30, 2, 2, *offset], dtype)
    content = np.append(content, np.zeros(len(content) % 2, dtype)).tobytes()
    data = palette_file([content] * 3, [10, 0, bits], segmented=True)
    table = np.array([1, 2, 10, 20, 25, 30, 10, 20, 25, 30], np.uint8 if bits == 8 else np.uint16)
    # pydicom counts words where the standard counts bytes.
    assert_colours(data, np.stack([table] * 3, -1)[np.minimum(RAMP, 9)], as_pydicom=bits == 8)


@pytest.mark.parametrize(
    ("segments", "words"),
    [
        ([1, 4, 9], "invalid where it is"),
        ([2, 1, 0, 0], "invalid where it is"),
        ([0, 1, 5, 9, 1, 1], "invalid where it is"),
        ([0, 1, 5, 1, 0, 1], "invalid where it is"),
        ([0, 9, 1, 2], "cut short"),
        ([0, 1, 5, 1, 3], "cut short"),
        ([0, 1, 5, 2, 1, 60000, 60000], "cut short"),
        ([0, 1, 5, 2, 2, 0, 0], "invalid where it is"),
        ([0, 1, 5, 0], "1, 1, 1 entries, but their descriptor says 256"),
        ([0, 0] * 270_000 + [0, 1], "too many segments"),
    ],
    ids=[
        "line first", "copy first", "unknown", "line of nothing", "short entries", "short line",
        "copy of nothing", "copy of a copy", "too few", "endless",
    ],
)  # fmt: skip
def test_damaged_segments_are_errors(segments: list[int], words: str) -> None:
    content = np.array(segments, "<u2").tobytes()
    ds = rd.dcmread(palette_file([content] * 3, [256, 0, 16], segmented=True))
    with pytest.raises(rd.InvalidDicomError, match=words):
        rd.apply_color_lut(RAMP, ds)


@pytest.mark.parametrize(
    ("tables", "descriptor", "words"),
    [
        ([b"\0" * 512] * 2 + [b"\0" * 100], [256, 0, 16], "entries"),
        ([b"\0" * 100] * 3, [256, 0, 16], "50, 50, 50 entries, but"),
        ([b"\0" * 512] * 2, [256, 0, 16], "BluePaletteColorLookupTableData is missing"),
        ([b"\0" * 512] * 3, [256, 0], "does not have three numbers"),
    ],
    ids=["unequal", "too short", "no blue", "a short descriptor"],
)
def test_damaged_tables_are_errors(tables: list[bytes], descriptor: list[int], words: str) -> None:
    ds = rd.dcmread(palette_file(tables, descriptor))
    with pytest.raises(rd.InvalidDicomError, match=words):
        rd.apply_color_lut(RAMP, ds)


def test_without_a_palette_there_are_no_colours() -> None:
    with pytest.raises(ValueError, match="no Palette Color"):
        rd.apply_color_lut(RAMP, rd.dcmread(file_bytes(image(RAMP))))
    with pytest.raises(ValueError, match="pass a data set"):
        rd.apply_color_lut(RAMP)


@pytest.mark.parametrize("window", [None, (50.0, 100.0)], ids=["no window", "window"])
def test_a_supplemental_palette_leaves_lower_values_grey(
    window: tuple[float, float] | None,
) -> None:
    pixels = np.array([[0, 50, 99, 100, 101, 103, 200]], np.uint16)
    tables = [np.array([1, 2, 3, 4], np.uint16) * 1000 + index for index in range(3)]
    extra = [Element(0x00089205, "CS", "COLOR"), Element(0x00280004, "CS", "MONOCHROME2")]
    if window:
        extra += [Element(0x00281050, "DS", window[0]), Element(0x00281051, "DS", window[1])]
    data = palette_file(
        [table.tobytes() for table in tables], [4, 100, 16], pixels=pixels, extra=extra
    )
    ds = rd.dcmread(data)
    colours = rd.apply_color_lut(pixels, ds)
    assert colours.dtype == np.uint16
    assert colours[0, 3:].tolist() == [
        [1000 + 0, 1001, 1002],
        [2000, 2001, 2002],
        [4000, 4001, 4002],
        [4000, 4001, 4002],
    ]
    # Without a window the 100 values below the table go from black to white.
    middle = round(50 / 99 * 65535) if window is None else round(((50 - 49.5) / 99 + 0.5) * 65535)
    assert colours[0, :3].tolist() == [[0] * 3, [middle] * 3, [65535] * 3]


@pytest.mark.parametrize("name", PALETTES)
def test_well_known_palettes(name: str) -> None:
    uid = f"1.2.840.10008.1.5.{PALETTES.index(name) + 1}"
    expected = pydicom.pixels.apply_color_lut(RAMP, palette=uid)
    # By name, pydicom 3.0 takes FALL and WINTER for each other.
    for palette in (name, uid):
        colours = rd.apply_color_lut(RAMP, palette=palette)
        assert colours.dtype == np.uint8
        np.testing.assert_array_equal(colours, expected)


@pytest.mark.parametrize("name", ["", "hot_iron", "1.2.840.10008.1.5.9", "Secret^Somebody"])
def test_unknown_palettes_are_errors(name: str) -> None:
    with pytest.raises(ValueError) as caught:
        rd.apply_color_lut(RAMP, palette=name)
    assert "Secret" not in str(caught.value)
