"""Whether the catalog is ready to be used, and if not, what it still waits for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.domain.errors import CatalogError
from catalog.migrations import is_up_to_date
from catalog.parts import Parts
from catalog.services.outbox import DOI, GRAPH
from catalog.services.soundness import NO_CYCLE, Cycle, cycle
from catalog.settings import Settings
from catalog.tables import Doi, Fact, Work

SAMPLES = "samples"
PROJECTED = "projected"
USES = "term-uses"
"""Names of facts: how far the samples are, what the graph was built with, and that it is kept
which concepts each stored description cites."""

RECONCILED = "dois-reconciled"
"""Name of the fact that says when DOIs were last compared with the registrar's, and the result."""


@dataclass(frozen=True, slots=True)
class Registration:
    """How far the registration of DOIs is; nothing of it keeps the catalog from being ready.

    states          how many DOIs are in each state
    pending         items of which the registrar is yet to be told something
    oldest_seconds  since when the oldest of them waits
    problem         what keeps it from going on, in the words of the last try; None for nothing
    compared        when the record was last compared with what the registrar has, and the kinds
                    of difference with their numbers
    """

    name: str
    address: str
    prefix: str
    states: Mapping[str, int] = field(default_factory=dict)
    pending: int = 0
    oldest_seconds: float = 0.0
    failing: int = 0
    problem: str | None = None
    compared: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "address": self.address,
            "prefix": self.prefix,
            "states": dict(self.states),
            "pending": self.pending,
            "oldest_seconds": self.oldest_seconds,
            "failing": self.failing,
            "problem": self.problem,
            "compared": dict(self.compared) if self.compared else None,
        }


@dataclass(frozen=True, slots=True)
class Readiness:
    """What has to be done before the catalog is ready; each check is true when it is.

    oldest_seconds  age of the oldest line of the outbox
    failing         lines of the outbox that were tried and failed

    What waits for the registrar is told apart from what waits for the graph. A damaged file keeps
    no catalog from being ready: everything else is served as ever.
    """

    checks: dict[str, bool]
    pending: int
    oldest_seconds: float
    failing: int
    registrar: Registration
    fixity: Cycle = NO_CYCLE

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
            "registrar": self.registrar.to_dict(),
            "fixity": self.fixity.to_dict(),
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
    return Readiness(checks, 0, 0.0, 0, _named(parts.settings))


def _of_record(session: Session, parts: Parts, now: datetime) -> Readiness:
    pending, oldest, failing = _waiting(session, GRAPH, now)
    facts = {fact.name: fact.value for fact in session.scalars(select(Fact))}
    checks = {
        "migrated": True,
        "samples": facts.get(SAMPLES) != "loading",
        "projected": facts.get(PROJECTED) == projection_mark(parts),
    }
    compared = facts.get(RECONCILED)
    registrar = _registration(session, parts.settings, now, compared)
    return Readiness(checks, pending, oldest, failing, registrar, cycle(session, now=now))


def _named(settings: Settings) -> Registration:
    return Registration(settings.registrar, settings.registrar_address, settings.doi_prefix)


def _registration(
    session: Session, settings: Settings, now: datetime, compared: str | None
) -> Registration:
    pending, oldest, failing = _waiting(session, DOI, now)
    states = session.execute(select(Doi.state, func.count()).group_by(Doi.state)).all()
    problem = session.scalar(
        select(Work.problem)
        .where(Work.topic == DOI, Work.problem.is_not(None))
        .order_by(Work.since)
        .limit(1)
    )
    return replace(
        _named(settings),
        states={state: count for state, count in sorted(states)},  # noqa: C416 - rows, no tuples
        pending=pending,
        oldest_seconds=oldest,
        failing=failing,
        problem=problem,
        compared=json.loads(compared) if compared else None,
    )


def _waiting(session: Session, topic: str, now: datetime) -> tuple[int, float, int]:
    """Return how many lines of a topic wait, the age of the oldest, and how many have failed."""
    pending, oldest, failing = session.execute(
        select(func.count(), func.min(Work.since), func.count(Work.problem)).where(
            Work.topic == topic
        )
    ).one()
    age = (now - oldest).total_seconds() if oldest else 0.0
    return pending, round(max(0.0, age), 3), failing


_CODE = 2
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
