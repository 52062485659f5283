"""Write a file as a whole or not at all, also when the disk is full or the process is killed."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["remove_unfinished", "whole_file"]

_SUFFIX = ".rapidicom-unfinished"
# What file systems say that have no files without a name; NFS, FAT and the Linux before 3.11.
_NO_UNNAMED_FILES = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)
# Seconds that a writer waits for another of the same file, whose own has a name for a moment.
_PATIENCE = 5.0
_PAUSE = 0.001


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file to write that takes the place of `path` when the block ends.

    If the block raises, what was at `path` stays. The bytes go into a file without a name, of which
    nothing is left when the process is killed; where the file system has none, into one beside
    `path` that the next writer removes. A link stays, and its target is replaced. A device or a
    pipe is written as the bytes come. A file that is replaced hands on its permissions.

    Args:
        path: The file.

    Yields:
        The file, for bytes.

    Raises:
        OSError: The file cannot be written.
    """
    try:
        target = Path(os.path.realpath(path))
        try:
            state = target.stat()
        except FileNotFoundError:
            state = None
        if state is not None and not stat.S_ISREG(state.st_mode):
            with target.open("wb") as device:
                yield device
            return
        with _replacement(target, state) as file:
            yield file
    except OSError as error:
        # A full disk does not say which, and nobody knows the names of unfinished files.
        name = error.filename
        if error.errno is not None and (name is None or str(name).endswith(_SUFFIX)):
            error.filename = os.fspath(path)
        raise


def remove_unfinished(path: str | os.PathLike[str]) -> None:
    """Remove what a writer of `path` has left that was killed in the moment before it was done.

    Args:
        path: The file.
    """
    _remove_if_abandoned(_beside(Path(os.path.realpath(path))))


@contextmanager
def _replacement(target: Path, replaced: os.stat_result | None) -> Iterator[BinaryIO]:
    file = _unnamed(target)
    named = None
    if file is None:
        _remove_abandoned(target)
        named = _beside(target, secrets.token_hex(4))
        file = named.open("xb")
    try:
        with file:
            if replaced is not None and hasattr(os, "fchmod"):
                with suppress(OSError):
                    os.fchmod(file.fileno(), stat.S_IMODE(replaced.st_mode))
            _locks(file)
            yield file
            file.flush()
            if named is None:
                _take_place(file, target)
        if named is not None:
            named.replace(target)
    finally:
        if named is not None:
            named.unlink(missing_ok=True)


def _beside(target: Path, number: str = "0") -> Path:
    """Return the name of an unfinished file; short, because that of the target can be long."""
    name = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    return target.with_name(f".{name}.{number}{_SUFFIX}")


def _unnamed(target: Path) -> BinaryIO | None:
    """Return a file without a name, or `None` where there is no such thing."""
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.fdopen(os.open(target.parent, os.O_RDWR | os.O_CLOEXEC | flag, 0o666), "wb")
    except OSError as error:
        if error.errno in _NO_UNNAMED_FILES:
            return None
        raise


def _take_place(file: BinaryIO, target: Path) -> None:
    """Give a file without a name that of the target."""
    # A link cannot replace a file, so it is made under another name first.
    linked = _beside(target)
    number = file.fileno()
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            # With a descriptor of a folder, any, Python asks to follow the link in /proc.
            os.link(f"/proc/self/fd/{number}", linked, src_dir_fd=number, follow_symlinks=True)
            break
        except FileExistsError:
            # Of a writer that was killed here, or that is here now.
            if not _remove_if_abandoned(linked):
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
    try:
        linked.replace(target)
    except OSError:
        linked.unlink(missing_ok=True)
        raise


def _locks(file: BinaryIO) -> bool:
    """Return whether nobody else has locked a file, and lock it until it is closed."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        # Windows does not remove an open file.
        return os.name == "nt"
    return True


def _remove_if_abandoned(path: Path) -> bool:
    """Remove the file of a writer that no longer lives; return whether it is gone."""
    try:
        with path.open("rb") as file:
            # Only who has locked a file takes its name away, so once it is locked, it keeps it.
            if not _locks(file) or not os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return False
            path.unlink()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _remove_abandoned(target: Path) -> None:
    """Remove the files with a name of writers of `target` that no longer live."""
    prefix = _beside(target, "").name.removesuffix(_SUFFIX)
    for path in target.parent.glob(f"{prefix}*{_SUFFIX}"):
        _remove_if_abandoned(path)
