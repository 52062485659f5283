"""File Meta Information (PS3.10 §7.1): a data set that holds elements of group 0002 only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rapidicom import _core
from rapidicom.dataset import Dataset
from rapidicom.tag import Tag

if TYPE_CHECKING:
    from rapidicom.dataelem import DataElement
    from rapidicom.tag import TagType

__all__ = ["FileMetaDataset"]


class FileMetaDataset(Dataset):
    """The File Meta Information of a file, or of a data set in memory."""

    def __init__(self, other: Dataset | Mapping[Any, Any] | None = None) -> None:
        """Make File Meta Information in memory.

        Args:
            other: As for `Dataset`.

        Raises:
            TypeError: `other` is neither a data set nor a mapping.
            ValueError: It has an element that is not of group 0002.
        """
        if not (other is None or isinstance(other, (_core.Dataset, Mapping))):
            kind = type(other).__name__
            raise TypeError(f"File Meta Information is a Dataset, or made of a mapping, not '{kind}'")
        super().__init__(other)

    def __setitem__(self, key: TagType, element: DataElement) -> None:  # type: ignore[override]  # of the package
        _check_group(Tag(key))
        super().__setitem__(key, element)

    def __setattr__(self, name: str, value: object) -> None:
        tag = _core.keyword_tag(name)
        if tag is not None:
            _check_group(Tag(tag))
        super().__setattr__(name, value)


def _check_group(tag: Any) -> None:
    if tag.group != 2:
        raise ValueError(f"{tag} cannot be in File Meta Information, which has only group 0002")
