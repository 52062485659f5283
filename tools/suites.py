"""Run the tests of other packages with pydicom, patched, and with their imports changed.

    python tools/suites.py                     all of them
    python tools/suites.py dicognito nibabel   some; the table keeps the others
    python tools/suites.py --limit 600         at most 10 minutes a run, not 30

The tables are in `docs/suites.md`. A run that takes longer than the limit is ended, with all
processes that it has started, and the table says so; the tests that it had finished count.

The packages and their sources come by pip into an environment of its own, `target/suites`, and
Rapidicom from this checkout, whose native module must be built. Nothing of theirs is kept here.
Files that the tests need and source distributions lack are taken from `--files FOLDER`, if it has a
folder with the package's name, as they lie in the package's repository.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import venv
from pathlib import Path

from suites_list import SUITES, Suite

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "target" / "suites"
SHARED = Path(os.environ.get("RAPIDICOM_SHARED_DATA", ROOT.parent / "shared" / "data"))
RESULTS = ROOT / "docs" / "suites.md"
MODES = ("plain", "after", "before", "changed")
HEADINGS = {
    "plain": "passes plainly",
    "after": "patched, then imported",
    "before": "imported, then patched",
    "changed": "imports changed",
}
PYTHON = PLACE / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
TOOLS = ("pytest==9.2.0", "pytest-timeout==2.4.0", "pydicom==3.0.2")
# A table starts with this line.
_MARK = "| package |"

# Statements that import pydicom, and those that import Rapidicom in its place.
_CHANGES = (
    (r"^(\s*)import pydicom\.([\w.]+) as ", r"\1import rapidicom.\2 as "),
    (r"^(\s*)import pydicom as ", r"\1import rapidicom as "),
    (r"^(\s*)import pydicom\.([\w.]+)", r"\1import rapidicom as pydicom; import rapidicom.\2"),
    (r"^(\s*)import pydicom\b", r"\1import rapidicom as pydicom"),
    (r"^(\s*)from pydicom\b", r"\1from rapidicom"),
    (r"(optional_package|importorskip)\((['\"])pydicom", r"\1(\2rapidicom"),
)


def pip(*arguments: str) -> None:
    """Call pip of the environment."""
    subprocess.run([PYTHON, "-m", "pip", "-q", *arguments], check=True)


def source_of(suite: Suite, files: Path | None) -> Path:
    """Fetch and unpack the source of a package, unless it is there; return its folder."""
    known = PLACE / "sources" / suite.name
    if not known.exists():
        fetched = PLACE / "sdists" / suite.name
        wanted = f"{suite.name}=={suite.version}"
        if suite.is_built:  # its source distribution does not build, which pip wants of it
            pip("install", "--no-deps", "--target", str(known / suite.name), wanted)
        else:
            if not fetched.exists():
                pip("download", "--no-binary", ":all:", "--no-deps", wanted, "-d", str(fetched))
            known.mkdir(parents=True)
            with tarfile.open(next(fetched.glob("*.tar.gz"))) as archive:
                archive.extractall(known, filter="data")
    folder = next(known.iterdir())
    beside = [SHARED / place for place in suite.files]
    beside += [files / suite.name] if files else []
    for place in beside:
        if place.exists():
            shutil.copytree(place, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
    for name in suite.empty:
        (folder / name).touch()
    return folder


def changed_copy(suite: Suite, source: Path) -> Path:
    """Copy the source of a package, import Rapidicom in pydicom's place, and return its folder."""
    folder = PLACE / "changed" / suite.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for old, new in _CHANGES:
            text = re.sub(old, new, text, flags=re.MULTILINE)
        path.write_text(text, encoding="utf-8")
    return folder


def home() -> Path:
    """Return a home folder, where pydicom finds the files that it would fetch otherwise.

    Those that tests have taken away are there again.
    """
    folder = PLACE / "home"
    known = folder / ".pydicom" / "data"
    known.mkdir(parents=True, exist_ok=True)
    for path in (SHARED / "pydicom__pydicom-data").rglob("*"):
        if path.is_file() and not (known / path.name).exists():
            (known / path.name).symlink_to(path)
    return folder


def outcomes(suite: Suite, mode: str, source: Path, limit: int) -> tuple[dict[str, str], str]:
    """Run the tests of a package; return what became of each, and why not all have run."""
    folder = changed_copy(suite, source) if mode == "changed" else source
    places = [ROOT / "python", ROOT / "tools", *(folder / name for name in suite.paths)]
    if mode == "changed":
        places.insert(0, folder / str(suite.package))
    found = PLACE / f"{suite.name}.{mode}.jsonl"
    found.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "HOME": str(home()),
        "PYTHONPATH": os.pathsep.join(map(str, places)),
        "SUITE_MODE": mode,
        "SUITE_FIRST": suite.module,
        "SUITE_OUTCOMES": str(found),
    }
    command = [str(PYTHON), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "suites_plugin"]
    command += ["--timeout=120", "--continue-on-collection-errors"]
    # Without the settings of this repository, in which the sources lie.
    command += ["-c", os.devnull, "--rootdir", "."]
    command += suite.tests.split()
    with (PLACE / f"{suite.name}.{mode}.log").open("w") as log:
        stopped = run_at_most(limit, command, folder, environment, log)
    lines = found.read_text(encoding="utf-8").splitlines() if found.exists() else []
    read: dict[str, str] = {}
    for line in lines:
        test, outcome = json.loads(line)
        # The worst that became of its setup, call and teardown.
        if read.get(test) != "failed" and (outcome != "passed" or test not in read):
            read[test] = outcome
    return read, stopped


def run_at_most(
    limit: int, command: list[str], folder: Path, environment: dict[str, str], log: object
) -> str:
    """Run a command in a process group of its own; end all of it after a time.

    Args:
        limit: The time, in seconds.
        command: The command.
        folder: The working directory.
        environment: The environment variables.
        log: Where its output goes.

    Returns:
        How it was ended, if it has not ended by itself.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,  # type: ignore[call-overload]
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        code = process.wait(limit)
    except subprocess.TimeoutExpired:
        return f"stopped after {limit // 60} minutes"
    else:
        return f"ended by signal {-code}" if code < 0 else ""
    finally:
        # Also what tests have left running.
        if os.name == "nt":
            process.kill()
        else:
            _end_group(process.pid)
        process.wait()


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def rows_of(suite: Suite, limit: int, files: Path | None) -> tuple[str, list[str]]:
    """Run a package plainly and patched, in both orders of import.

    Returns:
        Its row of the table, and the rows of the tests that pass plainly and not otherwise.
    """
    pip("install", f"{suite.name}=={suite.version}", *suite.others)
    # It comes with some packages, and would decode for all of them.
    pip("uninstall", "-y", "python-gdcm")
    source = source_of(suite, files)
    modes = MODES if suite.package is not None else MODES[:-1]
    by_mode, stopped = {}, {}
    for mode in modes:
        by_mode[mode], stopped[mode] = outcomes(suite, mode, source, limit)
        print(suite.name, mode, len(by_mode[mode]), stopped[mode], flush=True)
    passed = {test for test, outcome in by_mode["plain"].items() if outcome == "passed"}
    lost: dict[str, list[str]] = {}
    cells = [f"{len(passed)}"]
    for mode in modes[1:]:
        kept = {test for test in passed if by_mode[mode].get(test) == "passed"}
        cells.append(f"{len(kept)}")
        for test in sorted(passed - kept):
            lost.setdefault(test, []).append(HEADINGS[mode])
    for at, mode in enumerate(modes):
        cells[at] += stopped[mode] and f", {stopped[mode]}"
    cells += [""] * (len(MODES) - len(cells))
    row = f"| {suite.name} {suite.version} | {' | '.join(cells)} |".replace("|  |", "| |")
    return row, [
        f"| {suite.name} | `{test.replace(f'{SHARED}/', '')}` | {', '.join(how)} "
        f"| {suite.reason_of(test)} |"
        for test, how in lost.items()
    ]


def main() -> None:
    """Run the suites that are asked for, and write the tables."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("names", nargs="*", help="packages; all by default")
    arguments.add_argument("--limit", type=int, default=1800, help="seconds of a run at most")
    arguments.add_argument("--files", type=Path, help="what source distributions lack, by package")
    options = arguments.parse_args()
    chosen = [suite for suite in SUITES if not options.names or suite.name in options.names]
    if not PYTHON.exists():
        venv.create(PLACE / "venv", with_pip=True)
        pip("install", *TOOLS)
    for suite in chosen:
        row, lost = rows_of(suite, options.limit, options.files)
        write(suite.name, row, lost)
        print(row, *lost, sep="\n", flush=True)


def write(name: str, row: str, lost: list[str]) -> None:
    """Put the rows of a package in the tables, in the place of those that it had."""
    head, *tables = RESULTS.read_text(encoding="utf-8").split(_MARK)
    rows = [
        [line for line in table.splitlines()[2:] if line.startswith("| ")] for table in tables
    ] + [[], []]
    counted = [line for line in rows[0] if line.split()[1] != name] + [row]
    missing = [line for line in rows[1] if line.split()[1] != name] + lost
    lines = [head + f"{_MARK} {' | '.join(HEADINGS.values())} |", "|---|---|---|---|---|"]
    lines += sorted(counted)
    if missing:
        lines += ["", "Those that pass plainly and not otherwise:", ""]
        lines += [f"{_MARK} test | not when | why |", "|---|---|---|---|", *sorted(missing)]
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
