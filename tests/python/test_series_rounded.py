"""Numbers that were rounded when they were written, and what is regular all the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from findings import kinds, kinds_and_errors, refusal
from volume_builder import RT_DOSE, SECONDARY_CAPTURE, image_of, plane, saved, slice_at

HALF = 2**-0.5


@pytest.mark.parametrize(
    "orientation",
    [
        (0.71, 0.71, 0, -0.71, 0.71, 0),
        (0.7, 0.7, 0, -0.7, 0.7, 0),
        (0.71, 0.71, 0, -HALF, HALF, 0),
    ],
)
def test_rounded_cosines_are_normalised(tmp_path: Path, orientation: tuple[float, ...]) -> None:
    slices = [slice_at(10 * k, (0, 0, 2 * k), orientation, InstanceNumber=k) for k in range(5)]
    vol = rd.read_series(saved(tmp_path, *slices))
    np.testing.assert_allclose(
        vol.direction, [[0, -HALF, HALF], [0, HALF, HALF], [1, 0, 0]], atol=1e-12
    )
    assert kinds_and_errors(vol) == [("rounded_orientation", False)]


def test_what_rounding_does_not_explain_is_refused(tmp_path: Path) -> None:
    slices = [slice_at(10, (0, 0, 2 * k), (1.01, 0, 0, 0, 1, 0)) for k in range(3)]
    assert kinds(refusal(saved(tmp_path, *slices))) == ["missing_orientation"]


@pytest.mark.parametrize(("step", "start"), [(2 / 3, 0.0), (5 / 7, 0.33)])
def test_positions_of_one_decimal_lie_on_a_line(tmp_path: Path, step: float, start: float) -> None:
    heights = [round(start + k * step, 1) for k in range(40)]
    vol = rd.read_series(saved(tmp_path, *(slice_at(k, (0, 0, z)) for k, z in enumerate(heights))))
    assert vol.spacing[0] == pytest.approx(step, abs=1e-3)
    places = vol.origin[2] + vol.affine[2, 0] * np.arange(40)
    assert np.abs(places - heights).max() <= 0.05 + 1e-5
    assert kinds(vol) == []


@pytest.mark.parametrize("heights", [(0, 2, 4, 6.5, 8.5), (0, 2, 4, 7, 9)])
def test_uneven_steps_stay_uneven(tmp_path: Path, heights: tuple[float, ...]) -> None:
    slices = [slice_at(10, (0.5, 0, z)) for z in heights]
    assert "uneven_spacing" in kinds(refusal(saved(tmp_path, *slices)))


def test_what_leans_by_less_than_a_tilt_is_an_image_of_itk(tmp_path: Path) -> None:
    pytest.importorskip("SimpleITK")
    slices = [slice_at(10 * k, (0, 0.0052 * k, 2 * k)) for k in range(5)]
    vol = rd.read_series(saved(tmp_path, *slices))
    assert kinds(vol) == []
    image = vol.to_sitk()
    np.testing.assert_allclose(np.reshape(image.GetDirection(), (3, 3)), np.eye(3), atol=1e-12)
    for k in range(5):
        there = image.TransformIndexToPhysicalPoint((0, 0, k))
        assert np.abs(np.subtract(there, (0, 0.0052 * k, 2 * k))).max() <= 0.03


def frames_with_one_position(**fields: object) -> object:
    place = {
        "ImagePositionPatient": [5.0, 6.0, 7.0], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [2, 3],
    }  # fmt: skip
    pixels = np.stack([plane(10 * k) for k in range(4)])
    sop = fields.pop("sop", SECONDARY_CAPTURE)
    return image_of(pixels, str(sop), **{"modality": "MR", **place, **fields})  # type: ignore[arg-type]


def test_frames_follow_the_one_position(tmp_path: Path) -> None:
    ds = frames_with_one_position(SpacingBetweenSlices=2.5)
    vol = rd.read_series(saved(tmp_path, ds))
    np.testing.assert_allclose(vol.affine[:3], [[0, 0, 3, 5], [0, 2, 0, 6], [2.5, 0, 0, 7]])
    assert kinds_and_errors(vol) == [("missing_position", False)]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"SpacingBetweenSlices": 0},
        {"SpacingBetweenSlices": 2.5, "FrameTime": 40},
        {"SpacingBetweenSlices": 2.5, "FrameTimeVector": [0, 40, 40, 40]},
        {"SpacingBetweenSlices": 2.5, "FrameIncrementPointer": 0x00181063},
        {"SpacingBetweenSlices": 2.5, "FrameIncrementPointer": [0x00540010, 0x00181065]},
    ],
)
def test_frames_without_spacing_or_in_time_have_no_place(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    report = refusal(saved(tmp_path, frames_with_one_position(**fields)))
    assert "missing_position" in kinds(report)


@pytest.mark.parametrize("offsets", [None, [0, 2], [0, 2, 4, 6, 8], [3, 5, 7, 9]])
def test_doses_name_what_they_lack(tmp_path: Path, offsets: list[float] | None) -> None:
    fields = {} if offsets is None else {"GridFrameOffsetVector": offsets}
    ds = frames_with_one_position(sop=RT_DOSE, modality="RTDOSE", DoseGridScaling=0.5, **fields)
    (issue,) = refusal(saved(tmp_path, ds)).errors
    assert "Grid Frame Offset Vector" in issue.sentence
