"""The examples in the docstrings of the package run, and give what they show."""

from __future__ import annotations

import ast
import doctest
from collections.abc import Iterator
from pathlib import Path

import pytest

import rapidicom as rd
from data_paths import REPOSITORY

PACKAGE = REPOSITORY / "python" / "rapidicom"

# What users call first: each shows how.
MAIN = (
    "_common.transfer_syntaxes.transfer_syntaxes",
    "_dataset.dataset.Dataset",
    "_dataset.dataset.Dataset.to_pydicom",
    "_dataset.file_reading.dcmread",
    "_dataset.pixel_access.PixelAccess.pixel_array",
    "integrations.pydicom_decoders.register",
    "integrations.pydicom_patch.patch",
    "labels.finding.find_labels",
    "labels.reading.read_labels",
    "labels.structures.read_structures",
    "pixels.lookup_tables.apply_modality_lut",
    "pixels.lookup_tables.apply_voi_lut",
    "pixels.lookup_tables.apply_windowing",
    "pixels.palettes.apply_color_lut",
    "pixels.reading.iter_pixels",
    "pixels.reading.pixel_array",
    "tables.table.Table",
    "tables.table.scan",
    "volumes.batch.read_batch",
    "volumes.finding.find_series",
    "volumes.finding.read_series",
    "volumes.series.Series.read",
    "volumes.tolerances.Tolerances",
    "volumes.volume.Volume",
)

# Libraries that only `make test-ml` installs.
LARGE = ("torch", "monai", "ray")


def examples_of(file: Path) -> Iterator[doctest.DocTest]:
    """Yield the examples of a file, one test a docstring."""
    module = ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
    waiting: list[tuple[str, ast.AST]] = [(module, ast.parse(file.read_text(encoding="utf-8")))]
    while waiting:
        name, node = waiting.pop()
        waiting += [
            (f"{name}.{child.name}", child)
            for child in ast.iter_child_nodes(node)
            if isinstance(child, (ast.ClassDef, ast.FunctionDef))
        ]
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and (
            text := ast.get_docstring(node, clean=False)
        ):
            first_line = node.body[0].lineno - 1
            test = doctest.DocTestParser().get_doctest(text, {}, name, str(file), first_line)
            if test.examples:
                yield test


EXAMPLES = {
    test.name: test
    for pattern in ("*.py", "*.pyi")
    for file in sorted(PACKAGE.rglob(pattern))
    if file.name != "keywords.pyi"
    for test in examples_of(file)
}


@pytest.mark.parametrize("name", sorted({*EXAMPLES, *MAIN}))
def test_example_gives_what_it_shows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert name in EXAMPLES, f"{name} has no example in its docstring"
    monkeypatch.chdir(REPOSITORY)
    test = EXAMPLES[name]
    for library in LARGE:
        if f"integrations.{library} " in "".join(one.source for one in test.examples):
            pytest.importorskip(library, reason=f"{library} is large: make test-ml installs it")
    # Each starts as if `import rapidicom as rd` had been typed.
    test.globs["rd"] = rd
    report: list[str] = []
    results = doctest.DocTestRunner().run(test, out=report.append, clear_globs=False)
    assert results.failed == 0, "".join(report)
