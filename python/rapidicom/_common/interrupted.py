"""Ctrl-C while the command `rapidicom` is being imported, or after it has ended."""

from __future__ import annotations

import re
import sys
from pathlib import PurePath
from types import TracebackType

__all__ = ["INTERRUPTED", "is_command", "watch"]

#: The exit status, as shells have it for a program that Ctrl-C ends: 128 and the signal's number.
INTERRUPTED = 130
_COMMAND = "rapidicom"
# The options before the module: `-X utf8 -Im rapidicom`. What is after it is the module's own.
_MODULE = re.compile(
    rf"\A[^\n]*(\n-[^WXm\n]*[WX]\n?[^\n]+|\n-[^WXm\n]+)*?\n-[^WX\n-]*m\n?{_COMMAND}(\n|\Z)"
)


def is_command(program: str, command_line: list[str]) -> bool:
    """Return whether an interpreter runs the command, and no program that imports the package.

    Args:
        program: `sys.argv[0]`, which is `-m` until Python has found the module.
        command_line: `sys.orig_argv`.
    """
    if program != "-m":
        return PurePath(program).stem == _COMMAND
    return _MODULE.search("\n".join(command_line)) is not None


def watch() -> None:
    """Let Ctrl-C end the command with one line and its exit status, and no traceback.

    `rapidicom.cli.main` has an end of its own for what happens while it runs; before it come some
    100 ms in which Python imports the package.
    """
    if not (sys.argv and is_command(sys.argv[0], sys.orig_argv)):
        return
    before = sys.excepthook

    def shown(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            before(kind, error, traceback)
            return
        print(f"{_COMMAND}: interrupted", file=sys.stderr)
        raise SystemExit(INTERRUPTED)

    sys.excepthook = shown


# When this is imported, first of all that the package imports.
watch()
