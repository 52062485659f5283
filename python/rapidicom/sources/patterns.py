"""Names that stand for paths: `~` for a home folder, patterns such as `study/*.dcm` for files."""

from __future__ import annotations

import errno
import os

__all__ = ["PATTERN_MARKS", "expanded", "home_expanded"]

#: What names have that stand for others; `\0` stands before each name.
PATTERN_MARKS = ("*", "?", "[", "\0~")

# What `glob` takes for a pattern.
_MAGIC = frozenset("*?[")


def home_expanded(path: str) -> str:
    """Return a path with the home folder in place of `~`, or of `~user`.

    Where nothing lies there, but a file has the name as it is, that file is meant: `~draft.dcm`.

    Args:
        path: The path.
    """
    if not path.startswith("~"):
        return path
    home = os.path.expanduser(path)  # noqa: PTH111  # that of pathlib raises for unknown users
    return path if not os.path.lexists(home) and os.path.lexists(path) else home


def expanded(path: str) -> list[str]:
    """Return the paths that a path stands for: one, or those that fit a pattern.

    A file that has the name of a pattern is meant itself. Patterns are those of `glob`: `**` stands
    for any folders in folders, and names that start with a dot need one in the pattern. A pattern
    with `**` finds files alone, because the folders would bring the same files again.

    Args:
        path: A path or a pattern; `~` stands for the home folder.

    Returns:
        The path, or what was found, sorted by name.

    Raises:
        FileNotFoundError: Nothing fits the pattern.
    """
    path = home_expanded(path)
    if _MAGIC.isdisjoint(path) or os.path.lexists(path):
        return [path]
    import glob

    found = sorted(glob.glob(path, recursive=True))  # noqa: PTH207  # paths as they were given
    if "**" in path:
        found = [name for name in found if not os.path.isdir(name)]  # noqa: PTH112
    if not found:
        raise FileNotFoundError(errno.ENOENT, "no file fits the pattern", path)
    return found
