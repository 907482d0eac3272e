"""Registering DOIs: keeps what the registrar has equal to what the record says, line by line.

As for the graph, a line of the outbox says *look again*. A DOI is computed and written down before
the first call; every call is a PUT that may be repeated; what counts is what the registrar has
afterwards. Where no whole answer came, the call may still take effect: such a DOI is looked at
again when that is over, and its line stays until then.
"""

import logging
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from catalog import kernel4
from catalog.domain.errors import (
    CatalogError,
    NotLetIn,
    NotRegistrable,
    Unanswered,
    Unavailable,
)
from catalog.domain.exporting.datacite import attributes
from catalog.domain.exporting.datacite_faults import in_words
from catalog.domain.exporting.exported import Exported
from catalog.domain.permissions import ANYONE
from catalog.domain.record import DoiState
from catalog.domain.registering import (
    ALL_VERSIONS,
    Standing,
    Wish,
    digest_of,
    digest_of_kept,
    not_taken,
    standing_of,
    wishes,
)
from catalog.parts import Parts
from catalog.ports import Registered, Registrar
from catalog.services import outbox
from catalog.services.history import Happened, note
from catalog.services.loading import record_of
from catalog.services.readiness import projection_mark, set_fact
from catalog.services.reconcile_dois import is_due, reconcile
from catalog.services.registrable import exported
from catalog.tables import Citation, Doi, Fact, Item, Version, Work

_log = logging.getLogger(__name__)

TOLD: Final = "dois"
"""Name of the fact that says with what base and vocabularies the registrar was last told."""

QUIET: Final = timedelta(minutes=5)
"""After which a call that nobody answered takes no effect any more."""

_LONGEST_BACKOFF_SECONDS: Final = 3600.0
_LONGEST_PAUSE_SECONDS: Final = 60.0
"""How long one line waits at most, and how long all do, before the registrar is tried again."""

_LOOK_SECONDS: Final = 0.05
_LOOK_ANYWAY_SECONDS: Final = 1.0
_TRIES_FOR_A_MOVING_ITEM: Final = 5

_SAID_OF: Final = {
    DoiState.FINDABLE: ("publish", "findable", Happened.DOI_FINDABLE),
    DoiState.HIDDEN: ("hide", "registered", Happened.DOI_HIDDEN),
}
"""For each state that is wanted: the event that brings it about, the registrar's word for it, and
what happened when it has come."""


@contextmanager
def registering(parts: Parts, registrar: Registrar) -> Iterator[None]:
    """Register DOIs in a thread of its own meanwhile, so that nothing else waits for a registrar.

    A call under way at the end is left to itself: what it does is found out by the next start.
    """
    stop = threading.Event()
    thread = threading.Thread(
        target=run_registrar, args=(parts, registrar, stop), name="registrar", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_PATIENCE_SECONDS)


_PATIENCE_SECONDS: Final = 2.0


def run_registrar(parts: Parts, registrar: Registrar, stop: threading.Event) -> None:
    """Work until `stop` is set. Nothing that fails ends it."""
    registration = Registration(parts, registrar)
    watch = parts.database.watch()
    last = datetime.min.replace(tzinfo=UTC)
    try:
        while not stop.wait(_LOOK_SECONDS):
            now = datetime.now(UTC)
            late = (now - last).total_seconds() > _LOOK_ANYWAY_SECONDS
            if not watch.changed() and not late:
                continue
            last = now
            while registration.step(datetime.now(UTC)) and not stop.is_set():
                pass
    finally:
        watch.close()


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the outbox as it was when its turn came."""

    item_id: str
    asked: int
    since: datetime


_Stage = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class _Target:
    """One DOI, with what the registrar should have of it.

    stage  where the versions of its item stood when this was read
    """

    item_id: str
    n: int
    doi: str
    wish: Wish
    attributes: Mapping[str, Any]
    item_type: str
    stage: _Stage

    @property
    def digest(self) -> str:
        """What tells whether the registrar was sent just this."""
        return digest_of({"state": self.wish.state.value, **self.attributes})


class _Asked(NamedTuple):
    """A call for a DOI: when it began, and a call before it of which nobody knows the end."""

    at: datetime
    doubt: datetime | None


class _MovedOn(Exception):
    """The item is no longer what it was when its attributes were made."""


class Registration:
    """What one registrar's loop knows between its rounds. For one thread."""

    def __init__(self, parts: Parts, registrar: Registrar) -> None:
        self._parts = parts
        self._registrar = registrar
        self._failures = 0
        self._closed_until: datetime | None = None
        self._has_told = False
        self._next_comparison = datetime.min.replace(tzinfo=UTC)

    def step(self, now: datetime) -> bool:
        """Do what is due first, if anything is; tell whether there may be more."""
        if self._closed_until is not None and now < self._closed_until:
            return False
        try:
            self._ask_anew(now)
            line = self._due(now)
            if line is None:
                return self._reconcile(now)
            self._bring(line, now)
        except CatalogError as fault:  # of the record: there is nothing to write it on
            _log.warning("DOIs wait for the record: %s", fault)
            self._close(now, _LOOK_ANYWAY_SECONDS)
            return False
        except Exception as fault:  # noqa: BLE001 - the relay outlives whatever happens
            _log.error("a round of the registrar failed", exc_info=fault)
            self._close(now, _LONGEST_PAUSE_SECONDS)
            return False
        return True

    def _ask_anew(self, now: datetime) -> None:
        """Have all DOIs looked at once the base or the vocabularies are others than last time."""
        if self._has_told:
            return
        mark = f"{projection_mark(self._parts)} {self._parts.settings.doi_prefix}"
        with self._parts.database.writing() as session:
            fact = session.get(Fact, TOLD)
            if fact is None or fact.value != mark:
                ask_all(session, now=now)
                set_fact(session, TOLD, mark)
        self._has_told = True

    def _due(self, now: datetime) -> _Line | None:
        with self._parts.database.reading() as session:
            row = session.execute(
                select(Work.item_id, Work.asked, Work.since)
                .where(
                    Work.topic == outbox.DOI,
                    or_(Work.not_before.is_(None), Work.not_before <= now),
                )
                .order_by(Work.since, Work.item_id)
                .limit(1)
            ).first()
        return None if row is None else _Line(*row)

    def _bring(self, line: _Line, now: datetime) -> None:
        """Make what the registrar has of an item's DOIs right, and finish its line."""
        try:
            self._make_right(line.item_id, now)
        except _MovedOn:
            return  # whoever changed it asked again
        except Unavailable as fault:
            self._wait(line, fault, now)
        except Exception as fault:  # noqa: BLE001 - one bad item must not hold up the others
            _log.error("the DOIs of %s cannot be registered", line.item_id, exc_info=fault)
            self._postpone(line, f"{type(fault).__name__}: {fault}", now, 0.0)
        else:
            self._finish(line, now)

    def _make_right(self, item_id: str, now: datetime) -> None:
        for _ in range(_TRIES_FOR_A_MOVING_ITEM):
            try:
                for target in self._targets(item_id):
                    self._one(target, now)
            except _MovedOn:
                continue
            return
        raise _MovedOn

    def _targets(self, item_id: str) -> list[_Target]:
        """Return what the registrar should have of each DOI of an item that concerns it."""
        prefix = f"{self._parts.settings.doi_prefix}/"
        with self._parts.database.reading() as session:
            rows = session.scalars(select(Doi).where(Doi.item_id == item_id)).all()
            stage = _stage(session, item_id)
            wanted = wishes(_standing(stage))
            versions: dict[int, Exported] = {}
            found = []
            for row in sorted(rows, key=lambda row: (row.n == ALL_VERSIONS, row.n)):
                wish = wanted.get(row.n)
                if wish is None or wish.state not in _SAID_OF or not row.doi.startswith(prefix):
                    continue
                if wish.of not in versions:
                    versions[wish.of] = self._version(session, item_id, wish.of)
                version = versions[wish.of]
                said = _said_of(version, all_versions=row.n == ALL_VERSIONS)
                kind = version.record.type
                found.append(_Target(item_id, row.n, row.doi, wish, said, kind, stage))
        return found

    def _version(self, session: Session, item_id: str, n: int) -> Exported:
        item = session.get_one(Item, item_id)
        version = session.get_one(Version, (item_id, n))
        return exported(session, self._parts, record_of(session, item, version, ANYONE))

    def _one(self, target: _Target, now: datetime) -> None:
        """Make what the registrar has of one DOI right, unless it is known to be."""
        asked = self._claim(target, now)
        if asked is None:
            return
        try:
            had, problem = self._tell(target)
        except NotRegistrable as fault:
            self._went_well(now)
            self._keep_refusal(target, asked, fault, now)
        else:
            self._went_well(now)
            self._keep_success(target, asked, had, problem, now)

    def _claim(self, target: _Target, now: datetime) -> _Asked | None:
        """Write down that the registrar is about to be asked; None where that is not needed.

        Raises _MovedOn where the item is no longer what the attributes say: this is the last look
        before the call.
        """
        with self._parts.database.writing() as session:
            row = _row(session, target)
            if row is None or _stage(session, target.item_id) != target.stage:
                raise _MovedOn
            is_right = row.sent == target.digest and row.state in {
                target.wish.state.value,
                DoiState.FAILED.value,
            }
            doubt = row.asking
            if is_right and (doubt is None or now < doubt + QUIET):
                return None
            # No two calls have the same moment: each is to find its own again.
            row.asking = now if doubt is None else max(now, doubt + timedelta(microseconds=1))
            if row.state in {DoiState.RESERVED.value, DoiState.FAILED.value}:
                _set_state(row, DoiState.REGISTERING, now)
                row.problem = None
            return _Asked(row.asking, doubt)

    def _tell(self, target: _Target) -> tuple[Registered, str | None]:
        """Have the registrar keep what it should; return what it has, and what it has against it.

        Raises NotRegistrable and Unavailable.
        """
        event, word, _ = _SAID_OF[target.wish.state]
        problem = None
        if target.wish.state is DoiState.HIDDEN:
            problem = self._hide(target, event)
        else:
            self._registrar.put(target.doi, target.attributes, event)
        had = self._registrar.get(target.doi)
        if had is None:
            raise Unanswered("The registrar said yes and does not know the DOI.")
        if had.state != word:
            raise Unanswered(f"The registrar said yes, and its DOI is {had.state}, not {word}.")
        wrong = not_taken(target.attributes, had.attributes)
        if wrong and problem is None:
            raise Unanswered(f"The registrar said yes and has another {' and '.join(wrong)}.")
        return had, problem

    def _hide(self, target: _Target, event: str) -> str | None:
        """Have a DOI found no more; one that was never registered is made to resolve as well.

        Whatever the registrar has against the metadata of today, which comes back in words, must
        not keep the DOI findable.
        """
        try:
            had = self._registrar.put(target.doi, target.attributes, event)
            if had.state == "draft":
                self._registrar.put(target.doi, target.attributes, "register")
        except NotRegistrable as fault:
            known = self._registrar.get(target.doi)
            if known is None or known.state == "draft":
                raise
            self._registrar.put(target.doi, {}, event)
            return self._in_words(fault, target)
        return None

    def _keep_success(
        self,
        target: _Target,
        asked: _Asked,
        had: Registered,
        problem: str | None,
        now: datetime,
    ) -> None:
        with self._parts.database.writing() as session:
            row = _row(session, target)
            if row is None:
                return
            row.sent = target.digest
            row.kept = digest_of_kept(had.attributes)
            row.problem = problem
            _answered(row, asked, now)
            if row.state != target.wish.state.value:
                _set_state(row, target.wish.state, now)
                _announce(session, target, _SAID_OF[target.wish.state][2], now)
                ask_those_around(session, target.item_id, target.n, now=now)
            if _stage(session, target.item_id) != target.stage:
                outbox.ask(session, outbox.DOI, target.item_id, now=now)

    def _keep_refusal(
        self, target: _Target, asked: _Asked, fault: NotRegistrable, now: datetime
    ) -> None:
        _log.warning("the registrar refuses %s: %s", target.doi, fault)
        with self._parts.database.writing() as session:
            row = _row(session, target)
            if row is None:
                return
            problem = self._in_words(fault, target)
            row.sent = target.digest
            row.problem = problem
            _answered(row, asked, now)
            _set_state(row, DoiState.FAILED, now)
            _announce(session, target, Happened.DOI_FAILED, now, problem=problem)

    def _in_words(self, fault: NotRegistrable, target: _Target) -> str:
        """Return why the registrar refuses, by the names that the fields of descriptions have."""
        shapes = self._parts.library.shapes
        told = [
            in_words(kernel4.Fault(source, title), shapes, target.item_type).title
            if source
            else title
            for source, title in fault.faults
        ]
        return f"The registrar refuses the metadata. {' '.join(told)}"

    def _wait(self, line: _Line, fault: Unavailable, now: datetime) -> None:
        """Let the line wait, and all the others for a while: what fails is the registrar."""
        self._failures += 1
        if _is_worth_a_line(self._failures, fault):
            _log.warning("DOIs wait: %s", fault)
        least = fault.retry_after if not isinstance(fault, Unanswered) else 0
        self._close(now, max(least, _backoff(self._failures, _LONGEST_PAUSE_SECONDS)))
        self._postpone(line, fault.detail, now, float(least))

    def _close(self, now: datetime, seconds: float) -> None:
        self._closed_until = now + timedelta(seconds=seconds)

    def _postpone(self, line: _Line, problem: str, now: datetime, least: float) -> None:
        """Write on the line why it waits and until when, and on its DOIs a word for the owner."""
        with self._parts.database.writing() as session:
            row = session.get(Work, (outbox.DOI, line.item_id))
            if row is None:
                return
            row.attempts += 1
            row.problem = problem
            seconds = max(least, _backoff(row.attempts, _LONGEST_BACKOFF_SECONDS))
            row.not_before = now + timedelta(seconds=min(seconds, _LONGEST_BACKOFF_SECONDS))
            session.execute(
                update(Doi)
                .where(Doi.item_id == line.item_id, Doi.asking.is_not(None))
                .values(problem=_FOR_OWNERS)
            )

    def _went_well(self, now: datetime) -> None:
        """Let the lines that waited for the registrar go on, now that it is there again."""
        was_away = self._failures > 1
        self._failures = 0
        if was_away:
            with self._parts.database.writing() as session:
                session.execute(
                    update(Work)
                    .where(Work.topic == outbox.DOI, Work.problem.is_not(None))
                    .values(not_before=now)
                )

    def _finish(self, line: _Line, now: datetime) -> None:
        """Remove the line unless somebody asked again, or a call may still take effect."""
        with self._parts.database.writing() as session:
            doubts = session.scalars(
                select(Doi.asking).where(Doi.item_id == line.item_id, Doi.asking.is_not(None))
            ).all()
            same = (
                Work.topic == outbox.DOI,
                Work.item_id == line.item_id,
                Work.asked == line.asked,
                Work.since == line.since,
            )
            until = max((doubt for doubt in doubts if doubt is not None), default=None)
            if until is None:
                session.execute(delete(Work).where(*same))
            else:
                later = max(until + QUIET, now + timedelta(seconds=1))
                session.execute(
                    update(Work).where(*same).values(not_before=later, problem=None, attempts=0)
                )

    def _reconcile(self, now: datetime) -> bool:
        """Compare all with what the registrar has, once a day."""
        if now < self._next_comparison or not is_due(self._parts, now=now):
            return False
        self._next_comparison = now + _COMPARE_AGAIN
        try:
            found = reconcile(self._parts, self._registrar, now=now, fix=True)
        except Unavailable as fault:
            _log.warning("DOIs cannot be compared with the registrar's: %s", fault)
            return False
        for one in found.drifts:
            _log.warning("DOI %s: %s", one.doi, one.sentence)
        return bool(found.drifts)


_COMPARE_AGAIN: Final = timedelta(minutes=10)
"""After which a comparison that failed is tried again."""

_FOR_OWNERS: Final = "The registrar has not done this yet; the catalog goes on asking it."


def ask_all(session: Session, *, now: datetime) -> None:
    """Ask for every item that has DOIs to be looked at again."""
    for item_id in session.scalars(select(Doi.item_id).distinct()).all():
        outbox.ask(session, outbox.DOI, item_id, now=now)


def ask_those_around(session: Session, item_id: str, n: int, *, now: datetime) -> None:
    """Ask for all that speaks of a DOI to be looked at again, now that it resolves or is hidden.

    That is the item's graph, its other DOIs, and the DOIs of items that cite it.
    """
    outbox.ask(session, outbox.GRAPH, item_id, now=now)
    outbox.ask(session, outbox.DOI, item_id, now=now)
    if n != ALL_VERSIONS:
        return
    citing = session.scalars(
        select(Doi.item_id)
        .join(Citation, Citation.item_id == Doi.item_id)
        .where(Citation.cited == item_id, Doi.state != DoiState.RESERVED.value)
        .distinct()
    ).all()
    for other in citing:
        outbox.ask(session, outbox.DOI, other, now=now)


def _announce(
    session: Session, target: _Target, kind: Happened, now: datetime, **more: str
) -> None:
    note(session, kind, target.item_id, target.n, account=None, now=now, doi=target.doi, **more)


def _row(session: Session, target: _Target) -> Doi | None:
    """Return the row of a DOI, locked; None where it is no longer that DOI."""
    row = session.get(Doi, (target.item_id, target.n), with_for_update=True)
    return row if row is not None and row.doi == target.doi else None


def _stage(session: Session, item_id: str) -> _Stage:
    """Return what changes whenever what is to be said of an item's DOIs may change."""
    rows = session.execute(
        select(
            Version.n,
            Version.state,
            Version.visibility,
            Version.published,
            Version.revision,
            Version.file_changes,
            Version.state_changes,
        )
        .where(Version.item_id == item_id)
        .order_by(Version.n)
    )
    return tuple(tuple(row) for row in rows)


def _standing(stage: _Stage) -> list[Standing]:
    return [standing_of(*version[:4]) for version in stage]


def _said_of(version: Exported, *, all_versions: bool) -> Mapping[str, Any]:
    said = attributes(version, all_versions=all_versions)
    withdrawal = version.record.withdrawal
    return {**said, "reason": withdrawal.reason} if withdrawal is not None else said


def _is_worth_a_line(failures: int, fault: Unavailable) -> bool:
    """Tell whether the log has to hear of a failure: one that lasts, ever more seldom.

    A registrar that is started beside the catalog is there a moment later.
    """
    is_power_of_two = not failures & (failures - 1)
    return is_power_of_two and (failures >= _SOME or isinstance(fault, NotLetIn))


_SOME: Final = 4


def _set_state(row: Doi, state: DoiState, now: datetime) -> None:
    if row.state != state.value:
        row.state = state.value
        row.changed = now


def _answered(row: Doi, asked: _Asked, now: datetime) -> None:
    """Write down that a call was answered; a doubt from before it stays while it may come true."""
    if row.asking != asked.at:
        return  # another relay has asked meanwhile
    is_open = asked.doubt is not None and now < asked.doubt + QUIET
    row.asking = asked.doubt if is_open else None


def _backoff(attempts: int, most: float) -> float:
    """Return how many seconds to wait after so many failures: doubling, with jitter, bounded."""
    longest = min(most, 0.5 * 2.0 ** min(attempts, 20))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, hides nothing
