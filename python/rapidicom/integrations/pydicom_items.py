"""Items of sequences as data sets of pydicom, whose elements we have parsed (PS3.5 §7.5).

pydicom keeps the bytes of a sequence until somebody asks for its items, and parses them then. The
bytes that it is given here know where they come from, and its parser, while it is patched, takes
the items from there. Copies of the bytes, and those that a hook or a program has put in their
place, it parses itself.
"""

from __future__ import annotations

from typing import Any

import pydicom.values
from pydicom import config
from pydicom.charset import convert_encodings, default_encoding
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from rapidicom import _core
from rapidicom._common.errors import DicomError

__all__ = ["SequenceBytes", "encodings_of", "items_of", "replace_parser"]

_CHARACTER_SET = 0x0008_0005
_KNOWN_ENCODINGS: dict[tuple[str, ...], str | list[str]] = {("",): default_encoding}
# pydicom's constructor gives an instance these; the others are its own.
_OF_ITEMS = {
    name: value
    for name, value in vars(Dataset()).items()
    if name not in ("_dict", "_is_implicit_VR", "_is_little_endian")
}
_plain_convert = pydicom.values.convert_SQ
# Whether numbers of an item are implicit and little endian: quicker than the properties.
_is_implicit = vars(_core.Dataset)["is_implicit_VR"].__get__
_is_little = vars(_core.Dataset)["is_little_endian"].__get__


class SequenceBytes(bytes):
    """The bytes of a sequence of defined length.

    Attributes:
        elements: The elements that the sequence is one of.
        tag: Its tag.
        start: Where the bytes lie in the file.
    """

    elements: Any
    tag: int
    start: int

    def __deepcopy__(self, memo: dict[int, Any]) -> SequenceBytes:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        del protocol
        return bytes, (bytes(self),)


def items_of(
    elements: Any, tag: int, start: int, encodings: str | list[str]
) -> list[Dataset] | None:
    """Return the items of a sequence, or `None` if pydicom reads them otherwise.

    Args:
        elements: The elements that it is one of.
        tag: Its tag.
        start: From where pydicom counts positions in the items, in bytes from the start of the
            file.
        encodings: Python's names of the encodings of text in items that name none.
    """
    try:
        element = elements.native[tag]
        if element.VR != "SQ":
            return None
        found = [_item(item, elements, start, encodings) for item in element._items()]
    except (DicomError, OSError):
        return None
    return None if None in found else found  # type: ignore[return-value]


def encodings_of(terms: tuple[str, ...]) -> str | list[str]:
    """Return Python's names of the encodings that a file names."""
    found = _KNOWN_ENCODINGS.get(terms)
    if found is None:
        found = convert_encodings(list(terms) if len(terms) > 1 else terms[0])
        _KNOWN_ENCODINGS[terms] = found
    return found if isinstance(found, str) else list(found)


def _item(native: Any, elements: Any, start: int, encodings: str | list[str]) -> Dataset | None:
    if native.deviations:
        return None
    of_parent = encodings
    if _CHARACTER_SET in native:
        encodings = encodings_of(native.specific_character_set)
        if isinstance(encodings, str):
            return None
    made = Dataset.__new__(Dataset)
    tell = native.seq_item_tell - elements.base
    made.__dict__.update(
        _OF_ITEMS,
        _dict=elements.of_item(native, encodings, start),
        _private_blocks={},
        _pixel_array_opts={"use_pdh": False},
        _pixel_id={},
        _parent_encoding=of_parent,
        _read_implicit=bool(_is_implicit(native)),
        _read_little=_is_little(native) is not False,
        _read_charset=encodings,
        is_undefined_length_sequence_item=native.is_undefined_length_sequence_item,
        seq_item_tell=tell,
        file_tell=tell,
    )
    if not config._use_future:  # as `config.future_behavior` has it
        made.__dict__.update(_is_implicit_VR=None, _is_little_endian=None)
    return made


def _convert(
    byte_string: bytes,
    is_implicit_VR: bool,
    is_little_endian: bool,
    encoding: list[str] | None = None,
    offset: int = 0,
) -> Sequence:
    """Do what `pydicom.values.convert_SQ` does, with items that we have parsed."""
    encodings: str | list[str] = encoding or [default_encoding]
    if type(byte_string) is SequenceBytes:
        elements = byte_string.elements
        native = elements.native
        if (
            _listed(elements.encodings) == _listed(encodings)
            and bool(_is_implicit(native)) == is_implicit_VR
            and (_is_little(native) is not False) == is_little_endian
        ):
            items = items_of(elements, byte_string.tag, byte_string.start, encodings)
            if items is not None:
                sequence = Sequence(items)
                sequence.is_undefined_length = False
                return sequence
    return _plain_convert(byte_string, is_implicit_VR, is_little_endian, encoding, offset)


def _listed(encodings: str | list[str]) -> list[str]:
    return [encodings] if isinstance(encodings, str) else list(encodings)


def replace_parser(*, is_on: bool) -> None:
    """Have pydicom take items from us, or parse them itself again.

    A parser that somebody else has put there meanwhile stays.

    Args:
        is_on: Which of the two.
    """
    before, after = (_plain_convert, _convert) if is_on else (_convert, _plain_convert)
    parsers: dict[Any, Any] = pydicom.values.converters
    if parsers["SQ"] is before:
        parsers["SQ"] = after
