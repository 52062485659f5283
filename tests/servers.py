"""Servers for tests, on loopback alone, that end with the `with` block: Orthanc, S3.

Orthanc and its plugin for DICOMweb come from Debian's `orthanc` and `orthanc-dicomweb`. S3 is
moto's, in this process.
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

USER, PASSWORD = "reader", "at-loopback"
AE_TITLE = "ORTHANC"
# The receiver of C-MOVE that Orthanc knows.
RECEIVER = "RAPIDICOM"

_PLUGINS = (
    Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so"),
    Path("/usr/lib/orthanc/libOrthancDicomWeb.so"),
)
# Seconds until a server that does not answer counts as one that cannot be started.
_PATIENCE = 60.0


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def orthanc_missing() -> str:
    """Return why Orthanc cannot be started here; empty if it can."""
    if shutil.which("Orthanc") is None:
        return "needs Orthanc (Debian: orthanc)"
    if not any(path.exists() for path in _PLUGINS):
        return "needs Orthanc's plugin for DICOMweb (Debian: orthanc-dicomweb)"
    return ""


@dataclass
class Orthanc:
    """A running Orthanc.

    Attributes:
        http_port: Where it speaks HTTP.
        dicom_port: Where it speaks DIMSE.
        move_port: Where it sends what C-MOVE sends to `RECEIVER`.
    """

    http_port: int
    dicom_port: int
    move_port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The address of its DICOMweb services."""
        return f"http://127.0.0.1:{self.http_port}/dicom-web"

    def upload(self, files: Iterable[bytes | Path]) -> None:
        """Store files, by Orthanc's own REST API."""
        for file in files:
            self.request("/instances", file if isinstance(file, bytes) else file.read_bytes())

    def request(self, path: str, data: bytes | None = None) -> Any:
        """Return what Orthanc's own REST API answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data)
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def stop(self) -> None:
        """End the server at once."""
        self.process.kill()
        self.process.wait()


@contextmanager
def orthanc(folder: Path, **settings: Any) -> Iterator[Orthanc]:
    """Run an empty Orthanc whose files are in a folder.

    Args:
        folder: An empty folder.
        settings: Of its configuration, beside those of here.
    """
    http, dicom, move = free_port(), free_port(), free_port()
    configuration = {
        "Name": "tests", "StorageDirectory": str(folder), "IndexDirectory": str(folder),
        "HttpPort": http, "DicomPort": dicom, "DicomAet": AE_TITLE, "DicomCheckCalledAet": False,
        "AuthenticationEnabled": True, "RegisteredUsers": {USER: PASSWORD},
        "RemoteAccessAllowed": False, "DicomAlwaysAllowEcho": True, "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True, "DicomAlwaysAllowMove": True,
        "DicomModalities": {"receiver": [RECEIVER, "127.0.0.1", move]},
        "Plugins": [str(path) for path in _PLUGINS if path.exists()][:1],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "SynchronousCMove": True, "SaveJobs": False, "LimitFindResults": 0,
        **settings,
    }  # fmt: skip
    file = folder / "orthanc.json"
    file.write_text(json.dumps(configuration))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["Orthanc", str(file)], stdout=log, stderr=log)
    server = Orthanc(http, dicom, move, process)
    try:
        _wait(server, folder / "log")
        yield server
    finally:
        server.stop()


def _wait(server: Orthanc, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            server.request("/system")
            return
        except (urllib.error.URLError, OSError):
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Orthanc does not start: {log.read_text()[-2000:]}") from None
            time.sleep(0.05)


@dataclass
class Requests:
    """What a server was asked for, and what it sent.

    Attributes:
        lines: Method and path of each request.
        sent: How many bytes of bodies it sent.
    """

    lines: list[str] = field(default_factory=list)
    sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def clear(self) -> None:
        """Forget what was."""
        self.lines.clear()
        self.sent = 0


def put_into_s3(bucket: str, objects: Mapping[str, bytes]) -> None:
    """Put objects into a bucket of `s3_server`, without a request for each."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    for key, data in objects.items():
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(bucket, key, data)


@contextmanager
def s3_server() -> Iterator[tuple[str, Requests]]:
    """Run an empty S3, and give its address and what it is asked for."""
    from moto.server import create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: Any) -> None:
            pass

    backend = create_backend_app("s3")
    requests = Requests()

    def counted(environ: Any, start_response: Any) -> Any:
        body = list(backend(environ, start_response))
        with requests.lock:
            requests.lines.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            requests.sent += sum(map(len, body))
        return body

    server = make_server("127.0.0.1", 0, counted, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        thread.join()
