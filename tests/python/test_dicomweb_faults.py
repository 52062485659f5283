"""A DICOMweb server that goes wrong: an error that says so, and nothing hangs or leaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

import rapidicom as rd
from builder import RLE
from dicomweb_server import BOUNDARY, MULTIPART, Handler, dicomweb_server, multipart
from pacs_builder import JPEG_2000, compressed
from series_builder import Pixels, Stack, Written, series

requests = pytest.importorskip("requests")
pytest.importorskip("dicomweb_client")

from rapidicom.integrations import dicomweb, dicomweb_decoding  # noqa: E402
from rapidicom.integrations.dicomweb import DicomWeb  # noqa: E402

COUNT = 6
SECRET = "Secret-0815"  # a mark
PAGE = b"<!DOCTYPE html><title>Secret-0815: log in</title>" * 100
DICOM = "application/dicom"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    # Longer than what is read of a header.
    folder = tmp_path_factory.mktemp("dicomweb")
    return series(folder / "ct", Stack(count=COUNT), pixels=Pixels(shape=(128, 120)))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Written:
    # So long that they share memory as they come, some of them in several pieces of it.
    folder = tmp_path_factory.mktemp("long")
    return series(folder / "ct", Stack(count=COUNT), pixels=Pixels(shape=(900, 800)))


def of_series(path: str) -> bool:
    return "/series/" in path and "/instances" not in path and "metadata" not in path


def files_of(handler: Handler) -> list[bytes]:
    return [data for _, data in handler.server.instances]


def said_of(error: BaseException | None) -> str:
    words = []
    while error is not None:
        words.append(f"{error!r} {error}")
        error = error.__cause__ or error.__context__
    return " ".join(words)


def cut(whole: bytes, count: int, **headers: str) -> Callable[[Handler], None]:
    def answer(handler: Handler) -> None:
        handler.head(MULTIPART, **headers)
        handler.wfile.write(whole[:count])
        handler.cut()

    return answer


def chunked(handler: Handler, body: bytes) -> None:
    handler.head(MULTIPART, Transfer_Encoding="chunked")
    for start in range(0, len(body), 1000):
        piece = body[start : start + 1000]
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))


# What a server answers to the request of a series, and what the error says of it.
FAULTS: dict[str, tuple[Callable[[Handler], Any], str]] = {
    "a page": (lambda one: one.send(PAGE, "text/html; charset=utf-8"), "text/html instead"),
    "a page that says it is DICOM": (lambda one: one.send(PAGE, DICOM), "no DICOM file"),
    "a part that is a page": (lambda one: one.send(multipart([PAGE]), MULTIPART), "no DICOM file"),
    "JSON": (lambda one: one.send(b"[]", "application/json"), "application/json instead"),
    "a type that is content": (lambda one: one.send(PAGE, f"text/{SECRET} x"), "something else"),
    "another boundary": (
        lambda one: one.send(multipart(files_of(one), "other"), MULTIPART), "lacks the boundary",
    ),
    "no boundary": (
        lambda one: one.send(b"x" * 100_000, "multipart/related"), "names no boundary",
    ),
    "a header without end": (
        lambda one: one.send(b"--%s\r\n" % BOUNDARY.encode() + b"x" * 100_000, MULTIPART),
        "without the end of its header",
    ),
    "no last boundary": (
        lambda one: one.send(multipart(files_of(one))[:-6], MULTIPART), "cut short",
    ),
    "cut in a part": (
        lambda one: one.send(multipart(files_of(one))[:50_000], MULTIPART), "cut short",
    ),
    "cut connection": (
        lambda one: cut(multipart(files_of(one)), 50_000, Content_Length="500000")(one), "broke",
    ),
    "cut chunk": (
        lambda one: (chunked(one, multipart(files_of(one))[:60_000]), one.cut()), "broke",
    ),
    "only some of it": (
        lambda one: one.send(multipart(files_of(one)[:3]), MULTIPART, 206), "only some of it",
    ),
    "an error of its own": (lambda one: one.send(PAGE, "text/html", 500), "status 500"),
    "a moment that lasts": (lambda one: one.send(PAGE, "text/html", 503), "status 503"),
    "a circle": (lambda one: one.send(b"", DICOM, 302, Location=one.path), "again and again"),
    "no login": (lambda one: one.send(PAGE, "text/html", 401), "wants a login"),
    "nothing": (lambda one: one.send(b"", MULTIPART, 204), "nothing here has the UID"),
    "a slow head": (
        lambda one: one.slowly(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000), "too slowly",
    ),
    "a slow body": (
        lambda one: (one.head(MULTIPART, Content_Length="400000"),
                     one.slowly(multipart(files_of(one)))), "too slowly",
    ),
    "a head without a body": (
        lambda one: (one.head(MULTIPART, Content_Length="400000"), one.server.is_over.wait(20)),
        "in time",
    ),
    "silence": (lambda one: one.server.is_over.wait(20), "in time"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_is_said(written: Written, fault: str) -> None:
    answer, said = FAULTS[fault]

    def handle(handler: Handler, path: str) -> bool:
        if not of_series(path):
            return False
        answer(handler)
        return True

    with dicomweb_server(written.paths, handle) as server:
        archive = DicomWeb(server.url, timeout=0.6)
        began = time.monotonic()
        with pytest.raises(OSError, match=said) as caught:
            archive.read_series(written.uid)
        assert time.monotonic() - began < 8
    assert server.url in str(caught.value)
    words = said_of(caught.value)
    assert SECRET not in words
    assert "<!DOCTYPE" not in words


@pytest.mark.parametrize("fault", ["a page that says it is DICOM", "cut in a part", "a slow body"])
def test_instances_that_came_are_kept_if_asked_for(written: Written, fault: str) -> None:
    """The others are asked for one by one."""

    def handle(handler: Handler, path: str) -> bool:
        if of_series(path):
            parts = files_of(handler)[:3]
            if fault == "a page that says it is DICOM":
                handler.send(multipart([*parts, PAGE]), MULTIPART)
            elif fault == "cut in a part":
                handler.send(multipart(files_of(handler))[: sum(map(len, parts)) + 9000], MULTIPART)
            else:
                handler.head(MULTIPART, Content_Length="400000")
                handler.wfile.write(multipart(parts)[: -len(BOUNDARY) - 6])
                handler.slowly(multipart(files_of(handler)[3:]))
            return True
        if path.endswith("/instances/" + last):
            handler.send(PAGE, "text/html")
            return True
        return False

    last = rd.dcmread(written.paths[-1]).SOPInstanceUID
    with dicomweb_server(written.paths, handle) as server:
        archive = DicomWeb(server.url, timeout=0.6)
        volume = archive.read_series(written.uid, irregular="keep")
    expected = rd.read_series(written.paths[:-1])
    np.testing.assert_array_equal(volume.array, expected.array)
    (issue,) = [one for one in volume.report.errors if one.kind == "unreadable"]
    assert [path.rpartition("/")[2] for path in issue.paths] == [last]
    assert "text/html instead of DICOM" in issue.sentence
    assert SECRET not in str(volume.report)


@pytest.mark.parametrize("length", ["written", "long"])
@pytest.mark.parametrize("form", ["stated", "too long", "too short", "chunked", "bare", "no name"])
def test_bodies_that_are_odd_are_whole(
    request: pytest.FixtureRequest, length: str, form: str
) -> None:
    written: Written = request.getfixturevalue(length)

    def handle(handler: Handler, path: str) -> bool:
        if not of_series(path):
            return False
        files = files_of(handler)
        wrong = {"stated": 0, "too long": 70, "too short": -70}.get(form)
        lengths = None if wrong is None else [len(data) + wrong for data in files]
        media_type = "multipart/related" if form == "no name" else MULTIPART
        if form == "bare":
            media_type = MULTIPART.replace('"', "")
        body = b"\r\npreamble\r\n" * (form == "bare") + multipart(files, lengths=lengths)
        if form == "chunked":
            chunked(handler, body)
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.send(body, media_type)
        return True

    with dicomweb_server(written.paths, handle) as server:
        volume = DicomWeb(server.url).read_series(written.uid)
    np.testing.assert_array_equal(volume.array, rd.read_series(written.paths).array)


@pytest.mark.parametrize("fault", ["a page", "cut", "cut early"])
def test_long_instances_that_came_are_kept_if_asked_for(long: Written, fault: str) -> None:
    def handle(handler: Handler, path: str) -> bool:
        if path.endswith("/instances/" + last):
            handler.send(PAGE * 100, "text/html")
        elif not of_series(path):
            return False
        elif fault == "a page":
            parts = [*files_of(handler)[:-1], PAGE * 100]
            handler.send(multipart(parts, lengths=map(len, parts)), MULTIPART)
        else:
            parts = files_of(handler)
            body = multipart(parts, lengths=map(len, parts))
            handler.send(body[: -900_000 if fault == "cut" else 1_900_000], MULTIPART)
        return True

    last = rd.dcmread(long.paths[-1]).SOPInstanceUID
    with dicomweb_server(long.paths, handle) as server:
        archive = DicomWeb(server.url)
        with pytest.raises(OSError, match="no DICOM file" if fault == "a page" else "cut short"):
            archive.read_series(long.uid)
        volume = archive.read_series(long.uid, irregular="keep")
        (_, _, *of_one) = server.asked
    np.testing.assert_array_equal(volume.array, rd.read_series(long.paths[:-1]).array)
    (issue,) = [one for one in volume.report.errors if one.kind == "unreadable"]
    assert [path.rpartition("/")[2] for path in issue.paths] == [last]
    # What came is not asked for again.
    asked = [path for path, _ in of_one if "/instances/" in path]
    assert (len(set(asked)) == 1) is (fault != "cut early")


def test_a_search_that_is_answered_by_a_page(written: Written) -> None:
    for body, kind, said in (
        (PAGE, "text/html", "text/html instead of DICOM JSON"),
        (PAGE, "application/json", "no DICOM JSON"),
        (b"[" * 100_000, "application/json", "no DICOM JSON"),
        (b"[1]", "application/json", "no DICOM JSON"),
        (b"\xff\xfe\x00", "application/json", "no DICOM JSON"),
    ):
        with dicomweb_server((), lambda one, _, b=body, k=kind: one.send(b, k) is None) as server:
            archive = DicomWeb(server.url)
            for call in (archive.scan, archive.find_series, archive.sources):
                with pytest.raises(OSError, match=said) as caught:
                    call(PatientID=SECRET)
                assert SECRET not in said_of(caught.value)


def test_values_that_do_not_fit_are_invalid_cells(written: Written) -> None:
    with dicomweb_server(written.paths) as server:
        model, _ = server.instances[0]
        model["00200013"] = {"vr": "IS", "Value": [SECRET]}
        model["00280010"] = {"vr": "US", "Value": [SECRET]}
        model["00280030"] = {"vr": "DS", "Value": [0.75, None]}
        model["00100010"] = {"vr": "PN", "Value": [{"Alphabetic": "A^B", "Phonetic": "a^b"}]}
        columns = ["InstanceNumber", "Rows", "PixelSpacing", "PatientName"]
        table = DicomWeb(server.url).scan(columns, SeriesInstanceUID=written.uid)
        first = next(row for row in table.to_dicts() if row["PatientName"] == "A^B==a^b")
        assert len(table) == COUNT
        assert (first["InstanceNumber"], first["Rows"]) == (None, None)
        assert sorted(one.column for one in table.invalid if one.path == first["path"]) == [
            "InstanceNumber", "PixelSpacing", "Rows",
        ]  # fmt: skip
        assert SECRET not in str(table.invalid)


@pytest.mark.parametrize("pages", ["one", "small", "the first again"])
@pytest.mark.parametrize("uid", ["", "2.25.1"])
def test_each_answer_of_a_search_is_a_row(
    written: Written, uid: str, pages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if pages != "one":
        monkeypatch.setattr(dicomweb, "_PAGE", 4)
    models: list[dict[str, Any]] = []

    def handle(handler: Handler, path: str) -> bool:
        if not path.endswith("/instances"):
            return False
        query = parse_qs(urlsplit(handler.path).query)
        first = 0 if pages == "the first again" else int(query["offset"][0])
        stop = len(models) if pages == "one" else first + int(query["limit"][0])
        handler.send(json.dumps(models[first:stop]).encode(), "application/dicom+json")
        return True

    with dicomweb_server(written.paths, handle) as server:
        for number, (model, _) in enumerate(server.instances):
            one = {**model, "00200013": {"vr": "IS", "Value": [number]}}
            if number % 2:
                one["00080018"] = {"vr": "UI", "Value": [uid]} if uid else {"vr": "UI"}
            models.append(one)
        archive = DicomWeb(server.url)
        table = archive.scan(["SOPInstanceUID", "InstanceNumber"])
        numbers = range(4 if pages == "the first again" else COUNT)
        assert table["InstanceNumber"].tolist() == [*numbers]
        assert len(set(table["path"])) == len(table)
        items = archive.sources(written.uid)
        # Answers of one UID are of one instance.
        assert len(items) == len(numbers) - (0 if not uid else len(numbers) // 2 - 1)
        if not uid:
            with pytest.raises(OSError, match="not said which instance"):
                rd.dcmread(items[1])


@pytest.mark.parametrize("uid", ["../../../admin", SECRET, "", "1.2 3", "1.2?a=b#c"])
def test_what_is_no_uid_is_no_part_of_an_address(written: Written, uid: str) -> None:
    with dicomweb_server(written.paths) as server:
        for model, _ in server.instances:
            model["00080018"] = {"vr": "UI", "Value": [uid]}
        archive = DicomWeb(server.url)
        table = archive.scan(["Modality"], SeriesInstanceUID=written.uid)
        items = archive.sources(written.uid)
        assert len(table) == len(items) == 1
        rd.scan(items, ["Rows"])
        assert not any(path.startswith("/admin") for path, _ in server.asked)
        if uid:
            assert table["path"][0].endswith("/instances/<no UID>")
            assert uid not in str(table["path"].tolist())


# Who gets what the session has.


def login() -> Any:
    session = requests.Session()
    session.auth = ("reader", SECRET)
    session.headers["X-Token"] = SECRET
    session.cookies["session"] = SECRET
    return session


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_login_does_not_go_to_another_server(written: Written, status: int) -> None:
    with dicomweb_server(written.paths) as other:

        def handle(handler: Handler, path: str) -> bool:
            place = other.url.replace("/dicom-web", handler.path)
            handler.send(b"", DICOM, status, Location=place)
            return True

        with dicomweb_server((), handle) as server:
            archive = DicomWeb(server.url, session=login(), headers={"X-Key": SECRET})
            volume = archive.read_series(written.uid)
            assert all(path.startswith(server.url) for path in volume.paths)
            assert all(SECRET in str(headers) for _, headers in server.asked)
            assert all("Authorization" in headers for _, headers in server.asked)
    np.testing.assert_array_equal(volume.array, rd.read_series(written.paths).array)
    assert other.asked
    for _, headers in other.asked:
        assert SECRET not in str(headers)
        assert not {"Authorization", "Cookie", "X-Token", "X-Key"} & headers.keys()


def test_a_login_goes_along_on_the_same_server(written: Written) -> None:
    def handle(handler: Handler, path: str) -> bool:
        if path.startswith("/dicom-web"):
            place = "/moved" + handler.path.removeprefix("/dicom-web")
            handler.send(b"", DICOM, 302, Location=place)
            return True
        return False

    with dicomweb_server(written.paths, handle) as server:
        volume = DicomWeb(server.url, session=login()).read_series(written.uid)
    assert volume.shape == (COUNT, 128, 120)
    assert all("Authorization" in headers for _, headers in server.asked)


def test_bulk_data_elsewhere_is_never_asked_for(written: Written) -> None:
    """Pixels come by WADO-RS from the server itself; what else is bulk data is left out."""
    with dicomweb_server() as other, dicomweb_server(written.paths) as server:
        for model, _ in server.instances:
            model["7FE00010"] = {"vr": "OW", "BulkDataURI": f"{other.url}/bulk/1"}
            model["00091001"] = {"vr": "OB", "BulkDataURI": f"{other.url}/bulk/2"}
            model["00081190"] = {"vr": "UR", "Value": [f"{other.url}/studies/1"]}
            model["0008115A"] = {
                "vr": "SQ", "Value": [{"00091001": {"vr": "OB", "BulkDataURI": other.url}}]
            }  # fmt: skip
        archive = DicomWeb(server.url, session=login())
        (first, *_) = archive.metadata(written.uid)
        assert "PixelData" not in first
        assert 0x00091001 not in first
        table = archive.scan(["Rows", "PixelSpacing"], SeriesInstanceUID=written.uid)
        assert table["Rows"].tolist() == [128] * COUNT
        volume = rd.read_series(table)
        assert archive.read_series(written.uid) is not None
        assert archive.find_series(written.uid)[0].read().shape == volume.shape
    assert other.asked == []


@pytest.mark.parametrize(
    "address",
    [
        f"https://host/dicom-web?token={SECRET}",
        f"https://host/dicom-web#{SECRET}",
        f"https://me:{SECRET}/more@host/dicom-web",
        f"https://me:12/{SECRET}@host/dicom-web",
        f"https://me:/{SECRET}@host/dicom-web",
        f"https://host:{SECRET}/dicom-web",
        f"https://[{SECRET}/dicom-web",
    ],
)
def test_an_address_that_is_none_is_not_shown(address: str) -> None:
    with pytest.raises(ValueError, match="the address of a DICOMweb server") as caught:
        DicomWeb(address)
    assert SECRET not in said_of(caught.value)


def test_the_login_of_a_client_is_not_shown(written: Written) -> None:
    from dicomweb_client import DICOMwebClient

    with dicomweb_server(written.paths) as server:
        client = DICOMwebClient(server.url.replace("//", f"//reader:{SECRET}@"))
        archive = DicomWeb(client)
        volume = archive.read_series(written.uid)
        assert all("Authorization" in headers for _, headers in server.asked)
        assert SECRET not in f"{archive!r} {volume.paths}"


def test_a_series_is_asked_for_once(written: Written) -> None:
    """Each byte comes once: of the series in one answer."""
    with dicomweb_server(written.paths) as server:
        DicomWeb(server.url).read_series(written.uid)
    (_, of_all) = [path for path, _ in server.asked]
    assert of_all.endswith(f"/studies/2.25.9/series/{written.uid}")


def test_what_was_read_is_not_kept(tmp_path: Path) -> None:
    """The volume takes the place of the instances, not a place beside them."""
    made = series(tmp_path / "ct", Stack(count=40), pixels=Pixels(shape=(1024, 1024)))
    length = sum(path.stat().st_size for path in made.paths)
    with dicomweb_server(made.paths) as server:
        archive = DicomWeb(server.url)
        archive.read_series(made.uid, values="stored")
        tracemalloc.start()
        volume = archive.read_series(made.uid, values="stored")
        traced = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert len(server.asked) == 4
    np.testing.assert_array_equal(volume.array, rd.read_series(made.paths, values="stored").array)
    assert traced < volume.array.nbytes + 0.1 * length, "the instances are kept"
    # Where more is asked for, it comes from the server again.
    with dicomweb_server(made.paths) as server:
        volume = DicomWeb(server.url).read_series(made.uid)
        assert volume.datasets[3].SeriesInstanceUID == made.uid
        assert len(server.asked) > 2


# What reading a series adds to the memory of a process, how many parts went into an arena, and the
# bytes of the volume.
ADDED = """
import os, sys
from rapidicom.integrations import dicomweb_parts
from rapidicom.integrations.dicomweb import DicomWeb

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def put(*arguments, own=dicomweb_parts._Reader._put):
    global count
    is_put = own(*arguments)
    count += is_put
    return is_put

url, uid = sys.argv[1:]
count, dicomweb_parts._Reader._put = 0, put
archive = DicomWeb(url)
archive.find_series(uid)[0]
before = resident()
volume = archive.read_series(uid, values="stored")
print(resident() - before, count, volume.array.nbytes)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux alone has this file")
def test_what_was_read_is_not_kept_where_lengths_are_stated(tmp_path: Path) -> None:
    """The same of parts that share memory, which Python knows nothing of."""
    made = series(tmp_path / "ct", Stack(count=40), pixels=Pixels(shape=(1024, 1024)))

    def handle(handler: Handler, path: str) -> bool:
        if not of_series(path):
            return False
        files = files_of(handler)
        handler.send(multipart(files, lengths=map(len, files)), MULTIPART)
        return True

    with dicomweb_server(made.paths, handle) as server:
        run = subprocess.run(
            [sys.executable, "-c", ADDED, server.url, made.uid], capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(Path(rd.__file__).parents[1])}, check=True,
        )  # fmt: skip
    added, count, length = map(int, run.stdout.split())
    # The first comes before it is known whether they are compressed.
    assert count >= 39
    assert added < 1.5 * length, "the instances are kept"


@pytest.fixture(scope="module", params=[JPEG_2000, RLE])
def compressed_files(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    # Stored values have a sign, and values of the modality a slope.
    folder = tmp_path_factory.mktemp("compressed")
    made = series(folder, Stack(count=COUNT), pixels=Pixels(shape=(64, 48)))
    for path in made.paths:
        path.write_bytes(compressed(path.read_bytes(), request.param))
    return made.paths


def half_after(seen: threading.Event, waited: list[bool]) -> Callable[[Handler, str], bool]:
    """Answer with half of a series, and with the rest after something was seen."""

    def handle(handler: Handler, path: str) -> bool:
        if not of_series(path):
            return False
        body = multipart(files_of(handler))
        half = len(multipart(files_of(handler)[: COUNT // 2]))
        handler.head(MULTIPART, Content_Length=str(len(body)))
        handler.wfile.write(body[:half])
        handler.wfile.flush()
        waited.append(seen.wait(10))
        handler.wfile.write(body[half:])
        return True

    return handle


@pytest.mark.parametrize("values", ["stored", "modality"])
def test_what_has_come_is_decoded_while_the_rest_is_under_way(
    compressed_files: list[Path], values: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_decoded, waited = threading.Event(), list[bool]()
    submit = dicomweb_decoding.ThreadPoolExecutor.submit

    def submitted(self: Any, call: Any, *arguments: Any) -> Any:
        def noted() -> None:
            call(*arguments)
            is_decoded.set()

        return submit(self, noted)

    monkeypatch.setattr(dicomweb_decoding.ThreadPoolExecutor, "submit", submitted)
    with dicomweb_server(compressed_files, half_after(is_decoded, waited)) as server:
        uid = rd.dcmread(compressed_files[0]).SeriesInstanceUID
        volume = DicomWeb(server.url).read_series(uid, "2.25.9", values=values)
    assert waited == [True]
    expected = rd.read_series(compressed_files, values=values)
    np.testing.assert_array_equal(volume.array, expected.array)
    assert volume.array.dtype == expected.array.dtype
    assert [str(issue.sentence) for issue in volume.report] == [
        str(issue.sentence) for issue in expected.report
    ]


def test_a_part_of_a_compressed_series_is_decoded_alone(compressed_files: list[Path]) -> None:
    uid = rd.dcmread(compressed_files[0]).SeriesInstanceUID
    expected = rd.read_series(compressed_files).array
    with dicomweb_server(compressed_files) as server:
        archive = DicomWeb(server.url)
        chosen = {"slices": slice(1, 3), "rows": slice(2, 9), "columns": slice(None, None, 2)}
        found = archive.read_series(uid, **chosen).array
        np.testing.assert_array_equal(found, expected[1:3, 2:9, ::2])
        for workers in (1, 3):
            np.testing.assert_array_equal(archive.read_series(uid, workers=workers).array, expected)


def test_a_damaged_frame_of_a_compressed_series_is_named(compressed_files: list[Path]) -> None:
    uid = rd.dcmread(compressed_files[0]).SeriesInstanceUID
    files = [path.read_bytes() for path in compressed_files]
    ds = rd.dcmread(files[2])
    place = files[2].rindex(b"\xfe\xff\x00\xe0") + 8
    files[2] = files[2][:place] + bytes(64) + files[2][place + 64 :]
    expected = rd.read_series(files, irregular="keep", fill=-7)
    with dicomweb_server(files) as server:
        archive = DicomWeb(server.url)
        with pytest.raises(rd.DicomError) as caught:
            archive.read_series(uid)
        assert str(caught.value.path).endswith(f"/instances/{ds.SOPInstanceUID}")
        volume = archive.read_series(uid, irregular="keep", fill=-7)
    np.testing.assert_array_equal(volume.array, expected.array)
    assert [issue.kind for issue in volume.report] == [issue.kind for issue in expected.report]
    assert sum(issue.kind == "damaged_frame" for issue in volume.report) == 1
