"""Waveforms (PS3.3 §C.10.9): the samples that pydicom gives."""

from __future__ import annotations

import numpy as np
import pytest

import rapidicom as rd
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
