"""Time a second scan of an unchanged tree, beside one `os.stat` of each file.

    python benches/cache.py               the table, and a file under benches/record
    python benches/cache.py --no-record

10,000 small files in 20 folders, warm page cache, the ways taking turns. The table of the cached
scan is held against that of a first one. The goal is twice the time of one `os.stat` a file.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import platform
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

from builder import Identity, Plane, file_bytes, image

RECORD = Path(__file__).resolve().parent / "record"
FOLDERS, FILES = 20, 500
ROUNDS = 25
# An index does not keep files that were just written.
LONG_AGO = 1_600_000_000


def write_tree(root: Path) -> None:
    """Write series of small images, a folder each."""
    pixels = np.zeros((16, 16), np.int16)
    for folder in range(FOLDERS):
        (root / f"{folder:02}").mkdir()
        for number in range(FILES):
            path = root / f"{folder:02}" / f"IM{number:04}.dcm"
            identity = Identity(
                instance_number=number + 1,
                sop_instance=f"2.25.{folder}.{number}",
                series=f"2.25.9.{folder}",
            )
            plane = Plane(position=(0, 0, number))
            path.write_bytes(file_bytes(image(pixels, plane=plane, identity=identity)))
            os.utime(path, (LONG_AGO + number, LONG_AGO + number))


def main() -> None:
    """Measure all ways in turn, print the table, and record it."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--no-record", action="store_true", help="print only")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree, cache = Path(folder) / "tree", Path(folder) / "index.parquet"
        tree.mkdir()
        write_tree(tree)
        first = rd.scan(tree, cache=cache)
        paths = [str(path) for path in first["path"]]
        assert len(paths) == FOLDERS * FILES
        assert rd.scan(tree, cache=cache).to_dicts() == first.to_dicts() == rd.scan(tree).to_dicts()
        ways: dict[str, Callable[[], Any]] = {
            "os.stat of each file": lambda: [os.stat(path) for path in paths],  # noqa: PTH116
            "cached scan": lambda: rd.scan(tree, cache=cache),
            "cached scan, 1 thread": lambda: rd.scan(tree, cache=cache, workers=1),
            "scan": lambda: rd.scan(tree),
        }
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(ROUNDS):
            for way, work in ways.items():
                start = time.perf_counter()
                work()
                times[way].append(time.perf_counter() - start)
    floor = times["os.stat of each file"]
    rows = []
    for way, found in times.items():
        ratio = statistics.median(own / least for own, least in zip(found, floor, strict=True))
        rows.append([way, f"{min(found):.6f}", f"{statistics.median(found):.6f}", f"{ratio:.2f}"])
        least, median = min(found) * 1e3, statistics.median(found) * 1e3
        print(f"{way:24} least {least:7.1f} ms  median {median:7.1f} ms  {ratio:5.2f} of os.stat")
    if not chosen.no_record:
        target = RECORD / f"{datetime.date.today().isoformat()}-cache.csv"
        with target.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["way", "least_s", "median_s", "over_stat", platform.processor()])
            writer.writerows(rows)
        print(f"recorded in {target.name}")


if __name__ == "__main__":
    main()
