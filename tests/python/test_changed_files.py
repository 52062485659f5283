"""Files that are changed after they were read: what is read later refuses them, through every door.

A volume never shows the context of a new file beside the pixels of the old one.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Fragments, file_bytes, image
from series_builder import Pixels, Stack, series

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


def _multi_frame(path: Path) -> np.ndarray[Any, Any]:
    """Write 12 MB of frames, which are mapped by default."""
    _write(path, frames=150)
    return np.arange(150 * 40_000).reshape(150, 200, 200).astype(np.int16)


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "overwritten in place"])
def test_pixels_that_were_copied_stay(name: str, tmp_path: Path) -> None:
    expected = _multi_frame(path := tmp_path / "one.dcm")
    pixels = rd.dcmread(path, mmap="never").pixel_array
    CHANGES[name](path)
    np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize("name", ["replaced", "deleted", "renamed"])
def test_pixels_that_are_mapped_stay_with_their_file(name: str, tmp_path: Path) -> None:
    expected = _multi_frame(path := tmp_path / "one.dcm")
    pixels = rd.dcmread(path).pixel_array
    CHANGES[name](path)
    np.testing.assert_array_equal(pixels, expected)


TRUNCATED = """
import os, sys
import rapidicom as rd
path, mmap = sys.argv[1:]
pixels = rd.dcmread(path, mmap=mmap).pixel_array
os.truncate(path, 4096)
print("cut", flush=True)
print(int(pixels[-1, -1, -1]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what the system does with lost pages")
@pytest.mark.parametrize(
    ("mmap", "megabytes", "status"), [("auto", 12, -7), ("never", 12, 0), ("auto", 1, 0)]
)
def test_truncating_ends_the_process_only_under_a_map(
    mmap: str, megabytes: int, status: int, tmp_path: Path
) -> None:
    """What `mmap=` says of itself: `"never"` is safe, and small images are never mapped."""
    frames = megabytes * 13
    _write(path := tmp_path / "one.dcm", frames=frames)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", TRUNCATED, str(path), mmap]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == status, done.stderr
    last = np.array([frames * 40_000 - 1]).astype(np.int16)[0]
    assert done.stdout == ("cut\n" if status else f"cut\n{last}\n")


class _Changing:
    """A series whose files another thread replaces without end.

    A file of either version has the same modality values: what its pixels have more, its Rescale
    Intercept has less. So a slice is wrong only if its header is of one file and its pixels are of
    another.
    """

    def __init__(self, folder: Path, *, is_deleting: bool) -> None:
        plain = series(folder / "plain", Stack(count=6), pixels=Pixels(rescale=(1.0, 0.0)))
        self.expected = plain.modality_volume
        self.folder = folder / "series"
        self.folder.mkdir()
        self.versions = []
        for path in plain.paths:
            content = path.read_bytes()
            self.versions.append((path.name, content, self._shifted(content)))
        self.is_deleting = is_deleting
        self.is_over = threading.Event()
        self._put(0)
        self.thread = threading.Thread(target=self._change)

    @staticmethod
    def _shifted(content: bytes) -> bytes:
        ds = rd.dcmread(content)
        start, length = ds.element_offset("PixelData")
        pixels = np.frombuffer(content[start : start + length], "<i2") + 7
        at, size = ds.element_offset("RescaleIntercept")
        return (
            content[:at] + b"-7".ljust(size) + content[at + size : start]
            + pixels.astype("<i2").tobytes() + content[start + length :]
        )  # fmt: skip

    def _put(self, version: int) -> None:
        for name, *contents in self.versions:
            (self.folder / "next").write_bytes(contents[version])
            (self.folder / "next").replace(self.folder / name)

    def _change(self) -> None:
        version = 0
        while not self.is_over.is_set():
            version = 1 - version
            self._put(version)
            if self.is_deleting:
                (self.folder / self.versions[version][0]).unlink(missing_ok=True)

    def __enter__(self) -> _Changing:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.thread.join()


@pytest.mark.skipif(os.name == "nt", reason="Windows does not replace files that are open")
@pytest.mark.parametrize("is_deleting", [False, True], ids=["replaced", "deleted"])
def test_files_that_change_while_they_are_read(is_deleting: bool, tmp_path: Path) -> None:
    outcomes = set()
    with _Changing(tmp_path, is_deleting=is_deleting) as changing:
        paths = [changing.folder / name for name, *_ in changing.versions]
        for _ in range(60):
            try:
                volume = rd.read_series(paths)
                outcomes.add("read")
                np.testing.assert_array_equal(volume.array, changing.expected)
                assert len(list(volume.datasets)) == 6
            except OSError as error:
                outcomes.add(type(error).__name__)
                assert any(str(path) in str(error) for path in paths)
            except rd.IrregularSeriesError as error:
                # It went between the listing and the look at its header, and may be a slice.
                outcomes.add("irregular")
                assert is_deleting and "1 file or folder cannot be read" in str(error)
    assert outcomes <= {"read", "OSError", "FileNotFoundError", "irregular"}


@pytest.mark.skipif(os.name == "nt", reason="Windows does not replace files that are open")
@pytest.mark.parametrize("is_cached", [False, True], ids=["plain", "index"])
def test_files_that_change_while_they_are_scanned(is_cached: bool, tmp_path: Path) -> None:
    """A row is of one version: a second scan with an index never keeps what has changed."""
    columns = ["RescaleIntercept", "InstanceNumber"]
    options: dict[str, Any] = {}
    if is_cached:
        pytest.importorskip("pyarrow")
        options = {"cache": tmp_path / "index"}
    with _Changing(tmp_path, is_deleting=True) as changing:
        for _ in range(40):
            table = rd.scan(changing.folder, columns, **options)
            rows = {Path(row["path"]).name: row for row in table.to_dicts()}
            assert {row["RescaleIntercept"] for row in rows.values()} <= {0.0, -7.0}
            # A file that was listed and has gone, or the one that is being written.
            for error in table.errors:
                assert "No such file" in error.reason or Path(error.path).name == "next"
    settled = rd.scan(changing.folder, columns, **options)
    assert settled.to_dicts() == rd.scan(changing.folder, columns).to_dicts()
