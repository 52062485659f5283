"""`pydicom.dcmread` by our reader: pydicom's own data sets, whose elements we parse and decode.

What is returned is an instance of `pydicom.FileDataset`, not of a class of ours, and pydicom's code
does with it what it does with its own. Two of its methods look at what was read first, while it is
patched: `Dataset.__getattr__`, which decodes the values of attributes, and
`Dataset.convert_pixel_data`, which decodes pixels.
"""

from __future__ import annotations

import copyreg
import io
import logging
import os
from typing import Any

import pydicom.dataset
import pydicom.filereader
from pydicom import config
from pydicom.charset import default_encoding
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.tag import Tag

import rapidicom.integrations.pydicom_values  # noqa: F401  # native code needs the classes
from rapidicom import _core
from rapidicom._common.errors import UnsupportedError
from rapidicom.integrations.pydicom_elements import (
    AnyElements,
    Elements,
    is_implicit_VR,
    is_little_endian,
    preamble,
)
from rapidicom.integrations.pydicom_items import encodings_of, replace_parser
from rapidicom.sources.file_objects import bytes_read

__all__ = ["dcmread", "made_of", "meta_of", "plain_dcmread", "replace_methods"]

plain_dcmread = pydicom.filereader.dcmread


def dcmread(
    fp: Any,
    defer_size: str | int | float | None = None,
    stop_before_pixels: bool = False,
    force: bool = False,
    specific_tags: list[Any] | None = None,
    cls: type[FileDataset] | None = None,
) -> FileDataset:
    """Read a file into a data set of pydicom: what `pydicom.dcmread` does while it is patched.

    Args:
        fp: As for `pydicom.dcmread`.
        defer_size: As for `pydicom.dcmread`.
        stop_before_pixels: As for `pydicom.dcmread`.
        force: As for `pydicom.dcmread`.
        specific_tags: As for `pydicom.dcmread`.
        cls: The class of the data set, by default `ReadDataset`.
    """
    # What is to be read later, pydicom reads later.
    if defer_size is not None or not _is_ours():
        return plain_dcmread(fp, defer_size, stop_before_pixels, force, specific_tags)
    cls = cls or ReadDataset
    # As in pydicom, no tags are all tags.
    tags = [int(Tag(tag)) for tag in specific_tags] if specific_tags else None
    if isinstance(fp, (str, os.PathLike)):
        path: Any = os.fspath(fp)
        native = _read_path(path, stop_before_pixels, tags, force)
        if native is None or _is_pydicoms(native):
            return plain_dcmread(fp, defer_size, stop_before_pixels, force, specific_tags)
        return made_of(native, path, cls)
    if not all(hasattr(fp, name) for name in ("read", "seek", "tell")):
        return plain_dcmread(fp)  # it says what it takes
    start = fp.tell()
    try:
        native = _read_object(fp, start, stop_before_pixels, tags, force)
    except UnsupportedError:
        native = None
    if native is None or _is_pydicoms(native):
        fp.seek(start)
        return plain_dcmread(fp, defer_size, stop_before_pixels, force, specific_tags)
    return made_of(native, fp, cls)


# Pixel data whose end is missing, a file encoded otherwise than it says, a character set that means
# nothing: of these pydicom makes something of its own, and warns.
_PYDICOMS = frozenset(("missing_delimiter", "other_vr_encoding", "unknown_character_set"))


def _is_pydicoms(native: _core.Dataset) -> bool:
    """Return whether pydicom reads a file otherwise, which its users may rely on."""
    found = native.deviations
    return bool(found) and any(name in _PYDICOMS for name, _ in found)


def _is_ours() -> bool:
    """Return whether nothing is set that only pydicom's reader obeys."""
    return (
        config.data_element_callback is None
        and config.replace_un_with_known_vr
        and config.assume_implicit_vr_switch
        and not config.debugging
        # Set for that logger, not for all: somebody wants to see pydicom's steps.
        and not 0 < config.logger.level <= logging.DEBUG
        and config.settings._infer_sq_for_un_vr
        and config.settings.reading_validation_mode != config.RAISE
    )


def _read_path(
    path: Any, stop_before_pixels: bool, tags: list[int] | None, force: bool
) -> _core.Dataset | None:
    """Read a file, or return `None` for one that is pydicom's to read.

    A file that Python's `open` alone can open, as in tests that replace it, is one too.
    """
    try:
        return _core.read_path(path, stop_before_pixels, tags, None, force, "never")
    except (OSError, UnsupportedError):
        return None


def _read_object(
    fp: Any, start: int, stop_before_pixels: bool, tags: list[int] | None, force: bool
) -> _core.Dataset:
    """Read a file object as it is, and leave it where pydicom does."""
    data = bytes_read(fp.read())
    if force and data[128:132] != b"DICM":
        # pydicom goes back to the start then, wherever reading began.
        fp.seek(0)
        data, start = bytes_read(fp.read()), 0
    native = _core.read_bytes(data, stop_before_pixels, tags, None, force)
    if stop_before_pixels and native.end_offset is not None:
        fp.seek(start + native.end_offset)
    return native


def _attributes_of(template: Dataset) -> dict[str, Any]:
    """Return what pydicom's constructor gives an instance, without what belongs to it alone."""
    own = ("_dict", "file_meta", "_is_implicit_VR", "_is_little_endian")
    return {name: value for name, value in vars(template).items() if name not in own}


_OF_FILES = {**_attributes_of(FileDataset(io.BytesIO(), {})), "buffer": None, "fileobj_type": open}
_OF_FILE_META = {
    **_attributes_of(FileMetaDataset()),
    "_read_implicit": False,
    "_read_little": True,
    "_read_charset": default_encoding,
}


def made_of(native: Any, source: Any, cls: type[FileDataset]) -> FileDataset:
    """Make pydicom's data set of ours.

    Args:
        native: Our data set.
        source: The path, or the file object, that it was read from.
        cls: The class.
    """
    encodings = encodings_of(native.specific_character_set)
    is_implicit = bool(is_implicit_VR(native))
    is_little = is_little_endian(native) is not False
    meta = getattr(native, "file_meta", None)
    made = cls.__new__(cls)
    own = made.__dict__
    own.update(
        _OF_FILES,
        _dict=Elements(native, encodings),
        _private_blocks={},
        _pixel_array_opts={"use_pdh": False},
        _pixel_id={},
        preamble=preamble(native),
        file_meta=FileMetaDataset() if meta is None else meta_of(meta),
        _read_implicit=is_implicit,
        _read_little=is_little,
        _read_charset=encodings,
    )
    if not config._use_future:  # as `config.future_behavior` has it
        own.update(_is_implicit_VR=is_implicit, _is_little_endian=is_little)
    # pydicom decodes this one when it reads; one without a value is a list, too.
    is_named = encodings is not default_encoding or _CHARACTER_SET in native
    if is_named and _find(own["_dict"], "SpecificCharacterSet") is None:
        own["_read_charset"] = made._character_set
    if type(source) is str:
        own.update(filename=source, timestamp=native.modified)
    else:
        _note_object(own, source)
    if (inflated := native._inflated()) is not None:
        own.update(buffer=DicomBytesIO(inflated), fileobj_type=DicomBytesIO)
    return made


def meta_of(native: Any) -> FileMetaDataset:
    """Make pydicom's File Meta Information of ours."""
    made = FileMetaDataset.__new__(FileMetaDataset)
    made.__dict__.update(
        _OF_FILE_META,
        _dict=Elements(native, default_encoding),
        _private_blocks={},
        _pixel_array_opts={"use_pdh": False},
        _pixel_id={},
    )
    if not config._use_future:
        made.__dict__.update(_is_implicit_VR=None, _is_little_endian=None)
    return made


def _note_object(own: dict[str, Any], source: Any) -> None:
    """Note a file object, as pydicom's constructor does."""
    if isinstance(source, io.BufferedReader):
        own["filename"] = source.name
    else:
        own.update(buffer=source, fileobj_type=type(source))
        own["filename"] = getattr(source, "name", None) or getattr(source, "filename", None)
    name = own["filename"]
    # That of a temporary file is its descriptor.
    if name and os.path.exists(name):  # noqa: PTH110  # paths are no numbers
        own["timestamp"] = os.stat(name).st_mtime  # noqa: PTH116


_CHARACTER_SET = 0x0008_0005

_plain_getattr = Dataset.__getattr__
_find = _core.pydicom_attribute


def _get_attribute(self: Dataset, name: str) -> Any:
    """Do what `Dataset.__getattr__` does, from what was read as far as it can be."""
    elements = self.__dict__.get("_dict")
    if type(elements) is Elements:
        value = _find(elements, name)
        if value is not None:
            return value
    return _plain_getattr(self, name)


class ReadDataset(FileDataset, _core.Lookup):
    """A data set of pydicom that finds values that were read before Python looks for attributes.

    It calls itself what it stands for, and is pickled as that. Its `__class__` can be set as that
    of any data set of pydicom.
    """

    def __copy__(self) -> FileDataset:
        made = ReadDataset.__new__(ReadDataset)
        made.__dict__.update(self.__dict__)
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> FileDataset:
        made = super().__deepcopy__(memo)
        made.__class__ = ReadDataset
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        del protocol
        return copyreg.__newobj__, (FileDataset,), self.__dict__  # type: ignore[attr-defined]

    __class__ = property(lambda self: FileDataset, vars(object)["__class__"].__set__)


ReadDataset.__name__ = ReadDataset.__qualname__ = FileDataset.__name__
ReadDataset.__module__ = FileDataset.__module__
ReadDataset.__doc__ = FileDataset.__doc__

# What pixels are decoded by (PS3.3 §C.7.6.3, PS3.5 §A.4).
_OF_PIXELS = (
    0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280010, 0x00280011, 0x00280100,
    0x00280101, 0x00280102, 0x00280103, 0x7FE00001, 0x7FE00002, 0x7FE00008, 0x7FE00009,
    0x7FE00010,
)  # fmt: skip

_plain_convert = Dataset.convert_pixel_data


def _convert_pixel_data(self: Dataset, handler_name: str = "") -> None:
    """Do what `Dataset.convert_pixel_data` does, with our decoders for pixels as they were read."""
    options = self._pixel_array_opts
    # Ours have no identity: an array that has one is pydicom's, or a program's own.
    is_theirs = bool(handler_name or self._pixel_id or options != {"use_pdh": False})
    if is_theirs or not _are_pixels_as_read(self):
        _plain_convert(self, handler_name)
        return
    elements: Any = self._dict
    try:
        array = elements.native.pixel_array
    except OSError:
        # The file is gone or has been changed; the bytes may have been read before.
        _plain_convert(self, handler_name)
        return
    if is_little_endian(elements.native) is False:
        # Programs write the bytes back as they are.
        array = array.astype(array.dtype.newbyteorder(">"))
    self._pixel_array = array


def _are_pixels_as_read(dataset: Dataset) -> bool:
    """Return whether no element has been set that pixels are decoded by."""
    elements = dataset.__dict__.get("_dict")
    if not isinstance(elements, AnyElements) or getattr(elements.native, "file_meta", None) is None:
        return False
    meta = getattr(dataset, "file_meta", None)
    syntax = elements.native.file_meta.get("TransferSyntaxUID")
    if meta is None or syntax is None or meta.get("TransferSyntaxUID") != syntax:
        return False
    return all(elements.is_as_read(tag) for tag in _OF_PIXELS)


# Methods of pydicom's data sets, and what stands in for them while it is patched.
_METHODS = (
    ("__getattr__", _plain_getattr, _get_attribute),
    ("convert_pixel_data", _plain_convert, _convert_pixel_data),
)


def replace_methods(*, is_on: bool) -> None:
    """Put our methods in pydicom's class, or take them out again.

    A method that somebody else has put there meanwhile stays.

    Args:
        is_on: Which of the two.
    """
    for name, theirs, ours in _METHODS:
        before, after = (theirs, ours) if is_on else (ours, theirs)
        if vars(Dataset)[name] is before:
            setattr(Dataset, name, after)
    replace_parser(is_on=is_on)
