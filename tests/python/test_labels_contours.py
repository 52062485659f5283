"""Contours as masks: shapes whose voxels are known, on grids of every kind."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from labels_builder import Contour, Images, outlines, save, structure_set
from series_builder import PLANES

# How near to a border a voxel's centre may be for either answer, in voxels: contours have points.
NEAR = 0.05

GRIDS = [Images(plane=plane, lean=lean) for plane in PLANES for lean in (0.0, 1.3)] + [
    Images(shape=(5, 31, 12), spacing=(0.4, 2.3, 0.9), plane="oblique")
]


def read(folder: Path, images: Images, ds: Any, **arguments: Any) -> tuple[rd.Labels, rd.Volume]:
    """Read a structure set on the grid of images."""
    vol = rd.read_series(images.save(folder / "images"), irregular="keep")
    np.testing.assert_allclose(vol.affine, images.affine, atol=1e-4)
    return rd.read_labels(save(ds, folder / "s.dcm"), like=vol, **arguments), vol


def circle(row: float, column: float, radius: float, count: int = 720) -> list[list[float]]:
    """Return the points of a circle in voxels."""
    angles = np.arange(count) * (2 * math.pi / count)
    return np.column_stack(
        [row + radius * np.sin(angles), column + radius * np.cos(angles)]
    ).tolist()


def distances(images: Images, row: float, column: float) -> NDArray[np.float64]:
    """Return how far each voxel of a slice is from a place, in voxels."""
    rows, columns = np.indices(images.shape[1:])
    return np.hypot(rows - row, columns - column)


@pytest.mark.parametrize("images", GRIDS, ids=lambda one: f"{one.plane}-{one.lean}-{one.shape[1]}")
def test_a_sphere_on_every_grid(tmp_path: Path, images: Images) -> None:
    """Cut in slices of 6, 7 and other voxels' radius; the rows are not the columns."""
    slices, rows, columns = images.shape
    middle = (rows / 2 - 0.3, columns / 2 + 0.2)
    radii = [2.1 + 0.7 * (index % 4) for index in range(slices)]
    ds = structure_set({"a": outlines(images, lambda index: circle(*middle, radii[index]))})
    labels, vol = read(tmp_path, images, ds)
    assert labels.shape == vol.shape
    np.testing.assert_array_equal(labels.affine, vol.affine)
    away = distances(images, *middle)
    for found, radius in zip(labels.array, radii, strict=True):
        assert found[away < radius - NEAR].all()
        assert not found[away > radius + NEAR].any()
    assert [issue.kind for issue in labels.report if issue.kind != "tilt"] == (
        ["irregular_images"] if vol.report.errors else []
    )


@pytest.mark.parametrize("part", [
    {"slices": slice(None, None, -1)},
    {"rows": slice(None, None, -1)},
    {"columns": slice(None, None, -1)},
    {"slices": slice(4, 0, -1), "rows": slice(3, 18), "columns": slice(25, 2, -1)},
])  # fmt: skip
def test_nothing_moves_when_the_images_are_reversed_or_cut(
    tmp_path: Path, part: dict[str, slice]
) -> None:
    images = Images(plane="oblique")
    # Points on centres of voxels, where the answer must be the same from either side.
    shapes = {
        "a": outlines(images, lambda index: [[3, 4], [3, 20], [9 + index, 20], [9, 4]]),
        "b": outlines(images, lambda _: circle(12, 15, 4)),
    }
    ds = structure_set(shapes)
    labels, _ = read(tmp_path, images, ds)
    vol = rd.read_series(tmp_path / "images", **part)
    found = rd.read_labels(tmp_path / "s.dcm", like=vol)
    wanted = labels.array[
        tuple(part.get(axis, slice(None)) for axis in ("slices", "rows", "columns"))
    ]
    np.testing.assert_array_equal(found.array, wanted)
    np.testing.assert_array_equal(found.affine, vol.affine)


def test_holes_keyholes_and_pieces(tmp_path: Path) -> None:
    images = Images(shape=(2, 24, 36))
    outer, inner = circle(12, 12, 9), circle(12, 12, 4)
    ring = [*outlines(images, lambda _: outer), *outlines(images, lambda _: inner)]
    # The channel of a keyhole goes there and back on the same line.
    keyhole = outlines(
        images, lambda _: [*outer, outer[0], inner[0], *inner[::-1], inner[0], outer[0]]
    )
    pieces = [
        *outlines(images, lambda _: circle(5.2, 5.3, 3)),
        *outlines(images, lambda _: circle(15, 25, 5)),
    ]
    xor = [Contour(one.points, "CLOSEDPLANAR_XOR", one.image) for one in ring]
    ds = structure_set({"ring": ring, "keyhole": keyhole, "pieces": pieces, "xor": xor})
    labels, _ = read(tmp_path, images, ds, combine="channels")
    assert (labels.axes[0], labels.shape, labels.dtype) == ("segment", (4, 2, 24, 36), np.uint8)
    away = distances(images, 12, 12)
    for index in (0, 1, 3):
        found = labels.array[index, 1] != 0
        # The channel's line counts as inside, which the ring is anyway.
        assert found[(away < 9 - NEAR) & (away > 4 + NEAR)].all()
        assert not found[(away > 9 + NEAR) | (away < 4 - NEAR)].any()
    one, other = distances(images, 5.2, 5.3), distances(images, 15, 25)
    found = labels.array[2, 0] != 0
    assert found[(one < 3 - NEAR) | (other < 5 - NEAR)].all()
    assert not found[(one > 3 + NEAR) & (other > 5 + NEAR)].any()
    assert not len(labels.report)


def test_a_tilted_box_cut_by_slices(tmp_path: Path) -> None:
    images = Images(shape=(7, 30, 30), spacing=(2.0, 1.0, 1.0))

    def corners(index: int) -> list[list[float]]:
        shift = 1.7 * index
        return [[4 + shift, 5], [4 + shift, 21.2], [13.1 + shift, 24], [13.1 + shift, 5.5]]

    labels, _ = read(tmp_path, images, structure_set({"a": outlines(images, corners)}))
    rows, columns = np.indices((30, 30))
    for index, found in enumerate(labels.array):
        down = (rows - 4 - 1.7 * index) / 9.1
        left, right = 5 + 0.5 * down, 21.2 + 2.8 * down
        inside = (down > 0.01) & (down < 0.99) & (columns > left + NEAR) & (columns < right - NEAR)
        outside = (
            (down < -0.01) | (down > 1.01) | (columns < left - NEAR) | (columns > right + NEAR)
        )
        assert found[inside].all()
        assert not found[outside].any()


def test_contours_of_another_direction_than_the_slices(tmp_path: Path) -> None:
    """Drawn on axial images, and wanted on sagittal ones of the same places."""
    axial = Images(shape=(8, 16, 20), spacing=(2.0, 1.5, 1.0))
    ds = structure_set({"a": outlines(axial, lambda index: circle(7.2, 9.4, 2 + 0.6 * index))})
    labels, _ = read(tmp_path, axial, ds)
    # Sagittal: slices along -x, rows along -z, columns along y.
    last = axial.millimetres(np.array([[7.0, 0, 19]]))[0]
    sagittal = Images(
        shape=(20, 8, 16), plane="sagittal", spacing=(1.0, 2.0, 1.5), origin=tuple(last)
    )
    vol = rd.read_series(sagittal.save(tmp_path / "sagittal"))
    found = rd.read_labels(tmp_path / "s.dcm", like=vol)
    np.testing.assert_array_equal(found.array.transpose(1, 2, 0)[::-1, :, ::-1], labels.array)


def test_numbers_of_the_label_map(tmp_path: Path) -> None:
    images = Images()
    low, high = (
        outlines(images, lambda _: circle(7, 8, 4)),
        outlines(images, lambda _: circle(10, 11, 4)),
    )
    ds = structure_set({"a": low, "b": high}, numbers=[300, 4])
    labels, _ = read(tmp_path, images, ds)
    assert labels.dtype == np.uint16
    assert (labels.numbers, labels.names) == ([300, 4], ["a", "b"])
    assert np.unique(labels.array).tolist() == [0, 4, 300]
    (overlap,) = labels.report
    assert overlap.kind == "overlap"
    masks = rd.read_labels(tmp_path / "s.dcm", like=rd.read_series(tmp_path / "images"),
                           combine="channels").array  # fmt: skip
    assert overlap.numbers["voxel_count"] == (masks.sum(axis=0) == 2).sum()
    np.testing.assert_array_equal(labels.array == 4, masks[1] != 0)
    np.testing.assert_array_equal(labels.array == 300, (masks[0] != 0) & (masks[1] == 0))
    again = structure_set({"a": low, "b": high}, numbers=[0, 4])
    again, _ = read(tmp_path / "again", images, again)
    assert (again.numbers, again.original_numbers) == ([1, 2], [0, 4])
    assert [issue.kind for issue in again.report] == ["renumbered", "overlap"]


def test_labels_that_are_wanted(tmp_path: Path) -> None:
    images = Images()
    shapes = {
        name: outlines(images, lambda _, at=at: circle(at, at, 2.2))
        for name, at in (("a", 4), ("Secret", 9), ("c", 14))
    }
    labels, vol = read(tmp_path, images, structure_set(shapes))
    path = tmp_path / "s.dcm"
    for segments, numbers in (
        ("Secret", [2]), (3, [3]), ([3, "a"], [3, 1]), (["c", 3, 2], [3, 2]),
    ):  # fmt: skip
        found = rd.read_labels(path, like=vol, segments=segments)
        assert found.numbers == numbers
        np.testing.assert_array_equal(
            found.array, np.where(np.isin(labels.array, numbers), labels.array, 0)
        )
    with pytest.raises(ValueError, match=r"segments\[1\] is none of the 3 labels") as raised:
        rd.read_labels(path, like=vol, segments=["a", "liver"])
    assert "Secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("shift", "kind", "numbers"),
    [
        (0.05, None, {}),
        (0.4, "off_slices", {"contour_count": 1, "most_slices": 0.4}),
        (40.0, "outside", {"contour_count": 1}),
    ],
)
def test_contours_off_the_slices(
    tmp_path: Path, shift: float, kind: str | None, numbers: dict[str, float]
) -> None:
    images = Images()
    contours = outlines(images, lambda index: circle(9, 12, 5) if index < 3 else None)
    places = np.array([[1 + shift, *point] for point in circle(9, 12, 5)])
    contours[1] = Contour(images.millimetres(places))
    labels, _ = read(tmp_path, images, structure_set({"a": contours}))
    expected = [True, kind is None, True, False, False, False]
    assert labels.array.any(axis=(1, 2)).tolist() == expected
    found = [(issue.kind, issue.is_error) for issue in labels.report]
    assert found == ([] if kind is None else [(kind, False)])
    for issue in labels.report:
        assert issue.numbers == pytest.approx(numbers, abs=1e-3)


def test_slices_between_contours_on_request(tmp_path: Path) -> None:
    """A cone, drawn on every second slice, and one drawn between slices."""
    images = Images(shape=(13, 40, 40), spacing=(2.0, 1.0, 1.0))

    def cone(heights: list[float]) -> list[Contour]:
        places = [
            np.array([[height, *point] for point in circle(20, 20, 4 + height)])
            for height in heights
        ]
        return [Contour(images.millimetres(one)) for one in places]

    away = distances(images, 20, 20)
    for heights, filled in (
        ([2.0, 4, 6, 8, 10], range(2, 11)),
        ([2.5, 3.5, 4.5, 5.5, 6.5], range(3, 7)),
        ([1.3, 3.4, 5.5, 7.6], range(1, 9)),
        # Two pieces.
        ([1.0, 2, 3, 9, 10], [1, 2, 3, 9, 10]),
    ):
        folder = tmp_path / str(heights)
        ds = structure_set({"a": cone(heights)})
        labels, vol = read(folder, images, ds, off_slices="interpolate")
        assert np.flatnonzero(labels.array.any((1, 2))).tolist() == list(filled)
        for index in filled:
            radius = 4 + np.clip(index, heights[0], heights[-1])
            # The middle between two discs on a grid is right to about half a voxel.
            assert labels.array[index][away < radius - 0.75].all()
            assert not labels.array[index][away > radius + 0.75].any()
        on_slices = all(height == round(height) for height in heights) and len(filled) == 5
        assert [issue.kind for issue in labels.report] == ([] if on_slices else ["interpolated"])
        channels = rd.read_labels(
            folder / "s.dcm", like=vol, off_slices="interpolate", combine="channels"
        )
        np.testing.assert_array_equal(channels.array[0], labels.array)
    with pytest.raises(ValueError, match="off_slices"):
        rd.read_labels(folder / "s.dcm", like=vol, off_slices="drop")


def test_contours_that_are_no_areas(tmp_path: Path) -> None:
    images = Images()
    bow = [[2, 2], [12, 12], [12, 2], [2, 12]]
    good = outlines(images, lambda index: circle(9, 20, 4) if index == 0 else None)
    point = images.millimetres(np.array([[1.0, 5, 5]]))
    across = images.millimetres(np.array([[0.0, 2, 2], [2, 2, 9], [4, 9, 9], [1, 9, 2]]))
    ds = structure_set({
        "good": good,
        "bow": outlines(images, lambda index: bow if index == 2 else None),
        "others": [
            Contour(point), Contour(np.vstack([point, point + 1])), Contour(point, "POINT"),
            Contour(across), Contour(good[0].points, count=3),
            Contour(good[0].points, "OPEN_PLANAR"),
        ],
    })  # fmt: skip
    labels, _ = read(tmp_path, images, ds, combine="channels")
    counts = {issue.kind: issue.numbers for issue in labels.report}
    assert counts == {
        "off_slices": {"contour_count": 1},
        "not_closed": {"contour_count": 2},
        "degenerate_contour": {"contour_count": 2},
        "point_count": {"contour_count": 1},
        "self_crossing": {"label_count": 1},
    }
    assert labels.array[1, 2, [4, 10], [7, 7]].tolist() == [1, 1]
    assert labels.array[1, 2, [7, 7, 5], [4, 10, 3]].tolist() == [0, 0, 0]
    np.testing.assert_array_equal(labels.array[0], labels.array[2])


def test_what_contours_refer_to(tmp_path: Path) -> None:
    images = Images()
    own = outlines(images, lambda _: circle(9, 12, 5))
    foreign = [Contour(one.points, image="1.2.3.4") for one in own]
    wrong = [Contour(one.points, image=images.uid(5 - k)) for k, one in enumerate(own)]

    def kinds(contours: list[Contour], **fields: Any) -> list[tuple[str, bool]]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        labels, _ = read(folder, images, structure_set({"a": contours}, **fields), irregular="keep")
        return [(issue.kind, issue.is_error) for issue in labels.report]

    assert kinds(own) == []
    assert kinds(own, frame_of_reference="1.2.9") == [("frame_of_reference", False)]
    assert kinds(foreign) == [("missing_reference", False)]
    assert kinds(foreign, frame_of_reference="1.2.9") == [
        ("frame_of_reference", True), ("missing_reference", False)
    ]  # fmt: skip
    assert kinds([*own[:3], *foreign[3:]]) == [("missing_reference", False)]
    assert kinds(wrong) == [("reference_mismatch", True)]
    with pytest.raises(rd.IrregularSeriesError, match="reference_mismatch") as raised:
        read(tmp_path / "x", images, structure_set({"a": wrong}))
    assert [issue.kind for issue in raised.value.report] == ["reference_mismatch"]


def test_parts_of_voxels(tmp_path: Path) -> None:
    images = Images(shape=(1, 8, 10))
    square = [[1.25, 1.5], [1.25, 4.75], [5, 4.75], [5, 1.5]]
    ds = structure_set({"a": outlines(images, lambda _: square)})
    labels, vol = read(tmp_path, images, ds, combine="channels", fractions=True)
    assert labels.dtype == np.float32
    rows = np.clip(np.minimum(np.arange(8) + 0.5, 5) - np.maximum(np.arange(8) - 0.5, 1.25), 0, 1)
    columns = np.clip(
        np.minimum(np.arange(10) + 0.5, 4.75) - np.maximum(np.arange(10) - 0.5, 1.5), 0, 1
    )
    np.testing.assert_allclose(labels.array[0, 0], np.outer(rows, columns), atol=1e-6)
    with pytest.raises(ValueError, match="fractions"):
        rd.read_labels(tmp_path / "s.dcm", like=vol, fractions=True)


def test_arguments_that_make_no_sense(tmp_path: Path) -> None:
    images = Images()
    labels, vol = read(
        tmp_path, images, structure_set({"a": outlines(images, lambda _: circle(9, 9, 3))})
    )
    path = tmp_path / "s.dcm"
    with pytest.raises(ValueError, match="pass like="):
        rd.read_labels(path)
    with pytest.raises(TypeError, match="like must be a volume"):
        rd.read_labels(path, like=np.zeros((3, 3, 3)))
    for wrong in ({"combine": "all"}, {"irregular": "ignore"}, {"workers": 0}):
        with pytest.raises(ValueError):
            rd.read_labels(path, like=vol, **wrong)
    with pytest.raises(rd.InvalidDicomError, match="no segmentation and no structure set"):
        rd.read_labels(tmp_path / "images", like=vol)
    assert repr(labels).startswith("<Labels 6 x 20 x 30 uint8, 1 label")
    series = rd.find_series(tmp_path / "images")[0]
    np.testing.assert_array_equal(rd.read_labels(path, like=series).array, labels.array)
    np.testing.assert_array_equal(rd.read_labels([tmp_path], like=vol).array, labels.array)
