"""Volumes and header tables over a cluster, with Ray Data: `pip install "rapidicom[ray]"`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from rapidicom._common.extras import required

required("ray", "rapidicom.integrations.ray")

import ray.data  # noqa: E402

from rapidicom.integrations.ray_headers import HeaderDatasource  # noqa: E402
from rapidicom.integrations.ray_series import SeriesDatasource, VolumeRows  # noqa: E402
from rapidicom.volumes.finding import find_series  # noqa: E402
from rapidicom.volumes.series import Series  # noqa: E402
from rapidicom.volumes.slices import check_values  # noqa: E402

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom.volumes.selection import Values

__all__ = ["HeaderDatasource", "SeriesDatasource", "read_series", "scan"]


def read_series(
    paths: Any,
    *,
    values: Values = "modality",
    dtype: npt.DTypeLike = "float32",
    irregular: Literal["raise", "keep"] = "raise",
    on_error: Literal["row", "raise"] = "row",
    force: bool = False,
    workers: int = 1,
    retries: int = 2,
    storage_options: Mapping[str, Any] | None = None,
    override_num_blocks: int | None = None,
    ray_remote_args: Mapping[str, Any] | None = None,
) -> ray.data.Dataset:
    """Read series as a data set of Ray: lazy, one row a series.

    The headers are read here, once; the tasks get shares of about the same number of bytes, and
    read their series one after the other. The files must be where every node finds them: on shared
    storage, or behind URLs. For collections whose headers one machine cannot read in time, pass
    the data set of `scan`: then the tasks find the series too.

    A row has these columns:

    - `series_uid`, `study_uid`, `modality`: text. `path`: the file of the first image.
    - `image`: shape (1, slice, row, column); (T, slice, row, column) where positions have T images;
      with samples of colour, these times T in front.
    - `affine`: shape (4, 4), float64. Takes (slice, row, column, 1) to patient millimetres, LPS, as
      `Volume.affine`. `spacing`: shape (3,), in mm.
    - `report`: what is irregular, as text; empty if nothing is.
    - `error`: why the series could not be read, or an empty text. Then `image` has no voxels.

    Args:
        paths: What `find_series` takes; series that it found; or a data set of `scan` with the
            column SeriesInstanceUID.
        values: As for `Series.read`.
        dtype: The type of all images.
        irregular: As for `Series.read`.
        on_error: `"row"` keeps what cannot be read as a row with its report and error; `"raise"`
            ends the job.
        force: As for `find_series`.
        workers: Threads a task reads with; Ray counts on one.
        retries: How often a task tries again after an `OSError`, but not where a file is missing.
            A task whose node dies is run again by Ray.
        storage_options: As for `dcmread`.
        override_num_blocks: How many tasks, as for Ray's own functions.
        ray_remote_args: Likewise: what each task needs.

    Returns:
        The data set.

    Raises:
        ValueError: An option is not known.
        DicomError: As for `find_series`.
        OSError: Likewise.
        ImportError: Ray is not installed.
    """
    check_values(values)
    if irregular not in ("raise", "keep"):
        raise ValueError(f"irregular must be 'raise' or 'keep', not {irregular!r}")
    if on_error not in ("row", "raise"):
        raise ValueError(f"on_error must be 'row' or 'raise', not {on_error!r}")
    options = {"values": values, "irregular": irregular, "workers": workers}
    rows = VolumeRows(options, dtype, on_error == "raise", retries)
    if isinstance(paths, ray.data.Dataset):
        finding = {"force": force, "storage_options": storage_options, "workers": workers}
        return paths.groupby("SeriesInstanceUID").map_groups(
            rows.of_group, batch_format="pandas", fn_kwargs={"finding": finding}
        )
    return ray.data.read_datasource(
        SeriesDatasource(_series(paths, force, storage_options), rows),
        override_num_blocks=override_num_blocks,
        ray_remote_args=dict(ray_remote_args or {}),
    )


def scan(
    paths: Any,
    columns: Iterable[str | int] | None = None,
    *,
    force: bool = False,
    workers: int = 1,
    retries: int = 2,
    storage_options: Mapping[str, Any] | None = None,
    override_num_blocks: int | None = None,
    ray_remote_args: Mapping[str, Any] | None = None,
) -> ray.data.Dataset:
    """Read the headers of many files as a data set of Ray: lazy, one row a file.

    Only the upper folders are listed here, until there is work for every task; the tasks list the
    others, so that no machine has to look at every file.

    Args:
        paths: What `rapidicom.scan` takes, on storage that every node sees.
        columns: Likewise.
        force: Likewise.
        workers: Threads a task reads with; Ray counts on one.
        retries: How often a task tries again after an `OSError`, but not where a file is missing.
        storage_options: As for `dcmread`.
        override_num_blocks: How many tasks, as for Ray's own functions.
        ray_remote_args: Likewise: what each task needs.

    Returns:
        The data set: the columns of `rapidicom.scan`, `path` first, with their types in
        `Table.to_arrow`; and `error`, why a file could not be read, in rows whose other columns are
        null. Files that are not DICOM are left out.

    Raises:
        OSError: One of `paths` does not exist.
        ValueError: As for `rapidicom.scan`.
        ImportError: Ray is not installed.
    """
    source = HeaderDatasource(
        paths,
        columns,
        {"force": force, "workers": workers, "storage_options": storage_options},
        retries=retries,
    )
    return ray.data.read_datasource(
        source,
        override_num_blocks=override_num_blocks,
        ray_remote_args=dict(ray_remote_args or {}),
    )


def _series(paths: Any, force: bool, storage_options: Mapping[str, Any] | None) -> list[Series]:
    if isinstance(paths, Series):
        return [paths]
    if isinstance(paths, (list, tuple)) and paths and all(isinstance(p, Series) for p in paths):
        return list(paths)
    return find_series(paths, force=force, storage_options=storage_options)
