"""GE's b-values and gradient directions, whose elements describe the scan or the image.

That directions are those of dcm2niix is in test_series_diffusion_references.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from builder import Element
from diffusion_builder import Direction, element, ge_tensor, owner, write_series
from diffusion_tables import assert_same_table, bvals_and_directions, table
from series_builder import PLANES

UNIT: Direction = (0.6, 0.0, 0.8)
WITHOUT = [(0.0, None), (1000.0, UNIT), (1000.0, (0.0, 1.0, 0.0))]


def replaced(elements: list[Element], tag: int, value: object) -> list[Element]:
    """The elements with another value in that of a tag, or without it."""
    rest = [one for one in elements if one.tag != tag]
    vr = next(one.vr for one in elements if one.tag == tag)
    return rest if value is None else [*rest, Element(tag, vr, value)]


def scaled(factor: float, direction: Direction) -> Direction:
    """A direction of another length, with as many decimals as GE writes."""
    x, y, z = (round(factor * part, 6) for part in direction)
    return (x, y, z)


@pytest.mark.parametrize("with_standard", [False, True])
def test_short_vectors_are_of_lower_b_values(with_standard: bool, tmp_path: Path) -> None:
    """Up to release 26 all elements of a scan with several b-values tell the highest."""
    weightings = [
        (0.0, None),
        (3000.0, UNIT),
        (3000.0, scaled(math.sqrt(1 / 3), UNIT)),
        (3000.0, scaled(math.sqrt(2 / 3), (0.0, 1.0, 0.0))),
        (3000.0, scaled(math.sqrt(1 / 6), (0.0, 0.0, 1.0))),
    ]

    def elements_of(b_value: float, direction: Direction | None) -> list[Element]:
        standard = [Element(0x00189087, "FD", b_value)] if with_standard else []
        return [*ge_tensor(b_value, direction, 0x10), *standard]

    (source := tmp_path / "in").mkdir()
    write_series(source, elements_of, weightings)
    vol = assert_same_table(source, tmp_path / "out")
    assert vol.coords["b_value"].tolist() == [0, 500, 1000, 2000, 3000]


def test_own_b_value_comes_before_that_of_the_scan(tmp_path: Path) -> None:
    """Release 27 puts the highest b-value in the standard's attribute, the image's in GE's."""

    def elements_of(b_value: float, direction: Direction | None) -> list[Element]:
        highest = Element(0x00189087, "FD", 3000.0 if b_value else 0.0)
        return [*ge_tensor(b_value, direction, 0x10), highest]

    (source := tmp_path / "in").mkdir()
    write_series(source, elements_of, [*WITHOUT, (3000.0, (1.0, 0.0, 0.0))])
    vol = assert_same_table(source, tmp_path / "out")
    assert vol.coords["b_value"].tolist() == [0, 1000, 1000, 3000]


def test_standard_attributes_come_first_where_all_are_there(tmp_path: Path) -> None:
    def elements_of(b_value: float, direction: Direction | None) -> list[Element]:
        if direction is None:
            return ge_tensor(0, None, 0x10)
        standard = [Element(0x00189087, "FD", 700.0), Element(0x00189089, "FD", list(direction))]
        return [*ge_tensor(b_value, (0.0, 0.0, 1.0), 0x10), *standard]

    write_series(tmp_path, elements_of, WITHOUT)
    b_values, directions = table(rd.read_series(tmp_path))
    assert b_values.tolist() == [0, 700, 700]
    np.testing.assert_array_equal(directions[1:], [UNIT, (0, 1, 0)])


# An image without a direction between others, with the b-value of the scan: what says what it is,
# and its b-value then. The kind is the Vas collapse flag (0043,xx30), the count that of directions
# (0019,xxE0).
KINDS = {
    "tensor": (16, None, 0.0),
    "without weighting": (14, None, 0.0),
    "mean of all directions": (15, None, 1000.0),
    "of a scan with directions": (None, 30, 0.0),
    "of a scan without directions": (None, 0, 1000.0),
    "unknown": (None, None, None),
}


@pytest.mark.parametrize(("kind", "count", "expected"), KINDS.values(), ids=KINDS)
def test_image_without_direction(
    kind: int | None, count: int | None, expected: float | None, tmp_path: Path
) -> None:
    def elements_of(b_value: float, direction: Direction | None) -> list[Element]:
        elements = ge_tensor(b_value, direction, 0x10)
        if b_value and direction is None:
            elements = replaced(elements, 0x00431030, kind)
            elements += [] if count is None else [element(0x19, 0x10, 0xE0, "DS", count)]
        return elements

    (source := tmp_path / "in").mkdir()
    write_series(source, elements_of, [*WITHOUT, (1000.0, None)])
    b_values, directions = table(rd.read_series(source))
    np.testing.assert_array_equal(b_values[3], np.nan if expected is None else expected)
    np.testing.assert_array_equal(b_values[:3], [0, 1000, 1000])
    assert np.isnan(directions).all(axis=1).tolist() == [True, False, False, True]
    # dcm2niix looks at the first image only, and guesses if nothing is stated.
    if expected == 0:
        assert bvals_and_directions(source, tmp_path / "out")[0].tolist() == [0, 1000, 1000, 0]


UNKNOWN = {
    "feet first": (0x00185100, "FFS"),
    "prone": (0x00185100, "HFP"),
    "no position": (0x00185100, None),
    "no phase direction": (0x00181312, None),
    "other phase direction": (0x00181312, "OTHER"),
    "three dimensions": (0x00180023, "3D"),
    "no dimensions": (0x00180023, None),
    "release before 12": (0x00181020, "09"),
    "no number of a release": (0x00181020, "LX"),
    "no release": (0x00181020, None),
    "no tensor scan": (0x00431030, 3),
}


@pytest.mark.parametrize(("tag", "value"), UNKNOWN.values(), ids=UNKNOWN)
def test_no_direction_where_the_axes_are_not_known(tag: int, value: object, tmp_path: Path) -> None:
    write_series(tmp_path, lambda b, g: replaced(ge_tensor(b, g, 0x10), tag, value), WITHOUT)
    vol = rd.read_series(tmp_path)
    assert vol.coords["b_value"].tolist() == [0, 1000, 1000]
    assert "gradient_direction" not in vol.coords


def test_no_direction_in_images_that_no_scanner_lays_out_so(tmp_path: Path) -> None:
    across, down = PLANES["axial"][:3], PLANES["axial"][3:]
    write_series(
        tmp_path, lambda b, g: ge_tensor(b, g, 0x10), WITHOUT, orientation=(*down, *across)
    )
    assert "gradient_direction" not in rd.read_series(tmp_path).coords


def test_vector_that_is_too_long_is_ignored(tmp_path: Path) -> None:
    write_series(tmp_path, lambda b, g: ge_tensor(b, g and scaled(1.2, g), 0x10), WITHOUT)
    vol = rd.read_series(tmp_path)
    assert vol.axes[0] == "b_value"
    np.testing.assert_array_equal(vol.coords["b_value"], [np.nan, np.nan, 0])
    assert "gradient_direction" not in vol.coords


def test_directions_in_blocks_of_another_creator_are_ignored(tmp_path: Path) -> None:
    write_series(
        tmp_path,
        lambda b, g: [
            *replaced(ge_tensor(b, g, 0x10), 0x00190010, None),
            owner(0x19, 0x10, "ACME"),
        ],
        WITHOUT,
    )
    vol = rd.read_series(tmp_path)
    assert vol.coords["b_value"].tolist() == [0, 1000, 1000]
    assert "gradient_direction" not in vol.coords
