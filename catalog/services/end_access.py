"""The end of access that was granted: by who granted it, by time, and with what was closed."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from catalog.domain.access import AccessRequest, Ending, RequestState, reason_text
from catalog.domain.errors import WrongState
from catalog.domain.permissions import Action, Actor, Right
from catalog.parts import Parts
from catalog.services.access_requests import (
    note_access,
    over_but_not_written,
    request_of,
    request_row,
)
from catalog.services.history import Happened
from catalog.services.loading import load
from catalog.services.permissions import move_on
from catalog.tables import AccessRequest as Row
from catalog.tables import Permission

_AT_ONCE = 100


def end_access(
    parts: Parts, actor: Actor, item_id: str, request_id: str, reason: str, *, now: datetime
) -> AccessRequest:
    """Take back what was granted upon a request, from this moment on.

    reason  what who asked is told; may be empty

    Raises what changing the permissions of the item raises, NotFound for a request that is none
    about it, WrongState where nothing is granted, and NotAcceptable for a reason that cannot be.
    """
    said = reason_text(reason)
    with parts.database.writing() as session:
        load(session, actor, Action.SHARE, item_id)
        row = request_row(session, item_id, request_id, lock=True)
        known = request_of(session, request_id)
        if known.state is not RequestState.GRANTED:
            raise WrongState(f"Nothing is granted by it: this request is {known.state}.")
        row.end_reason = said
        _end(session, row, known.by, Ending.REVOKED, actor.account, now)
        session.flush()
        return request_of(session, request_id)


def write_ends_of_access(parts: Parts, now: datetime) -> None:
    """Write down what ended by itself, at most a hundred requests at a time, each once.

    Access ends without this, by its time; here the record learns of it, the grant goes, and the
    history tells it.
    """
    with parts.database.reading() as session:
        over = over_but_not_written(session, _AT_ONCE)
    for item_id, request_id in over:
        with parts.database.writing() as session:
            row = request_row(session, item_id, request_id, lock=True)
            known = request_of(session, request_id)
            is_over = known.state is RequestState.ENDED and row.state != RequestState.ENDED
            if is_over and known.ending is not None:
                _end(session, row, known.by, known.ending, None, now)


def _end(
    session: Session,
    row: Row,
    asker: str,
    ending: Ending,
    account: int | None,
    now: datetime,
) -> None:
    """End a request, with the grant that came of it."""
    if row.state == RequestState.GRANTED:
        session.execute(
            delete(Permission).filter_by(
                item_id=row.item_id,
                grantee_type="USER",
                grantee=asker,
                permission=Right.READ.value,
            )
        )
        if ending is not Ending.EXPIRED:  # one that had expired was in no list any more
            move_on(session, row.item_id)
    row.state, row.ending = RequestState.ENDED.value, ending.value
    row.ended = row.until if ending is Ending.EXPIRED else now
    note_access(session, Happened.ACCESS_ENDED, row, account, now, to=asker, ending=ending.value)
