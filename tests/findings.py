"""What a report found, in the form that tests compare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd


def kinds(source: Any) -> list[str]:
    """Return the kinds of all findings, in order; one kind can occur several times.

    Args:
        source: Issues, a report, or what has one: a series, a volume, an IrregularSeriesError.
    """
    return [issue.kind for issue in _issues(source)]


def kinds_and_errors(source: Any) -> list[tuple[str, bool]]:
    """Return the kind of each finding, and whether it is an error; `source` as for `kinds`."""
    return [(issue.kind, issue.is_error) for issue in _issues(source)]


def paths_of(source: Any, kind: str) -> set[Path]:
    """Return every path that the findings of one kind name; `source` as for `kinds`."""
    return {Path(path) for issue in _issues(source) if issue.kind == kind for path in issue.paths}


def refusal(source: Any, **options: Any) -> rd.Report:
    """Check that `read_series` refuses these files, and return the report that says why."""
    with pytest.raises(rd.IrregularSeriesError) as caught:
        rd.read_series(source, **options)
    report: rd.Report = caught.value.report
    return report


def _issues(source: Any) -> list[rd.Issue]:
    return list(getattr(source, "report", source))
