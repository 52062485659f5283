"""Columns inside of sequences as nested ones: a list of items, each a struct (PS3.5 §7.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["Sequences", "with_sequences"]


@dataclass
class Sequences:
    """A sequence of which columns are about.

    Attributes:
        items: What is wanted of each item, by its index.
    """

    items: dict[int, Item] = field(default_factory=dict)

    def fields(self) -> list[str]:
        """Return the names of what is wanted of any item, in the order of the columns."""
        return list(dict.fromkeys(name for item in self.items.values() for name in item))

    def all_of(self, name: str) -> str | Sequences:
        """Return what is wanted under a name, of all items together."""
        found = [item[name] for item in self.items.values() if name in item]
        if isinstance(found[0], str):
            return found[0]
        whole = Sequences()
        for one in found:
            assert isinstance(one, Sequences)
            for index, item in one.items.items():
                whole.items.setdefault(index, {}).update(item)
        return whole


# A name in an item, and the column of it, or the sequence that goes on there.
Item: TypeAlias = dict[str, str | Sequences]
# The names in every item of a sequence, and those in items of the sequence under a name.
Shape: TypeAlias = dict[str, "Shape | None"]


def sequences_of(columns: Iterable[str]) -> Item:
    """Return the columns as a tree: each that is in no sequence, and the sequences."""
    tree: Item = {}
    # The dictionary says what is a sequence; a private tag that is one here and none there, or in
    # another item, would have one name for two things.
    are_sequences: dict[tuple[str, ...], bool] = {}
    for column in columns:
        *steps, last = column.split(".")
        item = tree
        place: tuple[str, ...] = ()
        for step in steps:
            name, _, index = step.removesuffix("]").partition("[")
            place = (*place, name)
            if not are_sequences.setdefault(place, True):
                raise _is_both(name)
            sequence = item.setdefault(name, Sequences())
            assert isinstance(sequence, Sequences)
            item = sequence.items.setdefault(int(index or 0), {})
        if are_sequences.setdefault((*place, last), False):
            raise _is_both(last)
        item[last] = column
    return tree


def _is_both(name: str) -> ValueError:
    return ValueError(f"{name} is a column and a sequence: take one of them")


def nested_lists(sequence: Sequences, columns: Mapping[str, list[Any]], count: int) -> list[Any]:
    """Return what a sequence holds in each row.

    Args:
        sequence: The sequence.
        columns: The values of each column that it is about, a row each.
        count: How many rows.

    Returns:
        A list of items a row, up to the last in which something is, or `None` for no item. An
        item is a dictionary of all fields, `None` if it has none of their values.
    """
    shape = _shape(sequence)
    return [_items(sequence, shape, columns, row) for row in range(count)]


def with_sequences(
    columns: Mapping[str, list[Any]], count: int, plain: Callable[[str], Any],
    nested: Callable[[Sequences, list[Any]], Any],
) -> dict[str, Any]:  # fmt: skip
    """Return the columns of a table, of which those of one sequence are one column.

    Args:
        columns: The values of each, a row each.
        count: How many rows.
        plain: What a column that is in no sequence becomes.
        nested: What a sequence becomes, and its values.
    """
    found: dict[str, Any] = {}
    for name, wanted in sequences_of(columns).items():
        if isinstance(wanted, str):
            found[name] = plain(wanted)
        else:
            found[name] = nested(wanted, nested_lists(wanted, columns, count))
    return found


def _shape(sequence: Sequences) -> Shape:
    wholes = {name: sequence.all_of(name) for name in sequence.fields()}
    return {name: None if isinstance(one, str) else _shape(one) for name, one in wholes.items()}


def _items(
    sequence: Sequences, shape: Shape, columns: Mapping[str, list[Any]], row: int
) -> list[Any] | None:
    found = {}
    for index, wanted in sequence.items.items():
        values: dict[str, Any] = dict.fromkeys(shape)
        for name, one in wanted.items():
            inner = shape[name]
            values[name] = (
                columns[one][row]
                if isinstance(one, str)
                else _items(one, inner or {}, columns, row)
            )
        if any(value is not None for value in values.values()):
            found[index] = values
    # An index that some row has is one that its file has; one that is only asked for may be large.
    return [found.get(index) for index in range(max(found) + 1)] if found else None
