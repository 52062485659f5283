"""What stored values mean: Modality LUT, rescale, VOI LUT and windows (PS3.3 §C.11.1, §C.11.2).

Values and types are those of pydicom's functions of the same names.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from rapidicom.dataset import Dataset
from rapidicom.errors import InvalidDicomError

__all__ = ["apply_modality_lut", "apply_rescale", "apply_voi_lut", "apply_windowing"]

Array = npt.NDArray[Any]


def apply_modality_lut(array: Array, ds: Dataset) -> Array:
    """Turn stored values into those of the modality, such as Hounsfield units (PS3.3 §C.11.1).

    Args:
        array: Stored values, any shape.
        ds: The data set they belong to.

    Returns:
        With a Modality LUT Sequence, its entries, uint8 or uint16; with Rescale Slope and Intercept, float64;
        without either, `array` itself.

    Raises:
        InvalidDicomError: The LUT is damaged.
    """
    if "ModalityLUTSequence" in ds and ds.ModalityLUTSequence:
        return _look_up(array, ds.ModalityLUTSequence[0], is_little_endian=ds.is_little_endian is not False)
    if "RescaleSlope" in ds and "RescaleIntercept" in ds:
        rescaled = array.astype(np.float64)
        rescaled *= float(ds.RescaleSlope)
        rescaled += float(ds.RescaleIntercept)
        return rescaled
    return array


apply_rescale = apply_modality_lut


def apply_voi_lut(array: Array, ds: Dataset, index: int = 0, *, prefer_lut: bool = True) -> Array:
    """Turn values of the modality into values to show (PS3.3 §C.11.2).

    Args:
        array: Values of the modality, any shape.
        ds: The data set they belong to.
        index: Which of several views the data set offers.
        prefer_lut: Take the VOI LUT Sequence where there are windows too.

    Returns:
        The entries of the VOI LUT, uint8 or uint16, or the windowed values, float64; without either, `array`
        itself.

    Raises:
        InvalidDicomError: The LUT is damaged.
        ValueError: A window is too narrow, or of a function that the standard does not define.
    """
    has_lut = "VOILUTSequence" in ds and bool(ds.VOILUTSequence)
    has_window = _has_window(ds)
    if has_lut and (prefer_lut or not has_window):
        item = ds.VOILUTSequence[index]
        return _look_up(array, item, is_little_endian=ds.is_little_endian is not False)
    return apply_windowing(array, ds, index) if has_window else array


def apply_windowing(array: Array, ds: Dataset, index: int = 0) -> Array:
    """Stretch a window of values over the whole range of values (PS3.3 §C.11.2.1.2).

    Args:
        array: Values of the modality, any shape.
        ds: The data set they belong to.
        index: Which of several windows.

    Returns:
        float64, over the range that stored values of this data set can have after the Modality LUT; without a
        window, `array` itself.

    Raises:
        ValueError: The window is too narrow, its function is not defined, or the image is in colour.
    """
    if not _has_window(ds):
        return array
    if not str(ds.get("PhotometricInterpretation", "")).startswith("MONOCHROME"):
        raise ValueError("a window applies to MONOCHROME1 and MONOCHROME2 images only")
    function = str(ds.get("VOILUTFunction", None) or "LINEAR").upper()
    center, width = _nth(ds.WindowCenter, index), _nth(ds.WindowWidth, index)
    lowest, highest = _range(ds)
    if function == "SIGMOID":
        _check_width(width, function, width > 0)
        values = array.astype(np.float64)
        return cast(Array, (highest - lowest) / (1 + np.exp(-4 * (values - center) / width)) + lowest)
    if function == "LINEAR":
        _check_width(width, function, width >= 1)
        center, width = center - 0.5, width - 1
    elif function == "LINEAR_EXACT":
        _check_width(width, function, width > 0)
    else:
        raise ValueError("the VOI LUT Function is none of LINEAR, LINEAR_EXACT and SIGMOID")
    values = array.astype(np.float64)
    below, above = values <= center - width / 2, values > center + width / 2
    # A window of width 1 is a step: nothing lies between.
    if width > 0:
        values = ((values - center) / width + 0.5) * (highest - lowest) + lowest
    values[below] = lowest
    values[above] = highest
    return cast(Array, values)


def _check_width(width: float, function: str, is_wide_enough: bool) -> None:
    if not is_wide_enough:
        least = "at least 1" if function == "LINEAR" else "more than 0"
        raise ValueError(f"Window Width is {width:g}, but {function} needs {least}")


def _has_window(ds: Dataset) -> bool:
    return ds.get("WindowCenter") is not None and ds.get("WindowWidth") is not None


def _nth(value: Any, index: int) -> float:
    return float(value if isinstance(value, (int, float)) else value[index])


def _range(ds: Dataset) -> tuple[float, float]:
    """The values that a stored value of this data set can have after the Modality LUT."""
    if "ModalityLUTSequence" in ds and ds.ModalityLUTSequence:
        return 0, 2 ** int(ds.ModalityLUTSequence[0].LUTDescriptor[2]) - 1
    if ds.PixelRepresentation == 0:
        lowest, highest = 0, 2**ds.BitsStored - 1
    else:
        lowest, highest = -(2 ** (ds.BitsStored - 1)), 2 ** (ds.BitsStored - 1) - 1
    slope, intercept = ds.get("RescaleSlope"), ds.get("RescaleIntercept")
    if slope is None or intercept is None:
        return lowest, highest
    return lowest * float(slope) + float(intercept), highest * float(slope) + float(intercept)


def _look_up(array: Array, item: Dataset, *, is_little_endian: bool) -> Array:
    """Map values through a LUT (PS3.3 §C.11.1.1); those outside get its first or last entry."""
    entries, first, bits = (int(number) for number in item.LUTDescriptor)
    entries = entries or 65_536
    data = item.LUTData
    if isinstance(data, bytes):
        width = 1 if len(data) == entries and bits <= 8 else 2
        data = np.frombuffer(data, dtype=f"{'<' if is_little_endian else '>'}u{width}")
    table = np.asarray(data).astype(np.uint8 if bits <= 8 else np.uint16)
    if len(table) < entries:
        raise InvalidDicomError(
            f"the LUT has {len(table)} entries, but its descriptor says {entries}", tag=0x00283006
        )
    return cast(Array, table[np.clip(array.astype(np.int64) - first, 0, entries - 1)])
