"""What a user passes where images are, as paths and items. `KINDS` has the kinds of sources."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import PosixPath, WindowsPath
from typing import TYPE_CHECKING, Any

from rapidicom.sources import file_objects, item, memory, urls
from rapidicom.sources.item import Asked, Item
from rapidicom.sources.paths import real_path

if TYPE_CHECKING:
    from typing import TypeAlias

    Kind: TypeAlias = Callable[[Any, Asked], list[str | Item] | None]
    TextKind: TypeAlias = Callable[[str, Asked], list[str | Item] | None]

__all__ = ["resolved", "resolved_one"]

# Asked in this order, each whether a source is of its kind. None is for a `str`.
KINDS: tuple[Kind, ...] = (memory.resolve, item.resolve, file_objects.resolve, urls.resolve)

# The same for a `str`, or what a path is as one; what none of them takes is a path.
TEXT_KINDS: tuple[TextKind, ...] = (urls.resolve_text,)

# What none of has is the path of a file or a folder, and no kind has to be asked. In lower case.
MARKS: tuple[str, ...] = urls.MARKS

# Their `fspath` is all that they are.
_PLAIN = frozenset((str, PosixPath, WindowsPath))


def resolved(source: Any, *, storage_options: Mapping[str, Any] | None = None) -> list[str | Item]:
    """Return what a user passes to a function that reads many files, as paths and items.

    Args:
        source: One source, or an iterable of them, mixed, or names with sources.
        storage_options: What a file system is opened with.

    Returns:
        Paths of files and folders, each a `str`, which the native module lists and reads by itself,
        and items for everything else.

    Raises:
        TypeError: `source`, or one in it, is none.
        OSError: A source does not exist, or cannot be read.
    """
    asked = Asked(0, storage_options=storage_options)
    if isinstance(source, Mapping):
        return _of_mapping(source, asked)
    if (found := _of_kind(source, asked)) is not None:
        return found
    if isinstance(source, (int, float)) or not isinstance(source, Iterable):
        raise TypeError(_refusal(source))
    sources = list(source)
    if not sources:
        return []
    if _PLAIN.issuperset(map(type, sources)):
        names = [os.fspath(one) for one in sources]
        if not _is_marked("\0".join(names)):
            return [*_paths(names)]
    results: list[str | Item] = []
    ready = urls.together(sources, asked)
    for position, one in enumerate(sources):
        asked = asked._replace(position=position)
        if position in ready:
            results += ready[position]
        elif isinstance(one, Mapping):
            results += _of_mapping(one, asked)
        else:
            results += _found(one, asked)
    return results


def resolved_one(source: Any, *, storage_options: Mapping[str, Any] | None = None) -> str | Item:
    """Return the only file that a source stands for.

    Args:
        source: The source.
        storage_options: As for `resolved`.

    Raises:
        TypeError: It is no source.
        ValueError: It stands for several files, or for none.
        OSError: It does not exist, or cannot be read.
    """
    if type(source) is str and not _is_marked(source):
        return real_path(source)
    asked = Asked(0, storage_options=storage_options)
    files = (_of_mapping if isinstance(source, Mapping) else _found)(source, asked)
    if len(files) != 1:
        raise ValueError(f"expected a source of one file, this one has {len(files)}")
    return files[0]


def _of_mapping(sources: Mapping[Any, Any], asked: Asked) -> list[str | Item]:
    results: list[str | Item] = []
    for name, source in sources.items():
        if not isinstance(name, str):
            raise TypeError(f"the name of a source must be a str, not {type(name).__name__}")
        results += _found(source, asked._replace(name=name))
    return results


def _found(source: Any, asked: Asked) -> list[str | Item]:
    found = _of_kind(source, asked)
    if found is None:
        raise TypeError(_refusal(source))
    return found


def _of_kind(source: Any, asked: Asked) -> list[str | Item] | None:
    if not isinstance(source, str):
        for kind in KINDS:
            if (found := kind(source, asked)) is not None:
                return found
        if not isinstance(source, os.PathLike):
            return None
        source = os.fspath(source)
        source = source if isinstance(source, str) else os.fsdecode(source)
    if _is_marked(source):
        for text_kind in TEXT_KINDS:
            if (found := text_kind(source, asked)) is not None:
                return found
    return [real_path(source)]


def _is_marked(text: str) -> bool:
    lower = text.lower()
    return any(mark in lower for mark in MARKS)


def _paths(names: list[str]) -> list[str]:
    # Hardly a name has other characters.
    return names if all(map(str.isascii, names)) else list(map(real_path, names))


def _refusal(source: object) -> str:
    kind = type(source).__name__
    return f"expected a path, bytes, a binary file object or another source, not {kind}"
