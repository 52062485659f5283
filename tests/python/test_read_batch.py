"""`read_batch`: images stacked in the order given, whatever they show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from builder import file_bytes, image
from series_builder import series


def test_images_come_in_the_order_given(tmp_path: Path) -> None:
    written = series(tmp_path, rescale=[(0.5 + k / 8, -10.0 * k) for k in range(8)])
    paths = [written.paths[k] for k in (5, 0, 3, 3)]
    batch = rd.read_batch(paths)
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch, np.stack([written.modality(path) for path in paths]))


def test_stored_values(tmp_path: Path) -> None:
    written = series(tmp_path)
    batch = rd.read_batch(written.paths, values="stored", dtype="int16")
    assert batch.dtype == np.int16
    np.testing.assert_array_equal(batch, written.stored_volume)


def test_integer_dtype_that_would_lose_values_is_refused(tmp_path: Path) -> None:
    written = series(tmp_path, rescale=(0.5, 0.0))
    with pytest.raises(ValueError, match="int16"):
        rd.read_batch(written.paths, dtype="int16")


def test_out_is_filled_in_place(tmp_path: Path) -> None:
    written = series(tmp_path)
    out = np.zeros((8, 5, 7), np.float32)
    batch = rd.read_batch(written.paths, out=out)
    assert np.shares_memory(batch, out)
    np.testing.assert_array_equal(out, written.modality_volume)


def test_out_of_another_shape_is_refused(tmp_path: Path) -> None:
    written = series(tmp_path)
    with pytest.raises(ValueError, match=r"8, 5, 7"):
        rd.read_batch(written.paths, out=np.zeros((7, 5, 7), np.float32))


def test_mixed_shapes_are_refused_with_the_path(tmp_path: Path) -> None:
    written = series(tmp_path, odd_shape=3)
    with pytest.raises(ValueError, match=written.odd_paths[0].name):
        rd.read_batch([*written.paths, *written.odd_paths])


def test_images_need_no_position_and_no_series(tmp_path: Path) -> None:
    paths = []
    for index in range(3):
        elements = image(
            np.full((2, 3), index, np.uint8),
            modality="OT",
            position=None,
            orientation=None,
            pixel_spacing=None,
            series=f"2.25.{index + 50}",
            sop_instance=f"2.25.{index + 10}",
        )
        paths.append(tmp_path / str(index))
        paths[-1].write_bytes(file_bytes(elements))
    np.testing.assert_array_equal(rd.read_batch(paths)[:, 1, 2], [0, 1, 2])


def test_truncated_image_is_an_error_that_names_it(tmp_path: Path) -> None:
    written = series(tmp_path, truncated=4)
    with pytest.raises(rd.DicomError) as caught:
        rd.read_batch([*written.paths, *written.odd_paths])
    assert Path(caught.value.path) == written.odd_paths[0]


def test_empty_list_is_refused() -> None:
    with pytest.raises(ValueError):
        rd.read_batch([])
