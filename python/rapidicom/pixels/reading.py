"""Pixels of one data set or file as NumPy arrays (PS3.3 §C.7.6.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from rapidicom import _core
from rapidicom._common.errors import UnsupportedError
from rapidicom.pixels.decoders.base import Decoder, get_decoder
from rapidicom.pixels.frames import check_syntax, checked_index, frames, reader_of, warn_of
from rapidicom.sources.opening import open_for_pixels

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom._core import Dataset
    from rapidicom.sources.opening import Key, Source

__all__ = [
    "frame_bytes",
    "iter_pixels",
    "kept_pixel_array",
    "pixel_array",
    "video_stream",
]

# Texts of a data set are decoded by it.
_SPECIFIC_CHARACTER_SET = 0x0008_0005

# What of an image is read by what is built in; other options choose decoders or colours.
_READER_OPTIONS = frozenset(("index", "raw", "reduce", "workers"))


def pixel_array(
    source: Source | _core.Dataset,
    *,
    index: int | None = None,
    raw: bool = False,
    reduce: int = 0,
    workers: int | None = None,
    force: bool = False,
    ds_out: Dataset | None = None,
    specific_tags: Iterable[Key] | None = None,
    decoding_plugin: str = "",
    storage_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> npt.NDArray[Any]:
    """Read the pixels of an image, or of one frame of it.

    Args:
        source: What `dcmread` takes, or a data set.
        index: The frame, from 0; `None` for all of them.
        raw: Leave YBR_FULL and YBR_FULL_422 pixels as they are instead of turning them into RGB.
        reduce: How often rows and columns are halved, rounding up, by leaving out resolutions of
            JPEG 2000 and HTJ2K, which saves the time to decode them.
        workers: Threads that decode frames; default: one a core.
        force: As for `dcmread`; of no meaning for a data set, which has been read already.
        ds_out: A data set that gets the File Meta Information of a file, its elements of group 0028
            that are not retired, the Extended Offset Table and Specific Character Set.
        specific_tags: Other elements for `ds_out`: keywords or tags.
        decoding_plugin: Ignored: the decoders are built in.
        storage_options: As for `dcmread`.
        options: What `rapidicom.pixels.decoders.Decoder.as_array` takes; not with `reduce`.

    Returns:
        Stored values, shape ([frame,] row, column[, sample]), of the type that Bits Allocated and
        Pixel Representation give: uint8 for 1 bit, 16 bits for 12, floating point for Float and
        Double Float Pixel Data. The bits above Bits Stored are cleared, or filled with the sign,
        and a value that High Bit puts above the lowest bits is shifted down to them, with a warning
        (PS3.5 §8.1.1). Unsigned values that a codec gives whole (JPEG with the cosine transform,
        JPEG-LS, JPEG 2000, JPEG XL) stay as they are coded, as in pydicom. The array is writable;
        the file never changes.

        If the data holds more pixels than Number of Frames says, not counting padding, all whole
        frames are read, with a warning. Missing parts of a damaged frame are zero, with a warning,
        in a file that was read with `force=True`, and otherwise an error.

    Raises:
        AttributeError: The data set has no pixels.
        MissingElementError: An attribute that describes the pixels is missing; also an
            `AttributeError` and an `InvalidDicomError`.
        InvalidDicomError: Attributes contradict each other, or bytes are missing or are not a
            compressed frame; `error.frame` is the frame.
        LimitError: A compressed frame decodes to far more bytes than any real one.
        UnsupportedError: The pixels are encoded in a way that cannot be read yet: see
            `transfer_syntaxes`.
        ValueError: The image has no such frame, or no such resolution.
        OSError: The file has been deleted or changed, or cannot be read.

    Examples:
        >>> rd.pixel_array("tests/data/files/sm_image.dcm").shape
        (25, 10, 10, 3)

        One frame, without decoding the others:

        >>> rd.pixel_array("tests/data/files/sm_image.dcm", index=24).shape
        (10, 10, 3)
    """
    del decoding_plugin
    dataset = _opened(source, ds_out, specific_tags, force, storage_options)
    if options:
        return _decoder(dataset, options, reduce).as_array(
            dataset, index=index, raw=raw, **options
        )[0]
    return _array(reader_of(dataset), index=index, raw=raw, reduce=reduce, workers=workers)


def _array(
    reader: _core.PixelReader,
    *,
    index: int | None = None,
    raw: bool = False,
    reduce: int = 0,
    workers: int | None = None,
) -> npt.NDArray[Any]:
    first, count = (0, reader.frame_count) if index is None else (checked_index(index, reader), 1)
    is_single = index is not None or reader.frame_count == 1
    return frames(
        reader, first, count, raw=raw, reduce=reduce, workers=workers, is_single=is_single
    )


def iter_pixels(
    source: Source | _core.Dataset,
    *,
    indices: Iterable[int] | None = None,
    raw: bool = False,
    reduce: int = 0,
    force: bool = False,
    ds_out: Dataset | None = None,
    specific_tags: Iterable[Key] | None = None,
    decoding_plugin: str = "",
    storage_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> Iterator[npt.NDArray[Any]]:
    """Read the frames of an image one after the other; only one is in memory at a time.

    Args:
        source: What `dcmread` takes, or a data set.
        indices: The frames, from 0, in the order wanted; `None` for all of them.
        raw: As for `pixel_array`.
        reduce: As for `pixel_array`.
        force: As for `pixel_array`.
        ds_out: As for `pixel_array`; filled before the first frame is yielded.
        specific_tags: As for `pixel_array`.
        decoding_plugin: As for `pixel_array`.
        storage_options: As for `dcmread`.
        options: As for `pixel_array`.

    Yields:
        One frame, shape (row, column[, sample]).

    Raises:
        DicomError: As `pixel_array`. After an error in one frame, others can still be read.

    Examples:
        >>> frames = rd.iter_pixels("tests/data/files/rtdose.dcm")
        >>> max(int(frame.max()) for frame in frames)
        1254000

        The first and the last frame:

        >>> len(list(rd.iter_pixels("tests/data/files/rtdose.dcm", indices=[0, 14])))
        2
    """
    del decoding_plugin
    dataset = _opened(source, ds_out, specific_tags, force, storage_options)
    if options:
        decoder = _decoder(dataset, options, reduce)
        for frame, _ in decoder.iter_array(dataset, indices=indices, raw=raw, **options):
            yield frame
        return
    reader = reader_of(dataset)
    for index in range(reader.frame_count) if indices is None else indices:
        yield frames(
            reader,
            checked_index(index, reader),
            1,
            raw=raw,
            reduce=reduce,
            workers=1,
            is_single=True,
        )


def kept_pixel_array(dataset: _core.Dataset, **options: Any) -> npt.NDArray[Any]:
    """Return the array of `dataset.pixel_array`, the same as before if nothing has changed."""
    check_syntax(dataset)
    reader = _core.PixelReader.of(dataset)
    if reader.kept is None or reader.kept[0] != options:
        if options.keys() <= _READER_OPTIONS:
            warn_of(reader, dataset)
            array = _array(reader, **options)
        else:
            array = pixel_array(dataset, **options)
        reader.kept = (options, array)
    return cast("npt.NDArray[Any]", reader.kept[1])


def frame_bytes(source: Source | _core.Dataset, index: int, *, force: bool = False) -> bytes:
    """Read the bytes of one frame as stored: see `Dataset.frame_bytes`.

    Args:
        source: What `dcmread` takes, or a data set.
        index: The frame, from 0.
        force: As for `pixel_array`.
    """
    reader = reader_of(source, force)
    return reader.frame_bytes(checked_index(index, reader))


def video_stream(source: Source | _core.Dataset, *, force: bool = False) -> memoryview:
    """Return the bytes of all fragments, joined: see `Dataset.video_stream`.

    Args:
        source: What `dcmread` takes, or a data set.
        force: As for `pixel_array`.
    """
    reader = reader_of(source, force)
    if not reader.is_encapsulated:
        raise UnsupportedError("native pixels are not a stream: pixel_array reads them")
    return reader.stream().data


def _opened(
    source: Source | _core.Dataset,
    ds_out: Dataset | None,
    specific_tags: Iterable[Key] | None,
    force: bool,
    storage_options: Mapping[str, Any] | None,
) -> _core.Dataset:
    if isinstance(source, _core.Dataset):
        return source
    dataset = open_for_pixels(source, force, storage_options)
    if ds_out is not None:
        ds_out.file_meta = dataset.file_meta
        group = [tag for tag in dataset.group_dataset(0x0028).tags() if _is_current(tag)]
        for key in (
            _SPECIFIC_CHARACTER_SET,
            *group,
            0x7FE0_0001,
            0x7FE0_0002,
            *(specific_tags or ()),
        ):
            if key in dataset:
                ds_out.add(dataset[key])
    return dataset


def _is_current(tag: int) -> bool:
    """Return whether an element is not retired: a group length is."""
    entry = _core.dictionary_entry(tag)
    return entry is not None and not entry[3]


def _decoder(dataset: _core.Dataset, options: dict[str, Any], reduce: int) -> Decoder:
    if reduce:
        raise TypeError(f"reduce cannot be given with {', '.join(options)}")
    meta = getattr(dataset, "file_meta", None)
    uid = options.get("transfer_syntax_uid") or (
        None if meta is None else meta.get("TransferSyntaxUID")
    )
    if uid is None:
        raise AttributeError("the data set has no Transfer Syntax UID: pass transfer_syntax_uid")
    return get_decoder(uid)
