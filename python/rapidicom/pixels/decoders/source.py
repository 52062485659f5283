"""The data set that a decoder reads: the caller's, or one made from a value and options."""

from __future__ import annotations

import copy
from struct import pack
from typing import TYPE_CHECKING, Any

from rapidicom import _core
from rapidicom._core import Dataset
from rapidicom.pixels.native import OPTIONS, get_expected_length

if TYPE_CHECKING:
    from rapidicom._values.uid import UID

__all__ = ["described_dataset", "pixel_element"]

_KEYWORDS = {option: keyword for keyword, option in OPTIONS.items()}

# VRs of pixels, unless an option gives another (PS3.5 §A.1, §A.2).
_VR = {"FloatPixelData": "OF", "DoubleFloatPixelData": "OD"}


def described_dataset(src: Any, uid: UID, options: dict[str, Any]) -> Dataset:
    """Return the data set of pixels.

    Args:
        src: A data set; or the value of a pixel element, as bytes or a file object at its start,
            whose position is restored.
        uid: The Transfer Syntax.
        options: What describes the pixels, or describes them differently, under pydicom's names.

    Raises:
        AttributeError: The data set has no pixels.
        TypeError: `src` is something else.
        ValueError: The data set is of another Transfer Syntax.
    """
    keyword = options.get("pixel_keyword", "PixelData")
    attributes = {_KEYWORDS[name]: value for name, value in options.items() if name in _KEYWORDS}
    if isinstance(src, _core.Dataset):
        dataset, said = src, getattr(src, "file_meta", None)
        said_uid = None if said is None else said.get("TransferSyntaxUID")
        if said_uid and said_uid != uid:
            raise ValueError("the data set is of another Transfer Syntax than the decoder")
        changed = {name: value for name, value in attributes.items() if dataset.get(name) != value}
        if not changed and said_uid:
            return dataset
        described = copy.copy(dataset)
    else:
        changed = attributes
        described = _core.new_dataset()
        for name, value in attributes.items():
            setattr(described, name, value)
        data = _value(src, described, keyword, is_encapsulated=uid.is_encapsulated)
        described = _read(data, uid, keyword, options)
    meta: Any = _core.new_file_meta()
    meta.TransferSyntaxUID = uid
    described.file_meta = meta
    for name, value in changed.items():
        setattr(described, name, value)
    for name, value in zip(
        ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"),
        options.get("extended_offsets") or (),
        strict=False,
    ):
        setattr(
            described, name, value if isinstance(value, bytes) else pack(f"<{len(value)}Q", *value)
        )
    return described


def pixel_element(dataset: Dataset) -> str:
    """Return the keyword of the element that has the pixels.

    Raises:
        AttributeError: The data set has no pixels.
    """
    for keyword in ("PixelData", *_VR):
        if keyword in dataset:
            return keyword
    raise AttributeError(
        "the data set has no Pixel Data, Float Pixel Data or Double Float Pixel Data"
    )


def _value(src: Any, described: Dataset, keyword: str, *, is_encapsulated: bool) -> bytes:
    if not hasattr(src, "read"):
        try:
            return bytes(memoryview(src))
        except TypeError:
            kind = type(src).__name__
            raise TypeError(
                f"pixels are a data set, bytes or a binary file object, not {kind}"
            ) from None
    start = src.tell()
    try:
        # Other elements may follow native pixels; fragments mark their own end.
        length = -1 if is_encapsulated else get_expected_length(described)
        return bytes(src.read(length + length % 2 if length >= 0 else -1))
    finally:
        src.seek(start)


def _read(data: bytes, uid: UID, keyword: str, options: dict[str, Any]) -> Dataset:
    """Read a data set of one element from memory, in the byte order of its Transfer Syntax."""
    bits = int(options.get("bits_allocated", 16))
    vr = (
        options.get("pixel_vr")
        or _VR.get(keyword)
        or ("OB" if uid.is_encapsulated or bits <= 8 else "OW")
    )
    tag = _core.keyword_tag(keyword)
    if tag is None:
        raise ValueError(f"{keyword!r} is not the keyword of a pixel element")
    return _core.pixels_dataset(tag, str(vr), data, uid.is_encapsulated, uid.is_little_endian)
