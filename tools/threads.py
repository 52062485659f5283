"""Let many threads work on one data set, one folder and one array at once, and check every answer.

    python tools/threads.py                    8 threads, 5 seconds
    python tools/threads.py --threads 16 --seconds 60

It needs NumPy and the package alone, so that it runs under any CPython: under one without a global
interpreter lock (`--disable-gil`), threads are in native code and in Python code at the same time.
Exit status: 0 if every answer was right, 1 if not.
"""

from __future__ import annotations

import argparse
import copy
import gc
import pickle
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import rapidicom as rd  # noqa: E402
from builder import Element, Items, file_bytes, image  # noqa: E402
from rapidicom.dataelem import DataElement  # noqa: E402

SLICES = 6
FRAMES = 4
PIXELS = np.arange(FRAMES * 64 * 48, dtype=np.int16).reshape(FRAMES, 64, 48)
UID = "1.2.3.4.5"


def content(number: int) -> bytes:
    """Return a file with items, texts, numbers and several frames."""
    item = [Element(0x00081150, "UI", "1.2.840.10008.5.1.4.1.1.2"), Element(0x00081155, "UI", UID)]
    extra = [
        Element(0x00081140, "SQ", Items([item, item])),
        Element(0x00281050, "DS", [40.0, 80.0]),
        Element(0x00104000, "LT", "comment " * 20),
    ]
    return file_bytes(image(PIXELS + number, extra=extra))


class Shared:
    """What all threads use, and what they must find."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for number in range(SLICES):
            (folder / f"{number}.dcm").write_bytes(content(number))
        self.path = folder / "0.dcm"
        self.ds = rd.dcmread(self.path)
        self.text = str(rd.dcmread(self.path))
        self.json = rd.dcmread(self.path).to_json_dict(bulk_data_threshold=10**9)
        # Not `ds`: who counts the elements of that one may count those of other threads.
        self.fresh = rd.dcmread(self.path)
        self.found = self.series()
        assert self.found

    def series(self) -> list[tuple[Any, ...]]:
        """Return what the series in the folder are."""
        found = rd.find_series(self.folder, workers=2)
        return [(one.uid, one.shape, one.paths, str(one.report)) for one in found]

    def values(self, _: int) -> None:
        """Read values by keyword, and elements by tag, also those of items."""
        ds = self.fresh
        assert (ds.Rows, ds["Columns"].value, ds[0x00280008].value) == (64, 48, FRAMES)
        assert [float(center) for center in ds.WindowCenter] == [40.0, 80.0]
        assert [item.ReferencedSOPInstanceUID for item in ds.ReferencedImageSequence] == [UID] * 2
        assert ds.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert len(ds) == len(list(ds)) == len(ds.dir())

    def pixels(self, _: int) -> None:
        """Read all frames, and one."""
        ds = self.fresh
        np.testing.assert_array_equal(ds.pixel_array, PIXELS)
        np.testing.assert_array_equal(rd.pixel_array(ds, index=2), PIXELS[2])

    def as_whole(self, _: int) -> None:
        """Print, convert, copy, pickle and compare."""
        ds = self.fresh
        assert str(ds) == self.text
        assert ds.to_json_dict(bulk_data_threshold=10**9) == self.json
        for again in (copy.copy(ds), copy.deepcopy(ds), pickle.loads(pickle.dumps(ds))):
            assert again.Rows == 64 and again == ds

    def changes(self, number: int) -> None:
        """Set and delete elements, each thread its own, and attributes that are no elements."""
        ds, tag = self.ds, 0x00091000 + number
        ds[tag] = DataElement(tag, "LO", f"thread {number}")
        assert ds[tag].value == f"thread {number}"
        ds[tag].value = "another"
        assert ds[tag].value == "another"
        ds.whose = number
        del ds[tag]
        assert tag not in ds

    def looks_anew(self, _: int) -> None:
        """Put another data set in the place that all look at: all ask it for everything first."""
        self.fresh = rd.dcmread(self.path)

    def many_files(self, _: int) -> None:
        """Scan a folder, and find its series."""
        table = rd.scan(self.folder, ["Rows", "WindowCenter"], workers=2)
        assert table["Rows"].tolist() == [64] * SLICES
        assert table["WindowCenter"].shape == (SLICES, 2)
        assert self.series() == self.found

    def circles(self, _: int) -> None:
        """Make data sets that hold themselves, and collect."""
        ds = rd.dcmread(self.path)
        ds.own = ds
        ds.ReferencedImageSequence[0].outer = ds
        del ds
        gc.collect()


def run(threads: int, seconds: float) -> tuple[Counter[str], list[str]]:
    """Let threads work.

    Args:
        threads: How many.
        seconds: How long.

    Returns:
        How often each job was done, and what went wrong.
    """
    done: Counter[str] = Counter()
    wrong: list[str] = []
    lock = threading.Lock()
    start = threading.Barrier(threads)
    with tempfile.TemporaryDirectory() as folder:
        shared = Shared(Path(folder))
        jobs: list[Callable[[int], None]] = [
            shared.values, shared.pixels, shared.as_whole, shared.changes, shared.looks_anew,
            shared.values, shared.many_files, shared.circles,
        ]  # fmt: skip
        end = time.monotonic() + seconds

        def work(number: int) -> None:
            counted: Counter[str] = Counter()
            start.wait()
            turn = number
            while time.monotonic() < end and not wrong:
                job = jobs[turn % len(jobs)]
                turn += 1
                try:
                    job(number)
                except BaseException:
                    with lock:
                        wrong.append(f"thread {number}: {traceback.format_exc()}")
                counted[job.__name__] += 1
            with lock:
                done.update(counted)

        workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
        interval = sys.getswitchinterval()
        # Under a global lock, threads interrupt each other as often as they can.
        sys.setswitchinterval(1e-5)
        try:
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        finally:
            sys.setswitchinterval(interval)
    return done, wrong


def main() -> int:
    """Run the threads and print what they did."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--threads", type=int, default=8)
    options.add_argument("--seconds", type=float, default=5.0)
    chosen = options.parse_args()
    has_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    print(f"CPython {sys.version.split()[0]}, {'with' if has_lock else 'without'} a global lock")
    done, wrong = run(chosen.threads, chosen.seconds)
    print(f"{chosen.threads} threads: " + ", ".join(f"{job} {n}" for job, n in done.items()))
    for one in wrong[:3]:
        print(one)
    print(f"{len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
