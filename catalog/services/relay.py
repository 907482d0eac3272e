"""The relay: keeps the public graph equal to what the record says, line by line of the outbox.

A line says *look again*, not *apply this*. A round takes the lines that are due, reads what the
record says now, shows it, and then removes those lines that nobody asked for again meanwhile. So a
line that is gone means that readers see the item as it is, or newer.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from catalog.domain.errors import CatalogError, NoSpace, Unreadable
from catalog.parts import Parts
from catalog.ports import Shown, TripleStore
from catalog.services import outbox
from catalog.services.project import ITEMS_AT_ONCE, graph_name, project
from catalog.services.readiness import PROJECTED, projection_mark, set_fact
from catalog.services.rebuild import (
    NARROWED,
    SHOWN,
    WHOLE,
    Progress,
    ask_rebuild,
    rebuild,
)
from catalog.services.releases import is_in_force
from catalog.tables import Fact, Work

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.02
"""How often the record is watched for a commit."""

_LOOK_ANYWAY_SECONDS = 1.0
"""When the outbox is looked at even if nothing was committed: a line may have become due."""

_PAUSE_SECONDS = (0.2, 2.0)
"""Least and most time from one state shown to the next, while work has no end."""

_PAUSE_PER_COST = 5.0
"""How long that pause is, measured by what the last state cost: the rest is for the others."""

_TIDY_SECONDS = 5.0
_LEARN_SIZES_SECONDS = 600.0
_LONGEST_BACKOFF_SECONDS = 15.0
_FAILURES_BEFORE_REBUILD = 3

ERASE_AFTER = timedelta(days=6)
"""When what was taken out of the graph is taken out of its files too, by a rebuild."""


def run_relay(parts: Parts, triples: TripleStore, stop: threading.Event) -> None:
    """Work until `stop` is set, or another release of the vocabularies is in force.

    The round under way is finished, a rebuild is left.

    Nothing that fails ends it: the reasons stand on the lines and in the log, and it tries again.
    """

    def progress(_done: int, _total: int) -> None:
        if stop.is_set():
            raise _Stopping

    relay = Relay(parts, triples, progress)
    watch = parts.database.watch()
    try:
        while not stop.is_set() and _is_in_force(parts):
            relay.step()
            relay.rest(watch.changed, stop)
    finally:
        watch.close()


def _is_in_force(parts: Parts) -> bool:
    """Tell whether the parts are still those to go by; as far as the record answers."""
    try:
        return is_in_force(parts)
    except CatalogError:
        return True


def catch_up(
    parts: Parts, triples: TripleStore, *, seconds: float, progress: Progress | None = None
) -> bool:
    """Work until the outbox is empty, for at most so long; tell whether it is."""
    relay = Relay(parts, triples, progress)
    deadline = time.monotonic() + seconds
    while not (done := relay.step_and_tell()) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    return done


class Line(NamedTuple):
    """A line of the outbox as it was when its round began."""

    item_id: str
    asked: int
    since: datetime
    narrowing: bool


# One statement for many lines: the transaction holds the record's only write lock.
_DELETE_UNLESS_ASKED_AGAIN = delete(Work).where(
    Work.topic == outbox.GRAPH,
    Work.item_id == bindparam("item_id"),
    Work.asked == bindparam("asked"),
    Work.since == bindparam("since"),
)


def _keep_problem(session: Session, item_id: str, problem: str, now: datetime) -> None:
    row = session.get(Work, (outbox.GRAPH, item_id))
    if row is not None:
        row.attempts += 1
        row.problem = problem
        row.not_before = now + timedelta(seconds=_backoff(row.attempts))


class _Stopping(Exception):
    """The relay was told to stop in the middle of a rebuild."""


class _StoreFailed(Exception):
    """The triple store refused a round; `fault` says why."""

    def __init__(self, fault: CatalogError) -> None:
        super().__init__(fault.detail)
        self.fault = fault


class Relay:
    """What one relay knows between its rounds. For one thread.

    progress  called while a rebuild goes on
    """

    def __init__(
        self, parts: Parts, triples: TripleStore, progress: Progress | None = None
    ) -> None:
        self._parts = parts
        self._triples = triples
        self._progress = progress
        self._is_sure = False
        self._has_more = True
        self._failures = 0
        self._store_failures = 0
        self._not_before = 0.0
        self._last_shown = 0.0
        self._pause = 0.0
        self._last_look = 0.0
        self._last_tidy = 0.0
        self._learned_sizes = time.monotonic()

    def step(self) -> None:
        """Do one round, unless the last one failed a moment ago."""
        if time.monotonic() < self._not_before:
            return
        self._last_look = time.monotonic()
        try:
            self._round(datetime.now(UTC))
        except _Stopping:
            return
        except Exception as fault:  # noqa: BLE001 - the relay outlives whatever happens
            self._failed(fault)
        else:
            self._failures = 0

    def step_and_tell(self) -> bool:
        """Do one round; tell whether the outbox is empty and the graph is what it should be."""
        self.step()
        with self._parts.database.reading() as session:
            waiting = session.scalar(select(exists().where(Work.topic == outbox.GRAPH)))
        return self._is_sure and not waiting

    def rest(self, changed: Callable[[], bool], stop: threading.Event) -> None:
        """Wait until there may be work again, or `stop`; tidy up meanwhile."""
        while not stop.wait(_LOOK_SECONDS):
            now = time.monotonic()
            if now - self._last_tidy > _TIDY_SECONDS:
                self._last_tidy = now
                self._tidy()
            if now < self._not_before:
                continue
            if self._has_more or changed() or now - self._last_look > _LOOK_ANYWAY_SECONDS:
                return

    def _round(self, now: datetime) -> None:
        if not self._is_sure:
            self._make_sure(now)
        lines = self._due(now)
        self._has_more = bool(lines)
        if not lines or self._is_too_soon(lines):
            return
        if any(line.item_id == WHOLE for line in lines):
            self._rebuild(now, "somebody asked for it")
            self._finish([line for line in lines if line.item_id == WHOLE], {}, now)
            return
        self._show(lines, now)

    def _make_sure(self, now: datetime) -> None:
        """Make the graph one that goes with this record, these vocabularies and this base.

        The record has seen the state that is shown, or the one before it where the relay ended
        between showing and writing that down. Anything else is another history: one of the two
        was restored from a backup, or they never belonged together.
        """
        shown = self._triples.shown()
        with self._parts.database.reading() as session:
            fact = session.get(Fact, SHOWN)
            seen = fact.value if fact else None
        if self._store_failures >= _FAILURES_BEFORE_REBUILD:
            self._rebuild(now, "the store failed again and again")
        elif shown is None:
            self._rebuild(now, "there is none that can be used")
        elif shown.recipe != projection_mark(self._parts):
            self._rebuild(now, "the base, the vocabularies or the release are others")
        elif seen is None or seen not in (shown.name, shown.previous):
            self._rebuild(now, "it and the record are not of one history")
        else:
            with self._parts.database.writing() as session:
                set_fact(session, SHOWN, shown.name)
                set_fact(session, PROJECTED, projection_mark(self._parts))
        self._is_sure = True

    def _rebuild(self, now: datetime, reason: str) -> None:
        _log.info("the graph is built anew: %s", reason)
        rebuild(self._parts, self._triples, now=now, progress=self._progress or _silent)
        self._store_failures = 0

    def _due(self, now: datetime) -> list[Line]:
        """Return the lines to do next: those that narrow alone, before all others."""
        with self._parts.database.reading() as session:
            rows = session.execute(
                select(Work.item_id, Work.asked, Work.since, Work.narrowing)
                .where(
                    Work.topic == outbox.GRAPH,
                    or_(Work.not_before.is_(None), Work.not_before <= now),
                )
                .order_by(Work.narrowing.desc(), Work.since, Work.item_id)
                .limit(ITEMS_AT_ONCE)
            ).all()
        lines = [Line(*row) for row in rows]
        narrowing = [line for line in lines if line.narrowing]
        return narrowing or lines

    def _is_too_soon(self, lines: Sequence[Line]) -> bool:
        since = time.monotonic() - self._last_shown
        return not lines[0].narrowing and since < self._pause

    def _show(self, lines: Sequence[Line], now: datetime) -> None:
        """Show what the record says of these items now, and finish their lines."""
        with self._parts.database.reading() as session:
            found = project(session, self._parts, [line.item_id for line in lines])
        graphs = {
            graph_name(self._parts, item_id): ntriples for item_id, ntriples in found.graphs.items()
        }
        problems = dict(found.problems)
        begun = time.monotonic()
        try:
            shown = self._shown(graphs, problems)
        except CatalogError as fault:
            self._note_problem(lines, fault.detail)
            raise _StoreFailed(fault) from fault
        self._store_failures = 0
        self._last_shown = time.monotonic()
        least, most = _PAUSE_SECONDS
        self._pause = min(max(_PAUSE_PER_COST * (self._last_shown - begun), least), most)
        self._finish(lines, problems, now, shown)

    def _shown(self, graphs: dict[str, str | None], problems: dict[str, str]) -> Shown:
        """Show all graphs but those that the store cannot read; these go to `problems`."""
        while True:
            try:
                return self._triples.show(graphs)
            except Unreadable as fault:
                name = fault.evidence["graph"]
                del graphs[name]
                problems[name.removeprefix(graph_name(self._parts, ""))] = fault.detail

    def _finish(
        self,
        lines: Sequence[Line],
        problems: Mapping[str, str],
        now: datetime,
        shown: Shown | None = None,
    ) -> None:
        """Remove the lines that were done and not asked for again; keep the others' problems."""
        with self._parts.database.writing() as session:
            if shown is not None:
                set_fact(session, SHOWN, shown.name)
            if any(line.narrowing for line in lines) and session.get(Fact, NARROWED) is None:
                set_fact(session, NARROWED, now.isoformat())
            done = [line._asdict() for line in lines if line.item_id not in problems]
            if done:
                session.connection().execute(_DELETE_UNLESS_ASKED_AGAIN, done)
            for item_id, problem in problems.items():
                _keep_problem(session, item_id, problem, now)

    def _note_problem(self, lines: Sequence[Line], problem: str) -> None:
        """Write on the lines why they wait; the disk that is full may be the record's as well."""
        try:
            with self._parts.database.writing() as session:
                session.execute(
                    update(Work)
                    .where(
                        Work.topic == outbox.GRAPH,
                        Work.item_id.in_([line.item_id for line in lines]),
                    )
                    .values(problem=problem, attempts=Work.attempts + 1)
                )
        except CatalogError as fault:
            _log.warning("the record does not take the reason why the graph waits: %s", fault)

    def _failed(self, fault: Exception) -> None:
        self._failures += 1
        self._is_sure = False
        self._has_more = True
        self._not_before = time.monotonic() + _backoff(self._failures)
        if isinstance(fault, _StoreFailed):
            if not isinstance(fault.fault, NoSpace):
                self._store_failures += 1
            _log.error("the graph cannot be brought up to date: %s", fault)
        else:
            _log.error("a round of the relay failed", exc_info=fault)

    def _tidy(self) -> None:
        """Remove what is superseded, and erase what was withdrawn from the files in good time."""
        now = datetime.now(UTC)
        try:
            self._triples.tidy()
            if time.monotonic() - self._learned_sizes > _LEARN_SIZES_SECONDS:
                self._learned_sizes = time.monotonic()
                self._parts.database.learn_sizes()
            with self._parts.database.reading() as session:
                fact = session.get(Fact, NARROWED)
            if fact is not None and datetime.fromisoformat(fact.value) < now - ERASE_AFTER:
                ask_rebuild(self._parts, now=now)
        except (CatalogError, OSError) as fault:
            _log.warning("tidying up after the relay failed: %s", fault)


def _silent(_done: int, _total: int) -> None:
    """Tell nobody how far a rebuild is."""


def _backoff(attempts: int) -> float:
    """Return how many seconds to wait after so many failures: doubling, with jitter, bounded."""
    longest = min(_LONGEST_BACKOFF_SECONDS, 0.25 * 2.0 ** min(attempts, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, hides nothing
