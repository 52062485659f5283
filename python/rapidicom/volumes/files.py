"""The files of a volume: sources, or a table that lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rapidicom.sources.file_objects import is_file_object
from rapidicom.sources.item import Item
from rapidicom.sources.paths import real_path
from rapidicom.sources.resolving import resolved
from rapidicom.tables.table import Table

__all__ = ["files_of", "is_table"]


def is_table(sources: Any) -> bool:
    """Return whether sources are a table that lists files: one of `scan`, or another library's."""
    return (
        hasattr(sources, "columns")
        and hasattr(sources, "__getitem__")
        and not is_file_object(sources)
    )


def files_of(
    sources: Any, storage_options: Mapping[str, Any] | None = None, *, looks: bool = False
) -> list[str | Item]:
    """Return sources as `resolved` does; of a table, those in its column `path`.

    Of a table of `scan`, the files that could not be read follow.

    Args:
        sources: What `resolved` takes, or a table: one of `scan`, or of pandas, polars or pyarrow.
        storage_options: As for `resolved`.
        looks: As for `resolved`.

    Raises:
        TypeError: `sources`, or one of them, is none.
        KeyError: A table has no column `path`.
        ValueError: A table hides where its files are.
    """
    if not is_table(sources):
        return resolved(sources, storage_options=storage_options, looks=looks)
    column = sources["path"]
    # pyarrow's scalars are not strings.
    names = list(column.to_pylist() if hasattr(column, "to_pylist") else column)
    if not isinstance(sources, Table):
        return resolved(names, storage_options=storage_options, looks=looks)
    if sources.paths_are_hidden:
        raise ValueError(
            "this table hides the names of its files: pass the table that it was made from, "
            'or make it with paths="keep"'
        )
    # The report has to name them: a volume without them may be incomplete.
    names += [file.path for file in sources.errors]
    items = sources.items
    if not items:
        return resolved(names, storage_options=storage_options, looks=looks)
    return [items.get(name) or real_path(name) for name in names]
