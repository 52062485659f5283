"""What an archive may cost before it is refused; the core has the limits of one file."""

from __future__ import annotations

__all__ = [
    "ARCHIVE_BYTES",
    "ARCHIVE_RATIO",
    "MEMBERS",
    "MEMBER_BYTES",
    "MEMBER_RATIO",
    "METADATA_BYTES",
]

# Members of an archive: as many as a data set may have elements. A whole-body study of 10,000
# slices has a hundredth of that.
MEMBERS = 1 << 20

# Bytes that a member may become whatever its size, and that each of its compressed bytes may become
# in a longer one: those of a deflated data set (`Limits` of the core). Images shrink to a third.
MEMBER_BYTES = 1 << 28
MEMBER_RATIO = 100

# The same for all members of an archive: those of a zip bomb share their bytes.
ARCHIVE_BYTES = 1 << 30
ARCHIVE_RATIO = 100

# What describes one member of a tar archive: names and attributes of pax take a few hundred bytes,
# and a name at most 4096.
METADATA_BYTES = 1 << 20
