"""Requests for access as the record has them: one, those about an item, one's own, those to decide.

Access ends by the clock and by what becomes of the item, whether or not that was written down yet;
so the state of a request is worked out by whoever reads it, and `end_access` writes it afterwards.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from catalog.domain.access import AccessRequest, Ending, RequestPage, RequestState
from catalog.domain.errors import NotFound
from catalog.domain.lifecycle import BYTES_ARE_CLOSED, METADATA_ARE_PUBLIC, State, Visibility
from catalog.domain.permissions import (
    Action,
    Actor,
    Right,
    allows,
    check_scope,
    require_account,
)
from catalog.domain.record import ItemRecord
from catalog.domain.tombstone import gone
from catalog.parts import Parts
from catalog.services.cursors import cursor_of, foreign, keys_of
from catalog.services.dois import ALL_VERSIONS
from catalog.services.history import Happened, note
from catalog.services.loading import load
from catalog.services.visible import ALL_USERS, is_in_force
from catalog.tables import AccessRequest as Row
from catalog.tables import Account, Agreement, Item, Permission, Version

_UNFINISHED = (RequestState.OPEN.value, RequestState.GRANTED.value)
_DECIDE = (Right.WRITE_ACP.value, Right.FULL_CONTROL.value)


@dataclass(frozen=True, slots=True)
class RequestSeen:
    """A request, and whether it is the caller who decides on it."""

    request: AccessRequest
    record: ItemRecord
    is_own: bool
    may_decide: bool


def read_request(parts: Parts, actor: Actor, item_id: str, request_id: str) -> RequestSeen:
    """Return a request to who made it and to who decides on it.

    Raises what reading the item raises, Gone where it was withdrawn, Unauthenticated, and NotFound
    to everybody else.
    """
    with parts.database.reading() as session:
        record = load(session, actor, Action.READ, item_id)
        if record.state is State.WITHDRAWN:
            raise gone(record)
        account = require_account(actor)
        row = request_row(session, item_id, request_id)
        may_decide = allows(actor, Action.SHARE, record)
        if row.account_id != account and not may_decide:
            raise no_such_request()
        is_own = row.account_id == account
        return RequestSeen(request_of(session, request_id), record, is_own, may_decide)


def requests_of_item(
    parts: Parts,
    actor: Actor,
    item_id: str,
    *,
    state: RequestState | None,
    cursor: str | None,
    limit: int,
) -> tuple[ItemRecord, RequestPage]:
    """Return an item with a page of the requests for its files, newest first.

    Raises what changing its permissions raises, and Unreadable for a cursor that is none of ours.
    """
    with parts.database.reading() as session:
        record = load(session, actor, Action.SHARE, item_id)
        return record, _page(session, Row.item_id == item_id, state, cursor, limit)


def own_requests(
    parts: Parts, actor: Actor, *, state: RequestState | None, cursor: str | None, limit: int
) -> RequestPage:
    """Return a page of the requests that the actor made, newest first."""
    account = require_account(actor)
    with parts.database.reading() as session:
        return _page(session, Row.account_id == account, state, cursor, limit)


def requests_to_decide(
    parts: Parts, actor: Actor, *, state: RequestState | None, cursor: str | None, limit: int
) -> RequestPage:
    """Return a page of the requests about all items whose permissions the actor may change."""
    require_account(actor)
    check_scope(actor, Action.SHARE)
    with parts.database.reading() as session:
        return _page(session, _decided_by(actor), state, cursor, limit)


def counts_of_requests(parts: Parts, actor: Actor) -> tuple[int, int]:
    """Return how many requests wait for the actor's decision, and how many the actor ever made."""
    account = require_account(actor)
    with parts.database.reading() as session:
        waiting = _counted(session, _decided_by(actor), RequestState.OPEN)
        return waiting, _counted(session, Row.account_id == account, None)


def request_row(session: Session, item_id: str, request_id: str, *, lock: bool = False) -> Row:
    """Return the row of a request, locked until the end of the transaction if it is to change."""
    row = session.get(Row, request_id, with_for_update=lock or None)
    if row is None or row.item_id != item_id:
        raise no_such_request()
    return row


def no_such_request() -> NotFound:
    """Return the error for a request that is not there, or not the caller's to know of."""
    return NotFound("There is no such request of yours; /me/access-requests lists all of them.")


def request_of(session: Session, request_id: str) -> AccessRequest:
    """Return a request that is there."""
    return _plain(session.execute(_asked(Row.id == request_id)).one())


def latest_request(session: Session, item_id: str, account: int) -> AccessRequest | None:
    """Return the request that an account made last for an item."""
    theirs = _asked(Row.item_id == item_id, Row.account_id == account)
    found = session.execute(theirs.order_by(*_newest_first()).limit(1)).first()
    return None if found is None else _plain(found)


def open_requests(session: Session, item_id: str) -> int:
    """Return how many requests for the files of an item nobody has decided on."""
    return _counted(session, Row.item_id == item_id, RequestState.OPEN)


def over_but_not_written(session: Session, limit: int) -> list[tuple[str, str]]:
    """Return requests that came to their end, of which the record does not say so: item and id."""
    rows = session.execute(
        select(Row.item_id, Row.id)
        .join(Account, Account.id == Row.account_id)
        .where(Row.state.in_(_UNFINISHED), _state() == RequestState.ENDED.value)
        .limit(limit)
    )
    return [(item_id, request_id) for item_id, request_id in rows]


def note_access(
    session: Session,
    kind: Happened,
    row: Row,
    account: int | None,
    now: datetime,
    **detail: str | int | None,
) -> None:
    """Append what became of a request to the log; what was written in it stays out of there."""
    said = {"request": row.id, "digest": row.digest} | detail
    note(session, kind, row.item_id, ALL_VERSIONS, account=account, now=now, **said)


# -- how rows are asked for


def _page(
    session: Session,
    fits: ColumnElement[bool],
    state: RequestState | None,
    cursor: str | None,
    limit: int,
) -> RequestPage:
    narrowed = fits if state is None else and_(fits, _state() == state.value)
    after = _after(cursor) if cursor else true()
    rows = session.execute(
        _asked(narrowed, after).order_by(*_newest_first()).limit(limit + 1)
    ).all()
    found = tuple(_plain(row) for row in rows[:limit])
    last = found[-1] if len(rows) > limit else None
    return RequestPage(
        requests=found,
        total=_counted(session, fits, state),
        open=_counted(session, fits, RequestState.OPEN),
        next=cursor_of(last.at.isoformat(), last.id) if last else None,
    )


def _newest_first() -> tuple[ColumnElement[Any], ...]:
    return Row.at.desc(), Row.id.desc()


def _after(cursor: str) -> ColumnElement[bool]:
    said, request_id = keys_of(cursor, 2)
    try:
        at = datetime.fromisoformat(said)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise foreign() from None
    return or_(Row.at < at, and_(Row.at == at, Row.id < request_id))


def _counted(session: Session, fits: ColumnElement[bool], state: RequestState | None) -> int:
    counted = (
        select(func.count())
        .select_from(Row)
        .join(Item, Item.id == Row.item_id)
        .join(Account, Account.id == Row.account_id)
        .where(fits)
    )
    if state is not None:
        counted = counted.where(_state() == state.value)
        if state in {RequestState.OPEN, RequestState.GRANTED}:  # the index knows these
            counted = counted.where(Row.state == state.value)
    return session.scalar(counted) or 0


def _asked(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Return the query of requests; in it Account is who asked."""
    decider, accepted = aliased(Account), aliased(Agreement)
    return (
        select(
            Row,
            Account.name,
            decider.name,
            accepted.days,
            _agreement_now(),
            _title(),
            _state(),
            _ending(),
            _until(),
        )
        .join(Item, Item.id == Row.item_id)
        .join(Account, Account.id == Row.account_id)
        .outerjoin(decider, decider.id == Row.decider_id)
        .outerjoin(accepted, and_(accepted.item_id == Row.item_id, accepted.n == Row.agreement))
        .where(*conditions)
    )


def _decided_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that the actor may change the permissions of the item of a request."""
    if actor.is_admin:
        return true()
    granted = exists().where(
        Permission.item_id == Row.item_id,
        Permission.permission.in_(_DECIDE),
        is_in_force(),
        or_(
            and_(Permission.grantee_type == "USER", Permission.grantee == actor.name),
            and_(
                Permission.grantee_type == "GROUP",
                Permission.grantee.in_(actor.groups | {ALL_USERS}),
            ),
        ),
    )
    return or_(Item.owner_id.in_(actor.accounts), granted)


def _published(visibilities: frozenset[Visibility]) -> ColumnElement[bool]:
    """Return the condition that a version of the item is published so; the newest is no matter."""
    version = aliased(Version)
    return exists().where(
        version.item_id == Row.item_id,
        version.state == State.PUBLISHED.value,
        version.visibility.in_([one.value for one in visibilities]),
    )


def _granted() -> ColumnElement[bool]:
    """Return the condition that what was granted to who asked is in force."""
    return exists().where(*_grant(), is_in_force())


def _grant() -> tuple[ColumnElement[bool], ...]:
    return (
        Permission.item_id == Row.item_id,
        Permission.grantee_type == "USER",
        Permission.grantee == Account.name,
        Permission.permission == Right.READ.value,
    )


def _state() -> ColumnElement[str]:
    """Return the state of a request as it is now."""
    lost = and_(Row.state == RequestState.GRANTED.value, ~_granted())
    moot = and_(Row.state.in_(_UNFINISHED), ~_published(BYTES_ARE_CLOSED))
    return case((or_(moot, lost), RequestState.ENDED.value), else_=Row.state)


def _ending() -> ColumnElement[str | None]:
    """Return why a request came to its end; without meaning for one that did not."""
    is_open = _published(METADATA_ARE_PUBLIC - BYTES_ARE_CLOSED)
    moot = and_(Row.state.in_(_UNFINISHED), ~_published(BYTES_ARE_CLOSED))
    lost = and_(Row.state == RequestState.GRANTED.value, ~_granted())
    return case(
        (and_(moot, is_open), Ending.OPENED.value),
        (moot, Ending.ITEM_WITHDRAWN.value),
        (and_(lost, Row.until <= func.current_timestamp()), Ending.EXPIRED.value),
        (lost, Ending.REVOKED.value),
        else_=Row.ending,
    )


def _until() -> ColumnElement[datetime | None]:
    """Return when access ends: as the grant says, which the owner may have changed meanwhile."""
    now = select(Permission.expires).where(*_grant(), is_in_force()).scalar_subquery()
    granted = and_(Row.state == RequestState.GRANTED.value, _granted())
    return case((granted, now), else_=Row.until)


def _agreement_now() -> ColumnElement[int]:
    """Return the number of the agreement that is in force for the item of a request."""
    current = aliased(Agreement)
    return (
        select(current.n)
        .where(current.item_id == Row.item_id, current.ended.is_(None))
        .scalar_subquery()
    )


def _title() -> ColumnElement[str]:
    """Return what everybody sees the item called."""
    version = aliased(Version)
    return (
        select(version.title)
        .where(
            version.item_id == Row.item_id,
            version.published.is_not(None),
            version.visibility.in_([one.value for one in METADATA_ARE_PUBLIC]),
        )
        .order_by(version.n.desc())
        .limit(1)
        .scalar_subquery()
    )


def _plain(found: Any) -> AccessRequest:
    row, by, decider, days, current, title, state, ending, until = found
    is_over = state == RequestState.ENDED.value
    return AccessRequest(
        id=row.id,
        item_id=row.item_id,
        title=title or "",
        by=by,
        purpose=row.purpose,
        agreement=row.agreement,
        digest=row.digest,
        days=days,
        current=current,
        at=row.at,
        state=RequestState(state),
        decided=row.decided,
        decided_by=decider or "",
        reason=row.reason,
        until=until,
        ended=row.ended,
        ending=Ending(ending) if is_over and ending else None,
        end_reason=row.end_reason,
    )
