"""URLs as messages and tables show them: without what opens the door, or says whom it is about."""

from __future__ import annotations

import re

__all__ = ["shown_url"]

# User and password before the host (RFC 3986 section 3.2.1). A password with a slash, a question
# mark or a hash in it, which should have been escaped, shows as a port that is no number.
_WITH_LOGIN = "|".join(f"(?<={one}://)" for one in ("http", "https", "ftp", "ftps", "ssh", "smb"))
_USER = re.compile(
    rf"(?<=://)[^/?#\s]*@|(?:{_WITH_LOGIN})[^/?#\s\[\]@:]*:(?!:|\d*(?:[/?#]|$))\S*@", re.IGNORECASE
)
# A password may start as a port does: `me:12/34@host`. The same may be a host, its port and a path
# with an `@` in it, which the names tell apart: of hosts beside this machine nearly all have a dot,
# and a file name does not end as a host does.
_HOST = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?!(?:dcm|ima|img|zip|tar|tgz|gz)\b)[a-z]{2,}(?=[:/?#]|$)"
_LIKE_A_PORT = re.compile(
    rf"(?:{_WITH_LOGIN})(?:(?!localhost:)[^/?#\s\[\]@:.]+:\d*[/?#](?:(?!::)\S)*[^/\s]@"
    rf"|(?![0-9.]+:)[^/?#\s\[\]@:]+:\d*[/?#](?:(?!::)\S)*[^/\s]@(?={_HOST}))",
    re.IGNORECASE,
)
# What a web address has beside its path. The rest of a chain, `::file://...`, is another address.
_WEB = re.compile(r"(https?://[^?#;\s]*)((?:(?!::[a-z][a-z0-9+.-]*://).)*)", re.I | re.S)
_PARAMETERS = re.compile(r";[^/?#]*")
# Of a query, identifiers of objects: a server of WADO-URI has one address for all of them.
_UID = re.compile(r"[?&]([A-Za-z]*uid=[0-9]+(?:\.[0-9]+)+)(?=[&#]|$)", re.IGNORECASE)
# Parameters that let in whoever has them, in addresses of other kinds.
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
        The same for one that has none, and for what is no URL. Of a web address neither its query
        is shown, which may have a patient's name, nor its fragment, nor parameters of its path;
        dots take their place. UIDs in a query stay.
    """
    if "://" not in url:
        return url
    without_login = _USER.sub("", _LIKE_A_PORT.sub("", url))
    return _SECRET.sub(r"\1=...", _WEB.sub(_without_query, without_login))


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
