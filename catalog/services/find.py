"""Lists of items: a page at a time, newest first, and how many there are of each type."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from catalog.domain.lifecycle import State, Visibility
from catalog.domain.permissions import ANYONE, Actor, require_account
from catalog.domain.record import ItemLine, Page
from catalog.parts import Parts
from catalog.services.citations import resolves_to_item
from catalog.services.cursors import cursor_of, foreign, keys_of
from catalog.services.visible import granted_to, listed_to, without_links
from catalog.tables import Account, Doi, Item, TermUse, Version


class Mine(StrEnum):
    """How an item concerns who asks, beside being public."""

    OWN = "own"
    """It is the actor's own."""
    GROUPS = "groups"
    """It is one of a group that the actor is in."""
    SHARED = "shared"
    """Somebody granted the actor, or a group that it is in, to read it."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None narrows nothing.

    cites  IRIs of concepts, of which an item has to cite one
    mine   how an item has to concern the actor
    """

    type: str | None = None
    state: str | None = None
    owner: str | None = None
    cites: frozenset[str] | None = None
    mine: Mine | None = None


_EVERYTHING = Filters()


def find(parts: Parts, actor: Actor, filters: Filters, *, cursor: str | None, limit: int) -> Page:
    """Return a page of the items that the actor may find: changed last first, then by id.

    Each item stands once, by the newest of its versions that fits. Raises Unreadable for a cursor
    that is none of ours.
    """
    fits = and_(listed_to(actor), *_narrowing(filters), newest_listed(actor, filters))
    if filters.owner is not None:
        fits = and_(fits, Account.name == filters.owner)
    if filters.mine is not None:
        fits = and_(fits, _concerns(actor, filters.mine))
    with parts.database.reading() as session:
        chosen = (
            select(Version, Account.name, Doi.doi)
            .join(Item, Item.id == Version.item_id)
            .join(Account, Account.id == Item.owner_id)
            .outerjoin(Doi, resolves_to_item())
            .where(fits)
            .order_by(Version.modified.desc(), Version.item_id.desc())
            .limit(limit + 1)
        )
        if cursor:
            chosen = chosen.where(_after(cursor))
        rows = session.execute(chosen).all()
        total = _total(session, fits)
    lines = tuple(_line(version, owner, doi) for version, owner, doi in rows[:limit])
    more = _cursor(rows[limit - 1][0]) if len(rows) > limit else None
    return Page(lines, total, more)


def counts_by_type(
    parts: Parts, actor: Actor = ANYONE, cites: frozenset[str] | None = None
) -> Mapping[str, int]:
    """Return how many items of each type the actor finds in lists.

    cites  counts only items that cite one of these concepts
    """
    filters = Filters(cites=cites)
    with parts.database.reading() as session:
        rows = session.execute(
            select(Version.type, func.count())
            .join(Item, Item.id == Version.item_id)
            .where(listed_to(actor), newest_listed(actor, filters), *_narrowing(filters))
            .group_by(Version.type)
            .order_by(Version.type)
        )
        return {kind: count for kind, count in rows}  # noqa: C416 - rows are not tuples to mypy


def _concerns(actor: Actor, how: Mine) -> ColumnElement[bool]:
    require_account(actor)
    if how is Mine.OWN:
        return Item.owner_id == actor.account
    if how is Mine.GROUPS:
        return Item.owner_id.in_(actor.group_accounts)
    return and_(granted_to(without_links(actor)), Item.owner_id.not_in(actor.accounts))


def _narrowing(filters: Filters, version: type[Version] = Version) -> list[ColumnElement[bool]]:
    """Return what narrows among the versions of an item, as conditions on `version`."""
    pairs = ((version.type, filters.type), (version.state, filters.state))
    found: list[ColumnElement[bool]] = [
        column == value for column, value in pairs if value is not None
    ]
    if filters.cites is not None:
        cited = exists().where(
            TermUse.item_id == version.item_id,
            TermUse.n == version.n,
            TermUse.term.in_(filters.cites),
        )
        found.append(cited)
    return found


def newest_listed(actor: Actor, filters: Filters = _EVERYTHING) -> ColumnElement[bool]:
    """Return the condition that no newer version of the item fits and is in the actor's lists."""
    newer = aliased(Version)
    return ~exists().where(
        newer.item_id == Version.item_id,
        newer.n > Version.n,
        listed_to(actor, newer),
        *_narrowing(filters, newer),
    )


def _total(session: Session, fits: ColumnElement[bool]) -> int:
    counted = (
        select(func.count())
        .select_from(Version)
        .join(Item, Item.id == Version.item_id)
        .join(Account, Account.id == Item.owner_id)
        .where(fits)
    )
    return session.scalar(counted) or 0


def _line(version: Version, owner: str, doi: str | None) -> ItemLine:
    return ItemLine(
        id=version.item_id,
        version=version.n,
        type=version.type,
        title=version.title,
        state=State(version.state),
        visibility=Visibility(version.visibility),
        owner=owner,
        modified=version.modified,
        summary=version.summary,
        doi=doi,
        until=version.until,
    )


def _cursor(version: Version) -> str:
    return cursor_of(version.modified.isoformat(), version.item_id)


def _after(cursor: str) -> ColumnElement[bool]:
    moment, item_id = keys_of(cursor, 2)
    try:
        at = datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, OverflowError):
        raise foreign() from None
    return or_(Version.modified < at, and_(Version.modified == at, Version.item_id < item_id))
