"""A plugin for pytest that runs pydicom's tests on Rapidicom and writes what became of each."""

from __future__ import annotations

import json
import os
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from . import substitute
from .rules import reason_not_to_count, reason_of_refusals

substitute.install()

OUTCOMES: dict[str, dict[str, Any]] = {}

# What was refused since the last test began, even if the test has caught it.
REFUSED: list[str] = []


def _note_refusals() -> None:
    from rapidicom.errors import UnsupportedError

    plain = UnsupportedError.__init__

    def noted(self: Any, message: str, **place: Any) -> None:
        REFUSED.append(message)
        plain(self, message, **place)

    UnsupportedError.__init__ = noted  # type: ignore[method-assign]


_note_refusals()


# The class that users catch is asked for; the words are ours.
def _in_other_words(check: Any) -> Any:
    def checked(*arguments: Any, match: Any = None, **keywords: Any) -> Any:
        del match
        return check(*arguments, **keywords)

    return checked


@contextmanager
def _warns(*arguments: Any, match: Any = None, **keywords: Any) -> Any:
    """Do what `pytest.warns` does, but take any words, and pass the warnings on to outer blocks."""
    del match
    with _plain_warns(*arguments, **keywords) as found:
        yield found
    for each in found:
        warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


_plain_warns = pytest.warns
pytest.raises = _in_other_words(pytest.raises)
pytest.warns = _warns  # type: ignore[assignment]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    outcome = yield
    report = outcome.get_result()
    entry = OUTCOMES.setdefault(item.nodeid, {"outcome": "passed", "message": "", "kind": ""})
    if report.failed:
        entry.update(
            outcome="failed", message=str(call.excinfo.value)[:300], kind=call.excinfo.type.__name__
        )
    elif report.skipped and entry["outcome"] == "passed":
        entry["outcome"] = "skipped"
    entry.setdefault("reason", reason_not_to_count(item))
    entry["reason"] = entry["reason"] or reason_of_refusals(REFUSED)
    if substitute.MISSING_FILES in entry["message"]:
        entry["reason"] = "file"
    if report.when == "teardown":
        REFUSED.clear()


def pytest_sessionfinish() -> None:
    Path(os.environ["PYDICOM_SUITE_OUTCOMES"]).write_text(json.dumps(OUTCOMES, indent=1))
