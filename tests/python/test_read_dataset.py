"""Data sets and values outside files, and functions of pydicom's smaller modules."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, encode, file_bytes, image
from data_paths import BRAIN_MR
from rapidicom import charset, config, misc, values
from rapidicom.filereader import (
    data_element_generator,
    read_dataset,
    read_file_meta_info,
    read_partial,
    read_preamble,
)
from rapidicom.pixel_data_handlers import util
from rapidicom.rawelement import RawDataElement, convert_raw_data_element
from rapidicom.tag import Tag

BRAIN = BRAIN_MR / "0001.dcm"
ELEMENTS = [
    Element(0x00080060, "CS", "CT"),
    Element(0x00100020, "LO", "4711"),
    Element(0x00280010, "US", 3),
]


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.parametrize("big", [False, True])
def test_data_set_outside_a_file(explicit: bool, big: bool) -> None:
    content = encode(ELEMENTS, explicit=explicit, big_endian=big)
    source = io.BytesIO(content + b"after it")
    ds = read_dataset(source, not explicit, not big, bytelength=len(content))
    assert (ds.Modality, ds.PatientID, ds.Rows) == ("CT", "4711", 3)
    assert ds.original_encoding == (not explicit, not big)
    assert source.read() == b"after it"


def test_reading_stops_where_stop_when_says() -> None:
    content = encode(ELEMENTS)
    ds = read_dataset(
        io.BytesIO(content), False, True, stop_when=lambda tag, vr, length: tag == 0x00100020
    )
    assert ds.dir() == ["Modality"]
    ds = read_dataset(io.BytesIO(content), False, True, specific_tags=["Rows"])
    assert ds.dir() == ["Rows"]
    part = read_partial(io.BytesIO(BRAIN.read_bytes()), lambda tag, vr, length: tag.group > 0x0008)
    assert {tag.group for tag in part.keys()} == {0x0008}  # noqa: SIM118  # pydicom's way


def test_wrong_vr_encoding_argument_warns() -> None:
    with pytest.warns(UserWarning, match="have VRs"):
        assert read_dataset(io.BytesIO(encode(ELEMENTS)), True, True).Rows == 3
    with pytest.warns(UserWarning, match="have no VRs"):
        assert read_dataset(io.BytesIO(encode(ELEMENTS, explicit=False)), False, True).Rows == 3


def test_raw_elements_are_decoded_with_their_data_set() -> None:
    raw = list(data_element_generator(io.BytesIO(encode(ELEMENTS)), False, True))
    assert [element.tag for element in raw] == [0x00080060, 0x00100020, 0x00280010]
    assert raw[2] == RawDataElement(raw[2].tag, "US", 2, b"\x03\x00", 30, False, True)
    assert [convert_raw_data_element(each).value for each in raw] == ["CT", "4711", 3]
    ds = rd.Dataset()
    ds.PixelRepresentation = 1
    smallest = RawDataElement(0x00280106, "US or SS", 2, b"\xff\xff", 0, False, True)
    ds[0x00280106] = smallest
    assert ds.SmallestImagePixelValue == -1


def test_parts_of_a_file() -> None:
    meta = read_file_meta_info(BRAIN)
    assert meta.TransferSyntaxUID == rd.dcmread(BRAIN).file_meta.TransferSyntaxUID
    with BRAIN.open("rb") as file:
        assert len(read_preamble(file, False)) == 128
        assert file.tell() == 132
    nothing = io.BytesIO(b"no DICOM")
    assert read_preamble(nothing, True) is None
    with pytest.raises(rd.InvalidDicomError):
        read_preamble(nothing, False)


@pytest.mark.parametrize(
    ("vr", "data", "expected"),
    [
        ("DS", b"1.5\\2 ", [1.5, 2]),
        ("IS", b"12", 12),
        ("UI", b"1.2.3\0", "1.2.3"),
        ("AT", b"\x10\x00\x20\x00", 0x00100020),
        ("US", b"\x01\x00\x02\x00", [1, 2]),
        ("LO", b"a\\b ", ["a", "b"]),
        ("LT", b"a\\b ", "a\\b"),
        ("OB", b"\x01\x02", b"\x01\x02"),
        ("PN", "Müller^A".encode("latin-1"), "Müller^A"),
    ],
)
def test_value_of_bytes(vr: str, data: bytes, expected: object) -> None:
    raw = RawDataElement(0x00091001, vr, len(data), data, 0, False, True)
    assert values.convert_value(vr, raw, ["latin_1"]) == expected


def test_unknown_vr_has_no_value() -> None:
    with pytest.raises(NotImplementedError):
        values.convert_value("XX", RawDataElement(0x00091001, "XX", 0, b"", 0, False, True))


def test_text_of_bytes() -> None:
    encodings = charset.convert_encodings(["", "ISO 2022 IR 87"])
    assert encodings == ["iso8859", "iso2022_jp"]
    assert (
        charset.decode_bytes(b"\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", encodings, {0x5E}) == "山田^太郎"
    )
    with pytest.warns(UserWarning, match="U\\+FFFD"):
        assert charset.decode_bytes(b"\xff", ["UTF8"]) == "\ufffd"
    with pytest.warns(UserWarning, match="misspelt"):
        assert charset.convert_encodings("ISO-IR 144") == ["iso_ir_144"]


def test_json_and_back() -> None:
    ds = rd.dcmread(BRAIN, stop_before_pixels=True)
    again = rd.Dataset.from_json(json.loads(ds.to_json()))
    assert again.to_json_dict() == ds.to_json_dict()
    with pytest.raises(KeyError):
        rd.Dataset.from_json({"00100020": {"Value": ["1"]}})
    with pytest.raises(TypeError, match="must be a list"):
        rd.Dataset.from_json({"00100020": {"vr": "LO", "Value": "1"}})


def test_settings_that_change_nothing_are_taken_and_others_refused() -> None:
    config.settings.reading_validation_mode = config.IGNORE
    config.settings.reading_validation_mode = config.WARN
    config.use_DS_decimal = False
    with pytest.raises(rd.UnsupportedError, match="use_DS_decimal"):
        config.use_DS_decimal = True
    with pytest.raises(rd.UnsupportedError, match="reading_validation_mode"):
        config.settings.reading_validation_mode = config.RAISE


def test_small_helpers(tmp_path: Path) -> None:
    assert misc.is_dicom(BRAIN)
    (tmp_path / "text").write_text("no DICOM")
    assert not misc.is_dicom(tmp_path / "text")
    assert [misc.size_in_bytes(size) for size in ("12", "2 kB", "1MiB", None, 7)] == [
        12,
        2000,
        2**20,
        None,
        7,
    ]
    with pytest.raises(ValueError, match="furlong"):
        misc.size_in_bytes("2 furlong")


def test_old_functions_on_pixels() -> None:
    stored = np.arange(12, dtype=np.int16).reshape(3, 4)
    ds = rd.dcmread(file_bytes(image(stored)))
    assert util.get_expected_length(ds) == 24
    samples = np.frombuffer(ds.PixelData, util.pixel_dtype(ds))
    np.testing.assert_array_equal(util.reshape_pixel_array(ds, samples), stored)
    bits = np.array([1, 0, 0, 1, 1, 0, 0, 0, 1], np.uint8)
    np.testing.assert_array_equal(util.unpack_bits(util.pack_bits(bits))[:9], bits)
    assert util.expand_ybr422(b"\x01\x02\x03\x04", 8) == b"\x01\x03\x04\x02\x03\x04"


def test_colours_turn_as_in_pydicom() -> None:
    pydicom = pytest.importorskip("pydicom")
    colours = np.random.default_rng(3).integers(0, 256, (5, 7, 3), np.uint8)
    for current, desired in (("RGB", "YBR_FULL"), ("YBR_FULL", "RGB")):
        expected = pydicom.pixels.convert_color_space(colours, current, desired)
        found = util.convert_color_space(colours, current, desired)
        assert found.dtype == expected.dtype
        assert np.abs(found.astype(int) - expected).max() <= 1


def test_raw_element_can_have_a_value_instead_of_bytes() -> None:
    raw = RawDataElement(Tag(0x00280010), None, 2, 512, 0, True, True)  # type: ignore[arg-type]
    element = convert_raw_data_element(raw)
    assert (element.VR, element.value) == ("US", 512)


def test_unknown_encoding_is_the_default_one_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="unknown encoding"):
        assert values.convert_single_string(b"caf\xe9", ["none-such"]) == "café"
