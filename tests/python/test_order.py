"""The order of elements, and damage: every way to read a file finds the same.

`RAPIDICOM_MUTATIONS` says how many damaged files are read; 20,000 take some minutes.
"""

from __future__ import annotations

import io
import os
import random
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    CT_IMAGE,
    DEFLATED_LITTLE,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    LONG_LENGTH_VRS,
    PIXEL_DATA,
    PREAMBLE,
    Element,
    Fragments,
    Items,
    deflated,
    encode,
    file_around,
    file_meta,
)
from data_paths import BRAIN_MR, FILES, PYDICOM_FILES, REFERENCE_DATA, needs_reference_data

ERRORS = rd.errors.DicomError
COUNT = int(os.environ.get("RAPIDICOM_MUTATIONS", "1500"))
PERMUTATIONS = 6

COLUMNS = [
    "Modality",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "PatientID",
    "StudyDate",
    "InstanceNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "Rows",
    "Columns",
    "PixelRepresentation",
    "SmallestImagePixelValue",
    "TransferSyntaxUID",
    "SharedFunctionalGroupsSequence.PixelMeasuresSequence.PixelSpacing",
    "PerFrameFunctionalGroupsSequence[1].PlanePositionSequence.ImagePositionPatient",
    "(0019,1153)",
    "(0029,1010)",
]
TAGS = [name for name in COLUMNS if "." not in name and name[0] != "("] + [0x00191153, 0x00291010]

MODALITY = [
    Element(0x00080016, "UI", CT_IMAGE),
    Element(0x00080018, "UI", "1.2.3.4"),
    Element(0x00080060, "CS", "CT"),
]
SERIES = [Element(0x0020000D, "UI", "1.2.3"), Element(0x0020000E, "UI", "1.2.3.5")]
ROWS = [Element(0x00280010, "US", 80), Element(0x00280011, "US", 80)]
OWNER = Element(0x00190010, "LO", "VENDOR")


def written(path: Path, elements: Sequence[Element], syntax: str = EXPLICIT_LITTLE) -> Path:
    content = encode(elements, explicit=syntax != IMPLICIT_LITTLE)
    path.write_bytes(file_around(content, syntax))
    return path


BELOW = [Element(0x00180088, "DS", "53"), Element(0x00180050, "DS", "6"), *ROWS]
PRIVATE = [*MODALITY, OWNER, Element(0x00191153, "IS", "53"), Element(0x00191006, "DS", "6"), *ROWS]
LATE = [*MODALITY, *BELOW]
EARLY_PIXELS = [*MODALITY, Element(PIXEL_DATA, "OW", bytes(40_000)), *BELOW]
LONG_BETWEEN = [*MODALITY, Element(0x00291010, "OB", bytes(70_000)), *BELOW]
FRAGMENTED = [
    *MODALITY,
    Element(PIXEL_DATA, "OB", Fragments([bytes(9000), bytes(20_000)])),
    *BELOW,
]


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE])
@pytest.mark.parametrize(
    "elements", [LATE, EARLY_PIXELS, LONG_BETWEEN], ids=["late", "pixels", "long"]
)
@pytest.mark.parametrize("others", [[], ["PatientID"], ["Rows"], ["(7FE1,1010)"]])
def test_an_element_out_of_order_is_found(
    tmp_path: Path, elements: list[Element], others: list[str], syntax: str
) -> None:
    path = written(tmp_path / "a.dcm", elements, syntax)
    table = rd.scan(path, ["SliceThickness", "SpacingBetweenSlices", *others])
    assert (table["SliceThickness"][0], table["SpacingBetweenSlices"][0]) == (6, 53)
    assert not table.errors and not table.invalid
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        ds = rd.dcmread(source, specific_tags=["SliceThickness"])
        assert ds.SliceThickness == 6
        assert [name for name, _ in ds.deviations] == ["unordered_elements"]


@pytest.mark.parametrize("others", [[], ["PatientID"], ["Rows"]])
def test_a_private_element_out_of_order_is_found(tmp_path: Path, others: list[str]) -> None:
    path = written(tmp_path / "a.dcm", PRIVATE)
    table = rd.scan(path, ["(0019,1006)", "(0019,1153)", *others])
    assert (table["(0019,1006)"].tolist(), table["(0019,1153)"].tolist()) == (["6"], ["53"])
    ds = rd.dcmread(path, specific_tags=[0x00191006, *others])
    assert ds[0x00191006].value == 6


def test_fragments_are_walked_over(tmp_path: Path) -> None:
    path = written(tmp_path / "a.dcm", FRAGMENTED)
    assert rd.scan(path, ["SliceThickness"])["SliceThickness"][0] == 6
    assert rd.dcmread(io.BytesIO(path.read_bytes()), specific_tags=["Rows"]).Rows == 80


def test_a_long_value_that_is_wanted_of_an_object_is_kept() -> None:
    value = bytes(range(256)) * 300
    data = file_around(encode([*MODALITY, Element(0x00291010, "OB", value), *ROWS]))
    with io.BytesIO(data) as opened:
        ds = rd.dcmread(opened, specific_tags=[0x00291010])
    assert ds[0x00291010].value == value


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE])
def test_the_last_of_equal_tags_counts_everywhere(tmp_path: Path, syntax: str) -> None:
    first, second = (
        [Element(0x0020000E, "UI", f"1.2.{number}"), Element(0x00200013, "IS", f"{number}")]
        for number in (7, 8)
    )
    path = written(tmp_path / "a.dcm", [*MODALITY, *first, *ROWS, *second], syntax)
    whole, some = rd.dcmread(path), rd.dcmread(path, specific_tags=["InstanceNumber"])
    table = rd.scan(path, ["InstanceNumber", "SeriesInstanceUID"])
    assert whole.InstanceNumber == some.InstanceNumber == table["InstanceNumber"][0] == 8
    assert whole.SeriesInstanceUID == table["SeriesInstanceUID"][0] == "1.2.8"


@pytest.mark.parametrize("length", [100, 10_000, 100_000, 5_000_000])
@pytest.mark.parametrize("syntax", [EXPLICIT_BIG, DEFLATED_LITTLE, IMPLICIT_LITTLE])
def test_a_long_value_of_file_meta_information_does_not_hide_the_transfer_syntax(
    tmp_path: Path, length: int, syntax: str
) -> None:
    content = encode(LATE, explicit=syntax != IMPLICIT_LITTLE, big_endian=syntax == EXPLICIT_BIG)
    content = deflated(content) if syntax == DEFLATED_LITTLE else content
    private = [Element(0x00020100, "UI", "1.2"), Element(0x00020102, "OB", bytes(length))]
    path = tmp_path / "a.dcm"
    path.write_bytes(PREAMBLE + file_meta(syntax, extra=private) + content)
    for read in DOORS.values():
        ds = read(path)
        assert (ds.Rows, ds.file_meta.TransferSyntaxUID) == (80, syntax)
        assert [name for name, _ in ds.deviations] == ["unordered_elements"]
    table = rd.scan(path, ["Rows", "TransferSyntaxUID"])
    assert (table["Rows"][0], table["TransferSyntaxUID"][0]) == (80, syntax)


JPEG_START = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb004300")


def garbage_of(drawn: random.Random) -> dict[str, bytes]:
    """What ends up in the middle of a file."""
    length = drawn.choice((40, 300, 900))
    other = (FILES / "CT_small.dcm").read_bytes()
    return {
        "random": drawn.randbytes(length),
        "zeros": bytes(length),
        "0xFF": b"\xff" * length,
        "text": (b"Somewhere over the rainbow, way up high. " * 22)[:length],
        "pixels of another file": other[-length - 1000 : -1000],
        "a JPEG stream": JPEG_START + drawn.randbytes(length) + b"\xff\xd9",
        "another file": other,
        "its start": other[: 132 + length],
        "its middle": other[1000 : 1000 + length],
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE])
@pytest.mark.parametrize("place", ["before an element", "in a header", "after the pixels"])
@pytest.mark.parametrize("rest", ["goes on", "is overwritten", "is gone"])
def test_garbage_is_never_taken_for_elements_in_silence(
    tmp_path: Path, syntax: str, place: str, rest: str
) -> None:
    names = [Element(0x00181030 + number, "LO", f"name {number}") for number in range(30)]
    pixels = Element(PIXEL_DATA, "OW", bytes(12_800))
    parts = [
        encode([element], explicit=syntax == EXPLICIT_LITTLE)
        for element in [*MODALITY, *names, *SERIES, *ROWS, pixels]
    ]
    path = tmp_path / "a.dcm"
    for seed in range(12):
        drawn = random.Random(seed)
        index = len(parts) if place == "after the pixels" else drawn.randrange(4, 30)
        before, after = b"".join(parts[:index]), b"".join(parts[index:])
        if place == "in a header":
            before, after = before + after[:5], after[5:]
        for kind, garbage in garbage_of(drawn).items():
            kept = {"goes on": after, "is overwritten": after[len(garbage) :], "is gone": b""}
            path.write_bytes(file_around(before + garbage + kept[rest], syntax))
            _, ds = verdict(lambda: rd.dcmread(path))
            assert ds is None or ds.deviations, (seed, kind)
            table = rd.scan(path, ["Rows", "Modality"])
            is_whole = place == "after the pixels" or (ds is not None and ds.get("Rows") == 80)
            assert bool(table.errors) or is_whole, (seed, kind)
            if not table.errors:
                assert (table["Rows"][0], table["Modality"][0]) == (80, "CT"), (seed, kind)


# What a header turns into, after the first 300 bytes.
GARBAGE = {
    "0xFF": b"\xff" * 400,
    "zeros": bytes(400),
    "0x55": b"\x55" * 400,
    "blanks": b" " * 400,
    "text": b"Somewhere over the rainbow, way up high. " * 10,
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("has_rest", [False, True], ids=["to the end", "before good bytes"])
@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE])
def test_a_header_that_turns_into_garbage_is_an_error(
    tmp_path: Path, garbage: bytes, has_rest: bool, syntax: str
) -> None:
    names = [Element(0x00181030, "LO", f"a name {number}") for number in range(40)]
    elements = [*MODALITY, *names, *SERIES, *ROWS, Element(PIXEL_DATA, "OW", bytes(12_800))]
    data = file_around(encode(elements, explicit=syntax == EXPLICIT_LITTLE), syntax)
    path = tmp_path / "a.dcm"
    path.write_bytes(data[:300] + garbage + (data[300 + len(garbage) :] if has_rest else b""))
    for wanted in (["Modality"], ["Modality", "Rows"], ["TransferSyntaxUID"]):
        table = rd.scan(path, wanted)
        assert (len(table), len(table.errors)) == (0, 1), wanted
    for read in DOORS.values():
        with pytest.raises(rd.InvalidDicomError):
            read(path)
    with pytest.raises(rd.InvalidDicomError):
        rd.find_series(path)
    assert rd.dcmread(path, force=True).file_meta.TransferSyntaxUID == syntax


def pieces(data: bytes) -> tuple[bytes, list[bytes], Callable[[bytes], bytes]]:
    """What is before a data set, the bytes of each of its elements, and what is done to them."""
    ds = rd.dcmread(data)
    head, write = b"", bytes
    if ds.file_meta.TransferSyntaxUID == DEFLATED_LITTLE:
        # The group length is the first of the group, and its value 4 bytes long.
        (length,) = struct.unpack("<I", data[140:144])
        head, data, write = data[: 144 + length], inflated(data[144 + length :]), deflated
    starts = []
    for element in ds:
        offset, _ = ds.element_offset(element.tag)
        is_long = not ds.is_implicit_VR and data[offset - 12 : offset - 8] == tag_bytes(ds, element)
        assert not is_long or data[offset - 8 : offset - 6].decode() in LONG_LENGTH_VRS
        starts.append(offset - (12 if is_long else 8))
    ends = [*starts[1:], len(data)]
    elements = [data[start:end] for start, end in zip(starts, ends, strict=True)]
    return head + data[: starts[0]], elements, write


def tag_bytes(ds: rd.Dataset, element: rd.DataElement) -> bytes:
    order = "<" if ds.is_little_endian else ">"
    return struct.pack(order + "HH", element.tag >> 16, element.tag & 0xFFFF)


def inflated(data: bytes) -> bytes:
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data)


def enhanced(shuffle: Callable[[list[Element]], list[Element]] = list) -> bytes:
    """An enhanced image of two frames, the elements of whose items `shuffle` orders."""

    def groups(position: float) -> list[Element]:
        plane = [
            Element(0x00200032, "DS", f"0\\0\\{position}"),
            Element(0x00191153, "LO", "private"),
            Element(0x00190010, "LO", "VENDOR"),
        ]
        measures = [Element(0x00280030, "DS", "1\\2"), Element(0x00180050, "DS", "3")]
        turned = [Element(0x00200037, "DS", "1\\0\\0\\0\\1\\0")]
        all_of_frame = [
            Element(0x00209113, "SQ", Items([shuffle(plane)])),
            Element(0x00209116, "SQ", Items([turned], undefined_length=True)),
            Element(0x00289110, "SQ", Items([shuffle(measures)])),
        ]
        return shuffle(all_of_frame)

    frames = Items([groups(0.0), groups(3.0)], undefined_item_length=True)
    elements = [
        Element(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2.1"),
        *MODALITY[1:],
        *SERIES,
        Element(0x00280002, "US", 1),
        Element(0x00280004, "CS", "MONOCHROME2"),
        Element(0x00280008, "IS", "2"),
        Element(0x00280010, "US", 4),
        Element(0x00280011, "US", 4),
        Element(0x00280100, "US", 16),
        Element(0x00280101, "US", 16),
        Element(0x00280102, "US", 15),
        Element(0x00280103, "US", 0),
        Element(0x52009230, "SQ", frames),
        Element(PIXEL_DATA, "OW", bytes(64)),
    ]
    return file_around(encode(shuffle(elements)))


def rows_of(path: Path) -> tuple[Any, ...]:
    """All that tables and series have of a file, but its path and its deviations."""
    together = rd.scan(path, COLUMNS)
    (row,) = together.to_dicts()
    for name in COLUMNS:
        (alone,) = rd.scan(path, [name]).to_dicts()
        assert repr(alone[name]) == repr(row[name]), name
    some, whole = rd.dcmread(path, specific_tags=TAGS), rd.dcmread(path)
    values = [(int(element.tag), str(element.value)) for element in some]
    row.pop("path")
    invalid = sorted(entry.column for entry in together.invalid)
    others = sorted(name for name, _ in whole.deviations if name != "unordered_elements")
    return repr(row), invalid, values, series_of(path), others, table_of_all(whole)


def table_of_all(ds: rd.Dataset) -> list[tuple[int, str, bytes]]:
    return [(tag, ds[tag].VR, bytes(ds.raw_bytes(tag))) for tag in ds.tags()]


def series_of(path: Path) -> Any:
    """All that series have of a file, but its path."""
    try:
        found = rd.find_series(path)
    except ERRORS as error:
        return type(error).__name__
    return [
        (
            *(one.uid, one.study_uid, one.modality, one.description, one.number),
            *(one.shape, one.axes, one.spacing, repr(one.coords), one.frames),
            np.asarray(one.affine).tolist(),
            [
                (issue.kind, issue.is_error, str(issue).replace(str(path), ""))
                for issue in one.report
            ],
            len(one.stacks),
        )
        for one in found
    ]


def is_small(path: Path) -> bool:
    """Whether a file has a prefix, and is read in no time."""
    data = path.read_bytes()
    return len(data) < 400_000 and data[128:132] == b"DICM"


PERMUTED = [
    *(path for path in sorted(FILES.glob("*.dcm")) if is_small(path)),
    sorted(BRAIN_MR.glob("*.dcm"))[0],
]
# Other modalities and Transfer Syntaxes, some of several frames.
PYDICOM_DATA = "pydicom__pydicom-data/data_store/data"
OTHERS = [
    f"{PYDICOM_FILES}/MR_small_bigendian.dcm",
    f"{PYDICOM_FILES}/ExplVR_BigEnd.dcm",
    f"{PYDICOM_FILES}/rtdose_expb.dcm",
    f"{PYDICOM_DATA}/emri_small_big_endian.dcm",
    f"{PYDICOM_DATA}/liver_expb.dcm",
    f"{PYDICOM_DATA}/SC_rgb_expb_16bit_2frame.dcm",
    f"{PYDICOM_FILES}/image_dfl.dcm",
    "cornerstonejs__dicomParser/testImages/deflate/report_dfl",
    "cornerstonejs__cornerstone3D/packages/dicomImageLoader/testImages/"
    "CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm",
    f"{PYDICOM_FILES}/waveform_ecg.dcm",
    f"{PYDICOM_FILES}/liver_1frame.dcm",
    f"{PYDICOM_DATA}/emri_small_RLE.dcm",
    f"{PYDICOM_DATA}/emri_small_jpeg_ls_lossless.dcm",
    f"{PYDICOM_DATA}/liver_deflate.dcm",
    f"{PYDICOM_DATA}/MR2_J2KR.dcm",
    "FNNDSC__data/dicom/rsna_2/PET/000022.dcm",
    "ImagingDataCommons__highdicom/data/test_files/seg_image_ct_binary.dcm",
    "ImagingDataCommons__highdicom/data/test_files/sr_document_with_multiple_groups.dcm",
    "ImagingDataCommons__highdicom/data/test_files/sm_image_jpegls.dcm",
    "neurolabusc__dcm_qa_enh/In/Philips/IM_0027_fMAP.dcm",
    "neurolabusc__dcm_qa_enh/In/Siemens/XA10/6_4.dcm",
    "neurolabusc__dcm_qa_ts/In/2.dcm",
    "dicompyler__dicompyler-core/tests/testdata/example_data/rtss.dcm",
    "fo-dicom__fo-dicom/Tests/FO-DICOM.Tests/Test Data/GH184.dcm",
    "chafey__DICOMHTJ2K/test/fixtures/htj2k/NM1_JPH",
]


def check_orders(tmp_path: Path, path: Path, seeds: int) -> None:
    """Check that a file means the same whatever the order of its elements is."""
    head, elements, write = pieces(path.read_bytes())
    expected = rows_of(path)
    shuffled = tmp_path / "a.dcm"
    orders = [elements[::-1]]
    orders += [random.Random(seed).sample(elements, len(elements)) for seed in range(seeds)]
    for number, order in enumerate(orders):
        # What a data set starts with shows how it is written.
        shuffled.write_bytes(head + write(b"".join(order)))
        assert rows_of(shuffled) == expected, number


@pytest.mark.parametrize("path", PERMUTED, ids=lambda path: path.name)
def test_any_order_of_elements_gives_the_same(tmp_path: Path, path: Path) -> None:
    check_orders(tmp_path, path, PERMUTATIONS)


@needs_reference_data
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", OTHERS, ids=lambda name: Path(name).name)
def test_any_order_of_elements_gives_the_same_of_other_syntaxes(tmp_path: Path, name: str) -> None:
    if not (REFERENCE_DATA / name).is_file():
        pytest.skip(f"no file {name}")
    check_orders(tmp_path, REFERENCE_DATA / name, 2)


def test_any_order_of_elements_in_items_gives_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(enhanced())
    expected = rows_of(path)
    assert expected[3][0][5] == (2, 4, 4)
    for seed in range(4 * PERMUTATIONS):
        drawn = random.Random(seed)
        path.write_bytes(enhanced(lambda all_, drawn=drawn: drawn.sample(all_, len(all_))))
        # The bytes of sequences are in another order too.
        assert rows_of(path)[:-1] == expected[:-1], seed


DOORS: dict[str, Callable[[Path], rd.Dataset]] = {
    "path": rd.dcmread,
    "bytes": lambda path: rd.dcmread(path.read_bytes()),
    "object": lambda path: rd.dcmread(io.BytesIO(path.read_bytes())),
    "map": lambda path: rd.dcmread(path, mmap="always"),
    "some": lambda path: rd.dcmread(path, specific_tags=TAGS),
    "some of an object": lambda path: rd.dcmread(
        io.BytesIO(path.read_bytes()), specific_tags=["Rows"]
    ),
    "no map": lambda path: rd.dcmread(path, mmap="never"),
    "deferred": lambda path: rd.dcmread(path, defer_size=64),
    "file object": lambda path: of_file_object(path),
}
# The header ends before all of it is there: no element is absent because it is not found. A table
# has no row of such a file (docs/files.md).
ENDS_EARLY = {
    "value_cut_short",
    "missing_delimiter",
    "trailing_bytes",
    "deflated_cut_short",
    "stray_item_end",
}


def of_file_object(path: Path) -> rd.Dataset:
    with path.open("rb") as opened:
        return rd.dcmread(opened)


def verdict(read: Callable[[], Any]) -> tuple[Any, Any]:
    """The class, the sentence and the place of the error, or what is read."""
    try:
        found = read()
    except Exception as error:
        place = getattr(error, "tag", None), getattr(error, "offset", None)
        path = getattr(error, "path", None)
        return (type(error), str(error).removeprefix(f"{path}: "), *place), None
    return "ok", found


def ends_early(ds: rd.Dataset) -> bool | None:
    """Whether the header of a file does; `None` if its deviations are too many to tell."""
    found = [tag for tag in (0x7FE00008, 0x7FE00009, PIXEL_DATA) if tag in ds]
    pixels = min((ds.element_offset(tag)[0] for tag in found), default=None)
    early = [offset for name, offset in ds.deviations if name in ENDS_EARLY]
    if any(pixels is None or offset < pixels for offset in early):
        return True
    return None if len(ds.deviations) == 32 else False


def mutations(data: bytes, drawn: random.Random) -> bytes:
    """Damage to a file, most of it in its header."""
    damaged = bytearray(data)
    for _ in range(drawn.choice((1, 1, 1, 2, 4))):
        reach = min(len(damaged), drawn.choice((400, 2000, 2000, len(damaged))))
        at = drawn.randrange(132, max(reach, 133))
        length = drawn.choice((1, 2, 4, 7, 8, 16, 50, 400))
        kind = drawn.randrange(8)
        if kind == 0:
            damaged[at : at + 1] = bytes([drawn.randrange(256)])
        elif kind == 1:
            run = drawn.choice((b"\xff", b"\0", b"\x55", b" ", b"Some text ", data[200:600]))
            damaged[at : at + length] = (run * length)[:length]
        elif kind == 2:
            del damaged[at:]
        elif kind == 3:
            damaged[at:at] = drawn.randbytes(length)
        elif kind == 4:
            del damaged[at : at + length]
        elif kind == 5:
            other = drawn.randrange(132, max(reach, 133))
            one, two = damaged[at : at + length], damaged[other : other + length]
            damaged[at : at + length], damaged[other : other + length] = two, one
        elif kind == 6:
            value = drawn.choice((0, 1, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFE, 1 << 16, 1 << 24, 7))
            damaged[at : at + 4] = struct.pack("<I", value)
        else:
            damaged[at : at + 1] = bytes([(damaged[at] if at < len(damaged) else 0) ^ 0x80])
    return bytes(damaged)


def sources() -> Iterator[bytes]:
    for path in PERMUTED:
        yield path.read_bytes()[:60_000]
    yield enhanced()
    for elements in (LATE, PRIVATE, EARLY_PIXELS, LONG_BETWEEN, FRAGMENTED):
        yield file_around(encode(elements))
        yield file_around(encode(elements, explicit=False), IMPLICIT_LITTLE)
        yield file_around(encode(elements, big_endian=True), EXPLICIT_BIG)
        yield file_around(deflated(encode(elements)), DEFLATED_LITTLE)


def check_doors(path: Path) -> None:
    """Check that each way to read a file says the same of it."""
    found, whole = verdict(lambda: rd.dcmread(path))
    for name, read in DOORS.items():
        other, ds = verdict(lambda read=read: read(path))
        assert other == found, name
        # Text is looked at where it is kept.
        if ds is not None and "some" not in name:
            assert ds.deviations == whole.deviations, name
    before, header = verdict(lambda: rd.dcmread(path, stop_before_pixels=True))
    table = rd.scan(path, COLUMNS)
    assert len(table) + len(table.errors) == 1
    strict, _ = verdict(lambda: rd.scan(path, COLUMNS, errors="raise"))
    assert [error.reason for error in table.errors] == ([] if strict == "ok" else [strict[1]])
    if whole is None:
        # A table refuses what ends early, and may do so before there is worse.
        assert strict[0] is found[0]
        series, _ = verdict(lambda: rd.find_series(path))
        assert series == found
        # Only what comes after the pixel data makes a difference.
        is_in_pixels = found[2] in (0x7FE00008, 0x7FE00009, PIXEL_DATA)
        assert (
            before == found
            or is_in_pixels
            or (header is not None and ends_with_pixels(path, header))
        )
        return
    assert before == "ok"
    is_early = ends_early(whole)
    assert is_early is None or bool(table.errors) == is_early, table.errors
    if len(table):
        (row,) = table.to_dicts()
        for name in ("Rows", "InstanceNumber", "SeriesInstanceUID"):
            if row[name] is not None:
                assert str(row[name]) == str(whole.get(name)).strip(), name


def ends_with_pixels(path: Path, header: rd.Dataset) -> bool:
    """Whether a header was read up to pixel data, which the bytes name."""
    data = path.read_bytes()
    return any(
        tag in data for tag in (b"\xe0\x7f\x10\0", b"\xe0\x7f\x08\0", b"\x7f\xe0\0\x10")
    ) or bool(header.deviations)


def test_a_damaged_file_is_the_same_through_each_door(tmp_path: Path) -> None:
    all_ = list(sources())
    path = tmp_path / "a.dcm"
    for seed in range(COUNT):
        drawn = random.Random(seed)
        path.write_bytes(mutations(drawn.choice(all_), drawn))
        try:
            check_doors(path)
        except AssertionError as error:
            kept = Path(os.environ.get("RAPIDICOM_KEPT", tmp_path)) / f"mutation-{seed}.dcm"
            kept.write_bytes(path.read_bytes())
            raise AssertionError(f"seed {seed}: {error}") from error
