"""pydicom's types without importing it: no instance exists before its import."""

from __future__ import annotations

import io
import sys
from typing import Any

__all__ = [
    "byte_stream",
    "is_pydicom_dataset",
    "is_pydicom_name",
    "is_pydicom_number",
    "is_pydicom_sequence",
]


def is_pydicom_dataset(candidate: Any) -> bool:
    """Return whether this is a data set of pydicom."""
    return _is_instance(candidate, "pydicom.dataset", "Dataset")


def is_pydicom_sequence(candidate: Any) -> bool:
    """Return whether this is a sequence of pydicom."""
    return _is_instance(candidate, "pydicom.sequence", "Sequence")


def is_pydicom_name(candidate: Any) -> bool:
    """Return whether this is a person name of pydicom."""
    return _is_instance(candidate, "pydicom.valuerep", "PersonName")


def is_pydicom_number(candidate: Any) -> bool:
    """Return whether this is a DS or IS of pydicom."""
    return _is_instance(candidate, "pydicom.valuerep", "DSfloat") or _is_instance(
        candidate, "pydicom.valuerep", "IS"
    )


def byte_stream(content: bytes) -> io.BytesIO:
    """Return a file object of bytes: pydicom's `DicomBytesIO` if a program has imported it."""
    module = sys.modules.get("pydicom.filebase")
    cls: type[io.BytesIO] = io.BytesIO if module is None else module.DicomBytesIO
    return cls(content)


def _is_instance(candidate: Any, module_name: str, class_name: str) -> bool:
    module = sys.modules.get(module_name)
    return module is not None and isinstance(candidate, getattr(module, class_name))
