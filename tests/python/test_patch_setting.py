"""Our data sets while pydicom is patched: what is set is taken, or refused in helpful words."""

from __future__ import annotations

import io
from typing import Any

import pytest

import rapidicom as rd
from data_paths import CT_SMALL

pydicom = pytest.importorskip("pydicom")

# Under another name the function stays what it is.
pydicom_reads = pydicom.dcmread

pytestmark = pytest.mark.usefixtures("patched")

OBJECTS = {
    "dataset.Dataset": lambda ds: ds,
    "dataelem.DataElement": lambda ds: ds[0x00100010],
    "sequence.Sequence": lambda ds: ds.OtherPatientIDsSequence,
    "multival.MultiValue": lambda ds: ds.PixelSpacing,
    "valuerep.DSfloat": lambda ds: ds.PixelSpacing[0],
    "valuerep.IS": lambda ds: ds.InstanceNumber,
    "valuerep.DA": lambda ds: rd.valuerep.DA("20260101"),
    "valuerep.PersonName": lambda ds: ds.PatientName,
    "uid.UID": lambda ds: ds.SOPClassUID,
    "tag.BaseTag": lambda ds: ds[0x00100010].tag,
}


@pytest.mark.parametrize("name", OBJECTS)
def test_nothing_turns_into_a_class_of_somebody_else(name: str) -> None:
    module, _, class_name = name.partition(".")
    theirs = getattr(getattr(pydicom, module), class_name)
    derived = type("Derived", (theirs,), {})
    ours = OBJECTS[name](rd.dcmread(CT_SMALL))
    own = type(ours)
    for cls in (theirs, derived):
        with pytest.raises(rd.UnsupportedError, match=rf"{cls.__name__}: .*to_pydicom\(\)"):
            ours.__class__ = cls
    assert type(ours) is own


OTHER = {"is_little_endian": False, "is_implicit_VR": False, "preamble": b"\1" * 128}


@pytest.mark.parametrize("name", OTHER)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_how_a_file_is_written_can_be_set(name: str) -> None:
    path = CT_SMALL.parent / "MR_small_implicit.dcm"
    answers = []
    for read in (rd.dcmread, pydicom_reads):
        ds = read(path)
        assert OTHER[name] != getattr(ds, name)
        setattr(ds, name, OTHER[name])
        del ds.file_meta.TransferSyntaxUID
        out = io.BytesIO()
        try:
            pydicom.dcmwrite(out, ds)
        except Exception as error:
            answers.append((type(error), str(error)))
        answers.append((getattr(ds, name), out.getvalue()))
    assert answers[: len(answers) // 2] == answers[len(answers) // 2 :]


def test_file_meta_of_pydicom_is_taken() -> None:
    def replaced(read: Any) -> Any:
        ds = read(CT_SMALL)
        meta = pydicom.dataset.FileMetaDataset()
        meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        meta.ImplementationVersionName = "NEW"
        ds.file_meta = meta
        ds.file_meta.SourceApplicationEntityTitle = "LATER"
        out = io.BytesIO()
        pydicom.dcmwrite(out, ds)
        written = pydicom_reads(io.BytesIO(out.getvalue()))
        is_file = isinstance(ds, pydicom.FileDataset)
        is_meta = isinstance(ds.file_meta, pydicom.dataset.FileMetaDataset)
        return str(ds.file_meta), str(written.file_meta), is_file, is_meta

    ours = replaced(rd.dcmread)
    assert ours == replaced(pydicom.dcmread) == replaced(pydicom_reads)
    assert "LATER" in ours[1]


def test_file_meta_of_another_group_is_refused() -> None:
    ds = rd.dcmread(CT_SMALL)
    wrong = pydicom.Dataset()
    wrong.PatientID = "1"
    with pytest.raises(ValueError, match="0002"):
        ds.file_meta = wrong
    assert ds.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian


def test_pixels_that_are_to_be_converted_are_read() -> None:
    ds = pydicom.dcmread(CT_SMALL)
    ds.convert_pixel_data("numpy")
    assert (ds.pixel_array == pydicom_reads(CT_SMALL).pixel_array).all()
    del ds.PixelData
    with pytest.raises(AttributeError):
        ds.convert_pixel_data()
