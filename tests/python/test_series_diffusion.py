"""b-values and gradient directions from private elements, used if the standard's are absent.

Expected values are stated here, or from dcm2niix; blocks of private elements follow PS3.5 §7.8.1.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Element,
    Identity,
    file_bytes,
    image,
)
from data_paths import REFERENCE_DATA, needs_reference_data
from diffusion_builder import (
    SLICES,
    VENDORS,
    WEIGHTINGS,
    Direction,
    Vendor,
    ge,
    philips,
    siemens,
    write_series,
)
from nifti_references import run_dcm2niix
from series_builder import stored_pixels
from siemens_builder import mosaic_elements, mosaic_entries

# Sorted by b-value, then by direction.
SORTED = [1, 3, 2, 0]


def write(
    folder: Path,
    vendor: Vendor,
    block: int = 0x10,
    transfer_syntax: str = EXPLICIT_LITTLE,
    change: Callable[[list[Element]], list[Element]] = lambda elements: elements,
    modality: str = "MR",
) -> np.ndarray:
    """Write WEIGHTINGS as a vendor does, and tell the stored values."""
    return write_series(
        folder,
        lambda b_value, direction: change(vendor(b_value, direction, block)),
        transfer_syntax=transfer_syntax,
        modality=modality,
    )


def assert_sorted(vol: rd.Volume, stored: np.ndarray, with_directions: bool) -> None:
    """Hold the axis, its coordinates and the values against what was written."""
    order = SORTED if with_directions else [1, 0, 2, 3]
    assert vol.axes == ("b_value", "slice", "row", "column")
    np.testing.assert_array_equal(vol.coords["b_value"], [0, 1000, 1000, 1000])
    np.testing.assert_array_equal(vol.array, stored[order])
    if not with_directions:
        assert "gradient_direction" not in vol.coords
        return
    directions = vol.coords["gradient_direction"]
    assert np.isnan(directions[0]).all()
    np.testing.assert_allclose(
        directions[1:], [WEIGHTINGS[index][1] for index in order[1:]], rtol=1e-6
    )


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize("block", [0x10, 0x3A])
@pytest.mark.parametrize("name", VENDORS)
def test_private_b_values_are_an_axis(
    name: str, block: int, transfer_syntax: str, tmp_path: Path
) -> None:
    stored = write(tmp_path, VENDORS[name], block, transfer_syntax)
    assert_sorted(rd.read_series(tmp_path), stored, with_directions="GE" not in name)


def nobody(elements: list[Element]) -> list[Element]:
    """Make all blocks somebody else's."""
    return [
        Element(one.tag, "LO", "ACME 1.0") if one.tag & 0xFF00 == 0 and one.tag >> 16 & 1 else one
        for one in elements
    ]


def beside(elements: list[Element]) -> list[Element]:
    """Let the blocks of the owners be others than those of the values, which nobody owns."""
    return [
        Element(one.tag + 1, "LO", one.value)
        if one.tag & 0xFF00 == 0 and one.tag >> 16 & 1
        else one
        for one in elements
    ]


@pytest.mark.parametrize("change", [nobody, beside])
@pytest.mark.parametrize("name", VENDORS)
def test_values_in_blocks_of_another_creator_are_ignored(
    name: str, change: Callable[[list[Element]], list[Element]], tmp_path: Path
) -> None:
    stored = write(tmp_path, VENDORS[name], change=change)
    vol = rd.read_series(tmp_path)
    assert vol.axes[0] == "instance"
    assert set(vol.coords) == {"instance"}
    np.testing.assert_array_equal(vol.array, stored)


@pytest.mark.parametrize("name", VENDORS)
def test_images_of_other_modalities_have_no_b_value(name: str, tmp_path: Path) -> None:
    write(tmp_path, VENDORS[name], modality="CT")
    assert set(rd.read_series(tmp_path).coords) == {"instance"}


BAD: dict[str, tuple[Vendor, int, str, object]] = {
    "text": (siemens, 0x0019100C, "IS", "many"),
    "negative": (siemens, 0x0019100C, "IS", -1),
    "two": (siemens, 0x0019100C, "IS", [1, 2]),
    "not finite": (philips, 0x20011003, "FL", float("nan")),
    "empty": (philips, 0x20011003, "FL", b""),
    "twice the number that is added": (ge, 0x00431039, "IS", [2_000_000_700, 8, 0, 0]),
}


@pytest.mark.parametrize(("vendor", "tag", "vr", "value"), BAD.values(), ids=BAD.keys())
def test_impossible_b_value_is_ignored(
    vendor: Vendor, tag: int, vr: str, value: object, tmp_path: Path
) -> None:
    def change(elements: list[Element]) -> list[Element]:
        return [Element(tag, vr, value) if one.tag == tag else one for one in elements]

    write(tmp_path, vendor, change=change)
    assert "b_value" not in rd.read_series(tmp_path).coords


def test_direction_that_is_no_unit_vector_is_left_out(tmp_path: Path) -> None:
    def change(elements: list[Element]) -> list[Element]:
        return [
            Element(one.tag, "FD", [3.0, 0.0, 4.0]) if one.vr == "FD" else one for one in elements
        ]

    stored = write(tmp_path, siemens, change=change)
    assert_sorted(rd.read_series(tmp_path), stored, with_directions=False)


# GE writes the b-value of the whole scan into the standard's attribute: see
# test_series_diffusion_ge.
@pytest.mark.parametrize("name", [name for name in VENDORS if "GE" not in name])
def test_attributes_of_the_standard_come_first(name: str, tmp_path: Path) -> None:
    def change(elements: list[Element]) -> list[Element]:
        # By what nothing private says: the private b-values are still those of WEIGHTINGS.
        b_value = 300.0 if WEIGHTINGS[counter[0] // SLICES][0] else 50.0
        counter[0] += 1
        return [*elements, Element(0x00189087, "FD", b_value)]

    counter = [0]
    write(tmp_path, VENDORS[name], change=change)
    np.testing.assert_array_equal(rd.read_series(tmp_path).coords["b_value"], [50, 300, 300, 300])


ONE_B_VALUE = [(1000.0, (0.0, 0.0, 1.0)), (1000.0, (1.0, 0.0, 0.0))]
ONE_DIRECTION = [(500.0, (0.0, 0.0, 1.0)), (1000.0, (0.0, 0.0, 1.0))]


@pytest.mark.parametrize("weightings", [ONE_B_VALUE, ONE_DIRECTION], ids=["b-value", "direction"])
def test_table_has_what_all_images_share(
    weightings: list[tuple[float, Direction]], tmp_path: Path
) -> None:
    write_series(tmp_path, lambda b_value, direction: siemens(b_value, direction, 0x10), weightings)
    vol = rd.read_series(tmp_path)
    assert vol.coords["b_value"].tolist() == [b_value for b_value, _ in weightings]
    assert vol.coords["gradient_direction"].tolist() == [
        list(direction) for _, direction in weightings
    ]


@pytest.mark.parametrize("name", VENDORS)
def test_b_values_are_those_of_dcm2niix(name: str, tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    target.mkdir()
    write(source, VENDORS[name])
    run_dcm2niix(source, target)
    (path,) = target.glob("*.bval")
    theirs = [float(value) for value in path.read_text().split()]
    assert theirs == [b_value for b_value, _ in WEIGHTINGS]
    assert list(rd.read_series(source).coords["b_value"]) == sorted(theirs)


def test_mosaics_have_the_b_values_of_their_own_header(tmp_path: Path) -> None:
    for index, (b_value, direction) in enumerate(WEIGHTINGS):
        entries = [
            *mosaic_entries(4),
            ("B_value", [str(b_value)]),
            ("DiffusionGradientDirection", [f"{part:.8f}" for part in direction or ()]),
        ]
        pixels = stored_pixels(index, (8, 8))
        elements = image(
            pixels,
            identity=Identity(
                modality="MR", instance_number=index + 1, sop_instance=f"2.25.7.{index}"
            ),
            extra=mosaic_elements(entries, "DIFFUSION"),
        )
        (tmp_path / f"{9 - index}").write_bytes(file_bytes(elements))
    vol = rd.read_series(tmp_path)
    stored = np.array([stored_pixels(index, (8, 8)) for index in range(len(WEIGHTINGS))])
    tiles = stored.reshape(-1, 2, 4, 2, 4).swapaxes(2, 3).reshape(-1, 4, 4, 4)
    assert_sorted(vol, tiles, with_directions=True)


@pytest.mark.parametrize(
    ("tag", "vr", "value", "is_read"),
    [
        (0x00080008, "CS", ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE", "ND"], True),
        (0x00180020, "CS", ["SE", "EP"], True),
        (0x00180024, "SH", "*re_b1000#3", True),
        (0x00180024, "SH", "*tfl3d1_ns", False),
        (0x00180020, "CS", ["GR", "IR"], False),
        (0x00080008, "CS", ["ORIGINAL", "PRIMARY", "M", "ND"], False),
    ],
)
def test_header_of_siemens_is_read_where_images_may_be_weighted(
    tag: int, vr: str, value: object, is_read: bool, tmp_path: Path
) -> None:
    """Reading it takes long: other images are distinguished by Instance Number only."""

    def change(elements: list[Element]) -> list[Element]:
        of_scan = {0x00080008: "M", 0x00180020: "SE", 0x00180024: "*se2d1"}
        rest = [Element(other, "CS", text) for other, text in of_scan.items() if other != tag]
        return [*elements, *rest, Element(tag, vr, value)]

    stored = write(tmp_path, VENDORS["Siemens header"], change=change)
    vol = rd.read_series(tmp_path)
    if is_read:
        assert_sorted(vol, stored, with_directions=True)
    else:
        assert set(vol.coords) == {"instance"}
        np.testing.assert_array_equal(vol.array, stored)


@pytest.mark.parametrize("name", ["Siemens", "Siemens header"])
def test_sentinel_direction_means_b_value_0(name: str, tmp_path: Path) -> None:
    """Software of 2004 tells the scan's b-value of images without weighting too."""
    unweighted = (-1.0001, -1.0001, -1.0001)

    def elements_of(_: float, direction: Direction | None) -> list[Element]:
        return VENDORS[name](1000, direction or unweighted, 0x10)

    stored = write_series(tmp_path, elements_of)
    assert_sorted(rd.read_series(tmp_path), stored, with_directions=True)


@needs_reference_data
def test_siemens_mosaics_are_sorted_by_their_b_values(tmp_path: Path) -> None:
    folder = REFERENCE_DATA / "nipy__nibabel/nibabel/nicom/tests/data"
    for name in ("siemens_dwi_0.dcm.gz", "siemens_dwi_1000.dcm.gz"):
        content = gzip.decompress((folder / name).read_bytes())
        (tmp_path / name.removesuffix(".gz")).write_bytes(content)
    vol = rd.read_series(tmp_path)
    assert vol.axes[0] == "b_value"
    assert list(vol.coords["b_value"]) == [0, 1000]
    # As nibabel's own tests have it.
    np.testing.assert_allclose(
        vol.coords["gradient_direction"][1], [0.99997449, 0.00505012, -0.00505012]
    )
    run_dcm2niix(tmp_path, tmp_path)
    bvals = sorted(
        float(value) for path in tmp_path.glob("*.bval") for value in path.read_text().split()
    )
    assert bvals == [0, 1000]
