"""Reserving DOIs: they are computed and written down; nothing is sent to the registrar."""

from datetime import datetime

from sqlalchemy.orm import Session

from catalog.domain.errors import NotAcceptable
from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import Dois, DoiState, ItemRecord
from catalog.domain.registering import ALL_VERSIONS
from catalog.parts import Parts
from catalog.services import outbox
from catalog.services.dois import gets_doi, planned_dois
from catalog.services.history import Happened, note
from catalog.services.loading import load_for_change, record_of
from catalog.tables import Doi, Version


def reserve_doi(
    parts: Parts,
    actor: Actor,
    item_id: str,
    *,
    expected: frozenset[str] | None,
    now: datetime,
    n: int | None = None,
) -> ItemRecord:
    """Give a version its DOI ahead of publication, so that it can be written into a paper.

    Asking again changes nothing. What everybody sees already is registered by the relay next.
    Raises what changing an item raises, and NotAcceptable where its type gets no DOIs.
    """
    with parts.database.writing() as session:
        item, version, record = load_for_change(
            session, actor, Action.PUBLISH, item_id, expected=expected, n=n
        )
        if not gets_doi(parts, record.type):
            raise NotAcceptable(f"Items of type {record.type} get no DOIs here.")
        reserve(session, parts, version, account=actor.account, now=now)
        if record.state is State.PUBLISHED and record.visibility in METADATA_ARE_PUBLIC:
            outbox.ask(session, outbox.DOI, item.id, now=now)
        session.flush()
        return record_of(session, item, version, actor)


def reserve(
    session: Session, parts: Parts, version: Version, *, account: int | None, now: datetime
) -> None:
    """Write down the DOIs of a version and of its item, as far as they are not, in the caller's
    transaction."""
    dois = planned_dois(parts, version.item_id, version.n)
    for n, doi in _numbered(dois, version.n):
        if session.get(Doi, (version.item_id, n)) is not None:
            continue
        session.add(
            Doi(
                item_id=version.item_id,
                n=n,
                doi=doi,
                state=DoiState.RESERVED.value,
                changed=now,
            )
        )
        note(session, Happened.DOI_RESERVED, version.item_id, n, account=account, now=now, doi=doi)


def _numbered(dois: Dois, n: int) -> list[tuple[int, str]]:
    return [(ALL_VERSIONS, dois.concept or ""), (n, dois.version or "")]
