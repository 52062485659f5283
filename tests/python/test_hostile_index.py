"""An index of a scan that is damaged, somebody else's, or made to deceive; its writer killed."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rapidicom as rd
from builder import UNREADABLE_FILE, Element, write_image

pa = pytest.importorskip("pyarrow", reason="the index is a Parquet file")
pq = pytest.importorskip("pyarrow.parquet")

COLUMNS = ["InstanceNumber", "Modality", "ImagePositionPatient", "WindowCenter"]
KEY = b"rapidicom.index"
LONG_AGO = 1_600_000_000_000_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three images, a text, and a damaged file."""
    folder = tmp_path_factory.mktemp("tree")
    for number in range(3):
        centers = [Element(0x00281050, "DS", [40.0] * number)] if number else []
        write_image(folder / f"IM{number}", *centers, number=number)
    write_image(folder / "not a number", Element(0x00200013, "IS", "six"), number=51)
    (folder / "notes.txt").write_text("not DICOM")
    (folder / "bad").write_bytes(UNREADABLE_FILE)
    for path in folder.iterdir():
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
    return folder


@pytest.fixture(scope="module")
def plain(folder: Path) -> list[dict[str, Any]]:
    """Return what a scan without an index gives."""
    return rd.scan(folder, COLUMNS).to_dicts()


@pytest.fixture
def cache(folder: Path, tmp_path: Path) -> Path:
    """Return an index that is good."""
    cache = tmp_path / "index.parquet"
    rd.scan(folder, COLUMNS, cache=cache)
    return cache


def outcome(folder: Path, cache: Path, plain: list[dict[str, Any]]) -> str:
    """Scan with an index: the table must be right, or it must raise `ValueError`.

    Returns:
        Whether it warned, replaced the index or refused it.
    """
    before = cache.read_bytes()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # Those of another test's objects, which are collected at any time.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            table = rd.scan(folder, COLUMNS, cache=cache)
        except ValueError as error:
            assert "not an index" in str(error)
            assert cache.read_bytes() == before
            return "refused"
    assert table.to_dicts() == plain
    assert (len(table.errors), int(table.skipped), len(table.invalid)) == (1, 1, 1)
    if caught:
        assert [one.category for one in caught] == [RuntimeWarning]
        assert "damaged" in str(caught[0].message)
        assert caught[0].filename == __file__
        return "warned"
    return "used" if cache.read_bytes() == before else "replaced"


def test_index_cut_short_at_each_byte(
    folder: Path, cache: Path, plain: list[dict[str, Any]]
) -> None:
    content = cache.read_bytes()
    for length in [
        *range(1, 40),
        *range(40, len(content), 97),
        *range(len(content) - 40, len(content)),
    ]:
        cache.write_bytes(content[:length])
        assert outcome(folder, cache, plain) == "refused", length
    cache.write_bytes(content + b"\0")
    assert outcome(folder, cache, plain) == "refused"


def test_index_with_changed_bits(folder: Path, cache: Path, plain: list[dict[str, Any]]) -> None:
    """No changed bit goes unnoticed, whether in the pages, their headers or the description."""
    content = cache.read_bytes()
    chance = random.Random(7)
    ends = range(len(content) - 40, len(content))
    places = [*range(40), *chance.sample(range(len(content)), 500), *ends]
    seen = set()
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        cache.write_bytes(changed)
        seen.add(outcome(folder, cache, plain))
    # A description of other columns, or of another version, is that of another index.
    assert {"warned", "refused"} <= seen <= {"warned", "refused", "replaced"}


def test_index_with_zeroed_and_moved_parts(
    folder: Path, cache: Path, plain: list[dict[str, Any]]
) -> None:
    content = cache.read_bytes()
    chance = random.Random(8)
    for _ in range(60):
        start = chance.randrange(4, len(content) - 600)
        length = chance.choice((8, 64, 512))
        other = chance.randrange(4, len(content) - 600)
        for part in (bytes(length), content[other : other + length]):
            changed = content[:start] + part + content[start + length :]
            if changed == content:
                continue
            cache.write_bytes(changed)
            assert outcome(folder, cache, plain) != "used"


def rewritten(cache: Path, change: Callable[[Any], Any], **description: Any) -> None:
    """Write another table as an index, with the right checksum."""
    table = pq.read_table(cache)
    about = json.loads(table.schema.metadata[KEY]) | description
    about = {"checksum": "0" * 8} | {key: about[key] for key in about if key != "checksum"}
    table = change(table).replace_schema_metadata({KEY: json.dumps(about)})
    sink = pa.BufferOutputStream()
    pq.write_table(
        table, sink, compression="none", use_dictionary=False, use_compliant_nested_type=False
    )
    content = bytearray(sink.getvalue())
    start = content.rfind(b'{"checksum": "') + 14
    checksum = zlib.crc32(content[start + 8 :], zlib.crc32(content[:start]))
    content[start : start + 8] = f"{checksum:08x}".encode()
    cache.write_bytes(content)


def column(name: str, change: Callable[[list[Any]], list[Any]], kind: Any = None) -> Any:
    """Return a change of the values of one column, or of its type."""

    def changed(table: Any) -> Any:
        values = change(table[name].to_pylist())
        array = pa.array(values, kind or table.schema.field(name).type)
        return table.set_column(table.column_names.index(name), name, array)

    return changed


def raw_text(name: str, *, text: bytes, lengths: list[int]) -> Any:
    """Return a change that puts text into a column which is no UTF-8."""

    def changed(table: Any) -> Any:
        offsets = [0]
        for length in lengths + [0] * (len(table) - len(lengths)):
            offsets.append(offsets[-1] + length)
        buffers = [None, pa.array(offsets, pa.int64()).buffers()[1], pa.py_buffer(text)]
        array = pa.Array.from_buffers(pa.large_string(), len(table), buffers)
        return table.set_column(table.column_names.index(name), name, array)

    return changed


def first(value: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda values: [value, *values[1:]]


POSITIONS = pa.list_(pa.field("item", pa.float64()), 3)
LIES: dict[str, tuple[Callable[[Any], Any], dict[str, Any]]] = {
    "a path is missing": (column("path", first(None)), {}),
    "a path is empty": (column("path", first("")), {}),
    "a path comes twice": (column("path", lambda paths: [paths[1], *paths[1:]]), {}),
    "a path is a row and none": (column("path", lambda paths: [*paths[:-1], paths[0]]), {}),
    "a size is missing": (column("size", first(None)), {}),
    "a size is negative": (column("size", first(-1)), {}),
    "a time is missing": (column("changed_ns", first(None)), {}),
    "an inode is text": (column("file_id", lambda ids: ["1"] * len(ids), pa.large_string()), {}),
    "sizes are floats": (
        column("size", lambda sizes: [float(size) for size in sizes], pa.float64()), {}),
    "paths are short strings": (column("path", list, pa.string()), {}),
    "paths are bytes": (
        column("path", lambda paths: [os.fsencode(path) for path in paths], pa.large_binary()), {}),
    "paths are a dictionary": (
        column("path", list, pa.dictionary(pa.int32(), pa.large_string())), {}),
    "a path is no UTF-8": (raw_text("path", text=b"\xff\xfe/a", lengths=[2, 2]), {}),
    "a value is no UTF-8": (raw_text("Modality", text=b"\xc3(", lengths=[1, 1]), {}),
    "a letter is cut in two": (raw_text("Modality", text="é".encode(), lengths=[1, 1]), {}),
    "an empty value": (column("Modality", first("")), {}),
    "numbers are text": (
        column("InstanceNumber", lambda values: ["1"] * len(values), pa.large_string()), {}),
    "numbers are small": (column("InstanceNumber", list, pa.int16()), {}),
    "a number in front is missing": (
        column("ImagePositionPatient", first([None, 1.0, 2.0]), POSITIONS), {}),
    "a position is half there": (
        column("ImagePositionPatient", first([1.0, 2.0, None]), POSITIONS), {}),
    "positions have two numbers": (
        column("ImagePositionPatient", lambda rows: [[1.0, 2.0]] * len(rows),
               pa.list_(pa.float64(), 2)), {}),
    "positions vary": (
        column("ImagePositionPatient", lambda rows: [[1.0]] * len(rows), pa.list_(pa.float64())),
        {}),
    "centres are too wide": (
        column("WindowCenter", lambda rows: [[1.0] + [None] * 99] * len(rows),
               pa.list_(pa.float64(), 100)), {}),
    "centres are not the last": (
        column("WindowCenter", lambda rows: [[None, 1.0], [1.0, 2.0], *([None] * (len(rows) - 2))],
               pa.list_(pa.float64(), 2)), {}),
    "a column of what is invalid is not there": (column("invalid", first("9,")), {}),
    "what is invalid comes twice": (column("invalid", first("1,1,")), {}),
    "what is invalid is no number": (column("invalid", first("x")), {}),
    "what is invalid is missing": (column("invalid", first(None)), {}),
    "a file is neither skipped nor bad": (column("reason", lambda rows: [None] * len(rows)), {}),
    "a file is skipped and bad": (column("skipped", lambda rows: ["text"] * len(rows)), {}),
    "a column is missing": (lambda table: table.drop(["Modality"]), {}),
    "the paths are missing": (lambda table: table.drop(["path"]), {}),
    "a column comes twice": (lambda table: table.append_column("Modality", table["Modality"]), {}),
    "a row is missing": (lambda table: table.slice(1), {}),
    "more rows than there are": (lambda table: table, {"row_count": 7}),
    "fewer rows than there are": (lambda table: table, {"row_count": 3}),
    "no rows": (lambda table: table, {"row_count": 0}),
    "a negative number of rows": (lambda table: table, {"row_count": -1}),
    "very many rows": (lambda table: table, {"row_count": 2**70}),
    "a number of rows that is none": (lambda table: table, {"row_count": "4"}),
    "a number of rows that is true": (lambda table: table, {"row_count": True}),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_index_that_lies(name: str, folder: Path, cache: Path, plain: list[dict[str, Any]]) -> None:
    """Its checksum is right, and what is in it was never written by a scan."""
    change, description = LIES[name]
    rewritten(cache, change, **description)
    # One row fewer is an index of fewer files.
    expected = "replaced" if name == "a row is missing" else "warned"
    if name == "a row is missing":
        rewritten(cache, lambda table: table, row_count=3)
    assert outcome(folder, cache, plain) == expected
    assert outcome(folder, cache, plain) == "used"


def test_rewriting_without_a_change_keeps_an_index(
    folder: Path, cache: Path, plain: list[dict[str, Any]]
) -> None:
    rewritten(cache, lambda table: table)
    assert outcome(folder, cache, plain) == "used"


@pytest.mark.parametrize(
    "description",
    [b"", b"{", b"[]", b"1", b"null", b'"x"', b"\xff", b"[" * 100_000, b'{"row_count": NaN}'],
)
def test_index_whose_description_is_none(
    description: bytes, folder: Path, cache: Path, plain: list[dict[str, Any]]
) -> None:
    table = pq.read_table(cache)
    pq.write_table(table.replace_schema_metadata({KEY: description}), cache)
    assert outcome(folder, cache, plain) in ("warned", "replaced")


@pytest.mark.parametrize(
    "other", [{"format": 2}, {"version": "9.9"}, {"columns": ["Rows"]}, {"force": True}]
)
def test_another_index_is_replaced(
    other: dict[str, Any], folder: Path, cache: Path, plain: list[dict[str, Any]]
) -> None:
    rewritten(cache, lambda table: table, **other)
    assert outcome(folder, cache, plain) == "replaced"
    assert outcome(folder, cache, plain) == "used"


unix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


@unix
@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "socket"])
def test_what_is_no_file_is_refused_and_stays(kind: str, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "index"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "socket":
            import socket

            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind(str(path))
        case "device":
            path = Path("/dev/null")
    before = path.stat()
    with pytest.raises(ValueError, match="not an index"):
        rd.scan(folder, COLUMNS, cache=path)
    assert stat.S_IFMT(path.stat().st_mode) == stat.S_IFMT(before.st_mode)
    assert path.stat().st_ino == before.st_ino


@unix
def test_link_to_an_index_stays_a_link(
    folder: Path, tmp_path: Path, plain: list[dict[str, Any]]
) -> None:
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "real.parquet", tmp_path / "index.parquet"
    link.symlink_to(target)
    for _ in range(2):
        assert rd.scan(folder, COLUMNS, cache=link).to_dicts() == plain
        assert link.is_symlink() and target.is_file() and not target.is_symlink()
    rd.scan(folder, ["Rows"], cache=link)
    assert link.is_symlink() and [path.name for path in target.parent.iterdir()] == [target.name]
    link.unlink()
    link.symlink_to(tmp_path / "absent" / "index.parquet")
    with pytest.raises(FileNotFoundError, match="absent"):
        rd.scan(folder, COLUMNS, cache=link)
    link.unlink()
    link.symlink_to(link.name)
    with pytest.raises(OSError):
        rd.scan(folder, COLUMNS, cache=link)


@unix
def test_replaced_index_keeps_its_permissions(folder: Path, cache: Path) -> None:
    cache.chmod(0o640)
    rd.scan(folder, ["Rows"], cache=cache)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o640


@unix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_index_that_may_not_be_read(folder: Path, cache: Path) -> None:
    cache.chmod(0)
    with pytest.raises(PermissionError):
        rd.scan(folder, COLUMNS, cache=cache)


WRITER = """
import sys, rapidicom as rd
folder, cache = sys.argv[1:]
columns = [["Rows"], ["Columns"]]
print("ready", flush=True)
for round in range(100_000):
    rd.scan(folder, columns[round % 2], cache=cache)
"""


@unix
def test_killed_writer_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    """Killed at any moment, it leaves the index before or after, and no other file."""
    cache = tmp_path / "index" / "index.parquet"
    cache.parent.mkdir()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    chance = random.Random(9)
    for _ in range(8):
        command = [sys.executable, "-c", WRITER, str(folder), str(cache)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(0.02 + chance.random() / 10)
            writer.send_signal(signal.SIGKILL)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert len(rd.scan(folder, ["Rows"], cache=cache)) == 4
        assert [path.name for path in cache.parent.iterdir()] == ["index.parquet"]


LIMITED = """
import resource, sys, warnings
import rapidicom as rd
folder, cache = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
with warnings.catch_warnings(record=True) as caught:
    print(len(rd.scan(folder, ["Modality"], cache=cache)))
print([one.category.__name__ for one in caught], "File too large" in str(caught[0].message))
"""


@unix
@pytest.mark.parametrize("before", [False, True])
def test_index_that_does_not_fit_the_disk(before: bool, folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "index" / "index.parquet"
    cache.parent.mkdir()
    if before:
        rd.scan(folder, COLUMNS, cache=cache)
    content = [path.read_bytes() for path in cache.parent.iterdir()]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", LIMITED, str(folder), str(cache)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.stdout == "4\n['RuntimeWarning'] True\n", done.stderr
    assert [path.read_bytes() for path in cache.parent.iterdir()] == content


@unix
def test_many_writers_of_one_index(
    folder: Path, tmp_path: Path, plain: list[dict[str, Any]]
) -> None:
    cache = tmp_path / "index" / "index.parquet"
    cache.parent.mkdir()
    code = WRITER.replace("100_000", "30")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "error", "-c", code, str(folder), str(cache)]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(3)]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    assert rd.scan(folder, COLUMNS, cache=cache).to_dicts() == plain
    assert [path.name for path in cache.parent.iterdir()] == ["index.parquet"]
