"""One text for a data set, the same from any reader whose `Dataset` reads like pydicom's.

A line an element, nested ones included, in tag order: path, VR, value. Two readers agree on a file
when their lines do, so a table of digests replaces the comparison of every value.

Only what pydicom and Rapidicom share is used: iteration over `DataElement`, its `tag`, `VR` and
`value`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

EMPTY = "-"


def digest(dataset: Any) -> tuple[int, str]:
    """Return the number of elements, nested ones included, and the SHA-256 of the lines.

    Args:
        dataset: A pydicom or Rapidicom `Dataset`. Its File Meta Information counts too.
    """
    lines = list(canonical_lines(dataset))
    return len(lines), hashlib.sha256(
        "\n".join(lines).encode("utf-8", "surrogateescape")
    ).hexdigest()


def canonical_lines(dataset: Any) -> Iterator[str]:
    """Yield a line an element: File Meta Information, then the data set, depth first."""
    file_meta = getattr(dataset, "file_meta", None)
    if file_meta is not None:
        yield from _element_lines(file_meta, "")
    yield from _element_lines(dataset, "")


def _element_lines(elements: Iterable[Any], parent: str) -> Iterator[str]:
    for element in elements:
        tag = int(element.tag)
        path = f"{parent}({tag >> 16:04X},{tag & 0xFFFF:04X})"
        if element.VR == "SQ":
            items = list(element.value or ())
            yield f"{path} SQ {len(items)}"
            for index, item in enumerate(items):
                yield from _element_lines(item, f"{path}[{index}] > ")
        else:
            yield f"{path} {element.VR} {canonical_value(element.VR, element.value)}"


def canonical_value(vr: str, value: Any) -> str:
    """Return `value` as text: several values with a backslash between them, empty ones as `-`.

    Floats are hexadecimal, so no digit is lost; bytes are their length and SHA-256, so lines stay
    short.
    """
    if value is None:
        return EMPTY
    if isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        return f"{len(data)} bytes {hashlib.sha256(data).hexdigest()}" if data else EMPTY
    # pydicom's PersonName can be iterated over, and is one value all the same.
    is_single = isinstance(value, str) or type(value).__name__ == "PersonName"
    if not is_single and isinstance(value, Iterable):
        return "\\".join(canonical_value(vr, single) for single in value) or EMPTY
    return _single_value(vr, value)


def _single_value(vr: str, value: Any) -> str:
    if isinstance(value, str) or vr == "PN":
        return repr(str(value)) if str(value) else EMPTY
    if vr == "AT":
        return f"{int(value):08X}"
    if vr == "DS":
        return f"{float(value).hex()} {str(value)!r}"
    if isinstance(value, float):
        return value.hex()
    # int() drops what IS adds to it; how its text was written is not a difference in value.
    return str(int(value))
