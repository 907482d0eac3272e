"""What somebody needs to know before they ask for the closed files of an item."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.domain.access import AccessOf, Closed
from catalog.domain.lifecycle import BYTES_ARE_CLOSED, State, Visibility
from catalog.domain.permissions import Action, Actor, allows
from catalog.domain.record import ItemRecord
from catalog.domain.tombstone import gone
from catalog.parts import Parts
from catalog.services.access_requests import latest_request, open_requests
from catalog.services.agreements import agreements_of
from catalog.services.loading import load
from catalog.tables import Version


def read_access(parts: Parts, actor: Actor, item_id: str) -> tuple[ItemRecord, AccessOf]:
    """Return an item, with what is closed of it, what has to be agreed to, and who has asked.

    Raises what reading the item raises, and Gone where it was withdrawn.
    """
    with parts.database.reading() as session:
        record = load(session, actor, Action.READ, item_id)
        if record.state is State.WITHDRAWN:
            raise gone(record)
        return record, access_of(session, actor, record)


def access_of(session: Session, actor: Actor, record: ItemRecord) -> AccessOf:
    """Return the same of an item that was read, in the caller's transaction."""
    closed = closed_versions(session, record.id)
    may_decide = allows(actor, Action.SHARE, record)
    mine = None if actor.account is None else latest_request(session, record.id, actor.account)
    return AccessOf(
        item_id=record.id,
        title=record.title,
        owner=record.owner,
        closed=closed,
        agreement=agreements_of(session, record.id).in_force,
        has_access=bool(closed) and _may_read(session, actor, record, closed[0]),
        may_decide=may_decide,
        latest=mine,
        open=open_requests(session, record.id) if may_decide else 0,
    )


def closed_versions(session: Session, item_id: str) -> tuple[Closed, ...]:
    """Return the versions whose description everybody sees and whose files not, newest first."""
    rows = session.execute(
        select(Version.n, Version.visibility, Version.until)
        .where(
            Version.item_id == item_id,
            Version.state == State.PUBLISHED.value,
            Version.visibility.in_([one.value for one in BYTES_ARE_CLOSED]),
        )
        .order_by(Version.n.desc())
    )
    return tuple(Closed(n, Visibility(visibility), until) for n, visibility, until in rows)


def _may_read(session: Session, actor: Actor, record: ItemRecord, closed: Closed) -> bool:
    """Tell whether the actor may read the files of a version that is closed to others."""
    if closed.n != record.version:
        record = load(session, actor, Action.READ, record.id, closed.n)
    return allows(actor, Action.READ_FILE, record)
