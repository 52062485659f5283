"""Images of a PACS by DIMSE (PS3.4 §C, PS3.7): `pip install "rapidicom[dimse]"`.

Searches are C-FIND in the Study Root Information Model. C-GET brings instances over the association
that asks for them; C-MOVE, to a receiver of our own that lives as long as the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from rapidicom._common.extras import required
from rapidicom._common.progress import Progress
from rapidicom.integrations import queries
from rapidicom.integrations.query_headers import element_as_it_is, quiet_pydicom

required("pynetdicom", "rapidicom.integrations.dimse")

from rapidicom.integrations.dimse_associations import Peer, Received  # noqa: E402
from rapidicom.integrations.dimse_associations import find as c_find  # noqa: E402
from rapidicom.integrations.dimse_retrieval import MoveTo, retrieve  # noqa: E402
from rapidicom.sources.item import MEMORY, Item  # noqa: E402
from rapidicom.sources.unreadable import Unreadable  # noqa: E402
from rapidicom.tables.table import Table  # noqa: E402
from rapidicom.volumes.finding import find_series, read_series  # noqa: E402

if TYPE_CHECKING:
    import ssl

    from pydicom import Dataset

    from rapidicom.integrations.queries import Level
    from rapidicom.volumes.series import Series
    from rapidicom.volumes.volume import Volume

__all__ = ["Archive"]

_LEVELS = ("study", "series", "instance")
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
# What is matched at the levels of the Study Root Information Model (PS3.4 §C.6.2.1); the rest is
# matched at that of instances.
_OF_STUDY = frozenset(
    """
    StudyInstanceUID StudyID StudyDate StudyTime StudyDescription AccessionNumber ModalitiesInStudy
    SOPClassesInStudy ReferringPhysicianName NameOfPhysiciansReadingStudy PatientName PatientID
    IssuerOfPatientID PatientBirthDate PatientBirthTime PatientSex OtherPatientIDs PatientComments
    PatientAge PatientSize PatientWeight InstitutionName EthnicGroup Occupation
    AdditionalPatientHistory NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances
    """.split()  # noqa: SIM905  # it reads better than a list
)
_OF_SERIES = frozenset(
    """
    SeriesInstanceUID SeriesNumber SeriesDescription SeriesDate SeriesTime Modality Laterality
    BodyPartExamined ProtocolName StationName Manufacturer ManufacturerModelName
    PerformingPhysicianName OperatorsName PerformedProcedureStepStartDate
    PerformedProcedureStepStartTime RequestAttributesSequence FrameOfReferenceUID
    NumberOfSeriesRelatedInstances
    """.split()  # noqa: SIM905  # it reads better than a list
)


class Archive:
    """A PACS that speaks DIMSE.

    Args:
        host: Its name or address.
        port: Its port.
        ae_title: Its Application Entity Title.
        calling_ae_title: Ours; many archives answer only those that they know.
        timeout: Seconds that the archive may take to accept, and for each answer.
        tls: A context for TLS; the certificate has to be that of `host`. Or a context and the name
            that the certificate has, like pynetdicom's `tls_args`.
        receiver_tls: For C-MOVE, to whose receiver the archive connects: a context of the server's
            side (`ssl.PROTOCOL_TLS_SERVER`) with our certificate; `False` if images may come
            without TLS although `tls` is given.

    Examples:
        `Archive("pacs.host", 4242, ae_title="PACS").read_series(series_uid)` is a volume.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        ae_title: str = "ANY-SCP",
        calling_ae_title: str = "RAPIDICOM",
        timeout: float = 30.0,
        tls: ssl.SSLContext | tuple[ssl.SSLContext, str] | None = None,
        receiver_tls: ssl.SSLContext | Literal[False] | None = None,
    ) -> None:
        if timeout <= 0:
            raise ValueError(f"timeout must be more than 0 seconds, not {timeout}")
        context = tls if tls is None or isinstance(tls, tuple) else (tls, host)
        self._peer = Peer(
            host, int(port), ae_title, calling_ae_title, timeout, context, receiver_tls
        )

    def scan(
        self,
        columns: Iterable[str | int | tuple[int, int]] | str | None = None,
        *,
        level: Level = "instance",
        **filters: Any,
    ) -> Table:
        """Search the archive for what matches, and return it as a table; no file is read.

        Args:
            columns: As for `rapidicom.scan`; by default its `DEFAULT_COLUMNS`, and of studies and
                series those of `rapidicom.integrations.queries`.
            level: What a row is: `"instance"`, as for `scan`, `"series"` or `"study"`. The archive
                is asked for each series of each study that matches.
            filters: What has to match, by keyword: `PatientID="..."`, `StudyDate="20200101-"`.
                Wildcards and ranges are the archive's.

        Returns:
            The table. `path` names the instance, series or study. Cells are empty where the archive
            does not return an attribute.

        Raises:
            OSError: The archive cannot be reached, refuses, or does not answer in time.
            ValueError: A filter is no keyword.
        """
        names = queries.column_names(columns, level)
        rows: dict[str, Any] = {}
        for found in self._search(level, filters, queries.tags_of_columns(names)):
            uids = [str(found.get(keyword, "")) for keyword in _UIDS[: _LEVELS.index(level) + 1]]
            rows[queries.unique(self._peer.name_of(*uids), rows)] = found
        no_file = Unreadable("a search brings no file: Archive.read_series retrieves it")
        return queries.table_of(rows, names, {row: Item(row, no_file, row) for row in rows})

    def find_series(
        self,
        series_uid: str | None = None,
        study_uid: str | None = None,
        *,
        move_to: MoveTo | None = None,
        workers: int | None = None,
        **filters: Any,
    ) -> list[Series]:
        """Retrieve the series that match, and return them; they stay in memory.

        Args:
            series_uid: As the filter `SeriesInstanceUID`.
            study_uid: As the filter `StudyInstanceUID`.
            move_to: As for `read_series`.
            workers: Threads that read headers.
            filters: As for `scan`.

        Raises:
            OSError: The archive cannot be reached, refuses, or has nothing that matches.
        """
        sources: Any = self.sources(series_uid, study_uid, move_to=move_to, **filters)
        return find_series(sources, workers=workers)

    def read_series(
        self,
        series_uid: str,
        study_uid: str | None = None,
        *,
        move_to: MoveTo | None = None,
        workers: int | None = None,
        progress: bool = False,
        **options: Any,
    ) -> Volume:
        """Retrieve a series, and read it into a volume.

        Args:
            series_uid: Its UID.
            study_uid: That of its study; without, the archive is asked for it.
            move_to: `None` for C-GET. For C-MOVE our Application Entity Title and port as the
                archive knows them, `("RAPIDICOM", 11112)`; a third is the address to listen on. By
                TLS if the archive is given `receiver_tls`.
            workers: Threads that decode.
            progress: Show tqdm bars.
            options: As for `rapidicom.read_series`.

        Returns:
            The volume. An instance that the archive does not send is in the report, or the error,
            like a file that cannot be read.

        Raises:
            OSError: The archive cannot be reached, refuses, has no such series, or does not answer
                in time.
            ValueError: C-MOVE from an archive with `tls` needs `receiver_tls`.
            DicomError: As for `rapidicom.read_series`.
        """
        if study_uid is None:
            filters = {"SeriesInstanceUID": series_uid}
            found = next(self._search("series", filters, []), None)
            if found is None:
                raise queries.nothing_found(self._peer.name, filters)
            study_uid = str(found.StudyInstanceUID)
        sources = self._retrieved(study_uid, series_uid, move_to, progress)
        options |= {"workers": workers, "progress": progress}
        return read_series(sources, series_uid=series_uid, **options)

    def sources(
        self,
        series_uid: str | None = None,
        study_uid: str | None = None,
        *,
        move_to: MoveTo | None = None,
        **filters: Any,
    ) -> list[Item]:
        """Retrieve the series that match, as sources for every function that takes sources.

        Args:
            series_uid: As the filter `SeriesInstanceUID`.
            study_uid: As the filter `StudyInstanceUID`.
            move_to: As for `read_series`.
            filters: As for `scan`.

        Returns:
            Their instances, which stay in memory. One that the archive does not send is an error of
            who reads it.

        Raises:
            OSError: The archive cannot be reached, refuses, or has nothing that matches.
        """
        filters |= queries.uid_filters(series_uid, study_uid)
        found = list(self._search("series", filters, []))
        if not found:
            raise queries.nothing_found(self._peer.name, filters)
        sources: dict[str, Any] = {}
        for one in found:
            study, series = str(one.StudyInstanceUID), str(one.SeriesInstanceUID)
            sources |= self._retrieved(study, series, move_to)
        return [
            one if isinstance(one, Item) else Item(name, MEMORY, one, len(one))
            for name, one in sources.items()
        ]

    def __repr__(self) -> str:
        return f"Archive({self._peer.name!r})"

    def _retrieved(
        self, study_uid: str, series_uid: str, move_to: MoveTo | None, progress: bool = False
    ) -> dict[str, Any]:
        """Return the instances of a series by name: their bytes, or what says why they lack."""
        filters = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid}
        with self._peer.association_to_find() as association:
            keys = _keys("instance", filters, ["00080016"])
            listed = [*c_find(association, keys, self._peer.name)]
        if not listed:
            raise queries.nothing_found(self._peer.name, filters)
        wanted = {str(one.SOPInstanceUID): str(one.get("SOPClassUID", "")) for one in listed}
        with Progress(progress, "instances", len(wanted)) as bar:
            uids = study_uid, series_uid
            found = retrieve(self._peer, uids, wanted, move_to, bar.callback)
        return {
            name: self._source(name, found, uid)
            for uid in wanted
            for name in [self._peer.name_of(study_uid, series_uid, uid)]
        }

    def _source(self, name: str, found: Received, uid: str) -> bytes | Item:
        data = found.files.get(uid)
        if data is not None:
            return data
        said = None if found.error is None else found.error.strerror
        return Item(name, Unreadable(said or "the archive did not send it"), name)

    def _search(
        self, level: Level, filters: Mapping[str, Any], tags: Iterable[str]
    ) -> Iterator[Dataset]:
        """Yield what matches, with what levels above say of it; levels are asked one by one."""
        texts = queries.checked(filters)
        tags = list(tags)
        with self._peer.association_to_find() as association:

            def below(depth: int, above: dict[str, str], said: list[Dataset]) -> Iterator[Dataset]:
                here = _LEVELS[depth]
                own = {key: text for key, text in texts.items() if _level_of(key) == here}
                keys = _keys(here, {**own, **above}, tags)
                for one in c_find(association, keys, self._peer.name):
                    uids = {**above, _UIDS[depth]: str(one.get(_UIDS[depth], ""))}
                    if here == level:
                        yield _merged([*said, one], uids)
                    else:
                        yield from below(depth + 1, uids, [*said, one])

            # One series by its UID: archives answer without the study, as Orthanc does.
            skips = level != "study" and set(texts) == {"SeriesInstanceUID"}
            yield from below(1 if skips else 0, {}, [])


def _level_of(keyword: str) -> str:
    return "study" if keyword in _OF_STUDY else "series" if keyword in _OF_SERIES else "instance"


def _keys(level: str, filters: Mapping[str, str], tags: Iterable[str]) -> Dataset:
    """Return the identifier of a search: what has to match, and what is to be returned, empty."""
    from pydicom import Dataset
    from pydicom.datadict import dictionary_VR

    keys = Dataset()
    keys.SpecificCharacterSet = "ISO_IR 192"
    keys.QueryRetrieveLevel = {"study": "STUDY", "series": "SERIES", "instance": "IMAGE"}[level]
    for tag in tags:
        number = int(tag, 16)
        vr = "UN" if number >> 16 & 1 else dictionary_VR(number).partition(" ")[0]
        keys.add_new(number, vr, [] if vr == "SQ" else None)
    for keyword in _UIDS[: _LEVELS.index(level) + 1]:
        setattr(keys, keyword, None)
    for keyword, text in filters.items():
        # A list of UIDs has backslashes here, and commas on the web.
        is_uid = keyword.endswith("UID")
        setattr(keys, keyword, text.replace(",", "\\") if is_uid else text)
    return keys


def _merged(said: list[Dataset], uids: Mapping[str, str]) -> Dataset:
    """Return what several levels say of one thing; the lowest that says something counts."""
    from pydicom import Dataset

    whole = Dataset()
    with quiet_pydicom():
        for one in said:
            # Each answer has a character set of its own.
            with suppress(Exception):  # what cannot be decoded stays as it is
                one.decode()
            for tag in [*one.keys()]:  # a data set that is changed while it is read
                if (element := _readable(one, tag)) is not None:
                    whole[tag] = element
        whole.SpecificCharacterSet = "ISO_IR 192"
        for keyword, uid in uids.items():
            setattr(whole, keyword, uid)
    return whole


def _readable(ds: Dataset, tag: int) -> Any:
    """Return an element that says something; as it came, if it is not what its VR wants."""
    from pydicom.datadict import dictionary_has_tag, dictionary_VR

    raw = ds.get_item(tag)
    try:
        element = ds[tag]
    except Exception:  # pydicom converts values in many ways
        vr = dictionary_VR(tag) if dictionary_has_tag(tag) else "UN"
        return element_as_it_is(tag, vr if len(vr) == 2 else "UN", bytes(raw.value or b""))
    return None if element.is_empty or element.keyword == "QueryRetrieveLevel" else element
