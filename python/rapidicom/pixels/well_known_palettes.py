"""The well-known colour palettes (PS3.6 §B), as the corners of lines or the edges of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["well_known_palette"]

_UIDS = {
    "1.2.840.10008.1.5.1": "HOT_IRON",
    "1.2.840.10008.1.5.2": "PET",
    "1.2.840.10008.1.5.3": "HOT_METAL_BLUE",
    "1.2.840.10008.1.5.4": "PET_20_STEP",
    "1.2.840.10008.1.5.5": "SPRING",
    "1.2.840.10008.1.5.6": "SUMMER",
    "1.2.840.10008.1.5.7": "FALL",
    "1.2.840.10008.1.5.8": "WINTER",
}

# Red, green and blue; (index, level) of each corner, with straight lines in between.
_LINES = {
    "HOT_IRON": (
        ((0, 0), (127, 254), (129, 255), (255, 255)),
        ((0, 0), (128, 0), (254, 252), (255, 255)),
        ((0, 0), (191, 0), (254, 252), (255, 255)),
    ),
    "PET": (
        ((0, 0), (63, 0), (64, 1), (149, 170), (150, 171), (192, 255), (255, 255)),
        (
            (0, 0),
            (31, 62),
            (33, 67),
            (62, 125),
            (63, 128),
            (95, 64),
            (97, 61),
            (127, 1),
            (128, 0),
            (254, 252),
            (255, 255),
        ),
        (
            (0, 0),
            (1, 1),
            (128, 255),
            (130, 248),
            (192, 0),
            (233, 165),
            (235, 174),
            (254, 250),
            (255, 255),
        ),
    ),
    "HOT_METAL_BLUE": (
        ((0, 0), (85, 0), (102, 50), (119, 90), (153, 190), (170, 255), (255, 255)),
        ((0, 0), (119, 0), (238, 224), (255, 255)),
        (
            (0, 0),
            (17, 33),
            (42, 83),
            (43, 84),
            (76, 149),
            (93, 183),
            (94, 184),
            (102, 200),
            (119, 150),
            (136, 50),
            (153, 0),
            (170, 0),
            (238, 200),
            (255, 255),
        ),
    ),
    "SPRING": (
        ((0, 255), (255, 255)),
        ((0, 0), (255, 255)),
        ((0, 255), (255, 0)),
    ),
    "SUMMER": (
        ((0, 0), (255, 0)),
        ((0, 255), (255, 128)),
        ((0, 0), (127, 0), (192, 129), (253, 250), (255, 254)),
    ),
    "FALL": (
        ((0, 255), (255, 255)),
        ((0, 255), (255, 0)),
        ((0, 0), (255, 0)),
    ),
    "WINTER": (
        ((0, 0), (127, 0), (255, 127)),
        ((0, 0), (255, 255)),
        ((0, 255), (255, 128)),
    ),
}

# The same; a level lasts until the next.
_STEPS = {
    "PET_20_STEP": (
        (
            (0, 0),
            (13, 96),
            (26, 48),
            (51, 80),
            (64, 96),
            (77, 112),
            (90, 128),
            (102, 48),
            (128, 80),
            (141, 64),
            (153, 224),
            (166, 208),
            (204, 192),
            (217, 176),
            (230, 255),
        ),
        (
            (0, 0),
            (26, 48),
            (51, 80),
            (64, 96),
            (77, 112),
            (90, 128),
            (102, 96),
            (115, 144),
            (128, 192),
            (141, 224),
            (166, 208),
            (179, 176),
            (192, 144),
            (204, 96),
            (217, 48),
            (230, 0),
            (243, 255),
        ),
        (
            (0, 0),
            (13, 80),
            (39, 112),
            (51, 128),
            (64, 176),
            (77, 192),
            (90, 224),
            (102, 48),
            (128, 80),
            (141, 64),
            (153, 80),
            (166, 96),
            (179, 64),
            (192, 0),
            (243, 255),
        ),
    ),
}


def well_known_palette(palette: str) -> npt.NDArray[Any]:
    """Return the colours of a palette.

    Args:
        palette: Its name, such as `HOT_IRON`, or its UID.

    Returns:
        Shape (256, 3), uint8.

    Raises:
        ValueError: The palette is unknown.
    """
    name = _UIDS.get(palette, palette)
    if name not in _UIDS.values():
        raise ValueError(f"unknown palette: expected one of {', '.join(_UIDS.values())}")
    index = np.arange(256)
    colours = np.empty((256, 3), np.uint8)
    for colour, corners in enumerate(_LINES.get(name, ())):
        at, levels = zip(*corners, strict=True)
        colours[:, colour] = np.floor(np.interp(index, at, levels) + 0.5)
    for colour, edges in enumerate(_STEPS.get(name, ())):
        at, levels = zip(*edges, strict=True)
        colours[:, colour] = np.array(levels)[np.searchsorted(at, index, side="right") - 1]
    return colours
