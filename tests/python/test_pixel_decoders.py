"""Decoders of a Transfer Syntax, and the names of `pixels`, compared with pydicom's."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from rapidicom import Dataset, dcmread, pixel_array
from rapidicom.pixels import get_decoder
from rapidicom.pixels.processing import apply_voi
from rapidicom.pixels.utils import get_j2k_parameters

pydicom = pytest.importorskip("pydicom")

NATIVE = (
    "CT_small.dcm",
    "MR_small_expb.dcm",
    "SC_rgb_small_odd.dcm",
    "SC_rgb_small_odd_big_endian.dcm",
    "rtdose_1frame.dcm",
)


def options(ds: Any) -> dict[str, Any]:
    """Return what describes the pixels as pydicom's decoders take it."""
    return {
        "rows": ds.Rows,
        "columns": ds.Columns,
        "samples_per_pixel": ds.SamplesPerPixel,
        "number_of_frames": int(ds.get("NumberOfFrames") or 1),
        "photometric_interpretation": ds.PhotometricInterpretation,
        "planar_configuration": ds.get("PlanarConfiguration", 0),
        "bits_allocated": ds.BitsAllocated,
        "bits_stored": ds.BitsStored,
        "pixel_representation": ds.PixelRepresentation,
        "pixel_keyword": "PixelData",
        "pixel_vr": ds["PixelData"].VR,
    }


@pytest.mark.parametrize("name", NATIVE)
def test_data_sets_bytes_and_file_objects_decode_as_in_pydicom(name: str) -> None:
    path = pydicom.data.get_testdata_file(name)
    ours, theirs = dcmread(path), pydicom.dcmread(path)
    decoder = get_decoder(ours.file_meta.TransferSyntaxUID)
    data = theirs.PixelData
    for source, described in (
        (ours, {}),
        (data, options(theirs)),
        (io.BytesIO(data + b"behind"), options(theirs)),
    ):
        array, description = decoder.as_array(source, **described)
        np.testing.assert_array_equal(array, theirs.pixel_array)
        assert description["rows"] == theirs.Rows
        frames = [frame for frame, _ in decoder.iter_array(source, **described)]
        np.testing.assert_array_equal(frames[0], theirs.pixel_array)


def test_decoder_takes_only_its_transfer_syntax() -> None:
    ds = dcmread(pydicom.data.get_testdata_file("CT_small.dcm"))
    with pytest.raises(ValueError, match="Transfer Syntax"):
        get_decoder("1.2.840.10008.1.2").as_array(ds)
    with pytest.raises(NotImplementedError):
        get_decoder("1.2.840.10008.1.2.4.100")
    with pytest.raises(NotImplementedError, match=r"to_pydicom\(\)"):
        get_decoder("1.2.840.10008.1.2").add_plugin("mine", ("module", "function"))
    with pytest.raises(TypeError):
        get_decoder("1.2.840.10008.1.2").as_array(b"\0\0", row=1)


def test_what_describes_pixels_is_copied() -> None:
    path = pydicom.data.get_testdata_file("CT_small.dcm")
    ours, theirs = Dataset(), pydicom.Dataset()
    pixel_array(path, ds_out=ours, specific_tags=["PatientID"])
    pydicom.pixels.pixel_array(path, ds_out=theirs, specific_tags=[0x00100020])
    for keyword in ("Rows", "BitsStored", "PatientID"):
        assert ours[keyword].value == theirs[keyword].value
    assert "PatientName" not in ours
    assert ours.file_meta.TransferSyntaxUID == theirs.file_meta.TransferSyntaxUID


@pytest.mark.parametrize(
    "codestream",
    [b"", b"\xff\x4f\xff\x51" + b"\0" * 38 + b"\x8b", b"\xff\x4f\xff\x51" + b"\0" * 38 + b"\x07"],
)
def test_first_component_of_a_codestream(codestream: bytes) -> None:
    assert get_j2k_parameters(codestream) == pydicom.pixels.utils.get_j2k_parameters(codestream)


def test_voi_lut_alone() -> None:
    ds = Dataset()
    item = Dataset()
    item.LUTDescriptor = [4, 0, 16]
    item.LUTData = [0, 127, 32768, 65535]
    assert apply_voi(np.array([3, 9], np.uint16), ds).tolist() == [3, 9]
    ds.VOILUTSequence = [item]
    assert apply_voi(np.array([0, 1, 9], np.uint16), ds).tolist() == [0, 127, 65535]
