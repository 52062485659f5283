"""Pickles that version 0.1 wrote are read, and mean what they meant.

Version 0.1 wrote `tests/data/pickles/0.1` with protocol 4, in a folder `/scans` that is gone; paths
inside are absolute, or relative to that folder.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from rapidicom import errors, uid
from rapidicom.dataelem import RawDataElement
from rapidicom.multival import MultiValue
from rapidicom.sequence import Sequence
from rapidicom.tag import BaseTag
from rapidicom.valuerep import DA, DT, IS, TM, DSfloat, ISfloat, PersonName

DATA = Path(__file__).resolve().parents[1] / "data"
PICKLES = DATA / "pickles" / "0.1"
SERIES = [f"tests/data/brain-mr/000{number}.dcm" for number in (1, 2, 3)]


def load(name: str) -> Any:
    return pickle.loads((PICKLES / f"{name}.pickle").read_bytes())


def again(name: str) -> Any:
    """Load a pickle of version 0.1, pickle that and load it."""
    return pickle.loads(pickle.dumps(load(name)))


@pytest.mark.parametrize("read", [load, again])
@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("ds_float", DSfloat, DSfloat("2.50")),
        ("ds_float_of_number", DSfloat, DSfloat(2.5)),
        ("is", IS, IS("07")),
        ("is_plain", IS, IS(7)),
        ("is_float", ISfloat, ISfloat("1.5")),
        ("uid", uid.UID, uid.ExplicitVRLittleEndian),
        ("base_tag", BaseTag, BaseTag(0x0010_0010)),
        ("person_name", PersonName, PersonName("Muster^Anna=ムスター")),
        ("person_name_of_bytes", PersonName, PersonName("Müller^Jürgen")),
        ("multi_value", MultiValue, [1.5, 2]),
        ("multi_value_read", MultiValue, [-120, -120, -60.00000381]),
        ("multi_value_appended", MultiValue, [-120, -120, -60.00000381, 4]),
        ("multi_value_set", MultiValue, [0.5, 0.75]),
        ("date", DA, DA("20240229")),
        ("date_time", DT, DT("20240229123456.5+0100")),
        ("time", TM, TM("123456.5")),
        ("data_element", rd.DataElement, rd.DataElement(0x0010_0010, "PN", "Muster^Anna")),
        ("data_element_list", rd.DataElement, rd.DataElement(0x0028_0030, "DS", ["0.50", "0.75"])),
        (
            "raw_element",
            RawDataElement,
            (0x0010_0020, "LO", 4, b"4711", 100, False, True, True, False),
        ),
        ("tolerances", rd.Tolerances, rd.Tolerances(cosine=0.01, tilt_degrees=1.5)),
    ],
)
def test_values_are_what_they_were(
    read: Callable[[str], Any], name: str, kind: type, expected: object
) -> None:
    found = read(name)
    assert type(found) is kind
    assert found == expected


def test_numbers_keep_their_text() -> None:
    assert [load(name).original_string for name in ("ds_float", "is", "is_plain", "is_float")] == [
        "2.50",
        "07",
        "7",
        "1.5",
    ]
    assert not hasattr(load("ds_float_of_number"), "original_string")
    assert load("date_time").original_string == "20240229123456.5+0100"
    assert load("person_name_of_bytes").original_string == "Müller^Jürgen".encode("latin-1")


@pytest.mark.parametrize(
    "name", ["multi_value", "multi_value_read", "multi_value_appended", "multi_value_set"]
)
@pytest.mark.parametrize("read", [load, again])
def test_lists_still_convert_what_is_put_in(read: Callable[[str], Any], name: str) -> None:
    values = read(name)
    values.append("7.250")
    assert type(values[-1]) is DSfloat
    assert values[-1].original_string == "7.250"


def test_a_sequence_holds_data_sets() -> None:
    sequence = load("sequence")
    assert type(sequence) is Sequence
    (item,) = sequence
    assert type(item) is rd.Dataset
    assert item.ReferencedSOPInstanceUID == "1.2.3.5"
    assert item.ReferencedSOPClassUID == uid.MRImageStorage
    with pytest.raises(TypeError, match="holds Dataset instances"):
        sequence.append("no data set")


@pytest.mark.parametrize("read", [load, again])
def test_a_data_set_made_in_memory(read: Callable[[str], Any]) -> None:
    ds = read("dataset_in_memory")
    assert type(ds) is rd.Dataset
    assert ds.PatientName.ideographic == "ムスター^アンナ"
    assert [
        (element.VR, element.keyword, element.value) for element in ds if element.VR != "SQ"
    ] == [
        ("CS", "ImageType", ["ORIGINAL", "PRIMARY"]),
        ("UI", "SOPInstanceUID", "1.2.3.4"),
        ("DA", "StudyDate", "20240229"),
        ("IS", "ReferencedFrameNumber", [1, 2, 3]),
        ("FL", "RecommendedDisplayFrameRateInFloat", 12.5),
        ("LO", "", "MADE UP"),
        ("SH", "", "private"),
        ("PN", "PatientName", "Muster^Anna=ムスター^アンナ"),
        ("LO", "PatientID", "4711"),
        ("DS", "SliceThickness", 2.5),
        ("IS", "InstanceNumber", 7),
        ("AT", "FrameIncrementPointer", 0x0018_1063),
        ("US", "Rows", 4),
        ("DS", "PixelSpacing", [0.5, 0.75]),
        ("US or SS", "RedPaletteColorLookupTableDescriptor", [256, 0, 16]),
        ("OB or OW", "PixelData", b"\1\2\3\4"),
    ]
    assert ds.ReferencedImageSequence[0].ReferencedSOPInstanceUID == "1.2.3.5"
    assert ds.private_block(0x0009, "MADE UP")[1].value == "private"
    assert type(ds.file_meta) is rd.FileMetaDataset
    assert ds.file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian
    assert ds.note == "an attribute that is no element"


def test_a_data_set_that_was_read_keeps_what_was_changed() -> None:
    ds = load("dataset_read")
    expected = rd.dcmread(DATA / "files" / "rtdose_1frame.dcm")
    expected.PatientName = "Changed^After"
    expected.PixelSpacing[0] = 2.5
    del expected.Manufacturer
    assert ds.tags() == expected.tags()
    assert [ds[tag] for tag in ds.tags()[:-1]] == [expected[tag] for tag in ds.tags()[:-1]]
    assert ds.file_meta == expected.file_meta
    assert ds.preamble == expected.preamble
    assert ds.filename == "/scans/tests/data/files/rtdose_1frame.dcm"
    # Pixels stay in the file, which is on another machine.
    with pytest.raises(FileNotFoundError) as caught:
        ds.pixel_array  # noqa: B018
    assert caught.value.filename == ds.filename


def test_a_data_set_that_was_read_and_not_changed() -> None:
    ds = load("dataset_unchanged")
    expected = rd.dcmread(DATA / "files" / "chrFrenMulti.dcm")
    assert ds == expected
    assert ds.PatientName == "Buc^Jérôme"
    assert ds.specific_character_set == ("ISO_IR 100",)


def found_in_brain_mr(monkeypatch: pytest.MonkeyPatch, paths: list[str]) -> rd.Series:
    monkeypatch.chdir(DATA.parents[1])
    (series,) = rd.find_series(paths)
    return series


def test_a_series(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    series, expected = load("series"), found_in_brain_mr(monkeypatch, SERIES)
    assert type(series) is rd.Series
    for name in (
        *(
            "uid",
            "study_uid",
            "modality",
            "description",
            "number",
            "paths",
            "frames",
            "shape",
            "axes",
        ),
        *("spacing", "coords", "report"),
    ):
        assert getattr(series, name) == getattr(expected, name), name
    assert np.array_equal(series.affine, expected.affine)
    assert series.stacks == [series]
    # Reading looks for the files again.
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="No such file"):
        series.read()


def test_a_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = load("volume")
    expected = found_in_brain_mr(monkeypatch, SERIES).read(
        rows=slice(38, 42), columns=slice(38, 43)
    )
    assert type(volume) is rd.Volume
    assert volume.array.any()
    assert np.array_equal(volume.array, expected.array)
    assert (volume.dtype, volume.shape) == (np.dtype("float32"), (3, 4, 5))
    for name in ("affine", "windows", "slice_times", "direction", "origin"):
        assert np.array_equal(getattr(volume, name), getattr(expected, name), equal_nan=True), name
    for name in (
        *(
            "spacing",
            "axes",
            "coords",
            "paths",
            "frames",
            "series_uid",
            "modality",
            "report",
            "scaling",
        ),
    ):
        assert getattr(volume, name) == getattr(expected, name), name
    assert volume.datasets[2].InstanceNumber == expected.datasets[2].InstanceNumber


def test_a_report_and_its_issues() -> None:
    report, issue = load("report"), load("issue")
    assert (type(report), type(issue)) == (rd.Report, rd.Issue)
    assert report.issues == [issue]
    assert report.slices == [(SERIES[0], 0), (SERIES[1], 0), ("tests/data/brain-mr/0005.dcm", 0)]
    assert (issue.kind, issue.is_error, issue.cells) == ("gap", True, [])
    assert issue.paths == [SERIES[1], "tests/data/brain-mr/0005.dcm"]
    assert issue.numbers == pytest.approx(
        {"expected_mm": 3, "found_mm": 9, "missing_count": 2, "slice_index": 1}, rel=1e-5
    )
    assert issue.sentence == (
        "2 slices are missing between slices 1 and 2: they are 9 mm apart, expected 3 mm"
    )


def test_a_table() -> None:
    table = load("table")
    assert type(table) is rd.Table
    row = {"Rows": 80, "PixelSpacing": [3, 3], "Modality": "MR", "SliceThickness": 3}
    image_type = "ORIGINAL\\PRIMARY\\GDC"
    assert table.to_dicts() == [{"path": path, **row, "ImageType": image_type} for path in SERIES]
    assert (table.errors, table.skipped, table.invalid) == ([], 0, [])


@pytest.mark.parametrize(
    "kind",
    [
        errors.DicomError,
        errors.InvalidDicomError,
        errors.MissingElementError,
        errors.UnsupportedError,
        errors.LimitError,
    ],
)
def test_errors_keep_their_place(kind: type[errors.DicomError]) -> None:
    error = load(f"error_{kind.__name__}")
    assert type(error) is kind
    assert str(error) == "a/b.dcm: what is wrong. Copy it again."
    assert (error.path, error.tag, error.offset) == ("a/b.dcm", BaseTag(0x7FE0_0010), 1482)
    assert (error.frame, error.hint) == (3, "Copy it again.")


@pytest.mark.parametrize("name", sorted(set(errors.__all__) - {"BytesLengthException"}))
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_each_error_is_pickled_with_all_that_it_knows(name: str, protocol: int) -> None:
    kind = getattr(errors, name)
    place: dict[str, Any] = {
        "path": "a/b.dcm",
        "tag": 0x7FE00010,
        "offset": 9,
        "frame": 3,
        "hint": "Copy it.",
    }
    if kind is errors.IrregularSeriesError:
        place["report"] = load("report")
    error = kind("what is wrong", **place)
    error.note = "an attribute of somebody else"
    for other in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error)):
        assert type(other) is kind
        assert (str(other), other.args) == (str(error), error.args)
        assert vars(other) == vars(error)
        assert isinstance(other.tag, BaseTag)
    assert issubclass(kind, errors.DicomError)


def test_an_error_that_was_raised() -> None:
    error = load("error_raised")
    assert type(error) is errors.InvalidDicomError
    assert str(error) == "not a DICOM file: no 'DICM' prefix at byte 128"


def test_an_irregular_series_comes_with_its_report() -> None:
    error = load("irregular_series_error")
    assert type(error) is rd.IrregularSeriesError
    assert str(error).startswith("the series is irregular. gap: 2 slices are missing")
    assert error.report == load("report")


def test_every_pickle_is_looked_at() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    names = {path.stem for path in PICKLES.iterdir()}
    assert {name for name in names if f'"{name}"' not in source} == {
        f"error_{kind}"
        for kind in (
            "DicomError",
            "InvalidDicomError",
            "MissingElementError",
            "UnsupportedError",
            "LimitError",
        )
    }
