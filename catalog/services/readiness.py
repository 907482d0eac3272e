"""Whether the catalog is ready to be used, and if not, what it still waits for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.domain.errors import CatalogError
from catalog.migrations import is_up_to_date
from catalog.parts import Parts
from catalog.tables import Fact, Work

SAMPLES = "samples"
PROJECTED = "projected"
USES = "term-uses"
"""Names of facts: how far the samples are, what the graph was built with, and that it is kept
which concepts each stored description cites."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What has to be done before the catalog is ready; each check is true when it is.

    oldest_seconds  age of the oldest line of the outbox
    failing         lines of the outbox that were tried and failed
    """

    checks: dict[str, bool]
    pending: int
    oldest_seconds: float
    failing: int
    registrar: str

    @property
    def is_ready(self) -> bool:
        """Whether every check holds."""
        return all(self.checks.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form of `/health/ready`."""
        return {
            "ready": self.is_ready,
            "checks": self.checks,
            "outbox": {
                "pending": self.pending,
                "oldest_seconds": self.oldest_seconds,
                "failing": self.failing,
            },
            "registrar": self.registrar,
        }


def readiness(parts: Parts, *, now: datetime) -> Readiness:
    """Return how ready the catalog is; a record that does not answer is a check that fails."""
    try:
        migrated = is_up_to_date(parts.database)
        with parts.database.reading() as session:
            if migrated:
                return _of_record(session, parts, now)
    except CatalogError:
        migrated = False
    checks = {"migrated": migrated, "samples": False, "projected": False}
    return Readiness(checks, 0, 0.0, 0, "none")


def _of_record(session: Session, parts: Parts, now: datetime) -> Readiness:
    pending, oldest, failing = session.execute(
        select(func.count(), func.min(Work.since), func.count(Work.problem))
    ).one()
    facts = {fact.name: fact.value for fact in session.scalars(select(Fact))}
    checks = {
        "migrated": True,
        "samples": facts.get(SAMPLES) != "loading",
        "projected": facts.get(PROJECTED) == projection_mark(parts),
    }
    age = (now - oldest).total_seconds() if oldest else 0.0
    return Readiness(checks, pending, round(max(0.0, age), 3), failing, "none")


_CODE = 1
"""To be raised whenever the same item is to look different in the graph: starts then rebuild."""


def projection_mark(parts: Parts) -> str:
    """Return what the graph depends on beside the items: base, shapes and vocabularies, code."""
    return f"{parts.settings.base} {parts.library.version} {_CODE}"


def is_projected(parts: Parts) -> bool:
    """Tell whether the graph shows the items by these vocabularies, under this base."""
    with parts.database.reading() as session:
        fact = session.get(Fact, PROJECTED)
        return fact is not None and fact.value == projection_mark(parts)


def set_fact(session: Session, name: str, value: str) -> None:
    """Write down a fact about the catalog in the caller's transaction."""
    fact = session.get(Fact, name)
    if fact is None:
        session.add(Fact(name=name, value=value))
    else:
        fact.value = value
