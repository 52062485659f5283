"""The index of a scan, a Parquet file with which the next scan reads only changed files.

The only module that uses pyarrow to write and read files: `pip install "rapidicom[cache]"`.
"""

from __future__ import annotations

import json
import os
import secrets
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from rapidicom import _core

__all__ = ["cached_scan"]

# The version of an index's layout.
_FORMAT = 2
_METADATA_KEY = b"rapidicom.index"
# The columns of an index about files; those of the table follow.
_OF_FILES = ("path", "size", "modified_ns", "file_id")
_OF_OTHERS = (*_OF_FILES, "reason", "skipped")


def cached_scan(
    paths: list[str],
    columns: Sequence[int | str],
    recursive: bool,
    force: bool,
    workers: int | None,
    raise_first: bool,
    progress: Callable[..., None] | None,
    cache: str | os.PathLike[str],
) -> _core.Table:
    """Scan with an index of what is known, and bring the index up to date.

    Args:
        paths: Files and folders.
        columns: The columns: tags, keywords, and paths of keywords.
        recursive: Whether to search folders in folders.
        force: Whether to read files without the prefix `DICM`.
        workers: Threads.
        raise_first: Whether the first file that cannot be read raises.
        progress: Called with the number of files that are done.
        cache: The index; need not exist.

    Returns:
        The table that a scan without an index gives.

    Raises:
        ImportError: pyarrow is not installed.
        ValueError: The file at `cache` is not an index.
        OSError: The folder of `cache` does not exist, or the index cannot be read.
    """
    parquet = _parquet()
    cache = Path(cache)
    if not cache.parent.is_dir():
        raise FileNotFoundError(2, "the folder of the index does not exist", str(cache.parent))
    names = _core.column_names(columns)
    table, kept = _core.scan_again(
        paths,
        columns,
        recursive,
        force,
        workers,
        raise_first,
        progress,
        str(cache),
        _read(parquet, cache, names, force),
    )
    if kept is not None:
        try:
            _write(parquet, cache, names, force, *kept)
        except OSError as error:
            # The table is right all the same.
            warnings.warn(
                f"{cache}: the index cannot be written, "
                f"so that the next scan reads all headers: {error}",
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


def _description(names: list[str], force: bool, row_count: int) -> dict[str, Any]:
    # Another version may read values otherwise, so an index is only good for the one that wrote it.
    return {
        "format": _FORMAT,
        "version": _core.__version__,
        "columns": names,
        "force": force,
        "row_count": row_count,
    }


def _read(parquet: Any, cache: Path, names: list[str], force: bool) -> tuple[Any, Any] | None:
    """Return the rows of an index and its other files, or `None` without one for this scan."""
    try:
        # An empty file only reserves the name.
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
        if description != _description(names, force, row_count):
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
        f"{cache} is not an index of a scan, and would be overwritten. "
        "Delete it, or choose another name."
    )


def _write(
    parquet: Any,
    cache: Path,
    names: list[str],
    force: bool,
    rows: _core.Batch,
    others: _core.Batch,
) -> None:
    """Replace the index, as a whole or not at all."""
    pyarrow = import_module("pyarrow")
    first = pyarrow.table(rows)
    table = pyarrow.concat_tables([first, pyarrow.table(others)], promote_options="default")
    description = json.dumps(_description(names, force, first.num_rows))
    table = table.replace_schema_metadata({_METADATA_KEY: description})
    unfinished = cache.with_name(f"{cache.name}.{secrets.token_hex(4)}.tmp")
    try:
        # Read several times as fast as with dictionaries and compression, the default. Compliant
        # nested types name the items of lists differently from the table.
        parquet.write_table(
            table, unfinished, compression="none", use_dictionary=False, write_statistics=False,
            write_page_checksum=True, use_compliant_nested_type=False,
        )  # fmt: skip
        unfinished.replace(cache)
    finally:
        unfinished.unlink(missing_ok=True)
