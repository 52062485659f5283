"""Damage for the doors that are Python's: bytes with a few changed, values in place of others."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

# What a parser is most likely to stumble over.
_BYTES = [0, 1, 0x20, 0x5C, 0x7F, 0x80, 0xFE, 0xFF]
_VALUES: list[Any] = [
    None, True, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30, 0.5, -0.0, 1e308, float("nan"),
    float("inf"), "", "x", "1", "1.5", "\\", "a\\b", "=", "^^^", "\0", "\ud800", "é", "9" * 400,
    b"", b"\0", b"\xff" * 7, [], [None], [[]], {}, (), ["x", 1, None], {"vr": "SQ"},
]  # fmt: skip


def changed_bytes(data: bytes, generator: random.Random, start: int = 0) -> bytes:
    """A copy with a few bytes changed, cut off or repeated, from `start` on."""
    changed = bytearray(data)
    for _ in range(generator.choice([1, 1, 1, 2, 5])):
        if len(changed) <= start:
            break
        at = generator.randrange(start, len(changed))
        match generator.randrange(10):
            case 0:
                del changed[at:]
            case 1:
                del changed[at : at + generator.randrange(1, 9)]
            case 2:
                changed[at:at] = changed[at : at + generator.randrange(1, 33)]
            case _:
                choices = [generator.randrange(256), *_BYTES, changed[at] ^ 1, changed[at] ^ 0x80]
                changed[at] = generator.choice(choices)
    return bytes(changed)


def changed_value(value: Any, generator: random.Random) -> Any:
    """A copy with one of its parts changed, however deep it lies; other objects stay."""
    places: list[tuple[Any, Any]] = []
    copy = _copied(value, places)
    if not places:
        return copy
    container, key = generator.choice(places)
    if isinstance(container, list) and generator.randrange(8) == 0:
        generator.choice([container.clear, lambda: container.pop(key), container.reverse])()
    elif isinstance(container, dict) and generator.randrange(8) == 0:
        container[generator.choice(["", "vr", "Value", "zz", "00080005"])] = container.pop(key)
    else:
        container[key] = _changed_part(container[key], generator)
    return _as_before(copy)


class _Tuple(list[Any]):
    """A tuple while it is changed."""


def _copied(value: Any, places: list[tuple[Any, Any]]) -> Any:
    if type(value) is dict:
        copy: Any = {}
        for key, each in value.items():
            copy[key] = _copied(each, places)
            places.append((copy, key))
    elif type(value) in (list, tuple):
        copy = [] if type(value) is list else _Tuple()
        for each in value:
            copy.append(_copied(each, places))
            places.append((copy, len(copy) - 1))
    else:
        return value
    return copy


def _as_before(value: Any) -> Any:
    if type(value) is dict:
        return {key: _as_before(each) for key, each in value.items()}
    if isinstance(value, _Tuple):
        return tuple(map(_as_before, value))
    return list(map(_as_before, value)) if type(value) is list else value


def _changed_part(value: Any, generator: random.Random) -> Any:
    similar: dict[type, Callable[[], Any]] = {
        bytes: lambda: changed_bytes(value, generator),
        int: lambda: value + generator.choice([-1, 1, 256, -value, 2**32, 2**63]),
        bool: lambda: not value,
        float: lambda: value * generator.choice([-1, 0, 1e200]),
        str: lambda: (
            "".join(generator.sample(value, len(value))) + generator.choice(["", " ", "\\"])
        ),
    }
    if type(value) in similar and generator.randrange(3) > 0:
        return similar[type(value)]()
    return generator.choice(_VALUES)
