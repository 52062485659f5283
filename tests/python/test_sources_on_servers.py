"""Series on servers: the same from each, in few requests, also mixed. All servers start here."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from test_sources import KINDS as LOCAL_KINDS

import rapidicom as rd
from builder import file_bytes, image, noise
from series_builder import Pixels, Stack, Written, series
from servers import Requests, put_into_s3, s3_server

for _library in ("aiohttp", "dicomweb_client", "fsspec", "moto", "pynetdicom", "requests", "s3fs"):
    pytest.importorskip(_library)

import s3fs  # noqa: E402

from dicomweb_server import dicomweb_server  # noqa: E402
from dimse_server import TITLE, dimse_server  # noqa: E402
from rapidicom.integrations.dicomweb import DicomWeb  # noqa: E402
from rapidicom.integrations.dimse import Archive  # noqa: E402
from web_server import WebServer, web_server  # noqa: E402

COUNT = 8
# A name of its own: all servers of a process have the same buckets.
BUCKET = "kinds"


@dataclass(repr=False)
class Servers:
    """What has the same files everywhere.

    Attributes:
        written: The files.
        web: A web server.
        s3: What opens the bucket `BUCKET`.
        of_dicomweb: Instances by DICOMweb, by their files.
        of_dimse: Instances by DIMSE, by their files.
    """

    written: Written
    web: WebServer
    s3: dict[str, Any]
    of_dicomweb: dict[Path, Any]
    of_dimse: dict[Path, Any]

    def __repr__(self) -> str:
        # Whoever prints it prints all bytes that it has.
        return "Servers()"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    rescale = [(0.5 + k / 8, -10.0 * k) for k in range(COUNT)]
    # Longer than what is read of a header.
    written = series(
        tmp_path_factory.mktemp("series"), Stack(count=COUNT),
        pixels=Pixels(shape=(96, 90), rescale=rescale),
    )  # fmt: skip
    contents = {path.name: path.read_bytes() for path in written.paths}
    with ExitStack() as stack:
        web = stack.enter_context(web_server(contents))
        address, _ = stack.enter_context(s3_server())
        s3 = {"key": "k", "secret": "s", "endpoint_url": address}
        s3fs.S3FileSystem(**s3).mkdir(BUCKET)
        put_into_s3(BUCKET, contents)
        dicomweb = stack.enter_context(dicomweb_server(written.paths))
        dimse = stack.enter_context(dimse_server(written.paths))
        archive = Archive("127.0.0.1", dimse.port, ae_title=TITLE, timeout=10)
        by_uid = {str(rd.dcmread(path).SOPInstanceUID): path for path in written.paths}

        def by_file(items: list[Any]) -> dict[Path, Any]:
            return {by_uid[item.name.rpartition("/")[2]]: item for item in items}

        yield Servers(
            written, web, s3, by_file(DicomWeb(dicomweb.url).sources(written.uid)),
            by_file(archive.sources(written.uid)),
        )  # fmt: skip


# What a kind makes of a file: what is passed, and how it is named.
KINDS: dict[str, Callable[[Servers, Path], tuple[Any, str]]] = {
    "web": lambda servers, path: (f"{servers.web.url}/{path.name}",) * 2,
    "s3": lambda servers, path: (
        s3fs_file(servers, f"{BUCKET}/{path.name}"), f"s3://{BUCKET}/{path.name}",
    ),
    "DICOMweb": lambda servers, path: (
        servers.of_dicomweb[path], servers.of_dicomweb[path].name,
    ),
    "DIMSE": lambda servers, path: (servers.of_dimse[path], servers.of_dimse[path].name),
}  # fmt: skip


def s3fs_file(servers: Servers, path: str) -> Any:
    import fsspec

    return fsspec.core.OpenFile(s3fs.S3FileSystem(**servers.s3), path)


def same(volume: rd.Volume, expected: rd.Volume, names: dict[str, str]) -> None:
    """Check that a volume is another but for the names of its files."""
    assert volume.paths == [names[path] for path in expected.paths]
    np.testing.assert_array_equal(volume.array, expected.array)
    np.testing.assert_array_equal(volume.affine, expected.affine)
    assert [(issue.kind, issue.sentence, sorted(issue.paths)) for issue in volume.report] == [
        (issue.kind, issue.sentence, sorted(names[path] for path in issue.paths))
        for issue in expected.report
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_series_is_the_same_from_every_server(servers: Servers, kind: str) -> None:
    paths = servers.written.paths
    expected = rd.read_series(paths)
    made = [KINDS[kind](servers, path) for path in paths]
    sources = [source for source, _ in made]
    names = {str(path): name for path, (_, name) in zip(paths, made, strict=True)}
    volume = rd.read_series(sources)
    same(volume, expected, names)
    table = rd.scan(sources)
    rows = [
        row | {"path": name} for row, (_, name) in zip(rd.scan(paths).to_dicts(), made, strict=True)
    ]
    assert table.to_dicts() == rows
    same(rd.read_series(pickle.loads(pickle.dumps(table))), expected, names)
    np.testing.assert_array_equal(rd.read_batch(sources), rd.read_batch(paths))
    for source, path in zip(sources[:2], paths, strict=False):
        np.testing.assert_array_equal(rd.pixel_array(source), rd.pixel_array(path))
        assert rd.dcmread(source).InstanceNumber == rd.dcmread(path).InstanceNumber


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_kinds_on_servers_mix(servers: Servers, data: st.DataObject) -> None:
    """With each other, and with those of this machine."""
    expected = rd.read_series(servers.written.paths)
    paths = data.draw(st.permutations(servers.written.paths))
    # One slice less is a gap, which every report has alike.
    if data.draw(st.booleans()):
        paths = [path for path in paths if path != servers.written.paths[3]]
        expected = rd.read_series(paths, irregular="keep")
    local = ["bytes", "paths", "a deflated zip", "a tar.gz", "URLs", "our data sets", "open files"]
    sources, names = [], {}
    for position, path in enumerate(paths):
        kind = data.draw(st.sampled_from([*KINDS, *local]))
        if kind in KINDS:
            source, name = KINDS[kind](servers, path)
        else:
            made, own = LOCAL_KINDS[kind]([path])
            (source,), name = made, own[0].replace("<source 0>", f"<source {position}>")
        sources.append(source)
        names[str(path)] = name
    volume = rd.read_series(sources, irregular="keep")
    same(volume, expected, names)
    columns = ["SOPInstanceUID", "InstanceNumber", "Rows", "PixelSpacing"]
    rows = {row["path"]: row for row in rd.scan(sources, columns).to_dicts()}
    assert rows == {
        names[row["path"]]: row | {"path": names[row["path"]]}
        for row in rd.scan(paths, columns).to_dicts()
    }
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(volume)).array, expected.array)


# Counted, over HTTP: what is asked for, and how many bytes come.

MANY, FRAMES = 200, 1000
FIRST = 16 * 1024


@dataclass
class Counter:
    """Objects on a server that counts.

    Attributes:
        urls: Their addresses.
        options: What opens them.
        forget: Forgets what it was asked for.
        count: How many requests it was asked for objects, or for a list of them.
        sent: How many bytes it has sent.
    """

    urls: list[str]
    options: dict[str, Any]
    forget: Callable[[], None]
    count: Callable[[], int]
    sent: Callable[[], int]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("many")
    return series(folder, Stack(count=MANY), pixels=Pixels(shape=(128, 128)))


@pytest.fixture(scope="module", params=["web", "s3"])
def counter(request: pytest.FixtureRequest, many: Written) -> Iterator[Counter]:
    contents = {path.name: path.read_bytes() for path in many.paths}
    contents["frames"] = file_bytes(image(noise((FRAMES, 16, 32), np.uint8, 5)))
    if request.param == "web":
        with web_server(contents) as server:
            yield Counter(
                server.urls(), {}, server.clear, lambda: len(server.requests), lambda: server.sent
            )
        return
    with s3_server() as (address, requests):
        options = {"key": "k", "secret": "s", "endpoint_url": address}
        s3fs.S3FileSystem(**options).mkdir("many")
        put_into_s3("many", contents)
        urls = [f"s3://many/{name}" for name in contents]
        yield Counter(urls, options, requests.clear, *_counts(requests))


def _counts(requests: Requests) -> tuple[Callable[[], int], Callable[[], int]]:
    return lambda: len(requests.lines), lambda: requests.sent


def test_a_table_takes_a_request_a_header(counter: Counter, many: Written) -> None:
    counter.forget()
    table = rd.scan(counter.urls[:MANY], ["InstanceNumber"], storage_options=counter.options)
    assert sorted(table["InstanceNumber"]) == sorted(
        rd.scan(many.paths, ["InstanceNumber"])["InstanceNumber"]
    )
    assert counter.count() <= MANY + 20
    assert counter.sent() <= MANY * FIRST


def test_a_volume_takes_each_byte_once(counter: Counter, many: Written) -> None:
    expected = rd.read_series(many.paths)
    counter.forget()
    volume = rd.read_series(counter.urls[:MANY], storage_options=counter.options)
    np.testing.assert_array_equal(volume.array, expected.array)
    assert counter.count() <= 2 * MANY + 20
    assert counter.sent() <= sum(path.stat().st_size for path in many.paths)


def test_a_frame_takes_its_own_bytes(counter: Counter) -> None:
    expected = noise((FRAMES, 16, 32), np.uint8, 5)
    for index in (0, 500, FRAMES - 1):
        counter.forget()
        found = rd.pixel_array(counter.urls[-1], index=index, storage_options=counter.options)
        np.testing.assert_array_equal(found, expected[index])
        assert counter.count() <= 3
        assert counter.sent() <= FIRST + 2 * expected[index].size
