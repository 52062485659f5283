"""Why the tests that only read and still fail do so. `run.py` fails when one has no reason here."""

# Reason, and the tests by file and name.
REST: dict[str, tuple[str, ...]] = {
    "the file object that was read is neither kept alive nor read later; nothing is inflated "
    "into one": (
        "test_filereader.py::TestReader::test_deflate",
        "test_filereader.py::TestDeferredRead::test_named_buffer_deferred",
        "test_dataset.py::TestFileDataset::test_buffer",
    ),
    "a value that was read along with the header is there although its file is gone": (
        "test_filereader.py::TestDeferredRead::test_file_exists",
    ),
    "what is tolerated is in `Dataset.deviations`, not in warnings": (
        "test_filereader.py::TestReader::test_tag_with_unknown_length_tag_too_short",
        "test_filereader.py::TestReader::test_file_meta_dataset_implicit_vr",
        "test_dataset.py::TestDataset::test_invalid_private_creator",
    ),
    "a File-set shows what it is, not what would be written": (
        "test_fileset.py::TestFileSet::test_str_update_structure",
    ),
    "there are no raw elements in a data set": (
        "test_dataset.py::TestDataset::test_get_item_slice",
        "test_dataset.py::TestDataset::test_getitem_deferred",
    ),
    "Pixel Data that is set must be bytes": (
        "test_dataset.py::TestDataset::test_attribute_error_in_property",
    ),
    "native pixels are read as the file has them, whatever its File Meta Information was "
    "changed to": ("test_dataset.py::TestDataset::test_pixel_array_unknown_syntax",),
    "File Meta Information is removed by setting it to `None`": (
        "test_dataset.py::TestFileMeta::test_del_file_meta",
    ),
    "a name whose writer forgot an escape sequence keeps its characters; what is none is "
    "left as it is": (
        "test_charset.py::TestCharset::test_bad_decoded_multi_byte_encoding",
        "test_charset.py::TestCharset::test_missing_escape_for_single_byte_code_extensions",
    ),
    "what decodes is built in: there is nothing to take away, and no plugin that lacks something": (
        "test_rle_pixel_data.py::TestNumpy_RLEHandler::test_decompress_with_handler",
        "pixels/test_decoder_base.py::TestDecoder::test_properties",
        "pixels/test_decoder_pylibjpeg.py::test_is_available_unknown_uid",
        "pixels/test_decoder_pylibjpeg.py::TestLibJpegDecoder::test_jpg_extended_invalid_se_raises",
        "pixels/test_decoder_pillow.py::test_is_available_unknown_uid",
        "pixels/test_decoder_pillow.py::TestLibJpegDecoder::test_jpg_extended",
        "pixels/test_decoder_pillow.py::TestOpenJpegDecoder::test_j2k_lossless",
    ),
    "lossy JPEG has the values of libjpeg-turbo, which pydicom's tests ask of Pillow, not "
    "those of libjpeg": (
        "pixels/test_decoder_pylibjpeg.py::TestLibJpegDecoder::test_jpg_baseline",
    ),
    "a decoder's arrays are writable, and its bytes copies": (
        "pixels/test_decoder_base.py::TestDecoder_Array::test_native_view_only",
        "pixels/test_decoder_base.py::TestDecoder_Buffer::test_native_view_only",
        "pixels/test_decoder_base.py::TestDecoder_Buffer::test_iter_native_view_only",
    ),
    "native pixels are read without a Transfer Syntax UID, and bytes that are set are little "
    "endian": (
        "pixels/test_utils.py::TestPixelArray::test_dataset_unknown_tsyntax_raises",
        "pixels/test_utils.py::TestIterPixels::test_dataset_unknown_tsyntax_raises",
        "pixels/test_processing.py::TestApplyVOI::test_no_endianness_raises",
    ),
    "pixels or tables that contradict what describes them are an `InvalidDicomError` from "
    "the start": (
        "test_numpy_pixel_data.py::TestNumpy_GetPixelData::test_ybr422_wrong_interpretation",
        "test_rle_pixel_data.py::TestNumpy_RLEHandler::test_pixel_array_1bit_raises",
        "pixels/test_processing.py::TestModalityLUT::test_lut_sequence_zero_entries",
        "pixels/test_processing.py::TestApplyVOI::test_voi_zero_entries",
    ),
    "palettes of any width are read, and the well-known ones are no files": (
        "pixels/test_processing.py::TestApplyColorLUT::test_palette_unavailable_raises",
        "pixels/test_processing.py::TestApplyColorLUT::test_invalid_bit_depth_raises",
    ),
    "a value that is set is not checked": (
        "pixels/test_utils.py::TestPixelDtype::test_unknown_pixel_representation_raises",
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
