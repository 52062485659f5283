"""What a URL, an `OpenFile` or a `UPath` names: an object, a folder of objects, or a pattern.

An object costs no request before its header does: a look at what a name is reads the header, which
is kept for whoever asks for it first. A folder costs its listing.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rapidicom._common.extras import missing, required
from rapidicom._common.shown_url import shown_url
from rapidicom.sources.archives import has_archive_name
from rapidicom.sources.item import Item
from rapidicom.sources.remote import FileSystemStore, RemoteObject, state_of, store_of
from rapidicom.sources.remote_answers import asks_of
from rapidicom.sources.remote_errors import named
from rapidicom.sources.remote_redirects import guard

__all__ = ["remote_items"]

# What is read of a name that may be a folder's: what a header costs anyway.
_HEAD = 16384
# The first part of a path is a bucket, and no object.
_BUCKETS = frozenset(("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "obs", "r2"))
# Objects of one folder whose listing is asked for before them.
_WORTH_A_LISTING = 4
# More names than this are taken for objects: a kept header is memory.
_MOST_LOOKS = 2048


def remote_items(
    sources: Sequence[Any],
    *,
    storage_options: Mapping[str, Any] | None = None,
    recursive: bool = True,
    workers: int | None = None,
) -> list[list[str | Item]]:
    """Return what each of several sources names.

    Args:
        sources: URLs, `OpenFile` and `UPath`, mixed.
        storage_options: What fsspec gets beside a URL.
        recursive: Whether folders of folders are looked into.
        workers: Requests under way at a time.

    Returns:
        A list for each source: items, and paths of what lies in a local file.

    Raises:
        OSError: Nothing has such a name, or the server cannot be asked.
        ImportError: The library for this kind of file system is not installed.
    """
    options = dict(storage_options or {})
    places = [_place(source, options) for source in sources]
    alone = len(places) == 1
    _look_up(places)
    asked = [place for place in places if _may_be_folder(place, alone)]
    _look(asked[:_MOST_LOOKS], workers)
    looked = set(map(id, asked[:_MOST_LOOKS]))
    return [_named_by(place, recursive, was_looked_at=id(place) in looked) for place in places]


class _Place:
    """What a source names, before anybody has looked."""

    def __init__(self, fs: Any, path: str, name: str, prefix: str, suffix: str = "") -> None:
        self.fs = fs
        self.path = path
        self.name = name = shown_url(name)
        self._prefix = prefix
        self._suffix = suffix
        guard(fs)
        self.store: FileSystemStore = store_of(fs)
        self.object = RemoteObject(path, name)
        self.error: BaseException | None = None

    @property
    def is_local(self) -> bool:
        return "file" in self._protocols

    @property
    def is_of_web(self) -> bool:
        """Whether a web server has it, of whose folders each answers with something else."""
        return self.path.startswith(("http://", "https://"))

    @property
    def has_pattern(self) -> bool:
        # In a URL of the web, a question mark starts the query.
        return any(letter in self.path for letter in ("*[" if self.is_of_web else "*?["))

    @property
    def is_folder(self) -> bool:
        """Whether the name alone says that it is a folder, or a bucket."""
        if self.path.endswith("/"):
            return True
        return "/" not in self.path.strip("/") and not _BUCKETS.isdisjoint(self._protocols)

    @property
    def _protocols(self) -> tuple[str, ...]:
        protocol = self.fs.protocol
        return (protocol,) if isinstance(protocol, str) else tuple(protocol)

    def name_of(self, path: str) -> str:
        """Return how messages name what lies at `path`: a URL that opens it."""
        if self._prefix and not path.startswith(self._prefix):
            return shown_url(f"{self._prefix}{path.lstrip('/')}{self._suffix}")
        return shown_url(f"{path}{self._suffix}")


def _place(source: Any, options: Mapping[str, Any]) -> _Place:
    if hasattr(source, "full_name"):
        name = str(source.full_name).replace("memory:///", "memory://")
        return _Place(source.fs, source.path, name, _prefix(name))
    if not isinstance(source, str):
        # Its protocol may be that of a chain.
        fs = source.fs
        name = str(source)
        return _Place(fs, fs._strip_protocol(source.path), name, _prefix(name))
    core = required("fsspec.core", f"{_prefix(source) or shown_url(source)}")
    try:
        fs, path = core.url_to_fs(source, **options)
    except ImportError as error:
        if "s3fs" in str(error) or (error.name or "").startswith("s3fs"):
            raise missing("s3fs", "s3://") from error
        raise
    first, _, rest = source.partition("::")
    if rest and "://" not in first:
        # `simplecache::s3://bucket/x`: what has the path comes later.
        first, _, rest = rest.partition("::")
    return _Place(fs, path, source, _prefix(first), f"::{rest}" if rest else "")


def _prefix(url: str) -> str:
    scheme, found, _ = url.partition("://")
    return f"{scheme}://" if found and scheme not in ("http", "https") else ""


def _may_be_folder(place: _Place, alone: bool) -> bool:
    """Whether a look has to tell what a name is; among many, a file's extension says it."""
    if place.is_local or place.is_folder or place.is_of_web or place.object.length is not None:
        return False
    return (
        alone or place.has_pattern or re.search(r"\.[A-Za-z][A-Za-z0-9]{0,4}$", place.path) is None
    )


def _look_up(places: Sequence[_Place]) -> None:
    """Learn what objects are and how long from the listing of their folder, where several share it.

    A table needs to know where a file ends, and a listing says it of a thousand in one request.
    Answers of S3 and of web servers say it of themselves.
    """
    folders: dict[tuple[int, str], list[_Place]] = {}
    for place in places:
        if not (place.is_local or place.is_folder or place.is_of_web or place.has_pattern):
            parent = place.path.rpartition("/")[0]
            folders.setdefault((id(place.store), parent), []).append(place)
    for (_, parent), group in folders.items():
        fs = group[0].store.fs
        if len(group) < _WORTH_A_LISTING or not parent or asks_of(fs) is not None:
            continue
        try:
            fs.invalidate_cache(parent)
            found = {info["name"]: info for info in fs.ls(parent, detail=True)}
        except Exception:
            # Not every server lists, and none has to.
            continue
        for place in group:
            info = found.get(place.path)
            if info is not None and _is_file(info):
                place.object = _object(place, place.name, info)


def _look(places: Sequence[_Place], workers: int | None) -> None:
    """Fetch the start of what may be an object or a folder; objects keep it."""
    groups: dict[int, list[_Place]] = {}
    for place in places:
        groups.setdefault(id(place.store), []).append(place)
    for group in groups.values():
        answers = group[0].store.fetch([(one.object, 0, _HEAD) for one in group], workers)
        for one, answer in zip(group, answers, strict=True):
            if isinstance(answer, bytes):
                one.object.head = answer
                if len(answer) < _HEAD:
                    one.object.length = len(answer)
            elif not isinstance(answer, OSError):
                raise answer
            else:
                one.error = answer


def _named_by(place: _Place, recursive: bool, was_looked_at: bool) -> list[str | Item]:
    if place.is_local:
        return [place.path]
    is_object = was_looked_at and place.error is None
    if is_object or not (was_looked_at or place.has_pattern or place.is_folder):
        _measure_archive(place)
        return [Item(place.name, place.store, place.object, place.object.length)]
    if place.error is not None and not _may_have_more(place.error):
        # What cannot be read is named in the table and in reports.
        return [Item(place.name, place.store, place.object)]
    return _listed(place, recursive)


def _measure_archive(place: _Place) -> None:
    """Ask for the length of what has the name of an archive: its list of members is at its end."""
    if place.object.length is not None or place.is_of_web or not has_archive_name(place.name):
        return
    try:
        length = place.store.fs.info(place.path).get("size")
    except Exception:
        # Whoever reads it says what is wrong.
        return
    place.object.length = length if isinstance(length, int) else None


def _may_have_more(error: BaseException) -> bool:
    return isinstance(error, (FileNotFoundError, IsADirectoryError))


def _listed(place: _Place, recursive: bool) -> list[str | Item]:
    fs, path = place.store.fs, place.path
    try:
        fs.invalidate_cache()
        if place.has_pattern:
            found = fs.glob(path, detail=True)
            folders = [name for name, info in found.items() if info.get("type") == "directory"]
            for folder in folders:
                found.pop(folder)
                found |= _below(fs, folder, recursive)
        else:
            found = _below(fs, path, recursive)
    except Exception as error:
        hides = shown_url(path) != path
        raise named(error, place.name, hides=hides) from (None if hides else error)
    items = [_item(place, name, info) for name, info in sorted(found.items()) if _is_file(info)]
    if not items:
        what = "no object matches" if place.has_pattern else "no such object, and none below it"
        raise FileNotFoundError(errno.ENOENT, what, place.name) from place.error
    return list(items)


def _below(fs: Any, path: str, recursive: bool) -> dict[str, dict[str, Any]]:
    if recursive:
        return dict(fs.find(path, detail=True))
    return {info["name"]: info for info in fs.ls(path, detail=True)}


def _is_file(info: Mapping[str, Any]) -> bool:
    # Buckets have empty objects that stand for folders.
    return info.get("type") == "file" and not str(info["name"]).endswith("/")


def _item(place: _Place, path: str, info: Mapping[str, Any]) -> Item:
    found = _object(place, place.name_of(path), info)
    return Item(found.name, place.store, found, found.length, is_named=False)


def _object(place: _Place, name: str, info: Mapping[str, Any]) -> RemoteObject:
    length = info.get("size")
    length = length if isinstance(length, int) else None
    return RemoteObject(info["name"], name, length, state_of(place.fs, info))
