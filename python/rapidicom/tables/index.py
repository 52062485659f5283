"""What a scan leaves for the next one: an index in a Parquet file, so that only changed files are read again.

The only module that uses pyarrow to write and read files: `pip install "rapidicom[cache]"`.
"""

from __future__ import annotations

import json
import os
import secrets
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from rapidicom import _core

__all__ = ["cached_scan"]

# Counts up when an index is laid out differently.
_FORMAT = 1
_METADATA_KEY = b"rapidicom.index"
# The columns of an index that say what became of a file; those of the table are beside them.
_OF_FILES = ("path", "size", "modified_ns", "file_id")
_OF_OTHERS = (*_OF_FILES, "reason")


def cached_scan(
    paths: list[str],
    columns: list[str],
    recursive: bool,
    workers: int | None,
    raise_first: bool,
    progress: Callable[..., None] | None,
    cache: str | os.PathLike[str],
) -> _core.Table:
    """Scan with an index of what is known, and bring the index up to date.

    Args:
        paths: Files and folders.
        columns: The columns, as a user wrote them.
        recursive: Whether folders in folders are gone through.
        workers: Threads.
        raise_first: Whether the first file that cannot be read raises.
        progress: Called with the number of files that are done.
        cache: The index; need not be there.

    Returns:
        The table that a scan without an index gives.

    Raises:
        ImportError: pyarrow is not installed.
        ValueError: The file at `cache` is no index.
        OSError: The folder of `cache` is not there, or the index cannot be read.
    """
    parquet = _parquet()
    cache = Path(cache)
    if not cache.parent.is_dir():
        raise FileNotFoundError(2, "there is no such folder for the index", str(cache.parent))
    names = _core.column_names(columns)
    table, kept = _core.scan_again(
        paths,
        columns,
        recursive,
        workers,
        raise_first,
        progress,
        str(cache),
        _read(parquet, cache, names),
    )
    if kept is not None:
        try:
            _write(parquet, cache, names, *kept)
        except OSError as error:
            # The table is right all the same.
            warnings.warn(
                f"{cache}: the index cannot be written, so that the next scan reads all headers: {error}",
                RuntimeWarning,
                stacklevel=3,
            )
    return table


def _parquet() -> Any:
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(
            'cache= needs pyarrow: pip install "rapidicom[cache]"', name="pyarrow"
        ) from error


def _description(names: list[str], row_count: int) -> dict[str, Any]:
    # Another version may read values otherwise, so an index is only good for the one that wrote it.
    return {
        "format": _FORMAT,
        "version": _core.__version__,
        "columns": names,
        "row_count": row_count,
    }


def _read(parquet: Any, cache: Path, names: list[str]) -> tuple[Any, Any] | None:
    """Return the rows of an index and its other files, or `None` if there is none for these columns."""
    try:
        # Somebody made a name for it, and nothing more.
        if cache.stat().st_size == 0:
            return None
    except FileNotFoundError:
        return None
    pyarrow = import_module("pyarrow")
    try:
        file = parquet.ParquetFile(cache, page_checksum_verification=True)
    except pyarrow.ArrowInvalid as error:
        raise _foreign(cache) from error
    with file:
        written = (file.metadata.metadata or {}).get(_METADATA_KEY)
        if written is None:
            raise _foreign(cache)
        description = json.loads(written)
        row_count = description.get("row_count")
        if description != _description(names, row_count):
            return None
        try:
            table = file.read()
        except (OSError, pyarrow.ArrowException) as error:
            warnings.warn(
                f"{cache}: the index is damaged, so that all headers are read again: {error}",
                RuntimeWarning,
                stacklevel=4,
            )
            return None
    rows = table.slice(0, row_count).select([*_OF_FILES, "invalid", *names])
    others = table.slice(row_count).select(_OF_OTHERS)
    return rows.combine_chunks(), others.combine_chunks()


def _foreign(cache: Path) -> ValueError:
    return ValueError(
        f"{cache} is no index of a scan, and would be overwritten. Delete it, or choose another name."
    )


def _write(
    parquet: Any, cache: Path, names: list[str], rows: _core.Batch, others: _core.Batch
) -> None:
    """Put an index in the place of the one that there is, whole or not at all."""
    pyarrow = import_module("pyarrow")
    first = pyarrow.table(rows)
    table = pyarrow.concat_tables([first, pyarrow.table(others)], promote_options="default")
    description = json.dumps(_description(names, first.num_rows))
    table = table.replace_schema_metadata({_METADATA_KEY: description})
    unfinished = cache.with_name(f"{cache.name}.{secrets.token_hex(4)}.tmp")
    try:
        # Read several times as fast as with dictionaries and compression, the default. Compliant
        # nested types call the items of lists otherwise than the table does.
        parquet.write_table(
            table, unfinished, compression="none", use_dictionary=False, write_statistics=False,
            write_page_checksum=True, use_compliant_nested_type=False,
        )  # fmt: skip
        unfinished.replace(cache)
    finally:
        unfinished.unlink(missing_ok=True)
