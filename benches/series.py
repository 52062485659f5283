"""Time finding series and reading an object of many frames, beside the least possible.

    python benches/series.py               the table, and a file under benches/record
    python benches/series.py --no-record

Finding the series of 10,000 single-frame files takes turns with a scan of the same files. An
enhanced object of 10,000 frames of 64 x 64 x 16 bit, 100 slices at 100 times, is found, and its
stored values are read in the order of the volume; the floor of that is the same bytes read in one
piece. Warm page cache. Answers are checked first.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import rapidicom as rd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from bench_enhanced import SLICES, TIMES, frames
from builder import Identity
from cache import FILES, FOLDERS, write_tree
from enhanced_builder import Encoding, enhanced

RECORD = Path(__file__).resolve().parent / "record"
ROUNDS = 15


def ways(folder: Path) -> dict[str, tuple[Callable[[], Any], str | None, str]]:
    """Return the work, what it is compared with, and the goal, by name."""
    tree, cache = folder / "tree", folder / "index.parquet"
    tree.mkdir()
    write_tree(tree)
    series = rd.find_series(tree)
    assert sorted(len(one.paths) for one in series) == [FILES] * FOLDERS
    assert len(rd.scan(tree, cache=cache)) == FILES * FOLDERS

    file = enhanced(
        folder / "enhanced.dcm",
        frames(),
        identity=Identity(modality="MR"),
        encoding=Encoding(undefined_lengths=True),
    )
    (found,) = rd.find_series(file)
    assert found.shape == (TIMES, SLICES, 64, 64)
    out = np.empty(found.shape, np.int16)
    found.read(values="stored", out=out)
    np.testing.assert_array_equal(out[-1], [frame.stored for frame in frames()[-SLICES:]])
    offset, length = rd.dcmread(file).element_offset("PixelData")
    assert length >= out.nbytes

    def floor() -> None:
        with file.open("rb", buffering=0) as opened:
            opened.seek(offset)
            assert opened.readinto(out.reshape(-1).view(np.uint8)) == out.nbytes

    return {
        "scan, 10,000 files": (lambda: rd.scan(tree), None, ""),
        "find_series, 10,000 files": (
            lambda: rd.find_series(tree),
            "scan, 10,000 files",
            "at most 2",
        ),
        "find_series of a cached scan": (
            lambda: rd.find_series(rd.scan(tree, cache=cache)),
            "scan, 10,000 files",
            "",
        ),
        "reading 82 MB in one piece": (floor, None, ""),
        "enhanced, 10,000 frames: found": (lambda: rd.find_series(file), None, "under 50 ms"),
        "enhanced, 10,000 frames: read": (
            lambda: found.read(values="stored", out=out),
            "reading 82 MB in one piece",
            "at most 1.4",
        ),
        "the same, 1 thread": (
            lambda: found.read(values="stored", out=out, workers=1),
            "reading 82 MB in one piece",
            "",
        ),
    }


def main() -> None:
    """Measure all in turn, print the table, and record it."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--no-record", action="store_true", help="print only")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = ways(Path(folder))
        times: dict[str, list[float]] = {way: [] for way in work}
        for _ in range(ROUNDS):
            for way, (run, _, _) in work.items():
                start = time.perf_counter()
                run()
                times[way].append(time.perf_counter() - start)
    rows = []
    for way, (_, against, goal) in work.items():
        ratio = ""
        if against is not None:
            pairs = zip(times[way], times[against], strict=True)
            ratio = f"{statistics.median(own / least for own, least in pairs):.2f}"
        least, median = min(times[way]), statistics.median(times[way])
        rows.append([way, f"{least:.6f}", f"{median:.6f}", ratio, against or "", goal])
        beside = f"{ratio} of {against}" if against else ""
        goal = goal and f"({goal})"
        print(
            f"{way:32} least {least * 1e3:7.1f} ms  median {median * 1e3:7.1f} ms  {beside}  {goal}"
        )
    if not chosen.no_record:
        target = RECORD / f"{datetime.date.today().isoformat()}-series.csv"
        with target.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["way", "least_s", "median_s", "ratio", "of", "goal"])
            writer.writerows(rows)
        print(f"recorded in {target.name}")


if __name__ == "__main__":
    main()
