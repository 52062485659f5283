"""`out=` that takes values by assignment alone: arrays of zarr, and what is like them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Layout
from series_builder import Flaws, Pixels, Stack, series, write_slices

zarr = pytest.importorskip("zarr", reason="zarr is what is filled")
SHAPE = (8, 5, 7)


def empty(shape: tuple[int, ...], dtype: Any = "float32", **options: Any) -> Any:
    options = {"chunks": tuple(min(3, size) for size in shape)} | options
    return zarr.create_array(store={}, shape=shape, dtype=dtype, **options)


LAYOUTS: dict[str, dict[str, Any]] = {
    "version 2": {"zarr_format": 2},
    "version 3": {"zarr_format": 3},
    "slices": {"chunks": (1, 5, 7)},
    "one chunk": {"chunks": SHAPE},
    "columns": {"chunks": (8, 5, 1)},
    "shards": {"chunks": (2, 1, 7), "shards": (4, 5, 7)},
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("dtype", ["float32", "int16", "float16", "float64"])
def test_arrays_of_zarr_are_filled(layout: dict[str, Any], dtype: str, tmp_path: Path) -> None:
    written = series(tmp_path)
    out = empty(SHAPE, dtype, **layout)
    volume = rd.read_series(tmp_path, out=out)
    assert volume.array is out and volume.shape == SHAPE and volume.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(out[:], written.modality_volume.astype(dtype))
    np.testing.assert_array_equal(np.asarray(volume), out[:])
    assert volume.to_nibabel().shape == SHAPE[::-1]


def test_an_array_on_disk_is_filled(tmp_path: Path) -> None:
    written = series(tmp_path / "series")
    for number in (2, 3):
        path = tmp_path / f"array{number}"
        out = zarr.open_array(path, mode="w", shape=SHAPE, dtype="i2", chunks=3, zarr_format=number)
        rd.read_series(tmp_path / "series", values="stored", out=out)
        found = zarr.open_array(path, mode="r")[:]
        np.testing.assert_array_equal(found, written.stored_volume)


def test_big_endian_stores_have_the_same_values(tmp_path: Path) -> None:
    written = series(tmp_path)
    out = empty(SHAPE, ">i2", zarr_format=2)
    rd.read_series(tmp_path, values="stored", out=out)
    np.testing.assert_array_equal(out[:], written.stored_volume)


@pytest.mark.parametrize("chunks", [(1, 2, 3, 4), (2, 3, 5, 7), (3, 8, 5, 2)])
def test_parts_and_axes_in_front_go_to_their_places(chunks: Any, tmp_path: Path) -> None:
    series(tmp_path, Stack(phases=3))
    for options in (
        {},
        {"slices": slice(6, 0, -2), "rows": slice(1, 4), "columns": slice(None, None, 2)},
    ):
        expected = rd.read_series(tmp_path, **options)
        shape = expected.shape
        out = empty(shape, chunks=tuple(map(min, chunks, shape)))
        volume = rd.read_series(tmp_path, out=out, **options)
        np.testing.assert_array_equal(out[:], expected.array)
        np.testing.assert_array_equal(volume.affine, expected.affine)
        assert volume.paths == expected.paths and volume.report == expected.report


def test_colour_and_batches_are_filled(tmp_path: Path) -> None:
    pixels = np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3)
    (tmp_path / "colour").mkdir()
    write_slices(tmp_path / "colour", pixels, layout=Layout(samples=3))
    for chunks in ((2, 3, 2, 3), (3, 4, 5, 1)):
        out = empty(pixels.shape, "u1", chunks=chunks)
        rd.read_series(tmp_path / "colour", out=out)
        np.testing.assert_array_equal(out[:], pixels)
    written = series(tmp_path / "grey")
    out = empty(SHAPE, "int16")
    assert rd.read_batch(written.paths, values="stored", out=out) is out
    np.testing.assert_array_equal(out[:], written.stored_volume)


class Recorder:
    """The least that takes values, and what was set."""

    dtype = np.dtype(np.float32)

    def __init__(self, shape: tuple[int, ...], chunks: Any = None) -> None:
        self.shape, self.set = shape, []
        self.values = np.full(shape, np.nan, self.dtype)
        if chunks is not None:
            self.chunks = chunks

    def __setitem__(self, key: Any, value: Any) -> None:
        assert isinstance(value, np.ndarray) and np.isnan(self.values[key]).all()
        self.set.append(tuple((axis.start, axis.stop) for axis in key))
        self.values[key] = value

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("the whole array is asked for")


@pytest.mark.parametrize(
    "chunks", [None, SHAPE, (3, 2, 2), ((3, 3, 2), (5,), (4, 3)), (0, 0, 0), (100, 100, 100)]
)
def test_anything_with_shape_type_and_assignment_is_filled_once(
    chunks: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = series(tmp_path)
    out = Recorder(SHAPE, chunks)
    rd.read_series(tmp_path, out=out)
    np.testing.assert_array_equal(out.values, written.modality_volume)
    assert len(out.set) == 1
    # With less memory, whole chunks one after the other.
    monkeypatch.setattr("rapidicom._common.arrays._BLOCK_LENGTH", 2 * 5 * 7 * 4)
    out = Recorder(SHAPE, chunks)
    rd.read_series(tmp_path, out=out)
    np.testing.assert_array_equal(out.values, written.modality_volume)
    expected = {None: 4, SHAPE: 1, (0, 0, 0): 4, (100, 100, 100): 1}
    if chunks in expected:
        assert len(out.set) == expected[chunks]
    else:
        assert all(start % 3 == 0 for (start, _), _, _ in out.set)


@pytest.mark.parametrize(
    ("shape", "dtype", "wanted", "message"),
    [
        ((8, 5, 6), "float32", None, r"out has shape \(8, 5, 6\), but \(8, 5, 7\) is needed"),
        (SHAPE, "float32", "float64", "out has dtype float32, but float64 is wanted"),
        (SHAPE, "complex64", None, "out's dtype complex64 cannot hold pixels"),
        (SHAPE, "bool", None, "out's dtype bool cannot hold pixels"),
        (SHAPE, "uint8", None, "dtype uint8 does not hold every value exactly"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    shape: Any, dtype: str, wanted: Any, message: str, tmp_path: Path
) -> None:
    series(tmp_path)
    with pytest.raises(ValueError, match=message):
        rd.read_series(tmp_path, out=empty(shape, dtype), dtype=wanted)


def test_an_error_of_the_store_is_passed_on(tmp_path: Path) -> None:
    series(tmp_path / "series")
    path = tmp_path / "array"
    zarr.open_array(path, mode="w", shape=SHAPE, dtype="f4", chunks=3)
    out = zarr.open_array(path, mode="r")
    with pytest.raises(Exception, match="read-only"):
        rd.read_series(tmp_path / "series", out=out)


def test_what_is_irregular_is_reported_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rapidicom._common.arrays._BLOCK_LENGTH", 1)
    series(tmp_path, flaws=Flaws(missing=[3]))
    out = empty((7, 5, 7))
    with pytest.raises(rd.IrregularSeriesError):
        rd.read_series(tmp_path, out=out)
    assert not out[:].any()
    kept = rd.read_series(tmp_path, irregular="keep")
    volume = rd.read_series(tmp_path, out=out, irregular="keep")
    assert volume.report == kept.report
    np.testing.assert_array_equal(out[:], kept.array)


def test_damaged_frames_are_filled_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pydicom

    pixels = np.arange(6 * 4 * 5, dtype=np.uint16).reshape(6, 4, 5)
    write_slices(tmp_path, pixels)
    for index, path in enumerate(sorted(tmp_path.glob("*"))):
        ds = pydicom.dcmread(path)
        ds.compress("1.2.840.10008.1.2.5")
        if index in (1, 4):
            content = bytearray(ds.PixelData)
            # Where the second segment starts (PS3.5 §G.5), after the offset table and two item
            # headers and the first one.
            start = 24 + int.from_bytes(content[4:8], "little")
            content[start : start + 4] = (1 << 20).to_bytes(4, "little")
            ds.PixelData = bytes(content)
        ds.save_as(path)
    monkeypatch.setattr("rapidicom._common.arrays._BLOCK_LENGTH", 1)
    options: Any = {"irregular": "keep", "fill": 9}
    kept = rd.read_series(tmp_path, **options)
    assert kept.report.errors
    for chunks in ((1, 4, 5), (2, 2, 2), (6, 1, 5)):
        out = empty((6, 4, 5), chunks=chunks)
        volume = rd.read_series(tmp_path, out=out, **options)
        np.testing.assert_array_equal(out[:], kept.array)
        assert volume.report == kept.report
        np.testing.assert_array_equal(volume.padding_mask(), kept.padding_mask())
    with pytest.raises(rd.IrregularSeriesError, match="damaged"):
        rd.read_series(tmp_path, out=empty((6, 4, 5)))


def test_progress_counts_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rapidicom._common.arrays._BLOCK_LENGTH", 1)
    series(tmp_path)
    seen: list[int] = []
    monkeypatch.setattr(
        "rapidicom._common.progress.Progress._show",
        lambda self, done, total=None: seen.append(done),
    )
    (one,) = rd.find_series(tmp_path)
    one.read(out=empty(SHAPE, chunks=(2, 5, 7)), progress=True)
    assert seen == [2, 4, 6, 8]


STREAMED = """
import json, resource, sys, warnings
import numpy as np, zarr, rapidicom as rd
warnings.simplefilter("ignore")
folder, target, kind = sys.argv[1:]
(one,) = rd.find_series(folder)
if kind == "xarray":
    import dask, xarray
    named = one.to_xarray({"slice": 8})
    one.to_xarray({"slice": 8}, slices=slice(0, 8)).to_zarr(target + "-first")
else:
    one.read(slices=slice(0, 8), out=zarr.create_array({}, shape=(8, *one.shape[1:]), dtype="f4"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if kind == "xarray":
    with dask.config.set(scheduler="threads", num_workers=2):
        named.to_zarr(target)
else:
    chunks = (16, 128, 128)
    out = zarr.create_array(target, shape=one.shape, dtype="f4", chunks=chunks, compressors=None)
    one.read(out=out)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"grown": (after - before) << 10, "volume": int(np.prod(one.shape)) * 4}))
"""


@pytest.mark.parametrize("kind", ["out", "xarray"])
def test_a_volume_larger_than_its_memory_is_streamed(kind: str, tmp_path: Path) -> None:
    series(tmp_path / "series", Stack(count=160), pixels=Pixels((1, 1), rescale=(1.0, 1.0)))
    # Sparse files: 160 slices of 1024 x 1024 zeros.
    for path in (tmp_path / "series").iterdir():
        content = path.read_bytes()
        for tag in (b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x11\x00US\x02\x00"):
            content = content.replace(tag + b"\x01\x00", tag + b"\x00\x04")
        length = (2 << 20).to_bytes(4, "little")
        start = content.rindex(b"\xe0\x7f\x10\x00") + 8
        with path.open("wb") as file:
            file.write(content[:start] + length)
            file.truncate(start + 4 + (2 << 20))
    if kind == "xarray":
        pytest.importorskip("dask", reason="dask computes the chunks")
    command = [sys.executable, "-c", STREAMED, str(tmp_path / "series"), str(tmp_path / "z"), kind]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sizes = json.loads(done.stdout)
    assert sizes["volume"] == 640 << 20
    assert sizes["grown"] < 260 << 20, sizes
    where = "z/__xarray_dataarray_variable__" if kind == "xarray" else "z"
    assert (zarr.open_array(tmp_path / where, mode="r")[159, 1023] == 1).all()
