"""What a volume's values mean: Modality LUTs, padding, units, scales declared but not applied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Identity, Items, Plane, file_bytes, image
from enhanced_builder import enhanced, stack_frames
from findings import kinds
from series_builder import series


def lut(first: int, entries: list[int], bits: int = 16) -> Element:
    """Lay out a Modality LUT that maps `first` and the values after it."""
    data = np.array(entries, np.uint16)
    item = [
        Element(0x00283002, "SS", [len(entries), first, bits]),
        Element(0x00283004, "LO", "HU"),
        Element(0x00283006, "OW", data),
    ]
    return Element(0x00283000, "SQ", Items([item]))


def test_modality_lut_is_applied_to_its_slices(tmp_path: Path) -> None:
    pixels = np.array([[-3, -2, -1], [0, 1, 9]], np.int16)
    for index in range(3):
        extra = [lut(-2, [100 + index, 200, 300, 400])] if index else []
        elements = image(
            pixels,
            plane=Plane(position=(0, 0, index)),
            identity=Identity(sop_instance=f"2.25.{index + 10}"),
            extra=extra,
        )
        (tmp_path / f"{index}").write_bytes(file_bytes(elements))
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.array[0], pixels)
    np.testing.assert_array_equal(vol.array[1], [[101, 101, 200], [300, 400, 400]])
    np.testing.assert_array_equal(vol.array[2], [[102, 102, 200], [300, 400, 400]])
    for index, ds in enumerate(vol.datasets):
        np.testing.assert_array_equal(vol.array[index], rd.apply_modality_lut(ds.pixel_array, ds))
    assert kinds(vol) == ["mixed_rescale"]
    assert rd.read_series(tmp_path, dtype="int16").dtype == np.int16
    with pytest.raises(ValueError, match="int8"):
        rd.read_series(tmp_path, dtype="int8")


def test_damaged_modality_lut_is_an_error(tmp_path: Path) -> None:
    table = lut(0, [1, 2, 3])
    table.value.items[0][2] = Element(0x00283006, "OW", b"\1\0")
    (tmp_path / "a").write_bytes(file_bytes(image(np.zeros((2, 2), np.int16), extra=[table])))
    with pytest.raises(rd.DicomError, match="LUTData: the LUT has 1 entries, but"):
        rd.read_series(tmp_path)
    assert not rd.read_series(tmp_path, values="stored").array.any()


@pytest.mark.parametrize(
    "items", [[], [[Element(0x00283002, "US", b""), Element(0x00283006, "OW", b"")]]]
)
def test_modality_lut_without_values_is_ignored(tmp_path: Path, items: list[list[Element]]) -> None:
    sequence = Element(0x00283000, "SQ", Items(items))
    stored = np.arange(4, dtype=np.int16).reshape(2, 2)
    (tmp_path / "a").write_bytes(file_bytes(image(stored, extra=[sequence])))
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.array[0], stored)
    np.testing.assert_array_equal(rd.apply_modality_lut(stored, vol.datasets[0]), stored)


PADDING: dict[str, tuple[list[Element], list[list[bool]]]] = {
    "a value": ([Element(0x00280120, "SS", -2000)], [[True, False, False], [False, False, False]]),
    "a value with the VR of unsigned ones": (
        [Element(0x00280120, "US", 65536 - 2000)],
        [[True, False, False], [False, False, False]],
    ),
    "a range": (
        [Element(0x00280120, "SS", -2000), Element(0x00280121, "SS", -1990)],
        [[True, True, False], [False, False, False]],
    ),
    "none": ([], [[False, False, False], [False, False, False]]),
}


@pytest.mark.parametrize(("extra", "expected"), PADDING.values(), ids=PADDING.keys())
def test_padding_is_found(tmp_path: Path, extra: list[Element], expected: list[list[bool]]) -> None:
    pixels = np.array([[-2000, -1995, -1000], [0, 1, 2]], np.int16)
    elements = image(pixels, rescale=(2.0, -1024.0), extra=[*extra, Element(0x00180050, "DS", 1.0)])
    (tmp_path / "a").write_bytes(file_bytes(elements))
    vol = rd.read_series(tmp_path)
    np.testing.assert_array_equal(vol.padding_mask(), [expected])
    np.testing.assert_array_equal(vol.array, [pixels * 2.0 - 1024])
    assert kinds(vol) == (["pixel_padding"] if extra else [])


def test_units_and_scales_are_exposed(tmp_path: Path) -> None:
    unit = [Element(0x00080100, "SH", "ml/100ml/s")]
    mapping = [
        Element(0x004008EA, "SQ", Items([unit])),
        Element(0x00409210, "SH", "rCBF"),
        Element(0x00409211, "US", 4095),
        Element(0x00409216, "US", 0),
        Element(0x00409224, "FD", -1.5),
        Element(0x00409225, "FD", 0.25),
    ]
    extra = [
        Element(0x00180050, "DS", 1.0),
        Element(0x00281054, "LO", "HU"),
        Element(0x00409096, "SQ", Items([mapping])),
        Element(0x00541001, "CS", "BQML"),
        Element(0x20050010, "LO", "Philips MR Imaging DD 001"),
        Element(0x2005100D, "FL", 0.0),
        Element(0x2005100E, "FL", 0.5),
    ]
    (tmp_path / "a").write_bytes(file_bytes(image(np.full((2, 2), 7, np.int16), extra=extra)))
    vol = rd.read_series(tmp_path)
    assert (vol.array == 7).all()
    (scaling,) = vol.scaling
    assert (scaling.rescale_type, scaling.units, scaling.dose_units) == ("HU", "BQML", None)
    assert (scaling.philips_scale_slope, scaling.philips_scale_intercept) == (0.5, 0.0)
    (real,) = scaling.real_world
    assert (real.slope, real.intercept, real.first, real.last) == (0.25, -1.5, 0, 4095)
    assert (real.unit, real.label) == ("ml/100ml/s", "rCBF")


def test_scales_of_frames_are_their_own(tmp_path: Path) -> None:
    enhanced(
        tmp_path / "a.dcm", stack_frames(3, rescale=(3.0, 1.0)), identity=Identity(modality="MR")
    )
    vol = rd.read_series(tmp_path)
    assert len(vol.scaling) == 3
    assert vol.scaling[0].real_world == ()


def test_regular_series_has_no_padding(tmp_path: Path) -> None:
    written: Any = series(tmp_path)
    vol = rd.read_series(tmp_path)
    assert vol.padding_mask().shape == written.stored_volume.shape
    assert not vol.padding_mask().any()
