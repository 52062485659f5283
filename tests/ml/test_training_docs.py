"""The tutorials of docs/training.md run, and values in their comments are true."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from data_paths import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tests" / "python"))
from test_readme import examples_of, run

PAGE = REPOSITORY / "docs" / "training.md"


def sections() -> dict[str, list[str]]:
    """Return the examples of each tutorial, by its heading."""
    found = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    named = {text.partition("\n")[0]: examples_of(text) for text in found}
    return {heading: examples for heading, examples in named.items() if examples}


@pytest.mark.parametrize("heading", [name for name in sections() if name == "Train on a folder"])
def test_examples_run(heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tests").symlink_to(REPOSITORY / "tests")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    checked = [run(example, names, heading) for example in sections()[heading]]
    assert sum(checked) > 0
