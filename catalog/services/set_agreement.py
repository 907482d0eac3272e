"""Setting the data use agreement of an item: each text is a version of its own, kept for ever."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from catalog.domain.access import Agreements, agreement_text, days_within, digest_of
from catalog.domain.errors import WrongState
from catalog.domain.permissions import Action, Actor, require_account
from catalog.parts import Parts
from catalog.services.agreements import agreements_of, check_agreement_stage
from catalog.services.dois import ALL_VERSIONS
from catalog.services.history import Happened, note
from catalog.services.loading import load
from catalog.tables import Agreement, Item


def set_agreement(
    parts: Parts,
    actor: Actor,
    item_id: str,
    text: str,
    days: int | None,
    *,
    expected: frozenset[str] | None,
    now: datetime,
) -> Agreements:
    """Have those who ask for access from now on agree to `text`, as the next version.

    days  for how many days, 1 to 3,650, access under it is given at most; None for no end

    What is in force already stays the version it is. Access that was granted goes on under the
    version that was accepted for it. Raises what changing the item raises, PreconditionMissing,
    MovedOn, and NotAcceptable.
    """
    said, within = agreement_text(text), days_within(days)
    with parts.database.writing() as session:
        found = _locked(session, actor, item_id, expected)
        known = found.in_force
        if known is not None and (known.text, known.days) == (said, within):
            return found
        _end(session, item_id, now)
        row = Agreement(
            item_id=item_id,
            n=found.last + 1,
            text=said,
            days=within,
            digest=digest_of(said),
            at=now,
            account_id=require_account(actor),
        )
        session.add(row)
        _note(session, Happened.AGREEMENT_SET, actor, item_id, row.n, now)
        session.flush()
        return agreements_of(session, item_id)


def take_off_agreement(
    parts: Parts, actor: Actor, item_id: str, *, expected: frozenset[str] | None, now: datetime
) -> Agreements:
    """Ask nobody to agree to anything from now on; WrongState where nobody is asked to."""
    with parts.database.writing() as session:
        found = _locked(session, actor, item_id, expected)
        if found.in_force is None:
            raise WrongState("This item has no data use agreement.")
        _end(session, item_id, now)
        _note(session, Happened.AGREEMENT_TAKEN_OFF, actor, item_id, found.last, now)
        session.flush()
        return agreements_of(session, item_id)


def _locked(
    session: Session, actor: Actor, item_id: str, expected: frozenset[str] | None
) -> Agreements:
    """Return what is in force, which nobody else changes or accepts until the end of this."""
    load(session, actor, Action.SHARE, item_id)
    session.get_one(Item, item_id, with_for_update=True)
    found = agreements_of(session, item_id)
    check_agreement_stage(found, expected)
    return found


def _end(session: Session, item_id: str, now: datetime) -> None:
    session.execute(
        update(Agreement)
        .where(Agreement.item_id == item_id, Agreement.ended.is_(None))
        .values(ended=now)
    )


def _note(
    session: Session, kind: Happened, actor: Actor, item_id: str, agreement: int, now: datetime
) -> None:
    note(session, kind, item_id, ALL_VERSIONS, account=actor.account, now=now, agreement=agreement)
