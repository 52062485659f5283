"""`_core.decode_value` reads a value field as a data set around it would."""

from __future__ import annotations

from typing import Any

import pytest

import rapidicom as rd
from rapidicom import _core, values
from rapidicom.dataelem import RawDataElement, convert_raw_data_element
from rapidicom.tag import Tag

SMALLEST_PIXEL = 0x0028_0106
SIEMENS = 0x0019_100C

# An item that holds (0010,0020) Patient ID, with and without VRs.
EXPLICIT_ITEM = b"\xfe\xff\x00\xe0\x0c\0\0\0\x10\0\x20\0LO\x04\x004711"
IMPLICIT_ITEM = b"\xfe\xff\x00\xe0\x0c\0\0\0\x10\0\x20\0\x04\0\0\x004711"


@pytest.mark.parametrize(
    ("vr", "field", "known", "expected"),
    [
        pytest.param("US", b"\1\2", {}, ("US", 0x0201), id="a number"),
        pytest.param("US", b"\1\2", {"is_little_endian": False}, ("US", 0x0102), id="big endian"),
        pytest.param("DS", rb"0.5\0.75", {}, ("DS", [0.5, 0.75]), id="several"),
        pytest.param("UN", b"0.5", {}, ("UN", b"0.5"), id="unknown, and no tag to look up"),
        pytest.param(None, b"4711", {"tag": 0x0010_0020}, ("LO", "4711"), id="the dictionary's VR"),
        pytest.param(
            "UN", b"4711", {"tag": 0x0010_0020}, ("LO", "4711"), id="unknown but registered"
        ),
        pytest.param(None, b"\xff\xff", {"tag": SMALLEST_PIXEL}, ("US", 65535), id="US or SS"),
        pytest.param(
            "US or SS",
            b"\xff\xff",
            {"tag": SMALLEST_PIXEL, "pixel_representation": 1},
            ("SS", -1),
            id="US or SS of signed pixels",
        ),
        pytest.param(None, b"1000", {"tag": SIEMENS}, ("UN", b"1000"), id="private"),
        pytest.param(
            None,
            b"1000",
            {"tag": SIEMENS, "private_creator": "SIEMENS MR HEADER"},
            ("IS", 1000),
            id="private, of a known creator",
        ),
        pytest.param(
            "LO", b"\xe9t\xe9", {"charset": ["ISO_IR 100"]}, ("LO", "été"), id="text in Latin-1"
        ),
        pytest.param("LO", b"", {}, ("LO", ""), id="empty"),
    ],
)
def test_a_value_field_is_read_as_in_a_data_set(
    vr: str | None, field: bytes, known: dict[str, Any], expected: tuple[str, object]
) -> None:
    assert _core.decode_value(vr, field, **known) == expected


@pytest.mark.parametrize(("field", "is_implicit"), [(EXPLICIT_ITEM, False), (IMPLICIT_ITEM, True)])
def test_items_are_data_sets(field: bytes, is_implicit: bool) -> None:
    vr, items = _core.decode_value("SQ", field, is_implicit=is_implicit)
    assert (vr, [type(item) for item in items]) == ("SQ", [rd.Dataset])
    assert items[0].PatientID == "4711"
    assert items[0].is_implicit_VR is is_implicit


def test_a_wrong_length_and_an_unknown_character_set_are_errors() -> None:
    with pytest.raises(rd.InvalidDicomError) as caught:
        _core.decode_value("UL", b"\0" * 3, tag=SMALLEST_PIXEL)
    assert (caught.value.tag, caught.value.offset) == (Tag(SMALLEST_PIXEL), 0)
    with pytest.raises(ValueError, match="Specific Character Set"):
        _core.decode_value("LO", b"", charset=["ISO_IR 0"])


def test_a_raw_element_keeps_its_place_and_its_creator() -> None:
    ds = rd.Dataset()
    ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    raw = RawDataElement(Tag(SIEMENS), None, 4, b"1000", 512, True, True)
    element = convert_raw_data_element(raw, ds=ds)
    assert (element.VR, element.value, element.file_tell) == ("IS", 1000, 512)
    assert element.private_creator == "SIEMENS MR HEADER"


def test_a_value_may_be_longer_than_the_length_field_of_its_vr() -> None:
    text = "x" * 0x1_0001
    raw = RawDataElement(Tag(0x0010_4000), "LT", len(text), text.encode(), 0, False, True)
    assert (convert_raw_data_element(raw).VR, convert_raw_data_element(raw).value) == ("LT", text)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_functions_of_values_take_whatever_has_bytes(kind: Any) -> None:
    assert values.convert_AE_string(kind(b"STATION "), True) == "STATION"
    assert values.convert_numbers(kind(b"\1\0\2\0"), True, "H") == [1, 2]
    with pytest.raises(TypeError):
        values.convert_AE_string(5, True)  # type: ignore[arg-type]
