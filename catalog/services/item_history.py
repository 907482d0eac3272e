"""The history of an item: who did what to it and when, as far as the caller may know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, or_, select, tuple_
from sqlalchemy.orm import Session

from catalog.domain.description import Description
from catalog.domain.differences import difference
from catalog.domain.identifiers import item_iri
from catalog.domain.permissions import Action, Actor, allows
from catalog.domain.record import ItemRecord
from catalog.parts import Parts
from catalog.services.cursors import cursor_of, foreign, keys_of
from catalog.services.dois import ALL_VERSIONS
from catalog.services.history import ABOUT_ACCESS, ABOUT_SHARING, SEEN_BY_ALL, Happened
from catalog.services.revisions import Scope, scope_of
from catalog.tables import Account, Event, Revision

_TOLD_TO_ALL: Final = frozenset(
    {"visibility", "until", "by_itself", "reason", "note", "replaced_by", "doi", "address"}
)
"""What an event may say to somebody who may not write the item."""

_NOT_TOLD: Final = frozenset({"by", "digest", "revision", "grants", "was_id"})
"""What an event keeps for other purposes than telling it."""

_HAS_REVISION: Final = frozenset(
    {Happened.SUBMITTED, Happened.BEGUN, Happened.REVISED, Happened.PUBLISHED}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to an item.

    seq       its place in the log of the whole catalog
    version   the number of the version that it happened to, ALL_VERSIONS for all of them
    revision  the revision in force from then on, None where the caller cannot read it
    before    what to compare that with, as `1.2` or `v/1`; None for nothing
    by        the name of the account, "" where the caller is not told
    detail    what else is known, such as `reason` or the `name` of a file
    changed   the IRIs of the item's properties under which the revision differs
    """

    seq: int
    kind: Happened
    version: int
    revision: int | None
    before: str | None
    at: datetime
    by: str
    detail: Mapping[str, Any]
    changed: tuple[str, ...] = ()

    @property
    def name(self) -> str | None:
        """How its revision is called, None where there is none to read."""
        return f"{self.version}.{self.revision}" if self.revision is not None else None


@dataclass(frozen=True, slots=True)
class History:
    """One page of the history of an item, the latest first.

    record  the newest version that the caller sees
    next    the cursor of the page that follows, None for the last
    """

    record: ItemRecord
    is_writer: bool
    entries: tuple[Entry, ...]
    next: str | None


def history(parts: Parts, actor: Actor, item_id: str, *, cursor: str | None, limit: int) -> History:
    """Return a page of what happened to an item.

    Who may write the item is told everything, others what happened to versions that they see
    since they see them. Of a version that was withdrawn no revision is named, since it is closed.

    Raises what reading the item raises, Gone where all of it is withdrawn, Unreadable for a cursor
    that is none of ours.
    """
    with parts.database.reading() as session:
        scope = scope_of(session, actor, item_id)
        wanted = (
            select(Event, Account.name)
            .outerjoin(Account, Account.id == Event.account_id)
            .where(Event.item_id == item_id, _told(scope))
            .order_by(Event.seq.desc())
            .limit(limit + 1)
        )
        if cursor:
            wanted = wanted.where(Event.seq < _after(cursor))
        rows = session.execute(wanted).all()
        entries = [_entry(scope, event, by) for event, by in rows[:limit]]
        more = cursor_of(str(entries[-1].seq)) if len(rows) > limit else None
        done = _with_changes(session, item_id, entries)
        return History(scope.record, scope.is_writer, done, more)


def _after(cursor: str) -> int:
    (text,) = keys_of(cursor, 1)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise foreign()
    return int(text)


def _told(scope: Scope) -> ColumnElement[bool]:
    """Return the predicate on Event for what the caller is told."""
    if scope.is_writer:
        decides = allows(scope.actor, Action.SHARE, scope.record)
        knows = allows(scope.actor, Action.READ_PERMISSIONS, scope.record)
        unknown = (*(() if decides else ABOUT_ACCESS), *(() if knows else ABOUT_SHARING))
        hidden = [kind.value for kind in unknown]
        return and_(Event.item_id == scope.record.id, Event.kind.not_in(hidden))
    firsts = {n: opened.seq for n, opened in scope.opened.items()}
    if firsts:
        firsts[ALL_VERSIONS] = min(firsts.values())
    since = [and_(Event.n == n, Event.seq >= first) for n, first in firsts.items()]
    return and_(Event.kind.in_([kind.value for kind in SEEN_BY_ALL]), or_(false(), *since))


def _entry(scope: Scope, event: Event, by: str) -> Entry:
    kind, n = Happened(event.kind), event.n
    r = _revision(scope, event, kind)
    return Entry(
        seq=event.seq,
        kind=kind,
        version=n,
        revision=r,
        before=_before(scope, kind, n, r),
        at=event.at,
        by=by if scope.is_told_of(event.account_id, event.at) else _signed(event),
        detail=_detail(scope, event.detail),
    )


def _revision(scope: Scope, event: Event, kind: Happened) -> int | None:
    """Return the revision of an event that the caller can read now."""
    if kind not in _HAS_REVISION or event.n not in scope.current:
        return None
    r = scope.at_event.get(event.seq)
    # The draft that began before the present one of that number was deleted with its revisions.
    is_there = event.seq >= scope.begun.get(event.n, 0)
    return r if r is not None and is_there and scope.may_read(event.n, r) else None


def _before(scope: Scope, kind: Happened, n: int, r: int | None) -> str | None:
    if r is None:
        return None
    if kind is Happened.REVISED:
        return f"{n}.{r - 1}" if scope.may_read(n, r - 1) else None
    if kind is Happened.PUBLISHED and (earlier := scope.before(n)) is not None:
        return f"v/{earlier}"
    return None


def _signed(event: Event) -> str:
    """Return the name under which something was done publicly, as tombstones show it."""
    return str(event.detail.get("by") or "")


def _detail(scope: Scope, said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in said.items()
        if value not in (None, "")
        and name not in _NOT_TOLD
        and (scope.is_writer or name in _TOLD_TO_ALL)
    }


def _with_changes(session: Session, item_id: str, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Add to each change of a description the properties that it changed."""
    pairs = {
        entry.seq: (entry.version, entry.revision)
        for entry in entries
        if entry.kind is Happened.REVISED and entry.before and entry.revision
    }
    wanted = {(n, r) for n, last in pairs.values() for r in (last - 1, last)}
    rows = session.execute(
        select(Revision.n, Revision.r, Revision.ntriples).where(
            Revision.item_id == item_id, tuple_(Revision.n, Revision.r).in_(wanted)
        )
    )
    said = {(n, r): Description(item_iri(item_id), text) for n, r, text in rows}
    return tuple(
        replace(entry, changed=_changed(said, *pairs[entry.seq])) if entry.seq in pairs else entry
        for entry in entries
    )


def _changed(said: Mapping[tuple[int, int], Description], n: int, r: int) -> tuple[str, ...]:
    before, after = said.get((n, r - 1)), said.get((n, r))
    return difference(before, after).properties if before and after else ()
