"""Part of a volume: the same as slicing the whole one, from no more bytes than it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rapidicom as rd
from builder import (
    DEFLATED_LITTLE,
    ENCAPSULATED_UNCOMPRESSED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    Layout,
    file_bytes,
    image,
)
from enhanced_builder import enhanced, stack_frames
from series_builder import Flaws, Stack, series, write_slices

SHAPE = (8, 5, 7)

EVERYTHING = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def parts(size: int) -> st.SearchStrategy[slice | None]:
    """Any slice of an axis that leaves something, and none."""
    filled = st.slices(size).filter(lambda part: len(range(size)[part]) > 0)
    return st.none() | filled


def whole(part: slice | None) -> slice:
    return slice(None) if part is None else part


def assert_is_slice(part: rd.Volume, full: rd.Volume, slices: Any, rows: Any, columns: Any) -> None:
    """Hold a part against the whole volume, sliced by NumPy."""
    index = tuple(map(whole, (slices, rows, columns)))
    expected = full.array[index]
    assert part.array.dtype == expected.dtype
    np.testing.assert_array_equal(part.array, expected)
    assert part.paths == full.paths[index[0]]
    assert [ds.SOPInstanceUID for ds in part.datasets] == [
        ds.SOPInstanceUID for ds in full.datasets[index[0]]
    ]
    # Each voxel of the part lies where it lies in the whole volume.
    places = [np.arange(size)[one] for size, one in zip(SHAPE, index, strict=True)]
    for corner in np.ndindex(2, 2, 2):
        own = [(size - 1) * end for size, end in zip(part.shape, corner, strict=False)]
        there = [place[at] for place, at in zip(places, own, strict=True)]
        np.testing.assert_allclose(part.affine @ [*own, 1], full.affine @ [*there, 1], atol=1e-9)
    np.testing.assert_allclose(part.origin, full.affine[:3] @ [*(place[0] for place in places), 1])
    np.testing.assert_allclose(part.spacing, np.linalg.norm(part.affine[:3, :3], axis=0))
    np.testing.assert_allclose(np.linalg.norm(part.direction, axis=0), 1)


@EVERYTHING
@given(
    slices=parts(8), rows=parts(5), columns=parts(7), values=st.sampled_from(["modality", "stored"])
)
@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, EXPLICIT_BIG], ids=["little", "big endian"])
def test_part_is_a_slice_of_the_whole(
    tmp_path: Path, syntax: str, slices: Any, rows: Any, columns: Any, values: Any
) -> None:
    if not any(tmp_path.iterdir()):
        stack = Stack(plane="oblique", tilt=10, pixel_spacing=(0.5, 0.75))
        series(tmp_path, stack, transfer_syntax=syntax)
    (found,) = rd.find_series(tmp_path)
    part = found.read(slices=slices, rows=rows, columns=columns, values=values)
    assert_is_slice(part, found.read(values=values), slices, rows, columns)


def unusual() -> dict[str, tuple[Any, dict[str, Any]]]:
    """Three slices each of pixels that lie otherwise in the file than in the array, and how."""
    random = np.random.default_rng(5)
    colour = random.integers(0, 256, (3, *SHAPE[1:], 3), np.uint8)
    cells = random.integers(0, 2**16, (3, *SHAPE[1:]), np.uint16)
    rgb, planes = Layout(samples=3), Layout(samples=3, planar_configuration=1)
    twelve_bits = Layout(bits_stored=12)
    return {
        "colour": (colour, {"layout": rgb}),
        "planes": (colour, {"layout": planes}),
        "12 of 16 bits": (cells, {"layout": twelve_bits}),
        "12 of 16 bits, signed": (
            cells.view(np.int16),
            {"layout": twelve_bits, "rescale": (2.0, -3.0)},
        ),
        "deflated": (cells, {"transfer_syntax": DEFLATED_LITTLE}),
        "fragments": (cells, {"transfer_syntax": ENCAPSULATED_UNCOMPRESSED}),
        "32 bits": (cells.astype(np.uint32) * 999, {}),
    }


@pytest.mark.parametrize("name", unusual())
def test_part_of_unusual_pixels(tmp_path: Path, name: str) -> None:
    arrays, options = unusual()[name]
    write_slices(tmp_path, arrays, **options)
    (found,) = rd.find_series(tmp_path)
    for values in ("modality", "stored"):
        full = found.read(values=values)  # type: ignore[arg-type]
        for index in (
            np.s_[1:, 2:4, :],
            np.s_[:, ::-2, 1:],
            np.s_[::-1, :, 5:1:-3],
            np.s_[2:, 4:, 6:],
        ):
            slices, rows, columns = index
            part = found.read(
                slices=slices,
                rows=rows,
                columns=columns,
                values=values,  # type: ignore[arg-type]
            )
            np.testing.assert_array_equal(part.array, full.array[index])


def test_part_fills_out_and_takes_a_dtype(tmp_path: Path) -> None:
    written = series(tmp_path)
    expected = written.modality_volume[2:5, 1:3, ::2]
    out = np.full(expected.shape, 99, np.int16)
    volume = rd.read_series(
        tmp_path, out=out, slices=slice(2, 5), rows=slice(1, 3), columns=slice(0, 7, 2)
    )
    assert np.shares_memory(volume.array, out)
    np.testing.assert_array_equal(out, expected)
    with pytest.raises(ValueError, match=r"\(3, 2, 4\) is needed"):
        rd.read_series(
            tmp_path,
            out=np.zeros(SHAPE, np.int16),
            slices=slice(2, 5),
            rows=slice(1, 3),
            columns=slice(0, 7, 2),
        )


def test_values_outside_the_part_need_not_fit_the_dtype(tmp_path: Path) -> None:
    pixels = np.zeros((5, 7), np.int16)
    pixels[4] = 1000
    (tmp_path / "one").write_bytes(file_bytes(image(pixels)))
    assert rd.read_series(tmp_path, dtype="uint8", rows=slice(0, 4)).shape == (1, 4, 7)
    with pytest.raises(ValueError, match="uint8"):
        rd.read_series(tmp_path, dtype="uint8", rows=slice(3, 5))


@pytest.mark.parametrize("name", ["slices", "rows", "columns"])
def test_invalid_part_is_refused(tmp_path: Path, name: str) -> None:
    series(tmp_path)
    for wrong, error, message in (
        (3, TypeError, r"slice\(3, 4\)"),
        ([1, 2], TypeError, "list"),
        (slice(3, 3), ValueError, "nothing"),
        (slice(50, 60), ValueError, "nothing"),
        (slice(0, 5, 0), ValueError, "zero"),
        (slice("a", None), TypeError, "slice indices"),
    ):
        with pytest.raises(error, match=message):
            rd.read_series(tmp_path, **{name: wrong})


def test_other_files_are_not_opened(tmp_path: Path) -> None:
    written = series(tmp_path)
    (found,) = rd.find_series(tmp_path)
    for path in (*written.paths[:2], *written.paths[5:]):
        path.unlink()
    part = found.read(slices=slice(2, 5))
    np.testing.assert_array_equal(part.array, written.modality_volume[2:5])
    assert part.paths == [str(path) for path in written.paths[2:5]]
    with pytest.raises(FileNotFoundError):
        found.read(slices=slice(2, 6))


def test_rows_are_read_without_the_others(tmp_path: Path) -> None:
    """The kernel counts the bytes that a process reads."""
    counts = Path("/proc/self/io")
    if not counts.exists():
        pytest.skip("this system does not count the bytes that are read")
    pixels = np.arange(2000 * 1000, dtype=np.uint16).reshape(2000, 1000)
    (tmp_path / "one").write_bytes(file_bytes(image(pixels)))
    (found,) = rd.find_series(tmp_path)

    def read_bytes() -> int:
        return int(counts.read_text().split()[1])

    for values in ("modality", "stored"):
        before = read_bytes()
        rows, columns = slice(500, 510), slice(3, 9)
        part = found.read(values=values, rows=rows, columns=columns)  # type: ignore[arg-type]
        assert read_bytes() - before < 40_000
        np.testing.assert_array_equal(part.array[0], pixels[500:510, 3:9])


def test_truncated_file_is_an_error_whatever_part_is_read(tmp_path: Path) -> None:
    series(tmp_path, flaws=Flaws(truncated=4))
    with pytest.raises(rd.IrregularSeriesError):
        rd.read_series(tmp_path, slices=slice(0, 2))
    assert rd.read_series(tmp_path, slices=slice(0, 2), irregular="keep").shape == (2, 5, 7)


PARTS = np.s_[2:5, 1:3, ::2], np.s_[::-1, :, 5:1:-3], np.s_[6:, 4:, 6:], np.s_[:, 0:2, :]


def assert_parts(found: rd.Series) -> None:
    """Compare parts of a series with the whole volume, whatever axis precedes the slices."""
    for values in ("modality", "stored"):
        full = found.read(values=values, irregular="keep", fill=-1)  # type: ignore[arg-type]
        for slices, rows, columns in PARTS:
            part = found.read(
                values=values,  # type: ignore[arg-type]
                irregular="keep",
                fill=-1,
                slices=slices,
                rows=rows,
                columns=columns,
            )
            np.testing.assert_array_equal(part.array, full.array[..., slices, rows, columns])
            assert part.axes == full.axes
            whole_mask = full.padding_mask()
            np.testing.assert_array_equal(
                part.padding_mask(), whole_mask[..., slices, rows, columns]
            )
            present = [place for place in part.report.slices if place is not None]
            assert present == list(zip(part.paths, part.frames, strict=True))
            assert len(part.windows) == len(part.datasets) == len(part.scaling) == len(part.paths)


def test_part_of_several_images_at_each_position(tmp_path: Path) -> None:
    series(tmp_path, Stack(phases=3))
    (found,) = rd.find_series(tmp_path)
    assert found.shape == (3, 8, 5, 7)
    assert_parts(found)
    Path(found.paths[4]).unlink()
    (found,) = rd.find_series(tmp_path)
    assert found.shape == (3, 8, 5, 7)
    assert_parts(found)


def test_part_of_a_multi_frame_object(tmp_path: Path) -> None:
    frames = stack_frames()
    enhanced(tmp_path / "one.dcm", [*frames[4:], *frames[:4]])
    (found,) = rd.find_series(tmp_path)
    assert found.shape == (8, 5, 7)
    assert_parts(found)
    np.testing.assert_array_equal(
        found.read(slices=slice(1, 3), values="stored").array,
        np.stack([one.stored for one in frames[1:3]]),
    )
