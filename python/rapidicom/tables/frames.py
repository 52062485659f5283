"""The header table as a table of another library, with dates as dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rapidicom._common.extras import required
from rapidicom.tables.dates import Dates, dates_of
from rapidicom.tables.nested import Sequences, with_sequences

if TYPE_CHECKING:
    from rapidicom import _core

__all__ = ["arrow_table", "pandas_dates", "pandas_nested", "polars_frame"]


def polars_frame(table: _core.Table, stream: object, dates: bool, nested: bool) -> Any:
    """Return a polars `DataFrame`.

    Args:
        table: The table.
        stream: What exports it as an Arrow stream.
        dates: Whether columns of dates and times become such.
        nested: Whether those of one sequence become one.
    """
    polars: Any = required("polars", "to_polars()")
    frame = polars.DataFrame(stream)
    if dates:
        frame = frame.with_columns(_polars_dates(table, polars))
    if not nested:
        return frame

    def type_of(wanted: str | Sequences) -> Any:
        if isinstance(wanted, str):
            return frame.schema[wanted]
        fields = {name: type_of(wanted.all_of(name)) for name in wanted.fields()}
        return polars.List(polars.Struct(fields))

    columns = {name: frame[name].to_list() for name in frame.columns}
    found = with_sequences(
        columns, len(frame), frame.get_column,
        lambda sequence, values: polars.Series(values, dtype=type_of(sequence)),
    )  # fmt: skip
    return polars.DataFrame(found)


def _polars_dates(table: _core.Table, polars: Any) -> list[Any]:
    columns = []
    for name, found in dates_of(table).items():
        kind = {
            "DA": polars.Date, "TM": polars.Time,
            "DT": polars.Datetime("us", "UTC" if found.is_utc else None),
        }[found.vr]  # fmt: skip
        whole = polars.List(kind) if found.are_lists else kind
        columns.append(polars.Series(name, found.values, dtype=whole))
    return columns


def arrow_table(table: _core.Table, stream: object, dates: bool, nested: bool) -> Any:
    """Return a pyarrow `Table`; see `polars_frame`."""
    pyarrow: Any = required("pyarrow", "to_arrow()")
    arrow = pyarrow.table(stream)
    if dates:
        arrow = _with_arrow_dates(arrow, table, pyarrow)
    if not nested:
        return arrow

    def type_of(wanted: str | Sequences) -> Any:
        if isinstance(wanted, str):
            return arrow.schema.field(wanted).type
        fields = [(name, type_of(wanted.all_of(name))) for name in wanted.fields()]
        return pyarrow.list_(pyarrow.struct(fields))

    found = with_sequences(
        arrow.to_pydict(), len(arrow), arrow.column,
        lambda sequence, values: pyarrow.array(values, type_of(sequence)),
    )  # fmt: skip
    return pyarrow.table(found)


def _with_arrow_dates(arrow: Any, table: _core.Table, pyarrow: Any) -> Any:
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


def pandas_nested(
    table: _core.Table, columns: dict[str, Any], pandas: Any, dates: bool
) -> dict[str, Any]:
    """Return the columns for pandas, those of one sequence as one of objects: lists of items."""
    values = {name: table.values(name) for name in table.columns}
    if dates:
        values |= {name: found.values for name, found in dates_of(table).items()}
    return with_sequences(
        values, len(table), columns.__getitem__,
        lambda _, items: pandas.Series(items, dtype=object),
    )  # fmt: skip


def _pandas_series(found: Dates, pandas: Any) -> Any:
    if found.vr == "TM" or found.are_lists:
        return pandas.Series(found.values, dtype=object)
    kind = "datetime64[us, UTC]" if found.is_utc else "datetime64[us]"
    return pandas.Series(found.values, dtype=object).astype(kind)
