"""Requests to a DICOMweb server, and what it answers (PS3.18 §8, §10).

A message names the resource by its path. What is asked for, such as a Patient ID, is in the query
of a URL and in the errors of `requests`: neither gets into a message or a cause.
"""

from __future__ import annotations

import errno
import json
import os
import pickle
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit, urlunsplit

import requests

from rapidicom.integrations.dicomweb_parts import part_of, parts_of
from rapidicom.sources.remote_errors import is_transient

__all__ = ["Service", "without_login"]

Query: TypeAlias = Sequence[tuple[str, str]]

# Seconds before the second and third try of what failed for a moment.
_PAUSES = (0.0, 0.2, 1.0)
_JSON = "application/dicom+json"
# What servers answer while they have too much to do, or start again.
_FOR_A_MOMENT = (429, 502, 503, 504)


def without_login(
    address: str, session: requests.Session | None
) -> tuple[str, requests.Session | None]:
    """Return an address without user and password, and a session that has them if there are any.

    Addresses are in tables, reports and messages.

    Args:
        address: `https://user:password@host/dicom-web`, or without.
        session: The session, if there is one.
    """
    parts = urlsplit(address)
    login, found, host = parts.netloc.rpartition("@")
    if not found:
        return address, session
    user, _, password = login.partition(":")
    session = requests.Session() if session is None else session
    session.auth = unquote(user), unquote(password)
    return urlunsplit(parts._replace(netloc=host)), session


class Service:
    """A DICOMweb server, by a session of `requests`.

    Args:
        base: The address of its services.
        prefixes: What comes before `/studies` in addresses of QIDO-RS and of WADO-RS.
        session: What has authentication, headers, certificates and proxies.
        timeout: Seconds: to connect, and between two pieces of an answer.
    """

    def __init__(
        self,
        base: str,
        prefixes: tuple[str | None, str | None],
        session: requests.Session,
        timeout: float | tuple[float, float] | None,
    ) -> None:
        self.base = base.rstrip("/")
        self.qido, self.wado = (f"{self.base}/{one}" if one else self.base for one in prefixes)
        self._session = session
        self._timeout = timeout
        self._process = os.getpid()

    def json(self, url: str, query: Query = ()) -> tuple[list[dict[str, Any]], Mapping[str, str]]:
        """Return the data sets of an answer in the DICOM JSON Model, and its headers.

        Args:
            url: The resource.
            query: Names and values of its query; they do not get into messages.

        Raises:
            OSError: The server cannot be reached, refuses, or answers something else.
        """
        with self._get(url, query, {"Accept": _JSON}) as answer:
            body = _Body(answer, url).read()
            if not body.strip():
                return [], answer.headers
            try:
                found = json.loads(body)
            except ValueError:
                found = None
            if isinstance(found, dict):
                found = [found]
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                raise OSError(errno.EIO, "the server's answer is no DICOM JSON", url)
            return found, answer.headers

    def part(
        self, url: str, accept: str, start: int = 0, stop: int | None = None
    ) -> tuple[bytes, str]:
        """Return bytes of the first part of an answer, and its media type.

        Args:
            url: The resource.
            accept: The header of this name.
            start: The first byte.
            stop: The byte after the last; what follows it is not waited for. `None` for all.

        Raises:
            OSError: As for `json`; also if the answer is cut short.
        """
        with self._get(url, (), {"Accept": accept}) as answer:
            return part_of(_Body(answer, url), answer.headers.get("Content-Type", ""), start, stop)

    def parts(self, url: str, accept: str) -> Iterator[bytes]:
        """Yield the parts of an answer as they arrive.

        Args:
            url: The resource.
            accept: The header of this name.

        Raises:
            OSError: As for `part`, after the parts that came whole.
        """
        with self._get(url, (), {"Accept": accept}) as answer:
            yield from parts_of(_Body(answer, url), answer.headers.get("Content-Type", ""))

    @contextmanager
    def _get(self, url: str, query: Query, headers: dict[str, str]) -> Iterator[requests.Response]:
        # Compressing pixels takes servers ten times as long as sending them.
        headers = {**headers, "Accept-Encoding": "identity"}
        answer = self._answer(url, query, headers)
        try:
            if answer.status_code not in (200, 204, 206):
                raise _refused(answer.status_code, url)
            yield answer
        finally:
            answer.close()

    def _answer(self, url: str, query: Query, headers: dict[str, str]) -> requests.Response:
        for pause in _PAUSES:
            time.sleep(pause)
            is_last = pause == _PAUSES[-1]
            try:
                session = self._own_session()
                answer = session.get(
                    url,
                    params=query,
                    headers=headers,
                    stream=True,
                    timeout=self._timeout,
                    # Variables of the environment come before what a session says, but not before
                    # this.
                    verify=None if session.verify is True else session.verify,
                )
                failure = None
            except (requests.RequestException, OSError) as error:
                failure = _failed(error, url)
                is_last = is_last or not is_transient(error) or isinstance(error, _NOT_AGAIN)
            # Raised out here: what `requests` raises has the query, and would be the context.
            if failure is None and (answer.status_code not in _FOR_A_MOMENT or is_last):
                return answer
            if failure is None:
                answer.close()
            elif is_last:
                raise failure
        raise AssertionError("the last try returns or raises")

    def _own_session(self) -> requests.Session:
        if self._process != os.getpid():
            # Another process talks on the connections of this one.
            self._session = pickle.loads(pickle.dumps(self._session))
            self._process = os.getpid()
        return self._session


_NOT_AGAIN = (requests.Timeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)


class _Body:
    """The body of an answer, piece by piece."""

    def __init__(self, answer: requests.Response, url: str) -> None:
        self._answer = answer
        self.url = url

    def read(self, count: int | None = None) -> bytes:
        """Return the next bytes, or all that are left; empty at the end."""
        try:
            return bytes(self._answer.raw.read(count, decode_content=True))
        except Exception as error:
            failure = _failed(error, self.url)
        raise failure


def _failed(error: BaseException, url: str) -> OSError:
    """Return the error of a request that got no answer; what was asked for is not in it."""
    if isinstance(error, requests.Timeout) or "Timeout" in type(error).__name__:
        return TimeoutError(errno.ETIMEDOUT, "the server does not answer in time", url)
    if isinstance(error, requests.exceptions.SSLError):
        return ConnectionError(errno.ECONNREFUSED, "no trust in the server's certificate", url)
    if isinstance(error, requests.ConnectionError) and "refused" in str(error):
        return ConnectionRefusedError(errno.ECONNREFUSED, "no server listens there", url)
    return ConnectionError(errno.ECONNRESET, "the connection to the server broke", url)


def _refused(status: int, url: str) -> OSError:
    if status == 401:
        said = "the server wants a login, or does not accept this one (status 401)"
        return PermissionError(errno.EACCES, said, url)
    if status in (403, 407):
        said = f"the server does not allow it (status {status})"
        return PermissionError(errno.EACCES, said, url)
    if status in (404, 410):
        return FileNotFoundError(errno.ENOENT, "the server does not have it", url)
    return OSError(errno.EIO, f"the server answered with status {status}", url)
