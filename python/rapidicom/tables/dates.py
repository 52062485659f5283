"""Columns of dates and times as Python's types (PS3.5 §6.2: DA, TM, DT)."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rapidicom import _core
from rapidicom._values.confidentiality import tags_of_column
from rapidicom._values.dates_and_times import DA, DT, TM
from rapidicom._values.dictionary import dictionary_VR

__all__ = ["Dates", "dates_of"]


@dataclass(frozen=True)
class Dates:
    """A column of dates or times.

    Attributes:
        vr: DA, TM or DT.
        values: `date`, `time` or `datetime` of each row, lists of them if a row has several, `None`
            where there is none.
        is_utc: Whether they have an offset from UTC: then they are in UTC.
        are_lists: Whether rows have several.
    """

    vr: str
    values: list[Any]
    is_utc: bool
    are_lists: bool


def dates_of(table: _core.Table) -> dict[str, Dates]:
    """Return the columns of a table that hold dates or times, by name.

    A column stays out, as text, if a value in it is neither, and is not listed as invalid: a
    pseudonym, or part of a search; or if only some values have an offset from UTC.
    """
    names = table.columns
    invalid = {(row, names[column]) for row, column in table.invalid}
    found = {}
    for name in names[1:]:
        read = _reader(name)
        dates = None if read is None else _dates(name, read, table.values(name), invalid)
        if dates is not None:
            found[name] = dates
    return found


_READERS: dict[str, Callable[[str], Any]] = {
    "DA": lambda text: (date := DA(text)) and datetime.date(date.year, date.month, date.day),
    "TM": lambda text: _time(TM(text)),
    "DT": lambda text: _both(DT(text)),
}


def _time(time: datetime.time) -> datetime.time:
    return datetime.time(time.hour, time.minute, time.second, time.microsecond)


def _both(both: datetime.datetime) -> datetime.datetime:
    plain = datetime.datetime(
        both.year, both.month, both.day, both.hour, both.minute, both.second, both.microsecond,
        both.tzinfo,
    )  # fmt: skip
    return plain if plain.tzinfo is None else plain.astimezone(datetime.UTC)


def _reader(name: str) -> str | None:
    tags = tags_of_column(name)
    try:
        vr = dictionary_VR(tags[-1]) if tags else ""
    except KeyError:
        return None
    return vr if vr in _READERS else None


def _dates(name: str, vr: str, texts: list[Any], invalid: set[tuple[int, str]]) -> Dates | None:
    made: dict[str, Any] = {}
    values: list[Any] = []
    for row, text in enumerate(texts):
        if not isinstance(text, (str, type(None))):
            return None
        if text is None:
            values.append(None)
            continue
        if text not in made:
            made[text] = _parsed(text, _READERS[vr])
        if made[text] is None and (row, name) not in invalid:
            return None
        values.append(made[text])
    several = [value for value in made.values() if value is not None]
    offsets = {one.tzinfo is not None for value in several for one in value if vr == "DT"}
    if len(offsets) > 1:
        return None
    are_lists = any(len(value) > 1 for value in several)
    if not are_lists:
        values = [value if value is None else value[0] for value in values]
    return Dates(vr, values, offsets == {True}, are_lists)


def _parsed(text: str, read: Callable[[str], Any]) -> list[Any] | None:
    with warnings.catch_warnings():
        # A seventh digit of a fraction, a leap second.
        warnings.simplefilter("ignore")
        try:
            return [read(part) for part in text.split("\\") if part.strip()] or None
        except (ValueError, OverflowError):
            return None
