"""Taking back a request for access of one's own before it is decided on."""

from datetime import datetime

from catalog.domain.access import AccessRequest, RequestState, check_open
from catalog.domain.errors import Forbidden
from catalog.domain.permissions import Action, Actor, allows, require_account
from catalog.parts import Parts
from catalog.services.access_requests import (
    no_such_request,
    note_access,
    request_of,
    request_row,
)
from catalog.services.history import Happened
from catalog.services.loading import load


def withdraw_request(
    parts: Parts, actor: Actor, item_id: str, request_id: str, *, now: datetime
) -> AccessRequest:
    """End an open request of the actor's; it stays to be read by the two sides.

    Raises what reading the item raises, Gone, Unauthenticated, NotFound, Forbidden for the owner,
    who refuses instead, and WrongState for a request that is no longer open.
    """
    with parts.database.writing() as session:
        record = load(session, actor, Action.REQUEST_ACCESS, item_id)
        account = require_account(actor, Action.REQUEST_ACCESS)
        row = request_row(session, item_id, request_id, lock=True)
        if row.account_id != account:
            if allows(actor, Action.SHARE, record):
                raise Forbidden("Only who asked takes a request back; refuse it instead.")
            raise no_such_request()
        known = request_of(session, request_id)
        check_open(known.state, known.ending)
        row.state, row.ended = RequestState.WITHDRAWN.value, now
        note_access(session, Happened.ACCESS_ENDED, row, account, now, ending=row.state)
        session.flush()
        return request_of(session, request_id)
