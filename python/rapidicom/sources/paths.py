"""Arguments of functions that read many files."""

from __future__ import annotations

import os
from collections.abc import Iterable

__all__ = ["checked_workers", "listed"]

# PATH_MAX of Linux; Windows allows 32767 characters, which nobody gives as bytes.
_LONGEST_PATH = 4096


def listed(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return one path, or several, as a list of strings.

    Args:
        paths: A file, a folder, or an iterable of either.

    Raises:
        TypeError: `paths`, or one of them, is not a path.
    """
    if isinstance(paths, (str, bytes, os.PathLike)):
        paths = [paths]
    # `fsdecode` takes twice as long, and hardly a path is of bytes.
    names = [os.fspath(path) for path in paths]
    return [name if isinstance(name, str) else _decoded(name) for name in names]


def _decoded(path: bytes) -> str:
    # The error of the operating system would show what is in a file.
    if b"\0" in path or len(path) > _LONGEST_PATH:
        raise TypeError("this function takes paths, not the bytes of a file")
    return os.fsdecode(path)


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
