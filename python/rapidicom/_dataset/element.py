"""One element of a data set (PS3.5 §7.1): how it prints, compares and becomes JSON."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rapidicom import _core
from rapidicom._values.constructors import empty_value_for_VR
from rapidicom._values.dictionary import dictionary_has_tag, dictionary_is_retired
from rapidicom._values.uid import UID
from rapidicom._values.vr import LONG_VALUE_VR

if TYPE_CHECKING:
    from typing import Self

    from rapidicom._common.tag import BaseTag, TagType
    from rapidicom._core import Dataset

__all__ = ["DataElement"]


class DataElement(_core.DataElement):
    """A tag, a VR and a value.

    Printing can be changed, on a subclass or an instance, by these attributes.

    Attributes:
        descripWidth: The width of the column with the name, in characters.
        maxBytesToDisplay: Long text, bytes, and lists of more than this are counted instead of
            shown.
        showVR: Whether the VR is shown.
    """

    __module__ = "rapidicom.dataelem"

    descripWidth = 35
    maxBytesToDisplay = 16
    showVR = True

    if TYPE_CHECKING:
        # Native, but of a class of the package.
        @property
        def tag(self) -> BaseTag: ...
        @tag.setter
        def tag(self, tag: TagType) -> None: ...

    # What undecoded elements of pydicom have. These decode themselves.
    is_raw = False

    # A value is never a file object.
    is_buffered = False

    @property
    def is_empty(self) -> bool:
        """Whether it has no value, or no item."""
        return not self._value_or_bytes() if self.VR == "SQ" else self.VM == 0

    @property
    def is_retired(self) -> bool:
        """Whether it is registered as retired; false for repeating groups, as in pydicom."""
        return dictionary_has_tag(self.tag) and dictionary_is_retired(self.tag)

    @property
    def empty_value(self) -> Any:
        """The value of an element without one."""
        return empty_value_for_VR(self.VR)

    @property
    def repval(self) -> str:
        """The value as `print` shows it: a UID by its name, a long value by its length.

        Of a value that cannot be decoded, the bytes.
        """
        value = self._value_or_bytes()
        if (
            (self.VR in LONG_VALUE_VR or isinstance(value, bytes))
            and hasattr(value, "__len__")
            and len(value) > self.maxBytesToDisplay
        ):
            return f"Array of {len(value)} elements"
        if self.maxBytesToDisplay < self.VM:
            return f"Array of {self.VM} elements"
        return value.name if isinstance(value, UID) else repr(value)

    def _items(self) -> list[Dataset]:
        """Return the items of a sequence; none of one that cannot be decoded, or of another VR."""
        value = self._value_or_bytes() if self.VR == "SQ" else None
        return [] if value is None or isinstance(value, bytes) else list(value)

    def description(self) -> str:
        """Return the name."""
        return self.name

    def clear(self) -> None:
        """Remove the value, not the element."""
        self.value = self.empty_value

    def to_json_dict(
        self,
        bulk_data_element_handler: Callable[[DataElement], str] | None = None,
        bulk_data_threshold: int = 1024,
    ) -> dict[str, Any]:
        """Return the element in the DICOM JSON Model (PS3.18 §F).

        Args:
            bulk_data_element_handler: Returns the URI at which the bytes of a large element can be
                fetched.
            bulk_data_threshold: Values of more base64 characters than this go to the handler, if
                one is given.
        """
        from rapidicom._dataset.json_model import element_to_json

        return element_to_json(self, bulk_data_element_handler, bulk_data_threshold)

    def to_json(
        self,
        bulk_data_threshold: int = 1024,
        bulk_data_element_handler: Callable[[DataElement], str] | None = None,
        dump_handler: Callable[[dict[str, Any]], str] | None = None,
    ) -> str:
        """Return the text of `to_json_dict`.

        Args:
            bulk_data_threshold: As for `to_json_dict`.
            bulk_data_element_handler: As for `to_json_dict`.
            dump_handler: Turns the dictionary into text; by default `json.dumps` with sorted keys.
        """
        from rapidicom._dataset.json_model import dump

        model = self.to_json_dict(bulk_data_element_handler, bulk_data_threshold)
        return (dump_handler or dump)(model)

    @classmethod
    def from_json(
        cls,
        dataset_class: type[Dataset],
        tag: str,
        vr: str,
        value: Any,
        value_key: str | None,
        bulk_data_uri_handler: Callable[..., Any] | None = None,
    ) -> Self:
        """Make an element from the DICOM JSON Model (PS3.18 §F).

        Args:
            dataset_class: The class of the items of a sequence.
            tag: The tag, eight hexadecimal digits.
            vr: The VR.
            value: The value in the model.
            value_key: The name of the value in the model: `Value`, `InlineBinary`, `BulkDataURI`,
                or `None` without a value.
            bulk_data_uri_handler: As for `Dataset.from_json`.

        Raises:
            TypeError: The value is not of the type that belongs under that name.
            ValueError: A value does not fit its VR.
        """
        from rapidicom._common.tag import Tag
        from rapidicom._dataset.json_model import value_from_json, vr_from_json

        number = Tag(int(tag, 16) if isinstance(tag, str) else tag)
        read = value_from_json(dataset_class, number, vr, value, value_key, bulk_data_uri_handler)
        return cls(number, vr_from_json(number, vr, value_key, read), read)

    def __getitem__(self, key: Any) -> Any:
        try:
            return self.value[key]
        except TypeError:
            raise TypeError(f"the value of {self.tag} has no parts to choose from") from None

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        if not isinstance(other, DataElement):
            return NotImplemented
        return (
            self.tag == other.tag
            and self.VR == other.VR
            and _is_equal(self._value_or_bytes(), other._value_or_bytes())
        )

    # Mutable, so not hashable.
    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        if (odd := self.__dict__.get("_odd_creator")) is not None:
            warnings.warn(f"{odd} is no private creator: its value is not text", stacklevel=2)
        name = f"{self.name[: self.descripWidth]:<{self.descripWidth}}"
        vr = f" {self.VR}:" if self.showVR else ""
        return f"{self.tag} {name}{vr} {self.repval}"

    __repr__ = __str__


def _is_equal(first: Any, second: Any) -> bool:
    equal = first == second
    # A NumPy array that was set as a value is compared item by item.
    return bool(equal.all()) if hasattr(equal, "all") else bool(equal)
