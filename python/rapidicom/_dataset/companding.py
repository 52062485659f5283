"""Companded samples: 8 bits that stand for the 14 of mu-law and the 13 of A-law (ITU-T G.711)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["a_law", "mu_law"]


# Made when a waveform first asks for them, not by every `import rapidicom`.
@functools.cache
def mu_law() -> npt.NDArray[np.int16]:
    """Return the linear sample of each byte, -8031 to 8031 (G.711 table 2)."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int16)
    magnitude = ((2 * mantissa + 33) << exponent) - 33
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


@functools.cache
def a_law() -> npt.NDArray[np.int16]:
    """Return the linear sample of each byte, -4032 to 4032 (G.711 table 1)."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int16)
    # The first segment has no leading bit of its own.
    magnitude = np.where(
        exponent == 0, 2 * mantissa + 1, (2 * mantissa + 33) << np.maximum(exponent, 1) - 1
    )
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)
