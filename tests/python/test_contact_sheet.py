"""`rapidicom.contact_sheet` and the PNG writer below it."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rapidicom.contact_sheet import (
    arrange,
    choose_window,
    contact_sheet,
    evenly_chosen,
    save_contact_sheet,
)
from rapidicom.png import encode_png

GRADIENT = np.linspace(0, 1000, 64 * 64).reshape(64, 64)


def volume(
    array: np.ndarray[Any, Any], *, spacing: tuple[float, ...] = (3, 1, 1), **elements: Any
) -> Any:
    """A stand-in with the attributes that a contact sheet needs."""
    return SimpleNamespace(array=array, spacing=spacing, datasets=[elements] * len(array))


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (300, 2), (5, 7, 3)], ids=str)
def test_png_is_read_back_by_pillow(shape: tuple[int, ...]) -> None:
    pil = pytest.importorskip("PIL.Image")
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    np.testing.assert_array_equal(np.asarray(pil.open(io.BytesIO(encode_png(image)))), image)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((2, 2), np.int16), "uint8"),
        (np.zeros((2, 2, 4), np.uint8), "shape"),
        (np.zeros(4, np.uint8), "shape"),
        (np.zeros((0, 4), np.uint8), "pixel"),
    ],
    ids=["dtype", "four samples", "one axis", "empty"],
)
def test_png_refuses_what_it_cannot_write(image: np.ndarray[Any, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode_png(image)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, [0]), (3, [0, 1, 2]), (9, [0, 4, 8]), (1000, [0, 500, 999])],
    ids=str,
)
def test_slices_are_evenly_chosen_with_both_ends(count: int, expected: list[int]) -> None:
    assert evenly_chosen(count, 3) == expected


@pytest.mark.parametrize(
    ("elements", "window", "expected"),
    [
        ({"WindowCenter": 400.0, "WindowWidth": 100.0}, "auto", (400, 100)),
        ({"WindowCenter": [300.0, 40.0], "WindowWidth": [50.0, 400.0]}, "auto", (300, 50)),
        ({"WindowCenter": 500.0, "WindowWidth": 1000.0}, "auto", (500, 980)),
        ({"WindowCenter": 400.0, "WindowWidth": 0.0}, "auto", (500, 980)),
        ({"WindowCenter": None, "WindowWidth": None}, "auto", (500, 980)),
        ({}, "auto", (500, 980)),
        ({"WindowCenter": 400.0, "WindowWidth": 100.0}, "percentile", (500, 980)),
        ({"WindowCenter": 400.0, "WindowWidth": 100.0}, (7.0, 8.0), (7, 8)),
    ],
    ids=[
        "the file's",
        "first of two",
        "clips nothing",
        "no width",
        "empty",
        "absent",
        "percentile",
        "given",
    ],
)
def test_window(elements: dict[str, Any], window: Any, expected: tuple[float, float]) -> None:
    assert choose_window(GRADIENT[None], elements, window) == pytest.approx(expected, rel=1e-3)


def test_window_maps_its_edges_to_black_and_white() -> None:
    levels = np.array([-5.0, 0.0, 50.0, 100.0, 900.0])
    array = np.repeat(levels, 40 * 40).reshape(5, 40, 40)
    sheet = contact_sheet(volume(array), window=(50.0, 100.0), width=5 * 40 + 4 * 2)
    assert [int(sheet[30, 42 * k + 30]) for k in range(5)] == [0, 0, 128, 255, 255]


def test_monochrome1_is_inverted() -> None:
    plain = contact_sheet(volume(GRADIENT[None]))
    inverted = contact_sheet(volume(GRADIENT[None], PhotometricInterpretation="MONOCHROME1"))
    assert plain[-1, -1] == 255
    assert inverted[-1, -1] == 0


def test_page_is_no_wider_than_asked() -> None:
    sheet = contact_sheet(volume(np.zeros((200, 16, 16))), width=500)
    assert sheet.shape[1] <= 500
    # 40 slices in 5 lines of 8.
    assert sheet.shape[0] == 5 * ((500 + 2) // 8 - 2) + 4 * 2


@pytest.mark.parametrize(
    ("spacing", "expected"),
    [
        ((3, 1, 1), 1.0),
        ((3, 2, 1), 2.0),
        ((3, 0.5, 1), 0.5),
        ((3, float("nan"), 1), 1.0),
        ((3, 5, 1), 5.0),
    ],
    ids=["square", "tall", "flat", "unknown", "very tall"],
)
def test_pixels_are_drawn_in_their_proportion(spacing: tuple[float, ...], expected: float) -> None:
    rows, columns = contact_sheet(volume(np.zeros((1, 64, 64)), spacing=spacing)).shape
    assert rows / columns == pytest.approx(expected, rel=0.02)
    assert rows <= 1200


def test_shrinking_averages_all_pixels() -> None:
    checkerboard = np.indices((1, 512, 512)).sum(axis=0).astype(np.uint8) % 2 * 254
    page = arrange(checkerboard, labels=[], pixel_spacing=(1, 1), width=64)
    assert abs(page.astype(int) - 127).max() <= 2


def test_colour_keeps_its_samples() -> None:
    red = np.zeros((2, 8, 8, 3), np.uint8)
    red[..., 0] = 200
    sheet = contact_sheet(volume(red, SamplesPerPixel=3))
    assert sheet[-1, -1].tolist() == [200, 0, 0]


def test_first_phase_of_a_time_series_is_drawn() -> None:
    phases = np.zeros((3, 4, 16, 16))
    phases[1:] = 1000
    np.testing.assert_array_equal(contact_sheet(volume(phases)), contact_sheet(volume(phases[0])))


def test_slices_carry_their_index() -> None:
    blank = contact_sheet(volume(np.zeros((100, 64, 64))))
    # Label of the first slice: digits are white on black, and nothing else is on this page.
    assert (blank[:20, :20] == 255).any()
    assert not (blank[30:60, 30:60] == 255).any()


@pytest.mark.parametrize("value", [0.0, 7.0, float("nan")], ids=str)
def test_volume_of_one_value_is_drawn(value: float) -> None:
    assert contact_sheet(volume(np.full((2, 8, 8), value))).size


def test_empty_volume_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one slice"):
        contact_sheet(volume(np.zeros((0, 8, 8))))


def test_file_is_written(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    save_contact_sheet(volume(GRADIENT[None]), path)
    assert path.read_bytes().startswith(b"\x89PNG")
