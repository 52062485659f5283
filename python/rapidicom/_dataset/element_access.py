"""Elements by tag: the part of `Dataset` that is like a dictionary of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from rapidicom import _core
from rapidicom._common.parsing import parsed
from rapidicom._common.tag import BaseTag, Tag
from rapidicom._dataset.element import DataElement
from rapidicom._dataset.raw_element import RawDataElement, raw_of, remember_raw, untouched_raw

if TYPE_CHECKING:
    from typing import Self

    from rapidicom._common.tag import TagType

__all__ = ["ElementAccess"]

# Bound once: attribute look-ups on a data set ask the dictionary first.
_get_element: Callable[[_core.Dataset, TagType], DataElement] = _core.Dataset.__getitem__
_delete_element = _core.Dataset.__delitem__


class ElementAccess(_core.Dataset):
    """Getting, adding and removing elements."""

    if not TYPE_CHECKING:
        __setattr__ = _core.Dataset._set_attribute
        __delattr__ = _core.Dataset._delete_attribute

    if TYPE_CHECKING:

        def __setattr__(self, name: str, value: object, /) -> None: ...
        def __delattr__(self, name: str, /) -> None: ...

        # Native, but of a class of the package.
        def __iter__(self) -> Iterator[DataElement]: ...

    @overload
    def __getitem__(self, key: slice) -> Self: ...
    @overload
    def __getitem__(self, key: TagType) -> DataElement: ...
    def __getitem__(self, key: TagType | slice) -> Self | DataElement:
        if isinstance(key, slice):
            return self._slice(key)
        try:
            return _get_element(self, key)
        except (TypeError, ValueError, OverflowError):
            _check_key(key)
            raise

    def __delitem__(self, key: TagType | slice) -> None:
        if not isinstance(key, slice):
            _delete_element(self, key)
            return
        for tag in self._tags_in(key):
            _delete_element(self, tag)

    def _tags_in(self, key: slice) -> list[int]:
        tags = self.tags()
        start = 0 if key.start is None else bisect_left(tags, Tag(key.start))
        stop = len(tags) if key.stop is None else bisect_left(tags, Tag(key.stop))
        step: SupportsIndex | None = key.step
        return tags[start:stop:step]

    def _slice(self, key: slice) -> Self:
        # A class of a program may have an `__init__` of its own.
        part = type(self).__new__(type(self))
        for tag in self._tags_in(key):
            part[tag] = _get_element(self, tag)
        return part

    def add(self, data_element: DataElement) -> None:
        """Add an element, or replace the one with its tag.

        Args:
            data_element: The element.
        """
        self[data_element.tag] = data_element

    def add_new(self, tag: TagType, VR: str, value: object) -> None:
        """Make an element and add it.

        Args:
            tag: Its tag.
            VR: Its VR.
            value: Its value: one, a list of several, or text with backslashes.
        """
        number = Tag(tag)
        creator = None
        is_reserved = number.is_private and not number.is_private_creator
        if is_reserved and number.private_creator in self:
            creator = self[number.private_creator].value
        text = creator if isinstance(creator, str) else None
        element = self[number] = DataElement(number, VR, value, private_creator=text)
        if creator is not None and text is None:
            element.__dict__["_odd_creator"] = number.private_creator

    def data_element(self, name: str) -> DataElement | None:
        """Return the element of a keyword; `None` if the keyword is unknown.

        Args:
            name: A keyword of PS3.6, such as `"PatientID"`.

        Raises:
            KeyError: The data set has no such element.
        """
        tag = _core.keyword_tag(name)
        return None if tag is None else self[tag]

    @overload
    def get_item(self, key: slice, *, keep_deferred: bool = ...) -> Self: ...
    @overload
    def get_item(
        self, key: TagType, *, keep_deferred: bool = ...
    ) -> DataElement | RawDataElement | None: ...
    def get_item(
        self, key: TagType | slice, *, keep_deferred: bool = False
    ) -> Self | DataElement | RawDataElement | None:
        """Return an element as it is, or `None`; or the elements of a slice.

        As in pydicom, an element that nobody has looked at is a `RawDataElement`, with the bytes
        that are in the file.

        Args:
            key: A tag or a keyword, or a slice of tags.
            keep_deferred: Whether to leave out a value that is longer than the `defer_size` of
                `dcmread`; otherwise it has been read.

        Examples:
            >>> ds = rd.dcmread("tests/data/files/CT_small.dcm")
            >>> ds.get_item("Rows").value, ds.Rows, ds.get_item("Rows").value
            (b'\\x80\\x00', 128, 128)
        """
        if isinstance(key, slice):
            return self._raw_slice(key)
        tag = Tag(key)
        raw = untouched_raw(self, tag, keep_deferred=keep_deferred)
        if raw is not None:
            return raw
        found: DataElement | None = self.get(tag)
        return found if found is None else raw_of(found) or found

    def _raw_slice(self, key: slice) -> Self:
        part = type(self).__new__(type(self))
        for tag in self._tags_in(key):
            raw = untouched_raw(self, BaseTag(tag), keep_deferred=False)
            element = part[tag] = _get_element(self, tag)
            if raw is not None:
                remember_raw(element, raw)
        return part

    def elements(self) -> Iterator[DataElement]:
        """Yield the elements in tag order."""
        yield from self

    # As in a dictionary of elements by tag

    def keys(self) -> KeysView[BaseTag]:
        """Return the tags, in order, as they are now."""
        return dict.fromkeys(map(BaseTag, self.tags())).keys()

    def values(self) -> ValuesView[DataElement]:
        """Return the elements, in tag order, as they are now."""
        return self._as_dict().values()

    def items(self) -> ItemsView[BaseTag, DataElement]:
        """Return tags and elements, in order, as they are now."""
        return self._as_dict().items()

    def _as_dict(self) -> dict[BaseTag, DataElement]:
        return {element.tag: element for element in self}

    def pop(self, key: TagType, *default: Any) -> Any:
        """Remove an element and return it.

        Args:
            key: Its tag or keyword.
            default: Returned if the data set has no such element.

        Raises:
            KeyError: The data set has no such element, and no default is given.
            TypeError: More than one default is given.
        """
        if len(default) > 1:
            raise TypeError(f"pop takes a key and at most one default, not {len(default)}")
        try:
            element = self[key]
        except KeyError:
            if default:
                return default[0]
            raise
        del self[element.tag]
        return element

    def popitem(self) -> tuple[BaseTag, DataElement]:
        """Remove the element with the highest tag and return both.

        Raises:
            KeyError: The data set is empty.
        """
        tags = self.tags()
        if not tags:
            raise KeyError("the data set is empty")
        return BaseTag(tags[-1]), self.pop(tags[-1])

    def setdefault(self, key: TagType, default: object = None) -> DataElement:
        """Return the element of a tag, adding it if it is absent.

        Args:
            key: Its tag or keyword.
            default: An element, or its value.
        """
        tag = Tag(key)
        if tag not in self:
            if isinstance(default, DataElement):
                self[tag] = default
            else:
                entry = None if tag.is_private else _core.dictionary_entry(tag)
                self.add_new(tag, "UN" if entry is None else entry[0], default)
        return self[tag]

    def update(self, d: _core.Dataset | Mapping[Any, Any]) -> None:
        """Add elements, or replace those with the same tags.

        Args:
            d: A data set, or elements by tag or values by keyword.
        """
        for key, value in d.items():
            if isinstance(key, str):
                setattr(self, key, value)
            else:
                self[Tag(key)] = value

    def clear(self) -> None:
        """Remove all elements."""
        for tag in self.tags():
            del self[tag]

    def copy(self) -> Self:
        """Return a shallow copy: both share values that can be changed in place."""
        return self.__copy__()

    def group_dataset(self, group: int) -> Self:
        """Return the elements of a group.

        Args:
            group: The group number.
        """
        return self._slice(slice(Tag(group, 0), None if group == 0xFFFF else Tag(group + 1, 0)))


def _check_key(key: object) -> None:
    """Raise `KeyError` if the key is not a tag: no data set can have it."""
    if parsed(Tag, key, errors=(TypeError, ValueError, OverflowError)) is None:
        # A data set or an element in its place shows its values.
        is_name = isinstance(key, (str, int, float, tuple, type(None)))
        if isinstance(key, str) and (similar := _core.similar_keyword(key)) is not None:
            raise KeyError(f"{key!r} is no keyword; did you mean {similar}?")
        raise KeyError(f"{key!r}" if is_name else type(key).__name__)
