"""A registrar in memory, which keeps every promise of the port and can be told to break down."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from catalog.domain.errors import CatalogError, NotRegistrable
from catalog.ports import Registered
from catalog.services.register import QUIET, Registration
from catalog.tables import Doi
from tests.catalogs import Catalog, now

_MOVES = {
    ("draft", "register"): "registered",
    ("draft", "publish"): "findable",
    ("registered", "publish"): "findable",
    ("findable", "hide"): "registered",
}


@dataclass
class MemoryRegistrar:
    """DOIs in a dictionary; every call is counted, and the faults that wait come first.

    faults   for the next calls, in order: `before` and `after` may raise; None lets one through
    refuses  tells for attributes what is wrong with them, "" for nothing
    """

    held: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    faults: list["Fault | None"] = field(default_factory=list)
    puts: list[tuple[str, str | None]] = field(default_factory=list)
    refuses: Callable[[Mapping[str, Any]], str] = lambda _attributes: ""
    meanwhile: Callable[[], object] | None = None
    """Called once, after the next PUT has taken effect and before it is answered."""

    def put(self, doi: str, attributes: Mapping[str, Any], event: str | None = None) -> Registered:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            fault.raise_before()
        state, had = self.held.get(doi.lower(), ("draft", {}))
        kept = {**had, **deepcopy(dict(attributes))}
        state = _MOVES.get((state, event or ""), state)
        if state != "draft" and (told := self.refuses(kept)):
            raise NotRegistrable([("titles", told)])
        self.held[doi.lower()] = (state, kept)
        self.puts.append((doi.lower(), event))
        if self.meanwhile is not None:
            do, self.meanwhile = self.meanwhile, None
            do()
        if fault is not None:
            fault.raise_after()
        return self._shown(doi)

    def get(self, doi: str) -> Registered | None:
        return self._shown(doi) if doi.lower() in self.held else None

    def delete(self, doi: str) -> None:
        if self.held.get(doi.lower(), ("draft", {}))[0] != "draft":
            raise NotRegistrable([("", "Method not allowed")])
        self.held.pop(doi.lower(), None)

    def listing(self, prefix: str) -> Iterator[Registered]:
        for doi in list(self.held):
            if doi.startswith(f"{prefix}/"):
                yield self._shown(doi)

    def is_reachable(self) -> bool:
        return True

    def states(self) -> dict[str, str]:
        """Return the state of every DOI."""
        return {doi: state for doi, (state, _) in self.held.items()}

    def _shown(self, doi: str) -> Registered:
        state, kept = self.held[doi.lower()]
        return Registered(doi.lower(), state, deepcopy(kept) | {"state": state, "doi": doi.lower()})


@dataclass
class Fault:
    """What goes wrong with one call: before it has taken effect, or after."""

    before: CatalogError | None = None
    after: CatalogError | None = None

    def raise_before(self) -> None:
        if self.before is not None:
            raise self.before

    def raise_after(self) -> None:
        if self.after is not None:
            raise self.after


def settle(
    catalog: Catalog, registration: Registration, at: datetime | None = None, steps: int = 400
) -> datetime:
    """Run the registrar's loop, and let time go by, until nothing waits; return the time then."""
    moment = at or now()
    for _ in range(steps):
        while registration.step(moment):
            pass
        if not waiting(catalog):
            return moment
        moment += QUIET / 2
    raise AssertionError(f"still waiting: {waiting(catalog)}")


def waiting(catalog: Catalog) -> list[tuple[str, str | None]]:
    """Return the items whose DOIs the registrar is yet to be told of, with what went wrong."""
    from catalog.services.outbox import DOI
    from catalog.tables import Work

    with catalog.parts.database.reading() as session:
        rows = session.execute(select(Work.item_id, Work.problem).where(Work.topic == DOI))
        return [(item_id, problem) for item_id, problem in rows]


def rows(catalog: Catalog) -> dict[str, Doi]:
    """Return every DOI of the record."""
    with catalog.parts.database.reading() as session:
        return {row.doi: row for row in session.scalars(select(Doi))}


def states(catalog: Catalog) -> dict[str, str]:
    """Return the state of every DOI of the record."""
    return {doi: row.state for doi, row in rows(catalog).items()}


DAY = timedelta(days=1)
