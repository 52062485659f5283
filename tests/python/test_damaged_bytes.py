"""Any bytes: our error or a data set, quickly, in little more memory than the file takes.

`RAPIDICOM_FLIPS` is how many random changes of each file are tried, and how many of its prefixes at
most; unless it is set, few are.
"""

from __future__ import annotations

import io
import os
import random
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    DEFLATED_LITTLE,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    PIXEL_DATA,
    Element,
    Fragments,
    Identity,
    Items,
    Layout,
    encode,
    file_bytes,
    image,
)
from data_paths import REPOSITORY

COUNT = int(os.environ.get("RAPIDICOM_FLIPS", "300"))
# Of one file, in seconds; a busy machine is given a second chance, as what is slow stays slow.
LONGEST = 0.1
# Of all files one after the other, in bytes.
LARGEST = 100 << 20

PIXELS = np.arange(64, dtype=np.int16).reshape(8, 8)
REFERENCE = [Element(0x00081150, "UI", "2.25.7"), Element(0x00081155, "UI", "2.25.8")]
NUMBERS = [
    Element(0x00090010, "LO", "VENDOR"),
    *(
        Element(0x00091000 + index, vr, value)
        for index, (vr, value) in enumerate(
            [
                ("US", [1, 2]),
                ("SL", -3),
                ("FD", [0.5, 2.0]),
                ("FL", 1.5),
                ("AT", [0x00100020]),
                ("UV", 5),
                ("UN", b"abcd"),
            ]
        )
    ),
]
DEEP: list[Element] = REFERENCE
for _ in range(8):
    DEEP = [Element(0x00081140, "SQ", Items([DEEP, REFERENCE], True, True))]
TEXTS = [
    Element(0x00080005, "CS", ["", "ISO 2022 IR 87"]),
    Element(0x00081030, "LO", b"\x1b$B$3$l\x1b(B"),
    Element(0x00100010, "PN", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"),
    Element(0x00101010, "AS", "042Y"),
    Element(0x00200013, "IS", [1, 2, 3]),
    Element(0x00200032, "DS", [1.0, 2.5, -3.25]),
]
SEQUENCES = [
    Element(0x00081140, "SQ", Items([REFERENCE, REFERENCE])),
    Element(0x00082112, "SQ", Items([REFERENCE, REFERENCE], True, False)),
    Element(0x00083010, "SQ", Items([REFERENCE], False, True)),
]
COLOUR = np.arange(192, dtype=np.uint8).reshape(2, 4, 8, 3)

FILES = {
    "explicit": file_bytes(image(PIXELS, extra=SEQUENCES)),
    "implicit": file_bytes(image(PIXELS, extra=SEQUENCES), transfer_syntax=IMPLICIT_LITTLE),
    "big endian": file_bytes(
        [*image(PIXELS, extra=[*SEQUENCES, *NUMBERS])], transfer_syntax=EXPLICIT_BIG
    ),
    "deflated": file_bytes(image(PIXELS, extra=SEQUENCES), transfer_syntax=DEFLATED_LITTLE),
    "encapsulated": file_bytes(
        image(PIXELS, extra=[Element(PIXEL_DATA, "OB", Fragments([b"abcd", b"efgh"], [0, 12]))]),
        transfer_syntax="1.2.840.10008.1.2.4.70",
    ),
    "deep": file_bytes(DEEP),
    "text": file_bytes(TEXTS),
    "numbers": file_bytes(NUMBERS),
    "colour frames": file_bytes(
        image(
            COLOUR,
            layout=Layout(samples=3, planar_configuration=1),
            identity=Identity(modality="OT"),
        )
    ),
    "bare": encode(image(PIXELS, extra=SEQUENCES), explicit=False),
}

# Frames of the fuzz targets' corpus: rows - 1, columns - 1, samples - 1, a code of their width, and
# a frame.
CORPUS = REPOSITORY / "tests" / "fuzz" / "corpus"
CODED = {
    "rle": ("1.2.840.10008.1.2.5", "rle/grey_16"),
    "jpeg baseline": ("1.2.840.10008.1.2.4.50", "jpeg/baseline_95"),
    "jpeg extended": ("1.2.840.10008.1.2.4.51", "jpeg/twelve"),
    "jpeg spectral": ("1.2.840.10008.1.2.4.53", "jpeg/progressive_grey"),
    "jpeg progressive": ("1.2.840.10008.1.2.4.55", "jpeg/progressive"),
    "jpeg lossless": ("1.2.840.10008.1.2.4.57", "jpeg/lossless_6"),
    "jpeg lossless sv1": ("1.2.840.10008.1.2.4.70", "jpeg/lossless_16"),
    "jpeg-ls": ("1.2.840.10008.1.2.4.80", "jpeg_ls/grey_16"),
    "jpeg-ls near": ("1.2.840.10008.1.2.4.81", "jpeg_ls/near"),
    "jpeg 2000": ("1.2.840.10008.1.2.4.90", "jpeg_2000/signed"),
    "jpeg 2000 lossy": ("1.2.840.10008.1.2.4.91", "jpeg_2000/lossy"),
    "htj2k": ("1.2.840.10008.1.2.4.201", "jpeg_2000/ht_16"),
    "htj2k colour": ("1.2.840.10008.1.2.4.202", "jpeg_2000/ht_colour"),
    "jpeg xl": ("1.2.840.10008.1.2.4.110", "jpeg_xl/grey_16"),
    "jpeg xl jpeg": ("1.2.840.10008.1.2.4.111", "jpeg_xl/jpeg"),
}


def coded_file(syntax: str, name: str) -> bytes:
    data = (CORPUS / name).read_bytes()
    rows, columns, samples, width = data[:4]
    dtype = f"{'i' if width & 128 else 'u'}{(1, 1, 2, 4)[width % 4]}"
    shape = (rows + 1, columns + 1, 3) if samples else (rows + 1, columns + 1)
    elements = image(np.zeros(shape, dtype), layout=Layout(samples=samples + 1))
    elements[-1] = Element(PIXEL_DATA, "OB", Fragments([data[4:]]))
    return file_bytes(elements, transfer_syntax=syntax)


FILES |= {name: coded_file(*which) for name, which in CODED.items()}


@pytest.mark.parametrize("name", CODED)
def test_the_files_that_are_damaged_are_read(name: str) -> None:
    assert rd.dcmread(FILES[name]).pixel_array.any()


def touch(ds: rd.Dataset) -> None:
    """Look at every value, nested ones included; only errors of ours may come of it."""
    try:
        elements = list(ds)
    except rd.DicomError:
        return
    assert all(isinstance(name, str) and offset >= 0 for name, offset in ds.deviations)
    for element in elements:
        try:
            value = element.value
            _ = element.VM, element.VR, element.name
        # A VR of two other letters has no values; the error is pydicom's.
        except (rd.DicomError, NotImplementedError):
            continue
        if element.VR == "SQ":
            for one in value:
                touch(one)


def look_at(source: Any, force: bool) -> str:
    """Read and touch everything; say which error it ended with."""
    try:
        ds = rd.dcmread(source, force=force)
    except rd.DicomError as error:
        assert "Secret" not in str(error)
        return type(error).__name__
    touch(ds.file_meta)
    touch(ds)
    try:
        _ = ds.pixel_array
    except (rd.DicomError, AttributeError, NotImplementedError) as error:
        return f"{type(error).__name__} after {len(ds)} elements"
    return "read"


def soon(data: bytes, force: bool) -> str:
    for last in (False, True):
        start = time.perf_counter()
        outcome = look_at(data, force)
        took = time.perf_counter() - start
        if took < LONGEST:
            return outcome
        assert not last, f"it took {took:.3f} s"
    return ""


def peak() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def flipped(data: bytes, number: int) -> bytes:
    """A copy with a few bytes changed: any byte, or one that means something to a parser."""
    generator = random.Random(number)
    changed = bytearray(data)
    for _ in range(generator.choice([1, 1, 1, 2, 5])):
        # The preamble means nothing.
        at = generator.randrange(132 if len(data) > 200 else 0, len(data))
        changed[at] = generator.choice(
            [generator.randrange(256), 0, 0xFF, 0xFE, 0x53, 0x51, changed[at] ^ 1]
        )
    return bytes(changed)


@pytest.mark.parametrize("name", FILES)
def test_changed_bytes_give_an_error_or_a_data_set(name: str) -> None:
    before = peak()
    outcomes = {
        soon(flipped(FILES[name], number), force=number % 2 == 1) for number in range(COUNT)
    }
    assert len(outcomes) > 1
    assert peak() - before < LARGEST


@pytest.mark.parametrize("name", FILES)
def test_prefixes_give_an_error_or_a_data_set(name: str) -> None:
    data = FILES[name]
    before = peak()
    step = max(1, -(-len(data) // COUNT))
    for length in range(0, len(data), step):
        for force in (False, True):
            soon(data[:length], force)
    assert peak() - before < LARGEST


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_the_same_from_every_source(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file.dcm"
    for number in range(min(COUNT // 3, 2000)):
        data = flipped(FILES[name], number)
        path.write_bytes(data)
        outcomes = []
        for source in (path, data, io.BytesIO(data)):
            try:
                ds = rd.dcmread(source, force=True)
            except rd.DicomError as error:
                outcomes.append((type(error), error.offset, error.tag))
            else:
                found = [(tag, ds.element_offset(tag)) for tag in ds.tags()]
                outcomes.append((found, [ds.raw_bytes(tag) for tag, _ in found], ds.deviations))
        assert outcomes[0] == outcomes[1] == outcomes[2], f"change {number}"


def test_the_sources_stay_small() -> None:
    assert max(map(len, FILES.values())) < 10_000
    assert {EXPLICIT_LITTLE.encode() in data for data in FILES.values()} == {True, False}
