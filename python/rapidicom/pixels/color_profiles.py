"""ICC profiles (PS3.3 §C.11.15), which Pillow applies."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.ImageCms import ImageCmsTransform

    from rapidicom._core import Dataset

__all__ = ["apply_icc_profile", "create_icc_transform"]

# Colour spaces that Pillow has profiles of, by the name in capitals.
_COLOR_SPACES = {"SRGB": "sRGB", "LAB": "LAB", "XYZ": "XYZ"}

# Perceptual, relative colorimetric, saturation and absolute colorimetric (ICC.1 §7.2.15).
_INTENTS = range(4)


def apply_icc_profile(
    arr: npt.NDArray[Any],
    ds: Dataset | None = None,
    transform: ImageCmsTransform | None = None,
    intent: int | None = None,
    color_space: str | None = None,
) -> npt.NDArray[Any]:
    """Convert colours to a colour space by the ICC profile of their data set (PS3.3 §C.11.15).

    Args:
        arr: uint8 RGB, shape ([frame,] row, column, 3). It is changed in place.
        ds: The data set with the profile; `None` with `transform`.
        transform: The result of `create_icc_transform`.
        intent: As for `create_icc_transform`.
        color_space: As for `create_icc_transform`.

    Returns:
        `arr`.

    Raises:
        ImportError: Pillow is not installed.
        ValueError: Neither or both of `ds` and `transform` are given; the shape is another one; or
            as for `create_icc_transform`.
    """
    if (ds is None) == (transform is None):
        raise ValueError("pass one of ds and transform, not both")
    if arr.ndim not in (3, 4) or arr.shape[-1] != 3:
        raise ValueError(f"colours have the shape ([frame,] row, column, 3), not {arr.shape}")
    if transform is None:
        transform = create_icc_transform(ds, intent=intent, color_space=color_space)
    from PIL import Image, ImageCms

    for frame in arr if arr.ndim == 4 else arr[np.newaxis]:
        image = Image.fromarray(frame)
        ImageCms.applyTransform(image, transform, inPlace=True)
        frame[...] = np.asarray(image)
    return arr


def create_icc_transform(
    ds: Dataset | None = None,
    icc_profile: bytes = b"",
    intent: int | None = None,
    color_space: str | None = None,
) -> ImageCmsTransform:
    """Make the transform of an ICC profile, which can be used for many images.

    Args:
        ds: The data set with the profile; `None` with `icc_profile`.
        icc_profile: The bytes of a profile.
        intent: 0 perceptual, 1 relative colorimetric, 2 saturation, 3 absolute colorimetric; by
            default the profile's own.
        color_space: The colour space of the result: `sRGB`, `LAB` or `XYZ`; by default the data
            set's, or `sRGB`.

    Raises:
        ImportError: Pillow is not installed.
        ValueError: Neither or both of `ds` and `icc_profile` are given; the data set has no
            profile; or the intent or colour space is unknown.
    """
    if (ds is None) == (not icc_profile):
        raise ValueError("pass one of ds and icc_profile, not both")
    profile = icc_profile if ds is None else ds.get("ICCProfile")
    if not profile:
        raise ValueError("the data set has no (0028,2000) ICC Profile")
    said = color_space or (ds.get("ColorSpace") if ds is not None else None) or "sRGB"
    space = _COLOR_SPACES.get(str(said).upper())
    if space is None:
        # A file may have any text here: it is not shown.
        raise ValueError(f"unknown color space: choose one of {', '.join(_COLOR_SPACES.values())}")
    if intent is not None and intent not in _INTENTS:
        raise ValueError(f"intent must be 0, 1, 2 or 3, not {intent}")
    from PIL import ImageCms

    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    intent = ImageCms.getDefaultIntent(source) if intent is None else intent
    target = ImageCms.createProfile(space)  # type: ignore[arg-type]  # one of its names
    return ImageCms.buildTransform(source, target, "RGB", "RGB", ImageCms.Intent(intent))
