"""Asking the owner of an item for its closed files."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.domain.access import (
    AccessOf,
    AccessRequest,
    RequestState,
    check_accepted,
    purpose_text,
)
from catalog.domain.errors import Taken, TooMany, WrongState
from catalog.domain.identifiers import draw_id
from catalog.domain.permissions import Action, Actor, require_account
from catalog.parts import Parts
from catalog.services.access_requests import note_access, request_of
from catalog.services.history import Happened
from catalog.services.loading import load
from catalog.services.once import Repeatable, made_before, remember
from catalog.services.read_access import access_of
from catalog.tables import AccessRequest as Row
from catalog.tables import Item

MOST_A_MONTH: Final = 3
"""How often an account may ask for the files of one item in thirty days."""

MOST_A_DAY: Final = 20
"""How many requests an account may make in a day, whatever they are for."""

_MONTH: Final = timedelta(days=30)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asking:
    """What somebody sends.

    purpose   what they want the files for, 20 to 4,000 characters
    accepted  the number of the agreement that they accept, None for none
    once      the text of `Idempotency-Key`: the same key gives the same request for a day
    """

    purpose: str
    accepted: int | None = None
    once: str | None = None

    def fingerprint(self, item_id: str) -> str:
        """Return a digest by which a repeated request is known to be the same."""
        said = json.dumps(["access", item_id, self.purpose, self.accepted])
        return hashlib.sha256(said.encode()).hexdigest()


def ask_for_access(
    parts: Parts, actor: Actor, item_id: str, asking: Asking, *, now: datetime
) -> AccessRequest:
    """Keep a request for the closed files of an item, which its owner decides on.

    With it the account accepts the agreement in force, if there is one: which, by the digest of
    its text, and when, stays as it is from then on.

    Raises what reading the item raises, Gone, Unauthenticated, NotAcceptable for a purpose that
    cannot be or an agreement that was not accepted, WrongState where nothing is closed, or not to
    the actor, or another agreement was accepted, Taken where a request is open, and TooMany.
    """
    purpose = purpose_text(asking.purpose)
    try:
        return _ask(parts, actor, item_id, asking, purpose, now)
    except IntegrityError:  # another request was first with the key
        return _ask(parts, actor, item_id, asking, purpose, now)


def _ask(
    parts: Parts, actor: Actor, item_id: str, asking: Asking, purpose: str, now: datetime
) -> AccessRequest:
    with parts.database.writing() as session:
        record = load(session, actor, Action.REQUEST_ACCESS, item_id)
        account = require_account(actor, Action.REQUEST_ACCESS)
        # Whoever asks, or changes the agreement, waits here for who does so at the same moment.
        session.get_one(Item, item_id, with_for_update=True)
        request = Repeatable(account, asking.once, asking.fingerprint(item_id))
        if (known := made_before(session, request, now=now)) is not None:
            return request_of(session, known)
        found = access_of(session, actor, record)
        _check_is_closed(found)
        _check_rates(session, account, item_id, now)
        check_accepted(asking.accepted, found.agreement)
        row = _row(found, account, purpose, now)
        session.add(row)
        session.flush()
        remember(session, request, row.id, now=now)
        note_access(session, Happened.ACCESS_ASKED, row, account, now, agreement=row.agreement)
        return request_of(session, row.id)


def _check_is_closed(found: AccessOf) -> None:
    if not found.closed:
        raise WrongState("No file of this item is closed: there is nothing to ask for.")
    if found.has_access:
        raise WrongState("You have access to the files of this item already.")
    known = found.latest
    if known is not None and known.state is RequestState.OPEN:
        raise Taken(
            f"Your request {known.id} waits for a decision; withdraw it to ask anew.",
            request=known.id,
        )


def _check_rates(session: Session, account: int, item_id: str, now: datetime) -> None:
    theirs = (Row.account_id == account, Row.item_id == item_id, Row.at > now - _MONTH)
    number, first = session.execute(select(func.count(), func.min(Row.at)).where(*theirs)).one()
    if number >= MOST_A_MONTH:
        raise TooMany(
            f"You have asked for these files {number} times in thirty days; the owner's answers "
            "stand in your requests.",
            retry_after=max(1, int((first + _MONTH - now).total_seconds())),
        )
    today = (Row.account_id == account, Row.at > now - _DAY)
    if (session.scalar(select(func.count()).where(*today)) or 0) >= MOST_A_DAY:
        raise TooMany(
            f"At most {MOST_A_DAY} requests a day are taken from one account.",
            retry_after=86_400,
        )


def _row(found: AccessOf, account: int, purpose: str, now: datetime) -> Row:
    return Row(
        id=draw_id(),
        item_id=found.item_id,
        account_id=account,
        purpose=purpose,
        agreement=found.agreement.n if found.agreement else None,
        digest=found.agreement.digest if found.agreement else None,
        at=now,
        state=RequestState.OPEN.value,
        reason="",
        end_reason="",
    )
