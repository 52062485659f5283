"""Arguments of functions that read many files."""

from __future__ import annotations

import os
from collections.abc import Iterable

__all__ = ["checked_workers", "listed"]


def listed(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return one path, or several, as a list of strings.

    Args:
        paths: A file, a folder, or an iterable of either.

    Raises:
        TypeError: `paths`, or one of them, is not a path.
    """
    if isinstance(paths, (str, bytes, os.PathLike)):
        return [os.fsdecode(paths)]
    # `fsdecode` takes twice as long, and hardly a path is of bytes.
    names = [os.fspath(path) for path in paths]
    return [name if isinstance(name, str) else os.fsdecode(name) for name in names]


def checked_workers(workers: int | None) -> int | None:
    """Return the number of threads after checking it.

    Args:
        workers: The number, or `None` for the default.

    Raises:
        ValueError: It is less than 1.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    return workers
