"""Files that are changed after they were read: what is read later refuses them, through every door.

A volume never shows the context of a new file beside the pixels of the old one.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Fragments, file_bytes, image
from series_builder import Stack, series

LONG = Element(0x00091010, "OB", b"\x05" * 200_000)
CREATOR = Element(0x00090010, "LO", "TEST")


def _replace(path: Path) -> None:
    """Another file takes the name, with the same size and times."""
    state = path.stat()
    other = path.with_name("other")
    other.write_bytes(_other(path.read_bytes()))
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.replace(path)


def _overwrite(path: Path) -> None:
    """Other bytes in place, of the same length."""
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.write(_other(content))


def _overwrite_and_hide(path: Path) -> None:
    """The same, and the modification time is set back."""
    state = path.stat()
    _overwrite(path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def _other(content: bytes) -> bytes:
    return content.replace(b"2.25.9", b"2.25.8")


CHANGES: dict[str, Callable[[Path], object]] = {
    "replaced": _replace,
    "overwritten in place": _overwrite,
    "truncated": lambda path: os.truncate(path, path.stat().st_size - 10),
    "appended to": lambda path: path.write_bytes(path.read_bytes() + b"\0\0"),
    "deleted": lambda path: path.unlink(),
    "renamed": lambda path: path.rename(path.with_name("renamed")),
    "touched": lambda path: os.utime(path),
    "a folder now": lambda path: (path.unlink(), path.mkdir()),
}
if os.name != "nt":
    CHANGES["overwritten in place, time set back"] = _overwrite_and_hide


@pytest.fixture(params=CHANGES, ids=list(CHANGES))
def change(request: pytest.FixtureRequest) -> Callable[[Path], object]:
    """Change a file."""
    made: Callable[[Path], object] = CHANGES[request.param]
    return made


DOORS: dict[str, Callable[[rd.Volume], object]] = {
    "datasets": lambda volume: volume.datasets[1],
    "all datasets": lambda volume: list(volume.datasets),
    "scaling": lambda volume: volume.scaling,
    "padding_mask": lambda volume: volume.padding_mask(),
}


@pytest.mark.parametrize("door", list(DOORS))
@pytest.mark.parametrize("is_pickled", [False, True], ids=["here", "pickled"])
def test_a_volume_refuses_a_changed_file(
    door: str, is_pickled: bool, change: Callable[[Path], object], tmp_path: Path
) -> None:
    written = series(tmp_path, Stack(count=3))
    volume = rd.read_series(tmp_path)
    expected = [(path, frame) for path, frame in zip(volume.paths, volume.frames, strict=True)]
    windows = volume.windows
    if is_pickled:
        volume = pickle.loads(pickle.dumps(volume))
    change(written.paths[1])
    with pytest.raises(OSError) as caught:
        DOORS[door](volume)
    assert str(written.paths[1]) in str(caught.value)
    # What was read stays.
    np.testing.assert_array_equal(volume.array, written.modality_volume)
    assert volume.report.slices == expected
    np.testing.assert_array_equal(volume.windows, windows)
    assert volume.datasets[0].InstanceNumber == 1


@pytest.mark.parametrize("is_pickled", [False, True], ids=["here", "pickled"])
def test_a_series_refuses_a_changed_file(
    is_pickled: bool, change: Callable[[Path], object], tmp_path: Path
) -> None:
    written = series(tmp_path, Stack(count=3))
    (found,) = rd.find_series(tmp_path)
    if is_pickled:
        found = pickle.loads(pickle.dumps(found))
    change(written.paths[1])
    for irregular in ("raise", "keep"):
        with pytest.raises(OSError) as caught:
            found.read(irregular=irregular)  # type: ignore[arg-type]
        assert str(written.paths[1]) in str(caught.value)


def test_a_data_set_that_was_looked_at_is_the_old_one(
    change: Callable[[Path], object], tmp_path: Path
) -> None:
    written = series(tmp_path, Stack(count=3))
    volume = rd.read_series(tmp_path)
    ds = volume.datasets[1]
    change(written.paths[1])
    assert (volume.datasets[1] is ds, ds.StudyInstanceUID) == (True, "2.25.9")
    with pytest.raises(OSError, match=""):
        _ = ds.pixel_array


def _write(path: Path, *, frames: int = 1, is_encapsulated: bool = False) -> Path:
    stored = np.arange(frames * 40_000).reshape(frames, 200, 200).astype(np.int16)
    elements = sorted([*image(stored), CREATOR, LONG], key=lambda element: element.tag)
    syntax = "1.2.840.10008.1.2.1"
    if is_encapsulated:
        syntax = "1.2.840.10008.1.2.1.98"
        fragments = Fragments([frame.tobytes() for frame in stored])
        elements = [
            Element(one.tag, "OB", fragments) if one.tag == 0x7FE00010 else one for one in elements
        ]
    path.write_bytes(file_bytes(elements, transfer_syntax=syntax))
    return path


@pytest.mark.parametrize("is_encapsulated", [False, True], ids=["native", "encapsulated"])
@pytest.mark.parametrize("is_pickled", [False, True], ids=["here", "pickled"])
@pytest.mark.parametrize("mmap", ["auto", "never", "always"])
def test_a_data_set_refuses_a_changed_file(
    is_encapsulated: bool,
    is_pickled: bool,
    mmap: Any,
    change: Callable[[Path], object],
    tmp_path: Path,
) -> None:
    path = _write(tmp_path / "one.dcm", frames=3, is_encapsulated=is_encapsulated)
    ds = rd.dcmread(path, mmap=mmap)
    if is_pickled:
        ds = pickle.loads(pickle.dumps(ds))
    change(path)
    for read in (
        lambda: ds.pixel_array,
        lambda: ds[0x00091010].value,
        lambda: rd.pixel_array(ds, index=1),
        lambda: list(rd.iter_pixels(ds)),
        lambda: ds.PixelData,
        lambda: ds.to_pydicom(),
    ):
        with pytest.raises(OSError) as caught:
            read()
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("is_encapsulated", [False, True], ids=["native", "encapsulated"])
def test_frames_stop_where_the_file_was_changed(
    is_encapsulated: bool, change: Callable[[Path], object], tmp_path: Path
) -> None:
    path = _write(tmp_path / "one.dcm", frames=3, is_encapsulated=is_encapsulated)
    frames = rd.iter_pixels(path)
    assert next(frames)[0, 1] == 1
    change(path)
    with pytest.raises(OSError) as caught:
        next(frames)
    assert str(path) in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="no fork to compare with")
def test_another_process_refuses_a_changed_file(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    written = series(folder, Stack(count=3))
    (found,) = rd.find_series(folder)
    (tmp_path / "pickle").write_bytes(pickle.dumps((found, found.read())))
    code = (
        "import pickle, sys\n"
        "series, volume = pickle.load(open(sys.argv[1], 'rb'))\n"
        "for read in (series.read, volume.padding_mask, lambda: list(volume.datasets)):\n"
        "    try:\n"
        "        read()\n"
        "        print('read')\n"
        "    except OSError as error:\n"
        "        print('refused' if sys.argv[2] in str(error) else error)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "pickle"), str(written.paths[1])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    def answers() -> list[str]:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        return done.stdout.split()

    assert answers() == ["read"] * 3
    _overwrite_and_hide(written.paths[1])
    assert answers() == ["refused"] * 3


def test_a_copy_of_the_folder_is_read_as_itself(tmp_path: Path) -> None:
    """What was changed matters for what was read before, and for nothing else."""
    written = series(tmp_path / "a", Stack(count=3))
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    volume = rd.read_series(tmp_path / "b")
    shutil.rmtree(tmp_path / "a")
    assert volume.datasets[1].StudyInstanceUID == "2.25.9"
    np.testing.assert_array_equal(volume.array, written.modality_volume)


def test_a_table_is_read_at_once(change: Callable[[Path], object], tmp_path: Path) -> None:
    written = series(tmp_path, Stack(count=3))
    table = rd.scan(tmp_path, ["StudyInstanceUID"])
    change(written.paths[1])
    assert list(table["StudyInstanceUID"]) == ["2.25.9"] * 3
