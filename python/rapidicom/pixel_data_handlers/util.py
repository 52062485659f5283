"""Functions on pixels where code written for older versions of pydicom looks for them.

Most are those of `rapidicom.pixels`; the others describe or turn the bytes of native pixels (PS3.5 §8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rapidicom.pixels import (
    apply_color_lut,
    apply_modality_lut,
    apply_rescale,
    apply_voi_lut,
    apply_windowing,
)

if TYPE_CHECKING:
    from rapidicom.dataset import Dataset

__all__ = [
    "apply_color_lut",
    "apply_modality_lut",
    "apply_rescale",
    "apply_voi_lut",
    "apply_windowing",
    "convert_color_space",
    "expand_ybr422",
    "get_expected_length",
    "get_nr_frames",
    "pack_bits",
    "pixel_dtype",
    "reshape_pixel_array",
    "unpack_bits",
]

# Full-range ITU-R BT.601, as PS3.3 §C.7.6.3.1.2 has it; rows are Y, CB, CR.
_RGB_TO_YBR = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
_YBR_TO_RGB = np.array(
    [[1.0, 0.0, 1.402], [1.0, -0.114 * 1.772 / 0.587, -0.299 * 1.402 / 0.587], [1.0, 1.772, 0.0]]
)
_YBR = ("YBR_FULL", "YBR_FULL_422")


def get_nr_frames(ds: Dataset, warn: bool = True) -> int:
    """Return Number of Frames, 1 if there is none or it is less.

    Args:
        ds: The data set.
        warn: Taken for pydicom's sake.
    """
    del warn
    return max(int(ds.get("NumberOfFrames") or 1), 1)


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
    """
    if ds.is_little_endian is None:
        raise AttributeError("the byte order is not known: the data set was not read from a file")
    bits = ds.BitsAllocated
    if as_float:
        kind = "f"
    elif "PixelRepresentation" not in ds:
        raise AttributeError("there is no (0028,0103) Pixel Representation")
    elif ds.PixelRepresentation in (0, 1):
        kind = "ui"[ds.PixelRepresentation]
    else:
        raise ValueError(f"Pixel Representation must be 0 or 1, not {ds.PixelRepresentation}")
    size = 1 if bits == 1 and not as_float else bits // 8
    allowed = (4, 8) if as_float else (1, 2, 4, 8)
    if size not in allowed or (bits != 1 and bits % 8):
        raise NotImplementedError(f"there is no type of {bits} bits for samples")
    return np.dtype(f"{'<' if ds.is_little_endian else '>'}{'u' if bits == 1 else kind}{size}")


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


def convert_color_space(
    arr: npt.NDArray[Any], current: str, desired: str, per_frame: bool = False
) -> npt.NDArray[Any]:
    """Turn colours from one Photometric Interpretation into another: RGB, YBR_FULL, YBR_FULL_422.

    Args:
        arr: uint8, the last axis for the samples.
        current: What they are.
        desired: What they are to be.
        per_frame: Whether to save memory by going frame by frame, in place.

    Raises:
        NotImplementedError: There is no way from one to the other.
    """
    if current == desired or (current in _YBR and desired in _YBR):
        return arr
    if current == "RGB" and desired in _YBR:
        matrix, offset = _RGB_TO_YBR, 128.0
    elif current in _YBR and desired == "RGB":
        matrix, offset = _YBR_TO_RGB, -128.0
    else:
        raise NotImplementedError(f"colours cannot be converted from {current} to {desired}")
    if per_frame and arr.ndim == 4:
        for index, frame in enumerate(arr):
            arr[index] = _turned(frame, matrix, offset)
        return arr
    return _turned(arr, matrix, offset)


def _turned(arr: npt.NDArray[Any], matrix: npt.NDArray[np.float64], offset: float) -> npt.NDArray[Any]:
    shift = np.array([0.0, offset, offset])
    values = arr @ matrix.T + shift if offset > 0 else (arr + shift) @ matrix.T
    rounded: npt.NDArray[Any] = np.clip(np.floor(values + 0.5), 0, 255).astype(arr.dtype)
    return rounded
