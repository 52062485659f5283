"""Overlays (PS3.3 §C.9.2): planes of their own, and bits of the pixels."""

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
)
from comparison import read_by_pydicom

pydicom = pytest.importorskip("pydicom", reason="pydicom is the reference for overlays")


def bits(shape: tuple[int, ...], seed: int = 1) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 2, shape, np.uint8)


def plane(
    overlay: np.ndarray[Any, Any], *, group: int = 0x6000, vr: str = "OW", big: bool = False
) -> list[Element]:
    """Lay out an overlay of shape ([frame,] row, column)."""
    content = np.packbits(overlay.reshape(-1), bitorder="little").tobytes()
    content += b"\0" * (len(content) % 2)
    if big and vr == "OW":
        content = np.frombuffer(content, "<u2").byteswap().tobytes()
    tag = group << 16
    frames = [Element(tag | 0x15, "IS", len(overlay))] if overlay.ndim == 3 else []
    return [
        Element(tag | 0x10, "US", overlay.shape[-2]),
        Element(tag | 0x11, "US", overlay.shape[-1]),
        *frames,
        Element(tag | 0x40, "CS", "G"),
        Element(tag | 0x50, "SS", [1, 1]),
        Element(tag | 0x100, "US", 1),
        Element(tag | 0x102, "US", 0),
        Element(tag | 0x3000, vr, content),
    ]


def embedded(
    rows: int, columns: int, bit: int, extra: list[Element] | None = None
) -> list[Element]:
    return [
        Element(0x60000010, "US", rows),
        Element(0x60000011, "US", columns),
        Element(0x60000100, "US", 16),
        Element(0x60000102, "US", bit),
        *(extra or []),
    ]


def pixels(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return np.random.default_rng(2).integers(0, 65536, shape, np.uint16)


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize("vr", ["OB", "OW"])
@pytest.mark.parametrize(
    "shape", [(1, 1), (3, 3), (5, 7), (16, 8), (1, 3, 3), (3, 3, 3), (2, 5, 7)], ids=str
)
def test_planes_of_their_own(syntax: str, vr: str, shape: tuple[int, ...]) -> None:
    overlay = bits(shape)
    big = syntax == EXPLICIT_BIG
    elements = image(
        np.zeros((3, 3), np.uint16), extra=plane(overlay, group=0x6002, vr=vr, big=big)
    )
    data = file_bytes(elements, transfer_syntax=syntax)
    array = rd.dcmread(data).overlay_array(0x6002)
    expected = overlay[0] if shape[0] == 1 and len(shape) == 3 else overlay
    assert (array.shape, array.dtype) == (expected.shape, np.uint8)
    np.testing.assert_array_equal(array, expected)
    assert array.flags.writeable
    # pydicom does not swap the bytes of words in big endian.
    if not (big and vr == "OW"):
        np.testing.assert_array_equal(array, read_by_pydicom(data).overlay_array(0x6002))


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize("bit", [12, 15])
@pytest.mark.parametrize("shape", [(3, 5), (4, 3, 5)], ids=["single", "frames"])
def test_bits_of_the_pixels(syntax: str, bit: int, shape: tuple[int, ...]) -> None:
    cells = pixels(shape)
    elements = image(cells, layout=Layout(bits_stored=12), extra=embedded(3, 5, bit))
    ds = rd.dcmread(file_bytes(elements, transfer_syntax=syntax))
    np.testing.assert_array_equal(ds.overlay_array(0x6000), cells >> bit & 1)
    np.testing.assert_array_equal(ds.pixel_array, cells & 0xFFF)


def test_bits_of_some_frames() -> None:
    cells = pixels((5, 3, 4))
    extra = [Element(0x60000015, "IS", 2), Element(0x60000051, "US", 3)]
    ds = rd.dcmread(
        file_bytes(image(cells, layout=Layout(bits_stored=12), extra=embedded(3, 4, 12, extra)))
    )
    np.testing.assert_array_equal(ds.overlay_array(0x6000), cells[2:4] >> 12 & 1)


def test_bits_below_a_value_that_is_at_the_top() -> None:
    cells = pixels((3, 4))
    ds = rd.dcmread(
        file_bytes(
            image(cells, layout=Layout(bits_stored=12, high_bit=15), extra=embedded(3, 4, 0))
        )
    )
    with pytest.warns(UserWarning, match="High Bit"):
        np.testing.assert_array_equal(ds.pixel_array, cells >> 4)
    with pytest.raises(rd.InvalidDicomError, match="not free"):
        rd.dcmread(
            file_bytes(image(cells, layout=Layout(bits_stored=12), extra=embedded(3, 4, 0)))
        ).overlay_array(0x6000)
    np.testing.assert_array_equal(ds.overlay_array(0x6000), cells & 1)


# No Overlay Data, but bits of 16-bit pixels.
IN_PIXELS = [Element(0x60003000, "OW", None), Element(0x60000100, "US", 16)]


NO_DATA = Element(0x60003000, "OW", None)
THREE_FRAMES = Element(0x60000015, "IS", 3)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ([Element(0x60000010, "US", None)], AttributeError, "no overlay"),
        ([Element(0x60000011, "US", 0)], rd.InvalidDicomError, "Overlay Columns is 0"),
        ([Element(0x60000015, "IS", 0)], rd.InvalidDicomError, "Number of Frames in Overlay is 0"),
        ([THREE_FRAMES], rd.InvalidDicomError, r"needs 6 bytes, but there are 2 \(4 bytes"),
        ([NO_DATA, Element(0x60000102, "US", None)], AttributeError, "neither"),
        ([NO_DATA], AttributeError, "neither"),
        (IN_PIXELS, rd.InvalidDicomError, "bit 0 of"),
        ([NO_DATA, Element(0x60000102, "US", 16)], rd.InvalidDicomError, "bit 16"),
        ([*IN_PIXELS, Element(0x60000010, "US", 9)], rd.InvalidDicomError, "9 rows"),
        ([*IN_PIXELS, Element(0x60000051, "US", 2)], rd.InvalidDicomError, "from 2 on"),
    ],
    ids=[
        "no rows", "no columns", "no frames", "short", "no data", "lost data", "in the values",
        "past the pixel", "another shape", "no such frame",
    ],
)  # fmt: skip
def test_missing_or_contradictory_overlay_is_an_error(
    changes: list[Element], error: Any, words: str
) -> None:
    elements = image(
        pixels((4, 4)), layout=Layout(bits_stored=12), extra=[*plane(bits((4, 4))), *changes]
    )
    with pytest.raises(error, match=words):
        rd.dcmread(file_bytes(elements)).overlay_array(0x6000)


@pytest.mark.parametrize("group", [0, 0x5FFF, 0x6100])
def test_groups_that_overlays_cannot_have(group: int) -> None:
    with pytest.raises(ValueError, match="0x6000 to 0x60FF"):
        rd.dcmread(file_bytes(image(pixels((4, 4))))).overlay_array(group)


def test_a_data_set_without_overlays() -> None:
    with pytest.raises(AttributeError, match="group 6000"):
        rd.dcmread(file_bytes(image(pixels((4, 4))))).overlay_array(0x6000)


def test_bytes_after_an_overlay_are_ignored_with_a_warning() -> None:
    plane_bits = bits((4, 4))
    ds = rd.dcmread(file_bytes(image(pixels((4, 4)), extra=plane(plane_bits))))
    ds[0x6000, 0x3000].value += b"\xff\xff"
    with pytest.warns(UserWarning, match="the last 2 bytes"):
        np.testing.assert_array_equal(ds.overlay_array(0x6000), plane_bits)
