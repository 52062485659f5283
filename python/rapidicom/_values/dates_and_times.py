"""Dates and times: DA, TM and DT (PS3.5 §6.2) as Python's types.

Data sets hold them as text. `DA(ds.StudyDate)` and its neighbours turn that into a date, a time or
both, and keep the text as `original_string`.
"""

from __future__ import annotations

import datetime
import re
import warnings
from typing import Any

__all__ = ["DA", "DT", "TM"]

# The form with periods is that of ACR-NEMA, which old files have.
_DATE = re.compile(r"(\d{4})(\.?)(\d\d)\2(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d*))?)?)?", re.ASCII)
_BOTH = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d+))?)?)?)?)?)?(?:([+-])(\d\d)(\d\d))?",
    re.ASCII,
)


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _refuse_lone_number(args: tuple[Any, ...], vr: str) -> None:
    # A number alone is not a year, but text that has lost its quotation marks.
    if len(args) == 1 and isinstance(args[0], (int, float)):
        raise ValueError(f"a value with VR {vr} must be text")


def _microseconds(fraction: str | None) -> int:
    digits = fraction or ""
    if len(digits) > 6:
        warnings.warn(
            "a fraction of a second has more than 6 digits: those after the sixth are left out",
            stacklevel=4,
        )
    return int(digits[:6].ljust(6, "0"))


def _second(text: str | None) -> int:
    second = int(text or 0)
    if second == 60:
        warnings.warn("Python has no leap seconds: the second before is used instead", stacklevel=4)
        return 59
    return second


class _WithText:
    """The base of DA, TM and DT: they print as their text."""

    original_string: str

    def __str__(self) -> str:
        return self.original_string

    def __repr__(self) -> str:
        return f'"{self}"'

    def _parts(self) -> tuple[Any, ...]:
        raise NotImplementedError

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # The text may have been replaced.
        return (type(self), self._parts(), {"original_string": self.original_string})


class DA(_WithText, datetime.date):
    """A value with VR DA, as a date. `original_string` is its text."""

    __module__ = "rapidicom.valuerep"

    def __new__(cls, *args: Any, **kwargs: Any) -> DA:
        """Make a date.

        Args:
            args: Text, a `datetime.date`, or what `datetime.date` takes. Empty text gives `None`,
                as in pydicom.
            kwargs: What `datetime.date` takes.

        Raises:
            ValueError: The text is not a date.
        """
        if not args or _is_nothing(args[0]):
            return None  # type: ignore[return-value]  # what pydicom gives
        value = args[0]
        _refuse_lone_number(args, "DA")
        if isinstance(value, str):
            found = _DATE.fullmatch(value.strip())
            if found is None:
                raise ValueError("a value with VR DA must be written as YYYYMMDD")
            made = super().__new__(cls, int(found[1]), int(found[3]), int(found[4]))
        elif isinstance(value, datetime.date):
            made = super().__new__(cls, value.year, value.month, value.day)
        else:
            made = super().__new__(cls, *args, **kwargs)
        made.original_string = _text_of(value, f"{made.year:04}{made.month:02}{made.day:02}")
        return made

    def _parts(self) -> tuple[Any, ...]:
        return (self.year, self.month, self.day)


class TM(_WithText, datetime.time):
    """A value with VR TM, as a time of day. `original_string` is its text."""

    __module__ = "rapidicom.valuerep"

    def __new__(cls, *args: Any, **kwargs: Any) -> TM:
        """Make a time.

        Args:
            args: Text, a `datetime.time`, or what `datetime.time` takes. Empty text gives `None`,
                as in pydicom.
            kwargs: What `datetime.time` takes.

        Raises:
            ValueError: The text is not a time.
        """
        if not args or _is_nothing(args[0]):
            return None  # type: ignore[return-value]  # what pydicom gives
        value = args[0]
        if isinstance(value, str):
            found = _TIME.fullmatch(value.strip())
            if found is None or int(found[3] or 0) > 60:
                raise ValueError("a value with VR TM must be written as HHMMSS.FFFFFF")
            hour, minute, second = int(found[1]), int(found[2] or 0), _second(found[3])
            made = super().__new__(cls, hour, minute, second, _microseconds(found[4]))
        elif isinstance(value, datetime.time):
            made = super().__new__(cls, value.hour, value.minute, value.second, value.microsecond)
        else:
            made = super().__new__(cls, *args, **kwargs)
        made.original_string = _text_of(value, _time_text(made))
        return made

    def _parts(self) -> tuple[Any, ...]:
        return (self.hour, self.minute, self.second, self.microsecond)


class DT(_WithText, datetime.datetime):
    """A value with VR DT, as date and time. `original_string` is its text.

    Parts that the text leaves out are the first: January, the first of the month, midnight.
    """

    __module__ = "rapidicom.valuerep"

    def __new__(cls, *args: Any, **kwargs: Any) -> DT:
        """Make a date and time.

        Args:
            args: Text, a `datetime.datetime`, or what `datetime.datetime` takes. Empty text gives
                `None`, as in pydicom.
            kwargs: What `datetime.datetime` takes.

        Raises:
            ValueError: The text is not a date and time.
        """
        if not args or _is_nothing(args[0]):
            return None  # type: ignore[return-value]  # what pydicom gives
        value = args[0]
        _refuse_lone_number(args, "DT")
        if isinstance(value, str):
            made = cls._of_text(value.strip())
        elif isinstance(value, datetime.datetime):
            made = super().__new__(cls, *value.timetuple()[:6], value.microsecond, value.tzinfo)
        else:
            made = super().__new__(cls, *args, **kwargs)
        made.original_string = _text_of(value, _both_text(made))
        return made

    def _parts(self) -> tuple[Any, ...]:
        return (*self.timetuple()[:6], self.microsecond, self.tzinfo)

    @classmethod
    def _of_text(cls, text: str) -> DT:
        found = _BOTH.fullmatch(text)
        is_none = found is None or int(found[6] or 0) > 60 or int(found[9] or 0) > 23
        if found is None or is_none:
            raise ValueError("a value with VR DT must be written as YYYYMMDDHHMMSS.FFFFFF&ZZXX")
        zone = None
        if found[8]:
            offset = datetime.timedelta(hours=int(found[9]), minutes=int(found[10]))
            zone = datetime.timezone(
                -offset if found[8] == "-" else offset, "".join(found.group(8, 9, 10))
            )
        year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
        hour, minute, second = int(found[4] or 0), int(found[5] or 0), _second(found[6])
        return super().__new__(
            cls, year, month, day, hour, minute, second, _microseconds(found[7]), zone
        )


def _text_of(value: object, otherwise: str) -> str:
    if isinstance(value, str):
        return value
    return getattr(value, "original_string", otherwise)


def _time_text(value: datetime.time | datetime.datetime) -> str:
    text = f"{value.hour:02}{value.minute:02}{value.second:02}"
    return f"{text}.{value.microsecond:06}" if value.microsecond else text


def _both_text(value: datetime.datetime) -> str:
    text = f"{value.year:04}{value.month:02}{value.day:02}{_time_text(value)}"
    offset = value.utcoffset()
    if offset is None:
        return text
    minutes = round(offset.total_seconds() / 60)
    return f"{text}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
