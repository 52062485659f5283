"""Checked items of a data set, for code that looks into sequences.

A file may have any VR, and so any value, where a sequence belongs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rapidicom._common.errors import InvalidDicomError

__all__ = ["items"]


def items(ds: Any, keyword: str) -> Sequence[Any]:
    """Return the items of a sequence; none if it is absent or empty.

    Args:
        ds: A data set.
        keyword: The sequence's keyword.

    Raises:
        InvalidDicomError: The element is no sequence.
    """
    value = ds.get(keyword)
    if value is None:
        return ()
    element = ds[keyword]
    if element.VR != "SQ":
        raise InvalidDicomError(f"{keyword} is not a sequence", tag=element.tag)
    found: Sequence[Any] = value
    return found
