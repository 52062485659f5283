"""Tags under pydicom's path; the code is in `rapidicom._common.tag`."""

from typing import TYPE_CHECKING

from rapidicom._common.tag import (
    BaseTag,
    ItemDelimiterTag,
    ItemTag,
    SequenceDelimiterTag,
    Tag,
    TupleTag,
    tag_in_exception,
)

if TYPE_CHECKING:
    from rapidicom._common.tag import TagType as TagType

__all__ = [
    "BaseTag",
    "ItemDelimiterTag",
    "ItemTag",
    "SequenceDelimiterTag",
    "Tag",
    "TupleTag",
    "tag_in_exception",
]
