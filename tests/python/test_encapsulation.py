"""Frames of encapsulated pixel data (PS3.5 §A.4): found by tables, by fragments, or not at all."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    DEFLATED_FRAMES,
    ENCAPSULATED_UNCOMPRESSED,
    EXPLICIT_LITTLE,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    PIXEL_DATA,
    RLE,
    Element,
    Fragments,
    Identity,
    Layout,
    Plane,
    file_bytes,
    image,
)
from findings import kinds, refusal

OFFSETS, LENGTHS = 0x7FE00001, 0x7FE00002
MPEG2 = "1.2.840.10008.1.2.4.100"

FRAMES = np.arange(3 * 4 * 6, dtype=np.uint16).reshape(3, 4, 6)
FRAME_LENGTH = FRAMES[0].nbytes


def encapsulated(
    fragments: Sequence[bytes],
    offsets: Sequence[int] = (),
    *,
    syntax: str = ENCAPSULATED_UNCOMPRESSED,
    pixels: np.ndarray[Any, Any] = FRAMES,
    extra: Sequence[Element] = (),
    undefined_length: bool = True,
    vr: str = "OB",
) -> bytes:
    value = Fragments(fragments, offsets, undefined_length)
    many = len(pixels) > 1
    elements = image(pixels if many else pixels[0], extra=[*extra, Element(PIXEL_DATA, vr, value)])
    return file_bytes(elements, transfer_syntax=syntax)


def halves(frame: np.ndarray[Any, Any]) -> list[bytes]:
    data = frame.tobytes()
    return [data[:20], data[20:]]


WHOLE = [frame.tobytes() for frame in FRAMES]
HALVED = [half for frame in FRAMES for half in halves(frame)]
# An item's header is 8 bytes.
WHOLE_OFFSETS = [index * (FRAME_LENGTH + 8) for index in range(3)]
HALVED_OFFSETS = [index * (FRAME_LENGTH + 16) for index in range(3)]


def read(data: bytes) -> rd.Dataset:
    ds = rd.dcmread(data)
    np.testing.assert_array_equal(ds.pixel_array, FRAMES)
    for index, frame in enumerate(FRAMES):
        np.testing.assert_array_equal(rd.pixel_array(ds, index=index), frame)
        assert ds.frame_bytes(index) == frame.tobytes()
    return ds


@pytest.mark.parametrize(
    ("fragments", "offsets"),
    [
        (WHOLE, ()),
        (WHOLE, WHOLE_OFFSETS),
        (HALVED, HALVED_OFFSETS),
        ([WHOLE[0], b"", *WHOLE[1:]], ()),
        ([WHOLE[0], b"", *WHOLE[1:]], [0, WHOLE_OFFSETS[1], WHOLE_OFFSETS[2] + 8]),
        ([b"", *WHOLE], ()),
    ],
    ids=[
        "one each",
        "a table",
        "two each",
        "an empty one",
        "an empty one in a table",
        "an empty one first",
    ],
)
def test_frames_are_found(fragments: list[bytes], offsets: Sequence[int]) -> None:
    read(encapsulated(fragments, offsets))


@pytest.mark.parametrize(
    "offsets",
    [
        [0, 0, 0],
        [0, 10, 20],
        [8, 16, 24],
        [0, WHOLE_OFFSETS[2], WHOLE_OFFSETS[1]],
        [0],
        [0, WHOLE_OFFSETS[1]],
        [0, WHOLE_OFFSETS[1], 10**6],
        [*WHOLE_OFFSETS, WHOLE_OFFSETS[2]],
    ],
    ids=[
        "zeros",
        "between fragments",
        "not from 0",
        "unordered",
        "one only",
        "too few",
        "too far",
        "too many",
    ],
)
def test_a_wrong_table_is_not_believed(offsets: list[int]) -> None:
    with pytest.warns(UserWarning, match="Basic Offset Table does not fit"):
        read(encapsulated(WHOLE, offsets))


def extended(offsets: Sequence[int], lengths: Sequence[int]) -> list[Element]:
    pack = [struct.pack(f"<{len(numbers)}Q", *numbers) for numbers in (offsets, lengths)]
    return [Element(OFFSETS, "OV", pack[0]), Element(LENGTHS, "OV", pack[1])]


def test_the_extended_offset_table() -> None:
    odd = [b"abc", b"defgh", b"i"]
    elements = extended([0, 12, 26], [3, 5, 1])
    ds = rd.dcmread(encapsulated(odd, extra=elements))
    assert [ds.frame_bytes(index) for index in range(3)] == odd, "without padding"
    read(encapsulated(WHOLE, extra=extended(WHOLE_OFFSETS, [FRAME_LENGTH] * 3)))


@pytest.mark.parametrize(
    ("offsets", "lengths"),
    [
        (WHOLE_OFFSETS, [FRAME_LENGTH] * 2),
        (WHOLE_OFFSETS, [FRAME_LENGTH, FRAME_LENGTH, 2**40]),
        (WHOLE_OFFSETS, [FRAME_LENGTH, 2, FRAME_LENGTH]),
        ([0, 2**63, 2**64 - 1], [FRAME_LENGTH] * 3),
        (WHOLE_OFFSETS[:2], [FRAME_LENGTH] * 2),
    ],
    ids=["fewer lengths", "a long one", "a short one", "far away", "fewer frames"],
)
def test_a_wrong_extended_table_is_not_believed(offsets: list[int], lengths: list[int]) -> None:
    with pytest.warns(UserWarning, match="Extended Offset Table does not fit"):
        read(encapsulated(WHOLE, extra=extended(offsets, lengths)))


def jpeg(text: bytes) -> bytes:
    """Something that starts and ends as a JPEG frame does."""
    return b"\xff\xd8\xff\xfe" + text + b"\xff\xd9"


def test_fragments_that_start_frames_are_recognised_by_their_first_bytes() -> None:
    fragments = [jpeg(b"aa"), b"bb", b"cc", jpeg(b"dd"), jpeg(b"ee"), b"ff"]
    ds = rd.dcmread(encapsulated(fragments, syntax=JPEG_BASELINE))
    expected = [b"".join(fragments[:3]), fragments[3], b"".join(fragments[4:])]
    assert [ds.frame_bytes(index) for index in range(3)] == expected


def test_a_fragment_may_look_like_a_frame_of_another_codec() -> None:
    fragments = [jpeg(b"aa"), b"\xff\x0abb", jpeg(b"dd"), jpeg(b"ee")]
    ds = rd.dcmread(encapsulated(fragments, syntax=JPEG_BASELINE))
    expected = [b"".join(fragments[:2]), fragments[2], fragments[3]]
    assert [ds.frame_bytes(index) for index in range(3)] == expected


def test_fragments_that_nothing_divides_are_an_error() -> None:
    ds = rd.dcmread(encapsulated(HALVED))
    with pytest.raises(rd.InvalidDicomError, match="6 fragments for 3 frames") as caught:
        ds.frame_bytes(0)
    assert caught.value.offset is not None


def test_fragments_may_hold_delimiters() -> None:
    delimiters = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00\xfe\xff\x00\xe0\x04\x00\x00\x00"
    pixels = np.frombuffer(delimiters * 3, np.uint16).reshape(1, 4, 6)
    ds = rd.dcmread(encapsulated([pixels.tobytes()], pixels=pixels))
    np.testing.assert_array_equal(ds.pixel_array, pixels[0])


def test_the_delimiter_may_be_missing() -> None:
    read(encapsulated(WHOLE)[:-8])
    read(encapsulated(WHOLE, WHOLE_OFFSETS)[:-3])


def test_a_length_instead_of_a_delimiter() -> None:
    read(encapsulated(WHOLE, undefined_length=False))


def test_native_pixels_under_an_encapsulated_syntax() -> None:
    read_only = rd.dcmread(file_bytes(image(FRAMES), transfer_syntax=JPEG_BASELINE))
    np.testing.assert_array_equal(read_only.pixel_array, FRAMES)
    assert read_only.frame_bytes(1) == WHOLE[1]


def test_fragments_under_a_native_syntax_must_identify_their_codec() -> None:
    ds = rd.dcmread(encapsulated(WHOLE, syntax=EXPLICIT_LITTLE))
    with pytest.raises(rd.UnsupportedError, match="neither they nor the Transfer Syntax name"):
        _ = ds.pixel_array


def test_a_first_fragment_in_the_place_of_the_table() -> None:
    frame = jpeg(b"abcd")
    data = encapsulated([], syntax=JPEG_BASELINE, pixels=FRAMES[:1])
    item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(frame)) + frame
    ds = rd.dcmread(data.replace(b"\xfe\xff\x00\xe0\x00\x00\x00\x00", item))
    with pytest.warns(UserWarning, match="Basic Offset Table does not fit"):
        assert ds.frame_bytes(0) == frame


def test_more_frames_than_number_of_frames() -> None:
    data = encapsulated(WHOLE, WHOLE_OFFSETS, pixels=FRAMES[:2])
    with pytest.warns(UserWarning, match="pixels of 3 frames, but Number of Frames says 2"):
        np.testing.assert_array_equal(rd.dcmread(data).pixel_array, FRAMES)


def test_whole_frames_where_number_of_frames_is_one() -> None:
    frames = [jpeg(b"aa"), jpeg(b"bb"), jpeg(b"cc")]
    ds = rd.dcmread(encapsulated(frames, syntax=JPEG_BASELINE, pixels=FRAMES[:1]))
    with pytest.warns(UserWarning, match="pixels of 3 frames, but Number of Frames says 1"):
        assert ds.frame_bytes(2) == frames[2]


def test_fewer_frames_than_number_of_frames() -> None:
    ds = rd.dcmread(encapsulated(WHOLE[:2], WHOLE_OFFSETS[:2]))
    np.testing.assert_array_equal(rd.pixel_array(ds, index=1), FRAMES[1])
    with pytest.raises(
        rd.InvalidDicomError, match="says 3, but the pixel data have fragments of 2"
    ) as caught:
        _ = ds.pixel_array
    assert caught.value.frame == 2
    with pytest.raises(ValueError, match="no frame with index 3"):
        ds.frame_bytes(3)


def test_a_damaged_frame_does_not_take_the_others_along() -> None:
    data = encapsulated(
        [WHOLE[0], WHOLE[1][:10], WHOLE[2]], [0, FRAME_LENGTH + 8, FRAME_LENGTH + 26]
    )
    ds = rd.dcmread(data)
    with pytest.raises(rd.InvalidDicomError, match="frame 1") as caught:
        _ = ds.pixel_array
    assert (caught.value.frame, caught.value.tag) == (1, PIXEL_DATA)
    assert caught.value.offset == data.index(WHOLE[1][:10])
    np.testing.assert_array_equal(rd.pixel_array(ds, index=2), FRAMES[2])
    frames = rd.iter_pixels(ds, indices=[2, 0])
    np.testing.assert_array_equal(list(frames), FRAMES[[2, 0]])
    forced = rd.dcmread(data, force=True)
    with pytest.warns(UserWarning, match="frame 1"):
        array = forced.pixel_array
    expected = FRAMES.copy()
    expected[1].reshape(-1)[5:] = 0
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("cut", [1, 20, FRAME_LENGTH, FRAME_LENGTH + 4])
def test_a_file_that_ends_in_a_fragment(cut: int, tmp_path: Path) -> None:
    data = encapsulated(WHOLE)[: -8 - cut]
    ds = rd.dcmread(data)
    with pytest.raises(rd.InvalidDicomError):
        _ = ds.pixel_array
    one = encapsulated(WHOLE[:1], pixels=FRAMES[:1])[: -8 - cut]
    (tmp_path / "a.dcm").write_bytes(one)
    assert set(kinds(refusal(tmp_path))) <= {"truncated", "unreadable"}


def test_sources_give_the_same(tmp_path: Path) -> None:
    data = encapsulated(HALVED, HALVED_OFFSETS)
    path = tmp_path / "a.dcm"
    path.write_bytes(data)
    with path.open("rb") as file:
        for source in (path, data, file):
            np.testing.assert_array_equal(rd.pixel_array(source), FRAMES)
    ds = rd.dcmread(path)
    ds.PixelData = rd.dcmread(data).PixelData
    np.testing.assert_array_equal(ds.pixel_array, FRAMES)


@pytest.mark.parametrize("bits", [1, 8, 16])
def test_deflated_frames(bits: int) -> None:
    """PS3.5 §A.4.14: each frame is deflated separately and padded to an even length."""
    pixels = (
        np.random.default_rng(1)
        .integers(0, 1 << bits, (3, 5, 7))
        .astype("u2" if bits == 16 else "u1")
    )
    changes = []
    if bits == 1:
        frames = [np.packbits(frame, bitorder="little").tobytes() for frame in pixels]
        changes = [
            Element(tag, "US", value)
            for tag, value in [(0x00280100, 1), (0x00280101, 1), (0x00280102, 0)]
        ]
    else:
        frames = [frame.tobytes() for frame in pixels]
    deflated = []
    for frame in frames:
        compress = zlib.compressobj(wbits=-15)
        deflated.append(compress.compress(frame) + compress.flush())
    elements = image(pixels, extra=changes)
    elements[-1] = Element(PIXEL_DATA, "OB", Fragments(deflated))
    ds = rd.dcmread(file_bytes(elements, transfer_syntax=DEFLATED_FRAMES))
    np.testing.assert_array_equal(ds.pixel_array, pixels)
    elements[-1] = Element(
        PIXEL_DATA, "OB", Fragments([deflated[0], deflated[1][:5], b"\xff" * 30])
    )
    ds = rd.dcmread(file_bytes(elements, transfer_syntax=DEFLATED_FRAMES))
    np.testing.assert_array_equal(rd.pixel_array(ds, index=0), pixels[0])
    for index in (1, 2):
        with pytest.raises(rd.InvalidDicomError, match=f"frame {index}"):
            rd.pixel_array(ds, index=index)


def test_colours_of_uncompressed_frames() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (2, 4, 6, 3), np.uint8)
    for planar in (0, 1):
        stored = pixels if planar == 0 else pixels.transpose(0, 3, 1, 2)
        elements = image(pixels, layout=Layout(samples=3, planar_configuration=planar))
        elements[-1] = Element(PIXEL_DATA, "OB", Fragments([frame.tobytes() for frame in stored]))
        ds = rd.dcmread(file_bytes(elements, transfer_syntax=ENCAPSULATED_UNCOMPRESSED))
        np.testing.assert_array_equal(ds.pixel_array, pixels)


def test_video_is_a_stream() -> None:
    data = encapsulated([b"\x00\x00\x01\xb3video!"], syntax=MPEG2, pixels=FRAMES[:1])
    ds = rd.dcmread(data)
    stream = ds.video_stream()
    assert bytes(stream) == b"\x00\x00\x01\xb3video!" and stream.readonly
    with pytest.raises(rd.UnsupportedError, match="PyAV"):
        _ = ds.pixel_array
    fragmented = rd.dcmread(
        encapsulated([b"\x00\x00\x01\xb3vi", b"deo!"], syntax=MPEG2, pixels=FRAMES[:1])
    )
    assert bytes(fragmented.video_stream()) == bytes(stream)
    with pytest.raises(rd.UnsupportedError, match="native"):
        rd.dcmread(file_bytes(image(FRAMES))).video_stream()


def test_series_and_batches_of_encapsulated_images(tmp_path: Path) -> None:
    plain, coded = tmp_path / "plain", tmp_path / "coded"
    for folder in (plain, coded):
        folder.mkdir()
    for index, frame in enumerate(FRAMES):
        elements = image(
            frame, plane=Plane(position=(0, 0, index)), identity=Identity(instance_number=index + 1)
        )
        (plain / f"{index}.dcm").write_bytes(file_bytes(elements))
        elements[-1] = Element(PIXEL_DATA, "OW", Fragments([frame.tobytes()]))
        (coded / f"{index}.dcm").write_bytes(
            file_bytes(elements, transfer_syntax=ENCAPSULATED_UNCOMPRESSED)
        )
    for values in ("stored", "modality"):
        volumes = [rd.read_series(folder, values=values) for folder in (plain, coded)]
        np.testing.assert_array_equal(volumes[0].array, volumes[1].array)
        assert not volumes[1].report.issues
    np.testing.assert_array_equal(
        rd.read_batch(sorted(coded.iterdir())), rd.read_batch(sorted(plain.iterdir()))
    )


def test_the_table_of_transfer_syntaxes() -> None:
    from pydicom.uid import AllTransferSyntaxes

    table = {row.uid: row for row in rd.transfer_syntaxes()}
    assert set(AllTransferSyntaxes) <= set(table)
    for uid in AllTransferSyntaxes:
        assert table[uid].name == uid.name
        assert (table[uid].byte_order == "little") == uid.is_little_endian
        if not uid.name.startswith(("JPIP", "SMPTE")):
            assert table[uid].is_encapsulated == uid.is_encapsulated, uid.name
    for row in table.values():
        assert (row.decoder is None) == (row.why_not is not None), row.name


def test_attributes_that_ask_for_more_than_any_frame_gives() -> None:
    size = [Element(tag, "US", 60000) for tag in (0x00280010, 0x00280011)]
    elements = image(FRAMES[0], extra=size)
    elements[-1] = Element(PIXEL_DATA, "OB", Fragments([b"\xff\xd8\xff\xd9"]))
    with pytest.raises(rd.LimitError, match="frame 0"):
        _ = rd.dcmread(file_bytes(elements, transfer_syntax=JPEG_BASELINE)).pixel_array


def test_frames_that_are_only_claimed_cost_nothing() -> None:
    elements = image(FRAMES, extra=[Element(0x00280008, "IS", 2_000_000_000)])
    elements[-1] = Element(PIXEL_DATA, "OB", Fragments(WHOLE, WHOLE_OFFSETS))
    ds = rd.dcmread(file_bytes(elements, transfer_syntax=ENCAPSULATED_UNCOMPRESSED))
    with pytest.raises(rd.InvalidDicomError, match=r"says 2000000000, but .* have fragments of 3"):
        _ = ds.pixel_array
    np.testing.assert_array_equal(rd.pixel_array(ds, index=2), FRAMES[2])


def test_an_item_that_is_damaged_ends_the_frames_that_can_be_read() -> None:
    data = bytearray(encapsulated(WHOLE, WHOLE_OFFSETS))
    data[data.index(WHOLE[2]) - 8] = 0
    ds = rd.dcmread(bytes(data), force=True)
    np.testing.assert_array_equal(rd.pixel_array(ds, index=1), FRAMES[1])
    with pytest.raises(rd.InvalidDicomError, match="frame 2"):
        ds.frame_bytes(2)


def test_a_codestream_without_fragments_is_no_image() -> None:
    elements = image(FRAMES)
    elements[-1] = Element(PIXEL_DATA, "OB", b"\xff\x4f\xff\x51" + FRAMES.tobytes())
    ds = rd.dcmread(file_bytes(elements, transfer_syntax=JPEG_2000_LOSSLESS))
    with pytest.raises(rd.InvalidDicomError, match="expected fragments, found a compressed frame"):
        _ = ds.pixel_array


def test_fragments_set_in_memory_are_seen_as_such() -> None:
    ds = rd.dcmread(file_bytes(image(FRAMES)))
    ds.PixelData = rd.dcmread(encapsulated(WHOLE)).PixelData
    with pytest.raises(rd.UnsupportedError, match="neither they nor the Transfer Syntax name"):
        _ = ds.pixel_array
    ds.file_meta.TransferSyntaxUID = ENCAPSULATED_UNCOMPRESSED
    np.testing.assert_array_equal(ds.pixel_array, FRAMES)


@pytest.mark.parametrize(
    ("photometric", "shape", "extra", "error"),
    [
        ("RGB", (4, 6, 3), [Element(0x00280006, "US", None)], rd.InvalidDicomError),
        ("YBR_FULL_422", (3, 3, 3), [], rd.UnsupportedError),
        ("YBR_FULL_422", (4, 6, 3), [], rd.InvalidDicomError),
        ("RGB", (4, 6, 3), [Element(0x00280010, "US", 2)], rd.InvalidDicomError),
    ],
    ids=["no layout", "half a pair", "nothing shared", "too much"],
)
def test_layouts_are_checked_as_those_of_native_pixels(
    photometric: str, shape: tuple[int, ...], extra: list[Element], error: type[Exception]
) -> None:
    pixels = np.zeros(shape, np.uint8)
    elements = image(pixels, layout=Layout(samples=3, photometric=photometric), extra=extra)
    elements[-1] = Element(PIXEL_DATA, "OB", Fragments([pixels.tobytes()]))
    with pytest.raises(error):
        _ = rd.dcmread(file_bytes(elements, transfer_syntax=ENCAPSULATED_UNCOMPRESSED)).pixel_array


@pytest.mark.parametrize(("rows", "columns"), [(16, 8), (8, 16), (4, 4), (15, 16)])
def test_rle_of_another_size_is_an_error(rows: int, columns: int) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (16, 16), np.uint8)
    literals = b"".join(b"\x0f" + row.tobytes() for row in pixels)
    frame = struct.pack("<16I", 1, 64, *[0] * 14) + literals
    size = [Element(0x00280010, "US", rows), Element(0x00280011, "US", columns)]
    for extra in ([], size):
        elements = image(pixels, extra=extra)
        elements[-1] = Element(PIXEL_DATA, "OB", Fragments([frame]))
        ds = rd.dcmread(file_bytes(elements, transfer_syntax=RLE))
        if extra:
            with pytest.raises(rd.InvalidDicomError, match="goes on after the last row"):
                _ = ds.pixel_array
        else:
            np.testing.assert_array_equal(ds.pixel_array, pixels)


def test_component_names_identify_lossless_jpeg_as_rgb() -> None:
    imagecodecs = pytest.importorskip("imagecodecs", reason="it encodes")
    pixels = np.random.default_rng(4).integers(0, 256, (8, 8, 3), np.uint8)
    frame = imagecodecs.jpeg8_encode(pixels, lossless=True)
    elements = image(pixels, layout=Layout(samples=3, photometric="YBR_FULL"))
    elements[-1] = Element(PIXEL_DATA, "OB", Fragments([frame]))
    ds = rd.dcmread(file_bytes(elements, transfer_syntax="1.2.840.10008.1.2.4.57"))
    np.testing.assert_array_equal(ds.pixel_array, pixels)


def test_threads_are_at_least_one() -> None:
    for workers in (0, -1):
        with pytest.raises(ValueError, match="expected 1 or more"):
            rd.pixel_array(encapsulated(WHOLE), workers=workers)
