"""Details that programs written for pydicom see, compared with pydicom itself."""

from __future__ import annotations

import importlib
import io
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from data_paths import CT_SMALL, FILES
from rapidicom import DataElement, Dataset
from rapidicom.fileset import FileSet
from rapidicom.uid import generate_uid

pydicom = pytest.importorskip("pydicom")

# Pixel Data of undefined length, in one fragment.
_FRAGMENTS = bytes.fromhex(
    "e07f1000 4f420000 ffffffff"  # (7FE0,0010) OB, undefined length
    "feff00e0 00000000"  # Basic Offset Table, empty
    "feff00e0 04000000 01020304"  # one fragment
    "feffdde0 00000000"  # Sequence Delimitation Item
)


def our_and_their(module: str) -> tuple[Any, Any]:
    """Return our module and pydicom's."""
    return importlib.import_module(f"rapidicom.{module}"), importlib.import_module(
        f"pydicom.{module}"
    )


def result_and_warned(call: Callable[[], Any]) -> tuple[Any, bool]:
    """Return what a call gives, and whether it warns."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        # Not those of another test's objects, which are collected at any time.
        warnings.simplefilter("ignore", ResourceWarning)
        result = call()
    return result, bool(found)


@pytest.mark.parametrize("term", ["ISO_2022-IR 100", "ISO_2022_IR+100", "ISO-IR 100", "ISO_IR 100"])
def test_terms_with_other_separators(term: str) -> None:
    ours, theirs = our_and_their("charset")
    assert (
        result_and_warned(lambda: ours.convert_encodings(term))[0]
        == result_and_warned(lambda: theirs.convert_encodings(term))[0]
    )


def test_escape_sequences_of_no_set_are_warned_of() -> None:
    ours, theirs = our_and_their("charset")
    text = b"\x1b-F\xc4\xe9\xef"
    for module in (ours, theirs):
        assert result_and_warned(
            lambda module=module: module.decode_bytes(text, ["iso8859"], set())
        )[1]


@pytest.mark.parametrize("text", ["a\\b", " a \\ b \\c ", "\0a \\b\0 \0"])
def test_spaces_of_values_that_are_not_last(text: str) -> None:
    ours, theirs = our_and_their("values")
    assert ours.multi_string(text) == theirs.multi_string(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [("DA", "20200229"), ("TM", "010203.000004"), ("DT", "20200229010203.000004+0100")],
)
def test_dates_pickle_with_the_text_that_they_were_given(name: str, value: str) -> None:
    for module in our_and_their("valuerep"):
        made = getattr(module, name)(value)
        made.original_string = "another"
        again = pickle.loads(pickle.dumps(made))
        assert again == made
        assert again.original_string == "another"


@pytest.mark.parametrize(("name", "value"), [("TM", "235960"), ("DT", "20161231235960")])
def test_leap_seconds_are_warned_of(name: str, value: str) -> None:
    ours, theirs = our_and_their("valuerep")
    (our_value, we_warn), (their_value, they_warn) = (
        result_and_warned(lambda module=module: getattr(module, name)(value))
        for module in (ours, theirs)
    )
    assert our_value.second == their_value.second == 59
    assert we_warn
    assert they_warn


@pytest.mark.parametrize("length", [54, 55, 63])
def test_prefix_of_a_uid(length: int) -> None:
    prefix = "1." * (length // 2 - 1) + ("1." if length % 2 == 0 else "11.")
    assert len(prefix) == length
    for make in (generate_uid, importlib.import_module("pydicom.uid").generate_uid):
        if length <= 54:
            assert make(prefix).startswith(prefix)
        else:
            with pytest.raises(ValueError):
                make(prefix)


def test_list_with_a_validator_of_its_own() -> None:
    for module in our_and_their("multival"):
        base = getattr(module, "ConvertingList", None) or module.ConstrainedList

        class Evens(base):  # type: ignore[misc]  # the base is found above
            def _validate(self, item: Any) -> int:
                if item % 2:
                    raise ValueError("odd")
                return int(item)

        evens = Evens([2, 4])
        evens.append(6)
        assert list(evens) == [2, 4, 6]
        with pytest.raises(ValueError):
            evens.append(7)
        with pytest.raises(ValueError):
            Evens([1])


def test_bytes_of_unknown_vr_in_json_take_that_of_the_dictionary() -> None:
    model = {
        "00100020": {"vr": "UN", "InlineBinary": "QUJD"},
        "00091001": {"vr": "UN", "InlineBinary": "QUJD"},
    }
    ours, theirs = Dataset.from_json(model), pydicom.Dataset.from_json(model)
    assert [each.VR for each in ours] == [each.VR for each in theirs] == ["UN", "LO"]


def test_unknown_tag_without_vr_is_warned_of() -> None:
    for name in ("rawelement", "dataelem"):
        module = importlib.import_module(
            "rapidicom.rawelement" if name == "rawelement" else "pydicom.dataelem"
        )
        raw = module.RawDataElement(pydicom.tag.Tag(0x88880002), None, 2, b"\0\0", 0, True, True)
        element, warned = result_and_warned(
            lambda module=module, raw=raw: module.convert_raw_data_element(raw)
        )
        assert element.VR == "UN"
        assert warned


def test_raw_value_of_fragments_has_no_delimiter() -> None:
    for module in our_and_their("filereader"):
        (raw,) = module.data_element_generator(io.BytesIO(_FRAGMENTS), False, True)
        assert raw.length == 0xFFFF_FFFF
        assert raw.value == _FRAGMENTS[12:-8]


def test_raw_values_that_are_long_are_left_out() -> None:
    data = bytes.fromhex("10001000 04000000") + b"A^B " + bytes.fromhex("10002000 02000000") + b"12"
    for module in our_and_their("filereader"):
        found = list(module.data_element_generator(io.BytesIO(data), True, True, defer_size=3))
        assert [(raw.value, raw.value_tell) for raw in found] == [(None, 8), (b"12", 20)]


def test_file_set_without_uid_is_given_one() -> None:
    path = pydicom.data.get_testdata_file("DICOMDIR")
    directory = importlib.import_module("rapidicom").dcmread(path)
    directory.file_meta.MediaStorageSOPInstanceUID = None
    files = FileSet(directory)
    assert files.UID.is_valid
    assert files.UID == files.UID


def test_json_asks_the_method_of_an_element(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = Dataset()
    dataset.PatientID = "1"
    monkeypatch.setattr(DataElement, "to_json_dict", lambda *_: {"vr": "LO", "Value": ["2"]})
    assert dataset.to_json_dict() == {"00100020": {"vr": "LO", "Value": ["2"]}}


@pytest.mark.parametrize("plugin", ["gdcm", "pillow", "pyjpegls", "pylibjpeg", "rle"])
def test_plugins_take_the_transfer_syntaxes_that_pydicoms_do(plugin: str) -> None:
    ours, theirs = our_and_their(f"pixels.decoders.{plugin}")
    assert ours.DECODER_DEPENDENCIES.keys() == theirs.DECODER_DEPENDENCIES.keys()
    assert all(ours.is_available(uid) for uid in theirs.DECODER_DEPENDENCIES)
    assert not ours.is_available("1.2.3.4")


@pytest.mark.parametrize(
    ("vr", "tag", "wrong", "right"),
    [
        ("US", 0x00280010, [-1, 65536], [0, 65535]),
        ("SS", 0x00189219, [-32769, 32768], [-32768, 32767]),
        ("UL", 0x00081161, [-1, 2**32], [0, 2**32 - 1]),
        ("SL", 0x00186020, [-(2**31) - 1, 2**31], [-(2**31), 2**31 - 1]),
        ("UV", 0x7FE00001, [-1, 2**64], [0, 2**64 - 1]),
        ("SV", 0x00720082, [-(2**63) - 1, 2**63], [-(2**63), 2**63 - 1]),
    ],
)
def test_numbers_that_do_not_fit_their_vr_warn(
    vr: str, tag: int, wrong: list[int], right: list[int]
) -> None:
    ours, theirs = our_and_their("dataelem")
    for module in (ours, theirs):
        for value in [*wrong, [right[0], wrong[1]]]:
            assert result_and_warned(lambda: module.DataElement(tag, vr, value))[1], value  # noqa: B023
        for value in [*right, right]:
            assert not result_and_warned(lambda: module.DataElement(tag, vr, value))[1], value  # noqa: B023
    with pytest.warns(UserWarning) as found:
        ours.DataElement(tag, vr, wrong[0])
    assert str(wrong[0]) not in str(found[0].message)


def test_a_private_creator_that_is_no_text_warns() -> None:
    ours, theirs = our_and_their("dataset")
    for module in (ours, theirs):
        ds = module.Dataset()
        ds.add_new(0x00250010, "SL", [1, 2])
        ds.add_new(0x00250011, "LO", "CREATOR")
        ds.add_new(0x00251007, "UN", b"one")
        ds.add_new(0x00251107, "UN", b"two")
        assert result_and_warned(lambda: str(ds[0x00251007]))[1]  # noqa: B023
        assert not result_and_warned(lambda: str(ds[0x00251107]))[1]  # noqa: B023


def test_the_buffer_of_a_deflated_file_has_what_was_inflated() -> None:
    from pydicom.filebase import DicomBytesIO

    path = FILES / "image_dfl.dcm"
    if not path.exists():
        pytest.skip("image_dfl.dcm is not among the files")
    ours, theirs = rd.dcmread(path), pydicom.dcmread(path)
    assert isinstance(ours.buffer, DicomBytesIO)
    assert ours.fileobj_type == theirs.fileobj_type == DicomBytesIO
    assert ours.buffer.getvalue() == theirs.buffer.getvalue()
    assert ours.filename == str(path)
    assert pickle.loads(pickle.dumps(ours)) == ours
    assert rd.dcmread(CT_SMALL).buffer is None
    assert rd.dcmread(CT_SMALL).fileobj_type is open


def test_short_tables_are_index_errors_too() -> None:
    ds = Dataset()
    ds.ModalityLUTSequence = [Dataset()]
    item = ds.ModalityLUTSequence[0]
    item.LUTDescriptor, item.LUTData = [0, 0, 16], [1, 2, 3]
    array = np.array([0, 2, 65535], np.uint16)
    with pytest.raises(IndexError) as found:
        rd.apply_modality_lut(array, ds)
    assert isinstance(found.value, rd.InvalidDicomError)
    assert pickle.loads(pickle.dumps(found.value)).args == found.value.args


@pytest.mark.parametrize("name", ["missing delimiter", "implicit meta", "other encoding"])
def test_what_pydicom_warns_of_on_reading_warns(name: str) -> None:
    meta = bytes.fromhex("0200 1000 5549 1400") + b"1.2.840.10008.1.2.1\0"
    rows = bytes.fromhex("2800 1000 5553 0200 0500")
    start = bytes(128) + b"DICM"
    data = {
        "missing delimiter": start + meta + rows + _FRAGMENTS[:-8],
        "implicit meta": start + bytes.fromhex("0200 1000 1400 0000") + meta[8:] + rows,
        "other encoding": start + meta + bytes.fromhex("2800 1000 0200 0000 0500"),
    }[name]
    for module in (rd, pydicom):
        ds, has_warned = result_and_warned(lambda: module.dcmread(io.BytesIO(data)))  # noqa: B023
        assert has_warned
        assert isinstance(ds, module.Dataset)
    assert rd.dcmread(io.BytesIO(data)).Rows == 5
