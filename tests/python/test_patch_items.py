"""pydicom patched: items of sequences are those that we have parsed, in pydicom's classes."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_paths import FILES

pydicom = pytest.importorskip("pydicom")

import pydicom.config as config  # noqa: E402
import pydicom.values  # noqa: E402, F811
from pydicom.hooks import hooks, raw_element_value  # noqa: E402

from rapidicom.integrations.pydicom import patch, unpatch  # noqa: E402

plain_dcmread = pydicom.dcmread


@pytest.fixture(autouse=True)
def patched() -> Iterator[None]:
    patch()
    yield
    unpatch()


def nested(depth: int = 3, *, length: str = "defined", text: str = "Müller") -> Any:
    """Return a data set with sequences in sequences, each with two items."""
    ds = pydicom.Dataset()
    ds.PatientName = text
    ds.Rows = depth
    ds.add_new(0x00091010 + depth, "SQ", [])
    ds.add_new(0x00090010, "LO", "CREATOR")
    if depth:
        items = [nested(depth - 1, length=length, text=text) for _ in range(2)]
        for item in items:
            item.is_undefined_length_sequence_item = length != "defined"
        ds.ReferencedSeriesSequence = items
        ds["ReferencedSeriesSequence"].is_undefined_length = length != "defined"
    return ds


def encoded(ds: Any, syntax: str = "1.2.840.10008.1.2.1", charset: str = "ISO_IR 192") -> bytes:
    if charset:
        ds.SpecificCharacterSet = charset
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.3", "1.2.3.4"
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def tree(ds: Any) -> Any:
    """Return all that a data set and its items are."""
    return [
        (element.tag, element.VR, element.file_tell, element.is_undefined_length,
         [(type(item), item.file_tell, item.seq_item_tell, item.is_undefined_length_sequence_item,
           item.original_encoding, item.original_character_set, tree(item))
          for item in element.value] if element.VR == "SQ" else element.value)
        for element in ds
    ]  # fmt: skip


SYNTAXES = {
    "explicit": "1.2.840.10008.1.2.1",
    "implicit": "1.2.840.10008.1.2",
    "big endian": "1.2.840.10008.1.2.2",
    "deflated": "1.2.840.10008.1.2.1.99",
}


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
@pytest.mark.parametrize("length", ["defined", "undefined"])
def test_items_are_those_of_pydicom(syntax: str, length: str) -> None:
    data = encoded(nested(length=length), syntax)
    ours, theirs = pydicom.dcmread(io.BytesIO(data)), plain_dcmread(io.BytesIO(data))
    assert tree(ours) == tree(theirs)
    assert ours == theirs


@pytest.mark.parametrize("charset", ["ISO_IR 192", "ISO_IR 100", ""])
@pytest.mark.parametrize("length", ["defined", "undefined"])
def test_pydicom_parses_no_item(length: str, charset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "Müller" if charset else "Muller"
    data = encoded(nested(length=length, text=name), charset=charset)

    def never(*arguments: Any, **keywords: Any) -> Any:
        raise AssertionError("pydicom parses items")

    monkeypatch.setattr("pydicom.filereader.read_sequence_item", never)
    ds = pydicom.dcmread(io.BytesIO(data))
    item = ds.ReferencedSeriesSequence[1].ReferencedSeriesSequence[0]
    assert (item.PatientName, item.Rows) == (name, 1)
    assert [len(each.ReferencedSeriesSequence) for each in ds.ReferencedSeriesSequence] == [2, 2]


@pytest.mark.parametrize("length", ["defined", "undefined"])
def test_what_was_looked_at_is_written_byte_for_byte(length: str) -> None:
    data = encoded(nested(length=length))
    ds = pydicom.dcmread(io.BytesIO(data))
    tree(ds)
    out = io.BytesIO()
    ds.save_as(out)
    assert out.getvalue() == data


def test_items_have_the_character_set_of_their_own() -> None:
    ds = nested(1)
    item = ds.ReferencedSeriesSequence[0]
    item.SpecificCharacterSet = "ISO_IR 100"
    data = encoded(ds)
    ours, theirs = pydicom.dcmread(io.BytesIO(data)), plain_dcmread(io.BytesIO(data))
    assert tree(ours) == tree(theirs)
    assert [str(one.PatientName) for one in ours.ReferencedSeriesSequence] == ["Müller", "Müller"]


@pytest.mark.parametrize("length", ["defined", "undefined"])
def test_an_item_knows_the_character_set_of_its_parent(length: str) -> None:
    data = encoded(nested(length=length))

    def known(read: Any) -> list[Any]:
        items = [item for one in read(io.BytesIO(data)) if one.VR == "SQ" for item in one.value]
        return [(item._character_set, item.is_original_encoding) for item in items]

    assert known(plain_dcmread)
    assert known(pydicom.dcmread) == known(plain_dcmread)


def test_items_are_changed_copied_and_pickled() -> None:
    ds = pydicom.dcmread(io.BytesIO(encoded(nested())))
    ds.ReferencedSeriesSequence[0].PatientName = "changed"
    del ds.ReferencedSeriesSequence[1].Rows
    for again in (copy.deepcopy(ds), pickle.loads(pickle.dumps(ds)), copy.copy(ds)):
        assert again.ReferencedSeriesSequence[0].PatientName == "changed"
        assert "Rows" not in again.ReferencedSeriesSequence[1]
        inner = again.ReferencedSeriesSequence[1].ReferencedSeriesSequence
        assert [one.Rows for one in inner] == [1, 1]
    ds.ReferencedSeriesSequence.append(pydicom.Dataset())
    assert len(ds.ReferencedSeriesSequence) == 3


def test_copies_of_what_nobody_has_looked_at_have_their_items() -> None:
    data = encoded(nested())
    for again in (
        copy.deepcopy(pydicom.dcmread(io.BytesIO(data))),
        pickle.loads(pickle.dumps(pydicom.dcmread(io.BytesIO(data)))),
    ):
        assert again == plain_dcmread(io.BytesIO(data))


def test_a_hook_is_called_for_elements_of_items() -> None:
    seen = []

    def note(raw: Any, data: Any, **keywords: Any) -> None:
        seen.append(int(raw.tag))
        raw_element_value(raw, data, **keywords)

    counts = []
    for read in (pydicom.dcmread, plain_dcmread):
        seen.clear()
        hooks.register_callback("raw_element_value", note)
        try:
            tree(read(io.BytesIO(encoded(nested()))))
        finally:
            hooks.register_callback("raw_element_value", raw_element_value)
        counts.append(seen.count(0x00100010))
    assert counts == [15, 15]


def test_a_parser_that_a_program_has_put_there_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(nested())
    given = []

    def own(*arguments: Any, **keywords: Any) -> Any:
        given.append(1)
        return pydicom.values.convert_SQ(*arguments, **keywords)

    monkeypatch.setitem(pydicom.values.converters, "SQ", own)
    ds = pydicom.dcmread(io.BytesIO(data))
    assert len(ds.ReferencedSeriesSequence) == 2
    assert given


def test_the_parser_is_pydicoms_again_afterwards() -> None:
    ds = pydicom.dcmread(io.BytesIO(encoded(nested())))
    unpatch()
    try:
        assert pydicom.values.converters["SQ"] is pydicom.values.convert_SQ
        assert ds.ReferencedSeriesSequence[0].ReferencedSeriesSequence[1].Rows == 1
    finally:
        patch()


@pytest.mark.parametrize("cut", [3, 9, 20])
def test_damaged_items_are_what_pydicom_makes_of_them(cut: int) -> None:
    data = bytearray(encoded(nested(1)))
    at = data.index(b"\xfe\xff\x00\xe0")
    data[at + 4] += cut  # the item is longer than it says

    def read(reader: Any) -> Any:
        try:
            return tree(reader(io.BytesIO(bytes(data))))
        except Exception as error:
            return type(error)

    with config.disable_value_validation():
        ours, theirs = read(pydicom.dcmread), read(plain_dcmread)
    assert ours == theirs


@pytest.mark.parametrize("path", sorted(FILES.glob("*.dcm")), ids=lambda path: path.stem)
def test_items_of_files_are_those_of_pydicom(path: Path) -> None:
    def read(reader: Any) -> Any:
        try:
            return tree(reader(path, force=True))
        except Exception as error:
            return type(error)

    assert read(pydicom.dcmread) == read(plain_dcmread)
