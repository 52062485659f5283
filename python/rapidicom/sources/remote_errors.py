"""Errors of servers and their clients as `OSError` that name what could not be read."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from rapidicom.sources.remote_answers import WrongAnswer
from rapidicom.sources.remote_redirects import Redirected

__all__ = ["changed", "is_past_end", "is_transient", "named", "status_of"]

_NOT_THERE = (404, 410)
_NOT_ALLOWED = (401, 403, 407)
_PAST_END = 416
# Too many requests, and what proxies say while a server restarts.
_FOR_A_MOMENT = (408, 425, 429, 500, 502, 503, 504)

# The classes of clients that derive from no class of Python's, by name: they need not be installed.
_NOT_THERE_NAMES = frozenset(("NotFoundError", "NoSuchKey", "NoSuchBucket", "NotFound"))
_NOT_ALLOWED_NAMES = frozenset(
    ("PermissionDeniedError", "UnauthenticatedError", "NoCredentialsError", "Forbidden")
)
_NO_TRUST_NAMES = frozenset(
    ("SSLError", "ClientConnectorCertificateError", "ClientConnectorSSLError")
)
_CUT_NAMES = frozenset((
    "ClientPayloadError", "ServerDisconnectedError", "ClientConnectionError", "IncompleteReadError",
    "IncompleteRead", "ResponseStreamingError", "ConnectionClosedError", "ChunkedEncodingError",
))  # fmt: skip

# What another try would say again.
_FINAL = (
    ConnectionRefusedError, FileNotFoundError, PermissionError, socket.gaierror, ssl.SSLError,
    TimeoutError,
)  # fmt: skip


def named(error: BaseException, name: str, *, hides: bool = False) -> BaseException:
    """Return an error as an `OSError` that names the object.

    What the client or the server says is the cause of the new error, and not part of its message,
    except the number of a status.

    Args:
        error: What a client raised.
        name: The name of the object.
        hides: Whether the cause is left out, because it has the URL with its password.

    Returns:
        A `FileNotFoundError` or `PermissionError` where it is one. What is neither an `OSError` nor
        of a client stays what it is: an interrupt, no memory.
    """
    if not isinstance(error, Exception) or isinstance(error, MemoryError):
        return error
    status = status_of(error)
    kinds = {type(one).__name__ for one in _chain(error)}
    new: OSError
    if isinstance(error, FileNotFoundError) or status in _NOT_THERE or kinds & _NOT_THERE_NAMES:
        new = FileNotFoundError(errno.ENOENT, "no such object", name)
    elif isinstance(error, PermissionError) or status in _NOT_ALLOWED or kinds & _NOT_ALLOWED_NAMES:
        said = "" if status is None else f" (status {status})"
        new = PermissionError(errno.EACCES, f"the server does not allow reading it{said}", name)
    elif any(isinstance(one, ssl.SSLError) for one in _chain(error)) or kinds & _NO_TRUST_NAMES:
        new = ConnectionError(errno.ECONNREFUSED, "no trust in the server's certificate", name)
    elif isinstance(error, (WrongAnswer, Redirected)):
        return _placed(OSError(errno.EIO, str(error), name), error, hides)
    elif isinstance(error, IsADirectoryError):
        new = IsADirectoryError(errno.EISDIR, "it is a folder", name)
    elif isinstance(error, TimeoutError) or "Timeout" in "".join(kinds):
        new = TimeoutError(errno.ETIMEDOUT, "the server does not answer in time", name)
    elif status is not None:
        new = OSError(errno.EIO, f"the server answered with status {status}", name)
    elif kinds & _CUT_NAMES or isinstance(error, (ConnectionResetError, BrokenPipeError)):
        new = ConnectionError(errno.ECONNRESET, "the connection to the server broke", name)
    else:
        new = OSError(errno.EIO, f"it cannot be read ({type(error).__name__})", name)
    return _placed(new, error, hides)


def _placed(new: OSError, cause: Exception, hides: bool) -> OSError:
    new.__cause__ = None if hides else cause
    new.__suppress_context__ = hides
    return new


def changed(name: str) -> OSError:
    """Return the error of an object that is another than it was when it was found."""
    return OSError(errno.ESTALE, "the object was changed since it was found. Find it again", name)


def is_past_end(error: BaseException) -> bool:
    """Whether a server refused a range because the object ends before it."""
    # obstore has the status in its text alone.
    return status_of(error) == _PAST_END or "status code: 416" in str(error)


def is_transient(error: BaseException) -> bool:
    """Whether the same request may well succeed in a moment."""
    status = status_of(error)
    if status is not None:
        return status in _FOR_A_MOMENT
    chain = list(_chain(error))
    if any(isinstance(one, _FINAL) for one in chain):
        return False
    return any(
        isinstance(one, ConnectionError) or type(one).__name__ in _CUT_NAMES for one in chain
    )


def status_of(error: BaseException) -> int | None:
    """Return the status that a server answered with, if an error comes from one."""
    for one in _chain(error):
        status = getattr(one, "status", None) or getattr(one, "status_code", None)
        answer: Any = getattr(one, "response", None)
        if status is None and isinstance(answer, dict):
            status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        elif status is None:
            status = getattr(answer, "status_code", None)
        if isinstance(status, int):
            return status
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
