"""Looking again at bytes elsewhere: whether what was described still lies there."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from catalog.domain.errors import NotAcceptable
from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State, Visibility
from catalog.domain.permissions import Action, Actor, require_account
from catalog.domain.record import ItemRecord
from catalog.domain.references.addresses import read_address
from catalog.domain.references.asking import Found, Presence
from catalog.domain.references.drift import (
    MOVED,
    ReferenceState,
    Standing,
    after,
    changes,
    identity_of,
)
from catalog.parts import Parts
from catalog.services import outbox
from catalog.services.asking_sites import Pace, found_at
from catalog.services.history import Happened, note
from catalog.services.loading import load
from catalog.services.references import follow_stored
from catalog.tables import Item, ReferenceCheck, Version

GAP_SECONDS: Final = 1.0
"""The pause between two requests to one host."""

_MOST_HOSTS: Final = 8
_MOST_ROWS: Final = 400
_MOST_NOW: Final = 10
_NOW_SECONDS: Final = 40.0
_LEASE: Final = timedelta(minutes=15)
_MOMENT: Final = timedelta(seconds=60)
_USUAL_DAYS: Final = 7

Key = tuple[str, int, str]
"""Item, version and part: which row."""

_ASKED: Final = Pace(GAP_SECONDS)


@dataclass(frozen=True, slots=True)
class Due:
    """An address to look at, and the rows that refer to it."""

    address: str
    host: str
    keys: tuple[Key, ...]


def check_due(parts: Parts, now: datetime, *, pause: Callable[[str], None] = _ASKED) -> None:
    """Look at some of the references that are due, one of each host.

    What several items refer to is asked for once. Whoever is killed in the middle leaves rows that
    are due again in a quarter of an hour.
    """
    if not parts.settings.reference_check_days or not follow_stored(parts, now):
        return
    for one in _claimed(parts, now):
        _look(parts, one, now, pause)


def check_now(
    parts: Parts,
    actor: Actor,
    item_id: str,
    n: int | None = None,
    *,
    now: datetime,
    pause: Callable[[str], None] = _ASKED,
) -> ItemRecord:
    """Look at the references of a version now, those first that were looked at longest ago.

    At most ten are, and none twice in a minute; the rest waits for its turn.

    Raises what loading the item for a change raises.
    """
    with parts.database.reading() as session:
        record = load(session, actor, Action.WRITE, item_id, n)
        rows = session.scalars(
            select(ReferenceCheck)
            .where(ReferenceCheck.item_id == item_id, ReferenceCheck.n == record.version)
            .order_by(ReferenceCheck.looked.is_not(None), ReferenceCheck.looked)
        ).all()
        due = _by_address(row for row in rows if row.looked is None or row.looked < now - _MOMENT)
    deadline = time.monotonic() + _NOW_SECONDS
    for one in due[:_MOST_NOW]:
        if time.monotonic() > deadline:
            break
        _look(parts, one, now, pause)
    with parts.database.reading() as session:
        return load(session, actor, Action.WRITE, item_id, record.version)


@dataclass(frozen=True, slots=True)
class Moved:
    """A reference of somebody's that is no longer as described."""

    item_id: str
    n: int
    title: str
    address: str
    state: ReferenceState
    finding: str
    since: datetime


def moved_of(parts: Parts, actor: Actor, *, limit: int) -> tuple[tuple[Moved, ...], int]:
    """Return the references of the actor's items that have moved, latest first, and how many.

    Of each item its newest version counts.
    """
    require_account(actor)
    condition = (
        Item.owner_id.in_(actor.accounts),
        ReferenceCheck.state.in_([state.value for state in MOVED]),
        Version.state != State.WITHDRAWN.value,
    )
    wanted = (
        select(ReferenceCheck, Version.title)
        .join(Item, Item.id == ReferenceCheck.item_id)
        .join(Version, (Version.item_id == Item.id) & (Version.n == ReferenceCheck.n))
        .where(*condition, ReferenceCheck.n == Item.newest)
    )
    with parts.database.reading() as session:
        total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        rows = session.execute(
            wanted.order_by(ReferenceCheck.since.desc(), ReferenceCheck.item_id).limit(limit)
        ).all()
    found = tuple(
        Moved(
            row.item_id, row.n, title, row.address, ReferenceState(row.state), row.finding,
            row.since,
        )
        for row, title in rows
    )  # fmt: skip
    return found, total


def _claimed(parts: Parts, now: datetime) -> tuple[Due, ...]:
    """Return what to look at now; others leave it alone for a while."""
    with parts.database.reading() as session:
        if session.scalar(_due(now).with_only_columns(ReferenceCheck.n).limit(1)) is None:
            return ()
    with parts.database.writing() as session:
        rows = session.scalars(
            _due(now)
            .order_by(ReferenceCheck.due, ReferenceCheck.item_id, ReferenceCheck.part)
            .limit(_MOST_ROWS)
        ).all()
        first_of_host: dict[str, Due] = {}
        for one in _by_address(rows):
            first_of_host.setdefault(one.host, one)
        chosen = tuple(first_of_host.values())[:_MOST_HOSTS]
        taken = {one.address for one in chosen}
        for row in rows:
            if row.address in taken:
                row.due = now + _LEASE
        return chosen


def _due(now: datetime) -> Select[ReferenceCheck]:
    of_version = (Version.item_id == ReferenceCheck.item_id) & (Version.n == ReferenceCheck.n)
    return (
        select(ReferenceCheck)
        .join(Version, of_version)
        .where(ReferenceCheck.due <= now, Version.state != State.WITHDRAWN.value)
    )


def _by_address(rows: Iterable[ReferenceCheck]) -> list[Due]:
    found: dict[str, list[ReferenceCheck]] = {}
    for row in rows:
        found.setdefault(row.address, []).append(row)
    return [
        Due(address, same[0].host, tuple((row.item_id, row.n, row.part) for row in same))
        for address, same in found.items()
    ]


def _look(parts: Parts, one: Due, now: datetime, pause: Callable[[str], None]) -> None:
    try:
        found = found_at(parts.remote, read_address(one.address), whole=False, pause=pause)
    except NotAcceptable as fault:  # what an address may be has changed since it was kept
        found = Found(Presence.NOT_ASKED, detail=fault.detail)
    with parts.database.writing() as session:
        for key in one.keys:
            row = session.get(ReferenceCheck, key)
            if row is not None and row.address == one.address:
                _keep(session, parts, row, found, now)
        if found.retry_after:
            _leave_alone(session, one.host, now + timedelta(seconds=found.retry_after))


def _leave_alone(session: Session, host: str, until: datetime) -> None:
    """Ask nothing of a host that wants to be left alone."""
    session.execute(
        update(ReferenceCheck)
        .where(ReferenceCheck.host == host, ReferenceCheck.due < until)
        .values(due=until)
    )


def _keep(session: Session, parts: Parts, row: ReferenceCheck, found: Found, now: datetime) -> None:
    """Write what was found on its row, tell of it where it is news, and have it shown."""
    version = session.get(Version, (row.item_id, row.n))
    if version is None or version.state == State.WITHDRAWN.value:
        return
    identity = identity_of(found.facts) if found.facts else {}
    if found.facts and row.first is None:
        row.first = identity
    changed = changes(row.said, row.first or {}, identity)
    before = ReferenceState(row.state)
    days = parts.settings.reference_check_days or _USUAL_DAYS
    standing = after(
        before, row.misses, found, changed, key=row.address, now=now, every=timedelta(days=days)
    )
    is_shown = _stand(row, found, standing, now)
    row.found = identity or row.found
    if standing.state is not before:
        _tell(session, row, before, standing, now)
    if is_shown and _is_public(version):
        outbox.ask(session, outbox.GRAPH, row.item_id, now=now)


def _stand(row: ReferenceCheck, found: Found, standing: Standing, now: datetime) -> bool:
    """Write how a reference stands; tell whether readers see a difference.

    A silence that is not told of yet leaves what was known: it is no look.
    """
    row.due, row.misses = standing.due, standing.misses
    is_news = standing.state.value != row.state
    if is_news:
        row.state, row.since = standing.state.value, now
    if found.presence is Presence.UNREACHABLE and not is_news:
        return False
    row.finding = standing.detail
    if found.presence is not Presence.NOT_ASKED:
        row.looked = now
    return True


def _tell(
    session: Session, row: ReferenceCheck, before: ReferenceState, standing: Standing, now: datetime
) -> None:
    """Append to the history that a reference has moved, or is back."""
    if standing.state in MOVED:
        kind = Happened.REFERENCE_DRIFTED
    elif before in MOVED and standing.state is ReferenceState.SAME:
        kind = Happened.REFERENCE_BACK
    else:
        return
    note(
        session,
        kind,
        row.item_id,
        row.n,
        account=None,
        now=now,
        address=row.address,
        reason=standing.detail,
    )


def _is_public(version: Version) -> bool:
    is_published = version.state == State.PUBLISHED.value
    return is_published and Visibility(version.visibility) in METADATA_ARE_PUBLIC
