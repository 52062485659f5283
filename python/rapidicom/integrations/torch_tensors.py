"""Arrays as tensors for torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rapidicom._common.extras import required

if TYPE_CHECKING:
    import torch

    from rapidicom._common.grid import Grid

__all__ = ["to_torch"]


def to_torch(volume: Grid) -> torch.Tensor:
    """Return the volume's array as a tensor that shares its memory; axes as in the array.

    Raises:
        ImportError: torch is not installed; the message names the extra that installs it.
    """
    tensor: torch.Tensor = required("torch", "to_torch").from_numpy(np.asarray(volume.array))
    return tensor
