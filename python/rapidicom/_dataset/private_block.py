"""Private blocks (PS3.5 §7.8.1): 256 elements of an odd group that a creator reserves."""

from __future__ import annotations

from collections.abc import Iterator

from rapidicom._common.tag import BaseTag, Tag
from rapidicom._core import Dataset
from rapidicom._dataset.element import DataElement

__all__ = ["PrivateBlock"]


class PrivateBlock:
    """The private elements of one creator in one group, by the last two digits of their tags.

    Attributes:
        group: The group number.
        private_creator: The creator.
        dataset: The data set.
        block_start: The first element number.
    """

    __module__ = "rapidicom.dataset"

    def __init__(self, group: int, private_creator: str, dataset: Dataset, block: int) -> None:
        """Describe a block.

        Args:
            group: The group number.
            private_creator: The creator.
            dataset: The data set.
            block: The element number of the private creator element, 0x10 to 0xFF.
        """
        self.group = group
        self.private_creator = private_creator
        self.dataset = dataset
        self.block_start = block << 8

    def get_tag(self, element_offset: int) -> BaseTag:
        """Return the tag of an element.

        Args:
            element_offset: The last two digits, 0 to 0xFF.

        Raises:
            ValueError: It has more digits.
        """
        if not 0 <= element_offset <= 0xFF:
            raise ValueError(
                f"elements of a private block are numbered 0 to 0xFF, not {element_offset:#x}"
            )
        return Tag(self.group, self.block_start + element_offset)

    def add_new(self, element_offset: int, VR: str, value: object) -> None:
        """Add an element.

        Args:
            element_offset: The last two digits of its tag.
            VR: Its VR.
            value: Its value.
        """
        self.dataset.add_new(self.get_tag(element_offset), VR, value)

    def __contains__(self, element_offset: int) -> bool:
        return self.get_tag(element_offset) in self.dataset

    def __getitem__(self, element_offset: int) -> DataElement:
        element: DataElement = self.dataset[self.get_tag(element_offset)]
        return element

    def __delitem__(self, element_offset: int) -> None:
        del self.dataset[self.get_tag(element_offset)]


def creator_elements(dataset: Dataset, group: int) -> Iterator[DataElement]:
    """Yield the elements that name the creators of a private group's blocks."""
    for tag in dataset.tags():
        if tag >> 16 == group and 0x10 <= tag & 0xFFFF <= 0xFF:
            yield dataset[tag]


def find_block(dataset: Dataset, group: int, private_creator: str) -> PrivateBlock | None:
    """Return the block that a creator has in a group, or `None`."""
    for element in creator_elements(dataset, group):
        if element.value == private_creator:
            return PrivateBlock(group, private_creator, dataset, element.tag.element)
    return None


def reserve_block(dataset: Dataset, group: int, private_creator: str) -> PrivateBlock:
    """Name a creator in the first free block of a group.

    Raises:
        ValueError: Every block is taken.
    """
    for block in range(0x10, 0x100):
        if (group, block) not in dataset:
            dataset.add_new((group, block), "LO", private_creator)
            return PrivateBlock(group, private_creator, dataset, block)
    raise ValueError(f"the private group {group:04X} has no free block")
