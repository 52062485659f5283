"""How many cores there are for threads."""

from __future__ import annotations

import os

__all__ = ["core_count"]


def core_count() -> int:
    """Return how many cores this process may use: by its affinity, where the system has one."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
