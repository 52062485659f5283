"""Series as rows of a Ray data set."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ray.data.block import BlockAccessor, BlockMetadata
from ray.data.datasource import Datasource, ReadTask

from rapidicom._common.errors import DicomError
from rapidicom.integrations.ray_tasks import shares, tried
from rapidicom.volumes.finding import find_series
from rapidicom.volumes.irregular import IrregularSeriesError

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom.volumes.series import Series

__all__ = ["SeriesDatasource", "VolumeRows"]


@dataclass(frozen=True)
class VolumeRows:
    """How a series becomes a row.

    Attributes:
        options: Those of `Series.read`, but for the type.
        dtype: The type of all images.
        raises: Whether a series that cannot be read ends the job.
        retries: How often to try again after an `OSError`.
    """

    options: dict[str, Any]
    dtype: npt.DTypeLike
    raises: bool
    retries: int

    def row(self, series: Series) -> dict[str, Any]:
        """Return a series as a row: see `read_series` of `rapidicom.integrations.ray`."""
        row: dict[str, Any] = {
            "series_uid": series.uid,
            "study_uid": series.study_uid,
            "modality": series.modality,
            "path": series.paths[0] if series.paths else "",
            "image": np.empty((0, 0, 0, 0), self.dtype),
            "affine": series.affine,
            "spacing": np.array(series.spacing),
            "report": _text(series.report),
            "error": "",
        }
        try:
            volume = tried(lambda: series.read(dtype=self.dtype, **self.options), self.retries)
        except (DicomError, OSError, ValueError) as error:
            if self.raises:
                raise
            if isinstance(error, IrregularSeriesError) and error.report is not None:
                row["report"] = _text(error.report)
            return row | {"error": f"{type(error).__name__}: {error}"}
        array, first = volume.array, volume.axes.index("slice")
        if "sample" in volume.axes:
            array = np.moveaxis(array, -1, first)
        row["image"] = np.ascontiguousarray(array).reshape(-1, *array.shape[-3:])
        row["report"] = _text(volume.report)
        return row

    def blocks(self, series: Sequence[Series]) -> Iterator[Any]:
        """Yield a block a series, so that a task holds one at a time."""
        for one in series:
            yield _block([self.row(one)])

    def of_group(self, group: Any, finding: dict[str, Any]) -> Any:
        """Find and read the series of the files of one Series Instance UID.

        Args:
            group: The rows of their headers, as pandas has them.
            finding: Options of `find_series`.
        """
        paths = [path for path in group["path"] if path]
        try:
            found = tried(lambda: find_series(paths, **finding), self.retries)
        except (DicomError, OSError) as error:
            if self.raises:
                raise
            return _columns([self._not_found(group, error)])
        rows = [self.row(one) for one in found]
        return _columns(rows or [self._not_found(group, DicomError("the files have no images"))])

    def _not_found(self, group: Any, error: Exception) -> dict[str, Any]:
        uid = group["SeriesInstanceUID"].iloc[0]
        return {
            "series_uid": uid if isinstance(uid, str) else "",
            "study_uid": "",
            "modality": "",
            "path": group["path"].iloc[0],
            "image": np.empty((0, 0, 0, 0), self.dtype),
            "affine": np.full((4, 4), np.nan),
            "spacing": np.full(3, np.nan),
            "report": "",
            "error": f"{type(error).__name__}: {error}",
        }


class SeriesDatasource(Datasource):  # type: ignore[misc]
    """Series for `ray.data.read_datasource`: read tasks of about the same number of bytes.

    Args:
        series: The series.
        rows: How each becomes a row.
    """

    def __init__(self, series: Sequence[Series], rows: VolumeRows) -> None:
        super().__init__()
        self._series = list(series)
        self._rows = rows
        size = np.dtype(rows.dtype).itemsize
        self._sizes = [math.prod(one.shape) * size for one in self._series]

    def get_name(self) -> str:
        """Return what Ray calls it in its progress bars."""
        return "ReadDicomSeries"

    def estimate_inmemory_data_size(self) -> int:
        """Return how many bytes the images will have."""
        return sum(self._sizes)

    def get_read_tasks(
        self, parallelism: int, per_task_row_limit: int | None = None, data_context: Any = None
    ) -> list[Any]:
        """Return a task for each share of the series.

        Args:
            parallelism: How many tasks Ray wants.
            per_task_row_limit: How many rows a task may give.
            data_context: Not used.
        """
        tasks = []
        for share in shares(self._sizes, parallelism):
            own = [self._series[index] for index in share]
            metadata = BlockMetadata(
                num_rows=len(own),
                size_bytes=sum(self._sizes[index] for index in share),
                input_files=None,
                exec_stats=None,
            )
            read = _Task(self._rows, own)
            tasks.append(ReadTask(read, metadata, per_task_row_limit=per_task_row_limit))
        return tasks


@dataclass(frozen=True)
class _Task:
    rows: VolumeRows
    series: list[Series]

    def __call__(self) -> Iterator[Any]:
        return self.rows.blocks(self.series)


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return rows as columns; images of several shapes are objects."""
    columns: dict[str, Any] = {}
    for name in rows[0]:
        cells = [row[name] for row in rows]
        if name != "image":
            columns[name] = np.array(cells)
        elif len({cell.shape for cell in cells}) == 1:
            columns[name] = np.stack(cells)
        else:
            columns[name] = np.empty(len(cells), object)
            columns[name][:] = cells
    return columns


def _block(rows: Sequence[dict[str, Any]]) -> Any:
    return BlockAccessor.batch_to_block(_columns(rows))


def _text(report: Any) -> str:
    return "\n".join(f"{issue.kind}: {issue.sentence}" for issue in report)
