"""The data sets of segmentations and structure sets among what a user passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapidicom._common.errors import DicomError, InvalidDicomError
from rapidicom._dataset.dataset import Dataset
from rapidicom._dataset.file_reading import dcmread
from rapidicom.sources.item import Item
from rapidicom.tables.table import scan
from rapidicom.volumes.files import files_of

__all__ = ["Opened", "data_set", "files_among", "kind_of", "label_objects", "naming"]

# SOP Class UIDs (PS3.4 §B.5).
_STRUCTURE_SETS = frozenset(("1.2.840.10008.5.1.4.1.1.481.3",))
_SEGMENTATIONS = frozenset(("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"))


@dataclass(frozen=True)
class Opened:
    """A label object that was opened.

    Attributes:
        name: What a report calls it: its path, the name given, or `<source 3>`.
        dataset: Its data set, ours.
        kind: `SEG` or `RTSTRUCT`.
    """

    name: str
    dataset: Dataset
    kind: str


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Say in errors which source they are about, where it has no path that says it.

    Args:
        name: What a report calls the source; nothing is said if it is empty.
    """
    try:
        yield
    except DicomError as error:
        if name and error.path is None:
            error.path = name
            text = str(error)
            error.args = (text if text.startswith(f"{name}: ") else f"{name}: {text}",)
        raise


def kind_of(sop_class_uid: object) -> str | None:
    """Return what objects of a SOP Class are: `SEG`, `RTSTRUCT` or `None` for all others."""
    uid = str(sop_class_uid)
    return "SEG" if uid in _SEGMENTATIONS else "RTSTRUCT" if uid in _STRUCTURE_SETS else None


def data_set(
    source: Any, *, force: bool = False, storage_options: Mapping[str, Any] | None = None
) -> Dataset:
    """Return the data set of one source; one of pydicom's as one of ours.

    Args:
        source: What `dcmread` takes, or a data set of ours or of pydicom's.
        force: As for `dcmread`.
        storage_options: Likewise.
    """
    if isinstance(source, Dataset):
        return source
    if _is_pydicoms(source):
        return _of_pydicom(source)
    return dcmread(source, force=force, storage_options=storage_options)


def label_objects(
    sources: Any,
    *,
    force: bool = False,
    needed: bool = True,
    storage_options: Mapping[str, Any] | None = None,
) -> list[Opened]:
    """Open the segmentations and structure sets among sources, in their order.

    Args:
        sources: What `find_series` takes: a path, a folder, a table, bytes, a binary file object, a
            data set of ours or of pydicom's, a mapping of names to sources, or an iterable of
            these. Objects of other kinds, such as the images, are left out.
        force: As for `dcmread`.
        needed: Whether it is an error if there is none.
        storage_options: As for `find_series`.

    Raises:
        InvalidDicomError: Nothing is a segmentation or a structure set, or a file that is named is
            not DICOM.
        OSError: A path does not exist or cannot be read.
    """
    found = []
    for part in _parts(sources, storage_options):
        for name, source in [part] if isinstance(part, tuple) else _among(part, force):
            with naming(name):
                dataset = data_set(source, force=force)
                kind = kind_of(getattr(dataset, "SOPClassUID", None))
            if kind is not None:
                found.append(Opened(name, dataset, kind))
    if not found and needed:
        raise InvalidDicomError("no segmentation and no structure set among the sources")
    return found


def files_among(sources: Any, storage_options: Mapping[str, Any] | None = None) -> list[str | Item]:
    """Return the sources that are no data sets, as files and items."""
    parts = _parts(sources, storage_options)
    return [file for part in parts if isinstance(part, list) for file in part]


def _parts(
    sources: Any, storage_options: Mapping[str, Any] | None
) -> Iterator[list[str | Item] | tuple[str, Any]]:
    """Yield each data set with its name, and the files and items between them."""
    if _is_dataset(sources):
        yield _name(sources, 0), sources
        return
    several = (
        list(sources.items()) if isinstance(sources, Mapping)
        else list(enumerate(sources)) if isinstance(sources, (list, tuple))
        else []
    )  # fmt: skip
    if not any(_is_dataset(source) for _, source in several):
        yield files_of(sources, storage_options, looks=True)
        return
    for key, source in several:
        if _is_dataset(source):
            yield key if isinstance(key, str) else _name(source, key), source
        elif isinstance(key, str) or isinstance(source, (bytes, bytearray, memoryview)):
            name = key if isinstance(key, str) else f"<source {key}>"
            yield files_of({name: source}, storage_options, looks=True)
        else:
            yield files_of([source], storage_options, looks=True)


def _name(dataset: Any, position: int) -> str:
    name = getattr(dataset, "filename", None)
    return name if isinstance(name, str) and name else f"<source {position}>"


def _among(files: list[str | Item], force: bool) -> Iterator[tuple[str, Any]]:
    """Yield the label objects among files, and in folders; one file is one, or an error."""
    if not files:
        return
    if len(files) == 1 and not (isinstance(files[0], str) and Path(files[0]).is_dir()):
        yield _name_of(files[0]), files[0]
        return
    every: Any = files
    table = scan(every, columns=["SOPClassUID"], force=force)
    named = {_name_of(file): file for file in files}
    for unreadable in table.errors:
        # Reading it raises why. What is damaged in a folder may be anything.
        if unreadable.path in named:
            data_set(named[unreadable.path], force=force)
            raise InvalidDicomError(str(unreadable), path=unreadable.path)
    for path, uid in zip(table["path"], table["SOPClassUID"], strict=True):
        if kind_of(uid) is not None:
            yield str(path), table.items.get(str(path), str(path))


def _name_of(file: str | Item) -> str:
    return file if isinstance(file, str) else file.name


def _is_dataset(source: Any) -> bool:
    return isinstance(source, Dataset) or _is_pydicoms(source)


def _is_pydicoms(source: Any) -> bool:
    return any(
        base.__module__ == "pydicom.dataset" and base.__name__ == "Dataset"
        for base in type(source).__mro__
    )


def _of_pydicom(source: Any) -> Dataset:
    # Written as it is in memory, so that all of ours reads the same bytes.
    from io import BytesIO

    target = BytesIO()
    if getattr(source, "file_meta", None):
        source.save_as(target, enforce_file_format=True)
    else:
        source.save_as(target, implicit_vr=False, little_endian=True)
    return dcmread(target.getvalue(), force=True)
