"""A plugin for pytest: pydicom plain or patched, and what became of each test.

`SUITE_MODE` is `plain`, `after` (the package is imported after `patch()`), `before`, or `changed`
(the imports are).
`SUITE_FIRST` names the package, `SUITE_OUTCOMES` the file for the outcomes: a line for what became
of the setup, the call and the teardown of each test, written at once, for a run may be ended.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

MODE = os.environ["SUITE_MODE"]

if MODE == "before":
    importlib.import_module(os.environ["SUITE_FIRST"])
if MODE in ("after", "before"):
    from rapidicom.integrations.pydicom import patch

    patch()


def pytest_runtest_logreport(report: Any) -> None:
    """Note what became of a part of a test."""
    with Path(os.environ["SUITE_OUTCOMES"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps([report.nodeid, report.outcome]) + "\n")
