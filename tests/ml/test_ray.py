"""Volumes and header tables over a cluster of three nodes, one of which dies half way."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray
from ray.cluster_utils import Cluster

import rapidicom as rd
from builder import Identity, Layout
from rapidicom.integrations.ray import HeaderDatasource, SeriesDatasource, read_series, scan
from rapidicom.integrations.ray_series import VolumeRows
from rapidicom.integrations.ray_tasks import shares, tried
from series_builder import Flaws, Numbering, Pixels, Stack, series, write_slices

COLUMNS = ["SeriesInstanceUID", "InstanceNumber", "PixelSpacing", "Modality"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    found = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False}
    )
    for _ in range(2):
        found.add_node(num_cpus=2)
    ray.init(address=found.address, log_to_driver=False, logging_level="ERROR")
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield found
    ray.shutdown()
    found.shutdown()


def tree(folder: Path, count: int, **options: Any) -> Path:
    for number in range(1, count + 1):
        series(folder / f"{number:03}", numbering=Numbering(series=number), **options)
    return folder


def by_uid(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {row["series_uid"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def assert_are_volumes(rows: list[dict[str, Any]], folder: Path) -> None:
    found = by_uid(rows)
    expected = rd.find_series(folder)
    assert set(found) == {one.uid for one in expected}
    for one in expected:
        row, volume = found[one.uid], one.read()
        np.testing.assert_array_equal(row["image"].reshape(volume.shape), volume.array)
        np.testing.assert_array_equal(row["affine"], volume.affine)
        np.testing.assert_array_equal(row["spacing"], volume.spacing)
        assert (row["study_uid"], row["modality"]) == (one.study_uid, one.modality)
        assert (row["path"], row["report"], row["error"]) == (one.paths[0], "", "")


# How work is shared out.


@pytest.mark.parametrize("count", [1, 2, 3, 7, 50])
def test_shares_are_about_even(count: int) -> None:
    for seed in range(20):
        sizes = np.random.default_rng(seed).integers(1, 100, 40).tolist()
        found = shares(sizes, count)
        assert sorted(index for share in found for index in share) == list(range(40))
        assert len(found) == min(count, 40) and all(share == sorted(share) for share in found)
        largest = max(sum(sizes[index] for index in share) for share in found)
        assert largest <= 4 / 3 * max(sum(sizes) / count, max(sizes)) + 1
    assert shares([], count) == []
    assert shares([0, 0], 2) == [[0], [1]]


def test_another_try_after_an_error_that_may_pass() -> None:
    tries: list[int] = []

    def read(fails: int, error: type[Exception] = OSError) -> int:
        tries.append(1)
        if len(tries) <= fails:
            raise error
        return len(tries)

    assert tried(lambda: read(2), 2) == 3
    for fails, error, retries, count in (
        (3, OSError, 2, 3), (1, FileNotFoundError, 2, 1), (1, ValueError, 2, 1), (1, OSError, 0, 1),
    ):  # fmt: skip
        tries.clear()
        with pytest.raises(error):
            tried(lambda fails=fails, error=error: read(fails, error), retries)  # type: ignore[misc]
        assert len(tries) == count


def test_tasks_are_lazy_and_balanced_by_bytes(tmp_path: Path) -> None:
    tree(tmp_path / "small", 12)
    for number in (51, 52):
        series(tmp_path / str(number), Stack(count=48), numbering=Numbering(series=number))
    found = rd.find_series(tmp_path)
    source = SeriesDatasource(found, VolumeRows({}, "float32", False, 0))
    size = 8 * 5 * 7 * 4
    assert source.estimate_inmemory_data_size() == 24 * size
    tasks = source.get_read_tasks(3)
    assert sum(task.metadata.num_rows for task in tasks) == 14
    assert [task.metadata.size_bytes for task in tasks] == [8 * size] * 3
    headers = HeaderDatasource(tmp_path, COLUMNS, {}, retries=0)
    assert headers.estimate_inmemory_data_size() > 0
    assert len(headers.get_read_tasks(4)) == 4
    # Nothing has been read.
    for path in tmp_path.rglob("*.dcm"):
        path.unlink()
    rows = [row for task in tasks for block in task() for row in block.to_pylist()]
    assert all("FileNotFoundError" in row["error"] for row in rows)


# Volumes.


def test_series_are_those_of_one_machine(cluster: Cluster, tmp_path: Path) -> None:
    tree(tmp_path, 60)
    data = read_series(tmp_path, override_num_blocks=12)
    assert data.count() == 60
    assert_are_volumes(data.take_all(), tmp_path)
    (one, *_) = rd.find_series(tmp_path)
    (row,) = read_series(one, values="stored", dtype="int32").take_all()
    np.testing.assert_array_equal(row["image"][0], one.read(values="stored").array)
    assert row["image"].dtype == np.int32


def test_series_of_all_shapes_are_rows(cluster: Cluster, tmp_path: Path) -> None:
    series(tmp_path / "a")
    series(tmp_path / "b", Stack(phases=3), numbering=Numbering(series=2))
    series(tmp_path / "c", Stack(count=1), numbering=Numbering(series=3))
    pixels = np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3)
    (tmp_path / "d").mkdir()
    identity = Identity(modality="OT", series="2.25.400")
    write_slices(tmp_path / "d", pixels, layout=Layout(samples=3), identity=identity)
    rows = by_uid(read_series(tmp_path, override_num_blocks=2).take_all())
    shapes = {uid: row["image"].shape for uid, row in rows.items()}
    assert shapes == {
        "2.25.100": (1, 8, 5, 7), "2.25.200": (3, 8, 5, 7), "2.25.300": (1, 1, 5, 7),
        "2.25.400": (3, 3, 4, 5),
    }  # fmt: skip
    np.testing.assert_array_equal(rows["2.25.400"]["image"], pixels.transpose(3, 0, 1, 2))


def test_a_bad_series_is_a_row(cluster: Cluster, tmp_path: Path) -> None:
    tree(tmp_path, 2)
    series(tmp_path / "gap", numbering=Numbering(series=3), flaws=Flaws(missing={3}))
    gone = series(tmp_path / "gone", numbering=Numbering(series=4))
    found = rd.find_series(tmp_path)
    gone.paths[2].unlink()
    rows = by_uid(read_series(found, retries=0).take_all())
    assert len(rows) == 4
    assert rows["2.25.300"]["error"].startswith("IrregularSeriesError")
    assert "gap" in rows["2.25.300"]["report"]
    assert rows["2.25.400"]["error"].startswith("FileNotFoundError")
    for uid in ("2.25.300", "2.25.400"):
        assert rows[uid]["image"].size == 0
    assert rows["2.25.200"]["error"] == "" and rows["2.25.200"]["image"].size
    (kept,) = read_series(tmp_path / "gap", irregular="keep").take_all()
    assert kept["error"] == "" and "gap" in kept["report"] and kept["image"].shape == (1, 7, 5, 7)
    with pytest.raises(Exception, match="irregular"):
        read_series(tmp_path / "gap", on_error="raise").take_all()


# Headers.


def assert_is_table(rows: list[dict[str, Any]], folder: Path) -> None:
    expected = rd.scan(folder, COLUMNS).to_arrow().to_pylist()
    errors = [row.pop("error") for row in rows]
    assert errors == [None] * len(rows)

    def plain(row: dict[str, Any]) -> dict[str, Any]:
        return {name: list(v) if np.ndim(v) else v for name, v in row.items()}

    assert sorted(map(plain, rows), key=lambda row: row["path"]) == expected


def test_headers_are_those_of_one_machine(cluster: Cluster, tmp_path: Path) -> None:
    """20,000 files of 250 series, which lie in folders of folders and in one long one."""
    source = series(tmp_path / "one", Stack(count=80), pixels=Pixels(shape=(2, 2)))
    contents = [path.read_bytes() for path in source.paths]
    for number in range(1, 251):
        folder = tmp_path / "tree" / (f"{number % 5}/{number}" if number % 2 else "long")
        folder.mkdir(parents=True, exist_ok=True)
        uid = f"2.25.{number}".encode().ljust(len(source.uid))
        for index, content in enumerate(contents):
            content = content.replace(source.uid.encode(), uid[: len(source.uid)])
            (folder / f"{number}-{index}").write_bytes(content)
    data = scan(tmp_path / "tree", COLUMNS)
    assert data.columns() == ["path", *COLUMNS, "error"]
    rows = data.take_all()
    assert len(rows) == 20_000
    assert_is_table(rows, tmp_path / "tree")


def test_what_cannot_be_read_is_a_row_and_what_is_not_dicom_none(
    cluster: Cluster, tmp_path: Path
) -> None:
    written = series(tmp_path / "a")
    (tmp_path / "a" / "notes.txt").write_text("not DICOM")
    (tmp_path / "a" / "loop").symlink_to(tmp_path / "a")
    cut = tmp_path / "a" / "cut.dcm"
    cut.write_bytes(written.paths[0].read_bytes()[:300])
    for paths in (tmp_path, [tmp_path / "a"], [*written.paths, cut]):
        rows = scan(paths, COLUMNS).take_all()
        assert len(rows) == 9
        (bad,) = [row for row in rows if row["error"]]
        assert bad["path"] == str(cut) and bad["Modality"] is None
    (named,) = scan([tmp_path / "a" / "notes.txt"], COLUMNS).take_all()
    assert "not a DICOM file" in named["error"]
    with pytest.raises(FileNotFoundError):
        scan(tmp_path / "absent", COLUMNS)
    with pytest.raises(ValueError):
        scan(tmp_path, ["NoSuchKeyword"])


def test_a_file_that_vanishes_is_a_row(tmp_path: Path) -> None:
    written = series(tmp_path)
    (task,) = HeaderDatasource(tmp_path, COLUMNS, {}, retries=0).get_read_tasks(1)
    written.paths[3].unlink()
    rows = [row for block in task() for row in block.to_pylist()]
    (bad,) = [row for row in rows if row["error"]]
    assert len(rows) == 8 and "FileNotFoundError" in bad["error"]


@pytest.mark.parametrize("count", [1, 3, 40])
def test_files_that_are_named_twice_are_read_once(count: int, tmp_path: Path) -> None:
    series(tmp_path / "a" / "b", Stack(count=4))
    series(tmp_path / "c", Stack(count=3), numbering=Numbering(series=2))
    one = str(next((tmp_path / "c").iterdir()))
    for paths in (
        [tmp_path, str(tmp_path)],
        [tmp_path, tmp_path / "a", tmp_path / "c" / ".." / "a" / "b"],
        [one, tmp_path / "a", tmp_path],
        [tmp_path / "c", tmp_path / "a", one],
    ):
        source = HeaderDatasource(paths, COLUMNS, {}, retries=0)
        read = [block for task in source.get_read_tasks(count) for block in task.read_fn()]
        found = [path for block in read for path in block["path"].to_pylist()]
        assert len(found) == len(rd.scan(paths, COLUMNS)) == 7
        assert len({os.path.realpath(path) for path in found}) == 7


def test_series_come_from_a_table_of_the_cluster(cluster: Cluster, tmp_path: Path) -> None:
    """Then no machine sees all headers."""
    tree(tmp_path, 5)
    data = read_series(scan(tmp_path, ["SeriesInstanceUID"]))
    assert_are_volumes(data.take_all(), tmp_path)


# A node that dies.


def test_a_node_that_dies_half_way_changes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    tree(tmp_path, 60)

    def slowly(row: dict[str, Any]) -> dict[str, Any]:
        time.sleep(0.02)
        return row

    node = cluster.add_node(num_cpus=2)
    ray.data.DataContext.get_current().execution_options.preserve_order = False
    data = read_series(tmp_path, override_num_blocks=30).map(slowly)
    rows = []
    for row in data.iter_rows():
        rows.append(row)
        if len(rows) == 20:
            cluster.remove_node(node, allow_graceful=False)
    assert_are_volumes(rows, tmp_path)
    node = cluster.add_node(num_cpus=2)
    table = scan(tmp_path, COLUMNS, override_num_blocks=30).map(slowly)
    rows = []
    for row in table.iter_rows():
        rows.append(row)
        if len(rows) == 100:
            cluster.remove_node(node, allow_graceful=False)
    assert_is_table(rows, tmp_path)
