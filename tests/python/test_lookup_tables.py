"""Modality and VOI LUTs (PS3.3 §C.11.1, §C.11.2): entries, types, and values outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Element,
    Items,
    file_bytes,
    image,
)
from comparison import read_by_pydicom

pydicom = pytest.importorskip("pydicom", reason="pydicom is the reference for look-up tables")

MODALITY, VOI = 0x00283000, 0x00283010
APPLY = {MODALITY: "apply_modality_lut", VOI: "apply_voi_lut"}


def lut_file(
    sequence: int,
    entries: Any,
    descriptor: list[int],
    *,
    vr: str = "US",
    syntax: str = EXPLICIT_LITTLE,
    pixels: np.ndarray[Any, Any] | None = None,
    extra: list[Element] | None = None,
) -> bytes:
    item = [
        Element(0x00283002, "SS" if descriptor[1] < 0 else "US", descriptor),
        Element(0x00283006, vr, entries),
    ]
    ramp = np.arange(-20, 20, dtype=np.int16).reshape(5, 8) if pixels is None else pixels
    elements = image(ramp, extra=[Element(sequence, "SQ", Items([item])), *(extra or [])])
    return file_bytes(elements, transfer_syntax=syntax)


def both(sequence: int, data: bytes, array: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    ours = getattr(rd, APPLY[sequence])(array, rd.dcmread(data))
    return ours, getattr(pydicom.pixels, APPLY[sequence])(array, read_by_pydicom(data))


@pytest.mark.parametrize("sequence", APPLY, ids=APPLY.get)
@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize("vr", ["US", "OW"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("first", [-10, 0, 5])
def test_tables_are_pydicoms(sequence: int, syntax: str, vr: str, bits: int, first: int) -> None:
    entries = np.random.default_rng(1).integers(0, 2**bits, 16, np.uint16)
    value: Any = entries if vr == "OW" else entries.tolist()
    data = lut_file(sequence, value, [16, first, bits], vr=vr, syntax=syntax)
    stored = rd.dcmread(data).pixel_array
    ours, theirs = both(sequence, data, stored)
    assert ours.dtype == theirs.dtype == (np.uint8 if bits == 8 else np.uint16)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(ours, entries[np.clip(stored.astype(int) - first, 0, 15)])


@pytest.mark.parametrize("sequence", APPLY, ids=APPLY.get)
@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
)
@pytest.mark.parametrize("order", "=S")
def test_every_type_of_values_is_mapped(sequence: int, dtype: str, order: str) -> None:
    entries = np.random.default_rng(1).integers(0, 65536, 40, np.uint16)
    ds = rd.dcmread(lut_file(sequence, entries.tolist(), [40, 5, 16]))
    info = np.iinfo(dtype)
    lowest, highest = max(info.min, -(2**40)), min(info.max, 2**40)
    values = np.array([[lowest, 0, 4, 5, 6], [43, 44, 45, 100, highest]], np.int64)
    array = values.astype(dtype).astype(np.dtype(dtype).newbyteorder(order))
    mapped = getattr(rd, APPLY[sequence])(array, ds)
    np.testing.assert_array_equal(mapped, entries[np.clip(values - 5, 0, 39)])


def test_entries_of_eight_bits_can_share_words() -> None:
    entries = np.random.default_rng(1).integers(0, 256, 16, np.uint8)
    little, big = entries.tobytes(), entries.view("<u2").byteswap().tobytes()
    for content, vr, syntax in [
        (little, "OW", EXPLICIT_LITTLE),
        (big, "OW", EXPLICIT_BIG),
        (entries.view("<u2").tolist(), "US", EXPLICIT_BIG),
    ]:
        ds = rd.dcmread(lut_file(MODALITY, content, [16, 0, 8], vr=vr, syntax=syntax))
        ramp = np.arange(16, dtype=np.uint8)
        np.testing.assert_array_equal(rd.apply_modality_lut(ramp, ds), entries)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_views_of_ten_to_sixteen_bits(bits: int) -> None:
    data = lut_file(VOI, [0, 2**bits - 1, 7], [3, 0, bits])
    ours, theirs = both(VOI, data, np.array([[0, 1, 2, 3]], np.int16))
    assert ours.dtype == theirs.dtype == np.uint16
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("bits", [9, 11, 13, 15])
def test_views_of_widths_that_pydicom_refuses(bits: int) -> None:
    """8 to 16 bits are legal (PS3.3 §C.11.2.1.1)."""
    ds = rd.dcmread(lut_file(VOI, [0, 2**bits - 1, 7], [3, 0, bits]))
    shown = rd.apply_voi_lut(np.array([[-1, 0, 1, 2, 3]], np.int16), ds)
    assert shown.dtype == np.uint16
    assert shown.tolist() == [[0, 0, 2**bits - 1, 7, 7]]


@pytest.mark.parametrize(
    ("sequence", "bits"), [(MODALITY, 0), (MODALITY, 17), (VOI, 7), (VOI, 17), (VOI, 32)]
)
def test_entries_of_other_widths_are_refused(sequence: int, bits: int) -> None:
    ds = rd.dcmread(lut_file(sequence, [1, 2, 3], [3, 0, bits]))
    with pytest.raises(rd.UnsupportedError, match=rf"entries of this width \({bits} bits\)"):
        getattr(rd, APPLY[sequence])(ds.pixel_array, ds)


@pytest.mark.parametrize("sequence", APPLY, ids=APPLY.get)
@pytest.mark.parametrize(
    ("entries", "descriptor", "words"),
    [
        ([1, 2], [3, 0, 16], "has 2 entries, but its descriptor says 3"),
        ([1, 2, 300], [3, 0, 8], "more bits"),
        ([1, 2, 3], [3, 0], "three numbers"),
    ],
    ids=["short", "wide", "a short descriptor"],
)
def test_damaged_tables_are_errors(
    sequence: int, entries: list[int], descriptor: list[int], words: str
) -> None:
    ds = rd.dcmread(lut_file(sequence, entries, descriptor))
    with pytest.raises(rd.InvalidDicomError, match=words):
        getattr(rd, APPLY[sequence])(ds.pixel_array, ds)


@pytest.mark.parametrize("prefer_lut", [True, False])
def test_a_table_or_a_window_is_preferred(prefer_lut: bool) -> None:
    extra = [Element(0x00281050, "DS", 3.0), Element(0x00281051, "DS", 10.0)]
    data = lut_file(VOI, list(range(100, 116)), [16, 0, 8], extra=extra)
    array = rd.dcmread(data).pixel_array
    ours = rd.apply_voi_lut(array, rd.dcmread(data), prefer_lut=prefer_lut)
    theirs = pydicom.pixels.apply_voi_lut(array, read_by_pydicom(data), prefer_lut=prefer_lut)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


def test_a_table_without_data_gives_way_to_a_window() -> None:
    extra = [Element(0x00281050, "DS", 3.0), Element(0x00281051, "DS", 10.0)]
    data = lut_file(VOI, None, [16, 0, 8], extra=extra)
    ours, theirs = both(VOI, data, rd.dcmread(data).pixel_array)
    assert ours.dtype == theirs.dtype == np.float64
    np.testing.assert_array_equal(ours, theirs)


def test_fractions_count_as_the_whole_number_below() -> None:
    data = lut_file(VOI, [10, 11, 12, 13], [4, -2, 8])
    array = np.array([[-2.5, -2.0, -1.5, -0.5, 0.5, 1.0, 7.9]])
    ours = rd.apply_voi_lut(array, rd.dcmread(data))
    assert ours.tolist() == [[10, 10, 10, 11, 12, 13, 13]]
    with pytest.raises(ValueError, match="NaN"):
        rd.apply_voi_lut(np.array([1.0, np.nan]), rd.dcmread(data))
    with pytest.warns(UserWarning, match="float"):
        theirs = pydicom.pixels.apply_voi_lut(array, read_by_pydicom(data))
    np.testing.assert_array_equal(ours, theirs)
