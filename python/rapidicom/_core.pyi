"""The native module and its documentation.

The package is what users see of it: `Dataset` and `DataElement` are the bases of its classes of
these names.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self, TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import disjoint_base

__all__ = [
    "Arena",
    "Arrived",
    "Batch",
    "Contours",
    "DataElement",
    "Dataset",
    "FoundSeries",
    "Index",
    "Issue",
    "LeadingAxis",
    "Lookup",
    "PixelReader",
    "PlacedContours",
    "SegmentationFrames",
    "SeriesPlan",
    "Slices",
    "Table",
    "Tolerances",
    "__version__",
    "_rebuild_dataset",
    "_rebuild_element",
    "_rebuild_stored_element",
    "_rebuild_table",
    "column_names",
    "copy_reordered",
    "crc32",
    "decode_frame",
    "decode_text",
    "decode_value",
    "default_tolerances",
    "dictionary_entry",
    "draw_contours",
    "file_state",
    "fill_between",
    "find_series",
    "is_repeater_keyword",
    "keyword_tag",
    "keyword_uid",
    "keywords",
    "lut_descriptor",
    "lut_entries",
    "lut_words",
    "new_dataset",
    "new_file_meta",
    "palette_entries",
    "pixels_dataset",
    "place_contours",
    "place_frames",
    "private_entries",
    "private_entry",
    "pydicom_attribute",
    "read_bytes",
    "read_contours",
    "read_elements",
    "read_item",
    "read_path",
    "read_segmentation_frames",
    "read_slice_headers",
    "read_stream",
    "resample",
    "round_to_bfloat16",
    "same_contours",
    "scan",
    "scan_again",
    "similar_keyword",
    "take_index",
    "transfer_syntaxes",
    "uid_entry",
    "use_classes",
    "use_lookup",
    "use_pydicom",
]
__version__: str

# A name of an element: a tag, a pair of group and element number, or a keyword.
_Key: TypeAlias = int | str | tuple[int, int]
_Region: TypeAlias = tuple[str, int, int, int | None, tuple[int, int, int, int] | None]
_Native: TypeAlias = tuple[
    str,
    bytes | None,
    _Region | None,
    bool,
    tuple[object, int | None, bool, Arrived | None] | None,
    tuple[int, int, int, int] | None,
]
_Source: TypeAlias = str | _Native
# Tag, VR as written, Value Length, Value Field and its offset.
_RawElement: TypeAlias = tuple[int, str | None, int, bytes | None, int]

def use_classes(classes: dict[str, Any]) -> None:
    """Take the package's classes, of which native code makes instances; later calls do nothing."""

# The registries.

def dictionary_entry(tag: int) -> tuple[str, str, str, bool, str] | None:
    """Return `(VR, VM, name, is_retired, keyword)` of a registered element or repeating group."""

def is_repeater_keyword(keyword: str) -> bool:
    """Return whether a keyword is that of a repeating group."""

def keyword_tag(keyword: str) -> int | None:
    """Return the tag that a keyword names; `None` if unknown, or of a repeating group."""

def keyword_uid(keyword: str) -> str | None:
    """Return the registered UID that a keyword names."""

def similar_keyword(text: str) -> str | None:
    """Return the keyword that is most like a text that is none, if one is."""

def keywords() -> list[str]:
    """Return every keyword that names a tag, sorted."""

def private_entries() -> list[tuple[str, str, tuple[str, str, str, str]]]:
    """Return creator, pattern of the tag, and VR, VM, name and `Retired` or nothing, of all."""

def private_entry(creator: str, tag: int) -> tuple[str, str, str, bool] | None:
    """Return `(VR, VM, name, is_retired)` of a private element that its vendor documents."""

def uid_entry(uid: str) -> tuple[str, str, str, bool, str] | None:
    """Return `(name, type, info, is_retired, keyword)` of a registered UID."""

# One file.

@disjoint_base
class DataElement:
    """A tag, a VR and a value, which is decoded on first access."""

    def __new__(
        cls,
        tag: _Key,
        VR: str | None = None,
        value: object = None,
        file_value_tell: int | None = None,
        is_undefined_length: bool = False,
        already_converted: bool = False,
        validation_mode: int | None = None,
        *,
        file_tell: int | None = None,
        private_creator: str | None = None,
    ) -> Self:
        """Make an element; the value is converted to its VR's type unless `already_converted`."""

    @property
    def tag(self) -> Any:
        """The tag, a `BaseTag`."""

    @tag.setter
    def tag(self, tag: _Key) -> None: ...
    @property
    def VR(self) -> str:
        """The VR; a choice of several, e.g. `US or SS`, until something decides it."""

    @VR.setter
    def VR(self, vr: str) -> None: ...
    @property
    def value(self) -> Any:
        """The value. Setting it converts to the type of the VR."""

    @value.setter
    def value(self, value: object) -> None: ...
    def _value_or_bytes(self) -> Any:
        """Return the value, or the bytes of one that cannot be decoded."""

    @property
    def value_length(self) -> int | None:
        """Bytes of the value field in the file; `None` if the value was set."""

    @property
    def keyword(self) -> str:
        """The keyword; empty if the tag is not registered."""

    @property
    def name(self) -> str:
        """The registered name; that of a known private element in brackets."""

    @property
    def VM(self) -> int:
        """The number of values; 1 for a sequence."""

    @property
    def is_private(self) -> bool:
        """Whether the group number is odd."""

    @property
    def private_creator(self) -> str | None:
        """The creator that has reserved the block of a private element."""

    @private_creator.setter
    def private_creator(self, creator: str | None) -> None: ...
    @property
    def is_undefined_length(self) -> bool:
        """Whether the value ends with a delimiter in the file instead of having a length."""

    @is_undefined_length.setter
    def is_undefined_length(self, is_undefined: bool) -> None: ...
    @property
    def file_tell(self) -> int | None:
        """Where the value field starts in the file."""

    @file_tell.setter
    def file_tell(self, offset: int | None) -> None: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: dict[int, Any]) -> Self: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@disjoint_base
class Dataset:
    """Elements, decoded on access, and the changes made in memory."""

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Make an empty data set."""

    def __getattribute__(self, name: str, /) -> Any: ...
    def _set_attribute(self, name: str, value: object) -> None: ...
    def _delete_attribute(self, name: str) -> None: ...
    def __getitem__(self, key: _Key, /) -> Any: ...
    def __setitem__(self, key: _Key, value: DataElement, /) -> None: ...
    def __delitem__(self, key: _Key, /) -> None: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...
    def get(self, key: _Key, default: object = None) -> Any:
        """Return the value for a keyword, the element for a tag, or `default`.

        Args:
            key: A keyword, or a tag in any form that `rapidicom.tag.Tag` takes.
            default: Returned if the data set has no such element.
        """

    def tags(self) -> list[int]:
        """Return the tags that are present, in order."""

    def element_offset(self, key: _Key) -> tuple[int, int]:
        """Return offset and length of an element's value field in the file, in bytes.

        Args:
            key: Its tag or keyword.

        Raises:
            KeyError: The file has no such element, or its value was set.
        """

    def raw_bytes(self, key: _Key) -> memoryview:
        """Return an element's value field as stored: read-only, and not copied if in memory.

        Args:
            key: Its tag or keyword.

        Raises:
            KeyError: The file has no such element, or its value was set.
        """

    def raw_elements(self) -> list[_RawElement]:
        """Return the elements as they were read, whatever has been set since.

        Of pixel data, and of values of more bytes than `longest`, without their bytes.
        """

    def raw_element(self, key: _Key) -> _RawElement | None:
        """Return one of `raw_elements`, pixel data too with its bytes; `None` if there is none.

        Args:
            key: Its tag or keyword.
        """

    def _inflated(self) -> bytes | None:
        """Return the bytes of a data set that was deflated; its offsets count from their start."""

    def _untouched_raw(self, key: _Key) -> _RawElement | None:
        """Return one of `raw_elements`, unless its value has been looked at or set."""

    def _as_read(self) -> Any:
        """Return the data set as it was read, whatever has been set since."""

    def _changed_tags(self) -> list[int]:
        """Return the tags of what is not, or may not be, as it was read."""

    @property
    def is_undefined_length_sequence_item(self) -> bool:
        """Whether this is an item whose end a delimiter marks (PS3.5 §7.5.1)."""

    @property
    def modified(self) -> float | None:
        """When the file was changed last before it was read, in seconds since 1970."""

    @property
    def end_offset(self) -> int | None:
        """Where the last element ends that was read from a stream or from bytes.

        In bytes from their start; `None` of a path, and of a deflated data set.
        """

    @property
    def specific_character_set(self) -> tuple[str, ...]:
        """The defined terms of the character set of text."""

    @property
    def _parse_deviations(self) -> list[tuple[str, int]]: ...
    @property
    def deviations(self) -> list[tuple[str, int]]:
        """Tolerated deviations from the standard, the first ones: name and byte offset.

        Those in an item are the item's own.
        """

    @property
    def file_meta(self) -> Any:
        """The File Meta Information.

        Raises:
            AttributeError: The data set is not that of a file, and none was set.
        """

    @file_meta.setter
    def file_meta(self, meta: Dataset | None) -> None: ...
    @file_meta.deleter
    def file_meta(self) -> None: ...
    @property
    def seq_item_tell(self) -> int | None:
        """Where the item starts in the file, if this is one."""

    @property
    def preamble(self) -> bytes | None:
        """The 128 bytes before the prefix `DICM`."""

    @property
    def filename(self) -> Any:
        """The path that was read, as it was given."""

    @property
    def is_implicit_VR(self) -> bool | None:
        """Whether the elements of the file carry no VR."""

    @property
    def is_little_endian(self) -> bool | None:
        """Whether the numbers of the file are little endian."""

    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: dict[int, Any]) -> Self: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

def _rebuild_dataset(
    cls: type[Dataset],
    file: tuple[Any, ...] | None,
    read: tuple[Any, ...] | None,
    changed: list[tuple[int, DataElement | None]],
    lists: dict[str, list[Any]],
    meta: Dataset | None,
    attributes: dict[str, Any],
) -> Dataset:
    """Return a data set from what `Dataset.__reduce__` gave."""

def _rebuild_element(
    tag: int,
    vr: str,
    value: object,
    is_undefined_length: bool,
    value_offset: int | None,
    private_creator: str | None,
) -> DataElement:
    """Return an element from what `DataElement.__reduce__` gave."""

def _rebuild_stored_element(tag: int, vr: str, state: tuple[Any, ...]) -> DataElement:
    """Return an element whose value cannot be decoded from what `DataElement.__reduce__` gave."""

def use_pydicom(classes: dict[str, Any]) -> None:
    """Take pydicom's classes, of which `pydicom_attribute` makes instances."""

def use_lookup(surroundings: dict[str, Any]) -> None:
    """Take what attributes of pydicom's data sets depend on."""

def pydicom_attribute(elements: Any, name: str) -> Any:
    """Return the value of a keyword as far as it was read; `None` if pydicom has to find it.

    Args:
        elements: What pydicom's data set has as `_dict`.
        name: The keyword.
    """

class Lookup:
    """A base of classes of pydicom's data sets that looks attributes up with `pydicom_attribute`.

    It has no field, so that instances stay laid out as pydicom's.
    """

    def __getattribute__(self, name: str, /) -> Any: ...

def new_dataset() -> Dataset:
    """Return an empty data set of the package's class."""

def new_file_meta() -> Dataset:
    """Return empty File Meta Information of the package's class."""

def read_path(
    path: str | os.PathLike[str],
    stop_before_pixels: bool,
    specific_tags: list[int] | None,
    charset: list[str] | None,
    force: bool,
    mmap: str,
) -> Dataset:
    """Read the file at `path`."""

def crc32(data: bytes, start: int) -> int:
    """Return the CRC-32 of bytes that follow others with the CRC-32 `start`."""

def read_item(
    sources: Sequence[_Source],
    stop_before_pixels: bool,
    specific_tags: list[int] | None,
    charset: list[str] | None,
    force: bool,
    mmap: str,
) -> Dataset:
    """Read the only one of `sources`, which is no path."""

def read_bytes(
    bytes: bytes,
    stop_before_pixels: bool,
    specific_tags: list[int] | None,
    charset: list[str] | None,
    force: bool,
) -> Dataset:
    """Read a file that is in memory, which is not copied."""

def decode_text(bytes: bytes, terms: list[str]) -> str:
    """Return the text of bytes, with U+FFFD for bytes that are not characters."""

def decode_value(
    vr: str | None,
    value_field: bytes,
    *,
    tag: int = ...,
    is_implicit: bool = False,
    is_little_endian: bool = True,
    charset: list[str] | None = None,
    pixel_representation: int | None = None,
    private_creator: str | None = None,
) -> tuple[str, Any]:
    """Return the VR that a value field is read as, and its value.

    Without `vr`, or with a choice of several (`US or SS`), it is the VR that the dictionary has for
    `tag`; by default that is a private tag without a meaning. `is_implicit` says whether elements
    of items carry no VR. The last three stand in for the data set around the value.
    """

def pixels_dataset(
    tag: int, vr: str, value_field: bytes, is_encapsulated: bool, is_little_endian: bool
) -> Dataset:
    """Return a data set whose only element has these pixels, native or in fragments."""

def read_elements(
    bytes: bytes,
    is_implicit: bool,
    is_little_endian: bool,
    stop_before_pixels: bool,
    charset: list[str] | None,
    force: bool,
) -> Dataset:
    """Read a bare data set in `bytes`, without File Meta Information."""

def read_stream(
    read_at: Callable[[int, int], bytes],
    length: int,
    stop_before_pixels: bool,
    specific_tags: list[int] | None,
    charset: list[str] | None,
    force: bool,
) -> Dataset:
    """Read through `read_at(offset, length)`, no further than needed."""

@final
class PixelReader:
    """The pixels of a data set: what they are and where they lie."""

    @staticmethod
    def of(dataset: Dataset, *, may_be_cut: bool = False) -> PixelReader:
        """Return the pixels of a data set as it describes them now.

        The object, with its frames and `kept`, stays the same until the description changes. With
        `may_be_cut` the last frames of native pixels may be missing.
        """

    kept: Any
    """Whatever a caller keeps here; at first `None`."""

    @property
    def frame_count(self) -> int:
        """Number of Frames, or more if the data holds more."""

    @property
    def value_bits(self) -> tuple[int, int]:
        """The lowest and the highest bit of a stored sample's value, counted from 0."""

    @property
    def excess_length(self) -> int:
        """Bytes after the last frame that belong to no frame."""

    @property
    def said_frame_count(self) -> int:
        """Number of Frames of the image."""

    @property
    def is_encapsulated(self) -> bool:
        """Whether the pixels are in fragments."""

    @property
    def irregularities(self) -> list[str]:
        """Sentences on what was tolerated in finding the frames."""

    def frame_shape(self, reduce: int) -> list[int]:
        """Return (rows, columns[, samples]), with samples for colour, halved `reduce` times."""

    @property
    def dtype(self) -> str:
        """NumPy's name for the type of stored samples."""

    @property
    def mmap(self) -> str:
        """The `mmap` argument that the data set was read with."""

    def check_frames(self, first: int, count: int) -> None:
        """Raise, before memory is allocated, if the image has no such frames."""

    def read_into(
        self,
        first: int,
        count: int,
        raw: bool,
        reduce: int,
        workers: int | None,
        out: NDArray[np.uint8],
    ) -> list[tuple[bool, str]]:
        """Fill `out`, a one-dimensional array of bytes, with `count` frames from `first` on.

        Returns:
            Sentences on frames, each with whether it says that pixels are missing, as of damaged
            frames of a file that was read with `force`.
        """

    def frame_bytes(self, index: int) -> bytes:
        """Return the bytes of a frame as stored."""

    def stream(self) -> NDArray[np.uint8]:
        """Return the bytes of all frames, read-only; one fragment in memory is not copied."""

    def fragments(self) -> list[tuple[int, int]]:
        """Return (offset, length) of the bytes of each fragment."""

    def read_overlay_bits(self, first: int, count: int, bit: int, out: NDArray[np.uint8]) -> None:
        """Fill `out`, a row of bytes, with one bit of each pixel of `count` frames."""

    def map(self, first: int, count: int, raw: bool) -> NDArray[np.uint8] | None:
        """Map the same frames privately; `None` if their bytes are not the array."""

def transfer_syntaxes() -> list[tuple[str, str, str, bool, str | None, str | None]]:
    """Return UID, name, byte order, whether it is encapsulated, decoder and why not, of each."""

def decode_frame(
    transfer_syntax_uid: str,
    frame: bytes,
    rows: int,
    columns: int,
    samples_per_pixel: int,
    bits_allocated: int,
    bits_stored: int,
    is_signed: bool,
    photometric_interpretation: str,
    raw: bool,
    reduce: int,
    out: NDArray[np.uint8],
) -> None:
    """Fill `out`, a row of bytes, with the stored values of one compressed frame."""

# Lookup tables.

def lut_descriptor(tag: int, numbers: tuple[int, int, int]) -> tuple[int, int, int]:
    """Check the numbers of the descriptor with this tag; of the first, 0 becomes 65536.

    Returns:
        How many entries the table has, the first value that is mapped, and the bits of an entry.

    Raises:
        InvalidDicomError: They describe no table.
    """

def lut_words(data: bytes, vr: str, is_big_endian: bool) -> bytes:
    """Give LUT Data as little-endian words; 0 completes a last single byte."""

def lut_entries(
    descriptor: tuple[int, int, int], words: bytes
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Give the entries of a Modality, VOI or Presentation LUT, uint8 if they have 8 bits or fewer.

    Raises:
        InvalidDicomError: There are too few, or they have more bits than the descriptor says.
        UnsupportedError: They have other than 1 to 16 bits.
    """

def palette_entries(
    descriptor: tuple[int, int, int], words: bytes
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Give the entries of one colour, or as many as there are; uint8 if they fill a byte each."""

# Many files: the header table.

@final
class Table:
    """A header table, whose buffers are Arrow's."""

    def __len__(self) -> int: ...
    @property
    def columns(self) -> list[str]:
        """The names of the columns; the first is `path`."""

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Path and reason of each file or folder that could not be read."""

    @property
    def skipped(self) -> dict[str, int]:
        """Files in folders that are not DICOM files: how many, by what they are."""

    @property
    def may_hold(self) -> list[str]:
        """Paths that were named and are no DICOM files, or have directory records."""

    @property
    def invalid(self) -> list[tuple[int, int]]:
        """Row and column, both from 0, of each value that does not fit its column."""

    def array(self, name: str) -> NDArray[Any]:
        """Return a new array of a column: int64, float64 with NaN for missing numbers, or objects.

        Raises:
            KeyError: The table has no such column.
        """

    def values(self, name: str) -> list[Any]:
        """Return a column as numbers, lists of numbers or strings, `None` where a value is missing.

        Raises:
            KeyError: The table has no such column.
        """

    def arrow_stream(self) -> Any:
        """Return all columns as a capsule named `arrow_array_stream`."""

    def __reduce__(self) -> tuple[Any, ...]: ...

def scan(
    sources: Sequence[_Source],
    columns: Sequence[int | str],
    recursive: bool,
    force: bool,
    workers: int | None,
    raise_first: bool,
    progress: Callable[..., None] | None,
) -> Table:
    """Read the headers of files and folders; a column is a tag, a keyword, or a path of keywords.

    `progress` is called with the number of files done and, once that is known, with 0 and the
    number of all files.
    """

@final
class Batch:
    """Rows for consumers of Arrow's C stream."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any: ...

@final
class Index:
    """An index of a scan that has been read and checked."""

def take_index(rows: Any, others: Any, columns: Sequence[str]) -> Index | None:
    """Return the index of these rows and other files, if it was written for these columns."""

def column_names(columns: Sequence[int | str]) -> list[str]:
    """Return the names that columns have in a table."""

def scan_again(
    sources: Sequence[_Source],
    columns: Sequence[int | str],
    recursive: bool,
    force: bool,
    workers: int | None,
    raise_first: bool,
    progress: Callable[..., None] | None,
    index_path: str,
    known: Callable[[], Index | None],
) -> tuple[Table, tuple[Batch, Batch] | None] | None:
    """Scan, but take unchanged files from an index.

    `known` is called for it once the files have been looked at.

    Returns:
        The table, and the updated index; `None` if unchanged. `None` instead of both, before any
        header is read, if the index has two answers about one file.
    """

def _rebuild_table(
    paths: list[str],
    columns: list[tuple[str, str, int | None, list[Any]]],
    errors: list[tuple[str, str]],
    skipped: dict[str, int] | int,
    invalid: list[tuple[int, int]],
) -> Table:
    """Return a table from what `Table.__reduce__` gave."""

# Many files: series.

@final
class Arrived:
    """An instance received whole, before its place in the volume is known."""

    def __new__(cls, data: bytes) -> Arrived: ...
    @property
    def sop_instance_uid(self) -> str:
        """Its SOP Instance UID; empty if it has none, or its header is damaged."""

    @property
    def decoded_length(self) -> int:
        """Bytes of its frames after they are decoded; 0 if nothing is compressed."""

    def decode(self) -> None:
        """Decode what is compressed; what is damaged is left for those who read the series."""

    def data(self) -> bytes:
        """Return its bytes, copied."""

@final
class Arena:
    """Memory that instances are put into as they come."""

    def __new__(cls) -> Arena: ...
    def begin(self, length: int) -> None:
        """Start an instance of so many bytes; one that is not finished is forgotten."""

    def write(self, piece: bytes) -> bool:
        """Add bytes. Return `False`, and add none, if they exceed what `begin` made room for."""

    def begun(self) -> bytes:
        """Return the bytes of the instance that was started, so far."""

    def end(self) -> None:
        """End an instance."""

    def take_ready(self) -> list[Arrived]:
        """Return the instances of full chunks, which are no longer written."""

    def take_all(self) -> list[Arrived]:
        """Return all instances that were ended and not taken."""

@final
class Slices:
    """Frames of instances whose headers were read and whose pixels can be."""

    def __len__(self) -> int: ...
    @property
    def image_shape(self) -> list[int] | None:
        """(rows, columns[, samples]) of the first slice, with samples for colour."""

    @property
    def given_numbers(self) -> list[int | None]:
        """The number of each file among the sources that were given; `None` for a path."""

    @property
    def file_states(self) -> list[tuple[int, int, int, int, int, int] | None]:
        """What each file was when its header was read: see `file_state`."""

    @property
    def file_paths(self) -> list[str]:
        """The files, each once."""

    @property
    def places(self) -> list[tuple[int, int] | None]:
        """(file, frame) indices of each slice; `None` where the image is missing."""

    @property
    def instance_uids(self) -> list[str | None]:
        """SOP Instance UID of each slice; `None` where there is no image."""

    @property
    def positions(self) -> list[list[float] | None]:
        """Image Position (Patient) of each slice; `None` without an image, or a position."""

    @property
    def frame_of_reference_uid(self) -> str:
        """Frame of Reference UID of the first file; empty if there is none."""

    @property
    def rescale(self) -> list[tuple[float, float] | None]:
        """(slope, intercept) of each slice; `None` where the image is missing."""

    @property
    def windows(self) -> list[list[float] | None]:
        """The first (center, width) of each slice, or `None`."""

    @property
    def slice_times(self) -> list[float | None]:
        """When each slice was acquired, in ms from the start of its image, or `None`."""

    @property
    def is_as_stored(self) -> bool:
        """Whether stored values are what they mean: of colour and segmentations, not rescaled."""
    @property
    def background(self) -> float | None:
        """What a label map has where nothing is segmented, or `None`."""
    @property
    def stored_dtype(self) -> str | None:
        """NumPy's name of the narrowest type that holds all stored values, or `None`."""

    def read_into(
        self,
        values: str,
        dtype: str,
        fill_value: float,
        out: NDArray[np.uint8],
        part: tuple[tuple[int, int, int], tuple[int, int, int]] | None,
        chosen: list[int] | None,
        step_length: int,
        keeps_damaged: bool,
        workers: int | None,
        progress: Callable[[int], object] | None,
    ) -> tuple[list[Issue], list[int], Exception | None]:
        """Fill `out`, a one-dimensional array of bytes, with the slices as numbers of `dtype`.

        `part` has the rows and columns of each as (first, step, count). `chosen` has the numbers of
        these slices in the volume, `None` if they are all of it, and `step_length` how many slices
        a step of its leading axis has. `keeps_damaged` says that damaged slices are taken, filled:
        then they are the same ones whatever `part` is.

        Returns:
            Of the slices that turn out to be damaged, and are filled: issues, which slices they
            are, and the error of the first.
        """

    def select(self, indices: list[int]) -> Slices:
        """Return the slices with these indices, in this order."""

@final
class Contours:
    """The contours of one item of ROI Contour Sequence."""

    @property
    def point_counts(self) -> list[int]:
        """How many points each has."""

    @property
    def said_point_counts(self) -> list[int | None]:
        """Number of Contour Points of each."""

    @property
    def geometric_types(self) -> list[str]:
        """Contour Geometric Type of each; empty if it is absent."""

    @property
    def images(self) -> list[list[str]]:
        """Referenced SOP Instance UIDs of each."""

    def read_into(self, out: NDArray[np.uint8], workers: int | None) -> None:
        """Fill `out` with the coordinates of all points, as float64."""

def read_contours(roi: Dataset) -> Contours | None:
    """Find the contours of an item; `None` if somebody has looked at them, and may have changed it.

    Args:
        roi: An item of ROI Contour Sequence.
    """

@final
class PlacedContours:
    """Contours in the coordinates of an array."""

    def __len__(self) -> int: ...
    @property
    def ranges(self) -> list[list[list[float]]]:
        """The least and the greatest coordinate of each along each axis; NaN without points."""

def place_contours(
    points: NDArray[np.float64], counts: list[int], to_index: list[list[float]]
) -> PlacedContours:
    """Place contours that follow each other in `points`, in millimetres.

    Args:
        points: One-dimensional.
        counts: How many points each contour has.
        to_index: Shape (3, 4): takes (x, y, z, 1) to (slice, row, column).
    """

def same_contours(
    contours: PlacedContours, planes: list[int | None], axes: list[int]
) -> list[bool]:
    """Find contours that are the same as one before them in their plane.

    Args:
        contours: The contours.
        planes: The plane of each; `None` for those that are not drawn.
        axes: Which coordinates are row and column.
    """

def draw_contours(
    structures: list[tuple[PlacedContours, list[int | None], int]],
    shape: list[int],
    axes: list[int],
    voxels: str,
    out: NDArray[np.uint8],
    workers: int | None,
    progress: Callable[[int], object] | None,
) -> tuple[int, list[tuple[bool, bool, bool, bool]]]:
    """Draw closed contours into an array of zeros.

    Args:
        structures: The contours of each, the plane of each contour, and the value of the structure.
        shape: Planes, rows and columns.
        axes: Which coordinates of the contours they count.
        voxels: `label map 8`, `label map 16`, `masks` or `fractions`.
        out: The array's memory.
        workers: Threads.
        progress: Called with the number of planes that are done.

    Returns:
        How many voxels of a label map several structures claim; and of each structure whether
        contours cross themselves, lie partly in others of their plane, and are around the same
        voxels as others, and whether there is a voxel in it.
    """

@final
class SegmentationFrames:
    """What the frames of a segmentation are; numbers that are absent are NaN."""

    @property
    def item_count(self) -> int:
        """Items of Per-Frame Functional Groups, which may be more than frames."""

    @property
    def positions(self) -> NDArray[np.float64]:
        """Image Position (Patient) of each, one after the other."""

    @property
    def orientations(self) -> NDArray[np.float64]:
        """Image Orientation (Patient) of each, one after the other."""

    @property
    def spacings(self) -> NDArray[np.float64]:
        """Pixel Spacing of each, one after the other."""

    @property
    def slice_spacings(self) -> NDArray[np.float64]:
        """Spacing Between Slices of each."""

    @property
    def slice_thicknesses(self) -> NDArray[np.float64]:
        """Slice Thickness of each."""

    @property
    def segment_numbers(self) -> NDArray[np.float64]:
        """Referenced Segment Number of each."""

    @property
    def images(self) -> list[list[int]]:
        """Source images of each, by their numbers in `uids`."""

    @property
    def uids(self) -> list[str]:
        """SOP Instance UIDs of source images, each once."""

def read_segmentation_frames(
    segmentation: Dataset, frame_count: int, workers: int | None
) -> SegmentationFrames | None:
    """Read what the frames of a segmentation are.

    Returns:
        `None` if somebody has looked at its functional groups, and may have changed them.
    """

def place_frames(
    reader: PixelReader,
    places: NDArray[np.int64],
    meaning: str,
    most: int,
    values: list[int],
    voxels: str,
    plane_length: int,
    out: NDArray[np.uint8],
    workers: int | None,
    progress: Callable[[int], object] | None,
) -> tuple[int, int, int, int, list[int], Exception | None]:
    """Put frames into an array of zeros.

    Args:
        reader: The pixels.
        places: A row a frame: frame, plane, first voxel, steps from row to row and from column to
            column, first row, the one behind the last, the same of columns, and value.
        meaning: `BINARY`, `FRACTIONAL` or `LABELMAP`.
        most: Maximum Fractional Value.
        values: What the numbers of a label map become: 0 is nothing, 4294967295 of no segment.
        voxels: As for `draw_contours`.
        plane_length: Voxels of a plane.
        out: The array's memory.
        workers: Threads.
        progress: Called with the number of planes that are done.

    Returns:
        How many voxels of a label map several segments claim, pixels of segments that lie outside,
        pixels of unknown numbers, and pixels that are neither nothing nor all; and which frames are
        damaged, with the error of the first.
    """

def fill_between(
    masks: NDArray[np.uint8],
    shape: list[int],
    spacing: list[float],
    between: list[tuple[int, int, float]],
    out: NDArray[np.uint8],
    workers: int | None,
) -> None:
    """Fill planes of masks between others, by their signed distances from the outline.

    Args:
        masks: The memory of masks, planes one after the other.
        shape: Rows and columns.
        spacing: How far these are apart.
        between: For each plane to fill, the plane below, the one above, and how far it is from the
            one below, as a part of their distance.
        out: The memory of the planes to fill.
        workers: Threads.
    """

def copy_reordered(
    source: NDArray[np.uint8],
    item_length: int,
    first: int,
    axes: list[tuple[int, int]],
    out: NDArray[np.uint8],
    workers: int | None,
) -> bool:
    """Fill an array with the items of another one, whose axes are in another order.

    Args:
        source: The memory of the items.
        item_length: Bytes of one: 1, 2, 4 or 8.
        first: The number of the item that comes first.
        axes: Of each axis of the result its length, and how many items the next index is away.
        out: The memory of the result.
        workers: Threads.

    Returns:
        `False`, with nothing filled, unless the axes go through each item of the source once, one
        but the last goes from neighbour to neighbour, and the arrays and items have such lengths.
    """

def round_to_bfloat16(
    values: NDArray[np.uint8], out: NDArray[np.uint8], workers: int | None
) -> bool:
    """Fill an array with numbers as bfloat16, the nearest ones, of two the even one.

    Args:
        values: The memory of the numbers, float32.
        out: The memory of the result, two bytes a number.
        workers: Threads.

    Returns:
        Whether all finite numbers are finite as such.
    """

def resample(
    values: NDArray[np.uint8],
    dtype: str,
    shape: list[int],
    to_shape: list[int],
    to_index: list[list[float]],
    order: int,
    fill_value: float,
    are_later_nearer: list[bool],
    out: NDArray[np.uint8],
    workers: int | None,
    progress: Callable[[int], object] | None,
) -> None:
    """Fill an array with the values at the places of its voxels.

    Args:
        values: The memory of the values.
        dtype: Their type.
        shape: Slices, rows and columns of them.
        to_shape: Those of the result.
        to_index: Shape (3, 4): takes (slice, row, column, 1) of the result to those of the values.
        order: 0 for the nearest value, of the same type; 1 for linear interpolation, as float32, or
            float64 of types that it does not hold.
        fill_value: The value outside.
        are_later_nearer: Along each axis of the values, whether the later one of two that are
            equally near counts.
        out: The memory of the result.
        workers: Threads.
        progress: Called with the number of slices that are done.
    """

def file_state(dataset: Dataset) -> tuple[int, int, int, int, int, int] | None:
    """Return what a data set's file was when it was read, `None` without a file.

    Returns:
        Size; when it was modified (seconds, nanoseconds); when anything about it was changed,
        likewise; inode. Zeros where the system has no such numbers.
    """

def read_slice_headers(
    sources: Sequence[_Source],
    force: bool,
    workers: int | None,
    progress: Callable[[int], object] | None,
    places: list[tuple[int, int] | None] | None = None,
) -> Slices:
    """Read the headers of `sources`, for the only frame of each or those that `places` names."""

@final
class Tolerances:
    """The numbers of `rapidicom.Tolerances`."""

    def __new__(
        cls,
        *,
        cosine: float,
        same_position: float,
        position_absolute: float,
        position_relative: float,
        pixel_spacing_relative: float,
        tilt_degrees: float,
    ) -> Self: ...
    @property
    def cosine(self) -> float: ...
    @property
    def same_position(self) -> float: ...
    @property
    def position_absolute(self) -> float: ...
    @property
    def position_relative(self) -> float: ...
    @property
    def pixel_spacing_relative(self) -> float: ...
    @property
    def tilt_degrees(self) -> float: ...

def default_tolerances() -> Tolerances:
    """Return the tolerances of the core."""

@final
class Issue:
    """What `rapidicom.Issue` is made of."""

    @property
    def kind(self) -> str:
        """What it is about."""

    @property
    def is_error(self) -> bool:
        """Whether it would make the affine, the order or the content of the volume a lie."""

    @property
    def paths(self) -> list[str]:
        """The files that it is about."""

    @property
    def numbers(self) -> dict[str, float]:
        """What was measured, by name."""

    @property
    def cells(self) -> list[tuple[int, int]]:
        """(step of the leading axis, slice) of each place without an image."""

    @property
    def sentence(self) -> str:
        """All of it in words."""

@final
class LeadingAxis:
    """The axis before the slices, where positions have several images."""

    @property
    def name(self) -> str:
        """The name of the axis."""

    @property
    def coordinates(self) -> dict[str, list[float] | list[list[float]] | list[str]]:
        """What changes along it, by name: one value a step."""

@final
class SeriesPlan:
    """What `rapidicom.Series` is made of. Lists of one entry an image are made anew each time."""

    @property
    def uid(self) -> str:
        """Series Instance UID."""

    @property
    def study_uid(self) -> str:
        """Study Instance UID."""

    @property
    def modality(self) -> str:
        """Modality."""

    @property
    def description(self) -> str:
        """Series Description."""

    @property
    def number(self) -> int | None:
        """Series Number."""

    @property
    def axis(self) -> LeadingAxis | None:
        """The axis before the slices, or `None`."""

    @property
    def weighting(self) -> tuple[float, list[float] | None] | None:
        """b-value and direction of all images, if they have one above 0 and there is no axis."""

    @property
    def shape(self) -> list[int]:
        """The shape of the volume."""

    @property
    def spacing(self) -> list[float]:
        """(slice, row, column) in mm."""

    @property
    def affine(self) -> list[list[float]]:
        """Four rows of four: takes (slice, row, column, 1) to patient mm."""

    @property
    def unsupported(self) -> str | None:
        """Why none of the slices can be read yet."""

    @property
    def issues(self) -> list[Issue]:
        """What is irregular, except for files that may belong elsewhere."""

    @property
    def unreadable(self) -> list[int]:
        """Numbers of the lists of `FoundSeries.unreadable` that come before `issues`."""

    @property
    def stacks(self) -> list[SeriesPlan]:
        """The stacks; empty if there is one."""

    @property
    def paths(self) -> list[str]:
        """The file of each image, in the order of the array."""

    @property
    def frames(self) -> list[int]:
        """The frame of that file, from 0."""

    @property
    def present(self) -> list[bool] | None:
        """Whether each place of the array has an image; `None` if all have."""

    @property
    def slices(self) -> Slices:
        """The slices, ready to be read."""

@final
class FoundSeries:
    """What `find_series` found."""

    @property
    def series(self) -> list[SeriesPlan]:
        """The series that have images, sorted by study, Series Number and UID."""

    @property
    def unreadable(self) -> list[list[Issue]]:
        """Findings about files that may belong to several series: reports share these lists."""

    @property
    def file_count(self) -> int:
        """Files that were looked at."""

    @property
    def skipped(self) -> dict[str, int]:
        """Files in folders that are not DICOM files: how many, by what they look like."""

    @property
    def may_hold(self) -> list[str]:
        """Paths that were named and are no DICOM files, or have directory records."""

    @property
    def without_image(self) -> int:
        """DICOM files that have no image."""

    @property
    def errors(self) -> list[Exception]:
        """Why files and folders cannot be read."""

def find_series(
    sources: Sequence[_Source],
    recursive: bool,
    force: bool,
    tolerances: Tolerances,
    workers: int | None,
    is_of_table: bool,
    progress: Callable[[int], object] | None,
) -> FoundSeries:
    """Find the series in files and folders, from headers alone; a table may list the files."""
