"""Run the tests of other packages with pydicom, patched, and with their imports changed.

    python tools/suites.py                     all of them
    python tools/suites.py dicognito nibabel   some; the table keeps the others

The table is in `docs/suites.md`.
The packages and their sources come by pip into an environment of its own, `target/suites`, and
Rapidicom from this checkout, whose native module must be built. Nothing of theirs is kept here.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import tarfile
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "target" / "suites"
RESULTS = ROOT / "docs" / "suites.md"
MODES = ("plain", "after", "before", "changed")
PYTHON = PLACE / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
TOOLS = ("pytest==9.2.0", "pytest-timeout==2.4.0", "pydicom==3.0.2")
_MARK = "| package |"


@dataclass(frozen=True)
class Suite:
    """A package whose source distribution has tests.

    Attributes:
        name: Its name at the registry.
        version: The version.
        module: What is imported.
        tests: Where its tests are in the source distribution.
        others: What the tests need beside.
        package: Where it is imported from in the source distribution with its imports changed;
            `None` if it does more than read.
    """

    name: str
    version: str
    module: str
    tests: str = "tests"
    others: tuple[str, ...] = ()
    package: str | None = None


# What needs neither a network nor the files that the source distribution lacks.
_OF_HIGHDICOM = """
    tests/test_base.py tests/test_content.py tests/test_ko.py tests/test_sr.py tests/test_uid.py
    tests/test_valuetypes.py
"""
_OF_PYNETDICOM = """
    pynetdicom/tests/test_dimse_c.py pynetdicom/tests/test_dimse_msg.py
    pynetdicom/tests/test_dimse_n.py pynetdicom/tests/test_dsutils.py
    pynetdicom/tests/test_primitives.py pynetdicom/tests/test_service_qr.py
    pynetdicom/tests/test_service_storage.py pynetdicom/tests/test_utils.py
"""

SUITES = (
    Suite("dicognito", "0.19.0", "dicognito"),
    Suite("dicomweb-client", "0.61.2", "dicomweb_client", others=("pytest-localserver",)),
    Suite("dicom-anonymizer", "2.1.0", "dicomanonymizer"),
    Suite("nibabel", "5.4.2", "nibabel", "nibabel/nicom", package="."),
    Suite("highdicom", "0.28.2", "highdicom", _OF_HIGHDICOM),
    Suite("pynetdicom", "3.0.4", "pynetdicom", _OF_PYNETDICOM),
    Suite("heudiconv", "1.5.1", "heudiconv", "heudiconv/tests", package="."),
)

# Statements that import pydicom, and those that import Rapidicom in its place.
_CHANGES = (
    (r"^(\s*)import pydicom\.([\w.]+) as ", r"\1import rapidicom.\2 as "),
    (r"^(\s*)import pydicom as ", r"\1import rapidicom as "),
    (r"^(\s*)import pydicom\.([\w.]+)", r"\1import rapidicom as pydicom; import rapidicom.\2"),
    (r"^(\s*)import pydicom\b", r"\1import rapidicom as pydicom"),
    (r"^(\s*)from pydicom\b", r"\1from rapidicom"),
    (r"optional_package\((['\"])pydicom", r"optional_package(\1rapidicom"),
)


def pip(*arguments: str) -> None:
    """Call pip of the environment."""
    subprocess.run([PYTHON, "-m", "pip", "-q", *arguments], check=True)


def source_of(suite: Suite) -> Path:
    """Fetch and unpack a source distribution, unless it is there; return its folder."""
    known = PLACE / "sources" / suite.name
    if not known.exists():
        fetched = PLACE / "sdists" / suite.name
        wanted = f"{suite.name}=={suite.version}"
        pip("download", "--no-binary", ":all:", "--no-deps", wanted, "-d", str(fetched))
        known.mkdir(parents=True)
        with tarfile.open(next(fetched.glob("*.tar.gz"))) as archive:
            archive.extractall(known, filter="data")
    return next(known.iterdir())


def changed_copy(suite: Suite) -> Path:
    """Copy the source of a package, import Rapidicom in pydicom's place, and return its folder."""
    folder = PLACE / "changed" / suite.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source_of(suite), folder)
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for old, new in _CHANGES:
            text = re.sub(old, new, text, flags=re.MULTILINE)
        path.write_text(text, encoding="utf-8")
    return folder


def outcomes(suite: Suite, mode: str) -> dict[str, str]:
    """Run the tests of a package; return what became of each."""
    folder = changed_copy(suite) if mode == "changed" else source_of(suite)
    places = [ROOT / "python", ROOT / "tools"]
    if mode == "changed":
        places.insert(0, folder / str(suite.package))
    found = PLACE / f"{suite.name}.{mode}.json"
    found.unlink(missing_ok=True)
    environment = {
        **os.environ,
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
        subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log, check=False)
    read: dict[str, str] = json.loads(found.read_text()) if found.exists() else {}
    return read


def row_of(suite: Suite) -> str:
    """Run a package plainly and patched, in both orders of import; return its row of the table."""
    pip("install", f"{suite.name}=={suite.version}", *suite.others)
    modes = MODES if suite.package is not None else MODES[:-1]
    by_mode = {mode: outcomes(suite, mode) for mode in modes}
    passed = {test for test, outcome in by_mode["plain"].items() if outcome == "passed"}
    kept = {mode: sum(by_mode[mode].get(test) == "passed" for test in passed) for mode in modes[1:]}
    lost = sorted({test for mode in kept for test in passed if by_mode[mode].get(test) != "passed"})
    print(suite.name, len(passed), kept, *lost[:20], sep="\n  ")
    counts = [len(passed), *kept.values()]
    counted = " | ".join(map(str, counts)) + " |" * (len(MODES) + 1 - len(counts))
    return f"| {suite.name} {suite.version} | {counted}"


def main() -> None:
    """Run the suites that are asked for, and write the table."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("names", nargs="*", help="packages; all by default")
    names = arguments.parse_args().names
    chosen = [suite for suite in SUITES if not names or suite.name in names]
    if not PYTHON.exists():
        venv.create(PLACE / "venv", with_pip=True)
        pip("install", *TOOLS)
    text = RESULTS.read_text(encoding="utf-8")
    head, _, table = text.partition(_MARK)
    rows = {row.split()[1]: row for row in table.splitlines()[2:] if row.startswith("| ")}
    for suite in chosen:
        rows[suite.name] = row_of(suite)
    modes = "passes plainly | patched, then imported | imported, then patched | imports changed"
    lines = [f"{_MARK} {modes} |", "|---|---|---|---|---|", *(rows[name] for name in sorted(rows))]
    RESULTS.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
