"""What callers may pass where many files are gone through."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

__all__ = ["checked_workers", "files_of", "listed"]


def listed(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return one path, or several, as a list of strings.

    Args:
        paths: A file, a folder, or an iterable of either.

    Raises:
        TypeError: `paths`, or one of them, is no path.
    """
    if isinstance(paths, (str, bytes, os.PathLike)):
        return [os.fsdecode(paths)]
    # `fsdecode` takes twice as long, and hardly a path is of bytes.
    names = [os.fspath(path) for path in paths]
    return [name if isinstance(name, str) else os.fsdecode(name) for name in names]


def files_of(paths: Any) -> list[str]:
    """Return paths as `listed` does; of a table, those in its column `path`.

    Of a table of `scan`, the files that could not be read follow.

    Args:
        paths: A file, a folder, an iterable of either, or a table: one of `scan`, or of pandas, polars or
            pyarrow.

    Raises:
        TypeError: `paths`, or one of them, is no path.
        KeyError: A table has no column `path`.
    """
    # Tables are scanned from paths, which are listed here.
    from rapidicom.table import Table

    if not (hasattr(paths, "columns") and hasattr(paths, "__getitem__")):
        return listed(paths)
    column = paths["path"]
    # Scalars of pyarrow's are no strings.
    files = listed(column.to_pylist() if hasattr(column, "to_pylist") else column)
    if isinstance(paths, Table):
        # A volume that lacks them would be a lie.
        files += [file.path for file in paths.errors]
    return files


def checked_workers(workers: int | None) -> int | None:
    """Return the number of threads that is asked for.

    Args:
        workers: The number, or `None` for the default.

    Raises:
        ValueError: It is less than 1.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    return workers
