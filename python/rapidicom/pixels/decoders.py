"""What decodes the pixels of a Transfer Syntax, under the names of pydicom's `pixels.decoders`.

What decodes is built in: there are no plugins to add or to choose. The pixels are read as `pixel_array` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

from rapidicom.dataset import Dataset
from rapidicom.errors import UnsupportedError
from rapidicom.pixels.reading import frame_bytes, iter_pixels, pixel_array
from rapidicom.tag import Tag
from rapidicom.transfer_syntaxes import transfer_syntaxes
from rapidicom.uid import UID

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Decoder", "get_decoder"]

# Options of pydicom's decoders that describe pixels without a data set, and their keywords.
_KEYWORDS = {
    "rows": "Rows",
    "columns": "Columns",
    "samples_per_pixel": "SamplesPerPixel",
    "number_of_frames": "NumberOfFrames",
    "photometric_interpretation": "PhotometricInterpretation",
    "planar_configuration": "PlanarConfiguration",
    "bits_allocated": "BitsAllocated",
    "bits_stored": "BitsStored",
    "pixel_representation": "PixelRepresentation",
}
_PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_VR = {"PixelData": "OW", "FloatPixelData": "OF", "DoubleFloatPixelData": "OD"}

# (FFFE,E000) Item and (FFFE,E0DD) Sequence Delimitation Item, little endian (PS3.5 §7.5).
_ITEM = b"\xfe\xff\x00\xe0"
_DELIMITER = b"\xfe\xff\xdd\xe0"


class Decoder:
    """Decodes the pixels of data sets, or of bytes that options describe, of one Transfer Syntax.

    The options are pydicom's: `rows`, `columns`, `samples_per_pixel`, `number_of_frames`,
    `photometric_interpretation`, `planar_configuration`, `bits_allocated`, `bits_stored`,
    `pixel_representation`, `pixel_keyword`, `pixel_vr` and `extended_offsets`.
    """

    def __init__(self, uid: UID) -> None:
        """Take the Transfer Syntax UID."""
        self.UID = uid

    @property
    def is_available(self) -> bool:
        """Whether the pixels can be decoded, which they can: it is built in."""
        return True

    @property
    def is_encapsulated(self) -> bool:
        """Whether the pixels are in fragments."""
        return self.UID.is_encapsulated

    @property
    def is_native(self) -> bool:
        """Whether the pixels are not compressed."""
        return not self.UID.is_encapsulated

    @property
    def available_plugins(self) -> tuple[str, ...]:
        """The name of what decodes."""
        return ("rapidicom",)

    def as_array(
        self,
        src: Dataset | bytes | IO[bytes],
        *,
        index: int | None = None,
        validate: bool = True,
        raw: bool = False,
        decoding_plugin: str = "",
        **options: Any,
    ) -> tuple[npt.NDArray[Any], dict[str, Any]]:
        """Decode all frames, or one.

        Args:
            src: A data set, the value of its pixel data element, or a file object that stands at its start
                and is left there.
            index: The frame, from 0.
            validate: Taken for pydicom's sake: what describes the pixels is always checked.
            raw: As for `rapidicom.pixel_array`.
            decoding_plugin: Taken for pydicom's sake.
            options: What describes the pixels if `src` is no data set.

        Returns:
            The array, shape and type as of `rapidicom.pixel_array` but for the byte order, which is that of
            the Transfer Syntax; and what describes it.

        Raises:
            As `rapidicom.pixel_array`; TypeError: an option is none that there is; ValueError: the data set
            is of another Transfer Syntax.
        """
        del validate, decoding_plugin
        dataset = self._dataset(src, options)
        array = self._in_its_order(pixel_array(dataset, index=index, raw=raw))
        return array, self._description(dataset, raw=raw, frames=None if index is None else 1)

    def iter_array(
        self,
        src: Dataset | bytes | IO[bytes],
        *,
        indices: Iterable[int] | None = None,
        validate: bool = True,
        raw: bool = False,
        decoding_plugin: str = "",
        **options: Any,
    ) -> Iterator[tuple[npt.NDArray[Any], dict[str, Any]]]:
        """Decode frame after frame; arguments as for `as_array`, `indices` as for `rapidicom.iter_pixels`.

        Yields:
            A frame, shape (row, column[, sample]), and what describes it.
        """
        del validate, decoding_plugin
        dataset = self._dataset(src, options)
        for array in iter_pixels(dataset, indices=indices, raw=raw):
            yield self._in_its_order(array), self._description(dataset, raw=raw, frames=1)

    def as_buffer(
        self, src: Dataset | bytes | IO[bytes], *, index: int | None = None, **options: Any
    ) -> tuple[bytes, dict[str, Any]]:
        """Give the bytes of decoded pixels, native ones as they are in the file.

        Args:
            src: As for `as_array`.
            index: The frame, from 0; `None` for all of them.
            options: As for `as_array`.

        Returns:
            The bytes, colours as they are coded, and what describes them.

        Raises:
            As `as_array`.
        """
        dataset = self._dataset(src, options)
        description = self._description(dataset, raw=True, frames=None if index is None else 1)
        if self.is_encapsulated:
            return pixel_array(dataset, index=index, raw=True).tobytes(), description
        if index is not None:
            return frame_bytes(dataset, index), description
        return b"".join(frame_bytes(dataset, each) for each in range(_frame_count(dataset))), description

    def iter_buffer(
        self, src: Dataset | bytes | IO[bytes], *, indices: Iterable[int] | None = None, **options: Any
    ) -> Iterator[tuple[bytes, dict[str, Any]]]:
        """Give the bytes of frame after frame, as `as_buffer` does."""
        dataset = self._dataset(src, options)
        for index in range(_frame_count(dataset)) if indices is None else indices:
            yield self.as_buffer(dataset, index=index)

    def add_plugin(self, *_arguments: Any, **_keywords: Any) -> None:
        """Raise: what decodes is built in."""
        raise UnsupportedError(
            "there are no decoder plugins here: what decodes is built in; pydicom takes one, and "
            "ds.to_pydicom() gives its data set"
        )

    remove_plugin = add_plugin

    def _dataset(self, src: Dataset | bytes | IO[bytes], options: dict[str, Any]) -> Dataset:
        if isinstance(src, Dataset):
            said = None if src.file_meta is None else src.file_meta.get("TransferSyntaxUID")
            if said and said != self.UID:
                raise ValueError(f"the data set is of Transfer Syntax {said}, but this decodes {self.UID}")
            return src
        plain = {name: value for name, value in options.items() if name in _KEYWORDS}
        keyword = options.get("pixel_keyword", "PixelData")
        unknown = [*(options.keys() - plain.keys() - {"pixel_keyword", "pixel_vr", "extended_offsets"})]
        if unknown or keyword not in _PIXEL_KEYWORDS:
            raise TypeError(
                f"there is no option {unknown[0]}" if unknown else "there is no such pixel_keyword"
            )
        dataset = Dataset()
        dataset.ensure_file_meta()
        dataset.file_meta.TransferSyntaxUID = self.UID
        for name, value in plain.items():
            setattr(dataset, _KEYWORDS[name], value)
        if "extended_offsets" in options:
            dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = options["extended_offsets"]
        data = bytes(src) if isinstance(src, (bytes, bytearray, memoryview)) else self._read(src, dataset)
        dataset.add_new(Tag(keyword), options.get("pixel_vr") or _VR[keyword], data)
        return dataset

    def _in_its_order(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Give the array the byte order that pydicom's decoders leave."""
        return array if self.UID.is_little_endian else array.astype(array.dtype.newbyteorder(">"))

    def _read(self, file: IO[bytes], dataset: Dataset) -> bytes:
        from rapidicom.pixels.utils import get_expected_length

        start = file.tell()
        try:
            if self.is_encapsulated:
                return _items(file)
            length = get_expected_length(dataset)
            return file.read(length + length % 2)
        finally:
            file.seek(start)

    def _description(self, dataset: Dataset, *, raw: bool, frames: int | None) -> dict[str, Any]:
        found = {name: dataset[key].value for name, key in _KEYWORDS.items() if key in dataset}
        found["number_of_frames"] = frames or _frame_count(dataset)
        found["transfer_syntax_uid"] = self.UID
        found["pixel_keyword"] = next(key for key in _PIXEL_KEYWORDS if key in dataset)
        if not raw and str(found.get("photometric_interpretation", "")).startswith("YBR_"):
            found["photometric_interpretation"] = "RGB"
        return found


def get_decoder(uid: str) -> Decoder:
    """Return what decodes the pixels of a Transfer Syntax.

    Args:
        uid: Its UID.

    Raises:
        NotImplementedError: Its pixels are not decoded.
    """
    supported = {syntax.uid for syntax in transfer_syntaxes() if syntax.why_not is None}
    if str(uid) not in supported:
        raise NotImplementedError(f"pixels of Transfer Syntax {UID(uid).name} are not decoded")
    return Decoder(UID(uid))


def _frame_count(dataset: Dataset) -> int:
    return max(int(dataset.get("NumberOfFrames") or 1), 1)


def _items(file: IO[bytes]) -> bytes:
    """Read items up to their Sequence Delimitation Item, or to the end."""
    parts = []
    while (head := file.read(8)) and head[:4] == _ITEM:
        parts += [head, file.read(int.from_bytes(head[4:], "little"))]
    return b"".join(parts) + _DELIMITER + b"\0\0\0\0"
