"""The rooms of the package: who may import whom. STYLE.md shows the same table.

Every import counts: at the top of a module, inside a function, and for types alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import rapidicom
from data_paths import REPOSITORY

PACKAGE = REPOSITORY / "python" / "rapidicom"

# The table of STYLE.md, top row first. A module uses its own room, what follows it in its row, and
# the rows below.
LAYERS = (
    ("__main__", "cli"),
    ("integrations",),
    ("rapidicom", "pydicom's paths"),
    ("labels", "volumes", "tables"),
    ("_dataset",),
    ("pixels", "handed over", "sources"),
    ("_values",),
    ("_common", "_core"),
)

# Modules under the names that pydicom has for them, each a list of names from the rooms.
PYDICOMS_PATHS = frozenset(
    """
    charset config datadict dataelem dataset encaps errors filereader fileset filewriter jsonrep
    misc multival overlays pixel_data_handlers sequence tag uid valuerep values waveforms
    """.split()  # noqa: SIM905  # it reads better than a list
)

# What a method of ours hands itself to: these know a data set or volume by a protocol alone.
HANDED_OVER = frozenset(
    """
    dask nibabel pydicom_dataset pydicom_elements pydicom_items pydicom_reading pydicom_values
    pydicom_writing sitk torch_tensors xarray zarr
    """.split()  # noqa: SIM905  # it reads better than a list
)

Imports = dict[str, set[str]]


def module_of(path: Path) -> str:
    """Return the dotted name of a module, without that of the package: `pixels.reading`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "rapidicom"


MODULES = {
    module_of(path): path for path in PACKAGE.rglob("*.py*") if path.suffix in (".py", ".pyi")
}


def room_of(module: str) -> str:
    """Return the entry of the table that a module belongs to."""
    first, _, rest = module.partition(".")
    if first in PYDICOMS_PATHS:
        return "pydicom's paths"
    if first == "integrations" and rest in HANDED_OVER:
        return "handed over"
    return first


def imported(source: str, modules: frozenset[str]) -> Iterator[str]:
    """Yield the modules of the package that a source imports, wherever it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            # `from rapidicom.cli import terminal` is the module, if there is one of that name.
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if known(name) in modules else node.module for name in names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "rapidicom":
                yield known(name)


def known(name: str) -> str:
    return name.removeprefix("rapidicom.")


def all_imports() -> Imports:
    modules = frozenset(MODULES)
    return {
        module: set(imported(path.read_text(encoding="utf-8"), modules)) - {module}
        for module, path in MODULES.items()
    }


def place(room: str) -> tuple[int, int]:
    return next((row, rooms.index(room)) for row, rooms in enumerate(LAYERS) if room in rooms)


def forbidden(imports: Imports) -> list[str]:
    """Return a sentence for each import that the table does not allow."""
    sentences = []
    for module, used in sorted(imports.items()):
        for other in sorted(used):
            here, there = room_of(module), room_of(other)
            if here != there and place(here) > place(there):
                sentences.append(
                    f"{module} imports {other}: {there} stands above {here} or to its left"
                )
    return sentences


def circles(imports: Imports) -> list[list[str]]:
    """Return the groups of modules that import each other, by Tarjan's algorithm."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        stack.append(module)
        for other in sorted(imports.get(module, ())):
            if other not in order:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], order[other])
        if lowest[module] == order[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1:
                found.append(sorted(group))

    for module in sorted(imports):
        if module not in order:
            visit(module)
    return found


def test_every_module_is_in_a_room() -> None:
    assert (
        not {"rapidicom", "_core", "volumes.series", "integrations.torch_tensors"} - MODULES.keys()
    )
    rooms = {room for row in LAYERS for room in row}
    assert {room_of(module) for module in MODULES} == rooms
    assert {module.split(".")[0] for module in MODULES} >= PYDICOMS_PATHS
    assert {f"integrations.{name}" for name in HANDED_OVER} <= MODULES.keys()


def test_rooms_import_only_what_is_below_them() -> None:
    assert not forbidden(all_imports())


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not circles(all_imports())


def test_the_table_is_that_of_the_style_guide() -> None:
    style = (REPOSITORY / "STYLE.md").read_text(encoding="utf-8")
    table = style.split("### Layers of the package", 1)[1].split("\n### ", 1)[0]
    rows = [
        line.split("|")[2]
        for line in table.splitlines()
        if line.startswith("| ") and line[2].isdigit()
    ]
    assert tuple(tuple(name.strip(" `") for name in row.split(",")) for row in rows) == LAYERS


def test_pydicoms_paths_hold_names_alone() -> None:
    for name in PYDICOMS_PATHS - {"filewriter", "pixel_data_handlers"}:
        tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
        assert not [
            node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        ], name


def test_the_installed_package_is_the_one_that_is_looked_at() -> None:
    installed = Path(rapidicom.__file__).parent
    for module, path in MODULES.items():
        assert (installed / path.relative_to(PACKAGE)).exists(), module


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import rapidicom as rd", ["rapidicom"]),
        ("import rapidicom.tag", ["tag"]),
        ("from rapidicom import _core, uid", ["_core", "uid"]),
        ("from rapidicom import dcmread", ["rapidicom"]),
        ("from rapidicom.cli import terminal", ["cli.terminal"]),
        ("def f():\n    from rapidicom._values.uid import UID", ["_values.uid"]),
        ("if TYPE_CHECKING:\n    from rapidicom.tag import Tag", ["tag"]),
        ("import numpy as np\nfrom pydicom import uid", []),
    ],
)
def test_imports_are_found_in_every_form(source: str, expected: list[str]) -> None:
    modules = frozenset(("rapidicom", "tag", "uid", "_core", "cli", "cli.terminal", "_values.uid"))
    assert list(imported(source, modules)) == expected


def test_a_forbidden_import_and_a_circle_are_found() -> None:
    imports = {
        "_values.uid": {"volumes.series"},
        "volumes.series": {"_dataset.dataset", "volumes.part"},
        "volumes.part": {"volumes.series"},
    }
    assert forbidden(imports) == [
        "_values.uid imports volumes.series: volumes stands above _values or to its left"
    ]
    assert circles(imports) == [["volumes.part", "volumes.series"]]
