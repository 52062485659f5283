"""The files of a volume: paths, or a table that lists them."""

from __future__ import annotations

from typing import Any

from rapidicom.sources.paths import listed
from rapidicom.tables.table import Table

__all__ = ["files_of"]


def files_of(paths: Any) -> list[str]:
    """Return paths as `listed` does; of a table, those in its column `path`.

    Of a table of `scan`, the files that could not be read follow.

    Args:
        paths: A file, a folder, an iterable of either, or a table: one of `scan`, or of pandas,
            polars or pyarrow.

    Raises:
        TypeError: `paths`, or one of them, is not a path.
        KeyError: A table has no column `path`.
    """
    if not (hasattr(paths, "columns") and hasattr(paths, "__getitem__")):
        return listed(paths)
    column = paths["path"]
    # pyarrow's scalars are not strings.
    files = listed(column.to_pylist() if hasattr(column, "to_pylist") else column)
    if isinstance(paths, Table):
        # The report has to name them: a volume without them may be incomplete.
        files += [file.path for file in paths.errors]
    return files
