"""How other readers are asked for a volume: as their own documentation does it.

A reader that is asked wrongly would look worse than it is. Whatever an image may lack, position,
orientation, Rescale Slope, is asked for as optional; and what a reader has no notion of it is not
asked for at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rapidicom.volumes.volume import Volume

__all__ = ["not_asked", "pydicom_volume", "sitk_volume"]

# Findings that say that the array is not one image a slice as its files have them.
_OWN_WORK = frozenset({"incomplete_grid", "damaged_frame"})


def not_asked(module: str, volume: Volume) -> str | None:
    """Return why a reader is not asked for a volume; `None` if it is.

    Args:
        module: `pydicom` or `SimpleITK`.
        volume: Ours.
    """
    if volume.axes[0] != "slice":
        return f"not asked: it has no axis {volume.axes[0]}"
    first = volume.datasets[0]
    rows, columns = volume.shape[1:3]
    if (rows, columns) != (first.get("Rows"), first.get("Columns")):
        return "not asked: it does not take the tiles of an image for slices"
    if any(issue.kind in _OWN_WORK for issue in volume.report):
        return "not asked: images are missing"
    files = len(set(volume.paths))
    if module == "SimpleITK" and files > 1 and files != volume.shape[0]:
        return "not asked: it reads one file of several frames, or files of one"
    return None


def pydicom_volume(paths: Sequence[str], force: bool) -> NDArray[Any]:
    """Read the files of a series with pydicom, and sort their images along the normal.

    Returns:
        Grey values as float32, colours as they are.
    """
    from pydicom import dcmread

    slices = [one for path in paths for one in _pydicom_slices(dcmread(path, force=force))]
    are_placed = all(place is not None for place, _, _ in slices)
    slices.sort(key=lambda one: (one[0] or 0.0, one[1]) if are_placed else (0.0, one[1]))
    return np.stack([image for _, _, image in slices])


def _pydicom_slices(dataset: Any) -> Iterator[tuple[float | None, int, NDArray[Any]]]:
    """Yield place along the normal, number and values of each image of a file."""
    from pydicom.pixels.processing import apply_modality_lut

    count = int(dataset.get("NumberOfFrames") or 1)
    pixels = dataset.pixel_array
    number = int(dataset.get("InstanceNumber") or 0)
    for index, image in enumerate(pixels if count > 1 else [pixels]):
        groups = _groups(dataset, index)
        if image.ndim == 2:
            rescale = _macro(groups, "PixelValueTransformationSequence")
            image = apply_modality_lut(image, dataset if rescale is None else rescale)
            image = image.astype(np.float32)
        yield _place(dataset, groups), number * count + index, image


def _groups(dataset: Any, index: int) -> list[Any]:
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    return [*per_frame[index : index + 1], *shared[:1]]


def _macro(groups: Sequence[Any], keyword: str) -> Any:
    return next((group[keyword].value[0] for group in groups if group.get(keyword)), None)


def _place(dataset: Any, groups: Sequence[Any]) -> float | None:
    position_of = _macro(groups, "PlanePositionSequence") or dataset
    orientation_of = _macro(groups, "PlaneOrientationSequence") or dataset
    position = position_of.get("ImagePositionPatient")
    orientation = orientation_of.get("ImageOrientationPatient")
    if not position or not orientation:
        return None
    row, column = np.reshape(np.asarray(orientation, float), (2, 3))
    return float(np.cross(row, column) @ np.asarray(position, float))


def sitk_volume(paths: Sequence[str]) -> NDArray[Any]:
    """Read the files of a series, in this order, with SimpleITK.

    Returns:
        Grey values as float32, colours as they are.
    """
    sitk = import_module("SimpleITK")
    # What it warns of is in our report too.
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    files = list(dict.fromkeys(paths))
    reader = sitk.ImageFileReader()
    reader.SetFileName(files[0])
    reader.ReadImageInformation()
    is_colour = reader.GetNumberOfComponents() > 1
    # Vectors do not become scalars of another type.
    kind = sitk.sitkUnknown if is_colour else sitk.sitkFloat32
    image = sitk.ReadImage(files if len(files) > 1 else files[0], kind)
    array: NDArray[Any] = sitk.GetArrayFromImage(image)
    return array
