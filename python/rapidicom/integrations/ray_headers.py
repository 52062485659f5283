"""Headers as rows of a Ray data set."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from ray.data.block import BlockMetadata
from ray.data.datasource import Datasource, ReadTask

from rapidicom.integrations.ray_tasks import shares, tried
from rapidicom.tables.table import UnreadableFile, scan

__all__ = ["HeaderDatasource"]

# How the reason begins for a file that is none.
_NO_DICOM: Final = "not a DICOM file"
# How many entries a task has at least to choose from: with several, one long folder does not keep a
# node busy after all others are done.
_ENTRIES_A_TASK: Final = 8
# What a row takes: some numbers, UIDs and a path.
_BYTES_A_ROW: Final = 400
# A folder that is not listed counts as so many files.
_FILES_A_FOLDER: Final = 200
# How many files a block has: enough that blocks cost nothing, and a task holds little.
_FILES_A_BLOCK: Final = 10_000


class HeaderDatasource(Datasource):  # type: ignore[misc]
    """Headers of files for `ray.data.read_datasource`.

    Args:
        paths: What `scan` takes.
        columns: Likewise.
        options: Likewise: `force`, `workers`, `storage_options`.
        retries: How often a task tries again after an `OSError`.

    Raises:
        OSError: One of `paths` does not exist.
        ValueError: A column names no element.
    """

    def __init__(
        self,
        paths: Any,
        columns: Iterable[str | int] | None,
        options: dict[str, Any],
        *,
        retries: int,
    ) -> None:
        super().__init__()
        self._columns = None if columns is None else list(columns)
        # The schema, and errors about columns, before the cluster starts.
        self._schema = _arrow([], self._columns, options).schema
        self._options, self._retries = options, retries
        is_one = isinstance(paths, (str, os.PathLike))
        self._paths = [os.fspath(paths)] if is_one else [*paths]
        for path in self._paths:
            if isinstance(path, os.PathLike | str) and _is_plain(path) and not Path(path).exists():
                raise FileNotFoundError(f"{path}: there is no such file or folder")
        self._paths = _outermost(self._paths)
        self._entries: list[tuple[Any, int]] | None = None
        self._found: set[str] = set()

    def get_name(self) -> str:
        """Return what Ray calls it in its progress bars."""
        return "ScanDicomHeaders"

    def estimate_inmemory_data_size(self) -> int:
        """Return about how many bytes the table will have."""
        return sum(size for _, size in self._listed(_ENTRIES_A_TASK)) * _BYTES_A_ROW

    def get_read_tasks(
        self, parallelism: int, per_task_row_limit: int | None = None, data_context: Any = None
    ) -> list[Any]:
        """Return a task for each share of the files and folders.

        Args:
            parallelism: How many tasks Ray wants.
            per_task_row_limit: How many rows a task may give.
            data_context: Not used.
        """
        entries = self._listed(parallelism * _ENTRIES_A_TASK)
        tasks = []
        for share in shares([size for _, size in entries], parallelism):
            own = [entries[index] for index in share]
            metadata = BlockMetadata(
                num_rows=None,
                size_bytes=sum(size for _, size in own) * _BYTES_A_ROW,
                input_files=None,
                exec_stats=None,
            )
            paths = [path for path, _ in own]
            found = frozenset(self._found.intersection(paths))
            read = _Task(paths, found, self._columns, self._options, self._retries)
            tasks.append(
                ReadTask(read, metadata, schema=self._schema, per_task_row_limit=per_task_row_limit)
            )
        return tasks

    def _listed(self, count: int) -> list[tuple[Any, int]]:
        """Return files and folders with their numbers of files, `count` of them if there are.

        Folders nearest to the root are listed first.
        """
        if self._entries is not None and len(self._entries) >= count:
            return self._entries
        folders = deque(path for path in self._paths if _is_folder(path))
        named = set(folders)
        files: list[tuple[Any, int]] = [
            (path, 1 if _is_local(path) else _FILES_A_FOLDER)
            for path in self._paths
            if path not in named
        ]
        unlisted: list[Any] = []
        seen: set[str] = set()
        while folders and len(folders) + len(files) < count:
            folder = folders.popleft()
            # Links may lead to a folder twice, or around in a circle.
            if (place := os.path.realpath(folder)) in seen:
                continue
            seen.add(place)
            try:
                with os.scandir(folder) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError:
                # The task that it falls to says why.
                unlisted.append(folder)
                continue
            folders += [entry.path for entry in entries if entry.is_dir()]
            files += [(entry.path, 1) for entry in entries if entry.is_file()]
            self._found.update(entry.path for entry in entries if entry.is_file())
        folders.extend(unlisted)
        self._entries = [*files, *((folder, _FILES_A_FOLDER) for folder in folders)]
        return self._entries


@dataclass(frozen=True)
class _Task:
    """Files and folders that one task reads the headers of.

    Attributes:
        paths: The files and folders.
        found: Those of the files that nobody named: what is not DICOM of them is left out.
        columns: As for `scan`.
        options: Likewise.
        retries: How often to try again after an `OSError`.
    """

    paths: list[Any]
    found: frozenset[str]
    columns: list[str | int] | None
    options: dict[str, Any]
    retries: int

    def __call__(self) -> Iterator[pa.Table]:
        folders = [path for path in self.paths if _is_folder(path)]
        named = set(folders)
        files = [path for path in self.paths if path not in named]
        runs = [files[at : at + _FILES_A_BLOCK] for at in range(0, len(files), _FILES_A_BLOCK)]
        for run in [*runs, *([folder] for folder in folders)]:
            yield self._read(run)

    def _read(self, run: list[Any]) -> pa.Table:
        try:
            return tried(lambda: _arrow(run, self.columns, self.options, self.found), self.retries)
        except OSError as error:
            if len(run) > 1:
                # One of them is gone: the others are there.
                return pa.concat_tables([self._read([path]) for path in run])
            bad = [UnreadableFile(os.fspath(run[0]), f"{type(error).__name__}: {error.strerror}")]
            return _with_errors(_arrow([], self.columns, self.options), bad)


def _arrow(
    paths: Sequence[Any],
    columns: list[str | int] | None,
    options: dict[str, Any],
    found: frozenset[str] = frozenset(),
) -> pa.Table:
    """Scan files into a table of Arrow with the column `error`."""
    table = scan(paths, columns, **options)
    rows = table.to_arrow()
    rows = rows.append_column("error", pa.nulls(len(rows), pa.string()))
    errors = [
        one for one in table.errors if not (one.path in found and one.reason.startswith(_NO_DICOM))
    ]
    return _with_errors(rows, errors)


def _with_errors(rows: pa.Table, errors: Sequence[UnreadableFile]) -> pa.Table:
    """Add a row for each file that could not be read."""
    if not errors:
        return rows
    cells: dict[str, Any] = {field.name: pa.nulls(len(errors), field.type) for field in rows.schema}
    cells["path"] = pa.array([one.path for one in errors], rows.schema.field("path").type)
    cells["error"] = pa.array([one.reason for one in errors], pa.string())
    return pa.concat_tables([rows, pa.table(cells, schema=rows.schema)])


def _outermost(paths: Sequence[Any]) -> list[Any]:
    """Leave out what lies in one of the folders, so that no file is read by two tasks."""
    places = [os.path.realpath(path) if _is_plain(path) else None for path in paths]
    folders = {
        place for path, place in zip(paths, places, strict=True) if place and _is_folder(path)
    }
    kept: list[Any] = []
    taken: set[str] = set()
    for path, place in zip(paths, places, strict=True):
        if place is not None:
            if place in taken or not folders.isdisjoint(map(str, Path(place).parents)):
                continue
            if place in folders:
                taken.add(place)
        kept.append(path)
    return kept


def _is_folder(path: Any) -> bool:
    return _is_local(path) and Path(path).is_dir()


def _is_local(path: Any) -> bool:
    return isinstance(path, (str, os.PathLike)) and "://" not in os.fspath(path)


def _is_plain(path: Any) -> bool:
    """Return whether a path is one, and neither a URL, a pattern nor a place in an archive."""
    return _is_local(path) and not any(sign in os.fspath(path) for sign in "*?[~")
