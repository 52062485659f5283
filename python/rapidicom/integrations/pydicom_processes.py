"""The patch in processes that `multiprocessing` starts.

A process that is forked has it anyway. One that is spawned, or started by a server of forks, gets a
pickle of its `Process`, whose settings are copies of those of the process that starts it: what lies
among them here calls `patch` when it is unpickled.
"""

from __future__ import annotations

import multiprocessing.process
from collections.abc import Callable
from typing import Any

__all__ = ["travel"]


class _Patched:
    """What calls a function where it is unpickled, and is pickled again as the same."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._function, self._arguments = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return _call, (self._function, *self._arguments)


def _call(function: Callable[..., Any], *arguments: Any) -> _Patched:
    function(*arguments)
    return _Patched(function, *arguments)


def travel(function: Callable[..., Any] | None, *arguments: Any) -> None:
    """Let a function be called in processes that are started from now on.

    Args:
        function: A function of a module; `None` for no function any more.
        arguments: What it is called with.
    """
    settings: Any = getattr(multiprocessing.process.current_process(), "_config", None)
    if not isinstance(settings, dict):
        return
    if function is None:
        settings.pop(__name__, None)
    else:
        settings[__name__] = _Patched(function, *arguments)
