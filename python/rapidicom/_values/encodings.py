"""Specific Character Set (PS3.3 §C.12.1.1.2) by pydicom's functions: defined terms and Python's encodings.

Data sets read their text themselves; this is for code that has bytes in its hands.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable

from rapidicom import _core

__all__ = ["convert_encodings", "decode_bytes", "default_encoding", "python_encoding"]

# What bytes without a Specific Character Set are read as: every byte is a character of it.
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
        encodings: One term, or several for code extensions. What is no term but a name of Python's
            is kept.

    Returns:
        The names. A term that means nothing becomes the default, with a warning.
    """
    terms = [encodings] if isinstance(encodings, str) else list(encodings or ())
    terms = [str(term).strip() for term in terms] or [""]
    alone = terms[0] in STAND_ALONE_ENCODINGS
    if len(terms) > 1:
        kept = terms[:1] if alone else [term for term in terms if term not in STAND_ALONE_ENCODINGS]
        for _ in terms[len(kept) :]:
            warnings.warn(
                "a stand-alone character set has no code extensions: what does not fit is left out",
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
        delimiters: Taken for pydicom's sake: where a code extension ends is known here.

    Returns:
        The characters, U+FFFD where there is none.
    """
    del delimiters
    text = _core.decode_text(value, terms_of(encodings))
    if "\x1b" in text:
        warnings.warn(
            "there are escape sequences of none of the character sets: they are left as they are",
            stacklevel=2,
        )
    if "\ufffd" in text:
        warnings.warn(
            "there are bytes that are no characters of the character set: each is U+FFFD",
            stacklevel=2,
        )
    return text


decode_string = decode_bytes


def known_encodings(encodings: str | Iterable[str]) -> list[str]:
    """Return names of encodings, with the default one, and a warning, for those that Python does not know."""
    known = []
    for name in [encodings] if isinstance(encodings, str) else encodings:
        try:
            "".encode(name)
        except LookupError:
            if name.lower() not in _TERMS:
                warnings.warn("an unknown encoding is taken for the default one", stacklevel=4)
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
            "a defined term of a character set is misspelt, and read as what it must mean",
            stacklevel=3,
        )
    if found is not None:
        return found
    try:
        "".encode(term)
    except LookupError:
        warnings.warn("an unknown character set is read as the default one", stacklevel=3)
        return default_encoding
    return term


def _spelt(term: str) -> str:
    """Return a term as the standard spells it: files have other separators, and small letters."""
    words = "".join(letter if letter.isalnum() else " " for letter in term.upper()).split()
    if words[:2] == ["ISO", "2022"]:
        return " ".join(words)
    return f"ISO_IR {words[2]}" if words[:2] == ["ISO", "IR"] and len(words) == 3 else term
