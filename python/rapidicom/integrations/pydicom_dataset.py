"""Our data sets as data sets of pydicom."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from pydicom import config
from pydicom.charset import convert_encodings, default_encoding
from pydicom.dataelem import DataElement as PydicomElement
from pydicom.dataset import Dataset as PydicomDataset
from pydicom.dataset import FileDataset as PydicomFileDataset
from pydicom.dataset import FileMetaDataset as PydicomFileMeta
from pydicom.sequence import Sequence as PydicomSequence
from pydicom.tag import BaseTag as PydicomTag
from pydicom.valuerep import PersonName as PydicomName

from rapidicom._common.tag import BaseTag
from rapidicom._values.multi_value import MultiValue
from rapidicom._values.number_text import IS, DSfloat, ISfloat
from rapidicom._values.person_name import PersonName
from rapidicom._values.vr import AMBIGUOUS_VR, BYTES_VR
from rapidicom.integrations.pydicom_elements import is_implicit_VR, is_little_endian

if TYPE_CHECKING:
    from typing import Self

    from rapidicom._core import DataElement, Dataset

__all__ = ["element_of", "to_pydicom"]

# VRs whose values are bytes, or may be.
_BINARY_VR = (BYTES_VR | AMBIGUOUS_VR) - {"US or SS"}


def to_pydicom(dataset: Dataset) -> PydicomFileDataset:
    """Return a data set as pydicom's class, with equal elements and the bytes of pixel data.

    Values are passed decoded, numbers with their text. A value that cannot be decoded, or that
    pydicom refuses, is passed as its bytes, which pydicom writes as they are.

    Args:
        dataset: The data set.

    Returns:
        pydicom's data set. It shares nothing with `dataset` and does not need the file.
    """
    meta = getattr(dataset, "file_meta", None)
    result = PydicomFileDataset(
        dataset.filename,
        PydicomDataset(),
        preamble=dataset.preamble,
        file_meta=PydicomFileMeta(),
        is_implicit_VR=bool(dataset.is_implicit_VR),
        is_little_endian=dataset.is_little_endian is not False,
    )
    if meta is not None:
        _fill(result.file_meta, meta, [default_encoding])
        length = result.file_meta.get_item("FileMetaInformationGroupLength")
        # pydicom counts it itself, but for one that cannot be decoded.
        if isinstance(length, _Undecoded):
            del result.file_meta["FileMetaInformationGroupLength"]
    _fill(result, dataset, [default_encoding])
    return result


def _fill(target: PydicomDataset, dataset: Dataset, outer_encodings: list[str]) -> None:
    character_set = dataset.get("SpecificCharacterSet")
    encodings = list(convert_encodings(character_set)) if character_set else outer_encodings
    # As it was read: what was set since is about writing.
    read = (is_implicit_VR(dataset), is_little_endian(dataset))
    target.set_original_encoding(*read, encodings)
    for element in dataset:
        target[element.tag] = element_of(dataset, element, encodings)


def element_of(
    dataset: Dataset, element: DataElement, encodings: list[str], value: Any = None
) -> PydicomElement:
    """Return an element as pydicom's class.

    Args:
        dataset: Its data set.
        element: The element.
        encodings: Python's names of the encodings of its text.
        value: The items of a sequence in pydicom's classes, if they have been made already.
    """
    if value is not None:
        return _with_value(element, value)
    value = element._value_or_bytes()
    if isinstance(value, bytes) and element.VR not in _BINARY_VR:  # it cannot be decoded
        return _Undecoded.of(element, value)
    try:
        return _element(element, value, encodings)
    except (ValueError, NotImplementedError):  # pydicom refuses it
        if element.value_length is None:
            raise
        return _Undecoded.of(element, bytes(dataset.raw_bytes(element.tag)))


def _element(element: DataElement, value: Any, encodings: list[str]) -> PydicomElement:
    if element.VR == "SQ":
        value = _items(element, encodings)
    elif element.VR != "UN":
        value = _value(value, encodings)
    return _with_value(element, value)


def _with_value(element: DataElement, value: Any) -> PydicomElement:
    result = PydicomElement(
        element.tag,
        # For bytes of UN, pydicom would take the dictionary's VR, which they are no value of.
        "OB" if element.VR == "UN" else element.VR,
        value,
        element.file_tell,
        element.is_undefined_length,
        # Reading warns of values that break a rule. They have been read already.
        validation_mode=config.IGNORE,
    )
    result.VR = element.VR
    result.validation_mode = config.settings.reading_validation_mode
    return result


def _items(element: Any, encodings: list[str]) -> PydicomSequence:
    items = PydicomSequence()
    items.is_undefined_length = element.is_undefined_length
    for item in element._items():
        # By its type: while pydicom is patched, ours pass for instances of its class too.
        if issubclass(type(item), PydicomDataset):
            items.append(copy.deepcopy(item))
            continue
        filled = PydicomDataset(parent_encoding=encodings)
        _fill(filled, item, encodings)
        items.append(filled)
    return items


def _value(value: Any, encodings: list[str]) -> Any:
    if isinstance(value, MultiValue):
        return [_value(each, encodings) for each in value]
    if isinstance(value, (DSfloat, ISfloat)):
        return getattr(value, "original_string", float(value))
    if isinstance(value, IS):
        return value.original_string
    if isinstance(value, PersonName):
        return PydicomName(str(value), encodings, value.original_string, config.IGNORE)
    if isinstance(value, BaseTag):
        return PydicomTag(value)
    return value


class _Undecoded(PydicomElement):
    """The bytes of a value that is none of its VR: shown as they are, and written as they are."""

    # What pydicom's writer asks.
    is_raw = True

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return len(self.value)

    @classmethod
    def of(cls, element: DataElement, value: bytes) -> Self:
        """Make one in the place of an element of ours."""
        made = cls(element.tag, "OB", value, element.file_tell, already_converted=True)
        # pydicom takes nothing but data sets for a sequence.
        made.VR = "UN" if element.VR == "SQ" else element.VR
        return made
