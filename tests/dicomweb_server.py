"""A small DICOMweb server on loopback: it has the files it is given, and goes wrong if asked to."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import rapidicom as rd
from web_server import serving

BOUNDARY = "the-boundary"
MULTIPART = f'multipart/related; type="application/dicom"; boundary="{BOUNDARY}"'
_TAGS = {"studies": "0020000D", "series": "0020000E", "instances": "00080018"}
_KEYWORDS = {
    "StudyInstanceUID": "0020000D", "SeriesInstanceUID": "0020000E", "SOPInstanceUID": "00080018",
}  # fmt: skip

Handle = Callable[["Handler", str], bool]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers requests for what the server has."""

    protocol_version = "HTTP/1.1"
    server: DicomWebServer  # type: ignore[assignment]  # made with this handler

    def do_GET(self) -> None:
        """Answer a request, unless the server's `handle` does."""
        own = self.server
        path = urlsplit(self.path).path
        with own.lock:
            own.asked.append((path, dict(self.headers.items())))
        # Whoever has enough of an answer closes the connection.
        with suppress(BrokenPipeError, ConnectionResetError):
            if own.handle is None or not own.handle(self, path):
                self._answer(path.strip("/").split("/")[1:])

    def _answer(self, parts: list[str]) -> None:
        uids = dict(zip(parts[::2], parts[1::2], strict=False))
        query = {key: value[0] for key, value in parse_qs(urlsplit(self.path).query).items()}
        wanted = {_TAGS[kind]: uid for kind, uid in uids.items() if kind in _TAGS}
        wanted |= {tag: query[word] for word, tag in _KEYWORDS.items() if word in query}
        found = [
            (model, data)
            for model, data in self.server.instances
            if all(model[tag]["Value"][0] in uid.split(",") for tag, uid in wanted.items())
        ]
        if parts[-1] == "metadata" or parts[-1] in _TAGS:
            level = _TAGS.get(parts[-1], "00080018")
            models = {model[level]["Value"][0]: model for model, _ in found}
            offset = int(query.get("offset", 0))
            self.send(json.dumps([*models.values()][offset:]).encode(), "application/dicom+json")
        elif not found:
            self.send(b"", "text/plain", 404)
        else:
            self.send(multipart([data for _, data in found]), MULTIPART)

    def send(self, body: bytes, media_type: str, status: int = 200, **headers: str) -> None:
        """Send an answer with a body."""
        self.head(media_type, status, Content_Length=str(len(body)), **headers)
        self.wfile.write(body)

    def head(self, media_type: str, status: int = 200, **headers: str) -> None:
        """Send the head of an answer."""
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def slowly(self, body: bytes) -> None:
        """Send a byte now and then, until the other side has enough."""
        for start in range(len(body)):
            self.wfile.write(body[start : start + 1])
            self.wfile.flush()
            if self.server.is_over.wait(0.05):
                return

    def cut(self) -> None:
        """Break the connection."""
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class DicomWebServer(http.server.ThreadingHTTPServer):
    """The server.

    Attributes:
        instances: What it has: models of the DICOM JSON Model, and files.
        asked: The path and the headers of each request.
        handle: Called with each request first; true if it has answered.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, handle: Handle | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.instances: list[tuple[dict[str, Any], bytes]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.handle = handle
        self.lock = threading.Lock()
        self.is_over = threading.Event()

    @property
    def url(self) -> str:
        """The address of its services."""
        return f"http://127.0.0.1:{self.server_port}/dicom-web"

    def store(self, files: Iterable[bytes | Path]) -> None:
        """Have more files."""
        for file in files:
            data = file if isinstance(file, bytes) else file.read_bytes()
            ds = rd.dcmread(data, stop_before_pixels=True)
            model = ds.to_json_dict()
            model.pop("7FE00010", None)
            self.instances.append((model, data))

    def handle_error(self, *_: Any) -> None:
        """Say nothing of connections that break."""


def multipart(
    files: Iterable[bytes], boundary: str = BOUNDARY, lengths: Iterable[int] | None = None
) -> bytes:
    """Return the body of an answer.

    Args:
        files: Its parts.
        boundary: What is between them.
        lengths: What they say of their lengths; without, they say nothing.
    """
    stated = iter(lengths or ())
    parts = []
    for data in files:
        length = next(stated, None)
        said = b"" if length is None else b"Content-Length: %d\r\n" % length
        head = b"--%s\r\nContent-Type: application/dicom\r\n%s\r\n" % (boundary.encode(), said)
        parts.append(head + data + b"\r\n")
    return b"".join(parts) + b"--%s--\r\n" % boundary.encode()


@contextmanager
def dicomweb_server(
    files: Iterable[bytes | Path] = (), handle: Handle | None = None
) -> Iterator[DicomWebServer]:
    """Run a server for a `with` block."""
    server = DicomWebServer(handle)
    server.store(files)
    with serving(server):
        yield server


def eventually(is_so: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Return whether something becomes true within some seconds."""
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_so()
