"""Decoders by Transfer Syntax, options of `pixel_array` and decompressing do what pydicom's do."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import PIXEL_DATA, Element, Fragments, Layout, deflated, file_bytes, image
from comparison import pydicom_file
from rapidicom import uid
from rapidicom.pixels import decompress, get_decoder
from rapidicom.pixels.decoders import Decoder
from rapidicom.transfer_syntaxes import TransferSyntax

pydicom = pytest.importorskip("pydicom", reason="pixels are compared with pydicom's")

from pydicom.pixels import get_decoder as their_decoder  # noqa: E402
from pydicom.pixels.utils import as_pixel_options as their_options  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

# Native, big endian, single bits, colour by plane, RLE with several frames and with colours, JPEG,
# JPEG 2000.
NAMES = [
    "CT_small.dcm",
    "MR_small_expb.dcm",
    "liver_1frame.dcm",
    "SC_rgb_small_odd.dcm",
    "examples_rgb_color.dcm",
    "SC_rgb_rle_2frame.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
    "MR_small_RLE.dcm",
    "rtdose_rle.dcm",
    "SC_rgb_rle.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_small_odd_jpeg.dcm",
    "JPEG2000.dcm",
    "GDCMJ2K_TextGBR.dcm",
]


def both(name: str) -> tuple[rd.Dataset, Any]:
    """Read a file of pydicom's with both."""
    path = pydicom_file(name)
    return rd.dcmread(path), pydicom.dcmread(path)


def assert_close(found: np.ndarray, expected: np.ndarray, name: str) -> None:
    """Compare arrays; decoders of JPEG may round differently."""
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    difference = np.abs(found.astype(np.int64) - expected.astype(np.int64)).max()
    assert difference <= (2 if "jpeg" in name.lower() else 1 if "ybr" in name else 0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("raw", [False, True])
def test_arrays_and_what_describes_them_are_those_of_pydicom(name: str, raw: bool) -> None:
    ours, theirs = both(name)
    syntax = theirs.file_meta.TransferSyntaxUID
    expected, described = their_decoder(syntax).as_array(theirs, raw=raw)
    decoder = get_decoder(syntax)
    found, found_described = decoder.as_array(ours, raw=raw)
    assert_close(found, expected, name)
    assert found_described == described
    assert found.flags.writeable
    frames = list(decoder.iter_array(ours, raw=raw))
    for (frame, frame_described), (expected, described) in zip(
        frames, their_decoder(syntax).iter_array(theirs, raw=raw), strict=True
    ):
        assert_close(frame, expected, name)
        assert frame_described == described


@pytest.mark.parametrize("name", [name for name in NAMES if "jpeg" not in name.lower()])
def test_bytes_are_those_of_pydicom(name: str) -> None:
    ours, theirs = both(name)
    syntax = theirs.file_meta.TransferSyntaxUID
    expected, described = their_decoder(syntax).as_buffer(theirs)
    assert get_decoder(syntax).as_buffer(ours) == (bytes(expected), described)
    for found, (expected, described) in zip(
        get_decoder(syntax).iter_buffer(ours),
        their_decoder(syntax).iter_buffer(theirs),
        strict=True,
    ):
        assert found == (bytes(expected), described)


def test_bytes_of_colours_by_plane_stay_by_plane() -> None:
    pixels = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
    data = file_bytes(image(pixels, layout=Layout(samples=3, planar_configuration=1)))
    theirs = pydicom.dcmread(io.BytesIO(data))
    expected, described = their_decoder(uid.ExplicitVRLittleEndian).as_buffer(theirs)
    found = get_decoder(uid.ExplicitVRLittleEndian).as_buffer(rd.dcmread(data))
    assert found == (bytes(expected), described)
    assert described["planar_configuration"] == 1
    assert np.array_equal(
        get_decoder(uid.ExplicitVRLittleEndian).as_array(rd.dcmread(data))[0], pixels
    )


@pytest.mark.parametrize("name", NAMES)
def test_values_are_decoded_with_options_instead_of_a_data_set(name: str) -> None:
    ours, theirs = both(name)
    syntax = theirs.file_meta.TransferSyntaxUID
    options = their_options(theirs) | {"pixel_vr": theirs["PixelData"].VR}
    expected = get_decoder(syntax).as_array(ours, raw=True)
    for source in (theirs.PixelData, memoryview(theirs.PixelData)):
        found = get_decoder(syntax).as_array(source, raw=True, **options)
        assert np.array_equal(found[0], expected[0])
        assert found[1] == expected[1]
    with pydicom_file(name).open("rb") as file:
        start = theirs["PixelData"].file_tell
        file.seek(start)
        assert np.array_equal(
            get_decoder(syntax).as_array(file, raw=True, **options)[0], expected[0]
        )
        assert file.tell() == start


def test_colours_are_turned_as_asked() -> None:
    ours, theirs = both("SC_ybr_full_422_uncompressed.dcm")
    syntax = theirs.file_meta.TransferSyntaxUID
    for options in ({"as_rgb": False}, {"force_rgb": True}, {"force_ybr": True}):
        expected, described = their_decoder(syntax).as_array(theirs, **options)
        found, found_described = get_decoder(syntax).as_array(ours, **options)
        assert_close(found, expected, "ybr")
        assert found_described == described
        assert np.array_equal(rd.pixel_array(ours, **options), found)
        assert np.array_equal(next(rd.iter_pixels(ours, **options)), found)
        ours.pixel_array_options(**options)
        assert np.array_equal(ours.pixel_array, found)
    with pytest.raises(ValueError, match="cannot both"):
        get_decoder(syntax).as_array(ours, force_rgb=True, force_ybr=True)


def test_frames_beyond_their_number_are_left_out_if_asked() -> None:
    pixels = np.arange(60, dtype=np.uint16).reshape(5, 3, 4)
    ds = rd.dcmread(file_bytes(image(pixels)))
    ds.NumberOfFrames = 2
    decoder = get_decoder(uid.ExplicitVRLittleEndian)
    array, described = decoder.as_array(ds, allow_excess_frames=False)
    assert np.array_equal(array, pixels[:2])
    assert described["number_of_frames"] == 2
    assert len(list(decoder.iter_array(ds, allow_excess_frames=False))) == 2
    assert decoder.as_buffer(ds, allow_excess_frames=False)[0] == pixels[:2].tobytes()
    assert decoder.as_array(ds)[1]["number_of_frames"] == 5


def test_bits_above_those_stored_stay_if_asked() -> None:
    pixels = np.array([[0xF001, 0x0002]], dtype=np.uint16)
    ds = rd.dcmread(file_bytes(image(pixels, layout=Layout(bits_stored=12))))
    decoder = get_decoder(uid.ExplicitVRLittleEndian)
    assert decoder.as_array(ds)[0].tolist() == [[1, 2]]
    assert decoder.as_array(ds, correct_unused_bits=False)[0].tolist() == [[0xF001, 2]]


@pytest.mark.parametrize(
    ("declared", "name", "coded"),
    [
        ("YBR_FULL_422", "SC_rgb_small_odd_jpeg.dcm", "YBR_FULL_422"),
        ("RGB", "SC_rgb_small_odd_jpeg.dcm", "YBR_FULL_422"),
    ],
)
@pytest.mark.filterwarnings("default::UserWarning")
def test_colour_space_in_the_jpeg_overrides_the_header(
    declared: str, name: str, coded: str
) -> None:
    ours, theirs = both(name)
    ours.PhotometricInterpretation = theirs.PhotometricInterpretation = declared
    syntax = theirs.file_meta.TransferSyntaxUID
    expected, described = their_decoder(syntax).as_array(theirs, raw=True)
    if declared != coded:
        with pytest.warns(UserWarning, match=coded):
            found, found_described = get_decoder(syntax).as_array(ours, raw=True)
    else:
        found, found_described = get_decoder(syntax).as_array(ours, raw=True)
    assert_close(found, expected, name)
    assert found_described == described
    assert described["photometric_interpretation"] == coded


def test_what_cannot_be_decoded_is_refused() -> None:
    with pytest.raises(NotImplementedError):
        get_decoder(uid.MPEG2MPML)
    with pytest.raises(NotImplementedError):
        get_decoder("1.2.3.4")
    ours, _ = both("CT_small.dcm")
    decoder = get_decoder(uid.ExplicitVRLittleEndian)
    assert isinstance(decoder, Decoder)
    assert (decoder.UID, decoder.is_native) == (uid.ExplicitVRLittleEndian, True)
    with pytest.raises(ValueError, match="another Transfer Syntax"):
        get_decoder(uid.RLELossless).as_array(ours)
    with pytest.raises(ValueError, match="index"):
        decoder.as_array(ours, index=-1)
    for read in (decoder.as_array, decoder.as_buffer):
        with pytest.raises(ValueError, match="index 1"):
            read(ours, index=1)
    with pytest.raises(TypeError, match="unknown option as_gray"):
        rd.pixel_array(ours, as_gray=True)
    with pytest.raises(TypeError, match="reduce"):
        rd.pixel_array(ours, reduce=1, as_rgb=False)
    with pytest.raises(TypeError, match="not int"):
        decoder.as_array(5)
    for ask in (
        lambda: rd.pixel_array(pydicom_file("MR_small_RLE.dcm"), byteorder="<"),
        lambda: decoder.add_plugin("a", ("b", "c")),
    ):
        with pytest.raises(NotImplementedError, match=r"to_pydicom\(\)"):
            ask()


@pytest.mark.parametrize(
    "name", ["MR_small_RLE.dcm", "CT_small.dcm", "693_J2KI.dcm", "ExplVR_BigEnd.dcm"]
)
def test_headers_come_along_with_pixels(name: str) -> None:
    """The last two have retired elements: group lengths and Image Dimensions."""
    path = pydicom_file(name)
    ours, theirs = rd.Dataset(), pydicom.Dataset()
    rd.pixel_array(
        path, ds_out=ours, specific_tags=["PatientName", 0x00080016], decoding_plugin="pydicom"
    )
    pydicom.pixels.pixel_array(path, ds_out=theirs, specific_tags=[0x00100010, 0x00080016])
    assert ours.tags() == [int(element.tag) for element in theirs]
    assert ours.file_meta.TransferSyntaxUID == theirs.file_meta.TransferSyntaxUID
    iterated = rd.Dataset()
    next(rd.iter_pixels(path, ds_out=iterated))
    charset = {0x00080005} & set(ours.tags())
    assert iterated.tags() == [*charset, *ours.group_dataset(0x0028).tags()]


@pytest.mark.parametrize("row", rd.transfer_syntaxes(), ids=lambda row: row.uid)
def test_every_transfer_syntax_that_is_decoded_has_its_decoder(row: TransferSyntax) -> None:
    """Those too that the registry of UIDs, which is pydicom's, does not have yet."""
    syntax = uid.UID(row.uid)
    assert (syntax.is_transfer_syntax, syntax.type) == (True, "Transfer Syntax")
    assert syntax.is_little_endian == (row.byte_order == "little")
    assert syntax.name != row.uid
    if row.decoder is not None:
        # pydicom takes Papyrus 3, which nobody writes, for encapsulated.
        assert get_decoder(row.uid).is_encapsulated == (
            row.is_encapsulated or "Papyrus" in row.name
        )


def test_frames_of_a_new_transfer_syntax_are_decoded_with_options() -> None:
    stored = np.arange(35, dtype=np.uint8).reshape(5, 7)
    fragments = Fragments([deflated(stored.tobytes())])
    extra = [Element(PIXEL_DATA, "OB", fragments)]
    content = file_bytes(image(stored, extra=extra), transfer_syntax="1.2.840.10008.1.2.8.1")
    np.testing.assert_array_equal(rd.pixel_array(content), stored)
    np.testing.assert_array_equal(rd.pixel_array(content, as_rgb=False), stored)


def test_option_that_changes_nothing_is_taken() -> None:
    """What of other Transfer Syntaxes is decoded differently."""
    ours, theirs = both("MR_small_RLE.dcm")
    options = {"apply_jls_sign_correction": False, "apply_j2k_sign_correction": False}
    np.testing.assert_array_equal(
        rd.pixel_array(ours, **options), pydicom.pixels.pixel_array(theirs, **options)
    )
    for name, option in (
        ("693_J2KI.dcm", {"apply_j2k_sign_correction": False}),
        ("JPEGLSNearLossless_16.dcm", {"apply_jls_sign_correction": False}),
        ("MR_small_RLE.dcm", {"byteorder": "<"}),
    ):
        with pytest.raises(NotImplementedError, match=next(iter(option))):
            rd.pixel_array(pydicom_file(name), **option)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "RLE" in name or "rle" in name or "jpeg" in name.lower()]
)
@pytest.mark.parametrize("as_rgb", [True, False])
def test_decompressing_does_what_it_does_in_pydicom(name: str, as_rgb: bool) -> None:
    ours, theirs = both(name)
    before = rd.pixel_array(ours, raw=not as_rgb)
    ours.decompress(as_rgb=as_rgb)
    theirs.decompress(as_rgb=as_rgb)
    assert ours["PixelData"].VR == theirs["PixelData"].VR
    assert len(ours.PixelData) == len(theirs.PixelData)
    assert not ours["PixelData"].is_undefined_length
    for keyword in (
        "PhotometricInterpretation",
        "PlanarConfiguration",
        "NumberOfFrames",
        "SamplesPerPixel",
    ):
        assert ours.get(keyword) == theirs.get(keyword)
    assert ours.file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian
    assert (
        ours.SOPInstanceUID
        == ours.file_meta.MediaStorageSOPInstanceUID
        != both(name)[0].SOPInstanceUID
    )
    assert np.array_equal(rd.pixel_array(ours, raw=not as_rgb), before)
    written = io.BytesIO()
    ours.to_pydicom().save_as(written)
    assert np.array_equal(rd.pixel_array(written.getvalue(), raw=not as_rgb), before)


def test_decompressing_wants_compressed_pixels() -> None:
    native, _ = both("CT_small.dcm")
    with pytest.raises(ValueError, match="native already"):
        decompress(native)
    instance = native.SOPInstanceUID
    compressed, _ = both("MR_small_RLE.dcm")
    compressed.decompress(generate_instance_uid=False)
    assert compressed.SOPInstanceUID == both("MR_small_RLE.dcm")[0].SOPInstanceUID != instance
    del native.file_meta
    with pytest.raises(AttributeError, match="Transfer Syntax UID"):
        decompress(native)
    del native.PixelData
    with pytest.raises(AttributeError, match="Pixel Data"):
        decompress(native)


def test_file_meta_that_was_deleted_is_gone() -> None:
    ds, _ = both("CT_small.dcm")
    del ds.file_meta
    assert not hasattr(ds, "file_meta")
    assert rd.pixel_array(ds).shape == (128, 128)
    ds.ensure_file_meta()
    assert len(ds.file_meta) == 0
