"""Data sets of ours and of pydicom's, as they are in memory: pydicom writes them to a buffer."""

from __future__ import annotations

import copy
import io
import warnings
from importlib import import_module
from typing import Any

from rapidicom import _core
from rapidicom._common.errors import InvalidDicomError
from rapidicom._common.pydicom_types import is_pydicom_dataset
from rapidicom.sources.item import Asked, Item
from rapidicom.sources.memory import item_of

__all__ = ["resolve"]

# What a data set without a Transfer Syntax UID is written as.
_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"


def resolve(source: Any, asked: Asked) -> list[str | Item] | None:
    """Return the item of a data set; `None` if it is something else.

    Raises:
        ImportError: pydicom is not installed.
        InvalidDicomError: It cannot be written.
    """
    if isinstance(source, _core.Dataset):
        name = _name_of(source, asked)
        _pydicom()
        dataset = source.to_pydicom()
    elif is_pydicom_dataset(source):
        name, dataset = _name_of(source, asked), source
    else:
        return None
    return [item_of(_written(dataset, name), name)]


def _name_of(source: Any, asked: Asked) -> str:
    filename = getattr(source, "filename", None)
    if asked.name is None and isinstance(filename, str) and filename:
        return filename
    return asked.name_of(None)


def _pydicom() -> Any:
    try:
        return import_module("pydicom")
    except ImportError as error:
        raise ImportError(
            "a data set as a source needs pydicom, which writes it: pip install pydicom",
            name="pydicom",
        ) from error


def _written(dataset: Any, name: str) -> bytes:
    """Return the bytes of a file with a data set of pydicom's, which stays as it is."""
    pydicom = _pydicom()
    whole = copy.copy(dataset)
    meta = getattr(dataset, "file_meta", None)
    meta = pydicom.dataset.FileMetaDataset() if meta is None else copy.copy(meta)
    if "TransferSyntaxUID" not in meta:
        meta.TransferSyntaxUID = _syntax_of(dataset)
    whole.file_meta = meta
    whole.preamble = getattr(dataset, "preamble", None) or bytes(128)
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings():
            # They would show values, and reading warns again.
            warnings.simplefilter("ignore")
            pydicom.dcmwrite(buffer, whole, enforce_file_format=False)
    except Exception as error:
        why = type(error).__name__
        raise InvalidDicomError(
            f"{name}: the data set cannot be written, so that it cannot be read ({why})", path=name
        ) from None
    return buffer.getvalue()


def _syntax_of(dataset: Any) -> str:
    """Return the Transfer Syntax of a data set whose File Meta Information names none."""
    is_implicit, is_little = (
        getattr(dataset, "_is_implicit_VR", None),
        getattr(dataset, "_is_little_endian", None),
    )
    if is_implicit is None:
        is_implicit, is_little = getattr(dataset, "original_encoding", (None, None))
    if is_little is False:
        return "1.2.840.10008.1.2.2"
    return "1.2.840.10008.1.2" if is_implicit else _EXPLICIT_LITTLE
