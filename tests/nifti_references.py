"""Volumes against the NIfTI files that other programs make of the same series.

NIfTI counts x and y the other way (RAS for LPS), and programs turn axes as they like, so voxel
centres are compared: where our affine puts a voxel, the reference must have one too, with the same
value.
"""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd


def to_lps(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn a NIfTI affine's right and anterior into left and posterior."""
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def assert_same_voxels(
    vol: rd.Volume, reference: Any, tolerance: float = 0.02, values_tolerance: float = 0.0
) -> None:
    """Hold every voxel against the one that the reference has at the same place.

    Args:
        vol: The volume read by us.
        reference: A NIfTI image with as many voxels, its axes in any order and direction.
        tolerance: By how much places may differ, in voxels; NIfTI keeps affines in 32 bits.
        values_tolerance: By how much values may differ.
    """
    values = np.asarray(reference.dataobj, np.float64)
    assert sorted(values.shape) == sorted(vol.array.shape)
    to_reference = np.linalg.inv(to_lps(reference.affine)) @ vol.affine
    corners = np.array(list(itertools.product(*((0, size - 1) for size in vol.array.shape)))).T
    places = to_reference[:3, :3] @ corners + to_reference[:3, 3:]
    np.testing.assert_allclose(places, places.round(), atol=tolerance)
    # From its first voxel to its last, so that none is a whole number of voxels away.
    np.testing.assert_array_equal(places.round().min(axis=1), 0)
    np.testing.assert_array_equal(places.round().max(axis=1), np.array(values.shape) - 1)
    # The corners lie on voxels, so each of our axes is one of the reference's, forward or backward.
    axes = to_reference[:3, :3].round().astype(int)
    assert (np.abs(axes).sum(axis=0) == 1).all()
    assert (np.abs(axes).sum(axis=1) == 1).all()
    turned = values.transpose(np.abs(axes).argmax(axis=0))
    turned = turned[tuple(slice(None, None, int(step)) for step in axes.sum(axis=0))]
    limit = values_tolerance + 1e-5 * np.abs(turned).max()
    np.testing.assert_allclose(vol.array, turned, rtol=1e-5, atol=limit)


def run_dcm2niix(
    folder: Path, into: Path, philips_scale: bool = True, check: bool = True
) -> list[Path]:
    """Convert one folder or file; the files come without those that dcm2niix resampled.

    `philips_scale`: whether values of Philips scanners are divided by Scale Slope, which no
    standard names. `check`: whether it must say that it converted all.
    """
    dcm2niix = pytest.importorskip("dcm2niix")
    subprocess.run(
        [
            dcm2niix.bin, "-f", "%j", "-p", "y" if philips_scale else "n", "-z", "n", "-b", "n",
            "-d", "0", "-s", "y" if folder.is_file() else "n", "-o", str(into), str(folder),
        ],
        check=check,
        capture_output=True,
        timeout=120,
    )  # fmt: skip
    return [
        path
        for path in sorted(into.glob("*.nii"))
        if "_Tilt" not in path.name and "_Eq" not in path.name
    ]


def volumes_of(path: Path) -> list[Any]:
    """One image a volume of a NIfTI file."""
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.load(path)
    if image.ndim == 3:
        return [image]
    return list(nibabel.four_to_three(image))
