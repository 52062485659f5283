"""How far the slices of a series may be from the ideal stack before the report has an issue."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields

from rapidicom import _core

__all__ = ["Tolerances"]


@dataclass(frozen=True, kw_only=True)
class Tolerances:
    """The limits of what counts as the same, and as regular; lengths are in mm.

    A slice may be `position_absolute + position_relative * spacing` from where the affine puts it,
    and never more than a tenth of the spacing. With the defaults, slices 2.5 mm apart may be 0.035
    mm off: positions that are rounded to two decimals are no gaps. Where all coordinates have one
    decimal, or few, and a line puts each within its rounding, that line is the one of the affine,
    unless both parts are 0.

    Attributes:
        cosine: Two planes are parallel, and the two directions of a plane perpendicular unit
            vectors, if no direction cosine is off by more.
        same_position: Positions that are no further apart along the normal are the same.
        position_absolute: How far a slice may be from its place, whatever the spacing.
        position_relative: The part of the spacing of slices that it may be off as well.
        pixel_spacing_relative: Pixel Spacings that differ by no more than this part are the same.
        tilt_degrees: A step from slice to slice that leans from the normal by more is reported as a
            tilt. The affine has the shear in either case.

    Raises:
        ValueError: One is negative or not a finite number.

    Examples:
        Slices that may be a tenth of a millimetre from their place:

        >>> loose = rd.Tolerances(position_absolute=0.1)
        >>> rd.find_series("tests/data/brain-mr", tolerances=loose)[0].report.errors
        []
    """

    __module__ = "rapidicom"

    cosine: float = 1e-3
    same_position: float = 1e-3
    position_absolute: float = 0.01
    position_relative: float = 0.01
    pixel_spacing_relative: float = 1e-3
    tilt_degrees: float = 0.1

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(
                    f"{field.name} must be a number that is not negative, not {value!r}"
                )

    def native(self) -> _core.Tolerances:
        """Return the same numbers for native code."""
        return _core.Tolerances(**asdict(self))
