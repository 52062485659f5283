"""Why the tests that only read and still fail do so. `run.py` fails when one has no reason here."""

# Reason, and the tests by file and name.
REST: dict[str, tuple[str, ...]] = {
    "the file object that was read is neither kept alive nor read later; nothing is inflated into one": (
        "test_filereader.py::TestReader::test_deflate",
        "test_filereader.py::TestDeferredRead::test_named_buffer_deferred",
        "test_dataset.py::TestFileDataset::test_buffer",
        "test_dataset.py::TestFileDataset::test_deepcopy_buffer_open",
        "test_dataset.py::TestFileDataset::test_deepcopy_buffer_closed",
    ),
    "a value that was read along with the header is there although its file is gone": (
        "test_filereader.py::TestDeferredRead::test_file_exists",
    ),
    "what is tolerated is in `Dataset.deviations`, not in warnings": (
        "test_filereader.py::TestReader::test_tag_with_unknown_length_tag_too_short",
        "test_filereader.py::TestReader::test_file_meta_dataset_implicit_vr",
        "test_dataset.py::TestDataset::test_invalid_private_creator",
        "test_dataset.py::TestDataset::test_invalid_nr_frames_warns",
        "test_values.py::TestConvertText::test_single_value_with_unknown_encoding",
    ),
    "damaged fragments are kept as they are, and elements are parsed as a whole": (
        "test_rawread.py::TestRawReaderImplVR::testExplVRLittleEndianEncapsulatedUndefLengthAndItemLengthMIssing",
    ),
    "a File-set shows what it is, not what would be written": (
        "test_fileset.py::TestFileSet::test_str_update_structure",
    ),
    "there are no raw elements in a data set": (
        "test_dataset.py::TestDataset::test_get_item_slice",
        "test_dataset.py::TestDataset::test_getitem_deferred",
    ),
    "an invalid tag is a `ValueError` everywhere": ("test_dataset.py::TestDataset::test_get_raises",),
    "pixels are read when they are asked for, and then say what is wrong": (
        "test_dataset.py::TestDataset::test_attribute_error_in_property",
    ),
    "the file says how its pixels are written, not what its File Meta Information was changed to": (
        "test_dataset.py::TestDataset::test_pixel_array_unknown_syntax",
    ),
    "there is one class of data sets; `file_meta` is checked when it is set": (
        "test_dataset.py::TestFileMeta::test_assign_file_meta",
        "test_dataset.py::TestFileMeta::test_init_file_meta",
        "test_dataset.py::TestFileMeta::test_set_file_meta",
        "test_dataset.py::TestFileMeta::test_del_file_meta",
    ),
    "where an element comes from cannot be changed": (
        "test_dataelem.py::TestDataElement::test_name_unknown_private",
        "test_dataelem.py::TestDataElement::test_equality_class_members",
    ),
    "a value is never a file object, and bytes are never anything else": (
        "test_dataelem.py::TestBufferedDataElement::test_unsupported_vr_raises",
        "test_dataelem.py::TestRawDataElement::test_lut_descriptor_modifier_invalid",
    ),
    "a number that is none is its text": (
        "test_valuerep.py::TestBadValueRead::test_read_bad_value_in_VR_default",
    ),
    "the components of a name are made anew each time": ("test_valuerep.py::TestPersonName::test_copy",),
    "code extensions are reset where PS3.5 §6.1.2.5.3 says, and what is none of a file's is left as it is": (
        "test_valuerep.py::TestPersonName::test_unicode_jp_from_bytes_comp_delimiter",
        "test_charset.py::TestCharset::test_bad_decoded_multi_byte_encoding",
        "test_charset.py::TestCharset::test_missing_escape_for_single_byte_code_extensions",
    ),
    "the file says how its pixels are written, not what a data set was changed to": (
        "test_numpy_pixel_data.py::TestNumpy_NoNumpyHandler::test_pixel_array_raises",
        "test_numpy_pixel_data.py::TestNumpy_NumpyHandler::test_unsupported_syntax_raises",
        "pixels/test_processing.py::TestApplyVOI::test_no_endianness_raises",
    ),
    "a function of pydicom's own that looks into private parts of its data sets": (
        "test_numpy_pixel_data.py::TestNumpy_GetPixelData::test_unknown_pixel_representation_raises",
        "test_numpy_pixel_data.py::TestNumpy_GetPixelData::test_missing_padding_warns",
        "test_numpy_pixel_data.py::TestNumpy_GetPixelData::test_change_photometric_interpretation",
        "test_numpy_pixel_data.py::TestNumpy_GetPixelData::test_float_pixel_data",
        "test_numpy_pixel_data.py::TestNumpy_GetPixelData::test_double_float_pixel_data",
    ),
    "colours are turned into RGB unless `raw=True` is asked for; no older backend leaves them": (
        "test_numpy_pixel_data.py::TestNumpy_NumpyHandler::test_8bit_3sample_1frame_ybr422",
        "test_numpy_pixel_data.py::TestNumpy_GetPixelData::test_ybr422_excess_padding",
    ),
    "numbers are not checked when they are set": (
        "pixels/test_utils.py::TestPixelDtype::test_unknown_pixel_representation_raises",
    ),
    "the options of an image are read from its data set": (
        "pixels/test_utils.py::TestPixelArray::test_extended_offsets",
    ),
    "of bytes in words of the other order, a frame is as in the file": (
        "pixels/test_decoder_native.py::TestIterBuffer::test_reference_expb_binary",
    ),
    "arrays are in the byte order of the machine": (
        "test_handler_util.py::TestNumpy_DtypeCorrectedForEndianness::test_byte_swapping",
        "test_handler_util.py::TestNumpy_DtypeCorrectedForEndianness::test_no_endian_raises",
    ),
    "ICC profiles are not applied: Pillow's ImageCms does, with the profile of the data set": (
        "pixels/test_processing.py::TestApplyICCProfile::test_invalid_args_raises",
        "pixels/test_processing.py::TestApplyICCProfile::test_invalid_arr_raises",
        "pixels/test_processing.py::TestApplyICCProfile::test_invalid_intent_raises",
        "pixels/test_processing.py::TestApplyICCProfile::test_invalid_color_space_raises",
        "pixels/test_processing.py::TestApplyICCProfile::test_transform",
        "pixels/test_processing.py::TestCreateICCTransform::test_invalid_args_raises",
        "pixels/test_processing.py::TestCreateICCTransform::test_ds_no_profile_raises",
        "pixels/test_processing.py::TestCreateICCTransform::test_invalid_intent_raises",
        "pixels/test_processing.py::TestCreateICCTransform::test_invalid_color_space_raises",
        "pixels/test_processing.py::TestCreateICCTransform::test_transform",
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
