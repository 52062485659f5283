"""What a header says of compressed pixels is checked before there is memory for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from builder import PIXEL_DATA, RLE, Element, Identity, Items, file_bytes, image
from siemens_builder import mosaic_elements, mosaic_entries

# 288 MB of 16 bits, more than 64 bytes can decompress to; 1.2 GB as the floats of the array or of a
# table.
LENGTH = 12_000

MOSAIC = mosaic_elements(mosaic_entries(4))
TABLE = [
    Element(
        0x00283000,
        "SQ",
        Items([[Element(0x00283002, "US", [2, 0, 16]), Element(0x00283006, "US", [1, 2])]]),
    )
]
# The array itself takes addresses only, until somebody writes into it.
SCRIPT = """
import sys
import rapidicom as rd
try:
    rd.read_series(sys.argv[1], dtype="float64")
except rd.LimitError:
    print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="no /proc, which says what memory was used"
)
@pytest.mark.parametrize("extra", [MOSAIC, TABLE, []], ids=["mosaic", "table", "plain"])
def test_small_file_of_a_large_image_takes_no_memory(tmp_path: Path, extra: list[Element]) -> None:
    fragment = b"\xfe\xff\x00\xe0" + (64).to_bytes(4, "little") + bytes(64)
    pixels = b"\xfe\xff\x00\xe0\0\0\0\0" + fragment + b"\xfe\xff\xdd\xe0\0\0\0\0"
    size = [Element(0x00280010, "US", LENGTH), Element(0x00280011, "US", LENGTH)]
    elements = [
        *(
            element
            for element in image(
                np.zeros((2, 2), np.uint16), identity=Identity(modality="MR"), extra=[*size, *extra]
            )
            if element.tag != 0x7FE00010
        ),
        Element(PIXEL_DATA, "OB", pixels, length=0xFFFFFFFF),
    ]
    path = tmp_path / "a.dcm"
    path.write_bytes(file_bytes(elements, transfer_syntax=RLE))
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)],
        capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert int(found.stdout) < 600_000, "kilobytes"
