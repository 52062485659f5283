"""pydicom's raw elements: bytes, and the element that they decode to."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

from rapidicom import _core
from rapidicom._common.tag import BaseTag, Tag
from rapidicom._dataset.element import DataElement
from rapidicom._values.encodings import terms_of
from rapidicom._values.vr import STR_VR, VR

__all__ = ["RawDataElement", "convert_raw_data_element", "raw_of", "remember_raw", "untouched_raw"]

_UNDEFINED = 0xFFFF_FFFF
_CHARACTER_SET = 0x0008_0005
_PIXEL_DATA = (0x7FE0_0008, 0x7FE0_0009, 0x7FE0_0010)
# Sequence Delimitation Item with its length (PS3.5 §7.5), by whether it is little endian.
_DELIMITER = {True: b"\xfe\xff\xdd\xe0\0\0\0\0", False: b"\xff\xfe\xe0\xdd\0\0\0\0"}


class RawDataElement(NamedTuple):
    """An element as it is in a file, with the bytes of its value."""

    tag: BaseTag
    VR: str | None
    length: int
    value: bytes | None
    value_tell: int
    is_implicit_VR: bool
    is_little_endian: bool
    is_raw: bool = True
    is_buffered: bool = False


# Where users import it from; the body of a tuple class takes fields alone.
RawDataElement.__module__ = "rapidicom.dataelem"


def convert_raw_data_element(
    raw: RawDataElement,
    *,
    encoding: str | Iterable[str] | None = None,
    ds: _core.Dataset | None = None,
) -> DataElement:
    """Return an element whose value is decoded.

    Args:
        raw: The element as it is in a file; or one that pydicom has decoded, which is copied.
        encoding: Python's names of the encodings of text.
        ds: Its data set, which has the creators of private elements and whether pixel values are
            signed.

    Raises:
        InvalidDicomError: The bytes are not a value of that VR.
    """
    if not raw.is_raw:  # pydicom has decoded it
        return DataElement(
            raw.tag,
            raw.VR,
            raw.value,
            is_undefined_length=getattr(raw, "is_undefined_length", False),
        )
    if raw.VR is not None and raw.VR not in tuple(VR):
        raise NotImplementedError(f"{Tag(raw.tag)} has an unknown VR")
    number = Tag(raw.tag)
    if raw.VR is None and not number.is_private and _core.dictionary_entry(number) is None:
        warnings.warn(
            f"{number} is not in the data dictionary: its VR is assumed to be UN", stacklevel=2
        )
    if raw.value is not None and not isinstance(raw.value, bytes):
        # Programs also pass decoded values.
        entry = _core.dictionary_entry(number)
        return DataElement(number, raw.VR or ("UN" if entry is None else entry[0]), raw.value)
    creator = None if ds is None else _creator(ds, number)
    vr, value = _core.decode_value(
        raw.VR,
        raw.value or b"",
        tag=number,
        is_little_endian=raw.is_little_endian,
        charset=None if encoding is None else terms_of(encoding),
        pixel_representation=None if ds is None else _pixel_representation(ds),
        private_creator=creator,
    )
    made = DataElement(
        number,
        vr,
        value,
        file_tell=raw.value_tell,
        private_creator=creator,
        already_converted=True,
    )
    remember_raw(made, raw)
    return made


def remember_raw(element: DataElement, raw: RawDataElement) -> None:
    """Have an element remember what it was decoded from; items have elements of their own."""
    if element.VR != "SQ":
        element.__dict__["_raw"] = raw, copy.copy(element._value_or_bytes())


def raw_of(element: DataElement) -> RawDataElement | None:
    """Return what an element was decoded from, unless its value has been changed since."""
    found: tuple[RawDataElement, Any] | None = element.__dict__.get("_raw")
    return None if found is None or found[1] != element._value_or_bytes() else found[0]


def untouched_raw(
    dataset: _core.Dataset, tag: BaseTag, *, keep_deferred: bool
) -> RawDataElement | None:
    """Return an element as it is in the file; `None` if its value has been looked at or set.

    As in pydicom, (0008,0005) Specific Character Set and sequences of undefined length are looked
    at when a file is read.

    Args:
        dataset: The data set.
        tag: The tag of the element.
        keep_deferred: Whether a value longer than the `defer_size` of `dcmread` is left out;
            otherwise it has been read.
    """
    found = dataset._untouched_raw(tag)
    if found is None or tag == _CHARACTER_SET:
        return None
    _, vr, length, value, offset = found
    is_little_endian = dataset.read_little_endian is not False
    if length == _UNDEFINED:
        if tag not in _PIXEL_DATA:
            return None
        value = (value or b"").removesuffix(_DELIMITER[is_little_endian])
    longest = dataset.__dict__.get("_defer_size")
    if longest is not None and length > longest:
        value = None
    elif length == 0:
        # As pydicom has empty values: those of DS and IS are like numbers.
        value = b"" if vr == "SQ" or (vr in STR_VR and vr not in ("DS", "IS")) else None
    if value is None and not keep_deferred:
        return None
    is_implicit = bool(dataset.read_implicit_vr)
    return RawDataElement(tag, vr, length, value, offset, is_implicit, is_little_endian)


def _pixel_representation(ds: _core.Dataset) -> int | None:
    representation = ds.get("PixelRepresentation")
    return int(representation) if representation in (0, 1) else None


def _creator(ds: _core.Dataset, tag: BaseTag) -> str | None:
    """Return the creator that has reserved the block of a private element."""
    if not tag.is_private or tag.is_private_creator or tag.private_creator not in ds:
        return None
    return str(ds[tag.private_creator].value)
