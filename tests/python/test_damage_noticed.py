"""Damaged frames are noticed, by an error or a warning: the shorter form of `benches/damage.py`."""

from __future__ import annotations

import pytest

pytest.importorskip("imagecodecs", reason="imagecodecs encodes")

import rapidicom as rd
from damaged_streams import KINDS, Stream, encoders, streams, survey

COUNT = 12
STREAMS = list(streams(96))

# What may pass unnoticed, of those that are tried in all pictures. In lossless JPEG bits that stand
# for as many samples as those they replace look like them: all codes of the smooth picture are as
# long as each other. A flat picture repeats itself, hence its bytes do.
UNNOTICED = {
    ("JPEG Lossless", "hole"): 12,
    ("JPEG Lossless", "copy"): 14,
    ("RLE", "copy"): 2,
    ("JPEG baseline", "copy"): 2,
    ("JPEG baseline, own tables", "copy"): 4,
    ("JPEG 12 bits", "copy"): 8,
}


@pytest.mark.parametrize("codec", [name for name, *_ in encoders()])
def test_damage_is_noticed(codec: str) -> None:
    unnoticed = dict.fromkeys(KINDS, 0)
    for stream in (one for one in STREAMS if one.codec == codec):
        for kind, found in survey(stream, COUNT).items():
            assert found.tried == found.noticed + found.warned + found.harmless + found.small + len(
                found.large
            )
            unnoticed[kind] += len(found.large)
    for kind, count in unnoticed.items():
        assert count <= UNNOTICED.get((codec, kind), 0), kind


@pytest.mark.parametrize("stream", STREAMS, ids=lambda it: f"{it.codec} {it.picture}")
def test_an_end_marker_may_be_missing(stream: Stream) -> None:
    if stream.codec in ("RLE", "JPEG XL"):
        pytest.skip("this codec has no end marker")
    whole = stream.decode(stream.frame)
    for end in (b"", b"\0"):
        assert (stream.decode(stream.frame[:-2] + end) == whole).all()


@pytest.mark.parametrize("codec", [name for name, *_ in encoders()])
@pytest.mark.parametrize("share", [0.98, 0.75, 0.4, 0.1])
def test_a_damaged_frame_is_read_by_force_with_a_warning(codec: str, share: float) -> None:
    stream = next(one for one in STREAMS if (one.codec, one.picture) == (codec, "ct"))
    whole = stream.decode(stream.frame)
    # What is damaged is no header: those of JPEG are a tenth of so small a frame.
    start = stream.frame.find(b"\xff\xda") + 24 if codec.startswith("JPEG") else 0
    end = max(int(len(stream.frame) * share), start if codec != "JPEG XL" else 0)
    for frame in (stream.frame[:end] + bytes(len(stream.frame) - end), stream.frame[:end]):
        data = stream.file(frame)
        with pytest.raises(rd.InvalidDicomError, match="frame 0"):
            rd.pixel_array(data)
        with pytest.warns(UserWarning, match="the file is damaged.*frame 0"):
            found = rd.pixel_array(data, force=True)
        assert found.shape == whole.shape
        # Of what comes row by row, the rows up to there.
        if codec in ("JPEG baseline", "JPEG Lossless", "JPEG-LS") and share == 0.75:
            assert (found[:16] == whole[:16]).all()


@pytest.mark.parametrize("codec", ["JPEG baseline", "JPEG Lossless", "JPEG-LS", "RLE"])
def test_what_is_missing_of_a_frame_from_its_first_row_on_is_zero(codec: str) -> None:
    stream = next(one for one in STREAMS if (one.codec, one.picture) == (codec, "ct"))
    header = 70 if codec == "RLE" else stream.frame.index(b"\xff\xda") + 16
    with pytest.warns(UserWarning, match="the file is damaged.*frame 0"):
        found = rd.pixel_array(stream.file(stream.frame[:header]), force=True)
    assert found.shape == stream.shape and not found[16:].any()
