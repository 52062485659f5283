"""Run the tests of other packages with pydicom plain and patched, and write docs/suites.md.

    python tools/suites.py                     all of them
    python tools/suites.py dicognito nibabel   some; the table keeps the others

The packages and their sources come by pip into an environment of its own, `target/suites`, and
Rapidicom from this checkout, whose native module must be built. Nothing of theirs is kept here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tarfile
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "target" / "suites"
RESULTS = ROOT / "docs" / "suites.md"
MODES = ("plain", "after", "before")
PYTHON = PLACE / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
TOOLS = ("pytest==9.2.0", "pytest-timeout==2.4.0", "pytest-httpserver", "pydicom==3.0.2")
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
    """

    name: str
    version: str
    module: str
    tests: str = "tests"
    others: tuple[str, ...] = ()


SUITES = (
    Suite("dicognito", "0.19.0", "dicognito"),
    Suite("dicomweb-client", "0.61.2", "dicomweb_client"),
    Suite("dicom-anonymizer", "2.1.0", "dicomanonymizer"),
    Suite("nibabel", "5.4.2", "nibabel", "nibabel/nicom"),
    Suite("highdicom", "0.28.2", "highdicom"),
    Suite("pynetdicom", "3.0.4", "pynetdicom", "pynetdicom/tests"),
    Suite("heudiconv", "1.5.1", "heudiconv", "heudiconv/tests"),
    Suite("dicom-validator", "0.9.0", "dicom_validator", "dicom_validator/tests"),
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


def outcomes(suite: Suite, mode: str) -> dict[str, str]:
    """Run the tests of a package; return what became of each."""
    found = PLACE / f"{suite.name}.{mode}.json"
    found.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT / "python"), str(ROOT / "tools"))),
        "SUITE_MODE": mode,
        "SUITE_FIRST": suite.module,
        "SUITE_OUTCOMES": str(found),
    }
    command = [str(PYTHON), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "suites_plugin"]
    command += ["--timeout=120", "-o", "addopts=", "--continue-on-collection-errors", suite.tests]
    with (PLACE / f"{suite.name}.{mode}.log").open("w") as log:
        subprocess.run(
            command, cwd=source_of(suite), env=environment, stdout=log, stderr=log, check=False
        )
    read: dict[str, str] = json.loads(found.read_text()) if found.exists() else {}
    return read


def row_of(suite: Suite) -> str:
    """Run a package plainly and patched, in both orders of import; return its row of the table."""
    pip("install", f"{suite.name}=={suite.version}", *suite.others)
    by_mode = {mode: outcomes(suite, mode) for mode in MODES}
    passed = {test for test, outcome in by_mode["plain"].items() if outcome == "passed"}
    kept = {mode: sum(by_mode[mode].get(test) == "passed" for test in passed) for mode in MODES[1:]}
    lost = sorted({test for mode in kept for test in passed if by_mode[mode].get(test) != "passed"})
    print(suite.name, len(passed), kept, *lost[:20], sep="\n  ")
    counts = f"{len(passed)} | {kept['after']} | {kept['before']}"
    return f"| {suite.name} {suite.version} | {counts} |"


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
    lines = [f"{_MARK} passes plainly | patched, then imported | imported, then patched |"]
    lines += ["|---|---|---|---|", *(rows[name] for name in sorted(rows))]
    RESULTS.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
