"""Instances on a DICOMweb server: their bytes, whole or by frames (PS3.18 §10.4)."""

from __future__ import annotations

import errno
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from rapidicom._common.at_once import at_once
from rapidicom._common.errors import DicomError
from rapidicom._common.progress import Progress
from rapidicom.integrations import queries
from rapidicom.integrations.dicomweb_errors import shown_resource
from rapidicom.integrations.dicomweb_http import Partial, Service
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
# What may follow the pixels of an instance: padding, and elements of a few bytes.
_LONGEST_END = 1 << 12


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
        self._kept: dict[Instance, bytes] = {}
        self._served: dict[Instance, int] = {}

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
        self, study: str, series: str, total: int | None, progress: bool
    ) -> tuple[list[Instance], OSError | None]:
        """Retrieve a series in one answer, and keep its instances as they arrive.

        Args:
            study: Its Study Instance UID.
            series: Its UID.
            total: How many instances it has, as far as that is known.
            progress: Show a tqdm bar.

        Returns:
            The instances that came, and the error that ended it; `None` if it ended as it should.
        """
        uids = quote(study, safe=""), quote(series, safe="")
        url = "{}/studies/{}/series/{}".format(self._service.wado, *uids)
        with Progress(progress, "instances", total) as bar:
            try:
                for number, data in enumerate(self._service.parts(url, _AS_STORED)):
                    # What does not say which instance it is costs itself.
                    key = Instance(study, series, _sop_uid(data, url) or f"<part {number}>")
                    self._kept[key] = data
                    if bar.callback is not None:
                        bar.callback(len(self._kept))
            except Partial as error:
                return [*self._kept], None if len(self._kept) == total else error
            except OSError as error:
                return [*self._kept], error
        return [*self._kept], None

    def forget(self) -> None:
        """Let go of what is kept; who asks for more gets it from the server again."""
        self._kept.clear()
        self._served.clear()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": {}, "_served": {}}

    def _range(self, wanted: tuple[Any, int, int]) -> bytes:
        key, start, stop = wanted
        whole = self._kept.get(key)
        if whole is None:
            return self._service.part(self._url(key), _AS_STORED, start, stop)[0]
        data = whole[start:stop]
        self._served[key] = self._served.get(key, 0) + len(data)
        if start > 0 and self._served[key] > len(whole) - _LONGEST_END:
            # Each byte is read once, the pixels last: the volume takes their place.
            self._kept.pop(key, None)
        return data

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
