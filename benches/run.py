"""Times every reader on the same files in one run, and records the result.

    python benches/run.py                        the table, and a new file or more rows under benches/record
    python benches/run.py --count 50 --no-record a quick look that proves nothing

Same files, same output dtype and shape, warm page cache, answers checked before anything is timed.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import platform
import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cases import THREADS, WHATS, What, check, contestants, extra_peak_memory, import_seconds, interleaved
from make_series import ensure_series
from rivals import Rival, installed

RECORD = Path(__file__).resolve().parent / "record"
COLUMNS = [
    "date", "machine", "cpu", "threads", "what", "reader", "version",
    "median_s", "ratio_to_floor", "ratio_to_rapidicom", "n", "note",
]  # fmt: skip


@dataclass
class Results:
    """Medians of one run.

    Attributes:
        files: How many slices there are.
        seconds: Median by (what, reader, threads).
        rounds: How many runs a median is of.
        floors: Seconds of the floor by what.
        versions: By reader.
        extra_memory: Bytes beyond the array; see `cases.extra_peak_memory`.
    """

    files: int
    seconds: dict[tuple[str, str, int], float] = field(default_factory=dict)
    rounds: dict[tuple[str, str, int], int] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    extra_memory: int | None = None

    def ours(self, what: str, threads: int) -> float | None:
        """Seconds that rapidicom took."""
        return self.seconds.get((what, "rapidicom", threads))

    def over_floor(self, what: str) -> float | None:
        """How many times the floor rapidicom takes, on all threads."""
        ours = self.ours(what, THREADS)
        return None if ours is None or what not in self.floors else ours / self.floors[what]

    def times(self, what: str, rival: str) -> float | None:
        """How many times as long a rival takes, which has one thread; `dcmread` has one too."""
        ours = self.ours(what, 1 if what == "header" else THREADS)
        theirs = self.seconds.get((what, rival, 1))
        return None if ours is None or theirs is None else theirs / ours

    def gain_of_threads(self, what: str) -> float | None:
        """One thread's time over that of all of them."""
        one, many = self.ours(what, 1), self.ours(what, THREADS)
        return None if one is None or many is None or THREADS == 1 else one / many

    def microseconds_a_file(self) -> float | None:
        """Of `dcmread` and 20 attributes."""
        ours = self.ours("header", 1)
        return None if ours is None else 1e6 * ours / self.files

    def import_milliseconds(self) -> float | None:
        """What the import costs over NumPy's."""
        ours, numpy = self.ours("import", 1), self.seconds.get(("import", "numpy", 1))
        return None if ours is None or numpy is None else 1e3 * (ours - numpy)

    def extra_megabytes(self) -> float | None:
        """Peak memory beyond the array."""
        return None if self.extra_memory is None else self.extra_memory / 2**20


@dataclass(frozen=True)
class Target:
    """What a measurement shall be, as the project has promised."""

    what: str
    text: str
    bound: Literal["at most", "at least"]
    limit: float
    unit: str
    measured: Callable[[Results], float | None]

    def is_met(self, value: float) -> bool:
        """Whether a measurement is on the right side."""
        return value <= self.limit if self.bound == "at most" else value >= self.limit


TARGETS = [
    Target("scan", "20 columns, over the floor", "at most", 2.0, "x", lambda r: r.over_floor("scan")),
    Target("scan", "fastdicom over ours", "at least", 8, "x", lambda r: r.times("scan", "fastdicom")),
    Target("scan", "pydicom over ours", "at least", 100, "x", lambda r: r.times("scan", "pydicom")),
    Target("header", "dcmread + 20 attributes, a file", "at most", 30, "us", Results.microseconds_a_file),
    Target("header", "fastdicom over ours", "at least", 5, "x", lambda r: r.times("header", "fastdicom")),
    Target("volume", "float32, over the floor", "at most", 1.4, "x", lambda r: r.over_floor("volume")),
    Target("volume", "dicomsdl over ours", "at least", 3.5, "x", lambda r: r.times("volume", "dicomsdl")),
    Target("volume", "pydicom over ours", "at least", 40, "x", lambda r: r.times("volume", "pydicom")),
    Target("volume", "one thread over all", "at least", 1.7, "x", lambda r: r.gain_of_threads("volume")),
    Target("memory", "peak beyond the array", "at most", 64, "MB", Results.extra_megabytes),
    Target("stored", "into out=, over the floor", "at most", 1.5, "x", lambda r: r.over_floor("stored")),
    Target("stored", "one thread over all", "at least", 1.7, "x", lambda r: r.gain_of_threads("stored")),
    Target("import", "over import numpy", "at most", 30, "ms", Results.import_milliseconds),
]


def measure(folder: Path, readers: Sequence[Rival], whats: Sequence[str], rounds: int) -> Results:
    """Check and time everything that is asked for."""
    paths = sorted(folder.iterdir())
    results = Results(len(paths), versions={reader.name: reader.version for reader in readers})
    for what in [one for one in WHATS if one in whats]:
        measure_one(results, what, folder, readers, rounds)
    ours = any(reader.name == "rapidicom" for reader in readers)
    if "import" in whats:
        for module in ["numpy", "rapidicom"] if ours else ["numpy"]:
            import_seconds(module)
        taken: dict[str, list[float]] = {"numpy": [], "rapidicom": []}
        for _ in range(3 * rounds):
            for module in taken if ours else ["numpy"]:
                taken[module].append(import_seconds(module))
        for module, seconds in taken.items():
            if seconds:
                results.seconds["import", module, 1] = statistics.median(seconds)
                results.rounds["import", module, 1] = len(seconds)
    if "memory" in whats and ours and platform.system() == "Linux":
        results.extra_memory = extra_peak_memory(folder)
    return results


def measure_one(results: Results, what: What, folder: Path, readers: Sequence[Rival], rounds: int) -> None:
    """Check and time one piece of work; the results gain it."""
    lined_up = contestants(what, readers, sorted(folder.iterdir()))
    if not lined_up:
        return
    check(lined_up)
    taken, floors = interleaved(lined_up, folder, what, rounds)
    results.floors[what] = statistics.median(floor.of(what) for floor in floors)
    results.rounds[what, "floor", THREADS] = len(floors)
    for (reader, threads), seconds in taken.items():
        results.seconds[what, reader, threads] = statistics.median(seconds)
        results.rounds[what, reader, threads] = len(seconds)


def cpu_name() -> str:
    """The processor's name as it gives it, or its architecture."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def rows_of(results: Results, machine: str, note: str) -> list[dict[str, object]]:
    """Turn results into the rows that are recorded."""
    rows: list[dict[str, object]] = []

    def add(what: str, reader: str, threads: int, seconds: float) -> None:
        floor = results.floors.get(what)
        # Everybody is held against the fastest of ours at that work.
        ours = results.ours(what, THREADS) or results.ours(what, 1)
        rows.append(
            {
                "date": datetime.date.today().isoformat(),
                "machine": machine,
                "cpu": cpu_name(),
                "threads": threads,
                "what": what,
                "reader": reader,
                "version": results.versions.get(reader, ""),
                "median_s": f"{seconds:.5f}",
                "ratio_to_floor": f"{seconds / floor:.3g}" if floor else "",
                "ratio_to_rapidicom": f"{seconds / ours:.3g}" if ours else "",
                "n": results.rounds[what, reader, threads],
                "note": note,
            }
        )

    for what, floor in results.floors.items():
        add(what, "floor", THREADS, floor)
        for (other, reader, threads), seconds in results.seconds.items():
            if other == what:
                add(what, reader, threads, seconds)
    for (what, reader, threads), seconds in results.seconds.items():
        if what == "import":
            add(what, reader, threads, seconds)
    if results.extra_memory is not None:
        peak = f"{results.extra_megabytes():.1f} MB at the peak beyond the array"
        rows.append(
            {
                **dict.fromkeys(COLUMNS, ""),
                "date": datetime.date.today().isoformat(),
                "machine": machine,
                "cpu": cpu_name(),
                "threads": THREADS,
                "what": "memory",
                "reader": "rapidicom",
                "version": results.versions["rapidicom"],
                "n": 1,
                "note": f"{note}; {peak}",
            }
        )
    return rows


def print_rows(rows: Sequence[dict[str, object]]) -> None:
    """Print what was timed."""
    layout = "{:8} {:10} {:10} {:>7} {:>9} {:>8} {:>8}"
    print(layout.format("what", "reader", "version", "threads", "seconds", "/ floor", "/ ours"))
    names = ("what", "reader", "version", "threads", "median_s", "ratio_to_floor", "ratio_to_rapidicom")
    for row in rows:
        print(layout.format(*(str(row[name]) for name in names)))


def print_targets(results: Results) -> dict[str, str]:
    """Print each target beside its measurement; returns what was missed, by piece of work."""
    missed: dict[str, list[str]] = {}
    print("\ntargets")
    for target in TARGETS:
        value = target.measured(results)
        wanted = f"{target.bound} {target.limit:g} {target.unit}"
        shown = "" if value is None else f"{value:.2f} {target.unit}"
        verdict = "not measured" if value is None else "met" if target.is_met(value) else "MISSED"
        print(f"{target.what:8} {target.text:32} {wanted:14} {shown:>11}  {verdict}")
        if verdict == "MISSED":
            missed.setdefault(target.what, []).append(f"{target.text} {shown}, wanted {wanted}")
    return {what: "; ".join(sentences) for what, sentences in missed.items()}


def record(rows: Sequence[dict[str, object]], machine: str) -> Path:
    """Append rows to the record of this day and machine."""
    RECORD.mkdir(exist_ok=True)
    path = RECORD / f"{datetime.date.today().isoformat()}-{machine}.csv"
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerows(rows)
    return path


def main() -> None:
    """Run what the command line asks for."""
    everything = [*WHATS, "import", "memory"]
    slug = re.sub(r"[^a-z0-9]+", "-", f"{cpu_name()} {THREADS}".lower()).strip("-")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="slices of the series (default 1000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, each with every reader (default 5)")
    parser.add_argument("--only", nargs="+", choices=everything, default=everything, metavar="WHAT")
    parser.add_argument("--readers", nargs="+", metavar="NAME", help="default: all that are installed")
    parser.add_argument("--machine", default=slug, help=f"its name in the record (default {slug})")
    parser.add_argument("--note", default="", help="what a reader of the record should know")
    parser.add_argument("--no-record", action="store_true", help="print only")
    arguments = parser.parse_args()

    folder = ensure_series(count=arguments.count)
    readers, absent = installed()
    if arguments.readers:
        readers = [reader for reader in readers if reader.name in arguments.readers]
    for sentence in absent:
        print(sentence)
    size = f"{arguments.count} files of 526 KB, warm cache"
    print(f"{size}, {arguments.rounds} rounds, {cpu_name()}, {THREADS} CPUs\n")
    results = measure(folder, readers, arguments.only, arguments.rounds)
    rows = rows_of(results, arguments.machine, "; ".join(filter(None, [size, arguments.note])))
    print_rows(rows)
    missed = print_targets(results)
    for row in rows:
        if row["reader"] == "rapidicom" and row["what"] in missed:
            row["note"] = f"{row['note']}; missed: {missed[str(row['what'])]}"
    if not arguments.no_record:
        print(f"\nrecorded in {record(rows, arguments.machine)}")


if __name__ == "__main__":
    main()
