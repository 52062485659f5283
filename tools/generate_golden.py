#!/usr/bin/env python3
"""Write the golden tables: what pydicom says the files of `tests/data` hold.

    python tools/generate_golden.py

`tests/golden/pixels.csv`: file, dtype, shape, SHA-256 of the pixels in C order and little endian,
reader. `tests/golden/elements.csv`: file, number of elements, SHA-256 of `tests/canonical.py`'s
lines, reader. Rapidicom is not asked: `tests/python/test_golden.py` compares it with the tables.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

import numpy as np
import pydicom

TESTS = Path(__file__).resolve().parent.parent / "tests"
DATA = TESTS / "data"
GOLDEN = TESTS / "golden"
FOLDERS = ("brain-mr", "files")
READER = f"pydicom {pydicom.__version__}"


def pixel_row(dataset: pydicom.Dataset) -> tuple[str, str, str]:
    """Return dtype, shape ("2 x 3") and SHA-256 of the pixels of `dataset`."""
    array = dataset.pixel_array
    little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    shape = " x ".join(str(size) for size in array.shape)
    return array.dtype.name, shape, hashlib.sha256(little_endian.tobytes()).hexdigest()


def write_table(name: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Write one table and say so."""
    path = GOLDEN / name
    GOLDEN.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    print(f"{path.relative_to(TESTS.parent)}: {len(rows)} files")


def main() -> None:
    """Read every file with pydicom and write both tables."""
    sys.path.insert(0, str(TESTS))
    from canonical import digest

    pixels: list[tuple[str, ...]] = []
    elements: list[tuple[str, ...]] = []
    for path in sorted(path for folder in FOLDERS for path in (DATA / folder).glob("*.dcm")):
        name = path.relative_to(DATA).as_posix()
        # `force`: rtstruct.dcm has neither preamble nor File Meta Information.
        dataset = pydicom.dcmread(path, force=True)
        count, sha256 = digest(dataset)
        elements.append((name, str(count), sha256, READER))
        # nested_priv_SQ.dcm has pixel data that nothing describes.
        if "PixelData" in dataset and "BitsAllocated" in dataset:
            pixels.append((name, *pixel_row(dataset), READER))
    write_table("pixels.csv", ("file", "dtype", "shape", "sha256", "reader"), pixels)
    write_table("elements.csv", ("file", "elements", "sha256", "reader"), elements)


if __name__ == "__main__":
    main()
