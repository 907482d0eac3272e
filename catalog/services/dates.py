"""What happens on its date by itself: embargoes end, and what waited becomes public.

Every condition is asked of the database by its own clock, once to find what is due and once more
with the row locked; so catalogs that share a record do each thing once, and none too early.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from catalog.domain.errors import CatalogError, Unavailable
from catalog.domain.lifecycle import Showing, State, Visibility
from catalog.domain.permissions import ANYONE, Actor
from catalog.domain.record import Delay
from catalog.domain.validation import Judgement
from catalog.parts import Parts
from catalog.services.history import Happened, note
from catalog.services.judging import Judged, judge_stored, keep, with_record
from catalog.services.loading import delay_of, record_of
from catalog.services.mentions import names_that_matter
from catalog.services.publish import show
from catalog.services.registrable import findings_on_registration
from catalog.tables import Item, Version

_log = logging.getLogger(__name__)

_AT_ONCE: Final = 20
"""How many of a kind are done in one go; the rest is due again a moment later."""

_AGAIN: Final = timedelta(hours=1)
"""When to try again what could not become public; a change of it is tried at once."""

_REASONS_KEPT: Final = 10
_PUBLIC: Final = Showing(Visibility.PUBLIC)
_CLOSED: Final = (Visibility.PRIVATE.value, Visibility.SHARED.value)


def keep_dates(parts: Parts, now: datetime) -> int:
    """End the embargoes that are over and publish what is due; return how many there were.

    An embargo ends whatever has become of the description. What is to be published is judged anew:
    where it no longer conforms, or cites what is not public, it stays as it is with the reasons.
    """
    ended = sum(_each(parts, _is_over(), Version.until, lambda one: _end(parts, one, now)))
    return ended + _publish_due(parts, now)


class _Name(NamedTuple):
    """Which version of which item."""

    item_id: str
    n: int


def _is_over() -> ColumnElement[bool]:
    return and_(
        Version.state == State.PUBLISHED.value,
        Version.visibility == Visibility.EMBARGOED.value,
        Version.until <= func.current_timestamp(),
    )


def _is_due() -> ColumnElement[bool]:
    return and_(
        Version.state == State.PUBLISHED.value,
        Version.visibility.in_(_CLOSED),
        Version.publish_at <= func.current_timestamp(),
        or_(Version.next_try.is_(None), Version.next_try <= func.current_timestamp()),
    )


def _found(parts: Parts, condition: ColumnElement[bool], order: Any) -> Sequence[_Name]:
    wanted = select(Version.item_id, Version.n).where(condition).order_by(order, Version.item_id)
    with parts.database.reading() as session:
        return [_Name(*row) for row in session.execute(wanted.limit(_AT_ONCE))]


def _locked(
    session: Session, name: _Name, condition: ColumnElement[bool]
) -> tuple[Item, Version] | None:
    """Return the rows of a version, locked; None where the condition no longer holds of it."""
    row = session.execute(
        select(Item, Version)
        .join(Version, Version.item_id == Item.id)
        .where(Version.item_id == name.item_id, Version.n == name.n, condition)
        .with_for_update()
    ).first()
    return None if row is None else (row[0], row[1])


def _each(
    parts: Parts, condition: ColumnElement[bool], order: Any, do: Callable[[_Name], bool]
) -> Iterator[bool]:
    """Do something to each version of which the condition holds; one that fails holds up none."""
    for name in _found(parts, condition, order):
        try:
            yield do(name)
        except Exception as fault:  # noqa: BLE001 - the others are due as well
            _log.error("the date of %s/v/%s was missed", *name, exc_info=fault)


def _end(parts: Parts, name: _Name, now: datetime) -> bool:
    with parts.database.writing() as session:
        rows = _locked(session, name, _is_over())
        if rows is None:
            return False  # another catalog was first, or its owner
        show(session, parts, rows[1], _PUBLIC, None, now, by_itself=True)
        return True


# -- what becomes public


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A version that is due, as it was judged: at which stage, and with what verdict."""

    name: _Name
    stage: str
    judgement: Judgement


class _Ready(NamedTuple):
    """A version that is due: its rows, locked, and what is to be said of it."""

    item: Item
    version: Version
    judged: Judged


def _publish_due(parts: Parts, now: datetime) -> int:
    """Publish what is due: as many as can be seen together, since they may cite each other."""
    names = _found(parts, _is_due(), Version.publish_at)
    seen = [_judged(parts, name, now) for name in names]
    candidates = [one for one in seen if one is not None]
    if not candidates:
        return 0
    with parts.database.writing() as session:
        ready, failing = _split(session, candidates)
        for one in failing:
            _delay(session, one.version, _why(one.judged), now)
            one.version.report = one.judged.report.to_dict()
        for one in ready:
            keep(session, parts, one.version, one.judged)
            show(session, parts, one.version, _PUBLIC, None, now, by_itself=True)
        return len(ready)


def _judged(parts: Parts, name: _Name, now: datetime) -> _Candidate | None:
    """Judge a version as everybody would see it; None where that has to wait."""
    try:
        with parts.database.reading() as session:
            item, version = session.get(Item, name.item_id), session.get(Version, name)
            if item is None or version is None:
                return None
            record = record_of(session, item, version, ANYONE)
            names = names_that_matter(session, record.id, record.version, record.ntriples)
            shown = replace(record, visibility=Visibility.PUBLIC)
            faults = findings_on_registration(session, parts, shown, now=now)
        judgement = judge_stored(parts, record.ntriples, record.id, names)
    except Unavailable:
        return None  # all workers are taken: a moment later
    except Exception as fault:  # noqa: BLE001 - the others are due as well
        _log.error("%s/v/%s could not be judged", *name, exc_info=fault)
        _put_off(parts, name, fault, now)
        return None
    if faults:
        judgement = replace(judgement, report=judgement.report.plus(faults))
    return _Candidate(name, record.stage, judgement)


def _put_off(parts: Parts, name: _Name, fault: Exception, now: datetime) -> None:
    told = fault.detail if isinstance(fault, CatalogError) else "It could not be judged."
    with parts.database.writing() as session:
        rows = _locked(session, name, _is_due())
        if rows is not None:
            _delay(session, rows[1], (told,), now)


def _split(
    session: Session, candidates: Sequence[_Candidate]
) -> tuple[Sequence[_Ready], Sequence[_Ready]]:
    """Return those that can become public together, and those that cannot.

    What fails takes with it what cites it, and that what cites that; so it is asked again until
    none fails any more.
    """
    there = [
        (one, rows)
        for one in candidates
        if (rows := _locked(session, one.name, _is_due())) is not None
        and _stage(rows[1]) == one.stage
    ]
    failing: list[_Ready] = []
    while True:
        together = frozenset(one.name.item_id for one, _ in there)
        ready = [_Ready(*rows, _with_record(session, one, rows, together)) for one, rows in there]
        bad = [one for one in ready if not one.judged.report.conforms_at("publication")]
        if not bad:
            return ready, failing
        failing += bad
        left_out = {id(one.version) for one in bad}
        there = [(one, rows) for one, rows in there if id(rows[1]) not in left_out]


def _stage(version: Version) -> str:
    counts = (version.n, version.revision, version.file_changes, version.state_changes)
    return ".".join(map(str, counts))


def _with_record(
    session: Session, one: _Candidate, rows: tuple[Item, Version], together: frozenset[str]
) -> Judged:
    item, version = rows
    return with_record(
        session,
        one.judgement,
        files=names_that_matter(session, item.id, version.n, version.ntriples),
        together=together,
        owner=item.owner_id,
        version=(item.id, version.n),
    )


def _why(judged: Judged) -> tuple[str, ...]:
    found = [one.message for one in judged.report.findings if one.severity == "violation"]
    return tuple(found[:_REASONS_KEPT])


def _delay(session: Session, version: Version, why: tuple[str, ...], now: datetime) -> None:
    """Write down why a version did not become public; its history tells each reason once."""
    before = delay_of(version.delay)
    version.delay = {"at": now.isoformat(), "why": list(why)}
    version.next_try = now + _AGAIN
    if before is None or before.why != why:
        version.state_changes += 1  # pages of it say something else now
        note(
            session,
            Happened.PUBLICATION_DELAYED,
            version.item_id,
            version.n,
            account=None,
            now=now,
            reason=" ".join(why),
        )


# -- what its owner should know


@dataclass(frozen=True, slots=True)
class Dated:
    """An item of one's own to which something is going to happen, or should have by now.

    at          when
    is_embargo  whether an embargo ends then; otherwise it becomes public
    delay       why it did not
    """

    id: str
    version: int
    title: str
    at: datetime
    is_embargo: bool
    delay: Delay | None


def dated(parts: Parts, actor: Actor, limit: int = 20) -> tuple[Dated, ...]:
    """Return the actor's own items with a date, what comes first before what comes later."""
    waits = and_(Version.visibility.in_(_CLOSED), Version.publish_at.is_not(None))
    ends = Version.visibility == Visibility.EMBARGOED.value
    at = func.coalesce(Version.publish_at, Version.until)
    with parts.database.reading() as session:
        rows = session.scalars(
            select(Version)
            .join(Item, Item.id == Version.item_id)
            .where(
                Item.owner_id.in_(actor.accounts),
                Version.state == State.PUBLISHED.value,
                or_(waits, ends),
            )
            .order_by(at, Version.item_id)
            .limit(limit)
        )
        return tuple(one for row in rows if (one := _dated(row)) is not None)


def _dated(row: Version) -> Dated | None:
    is_embargo = row.visibility == Visibility.EMBARGOED.value
    at = row.until if is_embargo else row.publish_at
    if at is None:
        return None
    delay = None if is_embargo else delay_of(row.delay)
    return Dated(row.item_id, row.n, row.title, at, is_embargo, delay)
