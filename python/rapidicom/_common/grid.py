"""What other libraries need of a volume."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Grid"]


class _Finding(Protocol):
    @property
    def kind(self) -> str: ...


class Grid(Protocol):
    """An array with its place in the patient: what `Volume` is, for code that it hands itself to.

    `Volume` documents the attributes.
    """

    array: npt.NDArray[Any]
    affine: npt.NDArray[np.float64]
    spacing: tuple[float, float, float]
    axes: tuple[str, ...]
    coords: dict[str, npt.NDArray[Any]]
    modality: str
    series_uid: str

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def origin(self) -> npt.NDArray[np.float64]: ...
    @property
    def direction(self) -> npt.NDArray[np.float64]: ...
    @property
    def report(self) -> Iterable[_Finding]: ...
