"""Series as arrays of dask and xarray: each chunk is read alone, with what `read` gives."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Identity, Layout
from data_paths import DATA
from series_builder import Flaws, Pixels, Stack, Written, series, write_slices

dask = pytest.importorskip("dask", reason="dask computes the chunks")
xarray = pytest.importorskip("xarray", reason="xarray names the axes")

RLE = "1.2.840.10008.1.2.5"
CHUNKS: dict[str, Any] = {
    "auto": "auto",
    "whole": -1,
    "a number": 3,
    "a tuple": (3, -1, 4),
    "a tuple with auto": (3, "auto", 4),
    "lengths": ((5, 3), (5,), (2, 2, 3)),
    "a size": "1 KiB",
    "axes by name": {"slice": 2, "column": 3},
    "axes by number": {0: 2, -1: 3},
    "a length by name": {"slice": (1, 7)},
}


def found(folder: Path, *arguments: Any, **options: Any) -> tuple[rd.Series, Written]:
    written = series(folder, *arguments, **options)
    (one,) = rd.find_series(folder)
    return one, written


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
def test_chunks_are_divided_as_dask_divides_them(chunks: Any, tmp_path: Path) -> None:
    one, written = found(tmp_path)
    array = one.to_dask(chunks)
    assert (array.shape, array.dtype) == (one.shape, np.float32)
    for scheduler in ("threads", "synchronous"):
        np.testing.assert_array_equal(array.compute(scheduler=scheduler), written.modality_volume)
    if isinstance(chunks, dict) and "slice" in chunks:
        assert one.to_xarray(chunks).chunks == array.chunks


OPTIONS: dict[str, dict[str, Any]] = {
    "stored": {"values": "stored"},
    "halves": {"dtype": "float16"},
    "doubles": {"dtype": np.float64},
    "whole numbers": {"dtype": "int32"},
    "a part": {"slices": slice(6, 1, -2), "rows": slice(1, 4), "columns": slice(None, None, 2)},
    "one slice": {"slices": slice(3, 4), "values": "stored", "dtype": "float32"},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("phases", [1, 2])
def test_options_are_those_of_read(phases: int, options: dict[str, Any], tmp_path: Path) -> None:
    one, _ = found(tmp_path, Stack(phases=phases))
    volume = one.read(**options)
    lazy = one.to_dask({"slice": 2, "row": 2, "column": 3}, **options)
    assert lazy.dtype == volume.dtype
    np.testing.assert_array_equal(lazy.compute(), volume.array)
    named = one.to_xarray({"slice": 2}, **options)
    xarray.testing.assert_identical(named.compute(), volume.to_xarray())


def test_axes_in_front_are_chunked(tmp_path: Path) -> None:
    one, _ = found(tmp_path, Stack(phases=3))
    volume = one.read()
    assert one.to_dask().chunks == ((3,), (8,), (5,), (7,))
    steps = one.to_dask("1200 B")
    assert steps.chunks == ((1, 1, 1), (8,), (5,), (7,))
    np.testing.assert_array_equal(steps.compute(), volume.array)
    # A step that is larger than the size is divided.
    assert one.to_dask("600 B").chunks[:2] == ((1, 1, 1), (4, 4))
    odd = one.to_dask((2, 3, 4, 5))
    np.testing.assert_array_equal(odd.compute(), volume.array)
    np.testing.assert_array_equal(odd[2, 5:7, 1].compute(), volume.array[2, 5:7, 1])


def test_colour_has_samples(tmp_path: Path) -> None:
    pixels = np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3)
    write_slices(tmp_path, pixels, layout=Layout(samples=3), identity=Identity(modality="OT"))
    (one,) = rd.find_series(tmp_path)
    assert one.to_dask().dtype == np.uint8
    for chunks in ("auto", (2, 2, 2, 1), {"sample": -1, "row": 3}):
        np.testing.assert_array_equal(one.to_dask(chunks).compute(), pixels)
    assert one.to_xarray().dims == ("slice", "row", "column", "sample")


def test_compressed_frames_are_decoded(tmp_path: Path) -> None:
    import pydicom

    paths = sorted((DATA / "brain-mr").glob("*.dcm"))[:4]
    for path in paths:
        ds = pydicom.dcmread(path)
        ds.compress(RLE)
        ds.save_as(tmp_path / path.name)
    (one,) = rd.find_series(tmp_path)
    expected = rd.read_series(paths).array
    lazy = one.to_dask((3, 50, 50))
    np.testing.assert_array_equal(lazy.compute(), expected)


SCRIPT = """
import sys, pickle, dask, numpy as np
array = pickle.loads(open(sys.argv[1], "rb").read())
np.save(sys.argv[2], array.compute(scheduler="synchronous"))
"""


def in_a_new_process(array: Any, folder: Path) -> np.ndarray[Any, Any]:
    (folder / "graph").write_bytes(pickle.dumps(array))
    command = [sys.executable, "-c", SCRIPT, str(folder / "graph"), str(folder / "out.npy")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr)
    return np.asarray(np.load(folder / "out.npy"))


@pytest.mark.parametrize("kind", ["paths", "memory"])
def test_a_graph_goes_to_another_process(kind: str, tmp_path: Path) -> None:
    series(tmp_path / "series", Stack(phases=2))
    sources: Any = tmp_path / "series"
    if kind == "memory":
        sources = [path.read_bytes() for path in sources.iterdir()]
    (one,) = rd.find_series(sources)
    lazy = one.to_dask((1, 3, 2, -1), dtype="float64", slices=slice(1, None))
    expected = one.read(dtype="float64", slices=slice(1, None)).array
    np.testing.assert_array_equal(in_a_new_process(lazy, tmp_path), expected)
    again = pickle.loads(pickle.dumps(lazy))
    assert again.name == lazy.name
    np.testing.assert_array_equal(again.compute(), expected)


def test_processes_compute_chunks(tmp_path: Path) -> None:
    one, written = found(tmp_path)
    found_there = one.to_dask({"slice": 4}).compute(scheduler="processes", num_workers=2)
    np.testing.assert_array_equal(found_there, written.modality_volume)


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    one, written = found(tmp_path / "series")
    lazy = one.to_dask({"slice": 2})
    graph = pickle.dumps(lazy)
    path = written.paths[5]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    for array in (lazy, pickle.loads(graph)):
        with pytest.raises(OSError, match="changed since"):
            array.compute()
        np.testing.assert_array_equal(array[:4].compute(), written.modality_volume[:4])


def test_a_chunk_opens_its_own_files_alone(tmp_path: Path) -> None:
    one, written = found(tmp_path)
    lazy = one.to_dask({"slice": 2})
    far = pickle.loads(pickle.dumps(lazy))
    for path in written.paths[2:]:
        path.unlink()
    for array in (lazy, far):
        np.testing.assert_array_equal(array[:2].compute(), written.modality_volume[:2])
        with pytest.raises(OSError):
            array[2].compute()


def test_names_tell_arrays_apart(tmp_path: Path) -> None:
    one, written = found(tmp_path)
    (same,) = rd.find_series(tmp_path)
    pickled = pickle.loads(pickle.dumps(one))
    assert one.to_dask(4).name == same.to_dask(4).name == pickled.to_dask(4).name
    kinds: list[dict[str, Any]] = [{}, *OPTIONS.values(), {"fill": 3}, {"irregular": "keep"}]
    names = [one.to_dask(4, **kind).name for kind in kinds] + [one.to_dask(5).name]
    assert len(set(names)) == len(names)
    written.paths[0].touch()
    (touched,) = rd.find_series(tmp_path)
    assert touched.to_dask(4).name not in names
    data = [path.read_bytes() for path in written.paths]
    named = [rd.find_series(data)[0].to_dask(4).name for _ in range(2)]
    assert named[0] == named[1]
    changed = bytearray(data[0])
    changed[-1] ^= 1
    assert rd.find_series([bytes(changed), *data[1:]])[0].to_dask(4).name != named[0]


def test_nothing_is_read_before_it_is_computed(tmp_path: Path) -> None:
    one, written = found(tmp_path)
    lazy, named = one.to_dask(2), one.to_xarray({"slice": 2})
    for path in written.paths:
        path.unlink()
    with pytest.raises(OSError):
        lazy.compute()
    with pytest.raises(OSError):
        named.load()


def test_an_irregular_series_raises_before_anything_is_computed(tmp_path: Path) -> None:
    one, _ = found(tmp_path, flaws=Flaws(missing=[3]))
    for method in (one.to_dask, one.to_xarray):
        with pytest.raises(rd.IrregularSeriesError, match="missing"):
            method()
    kept = one.read(irregular="keep")
    lazy = one.to_xarray({"slice": 2}, irregular="keep")
    xarray.testing.assert_identical(lazy.compute(), kept.to_xarray())


def damaged(folder: Path) -> tuple[rd.Series, np.ndarray[Any, Any]]:
    """Write RLE frames of which the third is damaged; return the others' values too."""
    import pydicom

    pixels = np.arange(5 * 6 * 7, dtype=np.uint16).reshape(5, 6, 7)
    write_slices(folder, pixels)
    for index, path in enumerate(sorted(folder.glob("*"))):
        ds = pydicom.dcmread(path)
        ds.compress(RLE)
        if index == 2:
            content = bytearray(ds.PixelData)
            # Where the second segment starts (PS3.5 §G.5), after the offset table and two item
            # headers and the first one.
            start = 24 + int.from_bytes(content[4:8], "little")
            content[start : start + 4] = (1 << 20).to_bytes(4, "little")
            ds.PixelData = bytes(content)
        ds.save_as(path)
    (one,) = rd.find_series(folder)
    return one, pixels


def test_damage_shows_when_its_chunk_is_computed(tmp_path: Path) -> None:
    one, pixels = damaged(tmp_path)
    lazy = one.to_dask({"slice": 1}, values="stored")
    np.testing.assert_array_equal(lazy[:2].compute(), pixels[:2])
    for array in (lazy, pickle.loads(pickle.dumps(lazy))):
        with pytest.raises(rd.IrregularSeriesError, match="damaged") as caught:
            array.compute()
        assert caught.value.report is not None and len(caught.value.report.errors) == 1
        assert caught.value.path is not None
    kept = one.to_dask({"slice": 1}, values="stored", irregular="keep", fill=7)
    with pytest.warns(RuntimeWarning, match="were filled"):
        array = kept.compute(scheduler="synchronous")
    expected = pixels.copy()
    expected[2] = 7
    np.testing.assert_array_equal(array, expected)


def test_a_value_out_of_range_is_an_error_of_its_chunk(tmp_path: Path) -> None:
    scales = [(1.0, 0.0)] * 7 + [(100.0, 0.0)]
    one, written = found(tmp_path, pixels=Pixels(rescale=scales))
    lazy = one.to_dask({"slice": 1}, dtype="float16")
    with pytest.raises(ValueError, match=r"float16 does not hold") as caught:
        lazy.compute()
    assert str(written.paths[7]) in str(caught.value)
    assert np.isfinite(lazy[:7].compute()).all()


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ({"depth": 3}, "'depth', but the axes are slice, row, column"),
        ({3: 3}, "3, but the axes"),
        ((3, 3), "."),
        (((3, 3), (5,), (7,)), "."),
    ],
)
def test_chunks_that_do_not_fit_are_refused(chunks: Any, message: str, tmp_path: Path) -> None:
    one, _ = found(tmp_path)
    with pytest.raises(ValueError, match=message):
        one.to_dask(chunks)


def test_arguments_are_checked_at_once(tmp_path: Path) -> None:
    one, _ = found(tmp_path)
    for options in ({"values": "raw"}, {"dtype": "S1"}, {"irregular": "drop"}, {"dtype": ">f4"}):
        with pytest.raises(ValueError):
            one.to_dask(**options)
    with pytest.raises(TypeError, match="slice"):
        one.to_dask(slices=3)


@pytest.mark.parametrize("zarr_format", [None, 2, 3])
def test_a_store_of_zarr_is_what_xarray_reads(zarr_format: Any, tmp_path: Path) -> None:
    pytest.importorskip("zarr", reason="zarr is what is written")
    one, _ = found(tmp_path / "series", Stack(phases=2))
    volume = one.read()
    named = {"lazy": one.to_xarray({"slice": 4}).rename("image"), "series": one, "volume": volume}
    for name, source in named.items():
        store = tmp_path / f"{name}.zarr"
        options = {"chunks": {"slice": 4}} if name == "series" else {}
        with warnings.catch_warnings():
            # Of xarray's own writing.
            warnings.simplefilter("ignore" if name == "lazy" else "error")
            source.to_zarr(store, zarr_format=zarr_format, **options)
            if name != "lazy":
                with pytest.raises(FileExistsError):
                    source.to_zarr(store, zarr_format=zarr_format)
                source.to_zarr(store, zarr_format=zarr_format, mode="w", **options)
            again = xarray.open_dataarray(store, engine="zarr", chunks={})
        xarray.testing.assert_equal(again.load(), xarray.DataArray(volume.to_xarray()))
        np.testing.assert_array_equal(again.attrs["affine"], one.affine)
        assert again.name == "image"
        if name != "volume":
            assert again.encoding["chunks"] == (2, 4, 5, 7)
