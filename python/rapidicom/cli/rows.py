"""The rows of a header table that a user wants, and how they leave: JSON, CSV, Parquet."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np

import rapidicom as rd
from rapidicom._common.extras import required
from rapidicom.cli.exits import UsageError
from rapidicom.cli.where import Condition
from rapidicom.tables.table import column_lists

# Arrow's text is UTF-8: bytes of a name that are not are written there as these characters, which
# every function that takes paths takes too. JSON is UTF-8 as well.
_FIRST_SURROGATE, _FIRST_IN_ARROW = 0xDC80, 0xEF80


@dataclass(frozen=True)
class Rows:
    """Some rows of a table, in some order, and some of its columns.

    Attributes:
        table: All rows and columns that were read.
        columns: The names of the columns that are wanted.
        numbers: The rows that are wanted, as indices of those of the table.
    """

    table: rd.Table
    columns: list[str]
    numbers: list[int]

    def __len__(self) -> int:
        return len(self.numbers)

    def values(self, at_most: int | None = None) -> list[list[Any]]:
        """Return the values of the first rows, or of all."""
        columns = column_lists(self.table, self.columns).values()
        return [[column[number] for column in columns] for number in self.numbers[:at_most]]


def chosen_rows(
    table: rd.Table, columns: list[str], where: Condition | None, sort: Sequence[str]
) -> Rows:
    """Return the rows that meet a condition, in an order.

    Args:
        table: Its columns include those of `where` and `sort`.
        columns: The names of the columns that are wanted.
        where: The condition.
        sort: Names of columns, the first one counts most; one with `-` in front sorts from the
            largest. Missing values come last.
    """
    numbers = list(range(len(table)))
    if where is None and not sort:
        return Rows(table, columns, numbers)
    names = [key.removeprefix("-") for key in sort]
    lists = column_lists(table, [*(where.columns if where is not None else ()), *names])
    if where is not None:
        asked = where.columns
        numbers = [n for n in numbers if where.holds({name: lists[name][n] for name in asked})]
    for name, key in reversed(list(zip(names, sort, strict=True))):
        column = lists[name]
        known = [number for number in numbers if column[number] is not None]
        missing = [number for number in numbers if column[number] is None]
        by_value = partial(_sort_key, column)
        numbers = sorted(known, key=by_value, reverse=key.startswith("-")) + missing
    return Rows(table, columns, numbers)


def _sort_key(column: list[Any], number: int) -> Any:
    value = column[number]
    # Of several numbers some can be missing.
    return [-math.inf if one is None else one for one in value] if type(value) is list else value


def write_json(rows: Rows, file: BinaryIO) -> None:
    """Write a JSON object a line; several values are an array, and a missing one is null."""
    for values in rows.values():
        plain = dict(zip(rows.columns, map(_json_value, values), strict=True))
        file.write(json.dumps(plain, ensure_ascii=False).encode() + b"\n")


def write_csv(rows: Rows, file: BinaryIO) -> None:
    """Write CSV with a header line; several values are separated as in DICOM (PS3.5 §6.2)."""
    # The bytes of a name as they are, as every other program writes them.
    lines = SimpleNamespace(write=lambda text: file.write(text.encode("utf-8", "surrogateescape")))
    writer = csv.writer(lines)
    writer.writerow(rows.columns)
    for values in rows.values():
        writer.writerow(map(_csv_value, values))


def write_parquet(rows: Rows, file: BinaryIO) -> None:
    """Write Parquet.

    Raises:
        ImportError: pyarrow is not installed.
    """
    parquet = required("pyarrow.parquet", "Parquet")
    table = rows.table.to_arrow().select(rows.columns)
    if rows.numbers != list(range(len(rows.table))):
        table = table.take(rows.numbers)
    parquet.write_table(table, file)


WRITERS: dict[str, Callable[[Rows, BinaryIO], None]] = {
    "json": write_json, "csv": write_csv, "parquet": write_parquet,
}  # fmt: skip

_ENDINGS = {
    ".json": "json", ".jsonl": "json", ".ndjson": "json", ".csv": "csv", ".parquet": "parquet",
}  # fmt: skip


def format_of(name: str) -> str:
    """Return the format that the ending of a file's name says.

    Raises:
        UsageError: It is none of them.
    """
    for ending, kind in _ENDINGS.items():
        if name.lower().endswith(ending):
            return kind
    raise UsageError(
        f"--output {name}: end the name with .csv, .parquet or .jsonl, "
        "or pass --csv, --parquet or --json"
    )


def utf8_name(text: str) -> str:
    """Return text in which bytes that are not UTF-8 are characters, as Arrow has them."""
    if text.isascii():
        return text
    return "".join(_characters(text))


def _characters(text: str) -> Iterator[str]:
    for character in text:
        place = ord(character) - _FIRST_SURROGATE
        yield chr(_FIRST_IN_ARROW + place) if 0 <= place < 0x80 else character


def _json_value(value: Any) -> Any:
    if isinstance(value, str):
        return utf8_name(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return list(map(_json_value, value)) if isinstance(value, list) else value


def _csv_value(value: Any) -> Any:
    if value is None or np.ndim(value) == 0:
        return value
    # A row with fewer values than another has nothing at its end, and not the text "None".
    texts = ["" if one is None else str(one) for one in value]
    while texts and not texts[-1]:
        texts.pop()
    return "\\".join(texts)
