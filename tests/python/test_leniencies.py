"""Tolerated damage: each deviation has a name, an offset, and a test built byte by byte."""

from __future__ import annotations

import io
import pickle
import struct
import time
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    PATIENT_NAME,
    PIXEL_DATA,
    PREAMBLE,
    Element,
    Fragments,
    Items,
    encode,
    file_around,
    file_bytes,
    file_meta,
)
from data_paths import REPOSITORY

MODALITY = Element(0x00080060, "CS", "CT")
PATIENT_ID = Element(0x00100020, "LO", "ID")
ROWS = Element(0x00280010, "US", 3)
REFERENCE = [Element(0x00081150, "UI", "2.25.7"), Element(0x00081155, "UI", "2.25.8")]

ITEM = bytes.fromhex("feff00e0")
ITEM_END = bytes.fromhex("feff0de0") + bytes(4)
SEQUENCE_END = bytes.fromhex("feffdde0") + bytes(4)
OPEN = b"\xff\xff\xff\xff"
START = len(bytes(132) + file_meta(EXPLICIT_LITTLE))


def item(content: bytes, length: int | None = None) -> bytes:
    """An item that says to have `length` bytes."""
    return ITEM + struct.pack("<I", len(content) if length is None else length) + content


def open_item(content: bytes) -> bytes:
    """An item of undefined length."""
    return ITEM + OPEN + content + ITEM_END


def sequence(content: bytes, length: int | None = 0xFFFFFFFF) -> bytes:
    """Lay out (0008,1140) with `content` as it is and this length; `None` is the true one."""
    field = struct.pack("<I", len(content) if length is None else length)
    return bytes.fromhex("08004011") + b"SQ\0\0" + field + content


def header(tag: str, vr: bytes, length: bytes) -> bytes:
    """The 8 bytes of a header, whatever they are."""
    return bytes.fromhex(tag) + vr + length


def names(ds: rd.Dataset) -> list[str]:
    return [name for name, _ in ds.deviations]


def of_items(ds: rd.Dataset) -> list[str]:
    """Deviations of the data set and of the items of its sequence."""
    return names(ds) + [name for one in ds.ReferencedImageSequence for name in names(one)]


def patient_id(vr: bytes, length: bytes = b"\2\0") -> bytes:
    """(0010,0020) with a VR and a length as they are, between two elements."""
    return BEFORE + header("10002000", vr, length) + b"ID" + encode([ROWS])


BEFORE, AFTER = encode([MODALITY]), encode([PATIENT_ID, ROWS])
INNER = encode(REFERENCE)
FIRST, SECOND = encode(REFERENCE[:1]), encode(REFERENCE[1:])
LATER = len(BEFORE)

# Name, the data set, the offset of the deviation in it, the tags that are found.
ALL = [0x00080060, 0x00100020, 0x00280010]
CASES: dict[str, tuple[str, bytes, int, list[int]]] = {
    "no VR": (
        "implicit_element",
        patient_id(b"\2\0", b"\0\0"),
        LATER,
        ALL,
    ),
    "VR ??": (
        "misspelt_vr",
        patient_id(b"??"),
        LATER,
        ALL,
    ),
    "VR in small letters": (
        "misspelt_vr",
        patient_id(b"lo"),
        LATER,
        ALL,
    ),
    "long VR in small letters": (
        "misspelt_vr",
        BEFORE + header("09000210", b"ob", b"\0\0") + b"\4\0\0\0abcd" + AFTER,
        LATER,
        [0x00080060, 0x00091002, 0x00100020, 0x00280010],
    ),
    "blank VR": (
        "misspelt_vr",
        patient_id(b"  "),
        LATER,
        ALL,
    ),
    "VR of zeros": (
        "misspelt_vr",
        patient_id(b"\0\0"),
        LATER,
        ALL,
    ),
    "misspelt at the end": (
        "misspelt_vr",
        patient_id(b"??")[: -len(encode([ROWS]))],
        LATER,
        ALL[:2],
    ),
    "a value past the end": (
        "value_cut_short",
        BEFORE + encode([PATIENT_ID])[:-1],
        LATER + 8,
        ALL[:2],
    ),
    "a length of 4 GB": (
        "value_cut_short",
        BEFORE + encode([Element(0x00091002, "OB", b"", length=0xFFFFFFFE)]),
        LATER + 12,
        [0x00080060, 0x00091002],
    ),
    "bytes after": ("trailing_bytes", BEFORE + AFTER + b"\1\2\3", len(BEFORE + AFTER), ALL),
    "a few zeros after": ("trailing_bytes", BEFORE + AFTER + bytes(6), len(BEFORE + AFTER), ALL),
    "many zeros after": (
        "trailing_zeros",
        BEFORE + AFTER + bytes(2**17 + 3),
        len(BEFORE + AFTER),
        ALL,
    ),
    "a tag twice": ("unordered_elements", BEFORE + BEFORE + AFTER, 2 * LATER - 2, ALL),
    "other order": ("unordered_elements", AFTER + BEFORE, len(AFTER) + 8, ALL),
    "a stray item": ("stray_delimiter", BEFORE + item(b"") + AFTER, LATER, ALL),
    "a stray item with a value": ("stray_delimiter", BEFORE + item(INNER) + AFTER, LATER, ALL),
    "a stray end of a sequence": ("stray_delimiter", BEFORE + SEQUENCE_END + AFTER, LATER, ALL),
    "a stray end of an item": ("stray_item_end", BEFORE + ITEM_END + AFTER, LATER, ALL[:1]),
    "no end of a sequence": (
        "missing_delimiter",
        BEFORE + sequence(item(INNER)),
        len(BEFORE + sequence(item(INNER))),
        [0x00080060, 0x00081140],
    ),
    "no end of fragments": (
        "missing_delimiter",
        BEFORE + encode([Element(PIXEL_DATA, "OB", Fragments([b"ab"]))])[:-8],
        len(BEFORE) + 12 + 8 + 10,
        [0x00080060, 0x7FE00010],
    ),
    "no items": (
        "value_without_items",
        BEFORE + sequence(b"no items at all" + SEQUENCE_END) + AFTER,
        LATER + 12,
        [0x00080060, 0x00081140, 0x00100020, 0x00280010],
    ),
    "a fragment of wrong length": (
        "value_without_items",
        AFTER
        + encode(
            [
                Element(
                    PIXEL_DATA, "OB", item(b"") + item(b"abcd", 2) + SEQUENCE_END, length=0xFFFFFFFF
                )
            ]
        ),
        len(AFTER) + 12 + 8 + 10,
        [0x00100020, 0x00280010, 0x7FE00010],
    ),
    "text in a sequence": (
        "not_a_sequence",
        BEFORE + sequence(b"NONE", None) + AFTER,
        LATER + 12,
        [0x00080060, 0x00081140, 0x00100020, 0x00280010],
    ),
    "half a number": (
        "wrong_value_length",
        BEFORE + AFTER + encode([Element(0x00280011, "US", b"abc", pad=False)]),
        LATER + len(AFTER) + 8,
        [*ALL, 0x00280011],
    ),
    "a VR of the future": (
        "unknown_vr",
        BEFORE + header("09000210", b"ZZ", b"\0\0") + b"\4\0\0\0abcd" + AFTER,
        LATER + 12,
        [0x00080060, 0x00091002, 0x00100020, 0x00280010],
    ),
    "an unknown VR with a short length": (
        "unknown_vr",
        BEFORE + header("09000210", b"ZZ", b"\4\0") + b"abcd" + AFTER,
        LATER + 8,
        [0x00080060, 0x00091002, 0x00100020, 0x00280010],
    ),
    "an unknown VR without a value": (
        "unknown_vr",
        BEFORE + header("09000210", b"ZZ", b"\0\0") + AFTER,
        LATER + 8,
        [0x00080060, 0x00091002, 0x00100020, 0x00280010],
    ),
    "text of undefined length": (
        "undefined_length_vr",
        BEFORE
        + header("10000040", b"UT", b"\0\0")
        + OPEN
        + item(b"text")
        + SEQUENCE_END
        + encode([ROWS]),
        LATER + 12,
        [0x00080060, 0x00104000, 0x00280010],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_deviation_is_named_with_its_offset(tmp_path: Path, case: str) -> None:
    name, content, offset, found = CASES[case]
    path = tmp_path / "file.dcm"
    path.write_bytes(file_around(content))
    ds = rd.dcmread(path)
    assert (name, START + offset) in ds.deviations
    # What follows the items' headers is shown as text, and these with it.
    others = ["undecodable_text"] if name == "undefined_length_vr" else []
    assert names(ds) == [name, *others]
    assert ds.tags() == found
    if "PatientID" in ds and case != "a value past the end":
        assert ds.PatientID == "ID"
    if "Rows" in ds:
        assert ds.Rows == 3
    for source in (file_around(content), io.BytesIO(file_around(content))):
        again = rd.dcmread(source)
        assert again.deviations == ds.deviations
        assert [again.element_offset(tag) for tag in found] == [
            ds.element_offset(tag) for tag in found
        ]
    assert pickle.loads(pickle.dumps(ds)).deviations == ds.deviations


# Name, the value of the sequence and its length, what is found in its items.
BOTH = [[0x00081150, 0x00081155]]
ITEMS: dict[str, tuple[str, bytes, list[list[int]]]] = {
    "no end of the item": (
        "missing_item_delimiter",
        sequence(ITEM + OPEN + INNER + SEQUENCE_END),
        BOTH,
    ),
    "no end before the next item": (
        "missing_item_delimiter",
        sequence(ITEM + OPEN + INNER + ITEM + OPEN + INNER + ITEM_END + SEQUENCE_END),
        BOTH * 2,
    ),
    "no end of the item, sequence of defined length": (
        "missing_item_delimiter",
        sequence(ITEM + OPEN + INNER, None),
        BOTH,
    ),
    "an item that is too short": (
        "wrong_item_length",
        sequence(item(INNER, len(FIRST)) + SEQUENCE_END),
        BOTH,
    ),
    "an item that is too short, then another": (
        "wrong_item_length",
        sequence(item(INNER, 10) + item(INNER), None),
        BOTH * 2,
    ),
    "an item that is too long": (
        "wrong_item_length",
        sequence(item(INNER, len(INNER) + 4) + item(INNER) + SEQUENCE_END),
        BOTH * 2,
    ),
    "an item longer than its sequence": (
        "item_past_sequence",
        sequence(item(INNER, 1000), None),
        BOTH,
    ),
    "an item longer than its sequence, then another": (
        "wrong_item_length",
        sequence(item(INNER, 1000) + item(INNER), None),
        BOTH * 2,
    ),
    "an item longer than its open sequence": (
        "wrong_item_length item_past_sequence",
        sequence(item(INNER, 1 << 30) + SEQUENCE_END),
        BOTH,
    ),
    "a value past the end of its item": (
        "value_cut_short",
        sequence(item(FIRST + encode([Element(0x00081155, "UI", "2.25.8", length=90)])))
        + SEQUENCE_END,
        BOTH,
    ),
    "a misspelt VR in an item": (
        "misspelt_vr",
        sequence(
            ITEM
            + OPEN
            + header("08005011", b"ui", b"\6\0")
            + b"2.25.7"
            + SECOND
            + ITEM_END
            + SEQUENCE_END
        ),
        BOTH,
    ),
    "an implicit element in an item": (
        "implicit_element",
        sequence(
            ITEM
            + OPEN
            + FIRST
            + header("08005511", b"\6\0", b"\0\0")
            + b"2.25.8"
            + ITEM_END
            + SEQUENCE_END
        ),
        BOTH,
    ),
    "an item that is implicit": (
        "",
        sequence(open_item(encode(REFERENCE, explicit=False)) + SEQUENCE_END),
        BOTH,
    ),
}


@pytest.mark.parametrize("case", ITEMS)
def test_items_are_found_in_damaged_sequences(tmp_path: Path, case: str) -> None:
    name, content, found = ITEMS[case]
    path = tmp_path / "file.dcm"
    path.write_bytes(file_around(BEFORE + content + AFTER))
    ds = rd.dcmread(path)
    assert ds.PatientID == "ID", "what follows is found"
    assert [one.tags() for one in ds.ReferencedImageSequence] == found
    assert {str(one.ReferencedSOPInstanceUID).strip() for one in ds.ReferencedImageSequence} == {
        "2.25.8"
    }
    assert set(of_items(ds)) == set(name.split())
    assert rd.dcmread(file_around(BEFORE + content + AFTER)) == ds
    copy = pickle.loads(pickle.dumps(ds))
    assert of_items(copy) == of_items(ds)


# These are tested with the other deflated files.
NAMES_OF_DEFLATED = {"not_deflated", "deflated_cut_short"}


def test_every_deviation_is_tested() -> None:
    tested = {name for case in [*CASES.values(), *ITEMS.values()] for name in case[0].split()}
    elsewhere = {
        "other_vr_encoding",
        "missing_transfer_syntax",
        "damaged",
        "not_deflated",
        "deflated_cut_short",
        # With the files of odd Transfer Syntaxes.
        "unknown_transfer_syntax",
        "second_file_meta",
        # With the character sets.
        "misspelt_character_set",
        "unknown_character_set",
        "undecodable_text",
        # With the bad elements.
        "undecodable_number",
        "missing_sequence_delimiter",
        "nested_too_deep",
    }
    source = REPOSITORY / "rust/core/src/parse/leniency.rs"
    named = {line.split('"')[1] for line in source.read_text().splitlines() if ' = "' in line}
    assert named == tested | elsewhere


# What force=True adds.

# VRs that cannot be, with an undefined length and no end: nothing can be made of it.
NONSENSE = header("0a004011", b"SQ", b"\0\0") + OPEN + b"no items, no end at all"


@pytest.mark.parametrize("kind", ["path", "bytes", "file"])
def test_force_keeps_everything_before_the_damage(tmp_path: Path, kind: str) -> None:
    data = file_around(BEFORE + NONSENSE)
    path = tmp_path / "file.dcm"
    path.write_bytes(data)
    source: Any = {"path": path, "bytes": data, "file": io.BytesIO(data)}[kind]
    with pytest.raises(rd.InvalidDicomError, match=r"expected an item \(FFFE,E000\)") as caught:
        rd.dcmread(source)
    assert caught.value.offset == START + LATER + 12
    assert caught.value.tag == 0x000A1140
    assert caught.value.path == (str(path) if kind == "path" else None)
    if kind == "file":
        source.seek(0)
    ds = rd.dcmread(source, force=True)
    assert ds.Modality == "CT"
    assert ds.deviations == [("damaged", START + LATER + 12)]
    assert pickle.loads(pickle.dumps(ds)).deviations == ds.deviations


def test_force_keeps_the_file_meta_information() -> None:
    data = file_around(NONSENSE)
    ds = rd.dcmread(data, force=True)
    assert ds.file_meta.TransferSyntaxUID == EXPLICIT_LITTLE
    assert (len(ds), names(ds)) == (0, ["damaged"])


def test_everything_before_the_damage_in_an_item_is_kept() -> None:
    data = file_around(BEFORE + sequence(item(FIRST + NONSENSE), None) + AFTER)
    for force in (False, True):
        ds = rd.dcmread(data, force=force)
        assert ds.PatientID == "ID"
        (one,) = ds.ReferencedImageSequence
        with warns_of_damage() if not force else nullcontext():
            assert one.tags() == [0x00081150]
        assert one.deviations == [("damaged", START + LATER + 12 + 8 + len(FIRST) + 12)]


def test_items_before_the_damage_are_kept() -> None:
    data = file_around(BEFORE + sequence(item(INNER) + b"no item at all", None) + AFTER)
    for force in (False, True):
        (one,) = rd.dcmread(data, force=force).ReferencedImageSequence
        with warns_of_damage() if not force else nullcontext():
            assert one.tags() == [0x00081150, 0x00081155]
        assert names(one) == ["damaged"]


def warns_of_damage() -> Any:
    return pytest.warns(UserWarning, match="an item of a sequence is damaged")


def test_errors_in_items_name_the_way_there(tmp_path: Path) -> None:
    inner = Element(0x00081199, "SQ", Items([[Element(0x00280010, "US", b"abc", pad=False)]]))
    path = tmp_path / "file.dcm"
    path.write_bytes(file_bytes([Element(0x00081140, "SQ", Items([[], [inner]]))]))
    one = rd.dcmread(path).ReferencedImageSequence[1].ReferencedSOPSequence[0]
    with pytest.raises(rd.InvalidDicomError) as caught:
        _ = one.Rows
    assert f"{path}: (0008,1140)[1] > (0008,1199)[0] > (0028,0010) Rows" in str(caught.value)


# Encodings.


def test_the_first_element_overrules_the_transfer_syntax() -> None:
    for says, is_explicit in [(EXPLICIT_LITTLE, False), (IMPLICIT_LITTLE, True)]:
        ds = rd.dcmread(file_around(encode([MODALITY, PATIENT_ID], explicit=is_explicit), says))
        assert ds.is_implicit_VR is not is_explicit
        assert (ds.Modality, ds.PatientID) == ("CT", "ID")
        assert ds.deviations == [("other_vr_encoding", len(file_around(b"", says)))]


@pytest.mark.parametrize("group_length", [0, 2, 10_000, 0xFFFFFFFF, None], ids=str)
@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG])
def test_the_group_length_is_not_needed(group_length: int | None, syntax: str) -> None:
    meta = file_meta(syntax, group_length=group_length or 0)
    if group_length is None:
        meta = meta[12:]
    ds = rd.dcmread(file_bytes([MODALITY, ROWS], transfer_syntax=syntax, meta=meta))
    assert (ds.Modality, ds.Rows, ds.file_meta.TransferSyntaxUID) == ("CT", 3, syntax)
    assert not ds.deviations


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize("has_preamble", [True, False])
def test_a_data_set_without_meta_shows_how_it_is_written(syntax: str, has_preamble: bool) -> None:
    data = file_bytes(
        [MODALITY, PATIENT_ID, ROWS], transfer_syntax=syntax, preamble=has_preamble, meta=b""
    )
    ds = rd.dcmread(data, force=not has_preamble)
    assert (ds.Modality, ds.PatientID, ds.Rows) == ("CT", "ID", 3)
    assert ds.is_little_endian is (syntax != EXPLICIT_BIG)
    assert ds.is_implicit_VR is (syntax == IMPLICIT_LITTLE)
    assert ds.deviations == [("missing_transfer_syntax", 132 if has_preamble else 0)]


def test_a_file_may_start_with_its_meta() -> None:
    data = file_bytes([MODALITY], preamble=False)
    with pytest.raises(rd.InvalidDicomError, match="force=True"):
        rd.dcmread(data)
    ds = rd.dcmread(data, force=True)
    assert (ds.Modality, ds.preamble, ds.file_meta.TransferSyntaxUID) == (
        "CT",
        None,
        EXPLICIT_LITTLE,
    )


def test_acr_nema_is_read_with_force() -> None:
    # Group lengths, (0008,0010) Recognition Code, implicit little endian, no prefix.
    elements = [
        Element(0x00080000, "UL", 30),
        Element(0x00080001, "UL", 100),
        Element(0x00080010, "SH", "ACR-NEMA 2.0"),
        Element(0x00080060, "CS", "CT"),
        ROWS,
    ]
    ds = rd.dcmread(encode(elements, explicit=False), force=True)
    assert (ds.Modality, ds.Rows, ds[0x00080010].value) == ("CT", 3, "ACR-NEMA 2.0")


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, EXPLICIT_BIG])
def test_command_elements_are_implicit_little_endian(syntax: str) -> None:
    # PS3.7 §6.3.1: whatever the encoding of the data set that follows.
    command = encode(
        [Element(0x00000002, "UI", "2.25.1"), Element(0x00000100, "US", 1)], explicit=False
    )
    content = encode([MODALITY, ROWS], big_endian=syntax == EXPLICIT_BIG)
    ds = rd.dcmread(PREAMBLE + file_meta(syntax) + command + content)
    assert (ds.Modality, ds.Rows, ds[0x00000002].value) == ("CT", 3, "2.25.1")


NUMBERS: Iterable[tuple[str, Any]] = [
    ("US", [1, 65535]), ("SS", [-2, 3]), ("UL", [1, 2**32 - 1]), ("SL", [-5, 6]),
    ("FL", [1.5, -2.0]), ("FD", [0.1, 3.0]), ("UV", [1, 2**64 - 1]), ("SV", [-(2**63), 7]),
    ("AT", [0x00100020, 0x7FE00010]), ("AE", "STORE"), ("AS", "042Y"), ("CS", "CT"),
    ("DA", "20240229"), ("DS", [1.5, 2.0]), ("DT", "2024"), ("IS", [3, 4]), ("LO", "text"),
    ("LT", "text"), ("PN", PATIENT_NAME), ("SH", "text"), ("ST", "text"), ("TM", "1200"),
    ("UC", "text"), ("UI", "2.25.3"), ("UR", "text"), ("UT", "text"),
    # The bytes of these are handed over as written.
    ("OB", b"abcd"), ("UN", b"abcd"), ("OW", b"abcd"), ("OL", b"abcd"), ("OF", b"abcdefgh"),
    ("OD", b"abcdefgh"), ("OV", b"abcdefgh"),
]  # fmt: skip


@pytest.mark.parametrize(("vr", "value"), NUMBERS, ids=[vr for vr, _ in NUMBERS])
def test_every_vr_is_the_same_in_both_byte_orders(vr: str, value: Any) -> None:
    elements = [Element(0x00090010, "LO", "VENDOR"), Element(0x00091001, vr, value)]
    nested = [Element(0x00081140, "SQ", Items([elements], True, True)), *elements]
    little = rd.dcmread(file_bytes(nested))
    big = rd.dcmread(file_bytes(nested, transfer_syntax=EXPLICIT_BIG))
    assert little[0x00091001].VR == big[0x00091001].VR == vr
    assert little[0x00091001].value == big[0x00091001].value
    assert big.ReferencedImageSequence[0][0x00091001].value == little[0x00091001].value
    assert not big.deviations
    if isinstance(value, list) and vr != "AT":
        assert list(big[0x00091001].value) == value


def test_encapsulated_pixels_in_an_item_of_defined_length() -> None:
    icon = [ROWS, Element(PIXEL_DATA, "OB", Fragments([b"abcd", SEQUENCE_END]))]
    for is_open in (False, True):
        data = file_bytes(
            [Element(0x00880200, "SQ", Items([icon], is_open)), Element(PIXEL_DATA, "OW", b"12")]
        )
        ds = rd.dcmread(data)
        assert ds.tags() == [0x00880200, 0x7FE00010]
        (one,) = ds.IconImageSequence
        assert (one.Rows, one.tags()) == (3, [0x00280010, 0x7FE00010])
        assert bytes(one.raw_bytes("PixelData")).endswith(SEQUENCE_END)
        assert not ds.deviations + one.deviations


def test_unknown_private_sequences_are_found_by_their_items() -> None:
    content = ITEM + OPEN + encode([MODALITY], explicit=False) + ITEM_END + SEQUENCE_END
    for vr, is_explicit in [(b"UN\0\0", True), (b"", False)]:
        elements = encode([Element(0x00090010, "LO", "NOBODY KNOWS")], explicit=is_explicit)
        syntax = EXPLICIT_LITTLE if is_explicit else IMPLICIT_LITTLE
        ds = rd.dcmread(
            file_around(elements + bytes.fromhex("09000110") + vr + OPEN + content, syntax)
        )
        assert ds[0x00091001].VR == "SQ"
        assert ds[0x00091001].value[0].Modality == "CT"


def test_odd_lengths_are_read_as_they_are() -> None:
    ds = rd.dcmread(file_bytes([Element(0x00080060, "CS", "CTX", pad=False), PATIENT_ID]))
    assert (ds.Modality, ds.PatientID) == ("CTX", "ID")


# What would cost more than the file.


def test_nesting_without_end_is_refused_at_once() -> None:
    level = sequence(ITEM + OPEN)
    data = file_around(level * 100_000)
    with pytest.raises(rd.LimitError, match="nested"):
        rd.dcmread(data)
    deep = b""
    for _ in range(300):
        deep = sequence(item(deep), None)
    ds = rd.dcmread(file_around(deep))
    with pytest.raises(rd.LimitError, match="nested") as caught:
        while True:
            (ds,) = ds.ReferencedImageSequence
            _ = ds.tags()
    assert str(caught.value).count(" > ") > 60


@pytest.mark.parametrize(
    "content",
    [
        BEFORE + bytes(8 * 100_000) + b"\1",
        sequence(b"no items" + SEQUENCE_END) * 20_000,
        sequence(item(FIRST, 3) * 20_000 + SEQUENCE_END),
        sequence(ITEM + b"\3\0\0\0") * 100_000,
        BEFORE + SEQUENCE_END * 100_000,
        patient_id(b"??") * 20_000,
        sequence(ITEM + OPEN) * 60 + sequence(ITEM + OPEN + FIRST) * 3,
    ],
    ids=[
        "zeros",
        "no items",
        "wrong lengths",
        "nested wrong lengths",
        "delimiters",
        "misspelt",
        "open",
    ],
)
def test_much_of_the_same_damage_costs_little(content: bytes) -> None:
    start = time.perf_counter()
    try:
        for element in rd.dcmread(file_around(content), force=True):
            _ = element.VR == "SQ" and list(element.value)
    except rd.DicomError:
        pass
    assert time.perf_counter() - start < 1


def test_the_place_of_an_error_is_where_it_is_noticed() -> None:
    with pytest.raises(rd.LimitError) as caught:
        rd.dcmread(file_around(sequence(ITEM + OPEN) * 100))
    assert caught.value.offset is not None
    assert START + 64 * 20 <= caught.value.offset <= START + 66 * 20


def test_several_misspelt_vrs_in_a_row_are_all_read() -> None:
    first = patient_id(b"??")[: -len(encode([ROWS]))]
    ds = rd.dcmread(
        file_around(first + header("10004000", b"??", b"\2\0") + b"M " + encode([ROWS]))
    )
    assert (ds.PatientID, ds.PatientSex, ds.Rows) == ("ID", "M", 3)
    assert names(ds) == ["misspelt_vr", "misspelt_vr"]


def test_an_image_larger_than_any_memory_is_refused_at_once() -> None:
    elements = [
        Element(0x00280002, "US", 3),
        Element(0x00280004, "CS", "RGB"),
        Element(0x00280006, "US", 0),
        Element(0x00280008, "IS", 2**31 - 1),
        Element(0x00280010, "US", 65535),
        Element(0x00280011, "US", 65535),
        Element(0x00280100, "US", 32),
        Element(0x00280101, "US", 32),
        Element(0x00280102, "US", 31),
        Element(0x00280103, "US", 0),
        Element(PIXEL_DATA, "OW", b"1234"),
    ]
    with pytest.raises(rd.DicomError):
        _ = rd.dcmread(file_bytes(elements)).pixel_array
