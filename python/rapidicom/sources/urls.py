"""What fsspec opens: URLs, `fsspec.core.OpenFile`, `UPath`. No library is imported for a path."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rapidicom._common.extras import required
from rapidicom._common.shown_url import shown_url
from rapidicom.sources.item import Asked, Item
from rapidicom.sources.member_names import is_member_name
from rapidicom.sources.memory import item_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MARKS", "resolve", "resolve_text", "together"]

#: What every URL has.
MARKS = ("://", "::")

# A scheme has two letters or more: `C:\` is a drive.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)(://|::)")


def resolve(source: Any, asked: Asked) -> list[str | Item] | None:
    """Return the items of an `OpenFile` or a `UPath`; `None` if it is something else."""
    if not _is_open_file(source) and not _is_url_path(source):
        return None
    if _is_open_file(source) and source.compression is not None:
        # Ranges of what is compressed are no ranges of the file.
        with source as file:
            return [item_of(file.read(), asked.name or source.full_name)]
    return _named(_listed([source], asked)[0], asked)


def resolve_text(source: str, asked: Asked) -> list[str | Item] | None:
    """Return the items of a URL; `None` if it is the name of a local file.

    Raises:
        FileNotFoundError: It has a login, and neither a known scheme nor a file of its name:
            what opens files would show the login.
    """
    if not _is_url(source):
        shown = source if is_member_name(source) else shown_url(source)
        if shown != source and not os.path.lexists(source):
            what = "no such file, and no URL of a known scheme"
            raise FileNotFoundError(errno.ENOENT, what, shown)
        return None
    return _named(_listed([source], asked)[0], asked)


def together(sources: Sequence[Any], asked: Asked) -> dict[int, list[str | Item]]:
    """Return the items of those among several sources that are on servers, which are asked at once.

    Args:
        sources: What a user passes.
        asked: How they are asked for.

    Returns:
        The items by the positions of their sources.
    """
    found = {
        position: source
        for position, source in enumerate(sources)
        if (_is_url(source) if isinstance(source, str) else _is_remote(source))
    }
    if len(found) < 2:
        return {}
    return dict(zip(found, _listed(list(found.values()), asked), strict=True))


def _listed(sources: Sequence[Any], asked: Asked) -> list[list[str | Item]]:
    from rapidicom.sources.remote_listing import remote_items

    options: Mapping[str, Any] | None = asked.storage_options
    return remote_items(sources, storage_options=options)


def _named(items: list[str | Item], asked: Asked) -> list[str | Item]:
    """Return items under the name that the caller gave their source, if it did."""
    if asked.name is None:
        return items
    one = items[0] if len(items) == 1 else None
    return [one.renamed(asked.name)] if isinstance(one, Item) else items


def _is_url(source: str) -> bool:
    found = _SCHEME.match(source)
    if found is None or is_member_name(source):
        return False
    if found[2] == "::" and "fsspec" not in sys.modules and "://" not in source:
        # A file of this name; who has chains of file systems has imported the library.
        return False
    known = required("fsspec.registry", f"{found[1]}://")
    return found[1] in known.known_implementations or found[1] in known.registry


def _is_remote(source: object) -> bool:
    return (_is_open_file(source) and source.compression is None) or _is_url_path(source)  # type: ignore[attr-defined]  # it has


def _is_open_file(source: object) -> bool:
    """Whether a source is an `fsspec.core.OpenFile`, and no file that is open."""
    has = all(hasattr(source, name) for name in ("fs", "path", "mode", "compression", "open"))
    return has and not hasattr(source, "read")


def _is_url_path(source: object) -> bool:
    """Whether a source is a `UPath` of universal_pathlib."""
    return all(hasattr(source, name) for name in ("fs", "path", "protocol", "storage_options"))
