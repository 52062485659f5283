"""The tutorials of docs/training.md run, and values in their comments are true."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import s3fs

from data_paths import REPOSITORY
from series_builder import Stack, series
from servers import s3_server

sys.path.insert(0, str(REPOSITORY / "tests" / "python"))
from test_readme import examples_of, run

PAGE = REPOSITORY / "docs" / "training.md"


def sections() -> dict[str, list[str]]:
    """Return the examples of each tutorial, by its heading."""
    found = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    named = {text.partition("\n")[0]: examples_of(text) for text in found}
    return {heading: examples for heading, examples in named.items() if examples}


def test_examples_run_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one namespace, as someone who types them does; the bucket is one that is started here."""
    (tmp_path / "tests").symlink_to(REPOSITORY / "tests")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    names: dict[str, Any] = {}
    with s3_server() as (url, _):
        fs = s3fs.S3FileSystem(key="reader", secret="…", endpoint_url=url)
        fs.mkdir("images")
        for path in series(tmp_path / "ct", Stack(count=8)).paths:
            fs.pipe(f"images/ct/{path.name}", path.read_bytes())
        for heading, examples in sections().items():
            shown = [example.replace("http://localhost:9000", url) for example in examples]
            assert sum(run(example, names, heading) for example in shown) > 0
