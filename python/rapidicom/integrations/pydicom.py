"""Data sets for pydicom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import config
from pydicom.charset import convert_encodings, default_encoding
from pydicom.dataelem import DataElement as PydicomElement
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset as PydicomDataset
from pydicom.dataset import FileDataset as PydicomFileDataset
from pydicom.dataset import FileMetaDataset as PydicomFileMeta
from pydicom.sequence import Sequence as PydicomSequence
from pydicom.tag import BaseTag as PydicomTag
from pydicom.valuerep import PersonName as PydicomName

from rapidicom.errors import DicomError
from rapidicom.personname import PersonName
from rapidicom.valuerep import IS, DSfloat, ISfloat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rapidicom.dataelem import DataElement
    from rapidicom.dataset import Dataset

__all__ = ["to_pydicom"]

_SPECIFIC_CHARACTER_SET = 0x0008_0005


def to_pydicom(dataset: Dataset) -> PydicomFileDataset:
    """Return a data set as pydicom's class: equal elements, as they are now, with the bytes of pixel data.

    Values are handed over decoded, numbers with their text. One that cannot be decoded here goes over as its bytes,
    and is pydicom's to read.

    Args:
        dataset: The data set.

    Returns:
        pydicom's data set. It shares nothing with `dataset` and does not need the file.
    """
    encodings = _encodings(dataset, (default_encoding,))
    meta = PydicomFileMeta()
    _fill(meta, getattr(dataset, "file_meta", None) or (), (default_encoding,))
    result = PydicomFileDataset(
        getattr(dataset, "filename", None),  # type: ignore[arg-type]  # None: it was not read from a path
        PydicomDataset(),
        preamble=getattr(dataset, "preamble", None),
        file_meta=meta,
        is_implicit_VR=bool(dataset.is_implicit_VR),
        is_little_endian=dataset.is_little_endian is not False,
    )
    _fill(result, dataset, encodings)
    result.set_original_encoding(dataset.is_implicit_VR, dataset.is_little_endian, list(encodings))
    return result


def _fill(target: PydicomDataset, dataset: Dataset | tuple[()], encodings: Sequence[str]) -> None:
    for element in dataset:
        target.add(_element(dataset, element, encodings))  # type: ignore[arg-type]  # () has no elements
