"""Files are written by pydicom: byte for byte what nobody has changed."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd
from comparison import pydicom_file
from data_paths import BRAIN_MR, CT_SMALL, FILES
from rapidicom.filewriter import write_file_meta_info

pydicom = pytest.importorskip("pydicom")

PATHS = [*sorted(FILES.glob("*.dcm")), BRAIN_MR / "0001.dcm"]
WITH_ITEMS = pydicom_file("nested_priv_SQ.dcm")


def written(ds: Any, **keywords: Any) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds.save_as(out, **keywords)
    return out.getvalue()


@pytest.mark.parametrize("is_looked_at", [False, True], ids=["untouched", "looked at"])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_what_nobody_changed_is_written_byte_for_byte(path: Path, is_looked_at: bool) -> None:
    ds = rd.dcmread(path, force=True)
    if is_looked_at:
        str(ds)
    assert written(ds) == written(pydicom.dcmread(path, force=True))


@pytest.mark.parametrize("name", ["no_meta_group_length.dcm", "nested_priv_SQ.dcm"])
def test_the_whole_file_is_the_same(name: str) -> None:
    path = pydicom_file(name)
    assert written(rd.dcmread(path)) == path.read_bytes()


def change_text(ds: Any) -> None:
    ds.PatientName = "X^Y"


def change_list(ds: Any) -> None:
    ds.ImageType[0] = "DERIVED"


def change_in_place(ds: Any) -> None:
    ds.PixelSpacing[1] = 2.5


def delete(ds: Any) -> None:
    del ds.StudyID


def add(ds: Any) -> None:
    ds.add_new(0x00104000, "LT", "some text")


def add_private(ds: Any) -> None:
    ds.private_block(0x000B, "Someone", create=True).add_new(1, "US", 7)


def change_pixels(ds: Any) -> None:
    ds.PixelData = bytes(len(ds.PixelData))


def change_meta(ds: Any) -> None:
    ds.file_meta.ImplementationVersionName = "CHANGED"


def replace_character_set(ds: Any) -> None:
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = "M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller"


@pytest.mark.parametrize(
    "change",
    [
        change_text, change_list, change_in_place, delete, add, add_private, change_pixels,
        change_meta, replace_character_set,
    ],
)  # fmt: skip
def test_changes_are_written_as_by_pydicom(change: Callable[[Any], None]) -> None:
    ours, theirs = rd.dcmread(CT_SMALL), pydicom.dcmread(CT_SMALL)
    change(ours)
    change(theirs)
    assert written(ours) == written(theirs)


def change_item(sequence: Any) -> None:
    sequence[0].add_new(0x00080100, "SH", "CHANGED")


def remove_item(sequence: Any) -> None:
    del sequence[0]


def double_item(sequence: Any) -> None:
    sequence.append(sequence[0])


@pytest.mark.parametrize("is_undefined", [False, True], ids=["defined", "undefined"])
@pytest.mark.parametrize("change", [change_item, remove_item, double_item])
def test_changes_of_items_are_written_as_by_pydicom(
    change: Callable[[Any], None], is_undefined: bool
) -> None:
    item = pydicom.Dataset()
    item.CodeMeaning = "some meaning"
    item.is_undefined_length_sequence_item = is_undefined
    inner = pydicom.Dataset()
    inner.CodeValue = "inner"
    item.PurposeOfReferenceCodeSequence = [inner]
    whole = pydicom.dcmread(CT_SMALL)
    whole.ProcedureCodeSequence = [item, pydicom.Dataset()]
    whole["ProcedureCodeSequence"].is_undefined_length = is_undefined
    data = written(whole)
    ours, theirs = rd.dcmread(data), pydicom.dcmread(io.BytesIO(data))
    str(ours)
    assert written(ours) == data
    for ds in (ours, theirs):
        change(ds.ProcedureCodeSequence)
    assert written(ours) == written(theirs)


def test_an_item_of_another_file_is_not_taken_for_the_one_in_its_place() -> None:
    one, other = pydicom.dcmread(CT_SMALL), pydicom.dcmread(CT_SMALL)
    for ds, code in ((one, "first"), (other, "other")):
        item = pydicom.Dataset()
        item.CodeValue = code
        ds.ProcedureCodeSequence = [item]
    ours = rd.dcmread(written(one))
    ours.ProcedureCodeSequence[0] = rd.dcmread(written(other)).ProcedureCodeSequence[0]
    assert rd.dcmread(written(ours)).ProcedureCodeSequence[0].CodeValue == "other"


def test_another_encoding_can_be_asked_for() -> None:
    ours, theirs = rd.dcmread(CT_SMALL), pydicom.dcmread(CT_SMALL)
    for ds in (ours, theirs):
        ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
    assert written(ours) == written(theirs) != CT_SMALL.read_bytes()


def test_a_file_can_be_written_over_itself(tmp_path: Path) -> None:
    path = tmp_path / "copy.dcm"
    path.write_bytes(CT_SMALL.read_bytes())
    ds = rd.dcmread(path)
    ds.PatientID = "other"
    ds.save_as(path)
    again = rd.dcmread(path)
    assert again.PatientID == "other"
    assert again.PixelData == rd.dcmread(CT_SMALL).PixelData
    with pytest.raises(FileExistsError):
        again.save_as(path, overwrite=False)


def test_functions_write_data_sets_of_both(tmp_path: Path) -> None:
    for ds in (rd.dcmread(CT_SMALL), pydicom.dcmread(CT_SMALL)):
        rd.dcmwrite(tmp_path / "a.dcm", ds)
        assert (tmp_path / "a.dcm").read_bytes() == CT_SMALL.read_bytes()
    out, expected = io.BytesIO(), io.BytesIO()
    write_file_meta_info(out, rd.dcmread(CT_SMALL).file_meta)
    pydicom.filewriter.write_file_meta_info(expected, pydicom.dcmread(CT_SMALL).file_meta)
    assert out.getvalue() == expected.getvalue()


def new_file(module: Any) -> Any:
    """Make a file as programs for pydicom do."""
    meta = module.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    ds = module.dataset.FileDataset("new.dcm", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.PatientName = "Test^Name"
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, "1.2.3"
    ds.is_little_endian = True
    ds.is_implicit_VR = False
    return ds


def test_a_new_file_is_written_as_by_pydicom() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = new_file(rd), new_file(pydicom)
    assert ours.filename == theirs.filename == "new.dcm"
    assert written(ours) == written(theirs)
    assert written(ours, enforce_file_format=True) == written(theirs, enforce_file_format=True)


def test_a_data_set_of_no_known_encoding_is_refused_as_by_pydicom() -> None:
    for module in (rd, pydicom):
        ds = module.Dataset()
        ds.PatientName = "Test"
        with pytest.raises(ValueError, match="Unable to determine the encoding"):
            ds.save_as(io.BytesIO())
        assert written(ds, implicit_vr=False, little_endian=True)


def test_text_of_a_named_character_set_is_not_changed() -> None:
    data = CT_SMALL.read_bytes().replace(
        b"CompressedSamples^CT1", b"CompressedSampl\xc3\xbcs^CT1"[:21]
    )
    ds = rd.dcmread(data, charset="ISO_IR 192")
    str(ds)
    assert written(ds) == data


def test_without_pydicom_one_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    ds = rd.dcmread(CT_SMALL)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    for call in (
        lambda: ds.save_as("file.dcm"),
        lambda: rd.dcmwrite("file.dcm", ds),
        lambda: write_file_meta_info(io.BytesIO(), ds.file_meta),
        ds.to_pydicom,
    ):
        with pytest.raises(ImportError, match=r'pip install "rapidicom\[pydicom\]"') as caught:
            call()
        assert caught.value.name == "pydicom"
