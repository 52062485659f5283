"""Makes the n-th request of a public call to the system fail, n from 1 until one ends untouched.

Run by `tests/python/test_faults.py` in a process of its own, with the library of `faults.c` loaded
before the C library (LD_PRELOAD) and named in RAPIDICOM_FAULTS. Prints a line of JSON before and
after each attempt, so that the parent knows which one ended the process.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import hashlib
import io
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rapidicom as rd
from rapidicom.cli import command_line

# In the order of faults.c.
KINDS = [
    "allocation",
    "large",
    "thread",
    "open",
    "read",
    "short",
    "end",
    "map",
    "state",
    "folder",
    "entry",
]
THREADS = 4
# Slices of the series.
COUNT = 24
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
        self.library.faults_arm(KINDS.index(kind), nth, error, for_ever, self.start, self.end)

    def disarm(self, kind: str) -> int:
        """End it; return how many requests there were."""
        return int(self.library.faults_disarm(KINDS.index(kind)))


def digest(*parts: object) -> str:
    """Tell two results apart without keeping them."""
    content = hashlib.sha256()
    for part in parts:
        content.update(part.tobytes() if hasattr(part, "tobytes") else repr(part).encode())
    return content.hexdigest()[:16]


def digest_of_table(table: rd.Table) -> str:
    """Tell tables apart: their values, whatever the addresses of their objects."""
    if table.errors:
        raise RefusedRowsError(table)
    return digest(*(table[name].tolist() for name in table.columns))


class IrregularReportError(Exception):
    """A series whose report has errors, as the contract says."""


class RefusedRowsError(Exception):
    """A table whose errors name each file of which it has no row, as the contract says.

    Raises itself as a `ValueError` where a row is missing and no error names it.
    """

    def __init__(self, table: rd.Table) -> None:
        """Check the table."""
        super().__init__()
        named = {str(error.path or getattr(error, "filename", "")) for error in table.errors}
        rows = dict(zip(table["path"].tolist(), table["InstanceNumber"].tolist(), strict=True))
        is_listed = not any(Path(path).is_dir() for path in named)
        if (is_listed and len(rows) + len(named) != COUNT) or None in rows.values():
            raise ValueError(f"{len(rows)} rows, {len(named)} errors")


def slices(root: Path) -> Path:
    """Return the folder of a series."""
    return root / "slices"


def files(root: Path, pattern: str = "*") -> list[Path]:
    """Return single files."""
    return sorted((root / "files").glob(pattern))


def scan(root: Path) -> str:
    """Scan a folder."""
    return digest_of_table(rd.scan(slices(root), COLUMNS, workers=THREADS))


def scan_paths(root: Path) -> str:
    """Scan files."""
    paths = sorted(slices(root).iterdir())
    return digest_of_table(rd.scan(paths, COLUMNS, workers=THREADS))


def scan_cached(root: Path) -> str:
    """Scan a folder twice: once to make an index, once with it."""
    index = root / "index.parquet"
    index.unlink(missing_ok=True)
    tables = [rd.scan(slices(root), COLUMNS, workers=THREADS, cache=index) for _ in range(2)]
    return digest(*map(digest_of_table, tables))


def find_series(root: Path) -> str:
    """Find a series."""
    (found,) = rd.find_series(slices(root), workers=THREADS)
    if found.report.errors:
        raise IrregularReportError
    return digest(found.shape, found.affine, [issue.kind for issue in found.report.issues])


def read_volume(root: Path) -> str:
    """Read a series at once."""
    volume = rd.read_series(slices(root), workers=THREADS)
    return digest(volume.array, volume.affine, volume.paths, len(volume.report.issues))


def find_and_read(root: Path) -> str:
    """Find a series, then read it, and the data sets of its slices."""
    (found,) = rd.find_series(slices(root), workers=THREADS)
    volume = found.read(workers=THREADS)
    numbers = [int(one.InstanceNumber) for one in volume.datasets]
    return digest(volume.array, volume.affine, numbers, len(volume.report.issues))


def read_part(root: Path) -> str:
    """Read some slices, rows and columns of a series."""
    volume = rd.read_series(
        slices(root), slices=slice(1, 7), rows=slice(1, 4), columns=slice(0, 3), workers=THREADS
    )
    return digest(volume.array, volume.affine, len(volume.report.issues))


def read_volume_of_bytes(root: Path) -> str:
    """Read a series whose files are in memory."""
    held = {path.name: path.read_bytes() for path in sorted(slices(root).iterdir())}
    volume = rd.read_series(held, workers=THREADS)
    return digest(volume.array, volume.affine, volume.paths, len(volume.report.issues))


def read_volume_of_archive(root: Path) -> str:
    """Read a series whose files lie in an archive as they are."""
    volume = rd.read_series(root / "slices.zip", workers=THREADS)
    return digest(volume.array, volume.affine, volume.paths, len(volume.report.issues))


def read_labels(root: Path) -> str:
    """Read a segmentation on its own grid."""
    labels = rd.read_labels(root / "labels" / "seg.dcm", combine="channels")
    return digest(labels.array, labels.affine, len(labels.report.issues))


def resample(root: Path) -> str:
    """Put a volume on the grid of a part of it."""
    part = rd.read_series(slices(root), slices=slice(1, 7), workers=THREADS)
    whole = rd.read_series(slices(root), workers=THREADS)
    return digest(whole.resampled(like=part).array)


def read_structures(root: Path) -> str:
    """Read the contours of structure sets."""
    found = rd.read_structures(root / "labels" / "rtstruct.dcm", force=True)
    return digest(*(contour for structure in found for contour in structure.contours))


def read_batch(root: Path) -> str:
    """Read the same files as a batch."""
    return digest(rd.read_batch(sorted(slices(root).iterdir()), workers=THREADS))


def read_path(root: Path) -> str:
    """Read every element of files, down to the last item."""
    return digest(*(text_of(rd.dcmread(path)) for path in files(root)))


def read_bytes(root: Path) -> str:
    """Read files that are in memory."""
    return digest(*(text_of(rd.dcmread(io.BytesIO(path.read_bytes()))) for path in files(root)))


def text_of(dataset: rd.Dataset) -> str:
    """Return tags, VRs and values."""
    return digest(*((str(one.tag), one.VR, str(one.value)[:200]) for one in dataset.iterall()))


def read_pixels(root: Path) -> str:
    """Decode the pixels of one slice after another."""
    return digest(*(rd.dcmread(path).pixel_array for path in sorted(slices(root).iterdir())))


def map_pixels(root: Path) -> str:
    """Map the pixels of files."""
    paths = sorted(slices(root).iterdir())
    return digest(*(rd.dcmread(path, mmap="always").pixel_array for path in paths))


def decode_pixels(root: Path) -> str:
    """Decode the pixels of a file of each codec."""
    return digest(*(rd.dcmread(path).pixel_array for path in files(root, "pixels_*")))


def read_frames(root: Path) -> str:
    """Go through the frames of files."""
    return digest(*(f for path in files(root, "pixels_*") for f in rd.iter_pixels(path)))


def to_json(root: Path) -> str:
    """Write files as DICOM JSON."""
    return digest(*(rd.dcmread(path).to_json() for path in files(root)))


def dump(root: Path) -> str:
    """Print files on the command line."""
    printed = io.StringIO()
    for path in files(root, "text_*"):
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()) as said:
            status = command_line.main(["dump", str(path)])
        if status:
            raise SystemExit(said.getvalue())
    return digest(printed.getvalue())


def read_waveforms(root: Path) -> str:
    """Read samples."""
    return digest(*(rd.dcmread(path).waveform_array(0) for path in files(root, "waveform_*")))


CALLS: dict[str, Callable[[Path], str]] = {
    "scan": scan,
    "scan paths": scan_paths,
    "scan, cache": scan_cached,
    "find_series": find_series,
    "find_series, read": find_and_read,
    "read_series": read_volume,
    "read_series, part": read_part,
    "read_series, bytes": read_volume_of_bytes,
    "read_series, zip": read_volume_of_archive,
    "read_batch": read_batch,
    "read_labels": read_labels,
    "read_structures": read_structures,
    "resampled": resample,
    "dcmread": read_path,
    "dcmread, bytes": read_bytes,
    "pixel_array": read_pixels,
    "pixel_array, map": map_pixels,
    "pixel_array, codecs": decode_pixels,
    "iter_pixels": read_frames,
    "to_json": to_json,
    "dump": dump,
    "waveform_array": read_waveforms,
}


def outcome(call: Callable[[Path], str], root: Path, expected: str) -> str:
    """Say what came: right, wrong, or the class of the exception."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return "right" if call(root) == expected else "wrong"
    except OSError as error:
        named = "" if error.filename or str(root) in str(error) else ", no file named"
        return f"OSError{named}"
    except BaseException as error:  # A panic is no Exception, and must be seen.
        return type(error).__name__


def say(**facts: Any) -> None:
    """Print a line at once: the next step may be the last."""
    print(json.dumps(facts), file=sys.__stdout__, flush=True)


def steps(total: int, most: int | None) -> list[int]:
    """Return which of `total` requests fail, and one more, which none is: all or `most`."""
    # Threads share out the work as they come, and ask a little more often at one time than another.
    untouched = 2 * total + 1
    if most is None or total < most:
        return [*range(1, total + 1), untouched]
    return [*(1 + total * step // (most - 1) for step in range(most - 1)), untouched]


def walk(faults: Faults, fault: str, run: Callable[[], str], first: int, most: int | None) -> None:
    """Make one request after another fail, from the `first` on."""
    kind, error, *how = fault.split(":")
    number, for_ever = getattr(errno, error), how == ["for ever"]
    faults.arm(kind, sys.maxsize // 2, number, False)
    run()
    for nth in steps(faults.disarm(kind), most):
        if nth < first:
            continue
        say(fault=fault, began=nth)
        began = time.monotonic()
        faults.arm(kind, nth, number, for_ever)
        came = run()
        requests = faults.disarm(kind)
        seconds = round(time.monotonic() - began, 3)
        say(fault=fault, ended=nth, outcome=came, untouched=requests < nth, seconds=seconds)


def main() -> None:
    """Walk through the requests of one call, a fault after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("call", choices=CALLS)
    parser.add_argument("faults", nargs="+", help="KIND:ERRNO, or KIND:ERRNO:for ever")
    parser.add_argument("--first", type=int, default=1, help="where to start with the first fault")
    parser.add_argument("--most", type=int, help="how many requests of each fault; default: all")
    arguments = parser.parse_args()
    call, root, faults = CALLS[arguments.call], arguments.root, Faults.loaded()
    call(root)  # What is made once only.
    expected = call(root)
    first = arguments.first
    for fault in arguments.faults:
        walk(faults, fault, lambda: outcome(call, root, expected), first, arguments.most)
        first = 1


if __name__ == "__main__":
    main()
    # All calls have come back. pyarrow, which `scan(cache=)` writes with, at times ends a process
    # by std::terminate once threads were refused to it.
    sys.stdout.flush()
    os._exit(0)
