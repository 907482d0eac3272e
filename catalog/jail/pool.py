"""A pool of jailed workers: user input is evaluated only in processes that may die."""

import logging
import os
import signal
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from catalog.domain.errors import OverLimit, Unavailable
from catalog.jail import confinement, frames, refusals
from catalog.jail import filter as system_calls
from catalog.jail.child import Child, Stopped
from catalog.jail.crew import Crew
from catalog.jail.limits import MEBIBYTE, Limits

_log = logging.getLogger(__name__)


class NotSealed(RuntimeError):
    """A worker could do what its jail must refuse: nothing of a stranger may be given to it."""


class Pool:
    """Workers of one kind. Safe for many threads; after a fork the child has a pool of its own.

    kind     "query" or "judge": which tasks the workers load; or "module:function", which
             returns tasks by name
    workers  requests that are worked on at the same time; others wait about a second for a place
    spares   workers beyond those, so that a place is usable at once when its worker was lost
    readable folders of data, which have to be there, that the workers may read and no others,
             where the machine can keep them from it; by default they read what this process can
    sealed   False leaves the filter off and has the parent watch the memory, as on machines
             without the filter; by default it is on wherever the machine has it
    library  for judges: the folder whose `vocab/` and `shapes/` they load, each when it starts,
             so nothing in it may change while the pool lives; by default what is installed

    Nothing is started before the first request. Workers end with this process, however it ends.
    """

    def __init__(
        self,
        kind: str,
        workers: int,
        spares: int = 1,
        limits: Limits | None = None,
        *,
        sealed: bool | None = None,
        readable: Sequence[Path] | None = None,
        library: Path | None = None,
    ) -> None:
        self.kind = kind
        self.is_sealed = system_calls.can_seal() if sealed is None else sealed
        self.is_confined = self.is_sealed and readable is not None and confinement.can_confine()
        self._readable = [str(path.resolve()) for path in readable or ()]
        self._library = str(library.resolve()) if library is not None else None
        self._workers = workers
        self._spares = spares
        self._limits = limits or Limits()
        self._making = threading.Lock()
        self._crew: Crew | None = None
        _POOLS.add(self)

    def run(
        self, task: str, header: Mapping[str, Any], body: bytes = b"", *, seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        """Have one worker do `task`; return the header and body of its answer.

        header   JSON; what the task takes, see `catalog.jail.tasks`
        seconds  from the moment a worker has it until it is killed

        Raises the CatalogError that the task named; OverLimit when the worker was killed over a
        limit or did not survive the task; Busy when no worker was free within a second.
        """
        frame = frames.pack({**header, "task": task}, body)
        crew = self._crew_of_this_process()
        answer, content = self._ask(crew, frame, seconds)
        if "said" in answer:
            return answer["said"], content
        error = refusals.read(answer.get("refused", {}))
        if error is None:
            raise OverLimit("This could not be worked on within the limits.", limit="complexity")
        raise error

    def self_test(self) -> None:
        """Have a live worker try what it must not; raises NotSealed unless all of it is refused."""
        said, _ = self.run("probe", {"confined": self.is_confined}, seconds=10.0)
        if said["allowed"]:
            raise NotSealed(f"a jailed worker is allowed: {', '.join(said['allowed'])}")

    def start(self) -> None:
        """Start the workers now, so that the first request does not wait for them."""
        self._crew_of_this_process()

    def counters(self) -> dict[str, int]:
        """Return what happened since the start, and who is idle and at work now, for /metrics."""
        crew = self._crew
        return crew.counters() if crew else dict.fromkeys(Crew.COUNTED, 0)

    def pids(self) -> tuple[int, ...]:
        """Return the process ids of the workers that are ready or at work now."""
        crew = self._crew
        return crew.pids() if crew else ()

    def close(self) -> None:
        """End every worker and wait until none is left; a later request starts the pool again."""
        with self._making:
            crew, self._crew = self._crew, None
        if crew:
            crew.close()

    def _ask(self, crew: Crew, frame: bytes, seconds: float) -> tuple[dict[str, Any], bytes]:
        """Give the frame to a worker, and to a second one if the first was ended from outside.

        Tasks change nothing, so asking again is safe; it is done once, because the one who ended
        the first may have been the kernel of a machine that ran out of memory.
        """
        child = crew.take()
        try:
            return self._exchange(crew, child, frame, seconds)
        except Stopped as stopped:
            if stopped.reason != "ended" or child.ended_by() != -signal.SIGKILL:
                self._refuse(crew, child, stopped.reason, seconds)
        child = crew.take()
        try:
            return self._exchange(crew, child, frame, seconds)
        except Stopped as stopped:
            self._refuse(crew, child, stopped.reason, seconds)

    def _exchange(
        self, crew: Crew, child: Child, frame: bytes, seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        try:
            answer, content = child.ask(frame, seconds)
        except Stopped as stopped:
            crew.lose(child, "crashed" if stopped.reason == "ended" else "killed")
            raise
        except BaseException:
            child.kill()  # nobody will read the answer that it may still write
            crew.lose(child, "killed")
            raise
        if "broken" in answer:
            crew.lose(child, "crashed")
            self._refuse_broken(answer)
        crew.give_back(child, refused="refused" in answer)
        return answer, content

    def _refuse_broken(self, answer: Mapping[str, Any]) -> NoReturn:
        if answer["broken"] == "memory":
            raise self._over_memory()
        if answer["broken"] != "nesting":
            _log.error("a task of the %s pool failed:\n%s", self.kind, answer.get("trace"))
        if answer["broken"] == "source":
            raise Unavailable("What this reads is not there right now.")
        raise OverLimit(_TOO_COMPLEX, limit="complexity")

    def _refuse(self, crew: Crew, child: Child, reason: str, seconds: float) -> NoReturn:
        """Raise what the end of a worker means for the one who asked."""
        if crew.is_closed:
            raise Unavailable("The server is stopping.")
        if reason == "seconds":
            raise OverLimit(
                f"This was stopped after {seconds:g} seconds, the most that one request may take.",
                limit="seconds",
                seconds=seconds,
            )
        if reason == "answer":
            raise OverLimit("The answer is larger than one answer may be.", limit="bytes")
        code = child.ended_by()
        _log.warning("a worker of the %s pool ended with code %d", self.kind, code)
        if reason == "memory" or -code in (signal.SIGABRT, signal.SIGKILL):
            raise self._over_memory()
        if -code == signal.SIGXCPU:
            allowed = self._limits.cpu_seconds
            raise OverLimit(
                f"This used more than {allowed} seconds of processor time.",
                limit="cpu_seconds",
                cpu_seconds=allowed,
            )
        raise OverLimit(_TOO_COMPLEX, limit="complexity")

    def _over_memory(self) -> OverLimit:
        size = self._limits.memory_bytes
        return OverLimit(
            f"This needs more than {size // MEBIBYTE} MiB of memory, the most that one request"
            " may use.",
            limit="memory",
            memory_bytes=size,
        )

    def _crew_of_this_process(self) -> Crew:
        return self._crew or self._made_crew()

    def _made_crew(self) -> Crew:
        with self._making:
            crew = self._crew
            if crew is None:
                crew = self._crew = Crew(
                    self.kind,
                    self._workers,
                    self._spares,
                    self._limits,
                    sealed=self.is_sealed,
                    readable=self._readable if self.is_confined else None,
                    library=self._library,
                )
                weakref.finalize(self, Crew.close, crew)
            return crew

    def _leave_behind(self) -> None:
        """Begin again without workers, in a forked process: they are its parent's."""
        crew, self._crew = self._crew, None
        self._making = threading.Lock()
        if crew is not None:
            crew.forget()


_TOO_COMPLEX = "This is nested too deeply or is too complex to be worked on within the limits."
_POOLS: weakref.WeakSet[Pool] = weakref.WeakSet()


def _after_fork() -> None:
    for pool in tuple(_POOLS):
        pool._leave_behind()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
