"""How commands end: the exit status, and what stderr says, for each way to go wrong."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

import rapidicom as rd
from builder import write_image
from data_paths import BRAIN_MR, CT_SMALL, FILES
from rapidicom._common.errors import DicomError
from rapidicom._common.interrupted import is_command
from rapidicom.cli import main
from rapidicom.cli.exits import DONE, FAILED, INTERRUPTED, WRONG_USAGE, UsageError, ending

Capture = pytest.CaptureFixture[str]

BRAIN = str(BRAIN_MR)
CT = str(CT_SMALL)
COMMANDS = ("scan", "dump", "series", "check", "convert", "view", "bench")
PROGRAM = [sys.executable, "-m", "rapidicom"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to write to, in which `bad` has a file that is cut short, and `empty` none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "cut.dcm").write_bytes(CT_SMALL.read_bytes()[:300])
    (tmp_path / "gap").mkdir()
    for number in (1, 2, 3, 5, 6):
        name = f"{number:04}.dcm"
        (tmp_path / "gap" / name).write_bytes((BRAIN_MR / name).read_bytes())
    shutil.make_archive("gap", "zip", "gap")
    return tmp_path


STATUSES = [
    (f"scan {BRAIN}", DONE, ""),
    ("scan nowhere", FAILED, "nowhere"),
    ("scan empty", FAILED, ""),
    ("scan bad", FAILED, "cut.dcm"),
    (f"scan {BRAIN} --where Rows==3", DONE, ""),
    (f"scan {BRAIN} --columns Rowz", WRONG_USAGE, "--columns"),
    (f"scan {BRAIN} --where Rows", WRONG_USAGE, "--where"),
    (f"scan {BRAIN} --sort Rowz", WRONG_USAGE, "--sort"),
    (f"scan {BRAIN} -o a.xlsx", WRONG_USAGE, "--output"),
    (f"scan {BRAIN} -o nowhere/a.csv", FAILED, "nowhere/a.csv"),
    (f"scan {BRAIN} - --cache a.parquet", WRONG_USAGE, "stdin"),
    (f"dump {CT}", DONE, ""),
    ("dump nowhere", FAILED, "nowhere"),
    ("dump empty", FAILED, "no DICOM files in empty"),
    ("dump bad", FAILED, "cut.dcm"),
    (f"dump {CT} BeamSequence", FAILED, "no element BeamSequence"),
    (f"dump {CT} Rowz", WRONG_USAGE, "Rowz is neither a file nor an element"),
    (f"dump {FILES / 'rtstruct.dcm'}", FAILED, "pass --force"),
    (f"dump {FILES / 'rtstruct.dcm'} --force", DONE, ""),
    (f"series {BRAIN}", DONE, ""),
    ("series gap", DONE, ""),
    ("series gap --strict", FAILED, ""),
    ("series empty", FAILED, "no series of images"),
    ("series -", WRONG_USAGE, "stdin"),
    ("check gap", FAILED, ""),
    (f"check {BRAIN}", DONE, ""),
    ("check nowhere", FAILED, "nowhere"),
    ("check -", WRONG_USAGE, "stdin"),
    (f"convert {BRAIN} a.npy", DONE, ""),
    ("convert gap a.npy", FAILED, "Pass --keep"),
    ("convert gap a.npy --keep", DONE, ""),
    (f"convert {BRAIN} {CT} a.npy", FAILED, "--series"),
    (f"convert {BRAIN} a.npy --series 7", FAILED, "no series 7"),
    (f"convert {BRAIN} a.npy --dtype uint8", FAILED, "uint8"),
    (f"convert {BRAIN} a.dcm", WRONG_USAGE, ".nii.gz"),
    (f"convert {BRAIN} nowhere/a.npy", FAILED, "nowhere/a.npy"),
    (f"convert {BRAIN} out/ --format npy --name {{Rowz}}", WRONG_USAGE, "--name"),
    (f"view {BRAIN} -o a.png", DONE, ""),
    ("view gap -o a.png", DONE, ""),
    (f"view {BRAIN} -o a.gif", WRONG_USAGE, "--output"),
    (f"view {BRAIN} --window 1", WRONG_USAGE, "--window"),
    (f"view {BRAIN} -o a.png --slice 99", FAILED, "--slice 99"),
    ("view empty", FAILED, "no series of images"),
    ("bench gap --runs 1", DONE, ""),
    ("bench empty", FAILED, "no series of images"),
    ("bench gap.zip", FAILED, "is not a file of its own"),
    ("bench -", WRONG_USAGE, "bench cannot read stdin"),
]


def test_every_status_of_every_command_is_in_the_table() -> None:
    covered = {(line.split()[0], status) for line, status, _ in STATUSES}
    assert covered == set(itertools.product(COMMANDS, (DONE, FAILED, WRONG_USAGE)))


@pytest.mark.parametrize(("line", "status", "words"), STATUSES)
def test_status(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, line: str, status: int, words: str
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert main(line.split()) == status
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error
    # A line for each, with the options of the command and not the arguments of the library.
    assert all(one.startswith("rapidicom: ") for one in error.splitlines())
    assert not re.search(r"\b[a-z_]+=", error)
    if status == WRONG_USAGE:
        assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    "line",
    ["", "fly", "scan", "dump", "convert in", "scan in --rows 0", "scan in --workers x",
     "scan in --csv --json", "view in --step -1", "convert in out --format dcm",
     "view in --show vt100", "bench in --runs 0",
     *(f"{name} in out --nonsense" for name in COMMANDS)],
)  # fmt: skip
def test_a_command_line_that_argparse_refuses_is_status_2(capsys: Capture, line: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(line.split())
    assert caught.value.code == WRONG_USAGE
    # That of the command, if it is one.
    command = [name for name in line.split()[:1] if name in COMMANDS]
    assert capsys.readouterr().err.startswith(" ".join(["usage: rapidicom", *command]))


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (KeyboardInterrupt(), INTERRUPTED, "interrupted"),
        (UsageError("no"), WRONG_USAGE, "no"),
        (DicomError("no"), FAILED, "no"),
        (OSError(28, "No space left on device", "a"), FAILED, "a: No space left on device"),
        (ValueError("no"), FAILED, "no"),
        (MemoryError(), FAILED, "MemoryError"),
        (ImportError("no"), FAILED, "no"),
    ],
)
def test_one_place_decides(error: BaseException, status: int, words: str) -> None:
    def work() -> int:
        raise error

    assert ending(work) == (status, words)


def test_a_mistake_of_ours_is_not_hidden() -> None:
    def work() -> int:
        raise AssertionError

    with pytest.raises(AssertionError):
        ending(work)


@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c_ends_a_command_with_130(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for reader in ("find_series", "scan", "dcmread"):
        monkeypatch.setattr(rd, reader, stop)
    assert main([name, BRAIN, *["a.npy"][: name == "convert"]]) == INTERRUPTED
    assert capsys.readouterr().err == "rapidicom: interrupted\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a whole console")
def test_ctrl_c_while_they_wait_ends_programs_with_130() -> None:
    # A shell starts what runs in the background with the signal ignored.
    code = (
        "import io, os, signal, sys\n"
        "class Told(io.FileIO):\n"
        "    def readall(self):\n"
        "        os.write(1, b'waits\\n')\n"
        "        return super().readall()\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from rapidicom.cli import main\n"
        "sys.stdin = io.TextIOWrapper(io.BufferedReader(Told(0)))\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    waiting = [name for name in COMMANDS if name != "bench"]
    with ExitStack() as stack:
        runs = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", code, command, "-", *["a.npy"][: command == "convert"]],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for command in waiting
        ]  # fmt: skip
        for run in runs:
            assert run.stdout is not None
            assert run.stdout.readline() == "waits\n"
        for run in runs:
            run.send_signal(signal.SIGINT)
        ends = [(run.communicate(timeout=60)[1], run.returncode) for run in runs]
    assert ends == [("rapidicom: interrupted\n", INTERRUPTED)] * len(waiting)


STARTS = ["python -m rapidicom scan a", "python -X utf8 -mrapidicom scan a", "bin/rapidicom scan a"]


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a whole console")
@pytest.mark.parametrize("line", STARTS)
def test_ctrl_c_while_the_package_is_imported_ends_it_with_130(folder: Path, line: str) -> None:
    (folder / "numpy").mkdir()
    (folder / "numpy" / "__init__.py").write_text(
        "import os, signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "time.sleep(60)\n"
    )
    # As pip writes it.
    (folder / "bin").mkdir()
    (folder / "bin" / "rapidicom").write_text(
        "import sys\nfrom rapidicom.cli import main\nsys.exit(main())\n"
    )
    package = Path(rd.__file__).parents[1]
    run = subprocess.run(
        [sys.executable, *line.removeprefix("python ").split()], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{package}"},
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (INTERRUPTED, "rapidicom: interrupted\n")


@pytest.mark.parametrize(
    ("program", "line", "expected"),
    [
        ("-m", "python -m rapidicom scan a", True),
        ("-m", "python -Im rapidicom", True),
        ("-m", "python -mrapidicom", True),
        ("-m", "python -W error -X utf8 -Xdev -m rapidicom", True),
        ("-m", "python -m pytest -m rapidicom", False),
        ("-m", "python -m rapidicom2", False),
        ("-m", "python -Wm rapidicom -m pytest", False),
        ("-m", "python -mtraining.run -m rapidicom", False),
        ("/usr/bin/rapidicom", "python /usr/bin/rapidicom scan", True),
        ("rapidicom.exe", "rapidicom.exe", True),
        ("-c", "python -c pass -m rapidicom", False),
        ("train.py", "python train.py -m rapidicom", False),
        ("", "python", False),
    ],
)
def test_other_programs_keep_their_traceback(program: str, line: str, expected: bool) -> None:
    assert is_command(program, line.split()) == expected


@pytest.mark.parametrize("options", ["", "--json", "--csv"])
def test_a_reader_that_goes_away_is_no_error(folder: Path, options: str) -> None:
    for number in range(60):
        write_image(folder / "many" / f"{number:0100}.dcm", number=number)
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        run = subprocess.run(
            [*PROGRAM, "scan", "many", *options.split()], stdout=write_end,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    finally:
        os.close(write_end)
    assert (run.returncode, run.stderr) == (DONE, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [*PROGRAM, "scan", BRAIN, "--csv"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert run.returncode == FAILED
    assert run.stderr.startswith("rapidicom: ")
    assert len(run.stderr.splitlines()) == 1


@pytest.mark.parametrize("columns", [40, 80, 132, 200])
@pytest.mark.parametrize("line", [f"scan {BRAIN}", f"series {BRAIN} {FILES}"])
def test_tables_fit_the_terminal(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, columns: int, line: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(line.split()) == DONE
    tables = capsys.readouterr().out.split("\n\n")[0]
    assert max(map(len, tables.splitlines())) <= columns


def test_warnings_are_lines_like_errors(folder: Path, capsys: Capture) -> None:
    from builder import Element

    write_image(folder / "text.dcm", Element(0x00080005, "CS", "ISO_IR 6"))
    content = (folder / "text.dcm").read_bytes()
    (folder / "text.dcm").write_bytes(content.replace(b"Built", b"Bu\xe9lt"))
    assert main(["dump", "text.dcm", "--json"]) == DONE
    error = capsys.readouterr().err
    assert all(line.startswith("rapidicom: ") for line in error.splitlines())
