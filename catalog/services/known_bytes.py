"""Whether what somebody describes is described already, as far as they may know.

All is asked as lists are: what somebody's lists do not show is not told of, in any way.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, select

from catalog.domain.permissions import Actor
from catalog.parts import Parts
from catalog.services.visible import listed_to
from catalog.tables import File, Item, SourceAddress, Version

MOST_NAMED: Final = 5
"""Items that are named for one file or address."""

_MOST_ROWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class KnownAs:
    """An item that has the same bytes, or names the same address.

    name  of its file that has the bytes; "" for an address
    """

    id: str
    title: str
    name: str = ""


def known_bytes(
    parts: Parts, actor: Actor, item_id: str, digests: Collection[str]
) -> Mapping[str, tuple[KnownAs, ...]]:
    """Return the other items that have files of the same bytes, by SHA-256.

    item_id  the item that is not told of itself

    Files without bytes are all the same, and are left out.
    """
    wanted = (
        select(File.sha256, File.item_id, Version.title, File.name)
        .join(Version, and_(Version.item_id == File.item_id, Version.n == File.n))
        .join(Item, Item.id == File.item_id)
        .where(
            File.sha256.in_(digests),
            File.item_id != item_id,
            File.size_bytes > 0,
            listed_to(actor),
        )
        .order_by(File.sha256, File.item_id, File.n.desc(), File.folded)
        .limit(_MOST_ROWS)
    )
    with parts.database.reading() as session:
        return _first_of_each(session.execute(wanted))


def known_addresses(
    parts: Parts, actor: Actor, item_id: str, addresses: Collection[str]
) -> Mapping[str, tuple[KnownAs, ...]]:
    """Return the other items that name the same addresses, by address.

    item_id    the item that is not told of itself, "" for one that is new
    addresses  as `catalog.domain.sources.addresses_in` spells them
    """
    if not addresses:
        return {}
    of_version = and_(Version.item_id == SourceAddress.item_id, Version.n == SourceAddress.n)
    wanted = (
        select(SourceAddress.address, SourceAddress.item_id, Version.title)
        .join(Version, of_version)
        .join(Item, Item.id == SourceAddress.item_id)
        .where(
            SourceAddress.address.in_(addresses),
            SourceAddress.item_id != item_id,
            listed_to(actor),
        )
        .order_by(SourceAddress.address, SourceAddress.item_id, SourceAddress.n.desc())
        .limit(_MOST_ROWS)
    )
    with parts.database.reading() as session:
        return _first_of_each(session.execute(wanted))


def _first_of_each(rows: Iterable[Sequence[str]]) -> Mapping[str, tuple[KnownAs, ...]]:
    """Return the items by what they share, each once."""
    found: dict[str, dict[str, KnownAs]] = {}
    for row in rows:
        known = found.setdefault(row[0], {})
        if row[1] not in known and len(known) < MOST_NAMED:
            known[row[1]] = KnownAs(*row[1:])
    return {shared: tuple(known.values()) for shared, known in found.items()}
