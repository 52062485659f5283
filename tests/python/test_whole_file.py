"""Files are written as a whole or not at all: on a full disk, by a killed process, over a link."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rapidicom._common import whole_file as module
from rapidicom._common.whole_file import remove_unfinished, whole_file

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links, pipes and permissions of Unix")


@pytest.fixture(params=["without a name", "with a name"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Choose what the file system has."""
    if request.param == "with a name":
        monkeypatch.setattr(module, "_unnamed", lambda target: None)
    return str(request.param)


@pytest.mark.parametrize("before", [None, b"before"])
def test_file_is_replaced_when_the_block_ends(
    kind: str, before: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / ("long" * 60)
    if before is not None:
        path.write_bytes(before)
        path.chmod(0o640)
    with whole_file(path) as file:
        file.write(b"after")
        file.flush()
        assert (path.read_bytes() if path.exists() else None) == before
    assert path.read_bytes() == b"after"
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == (0o640 if before else 0o666 & ~umask)
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_of_a_block_that_raises(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    for before in (None, b"before"):
        if before:
            path.write_bytes(before)
        with pytest.raises(RuntimeError), whole_file(path) as file:
            file.write(b"half")
            raise RuntimeError
        assert [one.read_bytes() for one in tmp_path.iterdir()] == [before] * bool(before)


def test_link_stays_and_its_target_is_replaced(kind: str, tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target.name)
    for content in (b"one", b"two"):
        with whole_file(link) as file:
            file.write(content)
        assert (link.is_symlink(), target.read_bytes()) == (True, content)
    assert sorted(tmp_path.iterdir()) == [link, target]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is full")
def test_device_is_written_and_stays(tmp_path: Path) -> None:
    with whole_file("/dev/null") as file:
        file.write(b"bytes")
    with pytest.raises(OSError) as caught, whole_file("/dev/full") as file:
        file.write(b"bytes")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, "/dev/full")
    assert all(stat.S_ISCHR(Path(path).stat().st_mode) for path in ("/dev/null", "/dev/full"))


def test_folder_that_is_not_there(kind: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "absent" / "file"):
        raise AssertionError
    with pytest.raises(IsADirectoryError), whole_file(tmp_path):
        raise AssertionError


def test_target_that_became_a_folder_meanwhile(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(IsADirectoryError), whole_file(path) as file:
        file.write(b"bytes")
        path.mkdir()
    assert list(tmp_path.iterdir()) == [path]


CODE = """
import os, signal, sys
from rapidicom._common import whole_file as module
path, kind = sys.argv[1:]
if kind == "with a name":
    module._unnamed = lambda target: None
replace = module.Path.replace
def killed(self, target):
    os.kill(os.getpid(), signal.SIGKILL)
if kind == "at its last step":
    module.Path.replace = killed
with module.whole_file(path) as file:
    file.write(b"half")
    file.flush()
    if kind != "at its last step":
        killed(None, None)
"""


@pytest.mark.parametrize("killed", ["without a name", "with a name", "at its last step"])
def test_killed_writer(killed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", CODE, str(path), killed]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert path.read_bytes() == b"before"
    left = [one for one in tmp_path.iterdir() if one != path]
    if killed == "without a name" and hasattr(os, "O_TMPFILE"):
        assert left == []
    if killed == "at its last step":
        remove_unfinished(path)
        assert list(tmp_path.iterdir()) == [path]
        subprocess.run(command, env=environment, capture_output=True, check=False)
    # The next writer tidies up.
    if killed == "with a name":
        monkeypatch.setattr(module, "_unnamed", lambda target: None)
    with whole_file(path) as file:
        file.write(b"after")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"after"]


def test_file_of_a_writer_that_lives_is_left_alone(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    with whole_file(path) as one:
        one.write(b"one")
        with whole_file(path) as other:
            other.write(b"other")
        remove_unfinished(path)
        assert path.read_bytes() == b"other"
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]
