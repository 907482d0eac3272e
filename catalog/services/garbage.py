"""Clearing away bytes that nothing names any more: marked first, removed after a while.

Who makes bytes unused marks them in the same transaction. What a listing of the store shows and
no row names is marked, too, and never removed in the same step. Whoever removes looks once more
that nothing names the bytes, and takes the mark, from which moment on nothing can.
"""

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, delete, func, insert, literal, or_, select
from sqlalchemy.orm import Session

from catalog.domain.errors import CatalogError, Unavailable
from catalog.parts import Parts
from catalog.services.invariants import batches
from catalog.services.readiness import set_fact
from catalog.services.uploads import UNDECIDED
from catalog.tables import Fact, File, Fixity, Garbage, Upload

_log = logging.getLogger(__name__)

YOUNG: Final = timedelta(hours=24)
"""Objects younger than this may be of an upload that is on its way."""

PARTS: Final = "p/"
"""How the key of a mark begins that is about the parts of an upload."""

_ORPHANS: Final = "orphans-marked"
"""Name of the fact that says when the store was last listed for bytes that nothing names."""

_AT_ONCE: Final = 200
_LONGEST_SECONDS: Final = 50.0


class Why(StrEnum):
    """What became of the file that bytes belonged to."""

    DELETED = "deleted"
    REMOVED = "removed"
    REPLACED = "replaced"
    ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was removed: how many objects, and how many bytes of those whose size is known."""

    objects: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is marked and not removed yet; `oldest` is when the first of it was marked."""

    objects: int
    size_bytes: int
    oldest: datetime | None


def mark(session: Session, sizes: Mapping[str, int | None], why: Why, *, now: datetime) -> None:
    """Mark the objects under these keys, which nothing names any more, to be removed later."""
    for keys in batches(sizes):
        known = set(session.scalars(select(Garbage.key).where(Garbage.key.in_(keys))))
        rows = [
            {"key": key, "why": why.value, "since": now, "size_bytes": sizes[key]}
            for key in keys
            if key not in known
        ]
        if rows:
            session.execute(insert(Garbage), rows)
        session.execute(delete(Fixity).where(Fixity.key.in_(keys)))


def mark_found(
    session: Session,
    key: ColumnElement[str],
    size_bytes: ColumnElement[int],
    why: Why,
    *,
    now: datetime,
) -> None:
    """Mark what a query finds, however much it is, in one step.

    key, size_bytes  columns of it
    """
    said = literal(why.value), literal(now, Garbage.since.type)
    found = select(key, size_bytes, *said).where(key.not_in(select(Garbage.key)))
    columns = ["key", "size_bytes", "why", "since"]
    session.execute(insert(Garbage).from_select(columns, found))
    session.execute(delete(Fixity).where(Fixity.key.in_(select(key))))


def take_back(session: Session, key: str) -> None:
    """Take the mark off an object that is going to be named.

    Raises Unavailable where its removal has begun: then the bytes have to be sent once more.
    """
    row = session.get(Garbage, key, with_for_update=True)
    if row is None:
        return
    if row.taken is not None:
        raise Unavailable("These bytes were about to be cleared away; send them once more.")
    session.delete(row)


def clear_garbage(
    parts: Parts,
    now: datetime,
    *,
    grace: timedelta | None = None,
    seconds: float = _LONGEST_SECONDS,
) -> Cleared:
    """Remove what was marked long enough ago, or as much of it as there is time for.

    grace    how long ago; None for that of the settings
    seconds  how long to go on

    What is named after all is no longer marked. Whoever is killed in the middle leaves marks, by
    which it is done again. A store that does not answer is asked again later.
    """
    grace = timedelta(days=parts.settings.garbage_days) if grace is None else grace
    until = time.monotonic() + seconds
    objects = size_bytes = 0
    while time.monotonic() < until and (taken := _taken(parts, now - grace, now)):
        gone = _removed(parts, taken)
        with parts.database.writing() as session:
            session.execute(delete(Garbage).where(Garbage.key.in_(gone)))
        objects += len(gone)
        size_bytes += sum(taken[key] or 0 for key in gone)
        if len(gone) < len(taken):
            break
    return Cleared(objects, size_bytes)


def _taken(parts: Parts, before: datetime, now: datetime) -> dict[str, int | None]:
    """Take some of the marks that are older, after a last look at whether anything names them."""
    due = select(Garbage).where(Garbage.since <= before).order_by(Garbage.since).limit(_AT_ONCE)
    with parts.database.reading() as session:
        if session.scalar(due.with_only_columns(Garbage.key)) is None:
            return {}
    with parts.database.writing() as session:
        rows = session.scalars(due.with_for_update()).all()
        named = named_of(session, [row.key for row in rows])
        for row in rows:
            if row.key in named:
                session.delete(row)
            else:
                row.taken = now
        return {row.key: row.size_bytes for row in rows if row.key not in named}


def _removed(parts: Parts, keys: Iterable[str]) -> list[str]:
    """Remove objects and parts; return the keys of those that are gone for certain."""
    gone = []
    for key in keys:
        try:
            if key.startswith(PARTS):
                parts.objects.discard(key.removeprefix(PARTS))
            else:
                parts.objects.delete(key)
        except CatalogError as fault:
            _log.warning("%s is removed later: %s", key, fault)
            break
        gone.append(key)
    return gone


def named_of(session: Session, keys: Collection[str]) -> set[str]:
    """Return those of some keys that a file, or an upload on its way, names."""
    uploads = [key.removeprefix(PARTS) for key in keys if key.startswith(PARTS)]
    of_files = session.scalars(select(File.key).where(File.key.in_(keys)))
    on_way = session.scalars(
        select(Upload.key).where(Upload.state.in_(UNDECIDED), Upload.key.in_(keys))
    )
    in_parts = session.scalars(
        select(Upload.id).where(Upload.id.in_(uploads), Upload.cleared.is_(None))
    )
    return {*of_files, *on_way, *(f"{PARTS}{upload}" for upload in in_parts)}


def orphans(parts: Parts, *, now: datetime) -> Iterator[tuple[int, dict[str, int | None]]]:
    """Go through the store, some hundred at a time, but for objects of the last day.

    Yields how many those were, and which of them nothing names or has marked, with their sizes;
    the parts of an upload are of no known size.
    """
    for found in batches(_in_store(parts, now)):
        sizes = dict(found)
        with parts.database.reading() as session:
            known = named_of(session, sizes)
            known |= set(session.scalars(select(Garbage.key).where(Garbage.key.in_(sizes))))
        yield len(sizes), {key: size for key, size in sizes.items() if key not in known}


def _in_store(parts: Parts, now: datetime) -> Iterator[tuple[str, int | None]]:
    for entry in parts.objects.listing():
        if entry.modified < now - YOUNG:
            yield entry.key, entry.size_bytes
    for upload in parts.objects.uploads():
        yield f"{PARTS}{upload}", None


def mark_orphans(parts: Parts, now: datetime) -> int:
    """Mark what lies in the store and nothing names; return how much that is."""
    found = 0
    for _, sizes in orphans(parts, now=now):
        if not sizes:
            continue
        with parts.database.writing() as session:
            named = named_of(session, sizes)
            lost = {key: size for key, size in sizes.items() if key not in named}
            mark(session, lost, Why.ORPHAN, now=now)
        found += len(lost)
    return found


def mark_orphans_daily(parts: Parts, now: datetime) -> None:
    """Mark them, unless somebody did within a day."""
    with parts.database.writing() as session:
        fact = session.get(Fact, _ORPHANS)
        if fact is not None and datetime.fromisoformat(fact.value) > now - timedelta(days=1):
            return
        set_fact(session, _ORPHANS, now.isoformat())
    mark_orphans(parts, now)


def waiting(session: Session) -> Waiting:
    """Return how much is marked and not removed yet."""
    objects, size_bytes, oldest = session.execute(
        select(
            func.count(), func.coalesce(func.sum(Garbage.size_bytes), 0), func.min(Garbage.since)
        )
    ).one()
    return Waiting(objects, int(size_bytes or 0), oldest)


def named_again(session: Session) -> list[str]:
    """Return the keys that are marked although something names them; some hundred at most."""
    is_named = or_(
        Garbage.key.in_(select(File.key)),
        Garbage.key.in_(select(Upload.key).where(Upload.state.in_(UNDECIDED))),
    )
    return list(session.scalars(select(Garbage.key).where(is_named).limit(_AT_ONCE)))
