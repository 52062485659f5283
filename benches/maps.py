"""Time `pixel_array` of multi-frame files with a private map of the file, and with reading it.

    python benches/maps.py               the table, and a file under benches/record
    python benches/maps.py --no-record

Warm page cache. What is done with the array matters as much as its size: a map costs nothing until
it is touched, half of reading where all of it is looked at, and several times as much where all of
it is written. `rapidicom.pixels` takes its threshold from here, and this is what the `unsafe` code
of `source/map.rs` and `array.rs` buys.
"""

from __future__ import annotations

import argparse
import csv
import datetime
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

from builder import file_bytes, image

RECORD = Path(__file__).resolve().parent / "record"
FRAME = (512, 512)
MEGABYTES = [0.5, 2, 8, 32, 128]
ROUNDS = 7

USES: dict[str, Callable[[Any], Any]] = {
    "untouched": lambda array: array,
    "one frame": lambda array: array[len(array) // 2].sum(),
    "all read": lambda array: array.sum(),
    "all written": lambda array: array.fill(1),
}


def write_file(folder: Path, megabytes: float) -> Path:
    """Write a multi-frame file of 16-bit noise."""
    frames = max(1, int(megabytes * 2**20 / (2 * FRAME[0] * FRAME[1])))
    pixels = np.random.default_rng(1).integers(0, 4096, (frames, *FRAME), np.uint16)
    path = folder / f"{megabytes:g}.dcm"
    path.write_bytes(file_bytes(image(pixels)))
    return path


def seconds(path: Path, mmap: Any, use: Callable[[Any], Any]) -> float:
    """Time reading a file and using its array, giving it back included."""
    start = time.perf_counter()
    array = np.atleast_3d(rd.dcmread(path, mmap=mmap).pixel_array)
    use(array)
    del array
    return time.perf_counter() - start


def main() -> None:
    """Measure both ways in turn, print the table, and record it."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--no-record", action="store_true", help="print only")
    chosen = arguments.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for megabytes in MEGABYTES:
            path = write_file(Path(folder), megabytes)
            read, mapped = (rd.dcmread(path, mmap=mmap).pixel_array for mmap in ("never", "always"))
            assert np.array_equal(read, mapped)
            for use, work in USES.items():
                times = [
                    [seconds(path, mmap, work) for mmap in ("never", "always")]
                    for _ in range(ROUNDS)
                ]
                never, always = (statistics.median(column) for column in zip(*times, strict=True))
                rows.append(
                    [megabytes, use, f"{never:.6f}", f"{always:.6f}", f"{never / always:.2f}"]
                )
                print(
                    f"{megabytes:6g} MB  {use:12} read {never * 1e3:8.3f} ms  "
                    f"map {always * 1e3:8.3f} ms"
                )
    if not chosen.no_record:
        today = datetime.date.today().isoformat()
        target = RECORD / f"{today}-maps.csv"
        with target.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                ["megabytes", "use", "read_s", "map_s", "read_over_map", platform.processor()]
            )
            writer.writerows(rows)
        print(f"recorded in {target.name}")


if __name__ == "__main__":
    main()
