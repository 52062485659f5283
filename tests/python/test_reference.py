"""The reference has every public name, with what goes in, what comes out and what is raised."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd
from data_paths import REPOSITORY

PACKAGE = Path(rd.__file__).parent
STUB = PACKAGE / "_core.pyi"
SECTION = re.compile(r"^(Args|Returns|Yields|Raises|Attributes|Example|Examples):$")
# Summaries that say what is returned.
SAYS_WHAT_COMES = re.compile(r"^(Return|Yield|List|Read|Find|Open|Make|Apply|Turn|Remove|Raise)\b")
# List's, Exception's: Python documents them.
BUILTINS = (list, dict, tuple, BaseException, Exception, object)


@dataclass(frozen=True)
class Entry:
    """A function, a method or a property of the reference.

    Attributes:
        name: As users write it.
        node: Its definition, in a module or in the stub of the native one.
    """

    name: str
    node: ast.FunctionDef

    @property
    def doc(self) -> str:
        return ast.get_docstring(self.node) or ""

    @property
    def is_property(self) -> bool:
        return any(
            "property" in ast.unparse(one) or ".setter" in ast.unparse(one)
            for one in self.node.decorator_list
        )

    @property
    def parameters(self) -> list[str]:
        given = self.node.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        names = [one.arg for one in every if one is not None]
        return [name for name in names if name not in ("self", "cls")]

    @property
    def returned(self) -> str:
        return "" if self.node.returns is None else ast.unparse(self.node.returns)

    @property
    def sections(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        lines: list[str] = []
        for line in self.doc.splitlines():
            if match := SECTION.match(line):
                lines = found.setdefault(match[1], [])
            elif line and not line.startswith(" "):
                lines = []
            else:
                lines.append(line)
        return found


def definition(tree: ast.Module, owner: str | None, name: str) -> ast.FunctionDef | None:
    """The first definition of a name in a module, or in a class of it."""
    classes = {one.name: one for one in ast.walk(tree) if isinstance(one, ast.ClassDef)}
    scope = classes.get(owner or "", tree)
    functions = (one for one in ast.walk(scope) if isinstance(one, ast.FunctionDef))
    overloads = [one for one in functions if one.name == name]
    documented = [one for one in overloads if ast.get_docstring(one)]
    return next(iter([*documented, *overloads]), None)


def file_of(member: Any) -> Path:
    """Where a method or a property is written: the stub, for a native one."""
    for inner in ("fget", "func", "__func__"):
        member = getattr(member, inner, member)
    code = getattr(inspect.unwrap(member), "__code__", None)
    return STUB if code is None else Path(code.co_filename)


def members(cls: type) -> Iterator[Entry]:
    """The methods and properties of a class that the reference shows."""
    for name in sorted(name for name in dir(cls) if not name.startswith("_")):
        owner = next(one for one in cls.__mro__ if name in vars(one))
        member = vars(owner)[name]
        # Fields are explained in the docstring of their class.
        is_field = inspect.ismemberdescriptor(member) or isinstance(member, (int, float, str))
        if owner in BUILTINS or inspect.isclass(member) or is_field:
            continue
        file = file_of(member)
        if PACKAGE in file.parents:
            node = definition(ast.parse(file.read_text(encoding="utf-8")), owner.__name__, name)
            assert node is not None, name
            yield Entry(f"{cls.__name__}.{name}", node)


def entries() -> Iterator[Entry]:
    for name in rd.__all__:
        one = getattr(rd, name)
        if inspect.isclass(one):
            yield from members(one)
        elif inspect.isfunction(one):
            node = definition(ast.parse(inspect.getsource(one)), None, one.__name__)
            assert node is not None
            yield Entry(name, node)


ENTRIES = {entry.name: entry for entry in entries()}
FUNCTIONS = {name: entry for name, entry in ENTRIES.items() if not entry.is_property}


def test_every_public_name_has_an_entry() -> None:
    page = (REPOSITORY / "docs" / "reference.md").read_text(encoding="utf-8")
    names = re.findall(r"^::: rapidicom\.(\w+)$", page, re.MULTILINE)
    assert names == [name for name in rd.__all__ if name != "__version__"]


@pytest.mark.parametrize("name", ENTRIES)
def test_entry_has_a_sentence(name: str) -> None:
    assert ENTRIES[name].doc.splitlines()[:1] not in ([], [""])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_explained(name: str) -> None:
    entry = FUNCTIONS[name]
    if entry.returned == "NoReturn":
        return
    lines = re.findall(r"^ {4}(\S.*?):", "\n".join(entry.sections.get("Args", [])), re.M)
    explained = {name.strip(" *`") for line in lines for name in line.split(",")}
    assert explained == set(entry.parameters)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_returned_is_said(name: str) -> None:
    entry = FUNCTIONS[name]
    if entry.returned in ("", "None", "NoReturn"):
        return
    assert {"Returns", "Yields"} & entry.sections.keys() or SAYS_WHAT_COMES.match(entry.doc)


@pytest.mark.parametrize("name", ENTRIES)
def test_arrays_have_a_shape(name: str) -> None:
    entry = ENTRIES[name]
    if "NDArray" in entry.returned:
        assert re.search(r"[Ss]hape|\(\w+, \w+|as many as|A number a|one a ", entry.doc)


@pytest.mark.parametrize("name", ENTRIES)
def test_what_is_raised_is_said(name: str) -> None:
    entry = ENTRIES[name]
    raised = {
        call.id
        for one in ast.walk(entry.node)
        if isinstance(one, ast.Raise) and isinstance(one.exc, ast.Call)
        for call in [one.exc.func]
        if isinstance(call, ast.Name) and call.id[0].isupper()
    }
    said = " ".join([*entry.sections.get("Raises", []), entry.doc.splitlines()[0]])
    assert {name for name in raised if name not in said} == set()
