"""Tables that name nobody: identifying columns dropped, or keyed hashes in their place.

PS3.15 §E.1 says which attributes identify; the hash is HMAC with SHA-256 (RFC 2104).
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from typing import Any, TypeAlias

from rapidicom import _core
from rapidicom._values.confidentiality import tags_of_column
from rapidicom._values.dictionary import dictionary_VR

__all__ = ["checked_key", "pseudonymised", "without"]

# A column as a pickle has it: name, kind, numbers of a row, values.
_Column: TypeAlias = tuple[str, str, int | None, list[Any]]

# In their text a backslash is a character (PS3.5 §6.2).
_SINGLE_VRS = frozenset(("LT", "ST", "UT", "UR"))


def without(table: _core.Table, dropped: list[str], *, keep_paths: bool) -> _core.Table:
    """Return a table without some of its columns.

    Args:
        table: The table.
        dropped: The columns that it loses.
        keep_paths: Whether files keep their names; otherwise they are numbered: `<file 0>`.
    """
    rebuild, (paths, columns, errors, *rest) = table.__reduce__()
    if not keep_paths:
        paths, errors = _renamed(paths, errors, _Numbers())
    return _rebuilt(
        rebuild, paths, [c for c in columns if c[0] not in dropped], errors, rest, table
    )


def pseudonymised(
    table: _core.Table, hidden: list[str], key: bytes, *, keep_paths: bool
) -> _core.Table:
    """Return a table with keyed hashes instead of what some of its columns have.

    Args:
        table: The table.
        hidden: These columns; they become text.
        key: The key of the hash.
        keep_paths: Whether files keep their names; otherwise those are hashed too.
    """
    rebuild, (paths, columns, errors, *rest) = table.__reduce__()
    pseudonym = _Pseudonyms(key)
    if not keep_paths:
        paths, errors = _renamed(paths, errors, pseudonym.of_path)
    hashed = [pseudonym.of_column(column) if column[0] in hidden else column for column in columns]
    return _rebuilt(rebuild, paths, hashed, errors, rest, table)


def checked_key(key: object) -> bytes:
    """Return a key as bytes; text is encoded as UTF-8.

    Raises:
        TypeError: It is neither text nor bytes.
        ValueError: It is empty.
    """
    if isinstance(key, str):
        encoded = key.encode()
    elif isinstance(key, (bytes, bytearray, memoryview)):
        encoded = bytes(key)
    else:
        raise TypeError(f"key must be str or bytes, not {type(key).__name__}")
    if not encoded:
        raise ValueError(
            "key is empty, so that anybody can compute the pseudonyms: "
            "take one of secrets.token_bytes(32), and keep it"
        )
    return encoded


class _Numbers:
    """Names for files, by their number."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, path: str) -> str:
        name = f"<file {self._count}>"
        self._count += 1
        return name


class _Pseudonyms:
    """What stands for values, under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        # Most columns repeat a few values.
        self._made: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        made = self._made.get(text)
        if made is None:
            made = self._made[text] = hmac.digest(self._key, text.encode(), "sha256").hex()
        return made

    def of_path(self, path: str) -> str:
        return hmac.digest(self._key, os.fsencode(path), "sha256").hex()

    def of_column(self, column: _Column) -> _Column:
        name, kind, _, values = column
        if kind != "text":
            split: Callable[[Any], list[str]] = _number_texts
        elif _is_single(name):
            split = _whole
        else:
            split = _values_of_text
        hashed = [None if value is None else self._join(split(value)) for value in values]
        return name, "text", None, hashed

    def _join(self, texts: list[str]) -> str:
        # An empty value between others says nothing of anybody.
        return "\\".join(self(text) if text else "" for text in texts)


def _is_single(name: str) -> bool:
    tags = tags_of_column(name)
    try:
        return bool(tags) and dictionary_VR(tags[-1]) in _SINGLE_VRS
    except KeyError:
        return False


def _whole(text: str) -> list[str]:
    return [text]


def _values_of_text(text: str) -> list[str]:
    return text.split("\\")


def _number_texts(value: float | list[float | None]) -> list[str]:
    numbers = value if isinstance(value, list) else [value]
    return [_number_text(number) for number in numbers if number is not None]


def _number_text(number: float) -> str:
    # The same for 67 of one table and 67.0 of another.
    return str(int(number)) if float(number).is_integer() else repr(number)


def _renamed(
    paths: list[str], errors: list[tuple[str, str]], rename: Callable[[str], str]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return files and errors under other names, also where a reason has the name."""
    names = [rename(path) for path in paths]
    renamed = []
    for path, reason in errors:
        name = rename(path)
        renamed.append((name, reason.replace(path, name)))
    return names, renamed


def _rebuilt(
    rebuild: Callable[..., _core.Table],
    paths: list[str],
    columns: list[_Column],
    errors: list[tuple[str, str]],
    rest: list[Any],
    table: _core.Table,
) -> _core.Table:
    skipped, invalid = rest
    places = {name: place for place, name in enumerate(["path", *(c[0] for c in columns)])}
    old = table.columns
    kept = [(row, places[old[column]]) for row, column in invalid if old[column] in places]
    return rebuild(paths, columns, errors, skipped, kept)
