"""What callers may pass where files are wanted."""

from __future__ import annotations

import os
from collections.abc import Iterable

__all__ = ["listed"]


def listed(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return one path, or several, as a list of strings.

    Args:
        paths: A file, a folder, or an iterable of either.

    Raises:
        TypeError: `paths`, or one of them, is no path.
    """
    if isinstance(paths, (str, bytes, os.PathLike)):
        return [os.fsdecode(paths)]
    return [os.fsdecode(path) for path in paths]
