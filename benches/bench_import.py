"""Time `import rapidicom`, beside `import numpy`, which it needs."""

from __future__ import annotations

from typing import Any

import pytest

from cases import import_seconds


@pytest.mark.parametrize("module", ["numpy", "rapidicom"])
def test_import(benchmark: Any, module: str) -> None:
    pytest.importorskip(module)
    benchmark.group = "import in a fresh interpreter"
    benchmark.pedantic(import_seconds, args=(module,), rounds=7, warmup_rounds=1)
