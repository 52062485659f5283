"""Deflated data sets (PS3.5 §A.5): read like any other, from every source, at a bounded cost."""

from __future__ import annotations

import copy
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    DEFLATED_LITTLE,
    EXPLICIT_LITTLE,
    PIXEL_DATA,
    Element,
    Identity,
    Items,
    deflated,
    encode,
    file_around,
    file_bytes,
    image,
)

PIXELS = np.arange(240, dtype=np.int16).reshape(15, 16)
SEQUENCE = Element(0x00081140, "SQ", Items([[Element(0x00081155, "UI", "2.25.9")]], True, True))


def deflated_and_plain(instance_number: int = 1) -> tuple[bytes, bytes]:
    """Lay out the same file, deflated and not."""
    identity = Identity(instance_number=instance_number)
    elements = image(PIXELS, identity=identity, extra=[SEQUENCE])
    return (file_bytes(elements, transfer_syntax=DEFLATED_LITTLE), file_bytes(elements))


@pytest.mark.parametrize("kind", ["path", "bytes", "file", "unseekable"])
@pytest.mark.parametrize(
    "arguments", [{}, {"stop_before_pixels": True}, {"specific_tags": ["Rows"]}], ids=str
)
def test_every_source_gives_what_the_plain_file_gives(
    tmp_path: Path, kind: str, arguments: dict[str, Any]
) -> None:
    data, plain = deflated_and_plain()
    path = tmp_path / "deflated.dcm"
    path.write_bytes(data)
    stream = io.BytesIO(data)
    if kind == "unseekable":
        stream.seekable = lambda: False  # type: ignore[method-assign]
    source = {"path": path, "bytes": data, "file": stream, "unseekable": stream}[kind]
    ds = rd.dcmread(source, **arguments)
    expected = rd.dcmread(plain, **arguments)
    assert ds == expected
    assert ds.file_meta.TransferSyntaxUID == DEFLATED_LITTLE
    assert ds.preamble == bytes(128)
    assert ds.filename == (str(path) if kind == "path" else None)
    assert not ds.deviations
    if not arguments:
        assert np.array_equal(ds.pixel_array, PIXELS)
        assert ds.ReferencedImageSequence[0].ReferencedSOPInstanceUID == "2.25.9"


@pytest.mark.parametrize("mmap", ["auto", "never", "always"])
def test_pixels_are_the_same_however_they_are_asked_for(tmp_path: Path, mmap: Any) -> None:
    path = tmp_path / "deflated.dcm"
    path.write_bytes(deflated_and_plain()[0])
    ds = rd.dcmread(path, mmap=mmap)
    assert np.array_equal(ds.pixel_array, PIXELS)
    assert np.array_equal(rd.pixel_array(path), PIXELS)
    ds.pixel_array[0, 0] = 7
    assert rd.dcmread(path).pixel_array[0, 0] == 0


def test_offsets_are_those_of_the_inflated_data_set() -> None:
    data, _ = deflated_and_plain()
    content = encode(image(PIXELS, extra=[SEQUENCE]))
    ds = rd.dcmread(data)
    offset, length = ds.element_offset("PixelData")
    assert content[offset : offset + length] == PIXELS.tobytes() == ds.raw_bytes("PixelData")


def test_copies_and_pickles_keep_everything(tmp_path: Path) -> None:
    path = tmp_path / "deflated.dcm"
    path.write_bytes(deflated_and_plain()[0])
    ds = rd.dcmread(path)
    for other in (pickle.loads(pickle.dumps(ds)), copy.deepcopy(ds), copy.copy(ds)):
        assert other == ds
        assert np.array_equal(other.pixel_array, PIXELS)
        assert other.filename == str(path)
        assert other.preamble == bytes(128)
        assert other.file_meta == ds.file_meta


def test_no_more_is_inflated_than_is_wanted() -> None:
    # The stream is damaged after the pixel data, which reading up to there does not notice. Other
    # elements may be anywhere.
    random = np.random.default_rng(1).bytes(400_000)
    content = encode(
        [*image(PIXELS), Element(0x7FE10010, "LO", "VENDOR"), Element(0x7FE11001, "OB", random)]
    )
    stream = bytearray(deflated(content))
    stream[100_000:] = b"\xff" * (len(stream) - 100_000)
    ds = rd.dcmread(file_around(bytes(stream), DEFLATED_LITTLE), stop_before_pixels=True)
    assert ds.Rows == 15
    for wanted in (None, ["Rows"]):
        with pytest.raises(rd.InvalidDicomError):
            rd.dcmread(file_around(bytes(stream), DEFLATED_LITTLE), specific_tags=wanted)


def test_a_scan_reads_deflated_files(tmp_path: Path) -> None:
    data, plain = deflated_and_plain(instance_number=7)
    (tmp_path / "a.dcm").write_bytes(data)
    (tmp_path / "b.dcm").write_bytes(plain)
    columns = [
        "Rows",
        "InstanceNumber",
        "ReferencedImageSequence.ReferencedSOPInstanceUID",
        "TransferSyntaxUID",
    ]
    table = rd.scan(tmp_path, columns)
    assert not table.errors
    first, second = table.to_dicts()
    assert first.pop("TransferSyntaxUID") == DEFLATED_LITTLE
    assert second.pop("TransferSyntaxUID") == EXPLICIT_LITTLE
    assert first.pop("path") != second.pop("path")
    assert first == second
    assert first["InstanceNumber"] == 7


def test_they_make_a_volume(tmp_path: Path) -> None:
    for name, data in zip(("deflated", "plain"), deflated_and_plain(), strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.dcm").write_bytes(data)
    for values in ("stored", "modality"):
        deflated, plain = (
            rd.read_series(tmp_path / name, values=values) for name in ("deflated", "plain")
        )
        np.testing.assert_array_equal(deflated.array, plain.array)
    np.testing.assert_array_equal(
        rd.read_batch([tmp_path / "deflated" / "a.dcm"])[0], plain.array[0]
    )


def test_a_stream_that_is_cut_short_goes_as_far_as_it_goes(tmp_path: Path) -> None:
    # A scan does not take what is missing for absent, but it misses nothing of pixel data.
    content = encode(image(PIXELS, extra=[SEQUENCE]))
    stream = deflated(content)
    ds = rd.dcmread(file_around(stream[: len(stream) * 3 // 4], DEFLATED_LITTLE))
    names = [name for name, _ in ds.deviations]
    assert "deflated_cut_short" in names
    assert ds.Modality == "CT"
    (tmp_path / "cut.dcm").write_bytes(file_around(stream[:-20], DEFLATED_LITTLE))
    assert rd.scan(tmp_path, ["Rows"])["Rows"].tolist() == [15]
    assert rd.scan(tmp_path, ["Rows", "7FE10010"])["Rows"].tolist() == [15]
    cut = deflated(encode(image(PIXELS)[:-1]))
    (tmp_path / "cut.dcm").write_bytes(file_around(cut[:-20], DEFLATED_LITTLE))
    (error,) = rd.scan(tmp_path, ["Rows"]).errors
    assert "inflated" in error.reason


def test_an_inflated_data_set_with_a_deflated_transfer_syntax_is_read() -> None:
    content = encode(image(PIXELS))
    ds = rd.dcmread(file_around(content, DEFLATED_LITTLE))
    assert ("not_deflated", len(file_around(b"", DEFLATED_LITTLE))) in ds.deviations
    assert np.array_equal(ds.pixel_array, PIXELS)


def test_bytes_that_are_no_deflated_stream_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.dcm"
    path.write_bytes(file_around(b"\xff" * 1000, DEFLATED_LITTLE))
    with pytest.raises(rd.InvalidDicomError, match="not deflated") as caught:
        rd.dcmread(path)
    assert caught.value.path == str(path)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("length", [1 << 30, 0xFFFFFFFE])
def test_a_bomb_is_refused_at_once(length: int) -> None:
    header = encode([Element(PIXEL_DATA, "OW", b"", length=length)])
    bomb = deflated(header + bytes(400 << 20), level=9)
    with pytest.raises(rd.LimitError, match="deflated"):
        rd.dcmread(file_around(bomb, DEFLATED_LITTLE))
    assert rd.dcmread(file_around(bomb, DEFLATED_LITTLE), stop_before_pixels=True) == rd.Dataset()


@pytest.mark.timeout(60)
def test_zeros_without_end_are_refused_at_once() -> None:
    bomb = file_around(deflated(bytes(300 << 20), level=9), DEFLATED_LITTLE)
    with pytest.raises(rd.LimitError):
        rd.dcmread(bomb)
