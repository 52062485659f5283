"""Damage at Python's own doors: JSON, pickles, File-sets, waveforms, tables, the index.

The result is right or an error of the contract; never another exception, a crash or a hang, and no
message shows a value. What bytes of files do is tried in `test_damaged_bytes.py`, and the core's
doors are those of `tests/fuzz/`.

`RAPIDICOM_FLIPS` is how many changes each door meets; unless it is set, few. A failure names the
number of its change.
"""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import random
import re
import struct
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    EXPLICIT_LITTLE,
    PATIENT_NAME,
    Element,
    Identity,
    Items,
    Layout,
    Plane,
    encode,
    file_bytes,
    file_meta,
    image,
    write_image,
)
from mutations import changed_bytes, changed_value
from rapidicom.filereader import read_dataset
from rapidicom.fileset import FileSet
from rapidicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut
from rapidicom.volumes.scaling import Scaling, padding_range, scaling_of
from rapidicom.waveforms import multiplex_array

COUNT = int(os.environ.get("RAPIDICOM_FLIPS", "300"))
# Of one change, in seconds.
LONGEST = 5.0

pytestmark = pytest.mark.filterwarnings("ignore")

PIXELS = np.arange(64, dtype=np.int16).reshape(8, 8)
# Errors that a caller of a function of Python's is told to expect, beside ours.
WRONG_CALL = (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError)


# What Python says where a program has not looked at what it was given.
ACCIDENT = re.compile(
    "object has no attribute '[^']*'$|not subscriptable|not iterable|unsupported operand"
    "|not callable|could not convert|invalid literal|not supported between|must be real number"
    "|unpack|cannot be interpreted|bytes-like object is required|out of range"
)


def try_all(
    work: Callable[[random.Random], None],
    allowed: tuple[type[Exception], ...] = (),
    *,
    is_accident_allowed: bool = False,
) -> None:
    """Call `work` with as many sources of changes as are wanted."""
    outcomes: dict[str, int] = {}
    for number in range(COUNT):
        start = time.perf_counter()
        outcome = "right"
        try:
            work(random.Random(number))
        except (rd.DicomError, *allowed) as error:
            assert PATIENT_NAME.split("^")[0] not in str(error), f"change {number} shows a value"
            if not is_accident_allowed and ACCIDENT.search(str(error)):
                pytest.fail(f"change {number}: an accident: {error!r}", pytrace=True)
            outcome = type(error).__name__
        except BaseException as error:
            pytest.fail(f"change {number}: {type(error).__name__}: {error}", pytrace=True)
        took = time.perf_counter() - start
        assert took < LONGEST, f"change {number} took {took:.1f} s"
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert COUNT < 100 or (len(outcomes) > 1 and "right" in outcomes), outcomes


def touch(ds: rd.Dataset) -> None:
    """Look at every value, nested ones included, as printing, JSON and copies do."""
    for element in ds.iterall():
        try:
            _ = element.value, element.VM, element.name
        except (rd.DicomError, NotImplementedError):
            continue
    _ = str(ds), ds.to_json_dict(), copy.deepcopy(ds), ds.deviations


def whole() -> rd.Dataset:
    """A data set with values of each kind."""
    reference = [Element(0x00081150, "UI", "2.25.7"), Element(0x00081155, "UI", "2.25.8")]
    extra = [
        Element(0x00080005, "CS", "ISO_IR 192"),
        Element(0x00081140, "SQ", Items([reference, reference])),
        Element(0x00090010, "LO", "VENDOR"),
        Element(0x00091001, "AT", [0x00100020]),
        Element(0x00091002, "FD", [0.5, 2.0]),
        Element(0x00091003, "UN", b"abcd"),
        Element(0x00100030, "DA", "20240229"),
        Element(0x00201041, "DS", [1.5]),
        Element(0x00281101, "US", [4, 0, 16]),
    ]
    return rd.dcmread(file_bytes(image(PIXELS, extra=extra)))


def read_elements(content: bytes) -> rd.Dataset:
    return read_dataset(io.BytesIO(content), is_implicit_VR=False, is_little_endian=True)


# JSON


def test_a_changed_json_model_is_refused_or_read() -> None:
    model = whole().to_json_dict()

    def work(generator: random.Random) -> None:
        ds = rd.Dataset.from_json(changed_value(model, generator))
        # As in pydicom, what is UN in a model gets the VR of the dictionary when it is read.
        once = rd.Dataset.from_json(ds.to_json_dict()).to_json_dict()
        again = rd.Dataset.from_json(once).to_json_dict()
        assert repr(again) == repr(once), "a model means itself"
        touch(ds)

    try_all(work, WRONG_CALL)


def test_changed_json_text_is_refused_or_read() -> None:
    text = whole().to_json().encode()

    def work(generator: random.Random) -> None:
        damaged = changed_bytes(text, generator).decode("utf-8", "replace")
        touch(rd.Dataset.from_json(damaged))

    try_all(work, WRONG_CALL)


# Pickles


def reduced(value: Any) -> Any:
    """What a pickle of this is made of: the function that makes it, its arguments, its state."""
    return value.__reduce_ex__(2)


def rebuilt(parts: Any) -> Any:
    """What a program gets that loads a pickle of these parts."""
    make, arguments, *rest = parts
    made = make(*arguments)
    state = rest[0] if rest else None
    if state is not None and hasattr(made, "__setstate__"):
        made.__setstate__(state)
    elif state is not None:
        attributes, slots = state if isinstance(state, tuple) else (state, None)
        for name, value in {**(attributes or {}), **(slots or {})}.items():
            setattr(made, name, value)
    return made


def pickled() -> Iterator[tuple[str, Callable[[Path], Any], Callable[[Any], Any]]]:
    """What programs send to other processes, and how they look at it there."""

    def read(tmp_path: Path) -> rd.Dataset:
        return rd.dcmread(write_image(tmp_path / "a.dcm"))

    def look(ds: rd.Dataset) -> None:
        touch(ds)
        touch(ds.file_meta)
        _ = ds.pixel_array

    def handed_out(tmp_path: Path) -> rd.Dataset:
        ds = read(tmp_path)
        ds.ImageType[0] = "DERIVED"
        ds.PatientID = "new"
        return ds

    def series(tmp_path: Path) -> Any:
        for number in range(3):
            plane = Plane(position=(0, 0, number))
            write_image(tmp_path / "series" / f"{number}.dcm", number=number, plane=plane)
        (found,) = rd.find_series(tmp_path / "series")
        return found

    def table(tmp_path: Path) -> rd.Table:
        return rd.scan(series(tmp_path).paths, ["InstanceNumber", "ImageType", "PixelSpacing"])

    yield "dataset", read, look
    yield "dataset in memory", lambda _: whole(), look
    yield "changed dataset", handed_out, look
    yield "element", lambda folder: read(folder)["ImageType"], lambda one: (one.value, str(one))
    yield "series", series, lambda one: (one.report, one.read().array.sum())
    yield "volume", lambda folder: series(folder).read(), lambda one: (one.affine, one.report)
    yield "table", table, lambda one: (one.to_dicts(), str(one))
    yield "name", lambda folder: read(folder).PatientName, lambda one: (str(one), one.family_name)
    yield "numbers", lambda folder: read(folder).PixelSpacing, lambda one: (list(one), str(one))


PICKLED = list(pickled())


@pytest.mark.parametrize(("name", "make", "look"), PICKLED, ids=[one[0] for one in PICKLED])
def test_a_pickle_with_other_parts_is_refused_or_read(
    tmp_path: Path, name: str, make: Callable[[Path], Any], look: Callable[[Any], Any]
) -> None:
    parts = reduced(make(tmp_path))
    make_it, arguments, *rest = parts

    def work(generator: random.Random) -> None:
        damaged = changed_value([arguments, *rest], generator)
        if not isinstance(damaged, list) or not damaged or not isinstance(damaged[0], tuple):
            return
        look(rebuilt((make_it, *damaged)))

    look(rebuilt(parts))
    expected = (*WRONG_CALL, OSError, MemoryError, NotImplementedError, ImportError)
    try_all(work, expected, is_accident_allowed=True)


WITH_NUMBERS = [one for one in PICKLED if one[0] != "name"]


@pytest.mark.parametrize(
    ("name", "make", "look"), WITH_NUMBERS, ids=[one[0] for one in WITH_NUMBERS]
)
def test_a_pickle_of_other_bytes_is_refused_or_read(
    tmp_path: Path, name: str, make: Callable[[Path], Any], look: Callable[[Any], Any]
) -> None:
    """Only strings and numbers: other bytes of a pickle are a program."""
    data = pickle.dumps(make(tmp_path))
    marks = [at for at in range(len(data)) if data[at : at + 1] in (b"K", b"M", b"J", b"C", b"G")]

    def work(generator: random.Random) -> None:
        damaged = bytearray(data)
        at = generator.choice(marks) + 1
        if at < len(damaged) and damaged[at - 1 : at] != b"C":
            damaged[at] ^= 1 << generator.randrange(8)
        elif at + 3 < len(damaged):
            damaged[at + 1 + generator.randrange(min(damaged[at], 8) or 1)] ^= 4
        look(pickle.loads(bytes(damaged)))

    expected = (*WRONG_CALL, OSError, MemoryError, NotImplementedError, ImportError)
    damaged_pickle = (pickle.UnpicklingError, EOFError)
    try_all(work, (*expected, *damaged_pickle), is_accident_allowed=True)


# File-sets


def directory(tmp_path: Path) -> tuple[bytes, list[int]]:
    """A DICOMDIR of a patient, a study, two series and four images, and where its records lie."""
    files = [write_image(tmp_path / f"IM{number}", number=number) for number in range(4)]
    kinds = ["PATIENT", "STUDY", "SERIES", "IMAGE", "IMAGE", "SERIES", "IMAGE", "IMAGE"]
    following = [None, None, 5, 4, None, None, 7, None]
    below = [1, 2, 3, None, None, 6, None, None]

    def elements(offsets: list[int]) -> list[Element]:
        images = iter(files)
        records = []
        for number, kind in enumerate(kinds):
            links = [following[number], below[number]]
            next_one, lower = (offsets[link] if link is not None else 0 for link in links)
            record = [
                Element(0x00041400, "UL", next_one),
                Element(0x00041410, "US", 0xFFFF),
                Element(0x00041420, "UL", lower),
                Element(0x00041430, "CS", kind),
            ]
            if kind == "IMAGE":
                record.append(Element(0x00041500, "CS", next(images).name))
                record.append(Element(0x00041511, "UI", f"2.25.{number}"))
            if kind == "PATIENT":
                record.append(Element(0x00100010, "PN", PATIENT_NAME))
                record.append(Element(0x00100020, "LO", "1"))
            records.append(record)
        return [
            Element(0x00041130, "CS", "SET"),
            Element(0x00041200, "UL", offsets[0]),
            Element(0x00041202, "UL", offsets[0]),
            Element(0x00041212, "US", 0),
            Element(0x00041220, "SQ", Items(records)),
        ]

    def written(offsets: list[int]) -> bytes:
        meta = file_meta(EXPLICIT_LITTLE, "1.2.840.10008.1.3.10")
        return file_bytes(elements(offsets), meta=meta)

    # Offsets are of a fixed size, so that a first try has them where the second will.
    draft = rd.dcmread(written([0] * len(kinds)))
    offsets = [item.seq_item_tell for item in draft.DirectoryRecordSequence]
    return written(offsets), offsets


def test_a_changed_file_set_has_files_of_its_folder_each_once(tmp_path: Path) -> None:
    data, offsets = directory(tmp_path)
    path = tmp_path / "DICOMDIR"
    path.write_bytes(data)
    assert len(FileSet(path)) == 4
    places = [data.find(struct.pack("<I", offset), 132) for offset in offsets if offset]

    def work(generator: random.Random) -> None:
        damaged = bytearray(changed_bytes(data, generator, 132))
        if generator.randrange(2):
            damaged = bytearray(data)
            for _ in range(generator.randrange(1, 4)):
                at = generator.choice(places)
                damaged[at : at + 4] = struct.pack("<I", generator.choice([0, 1, *offsets]))
        path.write_bytes(damaged)
        for found in (FileSet(path), FileSet(rd.dcmread(path, force=True))):
            paths = [Path(one.path).resolve() for one in found]
            assert all(one.is_relative_to(tmp_path.resolve()) for one in paths)
            records = [one.node.record.seq_item_tell for one in found]
            assert len(set(records)) == len(records) <= 8, "a record is there once"
            _ = str(found), found.ID, found.find(PatientID="1"), found.find_values("PatientID")
            _ = [getattr(one, "SOPInstanceUID", None) for one in found]

    try_all(work, WRONG_CALL)


# Waveforms


def waveform() -> bytes:
    channel = [
        Element(0x003A0210, "DS", "2"),
        Element(0x003A0212, "DS", "1.5"),
        Element(0x003A0213, "DS", "1"),
    ]
    group = [
        Element(0x003A0005, "US", 2),
        Element(0x003A0010, "UL", 8),
        Element(0x003A001A, "DS", "500"),
        Element(0x003A0200, "SQ", Items([channel] * 2)),
        Element(0x54001004, "US", 16),
        Element(0x54001006, "CS", "SS"),
        Element(0x54001010, "OW", bytes(range(32))),
    ]
    return encode(
        [Element(0x00100010, "PN", PATIENT_NAME), Element(0x54000100, "SQ", Items([group]))]
    )


def test_a_changed_waveform_is_refused_or_has_its_shape() -> None:
    content = waveform()

    def work(generator: random.Random) -> None:
        ds = read_elements(changed_bytes(content, generator))
        for index, item in enumerate(ds.get("WaveformSequence") or ()):
            for as_raw in (True, False):
                array = multiplex_array(ds, index, as_raw=as_raw)
                counts = item.NumberOfWaveformSamples, item.NumberOfWaveformChannels
                assert array.shape == tuple(map(int, counts))
                assert array.nbytes <= 8 * len(content), "more samples than bytes"

    try_all(work, (AttributeError,))


# What values mean


def test_changed_meanings_of_values_are_refused_or_told() -> None:
    unit = [Element(0x00080100, "SH", "mm2")]
    mapping = [
        Element(0x00409211, "US", 100),
        Element(0x00409216, "US", 0),
        Element(0x00409224, "FD", 1.0),
        Element(0x00409225, "FD", 2.0),
        Element(0x004008EA, "SQ", Items([unit])),
    ]
    transformation = [Element(0x00281054, "LO", "HU")]
    group = [Element(0x00289145, "SQ", Items([transformation]))]
    content = encode(
        [
            Element(0x00100010, "PN", PATIENT_NAME),
            Element(0x00280100, "US", 16),
            Element(0x00280103, "US", 1),
            Element(0x00280120, "SS", -7),
            Element(0x00409096, "SQ", Items([mapping])),
            Element(0x00541001, "CS", "BQML"),
            Element(0x20050010, "LO", "Philips MR Imaging DD 001"),
            Element(0x2005100D, "DS", "1"),
            Element(0x2005100E, "DS", "2"),
            Element(0x52009229, "SQ", Items([group])),
            Element(0x52009230, "SQ", Items([group, group])),
        ]
    )

    def work(generator: random.Random) -> None:
        ds = read_elements(changed_bytes(content, generator))
        for frame in (0, 1, 2):
            assert isinstance(scaling_of(ds, frame), Scaling)
        limits = padding_range(ds)
        assert limits is None or -(2**63) <= limits[0] <= limits[1] < 2**64

    try_all(work)


# Lookup tables and palettes


def tables(is_segmented: bool) -> bytes:
    """Elements with every table: Modality and VOI LUT, window and palette."""
    lut = [
        Element(0x00283002, "US", [4, 0, 16]),
        Element(0x00283006, "OW", np.arange(4, dtype="<u2")),
    ]
    segmented = np.array([0, 2, 0, 500, 1, 2, 900], "<u2")
    extra = [
        Element(0x00100010, "PN", PATIENT_NAME),
        Element(0x00283000, "SQ", Items([lut])),
        Element(0x00283010, "SQ", Items([lut, lut])),
        Element(0x00281050, "DS", [40, 50]),
        Element(0x00281051, "DS", [400, 500]),
        Element(0x00281056, "CS", "SIGMOID"),
    ]
    for number in (1, 2, 3):
        extra.append(Element(0x00281100 + number, "US", [4, 0, 16]))
        if is_segmented:
            extra.append(Element(0x00281220 + number, "OW", segmented))
        else:
            extra.append(Element(0x00281200 + number, "OW", np.arange(4, dtype="<u2")))
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    elements = image(pixels, extra=extra, identity=Identity(modality="OT"), layout=Layout())
    return encode(sorted(elements, key=lambda element: element.tag))


@pytest.mark.parametrize("is_segmented", [False, True], ids=["plain", "segmented"])
@pytest.mark.parametrize("apply", [apply_modality_lut, apply_voi_lut, apply_color_lut])
def test_changed_tables_are_refused_or_map_each_pixel(
    apply: Callable[..., Any], is_segmented: bool
) -> None:
    content = tables(is_segmented)
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4)

    def work(generator: random.Random) -> None:
        ds = read_elements(changed_bytes(content, generator))
        ds.pop("PixelData", None)
        mapped = apply(pixels, ds)
        assert mapped.shape[:2] == pixels.shape
        assert mapped.ndim == 2 or mapped.shape[2] in (3, 4)

    # A Window Width that no function takes is the caller's to know, as in pydicom.
    try_all(work, (ValueError,))


def test_changed_overlays_are_refused_or_have_their_shape() -> None:
    overlay = [
        Element(0x60000010, "US", 4),
        Element(0x60000011, "US", 5),
        Element(0x60000015, "IS", 2),
        Element(0x60000040, "CS", "G"),
        Element(0x60000050, "SS", [1, 1]),
        Element(0x60000100, "US", 1),
        Element(0x60000102, "US", 0),
        Element(0x60003000, "OW", bytes(range(6))),
    ]
    content = encode([Element(0x00100010, "PN", PATIENT_NAME), *overlay])

    def work(generator: random.Random) -> None:
        ds = read_elements(changed_bytes(content, generator))
        array = ds.overlay_array(0x6000)
        assert array.shape[-2:] == (ds[0x60000010].value, ds[0x60000011].value)
        assert array.size <= 8 * len(content), "more bits than there are"
        assert set(np.unique(array)) <= {0, 1}

    try_all(work, (AttributeError,))


# The index of a scan


def test_a_changed_index_gives_the_table_or_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the index is a Parquet file")
    columns = ["InstanceNumber", "ImageType", "PixelSpacing", "WindowCenter"]
    for number in range(6):
        path = write_image(tmp_path / "tree" / f"{number}.dcm", number=number)
        os.utime(path, ns=(10**18, 10**18 + number))
    (tmp_path / "tree" / "notes.txt").write_text("not DICOM")
    os.utime(tmp_path / "tree" / "notes.txt", ns=(10**18, 10**18))
    expected = rd.scan(tmp_path / "tree", columns)
    cache = tmp_path / "index"
    rd.scan(tmp_path / "tree", columns, cache=cache)
    data = cache.read_bytes()
    assert len(data) > 0

    def work(generator: random.Random) -> None:
        cache.write_bytes(changed_bytes(data, generator))
        table = rd.scan(tmp_path / "tree", columns, cache=cache)
        assert table.to_dicts() == expected.to_dicts()
        assert (table.skipped, table.errors) == (expected.skipped, expected.errors)
        assert table.invalid == expected.invalid

    try_all(work, (ValueError,))


def test_the_changes_are_of_every_kind() -> None:
    """What is changed is never the value itself, and seldom stays as it is."""
    model = json.loads(whole().to_json())
    before = copy.deepcopy(model)
    changed = [changed_value(model, random.Random(number)) != before for number in range(100)]
    assert model == before
    assert sum(changed) > 80
    data = bytes(range(200))
    assert (
        sum(changed_bytes(data, random.Random(n), 132)[:132] == data[:132] for n in range(50)) == 50
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rd.Dataset.from_json(model) == rd.Dataset.from_json(before)
