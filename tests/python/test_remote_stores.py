"""Objects of fsspec's file systems as stores: what is asked for, and what comes back."""

from __future__ import annotations

import asyncio
import http.server
import pickle
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

fsspec = pytest.importorskip("fsspec")

from rapidicom.sources.item import Item  # noqa: E402
from rapidicom.sources.remote import FileSystemStore, RemoteObject, store_of  # noqa: E402
from rapidicom.sources.remote_listing import remote_items  # noqa: E402


@pytest.fixture
def memory() -> Iterator[Any]:
    fs = fsspec.filesystem("memory")
    for name in ("a/1.dcm", "a/2", "a/b/3.dcm"):
        fs.pipe(f"/{name}", name.encode() * 3000)
    yield fs
    fs.rm("/a", recursive=True)


def items_of(*sources: Any, **options: Any) -> list[Item]:
    found = [one for each in remote_items(sources, **options) for one in each]
    assert all(isinstance(one, Item) for one in found)
    return found  # type: ignore[return-value]


def fetched(items: list[Item], start: int = 0, stop: int = 16384) -> list[Any]:
    store = items[0].store
    return store.fetch([(item.key, start, stop) for item in items], None)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("memory://a", ["1.dcm", "2", "b/3.dcm"]),
        ("memory://a/", ["1.dcm", "2", "b/3.dcm"]),
        ("memory://a/1.dcm", ["1.dcm"]),
        ("memory://a/2", ["2"]),
        ("memory://a/*.dcm", ["1.dcm"]),
        ("memory://a/**/*.dcm", ["1.dcm", "b/3.dcm"]),
    ],
)
def test_a_url_names_an_object_a_folder_or_a_pattern(
    memory: Any, url: str, expected: list[str]
) -> None:
    items = items_of(url)
    assert [item.name for item in items] == [f"memory://a/{name}" for name in expected]
    assert fetched(items, 1, 9) == [(f"a/{name}".encode() * 9)[1:9] for name in expected]


def test_folders_of_folders_are_left_out_if_asked_to(memory: Any) -> None:
    assert [item.name[-5:] for item in items_of("memory://a", recursive=False)] == [
        "1.dcm",
        "://a/2"[1:],
    ]


def test_what_is_not_there_is_named(memory: Any) -> None:
    with pytest.raises(FileNotFoundError, match="memory://a/c"):
        items_of("memory://a/c")
    with pytest.raises(FileNotFoundError, match="no object matches"):
        items_of("memory://a/*.ima")
    # Among several a name with an extension is an object until it is read.
    one, other = items_of("memory://a/1.dcm", "memory://a/c.dcm")
    first, second = fetched([one, other], 0, 3)
    assert first == b"a/1"
    assert isinstance(second, FileNotFoundError)
    assert second.filename == "memory://a/c.dcm"


def test_open_files_and_universal_paths_are_sources(memory: Any) -> None:
    upath = pytest.importorskip("upath")
    path = upath.UPath("memory://a/1.dcm")
    items = items_of(path, *fsspec.open_files("memory://a/*.dcm"), upath.UPath("memory://a/b"))
    assert [item.name for item in items] == [
        "memory://a/1.dcm", "memory://a/1.dcm", "memory://a/b/3.dcm"
    ]  # fmt: skip


def test_what_is_local_is_a_path() -> None:
    assert remote_items(["file:///a/b.dcm", "local:///a/c"]) == [["/a/b.dcm"], ["/a/c"]]


def test_an_object_that_was_changed_is_noticed(memory: Any) -> None:
    (item,) = items_of("memory://a/1.dcm")
    assert fetched([item], 0, 3) == [b"a/1"]
    memory.pipe("/a/1.dcm", b"x" * 21000)
    (found,) = fetched([item], 3, 6)
    assert isinstance(found, OSError)
    assert "was changed" in str(found)


def test_a_shorter_object_gives_what_there_is(memory: Any) -> None:
    (item,) = items_of("memory://a/2")
    assert fetched([item], 8990, 20000) == [(b"a/2" * 3000)[8990:]]
    assert fetched([item], 20000, 20010) == [b""]


def test_stores_of_one_file_system_are_one_and_pickle(memory: Any) -> None:
    one, other = items_of("memory://a/1.dcm", "memory://a/b/3.dcm")
    assert one.store is other.store is store_of(memory)
    copy = pickle.loads(pickle.dumps([one, other]))
    assert copy[0].store is one.store
    assert fetched(copy, 0, 4) == [b"a/1.", b"a/b/"]


def test_a_header_that_a_look_has_read_is_not_asked_for_again(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    ask = FileSystemStore._ask
    monkeypatch.setattr(
        FileSystemStore, "_ask", lambda *args: asked.append(len(args[1])) or ask(*args)
    )
    items = items_of("memory://a/1.dcm")
    assert len(fetched(items)[0]) == 16384
    assert asked == [1]
    # Once: it is not kept for longer.
    assert isinstance(items[0].key, RemoteObject)
    assert items[0].key.head is None


def test_it_works_while_a_loop_runs(memory: Any) -> None:
    async def in_a_notebook() -> list[Any]:
        return fetched(items_of("memory://a/1.dcm"), 0, 3)

    assert asyncio.run(in_a_notebook()) == [b"a/1"]


# Web servers.


@contextmanager
def web_server(handle: Any) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            handle(self)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


CONTENT = bytes(range(256)) * 100


def answer(handler: Any, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def with_ranges(handler: Any) -> None:
    first, _, last = handler.headers["Range"].removeprefix("bytes=").partition("-")
    start, stop = int(first), min(int(last) + 1, len(CONTENT))
    if start >= len(CONTENT):
        answer(handler, 416, b"")
    else:
        place = f"bytes {start}-{stop - 1}/{len(CONTENT)}"
        answer(handler, 206, CONTENT[start:stop], Content_Range=place, ETag='"one"')


def without_ranges(handler: Any) -> None:
    answer(handler, 200, CONTENT)


@pytest.mark.parametrize("handle", [with_ranges, without_ranges])
def test_a_web_server_may_not_know_ranges(handle: Any) -> None:
    pytest.importorskip("aiohttp")
    ranges = [(0, 16384), (1000, 1010), (25000, 30000), (30000, 30010)]
    with web_server(handle) as url:
        (item,) = items_of(f"{url}/x.dcm")
        found = item.store.fetch([(item.key, *each) for each in ranges], 2)
        assert found == [CONTENT[start:stop] for start, stop in ranges]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, FileNotFoundError), (401, PermissionError), (403, PermissionError), (500, OSError)],
)
def test_what_a_web_server_refuses_is_named(status: int, kind: type[OSError]) -> None:
    pytest.importorskip("aiohttp")
    with web_server(lambda handler: answer(handler, status, b"no")) as url:
        (found,) = fetched(items_of(f"{url}/x.dcm"))
        assert type(found) is kind
        assert found.filename == f"{url}/x.dcm"


def test_a_moment_of_trouble_is_waited_for() -> None:
    pytest.importorskip("aiohttp")
    answers = iter((503, 429))

    def handle(handler: Any) -> None:
        status = next(answers, None)
        with_ranges(handler) if status is None else answer(handler, status, b"")

    with web_server(handle) as url:
        assert fetched(items_of(f"{url}/x.dcm"), 0, 9) == [CONTENT[:9]]


def test_another_version_from_a_web_server_is_noticed() -> None:
    pytest.importorskip("aiohttp")
    tags = iter(("one", "two"))

    def handle(handler: Any) -> None:
        answer(handler, 206, CONTENT[:9], Content_Range="bytes 0-8/25600", ETag=next(tags))

    with web_server(handle) as url:
        items = items_of(f"{url}/x.dcm")
        assert fetched(items, 0, 9) == [CONTENT[:9]]
        assert "was changed" in str(fetched(items, 0, 9)[0])


def test_a_server_that_is_gone_is_an_error_that_names_the_object() -> None:
    pytest.importorskip("aiohttp")
    with web_server(with_ranges) as url:
        pass
    (found,) = fetched(items_of(f"{url}/x.dcm"))
    assert isinstance(found, OSError)
    assert found.filename == f"{url}/x.dcm"
