"""Every element and every native pixel of all reference files, as pydicom reads them."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from data_paths import REFERENCE_DATA, needs_reference_data

pydicom = pytest.importorskip("pydicom", reason="pydicom is the reference")

OWN = Path(pydicom.__file__).parent / "data"
FOLDERS = {folder: OWN / folder for folder in ("test_files", "charset_files")} | {
    path.name: path
    for path in (sorted(REFERENCE_DATA.iterdir()) if REFERENCE_DATA.is_dir() else [])
    if path.is_dir()
}

# Those whose pixels are not compressed: implicit, explicit, deflated and explicit big endian.
NATIVE = {
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
}
PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")

# Where we differ on purpose, and why. Files named here are left out of the comparison.
NOTHING = "pydicom gives an empty data set without a word"
STRAY = "pydicom takes an item for an element"
INTENDED = {
    "the name of a private element below (gggg,0100)": (
        "pydicom takes a private group length for a block's owner, and calls elements that own no "
        "block private creators"
    ),
    "text after the escape sequence of ISO 2022 IR 58": "pydicom leaves the sequence in the text",
    "GH179A.dcm": (
        "pydicom reads the blank VR of an element as half of a length, and nothing after it"
    ),
    "FreezePattern.dcm": STRAY,
    "GH364.dcm": STRAY,
    "CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm": (
        "pydicom takes what was UN to the writer for big endian; the file's twins show what it is"
    ),
    "GH1339.dcm": NOTHING,
    "emri_small_jpeg_2k_lossless_too_short.dcm": NOTHING,
}

# The same of images: file and result.
INTENDED_IMAGES = {
    (
        "OBXXXX1A_expb.dcm",
        "palette",
    ): "pydicom takes the words of a big-endian palette for little-endian ones; "
    "ours are the colours of OBXXXX1A.dcm",
}


@needs_reference_data
def test_the_reference_data_is_compared() -> None:
    """Without it, the tests below compare pydicom's own files only."""
    assert len(FOLDERS) > 2
    assert any(path.is_file() for path in REFERENCE_DATA.rglob("*.dcm"))


def files_that_pydicom_reads(folder: Path) -> Iterator[tuple[Path, Any]]:
    """The files that pydicom reads as it is, and what it makes of them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in INTENDED:
            with contextlib.suppress(Exception):
                yield path, pydicom.dcmread(path)


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


def originals(value: Any) -> list[str | None]:
    """The texts that numbers were made from."""
    values = [value] if isinstance(value, (float, int, str)) or value is None else value
    return [getattr(one, "original_string", None) for one in values]


def differences(theirs: Any, ours: Any, place: str) -> Iterator[tuple[str, str]]:
    """What differs: the place, and how."""
    tags = sorted(int(tag) for tag in theirs.keys())  # noqa: SIM118
    if tags != ours.tags():
        yield place, f"other tags: {sorted(set(tags) ^ set(ours.tags()))}"
        return
    for tag in tags:
        here = f"{place}{tag:08X}"
        try:
            expected = theirs[tag]
        except Exception:
            # It has no value for this one. Ours may have; if not, it says so in the ordinary way.
            with contextlib.suppress(rd.DicomError, NotImplementedError):
                _ = ours[tag].value
            continue
        found = ours[tag]
        value = found.value
        if expected.VR != found.VR:
            yield here, f"VR {found.VR} instead of {expected.VR}"
        elif expected.VR == "SQ":
            if len(expected.value) != len(value):
                yield here, f"{len(value)} items instead of {len(expected.value)}"
            for index, (their_item, our_item) in enumerate(
                zip(expected.value, value, strict=False)
            ):
                yield from differences(their_item, our_item, f"{here}[{index}]>")
        elif plain(expected.value) != plain(value):
            yield here, "another value"
        elif expected.VR in ("DS", "IS") and originals(expected.value) != originals(value):
            yield here, "another original string"
        elif (expected.VM, expected.keyword) != (found.VM, found.keyword):
            yield here, f"VM {found.VM}, keyword {found.keyword!r}"
        elif expected.name != found.name and not (
            expected.is_private and expected.tag.element < 0x100
        ):
            yield here, f"{found.name!r} instead of {expected.name!r}"


@needs_reference_data
@pytest.mark.filterwarnings("ignore")
def test_what_was_unknown_to_a_big_endian_writer_is_as_in_the_little_endian_twin() -> None:
    """PS3.5 §6.2.2: the bytes of UN are passed on as they came, in little endian."""
    big, little = (
        next(REFERENCE_DATA.rglob(f"CTImage.dcm_{name}.dcm"))
        for name in (
            "BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2",
            "LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1",
        )
    )
    found, expected = rd.dcmread(big), rd.dcmread(little)
    tags = [0x00091027, 0x0019102C]
    assert [found[tag].value for tag in tags] == [expected[tag].value for tag in tags]
    assert found[0x0019102C].value == 2975


def json_differs(theirs: Any, ours: Any) -> bool:
    """Whether the DICOM JSON Model is another, where pydicom has one."""
    try:
        expected = theirs.to_json_dict()
    except Exception:
        return False
    return bool(plain(expected) != plain(ours.to_json_dict()))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_element_equals_pydicoms(folder: str) -> None:
    wrong, count = [], 0
    for path, theirs in files_that_pydicom_reads(FOLDERS[folder]):
        count += 1
        try:
            ours = rd.dcmread(path)
            found = [*differences(theirs, ours, "")]
            if theirs.file_meta:
                found += differences(theirs.file_meta, ours.file_meta, "")
            if json_differs(theirs, ours):
                found.append(("", "another JSON"))
        except rd.DicomError as error:
            found = [("", str(error))]
        wrong += [(path.name, *one) for one in found]
    assert not wrong, f"besides what is intended: {INTENDED}"
    if count == 0:
        pytest.skip(f"{folder} has no file that pydicom reads")


# What a file's pixels and look-up tables give: pydicom's array, and how ours is made.
Result = tuple[str, Callable[[], Any], Callable[[], Any]]


def images() -> list[Path]:
    """List the files with pixels or overlays among the development data and pydicom's own."""
    roots = [REFERENCE_DATA, Path(pydicom.__file__).parent / "data"]
    return [
        path
        for root in roots
        if root.is_dir()
        for path in sorted(root.rglob("*"))
        if is_dicom(path)
    ]


def is_dicom(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size < 132:
        return False
    with path.open("rb") as file:
        file.seek(128)
        return file.read(4) == b"DICM"


def pixel_results(theirs: Any, ours: rd.Dataset) -> Iterator[Result]:
    """What there is to compare of native pixels and of icons."""
    yield "pixel_array", lambda: theirs.pixel_array, lambda: ours.pixel_array
    yield (
        "raw",
        lambda: pydicom.pixels.pixel_array(theirs, raw=True),
        lambda: rd.pixel_array(ours, raw=True),
    )
    # Text in a file that is wrong.
    text = str(theirs.get("NumberOfFrames"))
    count = int(text) if text.isdigit() else 1
    for index in sorted({0, 1, count // 2, count - 1}) if count > 1 else ():
        yield (
            f"frame {index}",
            lambda index=index: pydicom.pixels.pixel_array(theirs, index=index),
            lambda index=index: rd.pixel_array(ours, index=index),
        )


def table_results(theirs: Any, ours: rd.Dataset, stored: Any) -> Iterator[Result]:
    """What there is to compare of what stored values mean."""
    try:
        modality = pydicom.pixels.apply_modality_lut(stored, theirs)
    except Exception:
        modality = stored
    else:
        yield "modality", lambda: modality, lambda: rd.apply_modality_lut(stored, ours)
    for prefer_lut in (True, False):
        yield (
            f"VOI, prefer_lut={prefer_lut}",
            lambda prefer=prefer_lut: pydicom.pixels.apply_voi_lut(
                modality, theirs, prefer_lut=prefer
            ),
            lambda prefer=prefer_lut: rd.apply_voi_lut(modality, ours, prefer_lut=prefer),
        )
    if "RedPaletteColorLookupTableDescriptor" in theirs:
        yield (
            "palette",
            lambda: pydicom.pixels.apply_color_lut(stored, theirs),
            lambda: rd.apply_color_lut(stored, ours),
        )


def overlay_results(theirs: Any, ours: rd.Dataset) -> Iterator[Result]:
    for group in range(0x6000, 0x6020, 2):
        if (group, 0x0010) in theirs:
            yield (
                f"overlay {group:04X}",
                lambda group=group: theirs.overlay_array(group),
                lambda group=group: ours.overlay_array(group),
            )


def compare(results: Iterator[Result]) -> tuple[int, list[tuple[str, str]]]:
    """Count what pydicom gives, and tell where ours is another."""
    count, wrong = 0, []
    for name, theirs, ours in results:
        try:
            expected = theirs()
        except Exception:
            continue
        count += 1
        found = ours()
        if (expected.shape, expected.dtype.newbyteorder("=")) != (found.shape, found.dtype):
            wrong.append(
                (name, f"{found.shape} {found.dtype}, not {expected.shape} {expected.dtype}")
            )
        elif not np.array_equal(expected, found, equal_nan=expected.dtype.kind == "f"):
            wrong.append((name, "other values"))
    return count, wrong


def ramp(theirs: Any) -> np.ndarray[Any, Any]:
    """Every value of a sample of at most 16 bits, to use instead of compressed pixels."""
    bits = min(int(theirs.BitsStored), 16)
    dtype = np.dtype("ui"[theirs.PixelRepresentation] + ("1" if bits <= 8 else "2"))
    return (np.arange(2**bits) - (2 ** (bits - 1) if theirs.PixelRepresentation else 0)).astype(
        dtype
    )


def test_every_image_is_pydicoms() -> None:
    """Native pixels and icons, modality and VOI values, colours of palettes, overlays."""
    wrong, counts = [], dict.fromkeys(("pixels", "icons", "tables", "overlays"), 0)
    for path in images():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                theirs = pydicom.dcmread(path)
                syntax = str(theirs.file_meta.get("TransferSyntaxUID", ""))
                _ = [element.value for element in theirs]
                ours = rd.dcmread(path)
            except Exception:
                # Damaged files are another test's.
                continue
            found: list[tuple[str, str]] = []

            def note(
                kind: str, results: Iterator[Result], found: list[tuple[str, str]] = found
            ) -> None:
                count, differing = compare(results)
                counts[kind] += count
                found += differing

            has_pixels = any(keyword in theirs for keyword in PIXEL_KEYWORDS)
            stored = None
            if has_pixels and syntax in NATIVE:
                note("pixels", pixel_results(theirs, ours))
                with contextlib.suppress(Exception):
                    stored = ours.pixel_array
            elif "PixelData" in theirs and theirs.get("SamplesPerPixel") == 1:
                stored = ramp(theirs)
            if stored is not None:
                note("tables", table_results(theirs, ours, stored))
            note("overlays", overlay_results(theirs, ours))
            if syntax in NATIVE:
                icons = zip(
                    theirs.get("IconImageSequence", ()),
                    ours.get("IconImageSequence", ()),
                    strict=True,
                )
                for their_icon, our_icon in icons:
                    their_icon.file_meta = theirs.file_meta
                    note("icons", pixel_results(their_icon, our_icon))
        wrong += [(path.name, *one) for one in found if (path.name, one[0]) not in INTENDED_IMAGES]
    assert not wrong, f"besides what is intended: {INTENDED_IMAGES}"
    assert all(counts.values()), f"of each kind some are compared: {counts}"
