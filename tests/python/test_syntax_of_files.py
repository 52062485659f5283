"""What the Transfer Syntax UID of a file decides, also where it is unknown, missing or doubled."""

from __future__ import annotations

import copy
import pickle
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    PREAMBLE,
    Element,
    Identity,
    Items,
    encode,
    file_around,
    file_bytes,
    file_meta,
    image,
)

GE = "1.2.840.113619.5.2"
UNKNOWN = "1.2.3.4.5.6.7"
MODALITY = Element(0x00080060, "CS", "CT")
ROWS = Element(0x00280010, "US", 3)
SYNTAX = 0x00020010


def pixels_as(content: bytes, values: np.ndarray[Any, Any], syntax: str, **options: Any) -> bytes:
    """A file of implicit VR with these pixels in these bytes."""
    elements = image(values, extra=[Element(0x7FE00010, "OW", content)], **options)
    return file_around(encode(elements, explicit=False), syntax)


@pytest.mark.parametrize("dtype", ["u2", "i2", "u4", "u1"])
@pytest.mark.parametrize("frames", [(), (3,)])
def test_pixels_of_ge_have_their_high_bytes_first(
    tmp_path: Path, dtype: str, frames: tuple[int, ...]
) -> None:
    """DCMTK swaps the words of an OW, GDCM those of 16 bits."""
    values = np.arange(np.prod((*frames, 2, 4)), dtype=dtype).reshape(*frames, 2, 4) + 1
    stored = values.astype(f">{dtype}").tobytes()
    if dtype == "u1":
        stored = values.view("<u2").astype(">u2").tobytes()
    path = tmp_path / "ge.dcm"
    path.write_bytes(pixels_as(stored, values, GE))
    ds = rd.dcmread(path)
    assert (ds.is_implicit_VR, ds.is_little_endian, ds.deviations) == (True, True, [])
    assert (ds.Rows, ds.Columns) == (2, 4)
    np.testing.assert_array_equal(ds.pixel_array, values)
    np.testing.assert_array_equal(rd.pixel_array(path), values)
    np.testing.assert_array_equal(rd.pixel_array(path.read_bytes()), values)
    assert len(list(rd.iter_pixels(path))) == (frames or (1,))[0]
    ds.PixelData = bytes(ds.PixelData)
    np.testing.assert_array_equal(ds.pixel_array, values)
    if not frames and dtype == "u2":
        np.testing.assert_array_equal(rd.read_series(path).array[0], values)
        np.testing.assert_array_equal(rd.read_batch([path])[0], values)


BODIES = {"explicit": (True, False), "implicit": (False, False), "big endian": (True, True)}


@pytest.mark.parametrize("body", BODIES)
def test_an_unknown_syntax_is_a_guess(tmp_path: Path, body: str) -> None:
    explicit, big_endian = BODIES[body]
    elements = image(np.ones((2, 3), np.uint16))
    content = encode(elements, explicit=explicit, big_endian=big_endian)
    path = tmp_path / "unknown.dcm"
    path.write_bytes(file_around(content, UNKNOWN))
    for source in (path, path.read_bytes(), path.open("rb")):
        with pytest.warns(UserWarning, match="TransferSyntaxUID is unknown") as caught:
            ds = rd.dcmread(source)
        assert len(caught) == 1
        assert [name for name, _ in ds.deviations] == ["unknown_transfer_syntax"]
        assert (ds.Modality, ds.Rows, ds.is_implicit_VR) == ("CT", 2, not explicit)
        with pytest.raises(rd.UnsupportedError, match="unknown Transfer Syntax") as error:
            _ = ds.pixel_array
        assert error.value.tag == SYNTAX
    # What the user knows counts.
    if not big_endian:
        ds.file_meta.TransferSyntaxUID = EXPLICIT_LITTLE
        np.testing.assert_array_equal(ds.pixel_array, np.ones((2, 3)))


@pytest.mark.filterwarnings("ignore:.*TransferSyntaxUID is unknown")
@pytest.mark.parametrize("explicit", [True, False])
def test_pixels_of_an_unknown_syntax_are_refused_everywhere(tmp_path: Path, explicit: bool) -> None:
    for number in (1, 2):
        identity = Identity(sop_instance=f"2.25.1{number}", instance_number=number)
        content = encode(image(np.ones((2, 3), np.uint16), identity=identity), explicit=explicit)
        (tmp_path / f"{number}.dcm").write_bytes(file_around(content, UNKNOWN))
    path = tmp_path / "1.dcm"
    for refused in (
        lambda: rd.pixel_array(path),
        lambda: list(rd.iter_pixels(path)),
        lambda: rd.read_batch([path]),
        lambda: rd.dcmread(path).frame_bytes(0),
    ):
        with pytest.raises(rd.UnsupportedError, match="unknown Transfer Syntax"):
            refused()
    with pytest.raises(rd.DicomError, match="unknown Transfer Syntax"):
        rd.read_series(tmp_path)
    table = rd.scan(tmp_path, ["Rows", "TransferSyntaxUID"])
    assert list(table["Rows"]) == [2, 2]
    assert list(table["TransferSyntaxUID"]) == [UNKNOWN] * 2


@pytest.mark.parametrize("uid", [b"", b"\0\0", b"  ", None])
def test_without_a_transfer_syntax_the_first_element_decides(uid: bytes | None) -> None:
    """As pydicom reads the header; native pixels are in the byte order that the header shows."""
    meta = b"" if uid is None else encode([Element(SYNTAX, "UI", uid)])
    pixels = np.arange(6, dtype=np.uint16).reshape(2, 3)
    for explicit, big_endian in BODIES.values():
        content = encode(image(pixels), explicit=explicit, big_endian=big_endian)
        ds = rd.dcmread(PREAMBLE + meta + content)
        assert [name for name, _ in ds.deviations] == ["missing_transfer_syntax"]
        np.testing.assert_array_equal(ds.pixel_array, pixels)


@pytest.mark.parametrize("padding", [b"\0", b" ", b"\0\0", b"  ", b" \0"])
def test_padding_of_the_uid_means_nothing(padding: bytes) -> None:
    meta = encode([Element(SYNTAX, "UI", EXPLICIT_BIG.encode() + padding)])
    ds = rd.dcmread(PREAMBLE + meta + encode([ROWS], big_endian=True))
    assert (ds.Rows, ds.deviations) == (3, [])
    assert ds.file_meta.TransferSyntaxUID == EXPLICIT_BIG


def second_metas() -> dict[str, bytes]:
    """Data sets with elements of group 0002, by what is odd about them."""
    other = encode([Element(SYNTAX, "UI", IMPLICIT_LITTLE)])
    whole = encode([MODALITY, ROWS])
    return {
        "one element": other + whole,
        "a whole one": file_meta(IMPLICIT_LITTLE) + whole,
        "twice": other + file_meta(EXPLICIT_BIG) + whole,
        "after other elements": encode([MODALITY]) + other + encode([ROWS]),
        "at the end": whole + other,
    }


@pytest.mark.parametrize("case", second_metas())
def test_the_first_file_meta_information_counts(tmp_path: Path, case: str) -> None:
    path = tmp_path / "second.dcm"
    path.write_bytes(file_around(second_metas()[case]))
    with pytest.warns(UserWarning, match="group 0002"):
        ds = rd.dcmread(path)
    assert "second_file_meta" in [name for name, _ in ds.deviations]
    assert ds.file_meta.TransferSyntaxUID == EXPLICIT_LITTLE
    assert (ds.Modality, ds.Rows, ds.is_implicit_VR) == ("CT", 3, False)
    table = rd.scan(path, ["Modality", "Rows", "TransferSyntaxUID"])
    assert [table[name][0] for name in table.columns[1:]] == ["CT", 3, EXPLICIT_LITTLE]
    assert rd.scan(path, ["TransferSyntaxUID"])["TransferSyntaxUID"][0] == EXPLICIT_LITTLE


def test_elements_out_of_order_are_one_file_meta_information() -> None:
    meta = [Element(0x00020012, "UI", "2.25.7"), Element(SYNTAX, "UI", EXPLICIT_BIG)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ds = rd.dcmread(PREAMBLE + encode(meta) + encode([ROWS], big_endian=True))
    assert (ds.Rows, ds.file_meta.ImplementationClassUID) == (3, "2.25.7")
    assert ds.file_meta.TransferSyntaxUID == EXPLICIT_BIG


def test_file_meta_information_in_an_item_changes_nothing() -> None:
    inner = [Element(SYNTAX, "UI", IMPLICIT_LITTLE), Element(0x00081155, "UI", "2.25.8")]
    ds = rd.dcmread(file_bytes([MODALITY, Element(0x00081140, "SQ", Items([inner])), ROWS]))
    assert (ds.Rows, ds.deviations) == (3, [])
    (item,) = ds.ReferencedImageSequence
    with pytest.warns(UserWarning, match="group 0002"):
        assert item.ReferencedSOPInstanceUID == "2.25.8"
    assert [name for name, _ in item.deviations] == ["second_file_meta"]


def test_the_case_of_the_reports() -> None:
    """Four pixels of GE's Transfer Syntax: as GDCM, dcmdump and SimpleITK have them."""
    values = np.array([[1, 2], [3, 4]], np.uint16)
    data = pixels_as(struct.pack(">4H", 1, 2, 3, 4), values, GE)
    assert rd.pixel_array(data).ravel().tolist() == [1, 2, 3, 4]


def with_icon(content: bytes, icon: np.ndarray[Any, Any], syntax: str) -> bytes:
    """An image whose icon has pixels in these bytes."""
    pixels = np.zeros((2, 3), np.uint16)
    item = [
        one for one in image(icon, extra=[Element(0x7FE00010, "OW", content)]) if one.tag >> 16 > 32
    ]
    elements = image(pixels, extra=[Element(0x00880200, "SQ", Items([item]))])
    return file_around(encode(elements, explicit=syntax == EXPLICIT_LITTLE), syntax)


def test_icons_are_written_as_the_pixels_of_their_file(tmp_path: Path) -> None:
    icon = np.arange(8, dtype=np.uint16).reshape(2, 4) + 1
    path = tmp_path / "icon.dcm"
    for syntax, stored in ((GE, ">u2"), (EXPLICIT_LITTLE, "<u2"), (IMPLICIT_LITTLE, "<u2")):
        path.write_bytes(with_icon(icon.astype(stored).tobytes(), icon, syntax))
        ds = rd.dcmread(path)
        (one,) = ds.IconImageSequence
        for whole in (ds, rd.dcmread(path.read_bytes()), pickle.loads(pickle.dumps(ds))):
            np.testing.assert_array_equal(whole.IconImageSequence[0].pixel_array, icon)
        for item in (one, pickle.loads(pickle.dumps(one)), copy.deepcopy(one), copy.copy(one)):
            np.testing.assert_array_equal(item.pixel_array, icon)
        one.PixelData = bytes(one.PixelData)
        np.testing.assert_array_equal(one.pixel_array, icon)


@pytest.mark.filterwarnings("ignore:.*TransferSyntaxUID is unknown")
def test_icons_of_an_unknown_syntax_are_refused(tmp_path: Path) -> None:
    icon = np.ones((2, 4), np.uint16)
    ds = rd.dcmread(with_icon(icon.tobytes(), icon, UNKNOWN))
    (one,) = ds.IconImageSequence
    for item in (one, pickle.loads(pickle.dumps(one))):
        with pytest.raises(rd.UnsupportedError, match="unknown Transfer Syntax"):
            _ = item.pixel_array
    # What the user knows counts.
    one.ensure_file_meta()
    one.file_meta.TransferSyntaxUID = IMPLICIT_LITTLE
    np.testing.assert_array_equal(one.pixel_array, icon)


@pytest.mark.parametrize("uid", [b"1.2.840.10008.1.2.1\xff", b"\xff\xfe\xfd\xfc", b"QXJM\xc3"])
def test_a_uid_of_other_bytes_is_unknown_and_not_missing(tmp_path: Path, uid: bytes) -> None:
    meta = encode([Element(SYNTAX, "UI", uid)])
    path = tmp_path / "a.dcm"
    path.write_bytes(PREAMBLE + meta + encode(image(np.ones((2, 3), np.uint16))))
    for source in (path, path.read_bytes()):
        with pytest.warns(UserWarning, match="TransferSyntaxUID is unknown"):
            ds = rd.dcmread(source)
        assert [name for name, _ in ds.deviations][:1] == ["unknown_transfer_syntax"]
        with pytest.raises(rd.UnsupportedError, match="unknown Transfer Syntax") as caught:
            _ = ds.pixel_array
        assert "QXJM" not in str(caught.value)
        assert ds.Rows == 2
