"""Reading one item, with the names of what it cites and of what cites it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from catalog.domain.errors import CatalogError
from catalog.domain.permissions import ANYONE, Action, Actor, authorize
from catalog.domain.record import ItemName, ItemRecord
from catalog.parts import Parts
from catalog.services.citations import citing, names_of
from catalog.services.loading import load
from catalog.services.permissions import shared_with
from catalog.services.visible import newest_first, visible_to
from catalog.tables import Citation, Event, Item, ReferenceCheck, Version


@dataclass(frozen=True, slots=True)
class Seen:
    """An item as a caller sees it.

    names     of the items that it cites and that the caller may see, by id
    cited_by  items that cite it and that the caller finds in lists
    may       what the caller may do to it
    shared    with how many it is shared; None where the caller may not know
    """

    record: ItemRecord
    names: Mapping[str, ItemName]
    cited_by: tuple[ItemName, ...]
    may: frozenset[Action]
    shared: int | None = None


_ASKED = (
    Action.READ_FILE,
    Action.WRITE,
    Action.PUBLISH,
    Action.DELETE,
    Action.WITHDRAW,
    Action.DEPRECATE,
    Action.READ_PERMISSIONS,
)


def read(parts: Parts, actor: Actor, item_id: str, n: int | None = None) -> Seen:
    """Return version `n` of an item, or the newest that the actor may see.

    What was withdrawn comes back too, as a record in that state: its tombstone is an answer.
    """
    with parts.database.reading() as session:
        record = load(session, actor, Action.READ, item_id, n)
        cited = session.scalars(
            select(Citation.cited).where(Citation.item_id == item_id, Citation.n == record.version)
        ).all()
        names = names_of(session, actor, cited)
        may = _allowed(actor, record)
        shared = shared_with(session, item_id) if Action.READ_PERMISSIONS in may else None
        return Seen(record, names, citing(session, actor, item_id), may, shared)


def public_stage(parts: Parts, item_id: str, n: int | None = None) -> str | None:
    """Return what the page that everybody sees depends on; None where they see nothing.

    That is the item's state, and the last event of the catalog, since the page names other items.
    Callers that keep rendered pages ask this before they render again.
    """
    with parts.database.reading() as session:
        row = session.execute(_stage(n is None), {"id": item_id, "n": n}).first()
    return None if row is None else ".".join(str(part) for part in row)


@cache
def _stage(newest: bool) -> Select[Any]:
    """Return the query of `public_stage`, built once: that costs more than asking it."""
    wanted = (
        select(
            select(func.max(Event.seq)).scalar_subquery(),
            Version.n,
            Version.revision,
            Version.file_changes,
            Version.state_changes,
            Version.modified,
            select(func.max(ReferenceCheck.looked))
            .where(ReferenceCheck.item_id == bindparam("id"))
            .scalar_subquery(),
        )
        .join(Item, Item.id == Version.item_id)
        .where(Version.item_id == bindparam("id"), visible_to(ANYONE))
        .order_by(*newest_first())
        .limit(1)
    )
    return wanted if newest else wanted.where(Version.n == bindparam("n"))


def _allowed(actor: Actor, record: ItemRecord) -> frozenset[Action]:
    return frozenset(action for action in _ASKED if _is_allowed(actor, action, record))


def _is_allowed(actor: Actor, action: Action, record: ItemRecord) -> bool:
    try:
        authorize(actor, action, record)
    except CatalogError:
        return False
    return True
