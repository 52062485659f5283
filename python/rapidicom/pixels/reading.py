"""Pixels of one data set or file as NumPy arrays (PS3.3 §C.7.6.3)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from rapidicom import _core
from rapidicom.arrays import as_bytes, empty_aligned
from rapidicom.errors import UnsupportedError
from rapidicom.filereader import dcmread

if TYPE_CHECKING:
    from rapidicom.dataset import Dataset
    from rapidicom.filereader import Key, Source
    from rapidicom.pixels.decoders.base import Decoder

__all__ = [
    "checked_index",
    "frame_bytes",
    "iter_pixels",
    "kept_pixel_array",
    "pixel_array",
    "read_frames",
    "reader_of",
    "video_stream",
]

# The texts of a data set are read by it.
_SPECIFIC_CHARACTER_SET = 0x0008_0005
# From here on a private map costs less than reading: its pages are copied only if they are written to.
# `benches/maps.py` measures it.
_MAP_FROM_BYTES = 8 * 1024 * 1024


def pixel_array(
    source: Source | _core.Dataset,
    *,
    index: int | None = None,
    raw: bool = False,
    reduce: int = 0,
    workers: int | None = None,
    ds_out: Dataset | None = None,
    specific_tags: Iterable[Key] | None = None,
    decoding_plugin: str = "",
    **options: Any,
) -> npt.NDArray[Any]:
    """Read the pixels of an image, or of one frame of it.

    Args:
        source: What `dcmread` takes, or a data set.
        index: The frame, from 0; `None` for all of them.
        raw: Leave YBR_FULL and YBR_FULL_422 pixels as they are instead of turning them into RGB.
        reduce: How often rows and columns are halved, rounding up, by leaving out resolutions of JPEG 2000
            and HTJ2K, which saves the time to decode them.
        workers: Threads that decode frames at the same time; default: as many as there are cores.
        ds_out: A data set that gets the File Meta Information of a file, its elements of group 0028 that are
            not retired, the Extended Offset Table and Specific Character Set.
        specific_tags: Other elements for `ds_out`: keywords or tags.
        decoding_plugin: Taken for pydicom's sake: what decodes is built in.
        options: What `rapidicom.pixels.decoders.Decoder.as_array` takes; not with `reduce`.

    Returns:
        Stored values, shape ([frame,] row, column[, sample]), of the type that Bits Allocated and Pixel
        Representation give: uint8 for 1 bit, 16 bits for 12, floating point for Float and Double Float Pixel
        Data. The bits above Bits Stored are cleared, or filled with the sign, and a value that High Bit puts
        above the lowest bits is brought down to them, with a warning (PS3.5 §8.1.1); but for unsigned values
        that a codec gives whole (JPEG with the cosine transform, JPEG-LS, JPEG 2000, JPEG XL), which stay as
        they are coded, as in pydicom. The array is writable; the file never changes.

        Where there are more pixels than Number of Frames says, but for padding, all whole frames are read,
        with a warning. Of a damaged frame in a file that was read with `force=True`, what is missing is zero,
        with a warning; otherwise it is an error.

    Raises:
        AttributeError: There are no pixels.
        MissingElementError: An attribute is missing that describes them; an `AttributeError` and an
            `InvalidDicomError` too.
        InvalidDicomError: Attributes contradict each other, bytes are missing or are no compressed frame;
            `error.frame` is the frame.
        LimitError: A compressed frame stands for far more bytes than any real one.
        UnsupportedError: The pixels are written in a way that is not read: see `transfer_syntaxes`.
        ValueError: There is no such frame, or no such resolution.
        OSError: The file is gone, has been changed, or cannot be read.
    """
    del decoding_plugin
    dataset = _opened(source, ds_out, specific_tags)
    if options:
        return _decoder(dataset, options, reduce).as_array(dataset, index=index, raw=raw, **options)[0]
    reader = reader_of(dataset)
    first, count = (0, reader.frame_count) if index is None else (checked_index(index, reader), 1)
    is_single = index is not None or reader.frame_count == 1
    return _frames(reader, first, count, raw=raw, reduce=reduce, workers=workers, is_single=is_single)


def iter_pixels(
    source: Source | _core.Dataset,
    *,
    indices: Iterable[int] | None = None,
    raw: bool = False,
    reduce: int = 0,
    ds_out: Dataset | None = None,
    specific_tags: Iterable[Key] | None = None,
    decoding_plugin: str = "",
    **options: Any,
) -> Iterator[npt.NDArray[Any]]:
    """Read the frames of an image one after the other; only one is in memory at a time.

    Args:
        source: What `dcmread` takes, or a data set.
        indices: The frames, from 0, in the order wanted; `None` for all of them.
        raw: As for `pixel_array`.
        reduce: As for `pixel_array`.
        ds_out: As for `pixel_array`; filled when the first frame is asked for.
        specific_tags: As for `pixel_array`.
        decoding_plugin: As for `pixel_array`.
        options: As for `pixel_array`.

    Yields:
        One frame, shape (row, column[, sample]).

    Raises:
        As `pixel_array`. After an error in one frame others can still be read.
    """
    del decoding_plugin
    dataset = _opened(source, ds_out, specific_tags)
    if options:
        decoder = _decoder(dataset, options, reduce)
        for frame, _ in decoder.iter_array(dataset, indices=indices, raw=raw, **options):
            yield frame
        return
    reader = reader_of(dataset)
    for index in range(reader.frame_count) if indices is None else indices:
        yield _frames(
            reader, checked_index(index, reader), 1, raw=raw, reduce=reduce, workers=1, is_single=True
        )


def read_frames(dataset: _core.Dataset, count: int, *, raw: bool) -> npt.NDArray[Any]:
    """Read the first frames of an image, whatever its Number of Frames says.

    Args:
        dataset: The data set.
        count: How many.
        raw: As for `pixel_array`.

    Returns:
        Shape ([frame,] row, column[, sample]).
    """
    reader = reader_of(dataset, is_cut=True)
    return _frames(reader, 0, count, raw=raw, reduce=0, workers=None, is_single=count == 1)


def kept_pixel_array(dataset: _core.Dataset, **options: Any) -> npt.NDArray[Any]:
    """Give the array of `dataset.pixel_array`: the same as before if nothing has changed since."""
    reader = _core.PixelReader.of(dataset)
    if reader.kept is None or reader.kept[0] != options:
        reader.kept = (options, pixel_array(dataset, **options))
    return cast("npt.NDArray[Any]", reader.kept[1])


def frame_bytes(source: Source | _core.Dataset, index: int) -> bytes:
    """Read the bytes of one frame as they are in the file: see `Dataset.frame_bytes`."""
    reader = reader_of(source)
    return reader.frame_bytes(checked_index(index, reader))


def video_stream(source: Source | _core.Dataset) -> memoryview:
    """See the bytes of all fragments as one: see `Dataset.video_stream`."""
    reader = reader_of(source)
    if not reader.is_encapsulated:
        raise UnsupportedError("native pixels are no stream: pixel_array reads them")
    return reader.stream().data


def _opened(
    source: Source | _core.Dataset, ds_out: Dataset | None, specific_tags: Iterable[Key] | None
) -> _core.Dataset:
    if isinstance(source, _core.Dataset):
        return source
    dataset = dcmread(source)
    if ds_out is not None:
        ds_out.file_meta = dataset.file_meta
        group = [tag for tag in dataset.group_dataset(0x0028).tags() if _is_current(tag)]
        for key in (_SPECIFIC_CHARACTER_SET, *group, 0x7FE0_0001, 0x7FE0_0002, *(specific_tags or ())):
            if key in dataset:
                ds_out.add(dataset[key])
    return dataset


def _is_current(tag: int) -> bool:
    """Say whether an element is in the standard still: a group length is not."""
    entry = _core.dictionary_entry(tag)
    return entry is not None and not entry[3]


def _decoder(dataset: _core.Dataset, options: dict[str, Any], reduce: int) -> Decoder:
    from rapidicom.pixels.decoders.base import get_decoder

    if reduce:
        raise TypeError(f"reduce cannot be given with {', '.join(options)}")
    meta = getattr(dataset, "file_meta", None)
    uid = options.get("transfer_syntax_uid") or (None if meta is None else meta.get("TransferSyntaxUID"))
    if uid is None:
        raise AttributeError("there is no Transfer Syntax UID: transfer_syntax_uid says it")
    return get_decoder(uid)


def reader_of(source: Source | _core.Dataset, *, is_cut: bool = False) -> _core.PixelReader:
    """Find the pixels of a data set, and warn of what is not as it should be.

    Args:
        source: What `dcmread` takes, or a data set.
        is_cut: Whether frames beyond Number of Frames are left out.
    """
    dataset = source if isinstance(source, _core.Dataset) else dcmread(source)
    reader = _core.PixelReader.of(dataset)
    found = list(reader.irregularities)
    if reader.frame_count > reader.said_frame_count:
        found.append(
            f"there are pixels of {reader.frame_count} frames, but Number of Frames says "
            f"{reader.said_frame_count}: {'the others are left out' if is_cut else 'all of them are read'}"
        )
    if reader.excess_length > 0:
        found.append(f"behind the pixels there are {reader.excess_length} bytes that are not read")
    if not dataset.get("NumberOfFrames", 1):
        found.append("Number of Frames is 0 or empty: 1 frame is read")
    lowest, highest = reader.value_bits
    if lowest > 0 and not reader.is_encapsulated:
        # Other readers take the lowest bits whatever High Bit says, and programs change Bits Stored alone.
        found.append(f"High Bit is not Bits Stored - 1: values from bits {lowest} to {highest} are read")
    for sentence in found:
        warnings.warn(sentence, stacklevel=4)
    return reader


def checked_index(index: int, reader: _core.PixelReader) -> int:
    """Return the index of a frame.

    Args:
        index: The index, from 0.
        reader: The pixels that it is to be in.

    Raises:
        ValueError: There is no such frame.
    """
    if not 0 <= index < reader.frame_count:
        raise ValueError(f"there is no frame with index {index}: the image has {reader.frame_count}")
    return index


def _frames(
    reader: _core.PixelReader,
    first: int,
    count: int,
    *,
    raw: bool,
    reduce: int,
    workers: int | None,
    is_single: bool,
) -> npt.NDArray[Any]:
    if reduce < 0:
        raise ValueError(f"reduce is {reduce}, expected 0 or more")
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers}, expected 1 or more")
    reader.check_frames(first, count)
    # No image can be halved more often.
    frame_shape = tuple(reader.frame_shape(min(reduce, 32)))
    shape = frame_shape if is_single else (count, *frame_shape)
    dtype = np.dtype(reader.dtype)
    length = math.prod(shape) * dtype.itemsize
    if reduce == 0 and (reader.mmap == "always" or (reader.mmap == "auto" and length >= _MAP_FROM_BYTES)):
        mapped = reader.map(first, count, raw)
        if mapped is not None:
            return cast("npt.NDArray[Any]", mapped.view(dtype).reshape(shape))
    array = empty_aligned(shape, dtype)
    for sentence in reader.read_into(first, count, raw, min(reduce, 32), workers, as_bytes(array)):
        warnings.warn(f"the file is damaged, and what is missing is zero: {sentence}", stacklevel=3)
    return array
