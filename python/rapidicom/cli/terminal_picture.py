"""Pictures in terminals that can show them: kitty's, iTerm's and the sixel protocol.

No terminal is asked what it can: the answer would come in on stdin. What it says of itself in the
environment decides.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rapidicom.cli.png import encode_png

__all__ = ["PROTOCOLS", "Protocol", "drawn", "protocol_of"]

Protocol: TypeAlias = Literal["kitty", "iterm", "sixel"]
PROTOCOLS: tuple[Protocol, ...] = ("kitty", "iterm", "sixel")

_KITTY_TERMS = ("xterm-kitty", "xterm-ghostty")
_ITERM_PROGRAMS = ("iTerm.app", "WezTerm", "rio")
_SIXEL_TERMS = ("mlterm", "foot", "foot-extra", "contour", "yaft-256color")
# Bytes of base64 that kitty takes in one escape code.
_CHUNK = 4096
# Levels of red, green and blue: with 216 colours all sixel terminals can do.
_LEVELS = 6
_REPEATED = re.compile(rb"(.)\1{3,}", re.DOTALL)


def protocol_of(environment: Mapping[str, str]) -> Protocol | None:
    """Return how the terminal shows pictures; `None` if it is not known to.

    Args:
        environment: The environment variables.
    """
    if "TMUX" in environment or "STY" in environment:
        # tmux and screen keep what they do not know from the terminal.
        return None
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if term in _KITTY_TERMS or "KITTY_WINDOW_ID" in environment:
        return "kitty"
    if program in _ITERM_PROGRAMS or environment.get("LC_TERMINAL") == "iTerm2":
        return "iterm"
    return "sixel" if term in _SIXEL_TERMS or "sixel" in term else None


def drawn(image: NDArray[np.uint8], protocol: Protocol) -> bytes:
    """Return what makes a terminal draw an image.

    Args:
        image: Shape (rows, columns) for grey or (rows, columns, 3) for RGB, uint8.
        protocol: How.
    """
    if protocol == "sixel":
        return _sixel(image) + b"\n"
    png = encode_png(image)
    encoded = base64.b64encode(png)
    if protocol == "iterm":
        return b"\x1b]1337;File=inline=1;size=%d:%s\x07\n" % (len(png), encoded)
    chunks = [encoded[start : start + _CHUNK] for start in range(0, len(encoded), _CHUNK)]
    codes = []
    for index, chunk in enumerate(chunks):
        # a=T: transmit and show; f=100: PNG; m=1: more follows.
        first = b"a=T,f=100," if index == 0 else b""
        codes.append(b"\x1b_G%sm=%d;%s\x1b\\" % (first, index + 1 < len(chunks), chunk))
    return b"".join(codes) + b"\n"


def _sixel(image: NDArray[np.uint8]) -> bytes:
    """Encode an image as sixels: bands of six rows, and in each a line a colour (DEC STD 070)."""
    colours, palette = _quantized(image)
    rows, columns = colours.shape
    parts = [b'\x1bPq"1;1;%d;%d' % (columns, rows)]
    # 2: red, green and blue, in percent.
    parts += [
        b"#%d;2;%d;%d;%d" % (number, *(round(int(level) * 100 / 255) for level in colour))
        for number, colour in enumerate(palette)
    ]
    for top in range(0, rows, 6):
        band = colours[top : top + 6]
        for number in np.unique(band):
            bits = (1 << np.arange(len(band), dtype=np.uint8)) @ (band == number).astype(np.uint8)
            line = (bits.astype(np.uint8) + 63).tobytes()
            shorter = _REPEATED.sub(lambda run: b"!%d%s" % (len(run[0]), run[1]), line)
            parts.append(b"#%d%s$" % (number, shorter))
        parts.append(b"-")
    return b"".join(parts) + b"\x1b\\"


def _quantized(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the number of each pixel's colour, and the colours, shape (colours, 3)."""
    if image.ndim == 2:
        # Sixels count in percent: more greys than that are none.
        numbers = (image.astype(np.uint16) * 100 // 255).astype(np.uint8)
        greys = (np.arange(101) * 255 / 100).round().astype(np.uint8)
        return numbers, np.repeat(greys[:, None], 3, axis=1)
    steps = (image.astype(np.uint16) * (_LEVELS - 1) + 127) // 255
    numbers = (steps @ np.array([_LEVELS**2, _LEVELS, 1])).astype(np.uint8)
    levels = (np.arange(_LEVELS) * 255 // (_LEVELS - 1)).astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    return numbers, cube.reshape(-1, 3)
