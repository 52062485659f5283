"""The header table: one row a DICOM file, one typed column an attribute."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rapidicom import _core
from rapidicom._common.extras import required
from rapidicom._common.progress import Progress
from rapidicom._common.tag import Tag
from rapidicom.sources.holders import read_opening
from rapidicom.sources.item import Item, native
from rapidicom.sources.paths import checked_workers
from rapidicom.sources.resolving import resolved
from rapidicom.tables.skipped import Skipped

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Column: TypeAlias = str | int | tuple[int, int]

__all__ = ["DEFAULT_COLUMNS", "ORDER_COLUMNS", "InvalidValue", "Table", "UnreadableFile", "scan"]

#: What sorting, grouping and choosing images takes.
DEFAULT_COLUMNS = (
    "TransferSyntaxUID",
    "ImageType",
    "SOPClassUID",
    "SOPInstanceUID",
    "Modality",
    "SeriesDescription",
    "PatientID",
    "SliceThickness",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "AcquisitionNumber",
    "InstanceNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "FrameOfReferenceUID",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelSpacing",
    "RescaleIntercept",
    "RescaleSlope",
)

#: What images share with orders, results and visits of a hospital's other systems: patient,
#: accession, order and requested procedure, each with who gave the number (PS3.3 §C.7.1.1,
#: §C.7.2.1, §10.6). Of an image the request is in Request Attributes Sequence, of a report and
#: others in Referenced Request Sequence.
ORDER_COLUMNS = (
    "PatientID",
    "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence.UniversalEntityID",
    "AdmissionID",
    "StudyInstanceUID",
    "StudyID",
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence.LocalNamespaceEntityID",
    "IssuerOfAccessionNumberSequence.UniversalEntityID",
    "PlacerOrderNumberImagingServiceRequest",
    "FillerOrderNumberImagingServiceRequest",
    "RequestAttributesSequence.AccessionNumber",
    "RequestAttributesSequence.RequestedProcedureID",
    "RequestAttributesSequence.ScheduledProcedureStepID",
    "ReferencedRequestSequence.AccessionNumber",
    "ReferencedRequestSequence.PlacerOrderNumberImagingServiceRequest",
    "ReferencedRequestSequence.FillerOrderNumberImagingServiceRequest",
    "ReferencedRequestSequence.RequestedProcedureID",
)

# Rows that `print` shows of a longer table, half of them from its start.
_SHOWN_ROWS = 20


@dataclass(frozen=True)
class UnreadableFile:
    """A file or folder that could not be read.

    Attributes:
        path: Its path.
        reason: Why, in a sentence.
    """

    path: str
    reason: str

    def __str__(self) -> str:
        from rapidicom._common.text_table import printable

        return f"{printable(self.path)}: {self.reason}"


@dataclass(frozen=True)
class InvalidValue:
    """A value of a file that the table lacks, because it does not fit the column.

    It is not a number where the column has numbers, has too many or too few, or is text that cannot
    be decoded.

    Attributes:
        row: The row, from 0.
        path: The file.
        column: The name of the column.
    """

    row: int
    path: str
    column: str


class Table:
    """The headers of many files; see `scan`.

    `table["Rows"]` is a column as a NumPy array, `len(table)` the number of rows, and iterating
    gives the names of the columns. Any library that reads Arrow's C stream takes the table as it
    is, without a copy of its buffers.

    A path is a `str` as `os.fsdecode` gives it, so that it opens the file. Arrow's text is UTF-8:
    there, bytes of a name that are not are written as the characters U+EF80 to U+EFFF, for 0x80 to
    0xFF. Functions that take paths take these too.

    Examples:
        >>> table = rd.scan("tests/data/brain-mr", ["SeriesInstanceUID", "Rows"])
        >>> table["Rows"].dtype.name, int(table["Rows"].max())
        ('int64', 80)
        >>> table.to_pandas().groupby("SeriesInstanceUID").size().tolist()
        [40]
        >>> table.to_polars().shape, table.to_arrow().num_rows, len(table.to_dicts())
        ((40, 3), 40, 40)
    """

    __module__ = "rapidicom"

    #: The sources that are no paths, by their names: `read_series(table)` reads them.
    items: dict[str, Item]

    def __init__(
        self,
        native: _core.Table,
        items: dict[str, Item] | None = None,
        paths_are_hidden: bool = False,
    ) -> None:
        self._native = native
        self.items = items or {}
        #: Whether `path` does not lead to the files: see `without_identifying`.
        self.paths_are_hidden = paths_are_hidden
        self._arrays: dict[str, NDArray[Any]] = {}

    @property
    def columns(self) -> list[str]:
        """The names of the columns; the first is `path`."""
        return self._native.columns

    @property
    def errors(self) -> list[UnreadableFile]:
        """The files that could not be read, in path order."""
        return [UnreadableFile(path, reason) for path, reason in self._native.errors]

    @property
    def skipped(self) -> Skipped:
        """How many files in the folders are not DICOM files, and what they are instead.

        A number, `table.skipped == 3`, that is also a mapping: `dict(table.skipped)` gives
        `{"a text file": 2, "a zip archive": 1}`.
        """
        return Skipped(self._native.skipped)

    @property
    def invalid(self) -> list[InvalidValue]:
        """The values that do not fit their column, in row order.

        They are missing, except for text whose meaning is in doubt, which is in its cell: bytes
        that its character set does not define, or whose character set is not named by a defined
        term, or a date or time that is none.
        """
        entries = self._native.invalid
        if not entries:
            return []
        names, paths = self.columns, self["path"]
        return [InvalidValue(row, str(paths[row]), names[column]) for row, column in entries]

    def __len__(self) -> int:
        return len(self._native)

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _column_of(name, self.columns) is not None

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column.

        Args:
            name: One of `columns`, or what `scan` takes for it: `"0028,0010"` and `"00280010"` are
                `Rows`, `"0019,1006"` is `(0019,1006)`.

        Returns:
            Read-only. Numbers are int64 or float64, with a second axis where a row has several;
            where a number is missing, the array is float64 and has NaN there. Text is an object
            array of `str`, with `None` where it is missing.

        Raises:
            KeyError: The table has no column of this name.
            TypeError: `name` is no text.
        """
        if not isinstance(name, str):
            raise TypeError(
                f"a column is chosen by its name, not by {type(name).__name__}; rows are those of "
                "to_pandas(), to_polars() or to_dicts()"
            )
        array = self._arrays.get(name)
        if array is None:
            column = _column_of(name, self.columns)
            if column is None:
                raise KeyError(_no_column(name, self.columns))
            if column != name:
                return self[column]
            array = self._native.array(name)
            # Every call returns this array.
            array.flags.writeable = False
            self._arrays[name] = array
        return array

    @property
    def identifying(self) -> list[str]:
        """The columns that identify a person, in their order (PS3.15 Table E.1-1).

        These are the columns whose attribute, or a sequence around it, is in that table: what the
        Basic Application Level Confidentiality Profile removes, empties or replaces, UIDs and dates
        among it, and private attributes. Attributes that are not in the data dictionary count too.
        `path` is no attribute and not listed, but may name a patient all the same.
        """
        from rapidicom._values.confidentiality import is_identifying_column

        return [name for name in self.columns if is_identifying_column(name)]

    def without_identifying(self, *, paths: Literal["hide", "keep"] = "hide") -> Table:
        """Return a table without the columns that `identifying` names.

        Args:
            paths: Folders and files are often named for patients. `"hide"` numbers the files
                instead, `<file 0>`, also in `errors` and `invalid`, so that the table does not lead
                to them; `"keep"` leaves their names.

        Returns:
            A new table of the same rows, which keeps no sources unless it keeps their names.

        Raises:
            ValueError: `paths` is another word.

        Examples:
            >>> table = rd.scan("tests/data/brain-mr", ["PatientID", "StudyDate", "EchoTime"])
            >>> table.identifying
            ['PatientID', 'StudyDate']
            >>> private = table.without_identifying()
            >>> private.columns, private["path"][0]
            (['path', 'EchoTime'], '<file 0>')
        """
        from rapidicom.tables.privacy import without

        keep = _keeps(paths)
        native = without(self._native, self.identifying, keep_paths=keep)
        return self._derived(native, keep)

    def pseudonymised(self, key: bytes | str, *, paths: Literal["hide", "keep"] = "hide") -> Table:
        """Return a table with pseudonyms in the columns that `identifying` names.

        A pseudonym is the HMAC-SHA-256 of a value's UTF-8 text as 64 hexadecimal digits, so that
        equal values have equal pseudonyms in all tables and columns of one key, and tables can be
        joined: `hmac.new(key, value.encode(), "sha256").hexdigest()` is that of a value from
        elsewhere. Of several values each has its own, with backslashes between. Numbers are hashed
        as decimal text, whole ones without a point. A missing value stays missing.

        Args:
            key: Any bytes; text is encoded as UTF-8. Whoever has it can test guesses of a name or
                a date, so take a random one, `secrets.token_bytes(32)`, and keep it apart from the
                tables.
            paths: As in `without_identifying`, but that `"hide"` puts the pseudonym of its name in
                the place of each.

        Returns:
            A new table of the same rows and columns. The columns that identify are text.

        Raises:
            TypeError: `key` is neither bytes nor text.
            ValueError: `key` is empty, or `paths` another word.

        Examples:
            >>> table = rd.scan("tests/data/brain-mr", ["PatientID", "EchoTime"])
            >>> private = table.pseudonymised("not a good key")
            >>> private["PatientID"][0][:12], float(private["EchoTime"][0])
            ('7bbb65657f64', 79.0)
        """
        from rapidicom.tables.privacy import checked_key, pseudonymised

        keep = _keeps(paths)
        checked = checked_key(key)
        native = pseudonymised(self._native, self.identifying, checked, keep_paths=keep)
        return self._derived(native, keep)

    def _derived(self, native: _core.Table, keep_paths: bool) -> Table:
        if keep_paths:
            return Table(native, self.items, self.paths_are_hidden)
        return Table(native, None, True)

    def to_dicts(self, *, dates: bool = False, nested: bool = False) -> list[dict[str, Any]]:
        """Return a dictionary a row: numbers, lists of them, text, `None` for a missing value.

        Args:
            dates: Whether columns of dates and times (DA, TM, DT) are `date`, `time` and `datetime`
                instead of text. A column stays text if a value in it is none of these (a pseudonym)
                and not listed in `invalid`, or if only some have an offset from UTC; all that have
                one are in UTC.
            nested: Whether columns inside of one sequence are one, of the sequence's name: a list
                of its items, each a dictionary of the columns that were asked for. An item is where
                its index says, `None` if it has none of the values; a row without any is `None`.

        Raises:
            ValueError: With `nested`, a private element is both a column and a sequence.
        """
        columns = column_lists(self, self.columns)
        if dates:
            from rapidicom.tables.dates import dates_of

            columns |= {name: found.values for name, found in dates_of(self._native).items()}
        if nested:
            from rapidicom.tables.nested import with_sequences

            columns = with_sequences(
                columns, len(self), columns.__getitem__, lambda _, values: values
            )
        names = list(columns)
        rows = zip(*columns.values(), strict=True)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def to_pandas(self, *, dates: bool = False, nested: bool = False) -> Any:
        """Return a pandas `DataFrame`; missing whole numbers make a column float, as in NumPy.

        If a path is not UTF-8, their column has the dtype `object`, since pandas' strings are. To
        write such names to a file, pass `errors="surrogateescape"` to `to_csv`.

        Args:
            dates: As in `to_dicts`: dates are `datetime64`, times objects.
            nested: As in `to_dicts`: lists of dictionaries, as objects.

        Raises:
            ImportError: pandas is not installed.
            ValueError: As for `to_dicts`.
        """
        pandas: Any = required("pandas", "to_pandas()")
        # pandas has no columns of two axes: each cell holds a row.
        columns = {
            name: array if array.ndim == 1 else self._native.values(name)
            for name, array in ((name, self[name]) for name in self.columns)
        }
        if not all(map(_is_utf8, columns["path"])):
            columns["path"] = pandas.Series(columns["path"], dtype=object)
        if dates:
            from rapidicom.tables.frames import pandas_dates

            columns |= pandas_dates(self._native, pandas)
        if nested:
            from rapidicom.tables.frames import pandas_nested

            columns = pandas_nested(self._native, columns, pandas, dates)
        return pandas.DataFrame(columns)

    def to_polars(self, *, dates: bool = False, nested: bool = False) -> Any:
        """Return a polars `DataFrame`; several numbers are an `Array`.

        Args:
            dates: As in `to_dicts`: `Date`, `Time` and `Datetime`.
            nested: As in `to_dicts`: a `List` of `Struct`.

        Raises:
            ImportError: polars is not installed.
            ValueError: As for `to_dicts`.
        """
        from rapidicom.tables.frames import polars_frame

        return polars_frame(self._native, self, dates, nested)

    def to_arrow(self, *, dates: bool = False, nested: bool = False) -> Any:
        """Return a pyarrow `Table`; several numbers are a fixed-size list.

        Args:
            dates: As in `to_dicts`: `date32`, `time64` and `timestamp`.
            nested: As in `to_dicts`: a `list` of `struct`.

        Raises:
            ImportError: pyarrow is not installed.
            ValueError: As for `to_dicts`.
        """
        from rapidicom.tables.frames import arrow_table

        return arrow_table(self._native, self, dates, nested)

    def __array__(self, dtype: object = None, copy: bool | None = None) -> NDArray[Any]:
        """Refuse: NumPy and `pandas.DataFrame(table)` would take the names for the rows.

        Raises:
            TypeError: Always.
        """
        raise TypeError(
            "a header table has columns of several types: take one by its name, table['Rows'], or "
            "all by to_pandas(), to_polars(), to_arrow() or to_dicts()"
        )

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the capsule of Arrow's PyCapsule interface; a requested schema is not honoured."""
        return self._native.arrow_stream()

    def __reduce__(self) -> tuple[type[Table], tuple[object, ...]]:
        if self.paths_are_hidden:
            return Table, (self._native, self.items, True)
        return Table, (self._native, self.items) if self.items else (self._native,)

    def __repr__(self) -> str:
        from rapidicom._common.text_table import ELLIPSIS, format_table, shorten, terminal_width

        width = terminal_width()
        is_long = len(self) > _SHOWN_ROWS
        half = _SHOWN_ROWS // 2 if is_long else len(self)
        rows = [*range(half), *(range(len(self) - half, len(self)) if is_long else ())]
        arrays = [self[name] for name in self.columns]
        lines = format_table(
            self.columns, [[array[row] for array in arrays] for row in rows], width=width
        )
        if is_long:
            lines.insert(len(lines) - half, ELLIPSIS)
        lines.append(shorten(self._summary(), width))
        return "\n".join(lines)

    def to_html(self, *, identifying: bool = False) -> str:
        """Return the first and last rows as HTML, as notebooks show them.

        Args:
            identifying: Whether to show `path` and the columns that `identifying` names.
        """
        from rapidicom.tables.html import table_html

        hidden = [] if identifying else self.identifying
        if not identifying and not self.paths_are_hidden:
            hidden = ["path", *hidden]
        names = [name for name in self.columns if name not in hidden]
        return table_html(names, self.__getitem__, len(self), self._summary(), hidden)

    def _repr_html_(self) -> str:
        return self.to_html()

    def _summary(self) -> str:
        parts = [
            f"{count} {what}{'' if count == 1 else 's'}"
            for count, what in ((len(self), "row"), (len(self.columns), "column"))
        ]
        counts = [
            (int(self.skipped), "skipped"),
            (len(self.errors), "not readable"),
            (len(self._native.invalid), "invalid"),
        ]
        return ", ".join(parts + [f"{count} {what}" for count, what in counts if count])


def scan(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    columns: Iterable[Column] | str | None = None,
    *,
    recursive: bool = True,
    force: bool = False,
    workers: int | None = None,
    errors: Literal["collect", "raise"] = "collect",
    progress: bool = False,
    cache: str | os.PathLike[str] | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Table:
    """Read the headers of many files into a table, stepping over pixels and long values.

    Rows are in the order of the paths: files that are named first, then those found in folders,
    sorted. Files in folders that are not DICOM are skipped and counted: see `Table.skipped`.

    Args:
        paths: A folder, a file, or another source (an archive, bytes, a file object, ...), or an
            iterable of them, mixed, or names with them.
        columns: Keywords, tags (`0x0020000E`, `(0x0020, 0x000E)`, `"0020000E"`), or paths into
            sequences with dots: `"RequestAttributesSequence.ScheduledProcedureStepID"`. A
            sequence's first item is taken, or the one with an index:
            `"PerFrameFunctionalGroupsSequence[4].PlanePositionSequence.ImagePositionPatient"`. By
            default those of `DEFAULT_COLUMNS`. `path` always comes first. `rd.ORDER_COLUMNS` are
            those by which images join with orders and results of other systems.
        recursive: Whether to search folders in folders.
        force: Also read files without the prefix `DICM` (PS3.10 §7.1): data sets alone, with or
            without File Meta Information, and files whose preamble has no prefix. The bytes of such
            a file must start with data elements; text, pictures, archives and the like stay out.
            Unlike that of `dcmread`, it reads no part of a damaged header.
        workers: Threads; by default as many as there are cores, and more while they wait for a
            disk.
        errors: What to do about files that cannot be read: `"collect"` lists them in
            `Table.errors`, `"raise"` raises for the first.
        progress: Whether to show a bar, which needs tqdm.
        cache: A Parquet file that keeps the table for the next scan, created if it does not exist;
            needs pyarrow. The next scan of the same paths and columns reads only the headers of
            files whose size, modification time, change time (both in nanoseconds) or inode has
            changed, and updates the index. It also reads files modified within two seconds of the
            scan before. An index is for one list of `paths`: it forgets files outside them. An
            index of other columns, of another `force`, or of another version, is replaced; so is a
            damaged one, with a `RuntimeWarning`. Members of archives are remembered as long as
            the archive does not change, and objects that a listing tells the version of; what is
            in memory is read again.
        storage_options: As for `dcmread`.

    Raises:
        OSError: One of `paths` does not exist, or is a folder that cannot be read.
        DicomError: A file cannot be read and `errors` is `"raise"`.
        ValueError: A column names no element, or one that has neither text nor numbers; or what is
            at `cache` is not an index, and is left alone.
        ImportError: `cache` or `progress` needs a library that is not installed.

    Examples:
        >>> table = rd.scan("tests/data/brain-mr", ["InstanceNumber", "PixelSpacing", "Modality"])
        >>> table.columns, len(table)
        (['path', 'InstanceNumber', 'PixelSpacing', 'Modality'], 40)
        >>> table["InstanceNumber"][:3].tolist(), table["PixelSpacing"].shape
        ([1, 2, 3], (40, 2))

        Files that cannot be read do not stop it:

        >>> [error.path for error in rd.scan("tests/data/files", ["Modality"]).errors]
        []
    """
    if errors not in ("collect", "raise"):
        raise ValueError(f"errors must be 'collect' or 'raise', not {errors!r}")
    workers = checked_workers(workers)
    names = _column_names(DEFAULT_COLUMNS if columns is None else columns)
    if cache is not None:
        from rapidicom.tables.index import cached_scan, check_cache

        check_cache(cache)
    # A scan with a cache goes through its paths once.
    files = resolved(paths, storage_options=storage_options, looks=cache is not None)
    with Progress(progress, "headers") as bar:
        arguments = (
            names,
            recursive,
            bool(force),
            workers,
            errors == "raise",
            bar.callback,
        )
        if cache is None:
            found, files = read_opening(files, lambda files: _core.scan(native(files), *arguments))
            return Table(found, _items(files))
        return Table(cached_scan(native(files), *arguments, cache), _items(files))


def _items(files: list[str | Item]) -> dict[str, Item]:
    return {file.name: file for file in files if isinstance(file, Item)}


def _column_of(name: str, columns: list[str]) -> str | None:
    """Return the column that a name means: its own, or what `scan` makes of it."""
    if name in columns:
        return name
    try:
        names = _core.column_names([name])
    except (TypeError, ValueError):  # a text with half a surrogate pair is no text for Rust
        return None
    return next((column for column in names if column in columns), None)


def _no_column(name: str, columns: list[str]) -> str:
    from difflib import get_close_matches

    lower = {column.lower(): column for column in columns}
    similar = get_close_matches(name.lower(), lower, n=1, cutoff=0.8)
    hint = f"; did you mean {lower[similar[0]]}?" if similar else ""
    return f"the table has no column {name!r}{hint or '.'} Its columns are {', '.join(columns)}"


def column_lists(table: Table, names: Iterable[str]) -> dict[str, list[Any]]:
    """Return columns as lists: numbers, lists of them, text, `None` for a missing value."""
    return {name: table._native.values(name) for name in names}


def _keeps(paths: str) -> bool:
    if paths not in ("hide", "keep"):
        raise ValueError(f"paths must be 'hide' or 'keep', not {paths!r}")
    return paths == "keep"


def _is_utf8(path: str) -> bool:
    # Python writes the other bytes of a name as surrogates, which no encoding takes.
    return path.isascii() or not any("\ud800" <= character <= "\udfff" for character in path)


def _column_names(columns: Iterable[Column] | str) -> list[int | str]:
    if isinstance(columns, str):
        return [columns]
    if not isinstance(columns, Iterable):
        raise TypeError(
            f"columns must be an iterable of keywords, tags or paths of them, not "
            f"{type(columns).__name__}"
        )
    names: list[int | str] = []
    for column in columns:
        match column:
            case str():
                names.append(column)
            case int() | (int(), int()):
                names.append(_tag(column))
            case _:
                raise TypeError(
                    f"a column is a keyword, a tag or a path of them, not {type(column).__name__}"
                )
    return names


def _tag(column: object) -> int:
    try:
        return Tag(column)
    except OverflowError:
        raise ValueError("a column is a tag of more than 32 bits") from None
