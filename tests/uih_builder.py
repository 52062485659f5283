"""What MR scanners of United Imaging (UIH) write: diffusion weighting, and slices as tiles.

Directions are along the rows, the columns and the normal of the image. Tiles fill one image row by
row, as many beside each other as make the smallest square, without rows that would all be empty;
an item of a private sequence has the position of each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder import Element, Identity, Items, Plane, file_bytes, image
from diffusion_builder import Direction, element, owner
from series_builder import PLANES, normal_of, stored_pixels

CREATOR = "Image Private Header"


def along_axes(direction: Direction, orientation: Sequence[float]) -> list[float]:
    """Turn a direction of the patient into one along the axes of an image."""
    row, column = np.asarray(orientation, float).reshape(2, 3)
    axes = np.array([row, column, normal_of(orientation)])
    return [float(part) for part in axes @ np.asarray(direction)]


def weighting(
    b_value: float,
    direction: Direction | None,
    orientation: Sequence[float] = PLANES["axial"],
    block: int = 0x10,
) -> list[Element]:
    """Lay out a b-value and a direction, which has length zero where there is none."""
    gradient = [0.0] * 3 if direction is None else along_axes(direction, orientation)
    return [
        Element(0x00080070, "LO", "UIH"),
        owner(0x65, block, CREATOR),
        element(0x65, block, 0x09, "FD", float(b_value)),
        element(0x65, block, 0x37, "FD", gradient),
    ]


@dataclass(frozen=True)
class Grid:
    """One image of tiles.

    Attributes:
        count: How many slices.
        said: What the header says how many there are; default: as many.
        positions: Of each, `None` for none; default: 2.5 mm apart along the normal.
        is_listed: Whether the sequence of tiles is there at all.
        times: Acquisition Time of each; default: none.
        orientation: Image Orientation (Patient).
        block: Which block the private creator reserved.
        vrs: What the sequence and the number of tiles are written as.
        tile: Rows and columns of a tile.
    """

    count: int = 5
    said: Any = None
    positions: Sequence[Sequence[float] | None] | None = None
    is_listed: bool = True
    times: Sequence[str] | None = None
    orientation: Sequence[float] = PLANES["axial"]
    block: int = 0x10
    vrs: tuple[str, str] = ("SQ", "DS")
    tile: tuple[int, int] = (4, 3)

    def places(self) -> list[Sequence[float] | None]:
        """The position of each tile."""
        if self.positions is not None:
            return list(self.positions)
        step = 2.5 * normal_of(self.orientation)
        return [[float(part) for part in index * step] for index in range(self.count)]

    def elements(self) -> list[Element]:
        """What makes an image a grid, but for its pixels."""
        items = []
        for index, place in enumerate(self.places()):
            item = []
            if self.times is not None:
                item += [
                    Element(0x00080022, "DA", "20240229"),
                    Element(0x00080032, "TM", self.times[index]),
                ]
            if place is not None:
                item.append(Element(0x00200032, "DS", [float(part) for part in place]))
            items.append(item)
        listed = [element(0x65, self.block, 0x51, self.vrs[0], Items(items))]
        said = self.count if self.said is None else self.said
        return [
            Element(0x00080008, "CS", ["ORIGINAL", "PRIMARY", "M", "VFRAME"]),
            Element(0x00080070, "LO", "UIH"),
            Element(0x00180088, "DS", 2.5),
            owner(0x65, self.block, CREATOR),
            element(0x65, self.block, 0x50, self.vrs[1], said),
            *(listed if self.is_listed else []),
        ]

    def pixels(self, first: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the tiles, shape (slice, row, column), and the image that they make."""
        rows, columns = self.tile
        across = math.ceil(math.sqrt(self.count))
        down = math.ceil(self.count / across)
        tiles = np.array([stored_pixels(index, self.tile) for index in range(self.count)]) + first
        whole = np.zeros((down * rows, across * columns), tiles.dtype)
        for index, tile in enumerate(tiles):
            top, left = index // across * rows, index % across * columns
            whole[top : top + rows, left : left + columns] = tile
        return tiles, whole


def write_grid(
    path: Path,
    grid: Grid = Grid(),
    *extra: Element,
    first: int = 0,
    number: int = 1,
    series: str = "2.25.2",
    **options: Any,
) -> NDArray[Any]:
    """Write a grid and return its tiles.

    Args:
        path: Where to.
        grid: What it is.
        *extra: As for `image`.
        first: Added to each stored value.
        number: Instance Number.
        series: Series Instance UID.
        **options: As for `file_bytes`.
    """
    tiles, whole = grid.pixels(first)
    elements = image(
        whole,
        plane=Plane(position=None, orientation=grid.orientation, pixel_spacing=(2.0, 2.0)),
        identity=Identity(
            modality="MR",
            instance_number=number,
            sop_instance=f"2.25.7.{number}",
            series=series,
        ),
        extra=[*grid.elements(), *extra],
    )
    path.write_bytes(file_bytes(elements, **options))
    return tiles
