"""Time reading one series from a folder and from other sources: how much more do they cost?

    python benches/local_sources.py               the table, and a file under benches/record
    python benches/local_sources.py --no-record

200 CT slices of 512 x 512, float32, out of the page cache. All sources take turns; each ratio is
the median of those of its rounds. Answers are checked first.

Every file is read into the cache anew, since what has just been written lies there as it was
written: the archive in small pieces, from which copying takes half as long again.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import io
import os
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import rapidicom as rd

sys.path.insert(0, str(Path(__file__).resolve().parent))

from make_series import ensure_series

RECORD = Path(__file__).resolve().parent / "record"
ROUNDS = 15
SLICES = 200


class Reader(io.BytesIO):
    """A file object that is read by ranges: only `io.BytesIO` itself is known to be memory."""


def settle(path: Path) -> None:
    """Let the page cache hold a file as reading it leaves it, not as writing it did."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while file.read(1 << 20):
            pass


def ways(folder: Path) -> dict[str, tuple[Callable[[], Any], str]]:
    """Return what to read, and the goal, by name; all are compared with the folder."""
    series = folder / "series"
    ensure_series(series, SLICES)
    paths = sorted(series.glob("*.dcm"))
    data = [path.read_bytes() for path in paths]
    stored = folder / "stored.zip"
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        for path in paths:
            archive.write(path, path.name)
    for path in [*paths, stored]:
        settle(path)
    return {
        "folder": (lambda: series, ""),
        "paths": (lambda: paths, ""),
        "bytes": (lambda: data, "at most 1.1"),
        "BytesIO": (lambda: list(map(io.BytesIO, data)), "at most 1.1"),
        "open files": (lambda: [path.open("rb") for path in paths], ""),
        "other file objects": (lambda: list(map(Reader, data)), ""),
        "stored zip": (lambda: stored, "at most 1.15"),
    }


def main() -> None:
    """Measure all in turn, print the table, and record it."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--no-record", action="store_true", help="print only")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = ways(Path(folder))
        expected = rd.read_series(work["folder"][0]()).array
        out = np.empty_like(expected)
        times: dict[str, list[float]] = {way: [] for way in work}
        for way, (make, _) in work.items():
            np.testing.assert_array_equal(rd.read_series(make(), out=out).array, expected, way)
        for _ in range(ROUNDS):
            for way, (make, _) in work.items():
                source = make()
                start = time.perf_counter()
                rd.read_series(source, out=out)
                times[way].append(time.perf_counter() - start)
    rows = []
    for way, (_, goal) in work.items():
        pairs = zip(times[way], times["folder"], strict=True)
        ratio = f"{statistics.median(own / folder for own, folder in pairs):.2f}"
        least = min(times[way])
        rows.append([way, f"{least:.6f}", ratio, goal])
        print(f"{way:20} least {least * 1e3:7.1f} ms  {ratio} of the folder  {goal}")
    if not chosen.no_record:
        target = RECORD / f"{datetime.date.today().isoformat()}-local-sources.csv"
        with target.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["source", "least_s", "ratio", "goal"])
            writer.writerows(rows)
        print(f"recorded in {target.name}")


if __name__ == "__main__":
    main()
