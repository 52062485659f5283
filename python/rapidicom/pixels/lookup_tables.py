"""What stored values mean: Modality LUT, rescale, VOI LUT and windows (PS3.3 §C.11.1, §C.11.2).

Values and types are those of pydicom's functions of the same names.
"""

from __future__ import annotations

import warnings
from collections.abc import Container
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rapidicom import _core
from rapidicom._common.errors import InvalidDicomError, ShortTableError, UnsupportedError
from rapidicom._common.items import items
from rapidicom._common.numbers import as_integer, integer, number
from rapidicom._core import Dataset
from rapidicom.pixels.native import byte_order

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

__all__ = [
    "apply_modality_lut",
    "apply_presentation_lut",
    "apply_rescale",
    "apply_voi",
    "apply_voi_lut",
    "apply_windowing",
]


def apply_modality_lut(arr: Array, ds: Dataset) -> Array:
    """Turn stored values into those of the modality, such as Hounsfield units (PS3.3 §C.11.1).

    Args:
        arr: Stored values, any shape.
        ds: The data set they belong to.

    Returns:
        With a Modality LUT Sequence, its entries, uint8 or uint16; with Rescale Slope and
        Intercept, float64; without either, `array` itself.

    Raises:
        InvalidDicomError: The LUT is damaged, or the slope or the intercept is not a number.
        UnsupportedError: Its entries have more than 16 bits.

    Examples:
        >>> ds = rd.dcmread("tests/data/files/CT_small.dcm")
        >>> hounsfield = rd.apply_modality_lut(ds.pixel_array, ds)
        >>> ds.pixel_array[64, 64].item(), hounsfield[64, 64].item()
        (1928, 904.0)

        `apply_rescale` is pydicom's other name for it:

        >>> rd.apply_rescale is rd.apply_modality_lut
        True
    """
    if (table := _modality_lut(ds)) is not None:
        return _look_up(arr, table, ds, widths=range(1, 17))
    slope, intercept = number(ds, "RescaleSlope"), number(ds, "RescaleIntercept")
    if slope is None or intercept is None:
        return arr
    rescaled = arr.astype(np.float64)
    rescaled *= slope
    rescaled += intercept
    return rescaled


apply_rescale = apply_modality_lut


def apply_voi_lut(arr: Array, ds: Dataset, index: int = 0, prefer_lut: bool = True) -> Array:
    """Turn values of the modality into values to show (PS3.3 §C.11.2).

    Args:
        arr: Values of the modality, any shape.
        ds: The data set they belong to.
        index: Which of the views that the data set offers, from 0.
        prefer_lut: Take the VOI LUT Sequence where there are windows too.

    Returns:
        The entries of the VOI LUT, uint8 or uint16, or the windowed values, float64; without
        either, `array` itself.

    Raises:
        InvalidDicomError: The LUT is damaged, or a window is not of numbers.
        UnsupportedError: Its entries have other than 8 to 16 bits.
        ValueError: A window is too narrow, or of a function that the standard does not define.

    Examples:
        >>> ds = rd.dcmread("tests/data/brain-mr/0020.dcm")
        >>> values = rd.apply_modality_lut(ds.pixel_array, ds)
        >>> shown = rd.apply_voi_lut(values, ds)
        >>> grey = ((shown - shown.min()) / (shown.max() - shown.min()) * 255).astype("uint8")
        >>> grey.shape, grey.min().item(), grey.max().item()
        ((80, 80), 0, 255)
    """
    has_lut, has_window = has_voi_lut(ds), _has_window(ds)
    if has_lut and (prefer_lut or not has_window):
        return apply_voi(arr, ds, index)
    return apply_windowing(arr, ds, index) if has_window else arr


def apply_voi(arr: Array, ds: Dataset, index: int = 0) -> Array:
    """Turn values of the modality into values to show by the VOI LUT alone (PS3.3 §C.11.2.1.1).

    Args:
        arr: Values of the modality, any shape; floating point numbers are rounded down, with a
            warning.
        ds: The data set they belong to.
        index: Which of several tables, from 0.

    Returns:
        The entries of the VOI LUT, uint8 or uint16; without one, `array` itself.

    Raises:
        InvalidDicomError: The LUT is damaged.
        UnsupportedError: Its entries have other than 8 to 16 bits.
        IndexError: The data set has fewer tables.
    """
    tables = items(ds, "VOILUTSequence")
    if not tables:
        return arr
    if arr.dtype.kind == "f":
        warnings.warn(
            "a VOI LUT has entries for whole numbers: fractions are cut off", stacklevel=2
        )
    return _look_up(arr, tables[index], ds, widths=range(8, 17))


def apply_presentation_lut(arr: Array, ds: Dataset) -> Array:
    """Turn values to show into P-values, which look alike on every display (PS3.3 §C.11.4, PS3.14).

    As in pydicom, the first entry of the table maps the lowest value of the array, and the last
    entry the highest.

    Args:
        arr: The result of the VOI LUT, any shape.
        ds: The data set they belong to, or a presentation state.

    Returns:
        The entries of the Presentation LUT, uint8 or uint16; values from the highest down for the
        shape `INVERSE`; otherwise `array` itself.

    Raises:
        InvalidDicomError: The LUT is damaged.
        UnsupportedError: Its entries have more than 16 bits, or the shape is not a defined one.
    """
    if tables := items(ds, "PresentationLUTSequence"):
        table, _ = _entries(tables[0], ds, widths=range(1, 17))
        values = arr.astype(np.float64) - arr.min()
        return cast(
            "Array", table[(values * (len(table) - 1) / (values.max() or 1)).astype(np.intp)]
        )
    shape = str(ds.get("PresentationLUTShape") or "IDENTITY").strip().upper()
    if shape not in ("IDENTITY", "INVERSE"):
        raise UnsupportedError(
            "the Presentation LUT Shape is neither IDENTITY nor INVERSE", tag=0x20500020
        )
    return cast("Array", arr.max() - arr) if shape == "INVERSE" else arr


def apply_windowing(arr: Array, ds: Dataset, index: int = 0) -> Array:
    """Stretch a window of values over the whole range of values (PS3.3 §C.11.2.1.2).

    Args:
        arr: Values of the modality, any shape.
        ds: The data set they belong to.
        index: Which of several windows, from 0.

    Returns:
        float64, over the range that stored values of this data set can have after the Modality LUT;
        without a window, `array` itself.

    Raises:
        InvalidDicomError: The window, or an attribute that gives the range of values, is not a
            number.
        ValueError: The window is too narrow, its function is not defined, or the image is in
            colour.

    Examples:
        The window of the file, and one of your own:

        >>> ds = rd.dcmread("tests/data/brain-mr/0020.dcm")
        >>> ds.WindowCenter, ds.WindowWidth
        ('1306.00', '2612.00')
        >>> shown = rd.apply_windowing(ds.pixel_array, ds)
        >>> ds.WindowCenter, ds.WindowWidth = 300, 600
        >>> brighter = rd.apply_windowing(ds.pixel_array, ds)
        >>> bool(brighter.mean() > shown.mean())
        True
    """
    center, width = number(ds, "WindowCenter", index), number(ds, "WindowWidth", index)
    if center is None or width is None:
        return arr
    if not str(ds.get("PhotometricInterpretation", "")).startswith("MONOCHROME"):
        raise ValueError("a window applies to MONOCHROME1 and MONOCHROME2 images only")
    function = str(ds.get("VOILUTFunction", None) or "LINEAR").upper()
    lowest, highest = value_range(ds)
    if function == "SIGMOID":
        _check_width(width, function, width > 0)
        values = arr.astype(np.float64)
        return cast(
            "Array", (highest - lowest) / (1 + np.exp(-4 * (values - center) / width)) + lowest
        )
    if function == "LINEAR":
        _check_width(width, function, width >= 1)
        center, width = center - 0.5, width - 1
    elif function == "LINEAR_EXACT":
        _check_width(width, function, width > 0)
    else:
        raise ValueError("the VOI LUT Function is not LINEAR, LINEAR_EXACT or SIGMOID")
    values = arr.astype(np.float64)
    below, above = values <= center - width / 2, values > center + width / 2
    # A window of width 1 is a step: no value lies between.
    if width > 0:
        values = ((values - center) / width + 0.5) * (highest - lowest) + lowest
    values[below] = lowest
    values[above] = highest
    return cast("Array", values)


def _check_width(width: float, function: str, is_wide_enough: bool) -> None:
    if not is_wide_enough:
        least = "at least 1" if function == "LINEAR" else "more than 0"
        raise ValueError(f"Window Width is {width:g}, but {function} needs {least}")


def has_voi_lut(ds: Dataset) -> bool:
    """Return whether a data set has a VOI LUT that can be applied."""
    tables = items(ds, "VOILUTSequence")
    return bool(tables) and all(
        tables[0].get(name) is not None for name in ("LUTDescriptor", "LUTData")
    )


def _has_window(ds: Dataset) -> bool:
    return ds.get("WindowCenter") is not None and ds.get("WindowWidth") is not None


def value_range(ds: Dataset) -> tuple[float, float]:
    """Return the lowest and highest value that stored values can have after the Modality LUT."""
    if (table := _modality_lut(ds)) is not None:
        return 0, 2 ** descriptor(table, "LUTDescriptor")[2] - 1
    lowest, highest = stored_range(ds)
    slope, intercept = number(ds, "RescaleSlope"), number(ds, "RescaleIntercept")
    if slope is None or intercept is None:
        return lowest, highest
    return lowest * slope + intercept, highest * slope + intercept


def stored_range(ds: Dataset) -> tuple[int, int]:
    """Return the lowest and highest value that stored values can have."""
    bits = integer(ds, "BitsStored", 1, 64)
    if integer(ds, "PixelRepresentation", 0, 1) == 0:
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def _look_up(array: Array, item: Dataset, ds: Dataset, *, widths: Container[int]) -> Array:
    """Map values through the LUT of a Modality or VOI LUT Sequence's item."""
    table, first = _entries(item, ds, widths=widths)
    return map_values(array, table, first)


def _entries(item: Dataset, ds: Dataset, *, widths: Container[int]) -> tuple[Array, int]:
    """Read the LUT of an item: its entries, and the first value that they map."""
    entry_count, first, bits = descriptor(item, "LUTDescriptor")
    if bits not in widths:
        raise UnsupportedError(
            f"a LUT with entries of this width ({bits} bits) cannot be read yet", tag=0x00283002
        )
    words = stored_words(item, "LUTData", ds)
    try:
        return _core.lut_entries((entry_count, first, bits), words), first
    except InvalidDicomError as error:
        if len(words) >= entry_count * (1 if bits <= 8 else 2):
            raise
        raise ShortTableError(*error.args, tag=error.tag, hint=error.hint) from None


def descriptor(ds: Dataset, keyword: str) -> tuple[int, int, int]:
    """Read a LUT Descriptor (PS3.3 §C.11.1.1, §C.7.6.3.1.5).

    Args:
        ds: The data set that has it.
        keyword: Its keyword.

    Returns:
        The number of entries, the first value that they map, and the bits of an entry.

    Raises:
        InvalidDicomError: The values are not three numbers, or do not describe a table.
    """
    values = ds.get(keyword)
    numbers = [as_integer(value) for value in values] if isinstance(values, (list, tuple)) else []
    entry_count, first, bits = numbers if len(numbers) == 3 else (None, None, None)
    if entry_count is None or first is None or bits is None:
        raise InvalidDicomError(
            f"{keyword} is missing, or does not have three numbers",
            tag=_core.keyword_tag(keyword),
        )
    return _core.lut_descriptor(_core.keyword_tag(keyword) or 0, (entry_count, first, bits))


def stored_words(ds: Dataset, keyword: str, outer: Dataset | None = None) -> bytes:
    """Read a LUT's data as 16-bit words, whichever VR they have; a last single byte becomes a word.

    Args:
        ds: The data set that has it.
        keyword: Its keyword.
        outer: The data set of which `ds` is an item, which gives the byte order of an item that
            was made in memory; without it, that of such an item is little endian.

    Returns:
        Little-endian words, so that 8-bit entries are the bytes in their order.

    Raises:
        AttributeError: The data were set as bytes, and nothing says in which byte order.
        InvalidDicomError: The data are missing, or are not words.
    """
    element = ds.get(_core.keyword_tag(keyword) or 0)
    if element is None or element.value is None:
        raise InvalidDicomError(f"{keyword} is missing")
    value = element.value
    if not isinstance(value, bytes):
        numbers = value if isinstance(value, list) else [value]
        if not all(isinstance(one, int) and -32_768 <= one <= 65_535 for one in numbers):
            raise InvalidDicomError(f"{keyword} is not a list of words", tag=element.tag)
        return (np.array(numbers, dtype=np.int64) & 0xFFFF).astype("<u2").tobytes()
    is_little = ds.is_little_endian
    if is_little is None and outer is not None:
        is_little = byte_order(outer)
        if is_little is None:
            raise AttributeError(
                f"unknown byte order of {keyword}: set it as a list of numbers, or the Transfer "
                "Syntax UID of the data set"
            )
    return _core.lut_words(value, str(element.VR), is_little is False)


def map_values(array: Array, table: Array, first: int) -> Array:
    """Map values through a table; those outside get its first or last entry (PS3.3 §C.11.1.1).

    Args:
        array: Values, any shape and type; floating point numbers are rounded down.
        table: Entries, one or several samples (entry[, sample]).
        first: The value that the first entry is for.

    Returns:
        A new array of `table`'s type, shape that of `array`, with a last axis for samples.

    Raises:
        ValueError: One of the values is NaN.
    """
    last = len(table) - 1
    if array.dtype.kind in "iu" and array.dtype.itemsize <= 2:
        # A table for every value of the type costs less than clipping each pixel.
        unsigned = np.dtype(f"u{array.dtype.itemsize}")
        every = np.arange(256**array.dtype.itemsize, dtype=unsigned).view(
            array.dtype.newbyteorder("=")
        )
        whole = table[np.clip(every.astype(np.int64) - first, 0, last)]
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        return cast("Array", whole[native.view(unsigned)])
    values = np.floor(array) if array.dtype.kind == "f" else array.astype(np.int64)
    if array.dtype.kind == "f" and np.isnan(values).any():
        raise ValueError("a look-up table has no entry for NaN")
    return cast("Array", table[np.clip(values - first, 0, last).astype(np.intp)])


def _modality_lut(ds: Dataset) -> Dataset | None:
    """Return the item with the Modality LUT; some programs write one without values: `None`."""
    item = next(iter(items(ds, "ModalityLUTSequence")), None)
    has_values = item is not None and (item.get("LUTDescriptor") or item.get("LUTData"))
    return item if has_values else None
