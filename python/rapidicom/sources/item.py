"""One file among what a call was given that is no path, and the stores in which such files lie."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from rapidicom._common.errors import DicomError

if TYPE_CHECKING:
    from typing import TypeAlias

    from rapidicom._core import Arrived

    Range: TypeAlias = tuple[Hashable, int, int]
    Data: TypeAlias = bytes | BaseException
    Native: TypeAlias = tuple[
        str,
        bytes | None,
        "Region | None",
        bool,
        tuple["Item", int | None, bool, "Arrived | None"] | None,
        "State | None",
    ]

__all__ = ["MEMORY", "Asked", "Item", "Memory", "Region", "State", "Store", "native", "resolve"]

# Size, time of the last change and time of the last change of anything, inode: a file that differs
# in one of them is another.
State = tuple[int, int, int, int]


class Region(NamedTuple):
    """Part of a file of this machine that is one for itself; the native module reads it.

    Attributes:
        path: The file.
        offset: Where the part starts.
        length: Its bytes.
        crc: Their CRC-32, if it is known.
        state: What the file was when the part was found in it, if that is known.
    """

    path: str
    offset: int
    length: int
    crc: int | None = None
    state: State | None = None


class Store(Protocol):
    """Where files without a path of their own lie.

    A store whose `is_local` is true lies in this process alone: pickles take its bytes along.
    Another one is pickled itself. One whose `runs_ahead` is true may be asked by another thread,
    while what it gave before is worked on. One whose `has_sums` is true compares the checksum of a
    file with whose last bytes it has given all. One that has `take_arrived(key)` gives away files
    that came whole before they were asked for.
    """

    def fetch(self, ranges: Sequence[Range], workers: int | None) -> list[Data]:
        """Return bytes of files.

        Args:
            ranges: A key, the first byte and the one after the last, of each; a key may occur
                several times.
            workers: How many requests may be under way; `None` for as many as the store likes.

        Returns:
            The bytes of each range, in order, fewer where the file ends before; or an exception,
            which costs this range alone.
        """


def resolve(source: object, asked: Asked) -> list[str | Item] | None:
    """Return what is an item already; `None` if it is something else."""
    if not isinstance(source, Item):
        return None
    return [source if asked.name is None else source.renamed(asked.name)]


@dataclass(frozen=True)
class Item:
    """One file among what a call was given.

    Attributes:
        name: How `path` columns, reports and errors name it.
        store: Where it lies.
        key: What the store knows it by.
        length: Its bytes, if they are known.
        region: Where its bytes lie as they are in a local file, if they do: the native module reads
            them from there, without the store.
        is_named: Whether the caller has named it; what was found in an archive or a folder is
            passed over where it is no DICOM file.
    """

    name: str
    store: Store
    key: Hashable = field(repr=False)
    length: int | None = None
    region: Region | None = None
    is_named: bool = True

    def __post_init__(self) -> None:
        # Pickles of earlier versions have a tuple of three.
        if self.region is not None and type(self.region) is not Region:
            object.__setattr__(self, "region", Region(*self.region))

    @property
    def known_length(self) -> int | None:
        """Its bytes, also if only what was fetched of it has said how many there are."""
        return self.length if self.length is not None else getattr(self.key, "length", None)

    @property
    def proof(self) -> State | None:
        """What tells it from what it is after a change; `None` if nobody knows."""
        if self.region is not None:
            return self.region.state
        proof_of = getattr(self.store, "proof_of", None)
        return None if proof_of is None else cast("State | None", proof_of(self.key))

    @property
    def runs_ahead(self) -> bool:
        """Whether another thread may fetch it: no object of the caller's is read for it."""
        return getattr(self.store, "runs_ahead", False) is True

    def renamed(self, name: str) -> Item:
        """Return the same file under another name."""
        return replace(self, name=name)

    def bytes(self) -> bytes:
        """Fetch all of it.

        Raises:
            OSError: It cannot be had.
        """
        if isinstance(self.store, Memory) and isinstance(self.key, bytes):
            return self.key
        if self.region is not None:
            path, offset, length = self.region[:3]
            with Path(path).open("rb") as file:
                file.seek(offset)
                return file.read(length)
        end = self.length if self.length is not None else 2**63 - 1
        (found,) = self.store.fetch([(self.key, 0, end)], None)
        if isinstance(found, bytes):
            return found
        if isinstance(found, (OSError, DicomError)) or not isinstance(found, Exception):
            raise found
        # Its text may be content.
        raise OSError(f"{self.name}: it cannot be read ({type(found).__name__})") from found

    @staticmethod
    def fetch_many(wanted: Sequence[tuple[Item, int, int]], workers: int | None) -> list[Data]:
        """Fetch ranges of items, those of each store together.

        Args:
            wanted: An item, the first byte and the one after the last, of each.
            workers: As for `Store.fetch`.

        Returns:
            As `Store.fetch`.
        """
        results: list[Data] = [b""] * len(wanted)
        stores: dict[int, tuple[Store, list[int]]] = {}
        for place, (item, _, _) in enumerate(wanted):
            stores.setdefault(id(item.store), (item.store, []))[1].append(place)
        for store, places in stores.values():
            ranges = [(wanted[place][0].key, *wanted[place][1:]) for place in places]
            try:
                found = store.fetch(ranges, workers)
            except Exception as error:
                found = [error] * len(ranges)
            for place, one in zip(places, found, strict=True):
                results[place] = one
        return results

    def __reduce__(self) -> tuple[object, ...]:
        # What lies in this process alone goes along as bytes.
        if getattr(self.store, "is_local", False):
            return Item, (self.name, MEMORY, self.bytes(), self.length, None, self.is_named)
        return Item, (
            self.name, self.store, self.key, self.length, self.region, self.is_named,
        )  # fmt: skip


class Memory:
    """The store of files that are in memory: their keys are their bytes."""

    def fetch(self, ranges: Sequence[Range], workers: int | None) -> list[Data]:
        """Return bytes of files: see `Store.fetch`."""
        del workers
        return [cast("bytes", key)[start:stop] for key, start, stop in ranges]

    def __reduce__(self) -> str:
        return "MEMORY"


#: The only store of its kind.
MEMORY = Memory()


class Asked(NamedTuple):
    """How a source is asked for.

    Attributes:
        position: Its index among what the caller passed.
        name: The name that the caller gave it, if any.
        storage_options: What a file system is opened with.
        is_one: Whether one file is wanted: then a DICOMDIR is that file.
        looks: Whether paths of any name are looked into, because nobody can read the files again
            with those that they turn out to hold.
    """

    position: int
    name: str | None = None
    storage_options: Mapping[str, Any] | None = None
    is_one: bool = False
    looks: bool = False

    def name_of(self, source: object) -> str:
        """Return the name of a source that has no path: given, its own, or its position."""
        if self.name is not None:
            return self.name
        own = getattr(source, "name", None)
        return own if isinstance(own, str) and own else f"<source {self.position}>"


def native(sources: Sequence[str | Item]) -> list[str | Native]:
    """Return sources as the native module takes them."""
    return [source if isinstance(source, str) else _native(source) for source in sources]


def _native(item: Item) -> Native:
    if item.region is not None:
        return item.name, None, item.region, item.is_named, None, item.region.state
    if isinstance(item.store, Memory):
        return item.name, item.bytes(), None, item.is_named, None, None
    has_sum = getattr(item.store, "has_sums", False) is True
    take_arrived = getattr(item.store, "take_arrived", None)
    arrived = None if take_arrived is None else take_arrived(item.key)
    return item.name, None, None, item.is_named, (item, item.length, has_sum, arrived), item.proof
