"""Calls go on, or fail as the contract says, where the system refuses what they ask it for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import series_builder
from data_paths import REPOSITORY

FAULTS = REPOSITORY / "tests" / "faults"
SECONDS = 120
COMPILER = shutil.which("gcc")
pytestmark = pytest.mark.skipif(
    COMPILER is None or not sys.platform.startswith("linux"),
    reason="faults are put before glibc by LD_PRELOAD, with a library that gcc makes",
)
MANY_FILE_CALLS = ["scan", "scan paths", "find_series, read", "read_series", "read_batch"]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faults") / "faults.so"
    command = [str(COMPILER), "-shared", "-fPIC", "-o", str(path), str(FAULTS / "faults.c"), "-ldl"]
    subprocess.run(command, check=True, timeout=SECONDS)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slices")
    series_builder.series(folder, series_builder.Stack(count=24))
    return folder


def outcomes(library: Path, folder: Path, call: str, kind: str, *options: str) -> list[str]:
    """What came of a call while its first, second, ... request failed; the last was untouched."""
    command = [sys.executable, str(FAULTS / "calls.py"), str(folder), call, kind, *options]
    environment = {**os.environ, "LD_PRELOAD": str(library), "RAPIDICOM_FAULTS": str(library)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (lines[-1:], done.stderr)
    return [line["outcome"] for line in lines if "ended" in line]


@pytest.mark.parametrize("options", [[], ["--for-ever"]], ids=["one", "all after it"])
@pytest.mark.parametrize("call", MANY_FILE_CALLS)
def test_threads_that_do_not_start_change_nothing(
    library: Path, folder: Path, call: str, options: list[str]
) -> None:
    """As under `ulimit -u`, a container's limit, or without room for another stack."""
    came = outcomes(library, folder, call, "thread", "--error", "EAGAIN", *options)
    assert len(came) > 1, "a thread was asked for"
    assert set(came) == {"right"}
