"""Details that programs for pydicom rely on, once their imports are changed."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from comparison import pydicom_file
from data_paths import CT_SMALL
from rapidicom import config, datadict
from rapidicom.dataset import validate_file_meta
from rapidicom.overlays import get_overlay_array
from rapidicom.pixels import get_decoder

pydicom = pytest.importorskip("pydicom")


class Named(rd.Dataset):
    """A class of a program, with an `__init__` of its own."""

    def __init__(self, name: str) -> None:
        super().__init__()
        object.__setattr__(self, "_name", name)
        self.PatientName = name


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda ds: pickle.loads(pickle.dumps(ds)), lambda ds: ds.copy()],
)
def test_a_class_with_an_init_of_its_own_is_copied(duplicate: Any) -> None:
    ds = Named("A^B")
    copied = duplicate(ds)
    assert type(copied) is Named
    assert (copied._name, copied.PatientName) == ("A^B", "A^B")


def test_a_class_with_an_init_of_its_own_is_sliced() -> None:
    ds = Named("A^B")
    ds.Rows = 3
    assert type(ds[0x00100010:0x00200000]) is Named
    assert ds[0x00100010:0x00200000].dir() == ds.group_dataset(0x10).dir() == ["PatientName"]
    assert ds.get_item(slice(0x00280000, None)).Rows == 3


def test_attributes_are_set_and_deleted_past_the_class() -> None:
    ds = rd.dcmread(CT_SMALL)
    object.__setattr__(ds, "_own", 3)
    assert ds._own == 3
    object.__delattr__(ds, "_own")
    assert not hasattr(ds, "_own")
    # Keywords are elements however they are set by the class.
    ds.__setattr__("PatientID", "x")
    assert ds["PatientID"].value == "x"
    ds.__delattr__("PatientID")
    assert "PatientID" not in ds


def test_an_element_takes_arguments_by_position_and_can_be_changed() -> None:
    for module in (rd.dataelem, pydicom.dataelem):
        element = module.DataElement(0x00100010, "PN", "A^B", 7, True, False)
        assert (element.file_tell, element.is_undefined_length) == (7, True)
        element.tag = module.Tag(0x00100020) if hasattr(module, "Tag") else 0x00100020
        element.file_tell, element.is_undefined_length = 9, False
        assert (element.tag, element.file_tell) == (0x00100020, 9)
        assert not element.is_undefined_length
        assert (element.keyword, copy.copy(element).tag) == ("PatientID", 0x00100020)
        private = module.DataElement(0x00111001, "LO", "x")
        private.private_creator = "Someone"
        assert private.private_creator == "Someone"


def test_a_changed_tag_of_a_read_element_keeps_the_value() -> None:
    ds = rd.dcmread(CT_SMALL)
    element = ds["PatientID"]
    element.tag = 0x00200010
    assert (element.keyword, element.value) == ("StudyID", rd.dcmread(CT_SMALL).PatientID)
    assert pickle.loads(pickle.dumps(element)).tag == 0x00200010


def test_dictionaries_are_pydicoms() -> None:
    theirs = {keyword: tag for keyword, tag in pydicom.datadict.keyword_dict.items() if keyword}
    assert dict(datadict.keyword_dict) == theirs
    assert datadict.keyword_dict["Rows"] == 0x00280010
    assert "Rows" in datadict.keyword_dict
    assert "rows" not in datadict.keyword_dict
    assert len(datadict.keyword_dict) == len(theirs)
    with pytest.raises(KeyError):
        datadict.keyword_dict["NoKeyword"]
    # A few patterns there name a block where a private creator is (`001910xx`), and no element.
    private = {
        creator: {tag: entry for tag, entry in entries.items() if tag[-2:] != "xx"}
        for creator, entries in pydicom.datadict.private_dictionaries.items()
    }
    # And one VR is misspelt.
    misspelt = private["TOSHIBA_MEC_OT3"]
    misspelt["7019xx80"] = ("OB or OW", *misspelt["7019xx80"][1:])
    assert dict(datadict.private_dictionaries) == {
        creator: entries for creator, entries in private.items() if entries
    }
    assert len(datadict.private_dictionaries) > 400


def test_file_meta_is_checked_and_completed() -> None:
    with pytest.raises(AttributeError, match=r"\(0002,0002\)"):
        validate_file_meta(rd.FileMetaDataset())
    meta, theirs = rd.dcmread(CT_SMALL).file_meta, pydicom.dcmread(CT_SMALL).file_meta
    for one in (meta, theirs):
        del one.ImplementationClassUID
    validate_file_meta(meta)
    pydicom.dataset.validate_file_meta(theirs)
    assert meta.ImplementationClassUID == theirs.ImplementationClassUID


def test_empty_values_are_pydicoms() -> None:
    for vr in ("AE", "CS", "DA", "DS", "FD", "IS", "LT", "OB", "PN", "SQ", "UI", "UN", "US"):
        for raw in (False, True):
            ours = rd.dataelem.empty_value_for_VR(vr, raw)
            assert ours == pydicom.dataelem.empty_value_for_VR(vr, raw), (vr, raw)


class _Handler:
    def __init__(self, *syntaxes: str) -> None:
        self._syntaxes = syntaxes

    def supports_transfer_syntax(self, syntax: str) -> bool:
        return syntax in self._syntaxes


@pytest.fixture
def handlers() -> Any:
    before = config.pixel_data_handlers
    yield
    config.pixel_data_handlers = before


@pytest.mark.usefixtures("handlers")
def test_handlers_that_a_program_sets_are_asked() -> None:
    ds = rd.dcmread(CT_SMALL)
    ds.pixel_array_options(use_v2_backend=True)
    assert ds.pixel_array.shape == (128, 128)
    config.pixel_data_handlers = [_Handler("1.2.840.10008.1.2.5")]
    with pytest.raises(NotImplementedError, match="there are no pixel data handlers"):
        ds.pixel_array  # noqa: B018  # it raises
    assert rd.dcmread(CT_SMALL).pixel_array.shape == (128, 128)
    config.pixel_data_handlers = [_Handler("1.2.840.10008.1.2.1")]
    assert ds.pixel_array.shape == (128, 128)


@pytest.mark.parametrize(
    ("name", "error"), [("zip", ValueError), ("numpy", NotImplementedError), ("rle", None)]
)
def test_older_readers_are_known_by_name(name: str, error: type[Exception] | None) -> None:
    ds = rd.dcmread(pydicom_file("MR_small_RLE.dcm"))
    if error is None:
        ds.decompress(handler_name=name)
        assert not ds.file_meta.TransferSyntaxUID.is_compressed
    else:
        with pytest.raises(error):
            ds.decompress(handler_name=name)


def test_segments_of_rle_in_the_wrong_order() -> None:
    decoder = get_decoder("1.2.840.10008.1.2.5")
    path = pydicom_file("MR_small_RLE.dcm")
    theirs = pydicom.pixels.get_decoder("1.2.840.10008.1.2.5")
    ds = rd.dcmread(path)
    expected, _ = theirs.as_array(
        pydicom.dcmread(path), rle_segment_order="<", decoding_plugin="pydicom"
    )
    for array in (
        decoder.as_array(ds, rle_segment_order="<")[0],
        next(decoder.iter_array(ds, rle_segment_order="<"))[0],
    ):
        assert np.array_equal(array, expected)
    data, _ = decoder.as_buffer(ds, rle_segment_order="<")
    assert data == expected.astype("<i2").tobytes()


def test_bytes_of_a_codestream_are_as_many_as_its_bits_need() -> None:
    decoder = get_decoder("1.2.840.10008.1.2.4.81")
    ds = rd.dcmread(pydicom_file("JPEGLSNearLossless_08.dcm"))
    data, described = decoder.as_buffer(ds, bits_allocated=16)
    assert len(data) == ds.Rows * ds.Columns
    assert (described["bits_allocated"], described["bits_stored"]) == (8, 8)


def test_an_overlay_without_its_padding_warns() -> None:
    ds = rd.Dataset()
    for element, vr, value in (
        (0x0010, "US", 15), (0x0011, "US", 14), (0x0040, "CS", "G"), (0x0050, "SS", [1, 1]),
        (0x0100, "US", 1), (0x0102, "US", 0), (0x3000, "OB", bytes(27)),
    ):  # fmt: skip
        ds.add_new((0x6000, element), vr, value)
    with pytest.warns(UserWarning, match="misses a padding byte"):
        get_overlay_array(ds, 0x6000)


def test_a_deep_copy_has_a_file_object_of_its_own() -> None:
    file = io.BytesIO(CT_SMALL.read_bytes())
    ds = rd.dcmread(file)
    copied = copy.deepcopy(ds)
    assert copied.buffer is not file
    assert copied.buffer.getvalue() == file.getvalue()
    file.close()
    with pytest.warns(UserWarning, match="buffer-like"):
        assert copy.deepcopy(ds).buffer is None


def test_arguments_have_pydicoms_names() -> None:
    values, ds = np.arange(4), rd.dcmread(CT_SMALL)
    assert np.array_equal(
        rd.apply_modality_lut(arr=values, ds=ds), rd.apply_modality_lut(values, ds)
    )
    assert np.array_equal(rd.apply_voi_lut(values, ds, 0, False), values)
    other = rd.Dataset()
    other.update(d={"Rows": 3})
    assert other.Rows == 3
