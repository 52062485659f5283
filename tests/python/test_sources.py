"""Sources: the same series from every kind that a call takes."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
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


KINDS: dict[str, Kind] = {
    "paths": lambda paths: (paths, list(map(str, paths))),
    "bytes": lambda paths: numbered(of_bytes(paths)),
    "bytearrays": lambda paths: numbered([bytearray(data) for data in of_bytes(paths)]),
    "memoryviews": lambda paths: numbered([memoryview(data) for data in of_bytes(paths)]),
    "file objects in memory": lambda paths: numbered(list(map(io.BytesIO, of_bytes(paths)))),
    "open files": opened,
    "names with bytes": given_names,
    "an iterator": lambda paths: (iter(of_bytes(paths)), numbered(list(paths))[1]),
    "paths and bytes": some_paths,
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


@pytest.mark.parametrize("kind", KINDS)
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
