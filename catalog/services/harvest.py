"""What those who copy the catalog are given: public items by date, by position, and complete."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.orm import Session

from catalog.domain.exporting.exported import Exported
from catalog.domain.permissions import ANYONE
from catalog.domain.profiles.packing import described_in_packs
from catalog.domain.record import DoiState, ItemName, ItemRecord
from catalog.parts import Parts
from catalog.services.dois import ALL_VERSIONS
from catalog.services.project import public_records
from catalog.services.visible import listed_to
from catalog.tables import Announced, Citation, Doi, Item, Version


@dataclass(frozen=True, slots=True)
class Window:
    """Which items are wanted: by the moment of their last change, and by type; None is no limit.

    since  the first moment
    until  the first moment that is too late
    """

    since: datetime | None = None
    until: datetime | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Harvested:
    """An item that is, or was, public.

    at        the moment of its last public change, which only grows
    position  its place in the order in which items first became public, from 1
    exported  the item itself, where it was asked for and is there
    """

    item_id: str
    type: str
    at: datetime
    position: int
    is_deleted: bool
    exported: Exported | None = None


_COLUMNS: Final = (
    Announced.item_id,
    Announced.type,
    Announced.at,
    Announced.position,
    Announced.is_deleted,
)

Place = tuple[datetime, str]
"""Where a portion of a harvest ends: moment and id of its last item."""


def harvest(
    parts: Parts,
    window: Window,
    *,
    after: Place | None = None,
    limit: int,
    complete: bool = False,
) -> tuple[Harvested, ...]:
    """Return the next items of a harvest: changed first first, then by id; deleted ones as well.

    after     where the portion before ended; an item that changes meanwhile comes again, at the
              end, so that none is passed over
    complete  with the items themselves
    """
    wanted = select(*_COLUMNS).where(*_within(window)).order_by(Announced.at, Announced.item_id)
    if after is not None:
        wanted = wanted.where(_later(after))
    with parts.database.reading() as session:
        rows = session.execute(wanted.limit(limit)).all()
        return _lines(session, parts, rows, complete=complete)


def newest(
    parts: Parts, window: Window, *, before: Place | None = None, limit: int
) -> tuple[Harvested, ...]:
    """Return items, changed last first, each with what it is unless it was deleted."""
    in_order = (Announced.at.desc(), Announced.item_id.desc())
    wanted = select(*_COLUMNS).where(*_within(window)).order_by(*in_order)
    if before is not None:
        wanted = wanted.where(_earlier(before))
    with parts.database.reading() as session:
        rows = session.execute(wanted.limit(limit)).all()
        return _lines(session, parts, rows, complete=True)


def harvest_one(parts: Parts, item_id: str, *, complete: bool = False) -> Harvested | None:
    """Return an item that is, or was, public; None for any other."""
    with parts.database.reading() as session:
        rows = session.execute(select(*_COLUMNS).where(Announced.item_id == item_id)).all()
        return next(iter(_lines(session, parts, rows, complete=complete)), None)


def positioned(
    parts: Parts, first: int, last: int, *, complete: bool = False
) -> tuple[Harvested, ...]:
    """Return the public items whose positions are from `first` to `last`, in that order."""
    with parts.database.reading() as session:
        rows = session.execute(
            select(*_COLUMNS)
            .where(Announced.position.between(first, last), Announced.is_deleted.is_(False))
            .order_by(Announced.position)
        ).all()
        return _lines(session, parts, rows, complete=complete)


def changed_since(parts: Parts, window: Window, *, page: int, size: int) -> tuple[Harvested, ...]:
    """Return a page, from 1, of the public items in a window, complete, changed first first."""
    wanted = (
        select(*_COLUMNS)
        .where(*_within(window), Announced.is_deleted.is_(False))
        .order_by(Announced.at, Announced.item_id)
        .offset((page - 1) * size)
        .limit(size)
    )
    with parts.database.reading() as session:
        rows = session.execute(wanted).all()
        return _lines(session, parts, rows, complete=True)


def count(parts: Parts, window: Window, *, deleted: bool = True) -> int:
    """Return how many items there are in a window.

    deleted  counts those that were withdrawn, too
    """
    wanted = select(func.count()).select_from(Announced).where(*_within(window))
    if not deleted:
        wanted = wanted.where(Announced.is_deleted.is_(False))
    with parts.database.reading() as session:
        return session.scalar(wanted) or 0


def last_position(parts: Parts) -> int:
    """Return the highest position; 0 where nothing was ever public."""
    with parts.database.reading() as session:
        return session.scalar(select(func.max(Announced.position))) or 0


def counts_of_types(parts: Parts) -> dict[str, int]:
    """Return how many public items there are of each type, types without any left out."""
    wanted = (
        select(Announced.type, func.count())
        .where(Announced.is_deleted.is_(False))
        .group_by(Announced.type)
        .order_by(Announced.type)
    )
    with parts.database.reading() as session:
        return {kind: number for kind, number in session.execute(wanted)}  # noqa: C416


def _within(window: Window) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if window.since is not None:
        found.append(Announced.at >= window.since)
    if window.until is not None:
        found.append(Announced.at < window.until)
    if window.type is not None:
        found.append(Announced.type == window.type)
    return found


def _later(than: Place) -> ColumnElement[bool]:
    at, item_id = than
    # The first condition says nothing new, but lets the database begin at the right place.
    later = or_(Announced.at > at, and_(Announced.at == at, Announced.item_id > item_id))
    return and_(Announced.at >= at, later)


def _earlier(than: Place) -> ColumnElement[bool]:
    at, item_id = than
    earlier = or_(Announced.at < at, and_(Announced.at == at, Announced.item_id < item_id))
    return and_(Announced.at <= at, earlier)


def _lines(
    session: Session,
    parts: Parts,
    rows: Sequence[Row[str, str, datetime, int, bool]],
    *,
    complete: bool,
) -> tuple[Harvested, ...]:
    """Return rows of `_COLUMNS` as values; what is found to be gone is deleted, whatever they say.

    Columns and not entities: those cost five times as much, and a sitemap has ten thousand.
    """
    found: Mapping[str, Exported] = {}
    if complete:
        found = _exported(session, parts, [row.item_id for row in rows if not row.is_deleted])
    return tuple(
        Harvested(
            item_id=row.item_id,
            type=row.type,
            at=row.at,
            position=row.position,
            is_deleted=row.is_deleted or (complete and row.item_id not in found),
            exported=found.get(row.item_id),
        )
        for row in rows
    )


def _exported(session: Session, parts: Parts, ids: Collection[str]) -> dict[str, Exported]:
    """Return what exporters are given of public items, by a few queries for all of them."""
    records = {record.id: record for record in public_records(session, ids)}
    cited = _cited(session, records)
    names = _names(session, {other for found in cited.values() for other in found})
    named = {
        item_id: {other: names[other] for other in found if other in names}
        for item_id, found in cited.items()
    }
    described = {
        item_id: described_in_packs(record.ntriples, named[item_id])
        for item_id, record in records.items()
    }
    more = {other for found in described.values() for other in found} - set(records)
    around = records | {record.id: record for record in public_records(session, more)}
    return {
        item_id: Exported(
            record,
            parts.library,
            parts.settings.house,
            named[item_id],
            {other: around[other] for other in described[item_id] if other in around},
        )
        for item_id, record in records.items()
    }


def _cited(session: Session, records: Mapping[str, ItemRecord]) -> dict[str, list[str]]:
    """Return the ids that each of these versions cites."""
    rows = session.execute(
        select(Citation.item_id, Citation.n, Citation.cited)
        .where(Citation.item_id.in_(records))
        .order_by(Citation.cited)
    )
    found: dict[str, list[str]] = {item_id: [] for item_id in records}
    for item_id, n, other in rows:
        if n == records[item_id].version:
            found[item_id].append(other)
    return found


def _names(session: Session, ids: Collection[str]) -> dict[str, ItemName]:
    """Return the names of those items that everybody finds in lists, by their newest version."""
    if not ids:
        return {}
    resolves = and_(
        Doi.item_id == Version.item_id,
        Doi.n == ALL_VERSIONS,
        Doi.state == DoiState.FINDABLE.value,
    )
    rows = session.execute(
        select(Version.item_id, Version.type, Version.title, Doi.doi)
        .join(Item, Item.id == Version.item_id)
        .outerjoin(Doi, resolves)
        .where(Version.item_id.in_(ids), listed_to(ANYONE))
        .order_by(Version.n)
    )
    return {row[0]: ItemName(*row) for row in rows}
