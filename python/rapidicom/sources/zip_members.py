"""The bytes of members of a zip archive, inflated as far as they are asked for."""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple, cast

from rapidicom._common.errors import DicomError, InvalidDicomError
from rapidicom._common.parsing import parsed
from rapidicom._core import crc32
from rapidicom.sources.item import Item, State
from rapidicom.sources.member import on_threads
from rapidicom.sources.whole import bytes_of

__all__ = ["DEFLATED", "LOCAL_HEADER", "LOCAL_SIGNATURE", "STORED", "Member", "ZipMembers"]

# Compression methods (APPNOTE §4.4.5).
STORED = 0
DEFLATED = 8

# The local file header (APPNOTE §4.3.7) without the name and the extra field.
LOCAL_HEADER = struct.Struct("<4s5H3I2H")
LOCAL_SIGNATURE = b"PK\x03\x04"
# The sizes are not here but behind the data, or in a field of zip64.
_IN_DESCRIPTOR = 0x0008
_IN_ZIP64 = 0xFFFFFFFF
# Bytes that are read in one piece with a local header, for the extra field before the data: times
# and owners take 28, zip64 20.
_EXTRA = 64

# Bytes that are read and inflated at once: a slice is shorter.
_PIECE = 1 << 23
# Bytes at the end of a member that are inflated in any case, so that its checksum is looked at.
_TAIL = 1 << 16
# Members longer than this are likely to be asked for again, frame by frame.
_LONG = 1 << 20
# Inflaters that wait for the next frame; each has 45 KB.
_WAITING = 8


class Member(NamedTuple):
    """What the central directory says of a member."""

    name: str
    raw_name: bytes
    header_offset: int
    compressed_length: int
    length: int
    method: int
    crc: int

    @property
    def header_end(self) -> int:
        """Where the name in the local header ends."""
        return self.header_offset + LOCAL_HEADER.size + len(self.raw_name)

    def damaged(self, what: str) -> InvalidDicomError:
        """Return the error of a member that cannot be read."""
        hint = "The archive is damaged: copy it again."
        message = f"{self.name}: the member {what}. {hint}"
        return InvalidDicomError(message, path=self.name, hint=hint)

    def data_offset(self, header: bytes | BaseException) -> int:
        """Return where the data of a member starts, from the start of its local header.

        Args:
            header: The local header, with the name; or why it cannot be read.

        Raises:
            InvalidDicomError: It is not the header of this member.
            OSError: It cannot be read.
        """
        if isinstance(header, BaseException):
            raise header
        if self.header_offset < 0:
            raise self.damaged("lies before the start of the archive")
        start: int = LOCAL_HEADER.size
        if len(header) < start + len(self.raw_name):
            raise self.damaged("lies behind the end of the archive")
        (signature, _, flags, method, _, _, crc, compressed, length, name, extra) = (
            LOCAL_HEADER.unpack_from(header)
        )
        if signature != LOCAL_SIGNATURE:
            raise self.damaged("has no header before its data")
        if method != self.method or header[start : start + name] != self.raw_name:
            raise self.damaged("has another header than the central directory says")
        if not (
            flags & _IN_DESCRIPTOR
            or (
                crc == self.crc
                and compressed in (self.compressed_length, _IN_ZIP64)
                and length in (self.length, _IN_ZIP64)
            )
        ):
            raise self.damaged("has another length or checksum than the central directory says")
        return int(start + name + extra)


class ZipMembers:
    """The store of the members of one zip archive; a key is a `Member`."""

    has_sums = True

    def __init__(self, archive: Item) -> None:
        """Read from an archive.

        Args:
            archive: The archive.
        """
        self.archive = archive
        self._waiting: dict[Member, _Inflater] = {}
        # Of stored members, how many bytes have been read, and their checksum.
        self._sums: dict[Member, tuple[int, int]] = {}
        self._lock = threading.Lock()

    @property
    def runs_ahead(self) -> bool:
        """Whether the archive is none of the caller's objects: see `Store`."""
        return self.archive.region is not None or self.archive.runs_ahead

    def fetch(
        self, ranges: Sequence[tuple[Hashable, int, int]], workers: int | None
    ) -> list[bytes | BaseException]:
        """Return bytes of members; those that are deflated are inflated on several threads."""
        spans: dict[Member, list[tuple[int, int, int]]] = {}
        for index, (key, start, stop) in enumerate(ranges):
            member = cast("Member", key)
            spans.setdefault(member, []).append((start, min(stop, member.length), index))
        found: list[bytes | BaseException] = [b""] * len(ranges)

        def read(member: Member) -> None:
            wanted = sorted(spans[member])
            try:
                for (_, _, index), data in zip(wanted, self._read(member, wanted), strict=True):
                    found[index] = data
            except (OSError, DicomError) as error:
                for _, _, index in wanted:
                    found[index] = error

        on_threads(read, list(spans), workers, waits=self.archive.region is None)
        return found

    def _read(self, member: Member, wanted: list[tuple[int, int, int]]) -> list[bytes]:
        if member.method == STORED:
            return self._read_stored(member, wanted)
        with self._lock:
            inflater = self._waiting.pop(member, None)
        inflated = []
        for start, stop, _ in wanted:
            if inflater is None or not inflater.can_give(start):
                inflater = _Inflater(self.archive, member)
            inflated.append(inflater.read(start, stop))
        if inflater is not None and member.length > _LONG:
            with self._lock:
                while len(self._waiting) >= _WAITING:
                    del self._waiting[next(iter(self._waiting))]
                self._waiting[member] = inflater
        return inflated

    def _read_stored(self, member: Member, wanted: list[tuple[int, int, int]]) -> list[bytes]:
        """Return bytes as they lie in the archive; with the last ones, compare the checksum.

        A file is read from its start on, its header first. What is read in another order, such as
        one frame of many, is not compared.
        """
        if member.compressed_length != member.length:
            raise member.damaged("is stored, but its lengths differ")
        data = _Data(self.archive, member)
        found = [data.read(start, stop) for start, stop, _ in wanted]
        with self._lock:
            position, crc = self._sums.pop(member, (0, 0))
        for (start, _, _), piece in zip(wanted, found, strict=True):
            if start <= position < start + len(piece):
                crc = crc32(piece[position - start :], crc)
                position = start + len(piece)
        if position < member.length:
            with self._lock:
                self._sums[member] = position, crc
        elif crc != member.crc:
            raise member.damaged("has the wrong checksum")
        return found

    def proof_of(self, key: Hashable) -> State | None:
        """Return what tells a member from what it is after a change: see `Item.proof`."""
        del key
        return self.archive.proof

    def __getstate__(self) -> Item:
        return self.archive

    def __setstate__(self, archive: Item) -> None:
        self.__init__(archive)  # type: ignore[misc]  # as it was made


class _Data:
    """The bytes of a member as they lie in the archive."""

    def __init__(self, archive: Item, member: Member) -> None:
        self._archive = archive
        self._member = member
        self._start: int | None = None

    def read(self, start: int, stop: int) -> bytes:
        """Return bytes, counted from the start of the data."""
        member = self._member
        stop = min(stop, member.compressed_length)
        if self._start is not None:
            data = bytes_of(self._archive, self._start + start, self._start + stop)
        else:
            data = self._read_with_header(start, stop)
        if len(data) < stop - start:
            raise member.damaged("is cut short")
        return data

    def _read_with_header(self, start: int, stop: int) -> bytes:
        """Read the header and, in the same request, what is wanted of the data."""
        member = self._member
        here = max(member.header_offset, 0)
        # Far into the data, the header is a request of its own.
        reach = stop if start <= _EXTRA else 0
        found = bytes_of(self._archive, here, member.header_end + _EXTRA + reach)
        offset = member.data_offset(found)
        self._start = here + offset
        data = found[offset + start : offset + stop]
        if len(data) < stop - start:
            rest = self._start + start + len(data)
            data += bytes_of(self._archive, rest, self._start + stop)
        return data


class _Inflater:
    """A deflated member that is inflated from its start on, and checked at its end.

    Attributes:
        position: Bytes that are inflated.
    """

    def __init__(self, archive: Item, member: Member) -> None:
        self.position = 0
        # The last bytes, once all are inflated: the checksum is that of all of them.
        self._tail = b""
        self._member = member
        self._data = _Data(archive, member)
        self._consumed = 0
        self._waiting = b""
        self._crc = 0
        self._inflater: Any = zlib.decompressobj(-zlib.MAX_WBITS)

    def can_give(self, start: int) -> bool:
        """Return whether bytes from `start` on need no other inflater."""
        return start >= self.position - len(self._tail)

    def read(self, start: int, stop: int) -> bytes:
        """Return bytes, from `start` on, up to `stop`; near the end, check the whole.

        Raises:
            InvalidDicomError: The member is not what was put into the archive.
        """
        if self._tail:
            tail_start = self.position - len(self._tail)
            return self._tail[start - tail_start : max(stop - tail_start, 0)]
        while self.position < start:
            self._inflate(min(start - self.position, _PIECE), start)
        found = self._up_to(stop)
        if self._member.length - self.position <= _TAIL:
            self._tail = self._up_to(self._member.length)
            self._check_end()
        return found

    def _up_to(self, stop: int) -> bytes:
        pieces = []
        while self.position < stop:
            pieces.append(self._inflate(stop - self.position, stop))
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _check_end(self) -> None:
        while not self._inflater.eof:
            if self._next(1, self.position):
                raise self._member.damaged("becomes longer than its header says")
        if self._crc != self._member.crc:
            raise self._member.damaged("has the wrong checksum")

    def _inflate(self, count: int, stop: int) -> bytes:
        """Return up to `count` bytes, where all up to `stop` are wanted."""
        if self._inflater.eof:
            raise self._member.damaged("ends before the length that its header says")
        data = self._next(count, stop)
        self._crc = crc32(data, self._crc)
        self.position += len(data)
        return data

    def _next(self, count: int, stop: int) -> bytes:
        compressed = self._waiting or self._compressed(stop)
        data: bytes | None = parsed(
            self._inflater.decompress, compressed, count, errors=(zlib.error,)
        )
        if data is None:
            raise self._member.damaged("is damaged where it is compressed")
        self._waiting = self._inflater.unconsumed_tail
        if not data and not compressed and not self._inflater.eof:
            raise self._member.damaged("ends in the middle of its compressed data")
        return data

    def _compressed(self, stop: int) -> bytes:
        """Return compressed bytes, about as many as become those up to `stop`."""
        length = self._member.compressed_length
        # Compressed, they are not more.
        wanted = stop - self.position + _EXTRA if 2 * stop < self._member.length else length
        piece = self._data.read(self._consumed, self._consumed + min(wanted, _PIECE))
        self._consumed += len(piece)
        return piece
