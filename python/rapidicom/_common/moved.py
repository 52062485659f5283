"""Modules of version 0.1 under their old names, for pickles and for programs that import them.

Public classes say where users import them from (`__module__`), so that pickles made from now on do
not depend on where the code is.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["MOVED"]

MOVED: dict[str, str | tuple[str, ...]] = {
    "arrays": "_common.arrays",
    "cache": "tables.index",
    "comparison": "cli.comparison",
    "contact_sheet": "cli.contact_sheet",
    "datetimes": "_values.dates_and_times",
    "file_meta": "_dataset.dataset",
    "lookup_tables": "pixels.lookup_tables",
    "palettes": "pixels.palettes",
    "part": "volumes.part",
    "personname": "_values.person_name",
    "png": "cli.png",
    "printing": "_dataset.printing",
    "private_block": "_dataset.private_block",
    "rawelement": "_dataset.raw_element",
    "report": "volumes.report",
    "scaling": "volumes.scaling",
    "series": ("volumes.series", "volumes.finding", "volumes.batch"),
    "table": "tables.table",
    "terminal": "cli.terminal",
    "text_table": "_common.text_table",
    "tolerances": "volumes.tolerances",
    "transfer_syntaxes": "_common.transfer_syntaxes",
    "volume": "volumes.volume",
    "well_known_palettes": "pixels.well_known_palettes",
}


class _Moved(ModuleType):
    """Takes the place of a module that moved, and looks its names up in the new ones."""

    def __init__(self, name: str, places: tuple[str, ...]) -> None:
        super().__init__(name, f"The same as {' and '.join(f'`{place}`' for place in places)}.")
        self.__dict__["_places"] = places

    def __getattr__(self, name: str) -> Any:
        # Programs that look through all modules ask for names like this one.
        if not name.startswith("__"):
            for place in self.__dict__["_places"]:
                module = import_module(place)
                if hasattr(module, name):
                    return getattr(module, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name)


_package = sys.modules["rapidicom"]
for _name, _place in MOVED.items():
    _names = (_place,) if isinstance(_place, str) else _place
    _module = _Moved(f"rapidicom.{_name}", tuple(f"rapidicom.{place}" for place in _names))
    sys.modules[_module.__name__] = _module
    setattr(_package, _name, _module)
