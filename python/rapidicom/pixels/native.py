"""Native pixels as bytes (PS3.5 §8), and the attributes that describe pixels (PS3.3 §C.7.6.3)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from rapidicom._common.numbers import as_integer
from rapidicom._values.uid import (
    UID,
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLELossless,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from rapidicom._core import Dataset

__all__ = [
    "OPTIONS",
    "as_pixel_options",
    "byte_order",
    "expand_ybr422",
    "get_expected_length",
    "get_j2k_parameters",
    "get_nr_frames",
    "pack_bits",
    "pixel_dtype",
    "reshape_pixel_array",
    "unpack_bits",
]

# Options of decoders, by the attributes that they replace.
OPTIONS = {
    "SamplesPerPixel": "samples_per_pixel",
    "PhotometricInterpretation": "photometric_interpretation",
    "PlanarConfiguration": "planar_configuration",
    "NumberOfFrames": "number_of_frames",
    "Rows": "rows",
    "Columns": "columns",
    "BitsAllocated": "bits_allocated",
    "BitsStored": "bits_stored",
    "PixelRepresentation": "pixel_representation",
}


def as_pixel_options(ds: Dataset, **kwargs: Any) -> dict[str, Any]:
    """Return the attributes that describe pixels under the names of a decoder's options.

    Args:
        ds: The data set.
        kwargs: Options that override attributes.

    Returns:
        The options of the attributes that are present, `number_of_frames` always, and
        `extended_offsets`, the bytes of the Extended Offset Table and its lengths.
    """
    options = {name: ds[keyword].value for keyword, name in OPTIONS.items() if keyword in ds}
    options["number_of_frames"] = get_nr_frames(ds)
    if "ExtendedOffsetTable" in ds and "ExtendedOffsetTableLengths" in ds:
        options["extended_offsets"] = (ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths)
    return options | kwargs


def get_nr_frames(ds: Dataset, warn: bool = True) -> int:
    """Return Number of Frames, or 1 if it is absent or less.

    Args:
        ds: The data set.
        warn: Whether to warn if it is empty or 0.
    """
    count = ds.get("NumberOfFrames", 1)
    if not count and warn:
        warnings.warn("Number of Frames is 0 or empty: 1 is assumed", stacklevel=2)
    return max(_whole(count or 1, "Number of Frames"), 1)


def _whole(value: Any, name: str) -> int:
    """Return a value as a whole number; its text is in no message."""
    number = as_integer(value)
    if number is None:
        raise ValueError(f"{name} is not a whole number")
    return number


def get_expected_length(ds: Dataset, unit: str = "bytes") -> int:
    """Return the length of native pixels that their attributes give, without padding.

    Args:
        ds: The data set.
        unit: `bytes`, or `pixels` to count samples.
    """
    count = ds.Rows * ds.Columns * ds.SamplesPerPixel * get_nr_frames(ds)
    if unit == "pixels":
        return int(count)
    length = -(-count // 8) if ds.BitsAllocated == 1 else count * (ds.BitsAllocated // 8)
    # Two pixels share their colour.
    return int(length // 3 * 2 if ds.PhotometricInterpretation == "YBR_FULL_422" else length)


def pixel_dtype(ds: Dataset, as_float: bool = False) -> np.dtype[Any]:
    """Return the type of samples as they are in the file, its byte order included.

    Args:
        ds: The data set.
        as_float: Whether they are Float or Double Float Pixel Data.

    Raises:
        AttributeError: An attribute that describes them is missing.
        NotImplementedError: No type has so many bits.
        ValueError: Pixel Representation or Bits Allocated has an undefined value.
    """
    is_little_endian = byte_order(ds)
    if is_little_endian is None:
        raise AttributeError(
            "unknown byte order: the data set has neither a file nor a Transfer Syntax UID"
        )
    bits = _whole(ds.BitsAllocated, "Bits Allocated")
    if as_float:
        kind = "f"
    elif "PixelRepresentation" not in ds:
        raise AttributeError("the data set has no (0028,0103) Pixel Representation")
    elif ds.PixelRepresentation in (0, 1):
        kind = "ui"[ds.PixelRepresentation]
    else:
        raise ValueError("Pixel Representation must be 0 or 1")
    if bits != 1 and (bits < 1 or bits % 8):
        raise ValueError(f"Bits Allocated must be 1 or a multiple of 8, not {bits}")
    size = 1 if bits == 1 and not as_float else bits // 8
    allowed = (4, 8) if as_float else (1, 2, 4, 8)
    if size not in allowed:
        raise NotImplementedError(f"no type of samples has {bits} bits")
    return np.dtype(f"{'<' if is_little_endian else '>'}{'u' if bits == 1 else kind}{size}")


def reshape_pixel_array(ds: Dataset, arr: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return samples in their order in the file as an image, or images.

    Args:
        ds: The data set.
        arr: The samples, one dimension.

    Returns:
        Shape ([frame,] row, column[, sample]).

    Raises:
        ValueError: The attributes contradict each other or the number of samples.
    """
    if (said := _whole(ds.get("NumberOfFrames") or 1, "Number of Frames")) < 1:
        raise ValueError(f"Number of Frames must be 1 or more, not {said}")
    samples, planar = _whole(ds.SamplesPerPixel, "Samples per Pixel"), 0
    if samples < 1:
        raise ValueError(f"Samples per Pixel must be 1 or more, not {samples}")
    if samples > 1:
        planar = _planar_configuration(ds)
        if planar not in (0, 1):
            raise ValueError(f"Planar Configuration must be 0 or 1, not {planar}")
    frames = get_nr_frames(ds)
    rows, columns = _whole(ds.Rows, "Rows"), _whole(ds.Columns, "Columns")
    array: npt.NDArray[Any]
    if samples == 1:
        array = arr.reshape(frames, rows, columns)
    elif planar:
        array = arr.reshape(frames, samples, rows, columns).transpose(0, 2, 3, 1)
    else:
        array = arr.reshape(frames, rows, columns, samples)
    return array if frames > 1 else array[0]


def unpack_bits(src: bytes, as_array: bool = True) -> npt.NDArray[np.uint8] | bytes:
    """Return one number, 0 or 1, for each bit; the lowest bit of a byte is first.

    Args:
        src: The bytes.
        as_array: Whether as an array instead of bytes.
    """
    bits = np.unpackbits(np.frombuffer(src, np.uint8), bitorder="little")
    return bits if as_array else bits.tobytes()


def pack_bits(arr: npt.NDArray[Any], pad: bool = True) -> bytes:
    """Return numbers that are 0 or 1 as bits, the first in the lowest of a byte.

    Args:
        arr: The numbers.
        pad: Whether to add a byte if the length would be odd.

    Raises:
        ValueError: `arr` has other numbers.
    """
    if arr.size == 0:
        return b""
    if not np.isin(arr, (0, 1)).all():
        raise ValueError("only 0 and 1 can be packed into bits")
    packed = np.packbits(arr.astype(np.uint8).ravel(), bitorder="little").tobytes()
    return packed + b"\0" if pad and len(packed) % 2 else packed


def expand_ybr422(src: bytes, bits_allocated: int) -> bytes:
    """Return native YBR_FULL_422 samples, (Y1, Y2, CB, CR) for two pixels, as YBR_FULL.

    Args:
        src: The bytes.
        bits_allocated: Bits Allocated.
    """
    samples = np.frombuffer(src, np.dtype(f"u{bits_allocated // 8}")).reshape(-1, 4)
    return samples[:, [0, 2, 3, 1, 2, 3]].tobytes()


def get_j2k_parameters(codestream: bytes) -> dict[str, Any]:
    """Return how a JPEG 2000 codestream describes its first component (ISO/IEC 15444-1 §A.5.1).

    Args:
        codestream: The codestream, or a JP2 file with one.

    Returns:
        `precision` in bits, `is_signed`, and whether it is in a JP2 file, `jp2`; nothing if it is
        no codestream.
    """
    codestream = bytes(codestream)
    offset = 0
    is_jp2 = codestream.startswith(b"\0\0\0\x0cjP  ")
    while is_jp2 and codestream[offset + 4 : offset + 8] != b"jp2c":
        # A box without a length of its own goes to the end, or has a longer one, and holds no
        # image.
        length = int.from_bytes(codestream[offset : offset + 4], "big")
        if length < 8 or offset + length > len(codestream):
            return {}
        offset += length
    offset += 8 if is_jp2 else 0
    # SOC, SIZ, and the first Ssiz after 38 bytes.
    component = codestream[offset + 42 : offset + 43]
    if not component or codestream[offset : offset + 4] != b"\xff\x4f\xff\x51":
        return {}
    return {
        "jp2": is_jp2,
        "precision": (component[0] & 0x7F) + 1,
        "is_signed": component[0] >= 0x80,
    }


def byte_order(ds: Dataset) -> bool | None:
    """Return the byte order that the Transfer Syntax UID gives, or that of the file."""
    meta = getattr(ds, "file_meta", None)
    uid = UID(meta.get("TransferSyntaxUID") or "") if meta is not None else UID("")
    return uid.is_little_endian if uid.is_transfer_syntax else ds.is_little_endian


def _planar_configuration(ds: Dataset) -> int:
    """Return the order of decoded samples: that of the codec if it has one (PS3.5 §8.2)."""
    meta = getattr(ds, "file_meta", None)
    uid = None if meta is None else meta.get("TransferSyntaxUID")
    if uid in (*JPEGTransferSyntaxes, *JPEGLSTransferSyntaxes, *JPEG2000TransferSyntaxes):
        return 0
    return 1 if uid == RLELossless else _whole(ds.PlanarConfiguration, "Planar Configuration")
