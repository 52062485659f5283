"""pydicom's raw elements: bytes, and the element that they decode to."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import NamedTuple

from rapidicom import _core
from rapidicom._common.tag import BaseTag, Tag
from rapidicom._dataset.element import DataElement
from rapidicom._values.encodings import terms_of
from rapidicom._values.vr import VR

__all__ = ["RawDataElement", "convert_raw_data_element"]


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
    return DataElement(
        number,
        vr,
        value,
        file_tell=raw.value_tell,
        private_creator=creator,
        already_converted=True,
    )


def _pixel_representation(ds: _core.Dataset) -> int | None:
    representation = ds.get("PixelRepresentation")
    return int(representation) if representation in (0, 1) else None


def _creator(ds: _core.Dataset, tag: BaseTag) -> str | None:
    """Return the creator that has reserved the block of a private element."""
    if not tag.is_private or tag.is_private_creator or tag.private_creator not in ds:
        return None
    return str(ds[tag.private_creator].value)
