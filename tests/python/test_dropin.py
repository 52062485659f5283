"""The programs in `dropin/`, written for pydicom, give the same with our name in their imports."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType

import pytest

from comparison import assert_same
from data_paths import DATA, DROP_IN_PROGRAMS
from module_loading import load_module

pytest.importorskip("pydicom")


# `import pydicom`, `from pydicom import ...`, `from pydicom.x import ...`
PLAIN_IMPORT = re.compile(r"^import pydicom$", re.MULTILINE)
IMPORT_FROM = re.compile(r"^from pydicom\b", re.MULTILINE)
# Libraries that programs hand pixels to.
OTHERS = re.compile(r"^(?:import|from) (monai|highdicom)\b", re.MULTILINE)


def loaded(path: Path, name: str, folder: Path) -> ModuleType:
    """Import a program with `pydicom` in its imports replaced."""
    text = path.read_text(encoding="utf-8")
    if name != "pydicom":
        text, plain = PLAIN_IMPORT.subn(f"import {name} as pydicom", text)
        text, others = IMPORT_FROM.subn(f"from {name}", text)
        assert plain + others > 0
    file = folder / f"{path.stem}_with_{name}.py"
    file.write_text(text, encoding="utf-8")
    return load_module(file, file.stem)


@pytest.mark.parametrize("path", DROP_IN_PROGRAMS, ids=[path.stem for path in DROP_IN_PROGRAMS])
def test_program_gives_the_same(path: Path, tmp_path: Path) -> None:
    for library in OTHERS.findall(path.read_text(encoding="utf-8")):
        pytest.importorskip(library, reason=f"{library} is what it hands pixels to")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = {
            name: loaded(path, name, tmp_path).run(DATA) for name in ("rapidicom", "pydicom")
        }
    assert_same(results["rapidicom"], results["pydicom"])


def test_there_are_twelve_programs() -> None:
    assert len(DROP_IN_PROGRAMS) >= 12


def test_import_makes_modules_attributes_as_pydicoms_does() -> None:
    """In a process of its own: here other tests have imported them."""
    program = """
import types
import pydicom, rapidicom
theirs = {name for name, value in vars(pydicom).items() if isinstance(value, types.ModuleType)}
print(sorted(name for name in theirs if not hasattr(rapidicom, name)))
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    # What they are is internal to pydicom, or only for writing.
    internal = "_dicom_dict _private_dict _uid_dict _version data examples filebase fileutil hooks"
    assert run.stdout.strip() == str(sorted([*internal.split(), "pydicom", "util"]))
