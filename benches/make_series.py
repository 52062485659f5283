"""Write the series of the benchmarks: CT slices, 512 x 512, 12 of 16 bits, explicit VR.

Each file has about 90 header elements, some private, and two sequences. Pixel data comes last, as
the floor expects. The bytes depend on the number of slices only, so that results of two machines
are about the same files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from builder import CT_IMAGE, Element, Identity, Items, Layout, Plane, file_bytes, image

SIZE = 512
# Unsigned, because one of the rivals refuses signed pixels; air is 24.
INTERCEPT = -1024.0
PIXEL_SPACING = (0.703125, 0.703125)
STEP = 1.25
ORIGIN = (-179.648, -312.5, -620.25)

# (tag, VR, value) that every slice of a scanner's series repeats.
CONSTANT: list[tuple[int, str, Any]] = [
    (0x00080005, "CS", "ISO_IR 100"),
    (0x00080008, "CS", ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"]),
    (0x00080020, "DA", "20240229"),
    (0x00080021, "DA", "20240229"),
    (0x00080022, "DA", "20240229"),
    (0x00080023, "DA", "20240229"),
    (0x00080030, "TM", "100512.250000"),
    (0x00080031, "TM", "100800.500000"),
    (0x00080033, "TM", "101207.875000"),
    (0x00080050, "SH", "A0004711"),
    (0x00080070, "LO", "ACME"),
    (0x00080080, "LO", "General Hospital"),
    (0x00080090, "PN", "Referring^Doctor"),
    (0x00081010, "SH", "CT01"),
    (0x00081030, "LO", "Abdomen^Routine"),
    (0x0008103E, "LO", "Abdomen 1.25 B30f"),
    (0x00081050, "PN", "Performing^Doctor"),
    (0x00081090, "LO", "Scanner 64"),
    (0x00090010, "LO", "ACME CT HEADER"),
    (0x00091010, "LO", "BODY"),
    (0x00091011, "US", 7),
    (0x00091012, "FD", [0.5, 1.25, 80.0]),
    (0x00091013, "OB", bytes(range(64))),
    (0x00100010, "PN", "Phantom^One"),
    (0x00100020, "LO", "PHANTOM-1"),
    (0x00100030, "DA", "19700101"),
    (0x00100040, "CS", "O"),
    (0x00101010, "AS", "054Y"),
    (0x00101020, "DS", 1.75),
    (0x00101030, "DS", 75.5),
    (0x00104000, "LT", "Made for a benchmark, shows nobody."),
    (0x00180015, "CS", "ABDOMEN"),
    (0x00180022, "CS", "HELIX"),
    (0x00180050, "DS", STEP),
    (0x00180060, "DS", 120.0),
    (0x00180090, "DS", 500.0),
    (0x00181020, "LO", "V 1.0"),
    (0x00181030, "LO", "Abdomen routine"),
    (0x00181100, "DS", 360.0),
    (0x00181110, "DS", 1040.0),
    (0x00181111, "DS", 570.0),
    (0x00181120, "DS", 0.0),
    (0x00181130, "DS", 150.0),
    (0x00181150, "IS", 500),
    (0x00181151, "IS", 240),
    (0x00181152, "IS", 120),
    (0x00181160, "SH", "0"),
    (0x00181170, "IS", 28),
    (0x00181210, "SH", "B30f"),
    (0x00185100, "CS", "HFS"),
    (0x00200010, "SH", "1"),
    (0x00200011, "IS", 4),
    (0x00200012, "IS", 1),
    (0x00201040, "LO", "SN"),
    (0x00204000, "LT", "Arterial phase"),
    (0x00210010, "LO", "ACME CT IMAGE"),
    (0x00211011, "DS", 0.625),
    (0x00281050, "DS", [40.0, -600.0]),
    (0x00281051, "DS", [400.0, 1500.0]),
    (0x00281054, "LO", "HU"),
    (0x00281055, "LO", ["WINDOW1", "WINDOW2"]),
]
REQUEST = Items(
    [
        [
            Element(0x00400007, "LO", "CT abdomen with contrast"),
            Element(0x00400008, "SQ", Items([])),
            Element(0x00400009, "SH", "SPS4711"),
            Element(0x00401001, "SH", "RP4711"),
        ]
    ],
    undefined_length=True,
)
REFERENCED = Items(
    [[Element(0x00081150, "UI", CT_IMAGE), Element(0x00081155, "UI", "2.25.471100001")]]
)


def slice_pixels(
    index: int, fields: NDArray[np.float32], noise: NDArray[np.float32]
) -> NDArray[np.uint16]:
    """Make one slice: smooth structures that drift with `index`, and noise on top; 12 bits.

    Args:
        index: Counts from 0 along the series.
        fields: Shape (4, 512, 512), smooth, about -1 to 1.
        noise: Shape (512, 512), in grey levels.
    """
    phases = np.sin(np.arange(4) + 0.02 * index).astype(np.float32)
    smooth = np.tensordot(phases, fields, axes=1)
    grey = 1040 + 420 * smooth + np.roll(noise, (index * 37, index * 91), axis=(0, 1))
    return np.clip(grey, 0, 4095).astype(np.uint16)


def smooth_fields(count: int) -> NDArray[np.float32]:
    """Make fields of a few waves each; shape (count, 512, 512), about -1 to 1."""
    random = np.random.default_rng(512)
    row, column = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / SIZE
    fields = np.zeros((count, SIZE, SIZE), np.float32)
    for field in fields:
        for _ in range(5):
            down, across, phase = (
                random.uniform(-6, 6),
                random.uniform(-6, 6),
                random.uniform(0, 6.3),
            )
            field += np.sin(2 * np.pi * (down * row + across * column) + phase) / 3
    return fields


def slice_bytes(index: int, pixels: NDArray[np.uint16]) -> bytes:
    """Lay out the file of one slice."""
    z = ORIGIN[2] + STEP * index
    extra = [
        *(Element(tag, vr, value) for tag, vr, value in CONSTANT),
        Element(0x00080032, "TM", f"1010{index / 100:09.6f}"),
        Element(0x00081140, "SQ", REFERENCED),
        Element(0x00201041, "DS", z),
        Element(0x00211010, "IS", index),
        Element(0x00400275, "SQ", REQUEST),
    ]
    return file_bytes(
        image(
            pixels,
            layout=Layout(bits_stored=12),
            plane=Plane(position=(*ORIGIN[:2], z), pixel_spacing=PIXEL_SPACING),
            identity=Identity(
                instance_number=index + 1,
                sop_instance=f"2.25.512000000{index + 1:06}",
                series="2.25.512000001",
                study="2.25.512000002",
            ),
            rescale=(1.0, INTERCEPT),
            extra=extra,
        )
    )


def default_folder(count: int) -> Path:
    """Name the cache: it outlives a run, so that a series is written once a machine."""
    return Path(tempfile.gettempdir()) / f"rapidicom-bench-ct-{count}"


def ensure_series(folder: Path | None = None, count: int = 1000) -> Path:
    """Write the series unless it is there already.

    Args:
        folder: Default: a cache under the system's folder for temporary files.
        count: Slices; 530 KB each.

    Returns:
        The folder, whose files sort in slice order and which holds nothing else.
    """
    folder = default_folder(count) if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"IM{index:05}.dcm" for index in range(count)]
    present = {path.name: path.stat().st_size for path in folder.iterdir()}
    stray = sorted(set(present) - set(names))
    if stray:
        raise ValueError(
            f"{folder} holds {len(stray)} files that are not of the series, such as {stray[0]}"
        )
    # A file that is no larger than its pixels is from a run that was stopped.
    wanted = [index for index, name in enumerate(names) if present.get(name, 0) <= 2 * SIZE * SIZE]
    if wanted:
        fields = smooth_fields(4)
        noise = np.random.default_rng(4096).normal(0, 12, (SIZE, SIZE)).astype(np.float32)
    for index in wanted:
        (folder / names[index]).write_bytes(slice_bytes(index, slice_pixels(index, fields, noise)))
    return folder


def main() -> None:
    """Write the series from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, help="default: a cache in the temporary folder"
    )
    parser.add_argument(
        "--count", type=int, default=1000, help="slices, 530 KB each (default 1000)"
    )
    arguments = parser.parse_args()
    print(ensure_series(arguments.folder, arguments.count))


if __name__ == "__main__":
    main()
