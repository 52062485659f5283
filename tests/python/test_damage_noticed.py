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
    ("JPEG 2000", "zero tail"): 48,
    ("JPEG 2000", "zero tail before the last 2 bytes"): 48,
    ("JPEG 2000", "copy"): 48,
    ("JPEG 2000", "hole"): 48,
    ("HTJ2K", "zero tail"): 4,
    ("HTJ2K", "zero tail before the last 2 bytes"): 4,
    ("HTJ2K", "copy"): 12,
    ("HTJ2K", "hole"): 12,
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


@pytest.mark.parametrize("codec", ["JPEG baseline", "JPEG Lossless", "JPEG-LS", "RLE"])
def test_a_damaged_frame_is_read_by_force_with_a_warning(codec: str) -> None:
    stream = next(one for one in STREAMS if (one.codec, one.picture) == (codec, "ct"))
    whole = stream.decode(stream.frame)
    middle = len(stream.frame) * 3 // 4
    data = stream.file(stream.frame[:middle] + bytes(len(stream.frame) - middle))
    with pytest.raises(rd.InvalidDicomError, match="frame 0"):
        rd.pixel_array(data)
    with pytest.warns(UserWarning, match="the file is damaged.*frame 0"):
        found = rd.pixel_array(data, force=True)
    assert found.shape == whole.shape
    assert codec == "RLE" or (found[:16] == whole[:16]).all()
