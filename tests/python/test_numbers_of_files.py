"""Any text or size where a file should have a number: refused, and never shown."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Items, file_bytes, image

SECRET = "SECRET"
PIXELS = np.arange(12, dtype=np.uint16).reshape(3, 4)
INTERCEPT, SLOPE, CENTER, WIDTH = 0x00281052, 0x00281053, 0x00281050, 0x00281051
BITS_STORED, REPRESENTATION = 0x00280101, 0x00280103
DESCRIPTOR, LUT_DATA, MODALITY_LUT, VOI_LUT = 0x00283002, 0x00283006, 0x00283000, 0x00283010
RED, RED_DATA = 0x00281101, 0x00281201
WINDOW = [Element(CENTER, "DS", "4"), Element(WIDTH, "DS", "4")]


def lut(descriptor: Element, data: Element, tag: int = MODALITY_LUT) -> Element:
    return Element(tag, "SQ", Items([[descriptor, data]]))


def palette(descriptor: Element, data: Element) -> list[Element]:
    others = [Element(data.tag + index, data.vr, data.value) for index in (1, 2)]
    return [descriptor, data, *others]


FOUR = Element(DESCRIPTOR, "US", [4, 0, 16])
ENTRIES = Element(LUT_DATA, "US", [1, 2, 3, 4])
MODALITY, VOI, COLOURS = rd.apply_modality_lut, rd.apply_voi_lut, rd.apply_color_lut


def overlay(array: Any, ds: rd.Dataset) -> Any:
    del array
    return ds.overlay_array(0x6000)


Case = tuple[str, Callable[[Any, rd.Dataset], Any], list[Element]]


def cases() -> Iterator[Case]:
    yield "slope", MODALITY, [Element(INTERCEPT, "DS", "1"), Element(SLOPE, "DS", SECRET)]
    yield "intercept", MODALITY, [Element(INTERCEPT, "DS", SECRET), Element(SLOPE, "DS", "1")]
    yield "slopes", MODALITY, [Element(INTERCEPT, "DS", "1"), Element(SLOPE, "DS", "1\\2")]
    yield "centre", VOI, [Element(CENTER, "DS", SECRET), Element(WIDTH, "DS", "4")]
    yield "width", VOI, [Element(CENTER, "DS", "4"), Element(WIDTH, "DS", f"{SECRET}\\4")]
    for value in (0, 65, 10**11):
        yield f"{value} bits", VOI, [*WINDOW, Element(BITS_STORED, "UV", value)]
    yield "many bits as text", VOI, [*WINDOW, Element(BITS_STORED, "IS", "999999999")]
    yield "several bits", VOI, [*WINDOW, Element(BITS_STORED, "US", [8, 8])]
    yield "representation", VOI, [*WINDOW, Element(REPRESENTATION, "US", 2)]
    for descriptor in (
        Element(DESCRIPTOR, "LO", f"4\\0\\{SECRET}"),
        Element(DESCRIPTOR, "DS", f"4\\{SECRET}\\16"),
        Element(DESCRIPTOR, "UL", [4, 0, 2**31]),
        Element(DESCRIPTOR, "UL", [2**31, 0, 16]),
        Element(DESCRIPTOR, "FD", [4.0, np.inf, 16.0]),
    ):
        yield f"{descriptor.vr} descriptor", MODALITY, [lut(descriptor, ENTRIES)]
        yield f"{descriptor.vr} descriptor, VOI", VOI, [lut(descriptor, ENTRIES, VOI_LUT)]
        yield f"{descriptor.vr} window", VOI, [*WINDOW, lut(descriptor, ENTRIES)]
        red = Element(RED, descriptor.vr, descriptor.value)
        yield f"{descriptor.vr} palette", COLOURS, palette(red, Element(RED_DATA, "OW", bytes(8)))
    for data in (Element(LUT_DATA, "LO", SECRET), Element(LUT_DATA, "IS", "9" * 30)):
        yield f"{data.vr} entries", MODALITY, [lut(FOUR, data)]
        red = Element(RED, "US", [4, 0, 16])
        yield f"{data.vr} palette", COLOURS, palette(red, Element(RED_DATA, data.vr, data.value))
    for place, vr, value in (
        (0x60000010, "LO", SECRET),
        (0x60000010, "FD", np.inf),
        (0x60003000, "LO", SECRET),
    ):
        elements = {
            0x60000010: Element(0x60000010, "US", 2),
            0x60000011: Element(0x60000011, "US", 2),
            0x60003000: Element(0x60003000, "OB", bytes(2)),
        }
        elements[place] = Element(place, vr, value)
        yield f"overlay {place:08X} {vr}", overlay, list(elements.values())
    far = [
        Element(0x60000010, "US", 3),
        Element(0x60000011, "US", 4),
        Element(0x60000102, "UV", 2**40),
    ]
    yield "overlay bit", overlay, far


@pytest.mark.parametrize(
    ("work", "extra"), [case[1:] for case in cases()], ids=[case[0] for case in cases()]
)
def test_it_is_refused_and_not_shown(
    work: Callable[[Any, rd.Dataset], Any], extra: list[Element]
) -> None:
    tags = {element.tag for element in extra}
    elements = [element for element in image(PIXELS) if element.tag not in tags]
    ds = rd.dcmread(file_bytes(sorted([*elements, *extra], key=lambda element: element.tag)))
    with pytest.raises(rd.InvalidDicomError) as caught:
        work(PIXELS, ds)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in "".join(traceback.format_exception_only(error))
        error = error.__cause__ or error.__context__
