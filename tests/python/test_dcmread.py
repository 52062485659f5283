"""`rd.dcmread`: what it takes, how far it reads, and what it says of what is no DICOM file."""

from __future__ import annotations

import gc
import io
import os
import zipfile
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    PATIENT_NAME,
    PIXEL_DATA,
    Element,
    Fragments,
    file_bytes,
    file_meta,
    image,
)
from data_paths import CT_SMALL

PIXELS = np.arange(12, dtype=np.int16).reshape(3, 4)


def ct_bytes(**changes: Any) -> bytes:
    return file_bytes(image(PIXELS, **changes))


@pytest.fixture
def ct_path(tmp_path: Path) -> Path:
    path = tmp_path / "ct.dcm"
    path.write_bytes(ct_bytes())
    return path


class CountingFile(io.BytesIO):
    """A file object that remembers how far it was read."""

    furthest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.furthest = max(self.furthest, self.tell())
        return data


@pytest.mark.parametrize(
    "kind", ["str", "path", "bytes", "bytearray", "memoryview", "file", "bytesio"]
)
def test_every_source_gives_the_same(ct_path: Path, kind: str) -> None:
    data = ct_path.read_bytes()
    with ct_path.open("rb") as file:
        source = {
            "str": str(ct_path),
            "path": ct_path,
            "bytes": data,
            "bytearray": bytearray(data),
            "memoryview": memoryview(data),
            "file": file,
            "bytesio": io.BytesIO(data),
        }[kind]
        ds = rd.dcmread(source)
    assert ds == rd.dcmread(data)
    assert np.array_equal(ds.pixel_array, PIXELS)


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE])
def test_both_little_endian_encodings_give_the_same_values(syntax: str) -> None:
    ds = rd.dcmread(file_bytes(image(PIXELS), transfer_syntax=syntax))
    assert ds.is_implicit_VR is (syntax == IMPLICIT_LITTLE)
    assert ds.is_little_endian is True
    assert ds.file_meta.TransferSyntaxUID == syntax
    assert (ds.Rows, ds.Columns, ds.Modality) == (3, 4, "CT")
    assert np.array_equal(ds.pixel_array, PIXELS)


def test_a_file_object_is_read_from_its_position() -> None:
    file = io.BytesIO(b"something before" + ct_bytes())
    file.seek(len(b"something before"))
    assert rd.dcmread(file, stop_before_pixels=True).Rows == 3
    file.seek(len(b"something before"))
    assert rd.dcmread(file).Rows == 3


@pytest.mark.parametrize(
    "keywords",
    [
        {},
        {"stop_before_pixels": True},
        {"specific_tags": ["Rows"]},
        {"stop_before_pixels": True, "specific_tags": ["Rows"]},
    ],
    ids=str,
)
def test_a_file_object_stands_where_pydicom_leaves_it(keywords: dict[str, Any]) -> None:
    pydicom = pytest.importorskip("pydicom")
    places = []
    for reader in (rd, pydicom):
        file = io.BytesIO(b"before" + CT_SMALL.read_bytes())
        file.seek(6)
        reader.dcmread(file, **keywords)
        places.append(file.tell())
    assert places[0] == places[1]


def test_options_come_in_pydicoms_order() -> None:
    ds = rd.dcmread(CT_SMALL, None, True, False, ["Rows"])
    assert ds.dir() == ["Rows", "SpecificCharacterSet"]


def test_with_force_a_file_object_at_its_end_is_read_from_its_start() -> None:
    file = io.BytesIO(ct_bytes())
    file.seek(0, io.SEEK_END)
    assert rd.dcmread(file, force=True).Rows == 3
    with pytest.raises(rd.InvalidDicomError):
        rd.dcmread(file)


@pytest.mark.parametrize(
    ("arguments", "present", "absent"),
    [
        ({"stop_before_pixels": True}, ["Modality", "Rows"], ["PixelData"]),
        ({"specific_tags": ["Modality"]}, ["Modality"], ["Rows", "PixelData", "SOPClassUID"]),
        (
            {"specific_tags": [0x00080060, (0x0028, 0x0010)]},
            ["Modality", "Rows"],
            ["Columns", "PixelData"],
        ),
        ({"specific_tags": ["PixelData"], "stop_before_pixels": True}, [], ["PixelData", "Rows"]),
    ],
    ids=["pixels", "keyword", "tags", "both"],
)
@pytest.mark.parametrize("as_object", [False, True], ids=["path", "object"])
def test_reading_stops_at_the_tag_given(
    tmp_path: Path,
    arguments: dict[str, Any],
    present: list[str],
    absent: list[str],
    as_object: bool,
) -> None:
    large = np.zeros((1000, 1000), dtype=np.uint16)
    data = file_bytes(image(large))
    path = tmp_path / "large.dcm"
    path.write_bytes(data)
    file = CountingFile(data)
    ds = rd.dcmread(file if as_object else path, **arguments)
    assert all(keyword in ds for keyword in present)
    assert not any(keyword in ds for keyword in absent)
    if as_object:
        assert file.furthest < 20_000


def test_specific_tags_keep_the_character_set() -> None:
    charset = Element(0x00080005, "CS", "ISO_IR 192")
    ds = rd.dcmread(file_bytes(image(PIXELS, extra=[charset])), specific_tags=["PatientID"])
    assert [element.keyword for element in ds] == ["SpecificCharacterSet", "PatientID"]


def test_a_file_is_not_kept_open(ct_path: Path) -> None:
    before = set(Path("/proc/self/fd").iterdir()) if Path("/proc/self/fd").exists() else set()
    datasets = [rd.dcmread(ct_path) for _ in range(20)]
    after = set(Path("/proc/self/fd").iterdir()) if before else set()
    assert len(after) <= len(before) + 1
    assert datasets[0].Rows == 3


def test_a_file_that_changed_is_noticed_when_its_pixels_are_read(ct_path: Path) -> None:
    ds = rd.dcmread(ct_path)
    ct_path.write_bytes(ct_bytes(extra=[Element(0x00104000, "LT", "longer than before")]))
    with pytest.raises(OSError, match="changed since"):
        _ = ds.pixel_array
    ct_path.unlink()
    with pytest.raises(FileNotFoundError):
        _ = ds.pixel_array
    assert ds.Rows == 3, "what was read stays"


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.dcm", ct_bytes())
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"patient,age\n" * 100, "a text file"),
        (_zip(), "a zip archive"),
        (ct_bytes()[132:], "without the 'DICM' prefix.*force=True"),
        (bytes(500), "no 'DICM' prefix at byte 128"),
    ],
    ids=["empty", "text", "zip", "bare", "zeros"],
)
def test_error_names_the_type_of_a_file_that_is_not_dicom(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(rd.InvalidDicomError, match=words) as caught:
        rd.dcmread(path)
    assert caught.value.path == str(path)
    assert str(path) in str(caught.value)


def test_a_folder_and_a_missing_file_are_os_errors(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        rd.dcmread(tmp_path)
    with pytest.raises(FileNotFoundError) as caught:
        rd.dcmread(tmp_path / "absent")
    assert caught.value.filename == str(tmp_path / "absent")


def test_other_sources_are_type_errors() -> None:
    with pytest.raises(TypeError, match="not NoneType"):
        rd.dcmread(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="mode 'rb'"):
        rd.dcmread(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mmap"):
        rd.dcmread(b"", mmap="sometimes")  # type: ignore[arg-type]


def test_force_reads_a_bare_data_set() -> None:
    bare = file_bytes(image(PIXELS), transfer_syntax=IMPLICIT_LITTLE)
    bare = bare[bare.index(b"\x08\x00\x08\x00") :]
    ds = rd.dcmread(bare, force=True)
    assert ds.Modality == "CT"
    assert ds.preamble is None
    assert ("missing_transfer_syntax", 0) in ds.deviations
    assert np.array_equal(ds.pixel_array, PIXELS)


def test_read_file_is_the_same_function() -> None:
    assert rd.read_file is rd.dcmread


def test_offsets_are_those_of_the_file(ct_path: Path) -> None:
    ds = rd.dcmread(ct_path)
    data = ct_path.read_bytes()
    offset, length = ds.element_offset("PixelData")
    assert data[offset : offset + length] == PIXELS.tobytes()
    assert ds.raw_bytes((0x0008, 0x0060)) == b"CT"
    with pytest.raises(KeyError):
        ds.element_offset("PatientAge")


def test_raw_bytes_are_not_copied_and_cannot_be_changed(ct_path: Path) -> None:
    data = ct_path.read_bytes()
    for source in (ct_path, data):
        ds = rd.dcmread(source)
        first, second = (np.asarray(ds.raw_bytes("SOPInstanceUID")) for _ in range(2))
        assert first.__array_interface__["data"][0] == second.__array_interface__["data"][0]
        offset, length = ds.element_offset("SOPInstanceUID")
        with pytest.raises(ValueError, match="WRITEABLE"):
            first.setflags(write=True)
        with pytest.raises(TypeError):
            ds.raw_bytes("SOPInstanceUID")[0] = 0
        del ds, second
        gc.collect()
        assert first.tobytes() == data[offset : offset + length]
    # Those that stay in the file are read.
    ds = rd.dcmread(ct_path)
    offset, length = ds.element_offset("PixelData")
    assert ds.raw_bytes("PixelData") == data[offset : offset + length]
    assert rd.dcmread(data).raw_bytes("PixelData") == data[offset : offset + length]


def test_errors_never_show_values(tmp_path: Path) -> None:
    # The name lies where the parser stumbles: nothing of it may show.
    data = ct_bytes()
    name = PATIENT_NAME.encode()
    broken = data.replace(
        b"PN" + len(name + b" ").to_bytes(2, "little"), b"FD" + len(name).to_bytes(2, "little"), 1
    )
    path = tmp_path / "broken.dcm"
    path.write_bytes(broken)
    messages = []
    try:
        ds = rd.dcmread(path)
        for element in ds:
            try:
                _ = element.value
            except Exception as error:
                messages.append(str(error))
    except rd.DicomError as error:
        messages.append(str(error))
    assert messages
    assert not any("Secret" in message or "Somebody" in message for message in messages)


class ShortReads(io.BytesIO):
    """A stream that gives less than it is asked for, as sockets and raw files may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size if size is None or size < 0 else min(size, 7))


def test_a_stream_that_gives_little_at_a_time_is_read_on() -> None:
    ds = rd.dcmread(ShortReads(ct_bytes()), stop_before_pixels=True)
    assert ds == rd.dcmread(ct_bytes(), stop_before_pixels=True)


@pytest.mark.parametrize("stop_before_pixels", [False, True])
def test_a_pipe_is_read(stop_before_pixels: bool) -> None:
    reading, writing = os.pipe()
    os.write(writing, ct_bytes())
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        ds = rd.dcmread(file, stop_before_pixels=stop_before_pixels)
    assert ds == rd.dcmread(ct_bytes(), stop_before_pixels=stop_before_pixels)


@pytest.mark.parametrize(
    "kind", [lambda data: np.frombuffer(data, np.uint8), lambda data: array("B", data)]
)
def test_whatever_shows_its_bytes_is_a_source(kind: Any) -> None:
    assert rd.dcmread(kind(ct_bytes())) == rd.dcmread(ct_bytes())


def test_a_path_object_may_hold_bytes(ct_path: Path) -> None:
    with os.scandir(os.fsencode(ct_path.parent)) as entries:
        found: list[Any] = list(entries)
        assert [rd.dcmread(entry) for entry in found] == [rd.dcmread(ct_path)]


@pytest.mark.parametrize(
    ("syntax", "extra"),
    [
        (PATIENT_NAME, Element(PIXEL_DATA, "OB", Fragments([b"abcd"]))),
        (EXPLICIT_LITTLE, Element(0x00280004, "LO", f"YBR_PARTIAL {PATIENT_NAME}")),
    ],
    ids=["transfer syntax", "photometric interpretation"],
)
def test_text_in_the_place_of_a_code_is_not_shown(syntax: str, extra: Element) -> None:
    elements = image(PIXELS, extra=[extra])
    ds = rd.dcmread(file_bytes(elements, meta=file_meta(syntax)))
    with pytest.raises(rd.UnsupportedError) as caught:
        _ = ds.pixel_array
    assert "Secret" not in str(caught.value)
