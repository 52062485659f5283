"""Redirections of web servers: followed, and what opens one host's door goes to no other.

aiohttp leaves out a login where a redirection leads to another host, but no other header, such as a
token of the caller's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

__all__ = ["MOST_REDIRECTIONS", "SILENCE", "Redirected", "followed"]

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
    if options.get("allow_redirects") is False:
        async with session.get(url, headers=headers, **options) as answer:
            yield answer
        return
    options = {**options, "allow_redirects": False}
    async with AsyncExitStack() as stack:
        for _ in range(MOST_REDIRECTIONS):
            async with asyncio.timeout(SILENCE):
                answer = await session.get(url, headers=headers, **options)
            place = answer.headers.get("Location")
            if answer.status not in _REDIRECTIONS or place is None:
                stack.callback(answer.release)
                yield answer
                return
            answer.release()
            before, url = answer.url, _joined(answer.url, place)
            if before.scheme == "https" and url.scheme != "https":
                raise Redirected("the server redirects to an address without TLS")
            if before.origin() != url.origin():
                headers = {name: headers[name] for name in _OF_REQUEST if name in headers}
                options = {name: one for name, one in options.items() if name not in _OF_CALLER}
                session = await stack.enter_async_context(_stranger(session))
    raise Redirected("the server redirects again and again")


# Options that say who asks.
_OF_CALLER = ("auth", "cookies", "params")


class Redirected(OSError):
    """A redirection that is not followed; the text is ours."""


@asynccontextmanager
async def _stranger(session: Any) -> AsyncIterator[Any]:
    """Give a session that has none of the headers that this one adds to every request."""
    if not session.headers and session.auth is None:
        yield session
        return
    import aiohttp

    async with aiohttp.ClientSession(
        connector=session.connector, connector_owner=False, trust_env=session.trust_env
    ) as other:
        yield other


def _joined(url: Any, place: str) -> Any:
    return url.join(type(url)(place, encoded=True))
