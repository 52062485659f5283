"""Restart intervals of a JPEG are decoded on several threads: all that is read is that of one."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from builder import Element, Fragments, Layout, file_bytes, image

Image = pytest.importorskip("PIL.Image", reason="Pillow writes restart markers")

Array = NDArray[Any]
BASELINE = "1.2.840.10008.1.2.4.50"


def _picture(rows: int, columns: int, samples: int) -> Array:
    y, x = np.mgrid[:rows, :columns]
    planes = [128 + 90 * np.sin(x / (9 + 3 * plane)) * np.cos(y / 17) for plane in range(samples)]
    noise = np.random.default_rng(samples).normal(0, 4, (rows, columns, samples))
    return np.clip(np.stack(planes, -1) + noise, 0, 255).astype(np.uint8)


def _coded(pixels: Array, **options: Any) -> bytes:
    file = io.BytesIO()
    grey_or_colour = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    Image.fromarray(grey_or_colour).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def _read(frame: bytes, pixels: Array, **options: Any) -> tuple[Array | str, list[str]]:
    samples = pixels.shape[-1]
    photometric = "MONOCHROME2" if samples == 1 else "YBR_FULL_422"
    layout = Layout(bits_stored=8, samples=samples, photometric=photometric)
    elements = image(pixels[..., 0] if samples == 1 else pixels, layout=layout)
    elements[-1] = Element(0x7FE00010, "OB", Fragments([frame + b"\0" * (len(frame) % 2)]))
    data = file_bytes(elements, transfer_syntax=BASELINE)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        # Not those of another test's objects, which are collected at any time.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            found: Array | str = rd.pixel_array(data, **options)
        except rd.DicomError as error:
            found = str(error)
    return found, [str(one.message) for one in said]


def _same(frame: bytes, pixels: Array, **options: Any) -> Array | str:
    one, said = _read(frame, pixels, workers=1, **options)
    found, also_said = _read(frame, pixels, workers=3, **options)
    np.testing.assert_array_equal(found, one)
    assert also_said == said
    return one


@pytest.mark.parametrize(
    ("samples", "options"),
    [
        (1, {"restart_marker_rows": 1}),
        (1, {"restart_marker_blocks": 60}),
        (3, {"restart_marker_rows": 2, "subsampling": 2}),
        (3, {"restart_marker_blocks": 11, "subsampling": 1}),
        (3, {"restart_marker_rows": 1, "subsampling": 0}),
    ],
    ids=["rows", "blocks", "420", "422", "444"],
)
def test_threads_change_nothing(samples: int, options: dict[str, int]) -> None:
    pixels = _picture(533, 720, samples)
    frame = _coded(pixels, **options)
    restarts = [
        at for at in range(len(frame) - 1) if frame[at] == 255 and frame[at + 1] & 248 == 0xD0
    ]
    assert len(restarts) >= 16
    found = _same(frame, pixels)
    want = np.asarray(Image.open(io.BytesIO(frame)))
    assert isinstance(found, np.ndarray)
    assert np.abs(found.astype(int) - want).max() <= (1 if samples == 1 else 4)

    place = restarts[len(restarts) // 2]
    other = frame[: place + 1] + bytes([frame[place + 1] ^ 1]) + frame[place + 2 :]
    for damaged in (
        frame[:place],
        frame[: place - 30] + bytes(len(frame) - place + 30),
        frame[: place - 30] + frame[place:],
        frame[:place] + frame[place + 2 :],
        other,
    ):
        refused = _same(damaged, pixels)
        assert isinstance(refused, str) and "frame 0" in refused
        partial = _same(damaged, pixels, force=True)
        assert isinstance(partial, np.ndarray)
        np.testing.assert_array_equal(partial[:200], found[:200])
