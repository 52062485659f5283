"""Specific Character Set (PS3.3 §C.12.1.1.2): its defined terms, and Python's encodings of them.

Data sets decode their text themselves; these functions of pydicom's are for code that has bytes.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable

from rapidicom import _core

__all__ = ["convert_encodings", "decode_bytes", "default_encoding", "python_encoding"]

# The encoding without a Specific Character Set; every byte is one of its characters.
default_encoding = "iso8859"

# Python's names for the encodings of the defined terms. With code extensions Japanese and Korean
# text is one encoding for all that its escape sequences switch between.
python_encoding = {
    "": default_encoding,
    "ISO_IR 6": default_encoding,
    "ISO_IR 13": "shift_jis",
    "ISO_IR 100": "latin_1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 126": "iso_ir_126",
    "ISO_IR 127": "iso_ir_127",
    "ISO_IR 138": "iso_ir_138",
    "ISO_IR 144": "iso_ir_144",
    "ISO_IR 148": "iso8859_9",
    "ISO_IR 166": "iso_ir_166",
    "ISO_IR 192": "UTF8",
    "ISO 2022 IR 6": default_encoding,
    "ISO 2022 IR 13": "shift_jis",
    "ISO 2022 IR 87": "iso2022_jp",
    "ISO 2022 IR 100": "latin_1",
    "ISO 2022 IR 101": "iso8859_2",
    "ISO 2022 IR 109": "iso8859_3",
    "ISO 2022 IR 110": "iso8859_4",
    "ISO 2022 IR 126": "iso_ir_126",
    "ISO 2022 IR 127": "iso_ir_127",
    "ISO 2022 IR 138": "iso_ir_138",
    "ISO 2022 IR 144": "iso_ir_144",
    "ISO 2022 IR 148": "iso8859_9",
    "ISO 2022 IR 149": "euc_kr",
    "ISO 2022 IR 159": "iso2022_jp_2",
    "ISO 2022 IR 166": "iso_ir_166",
    "ISO 2022 IR 58": "iso_ir_58",
    "ISO_IR 203": "iso8859_15",
    "ISO 2022 IR 203": "iso8859_15",
    "GB18030": "GB18030",
    "ISO 2022 GBK": "GBK",
    "ISO 2022 58": "GB2312",
    "GBK": "GBK",
}

STAND_ALONE_ENCODINGS = ("ISO_IR 192", "GBK", "GB18030")

# The last term for each, which is the one with code extensions.
_TERMS = {encoding.lower(): term for term, encoding in python_encoding.items()} | {
    default_encoding: "ISO 2022 IR 6",
    "utf8": "ISO_IR 192",
    "utf-8": "ISO_IR 192",
    "gbk": "GBK",
}


def convert_encodings(encodings: str | Iterable[str] | None) -> list[str]:
    """Return Python's names for the defined terms of a Specific Character Set.

    Args:
        encodings: One term, or several for code extensions. Names of Python's are kept.

    Returns:
        The names. An unknown term becomes the default, with a warning.
    """
    terms = [encodings] if isinstance(encodings, str) else list(encodings or ())
    terms = [str(term).strip() for term in terms] or [""]
    alone = terms[0] in STAND_ALONE_ENCODINGS
    if len(terms) > 1:
        kept = terms[:1] if alone else [term for term in terms if term not in STAND_ALONE_ENCODINGS]
        for _ in terms[len(kept) :]:
            warnings.warn(
                "a stand-alone character set has no code extensions: the others are left out",
                stacklevel=2,
            )
        terms = kept
    if len(terms) > 1 and not terms[0]:
        terms[0] = "ISO 2022 IR 6"
    return [_encoding(term) for term in terms]


def decode_bytes(
    value: bytes, encodings: Iterable[str], delimiters: Collection[int] = frozenset()
) -> str:
    """Return the text of bytes.

    Args:
        value: The bytes.
        encodings: Python's names, as `convert_encodings` gives them.
        delimiters: Ignored: the end of a code extension is known.

    Returns:
        The text, with U+FFFD for bytes that are not characters.
    """
    del delimiters
    text = _core.decode_text(value, terms_of(encodings))
    if "\x1b" in text:
        warnings.warn(
            "the text has escape sequences of other character sets, which are left as they are",
            stacklevel=2,
        )
    if "\ufffd" in text:
        warnings.warn(
            "the text has bytes that its character set does not define: each is U+FFFD",
            stacklevel=2,
        )
    return text


decode_string = decode_bytes


def known_encodings(encodings: str | Iterable[str]) -> list[str]:
    """Replace names of encodings that Python does not know by the default one, with a warning."""
    known = []
    for name in [encodings] if isinstance(encodings, str) else encodings:
        try:
            "".encode(name)
        except LookupError:
            if name.lower() not in _TERMS:
                warnings.warn("unknown encoding: the default one is used", stacklevel=4)
                known.append(default_encoding)
                continue
        known.append(name)
    return known


def terms_of(encodings: Iterable[str]) -> list[str]:
    """Return the defined terms of Python's names."""
    names = [encodings] if isinstance(encodings, str) else list(encodings)
    return [_TERMS.get(name.lower(), name) for name in names] or [""]


def _encoding(term: str) -> str:
    found = python_encoding.get(term)
    if found is None and (found := python_encoding.get(_spelt(term))) is not None:
        warnings.warn(
            "a defined term of a character set is misspelt: the term that it resembles is used",
            stacklevel=3,
        )
    if found is not None:
        return found
    try:
        "".encode(term)
    except LookupError:
        warnings.warn("unknown character set: the default one is used", stacklevel=3)
        return default_encoding
    return term


def _spelt(term: str) -> str:
    """Return a term in the standard's spelling: files use other separators, and lower case."""
    words = "".join(letter if letter.isalnum() else " " for letter in term.upper()).split()
    if words[:2] == ["ISO", "2022"]:
        return " ".join(words)
    return f"ISO_IR {words[2]}" if words[:2] == ["ISO", "IR"] and len(words) == 3 else term
