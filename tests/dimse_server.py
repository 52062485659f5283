"""A small archive on loopback that speaks DIMSE, and has the files it is given."""

from __future__ import annotations

import io
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom
from pynetdicom import AE, AllStoragePresentationContexts, build_context, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

TITLE = "ARCHIVE"
_PENDING, _SUCCESS = 0xFF00, 0x0000
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
_LEVELS = ("STUDY", "SERIES", "IMAGE")


@dataclass
class DimseServer:
    """The archive.

    Attributes:
        port: Where it listens.
        instances: What it has.
        receivers: Host, port and options of an association with each receiver of C-MOVE.
    """

    port: int = 0
    instances: list[pydicom.Dataset] = field(default_factory=list)
    receivers: dict[str, tuple[str, int, dict[str, Any]]] = field(default_factory=dict)

    def store(self, files: Iterable[bytes | Path]) -> None:
        """Have more files."""
        for file in files:
            data = file if isinstance(file, bytes) else file.read_bytes()
            self.instances.append(pydicom.dcmread(io.BytesIO(data)))

    def matches(self, identifier: pydicom.Dataset) -> list[pydicom.Dataset]:
        """Return what matches by UIDs."""

        def fits(ds: pydicom.Dataset) -> bool:
            for keyword in _UIDS:
                wanted = identifier.get(keyword) or []
                several = [wanted] if isinstance(wanted, str) else wanted
                if several and str(ds.get(keyword)) not in several:
                    return False
            return True

        return [ds for ds in self.instances if fits(ds)]


def _find(event: Any, server: DimseServer) -> Iterator[Any]:
    asked = event.identifier
    own = _UIDS[_LEVELS.index(asked.QueryRetrieveLevel)]
    for ds in {str(ds.get(own)): ds for ds in server.matches(asked)}.values():
        found = pydicom.Dataset()
        for element in asked:
            if element.keyword in ds:
                found[element.tag] = ds[element.tag]
        found.SpecificCharacterSet = ds.get("SpecificCharacterSet", "ISO_IR 100")
        found.QueryRetrieveLevel = asked.QueryRetrieveLevel
        yield _PENDING, found
    yield _SUCCESS, None


def _get(event: Any, server: DimseServer) -> Iterator[Any]:
    found = server.matches(event.identifier)
    yield len(found)
    for ds in found:
        yield _PENDING, ds
    yield _SUCCESS, None


def _move(event: Any, server: DimseServer) -> Iterator[Any]:
    host, port, options = server.receivers[event.move_destination]
    found = server.matches(event.identifier)
    contexts = [
        build_context(ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.TransferSyntaxUID)
        for ds in {ds.file_meta.TransferSyntaxUID: ds for ds in found}.values()
    ]
    yield host, port, {"contexts": contexts, **options}
    yield len(found)
    for ds in found:
        yield _PENDING, ds
    yield _SUCCESS, None


@contextmanager
def dimse_server(
    files: Iterable[bytes | Path] = (), tls: ssl.SSLContext | None = None
) -> Iterator[DimseServer]:
    """Run an archive for a `with` block.

    Args:
        files: What it has.
        tls: Its context for TLS.
    """
    archive = DimseServer()
    archive.store(files)
    entity = AE(ae_title=TITLE)
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelGet)
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelMove)
    for context in AllStoragePresentationContexts:
        syntaxes = {str(ds.file_meta.TransferSyntaxUID) for ds in archive.instances}
        entity.add_supported_context(
            str(context.abstract_syntax), sorted({"1.2.840.10008.1.2.1"} | syntaxes),
            scu_role=True, scp_role=True,
        )  # fmt: skip
    handlers = [
        (evt.EVT_C_FIND, _find, [archive]), (evt.EVT_C_GET, _get, [archive]),
        (evt.EVT_C_MOVE, _move, [archive]),
    ]  # fmt: skip
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=handlers, ssl_context=tls
    )
    assert server is not None
    archive.port = server.server_address[1]
    try:
        yield archive
    finally:
        server.shutdown()
