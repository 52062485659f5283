"""A PACS by DICOMweb: Orthanc, started here, against the files that were stored in it."""

from __future__ import annotations

import json
import logging
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_remote_stores import answer, web_server

import rapidicom as rd
from dicomweb_server import MULTIPART, multipart
from pacs_builder import BRAIN, BRAIN_STUDY, COMPRESSED, CT, CT_STUDY, JPEG_2000, Pacs
from series_builder import Pixels, Stack, series
from servers import PASSWORD, USER, orthanc, orthanc_missing

requests = pytest.importorskip("requests")
pytest.importorskip("dicomweb_client")

from rapidicom.integrations.dicomweb import DicomWeb  # noqa: E402
from rapidicom.integrations.dicomweb_parts import Room, part_of, parts_of  # noqa: E402


def session(password: str = PASSWORD) -> Any:
    found = requests.Session()
    found.auth = (USER, password)
    return found


@pytest.fixture
def archive(pacs: Pacs) -> DicomWeb:
    return DicomWeb(pacs.server.url, session=session())


@pytest.mark.parametrize("uid", [BRAIN, CT, COMPRESSED])
def test_a_series_is_the_volume_of_its_files(archive: DicomWeb, pacs: Pacs, uid: str) -> None:
    expected = rd.read_series(pacs.series[uid])
    volume = archive.read_series(uid)
    np.testing.assert_array_equal(volume.array, expected.array)
    np.testing.assert_array_equal(volume.affine, expected.affine)
    assert [(one.kind, one.sentence) for one in volume.report] == [
        (one.kind, one.sentence) for one in expected.report
    ]
    assert all(path.startswith(f"{pacs.server.url}/studies/") for path in volume.paths)
    # What is asked for later comes from the server again.
    assert volume.datasets[0].SeriesInstanceUID == uid


def test_nothing_is_transcoded(archive: DicomWeb) -> None:
    (first, *_) = archive.sources(SeriesInstanceUID=COMPRESSED)
    assert rd.dcmread(first).file_meta.TransferSyntaxUID == JPEG_2000


def test_a_table_has_the_columns_and_types_of_scan(archive: DicomWeb, pacs: Pacs) -> None:
    columns = [name for name in rd.scan([]).columns[1:] if name != "TransferSyntaxUID"]
    table = archive.scan(columns, StudyInstanceUID=[BRAIN_STUDY, CT_STUDY])
    paths = [path for one in pacs.series.values() for path in one]
    expected = rd.scan(paths, columns)
    assert table.columns == expected.columns
    assert not table.errors
    rows = {row["SOPInstanceUID"]: row for row in table.to_dicts()}
    for row in expected.to_dicts():
        found = rows[row["SOPInstanceUID"]]
        assert {**found, "path": ""} == {**row, "path": ""}
    for name in columns:
        assert table[name].dtype == expected[name].dtype, name


def test_tables_of_series_and_studies(archive: DicomWeb) -> None:
    table = archive.scan(level="series", StudyInstanceUID=CT_STUDY)
    assert sorted(table["SeriesInstanceUID"]) == [CT, COMPRESSED]
    assert table["NumberOfSeriesRelatedInstances"].tolist() == [4, 4]
    assert table["path"][0].endswith(f"/studies/{CT_STUDY}/series/{table['SeriesInstanceUID'][0]}")
    table = archive.scan(["StudyInstanceUID"], level="study")
    assert sorted(table["StudyInstanceUID"]) == [BRAIN_STUDY, CT_STUDY]
    assert len(archive.scan(PatientID="nobody")) == 0


def test_the_instances_of_a_table_are_read_from_the_server(archive: DicomWeb, pacs: Pacs) -> None:
    table = archive.scan(["Modality"], SeriesInstanceUID=CT)
    volume = rd.read_series(pickle.loads(pickle.dumps(table)))
    np.testing.assert_array_equal(volume.array, rd.read_series(pacs.series[CT]).array)


def test_filters_match(archive: DicomWeb) -> None:
    assert set(archive.scan(["Modality"], Modality="MR")["Modality"]) == {"MR"}
    found = archive.scan(["SeriesInstanceUID"], SeriesInstanceUID=[CT, COMPRESSED])
    assert set(found["SeriesInstanceUID"]) == {CT, COMPRESSED}


def test_series_are_found_and_read_later(archive: DicomWeb, pacs: Pacs) -> None:
    found = archive.find_series(StudyInstanceUID=CT_STUDY)
    assert [one.uid for one in found] == [CT, COMPRESSED]
    volume = pickle.loads(pickle.dumps(found[0])).read()
    np.testing.assert_array_equal(volume.array, rd.read_series(pacs.series[CT]).array)


def test_sources_are_sources_of_every_function(archive: DicomWeb, pacs: Pacs) -> None:
    items = archive.sources(CT)
    same = archive.sources(CT, CT_STUDY, Modality="CT")
    assert [item.name for item in same] == [item.name for item in items]
    names = {rd.dcmread(path).SOPInstanceUID: path for path in pacs.series[CT]}
    files = [names[item.key.sop] for item in items]
    np.testing.assert_array_equal(rd.read_batch(items), rd.read_batch(files))
    np.testing.assert_array_equal(rd.pixel_array(items[0]), rd.pixel_array(files[0]))
    assert rd.scan(items, ["Rows"])["Rows"].tolist() == [64] * 4


def test_metadata_have_no_pixels(archive: DicomWeb) -> None:
    found = archive.metadata(BRAIN, BRAIN_STUDY)
    assert len(found) == 40
    assert all("PixelData" not in ds and ds.Rows == 80 for ds in found)


@pytest.mark.parametrize("uid", [CT, COMPRESSED])
def test_a_frame_is_that_of_the_file(archive: DicomWeb, pacs: Pacs, uid: str) -> None:
    path = pacs.series[uid][1]
    expected = rd.pixel_array(path)
    found = archive.read_frame(uid, rd.dcmread(path).SOPInstanceUID)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype


# What goes wrong.


def calls(archive: DicomWeb) -> dict[str, Callable[[], Any]]:
    return {
        "scan": lambda: archive.scan(PatientID="Secret-0815"),
        "series": lambda: archive.read_series(CT),
        "sources": lambda: archive.sources(PatientID="Secret-0815"),
        "find": lambda: archive.find_series(PatientName="Secret^Somebody"),
        "metadata": lambda: archive.metadata(CT, CT_STUDY),
        "frame": lambda: archive.read_frame(CT, "2.25.100.1"),
    }


def said_of(error: BaseException | None) -> str:
    words = []
    while error is not None:
        words.append(f"{error!r} {error}")
        error = error.__cause__ or error.__context__
    return " ".join(words)


@pytest.mark.parametrize("name", ["scan", "series", "sources", "find", "metadata", "frame"])
@pytest.mark.parametrize("kind", ["password", "gone"])
def test_a_refusal_is_an_error_that_says_so(
    pacs: Pacs, name: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url = pacs.server.url if kind == "password" else "http://127.0.0.1:1/dicom-web"
    password = "wrong" if kind == "password" else PASSWORD
    expected = PermissionError if kind == "password" else ConnectionError
    with pytest.raises(expected) as caught:
        calls(DicomWeb(url, session=session(password)))[name]()
    assert url in str(caught.value)
    # Nothing that was asked for, and no password.
    words = said_of(caught.value) + caplog.text
    assert not [one for one in ("Secret", password, "0815") if one in words]


def test_bars_show_what_has_come(archive: DicomWeb, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    archive.read_series(CT, progress=True)
    shown = capsys.readouterr().err
    assert "instances: 100%" in shown
    assert "4/4" in shown


def test_unknown_uids_are_named(archive: DicomWeb) -> None:
    for call in (
        lambda: archive.read_series("1.2.3"),
        lambda: archive.read_series("1.2.3", CT_STUDY),
        lambda: archive.sources(SeriesInstanceUID="1.2.3"),
        lambda: archive.metadata("1.2.3", CT_STUDY),
    ):
        with pytest.raises(FileNotFoundError, match=r"1\.2\.3"):
            call()
    with pytest.raises(FileNotFoundError, match="nothing matches") as caught:
        archive.sources(PatientID="Secret-1")
    assert "Secret" not in str(caught.value)
    with pytest.raises(ValueError, match="not a keyword") as wrong:
        archive.scan(PatientId="Secret-1")
    assert "Secret" not in str(wrong.value)


@pytest.mark.skipif(bool(orthanc_missing()), reason=orthanc_missing())
def test_a_server_that_stops_half_way_is_an_error(tmp_path: Path) -> None:
    # Longer than what is read of a header.
    large = series(tmp_path / "ct", Stack(count=4), pixels=Pixels(shape=(256, 256)))
    (tmp_path / "orthanc").mkdir()
    with orthanc(tmp_path / "orthanc") as server:
        server.upload(large.paths)
        archive = DicomWeb(server.url, session=session(), timeout=5)
        items = archive.sources(SeriesInstanceUID=CT)
        (found,) = archive.find_series(SeriesInstanceUID=CT)
        server.stop()
        began = time.monotonic()
        for call in (lambda: found.read(), lambda: rd.dcmread(items[0])):
            with pytest.raises(OSError, match=r"instances/2\.25\.100\."):
                call()
        table = rd.scan(items, ["Rows"])
        assert [error.path for error in table.errors] == [item.name for item in items]
        assert time.monotonic() - began < 20


def test_arguments_are_checked() -> None:
    from dicomweb_client import DICOMwebClient

    client = DICOMwebClient("http://localhost/dicom-web", qido_url_prefix="find")
    assert repr(DicomWeb(client)) == "DicomWeb('http://localhost/dicom-web')"
    assert DicomWeb(client)._service.qido.endswith("/dicom-web/find")
    with pytest.raises(TypeError, match="pass one or the other"):
        DicomWeb(client, session=requests.Session())
    with pytest.raises(TypeError, match="address or a DICOMwebClient"):
        DicomWeb(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="level must be"):
        DicomWeb(client).scan(level="patient")  # type: ignore[arg-type]
    headers = DicomWeb("http://localhost", headers={"X-Key": "1"})._service.session.headers
    assert headers["X-Key"] == "1"


# Bodies.

FILE = bytes(range(256)) * 20
KINDS = {
    "with its length": b"Content-Type: application/dicom\r\nContent-Length: %d\r\n" % len(FILE),
    "without": b"Content-Type: application/dicom\r\n",
}


class Body:
    url = "http://here"

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def read(self, count: int) -> bytes:
        # In small pieces, as from a network.
        count = min(count, 100)
        found = self.data[self.place : self.place + count]
        self.place += len(found)
        return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("more", [b"", b"\r\n--b1\r\nContent-Type: application/dicom\r\n\r\nother"])
def test_a_part_is_taken_out_of_its_body(kind: str, more: bytes) -> None:
    body = b"\r\n--b1\r\n" + KINDS[kind] + b"\r\n" + FILE + more + b"\r\n--b1--\r\n"
    media_type = 'multipart/related; type="application/dicom"; boundary="b1"'
    assert part_of(Body(body), media_type) == (FILE, "application/dicom")
    for start, stop in ((0, 10), (10, 4000), (5000, 6000), (5119, 5121), (7000, 8000)):
        assert part_of(Body(body), media_type, start, stop)[0] == FILE[start:stop], (start, stop)
    parts = [FILE, b"other"] if more else [FILE]
    assert list(parts_of(Body(body), media_type)) == parts
    # A header costs no more than its bytes and what comes before it.
    short = Body(body)
    part_of(short, media_type, 0, 1000)
    assert short.place < 1300
    for cut in (20, len(body) - 40 - len(more), 3000):
        with pytest.raises(OSError, match="cut short"):
            part_of(Body(body[:cut]), media_type)
        with pytest.raises(OSError, match="cut short"):
            list(parts_of(Body(body[:cut]), media_type))


def test_a_body_without_parts_is_the_file() -> None:
    assert part_of(Body(FILE), "application/dicom") == (FILE, "application/dicom")
    assert part_of(Body(FILE), "application/dicom", 5, 9)[0] == FILE[5:9]
    assert list(parts_of(Body(FILE), "application/dicom")) == [FILE]
    assert list(parts_of(Body(b""), "application/dicom")) == []


class Giving(Body):
    """A body that gives what there is, whatever it is asked for."""

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self.most = most

    def read(self, count: int) -> bytes:
        del count
        found = self.data[self.place : self.place + self.most]
        self.place += len(found)
        return found


@pytest.mark.parametrize("most", [1000, 100_000, 10**9])
@pytest.mark.parametrize("wrong", [0, 5000, -5000])
def test_no_part_is_cut_whatever_length_it_states(most: int, wrong: int) -> None:
    parts = [bytes([number]) * (70_000 + number) for number in range(5)]
    room = Room()
    room.is_open = True
    body = Giving(multipart(parts, lengths=[len(part) + wrong for part in parts]), most)
    found = list(parts_of(body, MULTIPART, room))
    put = [arrived.data() for arrived in room.arena.take_all()]
    assert sorted([part for part in found if part is not None] + put) == parts
    assert len(put) == found.count(None)
    # One that ends within a piece is looked for by the boundary.
    assert bool(put) == (wrong == 0 and most > 1000)


def test_an_arena_takes_no_more_than_was_said() -> None:
    arena = Room().arena
    arena.begin(10)
    assert not arena.write(bytes(1000))
    assert arena.write(b"0123456789")
    assert not arena.write(b"a")
    arena.end()
    assert [arrived.data() for arrived in arena.take_all()] == [b"0123456789"]


def test_parts_come_as_they_arrive() -> None:
    body = Body(b"--b\r\nA: b\r\n\r\n" + FILE + b"\r\n--b\r\n\r\n" + FILE + b"\r\n--b--")
    parts = parts_of(body, "multipart/related; boundary=b")
    assert next(parts) == FILE
    assert body.place < len(FILE) + 200
    assert list(parts) == [FILE]


@pytest.mark.parametrize("irregular", ["raise", "keep"])
def test_an_answer_that_is_cut_is_an_error_or_costs_what_is_missing(
    tmp_path: Path, irregular: str
) -> None:
    written = series(tmp_path, Stack(count=4))
    files = {str(rd.dcmread(path).SOPInstanceUID): path.read_bytes() for path in written.paths}
    *_, lost = files
    study = {"0020000D": {"vr": "UI", "Value": ["2.25.9"]}}
    one = {**study, "0020000E": {"vr": "UI", "Value": [written.uid]}}
    found = [{**one, "00080018": {"vr": "UI", "Value": [uid]}} for uid in files]

    def handle(handler: Any) -> None:
        path = handler.path.partition("?")[0]
        uid = path.rpartition("/")[2]
        parts = [b"--b\r\n\r\n" + data + b"\r\n" for data in files.values()]
        if path.endswith(("/series", "/instances")):
            models = found if path.endswith("instances") else [one]
            answer(handler, 200, json.dumps(models).encode())
        elif uid == lost:
            answer(handler, 404, b"")
        else:
            whole = [b"--b\r\n\r\n" + files[uid]] if uid in files else [*parts[:2], parts[2][:900]]
            end = b"\r\n--b--" if uid in files else b""
            kind = "multipart/related; boundary=b"
            answer(handler, 200, b"".join(whole) + end, Content_Type=kind)

    with web_server(handle) as url:
        archive = DicomWeb(url)
        if irregular == "raise":
            with pytest.raises(OSError, match="cut short"):
                archive.read_series(written.uid)
            return
        volume = archive.read_series(written.uid, irregular="keep")
        assert volume.shape[0] == 3
        (issue,) = [issue for issue in volume.report.errors if issue.kind == "unreadable"]
        assert [path.rpartition("/")[2] for path in issue.paths] == [lost]
