"""URLs as messages and tables show them: without what opens the door."""

from __future__ import annotations

import re

__all__ = ["shown_url"]

# User and password before the host (RFC 3986 section 3.2.1).
_USER = re.compile(r"(?<=://)[^/?#\s]*@")
# Parameters of a query that let in whoever has them: those of signed URLs of S3, Google and Azure,
# and tokens.
_SECRET = re.compile(
    r"(?<=[?&;])([^=&#;]*(?:sig|token|secret|passw|pwd|credential|auth|api-?_?key|accesskeyid)[^=&#;]*)"
    r"=[^&#;:\s]*",
    re.IGNORECASE,
)


def shown_url(url: str) -> str:
    """Return a URL, or a chain of them, without passwords and signatures.

    Args:
        url: The URL.

    Returns:
        The same for one that has none, and for what is no URL.
    """
    if "://" not in url:
        return url
    return _SECRET.sub(r"\1=...", _USER.sub("", url))
