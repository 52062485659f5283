"""Time every reader on the same files in one run, and record the result.

    python benches/run.py                        the table, and rows under benches/record
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

from cases import (
    THREADS,
    WHATS,
    What,
    check,
    contestants,
    extra_peak_memory,
    import_seconds,
    interleaved,
)
from make_series import ensure_series
from rivals import Rival, installed

RECORD = Path(__file__).resolve().parent / "record"
COLUMNS = [
    "date", "machine", "cpu", "threads", "what", "reader", "version",
    "median_s", "ratio_to_floor", "ratio_to_rapidicom", "n", "note",
]  # fmt: skip


@dataclass
class Results:
    """The results of one run.

    Attributes:
        files: How many slices there are.
        runs: Seconds of every turn, in the order of the rounds.
        floors: Seconds of the floor in every round, by what.
        versions: By reader.
        extra_memory: Bytes beyond the array; see `cases.extra_peak_memory`.
    """

    files: int
    runs: dict[tuple[str, str, int], list[float]] = field(default_factory=dict)
    floors: dict[str, list[float]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    extra_memory: int | None = None

    def ours(self, what: str, threads: int) -> list[float]:
        """Return the seconds that rapidicom took in each round."""
        return self.runs.get((what, "rapidicom", threads), [])

    def over_floor(self, what: str) -> float | None:
        """Return how many times the floor rapidicom takes, on all threads."""
        return ratio(self.ours(what, THREADS), self.floors.get(what, []))

    def times(self, what: str, rival: str) -> float | None:
        """Return how many times as long a rival takes; it has one thread, as `dcmread` has."""
        return ratio(
            self.runs.get((what, rival, 1), []), self.ours(what, 1 if what == "header" else THREADS)
        )

    def gain_of_threads(self, what: str) -> float | None:
        """Return one thread's time over that of all of them."""
        return None if THREADS == 1 else ratio(self.ours(what, 1), self.ours(what, THREADS))

    def microseconds_a_file(self) -> float | None:
        """Return the time of `dcmread` and 20 attributes."""
        ours = self.ours("header", 1)
        return 1e6 * statistics.median(ours) / self.files if ours else None

    def import_milliseconds(self) -> float | None:
        """Return the time of the import beyond NumPy's."""
        pairs = zip(self.ours("import", 1), self.runs.get(("import", "numpy", 1), []), strict=False)
        differences = [ours - numpy for ours, numpy in pairs]
        return 1e3 * statistics.median(differences) if differences else None

    def extra_megabytes(self) -> float | None:
        """Return the peak memory beyond the array."""
        return None if self.extra_memory is None else self.extra_memory / 2**20


def ratio(ones: Sequence[float], others: Sequence[float]) -> float | None:
    """Return the median of the ratios within each round: slow spells last longer than a round.

    A slow reader leaves after some rounds; those without it are left out.
    """
    ratios = [one / other for one, other in zip(ones, others, strict=False)]
    return statistics.median(ratios) if ratios else None


@dataclass(frozen=True)
class Target:
    """A bound on a measurement, as the project has promised."""

    what: str
    text: str
    bound: Literal["at most", "at least"]
    limit: float
    unit: str
    measured: Callable[[Results], float | None]

    def is_met(self, value: float) -> bool:
        """Return whether a measurement is within the bound."""
        return value <= self.limit if self.bound == "at most" else value >= self.limit


TARGETS = [
    Target(
        "scan", "20 columns, over the floor", "at most", 2.0, "x", lambda r: r.over_floor("scan")
    ),
    Target(
        "scan", "fastdicom over ours", "at least", 8, "x", lambda r: r.times("scan", "fastdicom")
    ),
    Target("scan", "pydicom over ours", "at least", 100, "x", lambda r: r.times("scan", "pydicom")),
    Target(
        "header",
        "dcmread + 20 attributes, a file",
        "at most",
        12,
        "us",
        Results.microseconds_a_file,
    ),
    Target(
        "header",
        "fastdicom over ours",
        "at least",
        5,
        "x",
        lambda r: r.times("header", "fastdicom"),
    ),
    Target(
        "volume", "float32, over the floor", "at most", 1.4, "x", lambda r: r.over_floor("volume")
    ),
    Target(
        "volume",
        "dicomsdl over ours",
        "at least",
        3.5,
        "x",
        lambda r: r.times("volume", "dicomsdl"),
    ),
    Target(
        "volume", "pydicom over ours", "at least", 40, "x", lambda r: r.times("volume", "pydicom")
    ),
    Target(
        "volume", "one thread over all", "at least", 1.7, "x", lambda r: r.gain_of_threads("volume")
    ),
    Target("memory", "peak beyond the array", "at most", 64, "MB", Results.extra_megabytes),
    Target(
        "stored", "into out=, over the floor", "at most", 1.5, "x", lambda r: r.over_floor("stored")
    ),
    Target(
        "stored", "one thread over all", "at least", 1.7, "x", lambda r: r.gain_of_threads("stored")
    ),
    Target("import", "over import numpy", "at most", 30, "ms", Results.import_milliseconds),
]


def measure(folder: Path, readers: Sequence[Rival], whats: Sequence[str], rounds: int) -> Results:
    """Check and time all the work chosen."""
    paths = sorted(folder.iterdir())
    results = Results(len(paths), versions={reader.name: reader.version for reader in readers})
    for what in [one for one in WHATS if one in whats]:
        measure_one(results, what, folder, readers, rounds)
    ours = any(reader.name == "rapidicom" for reader in readers)
    if "import" in whats:
        modules = ["numpy", "rapidicom"] if ours else ["numpy"]
        # The first import compiles, unless pip has done it.
        for module in modules:
            import_seconds(module)
        for _ in range(3 * rounds):
            for module in modules:
                results.runs.setdefault(("import", module, 1), []).append(import_seconds(module))
    if "memory" in whats and ours and platform.system() == "Linux":
        results.extra_memory = extra_peak_memory(folder)
    return results


def measure_one(
    results: Results, what: What, folder: Path, readers: Sequence[Rival], rounds: int
) -> None:
    """Check and time one piece of work; the results gain it."""
    lined_up = contestants(what, readers, sorted(folder.iterdir()))
    if not lined_up:
        return
    check(lined_up)
    taken, floors = interleaved(lined_up, folder, what, rounds)
    results.floors[what] = [floor.of(what) for floor in floors]
    for (reader, threads), seconds in taken.items():
        results.runs[what, reader, threads] = seconds


def cpu_name() -> str:
    """Return the processor's name, or its architecture."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def rows_of(results: Results, machine: str, note: str) -> list[dict[str, object]]:
    """Turn results into the rows that are recorded."""
    rows: list[dict[str, object]] = []

    def add(what: str, reader: str, threads: int, seconds: Sequence[float]) -> None:
        over_floor = ratio(seconds, results.floors.get(what, []))
        # Everybody is held against the fastest of ours at that work.
        over_ours = ratio(seconds, results.ours(what, THREADS) or results.ours(what, 1))
        rows.append(
            {
                "date": datetime.date.today().isoformat(),
                "machine": machine,
                "cpu": cpu_name(),
                "threads": threads,
                "what": what,
                "reader": reader,
                "version": results.versions.get(reader, ""),
                "median_s": f"{statistics.median(seconds):.5f}",
                "ratio_to_floor": "" if over_floor is None else f"{over_floor:.3g}",
                "ratio_to_rapidicom": "" if over_ours is None else f"{over_ours:.3g}",
                "n": len(seconds),
                "note": note,
            }
        )

    for what, floors in results.floors.items():
        add(what, "floor", THREADS, floors)
        for (other, reader, threads), seconds in results.runs.items():
            if other == what:
                add(what, reader, threads, seconds)
    for (what, reader, threads), seconds in results.runs.items():
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
    names = (
        "what",
        "reader",
        "version",
        "threads",
        "median_s",
        "ratio_to_floor",
        "ratio_to_rapidicom",
    )
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
    parser.add_argument(
        "--count", type=int, default=1000, help="slices of the series (default 1000)"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="rounds, each with every reader (default 5)"
    )
    parser.add_argument("--only", nargs="+", choices=everything, default=everything, metavar="WHAT")
    parser.add_argument(
        "--readers", nargs="+", metavar="NAME", help="default: all that are installed"
    )
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
