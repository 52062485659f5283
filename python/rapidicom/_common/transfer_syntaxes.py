"""Transfer Syntaxes, and which of them can be read (PS3.5 §10, §A; PS3.6 §A)."""

from __future__ import annotations

from typing import NamedTuple

from rapidicom import _core


class TransferSyntax(NamedTuple):
    """One way to encode a data set and its pixels."""

    uid: str
    """Its UID."""
    name: str
    """Its name in the standard."""
    byte_order: str
    """`"little"` or `"big"`."""
    is_encapsulated: bool
    """Whether pixels are in fragments."""
    decoder: str | None
    """The decoder of its frames, or `None`."""
    why_not: str | None
    """Why frames are not decoded; `None` if they are."""


def transfer_syntaxes() -> list[TransferSyntax]:
    """List every Transfer Syntax of the standard, retired ones included, with its decoder.

    Examples:
        >>> syntaxes = {syntax.uid: syntax for syntax in rd.transfer_syntaxes()}
        >>> syntaxes["1.2.840.10008.1.2.4.90"].name
        'JPEG 2000 Image Compression (Lossless Only)'
        >>> syntaxes["1.2.840.10008.1.2.4.90"].decoder is not None
        True
    """
    return [TransferSyntax(*row) for row in _core.transfer_syntaxes()]
