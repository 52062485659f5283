"""Zip archives as sources (APPNOTE.TXT of PKWARE): their members are read where they lie.

A stored member is a part of the archive's file, which the core reads as it reads files. A deflated
one is inflated as far as somebody asks for it. Nothing is written to disk.
"""

from __future__ import annotations

import os
import stat
import struct
from typing import TYPE_CHECKING

from rapidicom._common.errors import DicomError, LimitError, UnsupportedError
from rapidicom.sources.item import Item
from rapidicom.sources.limits import MEMBER_BYTES, MEMBER_RATIO
from rapidicom.sources.member import check_count, check_length, damaged_archive
from rapidicom.sources.member_names import member_name, numbered
from rapidicom.sources.refused import refused
from rapidicom.sources.whole import ItemFile, bytes_of
from rapidicom.sources.zip_members import DEFLATED, LOCAL_HEADER, STORED, Member, ZipMembers

if TYPE_CHECKING:
    import zipfile

__all__ = ["zip_members"]

# Bits of the general purpose flag (APPNOTE §4.4.4).
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_UTF_8 = 0x0800
# The end of central directory record (APPNOTE §4.3.16) without its comment.
_END = struct.Struct("<4s4H2IH")
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
    check_length(archive, sum(info.file_size for info in found))
    files = [info for info in found if not _is_folder_or_link(info)]
    names = numbered([info.filename for info in files])
    store = ZipMembers(archive)
    members = {}
    reader = _LocalHeaders(archive, start)
    for name, info in zip(names, files, strict=True):
        full_name = member_name("zip", name, archive.name)
        try:
            members[name] = _item(full_name, info, store, reader)
        except DicomError as error:
            members[name] = refused(full_name, error)
    return members


def _directory(archive: Item) -> tuple[list[zipfile.ZipInfo], int]:
    """Return the entries of the central directory, and where it starts."""
    import zipfile

    file = ItemFile(archive)
    failed: Exception | None = None
    try:
        # It is only read and moved.
        with zipfile.ZipFile(file) as opened:
            found = opened.infolist()
            start: int = opened.start_dir
            file.seek(-len(opened.comment) - _END.size, os.SEEK_END)
            end = _END.unpack(file.read(_END.size))
    except MemoryError:
        raise
    except Exception as error:
        # What the module raises for what is not as it should be is of many kinds.
        failed = file.error or damaged_archive(archive, _complaint(error))
    if failed is not None:
        raise failed
    # An entry that was lost with its bytes leaves its number.
    if end[4] != len(found) & 0xFFFF and end[4] != 0xFFFF:
        what = f"its central directory has {len(found):,} entries and says {end[4]:,}"
        raise damaged_archive(archive, what)
    return found, start


def _complaint(error: Exception) -> str:
    import zipfile

    if isinstance(error, NotImplementedError):
        return "it needs a later version of zip"
    if isinstance(error, zipfile.BadZipFile) and str(error) == "File is not a zip file":
        return "the central directory at the end of the zip archive is missing"
    return "the central directory of the zip archive is damaged"


def _is_folder_or_link(info: zipfile.ZipInfo) -> bool:
    # The upper half has the mode where the archive was made under Unix; 0 elsewhere.
    return info.filename.endswith("/") or stat.S_ISLNK(info.external_attr >> 16)


def _item(name: str, info: zipfile.ZipInfo, store: ZipMembers, headers: _LocalHeaders) -> Item:
    _check(name, info)
    encoding = "utf-8" if info.flag_bits & _UTF_8 else "cp437"
    member = Member(
        name=name,
        raw_name=info.orig_filename.encode(encoding, "replace"),
        header_offset=info.header_offset,
        compressed_length=info.compress_size,
        length=info.file_size,
        method=info.compress_type,
        crc=info.CRC,
    )
    region = None
    if member.method == STORED and store.archive.region is not None:
        path, base, _ = store.archive.region
        region = path, base + headers.data_offset(member), member.length
    return Item(name, store, member, member.length, region, is_named=False)


def _check(name: str, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & _ENCRYPTED:
        hint = "Unpack the archive with its password."
        raise UnsupportedError(f"{name}: the member is encrypted. {hint}", path=name, hint=hint)
    if info.compress_type not in (STORED, DEFLATED):
        method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
        hint = "Unpack the archive first."
        message = f"{name}: the member is compressed by {method}, which is not read. {hint}"
        raise UnsupportedError(message, path=name, hint=hint)
    limit = max(MEMBER_BYTES, MEMBER_RATIO * info.compress_size)
    if info.file_size > limit:
        hint = "If it is none made to do harm, unpack it first."
        raise LimitError(
            f"{name}: the member becomes {info.file_size:,} bytes out of "
            f"{info.compress_size:,}, and may become {limit:,}. {hint}",
            path=name,
            hint=hint,
        )


class _LocalHeaders:
    """The headers before the data of members, which say where the data starts."""

    def __init__(self, archive: Item, directory: int) -> None:
        self._archive = archive
        self._directory = directory

    def data_offset(self, member: Member) -> int:
        """Return where the bytes of a stored member start.

        Raises:
            InvalidDicomError: The header is not there, or the bytes do not fit before the central
                directory.
        """
        start = member.header_offset
        if start < 0:
            raise member.damaged("lies before the start of the archive")
        header = bytes_of(self._archive, start, start + LOCAL_HEADER.size + len(member.raw_name))
        offset = start + member.data_offset(header)
        if member.compressed_length != member.length:
            raise member.damaged("is stored, but its lengths differ")
        if offset + member.length > self._directory:
            raise member.damaged("runs into the central directory")
        return offset
