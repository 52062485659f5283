"""The bytes of native pixels, described and turned (PS3.5 §8), as in pydicom's `pixels.utils`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rapidicom.pixels.reading import iter_pixels, pixel_array
from rapidicom.uid import UID

if TYPE_CHECKING:
    from rapidicom.dataset import Dataset

__all__ = [
    "expand_ybr422",
    "get_expected_length",
    "get_j2k_parameters",
    "get_nr_frames",
    "iter_pixels",
    "pack_bits",
    "pixel_array",
    "pixel_dtype",
    "reshape_pixel_array",
    "unpack_bits",
]

# In this order decoders give samples, whatever Planar Configuration says: by pixel, or RLE by plane.
_PLANAR_OF_SYNTAX = {
    **dict.fromkeys((f"1.2.840.10008.1.2.4.{last}" for last in (50, 57, 70, 80, 81, 90, 91)), 0),
    "1.2.840.10008.1.2.5": 1,
}


def get_nr_frames(ds: Dataset, warn: bool = True) -> int:
    """Return Number of Frames, 1 if there is none or it is less.

    Args:
        ds: The data set.
        warn: Whether to warn of a number that is empty or 0.
    """
    count = int(ds.get("NumberOfFrames") or 0)
    if warn and count == 0 and "NumberOfFrames" in ds:
        warnings.warn("Number of Frames is empty or 0: it is taken for 1", stacklevel=2)
    return max(count, 1)


def get_expected_length(ds: Dataset, unit: str = "bytes") -> int:
    """Return how long native pixels are by the attributes that describe them, without padding.

    Args:
        ds: The data set.
        unit: `bytes` or `pixels`: samples, then.
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
        NotImplementedError: There is no such type.
        ValueError: Pixel Representation is not 0 or 1, or Bits Allocated neither 1 nor whole bytes.
    """
    syntax = _transfer_syntax(ds)
    is_little_endian = ds.is_little_endian if syntax is None else syntax.is_little_endian
    if is_little_endian is None:
        raise AttributeError("the byte order is not known: there is no Transfer Syntax UID")
    bits = ds.BitsAllocated
    if as_float:
        kind = "f"
    elif "PixelRepresentation" not in ds:
        raise AttributeError("there is no (0028,0103) Pixel Representation")
    elif ds.PixelRepresentation in (0, 1):
        kind = "ui"[ds.PixelRepresentation]
    else:
        raise ValueError(f"Pixel Representation must be 0 or 1, not {ds.PixelRepresentation}")
    if bits < 1 or (bits != 1 and bits % 8):
        raise ValueError(f"Bits Allocated must be 1 or a multiple of 8, not {bits}")
    size = 1 if bits == 1 and not as_float else bits // 8
    if size not in ((4, 8) if as_float else (1, 2, 4, 8)):
        raise NotImplementedError(f"there is no type of {bits} bits for samples")
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
    if int(ds.get("NumberOfFrames") or 1) < 1:
        raise ValueError(f"Number of Frames must be 1 or more, not {ds.NumberOfFrames}")
    samples, planar = int(ds.SamplesPerPixel), 0
    if samples < 1:
        raise ValueError(f"Samples per Pixel must be 1 or more, not {samples}")
    if samples > 1:
        planar = int(ds.PlanarConfiguration)
        if planar not in (0, 1):
            raise ValueError(f"Planar Configuration must be 0 or 1, not {planar}")
        planar = _PLANAR_OF_SYNTAX.get(str(_transfer_syntax(ds)), planar)
    frames, rows, columns = get_nr_frames(ds), int(ds.Rows), int(ds.Columns)
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
        ValueError: There are other numbers.
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
    """Return what a JPEG 2000 codestream says of its first component (ISO/IEC 15444-1 §A.5.1).

    Args:
        codestream: The codestream, or a JP2 file.

    Returns:
        `jp2`: whether it is a file; `precision`: the bits of a value; `is_signed`. Empty if it is neither.
    """
    is_file = codestream.startswith(b"\0\0\0\x0cjP  ")
    start = _box(codestream, b"jp2c") if is_file else 0
    # SOC, then SIZ, in which the first component's Ssiz is at byte 42.
    if start is None or codestream[start : start + 4] != b"\xff\x4f\xff\x51" or len(codestream) <= start + 42:
        return {}
    size = codestream[start + 42]
    return {"jp2": is_file, "precision": (size & 0x7F) + 1, "is_signed": bool(size & 0x80)}


def _box(data: bytes, kind: bytes) -> int | None:
    """Return where the contents of a box start; boxes follow one another (ISO/IEC 15444-1 §I.4)."""
    offset = 0
    while offset + 8 <= len(data):
        if data[offset + 4 : offset + 8] == kind:
            return offset + 8
        length = int.from_bytes(data[offset : offset + 4], "big")
        if length < 8:
            return None
        offset += length
    return None


def _transfer_syntax(ds: Dataset) -> UID | None:
    meta = getattr(ds, "file_meta", None)
    uid = None if meta is None else meta.get("TransferSyntaxUID")
    return UID(uid) if uid and UID(uid).is_transfer_syntax else None
