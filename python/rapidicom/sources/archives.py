"""Archives as sources: their members, without unpacking. What an archive is, its content says."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace

from rapidicom._common.errors import DicomError, InvalidDicomError
from rapidicom._common.shown_url import shown_url
from rapidicom.sources.archive_kinds import STREAM_MAGIC, is_tar_header
from rapidicom.sources.item import Item
from rapidicom.sources.member_names import chosen, splits
from rapidicom.sources.whole import bytes_of, length_of

__all__ = [
    "ARCHIVE_MARKS",
    "HEAD_LENGTH",
    "archive_kind",
    "has_archive_name",
    "members_of",
    "named_members",
]

# How names of archives end.
_ENDINGS = (
    ".zip", ".tar", ".tgz", ".tar.gz", ".tbz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz",
)  # fmt: skip

#: What the names of archives and of their members have, in lower case; `\0` stands after each.
ARCHIVE_MARKS = (*[f"{ending}\0" for ending in _ENDINGS], "zip://", "tar://")

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK00PK\x03\x04", b"PK\x07\x08PK\x03\x04")
# Programs that unpack themselves: of Windows, of Linux, of a shell.
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!")
# The end of a zip archive, with a comment of 64 KB at most (APPNOTE section 4.3.16).
_ZIP_END = b"PK\x05\x06"
_ZIP_TAIL = 22 + 0xFFFF
#: Bytes from the start of a file that say what it is.
HEAD_LENGTH = 512
# Where DICOM files have their prefix (PS3.10 section 7.1): no archive has it there.
_PREFIX = slice(128, 132)


def archive_kind(item: Item, head: bytes | None = None) -> str | None:
    """Return what kind of archive an item is: `zip`, `tar`, or a key of `STREAM_MAGIC` for a tar.

    Args:
        item: The item.
        head: Its first bytes, if they have been read.

    Returns:
        The kind; `None` for what is no archive, such as a DICOM file.

    Raises:
        OSError: It cannot be read.
    """
    if head is None:
        head = bytes_of(item, 0, HEAD_LENGTH)
    if head[_PREFIX] == b"DICM":
        return None
    if head.startswith(_ZIP) or (_may_have_zip(item, head) and _has_zip_end(item)):
        return "zip"
    if is_tar_header(head):
        return "tar"
    for kind, magic in STREAM_MAGIC.items():
        if head.startswith(magic):
            return kind if _has_tar(item, kind) else None
    return None


def members_of(item: Item, kind: str) -> dict[str, Item]:
    """Return the files in an archive by their names, in its order: see `zip_members`.

    Args:
        item: The archive.
        kind: What `archive_kind` says of it.

    Raises:
        DicomError: The archive is damaged, or refused.
        OSError: It cannot be read.
    """
    # Here, so that `import rapidicom` does not pay for them.
    if kind == "zip":
        from rapidicom.sources.zip_archive import zip_members

        return zip_members(item)
    from rapidicom.sources.compressed_stream import inflated_item
    from rapidicom.sources.tar_archive import tar_members

    return tar_members(item if kind == "tar" else inflated_item(item, kind))


def has_archive_name(name: str) -> bool:
    """Return whether a name is one that archives have."""
    return name.lower().endswith(_ENDINGS)


def named_members(name: str, open_item: Callable[[str], Item | None]) -> list[str | Item]:
    """Return the members that a name stands for: see `chosen`.

    Args:
        name: A name for which `is_member_name` is true.
        open_item: Gives the item of an archive by its name; `None` if there is none.

    Raises:
        FileNotFoundError: There is no such archive, or no such member in it.
        DicomError: The archive is damaged, or is none.
        OSError: It cannot be read.
    """
    what = "there is no such archive"
    for wanted, archive in splits(name):
        item = open_item(archive)
        if item is None:
            continue
        what = "no member of the archive has this name"
        found = chosen(wanted, _members_by_name(item))
        if found:
            return [replace(member, is_named=len(found) == 1) for member in found]
    raise FileNotFoundError(errno.ENOENT, what, shown_url(name))


def _members_by_name(item: Item) -> dict[str, Item]:
    # Programs ask for one member after the other. What has no name beside this is not kept.
    global _latest
    if _latest is not None and _latest[0] == item:
        return _latest[1]
    kind = archive_kind(item)
    if kind is None:
        message = f"{item.name}: the file is no zip or tar archive"
        raise InvalidDicomError(message, path=item.name)
    members = members_of(item, kind)
    if item.region is not None:
        _latest = item, members
    return members


_latest: tuple[Item, dict[str, Item]] | None = None


def _may_have_zip(item: Item, head: bytes) -> bool:
    return head.startswith(_PROGRAMS) or item.name.lower().endswith(".zip")


def _has_zip_end(item: Item) -> bool:
    length = length_of(item)
    return length is not None and _ZIP_END in bytes_of(item, max(length - _ZIP_TAIL, 0), length)


def _has_tar(item: Item, kind: str) -> bool:
    """Return whether a compressed stream has a tar archive in it, or may have had one."""
    from rapidicom.sources.compressed_stream import inflated_item

    try:
        return is_tar_header(bytes_of(inflated_item(item, kind), 0, HEAD_LENGTH))
    except DicomError:
        # Nobody can say what it was, but that it is cut short.
        return True
