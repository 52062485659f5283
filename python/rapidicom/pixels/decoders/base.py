"""Decoders by Transfer Syntax, used like pydicom's: they read what `rapidicom.pixels.frames` reads.

The decoders are built in: there are no plugins to choose from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from rapidicom import _core
from rapidicom._common.errors import UnsupportedError
from rapidicom._common.not_offered import NotOffered, not_offered
from rapidicom._common.transfer_syntaxes import transfer_syntaxes
from rapidicom._values import uid
from rapidicom.pixels.color_space import YBR, convert_color_space
from rapidicom.pixels.decoders.colours import coded_colours
from rapidicom.pixels.decoders.source import described_dataset, pixel_element
from rapidicom.pixels.decoders.views import buffer_of, view_of
from rapidicom.pixels.frames import checked_index, frames, read_frames, reader_of
from rapidicom.pixels.native import OPTIONS

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom._core import Dataset

__all__ = ["Decoder", "get_decoder"]

# Options that pydicom's decoders have: their fixed values here, and the Transfer Syntaxes that they
# apply to.
_FIXED = {
    "apply_j2k_sign_correction": (True, (uid.JPEG2000Lossless, uid.JPEG2000, uid.HTJ2KLossless,
                                         uid.HTJ2KLosslessRPCL, uid.HTJ2K)),
    "apply_jls_sign_correction": (True, (uid.JPEGLSLossless, uid.JPEGLSNearLossless)),
    "be_swap_ow": (False, (uid.ExplicitVRBigEndian,)),
    "byteorder": (">", (uid.RLELossless,)),
}  # fmt: skip

_OPTIONS = frozenset(
    (
        *OPTIONS.values(),
        *_FIXED,
        "allow_excess_frames",
        "as_rgb",
        "correct_unused_bits",
        "extended_offsets",
        "force_rgb",
        "force_ybr",
        "pixel_keyword",
        "pixel_vr",
        "rle_segment_order",
        "transfer_syntax_uid",
        "view_only",
    )
)


class Decoder:
    """Decodes the pixels of one Transfer Syntax.

    Options of its methods describe the pixels, without a data set or overriding it: `rows`,
    `columns`, `samples_per_pixel`, `photometric_interpretation`, `planar_configuration`,
    `number_of_frames`, `bits_allocated`, `bits_stored`, `pixel_representation`, `extended_offsets`,
    `pixel_keyword`, `pixel_vr`; or choose how they are converted: `as_rgb=False` leaves YBR as it
    is, `force_rgb=True` and `force_ybr=True` convert colours whatever Photometric Interpretation
    says, `allow_excess_frames=False` leaves out frames beyond Number of Frames,
    `correct_unused_bits=False` leaves the bits above Bits Stored of native pixels as they are.
    With `view_only=True`, arrays of native pixels are views of their bytes where that is possible,
    writable only if the bytes are, and buffers are a `memoryview` of them.
    """

    # pydicom's methods for plugins.
    is_available = True
    missing_dependencies: tuple[str, ...] = ()
    available_plugins = ("rapidicom",)
    unavailable_plugins: tuple[str, ...] = ()

    add_plugin = NotOffered("take other decoders")
    add_plugins = NotOffered("take other decoders")
    remove_plugin = NotOffered("take other decoders")

    def __init__(self, uid: str) -> None:
        """Make the decoder of a Transfer Syntax."""
        self._uid = _core_uid(uid)

    @property
    def UID(self) -> uid.UID:
        """The Transfer Syntax UID."""
        return self._uid

    @property
    def is_encapsulated(self) -> bool:
        """Whether pixels are in fragments."""
        return bool(self._uid.is_encapsulated)

    @property
    def is_native(self) -> bool:
        """Whether pixels are not in fragments."""
        return not self.is_encapsulated

    def as_array(
        self,
        src: Any,
        *,
        index: int | None = None,
        validate: bool = True,
        raw: bool = False,
        decoding_plugin: str = "",
        **options: Any,
    ) -> tuple[npt.NDArray[Any], dict[str, str | int]]:
        """Decode the pixels of an image, or of one frame of it.

        Args:
            src: A data set; or the value of its pixel element, bytes or a file object at its start,
                which needs options that describe it.
            index: The frame, from 0; `None` for all of them.
            validate: Ignored: everything is checked.
            raw: Leave YBR as it is.
            decoding_plugin: Ignored: the decoders are built in.
            options: See the class.

        Returns:
            The array that `rapidicom.pixel_array` gives, but in the byte order of the Transfer
            Syntax, and the attributes that describe it, by the names of the options.

        Raises:
            TypeError: An option is unknown, or `src` is of a type without pixels.
            ValueError: `src` is of another Transfer Syntax, or no frame has this index.
            Others: As `rapidicom.pixel_array`.
        """
        del validate, decoding_plugin
        _check(options, index, self._uid)
        dataset = self._dataset(src, options)
        as_read = raw or _is_colour_chosen(options)
        view = self._view(src, dataset, options, index, as_read=as_read)
        if view is not None:
            array = view
        elif index is None and not options.get("allow_excess_frames", True):
            array = read_frames(dataset, _said_frame_count(dataset), raw=as_read)
        else:
            array = _frames(dataset, index, raw=as_read)
        array = self._by_segments(array, options)
        array, photometric = _coloured(array, _said_colours(dataset), raw=raw, options=options)
        count = 1 if index is not None else _frame_count(array, dataset)
        return self._ordered(array), _described(dataset, count, photometric)

    def iter_array(
        self,
        src: Any,
        *,
        indices: Iterable[int] | None = None,
        validate: bool = True,
        raw: bool = False,
        decoding_plugin: str = "",
        **options: Any,
    ) -> Iterator[tuple[npt.NDArray[Any], dict[str, str | int]]]:
        """Decode the frames of an image one after the other.

        Args:
            src: As for `as_array`.
            indices: The frames, from 0; `None` for all of them.
            validate: As for `as_array`.
            raw: As for `as_array`.
            decoding_plugin: As for `as_array`.
            options: As for `as_array`.

        Yields:
            The array of a frame, and the attributes that describe it.

        Raises:
            As `as_array`.
        """
        del validate, decoding_plugin
        _check(options, None, self._uid)
        dataset = self._dataset(src, options)
        if indices is None and not options.get("allow_excess_frames", True):
            indices = range(_said_frame_count(dataset))
        as_read = raw or _is_colour_chosen(options)
        said = None
        reader = reader_of(dataset)
        buffer = self._buffer(src, dataset, options)
        for index in range(reader.frame_count) if indices is None else indices:
            first = checked_index(index, reader)
            view = None if buffer is None else view_of(buffer, dataset, first, 1, as_read=as_read)
            frame = (
                frames(reader, first, 1, raw=as_read, reduce=0, workers=1, is_single=True)
                if view is None
                else view
            )
            frame = self._by_segments(frame, options)
            # Once, for it may read the first frame.
            said = said or _said_colours(dataset)
            array, photometric = _coloured(frame, said, raw=raw, options=options)
            yield self._ordered(array), _described(dataset, 1, photometric)

    def as_buffer(
        self,
        src: Any,
        *,
        index: int | None = None,
        validate: bool = True,
        raw: bool = True,
        decoding_plugin: str = "",
        **options: Any,
    ) -> tuple[bytes | memoryview, dict[str, str | int]]:
        """Decode the pixels of an image, or of one frame of it, to bytes.

        Args:
            src: As for `as_array`.
            index: As for `as_array`.
            validate: As for `as_array`.
            raw: Ignored: the colours of bytes are never converted.
            decoding_plugin: As for `as_array`.
            options: As for `as_array`, as far as they describe the pixels.

        Returns:
            The bytes, and the attributes that describe them. Native ones are as they are in the
            file, from the byte (or word, of those in words) in which the frame starts to the one in
            which it ends; decoded ones are little endian, those of RLE Lossless colour by plane.

        Raises:
            As `as_array`.
        """
        del validate, raw, decoding_plugin
        _check(options, index, self._uid)
        dataset = self._dataset(src, options)
        is_cut = not options.get("allow_excess_frames", True)
        reader = reader_of(dataset, is_cut=is_cut)
        count = reader.said_frame_count if is_cut else reader.frame_count
        indices = range(count) if index is None else range(checked_index(index, reader), index + 1)
        buffer = self._buffer(src, dataset, options)
        return self._bytes(dataset, indices, coded_colours(dataset), options, buffer)

    def iter_buffer(
        self,
        src: Any,
        *,
        indices: Iterable[int] | None = None,
        validate: bool = True,
        raw: bool = True,
        decoding_plugin: str = "",
        **options: Any,
    ) -> Iterator[tuple[bytes | memoryview, dict[str, str | int]]]:
        """Decode the frames of an image to bytes, one after the other.

        Args:
            src: As for `as_buffer`.
            indices: As for `iter_array`.
            validate: As for `as_buffer`.
            raw: As for `as_buffer`.
            decoding_plugin: As for `as_buffer`.
            options: As for `as_buffer`.

        Yields:
            The bytes of a frame, and the attributes that describe them.

        Raises:
            As `as_buffer`.
        """
        del validate, raw, decoding_plugin
        _check(options, None, self._uid)
        dataset = self._dataset(src, options)
        is_cut = not options.get("allow_excess_frames", True)
        reader = reader_of(dataset, is_cut=is_cut)
        count = reader.said_frame_count if is_cut else reader.frame_count
        photometric = None
        buffer = self._buffer(src, dataset, options)
        for index in range(count) if indices is None else indices:
            _check_index(index)
            frame = range(checked_index(index, reader), index + 1)
            # Once, for it may read the first frame.
            photometric = photometric or coded_colours(dataset)
            yield self._bytes(dataset, frame, photometric, options, buffer)

    def _dataset(self, src: Any, options: dict[str, Any]) -> Dataset:
        if self.is_native and not options.get("correct_unused_bits", True):
            bits = options.get("bits_allocated")
            bits = src.BitsAllocated if bits is None else bits
            options = options | {"bits_stored": bits}
        return described_dataset(src, self._uid, options)

    def _buffer(self, src: Any, dataset: Dataset, options: dict[str, Any]) -> memoryview | None:
        """Return the bytes that views are of; `None` if none are asked for, or possible."""
        if not self.is_native or not options.get("view_only"):
            return None
        return buffer_of(src, dataset, pixel_element(dataset))

    def _view(
        self,
        src: Any,
        dataset: Dataset,
        options: dict[str, Any],
        index: int | None,
        *,
        as_read: bool,
    ) -> npt.NDArray[Any] | None:
        buffer = self._buffer(src, dataset, options)
        if buffer is None:
            return None
        is_cut = not options.get("allow_excess_frames", True)
        reader = reader_of(dataset, is_cut=is_cut)
        count = reader.said_frame_count if is_cut else reader.frame_count
        first = 0 if index is None else checked_index(index, reader)
        return view_of(buffer, dataset, first, count if index is None else 1, as_read=as_read)

    def _by_segments(self, array: npt.NDArray[Any], options: dict[str, Any]) -> npt.NDArray[Any]:
        """Take the segments of RLE Lossless in the order asked for: `>` is the standard's."""
        is_wrong = options.get("rle_segment_order", ">") == "<"
        return array.byteswap() if is_wrong and self._uid == uid.RLELossless else array

    def _ordered(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        dtype = array.dtype.newbyteorder("<" if self._uid.is_little_endian else ">")
        return array.astype(dtype, copy=False)

    def _decoded_bytes(
        self, dataset: Dataset, index: int, itemsize: int, options: dict[str, Any]
    ) -> bytes:
        array = self._by_segments(_frames(dataset, index, raw=True), options)
        if self._uid == uid.RLELossless and array.ndim == 3:
            array = array.transpose(2, 0, 1)
        kind = array.dtype.kind
        return array.astype(f"<{kind}{itemsize}", copy=False).tobytes()

    def _bytes(
        self,
        dataset: Dataset,
        indices: range,
        photometric: str,
        options: dict[str, Any],
        buffer: memoryview | None,
    ) -> tuple[bytes | memoryview, dict[str, str | int]]:
        """Return the bytes of consecutive frames, and the attributes that describe them."""
        described = _described(dataset, len(indices), photometric)
        stored = dataset.get("PlanarConfiguration") or 0
        planar = stored if self.is_native else self._uid == uid.RLELossless
        if "planar_configuration" in described:
            described["planar_configuration"] = int(planar)
        if self.is_native:
            return _native_bytes(dataset, indices, buffer), described
        # Those of a codestream lie in as few bytes as it needs, but for RLE Lossless.
        if self._uid != uid.RLELossless and int(described["bits_stored"]) <= 8:
            described["bits_allocated"] = 8
        size = -(-int(described["bits_allocated"]) // 8)
        each = (self._decoded_bytes(dataset, index, size, options) for index in indices)
        return b"".join(each), described


def _frames(dataset: Dataset, index: int | None, *, raw: bool) -> npt.NDArray[Any]:
    reader = reader_of(dataset)
    first, count = (0, reader.frame_count) if index is None else (checked_index(index, reader), 1)
    is_single = index is not None or reader.frame_count == 1
    return frames(reader, first, count, raw=raw, reduce=0, workers=None, is_single=is_single)


def _core_uid(text: str) -> uid.UID:
    return text if isinstance(text, uid.UID) else uid.UID(text)


def _check(options: dict[str, Any], index: int | None, syntax: str) -> None:
    unknown = sorted(options.keys() - _OPTIONS)
    if unknown:
        raise TypeError(
            f"unknown option {', '.join(unknown)}: the options are {', '.join(sorted(_OPTIONS))}"
        )
    for name, (value, syntaxes) in _FIXED.items():
        if syntax in syntaxes and options.get(name, value) != value:
            not_offered(f"decode with {name} other than {value!r}")
    if options.get("force_rgb") and options.get("force_ybr"):
        raise ValueError("force_rgb and force_ybr cannot both be true")
    if index is not None:
        _check_index(index)


def _check_index(index: int) -> None:
    if index < 0:
        raise ValueError(f"index is {index}, expected 0 or more")


def _is_colour_chosen(options: dict[str, Any]) -> bool:
    return bool(
        options.get("force_rgb") or options.get("force_ybr") or not options.get("as_rgb", True)
    )


def _said_colours(dataset: Dataset) -> str:
    """Return the Photometric Interpretation of arrays before colours are converted."""
    said = coded_colours(dataset)
    is_native = not dataset.file_meta.TransferSyntaxUID.is_encapsulated
    # Each pixel of the array has its own colour.
    return "YBR_FULL" if said == "YBR_FULL_422" and is_native else said


def _coloured(
    array: npt.NDArray[Any], said: str, *, raw: bool, options: dict[str, Any]
) -> tuple[npt.NDArray[Any], str]:
    """Convert colours as the options say, and return them with their Photometric Interpretation."""
    if raw:
        return array, said
    if options.get("force_ybr"):
        return convert_color_space(array, "RGB", "YBR_FULL"), "YBR_FULL"
    if options.get("force_rgb"):
        return convert_color_space(array, "YBR_FULL", "RGB"), "RGB"
    return array, "RGB" if said in YBR and options.get("as_rgb", True) else said


def _frame_count(array: npt.NDArray[Any], dataset: Dataset) -> int:
    is_single = array.ndim == (2 if dataset.SamplesPerPixel == 1 else 3)
    return 1 if is_single else int(array.shape[0])


def _said_frame_count(dataset: Dataset) -> int:
    return _core.PixelReader.of(dataset).said_frame_count


def _described(dataset: Dataset, count: int, photometric: str) -> dict[str, str | int]:
    described: dict[str, str | int] = {
        "bits_allocated": int(dataset.BitsAllocated),
        "columns": int(dataset.Columns),
        "number_of_frames": count,
        "photometric_interpretation": photometric,
        "rows": int(dataset.Rows),
        "samples_per_pixel": int(dataset.SamplesPerPixel),
    }
    if described["samples_per_pixel"] != 1:
        described["planar_configuration"] = 0
    if "PixelData" in dataset:
        described["bits_stored"] = int(dataset.BitsStored)
        described["pixel_representation"] = int(dataset.PixelRepresentation)
    return described


def _native_bytes(
    dataset: Dataset, indices: range, buffer: memoryview | None
) -> bytes | memoryview:
    element = dataset[pixel_element(dataset)]
    data = cast(bytes, element.value)
    samples = int(dataset.Rows) * int(dataset.Columns) * int(dataset.SamplesPerPixel)
    bits = samples * int(dataset.BitsAllocated)
    if dataset.get("PhotometricInterpretation") == "YBR_FULL_422":
        # Two pixels share their colour.
        bits = bits // 3 * 2
    start, end = indices.start * bits // 8, -(-indices.stop * bits // 8)
    if dataset.is_little_endian is False and element.VR == "OW" and dataset.BitsAllocated == 8:
        # The bytes of a word are swapped, and belong together.
        start, end = start - start % 2, end + end % 2
    return bytes(data[start:end]) if buffer is None else buffer[start:end]


@cache
def _decoders() -> dict[str, Decoder]:
    return {row.uid: Decoder(row.uid) for row in transfer_syntaxes() if row.why_not is None}


def get_decoder(uid: str) -> Decoder:
    """Return the decoder of a Transfer Syntax.

    Args:
        uid: Its UID.

    Raises:
        UnsupportedError: Its pixels are not decoded; also a `NotImplementedError`.
    """
    decoder = _decoders().get(str(uid))
    if decoder is None:
        raise UnsupportedError(
            f"pixels of the Transfer Syntax {_core_uid(uid).name} are not decoded"
        )
    return decoder


ImplicitVRLittleEndianDecoder = get_decoder(uid.ImplicitVRLittleEndian)
ExplicitVRLittleEndianDecoder = get_decoder(uid.ExplicitVRLittleEndian)
ExplicitVRBigEndianDecoder = get_decoder(uid.ExplicitVRBigEndian)
DeflatedExplicitVRLittleEndianDecoder = get_decoder(uid.DeflatedExplicitVRLittleEndian)
JPEGBaseline8BitDecoder = get_decoder(uid.JPEGBaseline8Bit)
JPEGExtended12BitDecoder = get_decoder(uid.JPEGExtended12Bit)
JPEGLosslessDecoder = get_decoder(uid.JPEGLossless)
JPEGLosslessSV1Decoder = get_decoder(uid.JPEGLosslessSV1)
JPEGLSLosslessDecoder = get_decoder(uid.JPEGLSLossless)
JPEGLSNearLosslessDecoder = get_decoder(uid.JPEGLSNearLossless)
JPEG2000LosslessDecoder = get_decoder(uid.JPEG2000Lossless)
JPEG2000Decoder = get_decoder(uid.JPEG2000)
HTJ2KLosslessDecoder = get_decoder(uid.HTJ2KLossless)
HTJ2KLosslessRPCLDecoder = get_decoder(uid.HTJ2KLosslessRPCL)
HTJ2KDecoder = get_decoder(uid.HTJ2K)
RLELosslessDecoder = get_decoder(uid.RLELossless)
