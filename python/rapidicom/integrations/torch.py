"""Volumes as tensors for torch."""

from __future__ import annotations

import torch

from rapidicom._common.grid import Grid


def to_torch(volume: Grid) -> torch.Tensor:
    """Return the volume's array as a tensor that shares its memory; axes as in the array."""
    return torch.from_numpy(volume.array)
