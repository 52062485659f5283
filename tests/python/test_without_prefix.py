"""Files without the prefix DICM (PS3.10 §7.1), read with `force=True` through every function."""

from __future__ import annotations

import inspect
import itertools
import json
import os
import pickle
import re
import socket
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from test_privacy import public_functions

import rapidicom as rd
from builder import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    PIXEL_DATA,
    Element,
    Fragments,
    Identity,
    Plane,
    encode,
    file_around,
    file_bytes,
    image,
)
from rapidicom.fileset import FileInstance
from series_builder import Stack, Written, series

# How a file of a series becomes one without the prefix, from its bytes.
SHAPES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "implicit data set": (IMPLICIT_LITTLE, lambda content: content[_data_set_offset(content) :]),
    "explicit data set": (EXPLICIT_LITTLE, lambda content: content[_data_set_offset(content) :]),
    "big-endian data set": (EXPLICIT_BIG, lambda content: content[_data_set_offset(content) :]),
    "group 0002 at byte 0": (IMPLICIT_LITTLE, lambda content: content[132:]),
    "group 0002, big endian": (EXPLICIT_BIG, lambda content: content[132:]),
    "preamble without prefix": (EXPLICIT_LITTLE, lambda content: content[:128] + content[132:]),
    "zeros for the prefix": (EXPLICIT_LITTLE, lambda content: bytes(132) + content[132:]),
    "another prefix": (EXPLICIT_LITTLE, lambda content: content[:128] + b"dicm" + content[132:]),
}


def _data_set_offset(content: bytes) -> int:
    """Where the data set starts: after group 0002, whose first element is its length."""
    return 144 + int.from_bytes(content[140:144], "little")


@pytest.fixture(params=SHAPES, ids=list(SHAPES))
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Written:
    """A series none of whose files has the prefix."""
    syntax, strip = SHAPES[request.param]
    written = series(tmp_path / "bare", Stack(count=4), transfer_syntax=syntax)
    for path in written.paths:
        path.write_bytes(strip(path.read_bytes()))
    return written


def test_every_function_reads_files_without_the_prefix(bare: Written) -> None:
    table = rd.scan(bare.folder, ["InstanceNumber", "SeriesInstanceUID"], force=True)
    assert sorted(table["InstanceNumber"]) == [1, 2, 3, 4]
    assert (table.skipped, table.errors, table.invalid) == (0, [], [])
    (found,) = rd.find_series(bare.folder, force=True)
    assert (found.uid, len(found.report)) == (bare.uid, 0)
    volume = rd.read_series(bare.folder, force=True)
    np.testing.assert_allclose(volume.array, bare.modality_volume)
    np.testing.assert_allclose(volume.affine, bare.affine, atol=1e-9)
    np.testing.assert_allclose(rd.read_batch(bare.paths, force=True), bare.modality_volume)
    for path in bare.paths:
        assert rd.dcmread(path, force=True).SeriesInstanceUID == bare.uid
        np.testing.assert_array_equal(rd.pixel_array(path, force=True), bare.stored[path])
        (frame,) = rd.iter_pixels(path, force=True)
        np.testing.assert_array_equal(frame, bare.stored[path])


def test_a_series_and_its_volume_keep_force(bare: Written) -> None:
    (found,) = rd.find_series(bare.folder, force=True)
    for one in (found, pickle.loads(pickle.dumps(found))):
        volume = one.read(values="stored")
        np.testing.assert_array_equal(volume.array, bare.stored_volume)
        for copy in (volume, pickle.loads(pickle.dumps(volume))):
            assert [ds.InstanceNumber for ds in copy.datasets] == [1, 2, 3, 4]
            assert [scaling.units for scaling in copy.scaling] == [None] * 4
            assert not copy.padding_mask().any()


@pytest.mark.parametrize("name", [name for name, (_, _) in SHAPES.items() if "data set" in name])
def test_pydicom_reads_the_same(name: str, tmp_path: Path) -> None:
    syntax, strip = SHAPES[name]
    written = series(tmp_path, Stack(count=1), transfer_syntax=syntax)
    (path,) = written.paths
    path.write_bytes(strip(path.read_bytes()))
    expected = pydicom.dcmread(path, force=True)
    table = rd.scan(path, ["ImagePositionPatient", "Rows", "Modality"], force=True)
    assert table["ImagePositionPatient"][0].tolist() == list(expected.ImagePositionPatient)
    assert (table["Rows"][0], table["Modality"][0]) == (expected.Rows, expected.Modality)


def test_without_force_they_are_skipped_or_errors_that_say_so(bare: Written) -> None:
    table = rd.scan(bare.folder)
    assert (len(table), table.skipped) == (0, 4)
    assert dict(table.skipped) == {"a data set that starts without the 'DICM' prefix": 4}
    (error,) = rd.scan(bare.paths[0]).errors
    assert error.reason.endswith("pass force=True to read it.")
    for function in (rd.find_series, rd.read_series):
        with pytest.raises(rd.InvalidDicomError, match="starts without the 'DICM' prefix: 4"):
            function(bare.folder)  # type: ignore[operator]


# What lies beside images in folders. None of it is DICOM, and none of it has the prefix.
OTHERS: dict[str, bytes] = {
    "empty": b"",
    "short": b"\x01\x02\x03",
    "notes.txt": b"position,slope\n1,2\n" * 40,
    "latin.txt": "Größe\n".encode("latin-1") * 60,
    "meta.json": json.dumps({"a": [1, 2, 3]} | {str(k): k for k in range(99)}).encode(),
    "picture.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200),
    "photo.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(200),
    "zeros": bytes(4096),
    "ones": b"\xff" * 4096,
    "fives": b"\x55" * 4096,
    "image.nii": b"\x5c\x01\0\0" + bytes(344),
    "slice.tif": b"II*\0\x08\0\0\0" + bytes(400),
    "array.npy": b"\x93NUMPY\x01\0v\0{'descr': '<f4'}" + bytes(400),
    ".DS_Store": b"\0\0\0\x01Bud1\0\0\x10\0\0\0\x08\0" + bytes(400),
    "Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "movie.mp4": b"\0\0\0\x18ftypmp42" + bytes(400),
    "sound.wav": b"RIFF\x24\x08\0\0WAVEfmt " + bytes(400),
    "icon.ico": b"\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0" + bytes(400),
    "table.parquet": b"PAR1\x15\x04\x15\x10" + bytes(400),
    "sqlite": b"SQLite format 3\0\x10\0\x01\x01\0@  " + bytes(400),
    "raw": np.arange(2000, dtype="<i2").tobytes(),
    "raw8": np.full(2000, 8, "<i2").tobytes(),
    "floats": np.linspace(0, 1, 500, dtype="<f4").tobytes(),
}


def _write_others(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in OTHERS.items():
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / "images.zip", "w") as archive:
        archive.writestr("a", b"abc" * 100)


def test_other_files_stay_out_with_force(tmp_path: Path) -> None:
    _write_others(tmp_path)
    count = len(list(tmp_path.iterdir()))
    table = rd.scan(tmp_path, force=True)
    assert len(table) == 0
    assert table.skipped + len(table.errors) == count
    with pytest.raises(rd.InvalidDicomError, match="no series of images here"):
        rd.find_series(tmp_path, force=True)
    written = series(tmp_path / "bare", Stack(count=3))
    for path in written.paths:
        path.write_bytes(path.read_bytes()[132:])
    assert len(rd.scan(tmp_path, force=True)) == 3
    (found,) = rd.find_series(tmp_path, force=True)
    assert found.shape[0] == 3
    for name in OTHERS:
        (error,) = rd.scan(tmp_path / name, force=True).errors
        assert "force" not in error.reason
        with pytest.raises(rd.DicomError):
            rd.read_batch([tmp_path / name], force=True)


def test_skipped_says_what_files_are(tmp_path: Path) -> None:
    _write_others(tmp_path)
    (tmp_path / "one.dcm").write_bytes(file_bytes(image(np.zeros((2, 2), np.int16))))
    special = 0
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        special = 1
        if len(os.fsencode(tmp_path / "socket")) < 100:
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(os.fspath(tmp_path / "socket"))
            special = 2
    skipped = rd.scan(tmp_path).skipped
    assert skipped == len(OTHERS) + 1 + special
    assert sum(skipped.values()) == skipped
    assert skipped["an empty file"] == 1
    assert skipped["a text file"] == 5
    assert skipped["a zip archive"] == skipped["a PNG file"] == skipped["a NIfTI file"] == 1
    assert skipped["a file of fewer than 132 bytes"] == 1
    if special:
        assert skipped["a pipe, socket or device"] == special
    counts = list(skipped.values())
    assert counts == sorted(counts, reverse=True)
    assert str(skipped).startswith(f"{int(skipped)} (") and "a text file: 5" in str(skipped)
    copy = pickle.loads(pickle.dumps(skipped))
    assert (copy, dict(copy)) == (skipped, dict(skipped))
    again = pickle.loads(pickle.dumps(rd.scan(tmp_path))).skipped
    assert dict(again) == dict(skipped)


def test_the_cache_remembers_force_and_what_was_skipped(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    folder, index = tmp_path / "files", tmp_path / "index.parquet"
    _write_others(folder)
    written = series(folder / "bare", Stack(count=3))
    for path in written.paths:
        path.write_bytes(path.read_bytes()[132:])
    for path in folder.rglob("*"):
        os.utime(path, (1_000_000, 1_000_000))
    columns = ["InstanceNumber"]
    for force in (False, True, True, False, False):
        expected = rd.scan(folder, columns, force=force)
        table = rd.scan(folder, columns, force=force, cache=index)
        assert table.to_dicts() == expected.to_dicts()
        assert dict(table.skipped) == dict(expected.skipped)
        assert len(table) == (3 if force else 0)


def test_a_named_pipe_is_an_error(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    os.mkfifo(tmp_path / "pipe")
    (error,) = rd.scan([tmp_path / "pipe"], force=True).errors
    assert error.path == str(tmp_path / "pipe")


def test_a_damaged_header_without_the_prefix_is_an_error(tmp_path: Path) -> None:
    content = file_bytes(image(np.zeros((2, 2), np.int16)))[132:]
    (tmp_path / "cut").write_bytes(content[:300])
    table = rd.scan(tmp_path, ["Rows"], force=True)
    assert (len(table), table.skipped, len(table.errors)) == (0, 0, 1)


def _functions() -> dict[str, Callable[..., Any]]:
    return {
        "dcmread": rd.dcmread,
        "scan": lambda path, **options: _raised(rd.scan([path], **options)),
        "scan of one, raising": lambda path, **options: rd.scan([path], errors="raise", **options),
        "find_series": rd.find_series,
        "read_series": rd.read_series,
        "read_batch": lambda path, **options: rd.read_batch([path], **options),
        "pixel_array": rd.pixel_array,
        "iter_pixels": lambda path, **options: list(rd.iter_pixels(path, **options)),
        "read_partial": lambda path, **options: _partial(path, **options),
        "read_preamble": lambda path, **options: _preamble(path, **options),
    }


PARAMETERS: dict[str, Callable[..., Any]] = {
    "dcmread": rd.dcmread,
    "scan": rd.scan,
    "scan of one, raising": rd.scan,
    "find_series": rd.find_series,
    "read_series": rd.read_series,
    "read_batch": rd.read_batch,
    "pixel_array": rd.pixel_array,
    "iter_pixels": rd.iter_pixels,
    "read_partial": rd.filereader.read_partial,
    "read_preamble": rd.filereader.read_preamble,
}


def _raised(table: rd.Table) -> rd.Table:
    if table.errors:
        raise rd.InvalidDicomError(table.errors[0].reason)
    return table


def _partial(path: Path, **options: Any) -> Any:
    with path.open("rb") as file:
        return rd.filereader.read_partial(file, **options)


def _preamble(path: Path, **options: Any) -> Any:
    with path.open("rb") as file:
        return rd.filereader.read_preamble(file, **({"force": False} | options))


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_messages_name_what_the_function_takes(name: str, tmp_path: Path) -> None:
    """Every `keyword=` of a message is a parameter of the function that gave it."""
    path = tmp_path / "bare.dcm"
    path.write_bytes(file_bytes(image(np.zeros((2, 2), np.int16)))[132:])
    function = _functions()[name]
    with pytest.raises(rd.InvalidDicomError) as caught:
        function(path)
    named = set(re.findall(r"\b([a-z_]+)=", str(caught.value)))
    assert named == {"force"}
    assert named <= set(inspect.signature(PARAMETERS[name]).parameters)
    function(path, force=True)


def bad_sources(folder: Path) -> Iterator[Any]:
    """What functions refuse, each for another reason."""
    whole = file_bytes(image(np.zeros((4, 4), np.int16)))
    syntaxes = {"video": "1.2.840.10008.1.2.4.102", "unknown": "1.2.3.4"}
    files = {
        "bare": whole[132:],
        "cut in its pixels": whole[:-9],
        "cut in its header": whole[:400],
        "zip": b"PK\3\4" + bytes(400),
        "text": b"some text\n" * 50,
        "empty": b"",
        "without pixels": file_bytes([Element(0x00080060, "CS", "CT")]),
    }
    pixels = Element(PIXEL_DATA, "OB", Fragments([b"abcd" * 9]))
    elements = image(np.zeros((4, 4), np.uint8), extra=[pixels])
    for name, syntax in syntaxes.items():
        files[name] = file_around(encode(elements), syntax)
    for name, data in files.items():
        (folder / name).write_bytes(data)
        yield folder / name
        yield data
    yield folder / "missing"
    for name, positions in {"gap": (0, 1, 2, 5, 6), "doubled": (0, 1, 1, 2)}.items():
        (folder / name).mkdir()
        for number, position in enumerate(positions):
            plane = Plane(position=(0.0, 0.0, float(position)))
            identity = Identity(instance_number=number, sop_instance=f"2.25.1{number}")
            data = file_bytes(image(np.zeros((4, 4), np.int16), plane=plane, identity=identity))
            (folder / name / f"{number}.dcm").write_bytes(data)
        yield folder / name
        yield from rd.find_series(folder / name)
    yield [folder / "bare", folder / "cut in its pixels"]


@pytest.mark.filterwarnings("ignore")
def test_messages_of_all_functions_name_what_these_take(tmp_path: Path) -> None:
    sources = list(bad_sources(tmp_path))
    wrong, heard = set(), set()
    for name, function in public_functions().items():
        try:
            parameters = set(inspect.signature(function).parameters)
        except (TypeError, ValueError):  # a native type
            continue
        for source, rest in itertools.product(sources, [(), (0,), (["Rows"],)]):
            try:
                found = function(source, *rest)
                _ = list(found) if inspect.isgenerator(found) else found
            except Exception as error:
                # A message can name another function, with what that takes.
                text = re.sub(r"\bdcmread with force=", "", str(error))
                named = set(re.findall(r"\b([a-z_]+)=", text))
                heard |= named
                wrong |= {f"{name}: {one}=" for one in named - parameters}
    assert wrong == set()
    assert {"force", "irregular"} <= heard


def test_a_series_is_no_file(tmp_path: Path) -> None:
    (found,) = rd.find_series(series(tmp_path, Stack(count=3)).folder)
    for read in (rd.dcmread, rd.pixel_array, lambda one: rd.pixels.frame_bytes(one, 0)):
        with pytest.raises(TypeError, match="a path, bytes, a binary file object"):
            read(found)


@pytest.mark.parametrize("name", ["frame_bytes", "video_stream"])
def test_bytes_of_pixels_without_the_prefix(tmp_path: Path, name: str) -> None:
    pixels = Element(PIXEL_DATA, "OB", Fragments([b"abcd" * 9]))
    elements = image(np.zeros((4, 4), np.uint8), extra=[pixels])
    path = tmp_path / "bare.dcm"
    path.write_bytes(file_around(encode(elements), "1.2.840.10008.1.2.4.102")[132:])
    function = getattr(rd.pixels, name)
    arguments = (path, 0) if name == "frame_bytes" else (path,)
    with pytest.raises(rd.InvalidDicomError, match="force=True"):
        function(*arguments)
    assert bytes(function(*arguments, force=True)) == b"abcd" * 9


def test_a_dicomdir_without_the_prefix_says_how_to_read_it(tmp_path: Path) -> None:
    path = tmp_path / "DICOMDIR"
    path.write_bytes(file_bytes(image(np.zeros((2, 2), np.int16)))[132:])
    with pytest.raises(rd.InvalidDicomError, match="data set of dcmread with force=True") as caught:
        rd.fileset.FileSet(path)
    assert "force" not in inspect.signature(rd.fileset.FileSet).parameters
    assert caught.value.path == str(path)
    assert "force" in inspect.signature(FileInstance.load).parameters


def test_the_prefix_needs_no_force(tmp_path: Path) -> None:
    """With the prefix, `force=True` changes nothing; a command group may lead the data set."""
    written = series(tmp_path / "whole", Stack(count=3))
    table = rd.scan(written.folder, ["InstanceNumber"], force=True)
    assert table.to_dicts() == rd.scan(written.folder, ["InstanceNumber"]).to_dicts()
    command = b"\0\0\0\0\x04\0\0\0\x0c\0\0\0" + b"\0\0\x00\x01\x02\0\0\0\x30\0"
    content = written.paths[0].read_bytes()
    bare = command + content[_data_set_offset(content) :]
    (tmp_path / "command").write_bytes(bare)
    table = rd.scan(tmp_path / "command", ["InstanceNumber"], force=True)
    assert table["InstanceNumber"].tolist() == [1]
