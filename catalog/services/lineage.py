"""What an item was made from and what was made from it, one step further than it says itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlalchemy.orm import Session

from catalog.domain.permissions import Actor
from catalog.domain.record import ItemName
from catalog.parts import Parts
from catalog.services.citations import names_of
from catalog.services.find import newest_listed
from catalog.services.read import Seen
from catalog.services.visible import listed_to
from catalog.tables import Citation, Item, Version

_MOST: Final = 40


@dataclass(frozen=True, slots=True)
class Lineage:
    """The second steps from an item, each with the id of the item by way of which it is reached.

    sources  what the items that it cites cite themselves
    results  what cites the items that cite it
    """

    sources: tuple[tuple[str, ItemName], ...] = ()
    results: tuple[tuple[str, ItemName], ...] = ()


def lineage(parts: Parts, actor: Actor, seen: Seen) -> Lineage:
    """Return the second steps that the actor may see, without the item and its first steps."""
    citing = {one.id for one in seen.cited_by}
    if not seen.names and not citing:
        return Lineage()
    known = {seen.record.id, *seen.names, *citing}
    with parts.database.reading() as session:
        behind = set(seen.names) - citing
        return Lineage(
            sources=_cited_by(session, actor, behind, known) if behind else (),
            results=_citing(session, actor, citing, known) if citing else (),
        )


def _cited_by(
    session: Session, actor: Actor, ids: Iterable[str], known: Iterable[str]
) -> tuple[tuple[str, ItemName], ...]:
    found = session.execute(_sources(actor), {"ids": list(ids), "known": list(known)})
    pairs = [(by, cited) for by, cited in found]
    names = names_of(session, actor, {cited for _, cited in pairs})
    return tuple((by, names[cited]) for by, cited in pairs if cited in names)


def _citing(
    session: Session, actor: Actor, ids: Iterable[str], known: Iterable[str]
) -> tuple[tuple[str, ItemName], ...]:
    found = session.execute(_results(actor), {"ids": list(ids), "known": list(known)})
    return tuple((cited, ItemName(item_id, kind, title)) for cited, item_id, kind, title in found)


# To build these two costs ten times what it costs to ask them, so they are built once an actor.


@lru_cache(maxsize=64)
def _sources(actor: Actor) -> Select[str, str]:
    """Return the query for what the items `ids` cite beyond those that are `known`."""
    return (
        select(Citation.item_id, Citation.cited)
        .join(Version, (Version.item_id == Citation.item_id) & (Version.n == Citation.n))
        .join(Item, Item.id == Version.item_id)
        .where(Citation.item_id.in_(_IDS), Citation.cited.not_in(_KNOWN))
        .where(listed_to(actor), newest_listed(actor))
        .order_by(Citation.item_id, Citation.cited)
        .limit(_MOST)
    )


@lru_cache(maxsize=64)
def _results(actor: Actor) -> Select[str, str, str, str]:
    """Return the query for what cites the items `ids`, without those that are `known`."""
    return (
        select(Citation.cited, Version.item_id, Version.type, Version.title)
        .join(Version, (Version.item_id == Citation.item_id) & (Version.n == Citation.n))
        .join(Item, Item.id == Version.item_id)
        .where(Citation.cited.in_(_IDS), Citation.item_id.not_in(_KNOWN))
        .where(listed_to(actor), newest_listed(actor))
        .order_by(Citation.cited, Version.modified.desc(), Version.item_id)
        .limit(_MOST)
    )


_IDS: Final[BindParameter[str]] = bindparam("ids", expanding=True)
_KNOWN: Final[BindParameter[str]] = bindparam("known", expanding=True)
