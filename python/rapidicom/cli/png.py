"""Write an 8-bit image as a PNG file."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from rapidicom._common.png import encode_png
from rapidicom._common.whole_file import whole_file

__all__ = ["encode_png", "write_png"]


def write_png(path: str | os.PathLike[str], image: NDArray[np.uint8]) -> None:
    """Write `image` to `path`, replacing what is there as a whole or not at all.

    Args:
        path: The file to write.
        image: Shape (rows, columns) for grey or (rows, columns, 3) for RGB, uint8.

    Raises:
        ValueError: `image` has another shape or dtype, or no pixels.
    """
    encoded = encode_png(image)
    with whole_file(path) as file:
        file.write(encoded)
