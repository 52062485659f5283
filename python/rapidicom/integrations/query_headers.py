"""Answers to searches as headers of files, which the header table reads (PS3.18 §F.2).

pydicom writes them, and nobody checks them before: what a server answers may be no number where one
is due, and is then an invalid cell of the table, as in a file.
"""

from __future__ import annotations

import base64
import logging
import struct
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pydicom

__all__ = ["element_as_it_is", "frame_file", "header_of", "quiet_pydicom", "without_bulk"]

_PIXELS = ("7FE00008", "7FE00009", "7FE00010")
# Of an instance that a server has in one way only; what it would send in another is no header's.
_AVAILABLE_SYNTAXES = 0x00083002
_UIDS = (0x0020000D, 0x0020000E, 0x00080018)
_BINARY = {
    "US": "H", "SS": "h", "UL": "I", "SL": "i", "UV": "Q", "SV": "q", "FL": "f", "FD": "d",
}  # fmt: skip
_TEXTS = frozenset(
    (
        "AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI",
        "UR", "UT",
    )
)  # fmt: skip
# Of VRs with a length of 16 bits (PS3.5 §7.1.2).
_LONGEST_SHORT = 0xFFFE
_BYTES = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))
# What a text is written as that is no number: the table says that it does not fit.
_TEXT = "UT"


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Let pydicom say nothing of values for a `with` block: they are a patient's."""
    here = threading.get_ident()
    logger = logging.getLogger("pydicom")

    def is_of_another(record: logging.LogRecord) -> bool:
        return record.thread != here

    logger.addFilter(is_of_another)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.removeFilter(is_of_another)


def header_of(found: Mapping[str, Any] | pydicom.Dataset, tags: Iterable[str]) -> bytes:
    """Return the answer to a search as the header of a file, which `scan` reads.

    Args:
        found: A DICOM JSON Model, or a data set of pydicom's, in UTF-8.
        tags: The tags that a table has columns of.
    """
    from pydicom import dcmwrite
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    wanted = {*(int(tag, 16) for tag in tags), *_UIDS}
    with quiet_pydicom():
        ds = _of_model(found, wanted) if isinstance(found, Mapping) else _part_of(found, wanted)
        syntax = _text_of(ds, _AVAILABLE_SYNTAXES)
        ds.pop(_AVAILABLE_SYNTAXES, None)
        # Of several, nobody knows in which of them it is stored.
        if UID(syntax).is_valid:
            with suppress(Exception):  # pydicom refuses a file of no class
                file = BytesIO()
                ds.file_meta = FileMetaDataset()
                ds.file_meta.TransferSyntaxUID = UID(syntax)
                ds.file_meta.MediaStorageSOPClassUID = UID(_text_of(ds, 0x00080016) or "0.0")
                ds.file_meta.MediaStorageSOPInstanceUID = UID(_text_of(ds, 0x00080018) or "0.0")
                dcmwrite(file, ds, enforce_file_format=True)
                return file.getvalue()
        ds.__dict__.pop("file_meta", None)
        file = BytesIO()
        dcmwrite(file, ds, implicit_vr=False, little_endian=True)
    return file.getvalue()


def frame_file(
    model: Mapping[str, Any], data: bytes, transfer_syntax: str, *, is_native: bool
) -> bytes:
    """Return a file of one frame.

    Args:
        model: The data set of its instance, a DICOM JSON Model.
        data: The frame.
        transfer_syntax: The UID of its Transfer Syntax.
        is_native: Whether that is not compressed.
    """
    from pydicom import dcmwrite
    from pydicom.dataset import FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    file = BytesIO()
    with quiet_pydicom():
        kept = {name: one for name, one in model.items() if name.startswith("0028")}
        ds = _of_model(kept, None)
        ds.NumberOfFrames = 1
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = UID(transfer_syntax)
        ds.file_meta.MediaStorageSOPClassUID = ds.file_meta.MediaStorageSOPInstanceUID = UID("0.0")
        if is_native:
            is_byte = _text_of(ds, 0x00280100) == "\x08"
            padded = data + b"\0" * (len(data) % 2)
            ds.add_new(0x7FE00010, "OB" if is_byte else "OW", padded)
        else:
            ds.add_new(0x7FE00010, "OB", encapsulate([data]))
            ds["PixelData"].is_undefined_length = True
        dcmwrite(file, ds, enforce_file_format=True)
    return file.getvalue()


def without_bulk(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return a DICOM JSON Model without pixels and references to bulk data."""
    whole = {}
    for tag, element in model.items():
        if tag in _PIXELS or not isinstance(element, Mapping) or "BulkDataURI" in element:
            continue
        values = element.get("Value")
        if element.get("vr") == "SQ" and isinstance(values, list):
            items = [without_bulk(item) for item in values if isinstance(item, Mapping)]
            element = {**element, "Value": items}
        whole[tag] = element
    return whole


def _of_model(model: Mapping[str, Any], wanted: Iterable[int] | None) -> pydicom.Dataset:
    """Return what is wanted of a DICOM JSON Model as a data set to be written; `None` for all."""
    from pydicom import Dataset

    ds = Dataset()
    for name, element in without_bulk(model).items():
        try:
            tag = int(name, 16)
        except ValueError:
            continue
        if (wanted is None or tag in wanted) and tag >> 16 > 2:
            ds[tag] = _element(tag, element)
    ds.SpecificCharacterSet = "ISO_IR 192"
    return ds


def _part_of(found: pydicom.Dataset, wanted: Iterable[int]) -> pydicom.Dataset:
    from pydicom import Dataset

    ds = Dataset()
    for tag in [one for one in found.keys() if int(one) in {*wanted}]:  # noqa: SIM118
        ds[tag] = found.get_item(tag)
    ds.SpecificCharacterSet = "ISO_IR 192"
    return ds


def _element(tag: int, element: Mapping[str, Any]) -> Any:
    """Return an element of a model as pydicom writes it: the bytes of its value, unchecked."""
    from pydicom import DataElement

    vr, values = str(element.get("vr", "")), element.get("Value")
    values = values if isinstance(values, list) else []
    if vr == "SQ":
        items = [_of_model(item, None) for item in values if isinstance(item, Mapping)]
        return DataElement(tag, "SQ", items)
    if vr in _BYTES:
        with suppress(ValueError, TypeError):
            return element_as_it_is(tag, vr, base64.b64decode(element.get("InlineBinary", "")))
        return element_as_it_is(tag, vr, b"")
    with suppress(struct.error, ValueError, TypeError, OverflowError):
        if vr in _BINARY:
            return element_as_it_is(tag, vr, struct.pack(f"<{len(values)}{_BINARY[vr]}", *values))
        if vr == "AT":
            numbers = [int(value, 16) for value in values]
            pairs = [half for number in numbers for half in (number >> 16, number & 0xFFFF)]
            return element_as_it_is(tag, vr, struct.pack(f"<{len(pairs)}H", *pairs))
    text = "\\".join(map(_text, values)).encode("utf-8", "replace")
    if vr not in _TEXTS or len(text) > _LONGEST_SHORT:
        vr = _TEXT
    return element_as_it_is(tag, vr, text)


def element_as_it_is(tag: int, vr: str, data: bytes) -> Any:
    """Return an element of pydicom's that is written with these bytes.

    Args:
        tag: Its tag.
        vr: Its VR.
        data: The bytes, without padding.
    """
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    padding = b"\0" if vr == "UI" or vr in _BYTES else b" "
    data += padding * (len(data) % 2)
    return RawDataElement(Tag(tag), vr, len(data), data, 0, False, True)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        # Of a name, the groups of its components (PS3.18 §F.2.2).
        groups = [value.get(key) or "" for key in ("Alphabetic", "Ideographic", "Phonetic")]
        return "=".join(map(str, groups)).rstrip("=")
    return str(value)


def _text_of(ds: pydicom.Dataset, tag: int) -> str:
    found = ds.get_item(tag) if tag in ds else None
    value = getattr(found, "value", None)
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
    return text.strip("\0 ")
