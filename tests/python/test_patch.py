"""pydicom patched: programs written for it, unedited, read with us and give what they gave."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from comparison import assert_same
from data_paths import BRAIN_MR, CT_SMALL, DATA, DROP_IN_PROGRAMS, FILES
from module_loading import load_module

pydicom = pytest.importorskip("pydicom")

import pydicom.cli.main  # noqa: E402, F811
import pydicom.fileset  # noqa: E402
import pydicom.pixel_data_handlers.util  # noqa: E402
import pydicom.pixels  # noqa: E402
import pydicom.pixels.utils as pixel_utils  # noqa: E402
import pydicom.util.codify  # noqa: E402
from pydicom import dcmread  # noqa: E402

from rapidicom.integrations.pydicom import patch, unpatch  # noqa: E402
from rapidicom.integrations.pydicom_elements import AnyElements  # noqa: E402

PATHS = sorted(FILES.glob("*.dcm"))
# It has Pixel Data and not one attribute that describes it. The errors differ.
DESCRIBED = [path for path in PATHS if path.name != "nested_priv_SQ.dcm"]

# Under other names functions stay what they are.
pydicom_reads = pydicom.dcmread
pydicom_writes = pydicom.dcmwrite


@pytest.fixture(autouse=True)
def not_patched() -> Iterator[None]:
    yield
    unpatch()
    assert pydicom.dcmread is pydicom_reads


def outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function returns, or the type that it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(*arguments)
        except Exception as error:
            return type(error)


def is_ours(ds: Any) -> bool:
    """Return whether our reader has read a data set of pydicom."""
    return isinstance(ds, pydicom.FileDataset) and isinstance(ds._dict, AnyElements)


# What is replaced, and for how long


def test_reads_ours_and_is_taken_back() -> None:
    patch()
    assert is_ours(pydicom.dcmread(CT_SMALL))
    assert is_ours(pydicom.filereader.dcmread(CT_SMALL))
    unpatch()
    assert not is_ours(pydicom.dcmread(CT_SMALL))


def test_reaches_names_imported_before_and_while_it_is_on() -> None:
    with patch():
        assert is_ours(dcmread(CT_SMALL))
        module = types.ModuleType("imported_while_patched")
        exec("from pydicom import dcmread", module.__dict__)
        sys.modules[module.__name__] = module
        assert is_ours(module.dcmread(CT_SMALL))
    assert not is_ours(dcmread(CT_SMALL))
    assert module.dcmread is pydicom_reads
    del sys.modules[module.__name__]


def test_a_name_of_the_removed_read_file_is_reached() -> None:
    module = types.ModuleType("of_pydicom_two")
    module.read_file = pydicom_reads
    sys.modules[module.__name__] = module
    with patch():
        assert is_ours(module.read_file(CT_SMALL))
    assert module.read_file is pydicom_reads
    del sys.modules[module.__name__]


def test_other_names_keep_pydicoms(patched: None) -> None:
    assert not is_ours(pydicom_reads(CT_SMALL))


def is_on() -> bool:
    return pydicom.dcmread is not pydicom_reads


def test_calls_do_not_add_up() -> None:
    patch()
    patch()
    unpatch()
    assert not is_on()
    unpatch()
    assert not is_on()
    assert rd.Dataset.__bases__[0].__name__ == "PixelAccess"


def test_blocks_nest() -> None:
    with patch():
        with patch():
            assert is_on()
        assert is_on()
        # It is for calls without `with`.
        unpatch()
        assert is_on()
    assert not is_on()


def test_a_block_leaves_a_plain_call_on() -> None:
    patch()
    with patch():
        pass
    assert is_on()
    unpatch()
    assert not is_on()


def test_a_block_can_be_entered_again() -> None:
    block = patch()
    for _ in range(2):
        with block:
            assert is_on()
        assert not is_on()
    patch()
    with block:
        pass
    assert is_on()


def test_a_block_is_left_by_an_error() -> None:
    with pytest.raises(KeyError), patch():
        raise KeyError
    assert not is_on()


def test_threads_end_it_when_the_last_is_done() -> None:
    inside, left = threading.Barrier(2, timeout=60), threading.Event()
    seen = []

    def first() -> None:
        with patch():
            inside.wait()
        left.set()

    def second() -> None:
        with patch():
            inside.wait()
            left.wait(60)
            seen.append(is_ours(pydicom.dcmread(CT_SMALL)))

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == [True]
    assert not is_on()


def test_arguments_are_pydicoms(patched: None) -> None:
    # By position and by the names that pydicom has.
    ds = pydicom.dcmread(CT_SMALL, None, True)
    assert "PixelData" not in ds
    content = CT_SMALL.read_bytes()[132:]
    assert pydicom.dcmread(fp=io.BytesIO(content), force=True, specific_tags=["Rows"]).Rows == 128
    with pytest.raises(pydicom.errors.InvalidDicomError):
        pydicom.dcmread(io.BytesIO(content))


def test_errors_are_ours_alone_again() -> None:
    with patch():
        assert issubclass(rd.InvalidDicomError, pydicom.errors.InvalidDicomError)
    assert not issubclass(rd.InvalidDicomError, pydicom.errors.InvalidDicomError)


# What our objects pass for


def values(ds: Any) -> dict[str, Any]:
    return {
        "dataset.Dataset": ds,
        "dataset.FileDataset": ds,
        "dataset.FileMetaDataset": ds.file_meta,
        "dataelem.DataElement": ds[0x00100010],
        "sequence.Sequence": ds.OtherPatientIDsSequence,
        "multival.MultiValue": ds.PixelSpacing,
        "valuerep.DSfloat": ds.PixelSpacing[0],
        "valuerep.IS": ds.InstanceNumber,
        "valuerep.PersonName": ds.PatientName,
        "uid.UID": ds.SOPClassUID,
        "tag.BaseTag": ds[0x00100010].tag,
    }


@pytest.mark.parametrize("name", values(rd.dcmread(CT_SMALL)))
def test_is_an_instance_while_patched(name: str) -> None:
    module, _, class_name = name.partition(".")
    theirs = getattr(getattr(pydicom, module), class_name)
    ours = values(rd.dcmread(CT_SMALL))[name]
    own = type(ours)
    assert not isinstance(ours, theirs)
    with patch():
        assert isinstance(ours, theirs)
        assert type(ours) is own
        assert isinstance(ours, own)
    assert not isinstance(ours, theirs)
    assert ours.__class__ is own


def test_items_are_data_sets_and_no_files(patched: None) -> None:
    item = pydicom.dcmread(CT_SMALL).OtherPatientIDsSequence[0]
    assert isinstance(item, pydicom.Dataset)
    assert not isinstance(item, pydicom.FileDataset)
    assert not isinstance(item, pydicom.dataset.FileMetaDataset)
    assert not isinstance(pydicom.dcmread(CT_SMALL), pydicom.dataset.FileMetaDataset)


@pytest.mark.parametrize("name", values(rd.dcmread(CT_SMALL)))
def test_copies_and_pickles_are_ours(name: str, patched: None) -> None:
    original = values(rd.dcmread(CT_SMALL))[name]
    copies = [pickle.loads(pickle.dumps(original, protocol)) for protocol in range(6)]
    copies += [copy.copy(original), copy.deepcopy(original)]
    unpatch()
    for each in copies:
        assert type(each) is type(original)
        assert each == original
        assert str(each) == str(original)


def test_text_of_numbers_survives_pickling(patched: None) -> None:
    number = rd.valuerep.DSfloat("1.500")
    assert pickle.loads(pickle.dumps(number)).original_string == "1.500"
    count = rd.valuerep.IS("007")
    assert pickle.loads(pickle.dumps(count)).original_string == "007"


def test_a_pickle_made_while_patched_needs_no_pydicom() -> None:
    with patch():
        content = pickle.dumps(rd.dcmread(CT_SMALL))
    code = (
        "import pickle, sys; ds = pickle.load(sys.stdin.buffer); "
        "print(ds.Rows, 'pydicom' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], input=content, capture_output=True, check=True
    )
    assert run.stdout.split() == [b"128", b"False"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_equals_pydicoms(path: Path) -> None:
    theirs = pydicom_reads(path, force=True)
    with patch():
        ours = pydicom.dcmread(path, force=True)
        if path.name != "nested_priv_SQ.dcm":  # pydicom cannot say whose VR its pixels have
            assert outcome(lambda: theirs == ours) in (True, NotImplementedError)
        assert ours.PatientName == theirs.PatientName if "PatientName" in theirs else True


# Functions of pydicom


def with_its_own_pixels(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda ds: function(ds.pixel_array, ds)


def compressed(ds: Any) -> Any:
    # GDCM's encoder, where `make bench` has installed it, ends the process over some of the files.
    return pydicom.pixels.compress(ds, pydicom.uid.RLELossless, encoding_plugin="pydicom")


PIXEL_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "pixel_array": pydicom.pixels.pixel_array,
    "pixel_array raw": lambda ds: pydicom.pixels.pixel_array(ds, raw=True),
    "pixel_array index": lambda ds: pydicom.pixels.pixel_array(ds, index=0),
    "iter_pixels": lambda ds: list(pydicom.pixels.iter_pixels(ds)),
    "apply_modality_lut": with_its_own_pixels(pydicom.pixels.apply_modality_lut),
    "apply_rescale": with_its_own_pixels(pydicom.pixels.apply_rescale),
    "apply_voi_lut": with_its_own_pixels(pydicom.pixels.apply_voi_lut),
    "apply_windowing": with_its_own_pixels(pydicom.pixels.apply_windowing),
    "apply_color_lut": lambda ds: pydicom.pixels.apply_color_lut(
        ds.pixel_array, palette="HOT_IRON"
    ),
    "convert_color_space": lambda ds: pydicom.pixels.convert_color_space(
        ds.pixel_array, ds.PhotometricInterpretation, "RGB"
    ),
    "handlers voi": with_its_own_pixels(pydicom.pixel_data_handlers.util.apply_voi_lut),
    "handlers dtype": pydicom.pixel_data_handlers.util.pixel_dtype,
    "pixel_dtype": pixel_utils.pixel_dtype,
    "reshape": lambda ds: pixel_utils.reshape_pixel_array(
        ds, np.frombuffer(ds.PixelData, pixel_utils.pixel_dtype(ds))
    ),
    "get_expected_length": pixel_utils.get_expected_length,
    "get_nr_frames": pixel_utils.get_nr_frames,
    "image_pixel_ids": lambda ds: sorted(pixel_utils.get_image_pixel_ids(ds)),
    "as_pixel_options": lambda ds: sorted(pixel_utils.as_pixel_options(ds).items()),
    "compress": lambda ds: compressed(ds).pixel_array,
    "decompress": lambda ds: pydicom.pixels.decompress(compressed(ds)).pixel_array,
    "set_pixel_data": lambda ds: (
        pydicom.pixels.set_pixel_data(
            ds, np.arange(16, dtype="u1").reshape(4, 4), "MONOCHROME2", 8
        ),
        ds.pixel_array,
    ),
}


@pytest.mark.parametrize("name", PIXEL_FUNCTIONS)
def test_pixel_function_gives_the_same(name: str) -> None:
    arrays = 0
    for path in DESCRIBED:
        theirs = outcome(PIXEL_FUNCTIONS[name], pydicom_reads(path, force=True))
        with patch():
            ours = outcome(PIXEL_FUNCTIONS[name], pydicom.dcmread(path, force=True))
        assert_same(ours, theirs)
        arrays += not isinstance(theirs, type)
    assert arrays > 0


@pytest.mark.parametrize("arguments", [["-q"], ["-x"], ["-t"], []], ids=str)
def test_pydicom_show_prints_the_same(arguments: list[str]) -> None:
    assert_same(*both(lambda: shown("show", *arguments, str(CT_SMALL))))


def test_pydicom_show_of_an_item_prints_the_same() -> None:
    assert_same(*both(lambda: shown("show", f"{FILES / 'rtplan.dcm'}::BeamSequence[0]")))


def shown(*arguments: str) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        pydicom.cli.main.main(list(arguments))
    assert out.getvalue()
    return out.getvalue()


def both(function: Callable[[], Any]) -> tuple[Any, Any]:
    """Return what a function gives when patched, and when not."""
    theirs = function()
    with patch():
        return function(), theirs


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_code_made_of_a_data_set_is_the_same(path: Path) -> None:
    assert_same(*both(lambda: outcome(lambda: pydicom.util.codify.code_file(str(path)))))


def test_file_sets_are_read_and_written(tmp_path: Path) -> None:
    directory = pydicom.data.get_testdata_file("DICOMDIR", download=False)
    if directory is None:
        pytest.skip("this pydicom has no DICOMDIR to test with")

    def read() -> Any:
        files = pydicom.fileset.FileSet(pydicom.dcmread(directory))
        return (
            len(files),
            files.find_values("PatientID"),
            str(files),
            next(iter(files)).load().Modality,
        )

    def written(folder: Path) -> Any:
        files = pydicom.fileset.FileSet()
        files.add(str(CT_SMALL))
        files.write(folder)
        return len(files)

    assert_same(*both(read))
    folders = iter([tmp_path / "theirs", tmp_path / "ours"])
    assert both(lambda: written(next(folders))) == (1, 1)


# Writing


@pytest.mark.parametrize("path", DESCRIBED, ids=lambda path: path.stem)
def test_dcmwrite_writes_ours(path: Path) -> None:
    def written(ds: Any) -> str:
        out = io.BytesIO()
        pydicom.dcmwrite(out, ds)
        return str(pydicom_reads(io.BytesIO(out.getvalue()), force=True))

    theirs = outcome(written, pydicom_reads(path, force=True))
    with patch():
        assert_same(outcome(written, pydicom.dcmread(path, force=True)), theirs)


def derived(ds: Any) -> str:
    """Make a new file with values, elements and items of another."""
    new = pydicom.Dataset()
    new.file_meta = pydicom.dataset.FileMetaDataset()
    new.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    for keyword in (
        "PatientName",
        "PixelSpacing",
        "SOPInstanceUID",
        "SOPClassUID",
        "InstanceNumber",
        "StudyDate",
    ):
        setattr(new, keyword, getattr(ds, keyword))
    new.add(ds["PatientID"])
    new[0x00101010] = ds[0x00101010]
    new.update(ds.group_dataset(0x0009))
    new.OtherPatientIDsSequence = ds.OtherPatientIDsSequence
    new.SourceImageSequence = [ds.group_dataset(0x0008)]
    text = str(new)
    out = io.BytesIO()
    new.save_as(out, enforce_file_format=True)
    return text + str(pydicom_reads(io.BytesIO(out.getvalue())))


def test_new_files_are_made_of_parts_of_ours() -> None:
    assert_same(*both(lambda: derived(pydicom.dcmread(CT_SMALL))))


def test_a_data_set_of_pydicom_shares_the_elements_of_ours() -> None:
    def shared() -> Any:
        ds = pydicom.dcmread(CT_SMALL)
        new = pydicom.FileDataset("new", ds, file_meta=ds.file_meta)
        new.PatientID = "changed"
        new.StudyID = "added"
        del new.PatientName
        out = io.BytesIO()
        new.save_as(out)
        written = pydicom_reads(io.BytesIO(out.getvalue()), force=True)
        return str(written), ds.PatientID, ds.StudyID, "PatientName" in ds

    assert_same(*both(shared))


def test_elements_names_and_items_of_pydicom_are_taken() -> None:
    def filled() -> Any:
        ds = pydicom.dcmread(CT_SMALL)
        ds.add(pydicom.DataElement(0x00100020, "LO", "new"))
        ds[0x00100010] = pydicom.DataElement(0x00100010, "PN", "a^b")
        ds.ReferringPhysicianName = pydicom.valuerep.PersonName("c^d")
        ds.PixelSpacing = pydicom.multival.MultiValue(pydicom.valuerep.DSfloat, ["1", "2"])
        items = pydicom.Sequence()
        ds.OtherPatientIDsSequence = items
        first = pydicom.Dataset()
        items.append(first)
        # Later than it was put in.
        first.PatientID = "1"
        ds.OtherPatientIDsSequence.append(pydicom.Dataset())
        ds.OtherPatientIDsSequence[1].PatientID = "2"
        tags = [element.tag for element in ds.iterall()]
        again = pickle.loads(pickle.dumps(ds))
        out = io.BytesIO()
        pydicom.dcmwrite(out, ds)
        written = str(pydicom_reads(io.BytesIO(out.getvalue())))
        return str(ds), tags, ds.to_json(), len(items), str(again), written

    assert_same(*both(filled))


# Programs


@pytest.mark.parametrize("path", DROP_IN_PROGRAMS, ids=lambda path: path.stem)
def test_program_gives_the_same(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for library in ("monai", "highdicom"):
        if f"import {library}" in text or f"from {library}" in text:
            pytest.importorskip(library, reason=f"{library} is what it hands pixels to")
    module = load_module(path, f"unedited_{path.stem}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same(*both(lambda: module.run(DATA)))


def test_nibabel_wraps_ours() -> None:
    wrappers = pytest.importorskip("nibabel.nicom.dicomwrappers")
    names = (
        "affine",
        "image_shape",
        "voxel_sizes",
        "slice_normal",
        "series_signature",
        "b_value",
        "csa_header",
    )

    def wrapped(path: Path) -> Any:
        wrapper = wrappers.wrapper_from_data(pydicom.dcmread(path, force=True))
        attributes = [outcome(getattr, wrapper, name) for name in names]
        return type(wrapper).__name__, attributes, outcome(wrapper.get_data)

    paths = [*DESCRIBED, *sorted((BRAIN_MR).iterdir())[:3]]
    ours, theirs = both(lambda: [outcome(wrapped, path) for path in paths])
    assert_same(ours, theirs)
    assert sum(isinstance(each, tuple) for each in theirs) > 10


def test_highdicom_makes_volumes_and_segmentations_of_ours() -> None:
    highdicom = pytest.importorskip("highdicom")

    def made() -> Any:
        images = [pydicom.dcmread(path) for path in sorted((BRAIN_MR).iterdir())[:4]]
        volume = highdicom.get_volume_from_series(images)
        mask = np.zeros((len(images), 80, 80), dtype="u1")
        mask[:, 10:20, 30:50] = 1
        brain = highdicom.sr.CodedConcept("12738006", "SCT", "Brain")
        method = highdicom.seg.SegmentAlgorithmTypeValues.MANUAL
        segment = highdicom.seg.SegmentDescription(1, "brain", brain, brain, method)
        names = ("1.2.3.4", 1, "1.2.3.5", 1, "maker", "model", "1", "serial")
        seg = highdicom.seg.Segmentation(
            images, mask, "BINARY", [segment], *names, omit_empty_frames=False
        )
        out = io.BytesIO()
        seg.save_as(out)
        written = pydicom_reads(io.BytesIO(out.getvalue()))
        kept = [
            str(written.get(keyword))
            for keyword in ("PatientName", "StudyDate", "ReferencedSeriesSequence")
        ]
        return volume.array, volume.affine, written.pixel_array, kept

    assert_same(*both(made))


def test_highdicom_reads_its_own_objects() -> None:
    highdicom = pytest.importorskip("highdicom")
    path = FILES / "seg_image_ct_true_fractional.dcm"

    def read() -> Any:
        with highdicom.io.ImageFileReader(CT_SMALL) as reader:
            frame = reader.read_frame(0)
        return (
            highdicom.imread(CT_SMALL).get_frame(1),
            list(highdicom.seg.segread(path).segment_numbers),
            frame,
        )

    assert_same(*both(read))


def test_file_meta_can_be_deleted() -> None:
    def deleted() -> Any:
        ds = pydicom.dcmread(CT_SMALL)
        del ds.file_meta
        return getattr(ds, "file_meta", None), str(ds)

    assert_same(*both(deleted))


def monai_reads(folder: Path) -> Any:
    """Do what MONAI's `PydicomReader` does with a series, call by call."""
    paths = [path for path in sorted(folder.iterdir()) if pydicom.misc.is_dicom(path)]
    slices = [pydicom.dcmread(fp=str(path)) for path in paths]
    slices = sorted(
        (ds for ds in slices if hasattr(ds, "InstanceNumber")), key=lambda ds: ds.InstanceNumber
    )
    first = slices[0]
    spacing = getattr(first, "PixelSpacing", [1.0, 1.0])
    previous = getattr(first, "ImagePositionPatient", (0.0, 0.0, 0.0))[2]
    arrays, distance = [], 0.0
    for ds in slices:
        array = ds.pixel_array
        slope, offset = getattr(ds, "RescaleSlope", 1.0), getattr(ds, "RescaleIntercept", 0.0)
        arrays.append(array.astype(np.float32) * slope + offset)
        assert np.allclose(ds.PixelSpacing, spacing[:2])
        distance += abs(previous - ds.ImagePositionPatient[2])
        previous = ds.ImagePositionPatient[2]
    # It adds to the list that the data set has.
    spacing.append(distance / (len(slices) - 1))
    metadata = first.to_json_dict(suppress_invalid_tags=True)
    metadata.pop("7FE00010", None)
    rx, ry, rz, cx, cy, cz = metadata["00200037"]["Value"]
    last = np.asarray(slices[-1].ImagePositionPatient)
    return (
        np.stack(arrays, axis=-1),
        np.asarray(spacing),
        metadata,
        (rx, ry, rz, cx, cy, cz),
        metadata["00200032"]["Value"],
        last,
        hasattr(first, "SegmentSequence"),
        hasattr(first, "PerFrameFunctionalGroupsSequence"),
    )


def test_what_monai_asks_of_a_series_is_answered() -> None:
    assert_same(*both(lambda: monai_reads(BRAIN_MR)))


def test_what_monai_asks_of_a_segmentation_is_answered() -> None:
    def groups() -> Any:
        ds = pydicom.dcmread(fp=str(FILES / "seg_image_ct_true_fractional.dcm"))
        shared = ds.SharedFunctionalGroupsSequence[0].to_json_dict(suppress_invalid_tags=True)
        frames = [
            frame.to_json_dict(suppress_invalid_tags=True)
            for frame in ds.PerFrameFunctionalGroupsSequence
        ]
        labels = [(item.SegmentNumber, item.SegmentLabel) for item in ds.SegmentSequence]
        return ds.pixel_array, shared, frames, labels

    assert_same(*both(groups))
