"""Archives that speak DIMSE over TLS, and those that go wrong: no test here needs Orthanc."""

from __future__ import annotations

import logging
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_trust import certificate

import rapidicom as rd
from series_builder import Pixels, Stack, Written, series
from servers import free_port

pytest.importorskip("pynetdicom")

from dimse_server import TITLE, dimse_server
from rapidicom.integrations.dimse import Archive

COUNT = 5


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("dimse")
    return series(folder / "ct", Stack(count=COUNT), pixels=Pixels(shape=(96, 80)))


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


def server_context(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def archive_of(port: int, timeout: float = 5, **options: Any) -> Archive:
    return Archive("127.0.0.1", port, ae_title=TITLE, timeout=timeout, **options)


def test_a_series_by_tls_is_that_of_its_files(written: Written, pem: Path) -> None:
    expected = rd.read_series(written.paths)
    trusting = ssl.create_default_context(cafile=pem)
    with dimse_server(written.paths, tls=server_context(pem)) as server:
        for tls in (trusting, (trusting, "127.0.0.1")):
            archive = archive_of(server.port, tls=tls)
            volume = archive.read_series(written.uid)
            np.testing.assert_array_equal(volume.array, expected.array)
            np.testing.assert_array_equal(volume.affine, expected.affine)
            assert len(archive.scan(["Modality"])) == COUNT
            items = archive.sources(written.uid)
            np.testing.assert_array_equal(rd.read_series(items).array, expected.array)


@pytest.mark.parametrize("speaks", ["tls", "plain", "nothing"])
def test_images_are_received_by_tls(written: Written, pem: Path, speaks: str) -> None:
    trusting = ssl.create_default_context(cafile=pem)
    port = free_port()
    with dimse_server(written.paths, tls=server_context(pem)) as server:
        own = {"tls": {"tls_args": (trusting, "127.0.0.1")}}.get(speaks, {})
        server.receivers["RAPIDICOM"] = "127.0.0.1", port, own
        timeout = 60
        archive = archive_of(server.port, timeout, tls=trusting, receiver_tls=server_context(pem))
        read = lambda: archive.read_series(  # noqa: E731
            written.uid, "2.25.9", move_to=("RAPIDICOM", port, "127.0.0.1")
        )
        if speaks == "plain":
            # What is not encrypted is not taken.
            with pytest.raises(OSError, match="dimse://"):
                read()
            return
        idle = []
        if speaks == "nothing":
            # Whoever connects and says nothing keeps nobody waiting.
            server.receivers["RAPIDICOM"] = (
                "127.0.0.1", port, {"tls_args": (Silent(trusting, port, idle), "127.0.0.1")},
            )  # fmt: skip
        began = time.monotonic()
        np.testing.assert_array_equal(read().array, rd.read_series(written.paths).array)
        assert time.monotonic() - began < timeout
        assert len(idle) == (speaks == "nothing")


class Silent:
    """A context for TLS before whose connections another one is made that says nothing."""

    def __init__(self, context: ssl.SSLContext, port: int, made: list[socket.socket]) -> None:
        self._context, self._port, self._made = context, port, made

    def wrap_socket(self, sock: socket.socket, **options: Any) -> ssl.SSLSocket:
        self._made.append(socket.create_connection(("127.0.0.1", self._port)))
        return self._context.wrap_socket(sock, **options)


def test_images_do_not_come_without_tls_unasked(written: Written, pem: Path) -> None:
    trusting = ssl.create_default_context(cafile=pem)
    port = free_port()
    to = "RAPIDICOM", port, "127.0.0.1"
    with dimse_server(written.paths, tls=server_context(pem)) as server:
        server.receivers["RAPIDICOM"] = "127.0.0.1", port, {}
        with pytest.raises(ValueError, match="receiver_tls"):
            archive_of(server.port, tls=trusting).read_series(written.uid, "2.25.9", move_to=to)
        archive = archive_of(server.port, tls=trusting, receiver_tls=False)
        volume = archive.read_series(written.uid, "2.25.9", move_to=to)
    np.testing.assert_array_equal(volume.array, rd.read_series(written.paths).array)


def test_a_server_is_known_by_the_name_of_its_certificate(written: Written, pem: Path) -> None:
    trusting = ssl.create_default_context(cafile=pem)
    with dimse_server(written.paths, tls=server_context(pem)) as server:
        archive = archive_of(server.port, tls=(trusting, "another.host"))
        with pytest.raises(ConnectionError, match="no trust in the archive's certificate"):
            archive.read_series(written.uid)


def test_an_unknown_certificate_is_an_error_that_says_so(written: Written, pem: Path) -> None:
    with dimse_server(written.paths, tls=server_context(pem)) as server:
        archive = archive_of(server.port, tls=ssl.create_default_context())
        for call in (archive.scan, lambda: archive.read_series(written.uid)):
            with pytest.raises(ConnectionError, match="no trust in the archive's certificate"):
                call()
        # Who does not speak TLS gets no answer.
        with pytest.raises(OSError, match="cannot be reached"):
            archive_of(server.port).scan()


def test_an_archive_without_tls_is_an_error_that_says_so(written: Written, pem: Path) -> None:
    with dimse_server(written.paths) as server:
        archive = archive_of(server.port, tls=ssl.create_default_context(cafile=pem))
        with pytest.raises(ConnectionError, match="does not speak TLS there"):
            archive.scan()


def test_sources_are_sources_of_every_function(written: Written) -> None:
    with dimse_server(written.paths) as server:
        archive = archive_of(server.port)
        items = archive.sources(written.uid)
        with pytest.raises(FileNotFoundError, match=r"1\.2\.3"):
            archive.sources("1.2.3")
    # They stay, as the archive may not.
    assert sorted(rd.scan(items)["path"]) == sorted(item.name for item in items)
    np.testing.assert_array_equal(rd.read_series(items).array, rd.read_series(written.paths).array)
    assert rd.pixel_array(items[0]).shape == (96, 80)


# What goes wrong. Each answers on a connection that was made.


@contextmanager
def listening(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    is_over = threading.Event()

    def work() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                talk(connection, is_over)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            is_over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def slowly(data: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def talk(connection: socket.socket, is_over: threading.Event) -> None:
        for start in range(len(data)):
            connection.sendall(data[start : start + 1])
            if is_over.wait(0.05):
                return

    return talk


def at_once(data: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def talk(connection: socket.socket, is_over: threading.Event) -> None:
        connection.sendall(data)
        is_over.wait(10)

    return talk


TALKS = {
    "a page": at_once(b"HTTP/1.1 400 Secret-0815\r\n\r\n"),
    "a PDU that is cut": at_once(struct.pack(">BBL", 2, 0, 5000) + b"x" * 100),
    "a PDU of nonsense": at_once(struct.pack(">BBL", 2, 0, 100) + b"x" * 100),
    "an endless PDU": at_once(struct.pack(">BBL", 2, 0, 0xFFFFFFFF)),
    "a byte now and then": slowly(struct.pack(">BBL", 2, 0, 5000) + b"x" * 5000),
    "a slow start": slowly(b"\2\0"),
    "silence": lambda _, is_over: is_over.wait(10) and None,
    "goodbye": lambda *_: None,
}


@pytest.mark.parametrize("talk", TALKS)
def test_what_is_no_archive_is_an_error(talk: str, caplog: pytest.LogCaptureFixture) -> None:
    before = threading.active_count()
    caplog.set_level(logging.INFO)
    with listening(TALKS[talk]) as port:
        archive = Archive("127.0.0.1", port, timeout=1)
        began = time.monotonic()
        for call in (
            lambda: archive.scan(PatientID="Secret-0815"),
            lambda: archive.read_series("1.2.3"),
        ):
            with pytest.raises(OSError) as caught:
                call()
            assert f"dimse://ANY-SCP@127.0.0.1:{port}" in str(caught.value)
            assert "Secret" not in str(caught.value)
        assert time.monotonic() - began < 12
    assert "Secret" not in caplog.text
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_an_instance_that_is_no_file_costs_its_row(written: Written) -> None:
    with dimse_server(written.paths) as server:
        # Half of the pixels, as its header does not say.
        ds = server.instances[-1]
        ds.PixelData = ds.PixelData[: len(ds.PixelData) // 2]
        uid = str(ds.SOPInstanceUID)
        archive = archive_of(server.port)
        with pytest.raises(rd.IrregularSeriesError) as caught:
            archive.read_series(written.uid)
        assert uid in str([issue.paths for issue in caught.value.report.errors])
        assert archive.read_series(written.uid, irregular="keep").shape[0] == COUNT - 1
