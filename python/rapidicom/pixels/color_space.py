"""Conversion of colours between Photometric Interpretations (PS3.3 §C.7.6.3.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["YBR", "convert_color_space"]

# Luminance and chrominance that turn into RGB and back.
YBR = ("YBR_FULL", "YBR_FULL_422")

# Full-range ITU-R BT.601, as PS3.3 §C.7.6.3.1.2 has it; rows are Y, CB, CR.
_RGB_TO_YBR = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
_YBR_TO_RGB = np.array(
    [[1.0, 0.0, 1.402], [1.0, -0.114 * 1.772 / 0.587, -0.299 * 1.402 / 0.587], [1.0, 1.772, 0.0]]
)


def convert_color_space(
    arr: npt.NDArray[Any], current: str, desired: str, per_frame: bool = False
) -> npt.NDArray[Any]:
    """Turn colours from one Photometric Interpretation into another: RGB, YBR_FULL, YBR_FULL_422.

    Args:
        arr: uint8, the last axis for the samples.
        current: Their Photometric Interpretation.
        desired: The one wanted.
        per_frame: Whether to save memory by converting frame by frame, in place.

    Raises:
        ValueError: `arr` is not uint8.
        NotImplementedError: This conversion is not supported.
    """
    if arr.dtype != np.uint8:
        raise ValueError(f"colours of type {arr.dtype} cannot be converted: uint8 is needed")
    if current == desired or (current in YBR and desired in YBR):
        return arr
    if current == "RGB" and desired in YBR:
        matrix, offset = _RGB_TO_YBR, 128.0
    elif current in YBR and desired == "RGB":
        matrix, offset = _YBR_TO_RGB, -128.0
    else:
        raise NotImplementedError(f"colours cannot be converted from {current} to {desired}")
    if per_frame and arr.ndim == 4:
        for index, frame in enumerate(arr):
            arr[index] = _turned(frame, matrix, offset)
        return arr
    return _turned(arr, matrix, offset)


def _turned(
    arr: npt.NDArray[Any], matrix: npt.NDArray[np.float64], offset: float
) -> npt.NDArray[Any]:
    shift = np.array([0.0, offset, offset])
    values = arr @ matrix.T + shift if offset > 0 else (arr + shift) @ matrix.T
    rounded: npt.NDArray[Any] = np.clip(np.floor(values + 0.5), 0, 255).astype(arr.dtype)
    return rounded
