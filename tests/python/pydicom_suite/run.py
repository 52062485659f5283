"""Run pydicom's own tests with Rapidicom in pydicom's place, and count those that only read.

    python tests/python/pydicom_suite/run.py [--tests FOLDER] [--data FOLDER] [--table FILE]
    [--failed]

pip fetches pydicom's source, which has the tests, into the ignored folder `source/`. What is
counted, and what is not for which reason, is decided by `rules.py`; `results.md` is what this
prints.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parents[2] / "python"
sys.path.insert(0, str(HERE.parent))

from pydicom_suite.rest import reason_of  # noqa: E402
from pydicom_suite.rules import REASONS  # noqa: E402

VERSION = "3.0.2"

SHARED = Path(os.environ.get("RAPIDICOM_SHARED_DATA", HERE.parents[3] / "shared" / "data"))
DATA = SHARED / "pydicom__pydicom-data"

# What reads, by theme.
FILES = {
    "reader": (
        "test_filereader.py",
        "test_rawread.py",
        "test_fileset.py",
        "test_misc.py",
        "test_errors.py",
    ),
    "data set": ("test_dataset.py", "test_dataelem.py", "test_sequence.py", "test_multival.py"),
    "values": ("test_valuerep.py", "test_values.py", "test_charset.py", "test_unicode.py"),
    "tags and dictionary": ("test_tag.py", "test_uid.py", "test_dictionary.py"),
    "JSON, overlays, waveforms": ("test_json.py", "test_overlay_np.py", "test_waveform.py"),
    "pixels": (
        "test_numpy_pixel_data.py",
        "test_rle_pixel_data.py",
        "test_JPEG_LS_transfer_syntax.py",
        "test_handler_util.py",
        "test_encaps.py",
        "pixels/test_processing.py",
        "pixels/test_utils.py",
        "pixels/test_common.py",
        "pixels/test_decoder_base.py",
        "pixels/test_decoder_native.py",
        "pixels/test_decoder_rle.py",
        "pixels/test_decoder_pylibjpeg.py",
        "pixels/test_decoder_pillow.py",
        "pixels/test_decoder_gdcm.py",
        "pixels/test_decoder_pyjpegls.py",
    ),
}

FILE_REASON = ("file", "needs a file that does not come with pydicom")


def main() -> int:
    """Run the tests and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--tests", type=Path, help="the folder `tests` of pydicom's source, if it is there already"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=DATA if DATA.exists() else None,
        help="the folder of pydicom-data, whose files do not come with pydicom",
    )
    parser.add_argument(
        "--table", type=Path, default=HERE / "results.md", help="where the table is written"
    )
    parser.add_argument("--failed", action="store_true", help="list the reading tests that fail")
    options = parser.parse_args()
    tests = options.tests or fetched()
    outcomes = run(tests, options.data)
    table = as_table(outcomes) + as_list(outcomes)
    options.table.write_text(table, encoding="utf-8")
    print(table)
    if options.failed:
        for name, outcome in outcomes.items():
            if outcome["outcome"] == "failed" and not outcome["reason"]:
                print(name, outcome["kind"], outcome["message"].splitlines()[:1])
    unexplained = [name for name in failing(outcomes) if reason_of(name) is None]
    if unexplained:
        print("These fail, and rest.py does not say why:", *unexplained, sep="\n")
    return 1 if unexplained else 0


def failing(outcomes: dict[str, dict[str, Any]]) -> list[str]:
    """Return the tests that only read and fail."""
    return [
        name
        for name, outcome in outcomes.items()
        if outcome["outcome"] == "failed" and not outcome["reason"]
    ]


def as_list(outcomes: dict[str, dict[str, Any]]) -> str:
    """Return the tests that only read and fail, by the reason why, as Markdown."""
    lines = ["", "What only reads and fails:", ""]
    found: dict[str, list[str]] = defaultdict(list)
    for name in failing(outcomes):
        found[reason_of(name) or "?"].append(name.removeprefix("tests/"))
    for reason, names in found.items():
        lines += [f"- {reason}", *(f"  - `{name}`" for name in names)]
    return "\n".join(lines) + "\n"


def fetched() -> Path:
    """Return the folder of pydicom's tests, fetched by pip if it is not there."""
    folder = HERE / "source"
    tests = folder / f"pydicom-{VERSION}" / "tests"
    if not tests.exists():
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-binary",
            ":all:",
            "--no-deps",
        ]
        subprocess.run([*pip, "--dest", str(folder), f"pydicom=={VERSION}"], check=True)
        with tarfile.open(folder / f"pydicom-{VERSION}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    return tests


def run(tests: Path, data: Path | None = None) -> dict[str, dict[str, Any]]:
    """Run the tests in another process, where pydicom is replaced; return the outcome of each."""
    names = [f"tests/{name}" for group in FILES.values() for name in group]
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "outcomes.json"
        paths = [str(PYTHON)] if any(PYTHON.glob("rapidicom/_core*.so")) else []
        environment = os.environ | {
            "PYDICOM_SUITE_OUTCOMES": str(result),
            "PYDICOM_SUITE_DATA": str(data.resolve()) if data else "",
            "PYTHONPATH": os.pathsep.join([*paths, str(HERE.parent)]),
        }
        # The names in rewritten assertions would be taken for names that the tests use.
        plain = ["--assert=plain", "-p", "no:cacheprovider", "-p", "pydicom_suite.plugin"]
        place = ["-c", os.devnull, "--rootdir", ".", "--confcutdir", "."]
        command = [sys.executable, "-m", "pytest", "-q", "--tb=no", *plain, *place, *names]
        process = subprocess.run(
            command, cwd=tests.parent, env=environment, capture_output=True, text=True, check=False
        )
        # 0 and 1: all tests have run.
        if not result.exists() or process.returncode > 1:
            sys.exit(f"pytest has not run:\n{process.stdout[-2000:]}{process.stderr[-2000:]}")
        outcomes: dict[str, dict[str, Any]] = json.loads(result.read_text())
        return outcomes


def as_table(outcomes: dict[str, dict[str, Any]]) -> str:
    """Return the counts as Markdown."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, outcome in outcomes.items():
        file = name.split("::", maxsplit=1)[0].removeprefix("tests/")
        reason = outcome["reason"]
        counts[file][
            outcome["outcome"] if not reason or outcome["outcome"] == "skipped" else reason
        ] += 1
    reasons = [*REASONS, FILE_REASON[0]]
    lines = [
        f"# pydicom {VERSION}'s own tests, with Rapidicom in its place",
        "",
        "Written by `tests/python/pydicom_suite/run.py`. A test counts as reading unless the names",
        "in its code say that it does more (`rules.py`). Exceptions and warnings must be of the",
        "class that pydicom's tests ask for; the words are ours. Files that do not come with",
        "pydicom are those of its repository pydicom-data that `--data` names.",
        "",
        f"| | pass | fail | | {' | '.join(reasons)} | skipped |",
        f"|---|---|---|---|{'---|' * len(reasons)}---|",
    ]
    for group, files in FILES.items():
        total: Counter[str] = sum((counts[file] for file in files), Counter())
        lines += [_row(f"**{group}**", total, reasons)]
        lines += [_row(f"`{file}`", counts[file], reasons) for file in files]
    reading = [file for group, files in FILES.items() if group != "pixels" for file in files]
    lines += [
        _row("**all but pixels**", sum((counts[file] for file in reading), Counter()), reasons)
    ]
    lines += [_row("**all**", sum(counts.values(), Counter()), reasons), ""]
    meanings = [(name, meaning) for name, (meaning, _) in REASONS.items()]
    lines += [f"- {name}: {meaning}." for name, meaning in [*meanings, FILE_REASON]]
    return "\n".join(lines) + "\n"


def _row(name: str, counts: Counter[str], reasons: list[str]) -> str:
    passed, failed = counts["passed"], counts["failed"]
    share = f"{100 * passed / (passed + failed):.0f} %" if passed + failed else ""
    others = " | ".join(str(counts[reason] or "") for reason in reasons)
    return f"| {name} | {passed} | {failed} | {share} | {others} | {counts['skipped'] or ''} |"


if __name__ == "__main__":
    sys.exit(main())
