"""Associations with a PACS, and C-FIND over them (PS3.7, PS3.8)."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from pynetdicom import AE, build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import
    StudyRootQueryRetrieveInformationModelFind,
)
from pynetdicom.status import code_to_category

from rapidicom.integrations.dimse_sockets import NotedContext, bounded_in_time, said_of_tls
from rapidicom.integrations.query_headers import quiet_pydicom

if TYPE_CHECKING:
    import ssl

    from pydicom import Dataset
    from pynetdicom.association import Association

__all__ = ["Peer", "Received", "failure", "find"]

# The default, 16 KB, makes an image of 512 KB 32 of them.
_LONGEST_PDU = 1 << 18

# What others read of an answer; pydicom decodes a value, and warns of it, once.
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
_UID = re.compile(r"[0-9]+(\.[0-9]+)*", re.ASCII)

# What archives answer (PS3.4 §C.4.1.1.4, §C.4.2.1.5; PS3.7 §C).
_MEANINGS = {
    0x0122: "it does not know this kind of request",
    0x0124: "it does not allow it",
    0xA700: "it is out of resources",
    0xA701: "it cannot count the matches",
    0xA702: "it cannot send",
    0xA801: "it does not know our Application Entity Title as a receiver",
    0xA900: "the request does not fit its class",
    0xB000: "it could not send all",
    0xFE00: "it was cancelled",
}


@dataclass
class Received:
    """What an archive sent.

    Attributes:
        files: Whole files, by SOP Instance UID.
        error: What the archive last said of what it did not send.
        tick: Called with the number of files that came; `None` for nothing.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    error: OSError | None = None
    tick: Callable[[int], None] | None = None


class Peer(NamedTuple):
    """An archive, and how it is spoken to."""

    host: str
    port: int
    ae_title: str
    calling_ae_title: str
    timeout: float
    tls: tuple[ssl.SSLContext, str] | None
    receiver_tls: ssl.SSLContext | Literal[False] | None = None

    @property
    def name(self) -> str:
        """How messages name it."""
        return f"dimse://{self.ae_title}@{self.host}:{self.port}"

    def name_of(self, *uids: str) -> str:
        """Return how messages name a study, a series of it, an instance of that."""
        # What is no UID may be anything.
        return "/".join((self.name, *(uid if _UID.fullmatch(uid) else "<no UID>" for uid in uids)))

    def entity(self, title: str | None = None) -> AE:
        """Return an Application Entity of ours with the timeouts of this archive."""
        entity = AE(ae_title=title or self.calling_ae_title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = self.timeout
        entity.connection_timeout = self.timeout
        entity.maximum_pdu_size = _LONGEST_PDU
        return entity

    @contextmanager
    def association(
        self, contexts: Sequence[Any], roles: Sequence[Any] = (), handlers: Sequence[Any] = ()
    ) -> Iterator[Association]:
        """Associate with the archive for a `with` block, which an exception aborts.

        Raises:
            OSError: It cannot be reached, or does not accept.
        """
        tls = None if self.tls is None else NotedContext(self.tls[0])
        association = self.entity().associate(
            self.host,
            self.port,
            contexts=list(contexts),
            ae_title=self.ae_title,
            max_pdu=_LONGEST_PDU,
            ext_neg=list(roles),
            evt_handlers=[*handlers, bounded_in_time(self.timeout)],
            # It has the one method of a context that is called.
            tls_args=None if tls is None or self.tls is None else (cast("Any", tls), self.tls[1]),
        )
        if not association.is_established:
            raise _not_established(association, self.name, None if tls is None else tls.error)
        try:
            yield association
        except BaseException:
            association.abort()
            raise
        else:
            if association.is_established:
                association.release()

    def association_to_find(self) -> Any:
        """Associate for C-FIND: a context manager."""
        return self.association([build_context(StudyRootQueryRetrieveInformationModelFind)])


def find(association: Association, keys: Dataset, name: str) -> Iterator[Dataset]:
    """Yield what matches.

    Args:
        association: One to find.
        keys: The identifier of the request.
        name: How messages name the archive.

    Raises:
        OSError: The archive refuses, or does not answer in time.
    """
    # All of it, since nothing else may be asked while answers come.
    found = []
    # pynetdicom's log reads all values, of which pydicom's warnings have the text.
    with quiet_pydicom():
        answers = association.send_c_find(keys, StudyRootQueryRetrieveInformationModelFind)
        for status, identifier in answers:
            category = category_of(status)
            if category == "Pending" and identifier is not None:
                for keyword in _UIDS:
                    identifier.get(keyword)
                found.append(identifier)
            elif category not in ("Pending", "Success"):
                raise failure(status, "C-FIND", name)
    yield from found


def category_of(status: Dataset) -> str:
    """Return the category of a status; empty without an answer."""
    return code_to_category(int(status.Status)) if "Status" in status else ""


def failure(status: Dataset, request: str, name: str) -> OSError:
    """Return the error of a request that did not succeed."""
    if "Status" not in status:
        text = f"{request}: the archive does not answer in time, or the connection broke"
        return TimeoutError(errno.ETIMEDOUT, text, name)
    code = int(status.Status)
    meaning = _MEANINGS.get(code, "it failed")
    text = f"{request}: the archive says that {meaning} (status 0x{code:04X})"
    if code == 0x0124:
        return PermissionError(errno.EACCES, text, name)
    return OSError(errno.EIO, text, name)


def _not_established(association: Association, name: str, error: OSError | None) -> OSError:
    if error is not None and (said := said_of_tls(error)):
        return ConnectionError(errno.ECONNREFUSED, said, name)
    if association.is_rejected:
        text = "the archive rejects us: it may not know one of the Application Entity Titles"
        return PermissionError(errno.EACCES, text, name)
    if association.acceptor.primitive is not None and association.rejected_contexts:
        return OSError(errno.EIO, "the archive accepts none of what is asked for", name)
    text = "the archive cannot be reached, or does not answer in time"
    return ConnectionError(errno.ECONNREFUSED, text, name)
