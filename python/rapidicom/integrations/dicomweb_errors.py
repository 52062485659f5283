"""Errors of requests to a DICOMweb server, as `OSError` that name the resource by its path."""

from __future__ import annotations

import errno
import re

import requests

__all__ = ["failed", "no_dicom", "refused", "shown_resource", "too_slow"]

# What follows the kind of a resource in its address (PS3.18 §10.1.1) and is no UID.
_NO_UID = re.compile(
    r"(?<=/)(studies|series|instances)/(?![0-9]+(?:\.[0-9]+)*(?:/|$))(?!metadata$)[^/]+", re.ASCII
)

_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,40}", re.ASCII)


def failed(error: BaseException, url: str) -> OSError:
    """Return the error of a request that got no answer; what was asked for is not in it.

    Args:
        error: What `requests` raised.
        url: The resource.
    """
    if isinstance(error, requests.Timeout) or "Timeout" in type(error).__name__:
        return TimeoutError(errno.ETIMEDOUT, "the server does not answer in time", url)
    if isinstance(error, requests.exceptions.SSLError):
        return ConnectionError(errno.ECONNREFUSED, "no trust in the server's certificate", url)
    if isinstance(error, requests.ConnectionError) and "refused" in str(error):
        return ConnectionRefusedError(errno.ECONNREFUSED, "no server listens there", url)
    return ConnectionError(errno.ECONNRESET, "the connection to the server broke", url)


def shown_resource(url: str) -> str:
    """Return the address of a resource as messages show it: of what is no UID nothing is said."""
    return _NO_UID.sub(r"\1/<no UID>", url)


def too_slow(url: str) -> TimeoutError:
    """Return the error of an answer that comes so slowly that it would never end."""
    return TimeoutError(errno.ETIMEDOUT, "the server's answer comes too slowly", url)


def refused(status: int, url: str) -> OSError:
    """Return the error of an answer with a status other than those of success."""
    if status == 401:
        said = "the server wants a login, or does not accept this one (status 401)"
        return PermissionError(errno.EACCES, said, url)
    if status in (403, 407):
        said = f"the server does not allow it (status {status})"
        return PermissionError(errno.EACCES, said, url)
    if status in (404, 410):
        return FileNotFoundError(errno.ENOENT, "the server does not have it", url)
    return OSError(errno.EIO, f"the server answered with status {status}", url)


def no_dicom(media_type: str, url: str, wanted: str = "DICOM") -> OSError:
    """Return the error of an answer that is something else, such as a page to log in.

    Args:
        media_type: The header Content-Type.
        url: The resource.
        wanted: What was asked for.
    """
    kind = media_type.partition(";")[0].strip().lower()
    what = kind if _MEDIA_TYPE.fullmatch(kind) else "something else"
    return OSError(errno.EIO, f"the server answered with {what} instead of {wanted}", url)
