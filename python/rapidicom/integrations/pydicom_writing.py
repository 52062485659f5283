"""Our data sets as those of pydicom that are about to be written.

What nobody has changed is handed to pydicom as the bytes that were read, which it writes as they
are. All else it encodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pydicom.dataset
import pydicom.filewriter
from pydicom.dataset import Dataset as PydicomDataset
from pydicom.dataset import FileDataset as PydicomFileDataset
from pydicom.dataset import FileMetaDataset as PydicomFileMeta
from pydicom.sequence import Sequence as PydicomSequence

from rapidicom import _core
from rapidicom.integrations.pydicom_dataset import element_of
from rapidicom.integrations.pydicom_elements import Elements, is_implicit_VR
from rapidicom.integrations.pydicom_items import encodings_of
from rapidicom.integrations.pydicom_reading import made_of, meta_of

if TYPE_CHECKING:
    from rapidicom._core import DataElement, Dataset

__all__ = ["dcmwrite", "for_writing", "validate_file_meta", "write_file_meta_info"]

# pydicom's own, whatever replaces it later.
_dcmwrite = pydicom.filewriter.dcmwrite


def dcmwrite(filename: Any, dataset: Any, *arguments: Any, **keywords: Any) -> None:
    """Write a data set of ours or of pydicom by `pydicom.dcmwrite`.

    Args:
        filename: As for `pydicom.dcmwrite`.
        dataset: The data set.
        arguments: As for `pydicom.dcmwrite`.
        keywords: As for `pydicom.dcmwrite`.
    """
    if issubclass(type(dataset), _core.Dataset):
        dataset = for_writing(dataset)
    _dcmwrite(filename, dataset, *arguments, **keywords)


def write_file_meta_info(fp: Any, file_meta: Any, enforce_standard: bool = True) -> None:
    """Write File Meta Information of ours or of pydicom by pydicom's function.

    Args:
        fp: As for pydicom's.
        file_meta: The File Meta Information.
        enforce_standard: As for pydicom's.
    """
    if issubclass(type(file_meta), _core.Dataset):
        file_meta = _meta(file_meta)
    pydicom.filewriter.write_file_meta_info(fp, file_meta, enforce_standard)


def validate_file_meta(file_meta: Any, enforce_standard: bool = True) -> None:
    """Check File Meta Information of ours or of pydicom by pydicom's function.

    Args:
        file_meta: The File Meta Information; what pydicom adds is added to it.
        enforce_standard: As for pydicom's.
    """
    if not issubclass(type(file_meta), _core.Dataset):
        pydicom.dataset.validate_file_meta(file_meta, enforce_standard)
        return
    checked = _meta(file_meta)
    pydicom.dataset.validate_file_meta(checked, enforce_standard)
    for element in checked:
        if element.tag not in file_meta:
            file_meta.add_new(element.tag, element.VR, element.value)


def for_writing(dataset: Dataset) -> PydicomDataset:
    """Return a data set as pydicom's class, with the bytes of what nobody has changed.

    Args:
        dataset: The data set.
    """
    if is_implicit_VR(dataset) is None:
        made = PydicomDataset()
        _change(made, dataset, "iso8859")
    else:
        made = made_of(dataset._as_read(), "", PydicomFileDataset)
        made.filename = dataset.filename
        # Now: the file that was read may be the one that is written.
        made._dict.all()  # type: ignore[attr-defined]
        # Of a character set that the caller has named pydicom does not know.
        made._read_charset = made._character_set
        _change(made, dataset, made._read_charset)
    meta = getattr(dataset, "file_meta", None)
    if meta is None:
        made.__dict__.pop("file_meta", None)
    else:
        made.file_meta = _meta(meta)
    made.preamble = dataset.preamble
    for name in ("is_implicit_VR", "is_little_endian"):
        setattr(made, f"_{name}", getattr(dataset, name))
    return made


def _meta(meta: Any) -> PydicomFileMeta:
    if issubclass(type(meta), PydicomFileMeta):
        return meta  # type: ignore[no-any-return]
    made = meta_of(meta._as_read())
    _change(made, meta, "iso8859")
    return made


def _change(made: PydicomDataset, dataset: Dataset, encodings: str | list[str]) -> None:
    """Do what was done to a data set with pydicom's.

    Args:
        made: pydicom's, as it was read.
        dataset: Ours.
        encodings: Python's names of the encodings of text.
    """
    names = [encodings] if isinstance(encodings, str) else list(encodings)
    for tag in dataset._changed_tags():
        if tag not in dataset:
            del made[tag]
            continue
        element = dataset[tag]
        if element.VR == "SQ" and not isinstance(element._value_or_bytes(), bytes):
            items = list(element.value)
            if not _are_as_read(items, dataset._as_read(), tag):
                made[tag] = _sequence(dataset, element, items, names)
        else:
            made[tag] = element_of(dataset, element, names)


def _are_as_read(items: list[Any], read: Dataset, tag: int) -> bool:
    """Return whether the items of a sequence are those that were read, unchanged."""
    if tag not in read:
        return False
    before = list(read[tag].value)
    return len(before) == len(items) and all(map(_is_as_read, items, before))


def _is_as_read(item: Any, before: Dataset) -> bool:
    if not issubclass(type(item), _core.Dataset) or item.seq_item_tell != before.seq_item_tell:
        return False
    if any(not _is_sequence_as_read(item, tag) for tag in item._changed_tags()):
        return False
    return bool(item.raw_elements() == before.raw_elements())


def _is_sequence_as_read(item: Dataset, tag: int) -> bool:
    if tag not in item or item[tag].VR != "SQ":
        return False
    return _are_as_read(list(item[tag].value), item._as_read(), tag)


def _sequence(
    dataset: Dataset, element: DataElement, items: list[Any], encodings: list[str]
) -> Any:
    value = PydicomSequence(_item(item, encodings) for item in items)
    value.is_undefined_length = element.is_undefined_length
    return element_of(dataset, element, encodings, value)


def _item(item: Any, encodings: list[str]) -> PydicomDataset:
    # By its type: while pydicom is patched, ours pass for instances of its class too.
    if issubclass(type(item), PydicomDataset):
        return item  # type: ignore[no-any-return]
    made = PydicomDataset(parent_encoding=encodings)
    is_implicit = is_implicit_VR(item)
    if is_implicit is not None:
        own: str | list[str] = encodings
        if "SpecificCharacterSet" in item._as_read():
            own = encodings_of(item.specific_character_set)
        made._dict = Elements(item._as_read(), own).all()
        made.set_original_encoding(is_implicit, item.is_little_endian, own)
        encodings = [own] if isinstance(own, str) else own
    _change(made, item, encodings)
    made.is_undefined_length_sequence_item = item.is_undefined_length_sequence_item
    return made
