"""A PACS by DIMSE: Orthanc, started here, against the files that were stored in it."""

from __future__ import annotations

import copy
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import rapidicom as rd
from pacs_builder import BRAIN, COMPRESSED, CT, CT_STUDY, JPEG_2000, Pacs
from servers import AE_TITLE, RECEIVER, free_port, orthanc

pynetdicom = pytest.importorskip("pynetdicom")

import pydicom  # noqa: E402
from pydicom.dataelem import RawDataElement  # noqa: E402
from pydicom.tag import Tag  # noqa: E402

from rapidicom.integrations import dimse_associations, dimse_retrieval  # noqa: E402
from rapidicom.integrations.dimse import Archive  # noqa: E402


@pytest.fixture
def archive(pacs: Pacs) -> Archive:
    return Archive("127.0.0.1", pacs.server.dicom_port, ae_title=AE_TITLE, timeout=10)


def receiver_of(pacs: Pacs) -> tuple[str, int, str]:
    return RECEIVER, pacs.server.move_port, "127.0.0.1"


@pytest.mark.parametrize("uid", [BRAIN, CT, COMPRESSED])
@pytest.mark.parametrize("way", ["C-GET", "C-MOVE"])
def test_a_series_is_the_volume_of_its_files(
    archive: Archive, pacs: Pacs, uid: str, way: str
) -> None:
    expected = rd.read_series(pacs.series[uid])
    volume = archive.read_series(uid, move_to=receiver_of(pacs) if way == "C-MOVE" else None)
    np.testing.assert_array_equal(volume.array, expected.array)
    np.testing.assert_array_equal(volume.affine, expected.affine)
    assert [one.kind for one in volume.report] == [one.kind for one in expected.report]
    assert all(path.startswith("dimse://ORTHANC@127.0.0.1:") for path in volume.paths)
    if uid == COMPRESSED:
        assert volume.datasets[0].file_meta.TransferSyntaxUID == JPEG_2000


def test_a_receiver_lives_as_long_as_the_call(archive: Archive, pacs: Pacs) -> None:
    before = threading.active_count()
    archive.read_series(CT, move_to=receiver_of(pacs))
    with socket.socket() as one:
        assert one.connect_ex(("127.0.0.1", pacs.server.move_port)) != 0
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_a_table_has_what_the_archive_returns(archive: Archive, pacs: Pacs) -> None:
    columns = [
        "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "PatientID", "Modality",
        "SeriesNumber", "InstanceNumber", "SeriesDescription",
    ]  # fmt: skip
    table = archive.scan(columns)
    expected = rd.scan([path for one in pacs.series.values() for path in one], columns)
    assert table.columns == expected.columns
    rows = {row["SOPInstanceUID"]: {**row, "path": ""} for row in table.to_dicts()}
    assert rows == {row["SOPInstanceUID"]: {**row, "path": ""} for row in expected.to_dicts()}
    for name in columns:
        assert table[name].dtype == expected[name].dtype, name


def test_tables_of_series_and_studies(archive: Archive) -> None:
    table = archive.scan(level="series", StudyInstanceUID=CT_STUDY)
    assert sorted(table["SeriesInstanceUID"]) == [CT, COMPRESSED]
    assert set(table["PatientID"]) == {"Secret-0815"}
    assert len(archive.scan(level="study")) == 2
    assert len(archive.scan(PatientID="nobody")) == 0
    assert archive.scan(["Modality"], Modality="CT")["Modality"].tolist() == ["CT"] * 8


def test_the_table_of_a_search_has_no_files(archive: Archive) -> None:
    with pytest.raises(OSError, match=r"Archive\.read_series retrieves it"):
        rd.read_series(archive.scan(["Modality"], SeriesInstanceUID=CT))


def test_series_are_found(archive: Archive, pacs: Pacs) -> None:
    found = archive.find_series(StudyInstanceUID=CT_STUDY)
    assert [one.uid for one in found] == [CT, COMPRESSED]
    np.testing.assert_array_equal(found[0].read().array, rd.read_series(pacs.series[CT]).array)


def test_more_contexts_than_an_association_takes(
    archive: Archive, pacs: Pacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    get = dimse_retrieval._get
    monkeypatch.setattr(
        dimse_retrieval, "_get", lambda *args: asked.append(len(args[3])) or get(*args)
    )
    # The context of JPEG 2000 is in a later association, which asks for what is missing.
    monkeypatch.setattr(dimse_retrieval, "_MOST_CONTEXTS", 5)
    volume = archive.read_series(COMPRESSED)
    np.testing.assert_array_equal(volume.array, rd.read_series(pacs.series[COMPRESSED]).array)
    assert len(asked) > 1
    assert max(asked) <= 5


def test_every_round_fits_into_an_association() -> None:
    for classes in ([f"1.2.{number}" for number in range(40)], [""]):
        rounds = list(dimse_retrieval._rounds(classes))
        assert len(rounds) > 1
        assert max(map(len, rounds)) <= 127


def test_what_is_not_sent_costs_its_row(
    archive: Archive, pacs: Pacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = dimse_retrieval._keep

    def full_disk(event: Any, *args: Any) -> int:
        lost = str(event.request.AffectedSOPInstanceUID).endswith(".2")
        return 0xA700 if lost else keep(event, *args)

    monkeypatch.setattr(dimse_retrieval, "_keep", full_disk)
    with pytest.raises(rd.IrregularSeriesError) as caught:
        archive.read_series(CT)
    (issue,) = [one for one in caught.value.report.errors if one.kind == "unreadable"]
    assert [path.rpartition("/")[2] for path in issue.paths] == ["2.25.100.2"]
    assert archive.read_series(CT, irregular="keep").shape[0] == 3


def test_bars_show_what_has_come(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    archive.read_series(CT, progress=True)
    shown = capsys.readouterr().err
    assert "instances: 100%" in shown
    assert "4/4" in shown


def test_unknown_uids_are_named(archive: Archive) -> None:
    for study in (None, CT_STUDY):
        with pytest.raises(FileNotFoundError, match=r"1\.2\.3"):
            archive.read_series("1.2.3", study)
    with pytest.raises(FileNotFoundError, match="nothing matches") as caught:
        archive.find_series(PatientID="Secret-1")
    assert "Secret" not in str(caught.value)


def test_an_archive_that_is_not_there_is_an_error(pacs: Pacs) -> None:
    gone = Archive("127.0.0.1", free_port(), timeout=2)
    for call in (lambda: gone.scan(PatientID="Secret-1"), lambda: gone.read_series(CT)):
        with pytest.raises(ConnectionError, match="cannot be reached") as caught:
            call()
        assert "Secret" not in str(caught.value)


def test_an_archive_that_does_not_answer_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        archive = Archive("127.0.0.1", silent.getsockname()[1], timeout=1)
        with pytest.raises(ConnectionError, match="does not answer"):
            archive.scan()
        assert time.monotonic() - began < 10


def test_an_unknown_receiver_is_an_error(archive: Archive) -> None:
    with pytest.raises(OSError, match="C-MOVE: the archive says"):
        archive.read_series(CT, move_to=("NOBODY", free_port(), "127.0.0.1"))


def test_a_server_that_stops_half_way_is_an_error(
    tmp_path: Path, pacs: Pacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = dimse_retrieval._keep
    with orthanc(tmp_path) as server:
        server.upload(pacs.series[BRAIN])
        archive = Archive("127.0.0.1", server.dicom_port, ae_title=AE_TITLE, timeout=3)

        def stop(*args: Any) -> int:
            server.stop()
            return keep(*args)

        monkeypatch.setattr(dimse_retrieval, "_keep", stop)
        began = time.monotonic()
        with pytest.raises(OSError) as caught:
            archive.read_series(BRAIN)
        assert "dimse://" in str(caught.value)
        assert time.monotonic() - began < 20


def test_a_stop_by_the_user_ends_the_association(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    monkeypatch.setattr(dimse_retrieval, "category_of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        archive.read_series(CT)
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_nothing_warns_of_a_value_that_an_archive_answers() -> None:
    ds = pydicom.Dataset()
    for tag, vr, value in [
        (0x0020000D, "UI", b"SecretNo"),
        (0x00201209, "IS", b"SecretNo"),
    ]:
        ds[tag] = RawDataElement(Tag(tag), vr, len(value), value, 0, False, True)
    pending = pydicom.Dataset()
    pending.Status = 0xFF00

    class Association:
        def send_c_find(self, *_: Any) -> Iterator[Any]:
            # As its log does.
            str(copy.deepcopy(ds))
            yield pending, ds

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = dimse_associations.find(cast("Any", Association()), ds, "archive")
        assert found.StudyInstanceUID == "SecretNo"


def test_arguments_are_checked() -> None:
    assert repr(Archive("h", 104, ae_title="PACS")) == "Archive('dimse://PACS@h:104')"
    with pytest.raises(ValueError, match="timeout must be"):
        Archive("h", 104, timeout=0)
    with pytest.raises(ValueError, match="not a keyword"):
        Archive("h", 104).scan(PatientId="x")
