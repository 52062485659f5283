"""File-sets (PS3.10 §8): the files that a DICOMDIR lists in its directory records (PS3.3 §F).

Reading only: a File-set cannot be made or changed here.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rapidicom._common.errors import InvalidDicomError
from rapidicom._common.items import items
from rapidicom._common.not_offered import not_offered
from rapidicom._common.parsing import parsed
from rapidicom._common.tag import Tag
from rapidicom._dataset.dataset import Dataset
from rapidicom._dataset.file_reading import dcmread
from rapidicom._values.multi_value import MultiValue
from rapidicom._values.uid import ExplicitVRLittleEndian, generate_uid

if TYPE_CHECKING:
    from rapidicom._dataset.element import DataElement
    from rapidicom._values.uid import UID

__all__ = ["FileInstance", "FileSet", "RecordNode"]

_MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"

# The attribute that identifies a record of each type (PS3.3 §F.5).
_KEYS = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID"}

# Attributes of a file, and under which keyword its directory record repeats them (PS3.3 §F.3.2.2).
_OF_THE_FILE = {
    "SOPClassUID": "ReferencedSOPClassUIDInFile",
    "SOPInstanceUID": "ReferencedSOPInstanceUIDInFile",
    "TransferSyntaxUID": "ReferencedTransferSyntaxUIDInFile",
}


class RecordNode:
    """A directory record and those below it.

    Attributes:
        children: The records below, in the order of the DICOMDIR.
        instance: The file that the record refers to, or `None`.
        parent: The record above; `None` for the root.
    """

    __module__ = "rapidicom.fileset"

    def __init__(self, record: Dataset | None, parent: RecordNode | None = None) -> None:
        """Wrap a record; the root has none."""
        self._record = record
        self.parent = parent
        self.children: list[RecordNode] = []
        self.instance: FileInstance | None = None

    @property
    def record(self) -> Dataset:
        """The elements of the record; empty for the root."""
        return Dataset() if self._record is None else self._record

    @property
    def is_root(self) -> bool:
        """Whether all records are below this one."""
        return self._record is None

    @property
    def record_type(self) -> str:
        """Directory Record Type, e.g. `SERIES`; empty if the record has none."""
        return "ROOT" if self._record is None else str(self._record.get("DirectoryRecordType", ""))

    @property
    def key(self) -> str:
        """What identifies the record: Patient ID, or a UID of study, series or instance."""
        if self._record is None:
            return "ROOT"
        keyword = _KEYS.get(self.record_type, "ReferencedSOPInstanceUIDInFile")
        return str(self._record.get(keyword) or self._record.get("PrivateRecordUID") or "")

    @property
    def ancestors(self) -> list[RecordNode]:
        """The records above, the nearest first, without the root."""
        above = []
        node = self.parent
        while node is not None and not node.is_root:
            above.append(node)
            node = node.parent
        return above

    @property
    def depth(self) -> int:
        """How many records are above; -1 for the root."""
        return -1 if self.is_root else len(self.ancestors)

    @property
    def has_instance(self) -> bool:
        """Whether the record refers to a file."""
        return self.instance is not None

    def __iter__(self) -> Iterator[RecordNode]:
        """Yield this record, unless it is the root, then those below, parents first."""
        if not self.is_root:
            yield self
        for child in self.children:
            yield from child

    def __contains__(self, key: str | RecordNode) -> bool:
        name = key if isinstance(key, str) else key.key
        return any(child.key == name for child in self.children)

    def __getitem__(self, key: str | RecordNode) -> RecordNode:
        name = key if isinstance(key, str) else key.key
        for child in self.children:
            if child.key == name:
                return child
        raise KeyError("no such record below this one")

    def __str__(self) -> str:
        if self.is_root:
            return "ROOT"
        return f"{self.record_type}: {len(self.children)} record(s) below"


class FileInstance:
    """A file of a File-set, known from its directory record.

    Attributes and elements are those of the record, or of the records above it:
    `instance.PatientID`.
    """

    __module__ = "rapidicom.fileset"

    def __init__(self, node: RecordNode, file_set: FileSet) -> None:
        """Describe the file that a record refers to."""
        self.node = node
        self.file_set = file_set

    @property
    def FileID(self) -> str:
        """The file's path below the folder of the DICOMDIR, with this system's separators."""
        return os.fspath(Path(*_file_id(self.node.record)))

    @property
    def path(self) -> str:
        """The file's path."""
        return os.fspath(self.file_set.root_path / self.FileID)

    @property
    def is_private(self) -> bool:
        """Whether the record, or one above, is of a private kind."""
        return any(node.record_type == "PRIVATE" for node in (self.node, *self.node.ancestors))

    @property
    def is_staged(self) -> bool:
        """False: nothing can be changed here."""
        return False

    def load(self, *, force: bool = False) -> Dataset:
        """Read the file.

        Args:
            force: As for `dcmread`.
        """
        return dcmread(self.path, force=force)

    def _find(self, key: str | int) -> DataElement | None:
        tag = Tag(_OF_THE_FILE.get(key, key) if isinstance(key, str) else key)
        for node in (self.node, *self.node.ancestors):
            if tag in node.record:
                return node.record[tag]
        return None

    def __contains__(self, key: str | int) -> bool:
        try:
            return self._find(key) is not None
        except (TypeError, ValueError, OverflowError):
            return False

    def __getitem__(self, key: str | int) -> DataElement:
        element = self._find(key)
        if element is None:
            raise KeyError(key)
        return element

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self:
            return self[name].value
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __repr__(self) -> str:
        return f"<FileInstance {self.FileID}>"


class FileSet:
    """The files that a DICOMDIR lists: iterating goes through its `FileInstance` objects."""

    __module__ = "rapidicom.fileset"

    def __init__(self, ds: Dataset | str | os.PathLike[str] | None = None) -> None:
        """Read a DICOMDIR.

        Args:
            ds: Its data set, read from a path, or its path.

        Raises:
            ValueError: The file is not a DICOMDIR.
            FileNotFoundError: The DICOMDIR is not at the path that its data set was read from.
            TypeError: The data set was not read from a path.
        """
        if ds is None:
            not_offered("make a File-set", "pydicom.fileset.FileSet() does")
        self._instances: list[FileInstance] = []
        self._tree = RecordNode(None)
        self._dataset: Dataset
        self._root: Path
        self.load(ds)

    def load(
        self,
        ds_or_path: Dataset | str | os.PathLike[str],
        include_orphans: bool = True,
        raise_orphans: bool = False,
    ) -> None:
        """Read another DICOMDIR.

        Args:
            ds_or_path: As for the constructor.
            include_orphans: Whether to include files whose records no other record refers to.
            raise_orphans: Whether such records are an error.

        Raises:
            ValueError: As for the constructor, or `raise_orphans` is set and there is such a
                record.
        """
        ds = ds_or_path if isinstance(ds_or_path, Dataset) else _read(ds_or_path)
        if ds.file_meta.get("MediaStorageSOPClassUID") != _MEDIA_STORAGE_DIRECTORY:
            raise ValueError("the data set is not a 'Media Storage Directory' instance")
        if ds.filename is None:
            raise TypeError(
                "the files are found next to the DICOMDIR, but this one was not read from a path"
            )
        if ds.file_meta.get("TransferSyntaxUID") != ExplicitVRLittleEndian:
            warnings.warn(
                "a DICOMDIR must be Explicit VR Little Endian (PS3.10 §8.6), but this one is not",
                stacklevel=3,
            )
        self._root = Path(ds.filename).resolve(strict=True).parent
        self._dataset = ds
        self._tree = RecordNode(None)
        self._instances = []
        orphans = self._link(ds)
        for node in self._tree:
            self._add(node)
        if orphans and raise_orphans:
            raise ValueError(f"no other record refers to {len(orphans)} of the directory records")
        for node in orphans if include_orphans else ():
            self._add(node)

    def _link(self, ds: Dataset) -> list[RecordNode]:
        """Build the tree from the offsets in the records; return the records that are not in it."""
        nodes = {
            record.seq_item_tell: RecordNode(record)
            for record in items(ds, "DirectoryRecordSequence")
        }
        first = ds.get("OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity")
        waiting = [(self._tree, first)]
        while waiting:
            parent, offset = waiting.pop()
            # A record that has a place already is not entered again: offsets may run in circles.
            while offset and (node := nodes.pop(offset, None)) is not None:
                node.parent = parent
                parent.children.append(node)
                waiting.append(
                    (node, node.record.get("OffsetOfReferencedLowerLevelDirectoryEntity"))
                )
                offset = node.record.get("OffsetOfTheNextDirectoryRecord")
        return list(nodes.values())

    def _add(self, node: RecordNode) -> None:
        if not node.record.get("ReferencedFileID"):
            return
        instance = FileInstance(node, self)
        # What the operating system refuses, such as a name too long, does not exist; its error
        # would show the File ID.
        refused = (OSError, ValueError, RuntimeError)
        path = parsed((self._root / instance.FileID).resolve, errors=refused)
        if path is not None and not path.is_relative_to(self._root):
            raise InvalidDicomError(
                "a directory record refers to a file outside of the File-set",
                tag=node.record["ReferencedFileID"].tag,
                offset=node.record.seq_item_tell,
            )
        if path is None or not parsed(path.exists, errors=refused):
            offset = node.record.seq_item_tell
            warnings.warn(
                f"the file that the directory record at byte {offset:#x} refers to does not exist",
                stacklevel=4,
            )
            return
        node.instance = instance
        self._instances.append(instance)

    # Its files

    def __iter__(self) -> Iterator[FileInstance]:
        yield from self._instances

    def __len__(self) -> int:
        return len(self._instances)

    def find(self, load: bool = False, **kwargs: Any) -> list[FileInstance]:
        """Return the files whose attributes have these values.

        Args:
            load: Whether to search the files themselves instead of their directory records.
            kwargs: Values by keyword.
        """
        found = []
        for instance in self:
            source: Any = instance.load() if load else instance
            if all(
                keyword in source and source[keyword].value == value
                for keyword, value in kwargs.items()
            ):
                found.append(instance)
        return found

    def find_values(
        self,
        elements: str | int | list[str | int],
        instances: list[FileInstance] | None = None,
        load: bool = False,
    ) -> Any:
        """Return the distinct values of an element in the files.

        Args:
            elements: A keyword or tag, or several.
            instances: The files; all of them by default.
            load: As for `find`.

        Returns:
            The values in the order found; a dictionary of them by element if `elements` is a list.
        """
        wanted = elements if isinstance(elements, list) else [elements]
        found: dict[str | int, list[Any]] = {element: [] for element in wanted}
        for instance in self if instances is None else instances:
            source: Any = instance.load() if load else instance
            for element, values in found.items():
                if element in source and (value := source[element].value) not in values:
                    values.append(value)
        return found if isinstance(elements, list) else found[elements]

    # Its attributes

    @property
    def ID(self) -> str | None:
        """File-set ID."""
        return self._dataset.get("FileSetID") or None

    @property
    def UID(self) -> UID:
        """The UID of the File-set: the DICOMDIR's SOP Instance UID, made anew if it has none."""
        meta = self._dataset.file_meta
        if not meta.get("MediaStorageSOPInstanceUID"):
            meta.MediaStorageSOPInstanceUID = generate_uid()
        uid: UID = meta.MediaStorageSOPInstanceUID
        return uid

    @property
    def descriptor_file_id(self) -> str | MultiValue[str] | None:
        """File-set Descriptor File ID."""
        return self._dataset.get("FileSetDescriptorFileID") or None

    @property
    def descriptor_character_set(self) -> str | None:
        """Specific Character Set of File-set Descriptor File."""
        return self._dataset.get("SpecificCharacterSetOfFileSetDescriptorFile") or None

    @property
    def path(self) -> str:
        """The folder of the DICOMDIR."""
        return os.fspath(self._root)

    @property
    def root_path(self) -> Path:
        """The folder of the DICOMDIR."""
        return self._root

    @property
    def is_staged(self) -> bool:
        """False: nothing can be changed here."""
        return False

    def __str__(self) -> str:
        lines = [
            f"DICOM File-set of {len(self)} file(s) "
            f"in {len(self._tree.children)} record(s) at the top"
        ]
        lines += [f"{'  ' * (node.depth + 1)}{node}" for node in self._tree if node.children]
        return "\n".join(lines)

    # Changes, which are refused

    def _refuse(self, *_arguments: Any, **_keywords: Any) -> Any:
        not_offered("change File-sets", "pydicom.fileset.FileSet does")

    add = add_custom = clear = copy = remove = write = _refuse


def _read(path: str | os.PathLike[str]) -> Dataset:
    try:
        return dcmread(path)
    except InvalidDicomError as error:
        if error.hint is None or "force=True" not in error.hint:
            raise
        hint = "Pass the data set of dcmread with force=True instead of the path."
        message = str(error).replace(error.hint, hint)
        raise InvalidDicomError(message, path=error.path, hint=hint) from None


def _file_id(record: Dataset) -> list[str]:
    value = record.ReferencedFileID
    return [str(part) for part in value] if isinstance(value, MultiValue) else [str(value)]
