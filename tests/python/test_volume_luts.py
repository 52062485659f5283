"""Modality LUTs of volumes: the rule of `apply_modality_lut`, and XA and RF, which show without."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    NO_PLANE,
    Element,
    Identity,
    Items,
    Plane,
    file_bytes,
    image,
)
from findings import kinds
from rapidicom.__main__ import main
from rapidicom.cli.contact_sheet import contact_sheet

STORED = np.arange(16, dtype=np.uint8).reshape(4, 4)
# What a LUT makes of these: from bright to dark, over more than 8 bits.
ENTRIES = [4000 - 250 * index for index in range(16)]


def lut(
    entries: Any, numbers: Sequence[int] | None, vr: str = "US", descriptor: str = "US"
) -> Element:
    """Lay out a Modality LUT Sequence; `None` leaves an element out."""
    item = [] if numbers is None else [Element(0x00283002, descriptor, list(numbers))]
    if entries is not None:
        item.append(Element(0x00283006, vr, entries))
    return Element(0x00283000, "SQ", Items([item]))


def write(path: Path, *extra: Element, modality: str = "OT", **options: Any) -> Path:
    """Write an image with a place, unless `plane` says otherwise."""
    syntax = options.pop("syntax", EXPLICIT_LITTLE)
    number = options.pop("number", 1)
    elements = image(
        options.pop("pixels", STORED),
        plane=options.pop("plane", Plane(position=(0.0, 0.0, 2.5 * number))),
        identity=Identity(
            modality=modality, sop_instance=f"2.25.7.{number}", instance_number=number
        ),
        extra=extra,
    )
    path.write_bytes(file_bytes(elements, transfer_syntax=syntax))
    return path


READ = {
    "of words": (lut(ENTRIES, [16, 0, 16]), ENTRIES),
    "of OW": (lut(np.array(ENTRIES, np.uint16), [16, 0, 16], vr="OW"), ENTRIES),
    "from 3 on": (lut(ENTRIES, [16, 3, 12]), [ENTRIES[max(k - 3, 0)] for k in range(16)]),
    "from -2 on": (
        lut(ENTRIES, [16, -2, 16], descriptor="SS"),
        [ENTRIES[min(k + 2, 15)] for k in range(16)],
    ),
    "of few entries": (lut([7, 9], [2, 5, 16]), [7] * 6 + [9] * 10),
    "of bytes a word": (lut(list(range(16)), [16, 0, 8]), list(range(16))),
    "of bytes": (lut(bytes(range(100, 116)), [16, 0, 8], vr="OW"), list(range(100, 116))),
}


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize("name", READ)
def test_volumes_have_the_entries_of_the_table(tmp_path: Path, name: str, syntax: str) -> None:
    element, expected = READ[name]
    if name == "of bytes" and syntax == EXPLICIT_BIG:
        pytest.skip("bytes change places in words of the other byte order")
    if name == "from -2 on" and syntax == IMPLICIT_LITTLE:
        pytest.skip("without a VR, the first value has the sign of the pixels")
    path = write(tmp_path / "a.dcm", element, syntax=syntax)
    ds = rd.dcmread(path)
    applied = rd.apply_modality_lut(ds.pixel_array, ds)
    np.testing.assert_array_equal(applied.ravel(), expected)
    np.testing.assert_array_equal(rd.read_series(path).array.ravel(), expected)
    np.testing.assert_array_equal(rd.read_batch([path]).ravel(), expected)
    np.testing.assert_array_equal(rd.read_series(path, values="stored").array[0], STORED)


REFUSED = {
    "words of 16 bits for 8": lut(ENTRIES, [16, 0, 8]),
    "one word too wide": lut([*range(15), 256], [16, 0, 8]),
    "words for 1 bit": lut([*range(15), 511], [16, 0, 1]),
    "OW of 16 bits for 8": lut(np.array(ENTRIES, np.uint16), [16, 0, 8], vr="OW"),
    "too few": lut(ENTRIES[:9], [16, 0, 16]),
    "no entries": lut(None, [16, 0, 16]),
    "no descriptor": lut(ENTRIES, None),
    "two numbers": lut(ENTRIES, [16, 0]),
    "wide entries": lut(ENTRIES, [16, 0, 20]),
    "0 bits": lut(ENTRIES, [16, 0, 0]),
    "many bits": lut(ENTRIES, [16, 0, 65]),
}


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused_with_one_message(
    tmp_path: Path, name: str, syntax: str
) -> None:
    path = write(tmp_path / "a.dcm", REFUSED[name], syntax=syntax)
    ds = rd.dcmread(path)
    with pytest.raises(rd.DicomError) as applied:
        rd.apply_modality_lut(ds.pixel_array, ds)
    for read in (
        lambda: rd.read_series(path),
        lambda: rd.read_series(path, irregular="keep"),
        lambda: rd.read_series(path, rows=slice(1, 2)),
        lambda: rd.read_batch([path]),
    ):
        with pytest.raises(rd.DicomError) as of_volume:
            read()
        # That of a short table is an `IndexError` too, as pydicom's is.
        assert isinstance(applied.value, type(of_volume.value))
        assert str(of_volume.value).startswith(f"{path}: (0028,300")
        assert str(of_volume.value).endswith(str(applied.value))
    np.testing.assert_array_equal(rd.read_series(path, values="stored").array[0], STORED)


def test_slices_of_different_tables_are_noted(tmp_path: Path) -> None:
    write(tmp_path / "a", lut(ENTRIES, [16, 0, 16]), number=1)
    write(tmp_path / "b", lut(ENTRIES[::-1], [16, 0, 16]), number=2)
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.array.reshape(2, 16), [ENTRIES, ENTRIES[::-1]])
    assert kinds(vol) == ["mixed_rescale"]
    write(tmp_path / "b", lut(ENTRIES, [16, 0, 16]), number=2)
    assert kinds(rd.read_series(tmp_path)) == []


LOG = Element(0x00281040, "CS", "LOG")


@pytest.mark.parametrize(
    ("modality", "relationship", "has_lut", "is_noted"),
    [
        ("XA", "LOG", True, True),
        ("RF", "LOG", True, True),
        ("XA", "LIN", True, False),
        ("XA", "DISP", True, False),
        ("XA", None, True, False),
        ("XA", "LOG", False, False),
        ("OT", "LOG", True, False),
        ("DX", "LOG", True, False),
        ("CR", "LOG", True, False),
    ],
)
def test_table_of_intensity_is_applied_noted_and_not_shown(
    tmp_path: Path, modality: str, relationship: str | None, has_lut: bool, is_noted: bool
) -> None:
    extra = [Element(0x00281040, "CS", relationship)]
    if has_lut:
        extra.append(lut(ENTRIES, [16, 0, 16]))
    path = write(tmp_path / "a.dcm", *extra, modality=modality)
    vol = rd.read_series(path)
    np.testing.assert_array_equal(vol.array.ravel(), ENTRIES if has_lut else STORED.ravel())
    noted = [issue for issue in vol.report if issue.kind == "lut_of_intensity"]
    assert [issue.is_error for issue in noted] == [False] * is_noted
    # Darker the higher the stored value where the table is part of what is shown.
    is_rising = is_noted or not has_lut
    for sheet in (
        contact_sheet(vol, width=200),
        contact_sheet(rd.read_series(path, values="stored"), width=200) if is_rising else None,
    ):
        if sheet is not None:
            assert (int(sheet[-1, -1]) > int(sheet[-1, 0])) == is_rising


@pytest.mark.parametrize("plane", [NO_PLANE, Plane(position=None)], ids=["none", "no position"])
def test_angiogram_without_a_place_is_shown(tmp_path: Path, plane: Plane) -> None:
    """As they all are: frames that follow each other in time."""
    pil = pytest.importorskip("PIL.Image")
    frames = np.stack([STORED, STORED, STORED])
    path = write(
        tmp_path / "a.dcm", LOG, lut(ENTRIES, [16, 0, 16]), Element(0x00181063, "DS", 40.0),
        modality="XA", pixels=frames, plane=plane,
    )  # fmt: skip
    assert main(["view", str(path), "-o", str(tmp_path / "a.png"), "--keep"]) == 0
    stored = rd.read_series(path, values="stored", irregular="keep")
    page = np.asarray(pil.open(tmp_path / "a.png"))
    np.testing.assert_array_equal(page, contact_sheet(stored))
    assert page[-1, -1] > page[-1, -399]
    vol = rd.read_series(path, irregular="keep")
    np.testing.assert_array_equal(vol.array.reshape(3, 16), [ENTRIES] * 3)
    assert {"missing_position", "lut_of_intensity"} <= set(kinds(vol))


def test_part_of_a_volume_is_shown_as_that_part(tmp_path: Path) -> None:
    for number in range(1, 4):
        write(
            tmp_path / f"{number}", LOG, lut(ENTRIES, [16, 0, 16]), modality="XA", number=number,
            pixels=STORED + np.uint8(number),
        )  # fmt: skip
    part = rd.read_series(tmp_path, slices=slice(2, 0, -1), columns=slice(0, 2))
    whole = rd.read_series(tmp_path, values="stored", slices=slice(2, 0, -1), columns=slice(0, 2))
    np.testing.assert_array_equal(contact_sheet(part), contact_sheet(whole))
