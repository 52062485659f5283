"""What a user passes where images are, as paths and items. `KINDS` has the kinds of sources."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from pathlib import PosixPath, WindowsPath
from typing import TYPE_CHECKING, Any

from rapidicom._common.errors import InvalidDicomError
from rapidicom.sources import datasets, file_objects, files, item, memory, urls
from rapidicom.sources.archives import has_archive_name, named_members
from rapidicom.sources.item import Asked, Item, Memory
from rapidicom.sources.local import local_item
from rapidicom.sources.member_names import is_member_name
from rapidicom.sources.paths import real_path
from rapidicom.sources.patterns import home_expanded

if TYPE_CHECKING:
    from typing import TypeAlias

    Kind: TypeAlias = Callable[[Any, Asked], list[str | Item] | None]
    TextKind: TypeAlias = Callable[[str, Asked], list[str | Item] | None]

__all__ = ["resolved", "resolved_one"]

# Asked in this order, each whether a source is of its kind. None is for a `str`.
KINDS: tuple[Kind, ...] = (
    memory.resolve, item.resolve, datasets.resolve, file_objects.resolve, urls.resolve,
)  # fmt: skip

# The same for a `str`, or what a path is as one; what none of them takes is a name of files of this
# machine.
TEXT_KINDS: tuple[TextKind, ...] = (urls.resolve_text,)

# What the name of none has of many files that no kind has to be asked about. In lower case; `\0`
# stands before and after each name.
MARKS: tuple[str, ...] = (*files.MARKS, *urls.MARKS)

# From how many sources on no path is looked into whose name has no mark, whoever asks: one look
# takes as long as reading a header. Few are archives, and hardly one of those has another name.
_MANY = 64

# Their `fspath` is all that they are.
_PLAIN = frozenset((str, PosixPath, WindowsPath))


def resolved(
    source: Any, *, storage_options: Mapping[str, Any] | None = None, looks: bool = False
) -> list[str | Item]:
    """Return what a user passes to a function that reads many files, as paths and items.

    Args:
        source: One source, or an iterable of them, mixed, or names with sources.
        storage_options: What a file system is opened with.
        looks: Whether to look into paths, up to 63, to see whether they are archives. Who reads
            with `read_opening` need not.

    Returns:
        Paths of files and folders, each a `str`, which the native module lists and reads by itself,
        and items for everything else.

    Raises:
        TypeError: `source`, or one in it, is none.
        OSError: A source does not exist, or cannot be read.
    """
    asked = Asked(0, storage_options=storage_options, looks=looks)
    if isinstance(source, Mapping):
        return _told_apart(_of_mapping(source, asked))
    if (found := _of_kind(source, asked)) is not None:
        return _told_apart(found)
    if isinstance(source, (int, float)) or not isinstance(source, Iterable):
        raise TypeError(_refusal(source))
    sources = list(source)
    if not sources:
        return []
    if _PLAIN.issuperset(map(type, sources)):
        names = [os.fspath(one) for one in sources]
        if not (looks and len(names) < _MANY) and not _is_marked("\0".join(names)):
            return [*_paths(names)]
    results: list[str | Item] = []
    asked = asked._replace(looks=looks and len(sources) < _MANY)
    ready = urls.together(sources, asked)
    beside = [one for one in map(_path_of, sources) if one is not None]
    for position, one in enumerate(sources):
        asked = asked._replace(position=position)
        if position in ready:
            results += ready[position]
        elif isinstance(one, Mapping):
            results += _of_mapping(one, asked)
        else:
            found = _found(one, asked)
            results += found if found == [_path_of(one)] else files.unlisted(found, beside)
    return _told_apart(results)


def resolved_one(source: Any, *, storage_options: Mapping[str, Any] | None = None) -> str | Item:
    """Return the only file that a source stands for.

    Args:
        source: The source.
        storage_options: As for `resolved`.

    Raises:
        TypeError: It is no source.
        InvalidDicomError: It stands for several files.
        OSError: It does not exist, or cannot be read.
    """
    # An archive by another name is the file that it is, and none of DICOM.
    if type(source) in _PLAIN and not _is_marked(path := os.fspath(source)):
        return real_path(path)
    asked = Asked(0, storage_options=storage_options, is_one=True)
    found = (_of_mapping if isinstance(source, Mapping) else _found)(source, asked)
    if len(found) != 1:
        raise _too_many(found)
    only = found[0]
    return only if isinstance(only, str) else replace(only, is_named=True)


def _too_many(found: list[str | Item]) -> InvalidDicomError:
    # A file that is no DICOM file raises the same, as an archive is none for pydicom.
    if not found:
        return InvalidDicomError("expected a source of one file, but this one has none")
    first = found[0].name if isinstance(found[0], Item) else found[0]
    return InvalidDicomError(
        f"expected a source of one file, but this one has {len(found):,}: "
        f"pass one of them, such as {first}"
    )


def _of_mapping(sources: Mapping[Any, Any], asked: Asked) -> list[str | Item]:
    results: list[str | Item] = []
    for name, source in sources.items():
        if not isinstance(name, str):
            raise TypeError(f"the name of a source must be a str, not {type(name).__name__}")
        results += _found(source, asked._replace(name=name))
    return results


def _path_of(source: Any) -> str | None:
    return os.fspath(source) if type(source) in _PLAIN else None


def _told_apart(sources: list[str | Item]) -> list[str | Item]:
    """Return sources of which no two have one name: `a`, `a#1`, `a#2`.

    Uploads are often named alike, and a name is what a table and a report have of a source. What is
    passed twice keeps its name, as a path does.
    """
    firsts: dict[str, str | Item] = {one: one for one in sources if isinstance(one, str)}
    # Thousands may have one name: the items beside the first, and the last number.
    others: dict[Hashable, list[Item]] = {}
    numbers: dict[str, int] = {}
    results: list[str | Item] = []
    for one in sources:
        if isinstance(one, str) or _is_same(firsts.setdefault(one.name, one), one):
            results.append(one)
            continue
        alike = others.setdefault((one.name, _mark(one)), [])
        known = next((other for other in alike if _is_same(other, one)), None)
        if known is None:
            name, number = one.name, numbers.get(one.name, 0)
            while name in firsts:
                number += 1
                name = f"{one.name}#{number}"
            numbers[one.name] = number
            firsts[name] = known = replace(one, name=name)
            alike.append(known)
        results.append(replace(one, name=known.name))
    return results


def _mark(item: Item) -> Hashable:
    """Return what the same items have alike, and hardly others; bytes are not hashed whole."""
    key = item.key
    return (len(key), key[:4096]) if isinstance(key, bytes) else key


def _is_same(one: str | Item, other: Item) -> bool:
    return one is other or (
        isinstance(one, Item)
        and one.store is other.store
        and one.region == other.region
        and bool(one.key == other.key)
    )


def _found(source: Any, asked: Asked) -> list[str | Item]:
    found = _of_kind(source, asked)
    if found is None:
        raise TypeError(_refusal(source))
    return found


def _of_kind(source: Any, asked: Asked) -> list[str | Item] | None:
    if not isinstance(source, str):
        for kind in KINDS:
            if (found := kind(source, asked)) is not None:
                return _unpacked(found)
        if not isinstance(source, os.PathLike):
            return None
        source = os.fspath(source)
        source = source if isinstance(source, str) else os.fsdecode(source)
    if _is_marked(source):
        if is_member_name(source):
            return named_members(source, lambda archive: _archive(archive, asked))
        for text_kind in TEXT_KINDS:
            if (found := text_kind(source, asked)) is not None:
                return _unpacked(found)
    elif not asked.looks:
        return [real_path(source)]
    return files.resolve(source, asked)


def _unpacked(found: list[str | Item]) -> list[str | Item]:
    """Return items with the members of archives in their place.

    Those that are not of this process are only looked into if they have the name of an archive: a
    look is a request.
    """
    results: list[str | Item] = []
    for one in found:
        if isinstance(one, str):
            results.append(one)
        elif _is_near(one) or has_archive_name(one.name):
            results += files.unpacked(one)
        else:
            results.append(one)
    return results


def _is_near(item: Item) -> bool:
    is_local = isinstance(item.store, Memory) or getattr(item.store, "is_local", False)
    return is_local or item.region is not None


def _archive(name: str, asked: Asked) -> Item | None:
    """Return the item of an archive by its name; `None` if there is none."""
    for text_kind in TEXT_KINDS:
        if (found := text_kind(name, asked)) is not None:
            if len(found) != 1:
                return None
            if isinstance(found[0], Item):
                return found[0]
            # What `file://` leads to.
            return _local(found[0])
    return _local(home_expanded(real_path(name)))


def _local(path: str) -> Item | None:
    try:
        return local_item(path)
    except OSError:
        return None


def _is_marked(names: str) -> bool:
    lower = f"\0{names}\0".lower()
    # Every file that is opened comes here, and `any` takes as long as the rest of it.
    for mark in MARKS:  # noqa: SIM110  # see above
        if mark in lower:
            return True
    return False


def _paths(names: list[str]) -> list[str]:
    # Hardly a name has other characters.
    return names if all(map(str.isascii, names)) else list(map(real_path, names))


def _refusal(source: object) -> str:
    kind = type(source).__name__
    return f"expected a path, bytes, a binary file object or another source, not {kind}"
