"""Time a patch of 96 x 96 x 96 out of a native series, beside its rows and the whole volume.

    python benches/patches.py               the table, and a file under benches/record
    python benches/patches.py --no-record

400 slices of 512 x 512, warm page cache, the ways taking turns, random patches. The floor opens the
96 files and reads the bytes from the first wanted row to the last, with one `pread` each. The goals
are 1.5 times the floor, and a tenth of the whole volume. Patches are held against the whole volume,
and the bytes that the process has read against those of the rows.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import os
import platform
import random
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

from series_builder import Pixels, Stack, series

RECORD = Path(__file__).resolve().parent / "record"
EDGE = 96
ROUNDS = 15
PATCHES = 8

Place = tuple[int, int, int]


def floor(paths: list[str], offset: int, width: int, place: Place, buffer: bytearray) -> None:
    """Read the rows of a patch, and no more."""
    first, row, _ = place
    start = offset + row * width * 2
    target = memoryview(buffer)[: EDGE * width * 2]
    for path in paths[first : first + EDGE]:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        os.preadv(file, [target], start)
        os.close(file)


def patch(found: rd.Series, place: Place) -> rd.Volume:
    """Read a patch as a training loop does."""
    slices, rows, columns = (slice(start, start + EDGE) for start in place)
    return found.read(slices=slices, rows=rows, columns=columns)


def bytes_read() -> int:
    """How many bytes this process has asked the system for."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("rchar")).split()[1])


def main() -> None:
    """Measure all ways in turn, print the table, and record it."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--no-record", action="store_true", help="print only")
    arguments.add_argument("--slices", type=int, default=400)
    arguments.add_argument("--size", type=int, default=512, help="rows and columns")
    chosen = arguments.parse_args()
    shape = (chosen.slices, chosen.size, chosen.size)
    random.seed(7)
    with tempfile.TemporaryDirectory() as folder:
        series(Path(folder), Stack(count=shape[0]), pixels=Pixels(shape[1:]))
        (found,) = rd.find_series(folder)
        whole = found.read().array
        offset = os.stat(found.paths[0]).st_size - shape[1] * shape[2] * 2  # noqa: PTH116
        ends = [size - EDGE for size in shape]
        places: list[Place] = [
            tuple(random.randint(0, end) for end in ends) for _ in range(PATCHES)
        ]
        for place in places:
            before = bytes_read()
            array = patch(found, place).array
            asked = bytes_read() - before
            first, row, column = place
            part = np.s_[first : first + EDGE, row : row + EDGE, column : column + EDGE]
            assert np.array_equal(array, whole[part])
        rows = EDGE * EDGE * shape[2] * 2
        print(f"{asked / rows:.4f} of the bytes of its rows are read")
        del whole
        buffer = bytearray(EDGE * shape[2] * 2)
        ways: dict[str, Callable[[Place], Any]] = {
            "its rows": lambda place: floor(found.paths, offset, shape[2], place, buffer),
            "patch": lambda place: patch(found, place),
            "patch, 1 thread": lambda place: found.read(
                slices=slice(place[0], place[0] + EDGE), rows=slice(place[1], place[1] + EDGE),
                columns=slice(place[2], place[2] + EDGE), workers=1,
            ),
            "whole": lambda place: found.read(),
        }  # fmt: skip
        times: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(ROUNDS):
            for way, work in ways.items():
                start = time.perf_counter()
                work(places[number % PATCHES])
                times[way].append(time.perf_counter() - start)
    table = [["way", "least_s", "median_s", "over_rows", "over_whole", platform.processor()]]
    for way, own in times.items():
        ratios = [
            statistics.median(one / other for one, other in zip(own, times[beside], strict=True))
            for beside in ("its rows", "whole")
        ]
        least, median = min(own), statistics.median(own)
        table.append([way, f"{least:.6f}", f"{median:.6f}", *(f"{ratio:.3f}" for ratio in ratios)])
        print(
            f"{way:16} least {least * 1e3:7.2f} ms  median {median * 1e3:7.2f} ms  "
            f"{ratios[0]:6.2f} of its rows  {ratios[1]:6.3f} of the whole"
        )
    if not chosen.no_record:
        target = RECORD / f"{datetime.date.today().isoformat()}-patches.csv"
        with target.open("w", newline="") as file:
            csv.writer(file).writerows(table)
        print(f"recorded in {target.name}")


if __name__ == "__main__":
    main()
