"""Series, tables and pixels from buckets: the same as from files, in few requests."""

from __future__ import annotations

import asyncio
import gzip
import io
import pickle
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from archive_builder import zipped
from builder import file_bytes, image, write_image
from data_paths import BRAIN_MR
from series_builder import Pixels, Stack, series
from servers import Requests, put_into_s3, s3_server

fsspec = pytest.importorskip("fsspec")

from counted_file_system import Counted  # noqa: E402

COUNT = 200


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Any:
    # Long enough that a header is a small part.
    folder = tmp_path_factory.mktemp("series")
    return series(folder, Stack(count=COUNT), pixels=Pixels(shape=(300, 128)))


@pytest.fixture(scope="module")
def bucket(written: Any) -> Iterator[tuple[dict[str, Any], Requests]]:
    s3fs = pytest.importorskip("s3fs")
    pytest.importorskip("moto")
    with s3_server() as (url, requests):
        options = {"key": "k", "secret": "s", "endpoint_url": url}
        fs = s3fs.S3FileSystem(**options)
        fs.mkdir("bucket")
        put_into_s3("bucket", {f"ct/{path.name}": path.read_bytes() for path in written.paths})
        yield options, requests


@pytest.fixture
def counted(written: Any) -> Iterator[type[Counted]]:
    fsspec.register_implementation("counted", Counted, clobber=True)
    Counted.objects.clear()
    Counted.objects.update({f"ct/{path.name}": path.read_bytes() for path in written.paths})
    Counted.forget()
    yield Counted
    Counted.latency = 0.0
    Counted.objects.clear()


def test_a_series_in_a_bucket_is_the_volume_of_its_files(
    bucket: tuple[dict[str, Any], Requests], written: Any
) -> None:
    options, requests = bucket
    expected = rd.read_series(written.folder)
    requests.clear()
    volume = rd.read_series("s3://bucket/ct", storage_options=options)
    np.testing.assert_array_equal(volume.array, expected.array)
    np.testing.assert_array_equal(volume.affine, expected.affine)
    assert [Path(path).name for path in volume.paths] == [
        Path(path).name for path in expected.paths
    ]
    assert volume.paths[0].startswith("s3://bucket/ct/")
    assert str(volume.report) == str(expected.report)
    # A listing, a header and the pixels of each.
    assert len(requests.lines) <= 2 * COUNT + 20


def test_a_table_of_a_bucket_is_that_of_its_files(
    bucket: tuple[dict[str, Any], Requests], written: Any
) -> None:
    options, requests = bucket
    expected = rd.scan(written.folder)
    requests.clear()
    table = rd.scan("s3://bucket/ct/*.dcm", storage_options=options)
    assert len(requests.lines) <= COUNT + 20
    assert requests.sent <= COUNT * 16384 + 500_000
    assert not table.errors
    for name in expected.columns[1:]:
        np.testing.assert_array_equal(table[name], expected[name], err_msg=name)
        assert table[name].dtype == expected[name].dtype
    # Its items come with it.
    volume = rd.read_series(pickle.loads(pickle.dumps(table)))
    assert volume.shape == (COUNT, 300, 128)


def test_an_object_and_what_is_not_there(
    bucket: tuple[dict[str, Any], Requests], written: Any
) -> None:
    options, _ = bucket
    url = f"s3://bucket/ct/{written.paths[3].name}"
    ds = rd.dcmread(url, storage_options=options)
    expected = rd.dcmread(written.paths[3])
    assert ds.SOPInstanceUID == expected.SOPInstanceUID
    np.testing.assert_array_equal(ds.pixel_array, expected.pixel_array)
    np.testing.assert_array_equal(
        rd.pixel_array(url, storage_options=options), expected.pixel_array
    )
    assert len(list(rd.iter_pixels(url, storage_options=options))) == 1
    for call in (rd.dcmread, rd.pixel_array, rd.scan, rd.find_series, rd.read_series):
        with pytest.raises(FileNotFoundError, match="s3://bucket/none"):
            call("s3://bucket/none", storage_options=options)
    table = rd.scan([url, "s3://bucket/none.dcm"], storage_options=options)
    assert [error.path for error in table.errors] == ["s3://bucket/none.dcm"]
    assert len(table) == 1


def test_what_changes_in_a_bucket_is_noticed(
    bucket: tuple[dict[str, Any], Requests], tmp_path: Path
) -> None:
    options, _ = bucket
    fs = fsspec.filesystem("s3", **options)
    # Longer than what is read of a header.
    large = series(tmp_path, Stack(count=4), pixels=Pixels(shape=(256, 256)))
    for path in large.paths:
        fs.pipe(f"bucket/changing/{path.name}", path.read_bytes())
    (found,) = rd.find_series("s3://bucket/changing", storage_options=options)
    fs.pipe(f"bucket/changing/{large.paths[1].name}", large.paths[2].read_bytes())
    with pytest.raises((OSError, rd.IrregularSeriesError), match="was changed"):
        found.read()


def test_obstore_reads_the_same(bucket: tuple[dict[str, Any], Requests], written: Any) -> None:
    store = pytest.importorskip("obstore.fsspec")
    options, _ = bucket
    fs = store.FsspecStore(
        "s3", access_key_id="k", secret_access_key="s", endpoint=options["endpoint_url"],
        region="us-east-1", client_options={"allow_http": True},
    )  # fmt: skip
    files = [fsspec.core.OpenFile(fs, f"bucket/ct/{path.name}") for path in written.paths[:10]]
    volume = rd.read_series(files)
    np.testing.assert_array_equal(volume.array, rd.read_series(written.paths[:10]).array)
    files.append(fsspec.core.OpenFile(fs, "bucket/ct/none.dcm"))
    table = rd.scan(files, ["Rows"])
    assert len(table) == 10
    assert [error.path.endswith("none.dcm") for error in table.errors] == [True]


@pytest.mark.parametrize("form", ["folder", "pattern", "urls", "open files", "upaths"])
def test_a_table_takes_a_request_a_header(counted: type[Counted], form: str) -> None:
    names = [f"counted://{path}" for path in counted.objects]
    sources: Any = {"folder": "counted://ct", "pattern": "counted://ct/*.dcm", "urls": names}
    if form == "open files":
        sources[form] = fsspec.open_files(names)
        counted.forget()
    if form == "upaths":
        upath = pytest.importorskip("upath")
        sources[form] = [upath.UPath(name) for name in names]
    table = rd.scan(sources[form], ["InstanceNumber"])
    assert len(table) == COUNT
    assert set(table["path"]) == set(names)
    assert len(counted.requests) <= COUNT + 20
    assert counted.sent() <= COUNT * 16384


def test_a_volume_takes_each_byte_once(counted: type[Counted], written: Any) -> None:
    (found,) = rd.find_series("counted://ct")
    counted.forget()
    volume = found.read()
    np.testing.assert_array_equal(volume.array, rd.read_series(written.folder).array)
    # The pixels of each, once.
    assert len(counted.requests) == COUNT
    assert counted.sent() <= COUNT * 300 * 128 * 2
    counted.forget()
    part = found.read(slices=slice(3, 5), rows=slice(0, 64))
    assert part.shape == (2, 64, 128)
    assert len(counted.requests) == 2


@pytest.mark.parametrize("kind", ["native", "compressed"])
def test_a_frame_takes_its_own_bytes(counted: type[Counted], tmp_path: Path, kind: str) -> None:
    frames = np.random.default_rng(1).integers(0, 4000, (1000, 16, 16)).astype(np.uint16)
    path = tmp_path / "frames.dcm"
    path.write_bytes(file_bytes(image(frames)))
    if kind == "compressed":
        pydicom = pytest.importorskip("pydicom")
        ds = pydicom.dcmread(path)
        ds.compress(pydicom.uid.RLELossless, encoding_plugin="pydicom")
        ds.save_as(path)
    counted.objects["many.dcm"] = path.read_bytes()
    found = rd.pixel_array("counted://many.dcm", index=700)
    np.testing.assert_array_equal(found, frames[700])
    assert len(counted.requests) <= 3
    assert counted.sent() <= 3 * 16384


def test_workers_says_how_many_requests_are_under_way(counted: type[Counted]) -> None:
    counted.latency = 0.001
    rd.scan("counted://ct", ["Rows"], workers=5)
    assert counted.most == 5


def test_it_works_while_a_loop_runs(counted: type[Counted]) -> None:
    async def in_a_notebook() -> int:
        return len(rd.scan("counted://ct", ["Rows"]))

    assert asyncio.run(in_a_notebook()) == COUNT


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    with pytest.raises(ImportError, match=r'pip install "rapidicom\[remote\]"'):
        rd.scan("s3://bucket/x", storage_options={"anon": True, "endpoint_url": "http://x.y"})
    for name in [one for one in sys.modules if one.partition(".")[0] == "fsspec"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r'pip install "rapidicom\[remote\]"'):
        rd.dcmread("gs://bucket/x")


def test_names_of_files_are_no_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "CT::1.dcm")
    assert rd.dcmread("CT::1.dcm").Rows == rd.dcmread(Path("CT::1.dcm")).Rows
    with pytest.raises(FileNotFoundError):
        rd.dcmread("nothing://knows/this")


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("memory://z/x.zip", ["a/1.dcm", "a/2.dcm"]),
        ("memory://z", ["a/1.dcm", "a/2.dcm"]),
        ("memory://z/*.zip", ["a/1.dcm", "a/2.dcm"]),
        ("zip://a/2.dcm::memory://z/x.zip", ["a/2.dcm"]),
        ("zip://a::memory://z/x.zip", ["a/1.dcm", "a/2.dcm"]),
    ],
)
def test_an_archive_in_a_bucket_is_its_members(tmp_path: Path, url: str, names: list[str]) -> None:
    data = write_image(tmp_path / "one.dcm").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a/1.dcm", "a/2.dcm"):
            archive.writestr(name, data)
    fs = fsspec.filesystem("memory")
    fs.pipe("/z/x.zip", packed.getvalue())
    table = rd.scan(url, ["Rows"])
    assert not table.errors
    assert table["path"].tolist() == [f"zip://{name}::memory://z/x.zip" for name in names]
    assert (rd.read_batch(url) == rd.pixel_array(data)).all()
    fs.rm("/z", recursive=True)


def test_a_compressed_open_file_is_read_whole(tmp_path: Path) -> None:
    data = write_image(tmp_path / "one.dcm").read_bytes()
    fs = fsspec.filesystem("memory")
    fs.pipe("/packed/one.dcm.gz", gzip.compress(data))
    file = fsspec.open("memory://packed/one.dcm.gz", compression="gzip")
    assert rd.dcmread(file).Rows == rd.dcmread(data).Rows
    assert (rd.read_batch([file, data]) == rd.pixel_array(data)).all()
    fs.rm("/packed", recursive=True)


def test_local_urls_are_files(tmp_path: Path) -> None:
    path = write_image(tmp_path / "one.dcm")
    for source in (f"file://{path}", fsspec.open(str(path)), f"file://{tmp_path}"):
        assert rd.scan(source)["path"].tolist() == [str(path)]


def test_members_of_archives_at_local_urls(tmp_path: Path) -> None:
    path = write_image(tmp_path / "one.dcm")
    archive = tmp_path / "a.zip"
    archive.write_bytes(zipped({"one": path.read_bytes()}))
    name = f"zip://one::file://{archive}"
    assert rd.dcmread(name).Rows == rd.dcmread(path).Rows
    with pytest.raises(FileNotFoundError, match="no member"):
        rd.dcmread(f"zip://two::file://{archive}")
    with pytest.raises(FileNotFoundError, match="no such archive"):
        rd.dcmread(f"zip://one::file://{archive}.no")


def test_names_are_given_to_urls(counted: type[Counted]) -> None:
    name = next(iter(counted.objects))
    assert rd.scan({"mine": f"counted://{name}"}, ["Rows"])["path"].tolist() == ["mine"]


def test_objects_whose_names_are_shown_alike_are_told_apart() -> None:
    # What stands before the `@` may be a login, so it is not shown.
    fs = fsspec.filesystem("memory")
    paths = [BRAIN_MR / f"{number:04}.dcm" for number in range(1, 5)]
    for number, path in enumerate(paths):
        fs.pipe(f"/c:1/{number}/s@x.dcm", path.read_bytes())
    expected = rd.read_series(paths)
    try:
        for source in ("memory://c:1", "memory://c:1/*/s@x.dcm"):
            for one in (source, [source], {"named": source}):
                table = rd.scan(one, ["InstanceNumber"])
                assert sorted(table["InstanceNumber"]) == [1, 2, 3, 4]
                assert len(set(table["path"])) == 4
                for found in (rd.read_series(one), rd.read_series(table)):
                    np.testing.assert_array_equal(found.array, expected.array)
    finally:
        fs.rm("/c:1", recursive=True)
