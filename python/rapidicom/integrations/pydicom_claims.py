"""What makes our classes pass for pydicom's while it is patched.

`isinstance` also looks at an object's `__class__`. Each class here becomes a base of one of ours,
and returns pydicom's class there.
"""

from __future__ import annotations

import copyreg
from collections.abc import Iterator, MutableMapping
from typing import Any, NoReturn, cast

import pydicom.dataelem
import pydicom.dataset
import pydicom.multival
import pydicom.sequence
import pydicom.tag
import pydicom.uid
import pydicom.valuerep

from rapidicom import _core, dataelem, dataset, multival, sequence, tag, uid, valuerep
from rapidicom._common.not_offered import not_offered
from rapidicom._dataset.printing import dataset_text

__all__ = ["CLAIMS"]


# pydicom asks whether it is a `dict`.
class _Elements(MutableMapping[Any, Any], dict[Any, Any]):  # type: ignore[misc,metaclass]
    """The elements of a data set by tag, for pydicom's own code. It stores none itself."""

    def __init__(self, owner: dataset.Dataset) -> None:
        self._owner = owner

    def __getitem__(self, key: Any) -> Any:
        return self._owner[key]

    def __setitem__(self, key: Any, element: Any) -> None:
        self._owner[key] = element

    def __delitem__(self, key: Any) -> None:
        del self._owner[key]

    def __contains__(self, key: Any) -> bool:
        return key in self._owner

    def __iter__(self) -> Iterator[Any]:
        return iter(self._owner.keys())

    def __len__(self) -> int:
        return len(self._owner)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_Elements, (self._owner,))

    def copy(self) -> dict[Any, Any]:
        """Return the elements in a dictionary of its own."""
        return {key: self._owner[key] for key in self}


def _dataset_class(self: Any) -> type:
    if getattr(self, "file_meta", None) is not None:
        return pydicom.dataset.FileDataset
    return pydicom.dataset.Dataset


def _refuse_class(self: Any, cls: type) -> NoReturn:
    not_offered(
        f"turn its {type(self).__name__} into an instance of {cls.__module__}.{cls.__qualname__}",
        "only pydicom's objects become one, which ds.to_pydicom() gives",
    )


class _DatasetClaim:
    __slots__ = ()
    __class__ = property(_dataset_class)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "__class__":
            _refuse_class(self, value)
        if name == "file_meta" and issubclass(type(value), pydicom.dataset.Dataset):
            meta = dataset.FileMetaDataset()
            for element in value:
                meta.add(element)
            value = meta
        _core.Dataset._set_attribute(self, name, value)  # type: ignore[arg-type]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _reduce(self, protocol)

    @property
    def _dict(self) -> _Elements:
        return _Elements(self)  # type: ignore[arg-type]

    @property
    def _tsyntax_encoding(self) -> tuple[bool, bool] | tuple[None, None]:
        syntax = self.get("TransferSyntaxUID")  # type: ignore[attr-defined]
        if syntax is None or not syntax.is_transfer_syntax or syntax.is_private:
            return None, None
        return syntax.is_implicit_VR, syntax.is_little_endian

    @property
    def _character_set(self) -> str | list[str]:
        return self.original_character_set  # type: ignore[attr-defined,no-any-return]

    def _pretty_str(self, indent: int = 0, top_level_only: bool = False) -> str:
        return dataset_text(self, indent, top_level_only=top_level_only)  # type: ignore[arg-type]


def _kept(name: str) -> property:
    """Return a property for an attribute that pydicom's code sets, and our elements only report."""
    native = vars(_core.DataElement)[name]

    def read(self: Any) -> Any:
        attributes = self.__dict__
        return attributes[name] if name in attributes else native.__get__(self)

    def write(self: Any, value: Any) -> None:
        self.__dict__[name] = value

    return property(read, write)


def _claim(theirs: type, **others: Any) -> type:
    def answer(self: Any) -> type:
        return theirs

    asked = property(answer, _refuse_class)
    return type(f"_{theirs.__name__}Claim", (), {"__slots__": (), "__class__": asked, **others})


def _reduce(self: Any, protocol: Any) -> Any:
    """Pickle by the type: what `object` does asks for `__class__`."""
    del protocol
    cls = type(self)
    if any("__reduce__" in vars(base) for base in cls.__mro__[:-1]):
        return self.__reduce__()
    _, arguments, *state = cast("tuple[Any, ...]", object.__reduce_ex__(self, 2))
    base = next((base for base in (float, int, str) if issubclass(cls, base)), object)
    value = arguments[1] if len(arguments) > 1 else None
    return (copyreg._reconstructor, (cls, base, value), *state)  # type: ignore[attr-defined]


# Our class, and what becomes its first base.
CLAIMS: list[tuple[type, type]] = [
    (dataset.Dataset, _DatasetClaim),
    (dataset.FileMetaDataset, _claim(pydicom.dataset.FileMetaDataset)),
    (
        dataelem.DataElement,
        _claim(
            pydicom.dataelem.DataElement,
            __reduce_ex__=_reduce,
            is_undefined_length=_kept("is_undefined_length"),
            private_creator=_kept("private_creator"),
        ),
    ),
    (sequence.Sequence, _claim(pydicom.sequence.Sequence, __reduce_ex__=_reduce)),
    (multival.MultiValue, _claim(pydicom.multival.MultiValue, __reduce_ex__=_reduce)),
    (valuerep.DSfloat, _claim(pydicom.valuerep.DSfloat, auto_format=False, __reduce_ex__=_reduce)),
    (valuerep.IS, _claim(pydicom.valuerep.IS, __reduce_ex__=_reduce)),
    (valuerep.ISfloat, _claim(pydicom.valuerep.ISfloat, __reduce_ex__=_reduce)),
    (valuerep.PersonName, _claim(pydicom.valuerep.PersonName, __reduce_ex__=_reduce)),
    (uid.UID, _claim(pydicom.uid.UID, __reduce_ex__=_reduce)),
    (tag.BaseTag, _claim(pydicom.tag.BaseTag, __reduce_ex__=_reduce)),
    (valuerep.DA, _claim(pydicom.valuerep.DA)),
    (valuerep.DT, _claim(pydicom.valuerep.DT)),
    (valuerep.TM, _claim(pydicom.valuerep.TM)),
]
