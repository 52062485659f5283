"""Lay the slices of a volume out on one page, to see at a glance what was read.

The window is the file's own (VOI LUT, PS3.3 §C.11.2), pixels that are not square are drawn as they
are in the patient, and each slice carries its index in the array.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rapidicom.cli.png import write_png

if TYPE_CHECKING:
    from rapidicom.labels.labels import Labels
    from rapidicom.volumes.volume import Volume

Window: TypeAlias = tuple[float, float] | Literal["auto", "percentile"]
Image: TypeAlias = NDArray[np.uint8]

# More slices than this on one page are too small to recognize.
MAX_SLICES = 40
MAX_COLUMNS = 8
# Pixels of the widest tile: few slices would otherwise be blown up to fill the page.
MAX_TILE = 400
# How many times as high as wide a tile may be, so that a coronal slice of a long scan still fits a
# screen.
MAX_TILE_ASPECT = 3.0
SEPARATOR = 2
SEPARATOR_GREY = 64
LABEL_GREY = 255
# Of labels over images: what is below stays visible.
LABEL_OPACITY = 0.45
# Of labels without a colour: far from grey, and from each other also to the colour-blind.
LABEL_COLOURS = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167),
)  # fmt: skip
# The few brightest pixels, metal or a vessel, would otherwise darken all the rest.
PERCENTILES = (1.0, 99.0)

# A digit is 5 rows of 3 pixels; a row is an octal digit, the leftmost pixel its highest bit.
DIGITS = ("75557", "26227", "71747", "71717", "55711", "74717", "74757", "71111", "75757", "75717")


def save_contact_sheet(
    volume: Volume, path: str | os.PathLike[str], *, width: int = 1600, window: Window = "auto"
) -> None:
    """Write the contact sheet of `volume` as a PNG file.

    Args:
        volume: What `rd.read_series` returns.
        path: The file to write.
        width: Of the page in pixels, at most.
        window: See `contact_sheet`.
    """
    write_png(path, contact_sheet(volume, width=width, window=window))


def contact_sheet(
    volume: Volume,
    *,
    width: int = 1600,
    window: Window = "auto",
    step: int = 0,
    first_slice: int = 0,
    labels: Labels | None = None,
    is_beside: bool = False,
) -> Image:
    """Return up to 40 slices of `volume`, evenly chosen, as one image.

    Args:
        volume: What `rd.read_series` returns.
        width: Of the page in pixels, at most.
        window: (centre, width) in the units of what is drawn; `"auto"` for the one in the file,
            or, if there is none or it clips nothing, `"percentile"`: from the 1st to the 99th.
        step: Which step of the leading axis is drawn.
        first_slice: The number of the volume's first slice.
        labels: Labels on the grid of the volume, drawn over the slices in their colours.
        is_beside: Whether to draw them on a copy beside each slice.

    What is drawn is `volume.array`, or where the report has `lut_of_intensity`, the stored values,
    which are read again: that Modality LUT is no part of what is shown.

    Returns:
        Shape (rows, columns), or (rows, columns, 3) for a colour volume; uint8.

    Raises:
        ValueError: `volume` has no slices, or `labels` are on another grid.
    """
    if labels is not None:
        _check_grid(labels, volume)
    volume = as_shown(volume)
    first = volume.datasets[0] if volume.datasets else None
    is_colour = first is not None and first.get("SamplesPerPixel", 1) == 3
    slices = np.asarray(volume.array)
    datasets = volume.datasets
    if slices.ndim == (5 if is_colour else 4):
        per_step = len(datasets) // len(slices)
        datasets = datasets[step * per_step : (step + 1) * per_step] or datasets
        slices = slices[step]
    if slices.ndim != (4 if is_colour else 3) or slices.size == 0:
        raise ValueError(
            f"a contact sheet needs at least one slice, and the shape is {slices.shape}"
        )

    chosen = evenly_chosen(len(slices), MAX_SLICES)
    shown = slices[chosen]
    if is_colour:
        grey = shown if shown.dtype == np.uint8 else apply_window(shown, full_range(shown))
    else:
        middle = datasets[len(datasets) // 2] if first is not None else None
        grey = apply_window(shown, choose_window(shown, middle, window))
        if first is not None and first.get("PhotometricInterpretation") == "MONOCHROME1":
            grey = 255 - grey
    if labels is not None:
        over = labelled(grey, _number_map(labels, chosen), labels)
        grey = np.concatenate([_in_colour(grey), over], axis=2) if is_beside else over
    return arrange(
        grey,
        labels=[first_slice + index for index in chosen],
        pixel_spacing=pixel_spacing(volume.spacing),
        width=width,
    )


def labelled(images: Image, numbers: NDArray[Any], labels: Labels) -> Image:
    """Return images with labels over them.

    Args:
        images: Shape (n, rows, columns) or (n, rows, columns, 3).
        numbers: The label of each pixel, shape (n, rows, columns); 0 is none.
        labels: Says their colours.

    Returns:
        Shape (n, rows, columns, 3).
    """
    over = _in_colour(images).astype(np.float32)
    for number, color in zip(labels.numbers, label_colours(labels), strict=True):
        mask = numbers == number
        over[mask] += LABEL_OPACITY * (np.asarray(color, np.float32) - over[mask])
    drawn: Image = (over + 0.5).astype(np.uint8)
    return drawn


def _check_grid(labels: Labels, volume: Volume) -> None:
    first = volume.axes.index("slice")
    own, shape = labels.shape[-3:], tuple(volume.shape[first : first + 3])
    corners = np.array([[0, 0, 0, 1], [*(count - 1 for count in shape), 1]], dtype=float)
    # To a thousandth of a millimetre, from corner to corner.
    is_same = np.allclose(corners @ labels.affine.T, corners @ volume.affine.T, atol=1e-3)
    if own != shape or not is_same:
        raise ValueError("the labels are on another grid: read them with like=, this volume")


def _number_map(labels: Labels, slices: list[int]) -> NDArray[Any]:
    """Return the number of each pixel's label in some slices; of several the last."""
    if labels.array.ndim == 3:
        return np.asarray(labels.array[slices])
    found = np.zeros((len(slices), *labels.shape[-2:]), np.uint16)
    for number, array in zip(labels.numbers, labels.array, strict=True):
        # Of parts of voxels, what is inside at least by half.
        found[array[slices] >= 0.5] = number
    return found


def label_colours(labels: Labels) -> list[tuple[int, int, int]]:
    """Return the colour of each label: its own, or one of a few."""
    few = zip(labels.colors, itertools.cycle(LABEL_COLOURS))
    return [other if color is None else color for color, other in few]


def _in_colour(images: Image) -> Image:
    return images if images.ndim == 4 else np.repeat(images[..., None], 3, axis=-1)


def as_shown(volume: Volume) -> Volume:
    """Return a volume without a Modality LUT that is no part of what is shown, read again."""
    if all(issue.kind != "lut_of_intensity" for issue in getattr(volume, "report", ())):
        return volume
    return volume._read_stored()


def evenly_chosen(count: int, at_most: int) -> list[int]:
    """Return up to `at_most` indices below `count`, first and last among them, evenly spread."""
    chosen = min(count, at_most)
    return [round(index) for index in np.linspace(0, count - 1, chosen)]


def pixel_spacing(spacing: Iterable[float]) -> tuple[float, float]:
    """Return the spacing between rows and between columns, or a square where it is not known."""
    *_, row_spacing, column_spacing = (float(value) for value in spacing)
    if all(math.isfinite(value) and value > 0 for value in (row_spacing, column_spacing)):
        return row_spacing, column_spacing
    return 1.0, 1.0


def choose_window(slices: NDArray[Any], dataset: Any, window: Window) -> tuple[float, float]:
    """Return (centre, width) for `slices`, as `contact_sheet` describes it.

    A window that clips nothing says nothing about the values: some MR scanners write 0 to the
    maximum as one, in which a brain is nearly black. Percentiles then show more.
    """
    if isinstance(window, tuple):
        return window
    full_centre, full_width = full_range(slices)
    if window == "auto" and dataset is not None:
        centre, width = (
            _first_number(dataset.get(name)) for name in ("WindowCenter", "WindowWidth")
        )
        # PS3.3 §C.11.2.1.2.1: a width below 1 is not allowed.
        if centre is not None and width is not None and width >= 1:
            clips_low = centre - width / 2 > full_centre - full_width / 2
            clips_high = centre + width / 2 < full_centre + full_width / 2
            if clips_low or clips_high:
                return centre, width
    finite = slices[np.isfinite(slices)]
    if finite.size == 0:
        return full_centre, full_width
    low, high = (float(value) for value in np.percentile(finite, PERCENTILES))
    return ((low + high) / 2, high - low) if high > low else (full_centre, full_width)


def full_range(slices: NDArray[Any]) -> tuple[float, float]:
    """Return the (centre, width) that clips nothing; a width of 1 where all values are one."""
    finite = slices[np.isfinite(slices)]
    if finite.size == 0:
        return 0.5, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low + high) / 2, (high - low) or 1.0


def apply_window(slices: NDArray[Any], window: tuple[float, float]) -> Image:
    """Return `slices` as grey values, 0 up to the lower edge of `window`, 255 from the upper."""
    centre, width = window
    unit = (slices.astype(np.float32) - np.float32(centre - width / 2)) / np.float32(width)
    grey: Image = (np.nan_to_num(unit, nan=0.0).clip(0.0, 1.0) * 255 + 0.5).astype(np.uint8)
    return grey


def arrange(
    images: Image, *, labels: Iterable[int], pixel_spacing: tuple[float, float], width: int
) -> Image:
    """Return `images` side by side, in reading order, each with its label.

    Args:
        images: Shape (n, rows, columns) or (n, rows, columns, 3).
        labels: n numbers.
        pixel_spacing: Between rows and between columns, in one unit.
        width: Of the page in pixels, at most.
    """
    count, image_rows, image_columns = images.shape[:3]
    page_rows = math.ceil(count / MAX_COLUMNS)
    page_columns = math.ceil(count / page_rows)

    aspect = (image_rows * pixel_spacing[0]) / (image_columns * pixel_spacing[1])
    # A single one may fill the page, up to two pixels of the page for one of its own.
    largest = MAX_TILE if count > 1 else max(MAX_TILE, 2 * image_columns)
    tile_columns = min(largest, (width + SEPARATOR) // page_columns - SEPARATOR)
    tile_columns = max(1, int(tile_columns * min(1.0, MAX_TILE_ASPECT / aspect)))
    tile_rows = max(1, round(tile_columns * aspect))

    step_rows, step_columns = tile_rows + SEPARATOR, tile_columns + SEPARATOR
    shape = (
        page_rows * step_rows - SEPARATOR,
        page_columns * step_columns - SEPARATOR,
        *images.shape[3:],
    )
    page = np.full(shape, SEPARATOR_GREY, np.uint8)
    row_weights = _resize_weights(image_rows, tile_rows)
    column_weights = _resize_weights(image_columns, tile_columns)
    for position in range(page_rows * page_columns):
        row, column = divmod(position, page_columns)
        top, left = row * step_rows, column * step_columns
        # The places left over on the last line are black, like the background of an image.
        page[top : top + tile_rows, left : left + tile_columns] = 0
        if position < count:
            resized = np.tensordot(row_weights, images[position].astype(np.float32), (1, 0))
            resized = np.tensordot(column_weights, resized, (1, 1)).swapaxes(0, 1)
            page[top : top + tile_rows, left : left + tile_columns] = (resized + 0.5).astype(
                np.uint8
            )
    for position, label in enumerate(labels):
        row, column = divmod(position, page_columns)
        tile = page[row * step_rows :, column * step_columns :][:tile_rows, :tile_columns]
        _draw_number(tile, label, scale=2 if tile_columns >= 100 else 1)
    return page


def _resize_weights(source: int, target: int) -> NDArray[np.float32]:
    """Return the share of each source pixel in each target pixel: shape (target, source).

    Rows sum to 1. A triangle as wide as two target pixels or two source pixels, whichever is more:
    linear interpolation when enlarging, an average of all that is covered when shrinking, so no
    pixel is skipped.
    """
    scale = source / target
    centres = (np.arange(target) + 0.5) * scale - 0.5
    distance = np.abs(np.arange(source)[None, :] - centres[:, None])
    weights = np.maximum(0.0, 1.0 - distance / max(1.0, scale))
    shares: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def _draw_number(tile: Image, number: int, *, scale: int) -> None:
    """Draw `number` into the upper left corner, on black, unless the tile is too small."""
    mask = np.concatenate(
        [np.pad(_digit(digit), ((1, 1), (1, 0))) for digit in str(number)], axis=1
    )
    mask = np.pad(mask, ((0, 0), (0, 1))).repeat(scale, axis=0).repeat(scale, axis=1)
    rows, columns = mask.shape
    if rows > tile.shape[0] or columns > tile.shape[1]:
        return
    corner = tile[:rows, :columns]
    corner[...] = 0
    corner[mask] = LABEL_GREY


def _digit(digit: str) -> NDArray[np.bool_]:
    """Return the pixels of one digit, shape (5, 3)."""
    return np.array(
        [[int(row) >> bit & 1 for bit in (2, 1, 0)] for row in DIGITS[int(digit)]], bool
    )


def _first_number(value: Any) -> float | None:
    """Return the first of one or several numbers, or None without any, or if it is none."""
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        value = next(iter(value), None)
    # A text is not converted: the error would show it.
    return float(value) if isinstance(value, (int, float)) else None
