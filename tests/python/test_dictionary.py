"""The dictionary: its tables are what the generator makes, and its look-ups answer as pydicom's."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from data_paths import REPOSITORY
from rapidicom import _core

pydicom = pytest.importorskip("pydicom", reason="the dictionary is compared with pydicom's")

from pydicom import datadict  # noqa: E402
from pydicom._private_dict import private_dictionaries  # noqa: E402

# From the file: pynetdicom adds to the dictionary of a process that imports it.
UID_dictionary = runpy.run_path(str(Path(pydicom.__file__).parent / "_uid_dict.py"))[
    "UID_dictionary"
]

ELEMENTS = REPOSITORY / "rust" / "core" / "src" / "dictionary" / "elements.rs"


@pytest.fixture(autouse=True, scope="module")
def same_pydicom() -> None:
    """Skip where another pydicom is installed than the one that the tables are from."""
    match = re.search(r"from pydicom (\S+):", ELEMENTS.read_text(encoding="utf-8"))
    assert match
    if pydicom.__version__ != match[1]:
        pytest.skip(f"the tables are from pydicom {match[1]}, {pydicom.__version__} is installed")


def entry_of_pydicom(tag: int) -> tuple[str, str, str, bool, str] | None:
    """Return what `_core.dictionary_entry` should."""
    try:
        vr, vm, name, retired, keyword = datadict.get_entry(tag)
    except KeyError:
        return None
    return vr, vm, name, retired == "Retired", keyword


def private_entry_of_pydicom(creator: str, tag: int) -> tuple[str, str, str, bool] | None:
    """Return what `_core.private_entry` should."""
    try:
        vr, vm, name, retired = datadict.get_private_entry(tag, creator)
    except KeyError:
        return None
    # pydicom has one misspelt VR, and cannot read values with it.
    return vr.replace("OB_OW", "OB or OW"), vm, name, retired == "Retired"


def test_tables_are_what_the_generator_makes() -> None:
    pytest.importorskip("dicomanonymizer", reason="make lint installs it, and checks the same")
    command = [sys.executable, str(REPOSITORY / "tools" / "generate_dictionary.py"), "--check"]
    check = subprocess.run(command, capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr


def test_every_element_is_as_in_pydicom() -> None:
    tags = datadict.DicomDictionary
    assert len(tags) > 5000
    assert [tag for tag in tags if _core.dictionary_entry(tag) != entry_of_pydicom(tag)] == []


@pytest.mark.parametrize("fill", ["2", "E"])
def test_every_repeating_group_is_as_in_pydicom(fill: str) -> None:
    tags = [int(mask.replace("x", fill), 16) for mask in datadict.RepeatersDictionary]
    assert all(entry_of_pydicom(tag) for tag in tags)
    assert [hex(tag) for tag in tags if _core.dictionary_entry(tag) != entry_of_pydicom(tag)] == []


@pytest.mark.parametrize(
    "tag",
    [
        0x60013000,
        0x50031001,
        0x00100000,
        0x00091001,
        0x00090010,
        0x7FE00010,
        0x60003001,
        0x00000000,
        0xFFFFFFFF,
    ],
    ids=lambda tag: f"{tag:08X}",
)
def test_odd_groups_and_unknown_tags_are_as_in_pydicom(tag: int) -> None:
    assert _core.dictionary_entry(tag) == entry_of_pydicom(tag)


def test_every_keyword_names_the_tag_that_it_does_in_pydicom() -> None:
    # Retired elements without a keyword share the empty one in pydicom, which names the last of
    # them.
    expected = {keyword: tag for keyword, tag in datadict.keyword_dict.items() if keyword}
    assert _core.keywords() == sorted(expected)
    assert {keyword: _core.keyword_tag(keyword) for keyword in expected} == expected


@pytest.mark.parametrize(
    "keyword", ["", "OverlayData", "patientName", "PatientNam", "PatientNames", "é"]
)
def test_other_text_names_no_tag(keyword: str) -> None:
    assert _core.keyword_tag(keyword) is None


def private_tags(block: str) -> list[tuple[str, int]]:
    """Return every (creator, tag) of pydicom's private elements, in private block `block`."""
    # "60xxxx10": the low byte of the group is any, too.
    tags = [
        (creator, int(mask.replace("xxxx", "01" + block).replace("xx", block), 16))
        for creator, entries in private_dictionaries.items()
        for mask in entries
    ]
    assert len(tags) > 10_000
    return tags


@pytest.mark.parametrize("block", ["10", "E1"])
def test_every_private_element_is_as_in_pydicom(block: str) -> None:
    different = [
        (creator, hex(tag))
        for creator, tag in private_tags(block)
        if _core.private_entry(creator, tag) != private_entry_of_pydicom(creator, tag)
    ]
    assert different == []


@pytest.mark.parametrize(
    ("creator", "tag"),
    [
        ("", 0x00291010),
        ("SIEMENS CSA HEADER ", 0x00291010),
        ("SIEMENS CSA HEADER", 0x002910FE),
        ("é", 0x00291010),
    ],
)
def test_unknown_private_elements_have_no_entry(creator: str, tag: int) -> None:
    assert _core.private_entry(creator, tag) is None


def test_every_uid_is_as_in_pydicom() -> None:
    expected = {
        uid: (name, kind, info, retired == "Retired", keyword)
        for uid, (name, kind, info, retired, keyword) in UID_dictionary.items()
    }
    assert len(expected) > 400
    assert {uid: _core.uid_entry(uid) for uid in expected} == expected


@pytest.mark.parametrize("uid", ["", "1.2.840.10008.1.2.", "1.2.3", "é"])
def test_unknown_uids_have_no_entry(uid: str) -> None:
    assert _core.uid_entry(uid) is None
