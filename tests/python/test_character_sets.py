"""Specific Character Set (PS3.3 §C.12.1.1.2): defined terms, code extensions, unknown terms.

The expected characters are from the examples of PS3.5 Annexes H, I, J and K, and from Python's
codecs, which share no code with ours.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence

import pytest

import rapidicom as rd
from builder import EXPLICIT_BIG, EXPLICIT_LITTLE, Element, Items, file_bytes
from rapidicom.valuerep import PersonName

ESC = b"\x1b"
PATIENT_NAME, DESCRIPTION, COMMENT, CODE = 0x00100010, 0x0008103E, 0x00204000, 0x00080060


def read(
    terms: str, *elements: Element, syntax: str = EXPLICIT_LITTLE, **options: object
) -> rd.Dataset:
    term = [Element(0x00080005, "CS", terms)] if terms else []
    data = file_bytes([*term, *elements], transfer_syntax=syntax)
    return rd.dcmread(data, **options)  # type: ignore[arg-type]


def text(terms: str, value: bytes, vr: str = "LO") -> object:
    tag = {"LO": DESCRIPTION, "PN": PATIENT_NAME, "LT": COMMENT, "CS": CODE}[vr]
    return read(terms, Element(tag, vr, value))[tag].value


SINGLE = {
    "": "latin-1",
    "ISO_IR 6": "latin-1",
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 127": "iso8859-6",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 138": "iso8859-8",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 203": "iso8859-15",
    "ISO_IR 166": "tis-620",
    "ISO_IR 13": "shift-jis",
}


@pytest.mark.parametrize("term", SINGLE)
def test_every_byte_of_a_set_of_single_bytes(term: str) -> None:
    """Each byte between two `a`, so that none is padding; bytes without a character give U+FFFD."""
    for byte in range(1, 256):
        # The first bytes of pairs in Shift JIS are none of JIS X 0201.
        is_lead = term == "ISO_IR 13" and (0x81 <= byte < 0xA0 or 0xE0 <= byte < 0xFD)
        if byte in (0x1B, 0x5C) or is_lead:
            continue
        value = bytes([0x61, byte, 0x61])
        expected = value.decode(SINGLE[term], errors="replace")
        assert text(term, value) == expected, f"{byte:#x}"


@pytest.mark.parametrize(
    ("term", "codec"),
    [
        ("ISO 2022 IR 149", "euc-kr"),
        ("ISO 2022 IR 58", "gb2312"),
        ("GBK", "gbk"),
        ("GB18030", "gb18030"),
    ],
)
def test_every_pair_of_a_set_of_pairs(term: str, codec: str) -> None:
    """All characters that Python's codec has, a row of them at a time."""
    # Where GB18030 of 2022 has a character and that of 2000, which Python knows, a private one.
    private = range(0xE000, 0xF900)
    count = 0
    for first in range(0x81, 0xFF):
        pairs = []
        for second in range(0x40, 0xFF):
            pair = bytes([first, second])
            try:
                character = pair.decode(codec)
            except UnicodeDecodeError:
                continue
            if len(character) == 1 and ord(character) not in private:
                pairs.append(pair)
        joined = b"".join(pairs)
        count += len(pairs)
        assert text(term, joined, "LT") == joined.decode(codec), f"{first:#x}"
    assert count > 6000


@pytest.mark.parametrize(
    ("term", "sequence", "codec"),
    [("ISO 2022 IR 87", b"$B", "iso2022-jp"), ("ISO 2022 IR 159", b"$(D", "iso2022-jp-2")],
)
def test_every_pair_of_japanese_sets(term: str, sequence: bytes, codec: str) -> None:
    count = 0
    for first in range(0x21, 0x7F):
        for second in range(0x21, 0x7F):
            value = ESC + sequence + bytes([first, second])
            try:
                expected = value.decode(codec)
            except UnicodeDecodeError:
                continue
            count += 1
            # A backslash byte within a pair does not separate values.
            assert text(f"\\{term}", value + ESC + b"(B") == expected, (first, second)
    assert count > 6000


def test_utf8() -> None:
    assert text("ISO_IR 192", "Wang^XiaoDong=王^小東".encode(), "PN") == "Wang^XiaoDong=王^小東"
    assert text("ISO_IR 192", b"a\xff\xe7\x8eb") == "a\ufffd\ufffdb"


EXAMPLES = {
    # PS3.5 Annex H.
    "H.3.1": (
        "\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    "H.3.2": (
        "ISO 2022 IR 13\\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J"
        b"=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    # Annex I.
    "I.2": (
        "\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"
        b"=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    # Annex J.
    "J.2": ("ISO_IR 192", "Wang^XiaoDong=王^小東=".encode(), "Wang^XiaoDong=王^小東"),
    "J.4": (
        "GB18030",
        b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=",
        "Wang^XiaoDong=王^小东",
    ),
    # Annex K.
    "K.2": (
        "\\ISO 2022 IR 58",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
        "Zhang^XiaoDong=张^小东",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_of_the_standard(name: str) -> None:
    terms, value, expected = EXAMPLES[name]
    found = text(terms, value, "PN")
    assert isinstance(found, PersonName)
    assert found == expected
    assert found.components == tuple(expected.split("="))
    assert found.original_string == value


EXTENSIONS = [
    # (terms, value, text): each sequence of tables C.12-3 and C.12-4.
    ("\\ISO 2022 IR 100", b"a\x1b-A\xe9", "aé"),
    ("\\ISO 2022 IR 101", b"\x1b-B\xb1", "ą"),
    ("\\ISO 2022 IR 109", b"\x1b-C\xa1", "Ħ"),
    ("\\ISO 2022 IR 110", b"\x1b-D\xa2", "ĸ"),
    ("\\ISO 2022 IR 126", b"\x1b-F\xe1", "α"),
    ("\\ISO 2022 IR 127", b"\x1b-G\xc7", "ا"),
    ("\\ISO 2022 IR 138", b"\x1b-H\xe0", "א"),
    ("\\ISO 2022 IR 144", b"\x1b-L\xbb", "Л"),
    ("\\ISO 2022 IR 148", b"\x1b-M\xfd", "ı"),
    ("\\ISO 2022 IR 166", b"\x1b-T\xa1", "ก"),
    ("\\ISO 2022 IR 203", b"\x1b-b\xa4", "€"),
    ("\\ISO 2022 IR 13", b"\x1b)I\xb1\x1b(B.", "ｱ."),
    ("\\ISO 2022 IR 13", b"\x1b(Jabc", "abc"),
    ("\\ISO 2022 IR 87", b"\x1b$B;3\x1b(B.", "山."),
    ("\\ISO 2022 IR 159", b"\x1b$(D0!\x1b(B.", "丂."),
    ("\\ISO 2022 IR 149", b"\x1b$)C\xb1\xe6.", "길."),
    ("\\ISO 2022 IR 58", b"\x1b$)A\xcd\xf5.", "王."),
    # Several sets, one after the other.
    ("ISO 2022 IR 6\\ISO 2022 IR 126\\ISO 2022 IR 144", b"\x1b-F\xe1 \x1b-L\xbb \x1b(B.", "α Л ."),
    ("ISO 2022 IR 100\\ISO 2022 IR 144", b"\xe9 \x1b-L\xbb", "é Л"),
    # The end of a line puts the first one back in force.
    ("ISO 2022 IR 100\\ISO 2022 IR 126", b"\x1b-F\xe1\r\n\xe9", "α\r\né"),
    ("\\ISO 2022 IR 126", b"\x1b-F\xe1\t\x1b-F\xe1", "α\tα"),
    # Sequences of sets that are not declared are no sequences.
    ("ISO 2022 IR 6", b"A\x1b-F\xe1", "A\x1b-Fá"),
    ("\\ISO 2022 IR 87", b"\x1b?x", "\x1b?x"),
    ("\\ISO 2022 IR 87", b"a\x1b", "a\x1b"),
    # Bytes that are no characters of the set that was switched to.
    ("\\ISO 2022 IR 149", b"\x1b$)C\xb1", "\x1b$)C±"),
    ("\\ISO 2022 IR 87", b"\x1b$B;", "\x1b$B;"),
    # A delimiter of a name before which the sequence of the first set is missing.
    ("\\ISO 2022 IR 87", b"\x1b$BB@O:=\x1b$B$?$m$&\x1b(B^", "太郎=たろう^"),
    ("\\ISO 2022 IR 87", b"\x1b$B;3^\x1b$BB@\x1b(B", "山^太"),
    # The bytes of one can be those of a character too.
    ("\\ISO 2022 IR 87", b"\x1b$B=U\x1b(B", "春"),
]


@pytest.mark.parametrize(("terms", "value", "expected"), EXTENSIONS)
def test_code_extensions(terms: str, value: bytes, expected: str) -> None:
    assert text(terms, value, "LT") == expected


@pytest.mark.parametrize(
    ("terms", "codec"),
    [
        ("ISO-IR 144", "iso8859-5"),
        ("ISO IR 144", "iso8859-5"),
        ("iso_ir 144", "iso8859-5"),
        ("ISO 2022 IR 144", "iso8859-5"),
        ("ISO 2022-IR 144", "iso8859-5"),
        ("ISO_IR 144 ", "iso8859-5"),
        ("iso8859_5", "iso8859-5"),
        ("latin_1", "latin-1"),
        ("iso8859-9", "iso8859-9"),
        ("cp1251", "cp1251"),
        ("cp1252", "cp1252"),
        ("ISO_IR 999", "latin-1"),
        ("nonsense", "latin-1"),
    ],
)
def test_unknown_and_misspelt_terms(terms: str, codec: str) -> None:
    value = bytes(byte for byte in range(0xA1, 0xFF))
    assert text(terms, value) == value.decode(codec)


@pytest.mark.parametrize(
    ("terms", "value", "expected"),
    [
        ("ISO_IR 192\\ISO 2022 IR 144", "Л".encode(), "Л"),
        ("GB18030\\ISO 2022 IR 87", b"\xcd\xf5", "王"),
        ("ISO 2022 IR 100\\ISO_IR 192\\ISO 2022 IR 126", b"\xe9\x1b-F\xe1", "éα"),
    ],
)
def test_sets_without_code_extensions(terms: str, value: bytes, expected: str) -> None:
    assert text(terms, value) == expected


def test_backslashes_separate_characters_not_bytes() -> None:
    """The second byte of a pair can be that of a backslash."""
    assert text("GB18030", b"\x81\\a\\b") == ["乗a", "b"]
    assert text("\\ISO 2022 IR 87", b"\x1b$B0\\\x1b(B\\b") == [
        b"\x1b$B0\\".decode("iso2022-jp"),
        "b",
    ]
    assert text("GBK", b"\x81\\^\x81\\=\x81\\", "PN") == "乗^乗=乗"


@pytest.mark.parametrize("vr", ["AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"])
def test_vrs_that_know_no_character_set(vr: str) -> None:
    ds = read("ISO_IR 144", Element(0x00091001, vr, b"\xe9x"))
    assert ds[0x00091001].value == "éx"


@pytest.mark.parametrize("vr", ["LO", "LT", "PN", "SH", "ST", "UC", "UT"])
@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, EXPLICIT_BIG])
def test_vrs_that_know_one(vr: str, syntax: str) -> None:
    ds = read("ISO_IR 144", Element(0x00091001, vr, b"\xbb\xde"), syntax=syntax)
    assert str(ds[0x00091001].value) == "Ло"


def test_items_inherit_and_override() -> None:
    def item(*elements: Element) -> Sequence[Element]:
        return elements

    inner = Element(0x0040A043, "SQ", Items([item(Element(0x00080104, "LO", b"\xbb"))]))
    items = Items(
        [
            item(Element(0x00080104, "LO", b"\xbb"), inner),
            item(
                Element(0x00080005, "CS", "ISO_IR 126"), Element(0x00080104, "LO", b"\xe1"), inner
            ),
            item(Element(0x00080005, "CS", ""), Element(0x00080104, "LO", b"\xe9")),
        ]
    )
    ds = read("ISO_IR 144", Element(0x0040A730, "SQ", items))
    first, second, third = ds.ContentSequence
    assert first.CodeMeaning == "Л"
    assert first.ConceptNameCodeSequence[0].CodeMeaning == "Л"
    assert second.CodeMeaning == "α"
    assert second.ConceptNameCodeSequence[0].CodeMeaning == b"\xbb".decode("iso8859-7")
    assert third.CodeMeaning == "é"
    for copied in (copy.deepcopy(ds), pickle.loads(pickle.dumps(ds))):
        assert copied.ContentSequence[1].ConceptNameCodeSequence[0].CodeMeaning == "»"
        assert copied.ContentSequence[0].ConceptNameCodeSequence[0].CodeMeaning == "Л"


def test_character_set_of_a_file_that_lies() -> None:
    inner = Items([[Element(0x00080005, "CS", "ISO_IR 100"), Element(0x00080104, "LO", b"\xbb")]])
    elements = [Element(DESCRIPTION, "LO", b"\xbb\xde"), Element(0x0040A730, "SQ", inner)]
    lying = read("ISO_IR 100", *elements)
    assert lying.SeriesDescription == "»Þ"
    assert lying.specific_character_set == ("ISO_IR 100",)
    ds = read("ISO_IR 100", *elements, charset="ISO_IR 144")
    assert ds.specific_character_set == ("ISO_IR 144",)
    assert ds.SpecificCharacterSet == "ISO_IR 100"
    for one in (ds, pickle.loads(pickle.dumps(ds)), copy.deepcopy(ds)):
        assert one.SeriesDescription == "Ло"
        assert one.ContentSequence[0].CodeMeaning == "Л"
    several = read("", Element(DESCRIPTION, "LO", b"\x1b-L\xbb"), charset=["", "ISO 2022 IR 144"])
    assert several.SeriesDescription == "Л"
    assert several.specific_character_set == ("ISO 2022 IR 6", "ISO 2022 IR 144")
    with pytest.raises(ValueError, match="charset"):
        read("", charset="nonsense")


def test_header_table_knows_them() -> None:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        elements = [
            Element(0x00080005, "CS", "ISO_IR 144"),
            Element(DESCRIPTION, "LO", b"\xbb\xde"),
        ]
        (Path(folder) / "a").write_bytes(file_bytes(elements))
        assert list(rd.scan(folder, ["SeriesDescription"])["SeriesDescription"]) == ["Ло"]
