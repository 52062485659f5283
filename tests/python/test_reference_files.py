"""Every element and every native pixel of the development data, as pydicom reads them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd

pydicom = pytest.importorskip("pydicom", reason="pydicom is the reference")

DATA = Path(os.environ.get("RAPIDICOM_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FOLDERS = sorted(path.name for path in DATA.iterdir() if path.is_dir()) if DATA.is_dir() else []

NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"}

# Where we differ on purpose: what, and why.
INTENDED = {
    "the name of a private element below (gggg,0100)": "pydicom takes a private group length for a block's "
    "owner, and calls elements that own no block private creators",
    "text after the escape sequence of ISO 2022 IR 58": "pydicom leaves the sequence in the text",
    "GH179A.dcm": "pydicom reads the blank VR of an element as the half of a length, and nothing behind it",
}


def test_the_development_data_is_there() -> None:
    if not FOLDERS:
        pytest.skip(f"the development data is not at {DATA}: set RAPIDICOM_SHARED_DATA")


def quiet_files(folder: str) -> Iterator[tuple[Path, Any]]:
    """The files that pydicom reads and decodes without a warning, and what it makes of them."""
    for path in sorted((DATA / folder).rglob("*")):
        if not path.is_file() or path.stat().st_size < 132:
            continue
        with path.open("rb") as file:
            file.seek(128)
            if file.read(4) != b"DICM":
                continue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                theirs = pydicom.dcmread(path)
                for element in theirs.iterall():
                    _ = element.value
            except Exception:
                continue
        if not caught and path.name not in INTENDED:
            yield path, theirs


def plain(value: Any) -> Any:
    """A value as something that compares equal between the libraries, NaN included."""
    if isinstance(value, str):
        return value.replace("\x1b$)A", "")
    if isinstance(value, (bytes, int)):
        return value
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return plain(str(value)) if type(value).__name__ == "PersonName" else value


def differences(theirs: Any, ours: Any, place: str) -> Iterator[tuple[str, str]]:
    """What differs: the place, and how."""
    tags = sorted(int(tag) for tag in theirs.keys())  # noqa: SIM118
    if tags != ours.tags():
        yield place, f"other tags: {sorted(set(tags) ^ set(ours.tags()))}"
        return
    for tag in tags:
        expected, here = theirs[tag], f"{place}{tag:08X}"
        found = ours[tag]
        value = found.value
        if expected.VR != found.VR:
            yield here, f"VR {found.VR} instead of {expected.VR}"
        elif expected.VR == "SQ":
            if len(expected.value) != len(value):
                yield here, f"{len(value)} items instead of {len(expected.value)}"
            for index, (their_item, our_item) in enumerate(zip(expected.value, value, strict=False)):
                yield from differences(their_item, our_item, f"{here}[{index}]>")
        elif plain(expected.value) != plain(value):
            yield here, "another value"
        elif (expected.VM, expected.keyword) != (found.VM, found.keyword):
            yield here, f"VM {found.VM}, keyword {found.keyword!r}"
        elif expected.name != found.name and not (expected.is_private and expected.tag.element < 0x100):
            yield here, f"{found.name!r} instead of {expected.name!r}"


def as_json(ds: Any) -> Any:
    """The DICOM JSON Model, or that there is none."""
    try:
        return plain(ds.to_json_dict())
    except Exception as error:
        return type(error).__name__


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_element_equals_pydicoms(folder: str) -> None:
    wrong, count = [], 0
    for path, theirs in quiet_files(folder):
        count += 1
        try:
            ours = rd.dcmread(path)
            found = [*differences(theirs.file_meta, ours.file_meta, ""), *differences(theirs, ours, "")]
            if as_json(theirs) != as_json(ours):
                found.append(("", "another JSON"))
        except rd.DicomError as error:
            found = [("", str(error))]
        wrong += [(path.name, *one) for one in found]
    assert not wrong, f"besides what is intended: {INTENDED}"
    if count == 0:
        pytest.skip(f"{folder} has no file that pydicom reads without a warning")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_native_pixel_equals_pydicoms(folder: str) -> None:
    wrong, count = [], 0
    for path, theirs in quiet_files(folder):
        syntax = str(theirs.file_meta.get("TransferSyntaxUID", ""))
        if (
            syntax not in NATIVE
            or "PixelData" not in theirs
            or theirs.get("BitsAllocated") not in (8, 16, 32)
        ):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                expected = theirs.pixel_array
            except Exception:
                continue
        count += 1
        found = rd.dcmread(path).pixel_array
        same = (expected.shape, expected.dtype) == (found.shape, found.dtype) and np.array_equal(
            expected, found
        )
        if not same:
            wrong.append((path.name, expected.shape, found.shape, expected.dtype, found.dtype))
    assert not wrong
    if count == 0:
        pytest.skip(f"{folder} has no native pixel data of 8, 16 or 32 bits")
