"""Fixtures of all benchmarks: the series, its paths, and the readers that are installed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cases import Contestant, What, check, contestants
from make_series import ensure_series
from rivals import Rival, installed

# How many slices; fewer give a quick look, and nothing to quote.
COUNT = int(os.environ.get("RAPIDICOM_BENCH_COUNT", "1000"))


@pytest.fixture(scope="session")
def paths() -> list[Path]:
    """Return the slices in order, written on first use."""
    return sorted(ensure_series(count=COUNT).iterdir())


@pytest.fixture(scope="session")
def readers() -> list[Rival]:
    """Return every reader that is installed, ours first."""
    return installed()[0]


@pytest.fixture
def line_up(
    benchmark: Any, paths: list[Path], readers: list[Rival]
) -> Callable[[What, str, int | None], Contestant]:
    """Choose one contestant by name and threads, and check its answer against the last reader's."""

    def choose(what: What, name: str, threads: int | None = None) -> Contestant:
        everybody = contestants(what, readers, paths)
        chosen = [one for one in everybody if one.reader == name and threads in (None, one.threads)]
        if not chosen:
            pytest.skip(f"{name} is not installed, or not with {threads} threads")
        check([chosen[0], everybody[-1]])
        benchmark.group = f"{what}, {len(paths)} files"
        benchmark.extra_info.update(
            version=chosen[0].version, threads=chosen[0].threads, cache="warm"
        )
        return chosen[0]

    return choose
