"""Tags under pydicom's path; the code is in `rapidicom._common.tag`."""

from rapidicom._common.tag import (
    BaseTag,
    ItemDelimiterTag,
    ItemTag,
    SequenceDelimiterTag,
    Tag,
    TagType,
    TupleTag,
    tag_in_exception,
)

__all__ = [
    "BaseTag",
    "ItemDelimiterTag",
    "ItemTag",
    "SequenceDelimiterTag",
    "Tag",
    "TagType",
    "TupleTag",
    "tag_in_exception",
]
