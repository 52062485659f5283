"""Images of a PACS by DICOMweb (PS3.18): `pip install "rapidicom[dicomweb]"`.

Searches are QIDO-RS, retrieval is WADO-RS. Requests go through the session of
`dicomweb_client.DICOMwebClient`, with its authentication, headers, certificates and proxies.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from rapidicom._common.extras import required
from rapidicom._dataset.dataset import Dataset
from rapidicom.integrations import queries

required("dicomweb_client", "rapidicom.integrations.dicomweb")

from dicomweb_client import DICOMwebClient  # noqa: E402  # after the message of its absence

from rapidicom.integrations.dicomweb_errors import shown_resource  # noqa: E402
from rapidicom.integrations.dicomweb_http import Service, without_login  # noqa: E402
from rapidicom.integrations.dicomweb_store import Instance, InstanceStore, frame_of  # noqa: E402
from rapidicom.sources.item import Item  # noqa: E402
from rapidicom.sources.paths import checked_workers  # noqa: E402
from rapidicom.tables.table import Table  # noqa: E402
from rapidicom.volumes.finding import find_series, read_series  # noqa: E402

if TYPE_CHECKING:
    import requests
    from numpy.typing import NDArray

    from rapidicom.integrations.queries import Level
    from rapidicom.volumes.series import Series
    from rapidicom.volumes.volume import Volume

__all__ = ["DicomWeb"]

# Of one answer to a search. Servers have limits of their own, and say so or not.
_PAGE = 1000
# Number of Series Related Instances.
_INSTANCE_COUNT = "00201209"
_STUDY, _SERIES, _INSTANCE = "0020000D", "0020000E", "00080018"
_UID_OF = {"study": _STUDY, "series": _SERIES, "instance": _INSTANCE}


class DicomWeb:
    """A DICOMweb server.

    Args:
        server: The address of its services, such as `"http://localhost:8042/dicom-web"`, or a
            `dicomweb_client.DICOMwebClient`, whose session, prefixes and timeout count.
        session: A `requests.Session`, which has authentication and certificates.
        headers: Headers of every request.
        timeout: Seconds to connect, and between two pieces of an answer; or a pair of them.

    Examples:
        `DicomWeb("http://localhost:8042/dicom-web").read_series(series_uid)` is a volume.
    """

    def __init__(
        self,
        server: str | DICOMwebClient,
        *,
        session: requests.Session | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | tuple[float, float] | None = None,
    ) -> None:
        if isinstance(server, DICOMwebClient):
            if session is not None:
                raise TypeError("a DICOMwebClient has a session already: pass one or the other")
            base, session = without_login(server.base_url, server._session)
        elif isinstance(server, str):
            base, session = without_login(server, session)
            server = DICOMwebClient(base, session=session)
        else:
            kind = type(server).__name__
            raise TypeError(f"DicomWeb takes an address or a DICOMwebClient, not {kind}")
        own = server._session
        own.headers.update(headers or {})
        self._service = Service(
            base,
            (server.qido_url_prefix, server.wado_url_prefix),
            own,
            getattr(server, "_timeout", 20) if timeout is None else timeout,
        )

    def scan(
        self,
        columns: Iterable[str | int | tuple[int, int]] | str | None = None,
        *,
        level: Level = "instance",
        complete: bool = True,
        workers: int | None = None,
        **filters: Any,
    ) -> Table:
        """Search the server for what matches, and return it as a table; no file is read.

        Args:
            columns: As for `rapidicom.scan`; by default its `DEFAULT_COLUMNS`, and of studies and
                series those of `rapidicom.integrations.queries`.
            level: What a row is: `"instance"`, as for `scan`, `"series"` or `"study"`.
            complete: At the level of instances: ask for the metadata of a series if the answer to
                the search lacks a column. Without it a cell is also empty where the server does not
                return the attribute of a search.
            workers: Requests under way at a time; default 8.
            filters: What has to match, by keyword: `PatientID="..."`, `StudyDate="20200101-"`,
                `StudyInstanceUID=[...]`. Wildcards and ranges are the server's.

        Returns:
            The table. `path` is the address of the instance, series or study; functions that take a
            table of instances read them from there. The Transfer Syntax
            UID is that in which the server says it has an instance, and empty if it says none, or
            several.

        Raises:
            OSError: The server cannot be reached, or refuses.
            ValueError: A filter is no keyword.
        """
        names = queries.column_names(columns, level)
        found = self._search(level, filters, queries.tags_of_columns(names))
        if level == "instance" and complete:
            found = self._completed(found, queries.tags_of_columns(names), workers)
        rows: dict[str, Any] = {}
        items: dict[str, Item] = {}
        store = InstanceStore(self._service)
        for model in found:
            url = self._name(*(queries.text_of(model, _UID_OF[one]) for one in _above(level)))
            url = queries.unique(url, rows)
            rows[url] = model
            if level == "instance":
                items[url] = Item(url, store, _instance_of(model))
        return queries.table_of(rows, names, items, workers)

    def find_series(
        self,
        series_uid: str | None = None,
        study_uid: str | None = None,
        *,
        workers: int | None = None,
        **filters: Any,
    ) -> list[Series]:
        """Find the series among the instances that match, from the start of each.

        Args:
            series_uid: As the filter `SeriesInstanceUID`.
            study_uid: As the filter `StudyInstanceUID`.
            workers: Requests under way at a time.
            filters: As for `scan`.

        Returns:
            As `rapidicom.find_series`; reading one retrieves its instances.

        Raises:
            OSError: The server cannot be reached, or refuses, or has nothing that matches.
        """
        sources: Any = self.sources(series_uid, study_uid, **filters)
        return find_series(sources, workers=workers)

    def read_series(
        self,
        series_uid: str,
        study_uid: str | None = None,
        *,
        irregular: Literal["raise", "keep"] = "raise",
        workers: int | None = None,
        progress: bool = False,
        **options: Any,
    ) -> Volume:
        """Retrieve a series, and read it into a volume.

        Args:
            series_uid: Its UID.
            study_uid: That of its study; without, the server is asked for it.
            irregular: As for `rapidicom.read_series`; with `"keep"` instances that do not come cost
                themselves, also where the connection breaks.
            workers: Threads that decode.
            progress: Show tqdm bars.
            options: As for `rapidicom.read_series`.

        Returns:
            The volume. An instance that the server does not have is in the report, like a file that
            cannot be read.

        Raises:
            OSError: The server cannot be reached, refuses, or has no such series.
            DicomError: As for `rapidicom.read_series`.
        """  # fmt: skip
        study_uid, total = self._study_of(series_uid, study_uid)
        store = InstanceStore(self._service)
        is_part = any(options.get(name) is not None for name in ("slices", "rows", "columns"))
        options |= {"irregular": irregular, "workers": workers, "progress": progress}
        try:
            decoder_count = 0 if is_part else checked_workers(workers)
            keys, error = store.retrieve(study_uid, series_uid, total, progress, decoder_count)
            if error is not None and (irregular == "raise" or not keys):
                raise error
            if not keys:
                raise queries.nothing_found(self._service.base, {"": series_uid})
            items: Any = [Item(self._name(*key), store, key) for key in keys]
            if error is not None or (total is not None and total != len(keys)):
                filters = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid}
                items = self._items(filters, store)
            return read_series(items, series_uid=series_uid, **options)
        finally:
            store.forget()

    def sources(
        self, series_uid: str | None = None, study_uid: str | None = None, **filters: Any
    ) -> list[Item]:
        """Return the instances that match as sources for every function that takes sources.

        Args:
            series_uid: As the filter `SeriesInstanceUID`.
            study_uid: As the filter `StudyInstanceUID`.
            filters: As for `scan`.

        Raises:
            OSError: The server cannot be reached, or refuses, or has nothing that matches.
        """
        filters |= queries.uid_filters(series_uid, study_uid)
        return self._items(filters, InstanceStore(self._service))

    def metadata(
        self, series_uid: str, study_uid: str | None = None, sop_uid: str | None = None
    ) -> list[Dataset]:
        """Return the data sets of a series, or of one instance, without pixels and other bulk data.

        Args:
            series_uid: The UID of the series.
            study_uid: That of its study; without, the server is asked for it.
            sop_uid: That of one instance.

        Raises:
            OSError: The server cannot be reached, refuses, or has no such series.
        """
        study_uid = study_uid or self._study_of(series_uid)[0]
        url = self._url(study_uid, series_uid, *([sop_uid] if sop_uid else []))
        return [queries.dataset_of(model) for model in self._service.json(f"{url}/metadata")[0]]

    def read_frame(
        self,
        series_uid: str,
        sop_uid: str,
        index: int = 0,
        study_uid: str | None = None,
        *,
        raw: bool = False,
    ) -> NDArray[Any]:
        """Retrieve one frame of an instance.

        Args:
            series_uid: The UID of the series.
            sop_uid: That of the instance.
            index: Which frame, from 0.
            study_uid: That of the study; without, the server is asked for it.
            raw: As for `rapidicom.pixel_array`.

        Returns:
            As `rapidicom.pixel_array` with `index`.

        Raises:
            OSError: The server cannot be reached, refuses, or has no such frame.
        """
        study_uid = study_uid or self._study_of(series_uid)[0]
        url = self._url(study_uid, series_uid, sop_uid)
        return frame_of(self._service, url, index, raw)

    def __repr__(self) -> str:
        return f"DicomWeb({self._service.base!r})"

    def _items(self, filters: Mapping[str, Any], store: InstanceStore) -> list[Item]:
        items: dict[Hashable, Item] = {}
        for number, model in enumerate(self._search("instance", filters, [])):
            key = _instance_of(model)
            # Answers of one UID are one instance. An answer without a UID may be any instance, so
            # each stays.
            items.setdefault(key if key.sop else number, Item(self._name(*key), store, key))
        if not items:
            raise queries.nothing_found(self._service.base, filters)
        return [*items.values()]

    def _search(
        self, level: Level, filters: Mapping[str, Any], tags: Iterable[str]
    ) -> list[dict[str, Any]]:
        """Return the models of all that matches, page by page (PS3.18 §8.3.4)."""
        url, query = self._resource(level, queries.checked(filters))
        query += [("includefield", tag) for tag in tags]
        found: list[dict[str, Any]] = []
        # Answers without a UID, and several of one, are rows all the same.
        seen: dict[str, list[dict[str, Any]]] = {}
        came = 0
        while True:
            page = [("limit", str(_PAGE)), ("offset", str(came))]
            models, headers = self._service.json(url, query + page)
            uids = [queries.text_of(model, _UID_OF[level]) for model in models]
            # Pages overlap where something is stored meanwhile, and some servers answer each page
            # with the first.
            new = [
                (uid, model)
                for uid, model in zip(uids, models, strict=True)
                if model not in seen.get(uid, ())
            ]
            for uid, model in new:
                seen.setdefault(uid, []).append(model)
            found += [model for _, model in new]
            came += len(models)
            has_more = len(models) >= _PAGE or "299" in headers.get("Warning", "")
            if not new or not has_more:
                return found

    def _resource(self, level: Level, filters: dict[str, str]) -> tuple[str, list[tuple[str, str]]]:
        """Return the address of a search and its query; UIDs of one thing go into the address."""
        url = self._service.qido
        filters = dict(filters)
        for above, keyword in (("study", "StudyInstanceUID"), ("series", "SeriesInstanceUID")):
            uid = filters.get(keyword, "")
            if above == level or not queries.is_uid(uid):
                break
            url += f"/{'studies' if above == 'study' else 'series'}/{uid}"
            del filters[keyword]
        names = {"study": "studies", "series": "series", "instance": "instances"}
        return f"{url}/{names[level]}", list(filters.items())

    def _completed(
        self, found: list[dict[str, Any]], tags: list[str], workers: int | None
    ) -> list[dict[str, Any]]:
        """Return models that have what the search left out, by the metadata of their series."""
        from rapidicom._common.at_once import at_once

        wanted = {tag.partition(".")[0] for tag in tags if not tag.startswith("0002")}
        series = {
            (queries.text_of(model, _STUDY), queries.text_of(model, _SERIES)): None
            for model in found
            if not wanted <= model.keys()
        }
        urls = [f"{self._url(*uids)}/metadata" for uids in series if all(uids)]
        whole: dict[str, dict[str, Any]] = {}
        for answer in at_once(self._service.json, urls, workers or 8):
            if isinstance(answer, Exception):
                raise answer
            whole.update((queries.text_of(model, _INSTANCE), model) for model in answer[0])
        return [{**whole.get(queries.text_of(model, _INSTANCE), {}), **model} for model in found]

    def _study_of(self, series_uid: str, study_uid: str | None = None) -> tuple[str, int | None]:
        """Return the study of a series, and how many instances it has, if the server says it."""
        filters = {"SeriesInstanceUID": series_uid}
        if study_uid:
            filters["StudyInstanceUID"] = study_uid
        found = self._search("series", filters, [_INSTANCE_COUNT])
        if not found:
            raise queries.nothing_found(self._service.base, {"": series_uid})
        count = found[0].get(_INSTANCE_COUNT, {}).get("Value", [None])[0]
        total = int(count) if isinstance(count, (int, float, str)) else None
        return queries.text_of(found[0], _STUDY) or study_uid or "", total

    def _url(self, *uids: str) -> str:
        parts = zip(("studies", "series", "instances"), uids, strict=False)
        resources = (f"{name}/{quote(uid, safe='')}" for name, uid in parts)
        return "/".join([self._service.wado, *resources])

    def _name(self, *uids: str) -> str:
        return shown_resource(self._url(*uids))


def _instance_of(model: Mapping[str, Any]) -> Instance:
    return Instance(*(queries.text_of(model, uid) for uid in _UID_OF.values()))


def _above(level: Literal["study", "series", "instance"]) -> list[str]:
    levels = ["study", "series", "instance"]
    return levels[: levels.index(level) + 1]
