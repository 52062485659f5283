"""Fragments and frames of encapsulated values in memory (PS3.5 §A.4), as pydicom finds them."""

from __future__ import annotations

import io
import mmap
import struct
from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd
from rapidicom import encaps

theirs = pytest.importorskip("pydicom.encaps", reason="frames are compared with pydicom's")

END = b"\xff\xd9"
# The fragments of three frames.
FRAMES = [[b"\xff\xd8ab"], [b"\xff\xd8", b"cd", b"ef"], [b"\xff\xd8gh", b"ijkl"]]
FRAMES = [[*frame[:-1], frame[-1] + END] for frame in FRAMES]
FRAGMENTS = [fragment for frame in FRAMES for fragment in frame]


def item(data: bytes, order: str = "<") -> bytes:
    """Lay out an item: tag (FFFE,E000), length, bytes."""
    return struct.pack(f"{order}HHL", 0xFFFE, 0xE000, len(data)) + data


def offsets() -> list[int]:
    """Say where the first item of each frame starts."""
    found, at = [], 0
    for frame in FRAMES:
        found.append(at)
        at += sum(8 + len(fragment) for fragment in frame)
    return found


def value(table: bytes = b"", fragments: list[bytes] = FRAGMENTS, order: str = "<") -> bytes:
    """Lay out a value: the Basic Offset Table, the fragments, the Sequence Delimitation Item."""
    return b"".join(item(each, order) for each in (table, *fragments)) + struct.pack(
        f"{order}HHL", 0xFFFE, 0xE0DD, 0
    )


BASIC = struct.pack("<3L", *offsets())
# One fragment each; the second has an odd number of bytes that count.
SINGLE = [b"".join(frame) for frame in FRAMES]
EXTENDED = (
    [0, 8 + len(SINGLE[0]), 16 + len(SINGLE[0]) + len(SINGLE[1])],
    [len(each) for each in SINGLE],
)

CASES: list[tuple[bytes, dict[str, Any]]] = [
    (value(BASIC), {}),
    (value(BASIC), {"number_of_frames": 3}),
    (value(), {"number_of_frames": 3}),
    (value(), {"number_of_frames": 1}),
    (value(), {"number_of_frames": 2}),
    (value(fragments=SINGLE), {"number_of_frames": 3}),
    (value(fragments=SINGLE[:1]), {}),
    (value(struct.pack("<L", 0)), {}),
    (value(fragments=SINGLE), {"extended_offsets": EXTENDED}),
    (
        value(fragments=SINGLE),
        {"extended_offsets": tuple(struct.pack("<3Q", *each) for each in EXTENDED)},
    ),
    (value(struct.pack(">3L", *offsets()), order=">"), {"endianness": ">"}),
    (value(BASIC)[:-8], {}),
]


@pytest.mark.parametrize(("data", "options"), CASES, ids=range(len(CASES)))
def test_frames_are_those_of_pydicom(data: bytes, options: dict[str, Any]) -> None:
    expected = list(theirs.generate_fragmented_frames(data, **options))
    assert list(encaps.generate_fragmented_frames(data, **options)) == expected
    frames = [b"".join(frame) for frame in expected]
    assert list(encaps.generate_frames(bytearray(data), **options)) == frames
    for index, frame in enumerate(frames):
        file = io.BytesIO(b"before" + data)
        file.seek(6)
        assert encaps.get_frame(file, index, **options) == frame
        assert file.tell() == 6
    for index in (len(frames), -1):
        with pytest.raises(ValueError, match="index"):
            encaps.get_frame(data, index, **options)


@pytest.mark.parametrize("order", ["<", ">"])
def test_offsets_and_fragments_are_those_of_pydicom(order: str) -> None:
    data = value(struct.pack(f"{order}3L", *offsets()), order=order)
    assert encaps.parse_basic_offsets(data, endianness=order) == offsets()
    fragments = data[8 + 12 :]
    assert encaps.parse_fragments(fragments, endianness=order) == theirs.parse_fragments(
        fragments, endianness=order
    )
    assert list(encaps.generate_fragments(memoryview(fragments), endianness=order)) == FRAGMENTS


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (b"", {}, "no item"),
        (value(b"abc\0\0\0"), {}, "6 bytes"),
        (value(), {}, "6 fragments cannot be assigned"),
        (value(), {"number_of_frames": 7}, "7 frames cannot be made of 6"),
        (value(struct.pack("<2L", 0, 13)), {}, "Basic Offset Table points to something other"),
        (value(struct.pack("<2L", 0, 1000)), {}, "Basic Offset Table points to something other"),
        (value(BASIC)[:-12], {}, "a fragment at byte .* but"),
        (item(b"") + struct.pack("<HHL", 0xFFFE, 0xE000, 2**32 - 1), {}, "undefined length"),
        (item(b"") + struct.pack("<HHL", 0xFFFE, 0xE000, 2**32 - 2), {}, "4294967294 bytes, but 0"),
        (item(b"") + b"\xfe\xff\x00\xe0\x01", {}, "end within the item"),
        (item(b"") + item(b"ab") + b"\x08\0\x05\0\0\0\0\0", {}, r"\(0008,0005\)"),
        (value(fragments=SINGLE), {"extended_offsets": ([0, 1], [2, 2])}, "expected an item"),
        (
            value(fragments=SINGLE),
            {"extended_offsets": ([0], [1000])},
            "Extended Offset Table points to something other",
        ),
        (value(fragments=SINGLE), {"extended_offsets": ([0], [2, 2])}, "1 offsets, but 2 lengths"),
    ],
)
def test_damage_is_reported(data: bytes, options: dict[str, Any], words: str) -> None:
    with pytest.raises(rd.InvalidDicomError, match=words):
        list(encaps.generate_frames(data, **options))


def test_fragments_without_an_end_are_a_frame_with_a_warning() -> None:
    data = value(fragments=[*FRAGMENTS[:-1], b"ijkl", b"mn"])
    for functions in (encaps, theirs):
        with pytest.warns(UserWarning):
            frames = list(functions.generate_frames(data, number_of_frames=3))
        assert frames[-1].endswith(b"ijklmn")
    with pytest.warns(UserWarning, match="2 frames, fewer than the 3"):
        assert (
            len(
                list(
                    encaps.generate_frames(
                        value(fragments=[b"a\0", *FRAGMENTS[:4]]), number_of_frames=3
                    )
                )
            )
            == 2
        )


def test_a_memory_map_is_read(tmp_path: Path) -> None:
    path = tmp_path / "value"
    path.write_bytes(value())
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert encaps.get_frame(mapped, 1, number_of_frames=3) == b"".join(FRAMES[1])
        assert list(encaps.generate_frames(mapped, number_of_frames=3)) == SINGLE


def test_old_functions_are_the_new_ones() -> None:
    data = value(BASIC)
    assert list(encaps.generate_pixel_data_frame(data)) == SINGLE
    assert list(encaps.generate_pixel_data(data)) == [tuple(frame) for frame in FRAMES]
    assert encaps.decode_data_sequence(data) == FRAGMENTS
    assert encaps.defragment_data(data) == b"".join(FRAGMENTS)
    file = io.BytesIO(data)
    file.is_little_endian = True  # type: ignore[attr-defined]
    assert encaps.get_frame_offsets(file) == (True, offsets())
    assert encaps.get_nr_fragments(file) == 6
    assert list(encaps.generate_pixel_data_fragment(file)) == FRAGMENTS


def test_what_writes_names_pydicom() -> None:
    for function in (encaps.encapsulate, encaps.encapsulate_extended, encaps.itemize_frame):
        with pytest.raises(NotImplementedError, match=r"to_pydicom\(\)"):
            function([b"ab"])
