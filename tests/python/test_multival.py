"""Several values: a list that compares, prints and converts like pydicom's."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable, MutableSequence
from typing import Any

import numpy as np
import pytest

import rapidicom as rd
from rapidicom.multival import MultiValue
from rapidicom.sequence import Sequence
from rapidicom.tag import BaseTag, Tag
from rapidicom.uid import UID
from rapidicom.valuerep import DS, IS, DSfloat, PersonName

theirs = pytest.importorskip(
    "pydicom.multival", reason="values are compared with pydicom's"
).MultiValue
their_values = pytest.importorskip("pydicom.valuerep")


@pytest.mark.parametrize(
    ("ours", "other"),
    [
        pytest.param(MultiValue(DS, ["1.50", 2]), theirs(their_values.DS, ["1.50", 2]), id="DS"),
        pytest.param(
            MultiValue(DS, ["1", "", "3"]), theirs(their_values.DS, ["1", "", "3"]), id="DS-blank"
        ),
        pytest.param(MultiValue(IS, ["01", 2]), theirs(their_values.IS, ["01", 2]), id="IS"),
        pytest.param(MultiValue(str, ["a", "b'c"]), theirs(str, ["a", "b'c"]), id="text"),
        pytest.param(MultiValue(int, []), theirs(int, []), id="empty"),
        pytest.param(
            MultiValue(PersonName, ["A^B", "C"]),
            theirs(their_values.PersonName, ["A^B", "C"]),
            id="PN",
        ),
        pytest.param(MultiValue(Tag, [0x00100010]), theirs(Tag, [0x00100010]), id="AT"),
        pytest.param(MultiValue(UID, ["1.2", "1.3"]), theirs(UID, ["1.2", "1.3"]), id="UI"),
    ],
)
def test_several_values_print_like_pydicoms(ours: MultiValue[Any], other: Any) -> None:
    assert (str(ours), repr(ours), len(ours)) == (str(other), repr(other), len(other))
    assert list(ours) == list(other)


def test_several_values_compare_as_a_list() -> None:
    values = MultiValue(DS, ["1.50", "2"])
    assert values == [1.5, 2]
    assert values == ["1.50", "2"]
    assert values != [1.5]
    assert values != (1.5, 2)
    assert isinstance(values, MutableSequence)
    with pytest.raises(TypeError):
        hash(values)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda values: values.append("3.50"), id="append"),
        pytest.param(lambda values: values.insert(1, "3.50"), id="insert"),
        pytest.param(lambda values: values.extend(["3.50", 4]), id="extend"),
        pytest.param(lambda values: values.__iadd__(("3.50",)), id="iadd"),
        pytest.param(lambda values: values.__setitem__(0, "3.50"), id="setitem"),
        pytest.param(
            lambda values: values.__setitem__(slice(0, 1), ["3.50", "4"]), id="setitem-slice"
        ),
        pytest.param(lambda values: values.sort(reverse=True), id="sort"),
        pytest.param(lambda values: values.pop(0), id="pop"),
        pytest.param(lambda values: values.reverse(), id="reverse"),
        pytest.param(lambda values: values.__delitem__(0), id="delitem"),
    ],
)
@pytest.mark.parametrize("was_read", [False, True], ids=["made", "read"])
def test_change_in_place_converts_like_pydicom(
    change: Callable[[Any], Any], was_read: bool
) -> None:
    ours = MultiValue(DS, ["1.50", "2"])
    if was_read:
        ours = MultiValue._rebuild(list(ours))
    other = theirs(their_values.DS, ["1.50", "2"])
    change(ours)
    change(other)
    assert repr(ours) == repr(other)
    assert all(type(value) is DSfloat for value in ours)


@pytest.mark.parametrize(
    ("values", "added", "kind"),
    [
        pytest.param([DSfloat("1")], "2", DSfloat, id="DS"),
        pytest.param(["", DSfloat("1")], "2", DSfloat, id="DS-after-blank"),
        pytest.param([IS("1")], "2", IS, id="IS"),
        pytest.param([UID("1.2")], "1.3", UID, id="UI"),
        pytest.param([PersonName("A")], "B", PersonName, id="PN"),
        pytest.param([BaseTag(0x10)], 0x20, BaseTag, id="AT"),
        pytest.param(["a"], "b", str, id="text"),
        pytest.param([1, 2], 3, int, id="US"),
    ],
)
def test_value_added_to_those_of_a_file_gets_their_type(
    values: list[Any], added: Any, kind: type
) -> None:
    several: MultiValue[Any] = MultiValue._rebuild(values)
    several.append(added)
    assert type(several[-1]) is kind
    assert several[-1] == added


def test_nothing_is_added_if_one_value_cannot_be_converted() -> None:
    values = MultiValue(DS, ["1"])
    with pytest.raises(ValueError, match="decimal"):
        values.extend(["2", "x"])
    assert values == [1]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        pytest.param(MultiValue(DS, ["1.5", "2"]), np.float64, id="DS"),
        pytest.param(MultiValue(IS, ["1", "2"]), np.int64, id="IS"),
        pytest.param(MultiValue(int, [1, 2]), np.int64, id="US"),
        pytest.param(MultiValue(float, [1.5, 2.5]), np.float64, id="FD"),
    ],
)
def test_numbers_become_an_array(values: MultiValue[Any], dtype: type) -> None:
    array = np.array(values)
    assert array.dtype == dtype
    assert array.tolist() == [float(value) for value in values]
    assert np.asarray(values, np.float32).dtype == np.float32


def test_several_values_become_json() -> None:
    assert json.loads(json.dumps(MultiValue(DS, ["1.50", "2"]))) == [1.5, 2]


@pytest.mark.parametrize(
    "duplicate",
    [lambda values: pickle.loads(pickle.dumps(values)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deepcopy"],
)
def test_copy_of_several_values_is_their_own_list(duplicate: Callable[[Any], Any]) -> None:
    values = MultiValue(DS, ["1.50", "2"])
    same = duplicate(values)
    assert type(same) is MultiValue
    assert repr(same) == repr(values)
    same.append("3.0")
    assert type(same[2]) is DSfloat
    assert len(values) == 2


def item(name: str) -> rd.Dataset:
    dataset = rd.Dataset()
    dataset.PatientName = name
    return dataset


def test_sequence_is_a_list_of_data_sets() -> None:
    sequence = Sequence([item("A"), item("B")])
    assert len(sequence) == 2
    assert repr(sequence) == "<Sequence, length 2>"
    assert str(sequence) == f"[{item('A')}{item('B')}]"
    assert sequence == [item("A"), item("B")]
    assert Sequence() == []
    assert [each.PatientName for each in sequence[1:]] == ["B"]
    with pytest.raises(IndexError):
        sequence[2]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda sequence: sequence.append("x"), id="append"),
        pytest.param(lambda sequence: sequence.insert(0, None), id="insert"),
        pytest.param(lambda sequence: sequence.extend([{}]), id="extend"),
        pytest.param(lambda sequence: sequence.extend(item("C")), id="extend-by-a-data-set"),
        pytest.param(lambda sequence: sequence.__iadd__(item("C")), id="iadd-of-a-data-set"),
        pytest.param(lambda sequence: sequence.__setitem__(0, 5), id="setitem"),
        pytest.param(
            lambda sequence: sequence.__setitem__(slice(0, 1), item("C")), id="setitem-slice"
        ),
        pytest.param(lambda sequence: Sequence([1]), id="init"),
        pytest.param(lambda sequence: Sequence(item("C")), id="init-by-a-data-set"),
    ],
)
def test_sequence_refuses_items_that_are_not_data_sets(change: Callable[[Any], Any]) -> None:
    sequence = Sequence([item("A")])
    with pytest.raises(TypeError):
        change(sequence)
    assert sequence == [item("A")]


@pytest.mark.parametrize(
    "duplicate",
    [lambda value: pickle.loads(pickle.dumps(value)), copy.deepcopy],
    ids=["pickle", "deepcopy"],
)
def test_deep_copy_of_a_sequence_has_its_own_items(duplicate: Callable[[Any], Any]) -> None:
    sequence = Sequence([item("A")])
    same = duplicate(sequence)
    assert type(same) is Sequence
    assert same == sequence
    same[0].PatientName = "B"
    assert sequence[0].PatientName == "A"
