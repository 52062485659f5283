"""`scan(cache=...)`: the second scan reads what has changed, and gives the table of a first one."""

from __future__ import annotations

import itertools
import os
import pickle
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from archive_builder import tarred, zipped
from builder import UNREADABLE_FILE, Element, Plane, write_image
from rapidicom import _core
from series_builder import Numbering, series

pa = pytest.importorskip("pyarrow", reason="the index is a Parquet file")
pq = pytest.importorskip("pyarrow.parquet")

COLUMNS = [
    "InstanceNumber",
    "Modality",
    "ImagePositionPatient",
    "WindowCenter",
    "AcquisitionMatrix",
    "ImageType",
    "RescaleSlope",
]
LONG_AGO = 1_600_000_000_000_000_000
TICKS = itertools.count()


def settle(folder: Path) -> None:
    """Give every file a time long ago, each its own: what was just written is not remembered."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_mtime_ns > LONG_AGO + 10**15:
            os.utime(path, ns=(LONG_AGO, LONG_AGO + next(TICKS)))


def overwrite(path: Path) -> None:
    """Change a file's bytes in place, but not its size, and set its modification time back."""
    state = path.stat()
    with path.open("r+b") as file:
        file.write(b"\xaa" * state.st_size)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


@pytest.fixture
def headers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many headers each scan with an index has read."""
    read: list[int] = []
    scan_again = _core.scan_again

    def counted(*arguments: Any) -> Any:
        read.append(0)

        def progress(done: int, total: int | None = None) -> None:
            read[-1] = max(read[-1], done, total or 0)

        return scan_again(*arguments[:6], progress, *arguments[7:])

    monkeypatch.setattr(_core, "scan_again", counted)
    return read


def assert_equal_tables(found: rd.Table, expected: rd.Table) -> None:
    assert pa.table(found).schema.equals(pa.table(expected).schema)
    assert pa.table(found).equals(pa.table(expected))
    pa.table(found).validate(full=True)
    assert found.to_dicts() == expected.to_dicts()
    assert (found.columns, found.skipped) == (expected.columns, expected.skipped)
    assert found.errors == expected.errors
    assert found.invalid == expected.invalid
    for name in expected.columns:
        assert found[name].dtype == expected[name].dtype
        assert found[name].shape == expected[name].shape


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tree with rows of all kinds, and files that give none."""
    tree = tmp_path / "tree"
    for number in range(12):
        extra = [Element(0x00281050, "DS", [40.0] * (number % 3))] if number % 3 else []
        write_image(tree / f"{number % 2}" / f"IM{number:03}", *extra, number=number)
    write_image(
        tree / "none", Element(0x00200013, "IS", None), number=50, plane=Plane(position=None)
    )
    write_image(
        tree / "not a number",
        Element(0x00200013, "IS", "six"),
        Element(0x00281053, "DS", "x"),
        number=51,
    )
    (tree / "notes.txt").write_text("not DICOM")
    (tree / "bad").write_bytes(UNREADABLE_FILE)
    settle(tree)
    return tree


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "index.parquet"


def test_second_scan_reads_no_headers(folder: Path, cache: Path, headers: list[int]) -> None:
    plain = rd.scan(folder, COLUMNS)
    assert_equal_tables(rd.scan(folder, COLUMNS, cache=cache), plain)
    state = cache.stat()
    again = rd.scan(folder, COLUMNS, cache=cache)
    assert headers == [16, 0]
    assert_equal_tables(again, plain)
    assert cache.stat().st_ino == state.st_ino
    assert_equal_tables(pickle.loads(pickle.dumps(again)), plain)


@pytest.mark.skipif(os.name == "nt", reason="Windows does not say when a file was changed")
def test_file_overwritten_in_place_is_read_again(
    folder: Path, cache: Path, headers: list[int]
) -> None:
    """Its size, its inode and its modification time are as before."""
    rd.scan(folder, COLUMNS, cache=cache)
    for path in folder.rglob("*"):
        if path.is_file():
            overwrite(path)
    assert len(rd.scan(folder, COLUMNS, cache=cache)) == 0
    assert headers == [16, 16]


def test_default_columns_and_paths_as_strings(folder: Path, cache: Path) -> None:
    plain = rd.scan(folder)
    for _ in range(2):
        assert_equal_tables(rd.scan(str(folder), cache=str(cache)), plain)


CHANGES: dict[str, Callable[[Path], Any]] = {
    "a file more": lambda tree: write_image(tree / "0" / "IM0005", number=77),
    "a wider row": lambda tree: write_image(
        tree / "z", Element(0x00281050, "DS", [1.0] * 5), number=78
    ),
    "a file less": lambda tree: (tree / "0" / "IM004").unlink(),
    "the widest rows are gone": lambda tree: [
        (tree / f"{number % 2}" / f"IM{number:03}").unlink() for number in (2, 5, 8, 11)
    ],
    "a folder is gone": lambda tree: shutil.rmtree(tree / "1"),
    "another file in its place": lambda tree: write_image(tree / "1" / "IM003", number=79),
    "a file that is no longer DICOM": lambda tree: (tree / "1" / "IM003").write_text("text"),
    "text that becomes DICOM": lambda tree: write_image(tree / "notes.txt", number=80),
    "a bad file that is good": lambda tree: write_image(tree / "bad", number=81),
    "a file is renamed": lambda tree: (tree / "0" / "IM000").rename(tree / "first"),
    "everything is gone": lambda tree: [
        path.unlink() for path in tree.rglob("*") if path.is_file()
    ],
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("settled", [True, False])
def test_changed_tree_gives_the_table_of_a_first_scan(
    folder: Path, cache: Path, change: Callable[[Path], Any], settled: bool
) -> None:
    rd.scan(folder, COLUMNS, cache=cache)
    change(folder)
    if settled:
        settle(folder)
    for _ in range(3):
        assert_equal_tables(rd.scan(folder, COLUMNS, cache=cache), rd.scan(folder, COLUMNS))


def test_only_the_changed_file_is_read(folder: Path, cache: Path, headers: list[int]) -> None:
    rd.scan(folder, COLUMNS, cache=cache)
    write_image(folder / "0" / "IM000", number=99)
    rows = rd.scan(folder, COLUMNS, cache=cache).to_dicts()
    assert {row["InstanceNumber"] for row in rows} == {None, *range(1, 12), 99}
    assert len(rows) == 14
    assert headers == [16, 1]


def test_files_that_trade_names_are_noticed(folder: Path, cache: Path) -> None:
    """Both have the size and the time of the other."""
    first, second = folder / "0" / "IM000", folder / "0" / "IM006"
    assert first.stat().st_size == second.stat().st_size
    for path in (first, second):
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
    rd.scan(folder, COLUMNS, cache=cache)
    first.rename(folder / "third")
    second.rename(first)
    (folder / "third").rename(second)
    assert_equal_tables(rd.scan(folder, COLUMNS, cache=cache), rd.scan(folder, COLUMNS))


def test_file_that_was_just_written_is_not_trusted(folder: Path, cache: Path) -> None:
    path = write_image(folder / "new", number=60)
    rd.scan(folder, COLUMNS, cache=cache)
    state = path.stat()
    write_image(path, number=61)
    # Within one tick of a coarse clock, and in the same place.
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert path.stat().st_size == state.st_size
    assert 61 in list(rd.scan(folder, COLUMNS, cache=cache)["InstanceNumber"])


def test_file_of_the_future_is_not_trusted(folder: Path, cache: Path) -> None:
    path = folder / "0" / "IM000"
    later = time.time_ns() + 10**12
    os.utime(path, ns=(later, later))
    rd.scan(folder, COLUMNS, cache=cache)
    overwrite(path)
    assert len(rd.scan(folder, COLUMNS, cache=cache)) == 13


def test_errors_are_remembered_and_still_raise(folder: Path, cache: Path) -> None:
    plain = rd.scan(folder, COLUMNS, cache=cache)
    (error,) = rd.scan(folder, COLUMNS, cache=cache).errors
    assert error == plain.errors[0]
    with pytest.raises(rd.InvalidDicomError) as caught:
        rd.scan(folder, COLUMNS, cache=cache, errors="raise")
    assert caught.value.path == str(folder / "bad")
    assert caught.value.offset is not None


def test_file_that_is_named_is_no_longer_passed_over(folder: Path, cache: Path) -> None:
    named = [folder / "notes.txt", folder / "0" / "IM000"]
    rd.scan(folder, COLUMNS, cache=cache)
    for paths in (named, [*named, folder], folder, named):
        for _ in range(2):
            assert_equal_tables(rd.scan(paths, COLUMNS, cache=cache), rd.scan(paths, COLUMNS))


def test_many_named_files(folder: Path, cache: Path) -> None:
    paths = [write_image(folder / "many" / f"{number}", number=number) for number in range(100)]
    settle(folder)
    paths = [paths[7], *paths, paths[7]]
    for _ in range(2):
        assert_equal_tables(rd.scan(paths, COLUMNS, cache=cache), rd.scan(paths, COLUMNS))
        assert_equal_tables(
            rd.scan([*paths, folder], COLUMNS, cache=cache), rd.scan([*paths, folder], COLUMNS)
        )
    with pytest.raises(FileNotFoundError, match="absent"):
        rd.scan([*paths, folder / "absent"], COLUMNS, cache=cache)


def test_other_columns_are_read_again(folder: Path, cache: Path, headers: list[int]) -> None:
    rd.scan(folder, COLUMNS, cache=cache)
    for columns in (
        ["Rows"],
        ["Rows", "Columns"],
        ["Columns", "Rows"],
        [],
        ["(0028,0010)"],
        COLUMNS,
    ):
        assert_equal_tables(rd.scan(folder, columns, cache=cache), rd.scan(folder, columns))
    # Another way to write the same columns.
    assert headers == [16] * 7
    plain = rd.scan(folder, COLUMNS)
    assert_equal_tables(rd.scan(folder, [0x00200013, *COLUMNS[1:]], cache=cache), plain)
    assert headers[-1] == 0


def test_index_may_lie_in_the_folder(folder: Path) -> None:
    plain = rd.scan(folder, COLUMNS)
    cache = folder / "0" / "index.parquet"
    inodes = set()
    for _ in range(3):
        assert_equal_tables(rd.scan(folder, COLUMNS, cache=cache), plain)
        inodes.add(cache.stat().st_ino)
    assert len(inodes) == 1
    assert sorted(
        path.name for path in (folder / "0").iterdir() if not path.name.startswith("IM")
    ) == ["index.parquet"]


def test_index_of_another_version_is_replaced(folder: Path, cache: Path) -> None:
    plain = rd.scan(folder, COLUMNS, cache=cache)
    table = pq.read_table(cache)
    key = b"rapidicom.index"
    description = table.schema.metadata[key].replace(rd.__version__.encode(), b"0.0.0")
    changed = table.set_column(
        table.column_names.index("Modality"),
        "Modality",
        pa.array(["XX"] * len(table), pa.large_string()),
    )
    pq.write_table(changed.replace_schema_metadata({key: description}), cache)
    assert_equal_tables(rd.scan(folder, COLUMNS, cache=cache), plain)
    assert set(pq.read_table(cache)["Modality"].to_pylist()) == {"CT", None}


def foreign(name: str, path: Path) -> None:
    match name:
        case "text":
            path.write_text("my notes")
        case "another table":
            pq.write_table(pa.table({"path": ["a"]}), path)
        case "cut short":
            path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("name", ["text", "another table", "cut short"])
def test_file_that_is_not_an_index_is_refused_before_files_are_listed(
    folder: Path, cache: Path, name: str
) -> None:
    def listed() -> Iterator[Path]:
        pytest.fail("it goes through the files first")
        yield folder

    rd.scan(folder, COLUMNS, cache=cache)
    foreign(name, cache)
    with pytest.raises(ValueError, match="not an index"):
        rd.scan(listed(), COLUMNS, cache=cache)
    with pytest.raises(FileNotFoundError, match="folder of the index"):
        rd.scan(listed(), COLUMNS, cache=folder / "absent" / "index")


@pytest.mark.parametrize("name", ["text", "another table", "cut short"])
def test_file_that_is_not_an_index_is_not_overwritten(folder: Path, cache: Path, name: str) -> None:
    rd.scan(folder, COLUMNS, cache=cache)
    foreign(name, cache)
    content = cache.read_bytes()
    with pytest.raises(ValueError, match="not an index"):
        rd.scan(folder, COLUMNS, cache=cache)
    assert cache.read_bytes() == content


def test_damaged_index_is_read_anew_with_a_warning(folder: Path, cache: Path) -> None:
    plain = rd.scan(folder, COLUMNS, cache=cache)
    content = bytearray(cache.read_bytes())
    place = content.index(b"CT\2\0\0\0CT")
    content[place : place + 2] = b"MR"
    cache.write_bytes(content)
    with pytest.warns(RuntimeWarning, match="damaged"):
        assert_equal_tables(rd.scan(folder, COLUMNS, cache=cache), plain)
    assert_equal_tables(rd.scan(folder, COLUMNS, cache=cache), plain)


def test_empty_file_is_an_index_to_be(folder: Path, cache: Path) -> None:
    cache.touch()
    for _ in range(2):
        assert_equal_tables(rd.scan(folder, COLUMNS, cache=cache), rd.scan(folder, COLUMNS))


def test_index_that_cannot_be_written_is_a_warning(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    with pytest.raises(FileNotFoundError, match="absent"):
        rd.scan(folder, COLUMNS, cache=tmp_path / "absent" / "index.parquet")
    (tmp_path / "closed").chmod(0o500)
    if os.access(tmp_path / "closed", os.W_OK):
        pytest.skip("whoever runs this may write everywhere")
    with pytest.warns(RuntimeWarning, match="cannot be written"):
        assert len(rd.scan(folder, COLUMNS, cache=tmp_path / "closed" / "index.parquet")) == 14


def test_name_that_is_no_utf8_is_remembered(folder: Path, cache: Path, headers: list[int]) -> None:
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/odd\xff"))
    try:
        (folder / "0" / "IM000").rename(odd)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    for _ in range(2):
        table = rd.scan(folder, COLUMNS, cache=cache)
        assert str(odd) in list(table["path"])
        assert table.to_dicts() == rd.scan(folder, COLUMNS).to_dicts()
    assert headers == [16, 0]


@pytest.mark.parametrize("kind", ["stored.zip", "deflated.zip", "a.tar", "a.tar.gz"])
def test_members_of_an_archive_are_remembered(
    folder: Path, cache: Path, headers: list[int], kind: str
) -> None:
    files = {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    archive = folder.parent / kind
    made = {
        "stored.zip": lambda files: zipped(files),
        "deflated.zip": lambda files: zipped(files, zipfile.ZIP_DEFLATED),
        "a.tar": lambda files: tarred(files),
        "a.tar.gz": lambda files: tarred(files, "w:gz"),
    }[kind]
    archive.write_bytes(made(files))
    settle(folder.parent)
    time.sleep(0.05)
    expected = rd.scan(archive, COLUMNS)
    for _ in range(2):
        found = rd.scan(archive, COLUMNS, cache=cache)
        assert_equal_tables(found, expected)
    assert headers == [len(files), 0]
    assert set(found.items) >= set(expected["path"])
    beside = [archive, {"in memory": next(iter(files.values()))}]
    again = [rd.scan(beside, COLUMNS, cache=cache) for _ in range(2)]
    assert (
        len(again[0]) == len(again[1]) == len(expected) + len(rd.scan([next(iter(files.values()))]))
    )
    # What is in memory is read each time.
    assert headers[-1] == 1
    name, data = next(iter(files.items()))
    archive.write_bytes(made({**files, name: data.replace(b"MR", b"CT")}))
    assert_equal_tables(rd.scan(archive, COLUMNS, cache=cache), rd.scan(archive, COLUMNS))


def test_objects_with_a_version_are_remembered(
    folder: Path, cache: Path, headers: list[int]
) -> None:
    fsspec = pytest.importorskip("fsspec")
    fs = fsspec.filesystem("memory")
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in paths:
        fs.pipe(f"/{folder.parent.name}/{path.name}", path.read_bytes())
    url = f"memory://{folder.parent.name}"
    expected = rd.scan(url, COLUMNS)
    for _ in range(2):
        assert_equal_tables(rd.scan(url, COLUMNS, cache=cache), expected)
    assert headers[-1] == 0
    first = paths[0]
    fs.pipe(f"/{folder.parent.name}/{first.name}", first.read_bytes())
    rd.scan(url, COLUMNS, cache=cache)
    assert headers[-1] == 1


def test_without_pyarrow_the_error_names_what_to_install(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r"rapidicom\[cache\]"):
        rd.scan(folder, COLUMNS, cache=cache)
    assert len(rd.scan(folder, COLUMNS)) == 14


def test_progress_counts_what_is_read(
    folder: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tqdm")
    rd.scan(folder, COLUMNS, cache=cache)
    write_image(folder / "new", number=60)
    rd.scan(folder, COLUMNS, cache=cache, progress=True)
    assert "1/1" in capsys.readouterr().err


def test_other_programs_read_the_index(tmp_path: Path) -> None:
    """What they make of it is a table of `find_series`."""
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    tree, cache = tmp_path / "tree", tmp_path / "index.parquet"
    written = [series(tree, numbering=Numbering(series=number)) for number in (1, 2)]
    (tree / "text").write_text("no image")
    table = rd.scan(tree, cache=cache)
    (uid, other) = (one.uid for one in written)
    rows = polars.scan_parquet(cache).filter(polars.col("SeriesInstanceUID") == uid).collect()
    sql = f"select * from '{cache}' where SeriesInstanceUID = '{other}'"
    for chosen, expected in ((rows, uid), (duckdb.sql(sql).pl(), other)):
        (found,) = rd.find_series(chosen)
        assert (found.uid, len(found.paths)) == (expected, 8)
        np.testing.assert_array_equal(rd.read_series(chosen).array, found.read().array)
    read = polars.read_parquet(cache)
    assert read["skipped"].drop_nulls().to_list() == ["a text file"]
    own = read.filter(polars.col("skipped").is_null())
    assert own["Rows"].to_list() == table["Rows"].tolist()
