"""What archives, compressed streams and DICOMDIRs start with."""

from __future__ import annotations

__all__ = [
    "BLOCK",
    "MEDIA_STORAGE_DIRECTORY",
    "STREAM_MAGIC",
    "has_dicomdir_head",
    "is_tar_header",
]

#: The SOP Class of a DICOMDIR (PS3.4 section I.4).
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"

#: How a compressed stream of each kind starts.
STREAM_MAGIC = {"gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ\0"}

#: Headers and data of a tar archive are multiples of this.
BLOCK = 512


def is_tar_header(block: bytes) -> bool:
    """Return whether 512 bytes are the header of a member: their sum says so.

    Args:
        block: The first bytes of a file.
    """
    if len(block) < BLOCK:
        return False
    field = block[148:156].strip(b"\0 ")
    if not field or field.strip(b"01234567"):
        return False
    total = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    return total == int(field, 8)


def has_dicomdir_head(head: bytes) -> bool:
    """Return whether a file is to be looked into for directory records.

    Args:
        head: Its first 512 bytes, which have its Media Storage SOP Class UID.
    """
    return head[128:132] == b"DICM" and MEDIA_STORAGE_DIRECTORY.encode() in head
