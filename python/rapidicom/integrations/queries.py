"""What searches of a PACS ask for and answer, by DICOMweb and by DIMSE (PS3.4 §C, PS3.18 §8, §F).

No message shows what a search has to match, but for UIDs.
"""

from __future__ import annotations

import errno
import itertools
import re
from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from rapidicom._common.tag import Tag
from rapidicom._dataset.dataset import Dataset
from rapidicom._values.dictionary import tag_for_keyword
from rapidicom.integrations.query_headers import frame_file, header_of, without_bulk
from rapidicom.sources.item import Item
from rapidicom.tables.table import DEFAULT_COLUMNS, Table, scan

if TYPE_CHECKING:
    import pydicom
    from numpy.typing import NDArray

    Column: TypeAlias = str | int | tuple[int, int]

__all__ = [
    "SERIES_COLUMNS",
    "STUDY_COLUMNS",
    "Level",
    "checked",
    "column_names",
    "dataset_of",
    "is_uid",
    "nothing_found",
    "pixels_of",
    "table_of",
    "tags_of_columns",
    "text_of",
    "uid_filters",
    "unique",
]

Level: TypeAlias = Literal["study", "series", "instance"]

#: What a row of a study has by default.
STUDY_COLUMNS = (
    "StudyInstanceUID", "PatientID", "StudyDate", "StudyTime", "StudyDescription",
    "ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
)  # fmt: skip
#: What a row of a series has by default.
SERIES_COLUMNS = (
    "StudyInstanceUID", "SeriesInstanceUID", "PatientID", "StudyDate", "Modality", "SeriesNumber",
    "SeriesDescription", "NumberOfSeriesRelatedInstances",
)  # fmt: skip
_COLUMNS = {"study": STUDY_COLUMNS, "series": SERIES_COLUMNS, "instance": DEFAULT_COLUMNS}

# Of an instance that a server has in one way only; what it would send in another is no header's.
_TRANSFER_SYNTAX, _AVAILABLE_SYNTAXES = "00020010", "00083002"

# Of media types without a parameter that says it (PS3.18 §8.7.3.3.2).
_SYNTAXES = {
    "image/jpeg": "1.2.840.10008.1.2.4.70",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
    "image/jls": "1.2.840.10008.1.2.4.80",
    "image/jp2": "1.2.840.10008.1.2.4.90",
    "image/jph": "1.2.840.10008.1.2.4.201",
    "image/jphc": "1.2.840.10008.1.2.4.201",
    "image/jxl": "1.2.840.10008.1.2.4.110",
}
_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_NATIVE = frozenset(("1.2.840.10008.1.2", _EXPLICIT_LITTLE, "1.2.840.10008.1.2.2"))


def column_names(columns: Iterable[Column] | str | None, level: Level) -> list[Column]:
    """Return the columns of a table, those of its level by default.

    Raises:
        ValueError: There is no such level.
    """
    if level not in _COLUMNS:
        raise ValueError(f"level must be 'study', 'series' or 'instance', not {level!r}")
    if columns is None:
        return [*_COLUMNS[level]]
    return [columns] if isinstance(columns, str) else [*columns]


def tags_of_columns(columns: Iterable[Column]) -> list[str]:
    """Return the tags of columns, each as eight digits; of paths into sequences, the sequence's.

    What no search returns is left out: File Meta Information.
    """
    tags: dict[str, None] = {}
    for column in columns:
        first = re.split(r"[.\[]", column)[0] if isinstance(column, str) else column
        tag = f"{int(Tag(first)):08X}"
        tags[_AVAILABLE_SYNTAXES if tag == _TRANSFER_SYNTAX else tag] = None
    return [tag for tag in tags if not tag.startswith("0002")]


def checked(filters: Mapping[str, Any]) -> dict[str, str]:
    """Return what has to match, by keyword, as the text of a query.

    Raises:
        ValueError: A name is no keyword.
        TypeError: A value is neither text nor a number nor several of them.
    """
    texts = {}
    for keyword, value in filters.items():
        if tag_for_keyword(keyword) is None:
            # What was meant for another place can be anything.
            raise ValueError("a filter is not a keyword of the standard: see its spelling")
        if isinstance(value, (list, tuple, set, frozenset)):
            values = [_text(one, keyword) for one in value]
        else:
            values = [_text(value, keyword)]
        texts[keyword] = ",".join(values)
    return texts


def _text(value: object, keyword: str) -> str:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    kind = type(value).__name__
    raise TypeError(f"{keyword} has to match text or a number, not {kind}")


def uid_filters(series_uid: str | None, study_uid: str | None) -> dict[str, str]:
    """Return what has to match by the UIDs that are given."""
    uids = {"SeriesInstanceUID": series_uid, "StudyInstanceUID": study_uid}
    return {keyword: str(uid) for keyword, uid in uids.items() if uid is not None}


def is_uid(text: str) -> bool:
    """Whether a text is one UID, and no list or pattern (PS3.5 §9.1)."""
    return len(text) <= 64 and re.fullmatch(r"[0-9]+(\.[0-9]+)+", text, re.ASCII) is not None


def nothing_found(where: str, filters: Mapping[str, Any]) -> OSError:
    """Return the error of a search that found nothing; of what it asked for it names UIDs alone."""
    uids = [text for text in map(str, filters.values()) if is_uid(text)]
    if uids:
        return FileNotFoundError(errno.ENOENT, f"nothing here has the UID {uids[-1]}", where)
    return FileNotFoundError(errno.ENOENT, "nothing matches the search", where)


def unique(name: str, names: Container[str]) -> str:
    """Return a name that none of `names` is: without a UID, several are alike."""
    numbered = (f"{name}#{number}" for number in itertools.count(1))
    return name if name not in names else next(one for one in numbered if one not in names)


def text_of(model: Mapping[str, Any], tag: str) -> str:
    """Return the first value of an element of the DICOM JSON Model as text; empty without one."""
    element = model.get(tag)
    values = element.get("Value") if isinstance(element, Mapping) else None
    value = values[0] if isinstance(values, list) and values else ""
    return value if isinstance(value, str) else ""


def dataset_of(model: Mapping[str, Any]) -> Dataset:
    """Return the data set of a DICOM JSON Model without what is not in the model itself: bulk data.

    Raises:
        ValueError: A value does not fit its VR.
    """
    model = without_bulk(model)
    meta = {tag: model.pop(tag) for tag in [*model] if tag.startswith("0002")}
    syntaxes = model.get(_AVAILABLE_SYNTAXES, {}).get("Value", [])
    if _TRANSFER_SYNTAX not in meta and len(syntaxes) == 1:
        meta[_TRANSFER_SYNTAX] = {"vr": "UI", "Value": syntaxes}
    dataset = Dataset.from_json(model)
    if meta:
        from rapidicom._dataset.dataset import FileMetaDataset

        dataset.file_meta = FileMetaDataset(Dataset.from_json(meta))
    return dataset


def table_of(
    found: Mapping[str, Mapping[str, Any] | pydicom.Dataset],
    columns: list[Column],
    items: Mapping[str, Item],
    workers: int | None = None,
) -> Table:
    """Return the table of what a search found.

    Args:
        found: The answers, by the names of what they describe.
        columns: The columns.
        items: The files of what is one, by the same names, for functions that take the table.
        workers: Threads.
    """
    tags = tags_of_columns(columns)
    headers = {name: header_of(one, tags) for name, one in found.items()}
    table = scan(headers, columns, force=True, workers=workers)
    table.items = dict(items)
    return table


def pixels_of(model: Mapping[str, Any], data: bytes, media_type: str, raw: bool) -> NDArray[Any]:
    """Return the pixels of one frame.

    Args:
        model: The data set of its instance.
        data: The frame.
        media_type: Of the frame, which says how it is encoded.
        raw: As for `rapidicom.pixel_array`.
    """
    from rapidicom.pixels.reading import pixel_array

    said = re.search(r'transfer-syntax="?([0-9.]+)', media_type)
    kind = media_type.partition(";")[0].strip().lower()
    syntax = said[1] if said else _SYNTAXES.get(kind, _EXPLICIT_LITTLE)
    if syntax in _NATIVE:
        # Native frames come in little endian.
        return pixel_array(frame_file(model, data, _EXPLICIT_LITTLE, is_native=True), raw=raw)
    return pixel_array(frame_file(model, data, syntax, is_native=False), raw=raw)
