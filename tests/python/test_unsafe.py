"""Every `unsafe` of ours is in the table of docs/development.md, and the table has no other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNSAFE = re.compile(r"\bunsafe\s*(\{|fn|impl|trait|extern)")


def test_table_has_every_unsafe_site() -> None:
    page = (ROOT / "docs" / "development.md").read_text("utf-8")
    section = page.split("## `unsafe`\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    listed = re.findall(r"^\| `([^`]+)`", "\n".join(rows), re.MULTILINE)
    found = set()
    for path in (ROOT / "rust").rglob("*.rs"):
        code = re.sub(r"//.*", "", path.read_text("utf-8"))
        name = path.relative_to(ROOT).as_posix()
        if UNSAFE.search(code):
            found.add(name)
    assert set(listed) == found
    # Tests and records that it names are there.
    for name in re.findall(r"`((?:tests|benches)/[^`]+)`", section):
        assert (ROOT / name).exists(), name
