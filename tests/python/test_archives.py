"""Archives as sources: the same series from each kind, by names that are sources as well."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from archive_builder import (
    ARCHIVES,
    in_two_streams,
    tarred,
    write,
    zipped,
    zipped_pairs,
    zipped_to_a_pipe,
    zipped_with_names,
)
from builder import PREAMBLE, write_image
from data_paths import CT_SMALL
from rapidicom.cli import main
from series_builder import Pixels, Written, series

# What lies beside the images in a download.
OTHERS = {
    "README.txt": b"a line of text\n" * 9,
    "CT/viewer/autorun.inf": b"[autorun]\n",
    "__MACOSX/._0001.dcm": b"\0\5\x16\7" + bytes(200),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A series with slices long enough that their headers end before their pixels do."""
    rescale = [(0.5 + k / 8, -10.0 * k) for k in range(8)]
    folder = tmp_path_factory.mktemp("series")
    return series(folder / "CT", pixels=Pixels(shape=(120, 90), rescale=rescale))


def contents(written: Written) -> dict[str, bytes]:
    files = sorted(written.folder.iterdir())
    return {f"CT/{path.name}": path.read_bytes() for path in files}


@pytest.fixture(params=ARCHIVES)
def archive(request: pytest.FixtureRequest, written: Written, tmp_path: Path) -> Path:
    """An archive of a kind, with a series and other files in it."""
    ending, make = ARCHIVES[request.param]
    return write(tmp_path / f"study{ending}", make({**contents(written), **OTHERS}))


def protocol(archive: Path) -> str:
    return "zip" if archive.suffix in (".zip", ".exe") else "tar"


def named(archive: Path, path: Path) -> str:
    return f"{protocol(archive)}://CT/{path.name}::{archive}"


def assert_same(volume: rd.Volume, expected: rd.Volume, archive: Path) -> None:
    np.testing.assert_array_equal(volume.array, expected.array)
    np.testing.assert_array_equal(volume.affine, expected.affine)
    assert volume.array.dtype == expected.array.dtype
    assert volume.paths == [named(archive, Path(path)) for path in expected.paths]
    assert str(volume.report) == str(expected.report)


def test_the_volume_is_that_of_the_folder(archive: Path, written: Written) -> None:
    expected = rd.read_series(written.folder)
    volume = rd.read_series(archive)
    assert_same(volume, expected, archive)
    assert_same(pickle.loads(pickle.dumps(volume)), expected, archive)
    assert [ds.SOPInstanceUID for ds in volume.datasets] == [
        ds.SOPInstanceUID for ds in expected.datasets
    ]
    (found,) = rd.find_series(archive)
    assert_same(pickle.loads(pickle.dumps(found)).read(), expected, archive)
    part = {"slices": slice(2, 5), "rows": slice(10, 20), "columns": slice(3, 4)}
    np.testing.assert_array_equal(
        rd.read_series(archive, **part).array, rd.read_series(written.folder, **part).array
    )


def test_the_table_is_that_of_the_folder(archive: Path, written: Written) -> None:
    table, expected = rd.scan(archive), rd.scan(written.folder)
    rows = expected.to_dicts()
    for row in rows:
        row["path"] = named(archive, Path(row["path"]))
    assert table.to_dicts() == rows
    assert table.errors == []
    assert table.skipped == len(OTHERS)
    assert table.skipped["a text file"] == 2
    assert_same(rd.read_series(table), rd.read_series(written.folder), archive)
    names = list(pickle.loads(pickle.dumps(table))["path"])
    assert_same(rd.read_series(names), rd.read_series(written.folder), archive)


def test_a_member_is_a_source_by_its_name(archive: Path, written: Written) -> None:
    path = written.paths[3]
    name = named(archive, path)
    expected = rd.dcmread(path)
    ds = rd.dcmread(name)
    assert ds == expected
    assert ds.filename == name
    np.testing.assert_array_equal(ds.pixel_array, expected.pixel_array)
    np.testing.assert_array_equal(rd.pixel_array(name), expected.pixel_array)
    np.testing.assert_array_equal(next(rd.iter_pixels(name)), expected.pixel_array)
    names = [named(archive, one) for one in written.paths]
    np.testing.assert_array_equal(
        rd.read_batch(names, dtype="float64"), rd.read_batch(written.paths, dtype="float64")
    )
    brief = rd.dcmread(name, specific_tags=["Rows"], stop_before_pixels=True)
    assert brief.Rows == expected.Rows


def test_a_folder_or_a_pattern_of_members_is_a_source(archive: Path, written: Written) -> None:
    start = f"{protocol(archive)}://"
    expected = rd.read_series(written.folder)
    for inside in ("CT", "CT/", "CT/*.dcm", "**/*.dcm", "*/IM*", "./CT", ""):
        assert_same(rd.read_series(f"{start}{inside}::{archive}"), expected, archive)
    assert len(rd.scan(f"{start}CT/*[0-4].dcm::{archive}")) < len(expected.paths)


def test_bytes_and_file_objects_of_archives_are_archives(archive: Path, written: Written) -> None:
    expected = rd.read_series(written.folder)
    data = archive.read_bytes()
    with archive.open("rb") as file:
        assert_same(rd.read_series(file), expected, archive)
    for source, name in (
        ({f"study{archive.suffix}": data}, f"study{archive.suffix}"),
        (data, "<source 0>"),
        (io.BytesIO(data), "<source 0>"),
    ):
        # Without a name, text could have anything behind it.
        if name == "<source 0>" and data.startswith(b"some text"):
            continue
        volume = rd.read_series(source)
        np.testing.assert_array_equal(volume.array, expected.array)
        first = Path(expected.paths[0]).name
        assert volume.paths[0] == f"{protocol(archive)}://CT/{first}::{name}"


def test_what_a_file_is_its_content_says(archive: Path, written: Written) -> None:
    other = archive.rename(archive.with_name("download"))
    if other.read_bytes().startswith(b"some text"):
        assert len(rd.scan(other)) == 0
        return
    volume = rd.read_series(other)
    assert volume.shape == rd.read_series(written.folder).shape
    assert len(rd.scan([other, CT_SMALL])) == len(written.paths) + 1


def test_archives_are_mixed_with_other_sources(
    archive: Path, written: Written, tmp_path: Path
) -> None:
    expected = rd.read_series(written.folder)
    half = {
        name: data for number, (name, data) in enumerate(contents(written).items()) if number % 2
    }
    first = write(tmp_path / "half.zip", zipped(half))
    rest = [path for path in sorted(written.folder.iterdir()) if f"CT/{path.name}" not in half]
    volume = rd.read_series([first, *rest[:2], *[path.read_bytes() for path in rest[2:]]])
    np.testing.assert_array_equal(volume.array, expected.array)


def test_archives_in_a_folder_are_not_opened(written: Written, tmp_path: Path) -> None:
    write(tmp_path / "study.zip", zipped(contents(written)))
    table = rd.scan(tmp_path)
    assert (len(table), dict(table.skipped)) == (0, {"a zip archive": 1})


def test_a_pattern_opens_archives_that_it_names(written: Written, tmp_path: Path) -> None:
    files = contents(written)
    half = dict(list(files.items())[::2])
    write(tmp_path / "b.zip", zipped({name: files[name] for name in files if name not in half}))
    write(tmp_path / "a.zip", zipped(half))
    assert rd.read_series(tmp_path / "*.zip").shape == (8, 120, 90)
    table = rd.scan(tmp_path / "*")
    assert [one.path for one in table.errors] == [str(tmp_path / "a.zip"), str(tmp_path / "b.zip")]


@pytest.mark.parametrize("count", [1, 70])
def test_an_archive_among_paths_may_have_any_name(
    written: Written, tmp_path: Path, count: int
) -> None:
    archive = write(tmp_path / "study.zip", zipped(contents(written)))
    others = [write(tmp_path / name, archive.read_bytes()) for name in ("study", "again")]
    many = [CT_SMALL] * count
    assert len(rd.scan([*many, archive])) == count + 8
    for call in (rd.scan, lambda paths: rd.scan(paths, errors="raise")):
        table = call([*many, others[0]])
        assert (len(table), table.errors) == (count + 8, [])
    assert len(rd.scan([*others, CT_SMALL], errors="raise")) == 17
    shapes = sorted(found.shape for found in rd.find_series([*many, others[0]]))
    assert (8, 120, 90) in shapes
    expected = rd.read_batch(archive)
    np.testing.assert_array_equal(rd.read_batch([str(others[0])]), expected)
    # A pattern that finds several opens none.
    table = rd.scan(str(tmp_path / "*"))
    found = [one.path for one in table.errors]
    assert (len(table), found) == (0, sorted(map(str, (*others, archive))))


class Opened:
    """Notes what Python opens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths: list[str] = []
        for name in ("open", "stat"):
            monkeypatch.setattr(os, name, self.noted(getattr(os, name)))

    def noted(self, call: Any) -> Any:
        def noting(path: Any, *arguments: Any, **keywords: Any) -> Any:
            self.paths.append(str(path))
            return call(path, *arguments, **keywords)

        return noting


def test_a_path_costs_nothing_in_python(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """The core tells archives by the bytes that it reads anyway."""
    paths = sorted(written.folder.iterdir())
    opened = Opened(monkeypatch)
    for call in (rd.scan, rd.find_series, rd.read_series, rd.read_batch):
        call(paths)
        call(list(map(str, paths)))
    assert len(rd.scan(str(written.folder))) == 8
    assert opened.paths == []


@pytest.mark.parametrize("is_beside", [False, True])
def test_an_archive_in_an_archive_is_not_opened(
    written: Written, tmp_path: Path, is_beside: bool
) -> None:
    inner = {"in.zip": zipped(contents(written))}
    files = {**contents(written), **inner} if is_beside else inner
    for name, data in (("a.zip", zipped(files)), ("a.tar", tarred(files))):
        for source in (write(tmp_path / name, data), data):
            table = rd.scan(source)
            if is_beside:
                assert (len(table), dict(table.skipped)) == (8, {"a zip archive": 1})
                continue
            (error,) = table.errors
            assert "in.zip" in error.path
            assert "archive in an archive" in error.reason
            for call in (rd.read_series, rd.find_series, rd.read_batch):
                with pytest.raises(rd.UnsupportedError, match="Unpack it first"):
                    call(source)


# Names of members.


NAMES: list[tuple[str, bytes, str, int]] = [
    # What is to be found, the bytes in the archive, the flag.
    ("UTF-8", "Schädel/Größe.dcm".encode(), "Schädel/Größe.dcm", 0x0800),
    ("code page 437", b"Sch\x84del.dcm", "Schädel.dcm", 0),
    ("absolute", b"/etc/passwd", "/etc/passwd", 0),
    ("upwards", b"../../up.dcm", "../../up.dcm", 0),
    ("of Windows", b"C:\\CT\\1.dcm", "C:\\CT\\1.dcm", 0),
    ("two colons", b"a::b.dcm", "a::b.dcm", 0),
    ("a pattern", b"a[1]*.dcm", "a[1]*.dcm", 0),
    ("a number sign", b"a#1", "a#1", 0),
    ("a line break", b"a\nb", "a\nb", 0),
    ("spaces", b" a .dcm ", " a .dcm ", 0),
    ("an archive's", b"in.zip", "in.zip", 0),
]


@pytest.mark.parametrize(
    ("raw", "name", "flag"), [row[1:] for row in NAMES], ids=[row[0] for row in NAMES]
)
def test_names_of_members_are_only_names(tmp_path: Path, raw: bytes, name: str, flag: int) -> None:
    data = CT_SMALL.read_bytes()
    path = write(tmp_path / "in" / "a.zip", zipped_with_names({raw: data}, flag))
    (row,) = rd.scan(path)["path"]
    assert row == f"zip://{name}::{path}"
    np.testing.assert_array_equal(rd.pixel_array(row), rd.pixel_array(CT_SMALL))
    if not flag and raw.isascii():
        path = write(tmp_path / "in" / "a.tar", tarred({name: data}))
        (row,) = rd.scan(path)["path"]
        assert row == f"tar://{name}::{path}"
        assert rd.dcmread(row) == rd.dcmread(CT_SMALL)
    assert sorted(tmp_path.rglob("*")) == sorted(tmp_path.rglob("in")) + sorted(
        tmp_path.rglob("a.*")
    )


def test_members_with_one_name_are_all_read(tmp_path: Path) -> None:
    """Unpacking leaves the last one, whose name it is; a lost slice would be lost in silence."""
    datas = [write_image(tmp_path / "x", number=number).read_bytes() for number in (1, 2, 3)]
    pairs = [(b"IM", datas[0]), (b"IM", datas[1]), (b"other", datas[0]), (b"IM", datas[2])]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in pairs:
            info = tarfile.TarInfo(name.decode())
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    for kind, data in (("zip", zipped_pairs(pairs)), ("tar", buffer.getvalue())):
        path = write(tmp_path / f"a.{kind}", data)
        table = rd.scan(path, ["InstanceNumber"])
        names = [f"{kind}://{name}::{path}" for name in ("IM#1", "IM#2", "other", "IM")]
        assert list(table["path"]) == names
        assert table["InstanceNumber"].tolist() == [1, 2, 1, 3]
        assert [rd.dcmread(name).InstanceNumber for name in names] == [1, 2, 1, 3]


def test_a_file_with_the_name_of_a_member_may_have_colons_in_its_own(tmp_path: Path) -> None:
    path = write(tmp_path / "a::b" / "c::d.zip", zipped({"x::y": CT_SMALL.read_bytes()}))
    (row,) = rd.scan(path)["path"]
    assert rd.dcmread(row) == rd.dcmread(CT_SMALL)


# What is in tar archives beside files.


def test_links_folders_and_devices_of_tar(tmp_path: Path) -> None:
    data = CT_SMALL.read_bytes()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, target in (
            ("CT", tarfile.DIRTYPE, ""),
            ("CT/1.dcm", tarfile.REGTYPE, ""),
            ("CT/hard.dcm", tarfile.LNKTYPE, "CT/1.dcm"),
            ("CT/soft.dcm", tarfile.SYMTYPE, "1.dcm"),
            ("CT/out", tarfile.SYMTYPE, "/etc/passwd"),
            ("null", tarfile.CHRTYPE, ""),
            ("pipe", tarfile.FIFOTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            info.size = len(data) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(data))
    for name, content in (
        ("a.tar", buffer.getvalue()),
        ("a.tgz", in_two_streams(buffer.getvalue())),
    ):
        path = write(tmp_path / name, content)
        table = rd.scan(path)
        assert list(table["path"]) == [f"tar://CT/{one}.dcm::{path}" for one in ("1", "hard")]
        assert table.skipped == 0
        assert rd.dcmread(f"tar://CT/hard.dcm::{path}") == rd.dcmread(CT_SMALL)


def test_links_and_folders_of_zip(tmp_path: Path) -> None:
    data = CT_SMALL.read_bytes()
    path = write(tmp_path / "b.zip", zipped_pairs([(b"CT/", b""), (b"file", data)], mode=0o100644))
    assert list(rd.scan(path)["path"]) == [f"zip://file::{path}"]


# One file, where one is wanted.


def test_one_file_is_wanted(tmp_path: Path) -> None:
    data = CT_SMALL.read_bytes()
    for ending, make in ARCHIVES.values():
        if ending == ".exe":
            continue
        one = write(tmp_path / f"one{ending}", make({"a.dcm": data}))
        assert rd.dcmread(one) == rd.dcmread(CT_SMALL)
        np.testing.assert_array_equal(rd.pixel_array(str(one)), rd.pixel_array(CT_SMALL))
        two = write(tmp_path / f"two{ending}", make({"a.dcm": data, "b.dcm": data}))
        for call in (rd.dcmread, rd.pixel_array, lambda source: list(rd.iter_pixels(source))):
            with pytest.raises(rd.InvalidDicomError, match=r"has 2: pass one .*://a\.dcm::"):
                call(two)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("zip://a.dcm::$/none.zip", "no such archive"),
        ("zip://none.dcm::$/a.zip", "no member"),
        ("zip://none/*::$/a.zip", "no member"),
        ("tar://none.dcm::$/a.zip", "no member"),
    ],
)
@pytest.mark.parametrize("function", [rd.dcmread, rd.scan, rd.find_series, rd.pixel_array])
def test_a_member_that_is_missing(
    tmp_path: Path, name: str, words: str, function: Callable[[str], Any]
) -> None:
    write(tmp_path / "a.zip", zipped({"a.dcm": CT_SMALL.read_bytes()}))
    name = name.replace("$", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=words) as caught:
        function(name)
    assert caught.value.filename == name


# Reading takes no more than it has to.


def test_a_stored_member_is_read_where_it_lies(written: Written, tmp_path: Path) -> None:
    from rapidicom.sources.resolving import resolved

    files = contents(written)
    for name, data in (("a.zip", zipped(files)), ("a.tar", tarred(files))):
        path = write(tmp_path / name, data)
        for item, content in zip(resolved(path), files.values(), strict=True):
            assert not isinstance(item, str)
            assert item.region is not None
            file, offset, length = item.region[:3]
            assert Path(file).read_bytes()[offset : offset + length] == content


def test_a_header_costs_its_first_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import zlib

    from rapidicom.sources import zip_members
    from rapidicom.sources.resolving import resolved

    inflated = 0

    decompressobj = zlib.decompressobj

    class Counted:
        def __init__(self, wbits: int) -> None:
            self._inflater = decompressobj(wbits)

        def decompress(self, data: bytes, length: int) -> bytes:
            nonlocal inflated
            found = self._inflater.decompress(data, length)
            inflated += len(found)
            return found

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inflater, name)

    generator = np.random.default_rng(1)
    files = {f"{number}": PREAMBLE + generator.bytes(500_000) for number in range(20)}
    path = write(tmp_path / "a.zip", zipped(files, zipfile.ZIP_DEFLATED))
    items = resolved(path)
    monkeypatch.setattr(zip_members.zlib, "decompressobj", Counted)
    store = items[0].store  # type: ignore[union-attr]
    keys = [item.key for item in items]  # type: ignore[union-attr]
    found = store.fetch([(key, 0, 16384) for key in keys], None)
    assert found == [data[:16384] for data in files.values()]
    assert inflated == 20 * 16384
    # Frames of a long member, one after the other: each byte is inflated once.
    long = PREAMBLE + generator.bytes(3_000_000)
    path = write(tmp_path / "b.zip", zipped({"long": long}, zipfile.ZIP_DEFLATED))
    (item,) = resolved(path)
    inflated = 0
    for start in range(0, len(long), 100_000):
        (data,) = item.store.fetch(  # type: ignore[union-attr]
            [(item.key, start, start + 100_000)],
            None,  # type: ignore[union-attr]
        )
        assert data == long[start : start + 100_000]
    assert inflated == len(long)
    (data,) = item.store.fetch([(item.key, 0, len(long))], None)  # type: ignore[union-attr]
    assert data == long


def test_a_compressed_stream_is_read_once_for_each_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And from the middle on, when it is known."""
    from rapidicom.sources import compressed_stream
    from rapidicom.sources.resolving import resolved

    generator = np.random.default_rng(2)
    files = {f"{number}": PREAMBLE + generator.bytes(700_000) for number in range(30)}
    path = write(tmp_path / "a.tar.gz", in_two_streams(tarred(files)))
    whole = len(tarred(files))
    counts = {"inflated": 0}
    inflate = compressed_stream._Cursor._inflate

    def counted(cursor: Any, count: int) -> bytes:
        data = inflate(cursor, count)
        counts["inflated"] += len(data)
        return data

    monkeypatch.setattr(compressed_stream._Cursor, "_inflate", counted)
    items: Any = resolved(path)
    # Each again: the last block that the header of a member was looked for in, and the mark.
    assert counts["inflated"] <= whole + 20_000
    store = items[0].store
    headers = store.fetch([(item.key, 0, 16384) for item in items], None)
    assert headers == [data[:16384] for data in files.values()]
    assert counts["inflated"] <= whole + 20_000
    counts["inflated"] = 0
    order = generator.permutation(len(items))
    found = store.fetch([(items[place].key, 0, 1 << 30) for place in order], 2)
    assert found == [list(files.values())[place] for place in order]
    # Two threads meet somewhere between two states that were kept.
    assert counts["inflated"] <= whole + 5_000_000
    counts["inflated"] = 0
    assert store.fetch([(items[-1].key, 600_000, 600_010)], None) == [files["29"][600_000:600_010]]
    assert counts["inflated"] <= 6_000_000


def test_the_command_line_takes_archives(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(write(tmp_path / "a.zip", zipped(contents(written), zipfile.ZIP_DEFLATED)))
    assert main(["scan", path]) == 0
    assert "a.zip  CT" in capsys.readouterr().out
    assert main(["series", path]) == 0
    assert "8 x 120 x 90" in capsys.readouterr().out
    assert main(["dump", f"zip://CT/{written.paths[0].name}::{path}", "Modality"]) == 0
    assert "CT" in capsys.readouterr().out
    assert main(["view", path, "--output", str(tmp_path / "sheet.png")]) == 0
    assert main(["convert", path, str(tmp_path / "volume.npy")]) == 0
    assert np.load(tmp_path / "volume.npy").shape == (8, 120, 90)


def test_data_descriptors_without_signature_are_not_needed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", zipped_to_a_pipe({"a.dcm": CT_SMALL.read_bytes()}))
    assert rd.dcmread(path) == rd.dcmread(CT_SMALL)
