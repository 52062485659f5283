"""Waveforms (PS3.3 §C.10.9): the samples that pydicom gives."""

from __future__ import annotations

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, Items, file_bytes
from comparison import pydicom_file
from rapidicom.waveforms import generate_multiplex, multiplex_array

pydicom = pytest.importorskip("pydicom", reason="pydicom has the waveform")

ECG = pydicom_file("waveform_ecg.dcm")


def test_samples_are_those_of_pydicom() -> None:
    ours, theirs = rd.dcmread(ECG), pydicom.dcmread(ECG)
    for index in (0, 1):
        expected = theirs.waveform_array(index)
        assert ours.waveform_array(index).dtype == np.float64
        np.testing.assert_array_equal(ours.waveform_array(index), expected)
        raw = multiplex_array(ours, index, as_raw=True)
        expected = pydicom.waveforms.multiplex_array(theirs, index, as_raw=True)
        np.testing.assert_array_equal(raw, expected)
        assert raw.flags.writeable
    assert [group.shape for group in generate_multiplex(ours)] == [(10000, 12), (1200, 12)]


def test_what_is_missing_is_named() -> None:
    with pytest.raises(AttributeError, match="Waveform Sequence"):
        multiplex_array(rd.Dataset(), 0)
    ds = rd.dcmread(ECG)
    del ds.WaveformSequence[0].WaveformBitsAllocated
    with pytest.raises(AttributeError, match="WaveformBitsAllocated"):
        ds.waveform_array(0)


def test_what_contradicts_itself_is_refused() -> None:
    ds = rd.dcmread(ECG)
    ds.WaveformSequence[0].NumberOfWaveformSamples = 10**9
    with pytest.raises(rd.InvalidDicomError, match="needs 24000000000 bytes"):
        ds.waveform_array(0)
    ds.WaveformSequence[0].WaveformBitsAllocated = 24
    with pytest.raises(rd.UnsupportedError, match="24 bits"):
        ds.waveform_array(0)


def waveform(interpretation: str, bits: int, data: bytes, channels: int = 1) -> rd.Dataset:
    """A data set with one multiplex group, of a sensitivity of 2 and a baseline of 1."""
    channel = [Element(0x003A0210, "DS", "2"), Element(0x003A0213, "DS", "1")]
    group = [
        Element(0x003A0005, "US", channels),
        Element(0x003A0010, "UL", len(data) * 8 // bits // channels),
        Element(0x003A0200, "SQ", Items([channel] * channels)),
        Element(0x54001004, "US", bits),
        Element(0x54001006, "CS", interpretation),
        Element(0x54001010, "OB" if bits == 8 else "OW", data),
    ]
    return rd.dcmread(file_bytes([Element(0x54000100, "SQ", Items([group]))]))


@pytest.mark.filterwarnings("ignore:'audioop' is deprecated")
@pytest.mark.parametrize(
    ("interpretation", "function", "scale"), [("MB", "ulaw2lin", 4), ("AB", "alaw2lin", 8)]
)
def test_companded_samples_are_expanded(interpretation: str, function: str, scale: int) -> None:
    """As Python's audioop, which gives the 14 and 13 bits of G.711 as the high ones of 16."""
    audioop = pytest.importorskip("audioop", reason="Python 3.13 is without it")
    data = bytes(range(256))
    expected = np.frombuffer(getattr(audioop, function)(data, 2), "<i2") / scale
    ds = waveform(interpretation, 8, data, channels=2)
    found = ds.waveform_array(0)
    np.testing.assert_array_equal(found.ravel(), expected * 2 + 1)
    np.testing.assert_array_equal(next(generate_multiplex(ds, as_raw=False)), found)
    raw = multiplex_array(ds, 0, as_raw=True)
    assert (raw.dtype, raw.tobytes()) == (np.uint8, data)


def test_the_samples_of_the_recommendation() -> None:
    """ITU-T G.711: the ends of both laws, and zero."""
    mu = waveform("MB", 8, b"\x00\x80\xff\x7f").waveform_array(0)
    assert ((mu.ravel() - 1) / 2).tolist() == [-8031, 8031, 0, 0]
    a = waveform("AB", 8, b"\x2a\xaa\xd5\x55").waveform_array(0)
    assert ((a.ravel() - 1) / 2).tolist() == [-4032, 4032, 1, -1]


@pytest.mark.parametrize(
    ("interpretation", "dtype"),
    [("SB", "i1"), ("UB", "u1"), ("SS", "i2"), ("US", "u2"), ("SL", "i4"), ("UL", "u4"),
     ("SV", "i8"), ("UV", "u8")],
)  # fmt: skip
def test_linear_samples_are_as_they_are(interpretation: str, dtype: str) -> None:
    info = np.iinfo(dtype)
    samples = np.array([info.min, info.max, 1, 0], f"<{dtype}")
    ds = waveform(interpretation, info.bits, samples.tobytes())
    np.testing.assert_array_equal(multiplex_array(ds, 0).ravel(), samples)
    np.testing.assert_array_equal(ds.waveform_array(0).ravel(), samples.astype(float) * 2 + 1)


@pytest.mark.parametrize(("interpretation", "bits"), [("MB", 16), ("AB", 16), ("XX", 8), ("", 8)])
def test_samples_of_an_unknown_kind_are_refused(interpretation: str, bits: int) -> None:
    with pytest.raises(rd.UnsupportedError):
        waveform(interpretation, bits, bytes(4)).waveform_array(0)


def test_definitions_that_do_not_fit_are_refused() -> None:
    ds = waveform("SB", 8, bytes(4), channels=2)
    del ds.WaveformSequence[0].ChannelDefinitionSequence[1]
    with pytest.raises(rd.InvalidDicomError, match="2 channels, but 1 are defined"):
        ds.waveform_array(0)
    ds = waveform("SB", 8, bytes(4))
    ds.WaveformSequence[0].ChannelDefinitionSequence[0]["ChannelBaseline"].VR = "LO"
    ds.WaveformSequence[0].ChannelDefinitionSequence[0].ChannelBaseline = "QXJMARKZ"
    with pytest.raises(rd.InvalidDicomError, match="ChannelBaseline is not a number") as caught:
        ds.waveform_array(0)
    assert "QXJMARKZ" not in f"{caught.value}{caught.value.__cause__}{caught.value.__context__}"
