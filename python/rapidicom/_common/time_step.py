"""How far apart in time the steps of a volume's leading axis are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rapidicom._common.errors import DicomError
from rapidicom._common.grid import Grid

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["seconds_of_steps", "time_step"]

# Coordinates that are times, and their units in seconds.
_SECONDS = {"trigger_time": 1e-3, "frame_reference_time": 1e-3, "acquisition_time": 1.0}
# Axes whose steps follow each other in time, whatever counts them.
_COUNTED = ("time", "acquisition", "instance")
# Steps that differ by this part of their mean count as even.
_EVEN = 0.01
# Times of whole seconds are off by half of one; their mean is nearer to what was meant.
_NEAR_REPETITION = 0.05
# In ms: a shorter Repetition Time is that of lines, not of volumes, unless all lines of a slice
# follow one excitation (echo planar).
_SHORTEST_REPETITION = 200.0


def seconds_of_steps(volume: Grid) -> npt.NDArray[np.float64] | None:
    """Return the time of each step in seconds, or `None` where they are not known.

    Args:
        volume: A volume.

    Returns:
        Shape (steps,): the first coordinate of times that rises.
    """
    for name, unit in _SECONDS.items():
        times = volume.coords.get(name)
        if times is not None and len(times) > 1 and (np.diff(times) > 0).all():
            return np.asarray(times, dtype=np.float64) * unit
    return None


def time_step(volume: Grid) -> float | None:
    """Return the step of a leading axis that is a time, in seconds.

    It is that of the times along the axis if these are even, else of what the files say: the times
    of their acquisition, Repetition Time where all slices are acquired in one, or Frame Time.

    Args:
        volume: A volume, which may have a leading axis or not.

    Returns:
        The step, or `None` where the axis is no time, or its steps are not known or uneven.
    """
    first = volume.axes.index("slice")
    if first != 1 or volume.shape[0] < 2:
        return None
    times = seconds_of_steps(volume)
    if times is not None and (step := _even(times)) is not None:
        return step
    if volume.axes[0] not in _COUNTED:
        return None
    images = _first_images(volume)
    if times is None and images:
        acquired = [_acquired(ds) for ds in images]
        known = [time for time in acquired if time is not None]
        if len(known) == len(images) and (step := _even(np.array(known))) is not None:
            return step
        times = np.array(known) if len(known) == len(images) else None
    repeated = _repetition(images[0]) if images else None
    if repeated is None or times is None or len(times) < 2:
        return repeated
    mean = float(np.diff(times).mean())
    is_near = abs(mean - repeated) <= _NEAR_REPETITION * repeated
    # Images of one file, or of a scanner without a clock, have one time.
    return repeated if is_near or mean == 0 else None


def _even(times: npt.NDArray[np.float64]) -> float | None:
    """Return the step of evenly spaced times, or `None`."""
    steps = np.diff(times)
    mean = float(steps.mean())
    return mean if mean > 0 and np.abs(steps - mean).max() <= _EVEN * mean else None


def _first_images(volume: Grid) -> Sequence[Any]:
    """Return the data set of the first slice of each step, or none if one is missing or gone."""
    steps, slices = volume.shape[:2]
    datasets = getattr(volume, "datasets", ())
    if len(datasets) != steps * slices:
        return ()
    try:
        return [datasets[index * slices] for index in range(steps)]
    except (OSError, DicomError):
        return ()


def _acquired(ds: Any) -> float | None:
    """Return when an image was acquired, in seconds of an unknown day, or `None`."""
    moment = str(ds.get("AcquisitionDateTime") or "").strip()
    text = moment[8:] if moment else str(ds.get("AcquisitionTime") or "").strip()
    whole, _, fraction = text.split("+")[0].split("-")[0].partition(".")
    if len(whole) != 6 or not whole.isdigit() or not (fraction.isdigit() or not fraction):
        return None
    hours, minutes, seconds = (int(whole[start : start + 2]) for start in (0, 2, 4))
    return 3600.0 * hours + 60.0 * minutes + seconds + float(f"0.{fraction or 0}")


def _repetition(ds: Any) -> float | None:
    """Return the seconds from volume to volume that one file says, or `None`."""
    if frame := _positive(ds.get("FrameTime")):
        return frame * 1e-3
    repetition = _positive(ds.get("RepetitionTime"))
    for groups in ds.get("SharedFunctionalGroupsSequence") or ():
        for timing in groups.get("MRTimingAndRelatedParametersSequence") or ():
            repetition = repetition or _positive(timing.get("RepetitionTime"))
    if repetition is None or ds.get("Modality") != "MR":
        return None
    sequence = ds.get("ScanningSequence") or ""
    is_echo_planar = "EP" in ([sequence] if isinstance(sequence, str) else list(sequence))
    is_of_volumes = repetition >= _SHORTEST_REPETITION and ds.get("MRAcquisitionType") != "3D"
    return repetition * 1e-3 if is_echo_planar or is_of_volumes else None


def _positive(value: Any) -> float | None:
    """Return a number above 0, or `None`."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) and number > 0 else None
