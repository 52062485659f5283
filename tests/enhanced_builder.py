"""Enhanced multi-frame objects for tests, their functional groups laid out from PS3.3 §C.7.6.16."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder import EXPLICIT_LITTLE, NO_PLANE, Element, Identity, Items, file_bytes, image
from series_builder import ORIGIN, PLANES, stored_pixels

IDENTITY = Identity()


@dataclass(frozen=True)
class Frame:
    """One frame of an enhanced object before it is written; `None` leaves the attribute out."""

    stored: NDArray[Any]
    position: Sequence[float] | None
    orientation: Sequence[float] | None = PLANES["axial"]
    pixel_spacing: tuple[float, float] | None = (0.75, 0.75)
    rescale: tuple[float, float] | None = (1.0, -1024.0)
    temporal_position: int | None = None
    temporal_offset: float | None = None
    echo_time: float | None = None
    b_value: float | None = None
    gradient: Sequence[float] | None = None
    frame_type: Sequence[str] | None = None
    stack_id: str | None = None
    in_stack_position: int | None = None
    dimension_values: Sequence[int] | None = None
    data_type: str | None = None
    volume_position: Sequence[float] | None = None
    volume_orientation: Sequence[float] | None = None
    segment: int | None = None
    window: tuple[float, float] | None = None
    kernel: str | None = None
    kvp: float | None = None
    acquired: str | None = None


def stored(frames: Sequence[Frame]) -> NDArray[Any]:
    """Stack stored values, shape (frame, row, column)."""
    return np.stack([frame.stored for frame in frames])


def rescaled(frames: Sequence[Frame]) -> NDArray[np.float64]:
    """Stack rescaled values, shape (frame, row, column)."""
    scales = [frame.rescale or (1.0, 0.0) for frame in frames]
    return np.stack(
        [
            frame.stored * slope + intercept
            for frame, (slope, intercept) in zip(frames, scales, strict=True)
        ]
    )


def shuffled(frames: Sequence[Frame], seed: int = 3) -> list[Frame]:
    """Return the frames in another order, the same one for the same seed."""
    return random.Random(seed).sample(frames, len(frames))


def functional_groups(frame: Frame) -> list[Element]:
    """Lay out the item of one frame in the Per-Frame Functional Groups (PS3.3 §C.7.6.16.2)."""

    def macro(tag: int, *elements: Element | None) -> Element | None:
        there = [element for element in elements if element is not None]
        return Element(tag, "SQ", Items([there])) if there else None

    def one(tag: int, vr: str, value: Any) -> Element | None:
        return None if value is None else Element(tag, vr, value)

    def numbers(tag: int, values: Sequence[float] | None) -> Element | None:
        return one(tag, "DS", None if values is None else [float(value) for value in values])

    slope, intercept = frame.rescale if frame.rescale is not None else (None, None)
    center, width = frame.window if frame.window is not None else (None, None)
    gradient = macro(
        0x00189076, one(0x00189089, "FD", None if frame.gradient is None else list(frame.gradient))
    )
    macros = [
        macro(0x00189114, one(0x00189082, "FD", frame.echo_time)),
        macro(0x00189117, gradient, one(0x00189087, "FD", frame.b_value)),
        macro(0x00189314, one(0x00181210, "SH", frame.kernel)),
        macro(0x00189325, numbers(0x00180060, None if frame.kvp is None else [frame.kvp])),
        macro(0x00189226, one(0x00089007, "CS", frame.frame_type)),
        macro(0x00189807, one(0x00189808, "CS", frame.data_type)),
        macro(
            0x00209111,
            one(0x00189074, "DT", frame.acquired),
            one(0x00209056, "SH", frame.stack_id),
            one(0x00209057, "UL", frame.in_stack_position),
            one(0x00209128, "UL", frame.temporal_position),
            one(0x00209157, "UL", frame.dimension_values),
        ),
        macro(0x00209113, numbers(0x00200032, frame.position)),
        macro(0x00209116, numbers(0x00200037, frame.orientation)),
        macro(0x0020930E, one(0x00209301, "FD", frame.volume_position)),
        macro(0x0020930F, one(0x00209302, "FD", frame.volume_orientation)),
        macro(0x00209310, one(0x0020930D, "FD", frame.temporal_offset)),
        macro(0x00289110, numbers(0x00280030, frame.pixel_spacing)),
        macro(
            0x00289132,
            numbers(0x00281050, None if center is None else [center]),
            numbers(0x00281051, None if width is None else [width]),
        ),
        macro(
            0x00289145,
            numbers(0x00281052, None if intercept is None else [intercept]),
            numbers(0x00281053, None if slope is None else [slope]),
        ),
        macro(0x0062000A, one(0x0062000B, "US", frame.segment)),
    ]
    return [element for element in macros if element is not None]


def dimension_index(*pointers: int, organization: str | None = "2.25.77") -> Element:
    """Lay out the Dimension Index Sequence (PS3.3 §C.7.6.17) of dimensions with these pointers."""
    items = []
    for pointer in pointers:
        uid = [] if organization is None else [Element(0x00209164, "UI", organization)]
        creator = [Element(0x00209213, "LO", "MAKER")] if pointer >> 16 & 1 else []
        items.append([*uid, Element(0x00209165, "AT", [pointer]), *creator])
    return Element(0x00209222, "SQ", Items(items))


def stack_frames(
    count: int = 8,
    *,
    shape: tuple[int, int] = (5, 7),
    step: float = 2.5,
    dtype: Any = np.int16,
    tilt: float = 0.0,
    **attributes: Any,
) -> list[Frame]:
    """Make the frames of one axial stack, in slice order; `attributes` are those of `Frame`."""
    lean = math.tan(math.radians(tilt)) * step
    return [
        Frame(
            stored_pixels(index, shape, dtype),
            (ORIGIN[0], ORIGIN[1] + index * lean, ORIGIN[2] + index * step),
            **attributes,
        )
        for index in range(count)
    ]


@dataclass(frozen=True)
class Encoding:
    """How a data set is written.

    Attributes:
        transfer_syntax: As for `builder.file_bytes`.
        undefined_lengths: Whether the sequence of frames and its items end with delimiters.
    """

    transfer_syntax: str = EXPLICIT_LITTLE
    undefined_lengths: bool = False


def enhanced(
    path: Path,
    frames: Sequence[Frame],
    *,
    identity: Identity = IDENTITY,
    shared: Frame | None = None,
    encoding: Encoding = Encoding(),
    extra: Sequence[Element] = (),
) -> Path:
    """Write an enhanced object of these frames.

    Args:
        path: Where to.
        frames: In the order in which they are written.
        identity: SOP Instance UID is made of Series Instance UID and Instance Number.
        shared: What goes into the Shared Functional Groups; its pixels are not used.
        encoding: How the data set is written.
        extra: Further elements, or others in the place of those of the same tag.
    """
    groups = Items(
        [functional_groups(frame) for frame in frames],
        undefined_length=encoding.undefined_lengths,
        undefined_item_length=encoding.undefined_lengths,
    )
    sequences = [Element(0x52009230, "SQ", groups)]
    if shared is not None:
        sequences.insert(0, Element(0x52009229, "SQ", Items([functional_groups(shared)])))
    sop_instance = f"{identity.series}.{identity.instance_number}"
    elements = image(
        stored(frames),
        plane=NO_PLANE,
        identity=replace(identity, sop_instance=sop_instance),
        extra=[*sequences, *extra],
    )
    path.write_bytes(file_bytes(elements, transfer_syntax=encoding.transfer_syntax))
    return path
