"""Text that its character set does not have: the text of before, a deviation, and a warning."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path

import pytest

import rapidicom as rd
from builder import Element, Items, file_bytes

MARK = "QXJMARKZ"
DESCRIPTION = 0x0008103E
NAME = 0x00100010
CODE = 0x00080104

# Terms, bytes, text: all are read, none is right.
CASES = {
    "Latin-1 that is called UTF-8": ("ISO_IR 192", b"M\xfcller", "M\ufffdller"),
    "UTF-8 cut in a character": ("ISO_IR 192", "Mü".encode()[:-1], "M\ufffd"),
    "no character of GB18030": ("GB18030", b"\x81\xff\xb5", None),
    "half a character of GBK": ("GBK", b"a\xcd", "a\ufffd"),
    "no character set": (None, b"M\xfcller", "Müller"),
    "an empty character set": ("", b"M\xfcller", "Müller"),
    "the default": ("ISO_IR 6", b"M\xfcller", "Müller"),
    "an unknown term": ("ISO_IR 999", b"M\xfcller", "Müller"),
    "a free place of Latin-3": ("ISO_IR 109", b"a\xa5", "a\ufffd"),
    "a free place of Arabic": ("ISO_IR 127", b"a\xa1", "a\ufffd"),
    "a free place of Greek": ("ISO_IR 126", b"a\xff", "a\ufffd"),
    "a free place of Hebrew": ("ISO_IR 138", b"a\xbf", "a\ufffd"),
    "a free place of Thai": ("ISO_IR 166", b"a\xdb", "a\ufffd"),
    "no Katakana": ("ISO_IR 13", b"a\xa0", "a\ufffd"),
    "an escape sequence of a set not declared": (
        "ISO 2022 IR 6\\ISO 2022 IR 126",
        b"a\x1b-L\xbb",
        "a\x1b-L»",
    ),
    "an unknown escape sequence": ("\\ISO 2022 IR 87", b"a\x1b?b", "a\x1b?b"),
    "half a Kanji": ("\\ISO 2022 IR 87", b"a\x1b$B;", "a\x1b$B;"),
    "half a Hangul": ("\\ISO 2022 IR 149", b"a\x1b$)C\xb1", "a\x1b$)C±"),
    "an upper half of the default": ("\\ISO 2022 IR 87", b"a\xfc", "aü"),
}


def file_of(terms: str | None, *elements: Element) -> bytes:
    named = [] if terms is None else [Element(0x00080005, "CS", terms)]
    return file_bytes([*named, *elements])


def names(ds: rd.Dataset) -> list[str]:
    return [name for name, _ in ds.deviations]


@pytest.mark.filterwarnings("ignore:.*SpecificCharacterSet")
@pytest.mark.parametrize("vr", ["LO", "SH", "LT", "ST", "UT", "UC", "PN"])
@pytest.mark.parametrize("case", CASES)
def test_text_that_is_a_guess_says_so(tmp_path: Path, case: str, vr: str) -> None:
    terms, value, expected = CASES[case]
    path = tmp_path / "text.dcm"
    path.write_bytes(
        file_of(terms, Element(DESCRIPTION, vr, value), Element(0x00100020, "LO", "I"))
    )
    ds = rd.dcmread(path)
    with pytest.warns(UserWarning, match=r"\(0008,103E\) SeriesDescription: bytes") as caught:
        text = str(ds.SeriesDescription)
    assert len(caught) == 1, "once a value"
    assert expected is None or text == expected
    assert text.strip() not in str(caught[0].message)
    found = ds.element_offset(DESCRIPTION)[0]
    assert ("undecodable_text", found) in ds.deviations
    assert names(ds).count("undecodable_text") == 1
    assert ("undecodable_text", found) in pickle.loads(pickle.dumps(ds)).deviations
    table = rd.scan(path, ["SeriesDescription", "PatientID"])
    assert table["SeriesDescription"][0] == text
    assert [entry.column for entry in table.invalid] == ["SeriesDescription"]


@pytest.mark.parametrize(
    ("terms", "value", "expected"),
    [
        ("ISO_IR 100", "Müller".encode("latin-1"), "Müller"),
        ("ISO_IR 192", "Müller".encode(), "Müller"),
        ("GB18030", "王".encode("gb18030"), "王"),
        ("ISO_IR 144", b"\xbb\xde", "Ло"),
        ("\\ISO 2022 IR 126", b"a\x1b-F\xe1", "aα"),
        ("\\ISO 2022 IR 87", b"a\x1b$B;3\x1b(B.", "a山."),
        (None, b"Mueller", "Mueller"),
    ],
)
def test_text_of_its_character_set_is_no_deviation(
    tmp_path: Path, terms: str | None, value: bytes, expected: str
) -> None:
    path = tmp_path / "text.dcm"
    path.write_bytes(file_of(terms, Element(DESCRIPTION, "LO", value)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ds = rd.dcmread(path)
        assert (ds.SeriesDescription, ds.deviations) == (expected, [])
    assert rd.scan(path, ["SeriesDescription"]).invalid == []


# As pydicom 3 warns of them; `ISO 2022 IR 100` alone is no matter.
SPELLINGS = {
    "ISO-IR 100": "misspelt",
    "ISO IR 100": "misspelt",
    "ISO_IR_100": "misspelt",
    "iso_ir 100": "misspelt",
    "ISO 2022-IR 100": "misspelt",
    "latin_1": "misspelt",
    "ISO_IR 192\\ISO 2022 IR 100": "misspelt",
    "ISO 2022 IR 6\\GB18030": "misspelt",
    "ISO_IR 999": "unknown",
    "nonsense": "unknown",
    "\\ISO 2022 IR 999": "unknown",
    MARK: "unknown",
    "ISO_IR 100": "",
    "ISO 2022 IR 100": "",
    "\\ISO 2022 IR 100": "",
    "ISO_IR 6": "",
    "GBK": "",
    "": "",
}


@pytest.mark.parametrize("terms", SPELLINGS)
def test_terms_that_are_no_defined_ones_are_named(terms: str) -> None:
    kind = SPELLINGS[terms]
    data = file_of(terms, Element(DESCRIPTION, "LO", "plain"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # Not those of another test's objects, which are collected at any time.
        warnings.simplefilter("ignore", ResourceWarning)
        ds = rd.dcmread(data)
        assert ds.SeriesDescription == "plain"
    assert names(ds) == ([f"{kind}_character_set"] if kind else [])
    assert len(caught) == bool(kind)
    assert not any(MARK in str(one.message) for one in caught)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rd.dcmread(data, charset="ISO_IR 192")


@pytest.mark.parametrize("terms", [*SPELLINGS, "UTF-8", "ISO IR 192", "ISO_IR 100\\nonsense"])
def test_a_table_doubts_text_by_terms_that_are_no_defined_ones(tmp_path: Path, terms: str) -> None:
    value = b"\xc3\xbc"
    code, plain = Element(CODE, "LO", value), Element(0x00080100, "SH", "plain")
    own = [Element(0x00080005, "CS", "ISO_IR 100"), code]
    items = Items([[plain, code, Element(0x0040A730, "SQ", Items([[code], own]))], own])
    text = [Element(DESCRIPTION, "LO", value), Element(0x00100020, "LO", "I")]
    path = tmp_path / "a.dcm"
    path.write_bytes(file_of(terms, *text, Element(0x0040A730, "SQ", items)))
    of_own = ["ContentSequence[1].CodeMeaning", "ContentSequence.ContentSequence[1].CodeMeaning"]
    doubted = [
        "SeriesDescription",
        "ContentSequence.CodeMeaning",
        "ContentSequence.ContentSequence.CodeMeaning",
    ]
    table = rd.scan(path, [*doubted, "PatientID", "ContentSequence.CodeValue", *of_own])
    is_clear = terms in ("ISO_IR 100", "ISO 2022 IR 100", "GBK")
    assert [entry.column for entry in table.invalid] == ([] if is_clear else doubted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = rd.dcmread(path).SeriesDescription
    assert [table[name][0] for name in doubted] == [expected] * 3
    assert [table[name][0] for name in of_own] == [value.decode("latin-1")] * 2


def test_items_have_their_own_terms_and_inherit() -> None:
    own = [Element(0x00080005, "CS", "nonsense"), Element(CODE, "LO", b"\xfc")]
    utf8 = [Element(0x00080005, "CS", "ISO_IR 100"), Element(CODE, "LO", b"\xfc")]
    items = Items([own, [Element(CODE, "LO", b"\xfc")], utf8])
    ds = rd.dcmread(file_of("ISO_IR 192", Element(0x0040A730, "SQ", items)))
    assert ds.deviations == []
    first, second, third = ds.ContentSequence
    with pytest.warns(UserWarning, match="is no defined term"):
        assert names(first) == ["unknown_character_set", "undecodable_text"]
    with pytest.warns(UserWarning, match="CodeMeaning"):
        assert (first.CodeMeaning, second.CodeMeaning) == ("ü", "\ufffd")
    assert names(second) == ["undecodable_text"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (third.CodeMeaning, third.deviations) == ("ü", [])


def test_columns_of_items_are_named_too(tmp_path: Path) -> None:
    items = Items([[Element(CODE, "LO", b"\xfc")]])
    (tmp_path / "a").write_bytes(file_of("ISO_IR 192", Element(0x0040A730, "SQ", items)))
    (tmp_path / "b").write_bytes(file_of("ISO_IR 100", Element(0x0040A730, "SQ", items)))
    table = rd.scan(tmp_path, ["ContentSequence.CodeMeaning"])
    assert list(table["ContentSequence.CodeMeaning"]) == ["\ufffd", "ü"]
    assert [(Path(one.path).name, one.column) for one in table.invalid] == [
        ("a", "ContentSequence.CodeMeaning")
    ]


def test_each_group_of_a_name_is_looked_at() -> None:
    value = "Yamada^Tarou=山田^太郎=".encode() + b"\xff^x"
    ds = rd.dcmread(file_of("ISO_IR 192", Element(NAME, "PN", value)))
    with pytest.warns(UserWarning, match="PatientName"):
        name = ds.PatientName
    assert name.components == ("Yamada^Tarou", "山田^太郎", "\ufffd^x")
    assert names(ds) == ["undecodable_text"]


def test_the_right_character_set_takes_it_away() -> None:
    data = file_of("ISO_IR 192", Element(DESCRIPTION, "LO", b"M\xfcller"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ds = rd.dcmread(data, charset="ISO_IR 100")
        assert (ds.SeriesDescription, ds.deviations) == ("Müller", [])


def test_vrs_of_ascii_alone_have_no_other_characters() -> None:
    ds = rd.dcmread(file_of("ISO_IR 100", Element(0x00080060, "CS", b"\xfcX")))
    with pytest.warns(UserWarning, match="Modality"):
        assert ds.Modality == "üX"
    assert names(ds) == ["undecodable_text"]
