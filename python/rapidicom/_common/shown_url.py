"""URLs as messages and tables show them: without what opens the door, or says whom it is about."""

from __future__ import annotations

import re

__all__ = ["shown_url"]

# User and password come before the host (RFC 3986 section 3.2.1). A password may have any letter
# that should have been escaped, `@` and `/` among them, and may start as a port does: in
# `me:12/34@host`, `me:12` may be a host and its port, and nothing tells which. So all that ends at
# an `@` after a colon of the authority is hidden, unless the authority is an IP address or
# `localhost`, which no user is called, and its port.
# Members of archives have no login; drives and access points of S3 have a colon.
_AT, _COLON = "(?:@|%40)", "(?::|%3A)"
_HOST_AND_PORT = (
    r"(?:localhost|\d+(?:\.\d+){3}|\[[0-9a-f:.]+(?:%[^\]/?#@]*)?\])(?::\d*)?(?=[/?#]|$)"
)
_LOGIN = re.compile(
    rf"(?<=://)(?<!zip://)(?<!tar://)(?!{_HOST_AND_PORT})"
    rf"(?:(?<!file://)(?!arn:)[^/?#]*?{_COLON}.*{_AT}|[^/?#]*@)",
    re.IGNORECASE | re.DOTALL,
)
# What a web address has beside its path. The rest of a chain, `::file://...`, is another address.
_WEB = re.compile(r"(https?://[^?#;\s]*)((?:(?!::[a-z][a-z0-9+.-]*://).)*)", re.I | re.S)
_WEB_STARTS = ("http://", "https://")
_PARAMETERS = re.compile(r";[^/?#]*")
# Of a query, identifiers of objects: a server of WADO-URI has one address for all of them.
_UID = re.compile(r"[?&]([A-Za-z]*uid=[0-9]+(?:\.[0-9]+)+)(?=[&#]|$)", re.IGNORECASE)
_PARAMETER = re.compile(r"(?<=[?&;])([^=?&#;]*)=[^&#;:\s]*")
# Parameters that let in whoever has them, in addresses of other kinds.
_SECRET = re.compile(
    "sig|token|secret|passw|pwd|credential|auth|api-?_?key|accesskeyid", re.IGNORECASE
)


def shown_url(url: str) -> str:
    """Return a URL, or a chain of them, without passwords and signatures.

    Args:
        url: The URL.

    Returns:
        The same for one that has none, and for what is no URL. Dots take the place of what may be
        a login or the start of a path, `https://...@host/a.dcm`. Of a web address neither its query
        is shown, which may have a patient's name, nor its fragment, nor parameters of its path;
        dots take their place too. UIDs in a query stay.
    """
    if "://" not in url:
        return url
    # Nothing after the last `@` is a login; to look there would take long for a hostile address.
    end = max(url.rfind("@") + len("@"), url.rfind("%40") + len("%40"))
    without_login = _LOGIN.sub(_without_login, url[:end]) + url[end:]
    shown = _WEB.sub(_without_query, without_login)
    return _PARAMETER.sub(_without_secret, shown)


def _without_login(found: re.Match[str]) -> str:
    login = found[0]
    if not re.search("[/?#]", login):
        return ""
    parts = re.split("[?#;]", login, maxsplit=1)
    if len(parts) == 1 or not found.string[: found.start()].lower().endswith(_WEB_STARTS):
        return "...@"
    # The `@` may be one of the query, and what follows it not the host.
    return f"...?{parts[1]}"


def _without_secret(found: re.Match[str]) -> str:
    return f"{found[1]}=..." if _SECRET.search(found[1]) else found[0]


def _without_query(found: re.Match[str]) -> str:
    path, rest = found[1], found[2]
    # Parameters may lie before other parts of the path.
    before, hash_mark, fragment = rest.partition("#")
    parameters, question_mark, query = before.partition("?")
    shown = path + _PARAMETERS.sub(";...", parameters)
    if query:
        uids = [uid[1] for uid in _UID.finditer(f"?{query}")]
        is_all = "&".join(uids) == query
        query = "&".join(uids if is_all else [*uids, "..."])
    return f"{shown}{question_mark}{query}{hash_mark}{'...' if fragment else ''}"
