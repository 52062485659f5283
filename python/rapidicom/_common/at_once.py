"""Calls that wait for servers, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["at_once"]

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def at_once(
    call: Callable[[Argument], Result], arguments: Iterable[Argument], workers: int
) -> list[Result | Exception]:
    """Return what a function returns for each argument, or the exception that it raises.

    Args:
        call: The function; it runs in several threads.
        arguments: What it is called with.
        workers: How many calls are under way at a time.

    Raises:
        KeyboardInterrupt: The user stops it. Calls that have not begun are not made.
    """
    arguments = list(arguments)

    def caught(argument: Argument) -> Result | Exception:
        try:
            return call(argument)
        except Exception as error:
            return error

    if workers == 1 or len(arguments) < 2:
        return [caught(argument) for argument in arguments]
    pool = ThreadPoolExecutor(min(workers, len(arguments)))
    try:
        return list(pool.map(caught, arguments))
    finally:
        # Without waiting for what is under way: the caller may be stopping all of it.
        pool.shutdown(wait=False, cancel_futures=True)
