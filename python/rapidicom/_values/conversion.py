"""Conversion of the values that users set.

Values are converted, not checked against the limits of their VR, for nothing here writes files:
only of whole numbers too large or too small for the bits of theirs it warns, as pydicom does. A
value that cannot be converted raises a `ValueError` or `TypeError` that names the VR, never the
text.
"""

from __future__ import annotations

import warnings
from typing import Any

from rapidicom._common.not_offered import not_offered
from rapidicom._common.pydicom_types import is_pydicom_sequence
from rapidicom._values.constructors import CONSTRUCTORS, unchanged
from rapidicom._values.multi_value import MultiValue
from rapidicom._values.sequence import Sequence
from rapidicom._values.vr import BACKSLASH_IS_TEXT, BYTES_VR, STR_VR

__all__ = ["convert_value"]

# The least and the greatest number of a VR (PS3.5 §6.2).
_RANGES = {
    "US": (0, 2**16 - 1),
    "SS": (-(2**15), 2**15 - 1),
    "US or SS": (-(2**15), 2**16 - 1),
    "UL": (0, 2**32 - 1),
    "SL": (-(2**31), 2**31 - 1),
    "UV": (0, 2**64 - 1),
    "SV": (-(2**63), 2**63 - 1),
}


def convert_value(VR: str, value: Any) -> Any:
    r"""Turn what a user sets into what a data set holds.

    Args:
        VR: The VR of the element, or the dictionary's choice of several.
        value: One value; several, as a list, a tuple, or text with backslashes; or, for SQ, data
            sets.

    Returns:
        A value of the VR's own type, or a `MultiValue` of them.

    Raises:
        TypeError: A value of this VR cannot be made from that type.
        ValueError: A number or tag cannot be made from that text.
    """
    if VR == "SQ":
        # A sequence of pydicom is kept, so that later changes to it are seen.
        return (
            value if isinstance(value, Sequence) or is_pydicom_sequence(value) else Sequence(value)
        )
    if VR in _RANGES:
        _check_range(VR, value)
    convert = CONSTRUCTORS.get(VR, unchanged)
    if isinstance(value, str):
        if "\\" in value and VR not in BACKSLASH_IS_TEXT:
            return MultiValue(convert, value.split("\\"))
    elif isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    elif isinstance(value, bytes):
        if b"\\" in value and VR in STR_VR and VR not in BACKSLASH_IS_TEXT:
            return MultiValue(convert, value.split(b"\\"))
    elif hasattr(value, "append") or (
        isinstance(value, tuple) and VR != "AT"
    ):  # one tag can be a pair
        return convert(value[0]) if len(value) == 1 else MultiValue(convert, value)
    elif hasattr(value, "read") or VR in BYTES_VR or VR == "OB or OW":
        _refuse_others(value)
    return convert(value)


def _check_range(VR: str, value: object) -> None:
    least, greatest = _RANGES[VR]
    for one in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(one, int) and not least <= one <= greatest:
            warnings.warn(
                f"a value with VR {VR} must be from {least} to {greatest}: this one cannot be "
                "written",
                stacklevel=3,
            )


def _refuse_others(value: object) -> None:
    if hasattr(value, "read"):
        not_offered("take file objects as values", "ds.to_pydicom() gives what writes them")
    if hasattr(value, "__array_interface__"):
        raise TypeError("bytes are needed here, not an array: its tobytes() gives them")
