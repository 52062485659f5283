"""Instances on a DICOMweb server: their bytes, whole or by frames (PS3.18 §10.4)."""

from __future__ import annotations

import errno
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from rapidicom._common.at_once import at_once
from rapidicom._common.errors import DicomError
from rapidicom._common.progress import Progress
from rapidicom._core import Arrived
from rapidicom.integrations import queries
from rapidicom.integrations.dicomweb_decoding import Decoders
from rapidicom.integrations.dicomweb_errors import shown_resource
from rapidicom.integrations.dicomweb_http import Partial, Service
from rapidicom.integrations.dicomweb_parts import Room
from rapidicom.sources.opening import open_dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Instance", "InstanceStore", "frame_of"]

# Requests under way at a time. More make a PACS slower, not faster.
_WORKERS = 8
# As it is stored: nothing is lost in transcoding, and nobody waits for it.
_AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_FRAMES = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
# Where a file has its prefix (PS3.10 §7.1).
_PREFIX = slice(128, 132)


class Instance(NamedTuple):
    """An instance by its UIDs."""

    study: str
    series: str
    sop: str


class InstanceStore:
    """Instances of a server.

    WADO-RS has no ranges: what ends before the end of an instance closes the connection there.

    Args:
        service: The server.
    """

    runs_ahead = True

    def __init__(self, service: Service) -> None:
        self._service = service
        self._arrived: dict[Instance, Arrived] = {}

    def fetch(
        self, ranges: Sequence[tuple[Hashable, int, int]], workers: int | None
    ) -> list[bytes | BaseException]:
        """Return the bytes of each range, shorter where the instance ends.

        Args:
            ranges: The `Instance`, the first byte and the byte after the last.
            workers: Requests under way at a time.

        Returns:
            In the order of `ranges`; an `OSError` takes the place of what cannot be had.
        """
        return [*at_once(self._range, ranges, workers or _WORKERS)]

    def retrieve(
        self, study: str, series: str, total: int | None, progress: bool, workers: int | None
    ) -> tuple[list[Instance], OSError | None]:
        """Retrieve a series in one answer, and keep its instances as they arrive.

        What is compressed is decoded while others are under way.

        Args:
            study: Its Study Instance UID.
            series: Its UID.
            total: How many instances it has, as far as that is known.
            progress: Show a tqdm bar.
            workers: Threads that decode; 0 for none, as only a part is wanted.

        Returns:
            The instances that came, and the error that ended it; `None` if it ended as it should.
        """
        uids = quote(study, safe=""), quote(series, safe="")
        url = "{}/studies/{}/series/{}".format(self._service.wado, *uids)
        room, failure = Room(), None
        with Progress(progress, "instances", total) as bar, Decoders(workers) as decoders:

            def keep(arrived: Arrived) -> None:
                decoders.take(arrived)
                # There is nothing to do about native pixels until all have come.
                room.is_open = arrived.decoded_length == 0
                # What does not say which instance it is costs itself.
                uid = arrived.sop_instance_uid or _sop_uid(arrived.data(), url)
                key = Instance(study, series, uid or f"<part {len(self._arrived)}>")
                self._arrived[key] = arrived
                if bar.callback is not None:
                    bar.callback(len(self._arrived))

            try:
                for data in self._service.parts(url, _AS_STORED, room):
                    for arrived in room.arena.take_ready():
                        keep(arrived)
                    if data is not None:
                        keep(Arrived(data))
            except OSError as error:
                failure = error
            try:
                for arrived in room.arena.take_all():
                    keep(arrived)
            except OSError as error:
                failure = failure or error
        if isinstance(failure, Partial) and len(self._arrived) == total:
            failure = None
        return [*self._arrived], failure

    def take_arrived(self, key: Hashable) -> Arrived | None:
        """Hand over what has come of an instance; who asks for more gets it from the server."""
        return self._arrived.pop(key, None) if isinstance(key, Instance) else None

    def forget(self) -> None:
        """Let go of what is kept; who asks for more gets it from the server again."""
        self._arrived.clear()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_arrived": {}}

    def _range(self, wanted: tuple[Any, int, int]) -> bytes:
        key, start, stop = wanted
        if not key.sop:
            raise OSError(
                errno.EIO,
                "the server has not said which instance it is",
                shown_resource(self._url(key)),
            )
        return self._service.part(self._url(key), _AS_STORED, start, stop)[0]

    def _url(self, key: Instance) -> str:
        study, series, sop = (quote(uid, safe="") for uid in key)
        return f"{self._service.wado}/studies/{study}/series/{series}/instances/{sop}"


def _sop_uid(data: bytes, url: str) -> str:
    """Return the SOP Instance UID of a file; an empty one if it is damaged.

    Raises:
        OSError: It is no DICOM file.
    """
    if data[_PREFIX] != b"DICM":
        raise OSError(
            errno.EIO, "a part of the server's answer is no DICOM file", shown_resource(url)
        )
    try:
        return str(open_dataset(data, True, ["SOPInstanceUID"], True).get("SOPInstanceUID", ""))
    except DicomError:
        return ""


def frame_of(service: Service, url: str, index: int, raw: bool) -> NDArray[Any]:
    """Return the pixels of one frame of the instance at `url`, from 0."""
    if index < 0:
        raise ValueError(f"index must be at least 0, not {index}")
    models, _ = service.json(f"{url}/metadata")
    data, media_type = service.part(f"{url}/frames/{index + 1}", _FRAMES)
    return queries.pixels_of(models[0], data, media_type, raw)
