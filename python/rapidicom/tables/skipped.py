"""How many files of a scan are not DICOM, and what they are instead."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView

__all__ = ["Skipped"]


class Skipped(int):
    """The number of files that were skipped, and a mapping: how many were of which kind.

    Attributes:
        kinds: How many files, by what they are: `a text file`, `an empty file`, `a PNG file`, `a
            data set that starts without the 'DICM' prefix`, `no 'DICM' prefix at byte 128`, `a
            file of fewer than 132 bytes`, `a pipe, socket or device` and others. The most frequent
            kind comes first.
    """

    kinds: dict[str, int]

    def __new__(cls, kinds: Mapping[str, int]) -> Skipped:
        """Count files by their kind."""
        skipped = super().__new__(cls, sum(kinds.values()))
        skipped.kinds = dict(sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0])))
        return skipped

    def __getitem__(self, kind: str) -> int:
        return self.kinds[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __contains__(self, kind: object) -> bool:
        return kind in self.kinds

    def keys(self) -> KeysView[str]:
        """Return the kinds."""
        return self.kinds.keys()

    def values(self) -> ValuesView[int]:
        """Return how many files there are of each kind."""
        return self.kinds.values()

    def items(self) -> ItemsView[str, int]:
        """Return each kind with the number of its files."""
        return self.kinds.items()

    def __reduce__(self) -> tuple[type[Skipped], tuple[dict[str, int]]]:
        return Skipped, (self.kinds,)

    def __repr__(self) -> str:
        return int.__repr__(self) + (f" ({self.words()})" if self.kinds else "")

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(int(self), spec) if spec else str(self)

    def words(self) -> str:
        """Return the kinds as one text."""
        return ", ".join(f"{kind}: {count:,}" for kind, count in self.kinds.items())
