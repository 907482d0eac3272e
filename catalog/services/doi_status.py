"""How far the registration of DOIs has come, for the operator who looks at it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select

from catalog.domain.errors import NotFound
from catalog.parts import Parts
from catalog.services import outbox
from catalog.services.readiness import Readiness, readiness
from catalog.tables import Doi, Item, Work


@dataclass(frozen=True, slots=True)
class DoiLine:
    """One DOI as the record has it.

    n        the version that it names, 0 for all of them
    changed  since when it is in this state
    problem  in words for the owner
    waiting  what the registrar is yet to be told of it: None for nothing, else why it waits, which
             is "" where it has not been tried yet
    """

    doi: str
    item_id: str
    n: int
    state: str
    changed: datetime | None
    problem: str | None
    waiting: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "doi": self.doi,
            "item": self.item_id,
            "version": self.n or None,
            "state": self.state,
            "changed": self.changed.isoformat() if self.changed else None,
            "problem": self.problem,
            "waiting": self.waiting is not None,
            "tried": self.waiting or None,
        }


@dataclass(frozen=True, slots=True)
class DoiStatus:
    """Every DOI that was asked for, with the registrar's state as `/health/ready` tells it."""

    lines: tuple[DoiLine, ...]
    readiness: Readiness

    @property
    def is_good(self) -> bool:
        """Whether none of them is refused by the registrar."""
        return not any(line.problem for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "registrar": self.readiness.registrar.to_dict(),
            "dois": [line.to_dict() for line in self.lines],
        }


def doi_status(parts: Parts, item_id: str | None = None, *, now: datetime) -> DoiStatus:
    """Return the DOIs of all items, or of one; NotFound where there is no such item."""
    with parts.database.reading() as session:
        if item_id is not None and session.get(Item, item_id) is None:
            raise NotFound(f"There is no item {item_id}.")
        asked = (
            select(Doi, Work.asked, Work.problem)
            .outerjoin(Work, and_(Work.topic == outbox.DOI, Work.item_id == Doi.item_id))
            .order_by(Doi.item_id, Doi.n)
        )
        if item_id is not None:
            asked = asked.where(Doi.item_id == item_id)
        lines = tuple(
            DoiLine(
                row.doi,
                row.item_id,
                row.n,
                row.state,
                row.changed,
                row.problem,
                None if times is None else (why or ""),
            )
            for row, times, why in session.execute(asked)
        )
    return DoiStatus(lines, readiness(parts, now=now))
