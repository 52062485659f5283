"""File-sets (PS3.10 §8) by their DICOMDIR: what pydicom finds in its own examples."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest

import rapidicom as rd
from comparison import pydicom_file
from rapidicom.fileset import FileSet

pydicom = pytest.importorskip("pydicom", reason="pydicom has the File-sets")

from pydicom.fileset import FileSet as Reference  # noqa: E402

FOLDER = pydicom_file("dicomdirtests")
NAMES = [
    "DICOMDIR",
    "DICOMDIR-bigEnd",
    "DICOMDIR-implicit",
    "DICOMDIR-reordered",
    "TINY_ALPHA/DICOMDIR",
]

ATTRIBUTES = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.mark.parametrize("name", NAMES)
def test_files_are_those_that_pydicom_finds(name: str) -> None:
    ours, theirs = FileSet(FOLDER / name), Reference(FOLDER / name)
    described = [{k: str(getattr(one, k)) for k in ATTRIBUTES} | {"path": one.path} for one in ours]
    expected = [
        {k: str(getattr(one, k)) for k in ATTRIBUTES} | {"path": one.path} for one in theirs
    ]
    # Its File IDs are those that pydicom would write; ours are those that the DICOMDIR has.
    assert [one.path for one in ours] == [str(Path(ours.path, one.FileID)) for one in ours]
    assert len(ours) > 0
    assert sorted(described, key=str) == sorted(expected, key=str)
    assert (ours.ID, ours.UID, ours.path) == (theirs.ID, theirs.UID, theirs.path)
    assert ours.descriptor_file_id == theirs.descriptor_file_id


def test_files_are_found_by_their_attributes() -> None:
    ours, theirs = FileSet(FOLDER / "DICOMDIR"), Reference(FOLDER / "DICOMDIR")
    for wanted in (
        {"PatientID": "77654033"},
        {"PatientID": "98890234", "Modality": "MR"},
        {"PatientID": "?"},
    ):
        assert len(ours.find(**wanted)) == len(theirs.find(**wanted))
    for wanted in ("PatientID", ["StudyDescription", "Modality"]):
        assert ours.find_values(wanted) == theirs.find_values(wanted)
    loaded = ours.find(load=True, PhotometricInterpretation="MONOCHROME1")
    assert len(loaded) == len(theirs.find(load=True, PhotometricInterpretation="MONOCHROME1"))


def test_instance_reads_its_file_and_knows_the_records_above() -> None:
    instance = next(iter(FileSet(FOLDER / "DICOMDIR")))
    ds = instance.load()
    assert ds.SOPInstanceUID == instance.SOPInstanceUID
    assert instance["PatientName"].value == ds.PatientName
    assert "PatientName" in instance
    assert "Rows" not in instance
    assert [node.record_type for node in instance.node.ancestors] == ["SERIES", "STUDY", "PATIENT"]
    with pytest.raises(AttributeError):
        _ = instance.Rows


def test_records_form_a_tree() -> None:
    file_set = FileSet(FOLDER / "DICOMDIR")
    root = next(iter(file_set)).node.ancestors[-1].parent
    assert [child.record_type for child in root.children] == ["PATIENT"] * len(root.children)
    assert len(list(root)) == len(file_set._dataset.DirectoryRecordSequence)
    patient = root.children[0]
    assert root[patient.key] is patient
    assert patient.depth == 0


def test_missing_file_is_left_out_with_a_warning(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "TINY_ALPHA", tmp_path / "set")
    first = next(iter(FileSet(tmp_path / "set" / "DICOMDIR")))
    Path(first.path).unlink()
    with pytest.warns(UserWarning, match="does not exist"):
        assert len(FileSet(tmp_path / "set" / "DICOMDIR")) == 49


def test_records_that_point_in_a_circle_end() -> None:
    ds = rd.dcmread(FOLDER / "TINY_ALPHA" / "DICOMDIR")
    for record in ds.DirectoryRecordSequence:
        record.OffsetOfTheNextDirectoryRecord = (
            ds.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity
        )
    assert len(FileSet(ds)) == 50


def test_file_that_is_not_a_dicomdir_is_refused() -> None:
    with pytest.raises(ValueError, match="Media Storage Directory"):
        FileSet(FOLDER / "77654033" / "CR1" / "6154")
    ds = rd.dcmread((FOLDER / "DICOMDIR").read_bytes())
    with pytest.raises(TypeError, match="read from a path"):
        FileSet(ds)
    with pytest.raises(NotImplementedError, match="pydicom"):
        FileSet()
    with warnings.catch_warnings(), pytest.raises(NotImplementedError, match="pydicom"):
        FileSet(FOLDER / "DICOMDIR").write("elsewhere")
