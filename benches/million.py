"""Time scans with an index of a tree of a million files, beside one `open` and `pread` of each.

    python benches/million.py --no-record            a million files, hard links of a few
    python benches/million.py --files 100000 --folder /mnt/disk

Folders of 1,000 files each, warm caches, each way in a process of its own, whose peak memory
counts. The floors are loops over the paths: `open`, `pread` of 16 KB and `close` of each; `stat` of
each. Modules are imported before the clock starts, and 2 GB are written and freed: a virtual
machine asks its host for memory that was free for two seconds, at 0.4 GB a second, which would be
most of what is measured. The goals are 2.5 times the first floor for the first scan, 1.2 times the
second for the second, and less than 2 GB. polars and duckdb read the index, and `find_series` takes
what they make of it.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

RECORD = Path(__file__).resolve().parent / "record"
IN_A_FOLDER = 1000
# A file system counts the names of a file in 16 bits, ext4 up to 65,000.
MOST_NAMES = 50_000
# An index does not keep files that were just written.
LONG_AGO = 1_600_000_000

# A scan with an index needs pyarrow.
READER = "import rapidicom as rd, pyarrow.parquet\nrd.scan, rd.find_series\n"
IMPORTS = {
    "first scan": READER,
    "second scan": READER,
    "one file changed": READER,
    "scan without an index": READER,
    "series by polars": READER + "import polars",
    "count by duckdb": "import duckdb",
}
WAYS = {
    "open and pread": """
for path in paths():
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    os.pread(file, 16384, 0)
    os.close(file)
""",
    "stat": "for path in paths(): os.stat(path)",
    "first scan": "count = len(rd.scan(tree, cache=cache))",
    "second scan": "count = len(rd.scan(tree, cache=cache))",
    "one file changed": "count = len(rd.scan(tree, cache=cache))",
    "scan without an index": "count = len(rd.scan(tree))",
    "series by polars": (
        "rows = polars.scan_parquet(cache).filter(polars.col('SeriesInstanceUID') == '2.25.9.0')\n"
        "table = rows.head(50).collect()\n"
        "count = sum(len(one.paths) for one in rd.find_series(table))"
    ),
    "count by duckdb": (
        "count = duckdb.sql(f\"select count(SeriesInstanceUID) from '{cache}'\").fetchall()[0][0]"
    ),
}
FRAME = """
import json, mmap, os, sys, time
{imports}
tree, cache = sys.argv[1:]
def paths():
    for folder in os.scandir(tree):
        for file in os.scandir(folder.path):
            yield file.path
count = 0
if "paths()" in {body!r}:
    listed = list(paths())
    paths = lambda: listed
memory = mmap.mmap(-1, 2 << 30)
for place in range(0, len(memory), mmap.PAGESIZE):
    memory[place] = 1
memory.close()
with open("/proc/self/clear_refs", "w") as file:
    # The peak starts here.
    file.write("5")
start = time.perf_counter()
{body}
took = time.perf_counter() - start
with open("/proc/self/status") as file:
    peak = int(next(line for line in file if line.startswith("VmHWM")).split()[1]) << 10
print(json.dumps(dict(seconds=took, peak=peak, count=count)))
"""


def write_tree(root: Path, count: int) -> None:
    """Write a few images, and give each many names."""
    import numpy as np

    from builder import Identity, Plane, file_bytes, image

    masters = []
    for number in range(max(-(-count // MOST_NAMES), 2)):
        identity = Identity(
            instance_number=number + 1, sop_instance=f"2.25.{number}", series=f"2.25.9.{number}"
        )
        plane = Plane(position=(0, 0, number))
        content = file_bytes(image(np.zeros((16, 16), np.int16), plane=plane, identity=identity))
        path = root / f"master{number}"
        path.write_bytes(content)
        masters.append(path)
    for number in range(count):
        folder = root / "tree" / f"{number // IN_A_FOLDER:05}"
        if number % IN_A_FOLDER == 0:
            folder.mkdir(parents=True)
        os.link(masters[number % len(masters)], folder / f"IM{number % IN_A_FOLDER:04}.dcm")
    for path in masters:
        os.utime(path, (LONG_AGO, LONG_AGO))


def measured(way: str, folder: Path) -> dict[str, float]:
    """Run one way in a process of its own."""
    script = FRAME.replace("{body!r}", repr(WAYS[way])).replace("{body}", WAYS[way])
    script = script.replace("{imports}", IMPORTS.get(way, ""))
    command = [sys.executable, "-c", script, str(folder / "tree"), str(folder / "index.parquet")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way}: {done.stderr}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure all ways, print the table, and record it."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--files", type=int, default=1_000_000)
    arguments.add_argument("--folder", type=Path, help="where the tree is made and removed")
    arguments.add_argument("--no-record", action="store_true", help="print only")
    chosen = arguments.parse_args()
    rows = [["way", "seconds", "peak_bytes", "of_floor", platform.processor()]]
    with tempfile.TemporaryDirectory(dir=chosen.folder) as made:
        folder = Path(made)
        start = time.perf_counter()
        write_tree(folder, chosen.files)
        print(f"{chosen.files:,} files in {time.perf_counter() - start:.0f} s")
        floors: dict[str, float] = {}
        for way in WAYS:
            if way == "one file changed":
                path = folder / "tree" / "00000" / "IM0001.dcm"
                content = path.read_bytes()
                path.unlink()
                path.write_bytes(content)
            found = measured(way, folder)
            floors[way] = found["seconds"]
            is_again = way in ("second scan", "one file changed")
            floor = floors["stat" if is_again else next(iter(WAYS))]
            ratio = found["seconds"] / floor
            print(
                f"{way:22} {found['seconds']:8.2f} s  {ratio:6.2f} of its floor  "
                f"peak {found['peak'] / 2**20:7.0f} MB  {found['count']:>9,}"
            )
            rows.append([way, f"{found['seconds']:.4f}", str(found["peak"]), f"{ratio:.3f}"])
        size = (folder / "index.parquet").stat().st_size
        print(f"index: {size / 2**20:.0f} MB")
    if not chosen.no_record:
        target = RECORD / f"{datetime.date.today().isoformat()}-million.csv"
        with target.open("w", newline="") as file:
            csv.writer(file).writerows(rows)
        print(f"recorded in {target.name}")


if __name__ == "__main__":
    main()
