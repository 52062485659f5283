"""`import rapidicom` brings what reading takes; the rest comes when it is used."""

from __future__ import annotations

import importlib
import subprocess
import sys
import types

import pytest

import rapidicom as rd
from data_paths import REPOSITORY

PACKAGE = REPOSITORY / "python" / "rapidicom"


def printed(code: str) -> str:
    """What a new interpreter prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def modules_of_pydicom() -> list[str]:
    """Those that `import pydicom` makes attributes of it, as far as there are such modules here."""
    there = {path.stem for path in PACKAGE.iterdir()}
    names = printed(
        "import pydicom, types; print(*(name for name, value in vars(pydicom).items()"
        " if isinstance(value, types.ModuleType)))"
    )
    return sorted({*names.split()} & there)


def test_what_reading_does_not_take_is_not_imported(modules_of_pydicom: list[str]) -> None:
    brought = printed(
        "import sys, numpy; seen = {*sys.modules}; import rapidicom;"
        "print(*(name.removeprefix('rapidicom.') for name in {*sys.modules} - seen))"
    ).split()
    assert "volumes" in brought
    late = {"labels", "integrations", "cli", "numpy.typing", *modules_of_pydicom} - {"pixels"}
    assert not late & {*brought}


def test_modules_of_pydicom_are_attributes(modules_of_pydicom: list[str]) -> None:
    assert "datadict" in modules_of_pydicom
    late = printed(
        f"import rapidicom, sys\nfor name in {modules_of_pydicom}:\n"
        "    listed = name in dir(rapidicom)\n"
        "    module = getattr(rapidicom, name)\n"
        "    assert module is sys.modules[f'rapidicom.{name}'], name\n"
        "    assert listed, name\n"
        "print('all')"
    )
    assert late == "all"


def test_every_public_name_is_there_before_it_is_used() -> None:
    everything = printed(
        "import rapidicom; print(*sorted({*rapidicom.__all__} - {*dir(rapidicom)}))"
    )
    assert everything == ""
    starred = printed("from rapidicom import *; print(read_labels.__name__, find_series.__name__)")
    assert starred == "read_labels find_series"


def test_a_name_is_the_same_object_by_each_way() -> None:
    module = importlib.import_module("rapidicom.labels.reading")
    assert rd.read_labels is module.read_labels
    assert rd.read_labels is rd.read_labels
    assert isinstance(rd.datadict, types.ModuleType)
    assert rd.datadict is importlib.import_module("rapidicom.datadict")


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(AttributeError, match="module 'rapidicom' has no attribute 'read_lables'"):
        rd.read_lables  # type: ignore[attr-defined]  # noqa: B018
    assert not hasattr(rd, "read_lables")
