"""The header table as a table of another library, with dates as dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rapidicom._common.extras import required
from rapidicom.tables.dates import Dates, dates_of

if TYPE_CHECKING:
    from rapidicom import _core

__all__ = ["arrow_table", "pandas_dates", "polars_frame"]


def polars_frame(table: _core.Table, stream: object, dates: bool) -> Any:
    """Return a polars `DataFrame`.

    Args:
        table: The table.
        stream: What exports it as an Arrow stream.
        dates: Whether columns of dates and times become such.
    """
    polars: Any = required("polars", "to_polars()")
    frame = polars.DataFrame(stream)
    if not dates:
        return frame
    columns = []
    for name, found in dates_of(table).items():
        kind = {
            "DA": polars.Date, "TM": polars.Time,
            "DT": polars.Datetime("us", "UTC" if found.is_utc else None),
        }[found.vr]  # fmt: skip
        whole = polars.List(kind) if found.are_lists else kind
        columns.append(polars.Series(name, found.values, dtype=whole))
    return frame.with_columns(columns)


def arrow_table(table: _core.Table, stream: object, dates: bool) -> Any:
    """Return a pyarrow `Table`; see `polars_frame`."""
    pyarrow: Any = required("pyarrow", "to_arrow()")
    arrow = pyarrow.table(stream)
    if not dates:
        return arrow
    for name, found in dates_of(table).items():
        kind = {
            "DA": pyarrow.date32(), "TM": pyarrow.time64("us"),
            "DT": pyarrow.timestamp("us", "UTC" if found.is_utc else None),
        }[found.vr]  # fmt: skip
        whole = pyarrow.list_(kind) if found.are_lists else kind
        place = arrow.schema.get_field_index(name)
        arrow = arrow.set_column(place, name, pyarrow.array(found.values, whole))
    return arrow


def pandas_dates(table: _core.Table, pandas: Any) -> dict[str, Any]:
    """Return the columns of dates and times for pandas: `datetime64`, or objects of times."""
    return {name: _pandas_series(found, pandas) for name, found in dates_of(table).items()}


def _pandas_series(found: Dates, pandas: Any) -> Any:
    if found.vr == "TM" or found.are_lists:
        return pandas.Series(found.values, dtype=object)
    kind = "datetime64[us, UTC]" if found.is_utc else "datetime64[us]"
    return pandas.Series(found.values, dtype=object).astype(kind)
