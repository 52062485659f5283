"""The work that is timed, by whom, and its right answer, for pytest and for `run.py`.

All of it with a warm page cache: the answers are checked first, which reads every file.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from rivals import KEYWORDS, Rival, normalised

What = Literal["header", "scan", "volume", "stored"]
WHATS: tuple[What, ...] = get_args(What)
THREADS = os.cpu_count() or 1
FLOOR_SOURCE = Path(__file__).resolve().parent / "rust" / "floor.rs"


@dataclass(frozen=True)
class Contestant:
    """One reader at one piece of work.

    Attributes:
        reader: Name, as in `rivals.py`.
        version: Of the reader.
        threads: How many it uses.
        work: What is timed.
        answer: Turns what `work` gives into what is compared with others; not timed.
    """

    reader: str
    version: str
    threads: int
    work: Callable[[], Any]
    answer: Callable[[Any], Any]

    @property
    def key(self) -> tuple[str, int]:
        """Tells the contestants at one piece of work apart."""
        return self.reader, self.threads


def contestants(what: What, readers: Iterable[Rival], paths: Sequence[Path]) -> list[Contestant]:
    """Line up everybody who does one piece of work.

    Args:
        what: `"header"`: open each file and ask for 20 elements; ours is `dcmread`. `"scan"`: the
            same elements of all files at once, where a reader can do that. `"volume"`: Hounsfield
            units, float32, in fresh memory. `"stored"`: stored values into an array that is there
            already.
        readers: Who takes part; `"stored"` is ours alone, and we do both volumes on one thread too.
        paths: The slices in order.
    """
    lined_up = []
    for reader in readers:
        ours = reader.name == "rapidicom"
        if what == "stored":
            if ours:
                lined_up += _stored(reader, paths)
        elif what == "volume":
            threads = THREADS if ours else 1
            lined_up.append(_contestant(reader, threads, _work(reader.volume, paths), np.asarray))
            if threads > 1:
                lined_up.append(
                    _contestant(reader, 1, _work(_volume_on_one_thread, reader, paths), np.asarray)
                )
        else:
            many = ours and what == "scan"
            work = _work(reader.scan if what == "scan" else reader.header, paths, KEYWORDS)
            lined_up.append(_contestant(reader, THREADS if many else 1, work, _rows_of(reader)))
    return lined_up


def _contestant(
    reader: Rival, threads: int, work: Callable[[], Any], answer: Callable[[Any], Any]
) -> Contestant:
    return Contestant(reader.name, reader.version, threads, work, answer)


def _work(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: function(*arguments)


def _rows_of(reader: Rival) -> Callable[[Any], Any]:
    return lambda answer: normalised(reader.rows(answer), KEYWORDS)


def _volume_on_one_thread(reader: Rival, paths: Sequence[Path]) -> Any:
    return reader.api.read_series(paths, workers=1).array


def _stored(reader: Rival, paths: Sequence[Path]) -> list[Contestant]:
    (found,) = reader.api.find_series(paths)
    out = np.zeros(found.shape, np.uint16)

    def read(workers: int | None) -> Any:
        return reader.api.read_series(paths, values="stored", out=out, workers=workers).array

    # The intercept of the series is -1024, so that the answer compares with the other volumes.
    def to_modality(array: Any) -> Any:
        return array.astype(np.float32) - 1024

    threads = sorted({THREADS, 1}, reverse=True)
    return [
        _contestant(reader, count, _work(read, None if count == THREADS else count), to_modality)
        for count in threads
    ]


def check(lined_up: Sequence[Contestant], expected: Any = None) -> Any:
    """Run everybody once and compare all answers, bit for bit.

    Args:
        lined_up: Who is compared.
        expected: The answer; default: that of the last, which is the slowest and most trusted.

    Returns:
        The answer.

    Raises:
        AssertionError: Two readers differ.
    """
    for contestant in reversed(lined_up):
        answer = contestant.answer(contestant.work())
        if expected is None:
            expected = answer
        same = (
            np.array_equal(answer, expected)
            if isinstance(expected, np.ndarray)
            else answer == expected
        )
        if not same:
            raise AssertionError(f"the answer of {contestant.reader} is not the others'")
    return expected


@dataclass(frozen=True)
class Floor:
    """Seconds that the work costs at least; see `floor.rs`."""

    header: float
    stored: float
    volume: float

    def of(self, what: What) -> float:
        """Return the floor under one piece of work."""
        return self.header if what == "scan" else float(getattr(self, what))


def compile_floor() -> Path:
    """Compile the floor for this machine, unless that has been done since it changed."""
    program = Path(tempfile.gettempdir()) / f"rapidicom-floor-{FLOOR_SOURCE.stat().st_mtime_ns}"
    if not program.exists():
        subprocess.run(
            [
                "rustc",
                "--edition=2021",
                "-O",
                "-Ctarget-cpu=native",
                "-o",
                str(program),
                str(FLOOR_SOURCE),
            ],
            check=True,
        )
    return program


def measure_floor(folder: Path, threads: int = THREADS) -> Floor:
    """Run the floor over a folder that holds nothing but the series."""
    printed = subprocess.run(
        [str(compile_floor()), str(folder), str(threads)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return Floor(*(float(number) for number in printed.split()))


def seconds_of(work: Callable[[], Any]) -> float:
    """Time one run, giving back what it made included, as in the floor."""
    start = time.perf_counter()
    answer = work()
    del answer
    return time.perf_counter() - start


def turn(work: Callable[[], Any], repetitions: int = 7, patience: float = 1.0) -> float:
    """Time one turn of a contestant: the median of as many runs as the floor's, or as fit a second.

    A single run would pay for the caches that the one before has left, the more the shorter it is.
    """
    runs: list[float] = []
    while not runs or (len(runs) < repetitions and sum(runs) < patience):
        runs.append(seconds_of(work))
    return statistics.median(runs)


def interleaved(
    lined_up: Sequence[Contestant], folder: Path, what: What, rounds: int, patience: float = 30.0
) -> tuple[dict[tuple[str, int], list[float]], list[Floor]]:
    """Time everybody in turn, in rounds, so that a slow spell of the machine hits all alike.

    Args:
        lined_up: Who is timed.
        folder: The series, for the floor, which takes part in every round.
        what: Whose floor is of interest; the others come with it.
        rounds: How many.
        patience: Seconds after which a reader leaves the rounds, once it has had three turns.

    Returns:
        Seconds of each turn by contestant, and the floors.
    """
    taken: dict[tuple[str, int], list[float]] = {one.key: [] for one in lined_up}
    floors = []
    for _ in range(rounds):
        floors.append(measure_floor(folder))
        for one in lined_up:
            if len(taken[one.key]) < 3 or sum(taken[one.key]) < patience:
                taken[one.key].append(turn(one.work))
    if statistics.median(floor.of(what) for floor in floors) <= 0:
        raise RuntimeError("the floor cannot be measured: too few files")
    return taken, floors


def import_seconds(module: str) -> float:
    """Time a fresh interpreter that imports one module and ends."""
    # A shell that forbids bytecode would have it compiled anew each time.
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    command = [sys.executable, "-c", f"import {module}"]
    return seconds_of(lambda: subprocess.run(command, check=True, env=environment))


MEMORY_PROGRAM = """
import sys
import rapidicom

def status(field):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))

before = status("VmRSS:")
volume = rapidicom.read_series(sys.argv[1])
print(status("VmHWM:") - before - volume.array.nbytes)
"""


def extra_peak_memory(folder: Path) -> int:
    """Measure the peak memory beyond the array, reading in a process of its own, on Linux."""
    printed = subprocess.run(
        [sys.executable, "-c", MEMORY_PROGRAM, str(folder)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return int(printed)
