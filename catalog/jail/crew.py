"""Who of a pool's workers is idle, at work or lost, and the one thread that replaces them.

That thread lives as long as the workers, because the kernel ends a worker together with the
thread that started it. The thread of a request talks to its worker itself, so a call costs two
switches of process and none of thread.
"""

import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from catalog.domain.errors import Busy, Unavailable
from catalog.jail.child import Child, StartFailed
from catalog.jail.limits import Limits

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 1.0
_START_PATIENCE_SECONDS = 30.0
_LOOK_AFTER_IDLE_SECONDS = 1.0
_FAILURES_WITHOUT_HOPE = 3
_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 5.0


class Crew:
    """The workers of one pool in one process, started at once and replaced when lost."""

    COUNTED: ClassVar[tuple[str, ...]] = (
        "asked",  # requests given to a worker
        "refused",  # answers that name a mistake of the caller
        "busy",  # requests turned away because every worker was taken
        "killed",  # workers that we ended over a limit of time, memory or size
        "crashed",  # workers that ended by themselves or were left in doubt
        "started",  # workers that became ready
        "failed",  # workers that did not become ready
        "idle",  # now
        "working",  # now
    )

    def __init__(
        self,
        kind: str,
        workers: int,
        spares: int,
        limits: Limits,
        *,
        sealed: bool,
        readable: Sequence[str] | None,
        library: str | None = None,
    ) -> None:
        self._kind = kind
        self._workers = workers
        self._size = workers + spares
        self._limits = limits
        self._sealed = sealed
        self._readable = readable
        self._library = library
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._loss = threading.Condition(self._lock)  # the supervisor has something to do
        self._queue: deque[_Place] = deque()
        self._idle: deque[Child] = deque()
        self._working: set[Child] = set()
        self._lost: list[Child] = []
        self._starting: Child | None = None
        self._failures = 0  # in a row
        self._counts = dict.fromkeys(self.COUNTED, 0)
        self.is_closed = False
        self._supervisor = threading.Thread(
            target=self._supervise, name=f"jail-{kind}", daemon=True
        )
        self._supervisor.start()

    def take(self) -> Child:
        """Return an idle worker, which is the caller's until given back or lost.

        Who came first is served first. Raises Busy after about a second without a worker; while
        the first one is still loading the wait is longer. Raises Unavailable if workers cannot
        be started.
        """
        with self._lock:
            child = None if self._queue else self._next_idle()
            if child:
                return self._sent_to_work(child)
            self._check_that_waiting_helps()
            place = _Place()
            self._queue.append(place)
            ready = self._counts["started"] > 0
        place.called.wait(_PATIENCE_SECONDS if ready else _START_PATIENCE_SECONDS)
        with self._lock:
            if place.child:
                return place.child
            with contextlib.suppress(ValueError):
                self._queue.remove(place)
            self._check_that_waiting_helps()
            self._counts["busy"] += 1
        raise Busy("All workers are taken. Try again in a moment.", retry_after=2)

    def give_back(self, child: Child, *, refused: bool = False) -> None:
        """Take back a worker that has answered; one at the end of its life is replaced."""
        with self._lock:
            self._working.discard(child)
            self._counts["refused"] += refused
            if not self.is_closed and child.asked < self._limits.lifetime:
                self._idle.append(child)
            else:
                self._lost.append(child)
                self._loss.notify()
            self._call_next()
        self._bury_if_closed()

    def lose(self, child: Child, counted_as: str) -> None:
        """Hand over a worker that was killed or has ended, to be buried and replaced."""
        with self._lock:
            self._working.discard(child)
            self._counts[counted_as] += 1
            self._lost.append(child)
            self._loss.notify()
            self._call_next()
        self._bury_if_closed()

    def counters(self) -> dict[str, int]:
        """Return `COUNTED` with its numbers."""
        with self._lock:
            now = {"idle": len(self._idle), "working": len(self._working)}
            return {**self._counts, **now}

    def pids(self) -> tuple[int, ...]:
        """Return the process ids of the workers that are idle or at work."""
        with self._lock:
            return tuple(child.pid for child in (*self._idle, *self._working))

    def close(self) -> None:
        """End every worker and return when none is left; does nothing in a forked process.

        A worker that is at work is killed; the thread that waits for its answer is told so.
        """
        if self._process != os.getpid():
            return
        with self._lock:
            self.is_closed = True
            present = [*self._idle, *self._working, *filter(None, (self._starting,))]
            self._dismiss()
            self._loss.notify()
        for child in present:
            child.kill()
        self._supervisor.join(timeout=10)
        for child in present:
            child.ended_by()

    def forget(self) -> None:
        """Let go of the pipes to the workers: after a fork they belong to the other process."""
        for child in (*self._idle, *self._working, *filter(None, (self._starting,))):
            child.forget()

    def _next_idle(self) -> Child | None:
        """Return the worker that was idle for the shortest time, if one more may work now."""
        while self._idle and len(self._working) < self._workers:
            child = self._idle.pop()
            if child.is_alive():
                return child
            self._find_dead(child)
        return None

    def _sent_to_work(self, child: Child) -> Child:
        self._counts["asked"] += 1
        self._working.add(child)
        return child

    def _call_next(self) -> None:
        """Give idle workers to those who wait, in the order in which they came."""
        while self._queue and (child := self._next_idle()):
            place = self._queue.popleft()
            place.child = self._sent_to_work(child)
            place.called.set()

    def _dismiss(self) -> None:
        """Let go all who wait, for no worker will come."""
        while self._queue:
            self._queue.popleft().called.set()

    def _check_that_waiting_helps(self) -> None:
        if self.is_closed:
            raise Unavailable("The server is stopping.")
        if self._is_hopeless():
            raise Unavailable("The workers that would do this cannot be started.")

    def _is_hopeless(self) -> bool:
        return self._failures >= _FAILURES_WITHOUT_HOPE and not self._idle and not self._working

    def _find_dead(self, child: Child) -> None:
        self._counts["crashed"] += 1
        self._lost.append(child)
        self._loss.notify()

    def _supervise(self) -> None:
        pause = 0.0
        while self._wait_for_a_loss(pause):
            self._bury()
            pause = self._start_one(pause)
        with self._lock:
            self._lost.extend(self._idle)
            self._idle.clear()
        self._bury()

    def _wait_for_a_loss(self, pause: float) -> bool:
        """Return True when there is something to bury or to start, False when all is over.

        pause  seconds to let pass first, after a start that failed
        """
        until = time.monotonic() + pause
        with self._lock:
            while not self.is_closed:
                now = time.monotonic()
                if now < until:
                    self._loss.wait(until - now)
                elif self._lost or self._missing() > 0:
                    break
                elif not self._loss.wait(_LOOK_AFTER_IDLE_SECONDS):
                    self._look_after_idle()
            return not self.is_closed

    def _missing(self) -> int:
        return self._size - len(self._idle) - len(self._working)

    def _look_after_idle(self) -> None:
        dead = [child for child in self._idle if not child.is_alive()]
        for child in dead:
            self._idle.remove(child)
            self._find_dead(child)

    def _bury(self) -> None:
        with self._lock:
            lost, self._lost = self._lost, []
        for child in lost:
            child.close()

    def _bury_if_closed(self) -> None:
        """Do what the supervisor would do, were it still there."""
        if self.is_closed:
            self._bury()

    def _start_one(self, pause: float) -> float:
        """Start a worker if one is missing; return the seconds to wait before the next start."""
        with self._lock:
            if self._missing() <= 0:
                return 0.0
        try:
            child = self._started()
        except StartFailed as failed:
            return self._failed(failed, pause)
        with self._lock:
            self._starting = None
            self._failures = 0
            self._counts["started"] += 1
            self._idle.append(child)
            self._call_next()
        return 0.0

    def _started(self) -> Child:
        child = Child(
            self._kind,
            self._limits,
            sealed=self._sealed,
            readable=self._readable,
            library=self._library,
        )
        with self._lock:
            self._starting = child
            if self.is_closed:
                child.kill()
        try:
            child.wait_until_ready()
        except StartFailed:
            child.close()
            raise
        return child

    def _failed(self, failed: StartFailed, pause: float) -> float:
        with self._lock:
            self._starting = None
            if self.is_closed:
                return 0.0
            self._failures += 1
            self._counts["failed"] += 1
            if self._is_hopeless():
                self._dismiss()
        _log.error("a worker of the %s pool could not be started: %s", self._kind, failed)
        if self._failures == 1:
            return 0.0
        return min(max(pause * 2, _SHORTEST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)


class _Place:
    """One who waits for a worker; `called` is set when there is one, or will be none."""

    __slots__ = ("called", "child")

    def __init__(self) -> None:
        self.called = threading.Event()
        self.child: Child | None = None
