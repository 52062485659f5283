"""A plugin for pytest: pydicom plain or patched, and what became of each test.

`SUITE_MODE` is `plain`, `after` (the package is imported after `patch()`), `before`, or `changed`
(the imports are).
`SUITE_FIRST` names the package, `SUITE_OUTCOMES` the file for the outcomes.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

OUTCOMES: dict[str, str] = {}
MODE = os.environ["SUITE_MODE"]

if MODE == "before":
    importlib.import_module(os.environ["SUITE_FIRST"])
if MODE in ("after", "before"):
    from rapidicom.integrations.pydicom import patch

    patch()


def pytest_runtest_logreport(report: Any) -> None:
    """Note the worst that became of each test."""
    before = OUTCOMES.setdefault(report.nodeid, "passed")
    if report.failed:
        OUTCOMES[report.nodeid] = "failed"
    elif report.skipped and before == "passed":
        OUTCOMES[report.nodeid] = "skipped"


def pytest_sessionfinish() -> None:
    """Write the outcomes."""
    Path(os.environ["SUITE_OUTCOMES"]).write_text(json.dumps(OUTCOMES), encoding="utf-8")
