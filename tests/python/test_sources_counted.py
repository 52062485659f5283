"""What file objects are asked for: how many bytes, in how many reads."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from builder import RLE, Element, Fragments, Plane, file_bytes, image, noise

# A header costs its first bytes, so many at most.
FIRST = 16 * 1024
SLICES, FRAMES = 12, 1000


class Counted:
    """A seekable file object that notes its reads."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)
        self.reads: list[tuple[int, int]] = []

    def read(self, count: int = -1) -> bytes:
        start = self._file.tell()
        data = self._file.read(count)
        self.reads.append((start, len(data)))
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    @property
    def length(self) -> int:
        """Bytes that were read, in all."""
        return sum(length for _, length in self.reads)


def slices() -> list[bytes]:
    # Each is longer than what is read first of it.
    return [
        file_bytes(
            image(
                noise((128, 128), np.int16, number),
                plane=Plane(position=(0.0, 0.0, 2.5 * number)),
                extra=[
                    Element(0x00080018, "UI", f"1.2.3.{number}"),
                    Element(0x00200013, "IS", number),
                ],
            )
        )
        for number in range(1, SLICES + 1)
    ]


def rle(frame: NDArray[Any]) -> bytes:
    """Compress a frame of bytes: one segment of literal runs (PS3.5 §G)."""
    rows = b"".join(
        b"".join(
            bytes([len(run) - 1]) + run
            for run in (row.tobytes()[start : start + 128] for start in range(0, row.size, 128))
        )
        for row in frame
    )
    header = np.zeros(16, "<u4")
    header[:2] = 1, 64
    return header.tobytes() + rows + bytes(len(rows) % 2)


def frames() -> NDArray[Any]:
    return noise((FRAMES, 16, 32), np.uint8, 5)


def many_frames(kind: str) -> bytes:
    stored = frames()
    if kind == "native":
        return file_bytes(image(stored))
    coded = [rle(frame) for frame in stored]
    places = np.cumsum([0, *(len(one) + 8 for one in coded[:-1])])
    offsets = [int(place) for place in places] if kind == "basic table" else []
    extra = [Element(0x7FE00010, "OB", Fragments(coded, offsets))]
    if kind == "extended table":
        extra.append(Element(0x7FE00001, "OV", places.astype("<u8").tobytes()))
        lengths = np.array([len(one) for one in coded], "<u8")
        extra.append(Element(0x7FE00002, "OV", lengths.tobytes()))
    return file_bytes(image(stored, extra=extra), transfer_syntax=RLE)


def test_a_table_costs_one_read_a_header() -> None:
    sources = list(map(Counted, slices()))
    table = rd.scan(sources, workers=2)
    assert len(table) == SLICES
    assert [source.reads for source in sources] == [[(0, FIRST)]] * SLICES


def test_a_volume_costs_each_byte_once() -> None:
    data = slices()
    sources = list(map(Counted, data))
    volume = rd.read_series(sources, workers=2)
    np.testing.assert_array_equal(volume.array, rd.read_series(data).array)
    for source, own in zip(sources, data, strict=True):
        assert len(source.reads) <= 2
        assert source.length <= len(own)


def test_a_long_header_costs_a_second_read() -> None:
    extra = [Element(0x00091001, "LT", "x" * 60_000), Element(0x00090010, "LO", "OWNER")]
    data = file_bytes(image(noise((64, 64), np.int16), extra=extra))
    source = Counted(data)
    table = rd.scan([source], ["Rows"])
    assert table["Rows"].tolist() == [64]
    assert len(source.reads) <= 3


@pytest.mark.parametrize("kind", ["native", "basic table", "extended table"])
def test_one_of_many_frames_costs_its_bytes(kind: str) -> None:
    data, expected = many_frames(kind), frames()
    for index in (0, 1, 500, FRAMES - 1):
        source = Counted(data)
        source.seek(7)
        np.testing.assert_array_equal(rd.pixel_array(source, index=index), expected[index])
        assert source.tell() == 7
        assert len(source.reads) <= 3, source.reads
        assert source.length <= 64 * 1024 + 2000, source.reads
        assert len(data) > 500_000


def test_one_frame_without_a_table_costs_a_walk() -> None:
    data, expected = many_frames("no table"), frames()
    source = Counted(data)
    np.testing.assert_array_equal(rd.pixel_array(source, index=3), expected[3])
    # Each look at a fragment would be a request.
    assert len(source.reads) <= 2 * (len(data) // FIRST + 2)


@pytest.mark.parametrize("kind", ["native", "basic table", "extended table", "no table"])
def test_frames_are_the_same_in_any_number(kind: str) -> None:
    data, expected = many_frames(kind), frames()
    np.testing.assert_array_equal(rd.pixel_array(Counted(data)), expected)
    chosen = [0, 999, 5]
    found = list(rd.iter_pixels(Counted(data), indices=chosen))
    np.testing.assert_array_equal(np.stack(found), expected[chosen])
    table = rd.scan([Counted(data)], ["NumberOfFrames"])
    assert table["NumberOfFrames"].tolist() == [FRAMES]
