"""The log of what everybody can see: the one source of every feed, appended where it happens.

Drafts, private items and what happened to them leave no trace in it, not even a gap.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.domain.feeds import events
from catalog.domain.feeds.events import Kind, PublicChange, first_of
from catalog.domain.lifecycle import METADATA_ARE_PUBLIC, State, Visibility, is_announced
from catalog.parts import Parts
from catalog.tables import Announced, Change, Fact, Version

IN_FLIGHT = timedelta(seconds=5)
"""How long after its moment a change may be committed, and seen, at the latest."""

_LOCK = "changes"
"""Name of the fact that whoever appends to the log holds locked."""

_NEXT_MOMENT = timedelta(microseconds=1)


def announce(session: Session, item_id: str, n: int) -> None:
    """Append to the log what just happened to version `n`, in the caller's transaction.

    n  0 where it happened to all versions, which is told of the newest that everybody sees

    Nothing is appended where nobody but those with rights can see the version.
    """
    shown = _newest_shown(session, item_id)
    known = session.get(Announced, item_id)
    was_shown = known is not None and not known.is_deleted
    version = session.get(Version, (item_id, n or shown or 0))
    if version is None or not (was_shown or shown):
        return
    if not (is_announced(version.published, Visibility(version.visibility)) or shown is None):
        return  # an open draft beside a version that everybody sees
    last = _last_locked(session)
    change = Change(
        seq=last.seq + 1 if last else 1,
        item_id=item_id,
        n=version.n if version.state == State.PUBLISHED.value or shown is None else shown,
        kind=_kind(shown, was_shown=was_shown).value,
        type=version.type,
        at=_moment_after(last),
    )
    session.add(change)
    if known is None:
        known = Announced(item_id=item_id, position=_next_position(session))
        session.add(known)
    known.type, known.at, known.is_deleted = change.type, change.at, shown is None
    session.flush()


def _newest_shown(session: Session, item_id: str) -> int | None:
    return session.scalar(
        select(func.max(Version.n)).where(
            Version.item_id == item_id,
            Version.state == State.PUBLISHED.value,
            Version.visibility.in_([one.value for one in METADATA_ARE_PUBLIC]),
        )
    )


def _kind(shown: int | None, *, was_shown: bool) -> Kind:
    if shown is None:
        return Kind.DELETED
    return Kind.UPDATED if was_shown else Kind.CREATED


def _last_locked(session: Session) -> Change | None:
    """Return the last entry, which stays the last one until this transaction ends.

    Who waits here for somebody else goes on only after that one has committed; so the order of
    the numbers is the order in which readers come to see them, and a full page is full for good.
    """
    if session.get(Fact, _LOCK, with_for_update=True) is None:
        session.add(Fact(name=_LOCK, value=""))
        session.flush()
    return session.scalar(select(Change).order_by(Change.seq.desc()).limit(1))


def _moment_after(last: Change | None) -> datetime:
    """Return now, or the next moment after the last entry where the clock went back.

    The clock is read here, and not where the request began: the time between this moment and the
    commit has to be short, since harvesters ask for what happened after they asked last.
    """
    now = datetime.now(UTC)
    return now if last is None else max(now, last.at + _NEXT_MOMENT)


def _next_position(session: Session) -> int:
    return (session.scalar(select(func.max(Announced.position))) or 0) + 1


def newest_change(parts: Parts) -> PublicChange | None:
    """Return the last entry of the log, None where there is none."""
    with parts.database.reading() as session:
        found = session.scalar(select(Change).order_by(Change.seq.desc()).limit(1))
        return None if found is None else _plain(found)


def oldest_change(parts: Parts) -> PublicChange | None:
    """Return the first entry of the log, None where there is none."""
    with parts.database.reading() as session:
        found = session.get(Change, 1)
        return None if found is None else _plain(found)


def page_of_changes(parts: Parts, page: int) -> tuple[PublicChange, ...]:
    """Return the entries of a page of the log, counted from 1; none where it does not exist."""
    first = first_of(page)
    with parts.database.reading() as session:
        rows = session.scalars(
            select(Change)
            .where(Change.seq >= first, Change.seq < first + events.CHANGES_A_PAGE)
            .order_by(Change.seq)
        )
        return tuple(map(_plain, rows))


def moments_of_pages(parts: Parts, pages: Sequence[int]) -> dict[int, datetime]:
    """Return when each of these pages of the log begins; pages that do not exist are left out."""
    firsts = {first_of(page): page for page in pages}
    with parts.database.reading() as session:
        rows = session.execute(select(Change.seq, Change.at).where(Change.seq.in_(firsts)))
        return {firsts[seq]: at for seq, at in rows}


def _plain(row: Change) -> PublicChange:
    return PublicChange(row.seq, row.item_id, row.n, Kind(row.kind), row.type, row.at)
