"""Tar archives as sources (POSIX.1-2001 ustar and pax, GNU), compressed or not.

Members lie in them as they are: of an archive that is not compressed, they are parts of its file,
which the core reads as it reads files. Compressed ones are inflated in order, and nothing is
written to disk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from rapidicom._common.errors import DicomError, InvalidDicomError, UnsupportedError
from rapidicom.sources.archive_kinds import BLOCK, is_tar_header
from rapidicom.sources.compressed_stream import CompressedStream
from rapidicom.sources.item import Item
from rapidicom.sources.limits import METADATA_BYTES
from rapidicom.sources.member import Parts, check_count, check_length, damaged_archive
from rapidicom.sources.member_names import member_name, numbered
from rapidicom.sources.refused import refused
from rapidicom.sources.whole import ItemFile, length_of

if TYPE_CHECKING:
    import tarfile

_T = TypeVar("_T")

__all__ = ["tar_members"]

# Fields of a header.
_NAME, _SIZE, _TYPE = slice(0, 100), slice(124, 136), slice(156, 157)
_MAGIC, _PREFIX = slice(257, 262), slice(345, 500)

# A record of an extended header: its length, and a time to parts of a second.
_RECORD = re.compile(rb"([0-9]{1,3}) [mac]time=[-0-9.]+\n")

# What is kept of a member of a compressed archive: the core reads as much of a header at first.
_START = 1 << 14


def tar_members(archive: Item) -> dict[str, Item]:
    """Return the files in a tar archive by their names, in its order.

    Hard links are what they refer to. Folders, symbolic links and devices are left out. If the
    archive is damaged or cut short, the last entry is an item that says so, under the name of the
    archive.

    Args:
        archive: The archive, inflated.

    Raises:
        InvalidDicomError: There is no member to be found.
        LimitError: It has more members, or they become more bytes, than any real one.
        OSError: It cannot be read.
    """
    names: list[str] = []
    found: list[tuple[int, int] | Exception] = []
    ended: DicomError | None = None
    by_name: dict[str, tuple[int, int] | Exception] = {}
    listing = _Listing(archive)
    try:
        for info in listing:
            place = _place(info, by_name)
            by_name[info.name] = place
            if info.isreg() or info.islnk():
                names.append(info.name)
                found.append(place)
    except DicomError as error:
        if not found:
            raise
        ended = error
    store = Parts(archive)
    members = {}
    for name, place in zip(numbered(names), found, strict=True):
        full_name = member_name("tar", name, archive.name)
        members[name] = (
            refused(full_name, _named(place, full_name))
            if isinstance(place, Exception)
            else _item(full_name, store, place)
        )
    if ended is not None:
        members[archive.name] = refused(archive.name, ended)
    return members


def _place(
    info: tarfile.TarInfo | _PlainMember, by_name: dict[str, tuple[int, int] | Exception]
) -> tuple[int, int] | Exception:
    """Return where the bytes of a member are, or why they cannot be read."""
    if info.islnk():
        missing = InvalidDicomError(
            "the member is a link to one that is not in the archive before it"
        )
        return by_name.get(info.linkname, missing)
    if info.issparse():
        return UnsupportedError("the member is stored with its holes left out. Unpack it first.")
    return info.offset_data, info.size


def _named(error: Exception, name: str) -> DicomError:
    kind = type(error)
    assert issubclass(kind, DicomError)  # those of `_place`
    return kind(f"{name}: {error}", path=name)


def _item(name: str, store: Parts, place: tuple[int, int]) -> Item:
    region = None
    offset, length = place
    if store.archive.region is not None:
        whole = store.archive.region
        region = whole._replace(offset=whole.offset + offset, length=length)
    return Item(name, store, place, length, region, is_named=False)


class _PlainMember(NamedTuple):
    """An ordinary file in an archive, as far as `tarfile.TarInfo` is used here."""

    name: str
    offset_data: int
    size: int
    linkname: str = ""

    def isreg(self) -> bool:
        return True

    def islnk(self) -> bool:
        return False

    def issparse(self) -> bool:
        return False


def _plain_member(file: ItemFile, offset: int) -> _PlainMember | None:
    """Return the next member if it is an ordinary file of which nothing special is said.

    Args:
        file: The archive, one byte before the header.
        offset: Where the header is.
    """
    block = file.read(1 + BLOCK)[1:]
    size = _size_of(block)
    if size is not None and block[_TYPE] == b"x" and size <= BLOCK:
        # What pax says beside the header (POSIX.1-2001, "pax Extended Header").
        length = -(-size // BLOCK) * BLOCK
        if not _says_times_only(file.read(length)[:size]):
            return None
        block = file.read(BLOCK)
        offset += BLOCK + length
        size = _size_of(block)
    if size is None or block[_TYPE] != b"0":
        return None
    # As the module has them.
    name, prefix = (
        block[field].split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        for field in (_NAME, _PREFIX)
    )
    return _PlainMember(f"{prefix}/{name}" if prefix else name, offset + BLOCK, size)


def _size_of(block: bytes) -> int | None:
    """Return the size that a header says; `None` where it is no header, or says it otherwise.

    Args:
        block: The header (POSIX.1-2001, pax, "ustar Interchange Format").
    """
    if block[_MAGIC] != b"ustar" or not is_tar_header(block):
        return None
    size = block[_SIZE].split(b"\0", 1)[0].strip()
    return None if not size or size.strip(b"01234567") else int(size, 8)


def _says_times_only(records: bytes) -> bool:
    """Return whether an extended header says nothing that a reader of files needs."""
    start = 0
    while (found := _RECORD.match(records, start)) is not None:
        start += int(found[1])
        if records[start - 1 : start] != b"\n":
            return False
    return start == len(records)


class _Listing:
    """The headers of a tar archive, in order, and whether it ends as it should."""

    def __init__(self, archive: Item) -> None:
        self._archive = archive
        self._stream = archive.store if isinstance(archive.store, CompressedStream) else None
        # A compressed one has its length when it has been read.
        self._length = length_of(archive)

    def __iter__(self) -> Iterator[tarfile.TarInfo | _PlainMember]:
        with ItemFile(self._archive, METADATA_BYTES) as file:
            yield from self._members(file)

    def _members(self, file: ItemFile) -> Iterator[tarfile.TarInfo | _PlainMember]:
        import tarfile

        opened: Any = tarfile.TarFile
        tar = self._guarded(lambda: opened(fileobj=file, mode="r"), file)
        total = count = before = 0
        while (info := self._next(tar, file, count)) is not None:
            # A negative size leads back, again and again.
            if tar.offset <= before or info.size < 0:
                raise damaged_archive(self._archive, f"the header at byte {before:#x} is wrong")
            before = tar.offset
            # The list of the module would grow with the archive.
            tar.members.clear()
            count += 1
            total += info.size if info.isreg() else 0
            check_count(self._archive, count)
            check_length(self._archive, total)
            self._check_length(info)
            self._keep_start(file, info)
            yield info
        self._check_end(file, tar.offset)

    def _next(self, tar: Any, file: ItemFile, count: int) -> tarfile.TarInfo | _PlainMember | None:
        """Return the next member; an ordinary one costs a tenth of what the module takes for it."""
        # The module has looked at the first already. Global headers are about all that follow.
        if count > 0 and not tar.pax_headers:
            # From where the module reads: of a compressed stream nothing is read twice.
            file.seek(tar.offset - 1)
            found = self._guarded(lambda: _plain_member(file, tar.offset), file)
            if found is not None:
                tar.offset = found.offset_data + -(-found.size // BLOCK) * BLOCK
                return found
        following: tarfile.TarInfo | None = self._guarded(tar.next, file)
        return following

    def _guarded(self, step: Callable[[], _T], file: ItemFile) -> _T:
        """Return what a step of the module gives; its errors are about the archive."""
        try:
            return step()
        except (MemoryError, DicomError):
            raise
        except Exception:
            # What the module raises for what is not as it should be is of many kinds.
            error = file.error
        if isinstance(error, (OSError, DicomError)):
            raise error
        raise damaged_archive(self._archive, "a header of the tar archive is damaged")

    def _check_length(self, info: tarfile.TarInfo | _PlainMember) -> None:
        end = info.offset_data + info.size
        if self._length is not None and info.isreg() and not info.issparse() and end > self._length:
            what = f"{end - self._length:,} bytes of its last member are missing"
            raise damaged_archive(self._archive, what)

    def _keep_start(self, file: ItemFile, info: tarfile.TarInfo | _PlainMember) -> None:
        if self._stream is not None and info.isreg():
            file.seek(info.offset_data)
            self._stream.keep_start(info.offset_data, file.read(min(info.size, _START)))

    def _check_end(self, file: ItemFile, offset: int) -> None:
        """Check that the archive ends where a mark says so, and that nothing follows.

        The module ends without a word at a damaged header, and at a cut between members. Reading a
        compressed archive to its end also compares the checksum.
        """
        file.seek(offset)
        block = file.read(BLOCK)
        if len(block) < BLOCK and not block.strip(b"\0"):
            what = "the mark at the end of the tar archive is missing"
            raise damaged_archive(self._archive, what)
        if block.strip(b"\0"):
            what = f"the header of a member at byte {offset:#x} is damaged"
            raise damaged_archive(self._archive, what)
        while rest := file.read(METADATA_BYTES):
            if rest.strip(b"\0"):
                what = f"other data follow the mark at byte {offset:#x} that ends the tar archive"
                raise damaged_archive(self._archive, what)
