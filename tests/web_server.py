"""A web server on loopback that gives ranges of objects, and counts what it is asked for."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit


class WebServer(http.server.ThreadingHTTPServer):
    """The server.

    Attributes:
        objects: What it has, by path.
        requests: The path and the range of each request.
        sent: How many bytes of objects it has sent.
        handle: Called with each request first; true if it has answered.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, objects: Mapping[str, bytes], handle: Any = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects = dict(objects)
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.sent = 0
        self.handle: Callable[[Any, bytes], bool] | None = handle
        self.lock = threading.Lock()
        self.is_over = threading.Event()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def urls(self) -> list[str]:
        """The addresses of its objects."""
        return [f"{self.url}/{path}" for path in self.objects]

    def clear(self) -> None:
        """Forget what it was asked for."""
        self.requests.clear()
        self.headers.clear()
        self.sent = 0

    def handle_error(self, *_: Any) -> None:
        """Say nothing of connections that break."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WebServer  # type: ignore[assignment]  # made with this handler

    def do_GET(self) -> None:
        own = self.server
        path = unquote(urlsplit(self.path).path).strip("/")
        with own.lock:
            own.requests.append((path, self.headers.get("Range", "")))
            own.headers.append(dict(self.headers.items()))
        data = own.objects.get(path)
        with suppress(BrokenPipeError, ConnectionResetError):
            if own.handle is not None and own.handle(self, data or b""):
                return
            if data is None:
                self.send_error(404)
                return
            start, stop = self.range(len(data))
            self.answer(206, data[start:stop], f"bytes {start}-{stop - 1}/{len(data)}")

    def range(self, length: int) -> tuple[int, int]:
        """Return the first byte that is wanted, and the one after the last."""
        wanted = self.headers.get("Range", "bytes=0-").removeprefix("bytes=")
        first, _, last = wanted.partition("-")
        return int(first), min(int(last or length - 1) + 1, length)

    def answer(self, status: int, body: bytes, content_range: str = "", **headers: str) -> None:
        """Send an answer with a body."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"one"')
        if content_range:
            self.send_header("Content-Range", content_range)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        with self.server.lock:
            self.server.sent += len(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(server: Any) -> Iterator[None]:
    """Let a server answer for a `with` block; `is_over` is set at its end."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def web_server(objects: Mapping[str, bytes], handle: Any = None) -> Iterator[WebServer]:
    """Run a server for a `with` block."""
    server = WebServer(objects, handle)
    with serving(server):
        yield server
