"""Recommended colours of segments: CIELab (PS3.3 §C.10.7.1.1) to sRGB."""

from __future__ import annotations

from typing import Any

import numpy as np

from rapidicom._common.numbers import as_integer

__all__ = ["rgb_of_cielab"]

# The white of the profile connection space: D50.
_WHITE = np.array([0.9642, 1.0, 0.8249])
# XYZ of D50 to linear sRGB, adapted to its D65 by Bradford's matrix.
_TO_LINEAR = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)


def rgb_of_cielab(value: Any) -> tuple[int, int, int] | None:
    """Return the colour of Recommended Display CIELab Value: red, green, blue, each 0 to 255.

    Args:
        value: Three numbers of 16 bits, or what a file has in their place.

    Returns:
        The nearest colour that sRGB has; `None` if there are not three such numbers.
    """
    try:
        numbers = [as_integer(number) for number in value]
    except TypeError:
        return None
    if len(numbers) != 3 or any(one is None or not 0 <= one <= 0xFFFF for one in numbers):
        return None
    scaled = np.array(numbers, dtype=np.float64) / 0xFFFF
    lightness, a, b = scaled[0] * 100, scaled[1] * 255 - 128, scaled[2] * 255 - 128
    middle = (lightness + 16) / 116
    along = np.array([middle + a / 500, middle, middle - b / 200])
    xyz = _WHITE * np.where(along > 6 / 29, along**3, 3 * (6 / 29) ** 2 * (along - 4 / 29))
    linear = np.clip(_TO_LINEAR @ xyz, 0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = np.rint(curved * 255).astype(int).tolist()
    return red, green, blue
