"""Makes the n-th request of a public call to the system fail, until one call ends untouched.

Run by `tests/python/test_faults.py` in a process of its own, with the library of `faults.c` loaded
before the C library (LD_PRELOAD) and named in RAPIDICOM_FAULTS. Prints a line of JSON before and
after each attempt, so that the parent knows which one ended the process.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rapidicom as rd

KINDS = {"allocation": 0, "thread": 1, "open": 2, "read": 3}
THREADS = 4
COLUMNS = ["Modality", "SeriesInstanceUID", "InstanceNumber", "ImagePositionPatient"]


@dataclass(frozen=True)
class Faults:
    """The loaded library, and where the native module lies: only its own requests fail."""

    library: ctypes.CDLL
    start: int
    end: int

    @classmethod
    def loaded(cls) -> Faults:
        """Find both in this process."""
        library = ctypes.CDLL(os.environ["RAPIDICOM_FAULTS"])
        library.faults_arm.argtypes = [
            ctypes.c_int,
            ctypes.c_long,
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_size_t,
            ctypes.c_size_t,
        ]
        library.faults_disarm.restype = ctypes.c_long
        module = str(Path(rd._core.__file__).resolve())  # type: ignore[attr-defined]
        lines = [
            line for line in Path("/proc/self/maps").read_text().splitlines() if module in line
        ]
        bounds = [line.split()[0].split("-") for line in lines]
        return cls(library, int(bounds[0][0], 16), int(bounds[-1][1], 16))

    def arm(self, kind: str, nth: int, error: int, for_ever: bool) -> None:
        """Make the `nth` request fail from now on."""
        self.library.faults_arm(KINDS[kind], nth, error, for_ever, self.start, self.end)

    def disarm(self, kind: str) -> int:
        """End it; return how many requests there were."""
        return int(self.library.faults_disarm(KINDS[kind]))


def digest(*parts: object) -> str:
    """Tell two results apart without keeping them."""
    content = hashlib.sha256()
    for part in parts:
        content.update(part.tobytes() if hasattr(part, "tobytes") else repr(part).encode())
    return content.hexdigest()[:16]


def columns_of(table: rd.Table) -> list[object]:
    """What a table says, whatever the addresses of its objects."""
    return [table[name].tolist() for name in table.columns] + [sorted(table.errors)]


def read_volume(folder: Path) -> str:
    """Read a series at once."""
    volume = rd.read_series(folder, workers=THREADS)
    return digest(volume.array, volume.affine, volume.paths, len(volume.report.errors))


def find_and_read(folder: Path) -> str:
    """Find a series, then read it."""
    (found,) = rd.find_series(folder, workers=THREADS)
    volume = found.read(workers=THREADS)
    return digest(volume.array, volume.affine, len(volume.datasets), len(volume.report.errors))


def read_batch(folder: Path) -> str:
    """Read the same files as a batch."""
    batch = rd.read_batch(sorted(folder.iterdir()), workers=THREADS)
    return digest(batch)


def read_pixels(folder: Path) -> str:
    """Decode the pixels of one file after another."""
    return digest(*(rd.dcmread(path).pixel_array for path in sorted(folder.iterdir())))


def read_frames(folder: Path) -> str:
    """Go through the frames of files."""
    return digest(*(f for path in sorted(folder.iterdir()) for f in rd.iter_pixels(path)))


def read_text(folder: Path) -> str:
    """Read every element of a file."""
    path = min(folder.iterdir())
    return digest([str(element.tag) + repr(element.VR) for element in rd.dcmread(path)])


CALLS: dict[str, Callable[[Path], str]] = {
    "scan": lambda folder: digest(*columns_of(rd.scan(folder, COLUMNS, workers=THREADS))),
    "scan paths": lambda folder: digest(
        *columns_of(rd.scan(sorted(folder.iterdir()), COLUMNS, workers=THREADS))
    ),
    "find_series, read": find_and_read,
    "read_series": read_volume,
    "read_batch": read_batch,
    "pixel_array": read_pixels,
    "iter_pixels": read_frames,
    "dcmread": read_text,
}


def outcome(call: Callable[[Path], str], folder: Path, expected: str) -> str:
    """Say what came: right, wrong, or the class of the exception."""
    try:
        return "right" if call(folder) == expected else "wrong"
    except BaseException as error:  # A panic is no Exception, and must be seen.
        return type(error).__name__


def say(**facts: Any) -> None:
    """Print a line at once: the next step may be the last."""
    print(json.dumps(facts), flush=True)


def main() -> None:
    """Go through n = 1, 2, ... until the request that should have failed never came."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("call", choices=CALLS)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--error", default="ENOMEM", help="the name of errno")
    parser.add_argument("--for-ever", action="store_true", help="all requests after it fail too")
    parser.add_argument("--most", type=int, default=10_000, help="where to stop")
    arguments = parser.parse_args()
    call, error = CALLS[arguments.call], getattr(errno, arguments.error)
    faults = Faults.loaded()
    expected = call(arguments.folder)
    for nth in range(1, arguments.most + 1):
        say(began=nth)
        faults.arm(arguments.kind, nth, error, arguments.for_ever)
        came = outcome(call, arguments.folder, expected)
        requests = faults.disarm(arguments.kind)
        say(ended=nth, outcome=came)
        if requests < nth:
            break


if __name__ == "__main__":
    main()
