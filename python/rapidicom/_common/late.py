"""Public names of the package that are imported when they are first used."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["names"]

# Each takes a fifth of a millisecond to import, and a program that reads volumes needs none.
_MODULES = [
    "charset",
    "config",
    "datadict",
    "dataelem",
    "dataset",
    "encaps",
    "errors",
    "filereader",
    "filewriter",
    "jsonrep",
    "misc",
    "multival",
    "pixel_data_handlers",
    "sequence",
    "tag",
    "uid",
    "valuerep",
    "values",
    "waveforms",
]
_PLACES = {
    "LabelObject": "labels.finding",
    "Labels": "labels.labels",
    "Structure": "labels.structures",
    "find_labels": "labels.finding",
    "read_labels": "labels.reading",
    "read_structures": "labels.structures",
}


def names(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of the package."""

    def get(name: str) -> Any:
        if name in _MODULES:
            return import_module(f"{package}.{name}")
        if (place := _PLACES.get(name)) is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name)
        value = getattr(import_module(f"{package}.{place}"), name)
        setattr(sys.modules[package], name, value)
        return value

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *_MODULES, *_PLACES})

    return get, listed
