"""What a DICOMweb server answers (PS3.18 §8, §10).

A message names the resource by its path. What is asked for, such as a Patient ID, is in the query
of a URL and in the errors of `requests`: neither gets into a message or a cause.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import requests

from rapidicom.integrations.dicomweb_errors import no_dicom, refused, shown_resource
from rapidicom.integrations.dicomweb_parts import Room, part_of, parts_of, whole
from rapidicom.integrations.dicomweb_requests import Body, Query, Sender, Timeout

__all__ = ["Partial", "Service", "without_login"]

_JSON = "application/dicom+json"
_SUCCESS, _NOTHING, _PARTIAL = 200, 204, 206


def without_login(
    address: str, session: requests.Session | None
) -> tuple[str, requests.Session | None]:
    """Return an address without user and password, and a session that has them if there are any.

    Addresses are in tables, reports and messages.

    Args:
        address: `https://user:password@host/dicom-web`, or without.
        session: The session, if there is one.

    Raises:
        ValueError: The address has a query, a fragment or an `@` in its path, or cannot be one.
    """
    try:
        parts = urlsplit(address)
        # A password such as `12/34` makes a port and a path.
        has_rest = parts.query or parts.fragment or "@" in parts.path
        is_one = not has_rest and (parts.port or True)
    except ValueError:
        is_one = False
    if not is_one:
        # It may have a token, and is not shown.
        raise ValueError(
            "the address of a DICOMweb server is one such as https://host:8042/dicom-web: a login "
            "with other letters is escaped (%40 for @), and a token is part of headers= or session="
        ) from None
    login, found, host = parts.netloc.rpartition("@")
    if not found:
        return address, session
    user, _, password = login.partition(":")
    session = requests.Session() if session is None else session
    session.auth = unquote(user), unquote(password)
    return urlunsplit(parts._replace(netloc=host)), session


class Partial(OSError):
    """The server says that it has not sent all."""


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
        timeout: Timeout,
    ) -> None:
        self.base = base.rstrip("/")
        self.qido, self.wado = (f"{self.base}/{one}" if one else self.base for one in prefixes)
        self._sender = Sender(session, timeout)

    @property
    def session(self) -> requests.Session:
        """The session."""
        return self._sender.session

    def json(self, url: str, query: Query = ()) -> tuple[list[dict[str, Any]], Mapping[str, str]]:
        """Return the data sets of an answer in the DICOM JSON Model, and its headers.

        Args:
            url: The resource.
            query: Names and values of its query; they do not get into messages.

        Raises:
            OSError: The server cannot be reached, refuses, or answers something else.
        """
        with self._get(url, query, _JSON) as (body, headers, _):
            text = whole(body)
            if not text.strip():
                return [], headers
            media_type = headers.get("Content-Type", "")
            if "html" in media_type.lower():
                raise no_dicom(media_type, body.url, "DICOM JSON")
            try:
                found = json.loads(text)
            except (ValueError, RecursionError):
                found = None
            if isinstance(found, dict):
                found = [found]
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                raise OSError(errno.EIO, "the server's answer is no DICOM JSON", body.url)
            return found, headers

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
        with self._get(url, (), accept) as (body, headers, _):
            return part_of(body, headers.get("Content-Type", ""), start, stop)

    def parts(self, url: str, accept: str, room: Room | None = None) -> Iterator[bytes | None]:
        """Yield the parts of an answer as they arrive.

        Args:
            url: The resource.
            accept: The header of this name.
            room: As for `parts_of`.

        Raises:
            Partial: The server says that it holds back some parts, after those that came.
            OSError: As for `part`, after the parts that came whole.
        """
        with self._get(url, (), accept) as (body, headers, status):
            if status != _NOTHING:
                yield from parts_of(body, headers.get("Content-Type", ""), room)
            if status == _PARTIAL:
                raise Partial(errno.EIO, "the server sent only some of it (status 206)", body.url)

    @contextmanager
    def _get(
        self, url: str, query: Query, accept: str
    ) -> Iterator[tuple[Body, Mapping[str, str], int]]:
        # Compressing pixels takes servers ten times as long as sending them.
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        name = shown_resource(url)
        answer = self._sender.get(url, query, headers, name)
        try:
            if answer.status_code not in (_SUCCESS, _NOTHING, _PARTIAL):
                raise refused(answer.status_code, name)
            yield Body(answer, name, self._sender.silence), answer.headers, answer.status_code
        finally:
            answer.close()
