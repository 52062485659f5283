"""Volumes and labels in batches: torch's `default_collate` stacks them as it does arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data._utils import collate

from rapidicom.integrations.torch_tensors import to_torch
from rapidicom.labels.labels import Labels
from rapidicom.volumes.volume import Volume

__all__ = ["register"]


def _stacked(batch: Sequence[Any], *, collate_fn_map: Any = None) -> torch.Tensor:
    """Return a batch of volumes as one tensor, with an axis for the batch in front."""
    function = collate.default_collate_fn_map[torch.Tensor]
    tensor: torch.Tensor = function(
        [to_torch(volume) for volume in batch], collate_fn_map=collate_fn_map
    )
    return tensor


def register() -> None:
    """Let `default_collate` know volumes and labels; it looks types up in a table of its own."""
    for kind in (Volume, Labels):
        collate.default_collate_fn_map.setdefault(kind, _stacked)


register()
