"""Why the tests that only read and still fail do so. `run.py` fails when one has no reason here."""

# Reason, and the tests by file and name.
REST: dict[str, tuple[str, ...]] = {
    "a value that was read along with the header is there although its file is gone": (
        "test_filereader.py::TestDeferredRead::test_file_exists",
    ),
    "a File-set shows what it is, not what would be written": (
        "test_fileset.py::TestFileSet::test_str_update_structure",
    ),
    "a name whose writer forgot an escape sequence keeps its characters; what is none is "
    "left as it is": (
        "test_charset.py::TestCharset::test_bad_decoded_multi_byte_encoding",
        "test_charset.py::TestCharset::test_missing_escape_for_single_byte_code_extensions",
    ),
    "what decodes is built in: there is nothing to take away, and no plugin that lacks something": (
        "pixels/test_decoder_base.py::TestDecoder::test_properties",
        "pixels/test_decoder_pylibjpeg.py::TestLibJpegDecoder::test_jpg_extended_invalid_se_raises",
        "pixels/test_decoder_pillow.py::TestLibJpegDecoder::test_jpg_extended",
        "pixels/test_decoder_pillow.py::TestOpenJpegDecoder::test_j2k_lossless",
    ),
    "lossy JPEG has the values of libjpeg-turbo, which pydicom's tests ask of Pillow, not "
    "those of libjpeg": (
        "pixels/test_decoder_pylibjpeg.py::TestLibJpegDecoder::test_jpg_baseline",
    ),
    "pixels or tables that contradict what describes them are an `InvalidDicomError` from "
    "the start": (
        "test_numpy_pixel_data.py::TestNumpy_GetPixelData::test_ybr422_wrong_interpretation",
        "test_rle_pixel_data.py::TestNumpy_RLEHandler::test_pixel_array_1bit_raises",
    ),
    "palettes of any width are read, and the well-known ones are no files": (
        "pixels/test_processing.py::TestApplyColorLUT::test_palette_unavailable_raises",
        "pixels/test_processing.py::TestApplyColorLUT::test_invalid_bit_depth_raises",
    ),
}


def reason_of(name: str) -> str | None:
    """Return why a test fails that only reads, or `None` if nobody has said.

    Args:
        name: pytest's name of the test.
    """
    plain = name.removeprefix("tests/").split("[", maxsplit=1)[0]
    for reason, tests in REST.items():
        if plain in tests:
            return reason
    return None
