"""Web servers and buckets that go wrong: an `OSError` that says so, and nothing hangs or leaks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from series_builder import Pixels, Stack, Written, series
from web_server import web_server

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

from rapidicom.sources import remote_answers, remote_redirects

SECRET = "Secret-0815"
PAGE = f"<!DOCTYPE html><p>{SECRET}".encode() * 2000


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    # Longer than what is read of a header.
    folder = tmp_path_factory.mktemp("web")
    return series(folder / "ct", Stack(count=3), pixels=Pixels(shape=(128, 120)))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (remote_answers, remote_redirects):
        monkeypatch.setattr(module, "SILENCE", 0.5)


def objects_of(written: Written) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in written.paths}


def place(start: int, stop: int, data: bytes) -> str:
    return f"bytes {start}-{stop - 1}/{len(data)}"


def headed(one: Any, data: bytes) -> tuple[int, int]:
    start, stop = one.range(len(data))
    one.send_response(206)
    one.send_header("Content-Length", str(stop - start))
    one.send_header("Content-Range", place(start, stop, data))
    one.end_headers()
    return start, stop


def shorter(one: Any, data: bytes) -> None:
    start, stop = one.range(len(data))
    one.answer(206, data[start : stop - 100], place(start, stop, data))


def longer(one: Any, data: bytes) -> None:
    start, stop = one.range(len(data))
    one.answer(206, data[start:stop] + bytes(100), place(start, stop, data))


def half(one: Any, data: bytes) -> None:
    start, stop = one.range(len(data))
    stop = (start + stop) // 2
    one.answer(206, data[start:stop], place(start, stop, data))


def elsewhere(one: Any, data: bytes) -> None:
    start, stop = one.range(len(data))
    one.answer(206, data[5 : stop - start + 5], place(5, stop - start + 5, data))


def nowhere(one: Any, data: bytes) -> None:
    start, stop = one.range(len(data))
    one.answer(206, data[start : (start + stop) // 2])


def cut(one: Any, data: bytes) -> None:
    start, _ = headed(one, data)
    one.wfile.write(data[start : start + 100])
    one.close_connection = True


def slowly(one: Any, data: bytes) -> None:
    for start in range(len(data)):
        one.wfile.write(data[start : start + 1])
        one.wfile.flush()
        if one.server.is_over.wait(0.05):
            return


def slow_body(one: Any, data: bytes) -> None:
    start, stop = headed(one, data)
    slowly(one, data[start:stop])


FAULTS: dict[str, tuple[Callable[[Any, bytes], Any], str]] = {
    "a page": (
        lambda one, _: one.answer(200, PAGE, Content_Type="text/html; charset=utf-8"),
        "text/html instead of an object",
    ),
    "fewer bytes": (shorter, "another number of bytes than it says"),
    "more bytes": (longer, "another number of bytes than it says"),
    "half of the range": (half, "another range than was asked for"),
    "another range": (elsewhere, "another range than was asked for"),
    "no range": (nowhere, "does not say with which"),
    "cut": (cut, "the connection to the server broke"),
    "a circle": (lambda one, _: one.answer(302, b"", Location=one.path), "again and again"),
    "a status": (lambda one, _: one.answer(500, PAGE), "status 500"),
    "no login": (lambda one, _: one.answer(401, PAGE), "status 401"),
    "slow": (slow_body, "in time"),
    "slow head": (
        lambda one, _: slowly(one, b"HTTP/1.1 206 OK\r\n" + b"A: b\r\n" * 999),
        "in time",
    ),
    "silence": (lambda one, _: one.server.is_over.wait(20), "in time"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("where", ["header", "pixels"])
@pytest.mark.usefixtures("impatient")
def test_what_goes_wrong_is_said(written: Written, fault: str, where: str) -> None:
    answer, said = FAULTS[fault]

    def handle(one: Any, data: bytes) -> bool:
        if (where == "pixels") == one.headers["Range"].startswith("bytes=0-"):
            return False
        answer(one, data)
        return True

    with web_server(objects_of(written), handle) as server:
        urls = server.urls()
        for call in (lambda: rd.read_series(urls), lambda: rd.pixel_array(urls[0])):
            began = time.monotonic()
            with pytest.raises(OSError, match=said) as caught:
                call()
            assert time.monotonic() - began < 8
            assert server.url in str(caught.value)
            assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"
        if where == "header":
            table = rd.scan(urls, ["Rows"])
            assert [error.path for error in table.errors] == urls
            assert all(said in error.reason for error in table.errors)


def test_a_server_that_gives_all_at_once_is_read(written: Written) -> None:
    """Also under a moved address, and where a range of a short object ends with it."""

    def handle(one: Any, data: bytes) -> bool:
        if one.path.startswith("/moved"):
            one.answer(200, one.server.objects[one.path.rpartition("/")[2]])
        else:
            one.answer(307, b"", Location=f"/moved{one.path}")
        return True

    with web_server(objects_of(written), handle) as server:
        volume = rd.read_series(server.urls())
    np.testing.assert_array_equal(volume.array, rd.read_series(written.paths).array)


OPTIONS: dict[str, dict[str, Any]] = {
    "headers": {"headers": {"X-Token": SECRET}},
    "headers of the session": {
        "headers": {"X-Token": SECRET},
        "client_kwargs": {"headers": {"X-Key": SECRET, "Authorization": SECRET}},
    },
    "cookies": {"cookies": {"session": SECRET}},
    "cookies of the session": {"client_kwargs": {"cookies": {"session": SECRET}}},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_what_opens_one_host_does_not_go_to_another(
    written: Written, options: dict[str, Any]
) -> None:
    objects = objects_of(written)
    with web_server(objects) as other:

        def handle(one: Any, _: bytes) -> bool:
            one.answer(302, b"", Location=f"{other.url}{one.path}")
            return True

        with web_server(objects, handle) as server:
            volume = rd.read_series(server.urls(), storage_options=options)
            assert all(SECRET in str(headers) for headers in server.headers)
        assert other.requests
        assert SECRET not in str(other.headers)
        assert all("Range" in headers for headers in other.headers)
    np.testing.assert_array_equal(volume.array, rd.read_series(written.paths).array)
    assert all(path.startswith(server.url) for path in volume.paths)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize("pattern", ["folder/", "folder/*.dcm", "simplecache"])
def test_nor_does_a_listing_take_it_there(
    written: Written, options: dict[str, Any], pattern: str
) -> None:
    objects = objects_of(written)
    page = "".join(f'<a href="{name}">{name}</a>' for name in objects).encode()

    def listing(one: Any, data: bytes) -> bool:
        if one.path.endswith("/"):
            one.answer(200, page)
            return True
        return False

    with web_server({**objects, "folder/": page}, listing) as other:

        def handle(one: Any, _: bytes) -> bool:
            one.answer(302, b"", Location=f"{other.url}/{one.path.removeprefix('/folder/')}")
            return True

        with web_server({**objects, "folder/": page}, handle) as server:
            if pattern == "simplecache":
                sources: Any = [f"simplecache::{url}" for url in server.urls()[:3]]
                options = {"http": options}
            else:
                sources = f"{server.url}/{pattern}"
            table = rd.scan(sources, ["Rows"], storage_options=options)
            assert SECRET in str(server.headers)
        assert table["Rows"].tolist() == [128] * 3
        assert other.requests
        assert SECRET not in str(other.headers)


def test_the_query_of_an_address_is_not_that_of_its_redirection(written: Written) -> None:
    queries = set()

    def handle(one: Any, _: bytes) -> bool:
        path, _, query = one.path.partition("?")
        queries.add(query)
        if "moved" in query:
            return False
        one.answer(302, b"", Location=f"{path}?moved=1")
        return True

    with web_server(objects_of(written), handle) as server:
        rd.dcmread(server.urls()[0], storage_options={"params": {"key": "1"}})
    assert queries == {"key=1", "moved=1"}


def test_a_body_that_comes_slowly_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also that of a bucket."""
    monkeypatch.setattr(remote_answers, "SILENCE", 0.3)

    async def piece() -> bytes:
        await asyncio.sleep(0.05)
        return b"x"

    with pytest.raises(TimeoutError, match="too slowly"):
        asyncio.run(remote_answers._read(piece))

    async def nothing() -> bytes:
        await asyncio.sleep(20)
        return b""

    with pytest.raises(TimeoutError):
        asyncio.run(remote_answers._read(nothing))
