"""A compressed stream that is read at any place: the gzip, bzip2 or xz around a tar archive.

A stream can be inflated from its start only. On the way through, copies of the state of the
inflater are kept, so that later reads start from the nearest one, and several at once.
"""

from __future__ import annotations

import bisect
import threading
import zlib
from collections.abc import Hashable, Sequence
from typing import Any, Protocol

from rapidicom._common.errors import DicomError
from rapidicom._common.parsing import parsed
from rapidicom.sources.archive_kinds import STREAM_MAGIC
from rapidicom.sources.item import Item, State
from rapidicom.sources.member import check_length, damaged_archive, on_threads
from rapidicom.sources.whole import bytes_of

__all__ = ["CompressedStream", "inflated_item"]

# Compressed bytes that are read at once, and bytes that are inflated at once.
_READ = 1 << 18
_PIECE = 1 << 20
# Inflated bytes from one kept state to the next, and how many there are at most; each has 45 KB.
# More bytes than both allow make the distances longer.
_DISTANCE = 1 << 22
_STATES = 512
# Bytes of the starts of members that are kept from the first way through: enough for the headers
# of 4,000 of them.
_KEPT_STARTS = 1 << 26


class _Decoder(Protocol):
    """What `zlib`, `bz2` and `lzma` have in common."""

    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def inflated_item(archive: Item, kind: str) -> Item:
    """Return what is in a compressed stream as an item of unknown length.

    Args:
        archive: The stream.
        kind: A key of `STREAM_MAGIC`.
    """
    return Item(archive.name, CompressedStream(archive, kind), None)


class CompressedStream:
    """The store of the one item that a compressed stream inflates to."""

    def __init__(self, archive: Item, kind: str) -> None:
        """Read a stream.

        Args:
            archive: The stream.
            kind: A key of `STREAM_MAGIC`.
        """
        self._archive = archive
        self._kind = kind
        self._lock = threading.Lock()
        self._states: list[_Cursor] = []
        self._distance = _DISTANCE
        self._latest = _Cursor(archive, kind)
        self._starts: dict[int, bytes] = {}
        self._kept = 0

    def fetch(
        self, ranges: Sequence[tuple[Hashable, int, int]], workers: int | None
    ) -> list[bytes | BaseException]:
        """Return bytes, each once and in the order of the stream, whatever that of `ranges`."""
        found: list[bytes | BaseException] = [b""] * len(ranges)
        wanted = []
        for index, (_, start, stop) in enumerate(ranges):
            kept = self._starts.pop(start, b"")
            self._kept -= len(kept)
            if len(kept) >= stop - start:
                found[index] = kept[: stop - start]
            else:
                wanted.append((start, stop, index))
        wanted.sort()

        def read(part: list[tuple[int, int, int]]) -> None:
            cursor = self._cursor(part[0][0])
            for start, stop, index in part:
                try:
                    cursor = self._moved(cursor, start)
                    found[index] = cursor.read(stop - start, self._note)
                except (OSError, DicomError) as error:
                    found[index] = error
            self._put_back(cursor)

        on_threads(read, self._shares(wanted, workers), workers, waits=False)
        return found

    def keep_start(self, start: int, data: bytes) -> None:
        """Keep bytes that the next `fetch` from `start` on is likely to want."""
        if self._kept + len(data) <= _KEPT_STARTS:
            self._starts[start] = data
            self._kept += len(data)

    def _shares(
        self, wanted: list[tuple[int, int, int]], workers: int | None
    ) -> list[list[tuple[int, int, int]]]:
        """Split ranges, in order, into as many parts as are worth a thread of their own."""
        from rapidicom._common.cores import core_count

        if not wanted:
            return []
        # Without states, every thread would inflate from the start.
        count = (workers or core_count()) if len(self._states) > 1 else 1
        total = wanted[-1][1] - wanted[0][0]
        count = max(1, min(count, total // self._distance))
        shares: list[list[tuple[int, int, int]]] = [[] for _ in range(count)]
        for one in wanted:
            shares[min((one[0] - wanted[0][0]) * count // max(total, 1), count - 1)].append(one)
        return [share for share in shares if share]

    def _cursor(self, position: int) -> _Cursor:
        """Return where to start from to get to `position`; nobody else has it."""
        with self._lock:
            place = bisect.bisect_right(self._states, position, key=lambda state: state.position)
            state = self._states[place - 1] if place else None
            latest = self._latest
            if latest.position <= position and (state is None or latest.position >= state.position):
                self._latest = _Cursor(self._archive, self._kind)
                return latest
            return _Cursor(self._archive, self._kind) if state is None else state.copy()

    def _moved(self, cursor: _Cursor, position: int) -> _Cursor:
        """Return a cursor at `position`."""
        if not cursor.position <= position <= cursor.position + self._distance:
            with self._lock:
                place = bisect.bisect_right(
                    self._states, position, key=lambda state: state.position
                )
                nearest = self._states[place - 1] if place else None
            if nearest is not None and not nearest.position <= cursor.position <= position:
                cursor = nearest.copy()
            elif cursor.position > position:
                cursor = _Cursor(self._archive, self._kind)
        cursor.skip(position, self._note)
        return cursor

    def _put_back(self, cursor: _Cursor) -> None:
        with self._lock:
            self._latest = cursor

    def _note(self, cursor: _Cursor) -> None:
        """Keep the state of a cursor that has come further than all before."""
        check_length(self._archive, cursor.position)
        with self._lock:
            last = self._states[-1].position if self._states else 0
            if cursor.position < last + self._distance or (state := cursor.copied()) is None:
                return
            self._states.append(state)
            if len(self._states) > _STATES:
                del self._states[::2]
                self._distance *= 2

    def proof_of(self, key: Hashable) -> State | None:
        """Return what tells the stream from what it is after a change: see `Item.proof`."""
        del key
        return self._archive.proof

    def __getstate__(self) -> tuple[Item, str]:
        return self._archive, self._kind

    def __setstate__(self, state: tuple[Item, str]) -> None:
        self.__init__(*state)  # type: ignore[misc]  # as it was made


class _Cursor:
    """A place in a compressed stream.

    Attributes:
        position: Bytes that are inflated.
    """

    def __init__(self, archive: Item, kind: str) -> None:
        self.position = 0
        self._archive = archive
        self._kind = kind
        self._consumed = 0
        self._decoder: _Decoder = _decoder(kind)
        self._at_end = False

    def copied(self) -> _Cursor | None:
        """Return a copy; `None` where the library makes none."""
        if not hasattr(self._decoder, "copy"):
            return None
        return self.copy()

    def copy(self) -> _Cursor:
        """Return a copy."""
        other = _Cursor(self._archive, self._kind)
        other.__dict__.update(self.__dict__)
        other._decoder = self._decoder.copy()  # type: ignore[attr-defined]
        return other

    def skip(self, position: int, note: Any) -> None:
        """Inflate up to `position`, or to the end."""
        while self.position < position and self._inflate(min(position - self.position, _PIECE)):
            note(self)

    def read(self, count: int, note: Any) -> bytes:
        """Return the next bytes, fewer at the end."""
        pieces = []
        while count > 0 and (data := self._inflate(min(count, _PIECE))):
            pieces.append(data)
            count -= len(data)
            note(self)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _inflate(self, count: int) -> bytes:
        """Return up to `count` bytes; none at the end of the stream."""
        while not self._at_end:
            data = self._decode(b"", count)
            if not data and not self._decoder.eof:
                compressed = bytes_of(self._archive, self._consumed, self._consumed + _READ)
                if not compressed:
                    raise damaged_archive(self._archive, "the compressed data end too early")
                self._consumed += len(compressed)
                data = self._decode(compressed, count)
            if self._decoder.eof:
                self._start_next()
            if data:
                self.position += len(data)
                return data
        return b""

    def _decode(self, compressed: bytes, count: int) -> bytes:
        data = parsed(self._decoder.decompress, compressed, count, errors=_errors())
        if data is None:
            raise damaged_archive(self._archive, "the compressed data are damaged")
        return data

    def _start_next(self) -> None:
        """Go on with the next stream: compressors that use all cores write several."""
        rest = self._decoder.unused_data
        self._consumed -= len(rest)
        magic = STREAM_MAGIC[self._kind]
        following = bytes_of(self._archive, self._consumed, self._consumed + len(magic))
        if following == magic:
            self._decoder = _decoder(self._kind)
        else:
            # Padding, of zeros mostly.
            self._at_end = True


class _Gzip:
    """`zlib` with the interface of the other two."""

    def __init__(self, inflater: Any = None) -> None:
        self._inflater = inflater or zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._rest = b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        inflated: bytes = self._inflater.decompress(self._rest + data, max_length)
        self._rest = self._inflater.unconsumed_tail
        return inflated

    @property
    def eof(self) -> bool:
        return bool(self._inflater.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inflater.unused_data)

    def copy(self) -> _Gzip:
        other = _Gzip(self._inflater.copy())
        other._rest = self._rest
        return other


def _decoder(kind: str) -> Any:
    if kind == "gzip":
        return _Gzip()
    if kind == "bzip2":
        import bz2

        return bz2.BZ2Decompressor()
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=1 << 28)


def _errors() -> tuple[type[Exception], ...]:
    import lzma

    return zlib.error, OSError, EOFError, lzma.LZMAError
