"""Small functions under the names that code written for pydicom imports."""

from __future__ import annotations

import os

__all__ = ["is_dicom", "size_in_bytes"]

_UNITS = {
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}


def is_dicom(file_path: str | os.PathLike[str]) -> bool:
    """Return whether a file has a preamble and the prefix `DICM` (PS3.10 §7.1).

    Raises:
        OSError: The file cannot be read.
    """
    with open(file_path, "rb") as file:  # noqa: PTH123 - `pathlib` takes a while to import
        return file.read(132)[128:] == b"DICM"


def size_in_bytes(expr: float | str | None) -> float | int | None:
    """Return a size in bytes, which may have a unit, e.g. `2 MB` or `512 KiB`.

    Raises:
        ValueError: `expr` is not a number, or its unit is unknown.
    """
    if expr is None or expr == float("inf"):
        return None
    if not isinstance(expr, str):
        return expr
    digits = expr.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = expr[len(digits) :].lower()
    if not unit:
        return int(digits)
    if unit not in _UNITS:
        raise ValueError(
            f"Unable to parse length with unit '{unit}': expected one of {', '.join(_UNITS)}"
        )
    return float(digits) * _UNITS[unit]
