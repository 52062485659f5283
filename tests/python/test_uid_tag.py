"""UIDs, tags and the dictionary's functions answer as pydicom's."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from builder import PATIENT_NAME
from rapidicom import datadict, uid
from rapidicom.tag import BaseTag, Tag
from rapidicom.uid import UID

their_uid = pytest.importorskip("pydicom.uid", reason="UIDs are compared with pydicom's")
their_tag = pytest.importorskip("pydicom.tag")
their_dictionary = pytest.importorskip("pydicom.datadict")

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

UIDS = [
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.98",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.53",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.1.1",
    "1.2.840.10008.999",
    "1.2.3.4",
    "1.2.840.113619.2.5",
    "",
    "1.02.3",
    "1..2",
    "1.2.",
    "abc",
    "1." + "2" * 63,
    " 1.2.3 ",
]
ANSWERS = [
    "name",
    "type",
    "info",
    "keyword",
    "is_retired",
    "is_private",
    "is_valid",
    "is_transfer_syntax",
]
SYNTAX_ANSWERS = [
    "is_implicit_VR",
    "is_little_endian",
    "is_deflated",
    "is_encapsulated",
    "is_compressed",
]


def answer(value: Any, name: str) -> Any:
    """Return an attribute, or the class of error that it raises."""
    try:
        return getattr(value, name)
    except ValueError as error:
        return type(error)


@pytest.mark.parametrize("text", UIDS, ids=repr)
def test_uid_answers_like_pydicoms(text: str) -> None:
    ours, other = UID(text), their_uid.UID(text)
    assert (ours, str(ours), repr(ours), hash(ours)) == (
        other,
        str(other),
        repr(other),
        hash(other),
    )
    for name in ANSWERS + SYNTAX_ANSWERS:
        assert answer(ours, name) == answer(other, name), name


def test_private_uid_can_be_declared_a_transfer_syntax() -> None:
    private = UID("1.2.3.4")
    assert not private.is_transfer_syntax
    private.set_private_encoding(False, True)
    for same in [
        private,
        UID(private),
        pickle.loads(pickle.dumps(private)),
        copy.deepcopy(private),
    ]:
        assert same == "1.2.3.4"
        assert same.is_transfer_syntax
        assert (same.is_implicit_VR, same.is_little_endian, same.is_deflated) == (
            False,
            True,
            False,
        )
        assert same.is_compressed


def test_uid_is_made_from_text_alone() -> None:
    with pytest.raises(TypeError, match="int"):
        UID(5)  # type: ignore[arg-type]


CONSTANTS = sorted(
    name for name in dir(their_uid) if isinstance(getattr(their_uid, name), their_uid.UID)
)


@pytest.mark.parametrize("name", [name for name in CONSTANTS if not name.startswith("PYDICOM")])
def test_constant_of_pydicom_is_here(name: str) -> None:
    constant = getattr(uid, name)
    assert type(constant) is UID
    assert constant == getattr(their_uid, name)
    assert getattr(uid, name) is constant


def test_constants_without_a_registered_keyword_are_absent() -> None:
    with pytest.raises(AttributeError, match="NoSuchStorage"):
        uid.NoSuchStorage  # noqa: B018
    assert not hasattr(uid, "no_such_thing")


TAG_ARGUMENTS: list[Any] = [
    (0x00100010,),
    (0x0010, 0x0020),
    ((0x0010, 0x0020),),
    ([0x0010, 0x0020],),
    (("0010", "0020"),),
    ("0010", "0020"),
    ("PatientName",),
    ("00100010",),
    ("0x00100010",),
    (0,),
    (0xFFFFFFFF,),
    (0x1_0000_0000,),
    (0x10000, 0),
    (-1,),
    ("NoSuchKeyword",),
    ((1, 2, 3),),
    ((0x10,),),
    (("0010", 0x10),),
    (None,),
    (BaseTag(0x00100010),),
]


def made(function: Any, arguments: tuple[Any, ...]) -> Any:
    """Return a tag as a number, or the class of error that making it raises."""
    try:
        return int(function(*arguments))
    except (TypeError, ValueError, OverflowError) as error:
        return type(error)


@pytest.mark.parametrize("arguments", TAG_ARGUMENTS, ids=repr)
def test_tag_is_made_like_pydicoms(arguments: tuple[Any, ...]) -> None:
    assert made(Tag, arguments) == made(their_tag.Tag, arguments)


def test_tag_is_made_from_numpys_integers() -> None:
    assert Tag(np.uint32(0x00100010)) == 0x00100010
    assert Tag(np.uint16(0x10), np.uint16(0x20)) == 0x00100020


@pytest.mark.parametrize(
    "number",
    [
        0x00100010,
        0x00091001,
        0x00090010,
        0x00090000,
        0x0009000F,
        0x000900FF,
        0x60000010,
        0x7FE00010,
    ],
    ids=hex,
)
def test_tag_answers_like_pydicoms(number: int) -> None:
    ours, other = BaseTag(number), their_tag.BaseTag(number)
    for name in [
        "group",
        "element",
        "elem",
        "is_private",
        "is_private_creator",
        "private_creator",
        "json_key",
    ]:
        assert getattr(ours, name) == getattr(other, name), name
    assert (str(ours), repr(ours), hash(ours)) == (str(other), repr(other), hash(other))


def test_tag_compares_with_whatever_names_it() -> None:
    tag = BaseTag(0x00100010)
    for same in [0x00100010, (0x10, 0x10), "PatientName", "00100010", BaseTag(0x00100010)]:
        assert tag == same
        assert (tag != same) is False
        assert tag <= same
        assert tag >= same
    for later in [0x00100020, (0x10, 0x20), "PatientID"]:
        assert tag < later
        assert not tag > later
        assert tag != later
    for other in [None, "NoSuchKeyword", (1, 2, 3), object()]:
        assert tag != other
    with pytest.raises(TypeError, match="NoneType"):
        assert tag < None
    assert {tag: 1}[0x00100010] == 1  # type: ignore[index]


@pytest.mark.parametrize(
    "duplicate", [lambda t: pickle.loads(pickle.dumps(t)), copy.copy, copy.deepcopy]
)
def test_tag_survives_copying(duplicate: Any) -> None:
    same = duplicate(BaseTag(0x00100010))
    assert type(same) is BaseTag
    assert str(same) == "(0010,0010)"


def entry(module: Any, name: str, *arguments: Any) -> Any:
    """Return what a function of a dictionary gives, or KeyError if there is no such entry."""
    try:
        return getattr(module, name)(*arguments)
    except KeyError:
        return KeyError


LOOKUPS = [
    "dictionary_VR",
    "dictionary_VM",
    "dictionary_description",
    "dictionary_keyword",
    "dictionary_is_retired",
]
LOOKUPS += ["dictionary_has_tag", "keyword_for_tag"]
TAGS: list[Any] = [
    0x00100010,
    "PatientName",
    (0x0028, 0x0010),
    0x7FE00010,
    0x00280106,
    0x60003000,
    0x60023000,
    0x60013000,
    0x50100010,
    0x00203100,
    0x00020000,
    0x00100000,
    0x00090010,
    0x00080202,
    0x0018A001,
    0xFFFFFFFF,
]


@pytest.mark.parametrize(
    "tag", TAGS, ids=lambda tag: hex(tag) if isinstance(tag, int) else str(tag)
)
@pytest.mark.parametrize("name", LOOKUPS)
def test_dictionary_answers_like_pydicoms(name: str, tag: Any) -> None:
    assert entry(datadict, name, tag) == entry(their_dictionary, name, tag)


@pytest.mark.parametrize(
    "tag", [0x60003000, 0x60FE0010, 0x50100010, 0x00203100, 0x00100010, 0x00100000], ids=hex
)
def test_repeating_groups_are_distinguished(tag: int) -> None:
    assert datadict.repeater_has_tag(tag) == their_dictionary.repeater_has_tag(tag)


@pytest.mark.parametrize(
    "keyword", ["PatientName", "PixelData", "OverlayData", "NoSuchKeyword", ""]
)
def test_keyword_names_the_tag_that_it_names_in_pydicom(keyword: str) -> None:
    # pydicom has an entry for no keyword, the last of the retired elements without one.
    expected = their_dictionary.tag_for_keyword(keyword) if keyword else None
    assert datadict.tag_for_keyword(keyword) == expected


@pytest.mark.parametrize(
    ("tag", "creator"),
    [
        (0x00191001, "SIEMENS MR HEADER"),
        (0x0029101F, "SIEMENS CSA HEADER"),
        (0x00431039, "GEMS_PARM_01"),
        (0x00091001, "GEMS_IDEN_01"),
        (0x00091001, "NOBODY"),
        (0x200110F1, "Philips Imaging DD 001"),
    ],
    ids=lambda part: hex(part) if isinstance(part, int) else part,
)
@pytest.mark.parametrize(
    "name", ["private_dictionary_VR", "private_dictionary_VM", "private_dictionary_description"]
)
def test_private_dictionary_answers_like_pydicoms(name: str, tag: int, creator: str) -> None:
    ours = entry(datadict, name, tag, creator)
    assert ours == entry(their_dictionary, name, tag, creator)


def test_private_creator_is_not_shown() -> None:
    with pytest.raises(KeyError) as caught:
        datadict.private_dictionary_VR(0x00091001, PATIENT_NAME)
    assert PATIENT_NAME not in str(caught.value)


def test_a_list_that_is_set_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uid, "PrivateTransferSyntaxes", [])
    uid.register_transfer_syntax("1.2.3.4", implicit_vr=True, little_endian=True)
    assert uid.PrivateTransferSyntaxes == ["1.2.3.4"]
