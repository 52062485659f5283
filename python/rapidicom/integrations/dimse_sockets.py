"""Sockets of associations: no wait for ever, and a reason where TLS fails (PS3.8 §9, PS3.15 §B).

pynetdicom reads a message of the upper layer (PDU) to its end, however long that takes, and notes a
failed handshake in its log alone.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import Any

from pynetdicom import evt

__all__ = ["AcceptingContext", "NotedContext", "bounded_in_time", "said_of_tls"]

# Bytes a second, over as many seconds as an archive may be silent: what is slower stands still.
_SLOWEST = 100
# A message is as long as both have agreed, 256 KB, but for archives that do not keep to it.
_LONGEST = 1 << 24
_CHUNK = 1 << 16


class NotedContext:
    """A context for TLS that notes why a handshake failed.

    Attributes:
        error: Why it failed; `None` if it did not.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self.error: OSError | None = None

    def wrap_socket(self, sock: Any, **options: Any) -> ssl.SSLSocket:
        """Return a socket for TLS: see `ssl.SSLContext.wrap_socket`."""
        made: Any = self._context.wrap_socket(sock, **options)
        connect = made.connect

        def noted(address: Any) -> None:
            try:
                connect(address)
            except OSError as error:
                self.error = error
                raise

        made.connect = noted
        return made  # type: ignore[no-any-return]  # with a method of ours


class AcceptingContext:
    """A server's TLS context that accepts without waiting for the handshake.

    The handshake happens at the first message, on that association's thread, within its timeout.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    def wrap_socket(self, sock: Any, **options: Any) -> ssl.SSLSocket:
        """Return a socket for TLS: see `ssl.SSLContext.wrap_socket`."""
        return self._context.wrap_socket(sock, **options, do_handshake_on_connect=False)


def said_of_tls(error: OSError) -> str:
    """Return what an error says of TLS; empty if it is none of TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "no trust in the archive's certificate"
    if isinstance(error, ssl.SSLError):
        return "the archive does not speak TLS there, or none that both accept"
    return ""


def bounded_in_time(seconds: float) -> tuple[Any, Callable[[Any], None]]:
    """Return what an association is given as a handler, so that its socket waits no longer.

    Args:
        seconds: How long an archive may be silent.
    """

    def opened(event: Any) -> None:
        own = event.assoc.dul.socket

        def recv(count: int) -> bytearray:
            return _received(own.socket, count, seconds)

        if own is not None:
            own.recv = recv

    return evt.EVT_CONN_OPEN, opened


def _received(connection: Any, count: int, seconds: float) -> bytearray:
    """Return `count` bytes, fewer where the connection ends.

    Raises:
        TimeoutError: They do not come in time.
    """
    if count > _LONGEST:
        raise OSError("the archive sends a longer message than was agreed")
    data, began = bytearray(), time.monotonic()
    before = connection.gettimeout()
    connection.settimeout(seconds)
    try:
        while len(data) < count and (piece := connection.recv(min(count - len(data), _CHUNK))):
            data += piece
            waited = time.monotonic() - began
            if waited > seconds and len(data) < min(count, _SLOWEST * waited):
                raise TimeoutError("the archive's answer comes too slowly")
    finally:
        connection.settimeout(before)
    return data
