"""Series of single-frame images for tests, each with the irregularity that a test asks for.

Positions and expected affines follow PS3.3 §C.7.6.2.1.1 and are computed here, apart from the
reader.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder import (
    ENCAPSULATED_UNCOMPRESSED,
    EXPLICIT_LITTLE,
    PIXEL_DATA,
    Element,
    Fragments,
    Identity,
    Plane,
    file_bytes,
    image,
)

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
ACQUISITION_NUMBER = 0x00200012


@dataclass(frozen=True)
class Stack:
    """Where the slices of a complete series lie, and how often each was scanned.

    Attributes:
        count: How many slices.
        plane: A key of `PLANES`.
        pixel_spacing: (between rows, between columns) in mm.
        step: Distance of two slice origins in mm.
        tilt: Degrees by which the direction from slice to slice leans from the normal towards the
            rows (Y).
        decimals: To how many digits scanners like to round positions; `None` keeps them all.
        phases: How often each position was scanned; the phases differ in Acquisition Number and
            pixels.
    """

    count: int = 8
    plane: str = "axial"
    pixel_spacing: tuple[float, float] = (0.75, 0.75)
    step: float = 2.5
    tilt: float = 0.0
    decimals: int | None = None
    phases: int = 1

    @property
    def orientation(self) -> tuple[float, ...]:
        """Image Orientation (Patient)."""
        return PLANES[self.plane]

    @property
    def step_vector(self) -> FloatArray:
        """From one slice origin to the next, shape (3,), in mm."""
        normal, down = normal_of(self.orientation), np.asarray(self.orientation[3:], float)
        lean = math.radians(self.tilt)
        return np.asarray(self.step * (math.cos(lean) * normal + math.sin(lean) * down))

    def position(self, index: int) -> list[float]:
        """Image Position (Patient) of a slice."""
        position = np.asarray(ORIGIN) + index * self.step_vector
        if self.decimals is not None:
            position = position.round(self.decimals)
        return [float(value) for value in position]


@dataclass(frozen=True)
class Pixels:
    """What the slices of a series show.

    Attributes:
        shape: (rows, columns).
        dtype: Of the stored values.
        rescale: (slope, intercept) of all or of each slice; `None` leaves the attributes out.
        modality: As for `builder.Identity`.
    """

    shape: tuple[int, int] = (5, 7)
    dtype: Any = np.int16
    rescale: tuple[float, float] | Sequence[tuple[float, float]] | None = (1.0, -1024.0)
    modality: str = "CT"

    def rescale_of(self, index: int) -> tuple[float, float] | None:
        """(slope, intercept) of a slice."""
        if self.rescale is None or np.ndim(self.rescale) == 1:
            return self.rescale  # type: ignore[return-value]
        return self.rescale[index]  # type: ignore[return-value]


@dataclass(frozen=True)
class Numbering:
    """How the files of a series are numbered and named.

    Attributes:
        series: Tells one series in a folder from another: part of the UIDs and file names.
        first_serial: Where the count in SOP Instance UIDs and file names starts, so that two calls
            can write into the same series.
        reversed_instances: Whether Instance Number falls along the normal.
    """

    series: int = 1
    first_serial: int = 0
    reversed_instances: bool = False


@dataclass(frozen=True)
class Flaws:
    """What makes a series irregular. Slices are given by their index in the complete stack.

    Attributes:
        missing: Slices that are not written.
        without_position: Slices that have no Image Position (Patient).
        duplicate: A slice whose position gets a second file with other pixels.
        localizer: Whether a sagittal LOCALIZER image is among the files.
        odd_shape: A slice that has a row more than the others.
        odd_orientation: A slice that is turned by 20 degrees within its plane; its normal is the
            others'.
        truncated: A slice whose file ends in the middle of the pixel data.
        unreadable: A slice whose header is damaged after Series Instance UID.
    """

    missing: Collection[int] = ()
    without_position: Collection[int] = ()
    duplicate: int | None = None
    localizer: bool = False
    odd_shape: int | None = None
    odd_orientation: int | None = None
    truncated: int | None = None
    unreadable: int | None = None


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
    """Make pixels whose values identify slice, row and column; negative ones if dtype has them."""
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

    The standard's column index runs along X and is scaled by the second value of Pixel Spacing, its
    row index runs along Y and is scaled by the first.
    """
    affine = np.eye(4)
    affine[:3, 0] = step
    affine[:3, 1] = np.asarray(orientation[3:], float) * pixel_spacing[0]
    affine[:3, 2] = np.asarray(orientation[:3], float) * pixel_spacing[1]
    affine[:3, 3] = origin
    return affine


@dataclass(frozen=True)
class Slice:
    """One file of a series before it is written; `None` leaves the attribute out.

    Attributes:
        is_odd: Whether it makes the series irregular.
        is_truncated: Whether its file ends in the middle of the pixel data.
    """

    stored: NDArray[Any]
    position: Sequence[float] | None
    orientation: Sequence[float]
    instance_number: int
    rescale: tuple[float, float] | None
    extra: tuple[Element, ...] = ()
    is_odd: bool = False
    is_truncated: bool = False


def series(
    folder: Path,
    stack: Stack = Stack(),
    *,
    pixels: Pixels = Pixels(),
    numbering: Numbering = Numbering(),
    flaws: Flaws = Flaws(),
    transfer_syntax: str = EXPLICIT_LITTLE,
) -> Written:
    """Write a series and tell what is in it.

    Args:
        folder: Created where absent.
        stack: Where the slices lie.
        pixels: What they show.
        numbering: How their files are numbered and named.
        flaws: What makes the series irregular.
        transfer_syntax: As for `builder.file_bytes`.
    """
    regular = _regular_slices(stack, pixels, numbering, flaws)
    slices = [
        *(_flawed(one, index, flaws) for index, one in enumerate(regular)),
        *_further_slices(regular, stack, pixels, flaws),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    affine = affine_of(ORIGIN, stack.orientation, stack.pixel_spacing, stack.step_vector)
    written = Written(folder, f"2.25.{numbering.series}00", [], [], {}, {}, {}, affine)
    for one in slices:
        if one is None:
            continue
        serial = numbering.first_serial + len(written.paths) + len(written.odd_paths)
        path = folder / f"IM{numbering.series:02}{serial * 37 % 1009:04}.dcm"
        identity = Identity(
            modality=pixels.modality,
            instance_number=one.instance_number,
            sop_instance=f"{written.uid}.{serial + 1}",
            series=written.uid,
            study="2.25.9",
        )
        elements = image(
            one.stored,
            plane=Plane(one.position, one.orientation, stack.pixel_spacing),
            identity=identity,
            rescale=one.rescale,
            extra=one.extra,
        )
        content = file_bytes(elements, transfer_syntax=transfer_syntax)
        if one.is_truncated:
            content = content[: len(content) - one.stored.nbytes // 2]
        path.write_bytes(content)
        (written.odd_paths if one.is_odd else written.paths).append(path)
        written.stored[path] = one.stored
        written.rescale[path] = one.rescale or (1.0, 0.0)
        written.instances[path] = identity.sop_instance
    return written


def two_stacks(
    folder: Path, *, axial: Flaws = Flaws(), coronal: Flaws = Flaws()
) -> tuple[Written, Written]:
    """Write one series of an axial and a coronal stack, with these flaws, and tell each."""
    second = Numbering(first_serial=8)
    return (
        series(folder / "axial", Stack(plane="axial"), flaws=axial),
        series(folder / "coronal", Stack(plane="coronal"), numbering=second, flaws=coronal),
    )


def write_slices(
    folder: Path,
    arrays: Iterable[NDArray[Any]],
    *,
    heights: Sequence[float] | None = None,
    **options: Any,
) -> None:
    """Write one axial image of each array, by index in the order of their positions.

    Args:
        folder: Where the files go, named by index.
        arrays: The pixels of each image.
        heights: z of each position in mm; by default images are 1 mm apart.
        **options: Transfer syntax, as for `file_bytes`; the rest as for `image`. Instance Number
            and SOP Instance UID count up; encapsulated images have one fragment.
    """
    identity = options.pop("identity", Identity())
    syntax = options.pop("transfer_syntax", EXPLICIT_LITTLE)
    for index, pixels in enumerate(arrays):
        place = Plane(position=(0.0, 0.0, float(index if heights is None else heights[index])))
        own = replace(identity, sop_instance=f"2.25.{index + 10}", instance_number=index + 1)
        elements = image(pixels, plane=place, identity=own, **options)
        if syntax == ENCAPSULATED_UNCOMPRESSED:
            elements[-1] = Element(PIXEL_DATA, "OB", Fragments([pixels.tobytes()]))
        (folder / f"{index:02}").write_bytes(file_bytes(elements, transfer_syntax=syntax))


def _regular_slices(
    stack: Stack, pixels: Pixels, numbering: Numbering, flaws: Flaws
) -> list[Slice]:
    """Make the slices of the complete stack, of the first phase."""
    acquisition = (Element(ACQUISITION_NUMBER, "IS", 1),) if stack.phases > 1 else ()
    return [
        Slice(
            stored=stored_pixels(index, pixels.shape, pixels.dtype),
            position=None if index in flaws.without_position else stack.position(index),
            orientation=stack.orientation,
            instance_number=stack.count - index if numbering.reversed_instances else index + 1,
            rescale=pixels.rescale_of(index),
            extra=acquisition,
        )
        for index in range(stack.count)
    ]


def _flawed(one: Slice, index: int, flaws: Flaws) -> Slice | None:
    """Return a slice of the stack as it is written, or `None` if another or no file replaces it."""
    if index in flaws.missing or index in (flaws.odd_shape, flaws.odd_orientation):
        return None
    if index == flaws.truncated:
        one = replace(one, is_odd=True, is_truncated=True)
    if index == flaws.unreadable:
        # A sequence that claims an item of a quarter of a gigabyte.
        item = b"\xfe\xff\x00\xe0\x00\x00\x00\x10"
        damage = Element(0x00200027, "SQ", item, length=0x10000000)
        one = replace(one, is_odd=True, extra=(*one.extra, damage))
    return one


def _further_slices(
    regular: Sequence[Slice], stack: Stack, pixels: Pixels, flaws: Flaws
) -> list[Slice]:
    """Make the files that are not of the first phase's regular stack."""
    found: list[Slice] = []
    rows, columns = pixels.shape
    if flaws.odd_shape is not None:
        taller = stored_pixels(flaws.odd_shape, (rows + 1, columns), pixels.dtype)
        found.append(replace(regular[flaws.odd_shape], stored=taller))
    if flaws.odd_orientation is not None:
        turned = _turned(stack.orientation, 20.0)
        found.append(replace(regular[flaws.odd_orientation], orientation=turned))
    if flaws.duplicate is not None:
        twin = regular[flaws.duplicate]
        found.append(replace(twin, stored=twin.stored + 7, instance_number=stack.count + 1))
    if flaws.localizer:
        localizer = Slice(
            stored=stored_pixels(0, (rows + 3, columns + 2), pixels.dtype),
            position=(0.0, -50.0, 20.0),
            orientation=PLANES["sagittal"],
            instance_number=stack.count + 2,
            rescale=pixels.rescale_of(0),
            extra=(Element(0x00080008, "CS", ["ORIGINAL", "PRIMARY", "LOCALIZER"]),),
        )
        found.append(localizer)
    found += [
        replace(
            one,
            stored=one.stored + 100 * phase,
            instance_number=phase * stack.count + one.instance_number,
            extra=(Element(ACQUISITION_NUMBER, "IS", phase + 1),),
        )
        for phase in range(1, stack.phases)
        for one in regular
    ]
    return [replace(one, is_odd=True) for one in found]


def _turned(orientation: Sequence[float], degrees: float) -> tuple[float, ...]:
    """Turn a plane's two directions within the plane."""
    x, y = np.asarray(orientation[:3], float), np.asarray(orientation[3:], float)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (*(cosine * x + sine * y), *(cosine * y - sine * x))
