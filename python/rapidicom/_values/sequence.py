"""Sequences of Items (PS3.5 §7.5): a list that holds data sets and nothing else.

Data sets of pydicom are kept as they are, so that later changes to them are seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from rapidicom import _core
from rapidicom._common.pydicom_types import is_pydicom_dataset
from rapidicom._values.multi_value import ConvertingList

__all__ = ["Sequence"]

# `Dataset`; a parameter, as a room above this one defines it.
D = TypeVar("D", bound=_core.Dataset)


class Sequence(ConvertingList[D]):
    """The items of an element with VR SQ, each a `Dataset`."""

    __module__ = "rapidicom.sequence"

    __slots__ = ()

    def __init__(self, iterable: Iterable[D] | None = None) -> None:
        """Collect items.

        Args:
            iterable: The data sets to start with.

        Raises:
            TypeError: An item is not a data set, or `iterable` is itself a data set.
        """
        super().__init__()
        if iterable is not None:
            self.extend(iterable)

    @classmethod
    def _rebuild(cls, items: list[D]) -> Sequence[D]:
        """Make a sequence from what `__reduce__` gave."""
        sequence = cls.__new__(cls)
        list.extend(sequence, items)
        return sequence

    def _convert(self, item: Any) -> D:
        if isinstance(item, _core.Dataset):
            return item  # type: ignore[return-value]  # the only class of data sets that is handed out
        if is_pydicom_dataset(item):
            return item  # type: ignore[no-any-return]
        raise TypeError(f"a Sequence holds Dataset instances, not {type(item).__name__}")

    def extend(self, val: Iterable[Any]) -> None:
        """Add data sets at the end.

        Args:
            val: The data sets.

        Raises:
            TypeError: One of them is no data set, or `val` is one itself.
        """
        # A data set is iterable, but its elements are not items.
        if isinstance(val, _core.Dataset) or is_pydicom_dataset(val):
            raise TypeError(
                "a Sequence is made from a list of Dataset instances: put this one into a list"
            )
        super().extend(val)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self)._rebuild, (list(self),))

    def __str__(self) -> str:
        return f"[{''.join(str(item) for item in self)}]"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, length {len(self)}>"
