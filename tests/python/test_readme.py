"""The README and docs: examples run on the series that ships, what they point to exists, tables are whole."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^    rapidicom (\w+) ", README, flags=re.MULTILINE)


def test_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """They run in order and in one namespace, as someone who types them does."""
    pytest.importorskip("pandas")
    pytest.importorskip("nibabel")
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    assert len(EXAMPLES) >= 6
    for number, example in enumerate(EXAMPLES, start=1):
        exec(compile(example, f"README.md, example {number}", "exec"), names)

    assert names["ds"].Modality == "MR"
    assert len(names["table"]) == 40
    assert names["vol"].array.shape == (40, 80, 80)
    assert names["vol"].report.issues == []
    assert (names["out"] == names["vol"].array).all()
    assert names["batch"].shape == (16, 80, 80)


def test_commands_are_those_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    from rapidicom.cli import main

    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert re.findall(r"^    (\w+)  ", printed, flags=re.MULTILINE) == COMMANDS


def test_files_it_points_to_exist() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def transfer_syntax_rows() -> list[str]:
    """The rows of the README's table: neighbours with the same answer are one."""
    rows = []
    for decoder, group in itertools.groupby(
        rd.transfer_syntaxes(), lambda row: (row.byte_order, row.is_encapsulated, row.decoder, row.why_not)
    ):
        order, is_encapsulated, name, why_not = decoder
        uids = [row.uid.replace("1.2.840.10008.1.", "…") for row in group]
        uids = uids if len(uids) < 5 else [uids[0], "to", uids[-1]]
        pixels = "fragments" if is_encapsulated else "native"
        rows.append(
            f"| {', '.join(uids).replace(', to, ', ' to ')} | {order} | {pixels} | {name or why_not} |"
        )
    return rows


def test_the_table_of_transfer_syntaxes_is_that_of_the_library() -> None:
    assert [line for line in README.splitlines() if line.startswith("| …")] == transfer_syntax_rows()


def test_every_kind_of_finding_is_explained_in_the_order_of_reports() -> None:
    """`docs/report.md` names the kinds that the core can report, and no others."""
    source = (ROOT / "rust/core/src/series/report.rs").read_text(encoding="utf-8")
    kinds = re.findall(r'IssueKind::\w+ => "(\w+)"', source)
    explained = re.findall(
        r"^\| `(\w+)` \|", (ROOT / "docs/report.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert len(kinds) > 20
    assert explained == kinds
