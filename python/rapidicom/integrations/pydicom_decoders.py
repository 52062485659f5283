"""Our codecs for pydicom: programs that read with it decode with them, unchanged.

    from rapidicom.integrations import pydicom_decoders
    pydicom_decoders.register()
    pydicom.dcmread("ct.dcm").pixel_array

pydicom requires `is_available`, `DECODER_DEPENDENCIES` and a decoding function of a plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.pixels.decoders.base import get_decoder

from rapidicom import _core
from rapidicom._common.arrays import as_bytes, empty_aligned
from rapidicom._common.transfer_syntaxes import transfer_syntaxes

if TYPE_CHECKING:
    from pydicom.pixels.decoders.base import DecodeRunner

__all__ = ["register", "unregister"]

_LABEL = "rapidicom"
# pydicom calls decoders for these only; it takes the others for native.
_OURS = {row.uid for row in transfer_syntaxes() if row.is_encapsulated and row.decoder is not None}

DECODER_DEPENDENCIES = dict.fromkeys(_OURS, ("rapidicom",))


def is_available(uid: str) -> bool:
    """Return whether frames of a Transfer Syntax are decoded."""
    return uid in _OURS


def register() -> None:
    """Let pydicom decode with our codecs, and with its other plugins only where these fail.

    Calling it again does nothing.

    Examples:
        >>> from pydicom.pixels import get_decoder
        >>> from pydicom.uid import JPEG2000Lossless
        >>> from rapidicom.integrations import pydicom_decoders
        >>> pydicom_decoders.register()
        >>> "rapidicom" in get_decoder(JPEG2000Lossless).available_plugins
        True
        >>> pydicom_decoders.unregister()
    """
    for uid in sorted(_OURS):
        try:
            decoder = get_decoder(uid)
        except NotImplementedError:
            continue
        if _LABEL not in decoder.available_plugins:
            decoder.add_plugin(_LABEL, (__name__, "decode_frame"))
            # pydicom tries plugins in the order in which they were added.
            others = {
                label: function for label, function in decoder._available.items() if label != _LABEL
            }
            decoder._available = {_LABEL: decode_frame, **others}


def unregister() -> None:
    """Undo `register`."""
    for uid in sorted(_OURS):
        try:
            decoder = get_decoder(uid)
        except NotImplementedError:
            continue
        if _LABEL in decoder.available_plugins:
            decoder.remove_plugin(_LABEL)


def decode_frame(src: bytes, runner: DecodeRunner) -> bytearray:
    """Decode one frame for pydicom, which turns colours into RGB itself.

    Args:
        src: The compressed frame.
        runner: pydicom's description of it, updated to describe the decoded pixels.

    Raises:
        InvalidDicomError: `src` is not a frame of this Transfer Syntax.
    """
    shape: tuple[int, ...] = (runner.rows, runner.columns)
    if runner.samples_per_pixel > 1:
        shape = (*shape, runner.samples_per_pixel)
    kind = "i" if runner.pixel_representation == 1 else "u"
    array = empty_aligned(shape, np.dtype(f"{kind}{max(runner.bits_allocated // 8, 1)}"))
    _core.decode_frame(
        str(runner.transfer_syntax),
        bytes(src),
        runner.rows,
        runner.columns,
        runner.samples_per_pixel,
        runner.bits_allocated,
        runner.bits_stored,
        runner.pixel_representation == 1,
        str(runner.photometric_interpretation),
        True,
        0,
        as_bytes(array),
    )
    if runner.samples_per_pixel > 1:
        runner.set_option("planar_configuration", 0)
    if runner.photometric_interpretation in ("YBR_ICT", "YBR_RCT"):
        # Decoding JPEG 2000 undoes its colour transform.
        runner.set_option("photometric_interpretation", "RGB")
    return bytearray(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
