"""Deciding on a request for access: it is granted or refused, once and for good."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from catalog.domain.access import (
    AccessRequest,
    RequestState,
    check_open,
    days_within,
    reason_text,
)
from catalog.domain.permissions import Action, Actor, Right, rights_of
from catalog.domain.record import ItemRecord
from catalog.domain.sharing import (
    Difference,
    Grant,
    Grantee,
    GranteeType,
    check_may_change,
    checked,
)
from catalog.parts import Parts
from catalog.services.access_requests import note_access, request_of, request_row
from catalog.services.groups import grantee_of
from catalog.services.history import Happened
from catalog.services.loading import load
from catalog.services.permissions import move_on
from catalog.tables import AccessRequest as Row
from catalog.tables import Account, Permission


@dataclass(frozen=True, slots=True)
class Decision:
    """What whoever decides says.

    reason  what who asked is told; needed to refuse
    days    for how many days access is granted; None for as long as the agreement that was
            accepted allows, which is without end where it says nothing
    """

    grant: bool
    reason: str = ""
    days: int | None = None


def decide_on_access(
    parts: Parts, actor: Actor, item_id: str, request_id: str, decision: Decision, *, now: datetime
) -> AccessRequest:
    """Grant the account that asked READ on the item, or tell it why not.

    Who grants gives what they hold themselves, as with any grant. Raises what changing the
    permissions of the item raises, NotFound for a request that is none about it, WrongState for
    one that is no longer open, and NotAcceptable for a refusal without a reason or more days than
    the agreement allows.
    """
    reason = reason_text(decision.reason, is_needed=not decision.grant)
    with parts.database.writing() as session:
        record = load(session, actor, Action.SHARE, item_id)
        row = request_row(session, item_id, request_id, lock=True)
        known = request_of(session, request_id)
        check_open(known.state, known.ending)
        row.decider_id, row.decided, row.reason = actor.account, now, reason
        if decision.grant:
            days = days_within(decision.days, known.days)
            until = None if days is None else now + timedelta(days=days)
            grant = Grant(Grantee(GranteeType.USER, known.by), Right.READ, until)
            checked([grant], _owner(session, record), now=now)
            check_may_change(actor, rights_of(actor, record), Difference((grant,), ()))
            _write(session, row, grant)
        else:
            row.state = RequestState.REFUSED.value
        kind = Happened.ACCESS_GRANTED if decision.grant else Happened.ACCESS_REFUSED
        ends = row.until.isoformat() if row.until else None
        note_access(session, kind, row, actor.account, now, to=known.by, until=ends)
        session.flush()
        return request_of(session, request_id)


def _owner(session: Session, record: ItemRecord) -> Grantee:
    return grantee_of(session.get_one(Account, record.owner_id))


def _write(session: Session, row: Row, grant: Grant) -> None:
    """Write the grant; what was decided last counts, should there be one already."""
    row.state, row.until = RequestState.GRANTED.value, grant.expires
    session.merge(
        Permission(
            item_id=row.item_id,
            grantee_type=grant.to.kind.value,
            grantee=grant.to.name,
            permission=grant.right.value,
            expires=grant.expires,
        )
    )
    move_on(session, row.item_id)
