"""Private elements (PS3.5 §7.8) by their creator: the part of `Dataset` that finds their blocks."""

from __future__ import annotations

from rapidicom._dataset.element import DataElement
from rapidicom._dataset.element_access import ElementAccess
from rapidicom._dataset.private_block import (
    PrivateBlock,
    creator_elements,
    find_block,
    reserve_block,
)
from rapidicom._values.dictionary import private_dictionary_VR

__all__ = ["PrivateAccess"]


class PrivateAccess(ElementAccess):
    """Private elements, by creator and the last two digits of the tag."""

    def add_new_private(
        self,
        private_creator: str,
        group: int,
        element_offset: int,
        value: object,
        vr: str | None = None,
    ) -> None:
        """Make a private element and add it, reserving a block for its creator if it has none.

        Args:
            private_creator: The creator.
            group: The group number.
            element_offset: The last two digits of the tag.
            value: Its value.
            vr: Its VR; by default the one that the vendor documents.

        Raises:
            KeyError: No VR is given, and none is known.
            ValueError: The group is even, or the creator is empty.
        """
        if not private_creator:
            raise ValueError("a private creator cannot be empty")
        _check_private(group)
        vr = vr or private_dictionary_VR((group, 0x1000 | element_offset), private_creator)
        self.private_block(group, private_creator, create=True).add_new(element_offset, vr, value)

    def private_block(self, group: int, private_creator: str, create: bool = False) -> PrivateBlock:
        """Find the private elements of a creator in a group.

        Args:
            group: The group number.
            private_creator: The creator.
            create: Whether to reserve a block if the creator has none.

        Raises:
            KeyError: The creator has no block there.
            ValueError: The group is even, or the creator is empty.
        """
        if not private_creator:
            raise ValueError("a private creator cannot be empty")
        _check_private(group)
        block = find_block(self, group, private_creator)
        if block is None and create:
            block = reserve_block(self, group, private_creator)
        if block is None:
            raise KeyError(f"the private creator has no block in group {group:04X}")
        return block

    def private_creators(self, group: int) -> list[str]:
        """Return the creators that have blocks in a group.

        Args:
            group: The group number.

        Raises:
            ValueError: The group is even.
        """
        _check_private(group)
        return [element.value for element in creator_elements(self, group)]

    def get_private_item(
        self, group: int, element_offset: int, private_creator: str
    ) -> DataElement:
        """Return a private element.

        Args:
            group: The group number.
            element_offset: The last two digits of the tag.
            private_creator: The creator.

        Raises:
            KeyError: The creator has no block there, or the block has no such element.
            ValueError: The group is even, or the creator is empty.
        """
        return self.private_block(group, private_creator)[element_offset]

    def remove_private_tags(self) -> None:
        """Delete the private elements, those of items too."""
        self.walk(_delete_private)


def _check_private(group: int) -> None:
    if group % 2 == 0:
        raise ValueError(f"the group {group:04X} is even: private groups are odd")


def _delete_private(dataset: ElementAccess, element: DataElement) -> None:
    if element.tag.is_private:
        del dataset[element.tag]
