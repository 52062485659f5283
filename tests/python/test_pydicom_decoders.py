"""pydicom with our codecs: the same pixels as with its own plugins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from builder import PIXEL_DATA, Element, Fragments, file_bytes, image
from comparison import pydicom_file

pydicom = pytest.importorskip("pydicom", reason="it is what is decoded for")
from rapidicom.integrations import pydicom_decoders  # noqa: E402

FILES = [
    "MR_small_RLE.dcm",
    "SC_rgb_rle_16bit_2frame.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "SC_rgb_small_odd_jpeg.dcm",
    "examples_ybr_color.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "JPEGLSNearLossless_16.dcm",
    "MR_small_jp2klossless.dcm",
    "US1_J2KR.dcm",
    "J2K_pixelrep_mismatch.dcm",
]


@pytest.fixture
def registered() -> Iterator[None]:
    pydicom_decoders.register()
    pydicom_decoders.register()
    yield
    pydicom_decoders.unregister()


@pytest.mark.parametrize("name", FILES)
def test_the_same_pixels_as_by_its_own_plugins(name: str) -> None:
    path = pydicom_file(name)
    # Of the plugins for JPEG of 8 bits, only Pillow has the accurate transform.
    plugin = "pillow" if name == "examples_ybr_color.dcm" else ""
    expected = {
        raw: pydicom.pixels.pixel_array(path, raw=raw, decoding_plugin=plugin)
        for raw in (False, True)
    }
    pydicom_decoders.register()
    try:
        for raw, array in expected.items():
            found = pydicom.pixels.pixel_array(path, raw=raw, decoding_plugin="rapidicom")
            np.testing.assert_array_equal(found, array)
    finally:
        pydicom_decoders.unregister()


def test_unchanged_programs_decode_with_them(registered: None) -> None:
    decoder = pydicom.pixels.get_decoder("1.2.840.10008.1.2.4.70")
    assert next(iter(decoder._available)) == "rapidicom"
    path = pydicom_file("SC_rgb_jpeg_gdcm.dcm")
    np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, rd.dcmread(path).pixel_array)


def test_a_frame_that_is_damaged_is_an_error(registered: None, tmp_path: Path) -> None:
    elements = image(np.zeros((4, 6), np.uint8))
    elements[-1] = Element(PIXEL_DATA, "OB", Fragments([b"\xff\xd8\xff\xd9"]))
    path = tmp_path / "a.dcm"
    path.write_bytes(file_bytes(elements, transfer_syntax="1.2.840.10008.1.2.4.70"))
    with pytest.raises(RuntimeError, match="rapidicom: the JPEG data"):
        _ = pydicom.pixels.pixel_array(path)


def test_they_can_be_taken_back() -> None:
    pydicom_decoders.register()
    pydicom_decoders.unregister()
    decoder = pydicom.pixels.get_decoder("1.2.840.10008.1.2.4.70")
    assert "rapidicom" not in decoder.available_plugins
