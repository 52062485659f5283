"""What the command line writes is whole or not there: a full disk, a limit, a link in its place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from data_paths import BRAIN_MR
from rapidicom.cli import main

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits and devices of Unix")

SERIES = str(BRAIN_MR)
# Each command with the name of what it writes, and the module that it needs for it.
COMMANDS: dict[str, tuple[list[str], str]] = {
    ".csv": (["scan", SERIES, "-o"], "numpy"),
    ".parquet": (["scan", SERIES, "-o"], "pyarrow"),
    ".npy": (["convert", SERIES], "numpy"),
    ".npz": (["convert", SERIES], "numpy"),
    ".nii": (["convert", SERIES], "nibabel"),
    ".nii.gz": (["convert", SERIES], "nibabel"),
    ".png": (["view", SERIES, "-o"], "numpy"),
}
LIMITED = """
import resource, sys
from rapidicom.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
sys.exit(main(sys.argv[1:]))
"""


def run(arguments: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, *arguments],
        env=environment, text=True, check=False,
        **({"capture_output": True} | options),
    )  # fmt: skip


@pytest.fixture(params=COMMANDS)
def command(request: pytest.FixtureRequest) -> tuple[list[str], str]:
    """Return a command without its output, and the end of that one's name."""
    arguments, needed = COMMANDS[request.param]
    pytest.importorskip(needed)
    return arguments, request.param


def beside(output: Path) -> list[Path]:
    """What `convert` writes beside an image: BIDS' values of its headers."""
    is_nifti = ".nii" in output.suffixes
    return [output.with_name(output.name.split(".")[0] + ".json")] if is_nifti else []


@pytest.mark.parametrize("before", [None, b"before"])
def test_file_that_grows_too_large(
    command: tuple[list[str], str], before: bytes | None, tmp_path: Path
) -> None:
    arguments, suffix = command
    output = tmp_path / f"output{suffix}"
    if before is not None:
        output.write_bytes(before)
    done = run(["-c", LIMITED, *arguments, str(output)])
    assert (done.returncode, done.stdout) == (1, "")
    said = [f"rapidicom: {name}: File too large\n" for name in [output, *beside(output)]]
    assert done.stderr in said
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before] * bool(before)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is full")
def test_full_disk(command: tuple[list[str], str], tmp_path: Path) -> None:
    """Through a link, which gives the device the end of a name that says what to write."""
    arguments, suffix = command
    output = tmp_path / f"output{suffix}"
    output.symlink_to("/dev/full")
    done = run(["-m", "rapidicom", *arguments, str(output)])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"rapidicom: {output}: No space left on device\n"
    assert Path("/dev/full").is_char_device() and output.is_symlink()


def test_link_and_permissions_stay(command: tuple[list[str], str], tmp_path: Path) -> None:
    arguments, suffix = command
    target, link = tmp_path / "target", tmp_path / f"output{suffix}"
    target.touch(0o640)
    link.symlink_to(target)
    assert main([*arguments, str(link)]) == 0
    assert link.is_symlink() and target.stat().st_size > 1000
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(tmp_path.iterdir()) == sorted([link, target, *beside(link)])


def test_folder_that_is_not_there(
    command: tuple[list[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, suffix = command
    assert main([*arguments, str(tmp_path / "absent" / f"output{suffix}")]) == 1
    captured = capsys.readouterr()
    assert "absent" in captured.err and "No such file or directory" in captured.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is full")
@pytest.mark.parametrize("arguments", [["scan", SERIES], ["series", SERIES]])
def test_output_that_cannot_be_printed(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        options = {"capture_output": False, "stdout": full, "stderr": subprocess.PIPE}
        done = run(["-m", "rapidicom", *arguments], **options)
    assert (done.returncode, done.stderr) == (1, "rapidicom: [Errno 28] No space left on device\n")
