"""Zip archives as sources (APPNOTE.TXT of PKWARE): their members are read where they lie.

A stored member is a part of the archive's file, which the core reads as it reads files. A deflated
one is inflated as far as somebody asks for it. Nothing is written to disk.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, cast

from rapidicom._common.errors import DicomError, LimitError, UnsupportedError
from rapidicom.sources.item import Item, Region
from rapidicom.sources.limits import MEMBER_BYTES, MEMBER_RATIO
from rapidicom.sources.member import check_count, check_length, damaged_archive
from rapidicom.sources.member_names import member_name, numbered
from rapidicom.sources.refused import refused
from rapidicom.sources.whole import ItemFile
from rapidicom.sources.zip_members import DEFLATED, LOCAL_SIGNATURE, STORED, Member, ZipMembers

if TYPE_CHECKING:
    import zipfile

__all__ = ["zip_members"]

# Bits of the general purpose flag (APPNOTE §4.4.4).
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_UTF_8 = 0x0800
# The end of central directory record (APPNOTE §4.3.16) without its comment.
_END = struct.Struct("<4s4H2IH")
_END_SIGNATURE = b"PK\x05\x06"
_LONGEST_COMMENT = 0xFFFF
# Where the central directory starts is in a record of zip64.
_IN_ZIP64 = 0xFFFFFFFF
_NO_END = "the central directory at the end of the zip archive is missing"
# PATH_MAX of Linux: what a link refers to is not longer.
_LONGEST_LINK = 4096
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ"}


def zip_members(archive: Item) -> dict[str, Item]:
    """Return the members of a zip archive by their names, in its order, without folders and links.

    A member that cannot be read is among them, and costs its own row.

    Args:
        archive: The archive.

    Raises:
        InvalidDicomError: The archive has no central directory, or a damaged one.
        LimitError: It has more members, or they become more bytes, than any real one.
        OSError: It cannot be read.
    """
    found, start = _directory(archive)
    check_count(archive, len(found))
    check_length(archive, sum([info.file_size for info in found]))
    files = [info for info in found if not _is_folder_or_link(info)]
    names = numbered([info.filename for info in files])
    entries: dict[str, Member | DicomError] = {}
    for name, info in zip(names, files, strict=True):
        full_name = member_name("zip", name, archive.name)
        refusal = _refusal(full_name, info)
        entries[name] = _member(full_name, info) if refusal is None else refusal
    regions = {} if archive.region is None else _regions(archive, entries, start)
    store = ZipMembers(archive)
    members = {}
    for name, entry in entries.items():
        place = regions.get(name)
        if isinstance(entry, DicomError) or isinstance(place, Exception):
            error = place if isinstance(place, Exception) else entry
            full_name = member_name("zip", name, archive.name)
            members[name] = refused(full_name, cast("Exception", error))
        else:
            members[name] = Item(entry.name, store, entry, entry.length, place, is_named=False)
    return members


def _directory(archive: Item) -> tuple[list[zipfile.ZipInfo], int]:
    """Return the entries of the central directory, and where it starts."""
    import zipfile

    failed: Exception | None = None
    # A program may precede an archive, and a newline that a transfer adds may follow it. If members
    # precede it, or both are there, another archive holds it, and the end of that one is missing.
    is_inside = False
    file = ItemFile(archive)
    try:
        # It is only read and moved.
        with file, zipfile.ZipFile(file) as opened:
            found = opened.infolist()
            start: int = opened.start_dir
            end = _end_record(file, len(opened.comment))
            is_inside = end.offset not in (start, _IN_ZIP64) and (
                not end.is_last or _starts_with_member(file)
            )
    except MemoryError:
        raise
    except Exception as error:
        # What the module raises for what is not as it should be is of many kinds.
        failed = file.error or damaged_archive(archive, _complaint(error))
    if failed is not None:
        raise failed
    if is_inside:
        raise damaged_archive(archive, _NO_END)
    # An entry that was lost with its bytes leaves its number.
    if end.entries != len(found) & 0xFFFF and end.entries != 0xFFFF:
        what = f"its central directory has {len(found):,} entries and says {end.entries:,}"
        raise damaged_archive(archive, what)
    return found, start


class _End(NamedTuple):
    """The end of central directory record.

    Attributes:
        entries: How many members there are.
        offset: Where the central directory starts, counted from where the archive does.
        is_last: Whether nothing follows it but its comment.
    """

    entries: int
    offset: int
    is_last: bool


def _end_record(file: ItemFile, comment_length: int) -> _End:
    """Return the end of central directory record that the module has found.

    Args:
        file: The archive.
        comment_length: Bytes of the comment after that record.
    """
    length = file.seek(0, os.SEEK_END)
    place = length - _END.size - comment_length
    file.seek(place)
    fields = _END.unpack(file.read(_END.size))
    if fields[0] == _END_SIGNATURE:
        return _End(fields[4], fields[6], is_last=True)
    # Other bytes follow, and it is the last one before them.
    first = max(length - _END.size - _LONGEST_COMMENT, 0)
    file.seek(first)
    tail = file.read(length - first)
    fields = _END.unpack_from(tail, tail.rindex(_END_SIGNATURE))
    return _End(fields[4], fields[6], is_last=False)


def _starts_with_member(file: ItemFile) -> bool:
    file.seek(0)
    return file.read(len(LOCAL_SIGNATURE)) == LOCAL_SIGNATURE


def _complaint(error: Exception) -> str:
    import zipfile

    if isinstance(error, NotImplementedError):
        return "it needs a later version of zip"
    if isinstance(error, zipfile.BadZipFile) and str(error) == "File is not a zip file":
        return _NO_END
    return "the central directory of the zip archive is damaged"


def _is_folder_or_link(info: zipfile.ZipInfo) -> bool:
    # What has content is a file, whatever a damaged entry says: a slice less would not be noticed.
    if info.filename.endswith("/"):
        return info.file_size == 0
    # The upper half has the mode where the archive was made under Unix; 0 elsewhere.
    return stat.S_ISLNK(info.external_attr >> 16) and info.file_size <= _LONGEST_LINK


def _member(name: str, info: zipfile.ZipInfo) -> Member:
    encoding = "utf-8" if info.flag_bits & _UTF_8 else "cp437"
    # By position, which is quicker: an archive has many.
    return Member(
        name,
        info.orig_filename.encode(encoding, "replace"),
        info.header_offset,
        info.compress_size,
        info.file_size,
        info.compress_type,
        info.CRC,
    )


def _refusal(name: str, info: zipfile.ZipInfo) -> DicomError | None:
    """Return why a member is not read, if it is not."""
    if info.flag_bits & _ENCRYPTED:
        hint = "Unpack the archive with its password."
        return UnsupportedError(f"{name}: the member is encrypted. {hint}", path=name, hint=hint)
    if info.compress_type not in (STORED, DEFLATED):
        method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
        hint = "Unpack the archive first."
        message = f"{name}: the member is compressed by {method}, which is not read. {hint}"
        return UnsupportedError(message, path=name, hint=hint)
    limit = max(MEMBER_BYTES, MEMBER_RATIO * info.compress_size)
    if info.file_size > limit:
        hint = "If it is none made to do harm, unpack it first."
        return LimitError(
            f"{name}: the member becomes {info.file_size:,} bytes out of "
            f"{info.compress_size:,}, and may become {limit:,}. {hint}",
            path=name,
            hint=hint,
        )
    return None


def _regions(
    archive: Item, entries: Mapping[str, Member | DicomError], directory: int
) -> dict[str, Region | Exception]:
    """Return where the bytes of stored members are, or why they are not there.

    Args:
        archive: The archive, in a file of this machine.
        entries: Its members by their names.
        directory: Where its central directory starts.
    """
    stored = [
        (name, entry)
        for name, entry in entries.items()
        if isinstance(entry, Member) and entry.method == STORED
    ]
    key = archive.key
    headers = archive.store.fetch(
        [(key, max(entry.header_offset, 0), entry.header_end) for _, entry in stored], None
    )
    whole = archive.region or Region("", 0, 0)
    regions: dict[str, Region | Exception] = {}
    for (name, entry), header in zip(stored, headers, strict=True):
        try:
            offset = entry.header_offset + entry.data_offset(header)
            if entry.compressed_length != entry.length:
                raise entry.damaged("is stored, but its lengths differ")
            if offset + entry.length > directory:
                raise entry.damaged("runs into the central directory")
            regions[name] = whole._replace(
                offset=whole.offset + offset, length=entry.length, crc=entry.crc
            )
        except (DicomError, OSError) as error:
            regions[name] = error
    return regions
