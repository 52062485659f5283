"""Arguments of functions that read many files."""

from __future__ import annotations

import os
from collections.abc import Iterable

__all__ = ["checked_workers", "listed", "real_path"]

# What Arrow has for the bytes 0x80 to 0xFF of a name that is not UTF-8, and what Python has.
_REAL = {0xEF80 + n: 0xDC80 + n for n in range(0x80)}

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
    names = [name if isinstance(name, str) else _decoded(name) for name in names]
    # Hardly a name has other characters either.
    return names if all(map(str.isascii, names)) else list(map(real_path, names))


def real_path(name: str) -> str:
    """Return the path that an Arrow table of ours names.

    Arrow's strings are UTF-8. Bytes of a file's name that are not are written as characters for
    private use, U+EF80 to U+EFFF, which stand for the bytes 0x80 to 0xFF.

    Args:
        name: The path, as in the table or as it is.

    Returns:
        `name`, unless it has such characters and no file has that name: then as `os.fsdecode` gives
        it.
    """
    if name.isascii() or os.name == "nt":
        return name
    real = name.translate(_REAL)
    return name if real == name or os.path.lexists(name) else real


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
