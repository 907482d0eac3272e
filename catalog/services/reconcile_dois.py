"""Comparing DOIs with what the registrar has, and asking for what is not as it should be."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from catalog.domain.identifiers import concept_doi, item_iri
from catalog.domain.record import DoiState
from catalog.domain.registering import ALL_VERSIONS, digest_of_kept
from catalog.parts import Parts
from catalog.ports import Registered, Registrar
from catalog.services import outbox
from catalog.services.readiness import RECONCILED, set_fact
from catalog.tables import Doi, Fact, Work

_EVERY: Final = timedelta(days=1)

_WORD_FOR: Final = {DoiState.FINDABLE.value: "findable", DoiState.HIDDEN.value: "registered"}
"""The registrar's word for each state in which it has a DOI."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One DOI of which record and registrar do not say the same.

    kind     missing, state, url, metadata, failed, unknown
    item_id  None for one that the record does not know
    """

    doi: str
    kind: str
    sentence: str
    item_id: str | None = None
    n: int = ALL_VERSIONS

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"doi": self.doi, "kind": self.kind, "item": self.item_id, "told": self.sentence}


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a comparison found.

    examined  how many DOIs of the record were looked at
    waiting   how many of them are not compared, because the registrar is yet to be told
    fixed     whether the relay was asked to put right what can be
    """

    examined: int
    waiting: int
    drifts: tuple[Drift, ...]
    fixed: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "examined": self.examined,
            "waiting": self.waiting,
            "fixed": self.fixed,
            "drifts": [drift.to_dict() for drift in self.drifts],
        }


class _Held(NamedTuple):
    """What the registrar has of a DOI, for short."""

    state: str
    url: str
    digest: str


def is_due(parts: Parts, *, now: datetime) -> bool:
    """Tell whether a day has gone by since the last comparison, or since this was first asked."""
    with parts.database.reading() as session:
        fact = session.get(Fact, RECONCILED)
        said = json.loads(fact.value) if fact else None
    if said is None:
        _write_down(parts, Reconciled(0, 0, (), fixed=False), now)
        return False
    return datetime.fromisoformat(said["at"]) <= now - _EVERY


def reconcile(parts: Parts, registrar: Registrar, *, now: datetime, fix: bool) -> Reconciled:
    """Compare every DOI of the record with what the registrar has, one state of it.

    fix  ask the relay to put right what differs, and to try again what was refused

    What the record does not know is told and left alone: it may be another catalog's. Raises
    Unavailable and NotLetIn where the registrar does not say what it has; nothing is asked then.
    """
    prefix = parts.settings.doi_prefix
    held = {one.doi: _held(one) for one in registrar.listing(prefix)}
    with parts.database.reading() as session:
        rows = session.scalars(select(Doi).where(Doi.doi.startswith(f"{prefix}/"))).all()
    found = [_looked_at_again(parts, registrar, row) for row in rows if _differs(row, held)]
    drifts = [drift for drift in found if drift is not None]
    known = {row.doi for row in rows}
    ours = concept_doi("", prefix)
    drifts += [
        Drift(doi, "unknown", f"The registrar has it as {one.state}; the record does not know it.")
        for doi, one in sorted(held.items())
        if doi.startswith(ours) and doi not in known and not _is_known(parts, doi)
    ]
    if fix:
        _fix(parts, drifts, now)
    done = Reconciled(len(rows), _count_waiting(parts), tuple(drifts), fix)
    _write_down(parts, done, now)
    return done


def _held(one: Registered) -> _Held:
    return _Held(one.state, one.url, digest_of_kept(one.attributes))


def _differs(row: Doi, held: Mapping[str, _Held]) -> bool:
    """Tell whether a DOI deserves another look."""
    there = held.get(row.doi)
    if _is_refused(row):
        return True
    if row.state not in _WORD_FOR:
        return there is not None
    return there is None or there.state != _WORD_FOR[row.state] or there.digest != row.kept


def _is_refused(row: Doi) -> bool:
    """Tell whether the registrar refuses a DOI, or what it is to say of one that it has hidden."""
    return row.state == DoiState.FAILED.value or (row.problem is not None and row.asking is None)


def _looked_at_again(parts: Parts, registrar: Registrar, row: Doi) -> Drift | None:
    """Return what is wrong with a DOI now; None where it is right, or about to be put right.

    Between the list and the record time went by, in which either may have changed.
    """
    had = registrar.get(row.doi)
    with parts.database.reading() as session:
        now = session.get(Doi, (row.item_id, row.n))
        if now is None or _waits(session, row.item_id) or now.doi != row.doi:
            return None
    said = _drift(parts, now, had)
    return Drift(now.doi, *said, now.item_id, now.n) if said else None


def _drift(parts: Parts, row: Doi, had: Registered | None) -> tuple[str, str] | None:
    """Return the kind of a difference, and a sentence about it."""
    if _is_refused(row):
        return "failed", row.problem or "The registrar refuses it."
    word = _WORD_FOR.get(row.state)
    if had is None:
        return ("missing", "The registrar does not have it.") if word else None
    if word is None:
        if row.state == DoiState.REGISTERING.value:
            return "state", "It was asked for, and nothing waits for the answer any more."
        return "state", f"The registrar has it as {had.state}; here it is only reserved."
    if had.state != word:
        return "state", f"The registrar has it as {had.state}, not {word}."
    if had.url != (address := _address(parts, row)):
        return "url", f"It resolves to {had.url or 'nothing'}, not to {address}."
    if digest_of_kept(had.attributes) != row.kept:
        return "metadata", "Its metadata at the registrar are not those that were sent."
    return None


def _address(parts: Parts, row: Doi) -> str:
    item = item_iri(row.item_id, parts.settings.base)
    return item if row.n == ALL_VERSIONS else f"{item}/v/{row.n}"


def _waits(session: Session, item_id: str) -> bool:
    waits = exists().where(Work.topic == outbox.DOI, Work.item_id == item_id)
    return bool(session.scalar(select(waits)))


def _is_known(parts: Parts, doi: str) -> bool:
    with parts.database.reading() as session:
        return bool(session.scalar(select(exists().where(Doi.doi == doi))))


def _fix(parts: Parts, drifts: list[Drift], now: datetime) -> None:
    """Forget what is believed of the DOIs that differ, and have the relay look at them."""
    with parts.database.writing() as session:
        for drift in drifts:
            row = session.get(Doi, (drift.item_id, drift.n)) if drift.item_id else None
            if row is not None:
                row.sent = None
                outbox.ask(session, outbox.DOI, row.item_id, now=now)


def _count_waiting(parts: Parts) -> int:
    with parts.database.reading() as session:
        items = select(Work.item_id).where(Work.topic == outbox.DOI)
        return len(session.scalars(select(Doi.doi).where(Doi.item_id.in_(items))).all())


def _write_down(parts: Parts, done: Reconciled, now: datetime) -> None:
    kinds = dict(Counter(drift.kind for drift in done.drifts))
    said = {"at": now.isoformat(), "examined": done.examined, "drifts": kinds}
    with parts.database.writing() as session:
        set_fact(session, RECONCILED, json.dumps(said))
