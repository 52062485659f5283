"""Parts of JPEG 2000 frames: the same samples, of the code-blocks that they need alone."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import rapidicom as rd
from builder import (
    PIXEL_DATA,
    Element,
    Fragments,
    Identity,
    Layout,
    Plane,
    file_bytes,
    image,
)

JPEG_2000 = "1.2.840.10008.1.2.4.91"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
HTJ2K = "1.2.840.10008.1.2.4.203"
SHAPE = (151, 210)
RANDOM = np.random.default_rng(5)
GREY = RANDOM.integers(0, 256, SHAPE, np.uint8)
COLOUR = RANDOM.integers(0, 256, (*SHAPE, 3), np.uint8)

# Small code-blocks: a part of the frame needs few, and one too few shows.
OPTIONS: list[dict[str, Any]] = [
    {},
    {"num_resolutions": 1},
    {"num_resolutions": 2},
    {"num_resolutions": 8},
    {"irreversible": True, "quality_layers": [4]},
    {"irreversible": True, "num_resolutions": 3},
    {"tile_size": (64, 40)},
    {"tile_size": (33, 151), "irreversible": True},
    {"offset": (13, 70), "tile_offset": (5, 9), "tile_size": (90, 80)},
    {"offset": (101, 1), "tile_offset": (1, 0), "tile_size": (300, 100)},
    {"precinct_size": (32, 32)},
    {"precinct_size": (64, 32), "progression": "RPCL", "irreversible": True},
]


def coded(pixels: NDArray[Any], **options: Any) -> bytes:
    """A frame by OpenJPEG."""
    out = io.BytesIO()
    options = {"codeblock_size": (8, 8), "no_jp2": True, **options}
    Image.fromarray(pixels).save(out, "JPEG2000", **options)
    return out.getvalue()


def series_of(
    folder: Path, pixels: NDArray[Any], frame: bytes, syntax: str, number: int = 1
) -> rd.Series:
    layout = Layout(samples=3) if pixels.ndim == 3 else Layout()
    identity = Identity(instance_number=number, sop_instance=f"2.25.{number}")
    plane = Plane(position=(0, 0, number))
    elements = image(pixels, layout=layout, plane=plane, identity=identity, rescale=(1.0, -1024.0))
    elements[-1] = Element(PIXEL_DATA, "OB", Fragments([frame + b"\0" * (len(frame) % 2)]))
    folder.mkdir(exist_ok=True)
    (folder / f"{number}.dcm").write_bytes(file_bytes(elements, transfer_syntax=syntax))
    (found,) = rd.find_series(folder)
    return found


def parts(seed: int, count: int) -> list[tuple[slice, slice]]:
    numbers = random.Random(seed)

    def some(size: int) -> slice:
        length = min(numbers.choice((1, 2, 9, 40, size)), size)
        start = numbers.randint(0, size - length)
        return slice(start, start + length)

    corners = [slice(0, 1), slice(-1, None)]
    edges = [(rows, columns) for rows in corners for columns in corners]
    return edges + [(some(SHAPE[0]), some(SHAPE[1])) for _ in range(count)]


@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_parts_are_those_of_the_whole(
    tmp_path: Path, options: dict[str, Any], pixels: NDArray[Any]
) -> None:
    found = series_of(tmp_path, pixels, coded(pixels, **options), JPEG_2000)
    for values in ("modality", "stored"):
        whole = found.read(values=values).array
        for rows, columns in parts(len(str(options)), 20):
            part = found.read(values=values, rows=rows, columns=columns).array
            np.testing.assert_array_equal(part, whole[:, rows, columns])
    if not options.get("irreversible"):
        np.testing.assert_array_equal(whole[0], pixels)


def test_parts_of_high_throughput_frames_are_those_of_the_whole(tmp_path: Path) -> None:
    imagecodecs = pytest.importorskip("imagecodecs", reason="imagecodecs encodes")
    for reversible in (True, False):
        frame = imagecodecs.htj2k_encode(GREY, reversible=reversible)
        found = series_of(tmp_path, GREY, frame, HTJ2K)
        whole = found.read().array
        for rows, columns in parts(9, 30):
            part = found.read(rows=rows, columns=columns).array
            np.testing.assert_array_equal(part, whole[:, rows, columns])


def test_steps_and_directions_are_kept(tmp_path: Path) -> None:
    found = series_of(tmp_path, GREY, coded(GREY), JPEG_2000)
    whole = found.read().array
    for rows, columns in [
        (slice(100, 20, -1), slice(40, 60)),
        (slice(3, 90, 7), slice(None, None, 50)),
        (slice(None), slice(200, 190, -3)),
    ]:
        part = found.read(rows=rows, columns=columns).array
        np.testing.assert_array_equal(part, whole[:, rows, columns])


@pytest.mark.parametrize("syntax", [JPEG_2000, HTJ2K])
def test_code_blocks_far_from_the_part_are_not_decoded(tmp_path: Path, syntax: str) -> None:
    # The last bytes are those of the last code-block of the finest level.
    if syntax == JPEG_2000:
        frame = bytearray(coded(GREY, num_resolutions=2, codeblock_size=(64, 64)))
    else:
        imagecodecs = pytest.importorskip("imagecodecs", reason="imagecodecs encodes")
        frame = bytearray(imagecodecs.htj2k_encode(GREY, reversible=True))
    sound = series_of(tmp_path / "sound", GREY, bytes(frame), syntax)
    frame[-100:-40] = bytes(60)
    found = series_of(tmp_path / "damaged", GREY, bytes(frame), syntax)
    with pytest.raises(rd.DicomError, match="damaged"):
        found.read()
    whole, reads = sound.read().array, 0
    for row in range(0, SHAPE[0] - 8, 8):
        for column in range(0, SHAPE[1] - 8, 8):
            part = slice(row, row + 8), slice(column, column + 8)
            try:
                array = found.read(rows=part[0], columns=part[1]).array
            except rd.DicomError:
                continue
            reads += 1
            np.testing.assert_array_equal(array, whole[:, *part])
    assert 100 < reads < 18 * 26


def test_damage_is_that_of_the_part(tmp_path: Path) -> None:
    frame = bytearray(coded(GREY, tile_size=(70, 151), num_resolutions=1))
    tiles = [place for place in range(len(frame)) if frame[place : place + 2] == b"\xff\x90"]
    assert len(tiles) == 3
    # Of the last tile; packets of three tiles are as long as before.
    place = (tiles[2] + len(frame)) // 2
    frame[place : place + 60] = bytes(60)
    found = series_of(tmp_path, GREY, bytes(frame), JPEG_2000)
    with pytest.raises(rd.DicomError, match="damaged"):
        found.read()
    with pytest.raises(rd.DicomError, match="damaged"):
        found.read(columns=slice(120, 210))
    np.testing.assert_array_equal(found.read(columns=slice(0, 130)).array[0] + 1024, GREY[:, :130])
    # What is filled does not depend on the part.
    found = series_of(tmp_path, GREY, coded(GREY), JPEG_2000, number=2)
    whole = found.read(irregular="keep", fill=-7)
    assert (whole.array[0] == -7).all() and (whole.array[1] + 1024 == GREY).all()
    for columns in (slice(0, 130), slice(140, 210), slice(5, 6)):
        part = found.read(irregular="keep", fill=-7, columns=columns)
        np.testing.assert_array_equal(part.array, whole.array[:, :, columns])
        assert [issue.kind for issue in part.report] == [issue.kind for issue in whole.report]


@pytest.mark.parametrize("codec", ["JPEG 2000", "JPEG Lossless"])
def test_a_type_must_hold_the_part_alone(tmp_path: Path, codec: str) -> None:
    pixels = np.full(SHAPE, 1024 + 7, np.uint16)
    pixels[:, 100:] = 4095
    if codec == "JPEG 2000":
        found = series_of(tmp_path, pixels, coded(pixels, codeblock_size=(64, 64)), JPEG_2000)
    else:
        imagecodecs = pytest.importorskip("imagecodecs", reason="imagecodecs encodes")
        found = series_of(tmp_path, pixels, imagecodecs.ljpeg_encode(pixels), JPEG_LOSSLESS)
    with pytest.raises(ValueError, match="uint8 does not hold"):
        found.read(dtype="uint8")
    with pytest.raises(ValueError, match="uint8 does not hold"):
        found.read(dtype="uint8", columns=slice(99, 101))
    part = found.read(dtype="uint8", rows=slice(10, 20), columns=slice(0, 100))
    assert part.array.dtype == np.uint8 and (part.array == 7).all()


@pytest.mark.parametrize("codec", ["JPEG 2000", "JPEG Lossless"])
def test_a_type_must_hold_what_a_step_takes_alone(tmp_path: Path, codec: str) -> None:
    pixels = np.full(SHAPE, 1024 + 7, np.uint16)
    pixels[1::2] = 4095
    pixels[:, 1::3] = 4095
    if codec == "JPEG 2000":
        found = series_of(tmp_path, pixels, coded(pixels, codeblock_size=(64, 64)), JPEG_2000)
    else:
        imagecodecs = pytest.importorskip("imagecodecs", reason="imagecodecs encodes")
        found = series_of(tmp_path, pixels, imagecodecs.ljpeg_encode(pixels), JPEG_LOSSLESS)
    for rows, columns in [
        (slice(0, None, 2), slice(0, None, 3)),
        (slice(150, None, -2), slice(207, None, -3)),
        (slice(10, 90, 4), slice(3, 100, 6)),
    ]:
        assert (found.read(dtype="uint8", rows=rows, columns=columns).array == 7).all()
    for rows, columns in [(slice(0, None, 3), slice(0, None, 3)), (slice(0, 9, 2), slice(0, 2))]:
        with pytest.raises(ValueError, match="uint8 does not hold"):
            found.read(dtype="uint8", rows=rows, columns=columns)
