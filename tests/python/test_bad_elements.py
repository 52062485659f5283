"""One bad element costs itself, wherever it is and whichever way it is looked at.

Each row is an element with something wrong in its value, put in each place of a file; each door is
a public way to look at the whole. Doors go on past the element and have its bytes; a deviation
names it, and only access to its value raises.
"""

from __future__ import annotations

import copy
import io
import pickle
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    DEFLATED_LITTLE,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    LONG_LENGTH_VRS,
    PREAMBLE,
    UNDEFINED_LENGTH,
    Element,
    deflated,
    encode,
    file_around,
    file_meta,
    image,
)
from rapidicom.cli.command_line import main

pytestmark = pytest.mark.filterwarnings("ignore")

WRONG_LENGTH, NO_SEQUENCE = "wrong_value_length", "not_a_sequence"
UNKNOWN_VR, NO_NUMBER = "unknown_vr", "undecodable_number"
NO_DELIMITER = "missing_sequence_delimiter"
SEQUENCE, LAST, META = 0x00081140, 0x00741000, 0x00020102
PIXELS = np.arange(16, dtype=np.uint16).reshape(4, 4)


@dataclass(frozen=True)
class Row:
    """An element with something wrong.

    Attributes:
        vr: As it is written.
        tag: Of the dictionary, with that VR.
        value: Its bytes.
        deviation: The name of what is tolerated in it, if that has one.
        raises: Whether access to the value does.
        length: What the length field says, where that is not the truth.
        is_long: Whether the length has 32 bits, where the VR does not decide.
        offset: Where the deviation is, in bytes from the start of the value.
        is_implicit: Whether it can be written without a VR.
    """

    vr: str
    tag: int
    value: bytes
    deviation: str = ""
    raises: bool = False
    length: int | None = None
    is_long: bool | None = None
    offset: int = 0
    is_implicit: bool = True


def item(value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(value) if length is None else length) + value


ITEM_END = struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
SEQUENCE_END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
OPEN_ITEM = item(b"", UNDEFINED_LENGTH) + ITEM_END


# A VR, a tag of it, and a number of bytes that is none of it.
NUMBERS = {
    "US": (0x00081196, 3), "SS": (0x00189219, 3), "UL": (0x00186016, 6), "SL": (0x00186020, 6),
    "FL": (0x00089459, 6), "FD": (0x00082134, 9), "SV": (0x00720082, 9), "UV": (0x0008040C, 9),
    "AT": (0x00140202, 6),
}  # fmt: skip
# Bytes are bytes, whatever their words are.
WORDS = {
    "OB": (0x00143080, 3), "OW": (0x00720069, 3), "OF": (0x00640009, 6), "OD": (0x003A032E, 9),
    "OL": (0x00660040, 6), "OV": (0x00720081, 9),
}  # fmt: skip
NO_ITEMS = {
    "text": b"Some Header Anonymizer",
    "short text": b"NONE",
    "zeros": bytes(12),
    "0xFF": b"\xff" * 12,
}
# What is written is what a value is, as in pydicom; only a number can be none.
TEXTS: dict[str, tuple[str, int, bytes, str]] = {
    "IS of letters": ("IS", 0x00200012, b"no number ", NO_NUMBER),
    "IS of a fraction": ("IS", 0x00200012, b"1.5 ", ""),
    "IS of 20 digits": ("IS", 0x00200012, b"9" * 20, ""),
    "DS of letters": ("DS", 0x00180050, b"no number ", NO_NUMBER),
    "DS with a comma": ("DS", 0x00180050, b"1,5 ", NO_NUMBER),
    "one of three DS": ("DS", 0x00180050, b"1\\b\\3 ", NO_NUMBER),
    "DS without end": ("DS", 0x00180050, b"inf ", NO_NUMBER),
    "UI of letters": ("UI", 0x00080017, b"no uid", ""),
    "UI of 80 digits": ("UI", 0x00080017, b"1." + b"2" * 78, ""),
    "no day": ("DA", 0x00080022, b"20241399", ""),
    "no time": ("TM", 0x00080032, b"99zz", ""),
    "no date and time": ("DT", 0x0008002A, b"2024-01-01T00:00", ""),
    "no age": ("AS", 0x00101010, b"old!", ""),
    "LO of 3000 characters": ("LO", 0x00080080, b"x" * 3000, ""),
    "CS of small letters": ("CS", 0x00080052, b"small and more than 16 letters", ""),
    "a name of five groups": ("PN", 0x00081070, b"a=b=c=d=e^f^g^h^i^j^k^l ", ""),
    "characters without a character set": ("LO", 0x00080080, b"M\xfc", "undecodable_text"),
}
ROWS: dict[str, Row] = {
    **{
        f"{vr} of {length} bytes": Row(vr, tag, b"abcdefghi"[:length], WRONG_LENGTH, raises=True)
        for vr, (tag, length) in NUMBERS.items()
    },
    "AT of 2 bytes": Row("AT", 0x00140202, b"ab", WRONG_LENGTH, raises=True),
    **{
        # Words have another VR where none is written.
        f"{vr} of {length} bytes": Row(vr, tag, b"abcdefghi"[:length])
        for vr, (tag, length) in WORDS.items()
    },
    **{
        f"{vr} of {name}": Row(vr, 0x00082112, value, NO_SEQUENCE)
        for vr in ("SQ", "UN")
        for name, value in NO_ITEMS.items()
    },
    "a VR of the future": Row(
        "ZZ", 0x00143080, b"abcd", UNKNOWN_VR, is_long=False, is_implicit=False
    ),
    "a long VR of the future": Row(
        "ZZ", 0x00143080, b"abcd", UNKNOWN_VR, is_long=True, is_implicit=False
    ),
    **{name: Row(vr, tag, value, deviation) for name, (vr, tag, value, deviation) in TEXTS.items()},
    "a sequence without its delimiter": Row(
        "SQ", 0x00082112, OPEN_ITEM, NO_DELIMITER, length=UNDEFINED_LENGTH, offset=len(OPEN_ITEM)
    ),
    "an item past its sequence": Row("SQ", 0x00082112, item(b"", 50)),
    "an item of garbage": Row("SQ", 0x00082112, item(b"garbage garbage!")),
    "a private UN with items": Row("UN", 0x00091001, item(b"")),
    "a private UN without": Row("UN", 0x00091001, b"text"),
}
SYNTAXES = {
    "deflated": DEFLATED_LITTLE,
    "big endian": EXPLICIT_BIG,
    "implicit": IMPLICIT_LITTLE,
}
PLACES = ["top level", "item", "open item", "File Meta Information", *SYNTAXES]
CASES = [
    (name, place)
    for name, row in ROWS.items()
    for place in PLACES
    if (row.is_implicit or place != "implicit")
    # Of words, UN and a name of no dictionary, File Meta Information has none.
    and not (place == "File Meta Information" and row.vr == "UN")
    # Items are written in the order of the file.
    and not (place == "big endian" and row.vr == "SQ" and item(b"")[:4] == row.value[:4])
]


def written(row: Row, tag: int, place: str) -> bytes:
    """The bytes of the element."""
    order = ">" if place == "big endian" else "<"
    length = len(row.value) if row.length is None else row.length
    header = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
    if place == "implicit":
        return header + struct.pack(order + "I", length) + row.value
    is_long = row.vr in LONG_LENGTH_VRS if row.is_long is None else row.is_long
    number = b"\0\0" + struct.pack(order + "I", length)
    return (
        header
        + row.vr.encode()
        + (number if is_long else struct.pack(order + "H", length))
        + row.value
    )


def file_with(row: Row, place: str) -> bytes:
    """An image with the element in its place."""
    syntax = SYNTAXES.get(place, EXPLICIT_LITTLE)
    bad = written(row, META if place == "File Meta Information" else row.tag, place)
    tag = row.tag
    if place == "File Meta Information":
        meta = file_meta(syntax)[12:] + bad
        length = encode([Element(0x00020000, "UL", len(meta))])
        return PREAMBLE + length + meta + encode(image(PIXELS))
    if place.endswith("item"):
        first, last = encode([Element(0x00080008, "CS", "A")]), encode([Element(LAST, "CS", "B")])
        inner, tag, is_open = first + bad + last, SEQUENCE, place == "open item"
        value = item(inner, UNDEFINED_LENGTH) + ITEM_END + SEQUENCE_END if is_open else item(inner)
        length = UNDEFINED_LENGTH if is_open else len(value)
        bad = written(Row("SQ", tag, value, length=length), tag, place)

    def encoded(elements: list[Element]) -> bytes:
        return encode(elements, explicit=place != "implicit", big_endian=place == "big endian")

    elements = image(PIXELS, extra=[Element(LAST, "CS", "LAST")])
    before = [element for element in elements if element.tag < tag]
    after = [element for element in elements if element.tag > tag]
    content = encoded(before) + bad + encoded(after)
    return file_around(deflated(content) if place == "deflated" else content, syntax)


def holder_of(ds: rd.Dataset, place: str) -> rd.Dataset:
    """The data set that the element is in."""
    if place == "File Meta Information":
        return ds.file_meta
    return ds.ReferencedImageSequence[0] if place.endswith("item") else ds


def values_of(ds: rd.Dataset, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The bytes of all elements but sequences, and where they are."""
    for tag in ds.tags():
        element = ds[tag]
        items = element._items()
        if not items and tag & 0xFFFF:  # pydicom counts groups anew
            value = bytes(ds.raw_bytes(tag))
            yield (*path, tag), value + b"\0" * (len(value) % 2)
        for number, one in enumerate(items):
            yield from values_of(one, (*path, tag, number))


def saved(ds: rd.Dataset) -> bytes:
    buffer = io.BytesIO()
    ds.to_pydicom().save_as(buffer)
    return buffer.getvalue()


def seen(ds: rd.Dataset) -> list[int]:
    tags: list[int] = []
    ds.walk(lambda _, element: tags.append(int(element.tag)))
    return tags


def check_doors(data: bytes, bad: int) -> None:
    """Check that each door goes on past the element with this tag."""
    ds = rd.dcmread(data)
    shown = str(ds)
    for text in (shown, repr(ds), ds.top(), "\n".join(ds.formatted_lines())):
        assert f"({LAST >> 16:04X},{LAST & 0xFFFF:04X})" in text or bad == META
    tags = [int(element.tag) for element in ds.iterall()]
    assert tags == seen(ds)
    assert bad in tags or bad == META
    assert len(list(ds)) == len(ds) == len(ds.tags())
    assert {"Rows", "Modality"} <= set(ds.dir()) <= set(dir(ds))
    assert ds.to_json_dict().keys() == {f"{tag:08X}" for tag in ds.tags()}
    assert ds.to_json()
    assert ds == rd.dcmread(data)
    for other in (copy.copy(ds), ds.copy(), copy.deepcopy(ds)):
        assert other == ds
        assert str(other) == shown
        assert other.deviations == ds.deviations
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(ds, protocol))
        assert again == ds
        assert str(again) == shown
    fresh = rd.dcmread(data)
    assert pickle.loads(pickle.dumps(fresh)) == ds
    assert dict(values_of(rd.dcmread(saved(ds)))) == dict(values_of(ds))
    assert np.array_equal(ds.pixel_array, PIXELS)


def check_files(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Check the doors that take paths."""
    shown = str(rd.dcmread(path))
    for arguments in ([], ["--json"]):
        assert main(["dump", str(path), *arguments]) == 0
    assert [line[:11] for line in capsys.readouterr().out.splitlines()][: shown.count("\n")] == [
        line[:11] for line in shown.splitlines()
    ][:-1]
    table = rd.scan(path, ["Rows", "Modality"])
    assert (table["Rows"].tolist(), table.errors, table.invalid) == ([4], [], [])
    (series,) = rd.find_series(path)
    assert series.shape == (1, 4, 4)
    assert rd.read_series(path).array.shape == (1, 4, 4)
    assert rd.read_series(path).datasets[0].Modality == "CT"


@pytest.mark.parametrize(("name", "place"), CASES, ids=lambda value: value)
def test_each_door_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, place: str
) -> None:
    row, data = ROWS[name], file_with(ROWS[name], place)
    check_doors(data, META if place == "File Meta Information" else row.tag)
    path = tmp_path / "a.dcm"
    path.write_bytes(data)
    check_files(path, capsys)


@pytest.mark.parametrize(("name", "place"), CASES, ids=lambda value: value)
def test_the_element_is_named_and_has_its_bytes(name: str, place: str) -> None:
    row, data = ROWS[name], file_with(ROWS[name], place)
    tag = META if place == "File Meta Information" else row.tag
    for ds in (rd.dcmread(data), rd.dcmread(data, specific_tags=[tag, SEQUENCE, "Rows"])):
        holder = holder_of(ds, place)
        assert bytes(holder.raw_bytes(tag)) == row.value
        offset, length = holder.element_offset(tag)
        assert length == len(row.value)
        if row.vr not in WORDS or place != "implicit":
            expected = [(row.deviation, offset + row.offset)] if row.deviation else []
            # What is found on the way through File Meta Information, the file says.
            is_of_file = place == "File Meta Information" and row.deviation == NO_DELIMITER
            assert (ds if is_of_file else holder).deviations == expected
        assert ds.Rows == 4
        assert tag in holder
        check_access(holder, row, tag)


def check_access(holder: rd.Dataset, row: Row, tag: int) -> None:
    """Check that only access to the value raises, if anything does."""
    element = holder[tag]
    assert holder.get(tag) is element
    keyword = rd.datadict.keyword_for_tag(tag)
    if element.VR == "UN" and row.vr in ("SQ", "ZZ", "UN"):
        assert element.value == row.value
    if not row.raises:
        assert not keyword or hasattr(holder, keyword)
        assert element.value is not None or not row.value.strip()
        return
    assert not hasattr(holder, keyword)
    assert holder.get(keyword, 5) == getattr(holder, keyword, 5) == 5
    assert keyword in holder
    for access in (lambda: element.value, lambda: getattr(holder, keyword)):
        with pytest.raises(rd.errors.UndecodableValueError) as caught:
            access()
        error = caught.value
        assert (error.tag, error.offset) == (tag, element.file_tell)
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
    for whole in (element, copy.copy(element), pickle.loads(pickle.dumps(element))):
        assert whole == element
        assert repr(row.value) in str(whole)


IN_TABLES = [
    (name, place)
    for name, place in CASES
    if place != "File Meta Information"
    and (ROWS[name].vr in NUMBERS or name in TEXTS)
    and ROWS[name].vr != "AT"
]


@pytest.mark.parametrize(("name", "place"), IN_TABLES, ids=lambda value: value)
def test_a_table_names_the_cell(tmp_path: Path, name: str, place: str) -> None:
    row, path = ROWS[name], tmp_path / "a.dcm"
    path.write_bytes(file_with(row, place))
    column = rd.datadict.keyword_for_tag(row.tag)
    column = f"ReferencedImageSequence.{column}" if place.endswith("item") else column
    table = rd.scan(path, [column, "Rows"])
    assert (table["Rows"].tolist(), table.errors) == ([4], [])
    named = [entry.column for entry in table.invalid]
    is_date = row.vr in ("DA", "TM", "DT")
    # A table has no place for a fraction, or 20 digits, in a column of integers.
    is_integer = row.vr == "IS" and bool(row.value.strip())
    if row.deviation or is_date or is_integer:
        assert named == [column]
    else:
        assert named == []
    if row.raises:
        assert table.to_dicts()[0][column] is None


# What ends an item badly, as bytes behind its good elements.
BAD_ENDS = {
    "a value past the item": b"\x40\0\x10\0LO" + struct.pack("<H", 500) + b"zz",
    "garbage": b"\xff" * 20,
    "half a header": b"\x40\0\x10",
    "the end of an item that is not open": ITEM_END,
    "a sequence without its end": b"\x40\0\x10\0SQ\0\0\xff\xff\xff\xff",
}


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("end", BAD_ENDS)
def test_a_table_has_what_an_item_has_before_its_damage(
    tmp_path: Path, end: str, depth: int
) -> None:
    good = [Element(0x00280010, "US", 7), Element(0x00321060, "LO", "x")]
    before = [*good, Element(0x00400009, "SH", "A")]
    value = item(encode(before) + BAD_ENDS[end]) + item(encode(before[1:]))
    for _ in range(depth - 1):
        value = item(encode([Element(0x00400275, "SQ", value)]) + BAD_ENDS[end])
    path = tmp_path / "a.dcm"
    path.write_bytes(file_around(encode([Element(0x00400275, "SQ", value)])))
    to_item = ".".join(["RequestAttributesSequence"] * depth)
    names = ["Rows", "RequestedProcedureDescription", "ScheduledProcedureStepID"]
    columns = [f"{to_item}.{name}" for name in (*names, "EchoTime")]
    second = [f"{to_item}[1].{name}" for name in names]
    table = rd.scan(path, [*columns, *second])
    row = table.to_dicts()[0]
    assert table.errors == []
    assert [row[name] for name in columns] == [7, "x", "A", None]
    assert [row[name] for name in second] == [None, "x", "A"]
    assert [entry.column for entry in table.invalid] == [columns[-1]]
    ds = rd.dcmread(path)
    for _ in range(depth):
        ds = ds.RequestAttributesSequence[0]
    assert (ds.Rows, ds.RequestedProcedureDescription, ds.ScheduledProcedureStepID) == (7, "x", "A")


def nested(depth: int) -> bytes:
    """A data set in as many sequences of defined length."""
    inner = encode([Element(0x00080060, "CS", "CT")])
    for _ in range(depth):
        value = item(inner)
        inner = written(Row("SQ", SEQUENCE, value), SEQUENCE, "top level")
    return file_around(inner + encode([Element(0x00280010, "US", 4), Element(LAST, "CS", "LAST")]))


@pytest.mark.parametrize("depth", [1, 2, 63, 64, 65, 66, 100, 400, 2000])
def test_items_nested_too_deep_cost_themselves(depth: int) -> None:
    data, limit = nested(depth), 64
    ds = rd.dcmread(data)
    assert ds == rd.dcmread(data)
    for other in (copy.copy(ds), copy.deepcopy(ds), pickle.loads(pickle.dumps(ds))):
        assert other == ds
    assert str(ds).count("item(s)") == min(depth, limit)
    assert seen(ds).count(SEQUENCE) == min(depth, limit + 1)
    assert ds.to_json()
    for other in (copy.copy(ds), copy.deepcopy(ds), pickle.loads(pickle.dumps(ds))):
        assert other == ds
        assert other.to_json() == ds.to_json()
    assert rd.dcmread(saved(ds)) == ds
    deepest = ds
    for _ in range(min(depth, limit)):
        assert deepest.deviations == []
        (deepest,) = deepest.ReferencedImageSequence
    if depth > limit:
        offset = deepest.element_offset(SEQUENCE)[0]
        for one in (deepest, pickle.loads(pickle.dumps(deepest)), copy.deepcopy(deepest)):
            assert one.deviations == [("nested_too_deep", offset)]
            assert not hasattr(one, "ReferencedImageSequence")
            assert one.get("ReferencedImageSequence", 5) == 5
            with pytest.raises(rd.errors.UndecodableValueError) as caught:
                _ = one.ReferencedImageSequence
            assert isinstance(caught.value, rd.LimitError)
            assert one == deepest
    else:
        assert deepest.Modality == "CT"


def test_a_damaged_element_can_be_replaced() -> None:
    ds = rd.dcmread(file_with(ROWS["US of 3 bytes"], "top level"))
    ds.WarningReason = 7
    assert ds.WarningReason == 7
    assert rd.dcmread(saved(ds)).WarningReason == 7
    del ds.WarningReason
    assert "WarningReason" not in ds


def test_fragments_without_their_delimiter_end_before_the_next_element() -> None:
    pixels = struct.pack("<HH2s2xI", 0x7FE0, 0x0010, b"OB", UNDEFINED_LENGTH)
    fragments = item(b"") + item(b"abcd")
    padding = encode([Element(0xFFFCFFFC, "OB", bytes(4))])
    ds = rd.dcmread(file_around(pixels + fragments + padding))
    assert bytes(ds.raw_bytes("PixelData")) == fragments
    offset = ds.element_offset("PixelData")[0]
    assert ds.deviations == [(NO_DELIMITER, offset + len(fragments))]
    assert ds.tags() == [0x7FE00010, 0xFFFCFFFC]


def test_warnings_do_not_stop_a_door() -> None:
    ds = rd.dcmread(file_with(ROWS["an item of garbage"], "top level"))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert ds.SourceImageSequence[0].deviations
