"""Servers with certificates of their own, and passwords in addresses: what is said of them."""

from __future__ import annotations

import base64
import datetime
import http.server
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from data_paths import CT_SMALL
from rapidicom._common.shown_url import shown_url

pytest.importorskip("aiohttp", reason="fsspec reads web servers with it")
requests = pytest.importorskip("requests")
x509 = pytest.importorskip("cryptography.x509", reason="it makes the certificate")

# As somebody might have it: with letters that mean something in URLs.
USER, PASSWORD = "reader", "Secret%40Pass"


class _Handler(http.server.BaseHTTPRequestHandler):
    """Gives one file, and an archive without series."""

    def do_GET(self) -> None:
        if self.path.startswith("/dicom-web"):
            body, kind = json.dumps([]).encode(), "application/dicom+json"
        elif "missing" in self.path:
            return self.send_error(404)
        else:
            body, kind = CT_SMALL.read_bytes(), "application/octet-stream"
        wanted = getattr(self.server, "wanted", None)
        if wanted is not None and self.headers.get("Authorization") != wanted:
            return self.send_error(401)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            # Who wants the start of a file goes away after it.
            self.close_connection = True
        return None

    def log_message(self, *_: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    wanted: str | None = None

    def handle_error(self, *_: object) -> None:
        # A client without trust hangs up.
        pass


@contextmanager
def serving(context: ssl.SSLContext | None = None, wanted: str | None = None) -> Iterator[int]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.wanted = wanted
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certificate(folder: Path) -> Path:
    """Write a certificate of loopback that only itself vouches for, with its key."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "loopback.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("trust"))


@pytest.fixture(scope="module")
def secure(pem: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with serving(context) as port:
        yield port


def test_a_file_of_a_server_that_is_trusted(secure: int, pem: Path) -> None:
    url = f"https://127.0.0.1:{secure}/CT.dcm"
    options = {"ssl": ssl.create_default_context(cafile=pem)}
    np.testing.assert_array_equal(
        rd.pixel_array(url, storage_options=options), rd.pixel_array(CT_SMALL)
    )
    assert rd.scan([url], storage_options=options)["path"].tolist() == [url]


def test_a_server_without_trust_is_an_error_that_says_so(secure: int) -> None:
    url = f"https://127.0.0.1:{secure}/CT.dcm"
    for call in (rd.dcmread, rd.pixel_array, rd.read_series, rd.read_batch):
        with pytest.raises(OSError, match="no trust in the server's certificate") as caught:
            call(url)
        assert url in str(caught.value)
    table = rd.scan([url, CT_SMALL])
    assert [one.path for one in table.errors] == [url]
    assert "no trust" in table.errors[0].reason


def test_dicomweb_by_tls(secure: int, pem: Path) -> None:
    dicomweb = pytest.importorskip("rapidicom.integrations.dicomweb")
    address = f"https://127.0.0.1:{secure}/dicom-web"
    for verify in (str(pem), False):
        session = requests.Session()
        session.verify = verify
        with pytest.warns(Warning) if verify is False else _nothing():
            table = dicomweb.DicomWeb(address, session=session).scan(level="series")
        assert len(table) == 0
    with pytest.raises(OSError, match="no trust in the server's certificate") as caught:
        dicomweb.DicomWeb(address).scan(level="series")
    assert address in str(caught.value)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def test_a_login_in_an_address_is_used_and_not_shown() -> None:
    dicomweb = pytest.importorskip("rapidicom.integrations.dicomweb")
    login = base64.b64encode(b"reader:Secret@Pass").decode()
    with serving(wanted=f"Basic {login}") as port:
        place = f"127.0.0.1:{port}"
        url = f"http://{USER}:{PASSWORD}@{place}/CT.dcm"
        shown = f"http://{place}/CT.dcm"
        table = rd.scan(url)
        assert table["path"].tolist() == [shown]
        volume = rd.read_series(table)
        assert volume.paths == [shown]
        assert rd.dcmread(url).filename == shown
        missing = url.replace("CT.dcm", "missing.dcm")
        said = [str(rd.scan([missing, CT_SMALL]).errors)]
        for call in (rd.dcmread, rd.read_series, rd.read_batch):
            with pytest.raises(FileNotFoundError) as caught:
                call(missing)
            said.append(all_of(caught.value))
        address = f"http://{USER}:{PASSWORD}@{place}/dicom-web"
        archive = dicomweb.DicomWeb(address)
        assert len(archive.scan(level="series")) == 0
        said.append(repr(archive))
        wrong = dicomweb.DicomWeb(address.replace(PASSWORD, "SecretOther"))
        with pytest.raises(PermissionError, match="login") as refused:
            wrong.scan(level="series")
        said.append(all_of(refused.value))
    assert not any("Secret" in one for one in said), said


def all_of(error: BaseException | None) -> str:
    """Return what a traceback shows of an error: with its causes, unless they are left out."""
    said = []
    while error is not None:
        said.append(f"{error!r} {error}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " ".join(said)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host/a.dcm", "https://host/a.dcm"),
        ("https://me:pw@host/a.dcm", "https://host/a.dcm"),
        ("https://me:p@w@host:1/a@b.dcm", "https://...@b.dcm"),
        ("https://me:p@w@host:1/a.dcm", "https://host:1/a.dcm"),
        ("s3://key:word@bucket/a", "s3://bucket/a"),
        ("zip://a.dcm::https://me:pw@host/a.zip", "zip://a.dcm::https://host/a.zip"),
        # A query is that of the server: who has it is let in, or whom it is about.
        ("https://host/a?id=5&X-Amz-Signature=abc", "https://host/a?..."),
        ("https://host/a?PatientName=Secret^Name", "https://host/a?..."),
        ("https://host/a?Secret", "https://host/a?..."),
        ("https://host/a?access_token=abc#Secret", "https://host/a?...#..."),
        ("https://host/a#Secret", "https://host/a#..."),
        ("https://host/a#Secret?b", "https://host/a#..."),
        ("https://host/a;jsessionid=Secret/b.dcm", "https://host/a;.../b.dcm"),
        ("https://host/a;one;two/b;three?q", "https://host/a;.../b;...?..."),
        ("HTTPS://me:pw@host/a?q", "HTTPS://host/a?..."),
        ("https://host/a?X-Amz-Security-Token=a/b", "https://host/a?..."),
        ("https://host/a?token=a::b", "https://host/a?..."),
        ("https://host/a?", "https://host/a?"),
        # But for UIDs, by which alone a server of WADO-URI tells its objects apart.
        (
            "https://host/wado?requestType=WADO&studyUID=1.2&objectUID=1.2.3&token=4.5",
            "https://host/wado?studyUID=1.2&objectUID=1.2.3&...",
        ),
        ("https://host/wado?objectUID=1.2.3", "https://host/wado?objectUID=1.2.3"),
        ("https://host/wado?PatientUID=Secret", "https://host/wado?..."),
        ("zip://a.dcm::https://host/a.zip?sig=x", "zip://a.dcm::https://host/a.zip?..."),
        ("simplecache::https://me:pw@host/a?q#f", "simplecache::https://host/a?...#..."),
        # Passwords that should have been escaped.
        ("https://me:p/w@host/a.dcm", "https://...@host/a.dcm"),
        ("https://me:p?w#x@host:8/a.dcm", "https://...?...#..."),
        ("ftp://me:p/w@host/a.dcm", "ftp://...@host/a.dcm"),
        ("zip://a.dcm::sftp://me:p#w@host/a.zip", "zip://a.dcm::sftp://...@host/a.zip"),
        ("smb://domain;me:p?w@host:445/a.dcm", "smb://...@host:445/a.dcm"),
        ("https://me:12/34@host", "https://...@host"),
        ("https://me:12/34@host:8/a.dcm", "https://...@host:8/a.dcm"),
        ("https://me:/34@host/a.dcm", "https://...@host/a.dcm"),
        ("https://me:12?34@host/a.dcm", "https://...?..."),
        ("ftp://me:12#3/4@host/a.dcm", "ftp://...@host/a.dcm"),
        ("https://me.too:12/34@pacs.example.org/a.dcm", "https://...@pacs.example.org/a.dcm"),
        ("zip://a.dcm::https://me:12/34@host/a.zip", "zip://a.dcm::https://...@host/a.zip"),
        ("https://me.too:12/34@pacs/a.dcm", "https://...@pacs/a.dcm"),
        ("https://j.doe:8/secret@10.0.0.5/a.dcm", "https://...@10.0.0.5/a.dcm"),
        ("https://j.doe:8/secret@localhost:9/a.dcm", "https://...@localhost:9/a.dcm"),
        ("https://j.doe:8/secret@[::1]:9/a.dcm", "https://...@[::1]:9/a.dcm"),
        ("https://10.0.0:8/secret@host/a.dcm", "https://...@host/a.dcm"),
        ("https://user:pa:ss/w@host/a.dcm", "https://...@host/a.dcm"),
        ("https://me:p@ss/word@host/a.dcm", "https://...@host/a.dcm"),
        ("https://j@doe.org:12/34@host/a.dcm", "https://...@host/a.dcm"),
        ("https://me:12/@host/a.dcm", "https://...@host/a.dcm"),
        ("https://me:p w/x@host/a.dcm", "https://...@host/a.dcm"),
        ("https://me:p w@host/a.dcm", "https://host/a.dcm"),
        ("https://me:1;2/3@host/a.dcm", "https://...?..."),
        ("https://me:p%2Fw@host/a.dcm", "https://host/a.dcm"),
        ("https://me%40b.org:p%40w@host/a.dcm", "https://host/a.dcm"),
        ("https://me:pw%40host/a.dcm", "https://host/a.dcm"),
        ("https://me%3Ap/w@host/a.dcm", "https://...@host/a.dcm"),
        ("https://[me]:12/34@host/a.dcm", "https://...@host/a.dcm"),
        ("s3://key:wo/rd@bucket/a.dcm", "s3://...@bucket/a.dcm"),
        # What may be one: a host and its port, with an `@` in the path.
        ("http://pacs:8042/a@b/1.dcm", "http://...@b/1.dcm"),
        ("https://host:8/@me/a.dcm", "https://...@me/a.dcm"),
        ("https://pacs.example.org:8/a@b.dcm", "https://...@b.dcm"),
        ("http://pacs:8042/a?PatientName=me@Secret", "http://...?..."),
        ("http://pacs:8042/a?objectUID=1.2.3&mail=me@Secret", "http://...?objectUID=1.2.3&..."),
        ("https://me:pw@host/a?mail=me@Secret", "https://...?..."),
        ("https://pacs.example.org:8/a/b.dcm", "https://pacs.example.org:8/a/b.dcm"),
        ("https://me@10.0.0.5:8/a.dcm", "https://10.0.0.5:8/a.dcm"),
        ("http://[fe80::1%25eth0]:8042/a@b.dcm", "http://[fe80::1%25eth0]:8042/a@b.dcm"),
        ("zip://a@b.dcm::study.zip", "zip://a@b.dcm::study.zip"),
        ("file://C:/me@host/a.dcm", "file://C:/me@host/a.dcm"),
        (
            "s3://arn:aws:s3:eu:1:accesspoint/x/a@b.dcm",
            "s3://arn:aws:s3:eu:1:accesspoint/x/a@b.dcm",
        ),
        ("https://10.0.0.5:8/me@example.org/a", "https://10.0.0.5:8/me@example.org/a"),
        ("http://localhost:9000/bucket/a@b.dcm", "http://localhost:9000/bucket/a@b.dcm"),
        ("https://host/me:pw/a@b.dcm", "https://host/me:pw/a@b.dcm"),
        ("http://[::1]:8042/a?b", "http://[::1]:8042/a?..."),
        ("http://me:pw@[::1]/a", "http://[::1]/a"),
        # In buckets these letters belong to names.
        ("s3://bucket/a;b#c?versionId=5", "s3://bucket/a;b#c?versionId=5"),
        ("memory://a/b?token=abc", "memory://a/b?token=..."),
        ("/data/me@host/a.dcm", "/data/me@host/a.dcm"),
        ("me:pw@host", "me:pw@host"),
    ],
)
def test_urls_are_shown_without_what_lets_in(url: str, expected: str) -> None:
    assert shown_url(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://" + "a:" * 50_000, "http://" + "a:" * 50_000),
        ("http://a:1/" * 4_000, "http://a:1/" * 4_000),
        ("@" + "http://a:1/" * 4_000, "@" + "http://a:1/" * 4_000),
        ("x://a?" + "sig" * 50_000, "x://a?" + "sig" * 50_000),
        ("x://a" + "?sig" * 50_000, "x://a" + "?sig" * 50_000),
        ("x://" + "a:" * 50_000 + "@b", "x://b"),
    ],
    ids=["colons", "addresses", "behind an at", "a parameter", "parameters", "login"],
)
def test_what_an_address_takes_grows_with_its_length_alone(url: str, expected: str) -> None:
    # It would be minutes if it grew with the square.
    assert shown_url(url) == expected


@pytest.mark.parametrize("read", [rd.dcmread, rd.scan, rd.find_series, rd.read_series])
@pytest.mark.parametrize("start", ["htps://", "HTTPS://", "zip://a::htps://"])
@pytest.mark.parametrize("login", ["me:Secret", "me:12/Secret", "j.doe:8/Secret"])
def test_a_mistyped_scheme_shows_no_login(read: Any, start: str, login: str) -> None:
    with pytest.raises(OSError, match="host") as caught:
        read(f"{start}{login}@host/a.dcm")
    assert "Secret" not in all_of(caught.value)
    assert "Secret" not in str(caught.value.filename)


def test_signed_urls_are_shown_without_their_signature(secure: int, pem: Path) -> None:
    options: Any = {"ssl": ssl.create_default_context(cafile=pem)}
    url = f"https://127.0.0.1:{secure}/CT.dcm?X-Amz-Signature=Secret"
    table = rd.scan([url], storage_options=options)
    assert "Secret" not in str(table["path"].tolist())
    again = rd.read_series(table)
    assert again.array.shape[0] == 1
    assert "Secret" not in str(again.paths)
