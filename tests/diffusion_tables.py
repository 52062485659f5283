"""b-values and gradient directions of our volumes, and of the .bval and .bvec files of dcm2niix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import rapidicom as rd
from diffusion_builder import VOLUME_STEP
from nifti_references import run_dcm2niix, to_lps

FloatArray = NDArray[np.float64]


def in_patient(vectors: FloatArray, affine: FloatArray) -> FloatArray:
    """Directions (LPS, NaN where none), shape (volumes, 3), of a .bvec file beside an image."""
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    if np.linalg.det(axes) > 0:
        vectors = vectors * np.array([[-1.0], [1.0], [1.0]])
    directions: FloatArray = (to_lps(np.eye(4))[:3, :3] @ axes @ vectors).T
    directions[np.linalg.norm(directions, axis=1) == 0] = np.nan
    return directions


def bvals_and_directions(folder: Path, into: Path) -> tuple[FloatArray, FloatArray]:
    """b-values and directions (LPS, NaN for none) from dcm2niix, in its order of volumes."""
    nibabel = pytest.importorskip("nibabel")
    into.mkdir()
    paths = run_dcm2niix(folder, into)
    (bval,) = into.glob("*.bval")
    (bvec,) = into.glob("*.bvec")
    (path,) = (path for path in paths if "_ADC" not in path.name)
    vectors = np.loadtxt(bvec).reshape(3, -1)
    return np.loadtxt(bval), in_patient(vectors, nibabel.load(path).affine)


def written_order(vol: rd.Volume) -> list[int]:
    """Return which written volume each step of the first axis is, found by its first value."""
    return [
        round(float(step[0, 0, 0] - vol.array[:, 0, 0, 0].min()) / VOLUME_STEP)
        for step in vol.array
    ]


def table(vol: rd.Volume) -> tuple[FloatArray, FloatArray]:
    """Our b-values and directions in the order in which they were written."""
    order = np.argsort(written_order(vol))
    return vol.coords["b_value"][order], vol.coords["gradient_direction"][order]


def assert_same_table(source: Path, target: Path) -> rd.Volume:
    """Hold the table of a folder against that of dcm2niix."""
    vol = rd.read_series(source)
    b_values, directions = table(vol)
    their_b_values, their_directions = bvals_and_directions(source, target)
    np.testing.assert_allclose(b_values, their_b_values)
    np.testing.assert_allclose(directions, their_directions, atol=2e-5)
    return vol
