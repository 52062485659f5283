"""Checked numbers of a data set, for code that calculates with them.

A file may have any text, of any size, where a number belongs; messages never show it.
"""

from __future__ import annotations

import math
from typing import Any

from rapidicom import _core
from rapidicom._common.errors import InvalidDicomError

__all__ = ["as_float", "as_integer", "integer", "number"]


def as_float(value: Any) -> float | None:
    """Return a value as a finite number, or `None` if it is not one."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def as_integer(value: Any) -> int | None:
    """Return a value as a whole number, or `None` if it is not one."""
    if isinstance(value, int):
        return int(value)
    found = as_float(value)
    return None if found is None or not found.is_integer() else int(found)


def number(ds: Any, keyword: str, index: int | None = None) -> float | None:
    """Return the number that an attribute has.

    Args:
        ds: A data set.
        keyword: The attribute's keyword.
        index: Which of several numbers; `None` if there must be one only.

    Returns:
        The number; `None` if the attribute is absent or empty.

    Raises:
        InvalidDicomError: The value is not a number.
        IndexError: `index` is past the last number.
    """
    value = ds.get(keyword)
    if value is None or (isinstance(value, (str, bytes)) and not value):
        return None
    if index is not None and isinstance(value, list):
        value = value[index]
    found = as_float(value)
    if found is None:
        raise InvalidDicomError(f"{keyword} is not a number", tag=_core.keyword_tag(keyword))
    return found


def integer(ds: Any, keyword: str, lowest: int, highest: int) -> int:
    """Return the whole number that an attribute has.

    Args:
        ds: A data set.
        keyword: The attribute's keyword.
        lowest: The smallest valid number.
        highest: The largest valid number.

    Raises:
        InvalidDicomError: The attribute is absent, or not a whole number from `lowest` to
            `highest`.
    """
    found = as_integer(ds.get(keyword))
    if found is None or not lowest <= found <= highest:
        expected = f"expected a whole number from {lowest} to {highest}"
        raise InvalidDicomError(f"{keyword}: {expected}", tag=_core.keyword_tag(keyword))
    return found
