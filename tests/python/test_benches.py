"""The benchmarks find what they import: they run by hand, and helpers of the tests move."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHES = Path(__file__).resolve().parents[2] / "benches"


@pytest.mark.parametrize("path", sorted(BENCHES.glob("*.py")), ids=lambda path: path.stem)
def test_benchmark_imports(path: Path) -> None:
    program = f"import sys; sys.path.insert(0, {str(BENCHES)!r}); import {path.stem}"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    absent = (
        run.stderr.strip().rpartition("\n")[2].removeprefix("ModuleNotFoundError: No module named ")
    )
    if absent.strip("'") in ("matplotlib", "pytest_benchmark"):
        pytest.skip(f"{absent} is only needed to measure")
    assert run.returncode == 0, run.stderr
