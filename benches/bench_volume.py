"""Read a series into a volume: float32 Hounsfield units, and stored values into `out`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cases import THREADS, Contestant, extra_peak_memory
from conftest import COUNT
from make_series import ensure_series
from rivals import RIVALS

# What a volume may need beyond its array, whatever its size.
MEMORY_LIMIT = 64 * 2**20


@pytest.mark.parametrize("name", [kind.name for kind in RIVALS])
def test_volume(benchmark: Any, line_up: Callable[..., Contestant], name: str) -> None:
    benchmark.pedantic(line_up("volume", name).work, rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("threads", sorted({1, THREADS}))
def test_stored(benchmark: Any, line_up: Callable[..., Contestant], threads: int) -> None:
    benchmark.pedantic(line_up("stored", "rapidicom", threads).work, rounds=5, warmup_rounds=1)


def test_volume_on_one_thread(benchmark: Any, line_up: Callable[..., Contestant]) -> None:
    benchmark.pedantic(line_up("volume", "rapidicom", 1).work, rounds=5, warmup_rounds=1)


def test_peak_memory() -> None:
    assert extra_peak_memory(ensure_series(count=COUNT)) <= MEMORY_LIMIT
