"""Calls go on with what the system grants, or fail as the contract says: real limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import faults_files
import series_builder
from builder import Element, Items, file_bytes

resource = pytest.importorskip("resource", reason="limits of this process are those of Unix")
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="what a limit counts differs elsewhere"
)
gives_its_rights_away = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="needs rights, to give them away"
)
SECONDS = 120
COUNT = 40
PROGRAM = """
import hashlib, json, os, resource, sys, threading
import numpy as np
import rapidicom as rd

folder, limit, kind, many, *coded = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]
paths = sorted(os.path.join(folder, name) for name in os.listdir(folder))
calls = {
    "scan": lambda: len(rd.scan(folder, ["InstanceNumber"], workers=16)),
    "read_series": lambda: digest(rd.read_series(folder, workers=16)),
    "find_series": lambda: digest(rd.find_series(folder, workers=16)[0].read(workers=16)),
    "read_batch": lambda: md5(rd.read_batch(paths, workers=16)),
    "items": lambda: sum(len(item) for item in rd.dcmread(many).ReferencedSeriesSequence),
    "codecs": lambda: [md5(rd.dcmread(path).pixel_array) for path in coded],
    "pixel_array": lambda: md5(rd.dcmread(paths[0]).pixel_array),
}

def md5(array):
    return hashlib.md5(array.tobytes()).hexdigest()

def digest(volume):
    return md5(volume.array)

def outcome(call):
    try:
        return call()
    except Exception as error:
        return [type(error).__name__, getattr(error, "errno", None), str(error.__class__.__mro__)]

calls["pixel_array"]()  # What a process makes once.
held = []
if kind == "descriptors":
    # As many as the limit leaves are free.
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    try:
        while True:
            held.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    for _ in range(limit):
        os.close(held.pop())
elif kind == "address space":
    used = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + limit, used + limit))
elif kind == "threads":
    resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
    os.setuid(65534)
found = {name: outcome(call) for name, call in calls.items()}
for file in held:
    os.close(file)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A series where another user may read it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        series_builder.series(folder, series_builder.Stack(count=COUNT))
        yield folder


@pytest.fixture(scope="module")
def others() -> Iterator[list[str]]:
    """A file of 60,000 items, and compressed ones."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        items = Items([[Element(0x0020000E, "UI", "1.2")]] * 60_000)
        many = Path(place) / "items"
        many.write_bytes(file_bytes([Element(0x00081115, "SQ", items)]))
        files = faults_files.make(Path(place) / "files") / "files"
        yield [str(many), *map(str, sorted(files.glob("pixels_*")))]


def found(folder: Path, limit: int, kind: str, others: list[str]) -> dict[str, object]:
    """What each call gives under a limit."""
    command = [sys.executable, "-c", PROGRAM, str(folder), str(limit), kind, *others]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, (kind, limit, done.returncode, done.stderr[-500:])
    results: dict[str, object] = json.loads(done.stdout)
    return results


@pytest.fixture(scope="module")
def expected(folder: Path, others: list[str]) -> dict[str, object]:
    return found(folder, 0, "no limit", others)


@pytest.mark.parametrize("free", [0, 1, 2, 3, 5, 17])
def test_few_descriptors_are_enough_or_an_error(
    folder: Path, others: list[str], expected: dict[str, object], free: int
) -> None:
    """One is enough: threads wait for each other's."""
    for name, came in found(folder, free, "descriptors", others).items():
        if free:
            assert came == expected[name], (name, free)
        else:
            assert isinstance(came, list)
            assert came[:2] == ["OSError", 24], (name, came)


@pytest.mark.parametrize("room", [0, 1, 3, 5, 8, 12, 15, 20, 26, 40, 200])
def test_little_address_space_is_enough_or_an_error(
    folder: Path, others: list[str], expected: dict[str, object], room: int
) -> None:
    """Threads that do not start are done without; what is not there is a `MemoryError`."""
    for name, came in found(folder, room << 20, "address space", others).items():
        if came != expected[name]:
            assert isinstance(came, list), (name, room)
            assert came[0] == "MemoryError", (name, room, came)


@gives_its_rights_away
@pytest.mark.parametrize("most", [1, 2, 4])
def test_threads_that_are_not_granted_change_nothing(
    folder: Path, others: list[str], expected: dict[str, object], most: int
) -> None:
    for name, came in found(folder, most, "threads", others).items():
        assert came == expected[name], (name, most)


CLOSED = """
import json, os, sys
import rapidicom as rd

folder, closed = sys.argv[1:]
rd.read_series(folder)
os.chmod(closed, 0)
os.setuid(65534)
(series,) = rd.find_series(folder)
try:
    rd.read_series(folder)
    raised = None
except rd.IrregularSeriesError as error:
    raised = [[issue.kind, list(map(str, issue.paths))] for issue in error.report.errors]
try:
    alone = len(rd.scan(closed))
except OSError as error:
    alone = [type(error).__name__, error.filename]
table = rd.scan(folder, ["InstanceNumber"])
print(json.dumps([
    [[issue.kind, list(map(str, issue.paths))] for issue in series.report.errors],
    raised,
    series.read(irregular="keep").shape[0],
    len(table),
    [str(error.path if hasattr(error, "path") else error.filename) for error in table.errors],
    alone,
]))
"""


@gives_its_rights_away
@pytest.mark.parametrize("closes", ["first", "last", "folder"])
def test_what_may_not_be_read_is_an_error_of_the_report(folder: Path, closes: str) -> None:
    """A volume without it would be shorter than its folder, and may end in front of it."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    closed = {"first": files[0], "last": files[-1], "folder": folder / "more"}[closes]
    if closes == "folder":
        closed.mkdir(exist_ok=True)
    command = [sys.executable, "-c", CLOSED, str(folder), str(closed)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    finally:
        closed.chmod(0o755)
        if closes == "folder":
            closed.rmdir()
    assert done.returncode == 0, done.stderr
    issues, raised, kept, rows, errors, alone = json.loads(done.stdout)
    left = COUNT - (closes != "folder")
    assert issues == raised
    assert issues[0] == ["unreadable", [str(closed)]]
    assert {kind for kind, _ in issues[1:]} <= {"gap"}
    assert (kept, rows, errors) == (left, left, [str(closed)])
    if closes == "folder":
        assert alone == ["PermissionError", str(closed)]
    else:
        assert alone == 0, "a named file costs its row"
