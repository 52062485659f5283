"""The index of a scan, a Parquet file with which the next scan reads only changed files.

The only module that uses pyarrow to write and read files: `pip install "rapidicom[cache]"`.

An index is a file like any other: it may be damaged, or somebody else's. Its checksum tells whether
it is as it was written, before anything in it is looked at; what has the right checksum and is no
index all the same is found by the native module, which checks every column.
"""

from __future__ import annotations

import json
import os
import stat
import warnings
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, BinaryIO

from rapidicom import _core
from rapidicom._common.extras import required
from rapidicom._common.whole_file import remove_unfinished, whole_file

if TYPE_CHECKING:
    from rapidicom.sources.item import Native

__all__ = ["cached_scan", "check_cache"]

# The version of an index's layout.
_FORMAT = 3
_METADATA_KEY = b"rapidicom.index"
# The columns of an index about files; those of the table follow.
_OF_FILES = ("path", "size", "modified_ns", "changed_ns", "file_id")
_OF_OTHERS = (*_OF_FILES, "reason", "skipped")
# A Parquet file starts and ends with these; before the end comes the length of its description.
_MAGIC = b"PAR1"
_TAIL_LENGTH = 8
# How the description of an index starts. The checksum is of all bytes but its own.
_CHECKSUM = b'{"checksum": "'
_CHECKSUM_LENGTH = 8
_CONTRADICTION = "its columns contradict each other"
# Bytes of an index that are read at a time.
_BUFFER_LENGTH = 1 << 20


def check_cache(cache: str | os.PathLike[str]) -> None:
    """Refuse what cannot be an index, before files are listed for minutes.

    Args:
        cache: As for `cached_scan`.

    Raises:
        ImportError: pyarrow is not installed.
        ValueError: What is at `cache` is not an index.
        OSError: The folder of `cache` does not exist, or the index cannot be read.
    """
    _parquet()
    cache = Path(cache)
    # A link to an index that does not exist yet is one to its folder.
    folder = Path(os.path.realpath(cache)).parent
    if not folder.is_dir():
        raise FileNotFoundError(2, "the folder of the index does not exist", str(folder))
    if (file := _opened(cache)) is not None:
        file.close()


def cached_scan(
    sources: Sequence[str | Native],
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
        sources: Files and folders, and others, as `native` gives them.
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
        ValueError: What is at `cache` is not an index.
        OSError: The folder of `cache` does not exist, or the index cannot be read.
    """
    parquet = _parquet()
    cache = Path(cache)
    remove_unfinished(cache)
    names = _core.column_names(columns)

    def scan(known: Callable[[], _core.Index | None]) -> Any:
        return _core.scan_again(
            sources, columns, recursive, force, workers, raise_first, progress, str(cache), known
        )

    reading = _Reading(cache, lambda: _read(parquet, cache, names, force))
    try:
        scanned = scan(reading.index)
    finally:
        reading.end()
    if scanned is None:
        _warn_of_damage(cache, _CONTRADICTION, stacklevel=4)
        scanned = scan(lambda: None)
    table: _core.Table
    table, kept = scanned
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
    return required("pyarrow.parquet", "cache=")


def _description(names: list[str], force: bool, row_count: object) -> dict[str, Any]:
    # Another version may read values otherwise, so an index is only good for the one that wrote it.
    return {
        "format": _FORMAT,
        "version": _core.__version__,
        "columns": names,
        "force": force,
        "row_count": row_count,
    }


class _Reading:
    """An index that is read on a thread of its own, while the files are looked at."""

    def __init__(self, cache: Path, read: Callable[[], _core.Index | None]) -> None:
        self._cache = cache
        self._read = read
        self._index: _core.Index | None = None
        self._error: BaseException | None = None
        # Not the thread's `join`: after Ctrl-C, one that was interrupted no longer waits.
        self._is_done = Event()
        try:
            Thread(target=self._run).start()
        except RuntimeError:
            # The system grants no thread.
            self._run()

    def _run(self) -> None:
        try:
            self._index = self._read()
        except BaseException as error:
            self._error = error
        finally:
            self._is_done.set()

    def end(self) -> None:
        """Wait for the thread."""
        self._is_done.wait()

    def index(self) -> _core.Index | None:
        """Return the index once it is read, and keep no reference: it is large.

        Raises:
            ValueError: There is something that is no index.
        """
        self.end()
        index, self._index = self._index, None
        error, self._error = self._error, None
        if isinstance(error, _DamagedIndexError):
            _warn_of_damage(self._cache, str(error), stacklevel=6)
        elif error is not None:
            raise error
        return index


class _DamagedIndexError(Exception):
    """What is wrong with an index."""


def _read(parquet: Any, cache: Path, names: list[str], force: bool) -> _core.Index | None:
    """Return an index, or `None` without one for this scan."""
    with ExitStack() as opened:
        file = _opened(cache)
        if file is None:
            return None
        opened.enter_context(file)
        # pyarrow has an exception for every way in which a file can be wrong, and no base for them.
        try:
            source = parquet.ParquetFile(file, buffer_size=_BUFFER_LENGTH)
            written = (source.metadata.metadata or {}).get(_METADATA_KEY)
        except Exception as error:
            raise _foreign(cache) from error
        if written is None:
            raise _foreign(cache)
        try:
            description = json.loads(written)
            checksum = description.pop("checksum", None)
            row_count = description.get("row_count")
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise _DamagedIndexError("its description cannot be read") from None
        if description != _description(names, force, row_count):
            return None
        if checksum != _checksum(file):
            raise _DamagedIndexError("it is not as it was written")
        try:
            table = source.read()
            table.validate()
            if type(row_count) is not int or not 0 <= row_count <= len(table):
                raise ValueError("the number of rows is wrong")
            rows = table.slice(0, row_count).select([*_OF_FILES, "invalid", *names])
            others = table.slice(row_count).select(_OF_OTHERS)
            del table
            index = _core.take_index(rows.combine_chunks(), others.combine_chunks(), names)
        except Exception as error:
            # A message of pyarrow can show a value.
            raise _DamagedIndexError(type(error).__name__) from error
        if index is None:
            raise _DamagedIndexError(_CONTRADICTION)
        return index


def _opened(cache: Path) -> BinaryIO | None:
    """Open an index, or return `None` if there is none yet."""
    try:
        # A pipe would wait for somebody to write.
        state = cache.stat()
        if not stat.S_ISREG(state.st_mode):
            raise _foreign(cache)
        file = cache.open("rb")
    except FileNotFoundError:
        return None
    try:
        # An empty file only reserves the name.
        is_empty = os.fstat(file.fileno()).st_size == 0
        if is_empty or not _is_index(file):
            file.close()
            if is_empty:
                return None
            raise _foreign(cache)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _is_index(file: BinaryIO) -> bool:
    """Return whether a file describes itself as an index, without reading the rest of it."""
    length = file.seek(0, os.SEEK_END)
    if length < len(_MAGIC) + _TAIL_LENGTH:
        return False
    file.seek(0)
    if file.read(len(_MAGIC)) != _MAGIC:
        return False
    file.seek(length - _TAIL_LENGTH)
    tail = file.read(_TAIL_LENGTH)
    start = length - _TAIL_LENGTH - int.from_bytes(tail[:4], "little")
    if tail[4:] != _MAGIC or start < len(_MAGIC):
        return False
    file.seek(start)
    return _METADATA_KEY in file.read(length - start)


def _place(tail: bytes | bytearray) -> int | None:
    """Return where in the end of an index its checksum is, or `None` if it has no place for one."""
    place = tail.rfind(_CHECKSUM)
    return None if place < 0 else place + len(_CHECKSUM)


def _checksum(file: BinaryIO) -> str | None:
    """Return what the checksum of an index should be; `None` if it has no place for one."""
    length = file.seek(0, os.SEEK_END)
    file.seek(length - _TAIL_LENGTH)
    start = length - _TAIL_LENGTH - int.from_bytes(file.read(4), "little")
    file.seek(start)
    tail = file.read(length - start)
    place = _place(tail)
    if place is None:
        return None
    # The whole is hundreds of megabytes for a million files.
    file.seek(0)
    found, left = 0, start
    while left > 0 and (block := file.read(min(left, _BUFFER_LENGTH))):
        found = _core.crc32(block, found)
        left -= len(block)
    found = _core.crc32(tail[:place], found)
    return _as_text(_core.crc32(tail[place + _CHECKSUM_LENGTH :], found))


def _as_text(checksum: int) -> str:
    return f"{checksum:0{_CHECKSUM_LENGTH}x}"


class _Summed:
    """A file to write whose checksum is counted, and whose end is held back to get it."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._checksum = 0
        self._written = 0
        self._tail: bytearray | None = None

    def write(self, data: Any) -> int:
        with memoryview(data) as view:
            length = view.nbytes
            if self._tail is not None:
                self._tail += view
            else:
                self._checksum = zlib.crc32(view, self._checksum)
                self._file.write(view)
        self._written += length
        return length

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        """Do nothing: who opened the file does."""

    def close(self) -> None:
        """Do nothing: who opened the file does."""

    def hold(self) -> None:
        """Keep what follows, which has the place of the checksum."""
        self._tail = bytearray()

    def finish(self) -> None:
        """Put the checksum in its place, and write what was kept."""
        tail = self._tail or bytearray()
        place = _place(tail)
        if place is None:
            raise OSError("pyarrow has not written its description")
        end = place + _CHECKSUM_LENGTH
        with memoryview(tail) as view:
            checksum = zlib.crc32(view[end:], zlib.crc32(view[:place], self._checksum))
        tail[place:end] = _as_text(checksum).encode()
        self._file.write(tail)


def _foreign(cache: Path) -> ValueError:
    return ValueError(
        f"{cache} is not an index of a scan, and would be overwritten. "
        "Delete it, or choose another name."
    )


def _warn_of_damage(cache: Path, why: str, stacklevel: int) -> None:
    warnings.warn(
        f"{cache}: the index is damaged, so that all headers are read again: {why}",
        RuntimeWarning,
        stacklevel=stacklevel,
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
    description = {"checksum": "0" * _CHECKSUM_LENGTH} | _description(names, force, first.num_rows)
    table = table.replace_schema_metadata({_METADATA_KEY: json.dumps(description)})
    with whole_file(cache) as file:
        summed = _Summed(file)
        # Read several times as fast as with dictionaries and compression, the default. Compliant
        # nested types name the items of lists differently from the table.
        writer = parquet.ParquetWriter(
            summed, table.schema, compression="none", use_dictionary=False, write_statistics=False,
            use_compliant_nested_type=False,
        )  # fmt: skip
        writer.write_table(table)
        summed.hold()
        writer.close()
        summed.finish()
