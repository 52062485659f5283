"""Series of single-frame images for tests, each with the irregularity that a test asks for.

Positions and expected affines follow PS3.3 §C.7.6.2.1.1 and are computed here, apart from the reader.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder import EXPLICIT_LITTLE, Element, Items, file_bytes, image

FloatArray = NDArray[np.float64]

# Direction of a row's columns (X), then of a column's rows (Y), as in Image Orientation (Patient).
PLANES: dict[str, tuple[float, ...]] = {
    "axial": (1, 0, 0, 0, 1, 0),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "coronal": (1, 0, 0, 0, 0, -1),
    # Turned by 30 degrees about z, then by 20 about the new x.
    "oblique": (
        math.cos(math.pi / 6),
        math.sin(math.pi / 6),
        0.0,
        -math.sin(math.pi / 6) * math.cos(math.pi / 9),
        math.cos(math.pi / 6) * math.cos(math.pi / 9),
        math.sin(math.pi / 9),
    ),
}

ORIGIN = (-12.5, 30.25, -100.0)


@dataclass(frozen=True)
class Slice:
    """One file of a series before it is written; `None` leaves the attribute out."""

    stored: NDArray[Any]
    position: Sequence[float] | None
    orientation: Sequence[float] | None
    instance_number: int
    rescale: tuple[float, float] | None
    extra: tuple[Element, ...] = ()


@dataclass(frozen=True)
class Written:
    """What lies in the folder, and what a reader must make of it.

    Attributes:
        folder: Where the files are; their names do not sort in slice order.
        uid: Series Instance UID.
        paths: The regular slices, sorted along the normal.
        odd_paths: The files that make the series irregular, which are not among `paths`.
        stored: Stored values by path, of every file that has whole pixel data.
        rescale: (slope, intercept) by path.
        instances: SOP Instance UID by path.
        affine: Shape (4, 4), for the complete regular stack; (slice, row, column, 1) to mm, LPS.
    """

    folder: Path
    uid: str
    paths: list[Path]
    odd_paths: list[Path]
    stored: dict[Path, NDArray[Any]]
    rescale: dict[Path, tuple[float, float]]
    instances: dict[Path, str]
    affine: FloatArray

    @property
    def spacing(self) -> FloatArray:
        """Shape (3,): the lengths of the affine's steps, (slice, row, column), in mm."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))

    def modality(self, path: Path) -> FloatArray:
        """Rescaled values of one file."""
        slope, intercept = self.rescale[path]
        return self.stored[path].astype(np.float64) * slope + intercept

    @property
    def stored_volume(self) -> NDArray[Any]:
        """Shape (slice, row, column): stored values of `paths`."""
        return np.stack([self.stored[path] for path in self.paths])

    @property
    def modality_volume(self) -> FloatArray:
        """Shape (slice, row, column): rescaled values of `paths`."""
        return np.stack([self.modality(path) for path in self.paths])


def stored_pixels(index: int, shape: tuple[int, int], dtype: Any = np.int16) -> NDArray[Any]:
    """Make pixels whose value tells slice, row and column; some are negative where the dtype allows."""
    row, column = np.indices(shape)
    values = index * 500 + row * 20 + column
    if np.dtype(dtype).kind == "i":
        values = values - 300
    return np.asarray(values).astype(dtype)


def normal_of(orientation: Sequence[float]) -> FloatArray:
    """Unit vector across the plane: X cross Y."""
    return np.cross(np.asarray(orientation[:3], float), np.asarray(orientation[3:], float))


def affine_of(
    origin: Sequence[float] | FloatArray,
    orientation: Sequence[float],
    pixel_spacing: Sequence[float],
    step: FloatArray,
) -> FloatArray:
    """The matrix of PS3.3 §C.7.6.2.1.1 with its axes in array order: (slice, row, column, 1) to mm.

    The standard's column index runs along X and is scaled by the second value of Pixel Spacing, its row index
    runs along Y and is scaled by the first.
    """
    affine = np.eye(4)
    affine[:3, 0] = step
    affine[:3, 1] = np.asarray(orientation[3:], float) * pixel_spacing[0]
    affine[:3, 2] = np.asarray(orientation[:3], float) * pixel_spacing[1]
    affine[:3, 3] = origin
    return affine


def series(
    folder: Path,
    *,
    count: int = 8,
    shape: tuple[int, int] = (5, 7),
    dtype: Any = np.int16,
    plane: str = "axial",
    pixel_spacing: tuple[float, float] = (0.75, 0.75),
    step: float = 2.5,
    tilt: float = 0.0,
    decimals: int | None = None,
    rescale: tuple[float, float] | Sequence[tuple[float, float]] | None = (1.0, -1024.0),
    modality: str = "CT",
    transfer_syntax: str = EXPLICIT_LITTLE,
    number: int = 1,
    first_serial: int = 0,
    reversed_instances: bool = False,
    missing: Collection[int] = (),
    without_position: Collection[int] = (),
    duplicate: int | None = None,
    localizer: bool = False,
    odd_shape: int | None = None,
    odd_orientation: int | None = None,
    truncated: int | None = None,
    unreadable: int | None = None,
    phases: int = 1,
) -> Written:
    """Write a series and tell what is in it.

    Args:
        folder: Created where absent.
        count: Slices of the complete stack.
        shape: (rows, columns).
        dtype: Of the stored values.
        plane: A key of `PLANES`.
        pixel_spacing: (between rows, between columns) in mm.
        step: Distance of two slice origins in mm.
        tilt: Degrees by which the direction from slice to slice leans from the normal towards the rows (Y).
        decimals: To how many digits scanners like to round positions; `None` keeps them all.
        rescale: (slope, intercept) of all or of each slice; `None` leaves the attributes out.
        modality: As for `builder.image`.
        transfer_syntax: As for `builder.file_bytes`.
        number: Tells one series in a folder from another: part of the UIDs and file names.
        first_serial: Where the count in SOP Instance UIDs and file names starts, so that two calls can write
            into the same series.
        reversed_instances: Whether Instance Number falls along the normal.
        missing: Slices that are not written.
        without_position: Slices that have no Image Position (Patient).
        duplicate: A slice whose position gets a second file with other pixels.
        localizer: Whether a sagittal LOCALIZER image is among the files.
        odd_shape: A slice that has a row more than the others.
        odd_orientation: A slice that is turned by 20 degrees within its plane; its normal is the others'.
        truncated: A slice whose file ends in the middle of the pixel data.
        unreadable: A slice whose header is damaged after Series Instance UID.
        phases: How often each position was scanned; the phases differ in Acquisition Number and pixels.
    """
    orientation = PLANES[plane]
    normal, down = normal_of(orientation), np.asarray(orientation[3:], float)
    lean = math.radians(tilt)
    step_vector = step * (math.cos(lean) * normal + math.sin(lean) * down)
    rescales = [rescale] * count if rescale is None or np.ndim(rescale) == 1 else list(rescale)

    regular: list[Slice] = []
    for index in range(count):
        position = np.asarray(ORIGIN) + index * step_vector
        if decimals is not None:
            position = position.round(decimals)
        instance = count - index if reversed_instances else index + 1
        regular.append(
            Slice(
                stored=stored_pixels(index, shape, dtype),
                position=None if index in without_position else [float(v) for v in position],
                orientation=orientation,
                instance_number=instance,
                rescale=rescales[index],  # type: ignore[arg-type]
            )
        )

    odd: list[Slice] = []
    if odd_shape is not None:
        taller = stored_pixels(odd_shape, (shape[0] + 1, shape[1]), dtype)
        odd.append(replace(regular[odd_shape], stored=taller))
    if odd_orientation is not None:
        odd.append(replace(regular[odd_orientation], orientation=_turned(orientation, 20.0)))
    if duplicate is not None:
        twin = regular[duplicate]
        odd.append(replace(twin, stored=twin.stored + 7, instance_number=count + 1))
    if localizer:
        image_type = Element(0x00080008, "CS", ["ORIGINAL", "PRIMARY", "LOCALIZER"])
        odd.append(
            Slice(
                stored=stored_pixels(0, (shape[0] + 3, shape[1] + 2), dtype),
                position=(0.0, -50.0, 20.0),
                orientation=PLANES["sagittal"],
                instance_number=count + 2,
                rescale=rescales[0],  # type: ignore[arg-type]
                extra=(image_type,),
            )
        )
    for phase in range(1, phases):
        acquisition = Element(0x00200012, "IS", phase + 1)
        odd += [
            replace(
                one, stored=one.stored + 100 * phase, instance_number=phase * count + one.instance_number,
                extra=(acquisition,),
            )
            for one in regular
        ]  # fmt: skip
    if phases > 1:
        regular = [replace(one, extra=(Element(0x00200012, "IS", 1),)) for one in regular]

    folder.mkdir(parents=True, exist_ok=True)
    replaced = {index for index in (odd_shape, odd_orientation) if index is not None}
    damaged = {index for index in (truncated, unreadable) if index is not None}
    affine = affine_of(ORIGIN, orientation, pixel_spacing, step_vector)
    written = Written(folder, f"2.25.{number}00", [], [], {}, {}, {}, affine)
    slices: list[tuple[int | None, Slice]] = [*enumerate(regular), *((None, one) for one in odd)]
    for place, one in slices:
        if place in missing or place in replaced:
            continue
        serial = first_serial + len(written.paths) + len(written.odd_paths)
        path = folder / f"IM{number:02}{serial * 37 % 1009:04}.dcm"
        instance_uid = f"{written.uid}.{serial + 1}"
        extra = one.extra
        if place is not None and place == unreadable:
            # A sequence that claims an item of a quarter of a gigabyte.
            broken = b"\xfe\xff\x00\xe0\x00\x00\x00\x10"
            extra = (*extra, Element(0x00200027, "SQ", broken, length=0x10000000))
        content = file_bytes(
            image(
                one.stored, modality=modality, position=one.position, orientation=one.orientation,
                pixel_spacing=pixel_spacing, rescale=one.rescale, instance_number=one.instance_number,
                sop_instance=instance_uid, series=written.uid, study="2.25.9", extra=extra,
            ),
            transfer_syntax=transfer_syntax,
        )  # fmt: skip
        if place is not None and place == truncated:
            content = content[: len(content) - one.stored.nbytes // 2]
        path.write_bytes(content)
        (written.odd_paths if place is None or place in damaged else written.paths).append(path)
        written.stored[path] = one.stored
        written.rescale[path] = one.rescale or (1.0, 0.0)
        written.instances[path] = instance_uid
    return written


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
        macro(0x00189226, one(0x00089007, "CS", frame.frame_type)),
        macro(0x00189807, one(0x00189808, "CS", frame.data_type)),
        macro(
            0x00209111,
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


def enhanced(
    path: Path,
    frames: Sequence[Frame],
    *,
    series: str = "2.25.100",
    instance: int = 1,
    shared: Frame | None = None,
    transfer_syntax: str = EXPLICIT_LITTLE,
    undefined_lengths: bool = False,
    modality: str = "CT",
    sop_class: str | None = None,
    extra: Sequence[Element] = (),
) -> Path:
    """Write an enhanced object of these frames.

    Args:
        path: Where to.
        frames: In the order in which they are written.
        series: Series Instance UID.
        instance: Instance Number, and the end of SOP Instance UID.
        shared: What goes into the Shared Functional Groups; its pixels are not used.
        transfer_syntax: As for `builder.file_bytes`.
        undefined_lengths: Whether the sequence of frames and its items end with delimiters.
        modality: As for `builder.image`.
        sop_class: Default: that of the modality's single-frame images.
        extra: Further elements, or others in the place of those of the same tag.
    """
    groups = Items(
        [functional_groups(frame) for frame in frames],
        undefined_length=undefined_lengths,
        undefined_item_length=undefined_lengths,
    )
    sequences = [Element(0x52009230, "SQ", groups)]
    if shared is not None:
        sequences.insert(0, Element(0x52009229, "SQ", Items([functional_groups(shared)])))
    if sop_class is not None:
        sequences.append(Element(0x00080016, "UI", sop_class))
    elements = image(
        np.stack([frame.stored for frame in frames]), frames=True, modality=modality, position=None,
        orientation=None, pixel_spacing=None, instance_number=instance, sop_instance=f"{series}.{instance}",
        series=series, study="2.25.9", extra=[*sequences, *extra],
    )  # fmt: skip
    path.write_bytes(file_bytes(elements, transfer_syntax=transfer_syntax))
    return path


def _turned(orientation: Sequence[float], degrees: float) -> tuple[float, ...]:
    """Turn a plane's two directions within the plane."""
    x, y = np.asarray(orientation[:3], float), np.asarray(orientation[3:], float)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (*(cosine * x + sine * y), *(cosine * y - sine * x))
