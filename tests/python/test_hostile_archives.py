"""Archives that are damaged, cut short, encrypted, or made to do harm: what they cost, and no more.

A damaged member is an error of its own, and the others are read. Nothing hangs, and no row is lost
or wrong without a word.
"""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rapidicom as rd
from archive_builder import ARCHIVES, dicomdir, tarred, write, zipped, zipped_pairs
from builder import file_bytes, image, noise, write_image
from rapidicom._common.errors import DicomError
from rapidicom.sources import archives, member
from rapidicom.sources.item import MEMORY, Item
from series_builder import Numbering, Pixels, Stack, Written, series

SHAPE = (64, 48)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return series(tmp_path_factory.mktemp("series") / "CT", pixels=Pixels(shape=SHAPE))


@pytest.fixture(scope="module")
def files(written: Written) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(written.folder.iterdir())}


def place_of(data: bytes, name: str, kind: int) -> int:
    """Return where the local (3) or central (1) header of a member of a zip archive starts."""
    start = 0
    length, fields = {1: (46, 28), 3: (30, 26)}[kind]
    while (start := data.index(b"PK" + bytes([kind, kind + 1]), start)) >= 0:
        (size,) = struct.unpack_from("<H", data, start + fields)
        if data[start + length : start + length + size] == name.encode():
            return start
        start += 1
    raise AssertionError


def overwritten(data: bytes, start: int, new: bytes) -> bytes:
    return data[:start] + new + data[start + len(new) :]


# Members that are damaged. Each takes the archive and the name of one, and damages it.


def in_the_header(data: bytes, name: str) -> bytes:
    return overwritten(data, place_of(data, name, 3), b"ruin")


def in_the_name(data: bytes, name: str) -> bytes:
    return overwritten(data, place_of(data, name, 3) + 30, b"?")


def in_the_length(data: bytes, name: str) -> bytes:
    return overwritten(data, place_of(data, name, 3) + 22, b"\1\0\0\0")


def in_the_offset(data: bytes, name: str) -> bytes:
    return overwritten(data, place_of(data, name, 1) + 42, b"\7\0\0\0")


def past_the_end(data: bytes, name: str) -> bytes:
    return overwritten(data, place_of(data, name, 1) + 42, b"\0\0\0\x7f")


def in_the_middle(data: bytes, name: str) -> bytes:
    return overwritten(data, place_of(data, name, 3) + 2000, b"\xff\0\xff\0" * 16)


def in_the_checksum(data: bytes, name: str) -> bytes:
    data = overwritten(data, place_of(data, name, 3) + 14, b"abcd")
    return overwritten(data, place_of(data, name, 1) + 16, b"abcd")


def longer_than_it_says(data: bytes, name: str) -> bytes:
    """Both headers say fewer bytes than come out."""
    (length,) = struct.unpack_from("<I", data, place_of(data, name, 1) + 24)
    less = struct.pack("<I", length - 5000)
    data = overwritten(data, place_of(data, name, 3) + 22, less)
    return overwritten(data, place_of(data, name, 1) + 24, less)


def shorter_than_it_says(data: bytes, name: str) -> bytes:
    (length,) = struct.unpack_from("<I", data, place_of(data, name, 1) + 24)
    more = struct.pack("<I", length + 5000)
    data = overwritten(data, place_of(data, name, 3) + 22, more)
    return overwritten(data, place_of(data, name, 1) + 24, more)


def encrypted(data: bytes, name: str) -> bytes:
    data = overwritten(data, place_of(data, name, 3) + 6, b"\1\0")
    return overwritten(data, place_of(data, name, 1) + 8, b"\1\0")


def of_another_method(data: bytes, name: str) -> bytes:
    data = overwritten(data, place_of(data, name, 3) + 8, b"\x5d\0")
    return overwritten(data, place_of(data, name, 1) + 10, b"\x5d\0")


Damage = Callable[[bytes, str], bytes]

IN_HEADERS: list[tuple[Damage, type[Exception], str]] = [
    (in_the_header, rd.InvalidDicomError, "no header"),
    (in_the_name, rd.InvalidDicomError, "another header"),
    (in_the_length, rd.InvalidDicomError, "another length"),
    (in_the_offset, rd.InvalidDicomError, "no header"),
    (past_the_end, rd.InvalidDicomError, "behind the end"),
    (encrypted, rd.UnsupportedError, "encrypted.*password"),
    (of_another_method, rd.UnsupportedError, "Zstandard"),
]
IN_DATA: list[tuple[Damage, type[Exception], str]] = [
    (in_the_middle, rd.InvalidDicomError, "damaged|checksum|ends before"),
    (in_the_checksum, rd.InvalidDicomError, "checksum"),
    (longer_than_it_says, rd.InvalidDicomError, "longer"),
    (shorter_than_it_says, rd.InvalidDicomError, "before the length"),
]
CASES = [
    *[(zipfile.ZIP_STORED, *one) for one in IN_HEADERS],
    *[(zipfile.ZIP_DEFLATED, *one) for one in [*IN_HEADERS, *IN_DATA]],
]


@pytest.mark.parametrize(
    ("method", "damage", "error", "words"),
    CASES,
    ids=[f"{'deflated' if one[0] else 'stored'}, {one[1].__name__}" for one in CASES],
)
def test_a_damaged_member_costs_itself(
    written: Written,
    files: dict[str, bytes],
    tmp_path: Path,
    method: int,
    damage: Damage,
    error: type[Exception],
    words: str,
) -> None:
    bad = sorted(files)[3]
    path = write(tmp_path / "a.zip", damage(zipped(files, method), bad))
    name = f"zip://{bad}::{path}"
    with pytest.raises(error, match=words) as caught:
        rd.dcmread(name)
    assert name in str(caught.value)
    if isinstance(caught.value, DicomError):
        assert caught.value.path == name
    # Damage behind the first 16 KB of a long member is not noticed by a scan; these are short.
    table = rd.scan(path)
    assert [one.path for one in table.errors] == [name]
    assert table.errors[0].reason.startswith("the member ")
    expected = [f"zip://{one}::{path}" for one in sorted(files) if one != bad]
    assert list(table["path"]) == expected
    (found,) = rd.find_series(path)
    assert [issue.paths for issue in found.report.errors if name in issue.paths] == [[name]]
    with pytest.raises((rd.IrregularSeriesError, error)):
        rd.read_series(path)
    assert "Secret" not in f"{table.errors} {caught.value} {found.report}"
    kept = rd.read_series(path, irregular="keep")
    assert set(kept.paths) <= set(expected)


def test_damage_behind_the_header_is_an_error_of_the_volume(
    tmp_path: Path,
) -> None:
    """The header of a long member is read without its end, and so without its checksum."""
    made = series(tmp_path / "CT", pixels=Pixels(shape=(400, 300)))
    long = {path.name: path.read_bytes() for path in sorted(made.folder.iterdir())}
    bad = sorted(long)[2]
    data = zipped(long, zipfile.ZIP_DEFLATED)
    place = place_of(data, bad, 1)
    (length,) = struct.unpack_from("<I", data, place + 20)
    middle = place_of(data, bad, 3) + length // 2
    path = write(tmp_path / "a.zip", overwritten(data, middle, b"\xff\0" * 40))
    assert len(rd.scan(path)) == len(long)
    with pytest.raises(rd.DicomError, match=r"damaged|checksum|before the length") as caught:
        rd.read_series(path)
    assert bad in str(caught.value)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("is_in_memory", [False, True])
@pytest.mark.parametrize("shape", [(5, 7), (400, 300)])
def test_a_flipped_byte_costs_its_slice(
    tmp_path: Path, method: int, is_in_memory: bool, shape: tuple[int, int]
) -> None:
    made = series(tmp_path / "CT", pixels=Pixels(shape=shape))
    files = {path.name: path.read_bytes() for path in sorted(made.folder.iterdir())}
    bad = sorted(files)[3]
    # What is in the archive is another than its checksum is of.
    changed = dict(files)
    changed[bad] = files[bad][:-3] + bytes([files[bad][-3] ^ 1]) + files[bad][-2:]
    data = zipped(changed, method)
    right = struct.pack("<I", zlib.crc32(files[bad]))
    data = overwritten(data, place_of(data, bad, 3) + 14, right)
    data = overwritten(data, place_of(data, bad, 1) + 16, right)
    source: Any = data if is_in_memory else write(tmp_path / "a.zip", data)
    expected = rd.read_series(made.folder)
    with pytest.raises(rd.DicomError, match="checksum"):
        rd.read_series(source)
    kept = rd.read_series(source, irregular="keep")
    assert any(bad in path for issue in kept.report.errors for path in issue.paths)
    for index, path in enumerate(expected.paths):
        place = [one for one, name in enumerate(kept.paths) if Path(path).name in name]
        if place and Path(path).name != bad:
            np.testing.assert_array_equal(kept.array[place[0]], expected.array[index])
    with pytest.raises(rd.DicomError, match="checksum"):
        rd.read_batch(source)
    if not is_in_memory:
        with pytest.raises(rd.DicomError, match="checksum"):
            _ = rd.dcmread(f"zip://{bad}::{source}").pixel_array


def with_changed_uid(written: Written, form: str, where: int) -> tuple[bytes, str]:
    """Return an archive in which the Series Instance UID of one member has a flipped bit."""
    made = {path.name: path.read_bytes() for path in sorted(written.folder.iterdir())}
    data, bad = bytearray(zipped(made)), sorted(made)[where]
    place = data.index(b"\x20\0\x0e\0UI", data.index(bad.encode()))
    offset, bits = {"digit": (6, 1), "letter": (5, 0x40), "shorter": (7, 0x10)}[form]
    data[place + 8 + offset] ^= bits
    return bytes(data), bad


@pytest.mark.parametrize("where", [0, 3, -1])
@pytest.mark.parametrize("form", ["digit", "letter", "shorter"])
@pytest.mark.parametrize("kind", ["a file", "bytes", "a bucket"])
def test_a_member_of_another_series_by_damage_is_an_error_of_its_own(
    tmp_path: Path, where: int, form: str, kind: str
) -> None:
    """At the end of the stack nothing else would tell that a slice is missing."""
    fsspec = pytest.importorskip("fsspec")
    # Longer than what is read of a header.
    made = series(tmp_path / "CT", pixels=Pixels(shape=(128, 120)))
    data, bad = with_changed_uid(made, form, where)
    source: Any = data
    if kind == "a file":
        source = write(tmp_path / "a.zip", data)
    elif kind == "a bucket":
        fsspec.filesystem("memory").pipe("/misplaced/a.zip", data)
        source = "memory://misplaced/a.zip"
    (found,) = rd.find_series(source)
    assert found.uid == made.uid
    with pytest.raises(rd.DicomError, match="checksum") as caught:
        rd.read_series(source)
    kept = rd.read_series(source, irregular="keep")
    assert bad in str([issue.paths for issue in kept.report.errors])
    assert bad in f"{caught.value} {kept.report.errors[0].paths}"


@pytest.mark.parametrize("where", [0, -1])
def test_a_member_that_looks_empty_by_damage_is_an_error_of_its_series(
    tmp_path: Path, where: int
) -> None:
    """Its first element, damaged, is as long as all others: it names no series, and no image."""
    made = series(tmp_path / "CT", pixels=Pixels(shape=(16, 16)))
    files = {path.name: path.read_bytes() for path in sorted(made.paths)}
    bad = sorted(files)[where]
    data = bytearray(zipped(files))
    start = data.index(files[bad]) + 132
    data[start : start + 12] = struct.pack(
        "<HH2sHI", 0x0009, 0x1001, b"UN", 0, len(files[bad]) - 144
    )
    archive = write(tmp_path / "a.zip", bytes(data))
    with pytest.raises(rd.DicomError, match="checksum"):
        rd.read_series(archive)
    kept = rd.read_series(archive, irregular="keep")
    assert bad in str([issue.paths for issue in kept.report.errors])


def test_scouts_in_an_archive_are_series(tmp_path: Path) -> None:
    """Their UIDs are often nearly those of what they are scouts of."""
    made = series(tmp_path / "CT", pixels=Pixels(shape=(128, 120)))
    scout = series(
        tmp_path / "scout", Stack(count=1), pixels=Pixels(shape=(128, 120)),
        numbering=Numbering(series=2),
    )  # fmt: skip
    files = {path.name: path.read_bytes() for path in made.paths}
    files["scout"] = scout.paths[0].read_bytes()
    found = rd.find_series(write(tmp_path / "a.zip", zipped(files)))
    assert sorted(one.uid for one in found) == sorted([made.uid, scout.uid])
    assert not any(one.report.errors for one in found)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("is_in_memory", [False, True])
@pytest.mark.parametrize("shape", [(5, 7), (400, 300)])
@pytest.mark.parametrize(
    "place",
    [pytest.param(129, id="prefix"), pytest.param(136, id="VR"), pytest.param(133, id="tag")],
)
def test_a_flipped_byte_of_a_header_costs_its_slice(
    tmp_path: Path, method: int, is_in_memory: bool, shape: tuple[int, int], place: int
) -> None:
    """Whatever the member turned into, such as no DICOM file: a slice at the end is missing."""
    made = series(tmp_path / "CT", pixels=Pixels(shape=shape))
    files = {path.name: path.read_bytes() for path in made.paths}
    expected = rd.read_series(made.folder)
    bad = Path(expected.paths[-1]).name
    changed = dict(files)
    changed[bad] = overwritten(files[bad], place, bytes([files[bad][place] ^ 32]))
    data = zipped(changed, method)
    right = struct.pack("<I", zlib.crc32(files[bad]))
    data = overwritten(data, place_of(data, bad, 3) + 14, right)
    data = overwritten(data, place_of(data, bad, 1) + 16, right)
    source: Any = data if is_in_memory else write(tmp_path / "a.zip", data)
    with pytest.raises(rd.DicomError, match="checksum"):
        rd.read_series(source)
    kept = rd.read_series(source, irregular="keep")
    np.testing.assert_array_equal(kept.array, expected.array[:-1])
    assert any(bad in path for issue in kept.report.errors for path in issue.paths)
    table = rd.scan(source)
    assert len(table) == len(files) - 1
    assert [(bad in error.path, "checksum" in str(error)) for error in table.errors] == [
        (True, True)
    ]
    if not is_in_memory and place == 129:
        with pytest.raises(rd.InvalidDicomError, match="checksum"):
            rd.dcmread(f"zip://{bad}::{source}")


def test_bytes_behind_a_zip_archive_are_passed_over(written: Written, tmp_path: Path) -> None:
    """Transfers add newlines, and discs zeros; `zipfile` and `unzip` read them."""
    expected = rd.read_series(written.folder)
    data = zipped({path.name: path.read_bytes() for path in written.paths})
    for behind in (b"\n", bytes(700), b"words" * 1000):
        for source in (data + behind, write(tmp_path / "a.zip", data + behind)):
            np.testing.assert_array_equal(rd.read_series(source).array, expected.array)


def test_an_archive_in_one_that_is_cut_short_is_not_taken_for_it(files: dict[str, bytes]) -> None:
    names = sorted(files)
    inner = zipped({name: files[name] for name in names[1:]})
    outer = zipped({names[0]: files[names[0]], "inner.zip": inner}, zipfile.ZIP_STORED)
    end = outer.index(inner) + len(inner)
    for length in range(end - 30, len(outer)):
        with pytest.raises(rd.InvalidDicomError):
            rd.read_series(outer[:length])
    # Members of the first would be lost without a word.
    with pytest.raises(rd.InvalidDicomError, match="central directory at the end"):
        rd.read_series(inner + inner)


def test_a_flipped_byte_of_many_frames(tmp_path: Path) -> None:
    """They are read in several pieces, on several threads, and some of them alone."""
    stored = noise((24, 300, 300), np.int16)
    data = file_bytes(image(stored))
    whole = zipped({"a": data})
    wrong = overwritten(whole, place_of(whole, "a", 3) + 31 + len(data) // 2, b"\1\2\3")
    path = write(tmp_path / "a.zip", wrong)
    right = write(tmp_path / "b.zip", whole)
    np.testing.assert_array_equal(rd.pixel_array(right), stored)
    np.testing.assert_array_equal(rd.pixel_array(right, index=3), stored[3])
    np.testing.assert_array_equal(rd.pixel_array(path, index=3), stored[3])
    (found,) = rd.find_series(right)
    for workers in (1, 2):
        np.testing.assert_array_equal(
            found.read(values="stored", irregular="keep", workers=workers).array, stored
        )
    with pytest.raises(rd.InvalidDicomError, match=r"zip://a::.*checksum"):
        rd.pixel_array(path)
    (found,) = rd.find_series(path)
    for workers in (1, 2):
        with pytest.raises(rd.DicomError, match="checksum") as caught:
            found.read(irregular="keep", workers=workers)
        assert f"zip://a::{path}" in f"{caught.value} {caught.value.__cause__}"
    few = found.read(values="stored", irregular="keep", slices=slice(2, 4))
    np.testing.assert_array_equal(few.array, stored[2:4])
    again = pickle.loads(pickle.dumps(rd.dcmread(f"zip://a::{path}")))
    with pytest.raises(rd.InvalidDicomError, match="checksum"):
        _ = again.pixel_array


# Archives that are cut short.


def _cuts(data: bytes) -> Iterator[int]:
    yield from (len(data) // 3, len(data) // 2, len(data) - 700, len(data) - 30, len(data) - 1)


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_archive_that_is_cut_short_says_so(
    written: Written, files: dict[str, bytes], tmp_path: Path, kind: str
) -> None:
    ending, make = ARCHIVES[kind]
    whole = make(files)
    for length in _cuts(whole):
        path = write(tmp_path / f"a{ending}", whole[:length])
        if ending == ".exe":
            # Without its end it is a program.
            continue
        if ending == ".tar" and length > len(whole) - 9000:
            # In the padding.
            continue
        table = rd.scan(path)
        assert str(path) in [one.path for one in table.errors], length
        assert ending != ".zip" or len(table) == 0
        rows = rd.scan(written.folder).to_dicts()
        for row in table.to_dicts():
            same = [one for one in rows if one["SOPInstanceUID"] == row["SOPInstanceUID"]]
            assert {**row, "path": ""} == {**same[0], "path": ""}
        with pytest.raises((rd.DicomError, OSError)) as caught:
            rd.read_series(path)
        assert "Secret" not in f"{table.errors} {caught.value}"


def test_a_tar_archive_that_is_cut_between_members_says_so(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    """The module of Python takes it for whole."""
    data = tarred(files, form=tarfile.USTAR_FORMAT)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        cut = archive.getmembers()[4].offset
    for name, content in (("a.tar", data[:cut]), ("a.tgz", gzip.compress(data[:cut]))):
        table = rd.scan(write(tmp_path / name, content))
        assert len(table) == 4
        assert [one.path for one in table.errors] == [str(tmp_path / name)]
        assert "mark at the end" in table.errors[0].reason


def test_a_damaged_header_of_tar_says_so(files: dict[str, bytes], tmp_path: Path) -> None:
    data = tarred(files, form=tarfile.USTAR_FORMAT)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        place = archive.getmembers()[4].offset
    for damage, words in (
        (overwritten(data, place, b"x"), "damaged"),
        (overwritten(data, place, bytes(512)), "other data follow"),
        (overwritten(data, place + 124, b"77777777777\0"), "damaged"),
    ):
        table = rd.scan(write(tmp_path / "a.tar", damage))
        assert len(table) == 4
        assert words in table.errors[0].reason


def test_the_checksum_of_a_stream_is_compared(files: dict[str, bytes], tmp_path: Path) -> None:
    data = tarred(files, "w:gz")
    table = rd.scan(write(tmp_path / "a.tgz", overwritten(data, len(data) - 8, b"\0\0\0\0")))
    assert [one.path for one in table.errors] == [str(tmp_path / "a.tgz")]


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.zip", b"PK\3\4" + bytes(300)), ("a.tgz", b"\x1f\x8b\x08" + bytes(300)), ("b.zip", b"")],
)
def test_what_is_no_archive_in_spite_of_its_name(tmp_path: Path, name: str, data: bytes) -> None:
    path = write(tmp_path / name, data)
    table = rd.scan(path)
    assert [one.path for one in table.errors] == [str(path)]
    with pytest.raises(rd.InvalidDicomError) as caught:
        rd.dcmread(path)
    assert str(path) in str(caught.value)


def test_an_archive_without_files_says_so(tmp_path: Path) -> None:
    for name, data in (("a.zip", zipped({})), ("b.zip", zipped_pairs([(b"CT/", b"")]))):
        path = write(tmp_path / name, data)
        assert "no files" in rd.scan(path).errors[0].reason
        for function in (rd.find_series, rd.read_series, rd.dcmread):
            with pytest.raises(rd.InvalidDicomError, match="no files"):
                function(path)


def test_an_archive_that_is_changed_meanwhile_is_an_error(tmp_path: Path) -> None:
    made = series(tmp_path / "CT", pixels=Pixels(shape=(400, 300)))
    files = {path.name: path.read_bytes() for path in made.paths}
    other = {name: data[:-4] + b"\1\2\3\4" for name, data in reversed(files.items())}
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = write(tmp_path / "a.zip", zipped(files, method))
        (found,) = rd.find_series(path)
        time.sleep(0.02)
        path.write_bytes(zipped(other, method))
        with pytest.raises(OSError, match="changed"):
            found.read()


# Bombs.


def test_members_that_share_their_bytes(tmp_path: Path) -> None:
    """A bomb of overlapping members: a million times the same megabyte."""
    data = file_bytes(image(np.zeros((512, 1024), np.uint16)))
    whole = zipped({"a": data}, zipfile.ZIP_DEFLATED)
    start = place_of(whole, "a", 1)
    entry = whole[start : start + 47]
    count = 5000
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, 47 * count, start, 0)
    path = write(tmp_path / "bomb.zip", whole[:start] + entry * count + end)
    for function in (rd.read_series, rd.find_series, rd.dcmread):
        with pytest.raises(rd.LimitError, match="in all") as caught:
            function(path)
        assert caught.value.path == str(path)
    assert "unpack it" in rd.scan(path).errors[0].reason


def test_a_member_that_becomes_too_long(tmp_path: Path) -> None:
    zeros = bytes(1 << 20)
    pieces = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = b"".join(pieces.compress(zeros) for _ in range(300)) + pieces.flush()
    length = 300 << 20
    whole = zipped_pairs([(b"a", stream)], method=8)
    for place in (22, place_of(whole, "a", 1) + 24):
        whole = overwritten(whole, place, struct.pack("<I", length))
    path = write(tmp_path / "bomb.zip", whole)
    assert "may become 268,435,456" in rd.scan(path).errors[0].reason
    with pytest.raises(rd.LimitError):
        rd.dcmread(path)


def test_a_stream_that_becomes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]
) -> None:
    monkeypatch.setattr(member, "ARCHIVE_BYTES", 1 << 22)
    stream = gzip.compress(bytes(20 << 20))
    bomb = tarred({**files, "zeros": bytes(20 << 20)}, "w:gz")
    for name, data in (("a.tgz", bomb), ("b.tgz", tarred(files, "w:gz") + stream)):
        path = write(tmp_path / name, data)
        table = rd.scan(path)
        assert str(path) in [one.path for one in table.errors]
        assert "in all" in table.errors[-1].reason


def test_too_many_members(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]
) -> None:
    monkeypatch.setattr(member, "MEMBERS", 5)
    for name, data in (("a.zip", zipped(files)), ("a.tar", tarred(files))):
        path = write(tmp_path / name, data)
        table = rd.scan(path)
        assert [one.path for one in table.errors] == [str(path)]
        assert "more than 5 members" in table.errors[0].reason


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_description_that_is_too_long(
    tmp_path: Path, kind: bytes, files: dict[str, bytes]
) -> None:
    """One that says 8 GB, which nobody makes room for."""
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, (8 << 30) - 1
    header = info.tobuf(tarfile.GNU_FORMAT)
    rest = tarred(files)
    for name, data in (("a.tar", header + rest), ("a.tgz", gzip.compress(header + rest))):
        path = write(tmp_path / name, data)
        table = rd.scan(path)
        assert len(table) == 0
        assert "1,048,576" in table.errors[0].reason


def test_headers_of_headers_end(tmp_path: Path, files: dict[str, bytes]) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 4
    path = write(tmp_path / "a.tar", (info.tobuf() + b"name" + bytes(508)) * 3000 + tarred(files))
    assert "damaged" in rd.scan(path).errors[0].reason


@pytest.mark.parametrize("size", ["-512", "-1000000", "99999999999999999999", "x", "nan"])
def test_a_size_that_leads_back_ends(tmp_path: Path, size: str, files: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.pax_headers = {"size": size} if name == sorted(files)[2] else {}
            archive.addfile(info, io.BytesIO(data))
    path = write(tmp_path / "a.tar", buffer.getvalue())
    table = rd.scan(path)
    assert len(table) in (2, len(files))
    assert len(table) == len(files) or [one.path for one in table.errors] == [str(path)]


# Whatever bytes are changed.

SEEDS = {
    kind: make
    for kind, (_, make) in ARCHIVES.items()
    if kind in ("stored", "deflated", "descriptors", "zip64", "tar", "tar, GNU", "tgz", "tar.xz")
}
# Members whose bytes are checked by the archive when they are read whole.
CHECKED = ("stored", "deflated", "descriptors", "zip64", "tgz", "tar.xz")

CONTENTS = {
    f"CT/{number}": file_bytes(image(np.full((40, 60), number, np.uint16), extra=())).replace(
        b"2.25.1\0", b"2.25.%d\0" % (number + 1)
    )
    for number in range(4)
}


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[str, float, int]]:
    """A few changes of a file: what, where (of its length), and a number for it."""
    kinds = st.sampled_from(["byte", "byte", "byte", "ones", "zeros", "less", "more", "cut"])
    one = st.tuples(kinds, st.floats(0, 1, exclude_max=True), st.integers(0, 599))
    return draw(st.lists(one, min_size=1, max_size=3))


def changed(data: bytes, how: list[tuple[str, float, int]]) -> bytes:
    result = bytearray(data)
    for kind, where, number in how:
        place = min(int(where * len(result)), max(len(result) - 1, 0))
        if kind == "byte" and result:
            result[place] = number % 256
        elif kind in ("ones", "zeros"):
            span = len(result[place : place + 1 + number % 9])
            result[place : place + span] = (b"\xff" if kind == "ones" else b"\0") * span
        elif kind == "less":
            del result[place : place + number]
        elif kind == "more":
            result[place:place] = result[place : place + number]
        elif kind == "cut":
            del result[place:]
    return bytes(result)


def in_the_last_part(where: float, share: float) -> float:
    return 1 - share * (1 - where)


@pytest.mark.parametrize("kind", SEEDS)
@given(how=changes(), at_the_end=st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_changed_is_the_same_or_an_error(
    kind: str, how: list[tuple[str, float, int]], at_the_end: bool
) -> None:
    whole = SEEDS[kind](CONTENTS)
    if at_the_end:
        # Where the directory of a zip archive is.
        how = [(what, in_the_last_part(where, 0.05), number) for what, where, number in how]
    data = changed(whole, how)
    item = Item("an archive", MEMORY, data, len(data))
    started = time.monotonic()
    try:
        found = archives.archive_kind(item)
        members = {} if found is None else archives.members_of(item, found)
    except (DicomError, OSError) as error:
        assert "an archive" in str(error)
        return
    read, errors = {}, []
    for name, one in members.items():
        (content,) = one.store.fetch([(one.key, 0, 1 << 40)], 1)
        if isinstance(content, bytes):
            read[name] = content
        else:
            assert isinstance(content, (DicomError, OSError))
            assert "an archive" in str(content)
            errors.append(content)
    assert time.monotonic() - started < 20
    if found is None or data == whole:
        return
    if kind in CHECKED:
        # A compressed stream has one checksum for all of its members.
        is_told = kind in ("tgz", "tar.xz") and errors
        assert is_told or set(read.values()) <= set(CONTENTS.values())
    # What is missing is not missing without a word.
    assert len(read) >= len(CONTENTS) or errors or not members


@pytest.mark.parametrize("kind", ["deflated", "stored", "tgz"])
@given(how=changes(), at_the_end=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_changed_no_row_is_lost_or_wrong(
    kind: str, how: list[tuple[str, float, int]], at_the_end: bool
) -> None:
    if at_the_end:
        how = [(what, in_the_last_part(where, 0.05), number) for what, where, number in how]
    data = changed(SEEDS[kind](CONTENTS), how)
    table = rd.scan({"an archive": data}, ["SOPInstanceUID", "Rows", "Columns"])
    uids = set(table["SOPInstanceUID"].tolist())
    assert uids <= {f"2.25.{number + 1}" for number in range(4)}
    assert all(row["Rows"] == 40 and row["Columns"] == 60 for row in table.to_dicts())
    assert len(table) == 4 or table.errors or table.skipped


# DICOMDIRs.


def test_records_without_their_files_cost_themselves(tmp_path: Path) -> None:
    write_image(tmp_path / "DISC" / "IM1", number=1)
    write_image(tmp_path / "OUT", number=2)
    data = dicomdir(["IM1", "MISSING", "..\\OUT", "SECRET^NAME"])
    path = write(tmp_path / "DISC" / "DICOMDIR", data)
    table = rd.scan(path)
    assert list(table["path"]) == [str(tmp_path / "DISC" / "IM1")]
    reasons = [one.reason for one in table.errors]
    assert [str(path) in one.path and "record at byte" in one.path for one in table.errors] == [
        True
    ] * 3
    assert sum("missing" in reason for reason in reasons) == 2
    assert sum("outside" in reason for reason in reasons) == 1
    assert "SECRET" not in str(table.errors)
    (found,) = rd.find_series(path)
    assert len(found.paths) == 1
    assert len(found.report.errors) >= 1
    assert "SECRET" not in str(found.report)


def test_a_dicomdir_whose_files_are_all_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "DICOMDIR", dicomdir(["MISSING"]))
    with pytest.raises(FileNotFoundError):
        rd.read_series(path)
    path = write(tmp_path / "DICOMDIR", dicomdir([None]))
    for function in (rd.read_series, rd.find_series):
        with pytest.raises(rd.InvalidDicomError, match="no directory record"):
            function(path)


@given(how=changes())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_changed_dicomdir_reads_nothing_else(how: list[tuple[str, float, int]]) -> None:
    from rapidicom.sources.files import resolve
    from rapidicom.sources.item import Asked

    folder = _FOLDERS[0]
    path = write(folder / "DISC" / "DICOMDIR", changed(dicomdir(["CT\\IM1", "CT\\IM2"]), how))
    for one in resolve(str(path), Asked(0)):
        if isinstance(one, str):
            assert Path(one).resolve().is_relative_to(folder / "DISC")
        else:
            (error,) = one.store.fetch([(one.key, 0, 1)], None)
            assert isinstance(error, (DicomError, OSError))


_FOLDERS: list[Path] = []


@pytest.fixture(autouse=True, scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("disc").resolve()
    for name in ("DISC/CT/IM1", "DISC/CT/IM2", "CT/IM1", "IM1"):
        write_image(folder / name)
    _FOLDERS[:] = [folder]
    return folder
