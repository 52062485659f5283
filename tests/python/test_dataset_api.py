"""Data sets that are made in memory do what pydicom's do when the same is done to them."""

from __future__ import annotations

import base64
import copy
import io
import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import Element, file_bytes
from rapidicom.dataelem import DataElement
from rapidicom.dataset import FileDataset, FileMetaDataset
from rapidicom.sequence import Sequence
from rapidicom.tag import BaseTag

pydicom = pytest.importorskip("pydicom", reason="data sets are compared with pydicom's")

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

OURS, THEIRS = rd.Dataset, pydicom.Dataset


def filled(kind: Any) -> Any:
    """Make a data set with text, numbers, bytes, private elements and nested sequences."""
    dataset = kind()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.SOPInstanceUID = "1.2.3"
    dataset.StudyDate = "20200102"
    dataset.AccessionNumber = ""
    dataset.Modality = "CT"
    dataset.PatientName = "Doe^Jane=山田"
    dataset.PatientID = "4711"
    dataset.PatientWeight = "70.50"
    dataset.OtherPatientNames = "A^B\\C^D"
    dataset.SliceThickness = None
    dataset.PixelSpacing = ["0.50", "0.5"]
    dataset.ImagePositionPatient = [1.5, -2, "3e1"]
    dataset.InstanceNumber = "007"
    dataset.FrameIncrementPointer = 0x00181063
    dataset.Rows = 4
    dataset.LossyImageCompressionRatio = [str(number) for number in range(20)]
    dataset.TextValue = "short"
    dataset.PixelData = bytes(range(32))
    inner = kind()
    inner.CodeValue = "T-1"
    inner.CodeMeaning = "Something"
    outer = kind()
    outer.PurposeOfReferenceCodeSequence = [inner]
    outer.ReferencedSOPInstanceUID = "1.2.4"
    dataset.ReferencedImageSequence = [outer, kind()]
    dataset.ReferencedStudySequence = []
    block = dataset.private_block(0x0009, "GEMS_IDEN_01", create=True)
    block.add_new(0x01, "LO", "private")
    dataset.private_block(0x0041, "NOBODY", create=True).add_new(0x20, "DS", "1.5\\2")
    dataset.add_new(0x60003000, "OW", bytes(100))
    dataset.add_new(0x00100000, "UL", 12)
    return dataset


@pytest.fixture
def ours() -> rd.Dataset:
    dataset = filled(OURS)
    assert isinstance(dataset, rd.Dataset)
    return dataset


@pytest.fixture
def theirs() -> Any:
    return filled(THEIRS)


def outcome(action: Callable[[Any], Any], dataset: Any) -> Any:
    """Return an action's result in a form both libraries share, or the class of its exception."""
    try:
        return plain(action(dataset))
    except Exception as error:
        return type(error).__name__


def plain(value: Any) -> Any:
    """Turn what either library gives into what can be compared."""
    if isinstance(value, (OURS, THEIRS)):
        return str(value)
    if isinstance(value, (DataElement, pydicom.DataElement)):
        return (
            int(value.tag),
            value.VR,
            repr(value.value),
            value.VM,
            value.name,
            value.private_creator,
        )
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if type(value) in (list, tuple):
        return [plain(each) for each in value]
    if isinstance(value, (str, bytes, int, float, bool, type(None))):
        return (str(value), repr(value))
    return type(value).__name__, repr(value)


READS: dict[str, Callable[[Any], Any]] = {
    "attribute": lambda ds: ds.PatientName,
    "attribute-absent": lambda ds: ds.Manufacturer,
    "attribute-unknown": lambda ds: ds.NoSuchKeyword,
    "attribute-none": lambda ds: ds.SliceThickness,
    "attribute-empty-text": lambda ds: ds.AccessionNumber,
    "attribute-several": lambda ds: ds.PixelSpacing,
    "attribute-nested": lambda ds: (
        ds.ReferencedImageSequence[0].PurposeOfReferenceCodeSequence[0].CodeValue
    ),
    "getattr-default": lambda ds: getattr(ds, "Manufacturer", "none"),
    "hasattr": lambda ds: [
        hasattr(ds, "Modality"),
        hasattr(ds, "Manufacturer"),
        hasattr(ds, "file_meta"),
    ],
    "item-keyword": lambda ds: ds["PatientName"],
    "item-number": lambda ds: ds[0x00100020],
    "item-pair": lambda ds: ds[0x0010, 0x0020],
    "item-digits": lambda ds: ds["00100020"],
    "item-absent": lambda ds: ds[0x00080070],
    "item-unknown": lambda ds: ds["NoSuchKeyword"],
    "item-none": lambda ds: ds[None],
    "item-too-large": lambda ds: ds[0x1_0000_0000],
    "item-of-element": lambda ds: ds["PixelSpacing"][0],
    "item-of-element-without-parts": lambda ds: ds["Rows"][0],
    "get-keyword": lambda ds: [
        ds.get("Modality"),
        ds.get("Manufacturer"),
        ds.get("Manufacturer", 5),
    ],
    "get-tag": lambda ds: [ds.get(0x00080060), ds.get((0x0008, 0x0070)), ds.get(0x00080070, 5)],
    "get-unknown": lambda ds: ds.get("NoSuchKeyword", "none"),
    "get-item": lambda ds: [ds.get_item(0x00100010), ds.get_item("Manufacturer")],
    "in": lambda ds: [
        key in ds for key in ["Modality", "Manufacturer", 0x00100010, (0x10, 0x10), "NoSuch"]
    ],
    "len": lambda ds: len(ds),
    "keys": lambda ds: sorted(int(tag) for tag in ds.keys()),  # noqa: SIM118
    "values": lambda ds: sorted(int(element.tag) for element in ds.values()),
    "items": lambda ds: sorted((int(tag), element.VR) for tag, element in ds.items()),
    "iteration": lambda ds: list(ds),
    "elements": lambda ds: list(ds.elements()),
    "iterall": lambda ds: [str(element) for element in ds.iterall()],
    "dir": lambda ds: ds.dir(),
    "dir-filtered": lambda ds: ds.dir("patient", "SPACING"),
    "dir-no-match": lambda ds: ds.dir("nosuch"),
    "dir-builtin": lambda ds: [name in dir(ds) for name in ["PatientName", "Manufacturer", "walk"]],
    "slice": lambda ds: ds[0x00100000:0x00110000],
    "slice-pairs": lambda ds: ds[(0x0008, 0) : (0x0010, 0x0020)],
    "slice-keywords": lambda ds: ds["StudyDate":"PatientID"],
    "slice-open": lambda ds: [len(ds[:]), len(ds[0x00280000:]), len(ds[:0x00280000])],
    "slice-step": lambda ds: ds[::3],
    "slice-empty": lambda ds: ds[0x00110000:0x00120000],
    "get-item-slice": lambda ds: ds.get_item(slice(0x00280000, 0x00290000)),
    "group-dataset": lambda ds: ds.group_dataset(0x0028),
    "data-element": lambda ds: [ds.data_element("Modality"), ds.data_element("NoSuchKeyword")],
    "data-element-absent": lambda ds: ds.data_element("Manufacturer"),
    "private-creators": lambda ds: [ds.private_creators(0x0009), ds.private_creators(0x0011)],
    "private-creators-even": lambda ds: ds.private_creators(0x0010),
    "private-block": lambda ds: ds.private_block(0x0009, "GEMS_IDEN_01")[0x01],
    "private-block-in": lambda ds: [
        offset in ds.private_block(0x0041, "NOBODY") for offset in (0x20, 0x21)
    ],
    "private-block-tag": lambda ds: int(ds.private_block(0x0041, "NOBODY").get_tag(0x20)),
    "private-block-tag-too-large": lambda ds: ds.private_block(0x0041, "NOBODY").get_tag(0x100),
    "private-block-absent": lambda ds: ds.private_block(0x0009, "SOMEBODY"),
    "private-block-even": lambda ds: ds.private_block(0x0010, "SOMEBODY"),
    "private-block-empty": lambda ds: ds.private_block(0x0009, ""),
    "private-item": lambda ds: ds.get_private_item(0x0041, 0x20, "NOBODY"),
    "private-item-absent": lambda ds: ds.get_private_item(0x0041, 0x21, "NOBODY"),
    "str": str,
    "repr": repr,
    "top": lambda ds: ds.top(),
    "formatted-lines": lambda ds: list(ds.formatted_lines()),
    "formatted-lines-own": lambda ds: list(ds.formatted_lines("%(VR)s=%(VM)s", "%(tag)s!")),
    "formatted-lines-unknown-field": lambda ds: list(ds.formatted_lines("%(nosuch)s")),
    "json": lambda ds: ds.to_json_dict(),
    "json-text": lambda ds: ds.to_json(),
    "json-bulk": lambda ds: ds.to_json_dict(16, lambda element: f"uri:{element.tag}"),
    "json-bulk-below": lambda ds: ds.to_json_dict(1024, lambda element: f"uri:{element.tag}"),
    "json-dump": lambda ds: ds.to_json(dump_handler=lambda model: json.dumps(sorted(model))),
    "json-element": lambda ds: ds["PatientName"].to_json_dict(None, 1024),
    "json-element-text": lambda ds: ds["PixelSpacing"].to_json(),
    "hash": hash,
    "hash-element": lambda ds: hash(ds["Modality"]),
    "with": lambda ds: ds.__enter__() is ds,
    "original-encoding": lambda ds: list(ds.original_encoding),
    "sequence": lambda ds: ds.ReferencedImageSequence,
    "sequence-text": lambda ds: str(ds.ReferencedImageSequence),
}


@pytest.mark.parametrize("name", READS)
def test_reading_gives_what_pydicom_gives(name: str, ours: rd.Dataset, theirs: Any) -> None:
    assert outcome(READS[name], ours) == outcome(READS[name], theirs)


ELEMENT_ANSWERS = [
    "VM",
    "VR",
    "name",
    "keyword",
    "is_empty",
    "is_private",
    "is_retired",
    "private_creator",
]
ELEMENT_ANSWERS += ["repval", "is_undefined_length", "empty_value", "is_raw"]


@pytest.mark.parametrize("name", ELEMENT_ANSWERS)
def test_elements_answer_like_pydicoms(name: str, ours: rd.Dataset, theirs: Any) -> None:
    # pydicom takes the length of a private group for a creator, and has no keywords in repeating
    # groups.
    tags = [tag for tag in ours.tags() if tag != 0x60003000]
    assert [plain(getattr(ours[tag], name)) for tag in tags] == [
        plain(getattr(theirs[tag], name)) for tag in tags
    ]


def test_elements_print_like_pydicoms(ours: rd.Dataset, theirs: Any) -> None:
    assert [str(element) for element in ours] == [str(element) for element in theirs]
    assert [repr(element) for element in ours] == [repr(element) for element in theirs]
    assert ours["Modality"].description() == "Modality"


def element(dataset: Any, tag: int, vr: str, value: Any) -> Any:
    """Make an element of the library that a data set is of."""
    return (DataElement if isinstance(dataset, OURS) else pydicom.DataElement)(tag, vr, value)


def change_values(dataset: Any) -> None:
    """Change values in every way."""
    dataset.PatientName = "Roe^Richard"
    dataset["PatientID"].value = "0815"
    dataset.PixelSpacing[0] = "2.0"
    dataset.PixelSpacing.append(3)
    dataset.ReferencedImageSequence[0].CodeMeaning = "Else"
    dataset.ReferencedImageSequence.append(type(dataset)())
    dataset["ImageType"].value[1] = "SECONDARY"


def raise_unless_key_error(action: Callable[[], Any]) -> None:
    """Check that there is nothing."""
    with pytest.raises(KeyError):
        action()


CHANGES: dict[str, Callable[[Any], Any]] = {
    "set": change_values,
    "set-absent": lambda ds: setattr(ds, "Manufacturer", "ACME"),
    "set-text-for-number": lambda ds: setattr(ds, "SliceThickness", "1.50"),
    "set-several-by-backslash": lambda ds: setattr(ds, "ImageComments", "a\\b"),
    "set-to-none": lambda ds: setattr(ds, "PatientName", None),
    "set-sequence": lambda ds: setattr(ds, "RequestAttributesSequence", [type(ds)()]),
    "set-sequence-to-a-data-set": lambda ds: setattr(ds, "RequestAttributesSequence", type(ds)()),
    "set-own-attribute": lambda ds: setattr(ds, "my_attribute", 5),
    "set-uid-to-a-number": lambda ds: setattr(ds, "SOPInstanceUID", 5),
    "set-pixels-to-an-array": lambda ds: setattr(ds, "PixelData", np.zeros(4, np.uint16)),
    "delete": lambda ds: delattr(ds, "PatientName"),
    "delete-absent": lambda ds: delattr(ds, "Manufacturer"),
    "delete-unknown": lambda ds: delattr(ds, "NoSuchKeyword"),
    "delete-item": lambda ds: ds.__delitem__("PatientName"),
    "delete-item-by-tag": lambda ds: ds.__delitem__((0x0010, 0x0020)),
    "delete-item-absent": lambda ds: ds.__delitem__(0x00080070),
    "delete-slice": lambda ds: ds.__delitem__(slice(0x00100000, 0x00200000)),
    "delete-in-private-block": lambda ds: ds.private_block(0x0009, "GEMS_IDEN_01").__delitem__(
        0x01
    ),
    "set-item": lambda ds: ds.__setitem__(0x00080070, element(ds, 0x00080070, "LO", "ACME")),
    "set-item-other-tag": lambda ds: ds.__setitem__(
        0x00080070, element(ds, 0x00080080, "LO", "ACME")
    ),
    "set-item-no-element": lambda ds: ds.__setitem__(0x00080070, "ACME"),
    "add": lambda ds: ds.add(element(ds, 0x00080070, "LO", "ACME")),
    "add-new": lambda ds: ds.add_new("Manufacturer", "LO", ["a", "b"]),
    "add-new-private": lambda ds: ds.add_new(0x00091002, "SH", "CT01"),
    "add-private-block": lambda ds: ds.private_block(0x0009, "SECOND", create=True).add_new(
        5, "US", 7
    ),
    "pop": lambda ds: ds.pop("PatientName"),
    "pop-tag": lambda ds: ds.pop((0x0010, 0x0020)),
    "pop-absent": lambda ds: ds.pop("Manufacturer"),
    "pop-default": lambda ds: [ds.pop("Manufacturer", 5), ds.pop("NoSuchKeyword", None)],
    "pop-two-defaults": lambda ds: ds.pop("Manufacturer", 5, 6),
    "setdefault": lambda ds: [ds.setdefault("Modality", "MR"), ds.setdefault(0x00080070, "ACME")],
    "setdefault-element": lambda ds: ds.setdefault(
        "Manufacturer", element(ds, 0x00080070, "LO", "ACME")
    ),
    "setdefault-private": lambda ds: ds.setdefault((0x0009, 0x1005), b"12"),
    "setdefault-unknown": lambda ds: ds.setdefault("NoSuchKeyword", 5),
    "update": lambda ds: ds.update(
        {"Modality": "MR", 0x00080070: element(ds, 0x00080070, "LO", "ACME")}
    ),
    "update-by-data-set": lambda ds: ds.update(ds.ReferencedImageSequence[0]),
    "clear": lambda ds: ds.clear(),
    "clear-element": lambda ds: ds["PatientName"].clear(),
    "remove-private": lambda ds: ds.remove_private_tags(),
    "ensure-file-meta": lambda ds: ds.ensure_file_meta(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_does_what_it_does_in_pydicom(name: str, ours: rd.Dataset, theirs: Any) -> None:
    assert outcome(CHANGES[name], ours) == outcome(CHANGES[name], theirs)
    assert str(ours) == str(theirs)
    assert sorted(ours.tags()) == sorted(map(int, theirs.keys()))


def test_text_is_decoded_already(ours: rd.Dataset) -> None:
    ours.decode()
    assert ours == filled(OURS)


def test_popitem_takes_elements_from_the_end(ours: rd.Dataset) -> None:
    tags = ours.tags()
    assert [int(ours.popitem()[0]) for _ in tags] == tags[::-1]
    raise_unless_key_error(ours.popitem)


def test_keys_are_tags_in_order(ours: rd.Dataset) -> None:
    keys = list(ours.keys())
    assert all(type(key) is BaseTag for key in keys)
    assert keys == sorted(ours.tags())
    for key in ours.keys():  # noqa: SIM118
        del ours[key]
    assert len(ours) == 0


def test_walk_visits_and_deletes_like_pydicom(ours: rd.Dataset, theirs: Any) -> None:
    def visits(dataset: Any, **options: Any) -> list[str]:
        seen = []

        def visit(where: Any, element: Any) -> None:
            seen.append(f"{len(where)} {element}")
            if element.tag in (0x00081150, 0x00081155, 0x0040A170):
                del where[element.tag]

        dataset.walk(visit, **options)
        return seen

    assert visits(ours, recursive=False) == visits(theirs, recursive=False)
    assert visits(ours) == visits(theirs)
    assert str(ours) == str(theirs)


def with_file_meta(dataset: Any, meta: Any) -> Any:
    """Add File Meta Information."""
    meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.file_meta = meta
    return dataset


def test_file_meta_is_printed_first(ours: rd.Dataset, theirs: Any) -> None:
    text = str(with_file_meta(ours, rd.Dataset()))
    assert text == str(with_file_meta(theirs, pydicom.dataset.FileMetaDataset()))
    assert text.startswith("Dataset.file_meta ---")
    ours.file_meta = None
    assert not str(ours).startswith("Dataset")


def test_existing_file_meta_is_kept(ours: rd.Dataset) -> None:
    with_file_meta(ours, rd.Dataset())
    ours.ensure_file_meta()
    assert ours.file_meta.MediaStorageSOPInstanceUID == "1.2.3"


EQUAL: dict[str, Callable[[Any], Any]] = {
    "same": lambda ds: ds == ds,
    "equal": lambda ds: ds == filled(type(ds)),
    "unequal-value": lambda ds: ds == changed(filled(type(ds)), "Modality", "MR"),
    "unequal-nested": lambda ds: ds == changed_item(filled(type(ds))),
    "more": lambda ds: ds == changed(filled(type(ds)), "Manufacturer", "ACME"),
    "not-equal": lambda ds: ds != filled(type(ds)),
    "other-class": lambda ds: [ds == 5, ds != 5, ds == {}],
    "element": lambda ds: ds["Modality"] == filled(type(ds))["Modality"],
    "element-value": lambda ds: ds["PatientID"] == element(ds, 0x00100020, "LO", "1"),
    "element-vr": lambda ds: ds["PatientID"] == element(ds, 0x00100020, "SH", "4711"),
    "element-tag": lambda ds: ds["PatientID"] == element(ds, 0x00100021, "LO", "4711"),
    "element-nested": lambda ds: (
        ds["ReferencedImageSequence"] == filled(type(ds))["ReferencedImageSequence"]
    ),
    "element-other-class": lambda ds: [ds["PatientID"] == "4711", ds["PatientID"] != "4711"],
    "empty": lambda ds: type(ds)() == type(ds)(),
}


def changed(dataset: Any, keyword: str, value: Any) -> Any:
    """Set one value."""
    setattr(dataset, keyword, value)
    return dataset


def changed_item(dataset: Any) -> Any:
    """Set a value in an item."""
    dataset.ReferencedImageSequence[0].ReferencedSOPInstanceUID = "1.2.5"
    return dataset


@pytest.mark.parametrize("name", EQUAL)
def test_comparison_gives_what_pydicom_gives(name: str, ours: rd.Dataset, theirs: Any) -> None:
    assert EQUAL[name](ours) == EQUAL[name](theirs)


@pytest.mark.parametrize(
    "duplicate",
    [lambda ds: pickle.loads(pickle.dumps(ds)), copy.deepcopy],
    ids=["pickle", "deepcopy"],
)
def test_deep_copy_is_equal_and_its_own(duplicate: Callable[[Any], Any], ours: rd.Dataset) -> None:
    ours.my_attribute = [1]
    same = duplicate(ours)
    assert type(same) is rd.Dataset
    assert same == ours
    assert str(same) == str(ours)
    assert same.my_attribute == [1]
    change_values(same)
    same.my_attribute.append(2)
    assert ours == filled(OURS)
    assert ours.my_attribute == [1]


@pytest.mark.parametrize("duplicate", [copy.copy, lambda ds: ds.copy()], ids=["copy", "method"])
def test_copy_has_its_own_elements(duplicate: Callable[[Any], Any], ours: rd.Dataset) -> None:
    same = duplicate(ours)
    assert type(same) is rd.Dataset
    assert same == ours
    same.Modality = "MR"
    del same.PatientName
    assert ours == filled(OURS)


@pytest.mark.parametrize(
    "duplicate",
    [lambda each: pickle.loads(pickle.dumps(each)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deepcopy"],
)
@pytest.mark.parametrize(
    "keyword", ["PatientName", "PixelSpacing", "ReferencedImageSequence", "Rows", "PixelData"]
)
def test_copied_element_is_equal(
    keyword: str, duplicate: Callable[[Any], Any], ours: rd.Dataset
) -> None:
    same = duplicate(ours[keyword])
    assert type(same) is DataElement
    assert same == ours[keyword]
    assert same is not ours[keyword]


def test_data_set_starts_with_the_elements_of_another(ours: rd.Dataset) -> None:
    assert rd.Dataset(ours) == ours
    assert rd.Dataset({"Modality": "CT"}).Modality == "CT"
    assert FileDataset is rd.Dataset


def test_class_of_a_user_keeps_its_class() -> None:
    class Mine(rd.Dataset):
        @property
        def initials(self) -> str:
            return str(self.PatientName)[:1]

    mine = Mine()
    mine.PatientName = "Doe"
    mine.Rows = 5
    assert mine.initials == "D"
    assert type(mine.copy()) is Mine
    assert type(copy.deepcopy(mine)) is Mine
    assert type(mine[0x00100000:0x00110000]) is Mine


def test_width_of_names_and_lists_can_be_changed(ours: rd.Dataset) -> None:
    class Narrow(DataElement):
        descripWidth = 5
        maxBytesToDisplay = 1
        showVR = False

    assert str(Narrow(0x00100010, "PN", "A^B")) == "(0010,0010) Patie 'A^B'"
    assert Narrow(0x00280030, "DS", "1\\2").repval == "Array of 2 elements"


def test_json_leaves_out_what_cannot_be_read_and_does_not_show_it(
    ours: rd.Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    ours["Rows"].value = "secret"
    ours.add_new("PixelPaddingValue", "OB", 5)
    model = ours.to_json_dict(suppress_invalid_tags=True)
    assert "00280120" not in model
    assert model["00280010"] == {"vr": "US", "Value": ["secret"]}
    assert "(0028,0120)" in caplog.text
    with pytest.raises(TypeError):
        ours.to_json_dict()


def test_json_has_null_for_one_empty_value_of_several() -> None:
    dataset = rd.Dataset()
    dataset.PixelSpacing = ["1", ""]
    dataset.OtherPatientNames = ["A", ""]
    model = dataset.to_json_dict()
    assert model["00280030"]["Value"] == [1.0, None]
    assert model["00101001"]["Value"] == [{"Alphabetic": "A"}, None]


def test_creator_is_not_shown_in_an_error(ours: rd.Dataset) -> None:
    with pytest.raises(KeyError) as caught:
        ours.private_block(0x0009, "Doe^Jane")
    assert "Doe" not in str(caught.value)


def test_every_block_of_a_group_can_be_taken() -> None:
    dataset = rd.Dataset()
    for number in range(0x10, 0x100):
        dataset.private_block(0x0009, f"CREATOR {number}", create=True)
    with pytest.raises(ValueError, match="0009"):
        dataset.private_block(0x0009, "ONE MORE", create=True)


def test_pydicom_gets_equal_elements(ours: rd.Dataset, theirs: Any) -> None:
    with_file_meta(ours, rd.Dataset())
    with_file_meta(theirs, pydicom.dataset.FileMetaDataset())
    given = ours.to_pydicom()
    assert isinstance(given, pydicom.FileDataset)
    assert given == theirs
    assert given.file_meta == theirs.file_meta
    assert str(given) == str(theirs)
    assert given.PixelData == ours.PixelData
    assert given.PatientWeight.original_string == "70.50"
    assert given.PixelSpacing[0].original_string == "0.50"
    assert given[0x00091001].private_creator == "GEMS_IDEN_01"


def test_pydicom_gets_what_was_changed(ours: rd.Dataset, theirs: Any) -> None:
    for dataset in (ours, theirs):
        change_values(dataset)
        del dataset.StudyDate
        del dataset.ReferencedImageSequence[0].ReferencedSOPInstanceUID
    given = ours.to_pydicom()
    assert given == theirs
    given.PixelSpacing[0] = 9
    given.ReferencedImageSequence[0].CodeMeaning = "Other"
    assert ours.PixelSpacing[0] == 2
    assert ours.ReferencedImageSequence[0].CodeMeaning == "Else"


def test_pydicom_gets_its_own_classes(ours: rd.Dataset) -> None:
    given = ours.to_pydicom()
    classes = {
        type(each).__module__.split(".")[0]
        for element in given.iterall()
        for each in values_of(element)
    }
    assert "rapidicom" not in classes


def values_of(element: Any) -> list[Any]:
    """Return the values of an element and what holds them."""
    return [
        element,
        element.tag,
        element.value,
        *(element.value if element.VM > 1 or element.VR == "SQ" else []),
    ]


def test_sequence_of_a_data_set_is_ours(ours: rd.Dataset) -> None:
    assert type(ours.ReferencedImageSequence) is Sequence
    assert ours.ReferencedImageSequence is ours.ReferencedImageSequence


def test_file_meta_has_its_own_class_and_only_its_group(ours: rd.Dataset) -> None:
    ours.file_meta = rd.Dataset({"TransferSyntaxUID": "1.2"})
    assert isinstance(ours.file_meta, FileMetaDataset)
    assert isinstance(FileMetaDataset({"TransferSyntaxUID": "1.2"}), rd.Dataset)
    for change in (
        lambda: setattr(ours.file_meta, "PatientID", "X"),
        lambda: ours.file_meta.add_new(0x00100020, "LO", "X"),
        lambda: FileMetaDataset(ours),
        lambda: setattr(ours, "file_meta", rd.Dataset(ours)),
    ):
        with pytest.raises(ValueError, match="group 0002"):
            change()
    with pytest.raises(TypeError):
        FileMetaDataset(["1.2"])  # type: ignore[arg-type]
    assert list(ours.file_meta) == [ours.file_meta["TransferSyntaxUID"]]


def test_file_meta_of_a_file_is_pickled_with_its_class() -> None:
    meta = rd.dcmread(io.BytesIO(file_bytes([Element(0x00100020, "LO", "1")]))).file_meta
    for same in (meta, pickle.loads(pickle.dumps(meta)), copy.deepcopy(meta)):
        assert type(same) is FileMetaDataset
        assert same == meta


def test_key_that_is_no_tag_is_a_type_error_for_get(ours: rd.Dataset) -> None:
    with pytest.raises(TypeError):
        ours.get(-16)


def test_sequence_of_unknown_vr_in_json_is_a_sequence() -> None:
    # (0008,1140) with one item of (0008,1150), implicit VR.
    item = bytes.fromhex("feff00e0 0e000000 08005011 06000000") + b"1.2.3\0"
    model = {"00081140": {"vr": "UN", "InlineBinary": base64.b64encode(item).decode()}}
    ours = rd.Dataset.from_json(model)
    assert ours["ReferencedImageSequence"].VR == "SQ"
    assert ours.ReferencedImageSequence[0].ReferencedSOPClassUID == "1.2.3"
