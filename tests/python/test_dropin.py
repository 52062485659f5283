"""Programs written for pydicom, in `dropin/`: with the name in their imports changed they give the same."""

from __future__ import annotations

import importlib.util
import math
import re
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pydicom")

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "data"
PROGRAMS = sorted((HERE / "dropin").glob("*.py"))

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
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    # Worker processes find their functions by the name of the module.
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def assert_same(ours: Any, theirs: Any, where: str = "result") -> None:
    """Compare results: numbers and texts by what they say, whatever library made them."""
    if isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype, where
        np.testing.assert_array_equal(ours, theirs, err_msg=where)
    elif isinstance(theirs, dict):
        assert ours.keys() == theirs.keys(), where
        for key, value in theirs.items():
            assert_same(ours[key], value, f"{where}[{key!r}]")
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs), where
        for index, value in enumerate(theirs):
            assert_same(ours[index], value, f"{where}[{index}]")
    elif isinstance(theirs, float) and math.isnan(theirs):
        assert math.isnan(ours), where
    else:
        assert ours == theirs, where
        assert isinstance(theirs, type(ours)) or str(ours) == str(theirs), where


@pytest.mark.parametrize("path", PROGRAMS, ids=[path.stem for path in PROGRAMS])
def test_program_gives_the_same(path: Path, tmp_path: Path) -> None:
    for library in OTHERS.findall(path.read_text(encoding="utf-8")):
        pytest.importorskip(library, reason=f"{library} is what it hands pixels to")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = {name: loaded(path, name, tmp_path).run(DATA) for name in ("rapidicom", "pydicom")}
    assert_same(results["rapidicom"], results["pydicom"])


def test_there_are_twelve_programs() -> None:
    assert len(PROGRAMS) >= 12
