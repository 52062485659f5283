"""The elements of pydicom's data sets that we have read: its `_dict`, filled when it is used.

pydicom keeps the elements of a data set in a dictionary, undecoded ones as `RawDataElement`. Here
the dictionary asks our data set for them: for one when one is asked for, for all when all are, and
for pixel data last. From then on it is pydicom's own dictionary, and everything that pydicom does
with it, it does as ever.
"""

from __future__ import annotations

import copy
import re
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement, empty_value_for_VR
from pydicom.filereader import data_element_generator
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from rapidicom import _core
from rapidicom.integrations.pydicom_items import SequenceBytes, items_of

if TYPE_CHECKING:
    from typing import Self

    from rapidicom._core import Dataset as Native

__all__ = ["AnyElements", "Elements", "is_implicit_VR", "is_little_endian", "preamble"]

# What was read, whatever was set since; and quicker than the properties of our class.
is_implicit_VR = vars(_core.Dataset)["is_implicit_VR"].__get__
is_little_endian = vars(_core.Dataset)["is_little_endian"].__get__
preamble = vars(_core.Dataset)["preamble"].__get__

_UNDEFINED = 0xFFFF_FFFF
_PIXEL_DATA = (0x7FE0_0008, 0x7FE0_0009, 0x7FE0_0010)
_CHARACTER_SET = 0x0008_0005
# Sequence Delimitation Item with its length (PS3.5 §7.5), by whether it is little endian.
_DELIMITER = {True: b"\xfe\xff\xdd\xe0\0\0\0\0", False: b"\xff\xfe\xe0\xdd\0\0\0\0"}


# Explicit ones, of which an element is its bytes.
_PLAIN_VR = frozenset(
    """
    AE AS AT DA DS DT FD FL IS LO LT PN SH SL SS ST SV TM UC UI UL UR US UT UV
    """.split()  # noqa: SIM905  # it reads better than a list
)

# Of these pydicom knows the names; the others have characters of their own for some of ASCII.
_PLAIN = re.compile("iso8859|iso8859_[0-9]+|latin_1|utf8|UTF8")


@cache
def _plain_one(encoding: str) -> tuple[str] | None:
    return (encoding,) if _PLAIN.fullmatch(encoding) else None


def _plain(encodings: str | list[str]) -> tuple[str, ...] | None:
    if isinstance(encodings, str):
        return _plain_one(encodings)
    return tuple(encodings) if all(map(_plain_one, encodings)) else None


def _is_sequence(tag: int, vr: str | None) -> bool:
    """Return whether an element is a sequence by its VR or, if none is written, by the standard."""
    if vr is not None:
        return vr == "SQ"
    entry = DicomDictionary.get(tag)
    return entry is not None and entry[0] == "SQ"


class AnyElements(dict[Any, Any]):
    """What the classes here have in common.

    Attributes:
        native: Our data set, in which nothing is ever set.
        known: Values that attributes were read from, by keyword, before pydicom had their elements.
        encodings: Python's names of the encodings of text.
        plain: The same, if in all of them ASCII is ASCII.
        pixels: The bytes of pixel data, once they were asked for.
        base: From where pydicom counts positions, in bytes from the start of the file: not that, in
            items of sequences of defined length.
    """

    __slots__ = ("base", "encodings", "known", "native", "pixels", "plain")

    native: Native
    known: dict[str, Any]
    encodings: str | list[str]
    plain: tuple[str, ...] | None
    pixels: bytes | None
    base: int

    def all(self) -> Self:
        """Have all elements here, pixel data too, and return this."""
        return self

    def of_item(self, native: Native, encodings: str | list[str], base: int) -> Elements:
        """Return the elements of an item, of which nothing has been asked yet."""
        return Elements(native, encodings, base)

    def is_as_read(self, tag: int) -> bool:
        """Return whether the element of a tag, or that there is none, is as it was read."""
        element = dict.get(self, tag)
        if element is None:
            return type(self) is Elements or tag not in self.native
        if tag in _PIXEL_DATA:
            return element.value is None or element.value is self.pixels
        if tag not in self.native:
            return False
        if isinstance(element, RawDataElement):
            raw = self.native.raw_element(tag)
            return raw is not None and (element.value or b"") == raw[3]
        return bool(element.value == self.native[tag].value)

    def __reduce_ex__(self, protocol: Any) -> Any:
        del protocol
        return dict, (list(dict.items(self.all())),)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        made = type(self).__new__(type(self))
        memo[id(self)] = made
        made.native = self.native
        made.encodings, made.plain = self.encodings, self.plain
        made.pixels = self.pixels
        made.base = self.base
        made.known = copy.deepcopy(self.known, memo)
        dict.update(made, copy.deepcopy(dict(dict.items(self)), memo))
        return made

    def copy(self) -> dict[Any, Any]:
        """Return a dictionary of the same elements."""
        return dict(dict.items(self.all()))

    def _element(self, raw: Any) -> Any:
        """Return pydicom's element for one of `raw_elements`."""
        tag, vr, length, value, offset = raw
        known = self.known.pop(keyword_for_tag(tag), None) if self.known else None
        tell = offset - self.base
        if known is not None:
            native = self.native[tag]
            return DataElement(
                BaseTag(tag), native.VR, known, tell, length == _UNDEFINED, already_converted=True
            )
        native = self.native
        is_implicit, is_little = is_implicit_VR(native), is_little_endian(native)
        if length == _UNDEFINED and tag not in _PIXEL_DATA and value is not None:
            return self._undefined(tag, vr, value, offset)
        if length == 0:
            value = empty_value_for_VR(vr, raw=True)
        elif _is_sequence(tag, vr):
            value = self._sequence_bytes(tag, value, offset)
        return RawDataElement(
            BaseTag(tag), vr, length, value, tell, bool(is_implicit), is_little is not False
        )

    def _sequence_bytes(self, tag: int, value: bytes | None, offset: int) -> bytes | None:
        """Return the bytes of a sequence, which know where its items are."""
        if value is None:
            return None
        made = SequenceBytes(value)
        made.elements, made.tag, made.start = self, tag, offset
        return made

    def _undefined(self, tag: int, vr: str | None, value: bytes, offset: int) -> Any:
        """Make the element of a value whose end a delimiter marks: what is no sequence, pydicom."""
        items = None
        if _is_sequence(tag, vr):
            items = items_of(self, tag, self.base, self.encodings)
        if items is not None:
            sequence = Sequence(items)
            sequence.is_undefined_length = True
            return DataElement(BaseTag(tag), "SQ", sequence, offset - self.base, True)
        is_implicit, is_little = bool(is_implicit_VR(self.native)), is_little_endian(self.native)
        order: Literal["little", "big"] = "little" if is_little is not False else "big"
        header = (tag >> 16).to_bytes(2, order) + (tag & 0xFFFF).to_bytes(2, order)
        if vr is not None and not is_implicit:
            header += vr.encode() + (b"\0\0" if vr in EXPLICIT_VR_LENGTH_32 else b"")
        header += b"\xff\xff\xff\xff"
        delimiter = _DELIMITER[is_little is not False]
        start = offset - self.base - len(header)
        stream = _At(header + value.removesuffix(delimiter) + delimiter, start)
        elements = data_element_generator(
            stream,
            is_implicit,
            is_little is not False,
            encoding=self.encodings,
        )
        return next(iter(elements))


class _At(BytesIO):
    """Bytes that lie somewhere in a file: positions are those in the file."""

    def __init__(self, content: bytes, start: int) -> None:
        super().__init__(content)
        self._start = start

    def tell(self) -> int:
        return super().tell() + self._start

    def seek(self, position: int, whence: int = 0) -> int:
        return super().seek(position - self._start if whence == 0 else position, whence)


class Elements(AnyElements):
    """The elements of a data set of which pydicom has asked for some or none."""

    __slots__ = ()

    def __init__(self, native: Native, encodings: str | list[str], base: int = 0) -> None:
        """Ask nothing yet.

        Args:
            native: Our data set.
            encodings: Python's names of the encodings of its text.
            base: From where positions are counted.
        """
        self.base = base
        self.native = native
        self.known = {}
        self.encodings = encodings
        self.plain = _plain(encodings)
        self.pixels = None

    def _fill(self) -> None:
        """Have all elements here but pixel data, in the order of the file."""
        early = dict(dict.items(self))
        dict.clear(self)
        native, known, base = self.native, self.known, self.base
        is_implicit = bool(is_implicit_VR(native))
        is_little = is_little_endian(native) is not False
        put, has_pixels = dict.__setitem__, False
        for raw in native.raw_elements():
            number, vr, length, value, offset = raw
            tag = BaseTag(number)
            if not early and not known and vr in _PLAIN_VR and 0 < length < _UNDEFINED:
                # As `_element` does, which this is for most elements of most files.
                tell = offset - base
                element: Any = RawDataElement(tag, vr, length, value, tell, is_implicit, is_little)
            elif (element := early.pop(tag, None)) is None:
                if tag == _CHARACTER_SET and value is None:
                    raw = native.raw_element(tag) or raw
                element = self._element(raw)
            has_pixels = has_pixels or number in _PIXEL_DATA
            put(self, tag, element)
        dict.update(self, early)
        self.__class__ = _AllButPixels if has_pixels else _All  # type: ignore[assignment]

    def __missing__(self, tag: Any) -> Any:
        raw = self.native.raw_element(tag)
        if raw is None:
            raise KeyError(tag)
        if tag in _PIXEL_DATA:
            self.pixels = raw[3]
        element = self._element(raw)
        dict.__setitem__(self, BaseTag(tag), element)
        return element

    def __contains__(self, tag: Any) -> bool:
        return dict.__contains__(self, tag) or self.native.__contains__(tag)

    def get(self, tag: Any, default: Any = None) -> Any:
        """Return an element, or `default`."""
        try:
            return self[tag]
        except KeyError:
            return default

    def __setitem__(self, tag: Any, element: Any) -> None:
        self.known.pop(keyword_for_tag(tag), None)
        dict.__setitem__(self, tag, element)

    def all(self) -> Self:
        self._fill()
        return self.all()


class _AllButPixels(AnyElements):
    """The elements of a data set, but of pixel data only its length."""

    __slots__ = ()

    def all(self) -> Self:
        for tag in _PIXEL_DATA:
            element = dict.get(self, tag)
            if isinstance(element, RawDataElement) and element.value is None and element.length:
                raw = self.native.raw_element(tag)
                if raw is not None:
                    self.pixels = raw[3]
                    dict.__setitem__(self, BaseTag(tag), self._element(raw))
        self.__class__ = _All  # type: ignore[assignment]
        return self

    def __getitem__(self, tag: Any) -> Any:
        return dict.__getitem__(self.all() if tag in _PIXEL_DATA else self, tag)

    def get(self, tag: Any, default: Any = None) -> Any:
        """Return an element, or `default`."""
        return dict.get(self.all() if tag in _PIXEL_DATA else self, tag, default)


class _All(AnyElements):
    """The elements of a data set, all of them."""

    __slots__ = ()


def _after(prepare: str, name: str) -> Any:
    """Return a method of `dict` that is called when the elements that it is about are here."""

    def call(self: Any, *arguments: Any, **keywords: Any) -> Any:
        getattr(self, prepare)()
        return getattr(self, name)(*arguments, **keywords)

    call.__name__ = name
    return call


# What asks for tags alone, and what asks for elements.
for _name in ("__delitem__", "__len__", "keys"):
    setattr(Elements, _name, _after("_fill", _name))
_OF_ELEMENTS = """
    __eq__ __ior__ __iter__ __ne__ __or__ __repr__ __reversed__ __ror__ clear items pop popitem
    setdefault update values
"""
for _name in _OF_ELEMENTS.split():
    setattr(Elements, _name, _after("all", _name))
    setattr(_AllButPixels, _name, _after("all", _name))
Elements.__hash__ = _AllButPixels.__hash__ = None
