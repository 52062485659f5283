"""Segmentations that leave out frames in which nothing is segmented (PS3.3 §C.8.20)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from findings import kinds, kinds_and_errors, refusal
from volume_builder import LABEL_MAP, SECONDARY_CAPTURE, image_of, saved, segmentation

FILLED = [("incomplete_grid", False)]


@pytest.mark.parametrize("kind", ["FRACTIONAL", "BINARY"])
@pytest.mark.parametrize(
    ("heights", "spacing", "there", "step"),
    [
        ((2, 12), 2.0, [0, 5], 2.0),
        ((2, 4, 10), 2.0, [0, 1, 4], 2.0),
        ((0, 2, 4), 1.0, [0, 2, 4], 1.0),
        ((0, 2, 8), None, [0, 1, 4], 2.0),
        ((-4, 2), -2.0, [0, 3], 2.0),
    ],
)
def test_slices_lie_where_those_of_the_source_do(
    tmp_path: Path,
    kind: str,
    heights: tuple[float, ...],
    spacing: float | None,
    there: list[int],
    step: float,
) -> None:
    frames = [(10 * (k + 1), height, 1) for k, height in enumerate(heights)]
    vol = rd.read_series(saved(tmp_path, segmentation(frames, kind=kind, spacing=spacing)))
    assert vol.shape == (there[-1] + 1, 8, 6)
    np.testing.assert_allclose(
        vol.affine, [[0, 0, 3, 0], [0, 2, 0, 0], [step, 0, 0, heights[0]], [0, 0, 0, 1]]
    )
    assert kinds_and_errors(vol) == FILLED
    assert np.flatnonzero(vol.array.any((1, 2))).tolist() == there
    assert [found is not None for found in vol.report.slices].count(True) == len(there)
    (note,) = vol.report.issues
    assert note.numbers == {
        "missing_count": vol.shape[0] - len(there), "cell_count": vol.shape[0]
    }  # fmt: skip
    part = rd.read_series(tmp_path, slices=slice(1, None, 2))
    np.testing.assert_array_equal(part.array, vol.array[1::2])


def test_each_segment_has_its_own_slices(tmp_path: Path) -> None:
    frames = [(10, 2.0, 1), (20, 8.0, 1), (30, 4.0, 3)]
    vol = rd.read_series(saved(tmp_path, segmentation(frames)))
    assert (vol.axes[0], vol.coords["segment"].tolist()) == ("segment", [1, 3])
    assert vol.shape == (2, 4, 8, 6)
    assert vol.array[:, :, -1, -1].tolist() == [[10, 0, 0, 20], [0, 30, 0, 0]]
    assert kinds_and_errors(vol) == FILLED
    cells = vol.report.issues[0].cells
    assert cells == [(0, 1), (0, 2), (1, 0), (1, 2), (1, 3)]


@pytest.mark.parametrize(("fields", "value"), [({}, 0), ({"PixelPaddingValue": 7}, 7)])
def test_a_label_map_is_filled_with_its_background(
    tmp_path: Path, fields: dict[str, Any], value: int
) -> None:
    frames = [(1, 0.0, 1), (2, 6.0, 1)]
    ds = segmentation(frames, sop=LABEL_MAP, kind="LABELMAP", **fields)
    vol = rd.read_series(saved(tmp_path, ds))
    assert vol.array[:, -1, -1].tolist() == [1, value, value, 2]
    assert vol.dtype == np.uint8
    assert rd.read_series(tmp_path, fill=9).array[:, -1, -1].tolist() == [1, 9, 9, 2]


@pytest.mark.parametrize(
    ("heights", "spacing", "kind"),
    [
        ((0, 10), 3.0, "uneven_spacing"),
        ((0, 5, 10), 2.0, "uneven_spacing"),
        ((0, 100, 200), 1.99, "uneven_spacing"),
        ((0, 2, 7), 2.0, "gap"),
        ((-1e6, 1e6), 1e-3, "gap"),
        ((0, 1e-3 * 2**20), 1e-3, "gap"),
    ],
)
def test_what_is_on_no_grid_is_refused(
    tmp_path: Path, heights: tuple[float, ...], spacing: float, kind: str
) -> None:
    frames = [(10, height, 1) for height in heights]
    folder = saved(tmp_path, segmentation(frames, spacing=spacing))
    assert kind in kinds(refusal(folder))
    assert rd.read_series(folder, irregular="keep").shape == (len(heights), 8, 6)


def test_places_that_no_patient_has_are_no_places(tmp_path: Path) -> None:
    frames = [(10, 0.0, 1), (10, 1e9, 1)]
    report = refusal(saved(tmp_path, segmentation(frames)))
    assert kinds(report) == ["missing_position"]


def test_one_frame_is_a_slice(tmp_path: Path) -> None:
    vol = rd.read_series(saved(tmp_path, segmentation([(10, 3.0, 1)], spacing=2.5)))
    assert (vol.shape, vol.spacing, kinds(vol)) == ((1, 8, 6), (2.5, 2, 3), [])
    assert vol.origin.tolist() == [0, 0, 3]


@pytest.mark.parametrize("samples", [1, 3])
def test_colour_keeps_its_stored_type(tmp_path: Path, samples: int) -> None:
    pixels = np.full((8, 6, 3), (200, 0, 7), np.uint8)
    pixels = pixels if samples == 3 else pixels[..., 0]
    place = {
        "ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [2, 3],
    }  # fmt: skip
    vol = rd.read_series(saved(tmp_path, image_of(pixels, SECONDARY_CAPTURE, "OT", **place)))
    assert vol.dtype == (np.uint8 if samples == 3 else np.float32)
    if samples == 3:
        pytest.importorskip("nibabel")
        assert vol.to_nibabel().get_data_dtype().names == ("R", "G", "B")
