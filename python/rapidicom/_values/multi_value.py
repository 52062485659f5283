"""Several values of one element (PS3.5 §6.4): a list that converts its items."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, SupportsIndex, TypeVar, overload

from rapidicom._values.constructors import constructor_like, unchanged

__all__ = ["ConstrainedList", "ConvertingList", "MultiValue"]

T = TypeVar("T")


class ConvertingList(list[T]):
    """A list that passes every new item through `_convert`.

    It is a `list`, not a wrapper of one, so that indexing, comparing and `numpy.array` cost what
    lists cost.
    """

    __module__ = "rapidicom.multival"

    __slots__ = ()

    def __init__(self, iterable: Iterable[Any] = ()) -> None:
        """Convert and collect items."""
        super().__init__([self._convert(item) for item in iterable])

    def _convert(self, item: Any) -> T:
        """Return the item to store, or raise the error that says why it cannot be one."""
        return self._validate(item)

    def _validate(self, item: Any) -> T:
        """Do what `_convert` does, under the name that lists derived from pydicom's override."""
        raise NotImplementedError(f"{type(self).__name__} does not say which items it takes")

    def append(self, item: Any) -> None:
        """Convert one item and add it at the end.

        Args:
            item: The item.
        """
        super().append(self._convert(item))

    def insert(self, position: SupportsIndex, item: Any) -> None:
        """Convert one item and add it.

        Args:
            position: The item comes before the one that has this place now.
            item: The item.
        """
        super().insert(position, self._convert(item))

    def extend(self, val: Iterable[Any]) -> None:
        """Convert items and add them at the end; none of them if one cannot be converted."""
        super().extend([self._convert(item) for item in val])

    def __iadd__(self, items: Iterable[Any]) -> ConvertingList[T]:  # type: ignore[override,misc]  # any iterable
        self.extend(items)
        return self

    @overload
    def __setitem__(self, index: SupportsIndex, item: Any) -> None: ...
    @overload
    def __setitem__(self, index: slice, item: Iterable[Any]) -> None: ...
    def __setitem__(self, index: SupportsIndex | slice, item: Any) -> None:
        if isinstance(index, slice):
            super().__setitem__(index, [self._convert(each) for each in item])
        else:
            super().__setitem__(index, self._convert(item))


# pydicom's name.
ConstrainedList = ConvertingList


class MultiValueType(type):
    """The type of `MultiValue`, which equals pydicom's class while pydicom is patched.

    Attributes:
        stands_for: The class that this one also equals, or `None`.
    """

    stands_for: type | None = None

    def __eq__(cls, other: object) -> bool:
        return cls is other or (other is not None and other is MultiValueType.stands_for)

    __hash__ = type.__hash__


class MultiValue(ConvertingList[T], metaclass=MultiValueType):
    """The values of an element that has several."""

    __module__ = "rapidicom.multival"

    __slots__ = ("_constructor",)

    _constructor: Callable[[Any], T]

    def __init__(
        self,
        type_constructor: Callable[[Any], T],
        iterable: Iterable[Any] = (),
        validation_mode: int | None = None,
    ) -> None:
        """Convert and collect values.

        Args:
            type_constructor: Makes a value of each item, now and later.
            iterable: The values to start with.
            validation_mode: Ignored: values are converted, not checked against limits.
        """
        del validation_mode
        self._constructor = type_constructor
        super().__init__(iterable)

    @classmethod
    def _rebuild(
        cls, items: list[T], constructor: Callable[[Any], T] | None = None
    ) -> MultiValue[T]:
        """Make a list from what `__reduce__` gave: values of the right type already."""
        values = cls.__new__(cls)
        list.extend(values, items)
        values._constructor = constructor or constructor_like(items)
        return values

    def _convert(self, item: Any) -> T:
        # Native code leaves the slot empty where values stay as they are.
        return getattr(self, "_constructor", unchanged)(item)  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        constructor = getattr(self, "_constructor", unchanged)
        # The attributes that values have themselves are left out: pickles must not name what is
        # private here.
        is_known = constructor is constructor_like(self)
        return (type(self)._rebuild, (list(self), None if is_known else constructor))

    def __str__(self) -> str:
        if not self:
            return ""
        texts = [repr(value) if isinstance(value, (str, bytes)) else str(value) for value in self]
        return f"[{', '.join(texts)}]"

    __repr__ = __str__
