"""Calls go on, or fail as the contract says, where the system refuses what they ask it for.

Of each fault, a few requests of each call fail, spread over all. With RAPIDICOM_EVERY_FAULT=1 in
the environment every single one does, which takes about an hour, and `pytest -s` shows the table.
"""

from __future__ import annotations

import collections
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import faults_files
from data_paths import REPOSITORY

FAULTS = REPOSITORY / "tests" / "faults"
COMPILER = shutil.which("gcc")
pytestmark = [
    pytest.mark.skipif(
        COMPILER is None or not sys.platform.startswith("linux"),
        reason="faults are put before glibc by LD_PRELOAD, with a library that gcc makes",
    ),
    pytest.mark.timeout(7200),
]
IS_AT_LENGTH = bool(os.environ.get("RAPIDICOM_EVERY_FAULT"))
# Requests of each call and fault that fail.
MOST = 7
SECONDS = 3600 if IS_AT_LENGTH else 120
# No call may take longer, whatever fails.
SLOWEST = 10

# The error of the contract, with the path; on the command line its sentence.
OS_ERROR = {"OSError", "SystemExit"}
# The report, the table or the exception says which file or folder is missing.
REFUSED = {*OS_ERROR, "IrregularSeriesError", "IrregularReportError", "RefusedRowsError"}
NO_MEMORY = {"MemoryError", "SystemExit"}
# What may come beside what is right.
CONTRACT = {
    "allocation:ENOMEM": NO_MEMORY,
    "allocation:ENOMEM:for ever": NO_MEMORY,
    "large:ENOMEM": NO_MEMORY,
    "large:ENOMEM:for ever": NO_MEMORY,
    "thread:EAGAIN": set(),
    "thread:EAGAIN:for ever": set(),
    "open:EMFILE": set(),
    "open:ENFILE": set(),
    "open:EMFILE:for ever": OS_ERROR,
    "open:EINTR": set(),
    "open:EIO": OS_ERROR,
    "open:EACCES": REFUSED,
    "read:EINTR": set(),
    "read:EIO": OS_ERROR,
    "short:EIO": set(),
    "end:EIO": REFUSED,
    "map:ENOMEM": NO_MEMORY,
    "state:EIO": OS_ERROR,
    "state:EACCES": REFUSED,
    "folder:EMFILE": set(),
    "folder:EIO": OS_ERROR,
    "folder:EACCES": REFUSED,
    "entry:EIO": OS_ERROR,
}
CALLS = [
    "scan",
    "scan paths",
    "scan, cache",
    "find_series",
    "find_series, read",
    "read_series",
    "read_series, part",
    "read_series, bytes",
    "read_series, zip",
    "read_batch",
    "read_labels",
    "read_structures",
    "resampled",
    "dcmread",
    "dcmread, bytes",
    "pixel_array",
    "pixel_array, map",
    "pixel_array, codecs",
    "iter_pixels",
    "to_json",
    "dump",
    "waveform_array",
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faults") / "faults.so"
    command = [str(COMPILER), "-shared", "-fPIC", "-o", str(path), str(FAULTS / "faults.c"), "-ldl"]
    subprocess.run(command, check=True, timeout=SECONDS)
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return faults_files.make(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def shown() -> Iterator[list[str]]:
    lines: list[str] = []
    yield lines
    print("", *lines, sep="\n")


def run(library: Path, root: Path, call: str, faults: list[str], first: int) -> tuple[str, str]:
    """What a process that walks through the requests of a call prints, and how it ended."""
    options = ["--first", str(first), *([] if IS_AT_LENGTH else ["--most", str(MOST)])]
    command = [sys.executable, str(FAULTS / "calls.py"), str(root), call, *faults, *options]
    environment = {**os.environ, "LD_PRELOAD": str(library), "RAPIDICOM_FAULTS": str(library)}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        printed, said = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        printed, said = process.communicate()
        return printed, "hangs"
    return printed, f"dies ({process.returncode}): {said[-300:]}" if process.returncode else ""


def outcomes(library: Path, root: Path, call: str) -> dict[str, collections.Counter[str]]:
    """What came of a call for each fault. One that ends the process is told from the others."""
    faults = list(CONTRACT)
    found: dict[str, collections.Counter[str]] = {fault: collections.Counter() for fault in faults}
    first = 1
    while faults:
        printed, end = run(library, root, call, faults, first)
        lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        for line in lines:
            if "ended" in line:
                came = line["outcome"] if line["seconds"] < SLOWEST else "hangs"
                found[line["fault"]][came] += 1
        if not end:
            break
        assert lines, end
        last = lines[-1]
        found[last["fault"]][end] += 1
        faults = faults[faults.index(last["fault"]) :]
        first = last.get("began", last.get("ended", 0)) + 1
    return found


@pytest.mark.parametrize("call", CALLS)
def test_faults_change_nothing_or_are_errors(
    library: Path, root: Path, shown: list[str], call: str
) -> None:
    found = outcomes(library, root, call)
    for fault, came in found.items():
        shown.append(f"{call:20} {fault:22} {sum(came.values()):6}  {dict(came)}")
    assert all(came["right"] for came in found.values()), "the last is untouched"
    wrong = {
        fault: dict(came)
        for fault, came in found.items()
        if set(came) - CONTRACT[fault] - {"right"}
    }
    assert not wrong
