"""Sources: the same series from every kind that a call takes."""

from __future__ import annotations

import array
import io
import itertools
import mmap
import os
import pickle
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import hypothesis.strategies as st
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings

import rapidicom as rd
from archive_builder import tarred, zipped
from rapidicom.sources.resolving import resolved
from series_builder import Pixels, series

# What a kind makes of the paths of files: what is passed, and how reports name each.
Made = tuple[Any, list[str]]
Kind = Callable[[list[Path]], Made]


def numbered(sources: list[Any]) -> Made:
    return sources, [f"<source {number}>" for number in range(len(sources))]


def of_bytes(paths: list[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]


def given_names(paths: list[Path]) -> Made:
    return {path.stem: path.read_bytes() for path in paths}, [path.stem for path in paths]


def some_paths(paths: list[Path]) -> Made:
    sources = [path if number % 2 else path.read_bytes() for number, path in enumerate(paths)]
    return sources, [
        str(path) if number % 2 else f"<source {number}>" for number, path in enumerate(paths)
    ]


def opened(paths: list[Path]) -> Made:
    return [path.open("rb") for path in paths], list(map(str, paths))


def opened_alike(paths: list[Path]) -> list[Any]:
    files = [io.BytesIO(data) for data in of_bytes(paths)]
    for file in files:
        file.name = "upload.dcm"  # type: ignore[attr-defined]
    return files


def named_alike(paths: list[Path]) -> list[Any]:
    return [{"one": data} for data in of_bytes(paths)]


def named_beside_a_path(paths: list[Path]) -> list[Any]:
    return [paths[0], *({str(paths[0]): data} for data in of_bytes(paths[1:]))]


class Reader:
    """A seekable file object of somebody else's, which gives no more than 1,000 bytes a read."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, count: int = -1) -> bytes:
        return self._file.read(1000 if count < 0 else min(count, 1000))

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


class Pipe:
    """A file object that cannot seek."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, count: int = -1) -> bytes:
        return self._file.read(count)


def with_start(paths: list[Path]) -> Made:
    files = [io.BytesIO(b"start" + data) for data in of_bytes(paths)]
    for file in files:
        file.seek(5)
    return numbered(files)


def of_zip(paths: list[Path]) -> Made:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, path.name)
    members = zipfile.ZipFile(buffer)
    return [members.open(path.name) for path in paths], [path.name for path in paths]


def our_datasets(paths: list[Path]) -> Made:
    return list(map(rd.dcmread, paths)), list(map(str, paths))


def pydicoms_datasets(paths: list[Path]) -> Made:
    datasets = [pydicom.dcmread(io.BytesIO(data)) for data in of_bytes(paths)]
    return numbered(datasets)


def written_beside(paths: list[Path], name: str, data: bytes) -> Path:
    """Write a file into a folder of its own, beside the one of the paths."""
    folder = Path(tempfile.mkdtemp(dir=paths[0].parent.parent))
    (folder / name).write_bytes(data)
    return folder / name


def contents(paths: list[Path]) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in paths}


def on_disk(ending: str, make: Callable[[dict[str, bytes]], bytes]) -> Kind:
    def kind(paths: list[Path]) -> Made:
        archive = written_beside(paths, f"study{ending}", make(contents(paths)))
        protocol = "zip" if ending == ".zip" else "tar"
        return [archive], [f"{protocol}://{path.name}::{archive}" for path in paths]

    return kind


def in_memory(protocol: str, make: Callable[[dict[str, bytes]], bytes]) -> Kind:
    def kind(paths: list[Path]) -> Made:
        archive = make(contents(paths))
        return [archive], [f"{protocol}://{path.name}::<source 0>" for path in paths]

    return kind


def deflated(files: dict[str, bytes]) -> bytes:
    return zipped(files, zipfile.ZIP_DEFLATED)


def members_by_name(paths: list[Path]) -> Made:
    archive = written_beside(paths, "study.zip", zipped(contents(paths)))
    names = [f"zip://{path.name}::{archive}" for path in paths]
    return names, names


def open_archive(paths: list[Path]) -> Made:
    archive = written_beside(paths, "download", zipped(contents(paths)))
    return [archive.open("rb")], [f"zip://{path.name}::{archive}" for path in paths]


def to_be_written(paths: list[Path]) -> Made:
    return [path.open("r+b") for path in paths], list(map(str, paths))


def without_buffer(paths: list[Path]) -> Made:
    return [path.open("rb", buffering=0) for path in paths], list(map(str, paths))


def maps(paths: list[Path]) -> Made:
    opened = [path.open("rb") for path in paths]
    made = [mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) for file in opened]
    return numbered(made)


def objects(paths: list[Path]) -> list[str]:
    """Put the files into fsspec's file system in memory."""
    folder = f"{paths[0].parent.parent.name}-{next(_NUMBERS)}"
    fs = fsspec.filesystem("memory")
    for path in paths:
        fs.pipe(f"/{folder}/{path.name}", path.read_bytes())
    return [f"memory://{folder}/{path.name}" for path in paths]


_NUMBERS = itertools.count()


def urls(paths: list[Path]) -> Made:
    made = objects(paths)
    return made, made


def open_files_of_fsspec(paths: list[Path]) -> Made:
    made = objects(paths)
    return [fsspec.open(url, "rb") for url in made], made


def a_folder(paths: list[Path]) -> Made:
    folder = written_beside(paths, paths[0].name, paths[0].read_bytes()).parent
    for path in paths[1:]:
        (folder / path.name).write_bytes(path.read_bytes())
    return [folder], [str(folder / path.name) for path in paths]


def a_pattern(paths: list[Path]) -> Made:
    (folder,), names = a_folder(paths)
    return [f"{folder}/*"], names


KINDS: dict[str, Kind] = {
    "paths": lambda paths: (paths, list(map(str, paths))),
    "bytes": lambda paths: numbered(of_bytes(paths)),
    "bytearrays": lambda paths: numbered([bytearray(data) for data in of_bytes(paths)]),
    "memoryviews": lambda paths: numbered([memoryview(data) for data in of_bytes(paths)]),
    "file objects in memory": lambda paths: numbered(list(map(io.BytesIO, of_bytes(paths)))),
    "file objects after their start": with_start,
    "file objects of others": lambda paths: numbered(list(map(Reader, of_bytes(paths)))),
    "file objects that cannot seek": lambda paths: numbered(list(map(Pipe, of_bytes(paths)))),
    "members that are open": of_zip,
    "open files": opened,
    "our data sets": our_datasets,
    "data sets of pydicom's": pydicoms_datasets,
    "names with bytes": given_names,
    "an iterator": lambda paths: (iter(of_bytes(paths)), numbered(list(paths))[1]),
    "paths and bytes": some_paths,
    "arrays of bytes": lambda paths: numbered(
        [np.frombuffer(data, np.uint8) for data in of_bytes(paths)]
    ),
    "maps of files": maps,
    "files to be written": to_be_written,
    "files without a buffer": without_buffer,
    "a folder": a_folder,
    "a pattern": a_pattern,
    "a stored zip": on_disk(".zip", zipped),
    "a deflated zip": on_disk(".zip", deflated),
    "a tar": on_disk(".tar", tarred),
    "a tar.gz": on_disk(".tar.gz", lambda files: tarred(files, "w:gz")),
    "a tar.bz2": on_disk(".tar.bz2", lambda files: tarred(files, "w:bz2")),
    "a stored zip in memory": in_memory("zip", zipped),
    "a deflated zip in memory": in_memory("zip", deflated),
    "a tar in memory": in_memory("tar", tarred),
    "a tar.gz in memory": in_memory("tar", lambda files: tarred(files, "w:gz")),
    "members by name": members_by_name,
    "an archive that is open": open_archive,
    "URLs": urls,
    "OpenFile of fsspec": open_files_of_fsspec,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Any:
    rescale = [(0.5 + k / 8, -10.0 * k) for k in range(8)]
    return series(tmp_path_factory.mktemp("series"), pixels=Pixels(rescale=rescale))


@pytest.mark.parametrize("kind", KINDS)
def test_a_series_is_the_same_from_every_kind(written: Any, kind: str) -> None:
    expected = rd.read_series(written.folder)
    in_order = list(map(Path, expected.paths))
    sources, names = KINDS[kind](in_order)
    volume = rd.read_series(sources)
    assert volume.paths == names
    np.testing.assert_array_equal(volume.array, expected.array)
    np.testing.assert_array_equal(volume.affine, expected.affine)
    by_name = dict(zip(names, expected.paths, strict=True))
    assert [
        (issue.kind, issue.sentence, [by_name[path] for path in issue.paths])
        for issue in volume.report
    ] == [(issue.kind, issue.sentence, list(issue.paths)) for issue in expected.report]
    assert [ds.SOPInstanceUID for ds in volume.datasets] == [
        ds.SOPInstanceUID for ds in expected.datasets
    ]
    np.testing.assert_array_equal(volume.datasets[3].pixel_array, expected.datasets[3].pixel_array)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_is_the_same_from_every_kind(written: Any, kind: str) -> None:
    expected = rd.scan(written.paths)
    sources, names = KINDS[kind](list(written.paths))
    table = rd.scan(sources)
    rows = [row | {"path": name} for row, name in zip(expected.to_dicts(), names, strict=True)]
    assert table.to_dicts() == rows
    np.testing.assert_array_equal(rd.read_series(table).array, rd.read_series(written.folder).array)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_outlives_the_source(written: Any, kind: str) -> None:
    expected = rd.read_series(written.folder)
    sources, _ = KINDS[kind](list(written.paths))
    (found,) = rd.find_series(sources)
    volume = found.read()
    del sources
    found, volume = pickle.loads(pickle.dumps((found, volume)))
    np.testing.assert_array_equal(found.read().array, expected.array)
    np.testing.assert_array_equal(volume.padding_mask(), expected.padding_mask())
    assert volume.scaling == expected.scaling
    assert [ds.InstanceNumber for ds in volume.datasets] == [
        ds.InstanceNumber for ds in expected.datasets
    ]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a folder"])
def test_a_batch_is_the_same_from_every_kind(written: Any, kind: str) -> None:
    sources, _ = KINDS[kind](list(written.paths))
    np.testing.assert_array_equal(rd.read_batch(sources), rd.read_batch(written.paths))


def test_a_file_object_stays_where_it_was(written: Any) -> None:
    data = written.paths[0].read_bytes()
    source = io.BytesIO(b"12345" + data)
    source.seek(5)
    assert len(rd.scan([source])) == 1
    assert source.tell() == 5


def test_what_is_no_source_is_refused(written: Any) -> None:
    text = io.StringIO("abc")
    for source in (5, None, [5], [None], object(), text, [text], [[b"nested"]]):
        for call in (rd.scan, rd.find_series, rd.read_series, rd.read_batch):
            with pytest.raises(TypeError):
                call(source)  # type: ignore[operator]


def test_bytes_are_never_a_path(written: Any) -> None:
    path = str(written.paths[0]).encode()
    table = rd.scan([path])
    assert len(table) == 0
    assert [(error.path, error.reason) for error in table.errors] == [
        ("<source 0>", "not a DICOM file: a text file")
    ]
    with pytest.raises(rd.errors.InvalidDicomError) as raised:
        rd.read_series(path)
    assert path.decode() not in str(raised.value)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_kinds_mix(written: Any, data: st.DataObject) -> None:
    expected = rd.read_series(written.folder)
    paths = data.draw(st.permutations(list(map(Path, expected.paths))))
    # A mapping, what is read once, and what can be read once.
    others = ("names with bytes", "an iterator", "file objects that cannot seek")
    kinds = [name for name in KINDS if name not in others]
    sources, names = [], []
    for position, path in enumerate(paths):
        made, own = KINDS[data.draw(st.sampled_from(kinds))]([path])
        sources += list(made)
        names.append(own[0].replace("<source 0>", f"<source {position}>"))
    volume = rd.read_series(sources)
    np.testing.assert_array_equal(volume.array, expected.array)
    by_path = dict(zip(map(str, paths), names, strict=True))
    assert volume.paths == [by_path[path] for path in expected.paths]
    assert len(volume.report) == len(expected.report)
    table = rd.scan(sources)
    assert sorted(table["path"]) == sorted(names)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(volume)).array, expected.array)


@pytest.mark.parametrize("read", [opened_alike, named_alike, named_beside_a_path], ids=str)
def test_sources_of_one_name_are_all_read(written: Any, read: Any) -> None:
    """Uploads are often named alike."""
    expected = rd.read_series(written.paths)
    sources = read(written.paths)
    volume = rd.read_series(sources)
    np.testing.assert_array_equal(volume.array, expected.array)
    assert len(set(volume.paths)) == len(written.paths)
    table = rd.scan(read(written.paths), ["InstanceNumber"])
    assert sorted(table["path"]) == sorted(volume.paths)
    np.testing.assert_array_equal(rd.read_series(table).array, expected.array)


def test_a_path_keeps_its_name_wherever_it_is(written: Any) -> None:
    path = str(written.paths[0])
    sources = [{path: written.paths[1].read_bytes()}, path]
    assert rd.scan(sources, ["InstanceNumber"])["path"].tolist() == [f"{path}#1", path]


def test_thousands_of_one_name_are_told_apart(written: Any) -> None:
    """Each is compared with few others: 100,000 take less than a second, not hours."""
    head = written.paths[0].read_bytes()[:500]
    sources = []
    for number in range(100_000):
        sources.append(file := io.BytesIO(head + number.to_bytes(4, "big")))
        file.name = "same"  # type: ignore[attr-defined]
    found = resolved(sources)
    names = [one if isinstance(one, str) else one.name for one in found]
    assert names == ["same", *(f"same#{number}" for number in range(1, len(sources)))]


def test_a_source_that_is_passed_twice_keeps_its_name(written: Any) -> None:
    data = [path.read_bytes() for path in written.paths]
    sources = [{"one": data[0]}, {"one": data[0]}, *data[1:]]
    assert rd.scan(sources, ["InstanceNumber"])["path"].tolist()[:2] == ["one", "one"]


def test_a_changed_data_set_is_read_as_it_is(written: Any) -> None:
    ours, theirs = rd.dcmread(written.paths[0]), pydicom.dcmread(written.paths[0])
    for ds in (ours, theirs):
        ds.PatientID = "changed"
        ds.RescaleSlope = 3
        ds.RescaleIntercept = 0
        table = rd.scan(ds, ["PatientID"])
        assert table["PatientID"].tolist() == ["changed"]
        again = rd.read_batch([ds])
        stored = rd.read_batch([written.paths[0]], values="stored", dtype=None)
        np.testing.assert_array_equal(again, stored.astype("f4") * 3)


def test_a_data_set_that_was_made_in_memory_is_a_source() -> None:
    ds = pydicom.Dataset()
    ds.SOPInstanceUID = "1.2.3"
    ds.PatientName = "Somebody"
    table = rd.scan([ds], ["SOPInstanceUID"])
    assert table.to_dicts() == [{"path": "<source 0>", "SOPInstanceUID": "1.2.3"}]
    assert "file_meta" not in ds.__dict__


class Broken:
    """A file object that breaks after some bytes."""

    def __init__(self, data: bytes, error: Exception) -> None:
        self._file = io.BytesIO(data)
        self._error = error

    def read(self, count: int = -1) -> bytes:
        raise self._error

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(5, "the connection is gone"), OSError),
        (FileNotFoundError("no such object"), FileNotFoundError),
        (RuntimeError("told nothing"), OSError),
    ],
)
def test_what_cannot_be_fetched_costs_its_row(
    written: Any, error: Exception, raised: type[Exception]
) -> None:
    whole = of_bytes(written.paths)
    broken = Broken(whole[2], error)
    sources = {"a": whole[0], "b": whole[1], "broken": broken}
    table = rd.scan(sources)
    assert table["path"].tolist() == ["a", "b"]
    assert [one.path for one in table.errors] == ["broken"]
    with pytest.raises(raised, match="broken") as caught:
        rd.scan(sources, errors="raise")
    assert caught.value.__cause__ is error
    with pytest.raises(raised, match="broken"):
        rd.read_batch(sources)
    (found,) = rd.find_series(sources)
    assert "broken" in [path for issue in found.report for path in issue.paths]


def test_the_text_of_an_exception_is_not_repeated(written: Any) -> None:
    """It may be content."""
    whole = of_bytes(written.paths)
    for error in (RuntimeError("Secret^Name"), ValueError("Secret^Name"), OSError("Secret^Name")):
        broken = Broken(whole[2], error)
        sources = {"a": whole[0], "broken": broken}
        table = rd.scan(sources)
        with pytest.raises(OSError, match="broken") as caught:
            rd.read_batch(sources)
        with pytest.raises(OSError, match="broken") as again:
            rd.pixel_array({"broken": broken})
        assert "Secret" not in f"{table.errors} {caught.value} {again.value}"
        assert caught.value.__cause__ is error
        if not isinstance(error, OSError):
            assert type(error).__name__ in str(caught.value)


@pytest.mark.parametrize("call", [rd.scan, rd.find_series, rd.read_series, rd.read_batch])
def test_a_closed_file_object_is_named(written: Any, call: Any) -> None:
    files = [path.open("rb") for path in written.paths]
    files[3].close()
    with pytest.raises(ValueError, match=f"^{files[3].name}: the file object is closed"):
        call(files)
    memory = [io.BytesIO(data) for data in of_bytes(written.paths)]
    memory[3].close()
    with pytest.raises(ValueError, match=r"^<source 3>: the file object is closed"):
        call(memory)


def test_a_file_object_that_is_closed_meanwhile_is_named(tmp_path: Path) -> None:
    made = series(tmp_path / "CT", pixels=Pixels(shape=(300, 200)))
    files = [path.open("r+b") for path in made.paths]
    (found,) = rd.find_series(files)
    files[2].close()
    with pytest.raises(OSError, match=f"{made.paths[2].name}.*closed"):
        found.read()


@pytest.mark.parametrize("mode", ["r+b", "rb"])
@pytest.mark.parametrize("buffering", [-1, 0])
def test_a_file_that_is_changed_meanwhile_is_an_error(
    tmp_path: Path, mode: str, buffering: int
) -> None:
    made = series(tmp_path / "CT", pixels=Pixels(shape=(300, 200)))
    files = [path.open(mode, buffering=buffering) for path in made.paths]
    (found,) = rd.find_series(files)
    with made.paths[2].open("r+b") as file:
        file.seek(-2, os.SEEK_END)
        file.write(b"xx")
    with pytest.raises(OSError, match="changed") as caught:
        found.read()
    assert made.paths[2].name in str(caught.value)
    again = rd.read_series([path.open(mode, buffering=buffering) for path in made.paths])
    np.testing.assert_array_equal(again.array, rd.read_series(made.folder).array)


def test_what_is_written_to_an_open_file_is_a_change(tmp_path: Path) -> None:
    made = series(tmp_path / "CT", pixels=Pixels(shape=(300, 200)))
    files = [path.open("r+b") for path in made.paths]
    (found,) = rd.find_series(files)
    files[2].seek(-2, os.SEEK_END)
    # It is not handed to the system before the file is moved in.
    files[2].write(b"xx")
    with pytest.raises(OSError, match="changed"):
        found.read()


@pytest.mark.parametrize(
    "make",
    [
        lambda data: np.frombuffer(data, np.uint8),
        lambda data: np.frombuffer(data, np.int8),
        lambda data: np.frombuffer(data + data, np.uint8)[: len(data)],
        lambda data: np.repeat(np.frombuffer(data, np.uint8), 2)[::2],
        lambda data: array.array("B", data),
        lambda data: memoryview(data)[:],
        bytearray,
    ],
    ids=["uint8", "int8", "part", "strided", "array", "view", "bytearray"],
)
def test_arrays_of_bytes_are_bytes(written: Any, make: Any) -> None:
    whole = of_bytes(written.paths)
    sources = list(map(make, whole))
    assert rd.dcmread(sources[0]).InstanceNumber == rd.dcmread(whole[0]).InstanceNumber
    np.testing.assert_array_equal(rd.pixel_array(sources[0]), rd.pixel_array(whole[0]))
    assert len(list(rd.iter_pixels(sources[0]))) == 1
    assert len(rd.scan(sources[0])) == 1
    np.testing.assert_array_equal(rd.read_batch(sources), rd.read_batch(whole))
    volume = rd.read_series(dict(enumerate_names(sources)))
    np.testing.assert_array_equal(volume.array, rd.read_series(whole).array)


def enumerate_names(sources: list[Any]) -> list[tuple[str, Any]]:
    return [(f"slice {number}", source) for number, source in enumerate(sources)]


@pytest.mark.parametrize(
    "other",
    [np.zeros(8, np.int16), np.zeros((4, 4), np.uint8), np.zeros(4), array.array("H", [1, 2])],
    ids=["int16", "two axes", "float", "array of words"],
)
def test_other_arrays_are_one_clear_error(other: Any) -> None:
    one = (rd.dcmread, rd.pixel_array, lambda source: list(rd.iter_pixels(source)))
    for call in (*one, rd.scan, rd.find_series, rd.read_series, rd.read_batch):
        for source in (other, {"name": other}):
            with pytest.raises(TypeError, match="expected bytes, or an array of uint8"):
                call(source)  # type: ignore[operator]


def test_an_array_of_names_is_an_iterable(written: Any) -> None:
    names = np.array(list(map(str, written.paths)))
    assert len(rd.scan(names)) == len(written.paths)
    assert len(rd.scan(names.astype(object))) == len(written.paths)


def test_names_without_sources(written: Any) -> None:
    """One file is wanted, and there is none; of many there may be none."""
    for call in (rd.dcmread, rd.pixel_array, lambda source: list(rd.iter_pixels(source))):
        with pytest.raises(ValueError, match="this one has none"):
            call({})
        with pytest.raises(ValueError, match="this one has 2"):
            call(dict.fromkeys("ab", of_bytes(written.paths)[0]))
    one = {"one": of_bytes(written.paths)[0]}
    assert rd.dcmread(one).filename == "one"
    assert rd.pixel_array(one).shape == rd.pixel_array(written.paths[0]).shape
    assert rd.read_series(one).paths == ["one"]
    assert rd.scan(one)["path"].tolist() == ["one"]
    assert len(rd.scan({})) == 0
    assert rd.find_series({}) == []
    for call in (rd.read_series, rd.read_batch):
        with pytest.raises(ValueError, match=r"no series|no paths"):
            call({})


def test_what_ends_the_work_ends_it(written: Any) -> None:
    whole = of_bytes(written.paths)
    for error in (KeyboardInterrupt(), MemoryError("none")):
        broken: Any = Broken(whole[2], error)  # type: ignore[arg-type]  # no Exception
        with pytest.raises(type(error)):
            rd.scan([whole[0], broken])
