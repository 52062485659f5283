"""How the command ends: the one place that decides on the exit status and the line on stderr."""

from __future__ import annotations

from collections.abc import Callable

import rapidicom as rd
from rapidicom._common.interrupted import INTERRUPTED

__all__ = ["DONE", "FAILED", "INTERRUPTED", "WRONG_USAGE", "CommandError", "UsageError", "ending"]

#: Done.
DONE = 0
#: Something could not be read or written, or `--strict` or `check` found something wrong.
FAILED = 1
#: The command line is wrong, as argparse has it.
WRONG_USAGE = 2


class CommandError(Exception):
    """An error that the user can mend; its text is the line on stderr."""


class UsageError(CommandError):
    """The command line is wrong, whatever the files are."""


def ending(work: Callable[[], int]) -> tuple[int, str | None]:
    """Do what a command does, and return how it ends.

    Args:
        work: It returns the exit status.

    Returns:
        The exit status, and the error in words.

    Raises:
        BrokenPipeError: Nobody reads on.
    """
    try:
        return work(), None
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        return INTERRUPTED, "interrupted"
    except UsageError as error:
        return WRONG_USAGE, str(error)
    except OSError as error:
        is_plain = error.filename and error.strerror
        return FAILED, f"{error.filename}: {error.strerror}" if is_plain else str(error)
    except (CommandError, rd.DicomError, ValueError, MemoryError, ImportError) as error:
        return FAILED, str(error) or type(error).__name__
