"""What the members of archives of every kind have in common."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from rapidicom._common.errors import InvalidDicomError, LimitError
from rapidicom.sources.item import Item, State
from rapidicom.sources.limits import ARCHIVE_BYTES, ARCHIVE_RATIO, MEMBERS
from rapidicom.sources.whole import length_of

__all__ = [
    "Parts",
    "archive_limit",
    "check_count",
    "check_length",
    "damaged_archive",
    "on_threads",
]

_T = TypeVar("_T")
_R = TypeVar("_R")

# Requests that wait for another machine, if nobody says how many.
_WAITING = 8


@dataclass(frozen=True)
class Parts:
    """The store of members that lie as they are in an archive; a key is an offset and a length."""

    archive: Item

    def fetch(
        self, ranges: Sequence[tuple[Hashable, int, int]], workers: int | None
    ) -> list[bytes | BaseException]:
        inside = []
        for key, start, stop in ranges:
            offset, length = cast("tuple[int, int]", key)
            inside.append((self.archive.key, offset + start, offset + min(stop, length)))
        return self.archive.store.fetch(inside, workers)

    def proof_of(self, key: Hashable) -> State | None:
        """Return what tells a member from what it is after a change: see `Item.proof`."""
        del key
        return self.archive.proof


def on_threads(
    work: Callable[[_T], _R], pieces: Sequence[_T], workers: int | None, *, waits: bool
) -> list[_R]:
    """Return what `work` makes of each piece, in order.

    Args:
        work: What is done; it does not raise for what is wrong with a piece.
        pieces: The pieces.
        workers: Threads; default: one a core.
        waits: Whether the work waits for another machine, which takes more threads than cores.
    """
    from rapidicom._common.cores import core_count

    count = workers or max(core_count(), _WAITING if waits else 1)
    if count == 1 or len(pieces) < 2:
        return [work(piece) for piece in pieces]
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(min(count, len(pieces)))
    try:
        return list(pool.map(work, pieces))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def damaged_archive(archive: Item, what: str) -> InvalidDicomError:
    """Return the error of an archive that cannot be read, or not to its end.

    Args:
        archive: The archive.
        what: What is wrong, as the predicate of a sentence.
    """
    hint = "The archive is cut short or damaged: copy it again."
    return InvalidDicomError(f"{archive.name}: {what}. {hint}", path=archive.name, hint=hint)


def archive_limit(archive: Item) -> int:
    """Return how many bytes the members of an archive may become in all."""
    return max(ARCHIVE_BYTES, ARCHIVE_RATIO * (length_of(archive) or 0))


def check_length(archive: Item, length: int) -> None:
    """Check what the members of an archive become in all.

    Raises:
        LimitError: That is more than any real archive needs.
    """
    if length > archive_limit(archive):
        hint = "If it is none made to do harm, unpack it first."
        raise LimitError(
            f"{archive.name}: the members of the archive become more than "
            f"{archive_limit(archive):,} bytes in all. {hint}",
            path=archive.name,
            hint=hint,
        )


def check_count(archive: Item, count: int) -> None:
    """Check how many members an archive has.

    Raises:
        LimitError: It has more than the limit.
    """
    if count > MEMBERS:
        raise LimitError(
            f"{archive.name}: the archive has more than {MEMBERS:,} members. Unpack it first.",
            path=archive.name,
            hint="Unpack it first.",
        )
