"""`out=` in memory that is not NumPy's own: a mapped file, shared memory, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import shared_memory
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from series_builder import series

SHAPE = (8, 5, 7)


@pytest.mark.parametrize("mode", ["w+", "r+"])
def test_mapped_file_is_filled(mode: Any, tmp_path: Path) -> None:
    written = series(tmp_path / "series")
    path = tmp_path / "volume"
    path.write_bytes(bytes(8 * 5 * 7 * 4 + 64))
    out = np.memmap(path, np.float32, mode, 64, SHAPE)
    volume = rd.read_series(tmp_path / "series", out=out)
    assert np.shares_memory(volume.array, out)
    out.flush()
    stored = np.fromfile(path, np.float32, offset=64).reshape(SHAPE)
    np.testing.assert_array_equal(stored, written.modality_volume)


def test_npy_file_is_filled(tmp_path: Path) -> None:
    written = series(tmp_path / "series")
    path = tmp_path / "volume.npy"
    out = np.lib.format.open_memmap(path, "w+", np.int16, SHAPE)
    rd.read_series(tmp_path / "series", values="stored", out=out)
    out.flush()
    np.testing.assert_array_equal(np.load(path), written.stored_volume)


def test_map_with_copies_on_write_leaves_its_file(tmp_path: Path) -> None:
    written = series(tmp_path / "series")
    path = tmp_path / "volume"
    path.write_bytes(bytes(8 * 5 * 7 * 2))
    out = np.memmap(path, np.int16, "c", 0, SHAPE)
    rd.read_series(tmp_path / "series", values="stored", out=out)
    np.testing.assert_array_equal(out, written.stored_volume)
    assert not any(path.read_bytes())


def test_part_of_a_map_is_filled(tmp_path: Path) -> None:
    """Series after series into one file, as for training."""
    written = series(tmp_path / "series")
    path = tmp_path / "volumes"
    volumes = np.memmap(path, np.int16, "w+", 0, (3, *SHAPE))
    rd.read_series(tmp_path / "series", values="stored", out=volumes[1])
    rd.read_batch(written.paths, values="stored", out=volumes[2])
    np.testing.assert_array_equal(volumes[1], written.stored_volume)
    assert not volumes[0].any() and volumes[2].any()


WORKER = """
import sys
from multiprocessing import resource_tracker, shared_memory
import numpy as np, rapidicom as rd
# The process that made the memory removes it.
resource_tracker.register = lambda *arguments: None
shared = shared_memory.SharedMemory(sys.argv[1])
out = np.ndarray((8, 5, 7), np.float32, shared.buf)
volume = rd.read_series(sys.argv[2], out=out)
assert np.shares_memory(volume.array, out)
del volume, out
shared.close()
"""


def test_shared_memory_is_filled_by_another_process(tmp_path: Path) -> None:
    written = series(tmp_path)
    shared = shared_memory.SharedMemory(create=True, size=8 * 5 * 7 * 4)
    try:
        command = [sys.executable, "-c", WORKER, shared.name, str(tmp_path)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        seen = np.ndarray(SHAPE, np.float32, shared.buf)
        np.testing.assert_array_equal(seen, written.modality_volume)
        del seen
    finally:
        shared.close()
        shared.unlink()


def _read_only_map(folder: Path) -> Any:
    path = folder / "volume"
    path.write_bytes(bytes(8 * 5 * 7 * 4))
    return np.memmap(path, np.float32, "r", 0, SHAPE)


def _of_bytes(folder: Path) -> Any:
    return np.frombuffer(bytes(8 * 5 * 7 * 4), np.float32).reshape(SHAPE)


def _one_slice_again_and_again(folder: Path) -> Any:
    return np.lib.stride_tricks.as_strided(np.zeros(SHAPE[1:], np.float32), SHAPE, (0, 28, 4))


def _overlapping_slices(folder: Path) -> Any:
    return np.lib.stride_tricks.as_strided(np.zeros(300, np.float32), SHAPE, (70, 28, 4))


REFUSED: dict[str, Callable[[Path], Any]] = {
    "a read-only map": _read_only_map,
    "memory of bytes": _of_bytes,
    "one slice again and again": _one_slice_again_and_again,
    "slices that overlap": _overlapping_slices,
    "a broadcast array": lambda folder: np.broadcast_to(np.zeros(SHAPE[1:], np.float32), SHAPE),
    "a list": lambda folder: np.zeros(SHAPE, np.float32).tolist(),
    "a map of another type": lambda folder: np.memmap(folder / "map", np.complex64, "w+", 0, SHAPE),
    "a masked array of records": lambda folder: np.zeros(SHAPE, [("a", np.float32)]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_memory_that_cannot_be_filled_is_refused(name: str, tmp_path: Path) -> None:
    series(tmp_path / "series")
    out = REFUSED[name](tmp_path)
    with pytest.raises(ValueError, match="out"):
        rd.read_series(tmp_path / "series", out=out)
    if isinstance(out, np.ndarray) and out.dtype.names is None:
        assert not out.any()


def test_memory_that_is_being_filled_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two calls never write to the same memory at once."""
    written = series(tmp_path)
    buffer = np.zeros(9 * 5 * 7, np.int16)
    out, beside = buffer[: 8 * 35].reshape(SHAPE), buffer[35:].reshape(SHAPE)
    raised = []

    class Bar:
        n = 0
        total = None

        def __init__(self, **_: Any) -> None: ...
        def close(self) -> None: ...

        def update(self, _count: int) -> None:
            for one in (out, beside):
                with pytest.raises(TypeError, match="borrowed"):
                    rd.read_series(tmp_path, values="stored", out=one)
                raised.append(one)

    module = ModuleType("tqdm.auto")
    monkeypatch.setattr(module, "tqdm", Bar, raising=False)
    monkeypatch.setitem(sys.modules, "tqdm.auto", module)
    (found,) = rd.find_series(tmp_path)
    found.read(values="stored", out=out, progress=True)
    assert len(raised) >= 2
    np.testing.assert_array_equal(out, written.stored_volume)
    rd.read_series(tmp_path, values="stored", out=beside)
    np.testing.assert_array_equal(beside, written.stored_volume)
