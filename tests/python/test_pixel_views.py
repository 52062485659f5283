"""Decoders with `view_only`: native pixels without a copy, where their bytes are the values."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from data_paths import CT_SMALL, DATA
from rapidicom.pixels import get_decoder

pydicom = pytest.importorskip("pydicom")

EXPLICIT = "1.2.840.10008.1.2.1"
OPTIONS = {
    "rows": 2,
    "columns": 3,
    "samples_per_pixel": 1,
    "photometric_interpretation": "MONOCHROME2",
    "pixel_representation": 0,
    "bits_allocated": 16,
    "bits_stored": 16,
    "number_of_frames": 2,
    "pixel_keyword": "PixelData",
}
BYTES = np.arange(12, dtype="<u2").tobytes()


@pytest.mark.parametrize(
    ("make", "is_writable"),
    [
        (bytes, False),
        (bytearray, True),
        (lambda data: memoryview(bytearray(data)), True),
        (memoryview, False),
        (io.BytesIO, False),
    ],
    ids=["bytes", "bytearray", "view of a bytearray", "view of bytes", "file"],
)
def test_views_are_writable_as_their_bytes_are(make: Any, is_writable: bool) -> None:
    for library in (rd, pydicom):
        decoder = library.pixels.get_decoder(EXPLICIT)
        array, _ = decoder.as_array(make(BYTES), raw=True, view_only=True, **OPTIONS)
        assert array.flags.writeable == is_writable
        assert array.tolist() == np.arange(12).reshape(2, 2, 3).tolist()
        frames = [one for one, _ in decoder.iter_array(make(BYTES), view_only=True, **OPTIONS)]
        assert np.array_equal(frames, array)
        one, _ = decoder.as_array(make(BYTES), index=1, view_only=True, **OPTIONS)
        assert np.array_equal(one, array[1])


def test_a_view_shows_what_is_written_into_its_bytes() -> None:
    source = bytearray(BYTES)
    decoder = get_decoder(EXPLICIT)
    array, _ = decoder.as_array(source, view_only=True, **OPTIONS)
    buffer, _ = decoder.as_buffer(source, view_only=True, **OPTIONS)
    source[0] = 77
    assert array[0, 0, 0] == buffer[0] == 77
    assert buffer.obj is source


def test_without_view_only_nothing_is_shared() -> None:
    source = bytearray(BYTES)
    array, _ = get_decoder(EXPLICIT).as_array(source, **OPTIONS)
    source[0] = 77
    assert array[0, 0, 0] == 0
    assert array.flags.writeable


@pytest.mark.parametrize(
    ("changed", "data"),
    [
        ({"bits_stored": 12}, BYTES),
        ({"samples_per_pixel": 3, "photometric_interpretation": "YBR_FULL", "bits_allocated": 8,
          "bits_stored": 8, "planar_configuration": 0, "number_of_frames": 1}, bytes(range(18))),
    ],
    ids=["bits are masked", "colours are converted"],
)  # fmt: skip
def test_values_that_are_not_the_bytes_are_copied(changed: Any, data: bytes) -> None:
    options = OPTIONS | changed
    plain, _ = get_decoder(EXPLICIT).as_array(data, **options)
    array, _ = get_decoder(EXPLICIT).as_array(data, view_only=True, **options)
    assert array.flags.writeable
    assert np.array_equal(array, plain)


def test_bits_that_are_not_masked_are_viewed() -> None:
    options = OPTIONS | {"bits_stored": 12, "correct_unused_bits": False}
    array, _ = get_decoder(EXPLICIT).as_array(BYTES, view_only=True, **options)
    assert not array.flags.writeable


@pytest.mark.parametrize("name", ["SC_rgb_small_odd.dcm", "rtdose.dcm", "CT_small.dcm"])
def test_views_of_files_are_their_pixels(name: str) -> None:
    path = DATA / "files" / name
    if not path.exists():
        pytest.skip(f"{name} is not among the files")
    ds = rd.dcmread(path)
    decoder = get_decoder(ds.file_meta.TransferSyntaxUID)
    array, _ = decoder.as_array(ds, raw=True, view_only=True)
    assert np.array_equal(array, rd.pixel_array(path, raw=True))
    buffer, _ = decoder.as_buffer(ds, view_only=True)
    if isinstance(buffer, memoryview):
        assert buffer.obj is ds.PixelData


def test_planes_are_viewed_as_pixels() -> None:
    options = OPTIONS | {
        "samples_per_pixel": 3,
        "photometric_interpretation": "RGB",
        "planar_configuration": 1,
        "bits_allocated": 8,
        "bits_stored": 8,
    }
    data = bytes(range(36))
    plain, _ = get_decoder(EXPLICIT).as_array(data, **options)
    array, _ = get_decoder(EXPLICIT).as_array(data, view_only=True, **options)
    assert np.array_equal(array, plain)
    assert not array.flags.writeable


def test_too_few_bytes_are_an_error_as_ever() -> None:
    with pytest.raises(ValueError):
        get_decoder(EXPLICIT).as_array(BYTES[:-2], view_only=True, **OPTIONS)


@pytest.mark.parametrize("remove", ["TransferSyntaxUID", "None", "empty", "all"])
def test_a_removed_transfer_syntax_is_missing(remove: str) -> None:
    for library in (rd, pydicom):
        ds = library.dcmread(CT_SMALL)
        if remove == "all":
            ds.file_meta = type(ds.file_meta)()
        elif remove != "TransferSyntaxUID":
            ds.file_meta.TransferSyntaxUID = None if remove == "None" else ""
        else:
            del ds.file_meta.TransferSyntaxUID
        with pytest.raises(AttributeError, match="Transfer Syntax"):
            ds.pixel_array  # noqa: B018
        with pytest.raises(AttributeError, match="Transfer Syntax"):
            library.pixels.pixel_array(ds)
        with pytest.raises(AttributeError, match="Transfer Syntax"):
            next(library.pixels.iter_pixels(ds))


def without_syntax(*, has_meta: bool) -> bytes:
    """Return the bytes of a CT slice whose File Meta Information has no Transfer Syntax UID."""
    data = CT_SMALL.read_bytes()[132:]
    length = int.from_bytes(data[8:12], "little") + 12
    start = bytes(128) + b"DICM" + bytes.fromhex("0200 1200 5549 0600") + b"1.2.3\0"
    return (start if has_meta else b"") + data[length:]


@pytest.mark.parametrize("has_meta", [True, False])
@pytest.mark.parametrize("kind", ["bytes", "path", "stream", "archive"])
def test_a_file_without_a_transfer_syntax_is_read_as_it_is_guessed_to_be(
    kind: str, has_meta: bool, tmp_path: Path
) -> None:
    data = without_syntax(has_meta=has_meta)
    path = tmp_path / "file.dcm"
    path.write_bytes(data)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(path, "file.dcm")
    source: Any = {
        "bytes": data,
        "path": path,
        "stream": io.BytesIO(data),
        "archive": f"zip://file.dcm::{tmp_path / 'all.zip'}",
    }[kind]
    ds = rd.dcmread(source, force=True)
    assert np.array_equal(ds.pixel_array, rd.dcmread(CT_SMALL).pixel_array)
