"""Redirections of web servers: followed, and what opens one host's door goes to no other.

aiohttp leaves out a login where a redirection leads to another host, but no other header, such as a
token of the caller's, and no cookie that its session was made with.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

__all__ = ["MOST_REDIRECTIONS", "SILENCE", "Redirected", "followed", "guard", "is_of_web"]

#: More are a circle.
MOST_REDIRECTIONS = 10
_REDIRECTIONS = (301, 302, 303, 307, 308)
#: Seconds that a server may be silent. What a file system is opened with may say fewer.
SILENCE = 60.0
# What says what is asked for, and nothing of who asks.
_OF_REQUEST = ("Range", "Accept-Encoding")


@asynccontextmanager
async def followed(
    session: Any, url: Any, headers: Mapping[str, str], options: Mapping[str, Any]
) -> AsyncIterator[Any]:
    """Ask for a resource, and give the answer for an `async with` block.

    Args:
        session: An `aiohttp.ClientSession`.
        url: The address.
        headers: Headers of the request.
        options: More for `session.get`.

    Raises:
        TimeoutError: The head of the answer does not come.
        OSError: The server redirects in a circle, or to an address without TLS.
    """
    answer = await _answer(session, "get", url, headers, options)
    try:
        yield answer
    finally:
        answer.release()


def guard(fs: Any) -> None:
    """Have a file system of web servers follow redirections as `followed` does, in listings too.

    Args:
        fs: A file system of fsspec. One that lies over another is guarded there.
    """
    while fs is not None and not is_of_web(fs):
        fs = getattr(fs, "fs", None)
    make = getattr(fs, "get_client", None)
    if make is None or isinstance(make, _Client):
        return
    fs.get_client = _Client(make)
    if getattr(fs, "_session", None) is not None:
        fs._session = _Session(fs._session)


def is_of_web(fs: Any) -> bool:
    """Return whether a file system of fsspec is that of web servers."""
    # By name: one that is not installed is not imported to find out.
    classes = {f"{kind.__module__}.{kind.__name__}" for kind in type(fs).__mro__}
    return "fsspec.implementations.http.HTTPFileSystem" in classes and hasattr(fs, "set_session")


class _Client:
    """What makes a session for a file system.

    Args:
        make: What makes one that follows every redirection.
    """

    def __init__(self, make: Callable[..., Awaitable[Any]]) -> None:
        self._make = make

    async def __call__(self, **options: Any) -> _Session:
        return _Session(await self._make(**options))


class _Session:
    """An `aiohttp.ClientSession` whose own headers and cookies go to no other host."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def get(self, url: Any, **options: Any) -> _Asked:
        """Ask for a resource: see `aiohttp.ClientSession.get`."""
        return _Asked(self._session, "get", url, options)

    def head(self, url: Any, **options: Any) -> _Asked:
        """Ask about a resource: see `aiohttp.ClientSession.head`."""
        return _Asked(self._session, "head", url, {"allow_redirects": False, **options})


class _Asked:
    """A request that is sent when it is awaited, or in an `async with` statement."""

    def __init__(self, session: Any, method: str, url: Any, options: Mapping[str, Any]) -> None:
        self._request = session, method, url, options.get("headers") or {}, options
        self._answer: Any = None

    def __await__(self) -> Generator[Any, None, Any]:
        return _answer(*self._request).__await__()

    async def __aenter__(self) -> Any:
        self._answer = await self
        return self._answer

    async def __aexit__(self, *raised: object) -> None:
        self._answer.release()


async def _answer(
    session: Any, method: str, url: Any, headers: Mapping[str, str], options: Mapping[str, Any]
) -> Any:
    """Return the answer that the last of some redirections leads to; its body is not read yet."""
    options = {name: one for name, one in options.items() if name != "headers"}
    if options.get("allow_redirects") is False:
        return await getattr(session, method)(url, headers=headers, **options)
    options["allow_redirects"] = False
    async with AsyncExitStack() as strangers:
        for _ in range(MOST_REDIRECTIONS):
            async with asyncio.timeout(SILENCE):
                answer = await getattr(session, method)(url, headers=headers, **options)
            place = answer.headers.get("Location")
            if answer.status not in _REDIRECTIONS or place is None:
                return answer
            answer.release()
            before, url = answer.url, _joined(answer.url, place)
            if before.scheme == "https" and url.scheme != "https":
                raise Redirected("the server redirects to an address without TLS")
            # The address of a redirection has a query of its own.
            options.pop("params", None)
            if before.origin() != url.origin():
                headers = {name: headers[name] for name in _OF_REQUEST if name in headers}
                options = {name: one for name, one in options.items() if name not in _OF_CALLER}
                session = await strangers.enter_async_context(_stranger(session))
    raise Redirected("the server redirects again and again")


# Options that say who asks.
_OF_CALLER = ("auth", "cookies")


class Redirected(OSError):
    """A redirection that is not followed; the text is ours."""


@asynccontextmanager
async def _stranger(session: Any) -> AsyncIterator[Any]:
    """Give a session that has none of the headers and cookies that this one sends everywhere."""
    if not session.headers and session.auth is None and not len(session.cookie_jar):
        yield session
        return
    import aiohttp

    async with aiohttp.ClientSession(
        connector=session.connector, connector_owner=False, trust_env=session.trust_env
    ) as other:
        yield other


def _joined(url: Any, place: str) -> Any:
    return url.join(type(url)(place, encoded=True))
