"""`read_batch`: images stacked in the order given, whatever they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import NO_PLANE, Element, Identity, file_bytes, image
from series_builder import Flaws, Pixels, series


def test_images_come_in_the_order_given(tmp_path: Path) -> None:
    written = series(tmp_path, pixels=Pixels(rescale=[(0.5 + k / 8, -10.0 * k) for k in range(8)]))
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
    written = series(tmp_path, pixels=Pixels(rescale=(0.5, 0.0)))
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
    written = series(tmp_path, flaws=Flaws(odd_shape=3))
    with pytest.raises(ValueError, match=written.odd_paths[0].name):
        rd.read_batch([*written.paths, *written.odd_paths])


def test_images_need_no_position_and_no_series(tmp_path: Path) -> None:
    paths = []
    for index in range(3):
        elements = image(
            np.full((2, 3), index, np.uint8),
            plane=NO_PLANE,
            identity=Identity(
                modality="OT", series=f"2.25.{index + 50}", sop_instance=f"2.25.{index + 10}"
            ),
        )
        paths.append(tmp_path / str(index))
        paths[-1].write_bytes(file_bytes(elements))
    np.testing.assert_array_equal(rd.read_batch(paths)[:, 1, 2], [0, 1, 2])


def test_truncated_image_is_an_error_that_names_it(tmp_path: Path) -> None:
    written = series(tmp_path, flaws=Flaws(truncated=4))
    with pytest.raises(rd.DicomError) as caught:
        rd.read_batch([*written.paths, *written.odd_paths])
    assert Path(caught.value.path) == written.odd_paths[0]


def test_empty_list_is_refused() -> None:
    with pytest.raises(ValueError):
        rd.read_batch([])


class Copying:
    """Something that NumPy sees as an array, a new one each time."""

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.zeros((8, 5, 7), np.float32)


@pytest.mark.parametrize("out", [np.zeros((8, 5, 7)).tolist(), Copying()], ids=["list", "copying"])
def test_out_that_would_only_be_copied_is_refused(tmp_path: Path, out: Any) -> None:
    written = series(tmp_path)
    with pytest.raises(ValueError, match=r"list|Copying"):
        rd.read_batch(written.paths, out=out, dtype=None)


@pytest.mark.parametrize(
    "dtype", [">f4", ">i2", "complex64", "object", "float128", "M8[s]", "S4", "bool"]
)
def test_dtype_that_is_no_number_of_this_machine_is_refused(tmp_path: Path, dtype: str) -> None:
    written = series(tmp_path)
    with pytest.raises(ValueError, match="dtype"):
        rd.read_batch(written.paths, dtype=dtype)
    with pytest.raises(ValueError, match="dtype"):
        rd.read_batch(written.paths, out=np.zeros((8, 5, 7), dtype), dtype=None)


def test_no_memory_is_taken_for_an_image_that_is_not_there(tmp_path: Path) -> None:
    # 65535 x 65535 pixels, of which the file has none: 17 GB as float32.
    huge = [Element(0x00280010, "US", 65535), Element(0x00280011, "US", 65535)]
    path = tmp_path / "huge.dcm"
    path.write_bytes(file_bytes(image(np.zeros((2, 2), np.int16), extra=huge)))
    with pytest.raises(rd.InvalidDicomError, match=r"huge\.dcm.*need 8589672450 bytes"):
        rd.read_batch([path] * 100)


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_are_refused(tmp_path: Path, workers: int) -> None:
    written = series(tmp_path)
    for read in (rd.read_batch, rd.read_series, rd.find_series, rd.scan):
        with pytest.raises(ValueError, match="at least 1"):
            read(written.paths, workers=workers)  # type: ignore[operator]
