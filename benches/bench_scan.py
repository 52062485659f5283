"""Read 20 elements of every file of a folder at once, where a reader can do that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cases import Contestant
from rivals import RIVALS


@pytest.mark.parametrize("name", [kind.name for kind in RIVALS])
def test_scan(benchmark: Any, line_up: Callable[..., Contestant], name: str) -> None:
    benchmark.pedantic(line_up("scan", name).work, rounds=5, warmup_rounds=1)
