"""Names of paths, and the number of threads."""

from __future__ import annotations

import os

__all__ = ["checked_workers", "real_path"]

# What Arrow has for the bytes 0x80 to 0xFF of a name that is not UTF-8, and what Python has.
_REAL = {0xEF80 + n: 0xDC80 + n for n in range(0x80)}


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
