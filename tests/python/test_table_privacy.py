"""Tables that name nobody: `identifying`, `without_identifying`, `pseudonymised`."""

from __future__ import annotations

import hmac
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.datadict import keyword_for_tag

import rapidicom as rd
from builder import UNREADABLE_FILE, Element, Items, write_image
from rapidicom._values.confidentiality import identifies, is_identifying_column
from rapidicom._values.confidentiality_profile import ACTIONS

KEY = b"sixteen random..."
NAME = "QXJMARKZ^ANNA"


def pseudonym(text: str, key: bytes = KEY) -> str:
    return hmac.new(key, text.encode(), "sha256").hexdigest()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # One of each action of the table.
        ("PatientName", True),  # Z
        ("PatientSex", True),
        ("PatientAge", True),  # X
        ("PatientWeight", True),
        ("StudyDate", True),
        ("ContentTime", True),  # Z/D
        ("SeriesDate", True),  # X/D
        ("StationName", True),  # X/Z/D
        ("SOPInstanceUID", True),  # U
        ("SeriesInstanceUID", True),
        ("MediaStorageSOPInstanceUID", True),
        ("ReferencedImageSequence", True),  # X/Z/U*
        ("AccessionNumber", True),
        ("InstitutionName", True),
        ("SeriesDescription", True),
        ("PerformingPhysicianName", True),
        ("OtherPatientIDs", True),
        ("ImageComments", True),
        ("DeviceSerialNumber", True),
        # Of repeating groups, and private.
        ("(5002,3000)", True),
        ("(6002,3000)", True),
        ("(6002,4000)", True),
        ("(6002,0010)", False),
        ("(0009,1001)", True),
        ("(0029,0010)", True),
        # Newer than the data dictionary, and in no registry at all.
        ("(0010,0011)", True),
        ("(0018,6666)", True),
        # In a sequence: its own attribute, or one around it.
        ("PerFrameFunctionalGroupsSequence[4].FrameContentSequence.FrameAcquisitionDateTime", True),
        ("PerFrameFunctionalGroupsSequence[4].PlanePositionSequence.ImagePositionPatient", False),
        ("RequestAttributesSequence.ScheduledProcedureStepID", True),
        ("ReferencedImageSequence.ReferencedSOPClassUID", True),
        ("OtherPatientIDsSequence[1].TypeOfPatientID", True),
        ("(0009,1001).Rows", True),
        # What images are made of.
        ("Modality", False),
        ("Rows", False),
        ("ImageType", False),
        ("SOPClassUID", False),
        ("TransferSyntaxUID", False),
        ("ImagePositionPatient", False),
        ("SliceThickness", False),
        ("Manufacturer", False),
        ("SeriesNumber", False),
        ("NumberOfFrames", False),
        # No attributes.
        ("path", False),
        ("a name of a join", False),
    ],
)
def test_columns_that_identify(name: str, expected: bool) -> None:
    assert is_identifying_column(name) is expected


def test_the_whole_table_of_the_standard_identifies() -> None:
    assert len(ACTIONS) == 652
    assert all(map(identifies, ACTIONS))
    for tag, action in ACTIONS.items():
        assert set(action.split("/")) <= {"D", "X", "Z", "U", "U*"}
        if keyword_for_tag(tag).endswith("UID"):
            assert is_identifying_column(keyword_for_tag(tag))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of three images, one without values that identify, and other files."""
    folder = tmp_path / NAME
    folder.mkdir()
    for number in range(2):
        write_image(
            folder / str(number),
            Element(0x00080005, "CS", "ISO_IR 192"),
            Element(0x00081030, "LO", f"{NAME} head"),
            Element(0x00080090, "PN", None if number else "Ärztin^Öde"),
            Element(0x00091001, "LO", NAME),
            Element(0x00100010, "PN", NAME),
            Element(0x00100020, "LO", "4711"),
            Element(0x00101000, "LO", f"4711\\{number}\\\\x"),
            Element(0x00101030, "DS", [67.5 if number else 67.0]),
            Element(0x00104000, "LT", "a\\b"),
            number=number + 1,
        )  # fmt: skip
    write_image(folder / "2", number=3)
    (folder / "bad").write_bytes(UNREADABLE_FILE)
    (folder / "text").write_text("not DICOM")
    return folder


COLUMNS = [
    "PatientName", "PatientID", "Modality", "OtherPatientIDs", "PatientWeight", "PatientComments",
    "Rows", "StudyDescription", 0x00091001, "ReferringPhysicianName", "InstanceNumber",
]  # fmt: skip


def test_a_table_without_what_identifies(folder: Path) -> None:
    table = rd.scan(folder, COLUMNS)
    assert table.identifying == [
        "PatientName", "PatientID", "OtherPatientIDs", "PatientWeight", "PatientComments",
        "StudyDescription", "(0009,1001)", "ReferringPhysicianName",
    ]  # fmt: skip
    private = table.without_identifying()
    assert private.columns == ["path", "Modality", "Rows", "InstanceNumber"]
    assert private.identifying == []
    for name in private.columns[1:]:
        np.testing.assert_array_equal(private[name], table[name])
        assert private[name].dtype == table[name].dtype
    assert private["path"].tolist() == ["<file 0>", "<file 1>", "<file 2>"]
    assert private.skipped == table.skipped == 1
    assert [error.path for error in private.errors] == ["<file 3>"]


@pytest.mark.parametrize("hidden", ["without", "pseudonymised"])
def test_no_marked_name_is_left(folder: Path, hidden: str) -> None:
    table = rd.scan([folder, {NAME: (folder / "0").read_bytes()}], COLUMNS)
    private = table.without_identifying() if hidden == "without" else table.pseudonymised(KEY)
    shown = [repr(private), private.to_dicts(), private.errors, private.invalid]
    assert "QXJMARKZ" not in repr(shown)
    assert b"QXJMARKZ" not in pickle.dumps(private)
    assert private.items == {}
    assert len(private) == len(table)


def test_pseudonyms_are_hashes_of_each_value(folder: Path) -> None:
    table = rd.scan(folder, COLUMNS)
    private = table.pseudonymised(KEY)
    assert private.columns == table.columns
    rows = private.to_dicts()
    first, second, third = rows
    assert first["PatientName"] == second["PatientName"] == pseudonym(NAME)
    assert first["PatientID"] == pseudonym("4711")
    assert first["(0009,1001)"] == pseudonym(NAME)
    assert first["ReferringPhysicianName"] == pseudonym("Ärztin^Öde")
    assert second["ReferringPhysicianName"] is None
    # Of several values each; an empty one stays.
    assert second["OtherPatientIDs"].split("\\") == [
        pseudonym("4711"), pseudonym("1"), "", pseudonym("x"),
    ]  # fmt: skip
    assert first["PatientComments"] == pseudonym("a\\b")
    assert [row["PatientWeight"] for row in rows] == [pseudonym("67"), pseudonym("67.5"), None]
    assert third["PatientWeight"] is None
    for name in ("Modality", "Rows", "InstanceNumber"):
        np.testing.assert_array_equal(private[name], table[name])
        assert private[name].dtype == table[name].dtype
    assert private["path"][0] == pseudonym(str(table["path"][0]))
    assert private.errors[0].path == pseudonym(table.errors[0].path)


def test_tables_of_one_key_join(folder: Path) -> None:
    polars = pytest.importorskip("polars")
    images = rd.scan(folder, ["PatientID", "InstanceNumber"])
    people = rd.scan(folder, ["PatientID", "PatientWeight"])
    joined = [
        left.to_polars().drop("path").join(right.to_polars().drop("path"), on="PatientID")
        for left, right in (
            (images, people),
            (images.pseudonymised(KEY), people.pseudonymised(KEY)),
            (images.pseudonymised("another"), people.pseudonymised(KEY)),
        )
    ]
    assert [frame.height for frame in joined] == [5, 5, 0]
    assert polars.Series(joined[1]["InstanceNumber"]).equals(joined[0]["InstanceNumber"])


def test_several_numbers_are_hashed_one_by_one(tmp_path: Path) -> None:
    # Window Center is in no profile: only the mechanism is looked at.
    from rapidicom.tables.privacy import pseudonymised

    write_image(tmp_path / "0", Element(0x00281050, "DS", [40.0]))
    write_image(tmp_path / "1", Element(0x00281050, "DS", [40.0, -0.5]))
    write_image(tmp_path / "2")
    native = rd.scan(tmp_path, ["WindowCenter"])._native
    hashed = pseudonymised(native, ["WindowCenter"], KEY, keep_paths=True).values("WindowCenter")
    assert hashed == [pseudonym("40"), f"{pseudonym('40')}\\{pseudonym('-0.5')}", None]


def test_a_key_may_be_text_or_bytes(folder: Path) -> None:
    table = rd.scan(folder, ["PatientID"])
    ids = {
        table.pseudonymised(key)["PatientID"][0]
        for key in ("schlüssel", "schlüssel".encode(), bytearray("schlüssel".encode()))
    }
    assert ids == {pseudonym("4711", "schlüssel".encode())}
    assert table.pseudonymised("x" * 200)["PatientID"][0] == pseudonym("4711", b"x" * 200)


@pytest.mark.parametrize(
    ("key", "error"),
    [("", ValueError), (b"", ValueError), (None, TypeError), (4711, TypeError), (["k"], TypeError)],
)
def test_a_key_that_is_none(folder: Path, key: Any, error: type[Exception]) -> None:
    table = rd.scan(folder, ["Rows"])
    with pytest.raises(error, match="key") as raised:
        table.pseudonymised(key)
    assert "4711" not in str(raised.value)


def test_hidden_paths_do_not_lead_to_files(folder: Path) -> None:
    table = rd.scan(folder, COLUMNS)
    for private in (table.without_identifying(), table.pseudonymised(KEY)):
        for copy in (private, pickle.loads(pickle.dumps(private)), private.without_identifying()):
            with pytest.raises(ValueError, match='paths="keep"'):
                rd.find_series(copy)
    for private in (
        table.without_identifying(paths="keep"), table.pseudonymised(KEY, paths="keep"),
    ):  # fmt: skip
        assert private["path"].tolist() == table["path"].tolist()
        assert private.errors == table.errors
        assert len(rd.find_series(private)) == len(rd.find_series(table))
    with pytest.raises(ValueError, match="paths must be"):
        table.without_identifying(paths="drop")  # type: ignore[arg-type]


def test_kept_names_keep_their_sources(folder: Path) -> None:
    table = rd.scan({"mine": (folder / "0").read_bytes()}, ["PatientID", "Rows"])
    assert len(rd.find_series(table.without_identifying(paths="keep"))) == 1


def test_values_that_do_not_fit_keep_their_place(tmp_path: Path) -> None:
    write_image(tmp_path / "0", Element(0x00200013, "IS", "six"), Element(0x00101030, "DS", "much"))
    table = rd.scan(tmp_path, ["PatientWeight", "InstanceNumber"])
    assert [entry.column for entry in table.invalid] == ["PatientWeight", "InstanceNumber"]
    (entry,) = table.without_identifying().invalid
    assert (entry.row, entry.column, entry.path) == (0, "InstanceNumber", "<file 0>")
    assert [entry.column for entry in table.pseudonymised(KEY).invalid] == [
        "PatientWeight", "InstanceNumber",
    ]  # fmt: skip


def test_an_attribute_in_a_sequence_that_identifies(tmp_path: Path) -> None:
    step = Element(0x00400009, "SH", NAME)
    write_image(tmp_path / "0", Element(0x00400275, "SQ", Items([[step]])))
    column = "RequestAttributesSequence.ScheduledProcedureStepID"
    table = rd.scan(tmp_path, [column])
    assert table[column][0] == NAME
    assert table.pseudonymised(KEY)[column][0] == pseudonym(NAME)
    assert table.without_identifying().columns == ["path"]


def test_an_empty_table() -> None:
    table = rd.scan([], ["PatientID", "PatientWeight", "Rows"])
    assert table.pseudonymised(KEY).columns == table.columns
    assert table.without_identifying().columns == ["path", "Rows"]
    assert len(table.without_identifying()) == 0
