"""Diffusion-weighted series as scanners of several makers write them.

Directions of all but GE and Canon are in the patient's coordinates (LPS); those of these along the
axes of the scan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from builder import EXPLICIT_LITTLE, Element, Identity, Plane, file_bytes, image
from series_builder import PLANES, normal_of, stored_pixels
from siemens_builder import csa

Direction = tuple[float, float, float]
Vendor = Callable[[float, Direction | None, int], list[Element]]

# As scanned: b-value in s/mm2 and direction in the patient's coordinates.
WEIGHTINGS: list[tuple[float, Direction | None]] = [
    (1000, (0.0, 0.0, 1.0)),
    (0, None),
    (1000, (0.0, -0.6, 0.8)),
    (1000, (-1.0, 0.0, 0.0)),
]
SLICES = 3
# Stored values of a volume are higher by this than those of the volume before it.
VOLUME_STEP = 40


def element(group: int, block: int, number: int, vr: str, value: object) -> Element:
    """One element of a private block."""
    return Element(group << 16 | block << 8 | number, vr, value)


def owner(group: int, block: int, creator: str) -> Element:
    """The element that says whose a block is."""
    return Element(group << 16 | block, "LO", creator)


def siemens(b_value: float, direction: Direction | None, block: int) -> list[Element]:
    """What MR scanners of Siemens write."""
    gradient = [] if direction is None else [element(0x19, block, 0x0E, "FD", list(direction))]
    return [
        Element(0x00080070, "LO", "SIEMENS"),
        owner(0x19, block, "SIEMENS MR HEADER"),
        element(0x19, block, 0x0C, "IS", int(b_value)),
        *gradient,
    ]


def ge(
    b_value: float, direction: Direction | None, block: int, added: int = 1_000_000_000
) -> list[Element]:
    """What those of GE write; the direction is in coordinates of the scan."""
    x, y, z = direction or (0.0, 0.0, 0.0)
    return [
        Element(0x00080070, "LO", "GE MEDICAL SYSTEMS"),
        owner(0x19, block, "GEMS_ACQU_01"),
        element(0x19, block, 0xBB, "DS", x),
        element(0x19, block, 0xBC, "DS", y),
        element(0x19, block, 0xBD, "DS", z),
        owner(0x43, block, "GEMS_PARM_01"),
        element(0x43, block, 0x39, "IS", [int(b_value) + added, 8, "", ""]),
    ]


def ge_plain(b_value: float, direction: Direction | None, block: int) -> list[Element]:
    """What older ones write: the b-value as it is."""
    return ge(b_value, direction, block, added=0)


def ge_tensor(
    b_value: float, direction: Direction | None, block: int, phase: str = "COL"
) -> list[Element]:
    """What GE writes into images of a tensor scan, and how it was done."""
    return [
        *ge_plain(b_value, direction, block),
        element(0x43, block, 0x30, "SS", 16 if b_value else 14),
        Element(0x00180023, "CS", "2D"),
        Element(0x00181020, "LO", ["27", "LX", "MR Software release:RX27.0_R03_1850.a"]),
        Element(0x00181312, "CS", phase),
        Element(0x00185100, "CS", "HFS"),
    ]


def philips(b_value: float, direction: Direction | None, block: int) -> list[Element]:
    """What those of Philips write, without weighting a direction of length zero too."""
    x, y, z = direction or (0.0, 0.0, 0.0)
    return [
        Element(0x00080070, "LO", "Philips Medical Systems"),
        owner(0x2001, block, "Philips Imaging DD 001"),
        element(0x2001, block, 0x03, "FL", b_value),
        owner(0x2005, block, "Philips MR Imaging DD 001"),
        element(0x2005, block, 0xB0, "FL", x),
        element(0x2005, block, 0xB1, "FL", y),
        element(0x2005, block, 0xB2, "FL", z),
    ]


def siemens_csa(b_value: float, direction: Direction | None, block: int) -> list[Element]:
    """What MR scanners of Siemens with older software write, in images that are no mosaics."""
    entries = [
        ("EchoLinePosition", ["64"]),
        ("B_value", [f"{b_value:g}"]),
        ("DiffusionGradientDirection", [f"{part:.8f}" for part in direction or ()]),
    ]
    return [
        Element(0x00080070, "LO", "SIEMENS"),
        owner(0x29, block, "SIEMENS CSA HEADER"),
        element(0x29, block, 0x10, "OB", csa(entries)),
    ]


def standard(b_value: float, direction: Direction | None, _: int = 0) -> list[Element]:
    """The standard's attributes, in single-frame images."""
    gradient = [] if direction is None else [Element(0x00189089, "FD", list(direction))]
    return [
        Element(0x00080070, "LO", "SIEMENS"),
        Element(0x00189087, "FD", float(b_value)),
        *gradient,
    ]


def canon(
    b_value: float, direction: Direction | None, _: int = 0, phase: str = "COL"
) -> list[Element]:
    """What those of Canon write: the direction, along the axes of the scan, as a comment."""
    comment = [] if direction is None else [f"b={b_value:g}({','.join(map(str, direction))})"]
    return [
        Element(0x00080070, "LO", "CANON_MEC"),
        Element(0x00181312, "CS", phase),
        Element(0x00185100, "CS", "HFS"),
        Element(0x00189087, "FD", float(b_value)),
        *(Element(0x00204000, "LT", text) for text in comment),
    ]


VENDORS: dict[str, Vendor] = {
    "Siemens": siemens,
    "Siemens header": siemens_csa,
    "GE": ge,
    "older GE": ge_plain,
    "Philips": philips,
}


def write_series(
    folder: Path,
    elements_of: Callable[[float, Direction | None], list[Element]],
    weightings: Sequence[tuple[float, Direction | None]] = WEIGHTINGS,
    orientation: Sequence[float] = PLANES["axial"],
    transfer_syntax: str = EXPLICIT_LITTLE,
    modality: str = "MR",
) -> np.ndarray:
    """Write a series of single-frame images, volume after volume, and tell its stored values.

    Args:
        folder: Where the files go; their names do not sort.
        elements_of: What images of a weighting have that others do not.
        weightings: b-value and direction of each volume.
        orientation: Image Orientation (Patient).
        transfer_syntax: Of the files.
        modality: Of the images.

    Returns:
        Shape (weighting, slice, row, column), weightings in the order given.
    """
    volumes = []
    for volume, (b_value, direction) in enumerate(weightings):
        volumes.append(
            [stored_pixels(index, (5, 7)) + VOLUME_STEP * volume for index in range(SLICES)]
        )
        for index, pixels in enumerate(volumes[-1]):
            number = volume * SLICES + index + 1
            own = elements_of(b_value, direction)
            always = [Element(0x00180050, "DS", 2.5), Element(0x00180020, "CS", "EP")]
            tags = {one.tag for one in own}
            elements = image(
                pixels,
                plane=Plane(
                    position=tuple(2.5 * index * normal_of(orientation)), orientation=orientation
                ),
                identity=Identity(
                    modality=modality, instance_number=number, sop_instance=f"2.25.7.{number}"
                ),
                extra=[*(one for one in always if one.tag not in tags), *own],
            )
            content = file_bytes(elements, transfer_syntax=transfer_syntax)
            (folder / f"{number * 37 % 101:03}.dcm").write_bytes(content)
    return np.array(volumes)
