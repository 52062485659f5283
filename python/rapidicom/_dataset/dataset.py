"""Data sets (PS3.5 §7): the attributes of an image or another object, read like pydicom's.

Attribute access, item access by tag or keyword, `in`, `len`, iteration, `get`, copying and pickling
are native (`_core.Dataset`); this module adds conveniences.
"""

from __future__ import annotations

import copy
import io
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rapidicom import _core
from rapidicom._common.extras import required
from rapidicom._common.pydicom_types import byte_stream
from rapidicom._common.tag import Tag
from rapidicom._dataset.element import DataElement
from rapidicom._dataset.pixel_access import PixelAccess
from rapidicom._dataset.printing import ELEMENT_FORMAT, ElementFields, dataset_text
from rapidicom._dataset.private_access import PrivateAccess
from rapidicom._dataset.writing import Writing
from rapidicom._values.dictionary import keyword_for_tag

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    import numpy.typing as npt
    import pydicom

    from rapidicom._common.tag import TagType
    from rapidicom._dataset.keywords import Keywords
    from rapidicom._values.sequence import Sequence

    class TypedAttributes(Keywords[Sequence["Dataset"]]):
        """The types of attributes, by keyword, are in a stub."""
else:
    TypedAttributes = object

__all__ = ["Dataset", "FileDataset", "FileMetaDataset"]


class Dataset(PixelAccess, PrivateAccess, Writing, TypedAttributes):
    """Data elements by tag and, as attributes, by keyword.

    Attributes:
        indent_chars: What `print` puts before the elements of an item, once for each level.
        default_element_format: What `formatted_lines` uses.
        default_sequence_element_format: The same for sequences.

    Examples:
        >>> ds = rd.dcmread("tests/data/brain-mr/0001.dcm")
        >>> ds.PixelSpacing
        [3.0000, 3.0000]
        >>> "WindowCenter" in ds, ds.get("PatientSpeciesDescription", "none")
        (True, 'none')

        Elements by keyword or tag, and all of them in tag order:

        >>> print(ds["Modality"])
        (0008,0060) Modality                            CS: 'MR'
        >>> ds[0x0028, 0x0010].value
        80
        >>> [element.keyword for element in ds][:2]
        ['ImageType', 'InstanceCreationDate']

        Values can be changed in memory; pydicom writes files, if it is installed:

        >>> import io
        >>> ds.PatientID = "anonymous"
        >>> file = io.BytesIO()
        >>> ds.save_as(file)
        >>> rd.dcmread(file.getvalue()).PatientID
        'anonymous'
    """

    __module__ = "rapidicom.dataset"

    indent_chars = "   "
    default_element_format = ELEMENT_FORMAT
    default_sequence_element_format = ELEMENT_FORMAT

    @property
    def fileobj_type(self) -> Any:
        """What the file was opened with: a class, if it was a file object."""
        own = self.__dict__
        if "_fileobj_type" not in own and self._inflated() is not None:
            return type(self.buffer)
        return own.get("_fileobj_type", open)

    @fileobj_type.setter
    def fileobj_type(self, kind: Any) -> None:
        self.__dict__["_fileobj_type"] = kind

    def __init__(
        self, other: Dataset | Mapping[Any, Any] | None = None, *of_a_file: Any, **of_files: Any
    ) -> None:
        """Make a data set in memory.

        Args:
            other: Elements to start with: a data set, or elements by tag or values by keyword. If
                more arguments follow, the path or the file object of pydicom's `FileDataset`.
            of_a_file: pydicom's further arguments for the data set of a file: `dataset` (elements
                to start with), `preamble`, `file_meta`, `is_implicit_VR` and `is_little_endian`.
            of_files: The same by name; `parent_encoding` has no effect.

        Raises:
            TypeError: An argument is none of these, or of another type.
        """
        of_files.pop("parent_encoding", None)
        if "filename_or_obj" in of_files:
            other = of_files.pop("filename_or_obj")
            _start_file(self, other, *of_a_file, **of_files)
        elif of_a_file or of_files:
            _start_file(self, other, *of_a_file, **of_files)
        elif other is not None:
            self.update(other)

    if TYPE_CHECKING:
        # Native, but of a class of the package.
        @property
        def file_meta(self) -> FileMetaDataset: ...
        @file_meta.setter
        def file_meta(self, meta: _core.Dataset | None) -> None: ...
        @file_meta.deleter
        def file_meta(self) -> None: ...

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = super().__deepcopy__(memo)
        file = self.buffer
        if file is not None:
            _copy_buffer(file, copied, memo)
        return copied

    # Comparison

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        if not isinstance(other, type(self)):
            return NotImplemented
        tags = self.tags()
        return tags == other.tags() and all(self[tag] == other[tag] for tag in tags)

    # Mutable, so not hashable.
    __hash__ = None  # type: ignore[assignment]

    # Going through elements

    def iterall(self) -> Iterator[DataElement]:
        """Yield the elements in tag order, each sequence followed by the elements of its items."""
        for element in self:
            yield element
            if element.VR == "SQ":
                for item in element._items():
                    yield from item.iterall()

    def walk(
        self, callback: Callable[[Dataset, DataElement], None], recursive: bool = True
    ) -> None:
        """Call a function with every element and the data set that it is in.

        Args:
            callback: It may change or delete the element that it is called with.
            recursive: Whether to visit items of sequences too.

        Examples:
            >>> ds = rd.dcmread("tests/data/files/CT_small.dcm")
            >>> def blank_names(dataset, element):
            ...     if element.VR == "PN":
            ...         element.value = ""
            >>> ds.walk(blank_names)
            >>> ds.PatientName
            ''
        """
        for tag in self.tags():
            element = self[tag]
            callback(self, element)
            if recursive and tag in self:
                for item in element._items():
                    item.walk(callback)

    # Names

    def dir(self, *filters: str) -> list[str]:
        """Return the keywords of the elements, sorted.

        Args:
            filters: Only keywords that contain one of these, ignoring case.
        """
        keywords = sorted(filter(None, map(keyword_for_tag, self.tags())))
        if not filters:
            return keywords
        wanted = [part.lower() for part in filters]
        return sorted(
            {keyword for keyword in keywords if any(part in keyword.lower() for part in wanted)}
        )

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.dir()})

    def trait_names(self) -> list[str]:
        """Return what IPython offers for completion."""
        return self.__dir__()

    # Text

    def __str__(self) -> str:
        return dataset_text(self)

    __repr__ = __str__

    def top(self) -> str:
        """Return the text of the data set without the items of sequences."""
        return dataset_text(self, top_level_only=True)

    def formatted_lines(
        self,
        element_format: str = default_element_format,
        sequence_element_format: str = default_sequence_element_format,
        indent_format: str | None = None,
    ) -> Iterator[str]:
        """Yield a line for each element, those of items too.

        Args:
            element_format: A `%` format with the attributes of `DataElement` as fields.
            sequence_element_format: The same for sequences.
            indent_format: Ignored, as in pydicom.
        """
        del indent_format
        for element in self.iterall():
            yield (
                sequence_element_format if element.VR == "SQ" else element_format
            ) % ElementFields(element)

    # JSON

    def to_json_dict(
        self,
        bulk_data_threshold: int = 1024,
        bulk_data_element_handler: Callable[[DataElement], str] | None = None,
        suppress_invalid_tags: bool = False,
    ) -> dict[str, Any]:
        """Return the data set in the DICOM JSON Model (PS3.18 §F).

        Args:
            bulk_data_threshold: Values of more base64 characters than this go to the handler, if
                one is given.
            bulk_data_element_handler: Returns the URI at which the bytes of a large element can be
                fetched.
            suppress_invalid_tags: Whether to leave out, and log, elements whose values cannot be
                read.
        """
        from rapidicom._dataset.json_model import dataset_to_json

        handler = bulk_data_element_handler
        return dataset_to_json(
            self, handler, bulk_data_threshold, skip_invalid=suppress_invalid_tags
        )

    def to_json(
        self,
        bulk_data_threshold: int = 1024,
        bulk_data_element_handler: Callable[[DataElement], str] | None = None,
        dump_handler: Callable[[dict[str, Any]], str] | None = None,
        suppress_invalid_tags: bool = False,
    ) -> str:
        """Return the text of `to_json_dict`.

        Args:
            bulk_data_threshold: As for `to_json_dict`.
            bulk_data_element_handler: As for `to_json_dict`.
            dump_handler: Turns the dictionary into text; by default `json.dumps` with sorted keys.
            suppress_invalid_tags: As for `to_json_dict`.
        """
        from rapidicom._dataset.json_model import dump

        model = self.to_json_dict(
            bulk_data_threshold, bulk_data_element_handler, suppress_invalid_tags
        )
        return (dump_handler or dump)(model)

    @classmethod
    def from_json(
        cls,
        json_dataset: dict[str, Any] | str | bytes | bytearray,
        bulk_data_uri_handler: Callable[..., Any] | None = None,
    ) -> Self:
        """Make a data set from the DICOM JSON Model (PS3.18 §F).

        Args:
            json_dataset: The model, or its text.
            bulk_data_uri_handler: Returns the value at a URI, given tag, VR and URI, or the URI
                alone.

        Raises:
            KeyError: An element has no VR.
            ValueError: A value does not fit its VR.
        """
        import json

        from rapidicom._dataset.json_model import dataset_from_json

        model = json_dataset if isinstance(json_dataset, dict) else json.loads(json_dataset)
        return dataset_from_json(cls, model, bulk_data_uri_handler)  # type: ignore[return-value]  # it is made by cls

    # The file

    @property
    def original_character_set(self) -> str | list[str]:
        """Python's names of the encodings of its text."""
        from rapidicom._values.encodings import convert_encodings, default_encoding

        terms = self.specific_character_set
        return default_encoding if terms == ("",) else convert_encodings(terms)

    @property
    def filename(self) -> Any:
        """The path as it was given, or the name of the file object; it can be set."""
        return self.__dict__["_filename"] if "_filename" in self.__dict__ else super().filename

    @filename.setter
    def filename(self, name: Any) -> None:
        self.__dict__["_filename"] = name

    @property
    def buffer(self) -> Any:
        """The nameless file object that was read, as long as other code keeps it alive.

        Nothing is read from it later, and it is not kept alive. Of a deflated data set, a file
        object with the bytes that were inflated, made when it is asked for.
        """
        own = self.__dict__
        if "_buffer" not in own and (inflated := self._inflated()) is not None:
            self.buffer = byte_stream(inflated)
        reference = own.get("_buffer")
        return None if reference is None else reference()

    @buffer.setter
    def buffer(self, file: Any) -> None:
        self.__dict__["_buffer"] = None if file is None else lambda: file

    @property
    def preamble(self) -> bytes | None:
        """The 128 bytes before the prefix `DICM`, or what was set for `save_as`."""
        own = self.__dict__
        return own["_preamble"] if "_preamble" in own else super().preamble

    @preamble.setter
    def preamble(self, preamble: bytes | None) -> None:
        self.__dict__["_preamble"] = preamble

    @property
    def is_implicit_VR(self) -> bool | None:
        """Whether elements carry no VR, in the file or as set for `save_as`."""
        own = self.__dict__
        return own["_is_implicit_VR"] if "_is_implicit_VR" in own else super().is_implicit_VR

    @is_implicit_VR.setter
    def is_implicit_VR(self, is_implicit: bool | None) -> None:
        self.__dict__["_is_implicit_VR"] = is_implicit

    @property
    def is_little_endian(self) -> bool | None:
        """Whether numbers are little endian, in the file or as set for `save_as`."""
        own = self.__dict__
        return own["_is_little_endian"] if "_is_little_endian" in own else super().is_little_endian

    @is_little_endian.setter
    def is_little_endian(self, is_little: bool | None) -> None:
        self.__dict__["_is_little_endian"] = is_little

    @property
    def original_encoding(self) -> tuple[bool | None, bool | None]:
        """Whether VRs are implicit, and whether bytes are little endian; `None` without a file."""
        return super().is_implicit_VR, super().is_little_endian

    @property
    def is_original_encoding(self) -> bool:
        """Whether `save_as` would encode as the file was, characters included."""
        from rapidicom._values.encodings import convert_encodings, default_encoding

        named = self.get("SpecificCharacterSet")
        encodings = convert_encodings(named) if named else default_encoding
        own = [encodings] if isinstance(encodings, str) else list(encodings)
        read = self.original_character_set
        return self.original_encoding == (self.is_implicit_VR, self.is_little_endian) and own == (
            [read] if isinstance(read, str) else list(read)
        )

    @property
    def read_implicit_vr(self) -> bool | None:
        """Whether the elements of the file carry no VR."""
        return super().is_implicit_VR

    @property
    def read_little_endian(self) -> bool | None:
        """Whether numbers in the file are little endian."""
        return super().is_little_endian

    @property
    def read_encoding(self) -> str | list[str]:
        """Python's names of the encodings of its text, as `original_character_set`."""
        return self.original_character_set

    @property
    def timestamp(self) -> float | None:
        """When the file was changed last before it was read, in seconds since 1970."""
        return self.__dict__.get("_timestamp", self.modified)

    @timestamp.setter
    def timestamp(self, seconds: float | None) -> None:
        self.__dict__["_timestamp"] = seconds

    def ensure_file_meta(self) -> None:
        """Add empty File Meta Information if it is absent."""
        if getattr(self, "file_meta", None) is None:
            self.file_meta = FileMetaDataset()

    def decode(self) -> None:
        """Do nothing, for code written for pydicom: text is decoded on access."""

    def waveform_array(self, index: int) -> npt.NDArray[Any]:
        """Return the samples of a multiplex group as numbers with a unit (PS3.3 §C.10.9).

        Args:
            index: The group: which item of Waveform Sequence (5400,0100), from 0.

        Returns:
            Shape (sample, channel), float64, in the unit of each channel.

        Raises:
            AttributeError: The data set has no waveform, or the group lacks an attribute that
                describes it.
            InvalidDicomError: The attributes contradict the samples or one another.
            UnsupportedError: The samples are of a kind that cannot be read yet.
            IndexError: No group has this index.
        """
        from rapidicom._dataset.waveforms import multiplex_array

        return multiplex_array(self, index, as_raw=False)

    def overlay_array(self, group: int) -> npt.NDArray[Any]:
        """Return an overlay plane: which pixels are drawn over (PS3.3 §C.9.2).

        Args:
            group: Its group, an even number from 0x6000 to 0x60FF.

        Returns:
            0 and 1, uint8, shape ([frame,] row, column).

        Raises:
            AttributeError: The group has no overlay.
            InvalidDicomError: Its attributes contradict each other, or its bits are missing.
            UnsupportedError: It is in the bits of pixels that cannot be read yet.
            ValueError: The group is not one of overlays.
        """
        from rapidicom.pixels.overlay_planes import overlay_array

        return overlay_array(self, group)

    def to_pydicom(self) -> pydicom.FileDataset:
        """Return the same data set as pydicom's class, changes included.

        Raises:
            ImportError: pydicom is not installed.

        Examples:
            >>> theirs = rd.dcmread("tests/data/files/CT_small.dcm").to_pydicom()
            >>> type(theirs).__module__, theirs.Modality
            ('pydicom.dataset', 'CT')
        """
        required("pydicom", "Dataset.to_pydicom")
        from rapidicom.integrations.pydicom_dataset import to_pydicom

        return to_pydicom(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None


def _copy_buffer(file: Any, target: Dataset, memo: dict[int, Any]) -> None:
    """Give a copy of a data set a copy of the file object that was read, as pydicom does."""
    try:
        target.buffer = copy.deepcopy(file, memo)
    except Exception as error:  # whatever a file object raises
        warnings.warn(
            f"The {type(error).__name__} exception '{error}' occurred trying to deepcopy the "
            "buffer-like the dataset was read from, the 'buffer' attribute will be set to 'None' "
            "in the copied object",
            stacklevel=3,
        )
        target.buffer = None


def _start_file(
    target: Dataset,
    filename_or_obj: Any,
    dataset: Dataset | Mapping[Any, Any],
    preamble: bytes | None = None,
    file_meta: Dataset | None = None,
    is_implicit_VR: bool = True,
    is_little_endian: bool = True,
) -> None:
    """Do what pydicom's `FileDataset` does with its arguments."""
    target.update(dataset)
    target.preamble = preamble
    target.file_meta = file_meta if file_meta is not None else FileMetaDataset()
    target.is_implicit_VR, target.is_little_endian = is_implicit_VR, is_little_endian
    if isinstance(filename_or_obj, (str, os.PathLike)):
        target.filename = os.fspath(filename_or_obj)
        return
    if not isinstance(filename_or_obj, io.BufferedReader):
        target.buffer = filename_or_obj
        target.fileobj_type = type(filename_or_obj)
    name = getattr(filename_or_obj, "name", None) or getattr(filename_or_obj, "filename", None)
    target.filename = name


# pydicom's name; here both are one class.
FileDataset = Dataset


class FileMetaDataset(Dataset):
    """The File Meta Information of a file, or of a data set in memory."""

    __module__ = "rapidicom.dataset"

    def __init__(self, other: Dataset | Mapping[Any, Any] | None = None) -> None:
        """Make File Meta Information in memory.

        Args:
            other: As for `Dataset`.

        Raises:
            TypeError: `other` is neither a data set nor a mapping.
            ValueError: `other` has an element outside group 0002.
        """
        if not (other is None or isinstance(other, (_core.Dataset, Mapping))):
            kind = type(other).__name__
            raise TypeError(
                f"File Meta Information is a Dataset, or made of a mapping, not '{kind}'"
            )
        super().__init__(other)

    def __setitem__(self, key: TagType, element: DataElement) -> None:  # type: ignore[override]  # of the package
        _check_group(Tag(key))
        super().__setitem__(key, element)

    def __setattr__(self, name: str, value: object) -> None:
        tag = _core.keyword_tag(name)
        if tag is not None:
            _check_group(Tag(tag))
        super().__setattr__(name, value)


def _check_group(tag: Any) -> None:
    if tag.group != 2:
        raise ValueError(f"{tag} cannot be in File Meta Information, which has only group 0002")
