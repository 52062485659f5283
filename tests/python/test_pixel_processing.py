"""What pydicom's modules of pixels offer besides decoding gives what it gives there."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import file_bytes, image
from rapidicom import pixel_data_handlers, uid
from rapidicom.pixel_data_handlers import util
from rapidicom.pixels import common, native, processing, utils

pydicom = pytest.importorskip("pydicom", reason="results are compared with pydicom's")

import pydicom.pixels.common as their_common  # noqa: E402
import pydicom.pixels.processing as theirs  # noqa: E402
import pydicom.pixels.utils as their_utils  # noqa: E402

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def with_table(kind: Any, name: str, descriptor: list[int], data: list[int]) -> Any:
    """Make a data set of ours or pydicom's that has a LUT in a sequence."""
    item = kind()
    item.LUTDescriptor = descriptor
    item.LUTData = data
    item["LUTData"].VR = "US"
    ds = kind()
    setattr(ds, name, [item])
    return ds


@pytest.mark.parametrize(
    ("descriptor", "data"),
    [
        ([256, 0, 10], [4 * each for each in range(256)]),
        ([4096, 0, 16], [16 * each for each in range(4096)]),
    ],
)
@pytest.mark.parametrize("values", [RAMP, RAMP[3:9] - 20, RAMP.astype(np.int16) - 100])
def test_presentation_lut_is_applied_as_in_pydicom(
    values: np.ndarray, descriptor: list[int], data: list[int]
) -> None:
    name = "PresentationLUTSequence"
    found = processing.apply_presentation_lut(
        values, with_table(rd.Dataset, name, descriptor, data)
    )
    expected = theirs.apply_presentation_lut(
        values, with_table(pydicom.Dataset, name, descriptor, data)
    )
    assert found.dtype == expected.dtype
    # pydicom scales in single precision, and can be one entry below.
    assert np.abs(found.astype(int) - expected).max() <= data[1]
    assert (found.min(), found.max()) == (data[0], data[-1])


def test_presentation_lut_of_one_value_is_its_first_entry() -> None:
    ds = with_table(rd.Dataset, "PresentationLUTSequence", [4, 0, 16], [7, 8, 9, 10])
    assert processing.apply_presentation_lut(np.full((2, 2), 5, np.uint8), ds).tolist() == [
        [7, 7],
        [7, 7],
    ]


def test_presentation_lut_shape_turns_values_round() -> None:
    assert processing.apply_presentation_lut(RAMP, rd.Dataset()) is RAMP
    ds = rd.Dataset({"PresentationLUTShape": "INVERSE"})
    assert np.array_equal(processing.apply_presentation_lut(RAMP, ds), 255 - RAMP)
    ds.PresentationLUTShape = "SECRET"
    with pytest.raises(NotImplementedError) as caught:
        processing.apply_presentation_lut(RAMP, ds)
    assert "SECRET" not in str(caught.value)


def test_voi_lut_alone_is_applied_as_in_pydicom() -> None:
    name, descriptor, data = "VOILUTSequence", [4, 10, 12], [5, 6, 7, 4095]
    ours = with_table(rd.Dataset, name, descriptor, data)
    expected = theirs.apply_voi(RAMP, with_table(pydicom.Dataset, name, descriptor, data))
    assert np.array_equal(processing.apply_voi(RAMP, ours), expected)
    assert processing.apply_voi(RAMP, rd.Dataset()) is RAMP
    with pytest.warns(UserWarning, match="fractions"):
        assert np.array_equal(processing.apply_voi(RAMP + 0.5, ours), expected)


def test_colour_profile_is_applied_as_in_pydicom() -> None:
    cms = pytest.importorskip("PIL.ImageCms", reason="Pillow applies colour profiles")
    profile = cms.ImageCmsProfile(cms.createProfile("sRGB")).tobytes()
    colours = np.random.default_rng(5).integers(0, 256, (2, 5, 4, 3), np.uint8)
    for color_space in ("sRGB", "XYZ"):
        ours, other = rd.Dataset(), pydicom.Dataset()
        ours.ICCProfile = other.ICCProfile = profile
        found = colours.copy()
        try:
            expected = theirs.apply_icc_profile(colours.copy(), other, color_space=color_space)
        except cms.PyCMSError:
            with pytest.raises(cms.PyCMSError):
                processing.apply_icc_profile(found, ours, color_space=color_space)
            continue
        assert processing.apply_icc_profile(found, ours, color_space=color_space) is found
        assert np.array_equal(found, expected)
        transform = processing.create_icc_transform(icc_profile=profile, intent=1)
        assert processing.apply_icc_profile(colours[0].copy(), transform=transform).shape == (
            5,
            4,
            3,
        )


def test_missing_colour_profile_is_an_error() -> None:
    ds, colours = rd.Dataset(), np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(ValueError, match="ICC Profile"):
        processing.apply_icc_profile(colours, ds)
    ds.ICCProfile = b"profile"
    ds.ColorSpace = "SECRET"
    with pytest.raises(ValueError, match="color space") as caught:
        processing.apply_icc_profile(colours, ds)
    assert "SECRET" not in str(caught.value)
    for changes in ({"intent": 4, "color_space": "sRGB"}, {"transform": object()}):
        with pytest.raises(ValueError, match=r"intent|not both"):
            processing.apply_icc_profile(colours, ds, **changes)
    with pytest.raises(ValueError, match="shape"):
        processing.apply_icc_profile(colours[0], ds)
    with pytest.raises(ValueError, match="not both"):
        processing.create_icc_transform(ds, b"profile")


def test_colours_of_other_types_are_not_converted() -> None:
    with pytest.raises(ValueError, match="uint16"):
        processing.convert_color_space(np.zeros((2, 2, 3), np.uint16), "RGB", "YBR_FULL")


def test_palette_that_is_cut_short_is_not_read_as_bytes() -> None:
    ds = rd.Dataset()
    for colour in ("Red", "Green", "Blue"):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(ds, f"{colour}PaletteColorLookupTableData", bytes(510))
    with pytest.raises(rd.InvalidDicomError, match="255, 255, 255 entries"):
        rd.apply_color_lut(RAMP, ds)
    for colour in ("Red", "Green", "Blue"):
        setattr(ds, f"{colour}PaletteColorLookupTableData", bytes(range(256)))
    assert rd.apply_color_lut(RAMP, ds)[15, 15].tolist() == [255, 255, 255]


@pytest.mark.parametrize("ssiz", [0x07, 0x0F, 0x87, 0x8B])
@pytest.mark.parametrize("before", [b"", b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x09ftyp!\0\0\0\0jp2c"])
def test_jpeg_2000_parameters_are_those_pydicom_reads(ssiz: int, before: bytes) -> None:
    codestream = before + b"\xff\x4f\xff\x51" + bytes(38) + bytes([ssiz])
    assert utils.get_j2k_parameters(codestream) == their_utils.get_j2k_parameters(codestream) != {}
    for damaged in (codestream[:-1], codestream.replace(b"\xff\x51", b"\xff\x52"), before[:-4]):
        assert utils.get_j2k_parameters(damaged) == {}


@pytest.mark.parametrize("count", [0, None])
def test_no_number_of_frames_is_one_with_a_warning(count: int | None) -> None:
    ds = rd.Dataset()
    assert native.get_nr_frames(ds) == 1
    ds.NumberOfFrames = count
    with pytest.warns(UserWarning, match="1 is assumed"):
        assert native.get_nr_frames(ds) == 1


def test_type_of_samples_follows_the_transfer_syntax_that_is_set() -> None:
    ds = rd.Dataset({"BitsAllocated": 16, "PixelRepresentation": 1})
    with pytest.raises(AttributeError, match="byte order"):
        native.pixel_dtype(ds)
    ds.file_meta = rd.FileMetaDataset({"TransferSyntaxUID": uid.ExplicitVRBigEndian})
    assert native.pixel_dtype(ds) == np.dtype(">i2")
    ds.BitsAllocated = 12
    with pytest.raises(ValueError, match="12"):
        native.pixel_dtype(ds)
    ds.BitsAllocated = 24
    with pytest.raises(NotImplementedError):
        native.pixel_dtype(ds)


@pytest.mark.parametrize(
    "syntax", [uid.JPEGBaseline8Bit, uid.RLELossless, uid.ExplicitVRLittleEndian]
)
def test_order_of_decoded_samples_is_that_of_the_codec(syntax: str) -> None:
    attributes = {"Rows": 2, "Columns": 2, "SamplesPerPixel": 3, "PlanarConfiguration": 1}
    results = []
    for kind, module in ((rd.Dataset, utils), (pydicom.Dataset, their_utils)):
        ds = kind()
        ds.update(attributes)
        ds.ensure_file_meta()
        ds.file_meta.TransferSyntaxUID = syntax
        results.append(module.reshape_pixel_array(ds, np.arange(12)))
    assert np.array_equal(*results)


def test_options_are_those_of_pydicom() -> None:
    data = file_bytes(image(RAMP.astype(np.uint16)))
    ours, other = rd.dcmread(data), pydicom.dcmread(io.BytesIO(data))
    assert utils.as_pixel_options(ours, rows=5) == their_utils.as_pixel_options(other, rows=5)
    ours.ExtendedOffsetTable = ours.ExtendedOffsetTableLengths = bytes(8)
    assert utils.as_pixel_options(ours)["extended_offsets"] == (bytes(8), bytes(8))


def test_names_are_where_pydicom_has_them() -> None:
    assert set(common.PhotometricInterpretation) == set(their_common.PhotometricInterpretation)
    assert pixel_data_handlers.apply_voi_lut is util.apply_voi_lut is rd.apply_voi_lut
    for refuse in (rd.pixels.compress, utils.set_pixel_data):
        with pytest.raises(NotImplementedError, match=r"to_pydicom\(\)"):
            refuse()
