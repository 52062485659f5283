"""Palettes for single samples: plain, segmented, supplemental (PS3.3 §C.7.6.3.1.5, §C.7.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rapidicom import _core
from rapidicom._common.errors import InvalidDicomError, UnsupportedError
from rapidicom._core import Dataset
from rapidicom.pixels.lookup_tables import (
    apply_modality_lut,
    apply_voi_lut,
    descriptor,
    has_voi_lut,
    map_values,
    stored_range,
    stored_words,
    value_range,
)
from rapidicom.pixels.well_known_palettes import well_known_palette

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

__all__ = ["apply_color_lut"]


_COLOURS = ("Red", "Green", "Blue")

# Opcodes of segments (PS3.3 §C.7.9.2).
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2

# More segments than any table of 65536 entries needs: each has at least one entry, or is empty for
# no reason.
_MOST_SEGMENTS = 4 * 65_536


def apply_color_lut(arr: Array, ds: Dataset | None = None, palette: str | None = None) -> Array:
    """Turn single samples into colours (PS3.3 §C.7.6.3.1.5).

    A Supplemental Palette Color Lookup Table (PS3.3 §C.7.6.19) colours only values from its first
    on. Values below become grey, through the Modality and VOI LUT or, without a VOI LUT, from the
    lowest of them to the highest.

    Args:
        arr: Stored values, any shape.
        ds: The data set they belong to; not needed with `palette`.
        palette: Colours of PS3.6 §B instead of those of the data set: a name, such as `HOT_IRON`,
            or its UID.

    Returns:
        Shape that of `array` with a last axis for red, green, blue and, if there is such a table,
        alpha; uint8 or uint16, as wide as the table's entries.

    Raises:
        InvalidDicomError: The data set has no such tables, or they are damaged.
        UnsupportedError: The tables are of a kind that cannot be read yet.
        ValueError: The palette is unknown, or neither a data set nor a palette is given.

    Examples:
        >>> import numpy as np
        >>> values = np.array([0, 128, 255], dtype=np.uint8)
        >>> rd.apply_color_lut(values, palette="HOT_IRON").tolist()
        [[0, 0, 0], [255, 0, 0], [255, 255, 255]]
    """
    if palette:
        return map_values(arr, well_known_palette(palette), 0)
    if ds is None:
        raise ValueError("pass a data set or the name of a palette")
    if "RedPaletteColorLookupTableDescriptor" not in ds:
        raise InvalidDicomError("the data set has no Palette Color Lookup Table")
    if "DataFrameAssignmentSequence" in ds:
        raise UnsupportedError("an Enhanced Palette Color Lookup Table cannot be read yet")
    described = descriptor(ds, "RedPaletteColorLookupTableDescriptor")
    _, first, bits = described
    table = _table(ds, described)
    colours = map_values(arr, table, first)
    if ds.get("PixelPresentation") not in ("COLOR", "MIXED"):
        return colours
    is_grey = arr < first
    colours[is_grey, :3] = _grey(arr, ds, first, bits).astype(table.dtype)[is_grey, np.newaxis]
    if colours.shape[-1] == 4:
        colours[is_grey, 3] = 2**bits - 1
    return colours


def _table(ds: Dataset, described: tuple[int, int, int]) -> Array:
    """Read the tables of all colours, as one of shape (entry, sample)."""
    entry_count, _, bits = described
    is_plain = "RedPaletteColorLookupTableData" in ds
    prefix = "" if is_plain else "Segmented"
    if f"{prefix}RedPaletteColorLookupTableData" not in ds:
        raise InvalidDicomError("the data set has no Palette Color Lookup Table")
    alpha = ("Alpha",) if ds.get(f"{prefix}AlphaPaletteColorLookupTableData") else ()
    keywords = [f"{prefix}{colour}PaletteColorLookupTableData" for colour in (*_COLOURS, *alpha)]
    data = [stored_words(ds, keyword) for keyword in keywords]
    if is_plain:
        tables = [_core.palette_entries(described, words) for words in data]
    else:
        tables = [_segmented_entries(words, entry_count, bits) for words in data]
    if any(len(table) != entry_count or table.dtype != tables[0].dtype for table in tables):
        counts = ", ".join(str(len(table)) for table in tables)
        raise InvalidDicomError(
            f"the Palette Color Lookup Tables have {counts} entries, "
            f"but their descriptor says {entry_count}"
        )
    return np.stack(tables, axis=-1)


def _segmented_entries(words: bytes, entry_count: int, bits: int) -> Array:
    if bits not in (8, 16):
        raise UnsupportedError(
            f"a segmented palette of {bits} bits cannot be read yet", tag=0x00281101
        )
    data = np.frombuffer(words, dtype=np.uint8 if bits == 8 else "<u2").astype(np.int64)
    entries = _expand_segments(data, is_bytes=bits == 8, most=entry_count)
    return np.asarray(entries[:entry_count], dtype=np.uint8 if bits == 8 else np.uint16)


def _expand_segments(data: npt.NDArray[np.int64], *, is_bytes: bool, most: int) -> list[int]:
    """Expand a segmented table (PS3.3 §C.7.9.2).

    Args:
        data: Opcodes, lengths and entries.
        is_bytes: Whether they have 8 bits, else 16.
        most: The number of entries needed.

    Returns:
        The entries.

    Raises:
        InvalidDicomError: A segment is cut short, of an unknown kind, or refers to what it must
            not.
    """
    entries: list[int] = []
    segments_left = _MOST_SEGMENTS

    def take(position: int, count: int) -> list[int]:
        if position + count > len(data):
            raise InvalidDicomError("a segmented palette is cut short")
        return cast("list[int]", data[position : position + count].tolist())

    def expand(position: int, count: int | None) -> None:
        """Expand `count` segments from `position` on, or with `None` all of them."""
        nonlocal segments_left
        while count != 0 and len(entries) < most:
            # Too little data for a segment is padding.
            if count is None and position + 2 > len(data):
                return
            segments_left -= 1
            if segments_left < 0:
                raise InvalidDicomError("a segmented palette has too many segments")
            opcode, length = take(position, 2)
            position += 2
            if opcode == _DISCRETE:
                entries.extend(take(position, length))
                position += length
            elif opcode == _LINEAR and entries and length:
                (end,) = take(position, 1)
                start = entries[-1]
                line = np.linspace(start + (end - start) / length, end, length)
                entries.extend(np.around(line).astype(int).tolist())
                position += 1
            elif opcode == _INDIRECT and entries and count is None:
                # The offset has 32 bits, the low half first, and counts bytes from the start of the
                # table.
                parts = take(position, 4 if is_bytes else 2)
                position += len(parts)
                offset = sum(
                    part << (8 if is_bytes else 16) * index for index, part in enumerate(parts)
                )
                expand(offset if is_bytes else offset // 2, length)
            else:
                raise InvalidDicomError(
                    "a segmented palette has a segment that is invalid where it is"
                )
            if count is not None:
                count -= 1

    expand(0, None)
    return entries


def _grey(array: Array, ds: Dataset, first: int, bits: int) -> Array:
    """Show values as grey, from 0 to the highest that an entry of `bits` bits can be."""
    values = apply_voi_lut(apply_modality_lut(array, ds), ds)
    lowest, highest = value_range(ds)
    if has_voi_lut(ds):
        lowest, highest = 0, 2 ** descriptor(ds.VOILUTSequence[0], "LUTDescriptor")[2] - 1
    elif ds.get("WindowCenter") is None or ds.get("WindowWidth") is None:
        lowest, highest = apply_modality_lut(
            np.array([stored_range(ds)[0], first - 1]), ds
        ).tolist()
    grey = (values.astype(np.float64) - lowest) / ((highest - lowest) or 1)
    if ds.get("PhotometricInterpretation") == "MONOCHROME1":
        grey = 1 - grey
    return cast("Array", np.floor(np.clip(grey, 0, 1) * (2**bits - 1) + 0.5))
