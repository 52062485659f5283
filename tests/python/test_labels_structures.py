"""Structure sets: their regions of interest, and the contours of each."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

import rapidicom as rd
from data_paths import REFERENCE_DATA, needs_reference_data
from labels_builder import Contour, Images, outlines, save, segmentation, structure_set

SQUARE = ((2.5, 2.5), (2.5, 9.5), (7.5, 9.5), (7.5, 2.5))
IMAGES = Images()
STRUCTURE_SETS = (
    "dicompyler__dicompyler-core/tests/testdata/example_data/rtss.dcm",
    "pydicom__pydicom/src/pydicom/data/test_files/rtstruct.dcm",
)


def example() -> Any:
    """Return a structure set with contours of several types, and a structure without any."""
    point = Contour([1, 2, 3.5], "POINT", IMAGES.uid(0))
    line = Contour([[1, 2, 3], [4, 5, 6]], "OPEN_PLANAR")
    return structure_set(
        {"Secret^Liver": outlines(IMAGES, lambda _: SQUARE), "Marks": [point, line], "None": []},
        numbers=[7, 2, 3],
    )


def by_pydicom(ds: Any) -> dict[int, list[np.ndarray]]:
    """Return the contours of each ROI Number."""
    return {
        int(roi.ReferencedROINumber): [
            np.array(contour.ContourData, float).reshape(-1, 3)
            for contour in roi.get("ContourSequence") or []
        ]
        for roi in ds.ROIContourSequence
    }


def assert_contours(structures: list[rd.Structure], expected: dict[int, list[np.ndarray]]) -> None:
    for one in structures:
        contours = one.contours
        assert len(contours) == len(expected.get(one.number, []))
        for found, wanted in zip(contours, expected.get(one.number, []), strict=True):
            assert found.dtype == np.float64
            np.testing.assert_array_equal(found, wanted)


def test_structures_and_their_contours(tmp_path: Path) -> None:
    ds = example()
    liver, marks, none = structures = rd.read_structures(save(ds, tmp_path / "s.dcm"))
    assert [one.name for one in structures] == ["Secret^Liver", "Marks", "None"]
    assert [one.number for one in structures] == [7, 2, 3]
    assert liver.color == (185, 70, 7)
    assert liver.interpreted_type == "ORGAN"
    assert liver.frame_of_reference_uid == ds.StructureSetROISequence[0][0x30060024].value
    assert_contours(structures, by_pydicom(ds))
    assert liver.geometric_types == ["CLOSED_PLANAR"] * 6
    assert liver.images == [[IMAGES.uid(index)] for index in range(6)]
    assert marks.geometric_types == ["POINT", "OPEN_PLANAR"]
    assert marks.point_counts == [1, 2]
    assert (none.contours, none.points.shape) == ([], (0, 3))
    assert "Secret" not in repr(structures)


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_contours_in_every_encoding(tmp_path: Path, syntax: Any) -> None:
    ds = example()
    ds.file_meta.TransferSyntaxUID = syntax
    assert_contours(rd.read_structures(save(ds, tmp_path / "s.dcm")), by_pydicom(ds))


def test_contour_data_of_more_than_64_kilobytes(tmp_path: Path) -> None:
    """An explicit DS has 16 bits for its length: longer values are written as UN (CP-246)."""
    points = np.random.default_rng(1).normal(scale=100, size=(9000, 3)).round(3)
    points[::7] = points[::7].round(1)
    ds = structure_set({"a": [Contour(points)]})
    path = save(ds, tmp_path / "s.dcm")
    assert b"\x06\x30\x50\x00UN" in path.read_bytes()
    (structure,) = rd.read_structures(path)
    np.testing.assert_array_equal(structure.contours[0], points)


def test_sources_in_memory(tmp_path: Path) -> None:
    ds = example()
    path = save(ds, tmp_path / "s.dcm")
    expected = by_pydicom(ds)
    data = path.read_bytes()
    save(segmentation(IMAGES, np.ones((1, *IMAGES.shape), int)), tmp_path / "seg.dcm")
    for source in (data, io.BytesIO(data), rd.dcmread(path), ds, {"name": data}, tmp_path, [path]):
        assert_contours(rd.read_structures(source), expected)


def test_contours_that_were_changed_in_memory(tmp_path: Path) -> None:
    path = save(example(), tmp_path / "s.dcm")
    for ds in (rd.dcmread(path), pydicom.dcmread(path)):
        ds.ROIContourSequence[1].ContourSequence[0].ContourData = [9.5, 8, 7]
        contours = rd.read_structures(ds)[1].contours
        assert contours[0].tolist() == [[9.5, 8, 7]]
        assert contours[1].tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize("is_looked_at", [False, True])
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"1\\2\\3\\4 ", "4 coordinates"),
        (b"1\\2\\nan ", "no finite number"),
        (b"1\\2\\inf ", "no finite number"),
        (b"1\\2\\1e999 ", "no finite number"),
        (b"1\\2\\ ", "number"),
        (b"1\\Secret\\3 ", "number"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.decode(),
)
def test_coordinates_that_are_no_points(
    tmp_path: Path, data: bytes, words: str, is_looked_at: bool
) -> None:
    good = b"111111\\222222\\33"
    path = save(structure_set({"a": [Contour([111111, 222222, 33])]}), tmp_path / "s.dcm")
    content = path.read_bytes().replace(b"111111.0\\222222.", b"")
    del good
    start = content.find(b"111111.00000\\222222.00000\\33.00000")
    assert start > 0
    length = len(b"111111.00000\\222222.00000\\33.00000")
    content = content[:start] + data.ljust(length) + content[start + length :]
    ds = rd.dcmread(content)
    if is_looked_at:
        _ = ds.ROIContourSequence[0].ContourSequence[0]
    (structure,) = rd.read_structures(ds)
    with pytest.raises(rd.InvalidDicomError, match=words) as raised:
        _ = structure.contours
    assert "Secret" not in str(raised.value)
    assert raised.value.tag == 0x30060050


def test_what_is_no_structure_set(tmp_path: Path) -> None:
    ds = example()
    ds.StructureSetROISequence[1].ROINumber = 7
    with pytest.raises(rd.InvalidDicomError, match="same ROINumber, 7"):
        rd.read_structures(ds)
    seg = segmentation(IMAGES, np.ones((1, *IMAGES.shape), int))
    with pytest.raises(rd.InvalidDicomError, match="no structure set"):
        rd.read_structures(seg)
    with pytest.raises(rd.InvalidDicomError):
        rd.read_structures(IMAGES.save(tmp_path / "images"))
    with pytest.raises(ValueError, match="2 structure sets"):
        rd.read_structures([example(), example()])
    with pytest.raises(FileNotFoundError):
        rd.read_structures(tmp_path / "nothing.dcm")


@needs_reference_data
@pytest.mark.parametrize("name", STRUCTURE_SETS)
def test_structure_sets_of_others(name: str) -> None:
    path = REFERENCE_DATA / name
    ds = pydicom.dcmread(path, force=True)
    structures = rd.read_structures(path, force=True)
    assert [one.name for one in structures] == [one.ROIName for one in ds.StructureSetROISequence]
    assert_contours(structures, by_pydicom(ds))
