"""Requests by a session of `requests`: tried again, redirected, and bounded in time.

What a session has, such as a login, headers and cookies, goes to the server that the user named and
to no other: a redirection to another one is followed without them.
"""

from __future__ import annotations

import errno
import os
import pickle
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias
from urllib.parse import urljoin, urlsplit

import requests

from rapidicom.integrations.dicomweb_errors import failed, too_slow
from rapidicom.sources.remote_errors import is_transient

__all__ = ["Body", "Query", "Sender", "Timeout"]

Query: TypeAlias = Sequence[tuple[str, str]]
Timeout: TypeAlias = float | tuple[float | None, float | None] | None

# Seconds before the second and third try of what failed for a moment.
_PAUSES = (0.0, 0.2, 1.0)
# What servers answer while they have too much to do, or start again.
_FOR_A_MOMENT = (429, 502, 503, 504)
_NOT_AGAIN = (requests.Timeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)
_MOST_REDIRECTIONS = 10
# Seconds that a session which tries again by itself may pause before each try.
_LONGEST_PAUSE = 120.0
# Bytes a second, over as many seconds as a server may be silent: what is slower stands still.
_SLOWEST = 100


class Sender:
    """What sends requests.

    Args:
        session: What has authentication, headers, certificates and proxies.
        timeout: Seconds: to connect, and between two pieces of an answer; or a pair of them.
    """

    def __init__(self, session: requests.Session, timeout: Timeout) -> None:
        self.session = session
        self._timeout = timeout
        self._process = os.getpid()

    @property
    def silence(self) -> float | None:
        """Seconds that a server may be silent; `None` for ever."""
        return self._timeout[1] if isinstance(self._timeout, tuple) else self._timeout

    def get(self, url: str, query: Query, headers: dict[str, str], name: str) -> requests.Response:
        """Return the answer to a request, whatever its status; its body is not read yet.

        Args:
            url: The resource.
            query: Names and values of its query; they do not get into messages.
            headers: Beside those of the session.
            name: How messages name the resource.

        Raises:
            OSError: The server cannot be reached, does not answer in time, or redirects in a
                circle.
        """
        for pause in _PAUSES:
            time.sleep(pause)
            is_last = pause == _PAUSES[-1]
            try:
                answer = self._followed(url, query, headers, name)
                failure = None
            except (requests.RequestException, OSError) as error:
                is_ours = isinstance(error, OSError) and error.filename == name
                failure = error if is_ours else failed(error, name)
                is_last = is_last or not is_transient(error) or isinstance(error, _NOT_AGAIN)
            # Raised out here: what `requests` raises has the query, and would be the context.
            if failure is None and (answer.status_code not in _FOR_A_MOMENT or is_last):
                return answer
            if failure is None:
                answer.close()
            elif is_last:
                raise failure
        raise AssertionError("the last try returns or raises")

    def _followed(
        self, url: str, query: Query, headers: dict[str, str], name: str
    ) -> requests.Response:
        session, address = self._own_session(), url
        for _ in range(_MOST_REDIRECTIONS):
            answer = self._asked(session, address, query, headers, name)
            target = session.get_redirect_target(answer)
            if target is None:
                return answer
            answer.close()
            target = urljoin(address, target)
            if urlsplit(address).scheme == "https" and urlsplit(target).scheme != "https":
                text = "the server redirects to an address without TLS, which is not followed"
                raise OSError(errno.EIO, text, name)
            if session.should_strip_auth(address, target):
                session = _stranger(session)
            address, query = target, ()
        raise OSError(errno.EIO, "the server redirects again and again", name)

    def _asked(
        self,
        session: requests.Session,
        address: str,
        query: Query,
        headers: dict[str, str],
        name: str,
    ) -> requests.Response:
        def ask() -> requests.Response:
            return session.get(
                address,
                params=list(query) or None,
                headers=headers,
                stream=True,
                allow_redirects=False,
                timeout=self._timeout,
                # Variables of the environment come before what a session says, but not before
                # this.
                verify=None if session.verify is True else session.verify,
            )

        longest = self._longest(session, address)
        return ask() if longest is None else _within(longest, ask, name)

    def _longest(self, session: requests.Session, url: str) -> float | None:
        """Return the seconds until the head of an answer has to be here; `None` for ever.

        The timeout of a session is one for each piece, and a head may come letter by letter.
        """
        silence = self.silence
        if silence is None:
            return None
        connecting = self._timeout[0] if isinstance(self._timeout, tuple) else silence
        once = (silence if connecting is None else connecting) + 2 * silence
        retries = getattr(session.get_adapter(url), "max_retries", 0)
        count = getattr(retries, "total", retries) or 0
        return once + count * (once + _LONGEST_PAUSE)

    def _own_session(self) -> requests.Session:
        if self._process != os.getpid():
            # Another process talks on the connections of this one.
            self.session = pickle.loads(pickle.dumps(self.session))
            self._process = os.getpid()
        return self.session


def _stranger(session: requests.Session) -> requests.Session:
    """Return a session for another server: with the proxies and certificates, and nothing else."""
    other = requests.Session()
    other.trust_env, other.proxies, other.verify = (
        session.trust_env,
        session.proxies,
        session.verify,
    )
    # Else `requests` looks for a login in the user's files.
    other.auth = lambda request: request
    return other


def _within(seconds: float, call: Callable[[], requests.Response], name: str) -> requests.Response:
    """Return what `call` returns, if it does so in time; its thread is left alone otherwise."""
    found: list[requests.Response | BaseException] = []
    is_there, lock = threading.Event(), threading.Lock()
    is_left = False

    def work() -> None:
        result: requests.Response | BaseException
        try:
            result = call()
        except BaseException as error:
            result = error
        with lock:
            found.append(result)
            is_there.set()
            is_late = is_left
        if is_late and isinstance(result, requests.Response):
            result.close()

    try:
        threading.Thread(target=work, daemon=True).start()
    except RuntimeError:
        # No thread is to be had: the timeout of the session still counts.
        return call()
    try:
        is_there.wait(seconds)
    finally:
        with lock:
            is_left = True
    if not found:
        raise too_slow(name)
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


class Body:
    """The body of an answer, piece by piece.

    Args:
        answer: The answer.
        url: How messages name what it is the answer to.
        silence: Seconds that the server may be silent; `None` for ever.
    """

    def __init__(self, answer: requests.Response, url: str, silence: float | None) -> None:
        raw = answer.raw
        self.url = url
        # Waits for one piece, not for all that are asked for.
        self._read: Callable[..., bytes] = getattr(raw, "read1", raw.read)
        self._silence = silence
        self._waited, self._came = 0.0, 0

    def read(self, count: int) -> bytes:
        """Return the next bytes, up to `count`; empty at the end.

        Raises:
            OSError: The connection breaks, or the server is too slow.
        """
        began = time.monotonic()
        try:
            data = self._read(count, decode_content=True) or b""
            failure = None
        except Exception as error:
            failure = failed(error, self.url)
        if failure is not None:
            raise failure
        self._waited += time.monotonic() - began
        self._came += len(data)
        if self._silence is not None and self._waited >= self._silence:
            if data and self._came < _SLOWEST * self._waited:
                raise too_slow(self.url)
            self._waited, self._came = 0.0, 0
        return data
