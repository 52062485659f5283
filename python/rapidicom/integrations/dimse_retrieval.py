"""Instances from a PACS: C-GET, and C-MOVE to a receiver of our own (PS3.4 §C.4.2, §C.4.3)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from pynetdicom import AllStoragePresentationContexts, build_context, build_role, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from rapidicom._common.transfer_syntaxes import transfer_syntaxes
from rapidicom.integrations.dimse_associations import Peer, Received, category_of, failure
from rapidicom.integrations.dimse_sockets import AcceptingContext, bounded_in_time

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["MoveTo", "retrieve"]

MoveTo: TypeAlias = tuple[str, int] | tuple[str, int, str]

# An association has at most 128 presentation contexts (PS3.8 §9.3.2.2), one of them for C-GET.
_MOST_CONTEXTS = 127
_SUCCESS, _NOT_WANTED = 0x0000, 0xA900
# Of the Storage SOP Classes, one message asks for so many instances: the list is one element.
_MOST_UIDS = 1000


def retrieve(
    peer: Peer,
    series: tuple[str, str],
    wanted: Mapping[str, str],
    move_to: MoveTo | None,
    tick: Callable[[int], None] | None = None,
) -> Received:
    """Return the instances of a series that an archive sends.

    Args:
        peer: The archive.
        series: The UIDs of study and series.
        wanted: The SOP Class UID of each SOP Instance UID; empty where the archive has not said it.
        move_to: As for `Archive.read_series`.
        tick: Called with the number of instances that came.

    Raises:
        OSError: The archive cannot be reached, or does not answer; or it has sent nothing.
    """
    received = Received(tick=tick)
    if move_to is not None:
        with _receiver(peer, move_to, wanted, received):
            contexts = [build_context(StudyRootQueryRetrieveInformationModelMove)]
            with peer.association(contexts) as association:
                identifier = _identifier(series, ())
                model = StudyRootQueryRetrieveInformationModelMove
                answers = association.send_c_move(identifier, move_to[0], model)
                _follow(association, answers, "C-MOVE", peer.name, received)
        return _checked(received)
    rounds = list(_rounds(wanted.values()))
    for number, contexts in enumerate(rounds):
        # The first asks for the series, the others for what their contexts are needed for.
        missing = [uid for uid in wanted if uid not in received.files]
        if not missing:
            break
        _get(peer, series, missing if number else (), contexts, wanted, received)
    return _checked(received)


def _checked(received: Received) -> Received:
    """Return what came, if anything did: else the archive's last word is the error."""
    if not received.files and received.error is not None:
        raise received.error
    return received


def _get(
    peer: Peer,
    series: tuple[str, str],
    uids: Iterable[str],
    contexts: list[Any],
    wanted: Mapping[str, str],
    received: Received,
) -> None:
    classes = dict.fromkeys(context.abstract_syntax for context in contexts)
    model = StudyRootQueryRetrieveInformationModelGet
    roles = [build_role(uid, scp_role=True) for uid in classes]
    handlers = [(evt.EVT_C_STORE, _keep, [wanted, received])]
    with peer.association([build_context(model), *contexts], roles, handlers) as association:
        answers = association.send_c_get(_identifier(series, uids), model)
        _follow(association, answers, "C-GET", peer.name, received)


def _follow(
    association: Any,
    answers: Iterable[tuple[Dataset, Dataset | None]],
    request: str,
    name: str,
    received: Received,
) -> None:
    """Wait for the end of a retrieval. What the archive did not send, it may in another round."""
    try:
        for status, _ in answers:
            if category_of(status) in ("Pending", "Success"):
                continue
            received.error = failure(status, request, name)
            if not category_of(status):
                raise received.error
    except KeyboardInterrupt:
        # So that the archive does not go on sending.
        model = {"C-GET": StudyRootQueryRetrieveInformationModelGet}
        if association.is_established:
            association.send_c_cancel(
                1, query_model=model.get(request, StudyRootQueryRetrieveInformationModelMove)
            )
        raise


def _keep(event: Any, wanted: Mapping[str, str], received: Received) -> int:
    """Keep an instance as it comes: nothing of it is decoded or transcoded."""
    uid = str(event.request.AffectedSOPInstanceUID)
    if uid not in wanted:
        return _NOT_WANTED
    received.files[uid] = event.encoded_dataset()
    if received.tick is not None:
        received.tick(len(received.files))
    return _SUCCESS


def _identifier(series: tuple[str, str], uids: Iterable[str]) -> Dataset:
    from pydicom import Dataset

    identifier = Dataset()
    identifier.QueryRetrieveLevel = "SERIES"
    identifier.StudyInstanceUID, identifier.SeriesInstanceUID = series
    if uids := list(uids):
        identifier.QueryRetrieveLevel = "IMAGE"
        identifier.SOPInstanceUID = uids
    return identifier


def _rounds(classes: Iterable[str]) -> Iterator[list[Any]]:
    """Yield the presentation contexts of one association after another.

    Of each class every Transfer Syntax has a context of its own, so that the archive can send each
    instance as it has it: of several in one context it would choose one, and transcode.
    """
    known = [uid for uid in dict.fromkeys(classes) if uid]
    contexts = [build_context(uid, syntax) for uid in known for syntax in _syntaxes()]
    if not known:
        # The archive has not said of which classes its instances are.
        contexts = [
            build_context(str(context.abstract_syntax), _syntaxes())
            for context in AllStoragePresentationContexts
        ]
    for first in range(0, len(contexts), _MOST_CONTEXTS):
        yield contexts[first : first + _MOST_CONTEXTS]


def _syntaxes() -> list[str]:
    """Return the Transfer Syntaxes in which instances can be read."""
    return [
        syntax.uid
        for syntax in transfer_syntaxes()
        if syntax.decoder is not None or not syntax.is_encapsulated
    ]


@contextmanager
def _receiver(
    peer: Peer, move_to: MoveTo, wanted: Mapping[str, str], received: Received
) -> Iterator[None]:
    """Receive what an archive sends, for the time of a `with` block."""
    title, port, *address = move_to
    if peer.tls is not None and peer.receiver_tls is None:
        raise ValueError(
            "the archive would send images without TLS: pass receiver_tls= with a context that has "
            "our certificate, or False to allow it"
        )
    entity = peer.entity(title)
    entity.require_called_aet = True
    syntaxes = _syntaxes()
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(str(context.abstract_syntax), syntaxes)
    lock = threading.Lock()

    def keep(event: Any) -> int:
        with lock:
            return _keep(event, wanted, received)

    handlers: list[Any] = [(evt.EVT_C_STORE, keep), bounded_in_time(peer.timeout)]
    server = entity.start_server(
        (address[0] if address else "", port),
        block=False,
        evt_handlers=handlers,
        ssl_context=cast("Any", AcceptingContext(peer.receiver_tls)) if peer.receiver_tls else None,
    )
    try:
        yield
    finally:
        if server is not None:
            server.shutdown()
