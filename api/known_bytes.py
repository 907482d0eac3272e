"""What is described already, as answers and pages tell those who describe it once more."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from api.context import actor, parts
from catalog.domain.description import statements_of
from catalog.domain.identifiers import item_iri
from catalog.domain.permissions import Actor
from catalog.domain.record import FileRecord, ItemRecord
from catalog.domain.sources import addresses_in
from catalog.services.known_bytes import KnownAs, known_addresses, known_bytes


@dataclass(frozen=True, slots=True)
class Known:
    """What a version shares with other items: names of files, and addresses, with those items."""

    files: tuple[tuple[str, tuple[KnownAs, ...]], ...] = ()
    addresses: tuple[tuple[str, tuple[KnownAs, ...]], ...] = ()


def known_of(record: ItemRecord, who: Actor) -> Known:
    """Return what a version shares with other items that somebody sees."""
    digests = {file.sha256 for file in record.files}
    same = known_bytes(parts(), who, record.id, digests) if digests else {}
    return Known(
        tuple((file.name, same[file.sha256]) for file in record.files if file.sha256 in same),
        known_sources(record.id, statements_of(record.ntriples), who),
    )


def known_sources(
    item_id: str, statements: Iterable[tuple[str, str, str]], who: Actor
) -> tuple[tuple[str, tuple[KnownAs, ...]], ...]:
    """Return the addresses that statements name and other items, too, with those items."""
    return tuple(known_addresses(parts(), who, item_id, addresses_in(statements)).items())


def known_as_json(record: ItemRecord, file: FileRecord) -> list[dict[str, Any]]:
    """Return the other items that have the bytes of a file, as the answer to its upload says it."""
    found = known_bytes(parts(), actor(), record.id, {file.sha256})
    return _items_json(found.get(file.sha256, ()))


def known_sources_json(record: ItemRecord) -> dict[str, Any]:
    """Return what the answer to a description says of addresses that others name; or nothing."""
    found = known_sources(record.id, statements_of(record.ntriples), actor())
    said = [{"address": address, "items": _items_json(items)} for address, items in found]
    return {"known_sources": said} if said else {}


def _items_json(items: Iterable[KnownAs]) -> list[dict[str, Any]]:
    base = parts().settings.base
    return [_item_json(one, base) for one in items]


def _item_json(one: KnownAs, base: str) -> dict[str, Any]:
    said: dict[str, Any] = {"id": one.id, "iri": item_iri(one.id, base), "title": one.title}
    return said | ({"name": one.name} if one.name else {})
