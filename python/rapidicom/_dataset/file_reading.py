"""Read one DICOM file (PS3.10 §7)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any, Literal, cast

from rapidicom import _core
from rapidicom._common.errors import InvalidDicomError
from rapidicom._common.misc import size_in_bytes
from rapidicom._dataset.dataset import Dataset
from rapidicom._dataset.raw_element import RawDataElement
from rapidicom._values.encodings import terms_of
from rapidicom.sources.file_objects import bytes_read
from rapidicom.sources.opening import open_dataset, tags_of

if TYPE_CHECKING:
    import os
    from typing import TypeAlias

    from rapidicom._common.tag import BaseTag
    from rapidicom._dataset.element import DataElement
    from rapidicom.sources.opening import Key, Source

    StopWhen: TypeAlias = Callable[[BaseTag, str | None, int], bool]

# Sequence Delimitation Item with its length (PS3.5 §7.5), by whether it is little endian.
_DELIMITER = {True: b"\xfe\xff\xdd\xe0\0\0\0\0", False: b"\xff\xfe\xe0\xdd\0\0\0\0"}

__all__ = [
    "data_element_generator",
    "dcmread",
    "read_dataset",
    "read_file",
    "read_file_meta_info",
    "read_partial",
    "read_preamble",
]


def dcmread(
    source: Source,
    defer_size: int | str | float | None = None,
    stop_before_pixels: bool = False,
    force: bool = False,
    specific_tags: Iterable[Key] | None = None,
    *,
    charset: str | Iterable[str] | None = None,
    mmap: Literal["auto", "never", "always"] = "auto",
    storage_options: Mapping[str, Any] | None = None,
) -> Dataset:
    """Read the header of a DICOM file; values are decoded, and pixels read, on access.

    A file given by its path is not kept open. Long values and pixels are read from it later; if it
    has been deleted or changed by then, access raises `OSError`. A file object is read from its
    current position to its end, or as far as `stop_before_pixels` or `specific_tags` need.

    Args:
        source: A path, the bytes of a file, or a file object opened for reading bytes.
        stop_before_pixels: Leave out the pixel data elements and what follows them.
        specific_tags: Keep only these elements (keywords or tags) and (0008,0005) Specific
            Character Set. Long values of others are not read.
        force: Read files without the prefix `DICM` (PS3.10 §7.1) and, of a damaged file, everything
            before the damage; `Dataset.deviations` says where that is.
        charset: The character set of all text, items included, in place of a wrong (0008,0005)
            Specific Character Set: a defined term, or several for code extensions (PS3.3
            §C.12.1.1.2).
        defer_size: Values are always deferred. `Dataset.get_item(keep_deferred=True)` leaves out
            those that are longer than this, such as `2048` or `"2 KB"`.
        mmap: Whether to map the pixels of a file instead of copying them: `"auto"` from 8 MB on,
            where that was measured to be faster, `"never"`, or `"always"` where possible. Only
            `"never"` is safe for a file that may change while its array is in use: of a mapped one,
            pages that were not touched yet show what is in the file by then, and a file that is
            truncated ends the process (SIGBUS) when a page that it has lost is touched. A file that
            is replaced or deleted does no harm.
        storage_options: What fsspec opens a URL with: credentials, an endpoint.

    Returns:
        The data set; its File Meta Information is `file_meta`.

    Raises:
        InvalidDicomError: The file is not a DICOM file, or is damaged.
        UnsupportedError: The file is encoded in a way that cannot be read yet.
        OSError: The file cannot be opened or read.
        TypeError: `source` is of another type.
        ValueError: `mmap` or `charset` is not a recognised value.

    Examples:
        >>> ds = rd.dcmread("tests/data/brain-mr/0001.dcm")
        >>> ds.Modality, ds.Rows, ds.Columns
        ('MR', 80, 80)
        >>> ds.file_meta.TransferSyntaxUID.name
        'Explicit VR Little Endian'

        Only two elements, for a quick look at many files:

        >>> ds = rd.dcmread("tests/data/files/CT_small.dcm", specific_tags=["Modality", "Rows"])
        >>> ds.Modality, ds.Rows, "Columns" in ds
        ('CT', 128, False)
    """
    dataset = cast(
        "Dataset",
        # By position, which is quicker: this is called for each of many files.
        open_dataset(
            source, stop_before_pixels, specific_tags, force, charset, mmap, storage_options
        ),
    )
    if found := dataset._parse_deviations:
        _warn_of(found)
    if defer_size is not None:
        dataset.__dict__["_defer_size"] = size_in_bytes(defer_size)
    return dataset


# Deviations that pydicom warns of. `Dataset.deviations` has all of them.
_WARNINGS = {
    "missing_delimiter": "the file ends without the delimiter of a value: what is there is read",
    "other_vr_encoding": "the elements are encoded otherwise than the Transfer Syntax says: as "
    "implicit VR in place of explicit, or the reverse",
}


def _warn_of(deviations: list[tuple[str, int]]) -> None:
    for name, offset in deviations:
        if name in _WARNINGS:
            warnings.warn(f"{_WARNINGS[name]} (byte {offset:#x})", stacklevel=3)


read_file = dcmread


def read_file_meta_info(filename: str | os.PathLike[str]) -> Dataset:
    """Return the File Meta Information of a file (PS3.10 §7.1)."""
    return dcmread(filename, specific_tags=[], force=True).file_meta


def read_preamble(fp: IO[bytes], force: bool) -> bytes | None:
    """Read the preamble and the prefix `DICM` at a file object's position, and move past them.

    Args:
        fp: The file object.
        force: Whether a missing prefix returns `None` and restores the position, instead of
            raising.

    Raises:
        InvalidDicomError: The prefix is missing.
    """
    start = fp.tell()
    preamble, prefix = fp.read(128), fp.read(4)
    if prefix == b"DICM":
        return preamble
    fp.seek(start)
    if not force:
        raise InvalidDicomError(
            "no prefix DICM at byte 0x80: pass force=True to read the file without it"
        )
    return None


def read_partial(
    fileobj: IO[bytes],
    stop_when: StopWhen | None = None,
    defer_size: int | str | float | None = None,
    force: bool = False,
    specific_tags: list[Key] | None = None,
) -> Dataset:
    """Read a file object up to an element.

    Args:
        fileobj: The file object.
        stop_when: Called with tag, VR and value length of each element; returns whether to stop
            before it.
        defer_size: Ignored.
        force: As for `dcmread`.
        specific_tags: As for `dcmread`.
    """
    dataset = dcmread(fileobj, force=force, specific_tags=specific_tags, defer_size=defer_size)
    _cut(dataset, stop_when)
    return dataset


def read_dataset(
    fp: IO[bytes],
    is_implicit_VR: bool,
    is_little_endian: bool,
    bytelength: int | None = None,
    stop_when: StopWhen | None = None,
    defer_size: int | str | float | None = None,
    parent_encoding: str | list[str] | None = None,
    specific_tags: list[Key] | None = None,
    at_top_level: bool = True,
) -> Dataset:
    """Read a bare data set, without preamble and File Meta Information.

    Args:
        fp: A file object at the start of the data set; left after its last byte.
        is_implicit_VR: Whether its elements carry no VR.
        is_little_endian: Whether its numbers are little endian.
        bytelength: Its length in bytes; to the end by default.
        stop_when: As for `read_partial`.
        defer_size: Ignored.
        parent_encoding: Python's names of the encodings of its text, unless it has a Specific
            Character Set.
        specific_tags: As for `dcmread`.
        at_top_level: Ignored.

    Raises:
        InvalidDicomError: The bytes are not data elements.
    """
    del defer_size, at_top_level
    data = bytes_read(fp.read() if bytelength is None else fp.read(bytelength))
    names_own = b"\x08\x00\x05\x00" in data[:64] or b"\x00\x08\x00\x05" in data[:64]
    charset = None
    if parent_encoding is not None and not names_own:
        charset = terms_of(parent_encoding)
    is_implicit = _is_implicit(data, is_little_endian, declared=is_implicit_VR)
    dataset = cast(
        "Dataset", _core.read_elements(data, is_implicit, is_little_endian, False, charset, False)
    )
    _cut(dataset, stop_when)
    if specific_tags is not None:
        kept = {*tags_of(specific_tags), 0x0008_0005}
        for tag in dataset.tags():
            if tag not in kept:
                del dataset[tag]
    return dataset


def data_element_generator(
    fp: IO[bytes],
    is_implicit_VR: bool,
    is_little_endian: bool,
    stop_when: StopWhen | None = None,
    defer_size: int | str | float | None = None,
    encoding: str | list[str] = "iso8859",
    specific_tags: list[Key] | None = None,
) -> Iterator[RawDataElement | DataElement]:
    """Yield the elements of a bare data set: raw ones, but sequences as `DataElement`.

    Args:
        fp: As for `read_dataset`.
        is_implicit_VR: As for `read_dataset`.
        is_little_endian: As for `read_dataset`.
        stop_when: As for `read_dataset`.
        defer_size: Values longer than this are yielded without their bytes.
        encoding: As `parent_encoding` of `read_dataset`.
        specific_tags: As for `dcmread`.

    Raises:
        EOFError: The bytes end before the delimiter of a value of undefined length.
    """
    start = fp.tell()
    longest = size_in_bytes(defer_size)
    dataset = read_dataset(
        fp, is_implicit_VR, is_little_endian, None, stop_when, None, encoding, specific_tags
    )
    is_implicit = bool(dataset.is_implicit_VR)
    for element in dataset:
        offset, length = dataset.element_offset(element.tag)
        if element.is_undefined_length and element.VR == "SQ":
            yield element
            continue
        vr: str | None = element.VR
        if is_implicit:
            # As in pydicom: a value of undefined length has the dictionary's VR, others none.
            entry = _core.dictionary_entry(element.tag) if element.is_undefined_length else None
            vr = None if entry is None else entry[0]
        value = None
        if longest is None or length <= longest:
            value = bytes(dataset.raw_bytes(element.tag))
            if element.is_undefined_length:
                is_cut = any(name == "missing_delimiter" for name, _ in dataset.deviations)
                if is_cut and not value.endswith(_DELIMITER[is_little_endian]):
                    raise EOFError(f"the bytes end before the delimiter of {element.tag}")
                # The delimiter follows fragments; damaged ones keep it.
                value = value.removesuffix(_DELIMITER[is_little_endian])
        yield RawDataElement(
            element.tag,
            vr,
            0xFFFF_FFFF if element.is_undefined_length else length,
            value or None,
            start + offset,
            is_implicit,
            is_little_endian,
        )


def _cut(dataset: Dataset, stop_when: StopWhen | None) -> None:
    """Delete the first element at which `stop_when` returns true, and all after it."""
    if stop_when is None:
        return
    found = False
    for tag in dataset.tags():
        if not found:
            element = dataset[tag]
            length = 0xFFFF_FFFF if element.is_undefined_length else element.value_length or 0
            vr = None if dataset.is_implicit_VR else element.VR
            found = bool(stop_when(element.tag, vr, length))
        if found:
            del dataset[tag]


def _is_implicit(data: bytes, is_little_endian: bool, *, declared: bool) -> bool:
    """Return whether the first element has no VR: what callers declare is sometimes wrong."""
    vr = data[4:6]
    looks_explicit = len(vr) == 2 and vr.isalpha() and vr.isupper()
    if declared and looks_explicit:
        # Two capital letters as the low half of a length would be a value of 16 KB and more.
        length = int.from_bytes(data[4:8], "little" if is_little_endian else "big")
        if length > len(data) - 8:
            warnings.warn(
                "expected implicit VR, but the elements have VRs, which are used", stacklevel=3
            )
        return length <= len(data) - 8
    if not declared and not looks_explicit and len(data) >= 8:
        length = int.from_bytes(data[4:8], "little" if is_little_endian else "big")
        if length <= len(data) - 8:
            warnings.warn(
                "expected explicit VR, but the elements have no VRs: implicit VR is used",
                stacklevel=3,
            )
        return length <= len(data) - 8
    return declared
