"""pydicom patched: a program that reads with pydicom cannot tell, but by its speed."""

from __future__ import annotations

import copy
import inspect
import io
import logging
import multiprocessing
import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd
from comparison import pydicom_file
from data_paths import BRAIN_MR, CT_SMALL, FILES

pydicom = pytest.importorskip("pydicom")

import pydicom.config as config  # noqa: E402
import pydicom.fileset  # noqa: E402, F811
from pydicom.datadict import DicomDictionary, add_dict_entry, keyword_dict  # noqa: E402
from pydicom.hooks import hooks  # noqa: E402
from pydicom.pixels.utils import get_image_pixel_ids  # noqa: E402

from rapidicom.integrations.pydicom import patch, unpatch  # noqa: E402

pytestmark = pytest.mark.usefixtures("patched")

pydicom_reads = pydicom.dcmread
pydicom_writes = pydicom.dcmwrite

PATHS = [*sorted(FILES.glob("*.dcm")), BRAIN_MR / "0001.dcm"]


def both(function: Callable[[Any], Any], path: Any = CT_SMALL, **keywords: Any) -> None:
    """Check that a function gives the same of what either reads, or raises the same."""
    answers = []
    for read in (pydicom.dcmread, pydicom_reads):
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            # Those of another test's objects, which are collected at any time.
            warnings.simplefilter("ignore", ResourceWarning)
            try:
                answer = function(read(path, **keywords))
            except Exception as error:
                answer = type(error), str(error)
        answers.append((answer, [str(each.message) for each in raised]))
    assert answers[0] == answers[1]


def details(value: Any) -> Any:
    """Return a value with its types and whatever else its objects hold."""
    if isinstance(value, pydicom.multival.MultiValue):
        return type(value), value._constructor, [details(each) for each in value]
    if isinstance(value, pydicom.Sequence):
        return type(value), [elements(each) for each in value]
    return type(value), repr(value), sorted(getattr(value, "__dict__", {}).items())


def elements(ds: Any) -> Any:
    """Return all that pydicom's elements of a data set say."""
    return [
        (each.tag, each.VR, each.VM, each.name, each.file_tell, each.is_undefined_length,
         each.private_creator, each.value if each.VR == "PN" else details(each.value))
        for each in ds
    ]  # fmt: skip


def attributes(ds: Any) -> Any:
    """Return the details of every attribute, read by keyword."""
    found = {}
    for keyword in ds.dir():
        try:
            value = getattr(ds, keyword)
        except NotImplementedError:  # pydicom cannot say what VR the pixels have
            continue
        is_name = isinstance(value, pydicom.valuerep.PersonName) or "Name" in keyword
        found[keyword] = repr(value) if is_name else details(value)
    return found


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_attributes_are_pydicoms_to_the_last_detail(path: Path) -> None:
    if path.name == "nested_priv_SQ.dcm":  # its pixels are of a VR that pydicom cannot find
        pytest.skip("pydicom cannot read its pixels")
    both(attributes, path, force=True)
    both(elements, path, force=True)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_what_is_read_is_written_byte_for_byte(path: Path) -> None:
    def written(ds: Any) -> bytes:
        out = io.BytesIO()
        ds.save_as(out)
        return out.getvalue()

    both(written, path, force=True)
    # Also after something was read, and something else changed.
    both(lambda ds: (ds.get("PatientName"), setattr(ds, "StudyID", "7"), written(ds)), path,
         force=True)  # fmt: skip


def test_a_file_can_be_written_over_itself(tmp_path: Path) -> None:
    path = tmp_path / "copy.dcm"
    for read in (pydicom.dcmread, pydicom_reads):
        path.write_bytes(CT_SMALL.read_bytes())
        ds = read(path)
        ds.PatientID = "other"
        ds.save_as(path)
        again = rd.dcmread(path)
        assert again.PatientID == "other"
        assert (again.pixel_array == rd.dcmread(CT_SMALL).pixel_array).all()


def test_compressing_and_encodings_are_pydicoms() -> None:
    def compressed(ds: Any) -> Any:
        ds.compress(pydicom.uid.RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
        return ds.PixelData, ds.file_meta.TransferSyntaxUID, ds.pixel_array.sum()

    def encoded(ds: Any) -> Any:
        ds.set_original_encoding(True, True, "utf8")
        return ds.original_encoding, ds.original_character_set

    both(compressed)
    both(encoded)


# A: what programs add to pydicom's classes


def test_what_is_added_to_pydicoms_classes_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pydicom.Dataset, "contains", lambda self, n: n in self, raising=False)
    monkeypatch.setattr(
        pydicom.FileDataset, "half", property(lambda self: self.Rows // 2), raising=False
    )
    monkeypatch.setattr(pydicom.FileDataset, "__hash__", lambda self: 7, raising=False)
    both(lambda ds: (ds.contains("Rows"), ds.half, hash(ds), {ds: 1}[ds]))


# B: the order of imports


def test_pydicoms_file_sets_read_with_ours() -> None:
    assert pydicom.fileset.dcmread is pydicom.dcmread


# E: attributes that programs read and set


def test_attributes_of_the_file_are_pydicoms() -> None:
    names = ("buffer", "filename", "fileobj_type", "timestamp", "is_original_encoding",
             "original_encoding", "original_character_set", "preamble", "is_implicit_VR",
             "is_little_endian", "is_decompressed")  # fmt: skip
    both(lambda ds: [(name, getattr(ds, name)) for name in names])
    both(lambda ds: sorted(vars(ds)))
    both(lambda ds: ds.read_encoding)
    content = io.BytesIO(CT_SMALL.read_bytes())
    ds = pydicom.dcmread(content)
    assert ds.buffer is content
    ds.buffer = None
    assert ds.buffer is None
    with CT_SMALL.open("rb") as file:
        assert pydicom.dcmread(file).filename == str(CT_SMALL)


# F: objects of other classes


class Special(pydicom.Dataset):
    """A class of a program."""

    @classmethod
    def from_dataset(cls, dataset: Any) -> Special:
        """Do what highdicom does."""
        made = copy.deepcopy(dataset)
        made.__class__ = cls
        return made

    def double(self) -> int:
        """Return something that only this class has."""
        return int(self.Rows * 2)


@pytest.mark.parametrize("as_pydicom", [False, True])
def test_data_sets_become_instances_of_other_classes(as_pydicom: bool) -> None:
    with patch(as_pydicom=as_pydicom):
        ds = pydicom.dcmread(CT_SMALL)
    made = Special.from_dataset(ds)
    assert type(made) is Special
    assert made.double() == 256
    assert made.PatientName == "CompressedSamples^CT1"
    assert list(made) == list(pydicom_reads(CT_SMALL))
    ds.__class__ = Special
    assert ds.double() == 256
    assert type(ds) is Special


# J: the types of objects


def test_types_are_pydicoms() -> None:
    ds = pydicom.dcmread(CT_SMALL)
    assert ds.__class__ is pydicom.FileDataset
    assert isinstance(ds, pydicom.FileDataset)
    assert type(ds.PatientName) is pydicom.valuerep.PersonName
    assert type(ds.PixelSpacing) is pydicom.multival.MultiValue
    assert type(ds.file_meta) is pydicom.dataset.FileMetaDataset
    assert type(ds["Rows"]) is pydicom.DataElement
    assert type(ds.OtherPatientIDsSequence[0]) is pydicom.Dataset
    with patch(as_pydicom=True):
        assert type(pydicom.dcmread(CT_SMALL)) is pydicom.FileDataset


def test_copies_and_pickles_are_pydicoms() -> None:
    ds = pydicom.dcmread(CT_SMALL)
    theirs = pydicom_reads(CT_SMALL)
    assert ds.Rows == 128
    for made in (copy.copy(ds), copy.deepcopy(ds), pickle.loads(pickle.dumps(ds))):
        assert isinstance(made, pydicom.FileDataset)
        assert made == theirs
        assert (made.pixel_array == theirs.pixel_array).all()
    assert pickle.dumps(pickle.loads(pickle.dumps(ds)))
    made = copy.deepcopy(ds)
    made.Rows = 7
    made.PixelSpacing[0] = 5
    assert (ds.Rows, ds.PixelSpacing[0]) == (128, theirs.PixelSpacing[0])


def test_an_array_that_a_program_has_put_there_stays() -> None:
    def keep(ds: Any) -> Any:
        ds._pixel_id = get_image_pixel_ids(ds)
        ds._pixel_array = "put there"
        return ds.pixel_array

    both(keep)


def test_a_character_set_that_means_nothing_is_pydicoms_to_read(tmp_path: Path) -> None:
    path = tmp_path / "unknown.dcm"
    ds = pydicom_reads(CT_SMALL)
    ds.SpecificCharacterSet = "ISO_IR 999"
    pydicom_writes(path, ds)
    answers = []
    for read in (pydicom.dcmread, pydicom_reads):
        with pytest.warns(UserWarning, match="Unknown encoding"):
            ds = read(path)
            answers.append((ds.original_character_set, ds.is_original_encoding, str(ds)))
    assert answers[0] == answers[1]


def test_a_file_that_only_replaced_functions_open_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "nowhere.dcm"
    for read in (pydicom.dcmread, pydicom_reads):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            read(path)
    contents = CT_SMALL.read_bytes()
    monkeypatch.setattr("builtins.open", lambda *given, **named: io.BytesIO(contents))
    both(str, path)


# G: settings, callbacks, hooks and dictionaries


def setting(name: str, value: Any) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(config, name, value)


def strictness(name: str, value: Any) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(config.settings, name, value)


def shout(raw: Any, data: dict[str, Any], **others: Any) -> None:
    pydicom.hooks.raw_element_value(raw, data, **others)
    if data["VR"] == "CS" and raw.tag != 0x00080005:
        data["value"] = "SHOUTED"


def blank(raw: Any, **others: Any) -> Any:
    del others
    return raw._replace(value=b"BLANK ") if raw.tag == 0x00100020 else raw


CHANGES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "use_none_as_empty_text_VR_value": setting("use_none_as_empty_text_VR_value", True),
    "use_DS_numpy": setting("use_DS_numpy", True),
    "use_IS_numpy": setting("use_IS_numpy", True),
    "datetime_conversion": setting("datetime_conversion", True),
    "replace_un_with_known_vr": setting("replace_un_with_known_vr", False),
    "convert_wrong_length_to_UN": setting("convert_wrong_length_to_UN", True),
    "assume_implicit_vr_switch": setting("assume_implicit_vr_switch", False),
    "data_element_callback": setting("data_element_callback", blank),
    "enforce_valid_values": setting("enforce_valid_values", True),
    "show_file_meta": setting("show_file_meta", False),
    "debugging": setting("debugging", True),
    "INVALID_KEYWORD_BEHAVIOR": setting("INVALID_KEYWORD_BEHAVIOR", "RAISE"),
    "INVALID_KEY_BEHAVIOR": setting("INVALID_KEY_BEHAVIOR", "RAISE"),
    "settings.reading_validation_mode": strictness("_reading_validation_mode", config.RAISE),
    "settings.writing_validation_mode": strictness("_writing_validation_mode", config.RAISE),
    "settings.infer_sq_for_un_vr": strictness("_infer_sq_for_un_vr", False),
    "hooks.raw_element_value": lambda m: m.setattr(hooks, "raw_element_value", shout),
    "hooks.raw_element_vr": lambda m: m.setattr(
        hooks, "raw_element_vr", lambda raw, data, **others: data.update(VR="LO")
    ),
    "hooks.raw_element_kwargs": lambda m: m.setattr(hooks, "raw_element_kwargs", {"a": 1}),
}


def texts(ds: Any) -> Any:
    """Return the text and the type of every value, those of attributes first."""
    found = []
    for keyword in ds.dir():
        value = getattr(ds, keyword, None)
        found.append((keyword, type(value), str(value)))
    out = io.BytesIO()
    ds.save_as(out)
    return found, str(ds), hasattr(ds, "NoSuchKeyword"), ds.get("Nothing"), out.getvalue()


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("path", [CT_SMALL, FILES / "MR_small_implicit.dcm"], ids=["ct", "mr"])
def test_settings_are_obeyed(name: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CHANGES[name](monkeypatch)
    both(texts, path)


@pytest.mark.parametrize("name", CHANGES)
def test_settings_that_change_after_reading_are_obeyed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = [pydicom.dcmread(CT_SMALL), pydicom_reads(CT_SMALL)]
    CHANGES[name](monkeypatch)
    for keyword in reader[1].dir():
        if keyword != "PixelData":
            ours, theirs = (details(getattr(ds, keyword, None)) for ds in reader)
            assert str(ours) == str(theirs)


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO])
def test_whoever_asks_for_pydicoms_steps_sees_them(
    level: int, caplog: pytest.LogCaptureFixture
) -> None:
    said = []
    for read in (pydicom.dcmread, pydicom_reads):
        caplog.clear()
        with caplog.at_level(level, logger="pydicom"):
            read(CT_SMALL)
        said.append([record.getMessage() for record in caplog.records])
    assert said[0] == said[1]
    assert bool(said[0]) == (level == logging.DEBUG)


def test_a_log_of_all_programs_does_not_change_the_reader(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        ds = pydicom.dcmread(CT_SMALL)
    assert type(ds._dict) is not dict


def test_decimals_are_obeyed() -> None:
    config.DS_decimal(True)
    try:
        both(lambda ds: [details(ds.PixelSpacing), details(ds.SliceThickness)])
    finally:
        config.DS_decimal(False)


def test_entries_added_to_the_dictionary_are_obeyed() -> None:
    before = DicomDictionary[0x00080060]
    path = FILES / "MR_small_implicit.dcm"
    try:
        add_dict_entry(0x00080060, "LT", "Modality", "Modality")
        add_dict_entry(0x00081FFF, "UL", "TestOne", "Test One")
        both(lambda ds: (ds["Modality"].VR, ds.Modality, "TestOne" in ds), path)
    finally:
        DicomDictionary[0x00080060] = before
        DicomDictionary.pop(0x00081FFF, None)
        keyword_dict.pop("TestOne", None)
    entries = pydicom.datadict.private_dictionaries["GEMS_IDEN_01"]
    saved = dict(entries)
    try:
        pydicom.datadict.add_private_dict_entry("GEMS_IDEN_01", 0x00091004, "LO", "Product", "1")
        both(lambda ds: str(ds.get_private_item(0x0009, 0x04, "GEMS_IDEN_01")))
        both(lambda ds: str(ds.get_private_item(0x0019, 0x04, "GEMS_ACQU_01")))
    finally:
        entries.clear()
        entries.update(saved)


# What has been looked at and decided: pydicom itself obeys all of them, because it decodes what our
# reader does not, and our reader asks for those in CHANGES.
DECIDED = {
    "config": {
        *(name for name in CHANGES if "." not in name),
        # Functions that set the others, and constants.
        "DS_decimal", "DS_numpy", "use_DS_decimal", "debug", "disable_value_validation",
        "future_behavior", "reset_data_element_callback", "strict_reading", "settings", "Settings",
        "IGNORE", "WARN", "RAISE", "have_numpy", "logger",
        # Writing, and pixels that our decoders do not decode.
        "allow_DS_float", "APPLY_J2K_CORRECTIONS", "data_element_callback_kwargs",
        "pixel_data_handlers", "image_handlers", "gdcm_handler", "jpegls_handler", "np_handler",
        "numpy", "pillow_handler", "pylibjpeg_handler", "rle_handler", "overlay_data_handlers",
        # What the module imports.
        "Any", "Generator", "Optional", "TYPE_CHECKING", "contextmanager", "logging", "os",
        "DataElement", "ElementCallback", "RawDataElement", "pydicom",
    },
    "settings": {
        "buffered_read_size", "infer_sq_for_un_vr", "reading_validation_mode",
        "writing_validation_mode",
    },
    "hooks": {"raw_element_kwargs", "raw_element_value", "raw_element_vr", "register_callback",
              "register_kwargs"},
}  # fmt: skip


def test_every_setting_has_been_decided() -> None:
    def public(owner: Any) -> set[str]:
        return {name for name in dir(owner) if not name.startswith("_")}

    assert public(config) <= DECIDED["config"]
    assert public(config.settings) <= DECIDED["settings"]
    assert public(hooks) <= DECIDED["hooks"]


# D, H: file objects


class Trickle(io.BytesIO):
    """A file object that pydicom calls a buffer, with a name."""

    name = "nowhere.dcm"


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_implicit.dcm", "rtplan.dcm"])
@pytest.mark.parametrize(
    "keywords",
    [{}, {"stop_before_pixels": True}, {"specific_tags": ["Rows"]}, {"specific_tags": []},
     {"stop_before_pixels": True, "specific_tags": ["Rows"]}, {"defer_size": 100}],
    ids=str,
)  # fmt: skip
def test_file_objects_stand_where_pydicom_leaves_them(name: str, keywords: dict[str, Any]) -> None:
    content = (FILES / name).read_bytes()
    answers = []
    for read in (pydicom.dcmread, pydicom_reads):
        file = Trickle(b"before" + content)
        file.seek(6)
        ds = read(file, **keywords)
        answers.append((file.tell(), ds.dir(), ds.filename, ds.buffer is file, ds.timestamp))
    assert answers[0] == answers[1]


def test_streams_at_their_end_are_read_from_the_start() -> None:
    answers = []
    for read in (pydicom.dcmread, pydicom_reads):
        # Without preamble and File Meta Information: pydicom takes nothing for them there.
        whole = pydicom_reads(CT_SMALL)
        whole.preamble, whole.file_meta = None, pydicom.dataset.FileMetaDataset()
        file = io.BytesIO()
        whole.save_as(file, implicit_vr=False, little_endian=True)
        assert file.tell() == len(file.getvalue())
        ds = read(file, force=True)
        answers.append((file.tell(), sorted(ds.dir())[:5], len(ds)))
    assert answers[0] == answers[1]
    assert answers[0][2] > 100


@pytest.mark.parametrize("source", [b"bytes", None, 7])
def test_other_sources_are_refused_as_in_pydicom(source: Any) -> None:
    with pytest.raises(TypeError, match="dcmread: Expected"):
        pydicom.dcmread(source)


# I: elements


def test_tags_of_elements_can_be_set() -> None:
    def changed(ds: Any) -> Any:
        element = ds["PatientID"]
        element.tag = pydicom.tag.Tag("StudyID")
        return element.tag, str(element)

    both(changed)


# P: other processes


def read_elsewhere(path: str) -> tuple[str, int]:
    """Say who reads in another process."""
    return Path(pydicom.dcmread.__code__.co_filename).stem, pydicom.dcmread(path).Rows


@pytest.fixture
def started() -> Iterator[None]:
    yield
    unpatch()


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_patch_travels_to_other_processes(method: str, started: None) -> None:
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        module, rows = pool.submit(read_elsewhere, str(CT_SMALL)).result(120)
    assert (module, rows) == ("pydicom_patch", 128)


# Functions


@pytest.mark.parametrize(
    "call",
    [
        lambda dcmread, _: dcmread(),
        lambda dcmread, _: dcmread(CT_SMALL, unknown=1),
        lambda dcmread, _: dcmread(CT_SMALL, 1, 2, 3, 4, 5, 6),
        lambda _, dcmwrite: dcmwrite(),
    ],
)
def test_errors_name_the_functions_that_were_called(call: Any) -> None:
    texts = []
    for functions in ((pydicom.dcmread, pydicom.dcmwrite), (pydicom_reads, pydicom_writes)):
        with pytest.raises(TypeError) as caught:
            call(*functions)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]
    assert inspect.signature(pydicom.dcmread) == inspect.signature(pydicom_reads)
    assert pickle.loads(pickle.dumps(pydicom.dcmread)) is pydicom.dcmread


# Damage


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 8, 9, 20])
@pytest.mark.parametrize("name", ["JPEG2000.dcm", "MR_small_RLE.dcm"])
def test_pixel_data_without_their_end_are_as_in_pydicom(
    name: str, cut: int, tmp_path: Path
) -> None:
    path = tmp_path / "cut.dcm"
    path.write_bytes(pydicom_file(name).read_bytes()[:-cut])
    both(lambda ds: [str(element) for element in ds], path)


@pytest.mark.parametrize(
    "name", ["SC_rgb_jpeg.dcm", "empty_charset_LEI.dcm", "no_meta_group_length.dcm"]
)
def test_encodings_are_as_pydicom_notes_them(name: str) -> None:
    both(
        lambda ds: (
            ds.original_encoding, ds.original_character_set, ds.is_original_encoding,
            ds.is_implicit_VR, ds.file_meta.original_encoding,
        ),
        pydicom_file(name),
    )  # fmt: skip


# Pixels


def test_pixels_follow_what_is_set() -> None:
    def changed(ds: Any) -> Any:
        first = ds.pixel_array
        assert ds.pixel_array is first
        ds.Rows, ds.PixelData = 64, ds.PixelData[: len(ds.PixelData) // 2]
        second = ds.pixel_array
        return first.shape, second.shape, int(second.sum())

    both(changed)
    both(lambda ds: (ds.pixel_array.dtype.str, int(ds.pixel_array.sum())))
    both(lambda ds: (delattr(ds, "PixelData"), ds.pixel_array))
    both(lambda ds: (ds.convert_pixel_data("numpy"), int(ds.pixel_array.sum())))


def test_pixels_have_the_byte_order_of_the_file(tmp_path: Path) -> None:
    """A program that writes them back as they are writes what it read."""

    def rewritten(ds: Any) -> Any:
        ds.PixelData = ds.pixel_array.tobytes()
        path = tmp_path / "written.dcm"
        ds.save_as(path)
        return ds.pixel_array.dtype.str, path.read_bytes()

    big = pydicom_file("MR_small_bigendian.dcm")
    both(rewritten, big)
    both(rewritten)


def test_pixels_that_were_read_outlive_their_file(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"

    def kept(ds: Any) -> Any:
        length = len(ds.PixelData)
        path.unlink()
        return length, int(ds.pixel_array.sum())

    answers = []
    for read in (pydicom.dcmread, pydicom_reads):
        path.write_bytes(CT_SMALL.read_bytes())
        answers.append(kept(read(path)))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", ["rtplan.dcm", "reportsi.dcm", "CT_small.dcm", "test-SR.dcm"])
def test_what_is_deferred_is_read_later(name: str) -> None:
    both(elements, FILES / name, defer_size=30, force=True)


def test_future_behaviour_is_obeyed() -> None:
    config.future_behavior(True)
    try:
        ds = pydicom.dcmread(CT_SMALL)
        assert not hasattr(ds, "_is_little_endian")
        with pytest.raises(AttributeError):
            ds.is_implicit_VR  # noqa: B018
    finally:
        config.future_behavior(False)
    assert pydicom.dcmread(CT_SMALL)._is_little_endian


def test_a_temporary_file_has_its_descriptor_for_a_name() -> None:
    for read in (pydicom.dcmread, pydicom_reads):
        with tempfile.TemporaryFile() as file:
            file.write(CT_SMALL.read_bytes())
            file.seek(0)
            ds = read(file)
            assert isinstance(ds.filename, int)
            assert ds.timestamp is not None
            assert ds.PatientID == "1CT1"


def test_the_buffer_of_a_deflated_file_is_pydicoms() -> None:
    path = FILES / "image_dfl.dcm"
    if not path.exists():
        pytest.skip("image_dfl.dcm is not among the files")
    both(lambda ds: (type(ds.buffer), ds.buffer.getvalue(), ds.fileobj_type), path)
