"""Encapsulated Pixel Data as bytes (PS3.5 §A.4): pydicom's functions on the value itself.

Data sets find their frames themselves: `Dataset.frame_bytes` and `rapidicom.pixel_array` do all
that is here. A buffer is the value of Pixel Data, as bytes or as a file object; a file object is
read from its current position.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from itertools import islice
from struct import unpack
from typing import IO, TYPE_CHECKING, Any, NoReturn

from rapidicom._common.errors import InvalidDicomError
from rapidicom._common.not_offered import NotOffered
from rapidicom._common.tag import BaseTag

if TYPE_CHECKING:
    from typing import TypeAlias

    Buffer: TypeAlias = bytes | bytearray | memoryview | IO[bytes]
    # Offsets and lengths (PS3.3 §C.7.6.3.1.8), as numbers or as the values of their elements.
    Offsets: TypeAlias = tuple[list[int], list[int]] | tuple[bytes, bytes]

__all__ = [
    "decode_data_sequence",
    "defragment_data",
    "encapsulate",
    "generate_fragmented_frames",
    "generate_fragments",
    "generate_frames",
    "generate_pixel_data",
    "generate_pixel_data_frame",
    "get_frame",
    "get_frame_offsets",
    "parse_basic_offsets",
    "parse_fragments",
]

_ITEM = 0xFFFE_E000
_SEQUENCE_DELIMITATION = 0xFFFE_E0DD
_UNDEFINED_LENGTH = 0xFFFF_FFFF

# EOI of JPEG and JPEG-LS, EOC of JPEG 2000: the end of a frame, apart from padding.
_END_OF_IMAGE = b"\xff\xd9"
_PADDED_END = 10

# Writing, which is not offered.
encapsulate = NotOffered("encapsulate frames")
encapsulate_buffer = encapsulate_extended = encapsulate_extended_buffer = encapsulate
fragment_frame = itemize_fragment = itemize_frame = encapsulate


def parse_basic_offsets(buffer: Buffer, *, endianness: str = "<") -> list[int]:
    """Read the Basic Offset Table.

    Args:
        buffer: Starts with the table's item. A file object is left after it.
        endianness: `<` or `>`.

    Returns:
        The offset of each frame's first item from the end of the table; no offsets if the table is
        empty.

    Raises:
        InvalidDicomError: The item is missing, or does not hold 4-byte numbers; also a
            `ValueError`.
    """
    stream = _stream(buffer)
    length = _item_length(stream, endianness)
    if length is None:
        raise InvalidDicomError("no item of a Basic Offset Table")
    if length % 4:
        raise InvalidDicomError(
            f"the Basic Offset Table has {length} bytes, which is not a multiple of 4"
        )
    return list(unpack(f"{endianness}{length // 4}L", _read(stream, length)))


def parse_fragments(buffer: Buffer, *, endianness: str = "<") -> tuple[int, list[int]]:
    """Find the fragments.

    Args:
        buffer: Starts with the item of a fragment. The position of a file object is restored.
        endianness: `<` or `>`.

    Returns:
        The number of fragments, and the position of each one's item in the buffer.

    Raises:
        InvalidDicomError: The buffer starts with something else; also a `ValueError`.
    """
    stream = _stream(buffer)
    start = stream.tell()
    offsets = []
    offset = start
    while (length := _item_length(stream, endianness)) is not None:
        offsets.append(offset)
        stream.seek(length, io.SEEK_CUR)
        offset = stream.tell()
    stream.seek(start)
    return len(offsets), offsets


def generate_fragments(buffer: Buffer, *, endianness: str = "<") -> Iterator[bytes]:
    """Read the fragments, one after the other.

    Args:
        buffer: Starts with the item of a fragment. A file object is left after the last one that
            was read.
        endianness: `<` or `>`.

    Yields:
        The bytes of a fragment.

    Raises:
        InvalidDicomError: The buffer has something else, or ends in a fragment; also a
            `ValueError`.
    """
    stream = _stream(buffer)
    while (length := _item_length(stream, endianness)) is not None:
        yield _read(stream, length)


def generate_fragmented_frames(
    buffer: Buffer,
    *,
    number_of_frames: int | None = None,
    extended_offsets: Offsets | None = None,
    endianness: str = "<",
) -> Iterator[tuple[bytes, ...]]:
    """Read the frames as fragments, one frame after the other.

    The Extended or the Basic Offset Table separates the frames. Without a table they are a single
    one, or one fragment each, or end with the marker at the end of JPEG images.

    Args:
        buffer: Starts with the Basic Offset Table. Where a file object is left depends on the
            frames.
        number_of_frames: Number of Frames, needed for several fragments without a table. More
            frames are read if more fragments end an image.
        extended_offsets: The Extended Offset Table and its lengths, as numbers or as the elements'
            values.
        endianness: `<` or `>`.

    Yields:
        The fragments of a frame.

    Raises:
        InvalidDicomError: The fragments cannot be assigned to frames, a table is wrong, or items
            are damaged; also a `ValueError`.
    """
    stream = _stream(buffer)
    basic_offsets = parse_basic_offsets(stream, endianness=endianness)
    if extended_offsets:
        yield from _by_extended_offsets(stream, extended_offsets, endianness)
    elif basic_offsets:
        yield from _by_basic_offsets(stream, basic_offsets, endianness)
    else:
        yield from _by_count(stream, number_of_frames, endianness)


def generate_frames(
    buffer: Buffer,
    *,
    number_of_frames: int | None = None,
    extended_offsets: Offsets | None = None,
    endianness: str = "<",
) -> Iterator[bytes]:
    """Read the frames, one after the other, their fragments joined.

    Args:
        buffer: As for `generate_fragmented_frames`.
        number_of_frames: As for `generate_fragmented_frames`.
        extended_offsets: As for `generate_fragmented_frames`.
        endianness: As for `generate_fragmented_frames`.

    Yields:
        The bytes of a frame.

    Raises:
        InvalidDicomError: As `generate_fragmented_frames`.
    """
    for fragments in generate_fragmented_frames(
        buffer,
        number_of_frames=number_of_frames,
        extended_offsets=extended_offsets,
        endianness=endianness,
    ):
        yield b"".join(fragments)


def get_frame(
    buffer: Buffer,
    index: int,
    *,
    extended_offsets: Offsets | None = None,
    number_of_frames: int | None = None,
    endianness: str = "<",
) -> bytes:
    """Read one frame, its fragments joined.

    Args:
        buffer: As for `generate_fragmented_frames`. The position of a file object is restored.
        index: The frame, from 0.
        extended_offsets: As for `generate_fragmented_frames`.
        number_of_frames: As for `generate_fragmented_frames`.
        endianness: As for `generate_fragmented_frames`.

    Raises:
        InvalidDicomError: As `generate_fragmented_frames`.
        ValueError: No frame has this index.
    """
    if index < 0:
        raise ValueError(f"index is {index}, expected 0 or more")
    stream = _stream(buffer)
    start = stream.tell()
    basic_offsets = parse_basic_offsets(stream, endianness=endianness)
    frames: Iterator[tuple[bytes, ...]]
    if extended_offsets:
        offsets, lengths = _extended(extended_offsets, endianness)
        one = slice(index, index + 1)
        frames = _by_extended_offsets(stream, (offsets[one], lengths[one]), endianness)
    elif basic_offsets:
        behind = basic_offsets[index : index + 2]
        if not behind:
            raise ValueError(
                f"there is no frame with index {index}: {len(basic_offsets)} have an offset"
            )
        stream.seek(behind[0], io.SEEK_CUR)
        frames = _by_basic_offsets(stream, [each - behind[0] for each in behind], endianness)
    else:
        count, positions = parse_fragments(stream, endianness=endianness)
        if 0 < count == number_of_frames and index < count:
            # Those before need not be read.
            stream.seek(positions[index])
            frames = ((fragment,) for fragment in generate_fragments(stream, endianness=endianness))
        else:
            frames = islice(_by_count(stream, number_of_frames, endianness), index, None)
    frame = next(frames, None)
    if frame is None:
        raise ValueError(f"there is no frame with index {index}")
    stream.seek(start)
    return b"".join(frame)


# pydicom's functions before version 3, which many programs use.


def get_frame_offsets(fp: Any) -> tuple[bool, list[int]]:
    """Read the Basic Offset Table of a file object that knows its byte order.

    Args:
        fp: The file object, with `is_little_endian`.

    Returns:
        Whether the table has offsets, and the offsets; `[0]` if it has none.
    """
    offsets = parse_basic_offsets(fp, endianness=_endianness(fp))
    return bool(offsets), offsets or [0]


def get_nr_fragments(fp: Any) -> int:
    """Count the fragments of a file object that knows its byte order, as `get_frame_offsets`."""
    return parse_fragments(fp, endianness=_endianness(fp))[0]


def generate_pixel_data_fragment(fp: Any) -> Iterator[bytes]:
    """Read the fragments of a file object that knows its byte order, as `get_frame_offsets`."""
    return generate_fragments(fp, endianness=_endianness(fp))


def generate_pixel_data_frame(bytestream: bytes, nr_frames: int | None = None) -> Iterator[bytes]:
    """Read the frames: `generate_frames`."""
    return generate_frames(bytestream, number_of_frames=nr_frames)


def generate_pixel_data(
    bytestream: bytes, nr_frames: int | None = None
) -> Iterator[tuple[bytes, ...]]:
    """Read the frames as fragments: `generate_fragmented_frames`."""
    return generate_fragmented_frames(bytestream, number_of_frames=nr_frames)


def decode_data_sequence(data: bytes) -> list[bytes]:
    """Return the fragments after the Basic Offset Table."""
    stream = _stream(data)
    parse_basic_offsets(stream)
    return list(generate_fragments(stream))


def defragment_data(data: bytes) -> bytes:
    """Return the fragments after the Basic Offset Table, joined."""
    return b"".join(decode_data_sequence(data))


def _by_extended_offsets(
    stream: IO[bytes], extended_offsets: Offsets, endianness: str
) -> Iterator[tuple[bytes, ...]]:
    """Read frames of one fragment each, whose lengths need not be even (PS3.3 §C.7.6.3.1.8)."""
    start = stream.tell()
    for offset, length in zip(*_extended(extended_offsets, endianness), strict=True):
        stream.seek(start + offset)
        found = _item_length(stream, endianness)
        if found is None or found < length:
            raise InvalidDicomError(
                "the Extended Offset Table points to something other than such a fragment"
            )
        yield (_read(stream, length),)


def _extended(extended_offsets: Offsets, endianness: str) -> tuple[list[int], list[int]]:
    offsets, lengths = (
        list(unpack(f"{endianness}{len(each) // 8}Q", each[: len(each) // 8 * 8]))
        if isinstance(each, bytes)
        else list(each)
        for each in extended_offsets
    )
    if len(offsets) != len(lengths):
        raise InvalidDicomError(
            f"the Extended Offset Table has {len(offsets)} offsets, but {len(lengths)} lengths"
        )
    return offsets, lengths


def _by_basic_offsets(
    stream: IO[bytes], basic_offsets: list[int], endianness: str
) -> Iterator[tuple[bytes, ...]]:
    """Read frames that start at the offsets; the last one goes to the end."""
    start = stream.tell()
    fragments: list[bytes] = []
    starts = iter(basic_offsets[1:])
    following = next(starts, None)
    while (length := _item_length(stream, endianness)) is not None:
        # Tag and length precede a fragment.
        offset = stream.tell() - start - 8
        if following is not None and offset > following:
            _refuse_offsets()
        if offset == following:
            yield tuple(fragments)
            fragments = []
            following = next(starts, None)
        fragments.append(_read(stream, length))
    if following is not None:
        _refuse_offsets()
    yield tuple(fragments)


def _refuse_offsets() -> NoReturn:
    raise InvalidDicomError(
        "the Basic Offset Table points to something other than the item of a fragment"
    )


def _by_count(
    stream: IO[bytes], number_of_frames: int | None, endianness: str
) -> Iterator[tuple[bytes, ...]]:
    """Read frames without an offset table."""
    count, _ = parse_fragments(stream, endianness=endianness)
    fragments = generate_fragments(stream, endianness=endianness)
    if count == 1 or number_of_frames == 1:
        yield tuple(fragments)
        return
    if not number_of_frames:
        raise InvalidDicomError(
            f"{count} fragments cannot be assigned to frames: pass number_of_frames"
        )
    if count < number_of_frames:
        raise InvalidDicomError(f"{number_of_frames} frames cannot be made of {count} fragments")
    if count == number_of_frames:
        for fragment in fragments:
            yield (fragment,)
        return
    found = 0
    frame: list[bytes] = []
    for fragment in fragments:
        frame.append(fragment)
        if _END_OF_IMAGE in fragment[-_PADDED_END:]:
            yield tuple(frame)
            found += 1
            frame = []
    if frame:
        warnings.warn(
            "the last fragments do not end an image: they are read as a frame", stacklevel=3
        )
        yield tuple(frame)
        found += 1
    if found < number_of_frames:
        warnings.warn(
            f"found {found} frames, fewer than the {number_of_frames} expected", stacklevel=3
        )


def _endianness(fp: Any) -> str:
    if not fp.is_little_endian:
        raise InvalidDicomError("encapsulated pixels are little endian (PS3.5 §A.4)")
    return "<"


def _stream(buffer: Buffer) -> IO[bytes]:
    return io.BytesIO(buffer) if isinstance(buffer, (bytes, bytearray, memoryview)) else buffer


def _item_length(stream: IO[bytes], endianness: str) -> int | None:
    """Read the head of an item; return its length, or `None` at the end of the items."""
    offset = stream.tell()
    head = stream.read(8)
    if len(head) < 4:
        return None
    group, element = unpack(f"{endianness}HH", head[:4])
    tag = group << 16 | element
    if tag == _SEQUENCE_DELIMITATION:
        return None
    if tag != _ITEM:
        raise InvalidDicomError(
            f"expected an item at byte {offset:#x} of the value, found {BaseTag(tag)}",
            offset=offset,
        )
    if len(head) < 8:
        raise InvalidDicomError(
            f"the data end within the item at byte {offset:#x} of the value", offset=offset
        )
    (length,) = unpack(f"{endianness}L", head[4:])
    if length == _UNDEFINED_LENGTH:
        raise InvalidDicomError(
            f"the item at byte {offset:#x} of the value has undefined length", offset=offset
        )
    return int(length)


def _read(stream: IO[bytes], length: int) -> bytes:
    """Read `length` bytes; a length beyond the data costs no memory."""
    offset = stream.tell()
    # `seek` of a memory map does not return the position.
    stream.seek(0, io.SEEK_END)
    end = stream.tell()
    stream.seek(offset)
    if end - offset < length:
        raise InvalidDicomError(
            f"a fragment at byte {offset:#x} of the value has {length} bytes, "
            f"but {end - offset} are there",
            offset=offset,
        )
    return stream.read(length)
