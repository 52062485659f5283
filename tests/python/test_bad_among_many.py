"""A tree of small files, one in a hundred of them bad: all good ones are there, all bad ones named.

`RAPIDICOM_FILES` is how many files there are; unless it is set, few.
"""

from __future__ import annotations

import os
import socket
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import rapidicom as rd
from builder import (
    DEFLATED_LITTLE,
    EXPLICIT_LITTLE,
    PREAMBLE,
    Element,
    Identity,
    Plane,
    file_around,
    file_bytes,
    file_meta,
    image,
)

COUNT = int(os.environ.get("RAPIDICOM_FILES", "2000"))
# Slices of a series, and files of a folder: two series lie in each.
SLICES = 100
SHAPE = (4, 4)
SECRET = "Secret"

pytestmark = pytest.mark.filterwarnings("ignore")


def good(number: int) -> bytes:
    series, index = divmod(number, SLICES)
    identity = Identity(
        series=f"2.25.9{series:06}",
        study=f"2.25.8{series // 5:06}",
        sop_instance=f"2.25.7{number:09}",
        instance_number=index,
    )
    pixels = np.full(SHAPE, number % 30000, np.int16)
    plane = Plane(position=(0.0, 0.0, 2.0 * index))
    return file_bytes(image(pixels, identity=identity, plane=plane))


def cut_at(data: bytes, group: int, element: int) -> bytes:
    """Keep everything up to the middle of an element's header."""
    return data[: data.index(struct.pack("<HH", group, element)) + 6]


def short_of(data: bytes, missing: int) -> bytes:
    return data[:-missing]


def overwritten(data: bytes, byte: int) -> bytes:
    """Keep the start of a header; what follows is one byte."""
    return data[:400] + bytes([byte]) * (len(data) - 400)


def fifo(path: Path, _data: bytes) -> None:
    os.mkfifo(path)


def unix_socket(path: Path, _data: bytes) -> None:
    here = Path.cwd()
    # The address of a socket has few bytes.
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


@dataclass(frozen=True)
class Kind:
    """A way to be bad, and where a file of it turns up.

    Attributes:
        make: Makes it of a good file's bytes.
        scan: `error` (named), `skipped` (counted), `row`, or `nothing`: a link that leads back.
        find: The same, or `report`: named in the report of a series, or `no image`.
    """

    make: Callable[[bytes], bytes] | Callable[[Path, bytes], None]
    scan: str
    find: str
    is_special: bool = False


def directory(_data: bytes) -> bytes:
    elements = [Element(0x00041130, "CS", "SET"), Element(0x00041212, "US", 0)]
    return file_bytes(elements, meta=file_meta(EXPLICIT_LITTLE, "1.2.840.10008.1.3.10"))


def big_endian(data: bytes) -> bytes:
    """Name a Transfer Syntax in which the data set is not written."""
    return data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0", 1)


KINDS = {
    "empty": Kind(lambda _: b"", "skipped", "skipped"),
    "text": Kind(lambda _: b"a line of text\n" * 40, "skipped", "skipped"),
    "picture": Kind(lambda _: b"\x89PNG\r\n\x1a\n" + bytes(200), "skipped", "skipped"),
    "cut in its preamble": Kind(lambda data: data[:100], "skipped", "skipped"),
    "cut in its meta": Kind(lambda data: data[:150], "error", "error"),
    "cut before its series": Kind(lambda data: cut_at(data, 0x0008, 0x0060), "error", "error"),
    "cut after its series": Kind(lambda data: cut_at(data, 0x0028, 0x0030), "error", "report"),
    "cut in its pixels": Kind(lambda data: short_of(data, 20), "row", "report"),
    "garbage": Kind(lambda _: PREAMBLE + b"\xff" * 300, "error", "error"),
    "a header that turns into garbage": Kind(
        lambda data: overwritten(data, 0xFF), "error", "error"
    ),
    "a header that turns into zeros": Kind(lambda data: overwritten(data, 0), "error", "error"),
    "not written as it says": Kind(big_endian, "error", "error"),
    "not deflated": Kind(lambda _: file_around(b"\xff" * 300, DEFLATED_LITTLE), "error", "error"),
    "a DICOMDIR": Kind(directory, "row", "no image"),
    "a pipe": Kind(fifo, "skipped", "skipped", is_special=True),
    "a socket": Kind(unix_socket, "skipped", "skipped", is_special=True),
    "a link to nothing": Kind(
        lambda path, _: path.symlink_to("nothing"), "error", "error", is_special=True
    ),
    "a link to itself": Kind(
        lambda path, _: path.symlink_to(path.name), "error", "error", is_special=True
    ),
    "a link to a folder above": Kind(
        lambda path, _: path.symlink_to(".."), "nothing", "nothing", is_special=True
    ),
}


@dataclass
class Tree:
    """What was made.

    Attributes:
        good: The number of each good file.
        bad: The kind of each bad one.
    """

    root: Path
    good: dict[str, int] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)

    def named(self, door: str, *outcomes: str) -> set[str]:
        """The bad files that turn up so."""
        return {path for path, kind in self.bad.items() if getattr(KINDS[kind], door) in outcomes}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    made = Tree(tmp_path_factory.mktemp("many"))
    names = list(KINDS)
    for number in range(COUNT):
        folder = made.root / f"{number // (2 * SLICES):04}"
        if number % (2 * SLICES) == 0:
            folder.mkdir()
        path = folder / f"IM{number:06}"
        data = good(number)
        if number % 100 != 50:
            path.write_bytes(data)
            made.good[str(path)] = number
            continue
        name = names[number // 100 % len(names)]
        kind = KINDS[name]
        made.bad[str(path)] = name
        if kind.is_special:
            kind.make(path, data)  # type: ignore[call-arg, arg-type]
        else:
            path.write_bytes(kind.make(data))  # type: ignore[call-arg, arg-type]
    assert set(made.bad.values()) == set(KINDS), "every kind is there"
    return made


def paths_of(errors: list[rd.DicomError | OSError]) -> Counter[str]:
    for error in errors:
        assert SECRET not in str(error)
    return Counter(str(getattr(error, "path", None) or error.filename) for error in errors)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_scan_has_every_good_row_and_names_every_bad_file(tree: Tree, workers: int) -> None:
    table = rd.scan(tree.root, ["InstanceNumber", "SOPInstanceUID"], workers=workers)
    rows = Counter(table["path"].tolist())
    assert max(rows.values()) == 1
    assert set(rows) == set(tree.good) | tree.named("scan", "row")
    for row in table.to_dicts():
        if (number := tree.good.get(row["path"])) is not None:
            assert row["InstanceNumber"] == number % SLICES
            assert row["SOPInstanceUID"] == f"2.25.7{number:09}"
    assert paths_of(table.errors) == Counter(tree.named("scan", "error"))
    assert table.skipped == len(tree.named("scan", "skipped"))


def test_a_scan_of_names_has_an_error_for_every_bad_file(tree: Tree) -> None:
    """Files that are named must be DICOM; a folder among them, and what is not there, raises.

    A DICOMDIR stands for the files that it refers to, of which there are none.
    """
    is_file = [path for path in (*tree.good, *tree.bad) if Path(path).is_file()]
    table = rd.scan(is_file, ["InstanceNumber"])
    directories = {path for path, kind in tree.bad.items() if kind == "a DICOMDIR"}
    rows = (set(tree.good) | tree.named("scan", "row")) - directories
    assert table["path"].tolist() == [path for path in is_file if path in rows]
    bad = (tree.named("scan", "error", "skipped") | directories) & set(is_file)
    assert paths_of(table.errors) == Counter(bad)
    assert table.skipped == 0


def test_series_have_every_good_slice_and_name_every_bad_file(tree: Tree) -> None:
    found = rd.find_series(tree.root)
    assert len(found) == -(-COUNT // SLICES)
    slices = Counter(str(path) for series in found for path in series.paths)
    assert slices == Counter(list(tree.good)), "every good file is one slice, and no bad one is"
    own: dict[str, set[int]] = {}
    for index, series in enumerate(found):
        for issue in series.report:
            assert SECRET not in str(issue)
            for path in map(str, issue.paths):
                own.setdefault(path, set()).add(index)
    assert tree.named("find", "error", "report") <= set(own)
    assert not set(own) & tree.named("find", "skipped", "no image", "nothing")
    for path in tree.named("find", "report"):
        number = int(Path(path).name[2:])
        assert [found[index].uid for index in own[path]] == [f"2.25.9{number // SLICES:06}"]
    # A gap where a slice is bad, and nothing but that.
    for series in found:
        volume = series.read(values="stored", irregular="keep")
        numbers = [tree.good[str(path)] % 30000 for path in series.paths]
        np.testing.assert_array_equal(volume.array[:, 0, 0].ravel(), numbers)
        assert (volume.array == volume.array[:, :1, :1]).all()
        numbers = [int(Path(path).name[2:]) for path in tree.bad]
        has_bad = any(f"2.25.9{number // SLICES:06}" == series.uid for number in numbers)
        assert has_bad == any(issue.is_error for issue in series.report)


def test_a_batch_has_every_good_image_or_names_the_first_bad_file(tree: Tree) -> None:
    paths = list(tree.good)
    array = rd.read_batch(paths, values="stored", dtype="int16")
    expected = np.array([number % 30000 for number in tree.good.values()], np.int16)
    np.testing.assert_array_equal(array, np.broadcast_to(expected[:, None, None], array.shape))
    for bad, path in {kind: path for path, kind in tree.bad.items()}.items():
        with pytest.raises((rd.DicomError, OSError)) as caught:
            rd.read_batch([*paths[:40], path, *paths[40:80]])
        named = getattr(caught.value, "path", None) or getattr(caught.value, "filename", None)
        assert str(named) == path, bad
        assert SECRET not in str(caught.value)
