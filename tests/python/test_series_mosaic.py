"""Siemens mosaics whose own header is gone: the protocol in that of the series has their slices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from test_series_diffusion import csa

import rapidicom as rd
from builder import Element, file_bytes, image
from series_builder import stored_pixels

OWNER = Element(0x00290010, "LO", "SIEMENS CSA HEADER")
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
        ["### ASCCONV BEGIN ###", *lines, f"sSliceArray.lSize = {len(heights)}", "### ASCCONV END ###"]
    )


def protocol(heights: Heights, name: str = "MrPhoenixProtocol") -> bytes:
    return csa([("UsedPatientWeight", ["70"]), (name, [slice_array(heights)])])


def mosaic(path: Path, height: float, *extra: Element) -> np.ndarray:
    """Write three tiles of 4 by 4 pixels, the first at a height; returns the tiles."""
    pixels = stored_pixels(0, (8, 8))
    elements = [
        Element(0x00080008, "CS", ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]),
        Element(0x00180088, "DS", 2.5),
        Element(0x00200032, "DS", [-20.0, -20.0, height]),
        Element(0x00200037, "DS", [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
        Element(0x00280030, "DS", [2.0, 2.0]),
        *extra,
    ]
    path.write_bytes(file_bytes(image(pixels, modality="MR", extra=elements)))
    return np.array([pixels[:4, :4], pixels[:4, 4:], pixels[4:, :4]])


@pytest.mark.parametrize(
    ("heights", "first", "is_turned"),
    [(HEIGHTS, -10.0, False), (HEIGHTS, -5.0, True), (HEIGHTS[::-1], -5.0, True), (HEIGHTS, -10.4, False)],
    ids=["first at the bottom", "first at the top", "counted downwards", "patient moved"],
)
def test_tiles_lie_as_the_protocol_says(
    tmp_path: Path, heights: list[float], first: float, is_turned: bool
) -> None:
    tiles = mosaic(tmp_path / "a.dcm", first, Element(0x00291020, "OB", protocol(heights)))
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, tiles[::-1] if is_turned else tiles)
    # Pixels of 2 mm, and the corner of the first tile 4 of them into the image, which is twice as large.
    lowest = first - 5.0 if is_turned else first
    np.testing.assert_allclose(vol.origin, [-16.0, -16.0, lowest])
    np.testing.assert_allclose(vol.affine[:3, 0], [0, 0, 2.5])
    assert vol.report.issues == []


@pytest.mark.parametrize(
    ("extra", "is_read"),
    [
        ([OWNER, Element(0x00291020, "OB", protocol(HEIGHTS))], True),
        ([OWNER, Element(0x00291020, "OB", protocol(HEIGHTS, "MrProtocol"))], True),
        ([OTHER, Element(0x00291020, "OB", protocol(HEIGHTS))], False),
        ([Element(0x00291020, "OB", b"    " + protocol(HEIGHTS))], False),
        ([Element(0x00291020, "OB", protocol(HEIGHTS)[:100])], False),
        ([Element(0x00291020, "OB", protocol([0.0] * 100))], False),
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
def test_protocol_is_found_or_the_mosaic_refused(tmp_path: Path, extra: list[Element], is_read: bool) -> None:
    tiles = mosaic(tmp_path / "a.dcm", -10.0, *extra)
    if is_read:
        np.testing.assert_array_equal(rd.read_series(tmp_path, values="stored").array, tiles)
    else:
        with pytest.raises((rd.UnsupportedError, rd.IrregularSeriesError)):
            rd.read_series(tmp_path)


def test_first_tile_that_is_at_no_end_has_no_place(tmp_path: Path) -> None:
    """In the middle nothing says which way slices are counted."""
    mosaic(tmp_path / "a.dcm", -7.5, Element(0x00291020, "OB", protocol(HEIGHTS)))
    with pytest.raises(rd.IrregularSeriesError) as caught:
        rd.read_series(tmp_path)
    assert {issue.kind for issue in caught.value.report.errors} == {"missing_position"}


def refused(folder: Path) -> set[str]:
    """The kinds of the findings because of which a folder is not read."""
    with pytest.raises(rd.IrregularSeriesError) as caught:
        rd.read_series(folder)
    return {issue.kind for issue in caught.value.report.errors}


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
def test_protocol_that_contradicts_itself_or_the_image_says_nothing(
    tmp_path: Path, heights: Heights, first: float
) -> None:
    mosaic(tmp_path / "a.dcm", first, Element(0x00291020, "OB", protocol(heights)))
    assert refused(tmp_path) == {"missing_position"}


@pytest.mark.parametrize(
    "normal",
    [None, ["0", "0", "0"], ["1", "0", "0"], ["0", "0", "nan"]],
    ids=["none", "zero", "along the slices", "not a number"],
)
@pytest.mark.parametrize("is_turned", [None, False, True], ids=["no protocol", "upwards", "downwards"])
def test_direction_that_the_header_lacks_is_that_of_the_protocol(
    tmp_path: Path, normal: list[str] | None, is_turned: bool | None
) -> None:
    entries = [("NumberOfImagesInMosaic", ["3"])] + (
        [] if normal is None else [("SliceNormalVector", normal)]
    )
    extra = [OWNER, Element(0x00291010, "OB", csa(entries))]
    if is_turned is not None:
        heights = HEIGHTS[::-1] if is_turned else HEIGHTS
        extra.append(Element(0x00291020, "OB", protocol(heights)))
    tiles = mosaic(tmp_path / "a.dcm", -5.0 if is_turned else -10.0, *extra)
    if is_turned is None:
        assert refused(tmp_path) == {"missing_position"}
        return
    vol = rd.read_series(tmp_path, values="stored")
    np.testing.assert_array_equal(vol.array, tiles[::-1] if is_turned else tiles)
    np.testing.assert_allclose(vol.origin, [-16.0, -16.0, -10.0])


@pytest.mark.parametrize("has_protocol", [True, False])
def test_thickness_stands_in_for_spacing_and_is_told(tmp_path: Path, has_protocol: bool) -> None:
    """Slices of 2 mm with gaps of half a millimetre, of which only the protocol knows."""
    entries = [("NumberOfImagesInMosaic", ["3"]), ("SliceNormalVector", ["0", "0", "1"])]
    extra = [OWNER, Element(0x00291010, "OB", csa(entries)), Element(0x00180050, "DS", 2.0)]
    if has_protocol:
        extra.append(Element(0x00291020, "OB", protocol(HEIGHTS)))
    mosaic(tmp_path / "a.dcm", -10.0, Element(0x00180088, "DS", ""), *extra)
    vol = rd.read_series(tmp_path)
    assert vol.spacing == pytest.approx((2.5 if has_protocol else 2.0, 2.0, 2.0))
    assert {issue.kind for issue in vol.report} == (set() if has_protocol else {"missing_spacing"})


def test_mosaic_without_any_spacing_has_no_place(tmp_path: Path) -> None:
    entries = [("NumberOfImagesInMosaic", ["3"]), ("SliceNormalVector", ["0", "0", "1"])]
    extra = [OWNER, Element(0x00291010, "OB", csa(entries)), Element(0x00180088, "DS", "")]
    mosaic(tmp_path / "a.dcm", -10.0, *extra)
    assert refused(tmp_path) == {"missing_position"}


@pytest.mark.parametrize("count", ["2.5", "0", "-3", "nan", "1e300"])
def test_count_of_tiles_is_a_whole_number(tmp_path: Path, count: str) -> None:
    entries = [("NumberOfImagesInMosaic", [count]), ("SliceNormalVector", ["0", "0", "1"])]
    mosaic(tmp_path / "a.dcm", -10.0, OWNER, Element(0x00291010, "OB", csa(entries)))
    with pytest.raises(rd.UnsupportedError):
        rd.read_series(tmp_path)


def test_older_protocol_serves_where_the_newer_has_no_slices(tmp_path: Path) -> None:
    both = csa([("MrPhoenixProtocol", ["<XProtocol>"]), ("MrProtocol", [slice_array(HEIGHTS)])])
    mosaic(tmp_path / "a.dcm", -10.0, OWNER, Element(0x00291020, "OB", both))
    assert rd.read_series(tmp_path).shape == (3, 4, 4)
