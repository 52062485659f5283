"""Open each file and read 20 elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cases import Contestant
from rivals import RIVALS


@pytest.mark.parametrize("name", [kind.name for kind in RIVALS])
def test_header(benchmark: Any, line_up: Callable[..., Contestant], name: str) -> None:
    benchmark.pedantic(line_up("header", name).work, rounds=5, warmup_rounds=1)
