"""Siemens mosaics whose own header is gone: the protocol in that of the series has their slices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from builder import Element, Identity, Plane, file_bytes, image
from findings import kinds, refusal
from series_builder import stored_pixels
from siemens_builder import CSA_OWNER, SERIES_HEADER, Entries, csa, mosaic_elements, mosaic_entries

OTHER = Element(0x00290010, "LO", "SOMEBODY ELSE")
HEIGHTS = [-10.0, -7.5, -5.0]


Heights = Sequence[float | str | None]


def slice_array(heights: Heights) -> str:
    """The lines about slices at these heights; `None` leaves out that of one."""
    lines = [
        f"sSliceArray.asSlice[{k}].sPosition.dTra\t = \t{height}"
        for k, height in enumerate(heights)
        if height is not None
    ]
    return "\n".join(
        [
            "### ASCCONV BEGIN ###",
            *lines,
            f"sSliceArray.lSize = {len(heights)}",
            "### ASCCONV END ###",
        ]
    )


def protocol(heights: Heights, name: str = "MrPhoenixProtocol") -> bytes:
    """Lay out the CSA header of the series, whose protocol has slices at these heights."""
    return csa([("UsedPatientWeight", ["70"]), (name, [slice_array(heights)])])


def mosaic(
    path: Path, height: float, *extra: Element, entries: Entries | None = None
) -> NDArray[Any]:
    """Write three tiles of 4 by 4 pixels, the first at a height, and return the tiles.

    Args:
        path: Where to.
        height: z of the corner of the image.
        *extra: As for `image`.
        entries: Of the image's own CSA header, which is left out by default.
    """
    pixels = stored_pixels(0, (8, 8))
    elements = image(
        pixels,
        plane=Plane(position=(-20.0, -20.0, height), pixel_spacing=(2.0, 2.0)),
        identity=Identity(modality="MR"),
        extra=[*mosaic_elements(entries), *extra],
    )
    path.write_bytes(file_bytes(elements))
    return np.array([pixels[:4, :4], pixels[:4, 4:], pixels[4:, :4]])


@pytest.mark.parametrize(
    ("heights", "first", "is_turned"),
    [
        (HEIGHTS, -10.0, False),
        (HEIGHTS, -5.0, True),
        (HEIGHTS[::-1], -5.0, True),
        (HEIGHTS, -10.4, False),
    ],
    ids=["first at the bottom", "first at the top", "counted downwards", "patient moved"],
)
def test_tiles_lie_where_the_protocol_puts_them(
    tmp_path: Path, heights: list[float], first: float, is_turned: bool
) -> None:
    tiles = mosaic(tmp_path / "a.dcm", first, Element(SERIES_HEADER, "OB", protocol(heights)))
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, tiles[::-1] if is_turned else tiles)
    # Pixels of 2 mm, and the corner of the first tile 4 of them into the image, which is twice as
    # large.
    lowest = first - 5.0 if is_turned else first
    np.testing.assert_allclose(vol.origin, [-16.0, -16.0, lowest])
    np.testing.assert_allclose(vol.affine[:3, 0], [0, 0, 2.5])
    assert vol.report.issues == []


@pytest.mark.parametrize(
    ("extra", "is_read"),
    [
        ([CSA_OWNER, Element(SERIES_HEADER, "OB", protocol(HEIGHTS))], True),
        ([CSA_OWNER, Element(SERIES_HEADER, "OB", protocol(HEIGHTS, "MrProtocol"))], True),
        ([OTHER, Element(SERIES_HEADER, "OB", protocol(HEIGHTS))], False),
        ([Element(SERIES_HEADER, "OB", b"    " + protocol(HEIGHTS))], False),
        ([Element(SERIES_HEADER, "OB", protocol(HEIGHTS)[:100])], False),
        ([Element(SERIES_HEADER, "OB", protocol([0.0] * 100))], False),
        ([], False),
    ],
    ids=[
        "owner",
        "older scanner",
        "other owner",
        "no signature",
        "cut short",
        "too many slices",
        "no protocol",
    ],
)
def test_protocol_is_found_or_the_mosaic_refused(
    tmp_path: Path, extra: list[Element], is_read: bool
) -> None:
    tiles = mosaic(tmp_path / "a.dcm", -10.0, *extra)
    if is_read:
        np.testing.assert_array_equal(rd.read_series(tmp_path, values="stored").array, tiles)
    else:
        with pytest.raises((rd.UnsupportedError, rd.IrregularSeriesError)):
            rd.read_series(tmp_path)


def test_first_tile_that_is_at_no_end_has_no_place(tmp_path: Path) -> None:
    """In the middle nothing says which way slices are counted."""
    mosaic(tmp_path / "a.dcm", -7.5, Element(SERIES_HEADER, "OB", protocol(HEIGHTS)))
    assert kinds(refusal(tmp_path).errors) == ["missing_position"]


# Each would otherwise say that slices are counted one way or the other.
@pytest.mark.parametrize(
    ("heights", "first"),
    [
        ([50.0, 52.5, None], 50.0),
        ([None, 52.5, 55.0], 50.0),
        ([-10.0, -7.5, "nan"], -10.0),
        ([-10.0, -7.5, "1e308"], -10.0),
        ([-10.0, -5.0, 0.0], -10.0),
        ([-10.0, 20.0], -10.0),
        ([-10.0], -10.0),
    ],
    ids=["last is lost", "first is lost", "nan", "huge", "other spacing", "two slabs", "one slab"],
)
def test_protocol_that_contradicts_itself_or_the_image_is_ignored(
    tmp_path: Path, heights: Heights, first: float
) -> None:
    mosaic(tmp_path / "a.dcm", first, Element(SERIES_HEADER, "OB", protocol(heights)))
    assert kinds(refusal(tmp_path)) == ["missing_position"]


@pytest.mark.parametrize(
    "normal",
    [None, ["0", "0", "0"], ["1", "0", "0"], ["0", "0", "nan"]],
    ids=["none", "zero", "along the slices", "not a number"],
)
@pytest.mark.parametrize(
    "is_turned", [None, False, True], ids=["no protocol", "upwards", "downwards"]
)
def test_direction_that_the_header_lacks_is_that_of_the_protocol(
    tmp_path: Path, normal: list[str] | None, is_turned: bool | None
) -> None:
    extra: list[Element] = []
    if is_turned is not None:
        heights = HEIGHTS[::-1] if is_turned else HEIGHTS
        extra.append(Element(SERIES_HEADER, "OB", protocol(heights)))
    height = -5.0 if is_turned else -10.0
    tiles = mosaic(tmp_path / "a.dcm", height, *extra, entries=mosaic_entries(3, normal))
    if is_turned is None:
        assert kinds(refusal(tmp_path)) == ["missing_position"]
        return
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, tiles[::-1] if is_turned else tiles)
    np.testing.assert_allclose(vol.origin, [-16.0, -16.0, -10.0])


@pytest.mark.parametrize("has_protocol", [True, False])
def test_thickness_replaces_missing_spacing_and_is_reported(
    tmp_path: Path, has_protocol: bool
) -> None:
    """Slices of 2 mm with gaps of half a millimetre, of which only the protocol knows."""
    extra = [Element(0x00180050, "DS", 2.0), Element(0x00180088, "DS", "")]
    if has_protocol:
        extra.append(Element(SERIES_HEADER, "OB", protocol(HEIGHTS)))
    mosaic(tmp_path / "a.dcm", -10.0, *extra, entries=mosaic_entries(3))
    vol = rd.read_series(tmp_path)
    assert vol.spacing == pytest.approx((2.5 if has_protocol else 2.0, 2.0, 2.0))
    assert kinds(vol) == ([] if has_protocol else ["missing_spacing"])


def test_mosaic_without_any_spacing_has_no_place(tmp_path: Path) -> None:
    no_spacing = Element(0x00180088, "DS", "")
    mosaic(tmp_path / "a.dcm", -10.0, no_spacing, entries=mosaic_entries(3))
    assert kinds(refusal(tmp_path).errors) == ["missing_position"]


@pytest.mark.parametrize("count", ["2.5", "0", "-3", "nan", "1e300"])
def test_count_of_tiles_is_a_whole_number(tmp_path: Path, count: str) -> None:
    mosaic(tmp_path / "a.dcm", -10.0, entries=mosaic_entries(count))
    with pytest.raises(rd.UnsupportedError):
        rd.read_series(tmp_path)


def test_older_protocol_serves_where_the_newer_has_no_slices(tmp_path: Path) -> None:
    both = csa([("MrPhoenixProtocol", ["<XProtocol>"]), ("MrProtocol", [slice_array(HEIGHTS)])])
    mosaic(tmp_path / "a.dcm", -10.0, CSA_OWNER, Element(SERIES_HEADER, "OB", both))
    assert rd.read_series(tmp_path).shape == (3, 4, 4)
