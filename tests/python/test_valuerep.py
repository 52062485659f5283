"""Values as in pydicom: numbers that keep their text, person names, and conversion when set."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from rapidicom import valuerep
from rapidicom.multival import MultiValue
from rapidicom.sequence import Sequence
from rapidicom.uid import UID
from rapidicom.valuerep import DS, IS, DSfloat, ISfloat, PersonName, convert_value

theirs = pytest.importorskip("pydicom.valuerep", reason="values are compared with pydicom's")
their_element = pytest.importorskip("pydicom.dataelem").DataElement

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

SECRET = "Doe^Jane"

DECIMALS = [
    "1.5",
    " 1.50 ",
    "+2",
    "1e3",
    "-0.0",
    "00012",
    ".5",
    "1E-5",
    "3.14159265358979323846",
    1.5,
    2,
    Decimal("0.1"),
]
INTEGERS = ["5", " 5 ", "-007", "+1", "1.0", "1e3", 5, 5.0, Decimal(3), 2**40, True]

COPIES: list[Any] = [
    pytest.param(lambda value: pickle.loads(pickle.dumps(value)), id="pickle"),
    pytest.param(lambda value: pickle.loads(pickle.dumps(value, 2)), id="pickle-2"),
    pytest.param(copy.copy, id="copy"),
    pytest.param(copy.deepcopy, id="deepcopy"),
]


@pytest.mark.parametrize("given", DECIMALS, ids=repr)
def test_decimal_string_reads_like_pydicoms(given: Any) -> None:
    ours, other = DSfloat(given), theirs.DSfloat(given)
    assert isinstance(ours, float)
    assert float(ours) == float(other)
    assert (str(ours), repr(ours), hash(ours)) == (str(other), repr(other), hash(other))
    assert getattr(ours, "original_string", None) == getattr(other, "original_string", None)


@pytest.mark.parametrize("given", INTEGERS, ids=repr)
def test_integer_string_reads_like_pydicoms(given: Any) -> None:
    ours, other = IS(given), theirs.IS(given)
    assert isinstance(ours, int)
    assert int(ours) == int(other)
    assert (str(ours), repr(ours), hash(ours)) == (str(other), repr(other), hash(other))
    assert ours.original_string == getattr(other, "original_string", str(other))


@pytest.mark.parametrize("given", ["1.5", " 2.50", 1.5, Decimal("0.5")], ids=repr)
def test_integer_string_that_is_no_integer_becomes_a_float(given: Any) -> None:
    ours, other = IS(given), theirs.IS(given)
    assert type(ours) is ISfloat
    assert (float(ours), str(ours), repr(ours)) == (float(other), str(other), repr(other))
    assert getattr(ours, "original_string", None) == getattr(other, "original_string", None)


@pytest.mark.parametrize("made", [DSfloat, DS, IS], ids=["DSfloat", "DS", "IS"])
@pytest.mark.parametrize("blank", ["", "  ", None], ids=repr)
def test_blank_number_is_given_back(made: Callable[[Any], Any], blank: str | None) -> None:
    assert made(blank) == blank


@pytest.mark.parametrize(
    ("value", "equal", "different"),
    [
        pytest.param(DSfloat("1.50"), [1.5, "1.50", DSfloat("1.5")], ["1.5", 1.4, None], id="DS"),
        pytest.param(IS("007"), [7, "007", 7.0, IS(7)], ["7", 8, None], id="IS"),
        pytest.param(IS("7"), [7, "7"], ["007"], id="IS-plain"),
        pytest.param(PersonName("A^B="), ["A^B", PersonName("A^B")], ["A", None, 5], id="PN"),
    ],
)
def test_value_equals_number_and_text(value: Any, equal: list[Any], different: list[Any]) -> None:
    for other in equal:
        assert value == other
        assert other == value
        assert (value != other) is False
    for other in different:
        assert value != other
        assert (value == other) is False


@pytest.mark.parametrize("duplicate", COPIES)
@pytest.mark.parametrize(
    "value",
    [
        DSfloat("1.50"),
        DSfloat(1.5),
        IS("007"),
        IS("7"),
        IS("1.5"),
        PersonName("A^B=C", "utf-8", b"A^B=C"),
        UID("1.2"),
    ],
    ids=lambda value: f"{type(value).__name__}-{value}",
)
def test_value_survives_copying(value: Any, duplicate: Callable[[Any], Any]) -> None:
    same = duplicate(value)
    assert type(same) is type(value)
    assert (str(same), repr(same)) == (str(value), repr(value))
    assert getattr(same, "original_string", None) == getattr(value, "original_string", None)
    assert same == value


@pytest.mark.parametrize("text", ["abc", "1,5", "1 2", SECRET], ids=repr)
@pytest.mark.parametrize("vr", ["DS", "IS"])
def test_text_that_is_no_number_is_refused_without_showing_it(vr: str, text: str) -> None:
    with pytest.raises(ValueError, match=vr) as caught:
        convert_value(vr, text)
    assert text not in str(caught.value)
    assert caught.value.__context__ is None


NAMES = [
    "Adams^John Robert Quincy^^Rev.^B.A. M.Div.",
    "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "Wang^XiaoDong=王^小东",
    "=王",
    "Family",
    "^Given",
    "A^B==",
    "",
    "=",
]


@pytest.mark.parametrize("text", NAMES, ids=ascii)
def test_person_name_has_the_parts_that_pydicoms_has(text: str) -> None:
    ours, other = PersonName(text), theirs.PersonName(text)
    parts = ["family_name", "given_name", "middle_name", "name_prefix", "name_suffix"]
    parts += ["alphabetic", "ideographic", "phonetic", "components"]
    for part in parts:
        assert getattr(ours, part) == getattr(other, part), part
    assert (str(ours), repr(ours)) == (str(other), repr(other))
    assert (len(ours), bool(ours)) == (len(other), bool(other))
    assert list(ours) == list(other)
    assert ours.family_comma_given() == other.family_comma_given()
    layout = "%(name_prefix)s %(given_name)s %(family_name)s (%(ideographic)s)"
    assert ours.formatted(layout) == other.formatted(layout)


def test_person_name_equals_its_text_as_a_dictionary_key() -> None:
    assert {"A^B": 1}[PersonName("A^B")] == 1  # type: ignore[index]
    assert "A^" in PersonName("A^B")


@pytest.mark.parametrize(
    ("data", "encodings", "text"),
    [
        pytest.param(b"A^B", None, "A^B", id="default"),
        pytest.param("Müller".encode("latin-1"), None, "Müller", id="default-is-latin-1"),
        pytest.param("山田".encode(), "utf-8", "山田", id="utf-8"),
        pytest.param("Люк".encode("iso8859-5"), ["ascii", "iso8859-5"], "Люк", id="second-of-two"),
    ],
)
def test_person_name_is_decoded_from_bytes(data: bytes, encodings: Any, text: str) -> None:
    name = PersonName(data, encodings)
    assert str(name) == text
    assert name.encode() == data
    assert name.original_string == data


def test_person_name_is_encoded_as_asked() -> None:
    name = PersonName("山田")
    assert name.encode("utf-8") == "山田".encode()
    assert PersonName("Müller").encode() == "Müller".encode("latin-1")
    with pytest.raises(ValueError, match="ascii") as caught:
        name.encode(["ascii", "latin-1"])
    assert "山" not in str(caught.value)


def test_person_name_is_read_again_in_another_encoding() -> None:
    name = PersonName("山田".encode())
    assert str(name) != "山田"
    assert str(name.decode(["utf-8"])) == "山田"
    assert name.decode() is name


# What a user sets, by VR.
SET = [
    *[("LO", value) for value in ["a", "a\\b", ["a", "b"], ["a"], [], "", None, b"a"]],
    *[("CS", value) for value in ["A\\B", b"A\\B", ["A", "B"]]],
    *[("LT", value) for value in ["a\\b", ""]],
    *[("UT", value) for value in ["a\\b", "a"]],
    *[("DS", value) for value in ["1.5", "1\\2.0", [1, "2.0", 3.5], [""], "1\\\\3"]],
    *[("DS", value) for value in [1.5, 2, None, "", b"1.5"]],
    *[("IS", value) for value in ["5", "1\\02", [1, "2"], 3, None, "", "1.5"]],
    *[("UI", value) for value in ["1.2", "1.2\\1.3", ["1.2", "1.3"], UID("1.2"), "", None]],
    *[("PN", value) for value in ["A^B", "A^B\\C^D", ["A", "B"], "", None, b"A^B"]],
    *[("AT", value) for value in [0x00100010, "PatientName", (0x10, 0x10), [0x10, 0x20], 0, None]],
    *[("US", value) for value in [5, [1, 2], [1], [], None]],
    *[("FD", value) for value in [1.5, [1.5, 2.5], None]],
    *[("OB", value) for value in [b"\\\\", b"", None]],
    *[("OW", value) for value in [b"12\\34"]],
    *[("UN", value) for value in [b"1\\2"]],
    *[("DA", value) for value in ["20200101", ["20200101", "20200102"], ""]],
]


@pytest.mark.parametrize(("vr", "value"), SET, ids=lambda part: ascii(part))
def test_value_that_is_set_becomes_what_pydicom_makes_of_it(vr: str, value: Any) -> None:
    ours = convert_value(vr, value)
    other = their_element(0x00091001, vr, value).value
    assert (ours == other) or (ours is other is None)
    assert (str(ours), repr(ours)) == (str(other), repr(other))
    assert type(ours).__name__ == type(other).__name__
    if isinstance(ours, MultiValue):
        assert [type(each).__name__ for each in ours] == [type(each).__name__ for each in other]


@pytest.mark.parametrize(
    ("vr", "value", "expected"),
    [
        pytest.param("DS", (1, "2.0"), [1.0, 2.0], id="tuple-of-numbers"),
        pytest.param("CS", ("A", "B"), ["A", "B"], id="tuple-of-texts"),
        pytest.param("AT", [(0x10, 0x10), "PatientID"], [(0x10, 0x10), (0x10, 0x20)], id="tags"),
        pytest.param("OB", bytearray(b"12"), b"12", id="bytearray"),
        pytest.param("OW", memoryview(b"12"), b"12", id="memoryview"),
    ],
)
def test_value_that_pydicom_refuses_or_spoils_is_taken(vr: str, value: Any, expected: Any) -> None:
    assert convert_value(vr, value) == expected


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        pytest.param("OW", np.zeros(4, np.uint16), id="array-for-bytes"),
        pytest.param("UI", 5, id="number-for-uid"),
        pytest.param("PN", 5, id="number-for-name"),
        pytest.param("SQ", [1], id="number-for-item"),
    ],
)
def test_value_of_a_wrong_type_is_refused(vr: str, value: Any) -> None:
    with pytest.raises(TypeError):
        convert_value(vr, value)


def test_data_set_is_no_list_of_items() -> None:
    with pytest.raises(TypeError, match="list"):
        convert_value("SQ", rd.Dataset())
    assert convert_value("SQ", None) == []
    items = Sequence([rd.Dataset()])
    assert convert_value("SQ", items) is items


@pytest.mark.parametrize(
    "vr", sorted(valuerep.STR_VR | valuerep.BYTES_VR | valuerep.INT_VR | {"FD", "SQ"})
)
def test_no_value_is_what_pydicom_has_for_none(vr: str) -> None:
    other = pytest.importorskip("pydicom.dataelem").empty_value_for_VR(vr)
    assert valuerep.empty_value_for_VR(vr) == other


@pytest.mark.parametrize(
    ("vr", "value"),
    [*[(vr, SECRET.encode() + b"\xff") for vr in ("CS", "DA", "DS", "IS", "UI")], ("AT", SECRET)],
)
def test_value_that_cannot_be_converted_is_not_shown(vr: str, value: Any) -> None:
    with pytest.raises(ValueError) as caught:
        convert_value(vr, value)
    assert SECRET not in f"{caught.value} {caught.value!r}"
